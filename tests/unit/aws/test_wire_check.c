// What is wrong with an input is said before it is sent, with the member's path and never its
// value.
#include "wire_helpers.h"

static void an_unknown_member_is_named_with_the_nearest_known_one(void **state)
{
	(void)state;
	assert_refused("ec2", "CreateVpc", "{'CidrBlok': '10.0.0.0/16'}",
		"unknown member 'CidrBlok'; did you mean 'CidrBlock'?");
	assert_refused("ec2", "CreateVpc", "{'Frobnicate': 1}", "unknown member 'Frobnicate'");
	assert_refused("ec2", "DescribeSubnets", "{'Filters': [{'Name': 'a', 'Value': ['b']}]}",
		"Filters.0: unknown member 'Value'; did you mean 'Values'?");
}

static void a_wrong_type_is_named_by_its_path(void **state)
{
	(void)state;
	assert_refused("ec2", "DescribeSubnets", "{'Filters': [{'Name': 5}]}",
		"Filters.0.Name: expected a string, got an integer");
	assert_refused("ec2", "DescribeSubnets", "{'SubnetIds': 'x'}",
		"SubnetIds: expected a list, got a string");
	assert_refused(
		"ec2", "DescribeSubnets", "{'MaxResults': '5'}", "MaxResults: expected an integer");
	assert_refused(
		"ec2", "DescribeSubnets", "{'MaxResults': 5.5}", "MaxResults: expected an integer");
	assert_refused("ec2", "DescribeSubnets", "{'DryRun': 1}", "DryRun: expected a boolean");
	assert_refused("ec2", "DescribeSubnets", "[]", "expected an object");
	assert_refused("ec2", "DescribeSubnets", "{'SubnetIds': [null]}",
		"SubnetIds.0: expected a string, got null");
	assert_refused("cloudwatch", "GetMetricData",
		"{'MetricDataQueries': [], 'StartTime': 'noon', 'EndTime': 0}",
		"StartTime: expected a time");
	assert_refused("logs", "CreateLogGroup", "{'logGroupName': 'a', 'tags': ['x']}",
		"tags: expected an object, got a list");
}

static void a_missing_required_member_is_named(void **state)
{
	(void)state;
	assert_refused("ec2", "CreateSubnet", "{'CidrBlock': '10.0.0.0/24'}",
		"missing required member 'VpcId'");
	assert_refused("ec2", "CreateSubnet", "{'VpcId': null}", "missing required member 'VpcId'");
	assert_refused("kms", "TagResource", "{'KeyId': 'k', 'Tags': [{'TagKey': 'a'}]}",
		"Tags.0: missing required member 'TagValue'");
	assert_refused("ec2", "CreateSubnet", NULL, "missing required member");
}

static void limits_of_the_model_hold(void **state)
{
	(void)state;
	assert_refused(
		"ec2", "DescribeSubnets", "{'MaxResults': 2}", "MaxResults: must be at least 5");
	assert_refused("ec2", "DescribeSubnets", "{'MaxResults': 5000}",
		"MaxResults: must be at most 1000");
	assert_refused("iam", "GetRole", "{'RoleName': ''}", "RoleName: 0 characters, at least 1");
	assert_refused("ec2", "CreateNetworkAclEntry",
		"{'NetworkAclId': 'a', 'RuleNumber': 99999999999, 'Protocol': '6', 'RuleAction': "
		"'allow',"
		" 'Egress': true}",
		"RuleNumber: does not fit 32 bits");
}

static void an_enum_may_have_values_that_the_model_does_not_know_yet(void **state)
{
	(void)state;
	assert_body("ec2", "CreateVpc", "{'InstanceTenancy': 'quantum'}",
		"Action=CreateVpc&Version=2016-11-15&InstanceTenancy=quantum");
}

static void a_secret_is_never_quoted(void **state)
{
	(void)state;
	json_t *input = the_json("{'Name': 'n', 'SecretString': ['hunter2'], 'ClientRequestToken': "
				 "'0123456789012345678901234567890123'}");
	struct err err = wire_check(the_operation("secretsmanager", "CreateSecret"), input);
	assert_int_equal(err.class, ERR_INVALID);
	assert_null(strstr(err.message, "hunter2"));
	json_decref(input);
}

static void text_with_a_nul_is_refused(void **state)
{
	(void)state;
	json_t *input = json_pack("{ss#}", "CidrBlock", "10\0", 3);
	struct err err = wire_check(the_operation("ec2", "CreateVpc"), input);
	assert_int_equal(err.class, ERR_INVALID);
	json_decref(input);
}

static void operations_without_input_take_none(void **state)
{
	(void)state;
	struct wire_request request = encoded("sts", "GetCallerIdentity", NULL);
	assert_string_equal(buf_str(&request.body), "Action=GetCallerIdentity&Version=2011-06-15");
	wire_request_done(&request);
	assert_refused("sts", "GetCallerIdentity", "{'X': 1}", "X");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_member_is_named_with_the_nearest_known_one),
		cmocka_unit_test(a_wrong_type_is_named_by_its_path),
		cmocka_unit_test(a_missing_required_member_is_named),
		cmocka_unit_test(limits_of_the_model_hold),
		cmocka_unit_test(an_enum_may_have_values_that_the_model_does_not_know_yet),
		cmocka_unit_test(a_secret_is_never_quoted),
		cmocka_unit_test(text_with_a_nul_is_refused),
		cmocka_unit_test(operations_without_input_take_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
