// Which looks are too old to act by.
#include "core/ahead.h"
#include "tests/unit/core/values.h"

static const struct ahead_looks SEEING = {.pass_ms = 99980};
static const struct ahead_looks BLIND = {.is_blind = true, .pass_ms = 99980};

static void what_was_in_sync_and_is_not_needs_a_look_at_what_it_refers_to_as_young(void **state)
{
	(void)state;
	struct resource gone = {.kind = values_kind("subnet"), .upset_ms = 100000};
	struct resource parent = {
		.kind = values_kind("vpc"), .presence = PRESENCE_PRESENT, .looked_ms = 40000};
	assert_true(ahead_of(&gone, &parent, &SEEING));
	assert_false(ahead_of(&gone, &parent, &BLIND));
	// A look of the same pass, be it begun a little earlier.
	assert_true(ahead_is_served(&gone, 99990, 99980));
	parent.looked_ms = 99990;
	assert_false(ahead_of(&gone, &parent, &SEEING));
	// Of the pass before, a second ago, or just before this one.
	parent.looked_ms = 99000;
	assert_true(ahead_of(&gone, &parent, &SEEING));
	assert_false(ahead_is_served(&gone, 99970, 99980));
	parent.looked_ms = 99970;
	assert_true(ahead_of(&gone, &parent, &SEEING));
	parent.looked_ms = 110000;
	assert_false(ahead_of(&gone, &parent, &SEEING));
	// Younger than the referrer's serves, though a pass has begun since.
	assert_true(ahead_is_served(&gone, 100001, 100500));
}

static void what_never_was_in_sync_and_what_is_gone_itself_is_not_waited_for(void **state)
{
	(void)state;
	struct resource never = {.kind = values_kind("subnet")};
	struct resource gone = {.kind = values_kind("subnet"), .upset_ms = 100000};
	struct resource parent = {
		.kind = values_kind("vpc"), .presence = PRESENCE_PRESENT, .looked_ms = 40000};
	assert_false(ahead_of(&never, &parent, &SEEING));
	parent.presence = PRESENCE_ABSENT;
	assert_false(ahead_of(&gone, &parent, &SEEING));
	parent.presence = PRESENCE_UNKNOWN;
	assert_false(ahead_of(&gone, &parent, &SEEING));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_was_in_sync_and_is_not_needs_a_look_at_what_it_refers_to_as_young),
		VALUES_TEST(what_never_was_in_sync_and_what_is_gone_itself_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
