// Token buckets: a burst goes at once, a stream at its rate, throttles slow both down for a while.
#include "aws/limiter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_burst_goes_at_once_and_what_follows_at_the_rate(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 100, 5000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(limiter_reserve(&limiter, 5000), 0);
	for (int i = 1; i <= 20; i++)
		assert_in_range(limiter_reserve(&limiter, 5000), i * 100 - 1, i * 100 + 2);
}

static void who_waits_keeps_the_order_and_a_return_shortens_the_queue(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 1, 0);
	assert_int_equal(limiter_reserve(&limiter, 0), 0);
	int64_t second = limiter_reserve(&limiter, 0), third = limiter_reserve(&limiter, 0);
	assert_true(second > 0 && third > second);
	limiter_return(&limiter);
	assert_int_equal(limiter_reserve(&limiter, 0), third);
}

static void an_idle_bucket_fills_up_to_its_burst(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 50, 0);
	for (int i = 0; i < 50; i++)
		limiter_reserve(&limiter, 0);
	assert_int_equal(limiter_reserve(&limiter, 3600 * 1000), 0);
	assert_true(limiter.tokens == 49);
	limiter_return(&limiter);
	limiter_return(&limiter);
	assert_true(limiter.tokens == 50);
}

static void a_throttle_halves_the_rate_once_a_second_and_success_restores_it(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 100, 0);
	for (int i = 0; i < 30; i++) // the answers of one burst
		limiter_on_throttled(&limiter, 10);
	assert_true(limiter.rate == 5);
	assert_true(limiter.tokens <= 0);
	assert_true(limiter_reserve(&limiter, 10) > 150);
	limiter_on_throttled(&limiter, 1010);
	assert_true(limiter.rate == 2.5);
	for (int i = 2; i < 20; i++)
		limiter_on_throttled(&limiter, i * 1010);
	assert_true(limiter.rate == 0.5);
	for (int i = 0; i < 30; i++)
		limiter_on_success(&limiter, 30000 + i);
	assert_true(limiter.rate == 10);
}

static void a_clock_that_stands_still_or_goes_back_gives_nothing(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 1, 1000);
	limiter_reserve(&limiter, 1000);
	assert_true(limiter_reserve(&limiter, 500) > 0);
}

static void every_service_has_a_rate_that_lets_a_first_pass_through(void **state)
{
	(void)state;
	static const char *const services[] = {"ec2", "iam", "rds", "ecs", "logs", "whatever"};
	for (size_t i = 0; i < 6; i++) {
		struct limiter_rate rate = limiter_rate_of(services[i], false);
		assert_true(rate.burst >= 100 && rate.rate > 0 && rate.rate <= 40);
		assert_true(limiter_rate_of(services[i], true).rate <= 10);
	}
}

static void what_is_left_is_told_without_taking_any(void **state)
{
	(void)state;
	struct limiter limiter;
	limiter_init(&limiter, 10, 4, 1000);
	assert_true(limiter_left(&limiter, 1000) == 1);
	for (int i = 0; i < 6; i++)
		limiter_reserve(&limiter, 1000);
	assert_true(limiter_left(&limiter, 1000) == 0);
	assert_true(limiter_left(&limiter, 1400) == 0.5);
	assert_true(limiter_left(&limiter, 1400) == 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_goes_at_once_and_what_follows_at_the_rate),
		cmocka_unit_test(who_waits_keeps_the_order_and_a_return_shortens_the_queue),
		cmocka_unit_test(an_idle_bucket_fills_up_to_its_burst),
		cmocka_unit_test(a_throttle_halves_the_rate_once_a_second_and_success_restores_it),
		cmocka_unit_test(a_clock_that_stands_still_or_goes_back_gives_nothing),
		cmocka_unit_test(what_is_left_is_told_without_taking_any),
		cmocka_unit_test(every_service_has_a_rate_that_lets_a_first_pass_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
