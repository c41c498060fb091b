// Two documents in, leaves out: by values.
#include "core/leafdiff.h"
#include "tests/unit/core/values.h"

static const struct field policy = {
	.name = "policy", .type = FIELD_MODEL, .compare = COMPARE_POLICY};
static const struct field body = {.name = "body", .type = FIELD_MODEL, .compare = COMPARE_JSON};
static const struct field loose = {.name = "list", .type = FIELD_MODEL, .compare = COMPARE_LOOSE};
static const struct field whole = {.name = "list", .type = FIELD_MODEL, .compare = COMPARE_WHOLE};
static const struct field set = {.name = "set", .type = FIELD_MODEL, .compare = COMPARE_SET};
static const struct field secret = {
	.name = "word", .type = FIELD_MODEL, .flags = FIELD_SECRET, .compare = COMPARE_JSON};

// "path op observed -> desired" of each leaf, one a line.
static void expect(const struct field *field, const json_t *observed, const json_t *desired,
	const char *expected)
{
	_cleanup_json_ json_t *leaves =
		leafdiff(values_kind("iam_role"), field, "P", observed, desired);
	_cleanup_buf_ struct buf out = {0};
	size_t i;
	json_t *leaf;
	json_array_foreach (leaves, i, leaf) {
		const json_t *was = json_object_get(leaf, "observed");
		const json_t *is = json_object_get(leaf, "desired");
		_cleanup_free_ char *a = was ? js_text(was) : strdup("");
		_cleanup_free_ char *b = is ? js_text(is) : strdup("");
		buf_addf(&out, "%s%s %s %s>%s", i ? "\n" : "", js_str(leaf, "path"),
			js_str(leaf, "op"), a, b);
	}
	assert_string_equal(buf_str(&out), expected);
}

static void a_policy_shows_the_action_that_came_and_the_one_that_went(void **state)
{
	(void)state;
	const json_t *observed = J({
		"Version" : "2012-10-17",
		"Statement" : [
			{"Effect" : "Deny", "Action" : "ec2:*", "Resource" : "*"}, {
				"Effect" : "Allow",
				"Action" : [ "s3:GetObject", "s3:Put" ],
				"Resource" : "*"
			}
		]
	});
	const json_t *desired = J({
		"Version" : "2012-10-17",
		"Statement" : [
			{"Resource" : ["*"], "Effect" : "Deny", "Action" : ["EC2:*"]}, {
				"Effect" : "Allow",
				"Action" : [ "s3:List*", "s3:getobject" ],
				"Resource" : "*"
			}
		]
	});
	expect(&policy, observed, desired,
		"P.Statement[1].Action - \"s3:Put\">\nP.Statement[1].Action + >\"s3:List*\"");
	_cleanup_free_ char *text = js_text(observed); // as IAM and S3 keep it
	expect(&policy, values_keep(json_string(text)), desired,
		"P.Statement[1].Action - \"s3:Put\">\nP.Statement[1].Action + >\"s3:List*\"");
}

static void a_statement_is_called_by_its_sid_wherever_it_stands(void **state)
{
	(void)state;
	const json_t *observed = J({
		"Version" : "2012-10-17",
		"Statement" : [
			{"Sid" : "B", "Effect" : "Allow", "Action" : "b:B", "Resource" : "*"},
			{"Sid" : "A", "Effect" : "Allow", "Action" : "a:A", "Resource" : "x"}
		]
	});
	const json_t *desired = J({
		"Version" : "2012-10-17",
		"Statement" : [
			{"Sid" : "A", "Effect" : "Allow", "Action" : "a:A", "Resource" : "y"},
			{"Sid" : "B", "Effect" : "Deny", "Action" : "b:B", "Resource" : "*"}
		]
	});
	expect(&policy, observed, desired,
		"P.Statement[A].Resource - \"x\">\nP.Statement[A].Resource + >\"y\"\n"
		"P.Statement[B].Effect ~ \"Allow\">\"Deny\"");
}

static void a_statement_of_somebody_else_is_shown_whole(void **state)
{
	(void)state;
	expect(&policy, J({
		"Version" : "2012-10-17",
		"Statement" :
			[ {"Sid" : "A", "Effect" : "Allow"}, {"Sid" : "X", "Effect" : "Allow"} ]
	}),
		J({"Version" : "2012-10-17", "Statement" : [ {"Sid" : "A", "Effect" : "Allow"} ]}),
		"P.Statement[X] - {\"Effect\":\"Allow\",\"Sid\":\"X\"}>");
}

static void a_dashboard_is_compared_as_what_its_text_says(void **state)
{
	(void)state;
	expect(&body,
		values_keep(json_string(
			"{\"widgets\":[{\"width\":6,\"x\":0},{\"height\":1}],\"y\":2}")),
		J({"widgets" : [ {"x" : 0, "width" : 12}, {"height" : 1} ], "z" : true}),
		"P.widgets[0].width ~ 6>12\nP.z + >true\nP.y - 2>");
}

static void a_container_is_called_by_its_name_and_what_aws_fills_in_is_nothing(void **state)
{
	(void)state;
	expect(&loose, J([
		{"name" : "log", "image" : "l:1", "cpu" : 0}, {
			"name" : "app",
			"image" : "a:1",
			"cpu" : 0,
			"environment" : [ {"name" : "A", "value" : "1"} ],
			"command" : [ "a", "b" ]
		}
	]),
		J([
			{
				"name" : "app",
				"image" : "a:2",
				"environment" : [
					{"name" : "A", "value" : "2"}, {"name" : "B", "value" : "3"}
				],
				"command" : [ "b", "a" ]
			},
			{"name" : "log", "image" : "l:1"}
		]),
		"P[app].image ~ \"a:1\">\"a:2\"\n"
		"P[app].environment[A].value ~ \"1\">\"2\"\n"
		"P[app].environment[B] + >{\"name\":\"B\",\"value\":\"3\"}\n"
		"P[app].command ~ [\"a\",\"b\"]>[\"b\",\"a\"]");
}

static void a_list_without_order_shows_its_items(void **state)
{
	(void)state;
	expect(&set, J([ "a", "b" ]), J([ "b", "c" ]), "P - \"a\">\nP + >\"c\"");
}

static void what_has_one_side_or_is_secret_stays_one(void **state)
{
	(void)state;
	expect(&policy, NULL, J({"Statement" : []}), "P + >{\"Statement\":[]}");
	expect(&secret, J({"a" : 1}), J({"a" : 2}), "P ~ {\"a\":1}>{\"a\":2}");
	expect(NULL, J("x"), J("y"), "P ~ \"x\">\"y\"");
	expect(&body, J("no json"), J({"a" : 1}), "P ~ \"no json\">{\"a\":1}");
}

static void too_much_stays_one(void **state)
{
	(void)state;
	json_t *observed = values_keep(json_object()), *desired = values_keep(json_object());
	for (int i = 0; i <= LEAFDIFF_MOST; i++) {
		char key[16];
		snprintf(key, sizeof(key), "k%d", i);
		json_object_set_new(observed, key, json_integer(i));
		json_object_set_new(desired, key, json_integer(i + 1));
	}
	_cleanup_json_ json_t *leaves =
		leafdiff(values_kind("iam_role"), &body, "P", observed, desired);
	assert_int_equal(json_array_size(leaves), 1);
}

static void an_item_is_walked_by_its_members_own_words(void **state)
{
	(void)state;
	const struct kind *role = values_kind("iam_role");
	const struct field *policies = NULL;
	for (const struct field *f = role->fields; f->name; f++)
		if (str_eq(f->name, "policies"))
			policies = f;
	assert_non_null(policies);
	_cleanup_json_ json_t *leaves = leafdiff(role, policies, "policies[read-db]", J({
		"PolicyName" : "read-db",
		"PolicyDocument" :
			{"Version" : "2012-10-17", "Statement" : [ {"Action" : "s3:Get"} ]}
	}),
		J({
			"PolicyName" : "read-db",
			"PolicyDocument" : {
				"Version" : "2012-10-17",
				"Statement" : [ {"Action" : [ "s3:Get", "s3:*" ]} ]
			}
		}));
	values_expect(leaves, J([ {
		"path" : "policies[read-db].PolicyDocument.Statement[0].Action",
		"op" : "+",
		"desired" : "s3:*"
	} ]));
}

static void of_a_whole_document_what_only_aws_has_is_a_leaf_too(void **state)
{
	(void)state;
	const json_t *desired = J({"Rules" : [ {"ID" : "a", "Filter" : {"Prefix" : ""}} ]});
	const json_t *observed = J({
		"Rules" : [ {
			"ID" : "a",
			"Filter" : {"ObjectSizeLessThan" : 5},
			"Expiration" : {"Days" : 1},
			"Nothing" : []
		} ]
	});
	expect(&whole, observed, desired,
		"P.Rules[a].Filter.ObjectSizeLessThan - 5>\nP.Rules[a].Expiration - "
		"{\"Days\":1}>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, values_done)
		TEST(a_policy_shows_the_action_that_came_and_the_one_that_went),
		TEST(a_statement_is_called_by_its_sid_wherever_it_stands),
		TEST(a_statement_of_somebody_else_is_shown_whole),
		TEST(a_dashboard_is_compared_as_what_its_text_says),
		TEST(a_container_is_called_by_its_name_and_what_aws_fills_in_is_nothing),
		TEST(a_list_without_order_shows_its_items),
		TEST(what_has_one_side_or_is_secret_stays_one),
		TEST(too_much_stays_one),
		TEST(an_item_is_walked_by_its_members_own_words),
#undef TEST
		VALUES_TEST(of_a_whole_document_what_only_aws_has_is_a_leaf_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
