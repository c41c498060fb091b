// What is believed of the tagging API's answers, and what is read after all.
#include "core/hints.h"
#include "tests/unit/core/values.h"

static const struct tagging tagging = {.observed = "tags", .form = TAGS_MAP};
static const struct kind kind = {.name = "x",
	.tagging = &tagging,
	.observe = {.tag_types = "logs cloudwatch:alarm",
		.arn = "arn",
		.follows = {{.operation = "ListTags", .into = "tags", .from = "tags"},
			{.operation = "Other", .into = "tagsAndMore", .from = "x"}}}};

static json_t *hints_of(void)
{
	json_t *hints = J({});
	hints_add(hints, J({
		"ResourceTagMappingList" : [
			{
				"ResourceARN" : "arn:a:*",
				"Tags" : [ {"Key" : "team", "Value" : "shop"} ]
			},
			{
				"ResourceARN" : "arn:b",
				"Tags" : [
					{"Key" : "team", "Value" : "shop"},
					{"Key" : "old", "Value" : "1"},
					{"Key" : "theirs", "Value" : "2"}
				]
			},
			{"NoArn" : 1}
		]
	}));
	return hints;
}

static void expect(const char *arn, const json_t *subject, const json_t *expected)
{
	_cleanup_json_ json_t *believed = hints_believed(hints_of(), arn, subject, &kind);
	if (!expected)
		assert_null(believed);
	else
		values_expect(believed, expected);
}

static void all_of_ours_are_asked_for_by_our_tag(void **state)
{
	(void)state;
	_cleanup_json_ json_t *input = hints_input(&kind, "shop");
	values_expect(input, J({
		"TagFilters" : [ {"Key" : "holdfast:stack", "Values" : ["shop"]} ],
		"ResourceTypeFilters" : [ "logs", "cloudwatch:alarm" ],
		"ResourcesPerPage" : 100
	}));
}

static void what_is_as_it_should_be_is_believed(void **state)
{
	(void)state;
	expect("arn:a", J({"tags" : {"team" : "shop"}}), J({"team" : "shop"}));
	expect("arn:a:*", J({"tags" : {"team" : "shop"}}), J({"team" : "shop"}));
	expect("arn:b", J({"tags" : {"team" : "shop"}, "old_tags" : ["team"]}),
		J({"team" : "shop", "old" : "1", "theirs" : "2"}));
	expect("arn:a", J({}), J({"team" : "shop"})); // an orphan
	expect("arn:a", NULL, J({"team" : "shop"}));
}

static void what_is_not_is_read(void **state)
{
	(void)state;
	expect("arn:a", J({"tags" : {"team" : "other"}}), NULL);
	expect("arn:a", J({"tags" : {"team" : "shop", "more" : "1"}}), NULL);
	expect("arn:b", J({"tags" : {"team" : "shop"}, "old_tags" : ["old"]}), NULL);
	expect("arn:c", J({"tags" : {}}), NULL);
	expect(NULL, J({"tags" : {}}), NULL);
}

static void only_the_read_of_tags_is_replaced(void **state)
{
	(void)state;
	assert_true(hints_replace(&kind, &kind.observe.follows[0]));
	assert_false(hints_replace(&kind, &kind.observe.follows[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(all_of_ours_are_asked_for_by_our_tag),
		VALUES_TEST(what_is_as_it_should_be_is_believed),
		VALUES_TEST(what_is_not_is_read),
		VALUES_TEST(only_the_read_of_tags_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
