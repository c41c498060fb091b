// Runs seeds of the simulation, one after the other, and ends at the first that finds something.
//
//   simulate [--seeds N] [--seed FIRST] [--share I/N] [--quiet]
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "tests/sim/story.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct wish {
	int64_t first, count, share, shares;
	bool is_quiet;
};

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: simulate [--seeds N] [--seed FIRST] [--share I/N] [--quiet]\n");
	exit(2);
}

static int64_t number(const char *text)
{
	int64_t value;
	if (!text || !num_parse_i64(text, 1, INT64_MAX / 2, &value))
		usage();
	return value;
}

static struct wish read_wish(int argc, char **argv)
{
	struct wish wish = {.first = 1, .count = 0, .share = 1, .shares = 1};
	bool has_first = false;
	for (int i = 1; i < argc; i++) {
		if (str_eq(argv[i], "--quiet")) {
			wish.is_quiet = true;
		} else if (str_eq(argv[i], "--seeds")) {
			wish.count = number(argv[++i]);
		} else if (str_eq(argv[i], "--seed")) {
			wish.first = number(argv[++i]);
			has_first = true;
		} else if (str_eq(argv[i], "--share") && argv[i + 1]) {
			char *slash = strchr(argv[++i], '/');
			if (!slash)
				usage();
			*slash = '\0';
			wish.share = number(argv[i]);
			wish.shares = number(slash + 1);
		} else {
			usage();
		}
	}
	if (!wish.count)
		wish.count = has_first ? 1 : 300;
	return wish;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct wish wish = read_wish(argc, argv);
	double began = seconds();
	int64_t done = 0, slowest_ms = 0, writes = 0;
	uint64_t events = 0;
	int passes = 0;
	log_set_level(getenv("SIM_LOG") && *getenv("SIM_LOG") == '2' ? LOG_LEVEL_DEBUG
								     : (enum log_level)0);
	for (int64_t i = wish.share - 1; i < wish.count; i += wish.shares) {
		struct story_end end = story_run((uint64_t)(wish.first + i));
		done++;
		events += end.events;
		writes += end.writes;
		slowest_ms = end.settled_ms > slowest_ms ? end.settled_ms : slowest_ms;
		passes = end.passes > passes ? end.passes : passes;
	}
	double took = seconds() - began;
	if (!wish.is_quiet)
		printf("%" PRId64 " seeds in %.1f s, %.1f a second; %" PRIu64 " events, %" PRId64
		       " changes to AWS; settled at the latest %.1f s and %d passes after the last "
		       "fault\n",
			done, took, (double)done / (took > 0 ? took : 1), events, writes,
			(double)slowest_ms / 1000, passes);
	return 0;
}
