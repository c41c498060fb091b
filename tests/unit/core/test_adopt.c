// `adopt: ID` in the file, and what is decided as long as it was not taken over.
#include "core/adopt.h"
#include "tests/unit/core/values.h"

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\n"

static void expect_findings(const char *text, const char *expected)
{
	struct findings findings;
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	_cleanup_buf_ struct buf out = {0};
	buf_init(&out, 0);
	findings_print(&findings, &out);
	assert_string_equal(buf_str(&out), expected);
	desired_free(desired);
	findings_done(&findings);
}

static void an_id_is_read_and_a_wrong_one_told_at_its_place(void **state)
{
	(void)state;
	struct desired *desired = values_desired(
		HEAD "network:\n  vpc:\n    main: {adopt: vpc-1, cidr_block: 10.0.0.0/16}\n"
		     "    other: {cidr_block: 10.1.0.0/16, adopt: null}\n");
	assert_string_equal(desired_find(desired, "network.vpc.main")->adopt, "vpc-1");
	assert_null(desired_find(desired, "network.vpc.other")->adopt);
	desired_free(desired);
	expect_findings(HEAD
		"network:\n  elastic_ip:\n    a: {adopt: eipalloc-1}\n"
		"    b: {adopt: eipalloc-1}\n    c: {adopt: [x]}\n    d: {adopt: \"\"}\n"
		"    e: {Adopt: eipalloc-2}\n",
		"shop.yaml:7:16: error: eipalloc-1 is adopted by network.elastic_ip.a already; let "
		"one of them adopt it\n"
		"shop.yaml:8:16: error: adopt must be an id, not a list; write the id that AWS "
		"gave "
		"it\n"
		"shop.yaml:9:16: error: adopt must be an id, not empty; write the id that AWS gave "
		"it\n"
		"shop.yaml:10:9: error: unknown field 'Adopt' of elastic_ip; it is written "
		"'adopt'; "
		"use lower case and '_'\n");
	expect_findings(HEAD "monitoring: {log_group: {a: {adopt: /shop/a}}}\n",
		"shop.yaml:4:30: error: a log_group is not adopted by an id; take it out: what "
		"stands there already is found by its name, and taken over after an approval\n");
}

static void an_id_counts_until_it_was_taken_over(void **state)
{
	(void)state;
	struct wanted wanted = {.kind = values_kind("vpc"), .adopt = (char[]){"vpc-1"}};
	struct record record;
	record_init(&record);
	assert_string_equal(adopt_pending(&wanted, &record), "vpc-1");
	assert_null(adopt_pending(NULL, &record));
	struct resource resource = {.kind = wanted.kind, .wanted = &wanted, .record = record};
	struct sighting seen = {.id = (char[]){"vpc-1"}};
	resource.record.is_foreign = true;
	adopt_note(&resource, &seen);
	assert_non_null(adopt_pending(&wanted, &resource.record));
	resource.record.is_foreign = false; // its tag was seen
	seen.id[4] = '2';
	adopt_note(&resource, &seen);
	assert_non_null(adopt_pending(&wanted, &resource.record));
	seen.id[4] = '1';
	adopt_note(&resource, &seen);
	assert_null(adopt_pending(&wanted, &resource.record));
	assert_true(resource.record.is_dirty);
	// It is remembered over a restart; another id in the file counts anew.
	_cleanup_json_ json_t *kept = record_json(&resource.record);
	record_load(&resource.record, "vpc-1", kept);
	assert_null(adopt_pending(&wanted, &resource.record));
	wanted.adopt[4] = '3';
	assert_string_equal(adopt_pending(&wanted, &resource.record), "vpc-3");
	record_done(&resource.record);
}

static void nothing_is_created_in_place_of_what_is_to_be_adopted(void **state)
{
	(void)state;
	struct wanted wanted = {.kind = values_kind("vpc"), .adopt = (char[]){"vpc-1"}};
	struct record record;
	record_init(&record);
	struct decide_input in = {.kind = wanted.kind, .wanted = &wanted, .record = &record};
	struct decision d = {0};
	assert_true(adopt_is_awaited(&in, &d));
	assert_int_equal(d.verdict, VERDICT_AGAIN);
	assert_string_equal(d.reason, "NotChecked");
	record.is_foreign = true; // was looked for, and is not there
	assert_true(adopt_is_awaited(&in, &d));
	assert_int_equal(d.verdict, VERDICT_DONE);
	assert_string_equal(d.reason, "AdoptMissing");
	in.adopt_holder = "network.vpc.other";
	assert_true(adopt_is_awaited(&in, &d));
	assert_string_equal(d.reason, "AdoptConflict");
	assert_non_null(strstr(d.message, "held as network.vpc.other"));
	// It was ours, and was deleted since: as anything else.
	record.adopted = strdup("vpc-1");
	assert_false(adopt_is_awaited(&in, &d));
	record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(an_id_is_read_and_a_wrong_one_told_at_its_place),
		VALUES_TEST(an_id_counts_until_it_was_taken_over),
		VALUES_TEST(nothing_is_created_in_place_of_what_is_to_be_adopted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
