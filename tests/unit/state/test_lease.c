// The rules of the lease, of the fair share and of waiting for the database, by values.
#include "base/str.h"
#include "state/backoff.h"
#include "state/lease.h"
#include "state/share.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// ---- holding

static bool proves_after(int64_t boot_ms, int64_t wall_ms)
{
	const struct lease_clock sent = {1000000, 1800000000000};
	const struct lease_clock now = {1000000 + boot_ms, 1800000000000 + wall_ms};
	return lease_proves(&sent, &now);
}

static void a_renewal_proves_the_lease_until_a_margin_before_its_end(void **state)
{
	(void)state;
	int64_t most = LEASE_LASTS_MS - LEASE_MARGIN_MS;
	assert_true(proves_after(0, 0));
	assert_true(proves_after(most - 1, most - 1));
	assert_false(proves_after(most, most));
	assert_false(proves_after(30000, 30000)); // it was stopped
}

static void a_clock_that_jumped_proves_nothing(void **state)
{
	(void)state;
	assert_true(proves_after(500, 500 + LEASE_JUMP_MS));
	assert_false(proves_after(500, 501 + LEASE_JUMP_MS));
	assert_false(proves_after(500, 3600000));
	assert_false(proves_after(500, 499 - LEASE_JUMP_MS));
	assert_false(proves_after(500, -3600000));
	assert_false(proves_after(-1, -1)); // another machine's clock
}

static void a_holder_that_keeps_beating_misses_no_write(void **state)
{
	(void)state;
	// Two beats lost, and the third one late by half.
	assert_true(proves_after(3 * LEASE_BEAT_MS + LEASE_BEAT_MS / 2 - 1,
		3 * LEASE_BEAT_MS + LEASE_BEAT_MS / 2 - 1));
}

// ---- passing on

static json_t *row(const char *holder, int beats, bool is_expired)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:b}", "stack", "shop", "holder", holder, "token", 3,
		"beats", beats, "is_expired", is_expired);
}

static bool is_free_to_b(const char *holder, int beats, bool is_expired, int64_t after_ms)
{
	_cleanup_json_ json_t *seen = row("a", 7, false);
	_cleanup_json_ json_t *now = row(holder, beats, is_expired);
	struct lease_sight sight = {0};
	lease_see(&sight, seen, 1000);
	lease_see(&sight, now, 1000 + after_ms);
	return lease_is_free(&sight, now, "b", 1000 + after_ms);
}

static void it_is_free_when_it_expired_and_stood_still_for_a_whole_lease(void **state)
{
	(void)state;
	assert_true(is_free_to_b("a", 7, true, LEASE_LASTS_MS));
	assert_false(is_free_to_b("a", 7, true, LEASE_LASTS_MS - 1));
	assert_false(is_free_to_b("a", 7, false, LEASE_LASTS_MS)); // the server's clock disagrees
	assert_false(is_free_to_b("a", 8, true, LEASE_LASTS_MS));  // it was renewed meanwhile
}

static void it_is_free_at_once_when_it_was_given_back_or_was_ones_own(void **state)
{
	(void)state;
	assert_true(is_free_to_b("", 8, true, 1));
	assert_true(is_free_to_b("b", 7, false, 1));
	struct lease_sight sight = {0};
	lease_see(&sight, NULL, 5);
	assert_true(lease_is_free(&sight, NULL, "b", 5));
}

static void a_lease_that_was_never_seen_is_not_free(void **state)
{
	(void)state;
	_cleanup_json_ json_t *now = row("a", -1, true);
	struct lease_sight sight = {0};
	assert_false(lease_is_free(&sight, now, "b", 1000000));
}

// ---- sharing

static json_t *crowd(const char *ids, const char *stacks)
{
	json_t *rows = json_array();
	for (; *ids; ids++) {
		json_t *all = json_object();
		for (const char *s = stacks; *s; s++)
			json_object_set_new(all, (const char[]){*s, '\0'}, json_true());
		json_array_append_new(
			rows, json_pack("{s:s, s:o, s:b}", "daemon_id", (const char[]){*ids, '\0'},
				      "stacks", all, "is_observer", *ids >= 'A' && *ids <= 'Z'));
	}
	return rows;
}

struct outcome {
	char take[32], give[8];
};

// `held`: "xa yb": stack x by daemon a, stack y by b. `is_free`: "z".
static struct outcome plan(
	const json_t *daemons, const char *held, const char *is_free, const char *me)
{
	struct outcome out = {0};
	_cleanup_json_ json_t *holders = json_object();
	_cleanup_json_ json_t *rest = json_object();
	_cleanup_json_ json_t *take = NULL;
	const char *give;
	for (; *held; held += held[2] ? 3 : 2)
		json_object_set_new(holders, (const char[]){held[0], '\0'},
			json_string((const char[]){held[1], '\0'}));
	for (; *is_free; is_free++)
		json_object_set_new(rest, (const char[]){*is_free, '\0'}, json_true());
	share_plan(daemons, holders, rest, me, &take, &give);
	size_t i;
	json_t *one;
	json_array_foreach (take, i, one)
		out.take[i] = *json_string_value(one);
	str_copy(out.give, sizeof(out.give), give);
	return out;
}

static void whoever_is_alone_takes_everything(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("a", "wxyz");
	struct outcome out = plan(daemons, "", "wxyz", "a");
	assert_string_equal(out.take, "wxyz");
	assert_string_equal(out.give, "");
}

static void two_take_half_each_and_never_the_same(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("ab", "uvwxyz");
	struct outcome a = plan(daemons, "", "uvwxyz", "a"), b = plan(daemons, "", "uvwxyz", "b");
	assert_int_equal(strlen(a.take), 3);
	assert_int_equal(strlen(b.take), 3);
	for (const char *s = a.take; *s; s++)
		assert_null(strchr(b.take, *s));
}

static void what_a_dead_one_held_goes_to_those_with_the_fewest(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("bc", "uvwxyz");
	struct outcome b = plan(daemons, "ub vb wb xc", "yz", "b");
	struct outcome c = plan(daemons, "ub vb wb xc", "yz", "c");
	assert_string_equal(b.take, "");
	assert_string_equal(c.take, "yz");
}

static void who_has_two_more_than_another_gives_one_up(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("ab", "wxyz");
	assert_string_equal(plan(daemons, "wa xa ya za", "", "a").give, "z");
	assert_string_equal(plan(daemons, "wa xa ya zb", "", "a").give, "y");
	assert_string_equal(plan(daemons, "wa xa yb zb", "", "a").give, "");
	assert_string_equal(plan(daemons, "wa xa ya zb", "", "b").give, "");
	_cleanup_json_ json_t *odd = crowd("ab", "xyz");
	assert_string_equal(plan(odd, "xa ya zb", "", "a").give, "");
	// Not while something is to be taken.
	assert_string_equal(plan(daemons, "wa xa ya", "z", "a").give, "");
}

static void nothing_is_given_to_whom_cannot_hold_it(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("ab", "x");
	json_object_set_new(
		json_object_get(json_array_get(daemons, 0), "stacks"), "y", json_true());
	json_object_set_new(
		json_object_get(json_array_get(daemons, 0), "stacks"), "z", json_true());
	assert_string_equal(plan(daemons, "xa ya za", "", "a").give, "x");
	assert_string_equal(plan(daemons, "xb ya za", "", "a").give, "");
	assert_string_equal(plan(daemons, "xb", "yz", "b").take, "");
	assert_string_equal(plan(daemons, "xb", "yz", "a").take, "yz");
}

static void who_only_observes_leads_only_what_nobody_else_could(void **state)
{
	(void)state;
	_cleanup_json_ json_t *daemons = crowd("aB", "xyz");
	assert_string_equal(plan(daemons, "", "xyz", "B").take, "");
	assert_string_equal(plan(daemons, "", "xyz", "a").take, "xyz");
	assert_string_equal(plan(daemons, "xB yB zB", "", "B").give, "z");
	_cleanup_json_ json_t *alone = crowd("B", "xyz");
	assert_string_equal(plan(alone, "", "xyz", "B").take, "xyz");
}

// ---- waiting for the database

// The longest that any number gives.
static int64_t ceiling(unsigned attempt, enum err_class class, bool is_starting)
{
	int64_t most = 0;
	for (uint32_t random = 0; random < 40000; random++) {
		int64_t ms = backoff_ms(attempt, class, is_starting, random);
		most = ms > most ? ms : most;
		assert_true(ms >= 10);
	}
	return most;
}

static void waits_double_up_to_a_few_seconds_as_nothing_is_changed_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(ceiling(0, ERR_TRANSIENT, false), 209);
	assert_int_equal(ceiling(1, ERR_TRANSIENT, false), 409);
	assert_int_equal(ceiling(4, ERR_TRANSIENT, false), 3209);
	assert_int_equal(ceiling(5, ERR_TRANSIENT, false), 5009);
	assert_int_equal(ceiling(UINT_MAX, ERR_TRANSIENT, false), 5009);
}

static void waits_are_longer_where_a_try_is_futile_or_starts_a_server(void **state)
{
	(void)state;
	assert_int_equal(ceiling(0, ERR_INVALID, false), 209);
	assert_int_equal(ceiling(20, ERR_INVALID, false), 30009);
	assert_int_equal(ceiling(20, ERR_TRANSIENT, true), 30009);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_proves_the_lease_until_a_margin_before_its_end),
		cmocka_unit_test(a_clock_that_jumped_proves_nothing),
		cmocka_unit_test(a_holder_that_keeps_beating_misses_no_write),
		cmocka_unit_test(it_is_free_when_it_expired_and_stood_still_for_a_whole_lease),
		cmocka_unit_test(it_is_free_at_once_when_it_was_given_back_or_was_ones_own),
		cmocka_unit_test(a_lease_that_was_never_seen_is_not_free),
		cmocka_unit_test(whoever_is_alone_takes_everything),
		cmocka_unit_test(two_take_half_each_and_never_the_same),
		cmocka_unit_test(what_a_dead_one_held_goes_to_those_with_the_fewest),
		cmocka_unit_test(who_has_two_more_than_another_gives_one_up),
		cmocka_unit_test(nothing_is_given_to_whom_cannot_hold_it),
		cmocka_unit_test(who_only_observes_leads_only_what_nobody_else_could),
		cmocka_unit_test(waits_double_up_to_a_few_seconds_as_nothing_is_changed_meanwhile),
		cmocka_unit_test(waits_are_longer_where_a_try_is_futile_or_starts_a_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
