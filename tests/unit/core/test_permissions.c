// The policy that the daemon's credentials need, as it follows from a file's kinds.
#include "core/permissions.h"
#include "tests/unit/core/values.h"
#include <ctype.h>

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: %s\n"

static struct desired *load(const char *region, const char *rest)
{
	_cleanup_free_ char *text = str_format(HEAD "%s", region, rest);
	return values_desired(text);
}

/* Each statement a line: "HoldfastLooks on *: ec2:DescribeVpcs ...". */
static void expect_policy(const char *region, const char *rest, const char *expected)
{
	struct desired *desired = load(region, rest);
	_cleanup_json_ json_t *policy = permissions_policy(desired);
	struct buf out;
	buf_init(&out, 0);
	size_t i, j;
	json_t *statement, *action;
	json_array_foreach (json_object_get(policy, "Statement"), i, statement) {
		assert_string_equal(js_str(statement, "Effect"), "Allow");
		buf_addf(
			&out, "%s on %s:", js_str(statement, "Sid"), js_str(statement, "Resource"));
		json_array_foreach (json_object_get(statement, "Action"), j, action)
			buf_addf(&out, " %s", json_string_value(action));
		buf_adds(&out, "\n");
	}
	assert_string_equal(js_str(policy, "Version"), "2012-10-17");
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
	desired_free(desired);
}

static bool allows(const json_t *policy, const char *sid, const char *action)
{
	size_t i;
	json_t *statement;
	json_array_foreach (json_object_get(policy, "Statement"), i, statement)
		if (str_eq_null(js_str(statement, "Sid"), sid))
			return js_lists(json_object_get(statement, "Action"), action);
	return false;
}

static void reads_and_writes_are_told_apart_and_sorted(void **state)
{
	(void)state;
	expect_policy("eu-west-1", "network:\n  elastic_ip: {nat: }\n",
		"HoldfastLooks on *: ec2:DescribeAddresses\n"
		"HoldfastChanges on *: ec2:AllocateAddress ec2:CreateTags ec2:DeleteTags "
		"ec2:ReleaseAddress\n");
}

static void a_role_that_is_handed_on_is_one_of_the_account(void **state)
{
	(void)state;
	expect_policy("cn-north-1",
		"monitoring:\n  sns_topic: {alarms: }\n"
		"  sns_subscription: {ops: {topic: alarms, protocol: email, endpoint: "
		"a@example.com}}\n"
		"  dashboard: {main: {body: {widgets: []}}}\n",
		"HoldfastLooks on *: cloudwatch:GetDashboard sns:GetDataProtectionPolicy "
		"sns:GetSubscriptionAttributes sns:GetTopicAttributes sns:ListSubscriptions "
		"sns:ListTagsForResource tag:GetResources\n"
		"HoldfastChanges on *: cloudwatch:DeleteDashboards cloudwatch:PutDashboard "
		"sns:CreateTopic sns:DeleteTopic sns:PutDataProtectionPolicy "
		"sns:SetSubscriptionAttributes sns:SetTopicAttributes sns:Subscribe "
		"sns:TagResource sns:Unsubscribe sns:UntagResource\n"
		"HoldfastPassesRoles on arn:aws-cn:iam::123456789012:role/*: iam:PassRole\n");
}

static void what_somebody_may_add_beside_it_is_looked_for_too(void **state)
{
	(void)state;
	struct desired *desired =
		load("eu-west-1", "monitoring:\n  log_group: {app: {log_group_name: /app}}\n");
	_cleanup_json_ json_t *policy = permissions_policy(desired);
	assert_true(allows(policy, "HoldfastLooks", "logs:DescribeSubscriptionFilters"));
	assert_true(allows(policy, "HoldfastChanges", "logs:DeleteSubscriptionFilter"));
	assert_false(allows(policy, "HoldfastLooks", "ec2:DescribeVpcs"));
	assert_false(allows(policy, "HoldfastChanges", "logs:DescribeLogGroups"));
	desired_free(desired);
}

static void what_aws_wants_beside_the_calls_is_in_it(void **state)
{
	(void)state;
	_cleanup_json_ json_t *policy = permissions_policy(NULL);
	assert_true(allows(policy, "HoldfastChanges", "iam:CreateServiceLinkedRole"));
	assert_true(allows(policy, "HoldfastChanges", "route53:AssociateVPCWithHostedZone"));
	assert_true(allows(policy, "HoldfastChanges", "secretsmanager:CreateSecret"));
	assert_true(allows(policy, "HoldfastPassesRoles", "iam:PassRole"));
	assert_false(allows(policy, "HoldfastChanges", "iam:PassRole"));
}

static void what_is_called_only_now_and_then_is_in_it(void **state)
{
	(void)state;
	_cleanup_json_ json_t *policy = permissions_policy(NULL);
	// What a call asks first, who stands in a deletion's way, whose a denied name is.
	static const char *const looks[] = {"secretsmanager:ListSecretVersionIds",
		"ec2:DescribeNetworkInterfaces", "s3:ListAllMyBuckets"};
	static const char *const changes[] = {
		"iam:RemoveRoleFromInstanceProfile", "secretsmanager:RestoreSecret"};
	for (size_t i = 0; i < ARRAY_COUNT(looks); i++) {
		assert_true(allows(policy, "HoldfastLooks", looks[i]));
		assert_false(allows(policy, "HoldfastChanges", looks[i]));
	}
	for (size_t i = 0; i < ARRAY_COUNT(changes); i++)
		assert_true(allows(policy, "HoldfastChanges", changes[i]));
}

static void every_action_is_a_service_and_a_name(void **state)
{
	(void)state;
	_cleanup_json_ json_t *policy = permissions_policy(NULL);
	size_t i, j;
	json_t *statement, *action;
	json_array_foreach (json_object_get(policy, "Statement"), i, statement)
		json_array_foreach (json_object_get(statement, "Action"), j, action) {
			const char *text = json_string_value(action), *colon = strchr(text, ':');
			if (!colon || !islower((unsigned char)*text) ||
				!isupper((unsigned char)colon[1]) || strchr(colon + 1, ':'))
				fail_msg("'%s' is no action", text);
		}
}

static void actions_have_the_names_of_iam(void **state)
{
	(void)state;
	static const char *const rows[][3] = {{"ec2", "CreateVpc", "ec2:CreateVpc"},
		{"elbv2", "CreateRule", "elasticloadbalancing:CreateRule"},
		{"opensearch", "CreateDomain", "es:CreateDomain"},
		{"cloudwatch", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"},
		{"resourcegroupstaggingapi", "GetResources", "tag:GetResources"},
		{"s3", "ListBuckets", "s3:ListAllMyBuckets"},
		{"s3", "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"},
		{"s3", "PutBucketPolicy", "s3:PutBucketPolicy"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_free_ char *action = permissions_action(rows[i][0], rows[i][1]);
		assert_string_equal(action, rows[i][2]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_are_told_apart_and_sorted),
		cmocka_unit_test(a_role_that_is_handed_on_is_one_of_the_account),
		cmocka_unit_test(what_somebody_may_add_beside_it_is_looked_for_too),
		cmocka_unit_test(what_aws_wants_beside_the_calls_is_in_it),
		cmocka_unit_test(what_is_called_only_now_and_then_is_in_it),
		cmocka_unit_test(every_action_is_a_service_and_a_name),
		cmocka_unit_test(actions_have_the_names_of_iam),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
