// What happens in a simulation, a line an event: virtual time, who, what. Shown when it is asked
// for, and always summed up, so that two runs of one seed can be compared.
#pragma once

#include "base/defs.h"
#include "loop/loop.h"
#include <stdarg.h>

struct trace {
	const struct loop *clock; // borrowed
	int64_t from_ms;          // its time at the beginning
	uint64_t hash, count;
	uint64_t seed;
	bool is_shown;
};

void trace_init(struct trace *trace, const struct loop *clock, uint64_t seed);
/* `trace` may be NULL: nobody listens. */
void trace_add(struct trace *trace, const char *who, const char *fmt, ...) FORMAT_PRINTF(3, 4);
/* The same without a line of its own: only summed up. */
void trace_sum(struct trace *trace, const char *text);

/* Says what is wrong, and by which seed, and ends the process: what was found is replayed. */
_Noreturn void trace_fail(const struct trace *trace, const char *fmt, ...) FORMAT_PRINTF(2, 3);
