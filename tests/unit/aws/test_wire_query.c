// The query protocol on the services that speak it: list names by member, wrapped answers.
#include "wire_helpers.h"

static void lists_carry_the_name_that_their_service_gives(void **state)
{
	(void)state;
	assert_body("elbv2", "DescribeTags", "{'ResourceArns': ['arn:1', 'arn:2']}",
		"Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1=arn%3A1&"
		"ResourceArns.member.2=arn%3A2");
	assert_body("rds", "CreateDBSubnetGroup",
		"{'DBSubnetGroupName': 'g', 'DBSubnetGroupDescription': 'd', 'SubnetIds': ['s-1', "
		"'s-2'], 'Tags': [{'Key': 'k', 'Value': 'v'}]}",
		"Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=g&"
		"DBSubnetGroupDescription=d&SubnetIds.SubnetIdentifier.1=s-1&"
		"SubnetIds.SubnetIdentifier.2=s-2&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v");
	assert_body("rds", "ModifyDBInstance",
		"{'DBInstanceIdentifier': 'd', 'VpcSecurityGroupIds': ['sg-1'], "
		"'CloudwatchLogsExportConfiguration': {'EnableLogTypes': ['error']}, "
		"'ApplyImmediately': true}",
		"Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=d&"
		"VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&"
		"CloudwatchLogsExportConfiguration.EnableLogTypes.member.1=error&"
		"ApplyImmediately=true");
	assert_body("rds", "ModifyDBParameterGroup",
		"{'DBParameterGroupName': 'p', 'Parameters': [{'ParameterName': 'a', "
		"'ParameterValue': '1', 'ApplyMethod': 'immediate'}]}",
		"Action=ModifyDBParameterGroup&Version=2014-10-31&DBParameterGroupName=p&"
		"Parameters.Parameter.1.ParameterName=a&Parameters.Parameter.1.ParameterValue=1&"
		"Parameters.Parameter.1.ApplyMethod=immediate");
	assert_body("rds", "CreateDBProxy",
		"{'DBProxyName': 'p', 'EngineFamily': 'POSTGRESQL', 'RoleArn': "
		"'arn:aws:iam::1:role/r', 'VpcSubnetIds': ['s-1']}",
		"Action=CreateDBProxy&Version=2014-10-31&DBProxyName=p&EngineFamily=POSTGRESQL&"
		"RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&VpcSubnetIds.member.1=s-1");
	assert_body("rds", "DescribeDBInstances",
		"{'Filters': [{'Name': 'engine', 'Values': ['postgres']}]}",
		"Action=DescribeDBInstances&Version=2014-10-31&Filters.Filter.1.Name=engine&"
		"Filters.Filter.1.Values.Value.1=postgres");
}

static void maps_are_entries(void **state)
{
	(void)state;
	assert_body("sns", "CreateTopic",
		"{'Name': 't', 'Attributes': {'DisplayName': 'x y', 'FifoTopic': 'true'}}",
		"Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=DisplayName&"
		"Attributes.entry.1.value=x%20y&Attributes.entry.2.key=FifoTopic&"
		"Attributes.entry.2.value=true");
}

static void an_empty_list_says_so(void **state)
{
	(void)state;
	assert_body("elbv2", "SetSecurityGroups",
		"{'LoadBalancerArn': 'arn:lb:0123', 'SecurityGroups': []}",
		"Action=SetSecurityGroups&Version=2015-12-01&LoadBalancerArn=arn%3Alb%3A0123&"
		"SecurityGroups=");
}

static void policy_documents_travel_whole(void **state)
{
	(void)state;
	json_t *input = json_pack("{ssssss}", "RoleName", "r", "PolicyName", "p", "PolicyDocument",
		"{\"Version\": \"2012-10-17\"}\n");
	struct wire_request request;
	struct err err = wire_encode(the_operation("iam", "PutRolePolicy"), input, &request);
	assert_false(err_is(&err));
	assert_string_equal(buf_str(&request.body),
		"Action=PutRolePolicy&Version=2010-05-08&RoleName=r&PolicyName=p&PolicyDocument="
		"%7B%22Version%22%3A%20%222012-10-17%22%7D%0A");
	assert_string_equal(request.path, "/");
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.host_prefix, "");
	assert_string_equal(header_of(&request, "content-type"),
		"application/x-www-form-urlencoded; charset=utf-8");
	wire_request_done(&request);
	json_decref(input);
}

#define ROLES                                                                                      \
	"<ListRolesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n"                \
	"<ListRolesResult><IsTruncated>true</IsTruncated><Marker>m==</Marker><Roles>\n"            \
	"<member><Path>/</Path><RoleName>task</RoleName>"                                          \
	"<AssumeRolePolicyDocument>%7B%22Version%22%7D</AssumeRolePolicyDocument>"                 \
	"<CreateDate>2026-01-02T03:04:05Z</CreateDate>"                                            \
	"<MaxSessionDuration>3600</MaxSessionDuration></member></Roles></ListRolesResult>"         \
	"<ResponseMetadata><RequestId>c2ff4a2e-1</RequestId></ResponseMetadata></"                 \
	"ListRolesResponse>"

static void the_result_is_found_inside_its_wrapper(void **state)
{
	(void)state;
	char id[WIRE_ID_BYTES];
	assert_json(decoded_id("iam", "ListRoles", ROLES, id),
		"{'IsTruncated': true, 'Marker': 'm==', 'Roles': [{'Path': '/', 'RoleName': "
		"'task', "
		"'AssumeRolePolicyDocument': '%7B%22Version%22%7D', 'CreateDate': "
		"'2026-01-02T03:04:05Z', 'MaxSessionDuration': 3600}]}");
	assert_string_equal(id, "c2ff4a2e-1");
}

static void lists_in_answers_may_name_their_elements_as_they_like(void **state)
{
	(void)state;
	assert_json(decoded("rds", "DescribeDBInstances",
			    "<DescribeDBInstancesResponse><DescribeDBInstancesResult>"
			    "<DBInstances><DBInstance><DBInstanceIdentifier>d"
			    "</DBInstanceIdentifier><VpcSecurityGroups>"
			    "<VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1"
			    "</VpcSecurityGroupId></VpcSecurityGroupMembership>"
			    "</VpcSecurityGroups><TagList><Tag><Key>a</Key><Value>b</Value></Tag>"
			    "</TagList></DBInstance></DBInstances></DescribeDBInstancesResult>"
			    "</DescribeDBInstancesResponse>"),
		"{'DBInstances': [{'DBInstanceIdentifier': 'd', 'VpcSecurityGroups': "
		"[{'VpcSecurityGroupId': 'sg-1'}], 'TagList': [{'Key': 'a', 'Value': 'b'}]}]}");
	assert_json(
		decoded("sns", "GetTopicAttributes",
			"<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>"
			"<entry><key>Owner</key><value>1</value></entry><entry><key>Policy</key>"
			"<value/></entry></Attributes></GetTopicAttributesResult>"
			"</GetTopicAttributesResponse>"),
		"{'Attributes': {'Owner': '1', 'Policy': ''}}");
}

static void operations_without_output_need_only_their_root(void **state)
{
	(void)state;
	assert_json(decoded("iam", "DeleteRole",
			    "<DeleteRoleResponse><ResponseMetadata><RequestId>1</RequestId>"
			    "</ResponseMetadata></DeleteRoleResponse>"),
		"{}");
	assert_bad("iam", "DeleteRole", "<ErrorResponse><Error/></ErrorResponse>");
	assert_bad("iam", "DeleteRole", "<DeletePolicyResponse/>");
}

static void a_missing_result_is_not_an_empty_one(void **state)
{
	(void)state;
	assert_bad(
		"iam", "ListRoles", "<ListRolesResponse><ResponseMetadata/></ListRolesResponse>");
	assert_bad("iam", "ListRoles", "<ListUsersResponse><ListRolesResult/></ListUsersResponse>");
}

static void a_cut_answer_is_never_a_success(void **state)
{
	(void)state;
	const char *whole = ROLES;
	for (size_t n = 0; n < strlen(whole); n++)
		assert_bad_bytes("iam", "ListRoles", whole, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_carry_the_name_that_their_service_gives),
		cmocka_unit_test(maps_are_entries),
		cmocka_unit_test(an_empty_list_says_so),
		cmocka_unit_test(policy_documents_travel_whole),
		cmocka_unit_test(the_result_is_found_inside_its_wrapper),
		cmocka_unit_test(lists_in_answers_may_name_their_elements_as_they_like),
		cmocka_unit_test(operations_without_output_need_only_their_root),
		cmocka_unit_test(a_missing_result_is_not_an_empty_one),
		cmocka_unit_test(a_cut_answer_is_never_a_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
