// What is told of what AWS has otherwise and is left so.
#include "core/remarks.h"
#include "tests/unit/core/values.h"

static void expect(const json_t *remarks, const char *expected)
{
	_cleanup_free_ char *text = json_dumps(remarks, JSON_COMPACT);
	assert_string_equal(text, expected);
	json_decref((json_t *)remarks);
}

static json_t *database(const char *desired, const char *observed)
{
	_cleanup_json_ json_t *want = json_pack("{s:s}", "EngineVersion", desired);
	_cleanup_json_ json_t *seen = json_pack("{s:s}", "EngineVersion", observed);
	return remarks_make(kind_find("db_instance"), want, seen, NULL, NULL);
}

static void a_newer_version_is_told_and_what_the_file_names_is_not(void **state)
{
	(void)state;
	expect(database("16.3", "16.4"),
		"[\"EngineVersion is 16.4 in AWS, newer than 16.3 in the file: left as it is, for "
		"nothing is downgraded\"]");
	expect(database("16", "16.4"), "[]");
	expect(database("16.4", "16.4"), "[]");
	expect(database("16.5", "16.4"), "[]"); // a difference, and shown as one
}

static void what_belongs_to_another_or_is_ignored_is_told_while_it_differs(void **state)
{
	(void)state;
	const struct kind *kind = kind_find("ecs_service");
	const json_t *owners = J({"desired_count" : "compute.scaling_target.web"});
	expect(remarks_make(kind, J({"desiredCount" : 2}), J({"desiredCount" : 5}), NULL, owners),
		"[\"desiredCount is 5 in AWS and 2 in the file: left as it is, for "
		"compute.scaling_target.web rules it\"]");
	expect(remarks_make(kind, J({"desiredCount" : 5}), J({"desiredCount" : 5}), NULL, owners),
		"[]");
	expect(remarks_make(kind, J({"desiredCount" : 2}), J({"desiredCount" : 5}),
		       J(["desired_count"]), NULL),
		"[\"desiredCount is 5 in AWS and 2 in the file: left as it is, for it is told to "
		"be ignored\"]");
	expect(remarks_make(kind, J({"desiredCount" : 2}), J({"desiredCount" : 5}), NULL, NULL),
		"[]");
}

static json_t *trust(const char *principal)
{
	return json_pack("{s:{s:s, s:[{s:s, s:{s:s}, s:s}]}}", "AssumeRolePolicyDocument",
		"Version", "2012-10-17", "Statement", "Effect", "Allow", "Principal", "AWS",
		principal, "Action", "sts:AssumeRole");
}

static void the_id_of_a_principal_that_is_gone_is_told(void **state)
{
	(void)state;
	const struct kind *kind = kind_find("iam_role");
	_cleanup_json_ json_t *want = trust("arn:aws:iam::123456789012:role/deployer");
	_cleanup_json_ json_t *gone = trust("AROAJQABLZS4A3QDU576Q");
	_cleanup_json_ json_t *other =
		trust("arn:aws:iam::123456789012:role/AROAJQABLZS4A3QDU576Q");
	_cleanup_json_ json_t *told = remarks_make(kind, want, gone, NULL, NULL);
	assert_int_equal(json_array_size(told), 1);
	assert_non_null(strstr(json_string_value(json_array_get(told, 0)),
		"AssumeRolePolicyDocument names AROAJQABLZS4A3QDU576Q in AWS"));
	expect(remarks_make(kind, want, other, NULL, NULL), "[]"); // a role of an odd name
	expect(remarks_make(kind, gone, gone, NULL, NULL), "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_newer_version_is_told_and_what_the_file_names_is_not),
		VALUES_TEST(what_belongs_to_another_or_is_ignored_is_told_while_it_differs),
		VALUES_TEST(the_id_of_a_principal_that_is_gone_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
