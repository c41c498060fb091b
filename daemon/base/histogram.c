#include "base/histogram.h"

const int64_t histogram_bounds_ms[HISTOGRAM_BOUNDS] = {
	5, 25, 100, 250, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 900000, 3600000};

void histogram_add(struct histogram *histogram, int64_t ms)
{
	int i = 0;
	if (ms < 0)
		ms = 0;
	while (i < HISTOGRAM_BOUNDS && ms > histogram_bounds_ms[i])
		i++;
	histogram->counts[i]++;
	histogram->sum_ms += (uint64_t)ms;
}
