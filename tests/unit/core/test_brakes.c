// What trips a brake, and what must never do so.
#include "core/brakes.h"
#include "core/policy.h"
#include "tests/unit/core/values.h"

static void expect(const struct policy *policy, struct brake_counts counts, const char *expected)
{
	char why[240] = "";
	const char *which = brakes_trip(policy, &counts, why, sizeof(why));
	assert_string_equal(which ? which : "", expected);
	assert_int_equal(which != NULL, *why != '\0');
}

static void a_convergence_and_a_handful_of_drifts_trip_nothing(void **state)
{
	(void)state;
	struct policy policy = policy_default();
	expect(&policy, (struct brake_counts){.wanted = 71, .declared = 71}, "");
	expect(&policy, (struct brake_counts){.wanted = 5, .declared = 5, .drifted = 5}, "");
	expect(&policy, (struct brake_counts){.wanted = 10, .declared = 10, .drifted = 10}, "");
	expect(&policy, (struct brake_counts){.wanted = 100, .declared = 100, .drifted = 30}, "");
}

static void drift_all_over_a_layer_trips(void **state)
{
	(void)state;
	struct policy policy = policy_default();
	expect(&policy, (struct brake_counts){.wanted = 100, .drifted = 31}, "drift");
	expect(&policy, (struct brake_counts){.wanted = 11, .drifted = 11}, "drift");
	policy.most_drift_percent = 100;
	expect(&policy, (struct brake_counts){.wanted = 11, .drifted = 11}, "");
	policy.most_drift_percent = 0;
	expect(&policy, (struct brake_counts){.wanted = 100, .drifted = 10}, "");
	expect(&policy, (struct brake_counts){.wanted = 100, .drifted = 11}, "drift");
}

static void drift_waits_only_while_what_is_not_seen_yet_could_trip(void **state)
{
	(void)state;
	struct policy policy = policy_default();
	struct brake_counts one = {.wanted = 30, .drifted = 1};
	assert_true(brakes_may_trip(&policy, &one, 29));
	assert_true(brakes_may_trip(&policy, &one, 10));
	assert_false(brakes_may_trip(&policy, &one, 9)); // ten drifted are a handful
	assert_false(brakes_may_trip(&policy, &one, 0));
	one.wanted = 100;
	assert_false(brakes_may_trip(&policy, &one, 29)); // 30 of a hundred
	assert_true(brakes_may_trip(&policy, &one, 30));
	struct brake_counts small = {.wanted = 8, .drifted = 1};
	assert_false(brakes_may_trip(&policy, &small, 7));
	struct brake_counts none = {.wanted = 100};
	assert_false(brakes_may_trip(&policy, &none, 100)); // nothing to correct
}

static void a_file_that_lost_most_of_itself_trips(void **state)
{
	(void)state;
	struct policy policy = policy_default();
	expect(&policy, (struct brake_counts){.declared = 0, .left = 6}, "file");
	expect(&policy, (struct brake_counts){.declared = 2, .left = 3}, "file");
	expect(&policy, (struct brake_counts){.declared = 3, .left = 3}, "");
	expect(&policy, (struct brake_counts){.declared = 0, .left = 1}, "");
	expect(&policy, (struct brake_counts){.declared = 0, .left = 2}, ""); // held one by one
	policy.most_deletes = 20; // the file says that so many may go
	expect(&policy,
		(struct brake_counts){.declared = 0, .left = 6, .leaving = 6, .leaving_here = 6},
		"");
}

static void more_deletions_than_the_policy_allows_trip(void **state)
{
	(void)state;
	struct policy policy = policy_default();
	expect(&policy, (struct brake_counts){.declared = 99, .leaving = 10, .leaving_here = 10},
		"");
	expect(&policy, (struct brake_counts){.declared = 99, .leaving = 11, .leaving_here = 11},
		"deletions");
	expect(&policy,
		(struct brake_counts){
			.declared = 99, .leaving = 1, .leaving_here = 1, .destroyed = 19},
		"");
	expect(&policy,
		(struct brake_counts){
			.declared = 99, .leaving = 1, .leaving_here = 1, .destroyed = 20},
		"deletions");
	expect(&policy, (struct brake_counts){.declared = 99, .destroyed = 30}, "");
	expect(&policy, (struct brake_counts){.declared = 99, .leaving = 11}, ""); // elsewhere
	policy.most_deletes = 0;
	expect(&policy, (struct brake_counts){.declared = 99, .leaving = 1, .leaving_here = 1},
		"deletions");
	policy.most_deletes = 2;
	policy.most_deletes_per_hour = 3;
	expect(&policy,
		(struct brake_counts){
			.declared = 99, .leaving = 2, .leaving_here = 2, .destroyed = 1},
		"");
	expect(&policy,
		(struct brake_counts){
			.declared = 99, .leaving = 2, .leaving_here = 2, .destroyed = 2},
		"deletions");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_convergence_and_a_handful_of_drifts_trip_nothing),
		VALUES_TEST(drift_all_over_a_layer_trips),
		VALUES_TEST(drift_waits_only_while_what_is_not_seen_yet_could_trip),
		VALUES_TEST(a_file_that_lost_most_of_itself_trips),
		VALUES_TEST(more_deletions_than_the_policy_allows_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
