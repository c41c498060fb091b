#include "tests/sim/trace.h"
#include <stdio.h>
#include <stdlib.h>

void trace_init(struct trace *trace, const struct loop *clock, uint64_t seed)
{
	*trace = (struct trace){.clock = clock,
		.from_ms = loop_now_ms(clock),
		.hash = 0xcbf29ce484222325u,
		.seed = seed,
		.is_shown = getenv("SIM_LOG") != NULL};
}

// FNV-1a.
void trace_sum(struct trace *trace, const char *text)
{
	if (!trace)
		return;
	for (const char *c = text; *c; c++)
		trace->hash = (trace->hash ^ (unsigned char)*c) * 0x100000001b3u;
	trace->hash = (trace->hash ^ '\n') * 0x100000001b3u;
}

void trace_add(struct trace *trace, const char *who, const char *fmt, ...)
{
	char text[512];
	if (!trace)
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	trace->count++;
	int64_t now = loop_now_ms(trace->clock) - trace->from_ms;
	trace->hash = (trace->hash ^ (uint64_t)now) * 0x100000001b3u;
	trace_sum(trace, who);
	trace_sum(trace, text);
	if (trace->is_shown)
		printf("%9.3f  %-3s %s\n", (double)now / 1000, who, text);
}

void trace_fail(const struct trace *trace, const char *fmt, ...)
{
	va_list ap;
	fflush(stdout);
	if (trace)
		fprintf(stderr, "seed %llu at %.3f s: ", (unsigned long long)trace->seed,
			(double)(loop_now_ms(trace->clock) - trace->from_ms) / 1000);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (trace)
		fprintf(stderr, "\nreplay: make sim SEED=%llu\n", (unsigned long long)trace->seed);
	else
		fputc('\n', stderr);
	fflush(stderr);
	exit(1);
}
