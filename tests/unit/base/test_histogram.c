// What counts where, at the bounds and beyond.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include <cmocka.h>

static void a_time_counts_in_the_first_bucket_that_holds_it(void **state)
{
	(void)state;
	struct histogram h = {0};
	histogram_add(&h, -7);
	histogram_add(&h, 5);
	histogram_add(&h, 6);
	histogram_add(&h, 3600000);
	histogram_add(&h, 3600001);
	assert_int_equal(h.counts[0], 2);
	assert_int_equal(h.counts[1], 1);
	assert_int_equal(h.counts[HISTOGRAM_BOUNDS - 1], 1);
	assert_int_equal(h.counts[HISTOGRAM_BOUNDS], 1);
	assert_int_equal(h.sum_ms, 7200012);
}

static void bounds_ascend(void **state)
{
	(void)state;
	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bounds_ms[i - 1] < histogram_bounds_ms[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_counts_in_the_first_bucket_that_holds_it),
		cmocka_unit_test(bounds_ascend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
