// Paths into AWS's answers.
#include "core/path.h"
#include "tests/unit/core/values.h"

static json_t *table(void)
{
	return J({
		"Id" : "rtb-1",
		"State" : {"Code" : "active", "Reason" : null},
		"Main" : false,
		"Count" : 443,
		"Share" : 0.5,
		"Associations" : [
			{"Id" : "a-1", "SubnetId" : "subnet-1", "Main" : false}, {
				"Id" : "a-2",
				"Main" : true,
				"Groups" : [ {"Id" : "g-1"}, {"Id" : "g-2"} ]
			},
			{"Id" : "a-3", "SubnetId" : "subnet-3", "Groups" : [ {"Id" : "g-3"} ]}
		]
	});
}

static void expect_at(const char *path, json_t *expected)
{
	_cleanup_json_ json_t *value = path_get(table(), path);
	assert_non_null(value);
	values_expect(value, expected);
}

static void expect_nothing(const char *path)
{
	_cleanup_json_ json_t *value = path_get(table(), path);
	assert_null(value);
}

static void members_and_indexes_are_followed(void **state)
{
	(void)state;
	expect_at("Id", J("rtb-1"));
	expect_at("State.Code", J("active"));
	expect_at("Associations.1.Id", J("a-2"));
	expect_at("Associations.1.Groups.0.Id", J("g-1"));
	expect_at("Main", J(false));
	expect_at("", table());
}

static void absent_and_null_are_nothing(void **state)
{
	(void)state;
	expect_nothing("Name");
	expect_nothing("State.Reason");
	expect_nothing("State.Code.Deeper");
	expect_nothing("Associations.9.Id");
	expect_nothing("Associations.-1.Id");
	expect_nothing("Associations.Id");
	expect_nothing("Id.0");
}

static void brackets_take_all_and_flatten(void **state)
{
	(void)state;
	expect_at("Associations[].Id", J([ "a-1", "a-2", "a-3" ]));
	expect_at("Associations[].SubnetId", J([ "subnet-1", "subnet-3" ]));
	expect_at("Associations[].Groups[].Id", J([ "g-1", "g-2", "g-3" ]));
	expect_at("Associations[].Nothing", J([]));
	// What is absent is an empty list of its items only when the list is there.
	expect_at("State[].Code", J([]));
}

static void a_filter_takes_the_first_that_matches(void **state)
{
	(void)state;
	expect_at("Associations[Main=true].Id", J("a-2"));
	expect_at("Associations[Main=TRUE].Id", J("a-2"));
	expect_at("Associations[SubnetId=subnet-3].Id", J("a-3"));
	expect_nothing("Associations[SubnetId=subnet-9].Id");
	expect_nothing("Associations[SubnetId=].Id");
	expect_at("Associations[Main=true].Groups[].Id", J([ "g-1", "g-2" ]));
	expect_at("Associations[][Id=a-3].SubnetId", J(["subnet-3"]));
}

static void a_broken_path_leads_nowhere(void **state)
{
	(void)state;
	expect_nothing("Associations[");
	expect_nothing("Associations[Main");
	expect_nothing("Associations[Main].Id");
	char longest[300];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	expect_nothing(longest);
	longest[1] = '.';
	expect_nothing(longest);
}

static void nothing_has_no_members(void **state)
{
	(void)state;
	assert_null(path_get(NULL, "Id"));
	assert_null(path_get(NULL, "Id.Deeper"));
	_cleanup_json_ json_t *list = path_get(NULL, "Items[].Id");
	assert_true(list == NULL || json_array_size(list) == 0);
}

static void a_glob_is_matched_in_any_case(void **state)
{
	(void)state;
	assert_true(path_matches(table(), "State.Code", "ACT*"));
	assert_true(path_matches(table(), "Id", "rtb-?"));
	assert_true(path_matches(table(), "Main", "false"));
	assert_true(path_matches(table(), "Count", "443"));
	assert_false(path_matches(table(), "Count", "44"));
	assert_false(path_matches(table(), "Associations", "*")); // no scalar
}

static void an_absent_value_matches_only_the_empty_glob(void **state)
{
	(void)state;
	assert_true(path_matches(table(), "Name", ""));
	assert_false(path_matches(table(), "Name", "*"));
	assert_false(path_matches(table(), "Id", ""));
}

static void scalars_have_a_text(void **state)
{
	(void)state;
	char text[32];
	assert_true(path_scalar_text(J(-1), text, sizeof(text)));
	assert_string_equal(text, "-1");
	assert_true(path_scalar_text(J(0.5), text, sizeof(text)));
	assert_string_equal(text, "0.5");
	assert_true(path_scalar_text(J(true), text, sizeof(text)));
	assert_string_equal(text, "true");
	assert_false(path_scalar_text(J(null), text, sizeof(text)));
	assert_false(path_scalar_text(J({}), text, sizeof(text)));
	assert_false(path_scalar_text(J("longer than it may be"), text, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(members_and_indexes_are_followed),
		VALUES_TEST(absent_and_null_are_nothing),
		VALUES_TEST(brackets_take_all_and_flatten),
		VALUES_TEST(a_filter_takes_the_first_that_matches),
		VALUES_TEST(a_broken_path_leads_nowhere),
		VALUES_TEST(nothing_has_no_members),
		VALUES_TEST(a_glob_is_matched_in_any_case),
		VALUES_TEST(an_absent_value_matches_only_the_empty_glob),
		VALUES_TEST(scalars_have_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
