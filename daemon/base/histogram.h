// How long things took, counted in buckets: what Prometheus makes quantiles of. One set of bounds
// for all, from a turn of the loop to the correction of a drift.
#pragma once

#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 13 };

/* Milliseconds, ascending. */
extern const int64_t histogram_bounds_ms[HISTOGRAM_BOUNDS];

/* Zero-initialised is empty. */
struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; // each on its own, the last: above all bounds
	uint64_t sum_ms;
};

/* Less than nothing counts as nothing. */
void histogram_add(struct histogram *histogram, int64_t ms);
