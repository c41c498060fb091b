// What is remembered survives the store, and failures are paced by their class.
#include "core/decide.h"
#include "core/record.h"
#include "tests/unit/core/values.h"

static void what_is_saved_is_loaded_again(void **state)
{
	(void)state;
	struct record record, again;
	record_init(&record);
	record_init(&again);
	record.id = strdup("vpc-1");
	record.created_ms = 1800000000000;
	record.deleted_ms = 1800000000001;
	record.observed = json_pack("{s:s}", "State", "available");
	json_object_set_new(record.baseline, "EnableDns64", json_null());
	json_object_set_new(record.writes, "Tags[a]", json_pack("{s:i}", "count", 2));
	json_array_append_new(record.depends_on, json_string("network.vpc.main"));
	json_object_set_new(record.drifts, "Tags[a]", json_string("drift-1"));
	str_copy(record.synced, sizeof(record.synced), "0123456789abcdef");
	_cleanup_json_ json_t *data = record_json(&record);
	record_load(&again, record.id, data);
	_cleanup_json_ json_t *saved_again = record_json(&again);
	values_expect(saved_again, data);
	assert_string_equal(again.id, "vpc-1");
	assert_int_equal(again.created_ms, record.created_ms);
	assert_string_equal(again.synced, record.synced);
	assert_true(json_is_null(json_object_get(again.baseline, "EnableDns64")));
	record_done(&record);
	record_done(&again);
}

static void anything_may_stand_in_the_store(void **state)
{
	(void)state;
	struct record record;
	json_t *bad[] = {J(null), J([]), J("text"), J({
				 "created_ms" : "soon",
				 "observed" : [],
				 "baseline" : 1,
				 "writes" : [],
				 "depends_on" : {},
				 "drifts" : "x",
				 "synced" : {}
			 }),
		J({"synced" : "much longer than sixteen characters"})};
	record_init(&record);
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		record_load(&record, "", bad[i]);
		assert_null(record.id);
		assert_null(record.observed);
		assert_int_equal(record.created_ms, 0);
		assert_true(json_is_object(record.baseline) && json_is_object(record.writes));
		assert_true(json_is_array(record.depends_on) && json_is_object(record.drifts));
	}
	record_load(&record, NULL, NULL);
	assert_null(record.id);
	record_done(&record);
}

static int64_t delay_after(enum err_class class, int times, bool not_yet, double jitter)
{
	struct failure failure = {0};
	struct err err = err_new(class, "failed");
	for (int i = 0; i < times; i++)
		failure_add(&failure, &err, not_yet, "key", 1000, jitter);
	assert_int_equal(failure.count, times);
	return failure.next_ms - 1000;
}

static void waits_grow_up_to_a_limit(void **state)
{
	(void)state;
	assert_int_equal(delay_after(ERR_TRANSIENT, 1, false, 1), 1000);
	assert_int_equal(delay_after(ERR_TRANSIENT, 2, false, 1), 2000);
	assert_int_equal(delay_after(ERR_TRANSIENT, 4, false, 1), 8000);
	assert_int_equal(delay_after(ERR_TRANSIENT, 100, false, 1), 60000);
	assert_int_equal(delay_after(ERR_THROTTLED, 100, false, 1), 300000);
}

static void waits_are_spread_and_never_nothing(void **state)
{
	(void)state;
	assert_int_equal(delay_after(ERR_TRANSIENT, 3, false, 0), 2000);
	assert_int_equal(delay_after(ERR_TRANSIENT, 3, false, 0.5), 3000);
	assert_int_equal(delay_after(ERR_TRANSIENT, 3, false, 1), 4000);
}

static void what_is_refused_waits_longer_than_what_timed_out(void **state)
{
	(void)state;
	assert_int_equal(delay_after(ERR_DENIED, 1, false, 1), 60000);
	assert_int_equal(delay_after(ERR_INVALID, 1, false, 1), 60000);
	assert_int_equal(delay_after(ERR_INVALID, 100, false, 1), 3600000);
	assert_int_equal(delay_after(ERR_CONFLICT, 1, false, 1), 2000);
}

static void a_quota_waits_longest_and_credentials_hardly(void **state)
{
	(void)state;
	assert_int_equal(delay_after(ERR_QUOTA, 1, false, 0), 150000);
	assert_int_equal(delay_after(ERR_QUOTA, 1, false, 1), 300000);
	assert_int_equal(delay_after(ERR_QUOTA, 100, false, 1), 3600000);
	assert_int_equal(delay_after(ERR_CREDENTIALS, 1, false, 1), 2000);
	assert_int_equal(delay_after(ERR_CREDENTIALS, 100, false, 1), 30000);
}

static void a_wait_knows_since_when_how_often_and_until_when(void **state)
{
	(void)state;
	struct failure failure = {0};
	struct err timeout = err_new(ERR_TRANSIENT, "a"), slow = err_new(ERR_THROTTLED, "b");
	failure_add(&failure, &timeout, false, "one", 100000, 1);
	failure_add(&failure, &slow, false, "one", 130000, 1); // another class, the same trouble
	assert_int_equal(failure.since_ms, 100000);
	assert_int_equal(failure.count, 1);
	assert_int_equal(failure.next_ms, 135000);
	failure_add(&failure, &slow, false, "two", 140000, 1);
	assert_int_equal(failure.since_ms, 140000);
	assert_int_equal(failure.count, 1);
}

static void every_class_says_what_is_to_be_done(void **state)
{
	(void)state;
	for (int class = ERR_TRANSIENT; class <= ERR_BUG; class ++) {
		const char *remedy = failure_remedy((enum err_class) class);
		assert_true(strlen(remedy) > 20);
		assert_true(remedy[strlen(remedy) - 1] != '.');
		assert_string_not_equal(err_class_name((enum err_class) class), "?");
	}
	static const enum err_class for_people[] = {
		ERR_DENIED, ERR_CREDENTIALS, ERR_QUOTA, ERR_INVALID};
	for (size_t i = 0; i < ARRAY_COUNT(for_people); i++)
		assert_true(failure_is_for_people(
			&(struct failure){.count = 1, .err.class = for_people[i]}));
	assert_false(
		failure_is_for_people(&(struct failure){.count = 1, .err.class = ERR_THROTTLED}));
}

static void an_expected_wait_is_short(void **state)
{
	(void)state;
	assert_int_equal(delay_after(ERR_INVALID, 1, true, 1), 500);
	assert_int_equal(delay_after(ERR_CONFLICT, 100, true, 1), 15000);
}

static void another_change_or_error_begins_anew(void **state)
{
	(void)state;
	struct failure failure = {0};
	struct err timeout = err_new(ERR_TRANSIENT, "a"), denied = err_new(ERR_DENIED, "b");
	failure_add(&failure, &timeout, false, "one", 0, 1);
	failure_add(&failure, &timeout, false, "one", 0, 1);
	assert_int_equal(failure.count, 2);
	failure_add(&failure, &timeout, false, "two", 0, 1);
	assert_int_equal(failure.count, 1);
	failure_add(&failure, &denied, false, "two", 0, 1);
	assert_int_equal(failure.count, 1);
	assert_string_equal(failure.err.message, "b");
	failure_clear(&failure);
	assert_int_equal(failure.count, 0);
	assert_int_equal(failure.next_ms, 0);
}

static void instants_that_are_yet_to_come_do_not_count(void **state)
{
	(void)state;
	struct record record;
	record_init(&record);
	record_load(&record, "vpc-1", J({
		"created_ms" : 32503680000000,
		"deleted_ms" : 5,
		"left_ms" : 1001,
		"writes" : {"A" : {"at" : 1001}, "B" : {"at" : 999}, "C" : 7}
	}));
	assert_true(record_bound(&record, 1000));
	assert_int_equal(record.created_ms, 1000);
	assert_int_equal(record.deleted_ms, 5);
	assert_int_equal(record.left_ms, 1000);
	values_expect(record.writes, J({"A" : {"at" : 1000}, "B" : {"at" : 999}, "C" : 7}));
	record.restored_ms = record.deleted_ms = 2000;
	assert_true(record_bound(&record, 1000));
	assert_int_equal(record.restored_ms, 0);
	assert_int_equal(record.deleted_ms, 0);
	assert_false(record_bound(&record, 1000));
	record_done(&record);
}

static void a_restart_looks_for_what_was_never_shown_as_if_it_were_new(void **state)
{
	(void)state;
	struct record record;
	record_init(&record);
	record_load(&record, "vpc-1", J({"created_ms" : 5}));
	record_renew(&record, 1000000);
	assert_int_equal(record.created_ms, 1000000);
	record.created_ms = 0; // not by us, or settled
	record_renew(&record, 1000000);
	assert_int_equal(record.created_ms, 0);
	record_done(&record);
}

// Deleted by somebody right after its creation, or by us: a restart does not begin to wait anew.
static void what_is_shown_again_is_as_old_as_it_is(void **state)
{
	(void)state;
	struct record record;
	record_init(&record);
	record.born_ms = 1000;
	record.created_ms = 1500; // renewed by a restart
	record_shown_again(&record);
	assert_int_equal(record.created_ms, 1500);
	assert_false(record.is_dirty);
	record.was_shown = true;
	record_shown_again(&record);
	assert_int_equal(record.created_ms, 1000);
	assert_true(record.is_dirty && !record.was_shown);
	record_done(&record);
}

static void a_restart_looks_no_longer_for_what_was_shown_and_went_away(void **state)
{
	(void)state;
	struct record record, again;
	record_init(&record);
	record.created_ms = 5;
	record.was_shown = true;
	_cleanup_json_ json_t *data = record_json(&record);
	record_init(&again);
	record_load(&again, "vpc-1", data);
	record_renew(&again, 1000000);
	assert_int_equal(
		again.created_ms, 1000000 - DECIDE_CREATE_SETTLES_MS + DECIDE_SEEN_SETTLES_MS);
	record_done(&record);
	record_done(&again);
}

static void a_default_is_late_only_when_nobody_changed_anything(void **state)
{
	(void)state;
	json_t *before = J({"Iops" : null}), *learned = J({"Iops" : 3000});
	static const struct {
		bool has_before, is_changed, is_unlearned;
	} cases[] = {{true, true, true}, {true, false, false}, {false, true, false}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct record record;
		record_init(&record);
		json_decref(record.baseline);
		record.baseline = json_incref(learned);
		record_unlearn(&record, cases[i].has_before ? before : NULL, cases[i].is_changed);
		values_expect(record.baseline, cases[i].is_unlearned ? before : learned);
		_cleanup_json_ json_t *data = record_json(&record);
		struct record again;
		record_init(&again);
		record_load(&again, "vol-1", data);
		assert_int_equal(again.is_grown, cases[i].is_unlearned);
		record_done(&again);
		record_done(&record);
	}
	struct record record;
	record_init(&record);
	json_decref(record.baseline);
	record.baseline = json_incref(learned);
	record_unlearn(&record, J({"Iops" : 3000}), true); // nothing was learned
	assert_ptr_equal(record.baseline, learned);
	record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_is_saved_is_loaded_again),
		VALUES_TEST(anything_may_stand_in_the_store),
		VALUES_TEST(instants_that_are_yet_to_come_do_not_count),
		VALUES_TEST(a_restart_looks_for_what_was_never_shown_as_if_it_were_new),
		VALUES_TEST(what_is_shown_again_is_as_old_as_it_is),
		VALUES_TEST(a_default_is_late_only_when_nobody_changed_anything),
		VALUES_TEST(a_restart_looks_no_longer_for_what_was_shown_and_went_away),
		VALUES_TEST(waits_grow_up_to_a_limit),
		VALUES_TEST(waits_are_spread_and_never_nothing),
		VALUES_TEST(what_is_refused_waits_longer_than_what_timed_out),
		VALUES_TEST(a_quota_waits_longest_and_credentials_hardly),
		VALUES_TEST(a_wait_knows_since_when_how_often_and_until_when),
		VALUES_TEST(every_class_says_what_is_to_be_done),
		VALUES_TEST(an_expected_wait_is_short),
		VALUES_TEST(another_change_or_error_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
