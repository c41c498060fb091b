// The model tables: lookups, paging, tokens, names.
#include "aws/model.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct operation *find(const char *service, const char *operation)
{
	const struct service *found = model_service(service);
	assert_non_null(found);
	return service_operation(found, operation);
}

static void a_service_tells_how_it_is_spoken_to(void **state)
{
	(void)state;
	static const struct {
		const char *name, *version, *signing, *prefix, *target, *env;
		enum aws_protocol protocol;
		bool is_global;
	} expected[] = {
		{"ec2", "2016-11-15", "ec2", "ec2", "", "EC2", AWS_EC2, false},
		{"elbv2", "2015-12-01", "elasticloadbalancing", "elasticloadbalancing", "",
			"ELASTIC_LOAD_BALANCING_V2", AWS_QUERY, false},
		{"iam", "2010-05-08", "iam", "iam", "", "IAM", AWS_QUERY, true},
		{"sts", "2011-06-15", "sts", "sts", "", "STS", AWS_QUERY, false},
		{"rds", "2014-10-31", "rds", "rds", "", "RDS", AWS_QUERY, false},
		{"sns", "2010-03-31", "sns", "sns", "", "SNS", AWS_QUERY, false},
		{"cloudwatch", "2010-08-01", "monitoring", "monitoring",
			"GraniteServiceVersion20100801", "CLOUDWATCH", AWS_JSON_1_0, false},
		{"sqs", "2012-11-05", "sqs", "sqs", "AmazonSQS", "SQS", AWS_JSON_1_0, false},
		{"kms", "2014-11-01", "kms", "kms", "TrentService", "KMS", AWS_JSON_1_1, false},
		{"logs", "2014-03-28", "logs", "logs", "Logs_20140328", "CLOUDWATCH_LOGS",
			AWS_JSON_1_1, false},
		{"resourcegroupstaggingapi", "2017-01-26", "tagging", "tagging",
			"ResourceGroupsTaggingAPI_20170126", "RESOURCE_GROUPS_TAGGING_API",
			AWS_JSON_1_1, false},
		{"opensearch", "2021-01-01", "es", "es", "", "OPENSEARCH", AWS_REST_JSON, false},
		{"s3", "2006-03-01", "s3", "s3", "", "S3", AWS_REST_XML, false},
	};
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		const struct service *service = model_service(expected[i].name);
		assert_non_null(service);
		assert_string_equal(service_api_version(service), expected[i].version);
		assert_string_equal(service_signing_name(service), expected[i].signing);
		assert_string_equal(service_endpoint_prefix(service), expected[i].prefix);
		assert_string_equal(service_target_prefix(service), expected[i].target);
		assert_string_equal(service_env_name(service), expected[i].env);
		assert_int_equal(service_protocol(service), expected[i].protocol);
		assert_int_equal(service_is_global(service), expected[i].is_global);
	}
	assert_null(model_service("elb"));
	assert_null(model_service(""));
	assert_null(model_service("zzz"));
}

static void every_row_is_found_by_its_own_name(void **state)
{
	(void)state;
	for (size_t s = 0; s < model_service_count(); s++) {
		const struct service *service = model_service_at(s);
		assert_ptr_equal(model_service(service_name(service)), service);
		for (size_t o = 0; o < service_operation_count(service); o++) {
			const struct operation *operation = service_operation_at(service, o);
			assert_ptr_equal(
				service_operation(service, operation_name(operation)), operation);
			assert_ptr_equal(operation_service(operation), service);
		}
		assert_null(service_operation(service, "NoSuchOperation"));
		assert_null(service_operation_at(service, service_operation_count(service)));
	}
	assert_null(model_service_at(model_service_count()));
}

// Walks all shapes below one, once each: the tables are one array, so a pointer names a shape.
#define MOST_SHAPES 8192
static const struct shape *seen[MOST_SHAPES];
static size_t seen_count;

static void check_shape(const struct shape *shape)
{
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i] == shape)
			return;
	assert_true(seen_count < MOST_SHAPES);
	seen[seen_count++] = shape;
	for (size_t i = 0; i < shape_member_count(shape); i++) {
		const struct member *member = shape_member_at(shape, i);
		char *snake = str_snake(member_name(member));
		assert_string_equal(member_snake(member), snake);
		free(snake);
		assert_ptr_equal(shape_member(shape, member_name(member)), member);
		assert_ptr_equal(shape_member_snake(shape, member_snake(member)), member);
		check_shape(member_shape(member));
	}
	assert_null(shape_member(shape, "NoSuchMember"));
	if (shape_element(shape))
		check_shape(shape_element(shape));
	if (shape_key(shape))
		check_shape(shape_key(shape));
}

static void each_member_is_found_by_both_spellings(void **state)
{
	(void)state;
	for (size_t s = 0; s < model_service_count(); s++) {
		const struct service *service = model_service_at(s);
		for (size_t o = 0; o < service_operation_count(service); o++) {
			const struct operation *operation = service_operation_at(service, o);
			if (operation_input(operation))
				check_shape(operation_input(operation));
			if (operation_output(operation))
				check_shape(operation_output(operation));
		}
	}
	assert_true(seen_count > 2000);
}

static void names_become_snake_case_as_people_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *service, *operation, *member, *snake;
	} names[] = {
		{"ec2", "CreateSubnet", "VpcId", "vpc_id"},
		{"ec2", "DescribeVpcs", "VpcIds", "vpc_ids"},
		{"ec2", "CreateSubnet", "Ipv6CidrBlock", "ipv6_cidr_block"},
		{"ec2", "ModifySubnetAttribute", "EnableDns64", "enable_dns64"},
		{"ec2", "ModifySubnetAttribute", "AssignIpv6AddressOnCreation",
			"assign_ipv6_address_on_creation"},
		{"rds", "CreateDBInstance", "DBInstanceIdentifier", "db_instance_identifier"},
		{"kms", "CreateKey", "BypassPolicyLockoutSafetyCheck",
			"bypass_policy_lockout_safety_check"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		const struct operation *operation = find(names[i].service, names[i].operation);
		const struct member *member =
			shape_member(operation_input(operation), names[i].member);
		assert_non_null(member);
		assert_string_equal(member_snake(member), names[i].snake);
	}
}

static void paging_is_known_where_the_api_pages(void **state)
{
	(void)state;
	const struct operation *subnets = find("ec2", "DescribeSubnets");
	assert_string_equal(operation_page_input_token(subnets), "NextToken");
	assert_string_equal(operation_page_output_token(subnets), "NextToken");
	assert_string_equal(operation_page_result(subnets), "Subnets");
	assert_string_equal(operation_page_limit(subnets), "MaxResults");
	assert_string_equal(operation_page_more(subnets), "");
	const struct operation *roles = find("iam", "ListRoles");
	assert_string_equal(operation_page_input_token(roles), "Marker");
	assert_string_equal(operation_page_more(roles), "IsTruncated");
	const struct operation *balancers = find("elbv2", "DescribeLoadBalancers");
	assert_string_equal(operation_page_output_token(balancers), "NextMarker");
	const struct operation *addresses = find("ec2", "DescribeAddresses");
	assert_string_equal(operation_page_input_token(addresses), "");
}

static void a_paging_path_names_members_that_exist(void **state)
{
	(void)state;
	for (size_t s = 0; s < model_service_count(); s++) {
		const struct service *service = model_service_at(s);
		for (size_t o = 0; o < service_operation_count(service); o++) {
			const struct operation *operation = service_operation_at(service, o);
			const char *token = operation_page_input_token(operation);
			if (!*token)
				continue;
			assert_non_null(shape_member(operation_input(operation), token));
			token = operation_page_output_token(operation);
			if (!strchr(token, '.'))
				assert_non_null(shape_member(operation_output(operation), token));
		}
	}
}

static void tokens_and_unsigned_operations_are_marked(void **state)
{
	(void)state;
	assert_string_equal(operation_token_member(find("ec2", "CreateNatGateway")), "ClientToken");
	assert_string_equal(operation_token_member(find("ec2", "CreateVpc")), "");
	assert_true(operation_is_unsigned(find("sts", "AssumeRoleWithWebIdentity")));
	assert_false(operation_is_unsigned(find("sts", "AssumeRole")));
}

static void shapes_carry_enums_limits_and_secrecy(void **state)
{
	(void)state;
	const struct operation *subnets = find("ec2", "DescribeSubnets");
	const struct shape *most =
		member_shape(shape_member(operation_input(subnets), "MaxResults"));
	int64_t min, max;
	assert_true(shape_min(most, &min));
	assert_true(shape_max(most, &max));
	assert_int_equal(min, 5);
	assert_int_equal(max, 1000);
	const struct shape *vpc = operation_input(find("ec2", "CreateVpc"));
	const struct shape *tenancy = member_shape(shape_member(vpc, "InstanceTenancy"));
	assert_int_equal(shape_type(tenancy), SHAPE_STRING);
	assert_int_equal(shape_enum_count(tenancy), 3);
	assert_string_equal(shape_enum_at(tenancy, 0), "default");
	assert_null(shape_enum_at(tenancy, 3));
	assert_false(shape_min(tenancy, &min));
	const struct shape *secret = operation_input(find("secretsmanager", "CreateSecret"));
	assert_true(shape_is_sensitive(member_shape(shape_member(secret, "SecretString"))));
	assert_false(shape_is_sensitive(member_shape(shape_member(secret, "Name"))));
	assert_true(member_is_required(shape_member(secret, "Name")));
	assert_false(member_is_required(shape_member(secret, "Tags")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_tells_how_it_is_spoken_to),
		cmocka_unit_test(every_row_is_found_by_its_own_name),
		cmocka_unit_test(each_member_is_found_by_both_spellings),
		cmocka_unit_test(names_become_snake_case_as_people_write_them),
		cmocka_unit_test(paging_is_known_where_the_api_pages),
		cmocka_unit_test(a_paging_path_names_members_that_exist),
		cmocka_unit_test(tokens_and_unsigned_operations_are_marked),
		cmocka_unit_test(shapes_carry_enums_limits_and_secrecy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
