// What is believed of the tagging API's answers, and what is read after all.
#include "base/str.h"
#include "core/hints.h"
#include "tests/unit/core/values.h"

static const struct tagging tagging = {.observed = "tags", .form = TAGS_MAP};
static const struct kind kind = {.name = "x",
	.tagging = &tagging,
	.observe = {.tag_types = "logs cloudwatch:alarm",
		.arn = "arn",
		.joins = {{.into = "tags"}, {.into = "Rules"}},
		.follows = {{.operation = "ListTags", .into = "tags", .from = "tags"},
			{.operation = "Other", .into = "tagsAndMore", .from = "x"}}}};

static json_t *hints(void)
{
	json_t *rows = J({});
	hints_add(rows, J({
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
	return rows;
}

static void expect(const char *arn, const json_t *subject, const json_t *expected)
{
	_cleanup_json_ json_t *believed = hints_believed(hints(), 1000, arn, subject, &kind);
	if (!expected)
		assert_null(believed);
	else
		values_expect(believed, expected);
}

static void all_of_ours_are_asked_for_by_our_tag_in_one_read(void **state)
{
	(void)state;
	_cleanup_json_ json_t *input = hints_input("shop");
	values_expect(json_object_get(input, "TagFilters"),
		J([ {"Key" : "holdfast:stack", "Values" : ["shop"]} ]));
	const json_t *types = json_object_get(input, "ResourceTypeFilters");
	const char *const some[] = {"acm", "kms:key", "rds:pg", "elasticloadbalancing", "s3"};
	for (size_t i = 0; i < ARRAY_COUNT(some); i++)
		assert_true(js_lists(types, some[i]));
	// Each once, though four kinds are of Elastic Load Balancing; a hundred is what AWS takes.
	int balancers = 0;
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)types, i, one)
		balancers += str_eq(json_string_value(one), "elasticloadbalancing");
	assert_int_equal(balancers, 1);
	assert_true(json_array_size(types) <= 100);
}

static void a_kind_has_the_rows_of_its_types(void **state)
{
	(void)state;
	static const char *const arns[] = {"arn:aws:kms:eu-west-1:1:key/1",
		"arn:aws:kms:eu-west-1:1:alias/key/1", "arn:aws:acm:eu-west-1:1:certificate/1",
		"arn:aws:kmsx:eu-west-1:1:key/1", "arn:aws:kms:eu-west-1:1:keyring/1", "nothing"};
	json_t *rows = J({});
	for (size_t i = 0; i < ARRAY_COUNT(arns); i++)
		json_object_set_new(rows, arns[i], json_pack("{s:s}", "ResourceARN", arns[i]));
	_cleanup_json_ json_t *keys = hints_of(rows, values_kind("kms_key"));
	values_expect(keys, J([ {"ResourceARN" : "arn:aws:kms:eu-west-1:1:key/1"} ]));
	_cleanup_json_ json_t *certificates = hints_of(rows, values_kind("certificate"));
	values_expect(
		certificates, J([ {"ResourceARN" : "arn:aws:acm:eu-west-1:1:certificate/1"} ]));
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

static void what_was_written_since_is_read(void **state)
{
	(void)state;
	expect("arn:a", J({"tags" : {"team" : "shop"}, "acted_ms" : 1000}), J({"team" : "shop"}));
	expect("arn:a", J({"tags" : {"team" : "shop"}, "acted_ms" : 1001}), NULL);
	expect("arn:a", J({"acted_ms" : 1001}), NULL);
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
	assert_true(hints_replace_join(&kind, &kind.observe.joins[0]));
	assert_false(hints_replace_join(&kind, &kind.observe.joins[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(all_of_ours_are_asked_for_by_our_tag_in_one_read),
		VALUES_TEST(a_kind_has_the_rows_of_its_types),
		VALUES_TEST(what_is_as_it_should_be_is_believed),
		VALUES_TEST(what_was_written_since_is_read),
		VALUES_TEST(what_is_not_is_read),
		VALUES_TEST(only_the_read_of_tags_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
