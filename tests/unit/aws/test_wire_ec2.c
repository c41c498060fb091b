// The ec2 protocol: form requests with its own list rules, XML answers.
#include "wire_helpers.h"

static void lists_are_always_flat_and_names_capitalised(void **state)
{
	(void)state;
	assert_body("ec2", "DescribeSubnets",
		"{'SubnetIds': ['subnet-1', 'subnet-2'], 'Filters': [{'Name': 'vpc-id', 'Values': "
		"['vpc-1', 'vpc 2']}], 'MaxResults': 100}",
		"Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-1&SubnetId.2=subnet-2&"
		"Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.1.Value.2=vpc%202&"
		"MaxResults=100");
	// The member is Filter here, the wire name the same.
	assert_body("ec2", "DescribeNatGateways",
		"{'Filter': [{'Name': 'state', 'Values': ['available']}]}",
		"Action=DescribeNatGateways&Version=2016-11-15&Filter.1.Name=state&"
		"Filter.1.Value.1=available");
}

static void tags_of_a_new_resource_are_in_the_create_call(void **state)
{
	(void)state;
	assert_body("ec2", "CreateVpc",
		"{'CidrBlock': '10.0.0.0/16', 'TagSpecifications': [{'ResourceType': 'vpc', "
		"'Tags': [{'Key': 'a', 'Value': 'b=c&d'}]}], 'DryRun': false}",
		"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16&"
		"TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a&"
		"TagSpecification.1.Tag.1.Value=b%3Dc%26d&DryRun=false");
	assert_body("ec2", "CreateTags",
		"{'Resources': ['vpc-1'], 'Tags': [{'Key': 'k', 'Value': ''}]}",
		"Action=CreateTags&Version=2016-11-15&ResourceId.1=vpc-1&Tag.1.Key=k&"
		"Tag.1.Value=");
}

static void nested_lists_of_structures_keep_their_own_names(void **state)
{
	(void)state;
	assert_body("ec2", "AuthorizeSecurityGroupIngress",
		"{'GroupId': 'sg-1', 'IpPermissions': [{'IpProtocol': 'tcp', 'FromPort': 443, "
		"'ToPort': 443, 'IpRanges': [{'CidrIp': '10.0.0.0/8', 'Description': 'in'}], "
		"'Ipv6Ranges': [{'CidrIpv6': '::/0'}], 'UserIdGroupPairs': [{'GroupId': 'sg-2'}], "
		"'PrefixListIds': [{'PrefixListId': 'pl-1'}]}]}",
		"Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&"
		"IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&"
		"IpPermissions.1.ToPort=443&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8&"
		"IpPermissions.1.IpRanges.1.Description=in&"
		"IpPermissions.1.Ipv6Ranges.1.CidrIpv6=%3A%3A%2F0&"
		"IpPermissions.1.Groups.1.GroupId=sg-2&"
		"IpPermissions.1.PrefixListIds.1.PrefixListId=pl-1");
	assert_body("ec2", "ModifySecurityGroupRules",
		"{'GroupId': 'sg-1', 'SecurityGroupRules': [{'SecurityGroupRuleId': 'sgr-1', "
		"'SecurityGroupRule': {'CidrIpv4': '1.2.3.4/32', 'FromPort': -1}}]}",
		"Action=ModifySecurityGroupRules&Version=2016-11-15&GroupId=sg-1&"
		"SecurityGroupRule.1.SecurityGroupRuleId=sgr-1&"
		"SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=1.2.3.4%2F32&"
		"SecurityGroupRule.1.SecurityGroupRule.FromPort=-1");
	assert_body("ec2", "CreateSecurityGroup",
		"{'GroupName': 'web', 'Description': 'd', 'VpcId': 'vpc-1'}",
		"Action=CreateSecurityGroup&Version=2016-11-15&GroupName=web&GroupDescription=d&"
		"VpcId=vpc-1");
	assert_body("ec2", "CreateNetworkAclEntry",
		"{'NetworkAclId': 'acl-1', 'RuleNumber': 100, 'Protocol': '6', 'RuleAction': "
		"'allow', 'Egress': false, 'CidrBlock': '0.0.0.0/0', 'PortRange': {'From': 80, "
		"'To': 81}, 'IcmpTypeCode': {'Type': 8, 'Code': 0}}",
		"Action=CreateNetworkAclEntry&Version=2016-11-15&NetworkAclId=acl-1&RuleNumber=100&"
		"Protocol=6&RuleAction=allow&Egress=false&CidrBlock=0.0.0.0%2F0&PortRange.From=80&"
		"PortRange.To=81&Icmp.Type=8&Icmp.Code=0");
}

static void attributes_are_structures_with_a_value(void **state)
{
	(void)state;
	assert_body("ec2", "ModifyVpcAttribute",
		"{'VpcId': 'vpc-1', 'EnableDnsHostnames': {'Value': true}}",
		"Action=ModifyVpcAttribute&Version=2016-11-15&VpcId=vpc-1&"
		"EnableDnsHostnames.Value=true");
}

static void endpoint_lists_have_singular_names(void **state)
{
	(void)state;
	assert_body("ec2", "ModifyVpcEndpoint",
		"{'VpcEndpointId': 'vpce-1', 'AddRouteTableIds': ['rtb-1'], "
		"'RemoveSecurityGroupIds': ['sg-1', 'sg-2'], 'PolicyDocument': '{}'}",
		"Action=ModifyVpcEndpoint&Version=2016-11-15&VpcEndpointId=vpce-1&"
		"AddRouteTableId.1=rtb-1&RemoveSecurityGroupId.1=sg-1&"
		"RemoveSecurityGroupId.2=sg-2&PolicyDocument=%7B%7D");
}

static void empty_lists_nulls_and_empty_inputs_send_nothing(void **state)
{
	(void)state;
	assert_body("ec2", "DescribeVpcs", "{'VpcIds': [], 'NextToken': null}",
		"Action=DescribeVpcs&Version=2016-11-15");
	assert_body("ec2", "DescribeVpcs", NULL, "Action=DescribeVpcs&Version=2016-11-15");
}

#define VPCS                                                                                       \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                             \
	"<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n"              \
	"  <requestId>8f7724cf-496f-496e-8fe3-example</requestId>\n"                               \
	"  <vpcSet><item><vpcId>vpc-1</vpcId><isDefault>false</isDefault>"                         \
	"<cidrBlock>10.0.0.0/16</cidrBlock><unknown><deep><er>x</er></deep></unknown>"             \
	"<cidrBlockAssociationSet><item><cidrBlockState><state>associated</state>"                 \
	"</cidrBlockState></item></cidrBlockAssociationSet>"                                       \
	"<tagSet><item><key>Name</key><value>a &amp; b</value></item>"                             \
	"<item><key>empty</key><value/></item></tagSet></item>"                                    \
	"<item><vpcId>vpc-2</vpcId><tagSet/></item></vpcSet>"                                      \
	"<nextToken>abc</nextToken></DescribeVpcsResponse>"

static void an_answer_becomes_members_of_the_model(void **state)
{
	(void)state;
	char id[WIRE_ID_BYTES];
	json_t *output = decoded_id("ec2", "DescribeVpcs", VPCS, id);
	assert_json(output,
		"{'Vpcs': [{'VpcId': 'vpc-1', 'IsDefault': false, 'CidrBlock': '10.0.0.0/16', "
		"'CidrBlockAssociationSet': [{'CidrBlockState': {'State': 'associated'}}], "
		"'Tags': [{'Key': 'Name', 'Value': 'a & b'}, {'Key': 'empty', 'Value': ''}]}, "
		"{'VpcId': 'vpc-2', 'Tags': []}], 'NextToken': 'abc'}");
	assert_string_equal(id, "8f7724cf-496f-496e-8fe3-example");
}

static void an_empty_set_is_an_empty_list_and_a_missing_one_is_absent(void **state)
{
	(void)state;
	assert_json(decoded("ec2", "DescribeVpcs",
			    "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>"),
		"{'Vpcs': []}");
	assert_json(
		decoded("ec2", "DescribeVpcs",
			"<DescribeVpcsResponse><requestId>1</requestId></DescribeVpcsResponse>"),
		"{}");
}

static void numbers_and_times_have_their_types(void **state)
{
	(void)state;
	assert_json(decoded("ec2", "DescribeNatGateways",
			    "<DescribeNatGatewaysResponse><natGatewaySet><item><createTime>"
			    "2026-11-23T09:48:00.000Z</createTime><natGatewayAddressSet><item>"
			    "<isPrimary>true</isPrimary></item></natGatewayAddressSet></item>"
			    "</natGatewaySet></DescribeNatGatewaysResponse>"),
		"{'NatGateways': [{'CreateTime': '2026-11-23T09:48:00Z', 'NatGatewayAddresses': "
		"[{'IsPrimary': true}]}]}");
	assert_json(
		decoded("ec2", "DescribeSubnets",
			"<DescribeSubnetsResponse><subnetSet><item><availableIpAddressCount> 251\n"
			"</availableIpAddressCount></item></subnetSet></DescribeSubnetsResponse>"),
		"{'Subnets': [{'AvailableIpAddressCount': 251}]}");
	assert_bad("ec2", "DescribeSubnets",
		"<DescribeSubnetsResponse><subnetSet><item><availableIpAddressCount>many"
		"</availableIpAddressCount></item></subnetSet></DescribeSubnetsResponse>");
	assert_bad("ec2", "DescribeSubnets",
		"<DescribeSubnetsResponse><subnetSet><item><subnetId><b>x</b></subnetId></item>"
		"</subnetSet></DescribeSubnetsResponse>");
}

static void prefixes_of_namespaces_are_dropped(void **state)
{
	(void)state;
	assert_json(decoded("ec2", "DescribeVpcs",
			    "<e:DescribeVpcsResponse xmlns:e='u'><e:vpcSet><e:item><e:vpcId>v"
			    "</e:vpcId></e:item></e:vpcSet></e:DescribeVpcsResponse>"),
		"{'Vpcs': [{'VpcId': 'v'}]}");
}

static void an_answer_without_output_is_still_checked(void **state)
{
	(void)state;
	assert_json(decoded("ec2", "DeleteVpc",
			    "<DeleteVpcResponse><requestId>1</requestId><return>true</return>"
			    "</DeleteVpcResponse>"),
		"{}");
	assert_bad("ec2", "DeleteVpc", "<html><body>Welcome</body></html>");
	assert_bad("ec2", "DeleteVpc", "");
}

static void a_cut_answer_is_never_a_success(void **state)
{
	(void)state;
	const char *whole = VPCS;
	for (size_t n = 0; n < strlen(whole); n++)
		assert_bad_bytes("ec2", "DescribeVpcs", whole, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_always_flat_and_names_capitalised),
		cmocka_unit_test(tags_of_a_new_resource_are_in_the_create_call),
		cmocka_unit_test(nested_lists_of_structures_keep_their_own_names),
		cmocka_unit_test(attributes_are_structures_with_a_value),
		cmocka_unit_test(endpoint_lists_have_singular_names),
		cmocka_unit_test(empty_lists_nulls_and_empty_inputs_send_nothing),
		cmocka_unit_test(an_answer_becomes_members_of_the_model),
		cmocka_unit_test(an_empty_set_is_an_empty_list_and_a_missing_one_is_absent),
		cmocka_unit_test(numbers_and_times_have_their_types),
		cmocka_unit_test(prefixes_of_namespaces_are_dropped),
		cmocka_unit_test(an_answer_without_output_is_still_checked),
		cmocka_unit_test(a_cut_answer_is_never_a_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
