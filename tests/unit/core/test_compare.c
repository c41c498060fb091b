// When the file and AWS say the same thing in other words.
#include "core/compare.h"
#include "tests/unit/core/values.h"

#define HOLDS(how, desired, observed) assert_true(compare_holds(COMPARE_##how, desired, observed))
#define DIFFERS(how, desired, observed)                                                            \
	assert_false(compare_holds(COMPARE_##how, desired, observed))

static void absent_is_false_and_empty_but_not_zero(void **state)
{
	(void)state;
	HOLDS(EXACT, J(false), NULL);
	HOLDS(EXACT, J(""), NULL);
	HOLDS(EXACT, J([]), NULL);
	HOLDS(EXACT, J({}), J(null));
	DIFFERS(EXACT, J(true), NULL);
	DIFFERS(EXACT, J(0), NULL);
	DIFFERS(EXACT, J("x"), NULL);
	HOLDS(EXACT, NULL, NULL);
	HOLDS(POLICY, NULL, NULL);
}

static void scalars_that_aws_writes_as_text_are_the_same(void **state)
{
	(void)state;
	HOLDS(EXACT, J(443), J("443"));
	HOLDS(EXACT, J("true"), J(true));
	HOLDS(EXACT, J(60), J(60.0));
	HOLDS(NUMBER, J("60"), J(60));
	DIFFERS(NUMBER, J("60"), J(600));
	DIFFERS(EXACT, J("yes"), J(true));
	DIFFERS(EXACT, J("abc"), J("ABC"));
	HOLDS(NOCASE, J("Gateway"), J("gateway"));
}

static void a_structure_may_have_more_than_is_declared(void **state)
{
	(void)state;
	HOLDS(EXACT, J({"From" : 1}), J({"From" : 1, "To" : 2}));
	DIFFERS(EXACT, J({"From" : 1, "To" : 2}), J({"From" : 1}));
	HOLDS(EXACT, J({"From" : 1, "On" : false}), J({"From" : 1}));
}

static void a_list_has_an_order_and_a_set_has_none(void **state)
{
	(void)state;
	DIFFERS(EXACT, J([ "a", "b" ]), J([ "b", "a" ]));
	HOLDS(SET, J([ "a", "b" ]), J([ "b", "a" ]));
	DIFFERS(SET, J([ "a", "b" ]), J(["a"]));
	DIFFERS(SET, J(["a"]), J([ "a", "b" ]));
	HOLDS(SET, J([ {"Id" : 1} ]), J([ {"Id" : 1, "More" : true} ]));
}

static void every_member_of_either_set_is_in_the_other(void **state)
{
	(void)state;
	DIFFERS(SET, J([ "a", "a" ]), J([ "a", "b" ]));
	DIFFERS(SET, J([ "a", "b" ]), J([ "a", "a" ]));
}

static void a_set_of_one_value_twice_is_not_two_values(void **state)
{
	(void)state;
	HOLDS(SET, J([ "a", "a", "b" ]), J([ "b", "a" ]));
}

static void address_blocks_have_one_form(void **state)
{
	(void)state;
	char text[64];
	HOLDS(CIDR, J("10.0.3.7/16"), J("10.0.0.0/16"));
	HOLDS(CIDR, J("2001:DB8:0:0:0::/64"), J("2001:db8::/64"));
	HOLDS(CIDR, J("::ffff:1/128"), J("::ffff:1/128"));
	DIFFERS(CIDR, J("10.0.0.0/16"), J("10.0.0.0/24"));
	DIFFERS(CIDR, J("10.0.0.0/16"), J("10.0.0.0"));
	DIFFERS(CIDR, J("no address"), J("10.0.0.0/16"));
	assert_true(compare_cidr("255.255.255.255/0", text, sizeof(text)));
	assert_string_equal(text, "0.0.0.0/0");
	assert_false(compare_cidr("10.0.0.0/33", text, sizeof(text)));
	assert_false(compare_cidr("10.0.0/8", text, sizeof(text)));
	assert_false(compare_cidr("10.0.0.0/", text, sizeof(text)));
	assert_false(compare_cidr("10.0.0.0/16", text, 5));
}

static void an_arn_equals_the_name_at_its_end(void **state)
{
	(void)state;
	HOLDS(ARN_NAME, J("arn:aws:iam::123456789012:role/flow"), J("flow"));
	HOLDS(ARN_NAME, J("flow"), J("arn:aws:iam::123456789012:role/service/flow"));
	DIFFERS(ARN_NAME, J("flow"), J("arn:aws:iam::123456789012:role/other"));
	HOLDS(ARN_NAME, J("topic"), J("arn:aws:sns:eu-west-1:123456789012:topic"));
}

static void a_log_group_is_named_by_its_arn_too(void **state)
{
	(void)state;
	HOLDS(ARN_NAME, J("flow"), J("arn:aws:logs:eu-west-1:123456789012:log-group:flow:*"));
	HOLDS(ARN_NAME, J("/shop/flow"),
		J("arn:aws:logs:eu-west-1:123456789012:log-group:/shop/flow:*"));
	HOLDS(ARN_NAME, J("/shop/flow"),
		J("arn:aws:logs:eu-west-1:123456789012:log-group:/shop/flow"));
	DIFFERS(ARN_NAME, J("flow"), J("arn:aws:logs:eu-west-1:123456789012:log-group:/shop/flow"));
}

static void a_version_is_never_lowered(void **state)
{
	(void)state;
	HOLDS(VERSION, J("15"), J("15.4"));
	HOLDS(VERSION, J("15.4"), J("15.4"));
	HOLDS(VERSION, J("15.4"), J("15.10"));
	HOLDS(VERSION, J("15"), J("16.1"));
	DIFFERS(VERSION, J("15.4"), J("15.3"));
	DIFFERS(VERSION, J("16"), J("15.9"));
	DIFFERS(VERSION, J("15.1"), J("15"));
	HOLDS(VERSION, J("1.1"), J("1.10")); // newer, not the same
	HOLDS(VERSION, J("8.0.mysql_aurora.3"), J("8.0.mysql_aurora.3.04.1"));
}

static void json_is_compared_as_values(void **state)
{
	(void)state;
	HOLDS(JSON, J({"a" : [ 1, 2 ], "b" : "x"}), J("{ \"b\":\"x\", \"a\": [1,2] }"));
	HOLDS(JSON, J("{\"a\":1}"), J("{ \"a\": 1 }"));
	DIFFERS(JSON, J("{\"a\":1}"), J("{\"a\":2}"));
	HOLDS(JSON, J({}), NULL);
}

// ---- policies

/* Written out in one macro: `true` in the text must stay `true`. */
#define STATEMENT(...) values_parse("{\"Version\":\"2012-10-17\",\"Statement\":" #__VA_ARGS__ "}")

static void one_statement_is_a_list_of_one(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT({"Effect" : "Allow", "Action" : "s3:Get*", "Resource" : "*"}),
		STATEMENT([ {"Effect" : "Allow", "Action" : ["s3:Get*"], "Resource" : ["*"]} ]));
}

static void actions_have_no_case_and_no_order(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT({"Effect" : "Allow", "Action" : [ "S3:getobject", "ec2:*" ]}),
		STATEMENT({"Effect" : "Allow", "Action" : [ "ec2:*", "s3:GetObject" ]}));
	DIFFERS(POLICY, STATEMENT({"Effect" : "Allow", "Action" : "s3:GetObject"}),
		STATEMENT({"Effect" : "Allow", "Action" : "s3:PutObject"}));
	DIFFERS(POLICY, STATEMENT({"Effect" : "Allow", "Action" : "s3:*"}),
		STATEMENT({"Effect" : "Deny", "Action" : "s3:*"}));
	// Resources have a case.
	DIFFERS(POLICY, STATEMENT({"Resource" : "arn:aws:s3:::Bucket"}),
		STATEMENT({"Resource" : "arn:aws:s3:::bucket"}));
}

static void an_account_is_its_root(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT({"Principal" : {"AWS" : "123456789012"}}),
		STATEMENT({"Principal" : {"AWS" : ["arn:aws:iam::123456789012:root"]}}));
	HOLDS(POLICY, STATEMENT({"Principal" : "*"}), STATEMENT({"Principal" : {"AWS" : "*"}}));
	DIFFERS(POLICY, STATEMENT({"Principal" : {"AWS" : "123456789012"}}),
		STATEMENT({"Principal" : {"AWS" : "210987654321"}}));
	// Unquoted in YAML it is a number; and in China it has an ARN of another partition.
	HOLDS(POLICY, STATEMENT({"Principal" : {"AWS" : 123456789012}}),
		STATEMENT({"Principal" : {"AWS" : "arn:aws-cn:iam::123456789012:root"}}));
	DIFFERS(POLICY, STATEMENT({"Principal" : {"AWS" : "123456789012"}}),
		STATEMENT({"Principal" : {"AWS" : "arn:aws:iam::123456789012:role/root"}}));
	DIFFERS(POLICY, STATEMENT({"Principal" : {"AWS" : "arn:aws:iam::123456789012:user/root"}}),
		STATEMENT({"Principal" : {"AWS" : "arn:aws:iam::123456789012:root"}}));
}

static void a_deleted_principal_leaves_an_id_and_that_differs(void **state)
{
	(void)state;
	DIFFERS(POLICY, STATEMENT({"Principal" : {"AWS" : "arn:aws:iam::123456789012:role/task"}}),
		STATEMENT({"Principal" : {"AWS" : "AROAJQABLZS4A3QDU576Q"}}));
	DIFFERS(POLICY, STATEMENT({"Principal" : {"AWS" : "arn:aws:iam::123456789012:user/ann"}}),
		STATEMENT({"Principal" : {"AWS" : "AIDAJQABLZS4A3QDU576Q"}}));
}

static void principals_have_no_order_within_their_sort(void **state)
{
	(void)state;
	HOLDS(POLICY,
		STATEMENT({"Principal" : {"Service" : [ "b.amazonaws.com", "a.amazonaws.com" ]}}),
		STATEMENT({"Principal" : {"Service" : [ "a.amazonaws.com", "b.amazonaws.com" ]}}));
	HOLDS(POLICY, STATEMENT({"NotPrincipal" : {"AWS" : "123456789012"}}),
		STATEMENT({"NotPrincipal" : {"AWS" : ["arn:aws:iam::123456789012:root"]}}));
	DIFFERS(POLICY, STATEMENT({"Principal" : {"Service" : "*"}}),
		STATEMENT({"Principal" : "*"}));
	DIFFERS(POLICY, STATEMENT({"NotPrincipal" : "*"}), STATEMENT({"Principal" : "*"}));
}

static void conditions_are_lists_of_texts(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT({"Condition" : {"Bool" : {"aws:SecureTransport" : true}}}),
		STATEMENT({"Condition" : {"Bool" : {"aws:SecureTransport" : ["true"]}}}));
	HOLDS(POLICY, STATEMENT({"Condition" : {"NumericLessThan" : {"s3:max-keys" : 10}}}),
		STATEMENT({"Condition" : {"NumericLessThan" : {"s3:max-keys" : "10"}}}));
	HOLDS(POLICY,
		STATEMENT({"Condition" : {"StringEquals" : {"aws:PrincipalTag/a" : [ "x", "y" ]}}}),
		STATEMENT(
			{"Condition" : {"StringEquals" : {"aws:PrincipalTag/a" : [ "y", "x" ]}}}));
	DIFFERS(POLICY,
		STATEMENT({"Condition" : {"StringLike" : {"aws:SourceArn" : "arn:aws:s3:::A"}}}),
		STATEMENT({"Condition" : {"StringLike" : {"aws:SourceArn" : "arn:aws:s3:::a"}}}));
	DIFFERS(POLICY, STATEMENT({"Condition" : {"StringLike" : {"aws:SourceAccount" : "1"}}}),
		STATEMENT({"Condition" : {"StringEquals" : {"aws:SourceAccount" : "1"}}}));
}

static void condition_keys_have_no_case_and_none_is_no_condition(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT({"Condition" : {"IpAddress" : {"aws:SourceIp" : "10.0.0.0/8"}}}),
		STATEMENT({"Condition" : {"IpAddress" : {"AWS:SourceIP" : ["10.0.0.0/8"]}}}));
	HOLDS(POLICY, STATEMENT({"Effect" : "Allow", "Condition" : {}}),
		STATEMENT({"Effect" : "Allow"}));
	DIFFERS(POLICY, STATEMENT({"Effect" : "Allow", "Condition" : {"Bool" : {"a:b" : true}}}),
		STATEMENT({"Effect" : "Allow"}));
	// One key in two spellings: neither is lost.
	DIFFERS(POLICY, STATEMENT({
		"Condition" :
			{"IpAddress" : {"aws:SourceIp" : "10.0.0.0/8", "aws:SourceIP" : "::/0"}}
	}),
		STATEMENT({"Condition" : {"IpAddress" : {"aws:SourceIp" : "10.0.0.0/8"}}}));
}

static void what_is_left_out_is_allowed_by_nobody(void **state)
{
	(void)state;
	DIFFERS(POLICY, STATEMENT({"Effect" : "Allow", "NotAction" : "s3:*"}),
		STATEMENT({"Effect" : "Allow", "Action" : "s3:*"}));
	HOLDS(POLICY, STATEMENT({"Effect" : "Allow", "NotAction" : "S3:*", "NotResource" : "b"}),
		STATEMENT({"Effect" : "Allow", "NotAction" : ["s3:*"], "NotResource" : ["b"]}));
	DIFFERS(POLICY, STATEMENT({"Resource" : [ "a", "b" ]}), STATEMENT({"Resource" : "a"}));
	DIFFERS(POLICY, STATEMENT([ {"Effect" : "Allow", "Action" : "a:b"} ]), STATEMENT([
		{"Effect" : "Allow", "Action" : "a:b"}, {"Effect" : "Allow", "Action" : "a:c"}
	]));
}

static void statements_have_no_order_and_an_empty_sid_is_none(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT([ {"Sid" : "a", "Effect" : "Allow"}, {"Effect" : "Deny"} ]),
		STATEMENT([ {"Effect" : "Deny", "Sid" : ""}, {"Sid" : "a", "Effect" : "Allow"} ]));
	DIFFERS(POLICY, STATEMENT([ {"Sid" : "a"} ]), STATEMENT([ {"Sid" : "b"} ]));
}

static void iam_answers_url_encoded(void **state)
{
	(void)state;
	HOLDS(POLICY, STATEMENT([ {"Effect" : "Allow", "Action" : "s3:*"} ]),
		values_keep(json_string(
			"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22"
			"%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%7D%5D%7D")));
	// ... some of them; what is not encoded may have '%' in it.
	HOLDS(POLICY, STATEMENT([ {"Effect" : "Allow", "Resource" : "a%2Fb+c"} ]),
		values_keep(json_string("\n {\"Version\":\"2012-10-17\",\"Statement\":"
					"[{\"Effect\":\"Allow\",\"Resource\":\"a%2Fb+c\"}]}")));
	HOLDS(POLICY, STATEMENT([ {"Effect" : "Allow", "Resource" : "a+b"} ]),
		values_keep(json_string("%0A%7b%22Version%22%3a%222012-10-17%22%2c%22Statement%22"
					"%3a%5b%7b%22Effect%22%3a%22Allow%22%2c%22Resource%22%3a"
					"%22a+b%22%7d%5d%7d")));
	HOLDS(POLICY, J({"Id" : "key-default-1", "Statement" : []}), J({"Statement" : []}));
}

static void another_version_of_the_language_is_another_policy(void **state)
{
	(void)state;
	DIFFERS(POLICY, J({"Version" : "2012-10-17", "Statement" : []}), J({"Statement" : []}));
	HOLDS(POLICY, J({"Statement" : []}), J({"Version" : "2008-10-17", "Statement" : []}));
}

static void what_is_no_policy_is_compared_as_it_is(void **state)
{
	(void)state;
	HOLDS(POLICY, J("nonsense"), J("nonsense"));
	DIFFERS(POLICY, J("nonsense"), J({"Statement" : []}));
}

static void canonical_forms_do_not_depend_on_order(void **state)
{
	(void)state;
	_cleanup_json_ json_t *a = compare_canon(COMPARE_SET, J([ "b", "a", "a" ]));
	_cleanup_json_ json_t *b = compare_canon(COMPARE_SET, J([ "a", "b" ]));
	values_expect(a, b);
	assert_null(compare_canon(COMPARE_SET, NULL));
}

static void a_long_text_is_equal_to_itself_where_numbers_are_compared(void **state)
{
	(void)state;
	const char *arn = "arn:aws:acm:eu-west-1:123456789012:certificate/"
			  "8684ef6d-ab68-4aec-84b5-74a7431cfab1";
	_cleanup_json_ json_t *a = json_string(arn), *b = json_string(arn);
	assert_true(compare_holds(COMPARE_NUMBER, a, b));
	json_string_set(b, "arn:aws:acm:eu-west-1:123456789012:certificate/other");
	assert_false(compare_holds(COMPARE_NUMBER, a, b));
}

static void what_is_kept_is_alike_in_another_order_and_in_other_words(void **state)
{
	(void)state;
	json_t *a = J({
		"Ids" : [ "b", "a" ],
		"Rules" : [ {"Port" : 1, "From" : [ "x", "y" ]}, {"Port" : 2} ],
		"Policy" : "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s:Get\"}}",
		"Count" : "10"
	});
	json_t *b = J({
		"Count" : "10",
		"Ids" : [ "a", "b" ],
		"Rules" : [ {"Port" : 2}, {"From" : [ "y", "x" ], "Port" : 1} ],
		"Policy" : "{\"Statement\": [{\"Action\": [\"s:Get\"], \"Effect\": \"Allow\"}]}"
	});
	assert_true(compare_alike(a, b));
	assert_true(compare_alike(NULL, NULL));
	assert_false(compare_alike(a, NULL));
	json_array_append_new(json_object_get(b, "Ids"), json_string("c"));
	assert_false(compare_alike(a, b));
	json_array_remove(json_object_get(b, "Ids"), 2);
	json_object_set_new(b, "Count", json_string("11"));
	assert_false(compare_alike(a, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_long_text_is_equal_to_itself_where_numbers_are_compared),
		VALUES_TEST(absent_is_false_and_empty_but_not_zero),
		VALUES_TEST(scalars_that_aws_writes_as_text_are_the_same),
		VALUES_TEST(a_structure_may_have_more_than_is_declared),
		VALUES_TEST(a_list_has_an_order_and_a_set_has_none),
		VALUES_TEST(every_member_of_either_set_is_in_the_other),
		VALUES_TEST(a_set_of_one_value_twice_is_not_two_values),
		VALUES_TEST(address_blocks_have_one_form),
		VALUES_TEST(an_arn_equals_the_name_at_its_end),
		VALUES_TEST(a_log_group_is_named_by_its_arn_too),
		VALUES_TEST(a_version_is_never_lowered),
		VALUES_TEST(json_is_compared_as_values),
		VALUES_TEST(one_statement_is_a_list_of_one),
		VALUES_TEST(actions_have_no_case_and_no_order),
		VALUES_TEST(an_account_is_its_root),
		VALUES_TEST(a_deleted_principal_leaves_an_id_and_that_differs),
		VALUES_TEST(principals_have_no_order_within_their_sort),
		VALUES_TEST(conditions_are_lists_of_texts),
		VALUES_TEST(condition_keys_have_no_case_and_none_is_no_condition),
		VALUES_TEST(what_is_left_out_is_allowed_by_nobody),
		VALUES_TEST(statements_have_no_order_and_an_empty_sid_is_none),
		VALUES_TEST(iam_answers_url_encoded),
		VALUES_TEST(another_version_of_the_language_is_another_policy),
		VALUES_TEST(what_is_no_policy_is_compared_as_it_is),
		VALUES_TEST(canonical_forms_do_not_depend_on_order),
		VALUES_TEST(what_is_kept_is_alike_in_another_order_and_in_other_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
