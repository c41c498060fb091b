// What the tables of roles and policies add to the words of others: names and ARNs side by side,
// documents by name, versions in order.
#include "core/desired.h"
#include "core/project.h"
#include "core/reads.h"
#include "core/rows.h"
#include "tests/unit/core/values.h"

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\nsecurity:\n"
#define DOCUMENT                                                                                   \
	"{Version: '2012-10-17', Statement: {Effect: Allow, Action: 's3:Get*', Resource: '*'}}"
#define POLICY "  iam_policy: {read: {policy_document: " DOCUMENT "}}\n"
#define TRUST                                                                                      \
	"      assume_role_policy: {Statement: {Effect: Allow, Principal: {Service: "              \
	"ec2.amazonaws.com}, Action: 'sts:AssumeRole'}}\n"

/* The desired JSON of security.iam_role.task. */
static json_t *role_of(const char *fields)
{
	_cleanup_free_ char *text =
		str_format(HEAD POLICY "  iam_role:\n    task:\n" TRUST "%s", fields);
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	for (size_t i = 0; i < findings.count; i++)
		print_error("%d: %s\n", findings.items[i].place.line, findings.items[i].message);
	assert_int_equal(findings.count, 0);
	findings_done(&findings);
	json_t *role = json_deep_copy(desired_find(desired, "security.iam_role.task")->desired);
	desired_free(desired);
	return values_keep(role);
}

static void inline_policies_are_a_map_by_name(void **state)
{
	(void)state;
	const json_t *role = role_of("      policies: {read: " DOCUMENT "}\n");
	assert_int_equal(json_array_size(json_object_get(role, "Policies")), 1);
	assert_string_equal(js_str(js_at(role, "Policies.0"), "PolicyName"), "read");
	assert_string_equal(js_str(js_at(role, "Policies.0"), "PolicyDocument"),
		"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":"
		"\"s3:Get*\",\"Resource\":\"*\"}}");
}

static void attached_policies_are_names_and_arns(void **state)
{
	(void)state;
	const json_t *role = role_of(
		"      managed_policies: [read, 'arn:aws:iam::aws:policy/ReadOnlyAccess']\n");
	values_expect(json_object_get(role, "ManagedPolicies"), J([
		{"PolicyArn" : {"@ref" : "security.iam_policy.read"}},
		{"PolicyArn" : "arn:aws:iam::aws:policy/ReadOnlyAccess"}
	]));
	role = role_of("      managed_policies:\n"
		       "        - {policy_arn: 'arn:aws:iam::aws:policy/A'}\n"
		       "        - '${security.iam_policy.read.arn}'\n");
	values_expect(json_object_get(role, "ManagedPolicies"), J([
		{"PolicyArn" : "arn:aws:iam::aws:policy/A"},
		{"PolicyArn" : {"@ref" : "security.iam_policy.read", "@attr" : "Arn"}}
	]));
}

static void a_boundary_is_a_name_or_an_arn(void **state)
{
	(void)state;
	values_expect(json_object_get(
			      role_of("      permissions_boundary: read\n"), "PermissionsBoundary"),
		J({"@ref" : "security.iam_policy.read"}));
	values_expect(
		json_object_get(role_of("      permissions_boundary: arn:aws:iam::aws:policy/A\n"),
			"PermissionsBoundary"),
		J("arn:aws:iam::aws:policy/A"));
}

/* The one error of a file. */
static void expect_error(const char *text, int line, const char *begin)
{
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct findings findings;
	findings_init(&findings);
	assert_null(desired_load("shop.yaml", &options, &findings));
	assert_int_equal(findings.count, 1);
	assert_int_equal(findings.items[0].place.line, line);
	if (!str_starts(findings.items[0].message, begin))
		fail_msg("%s", findings.items[0].message);
	findings_done(&findings);
}

// "IAM and AWS STS quotas": white space does not count.
static void documents_have_a_size_without_white_space(void **state)
{
	(void)state;
	char name[6100], white[6100];
	memset(name, 'x', sizeof(name));
	memset(white, ' ', sizeof(white));
	name[sizeof(name) - 1] = white[sizeof(white) - 1] = '\0';
	_cleanup_free_ char *large = str_format(HEAD
		"  iam_policy: {read: {policy_document: {Statement: {Effect: Allow, Action: a, "
		"Resource: '%s'}}}}\n",
		name);
	expect_error(large, 5, "6158 characters in policy_document, AWS takes at most 6144");
	_cleanup_free_ char *airy = str_format(HEAD
		"  iam_policy: {read: {policy_document: '{\"Statement\":%s{\"Effect\":\"Allow\","
		"\"Action\":\"a\",\"Resource\":\"b\"}}'}}\n",
		white);
	struct tree_options options = {.text = airy, .text_bytes = strlen(airy)};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	assert_non_null(desired);
	desired_free(desired);
	findings_done(&findings);
	_cleanup_free_ char *two = str_format(HEAD
		"  iam_role:\n    task:\n" TRUST "      policies:\n        a: {Statement: {Effect: "
		"Allow, Action: a, Resource: %s}}\n"
		"        b: {Statement: {Effect: Allow, Action: a, Resource: %s}}\n",
		name, name);
	expect_error(two, 9, "12316 characters in inline policies, AWS takes at most 10240");
}

static void old_versions_are_in_the_order_of_their_numbers(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("iam_policy");
	json_t *items = json_pack("{s:o}", "arn", json_deep_copy(J({
		"Arn" : "arn:aws:iam::123456789012:policy/team/read",
		"PolicyVersionList" : [
			{"VersionId" : "v9"}, {"VersionId" : "v11"},
			{"VersionId" : "v10", "IsDefaultVersion" : true}, {"VersionId" : "v2"},
			{"VersionId" : "v12"}
		]
	})));
	rows_merge(&kind->observe, NULL, &items);
	const json_t *item = json_object_get(items, "arn");
	values_expect(json_object_get(item, "OldVersions"), J([ "v12", "v11", "v9", "v2" ]));
	json_decref(items);
}

// In history and status stands what a person can read.
static void documents_are_kept_as_plain_text(void **state)
{
	(void)state;
	struct sighting role, policy;
	struct err err = sighting_make(values_kind("iam_role"), J({
		"RoleName" : "task",
		"AssumeRolePolicyDocument" : "%7B%22Statement%22%3A%5B%5D%7D",
		"RolePolicyList" :
			[ {"PolicyName" : "a", "PolicyDocument" : "%7B%22Id%22%3A%22x%2Fy%22%7D"} ]
	}),
		NULL, &role);
	assert_false(err_is(&err));
	assert_string_equal(
		js_str(role.observed, "AssumeRolePolicyDocument"), "{\"Statement\":[]}");
	assert_string_equal(
		js_str(js_at(role.observed, "Policies.0"), "PolicyDocument"), "{\"Id\":\"x/y\"}");
	err = sighting_make(values_kind("iam_policy"), J({
		"Arn" : "arn:aws:iam::123456789012:policy/team/read",
		"PolicyVersionList" : [
			{"Document" : "%7B%7D"},
			{"Document" : "{\"a\":\"%7B\"}", "IsDefaultVersion" : true}
		]
	}),
		NULL, &policy);
	assert_false(err_is(&err));
	assert_string_equal(js_str(policy.observed, "PolicyDocument"), "{\"a\":\"%7B\"}");
	assert_string_equal(js_str(policy.observed, "PolicyName"), "read");
	sighting_done(&role);
	sighting_done(&policy);
}

static void a_read_may_be_for_one_field_or_another(void **state)
{
	(void)state;
	assert_true(reads_wants(J(["description"]), "description|max_session_duration"));
	assert_true(reads_wants(J(["max_session_duration"]), "description|max_session_duration"));
	assert_false(reads_wants(J([ "path", "max" ]), "description|max_session_duration"));
	assert_false(reads_wants(J([]), "description"));
	assert_true(reads_wants(J([]), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(inline_policies_are_a_map_by_name),
		VALUES_TEST(attached_policies_are_names_and_arns),
		VALUES_TEST(a_boundary_is_a_name_or_an_arn),
		VALUES_TEST(documents_have_a_size_without_white_space),
		VALUES_TEST(old_versions_are_in_the_order_of_their_numbers),
		VALUES_TEST(documents_are_kept_as_plain_text),
		VALUES_TEST(a_read_may_be_for_one_field_or_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
