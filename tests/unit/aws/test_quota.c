// Which quota an error is about, and what a person is told to do.
#include "aws/quota.h"
#include "base/defs.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *said(const char *service, const char *signing_name, const char *operation,
	const char *code, const char *message)
{
	static char text[400];
	quota_say(&(struct quota_asked){.service = service,
			  .signing_name = signing_name,
			  .operation = operation,
			  .region = "eu-west-1",
			  .code = code,
			  .message = message},
		text, sizeof(text));
	return text;
}

#define RAISE(name, service, code)                                                                 \
	"the quota '" name "' is used up; give something back, or raise it: aws service-quotas "   \
	"request-service-quota-increase --region eu-west-1 --service-code " service                \
	" --quota-code " code " --desired-value N"
#define LOOK_UP(name, service)                                                                     \
	"the quota '" name "' is used up; give something back, or see whether it can be raised: "  \
	"aws service-quotas list-service-quotas --region eu-west-1 --service-code " service

static void a_code_of_its_own_names_the_quota(void **state)
{
	(void)state;
	assert_string_equal(said("ec2", "ec2", "CreateVpc", "VpcLimitExceeded", ""),
		RAISE("VPCs per Region", "vpc", "L-F678F1CE"));
	assert_string_equal(said("ec2", "ec2", "AllocateAddress", "AddressLimitExceeded", ""),
		RAISE("EC2-VPC Elastic IPs", "ec2", "L-0263D0A3"));
	assert_string_equal(said("elbv2", "elasticloadbalancing", "CreateLoadBalancer",
				    "TooManyLoadBalancers", ""),
		RAISE("Application Load Balancers per Region", "elasticloadbalancing",
			"L-53DA6B97"));
}

static void a_code_for_many_quotas_is_told_by_the_operation(void **state)
{
	(void)state;
	assert_string_equal(said("kms", "kms", "CreateKey", "LimitExceededException", ""),
		RAISE("KMS keys", "kms", "L-C2F1777E"));
	assert_string_equal(said("ecs", "ecs", "CreateService", "LimitExceededException", ""),
		RAISE("Services per cluster", "ecs", "L-9EF96962"));
	assert_string_equal(said("logs", "logs", "CreateLogGroup", "LimitExceededException", ""),
		LOOK_UP("Log groups", "logs"));
}

static void iam_names_a_quota_itself_when_it_is_none_of_numbers(void **state)
{
	(void)state;
	assert_string_equal(said("iam", "iam", "CreateRole", "LimitExceeded",
				    "Cannot exceed quota for RolesPerAccount: 1000"),
		RAISE("Roles per account", "iam", "L-FE177D64"));
	assert_string_equal(said("iam", "iam", "CreatePolicy", "LimitExceeded",
				    "Cannot exceed quota for PolicySize: 6144"),
		LOOK_UP("PolicySize", "iam"));
}

static void what_stands_in_no_table_is_told_by_its_code(void **state)
{
	(void)state;
	assert_string_equal(
		said("events", "events", "PutRule", "ServiceQuotaExceededException", "full"),
		LOOK_UP("ServiceQuotaExceededException", "events"));
}

static void a_small_place_cuts_the_text_and_no_more(void **state)
{
	(void)state;
	char text[24];
	quota_say(&(struct quota_asked){"ec2", "ec2", "CreateVpc", "eu-west-1", "VpcLimitExceeded",
			  ""},
		text, sizeof(text));
	assert_string_equal(text, "the quota 'VPCs per Reg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_of_its_own_names_the_quota),
		cmocka_unit_test(a_code_for_many_quotas_is_told_by_the_operation),
		cmocka_unit_test(iam_names_a_quota_itself_when_it_is_none_of_numbers),
		cmocka_unit_test(what_stands_in_no_table_is_told_by_its_code),
		cmocka_unit_test(a_small_place_cuts_the_text_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
