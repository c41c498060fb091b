// The handler runs in a process that is broken: it formats by hand, writes to a descriptor that was
// opened before, and lets the signal do what it would have done.
#include "loop/crash.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BYTES = 8192 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// A handler has no other way to know.
static volatile int notes_fd = -1; // NOLINT

static char *put_number(char *to, uint64_t number)
{
	char digits[20];
	int n = 0;
	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static void on_fatal(int number)
{
	char line[48], *end = put_number(line, (uint64_t)number);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*end++ = ' ';
	end = put_number(end, (uint64_t)now.tv_sec);
	*end++ = '\n';
	if (notes_fd >= 0) {
		ssize_t written = write(notes_fd, line, (size_t)(end - line));
		(void)written;
	}
	signal(number, SIG_DFL);
	raise(number);
}

int crash_read(const char *text, struct crash ret_crashes[CRASH_MOST])
{
	int count = 0;
	for (const char *line = text; *line; line += *line == '\n') {
		size_t n = strcspn(line, "\n");
		int number;
		long long seconds;
		char copy[48], rest;
		str_copy(copy, n < sizeof(copy) ? n + 1 : 1, line);
		line += n;
		if (sscanf(copy, "%2d %11lld%c", &number, &seconds, &rest) != 2 || number <= 0 ||
			seconds <= 0)
			continue;
		if (count == CRASH_MOST) {
			memmove(ret_crashes, ret_crashes + 1,
				(CRASH_MOST - 1) * sizeof(*ret_crashes));
			count--;
		}
		ret_crashes[count++] = (struct crash){.at_ms = seconds * 1000, .signal = number};
	}
	return count;
}

static int count_lately(const struct crash *crashes, int count, int64_t now_wall_ms)
{
	int lately = 0;
	for (int i = 0; i < count; i++)
		lately += crashes[i].at_ms > now_wall_ms - CRASH_COUNTS_MS &&
			  crashes[i].at_ms < now_wall_ms + 1000; // none of a clock that was wrong
	return lately;
}

int64_t crash_wait_ms(const struct crash *crashes, int count, int64_t now_wall_ms)
{
	int lately = count_lately(crashes, count, now_wall_ms);
	if (lately < 2)
		return 0;
	int64_t wait_ms = CRASH_FIRST_WAIT_MS;
	for (int i = 2; i < lately && wait_ms < CRASH_LONGEST_WAIT_MS; i++)
		wait_ms *= 2;
	return wait_ms < CRASH_LONGEST_WAIT_MS ? wait_ms : CRASH_LONGEST_WAIT_MS;
}

static void read_notes(int fd, char ret_text[MOST_BYTES])
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > MOST_BYTES - 1 ? end - (MOST_BYTES - 1) : 0;
	ssize_t n = pread(fd, ret_text, MOST_BYTES - 1, from);
	ret_text[n > 0 ? n : 0] = '\0';
	// A file that has grown so far tells nothing more than its end.
	if (from > 0 && ftruncate(fd, 0) == 0 && n > 0) {
		ssize_t written = write(fd, ret_text, (size_t)n);
		(void)written;
	}
}

struct err crash_watch(const char *state_dir, int64_t now_wall_ms, int64_t *ret_wait_ms,
	char *ret_text, size_t bytes)
{
	char text[MOST_BYTES];
	struct crash crashes[CRASH_MOST];
	_cleanup_free_ char *path = str_format("%s/crashes", state_dir);
	*ret_wait_ms = 0;
	*ret_text = '\0';
	int fd = path ? open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600) : -1;
	if (fd < 0)
		return err_new(
			ERR_INVALID, "cannot write %s: %s", path ? path : "", strerror(errno));
	read_notes(fd, text);
	notes_fd = fd;
	for (size_t i = 0; i < ARRAY_COUNT(fatal); i++)
		signal(fatal[i], on_fatal);
	int count = crash_read(text, crashes);
	int lately = count_lately(crashes, count, now_wall_ms);
	if (lately == 0)
		return ERR_OK;
	*ret_wait_ms = crash_wait_ms(crashes, count, now_wall_ms);
	int last = crashes[count - 1].signal;
	char after[32];
	num_format_duration(*ret_wait_ms, after, sizeof(after));
	snprintf(ret_text, bytes,
		"the daemon ended by signal %d (%s), %d time%s within a quarter of an hour; AWS is "
		"asked again %s%s",
		last, strsignal(last), lately, lately == 1 ? "" : "s",
		*ret_wait_ms ? "after " : "at once", *ret_wait_ms ? after : "");
	return ERR_OK;
}

void crash_clear(void)
{
	if (notes_fd >= 0 && ftruncate(notes_fd, 0) != 0)
		return; // it counts once more
}
