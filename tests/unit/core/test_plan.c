// Which calls would remove a difference, in which order, with which input.
#include "core/plan.h"
#include "core/project.h"
#include "tests/unit/core/values.h"

/* What the templates see of the resource. */
static json_t *scope_of(const json_t *want, const json_t *observed)
{
	json_t *scope = J({
		"id" : "id-1",
		"stack" : "shop",
		"address" : "network.x.main",
		"name" : "main",
		"region" : "eu-west-1",
		"account" : "123456789012",
		"token" : "token-1",
		"tag_type" : "thing",
		"tags" : [ {"Key" : "holdfast:stack", "Value" : "shop"} ]
	});
	if (want)
		json_object_set(scope, "desired", (json_t *)want);
	if (observed)
		json_object_set(scope, "observed", (json_t *)observed);
	return scope;
}

/* A line a step: "CreateRoute {...}"; "(nothing)" where the template leaves the call out. */
static char *calls_of(
	const struct kind *kind, const struct plan *plan, const json_t *scope, const json_t *found)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < plan->count; i++) {
		const char *operation;
		_cleanup_json_ json_t *input = NULL;
		struct err err =
			step_render(kind, &plan->steps[i], scope, found, &operation, &input);
		if (err_is(&err))
			fail_msg("%s", err.message);
		_cleanup_free_ char *shown = input ? js_text(input) : strdup("(nothing)");
		buf_addf(&text, "%s %s\n", operation, shown);
	}
	char *out = buf_take(&text);
	return out ? out : strdup("");
}

static void expect_calls(const struct kind *kind, const struct plan *plan, const json_t *scope,
	const json_t *found, const char *expected)
{
	_cleanup_free_ char *calls = calls_of(kind, plan, scope, found);
	assert_string_equal(calls, expected);
}

static void expect_create(const char *name, const json_t *want, const char *expected)
{
	const struct kind *kind = values_kind(name);
	struct plan plan;
	plan_create(kind, want, &plan);
	assert_int_equal(plan.change, CHANGE_CREATE);
	expect_calls(kind, &plan, scope_of(want, NULL), NULL, expected);
	plan_done(&plan);
}

static void update(
	const struct kind *kind, const json_t *want, const json_t *observed, struct plan *ret)
{
	struct differences differences = {0};
	diff_make(&(struct diff_input){.kind = kind, .want = want, .observed = observed},
		&differences);
	plan_update(kind, want, observed, &differences, ret);
	differences_done(&differences);
}

static void expect_update(
	const char *name, const json_t *want, const json_t *observed, const char *expected)
{
	const struct kind *kind = values_kind(name);
	struct plan plan;
	update(kind, want, observed, &plan);
	expect_calls(kind, &plan, scope_of(want, observed), NULL, expected);
	plan_done(&plan);
}

static void a_create_sends_what_it_takes_with_tags_and_token(void **state)
{
	(void)state;
	expect_create("nat_gateway", J({"SubnetId" : "subnet-1", "AllocationId" : "eipalloc-1"}),
		"CreateNatGateway {\"AllocationId\":\"eipalloc-1\",\"ClientToken\":\"token-1\","
		"\"SubnetId\":\"subnet-1\",\"TagSpecifications\":[{\"ResourceType\":\"thing\","
		"\"Tags\":[{\"Key\":\"holdfast:stack\",\"Value\":\"shop\"}]}]}\n");
}

static void what_aws_starts_with_is_not_written_again(void **state)
{
	(void)state;
	expect_create("vpc", J({
		"CidrBlock" : "10.0.0.0/16",
		"EnableDnsSupport" : true,
		"EnableDnsHostnames" : true
	}),
		"CreateVpc {\"CidrBlock\":\"10.0.0.0/16\",\"TagSpecifications\":[{\"ResourceType\":"
		"\"thing\",\"Tags\":[{\"Key\":\"holdfast:stack\",\"Value\":\"shop\"}]}]}\n"
		"ModifyVpcAttribute "
		"{\"EnableDnsHostnames\":{\"Value\":true},\"VpcId\":\"id-1\"}\n");
}

static void a_create_is_followed_by_what_its_call_does_not_take(void **state)
{
	(void)state;
	expect_create("internet_gateway", J({"VpcId" : "vpc-1"}),
		"CreateInternetGateway {\"TagSpecifications\":[{\"ResourceType\":\"thing\","
		"\"Tags\":[{\"Key\":\"holdfast:stack\",\"Value\":\"shop\"}]}]}\n"
		"AttachInternetGateway {\"InternetGatewayId\":\"id-1\",\"VpcId\":\"vpc-1\"}\n");
}

static void a_member_that_the_table_sets_goes_into_the_create_call(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("flow_log");
	json_t *want =
		J({"ResourceId" : "subnet-1", "ResourceType" : "Subnet", "TrafficType" : "ALL"});
	_cleanup_json_ json_t *scope = json_incref(scope_of(want, NULL));
	struct plan plan;
	plan_create(kind, want, &plan);
	_cleanup_free_ char *calls = calls_of(kind, &plan, scope, NULL);
	assert_non_null(
		strstr(calls, "\"ResourceIds\":[\"subnet-1\"],\"ResourceType\":\"Subnet\""));
	assert_null(strstr(calls, "\"ResourceId\":"));
	assert_int_equal(plan.count, 1);
	plan_done(&plan);
}

static void the_rule_that_aws_gives_a_new_group_goes_unless_it_is_wanted(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("security_group");
	struct plan plan;
	plan_create(kind, J({"GroupName" : "a", "Description" : "b", "Egress" : []}), &plan);
	assert_int_equal(plan.count, 2);
	assert_ptr_equal(plan.steps[1].call, &values_field(kind, "egress")->remove);
	plan_done(&plan);
	plan_create(kind, J({
		"GroupName" : "a",
		"Description" : "b",
		"Egress" : [ {"IpProtocol" : "-1", "CidrIpv4" : "0.0.0.0/0"} ]
	}),
		&plan);
	assert_int_equal(plan.count, 1);
	plan_done(&plan);
	plan_create(kind, J({"GroupName" : "a", "Description" : "b"}), &plan);
	assert_int_equal(plan.count, 1);
	plan_done(&plan);
}

static void one_changed_field_is_one_call(void **state)
{
	(void)state;
	expect_update("subnet",
		J({"VpcId" : "vpc-1", "MapPublicIpOnLaunch" : true, "EnableDns64" : false}),
		J({"VpcId" : "vpc-1", "MapPublicIpOnLaunch" : false, "EnableDns64" : false}),
		"ModifySubnetAttribute {\"MapPublicIpOnLaunch\":{\"Value\":true},"
		"\"SubnetId\":\"id-1\"}\n");
}

static void items_are_added_before_others_are_removed(void **state)
{
	(void)state;
	expect_update("security_group", J({
		"Ingress" : [ {
			"IpProtocol" : "tcp",
			"FromPort" : 443,
			"ToPort" : 443,
			"CidrIpv4" : "10.0.0.0/8"
		} ]
	}),
		J({
			"Ingress" : [
				{
					"IpProtocol" : "tcp",
					"FromPort" : 80,
					"ToPort" : 80,
					"CidrIpv4" : "10.0.0.0/8"
				},
				{
					"IpProtocol" : "tcp",
					"FromPort" : 22,
					"ToPort" : 22,
					"CidrIpv4" : "0.0.0.0/0",
					"Description" : "by hand"
				}
			]
		}),
		"AuthorizeSecurityGroupIngress "
		"{\"GroupId\":\"id-1\",\"IpPermissions\":[{\"FromPort\":443,"
		"\"IpProtocol\":\"tcp\",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/"
		"8\"}],\"ToPort\":443}]}\n"
		"RevokeSecurityGroupIngress "
		"{\"GroupId\":\"id-1\",\"IpPermissions\":[{\"FromPort\":80,"
		"\"IpProtocol\":\"tcp\",\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/"
		"8\"}],\"ToPort\":80},{\"FromPort\":22,"
		"\"IpProtocol\":\"tcp\",\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/"
		"0\",\"Description\":\"by hand\"}],\"ToPort\":22}]}\n");
}

static void rules_name_the_other_side_in_its_own_list(void **state)
{
	(void)state;
	expect_update("security_group", J({
		"Ingress" : [
			{
				"IpProtocol" : "icmpv6",
				"FromPort" : -1,
				"ToPort" : -1,
				"CidrIpv6" : "::/0",
				"Description" : "ping"
			},
			{"IpProtocol" : "-1", "ReferencedGroupInfo" : {"GroupId" : "sg-2"}}, {
				"IpProtocol" : "tcp",
				"FromPort" : 443,
				"ToPort" : 443,
				"PrefixListId" : "pl-1"
			}
		]
	}),
		J({}),
		"AuthorizeSecurityGroupIngress {\"GroupId\":\"id-1\",\"IpPermissions\":["
		"{\"FromPort\":-1,\"IpProtocol\":\"icmpv6\",\"Ipv6Ranges\":[{\"CidrIpv6\":\"::/0\","
		"\"Description\":\"ping\"}],\"ToPort\":-1},"
		"{\"IpProtocol\":\"-1\",\"UserIdGroupPairs\":[{\"GroupId\":\"sg-2\"}]},"
		"{\"FromPort\":443,\"IpProtocol\":\"tcp\",\"PrefixListIds\":[{\"PrefixListId\":"
		"\"pl-1\"}],"
		"\"ToPort\":443}]}\n");
}

static void a_rule_is_described_and_revoked_by_what_it_says(void **state)
{
	(void)state;
	const json_t *observed = J({
		"Egress" : [
			{
				"IpProtocol" : "tcp",
				"FromPort" : 443,
				"ToPort" : 443,
				"CidrIpv4" : "10.0.0.0/8"
			},
			{
				"IpProtocol" : "tcp",
				"FromPort" : 22,
				"ToPort" : 22,
				"ReferencedGroupInfo" : {
					"GroupId" : "sg-9",
					"UserId" : "210987654321",
					"VpcPeeringConnectionId" : "pcx-1"
				}
			}
		]
	});
	expect_update("security_group", J({
		"Egress" : [ {
			"IpProtocol" : "tcp",
			"FromPort" : 443,
			"ToPort" : 443,
			"CidrIpv4" : "10.0.0.0/8",
			"Description" : "new"
		} ]
	}),
		observed,
		"UpdateSecurityGroupRuleDescriptionsEgress {\"GroupId\":\"id-1\","
		"\"IpPermissions\":[{\"FromPort\":443,\"IpProtocol\":\"tcp\",\"IpRanges\":"
		"[{\"CidrIp\":\"10.0.0.0/8\",\"Description\":\"new\"}],\"ToPort\":443}]}\n"
		"RevokeSecurityGroupEgress {\"GroupId\":\"id-1\",\"IpPermissions\":["
		"{\"FromPort\":22,\"IpProtocol\":\"tcp\",\"ToPort\":22,\"UserIdGroupPairs\":"
		"[{\"GroupId\":\"sg-9\",\"UserId\":\"210987654321\","
		"\"VpcPeeringConnectionId\":\"pcx-1\"}]}]}\n");
}

static void a_batch_has_a_limit(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("security_group");
	json_t *rules = values_keep(json_array());
	for (int i = 0; i < 120; i++)
		json_array_append_new(
			rules, json_pack("{s:s, s:i, s:i, s:s}", "IpProtocol", "tcp", "FromPort", i,
				       "ToPort", i, "CidrIpv4", "10.0.0.0/8"));
	json_t *want = values_keep(json_pack("{s:O}", "Ingress", rules));
	struct plan plan;
	update(kind, want, J({}), &plan);
	assert_int_equal(plan.count, 3);
	assert_int_equal(json_array_size(json_object_get(plan.steps[0].scope, "items")), 50);
	assert_int_equal(json_array_size(json_object_get(plan.steps[2].scope, "items")), 20);
	assert_int_equal(json_array_size(plan.steps[2].paths), 20);
	plan_done(&plan);
}

static void a_route_changes_its_target_in_one_call(void **state)
{
	(void)state;
	expect_update("route_table", J({
		"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "NatGatewayId" : "nat-1"} ]
	}),
		J({"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "GatewayId" : "igw-1"} ]}),
		"ReplaceRoute {\"DestinationCidrBlock\":\"0.0.0.0/0\",\"NatGatewayId\":\"nat-1\","
		"\"RouteTableId\":\"id-1\"}\n");
}

static void an_item_that_no_call_changes_is_removed_and_added(void **state)
{
	(void)state;
	struct kind kind = *values_kind("route_table");
	struct field fields[8];
	size_t count = 0;
	do
		fields[count] = kind.fields[count];
	while (kind.fields[count++].name);
	kind.fields = fields;
	for (size_t i = 0; i < count; i++)
		fields[i].change = (struct call){0};
	const json_t *want = J(
		{"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "NatGatewayId" : "nat-1"} ]});
	const json_t *observed =
		J({"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "GatewayId" : "igw-1"} ]});
	struct plan plan;
	update(&kind, want, observed, &plan);
	expect_calls(&kind, &plan, scope_of(want, observed), NULL,
		"DeleteRoute {\"DestinationCidrBlock\":\"0.0.0.0/0\",\"RouteTableId\":\"id-1\"}\n"
		"CreateRoute {\"DestinationCidrBlock\":\"0.0.0.0/0\",\"NatGatewayId\":\"nat-1\","
		"\"RouteTableId\":\"id-1\"}\n");
	plan_done(&plan);
}

static void the_old_value_is_taken_away_before_the_new_one_is_set(void **state)
{
	(void)state;
	expect_update("internet_gateway", J({"VpcId" : "vpc-2"}), J({"VpcId" : "vpc-1"}),
		"DetachInternetGateway {\"InternetGatewayId\":\"id-1\",\"VpcId\":\"vpc-1\"}\n"
		"AttachInternetGateway {\"InternetGatewayId\":\"id-1\",\"VpcId\":\"vpc-2\"}\n");
	expect_update("internet_gateway", J({"VpcId" : "vpc-2"}), J({}),
		"AttachInternetGateway {\"InternetGatewayId\":\"id-1\",\"VpcId\":\"vpc-2\"}\n");
}

static void fields_of_one_call_share_it(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("vpc_endpoint");
	const json_t *want = J({
		"RouteTableIds" : [ "rtb-1", "rtb-2" ],
		"SubnetIds" : ["subnet-1"],
		"PrivateDnsEnabled" : true,
		"PolicyDocument" : "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
	});
	const json_t *observed = J({
		"RouteTableIds" : [ "rtb-3", "rtb-1" ],
		"SubnetIds" : [],
		"PrivateDnsEnabled" : true,
		"PolicyDocument" : "{\"Version\":\"2008-10-17\",\"Statement\":[]}"
	});
	struct plan plan;
	update(kind, want, observed, &plan);
	assert_int_equal(plan.count, 1);
	values_expect(plan.steps[0].paths, J([ "RouteTableIds", "SubnetIds", "PolicyDocument" ]));
	expect_calls(kind, &plan, scope_of(want, observed), NULL,
		"ModifyVpcEndpoint "
		"{\"AddRouteTableIds\":[\"rtb-2\"],\"AddSubnetIds\":[\"subnet-1\"],"
		"\"PolicyDocument\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}\","
		"\"RemoveRouteTableIds\":[\"rtb-3\"],\"VpcEndpointId\":\"id-1\"}\n");
	plan_done(&plan);
}

static void what_is_replaced_together_goes_as_observed_where_the_file_says_nothing(void **state)
{
	(void)state;
	expect_update("ecs_service", J({"subnetIds" : ["subnet-2"]}), J({
		"cluster" : "c",
		"subnetIds" : ["subnet-1"],
		"securityGroupIds" : ["sg-1"],
		"assignPublicIp" : "ENABLED"
	}),
		"UpdateService "
		"{\"cluster\":\"c\",\"networkConfiguration\":{\"awsvpcConfiguration\":"
		"{\"assignPublicIp\":\"ENABLED\",\"securityGroups\":[\"sg-1\"],"
		"\"subnets\":[\"subnet-2\"]}},\"service\":\"id-1\"}\n");
}

static void a_new_revision_brings_its_tags_and_the_one_that_was_found_gets_none(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("task_definition");
	const json_t *want = J({"family" : "web", "cpu" : "512"}), *tags = J({"team" : "a"});
	struct differences differences = {0};
	struct plan plan;
	const json_t *theirs = J({"family" : "web", "cpu" : "256"});
	diff_make(
		&(struct diff_input){.kind = kind, .want = want, .observed = theirs, .tags = tags},
		&differences);
	plan_update(kind, want, theirs, &differences, &plan);
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.steps[0].call->operation, "RegisterTaskDefinition");
	assert_int_equal(json_array_size(plan.steps[0].paths), 2); // cpu and the tag
	differences_done(&differences);
	plan_done(&plan);
	diff_make(&(struct diff_input){.kind = kind, .want = want, .observed = want, .tags = tags},
		&differences);
	plan_update(kind, want, want, &differences, &plan);
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.steps[0].call->operation, "TagResource");
	differences_done(&differences);
	plan_done(&plan);
}

static void what_is_left_to_others_goes_back_as_it_was_observed(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("task_definition");
	const json_t *want = J({
		"family" : "web",
		"cpu" : "512",
		"containerDefinitions" : [ {"image" : "web:1"} ]
	});
	const json_t *observed = J({
		"family" : "web",
		"cpu" : "256",
		"containerDefinitions" : [ {"image" : "web:2"} ]
	});
	json_t *scope = scope_of(want, observed);
	struct differences differences = {0};
	struct plan plan;
	diff_make(&(struct diff_input){.kind = kind,
			  .want = want,
			  .observed = observed,
			  .ignore = J(["container_definitions"])},
		&differences);
	plan_update(kind, want, observed, &differences, &plan);
	json_object_set_new(scope, "left", json_pack("[s]", "containerDefinitions"));
	_cleanup_free_ char *calls = calls_of(kind, &plan, scope, NULL);
	assert_non_null(strstr(calls, "\"cpu\":\"512\""));
	assert_non_null(strstr(calls, "web:2")); // a deploy pipeline's image
	assert_null(strstr(calls, "web:1"));
	differences_done(&differences);
	plan_done(&plan);
	const json_t *service = J({"subnetIds" : ["a"], "assignPublicIp" : "DISABLED"});
	kind = values_kind("ecs_service");
	update(kind, service, J({"subnetIds" : ["b"], "assignPublicIp" : "ENABLED"}), &plan);
	scope = scope_of(service, J({"subnetIds" : ["b"], "assignPublicIp" : "ENABLED"}));
	json_object_set_new(scope, "left", json_pack("[s]", "assignPublicIp"));
	_cleanup_free_ char *other = calls_of(kind, &plan, scope, NULL);
	assert_non_null(strstr(other, "\"assignPublicIp\":\"ENABLED\""));
	plan_done(&plan);
}

static void emptying_a_set_removes_all_of_it(void **state)
{
	(void)state;
	expect_update("vpc_endpoint", J({"SubnetIds" : []}),
		J({"SubnetIds" : [ "subnet-1", "subnet-2" ]}),
		"ModifyVpcEndpoint {\"RemoveSubnetIds\":[\"subnet-1\",\"subnet-2\"],"
		"\"VpcEndpointId\":\"id-1\"}\n");
}

static void a_field_that_is_for_ever_forces_replacement(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("subnet");
	struct plan plan;
	update(kind, J({"CidrBlock" : "10.0.1.0/24", "MapPublicIpOnLaunch" : true}),
		J({"CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : false}), &plan);
	assert_true(plan.forces_replacement);
	assert_string_equal(plan.replaced_for, "CidrBlock");
	assert_int_equal(plan.change, CHANGE_REPLACE);
	assert_int_equal(plan.disruption, DISRUPTS_REPLACEMENT);
	assert_int_equal(plan.count, 1); // what can be changed is still planned
	plan_done(&plan);
}

static void what_disrupts_is_told(void **state)
{
	(void)state;
	struct plan plan;
	update(values_kind("internet_gateway"), J({"VpcId" : "vpc-2"}), J({"VpcId" : "vpc-1"}),
		&plan);
	assert_int_equal(plan.disruption, DISRUPTS_CONNECTIONS);
	plan_done(&plan);
	update(values_kind("security_group"),
		J({"Ingress" : [ {"IpProtocol" : "-1", "CidrIpv4" : "10.0.0.0/8"} ]}), J({}),
		&plan);
	assert_int_equal(plan.disruption, DISRUPTS_NONE); // nothing is taken from anybody
	plan_done(&plan);
}

static void tags_are_added_together_and_foreign_ones_stay(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("subnet");
	struct differences differences = {0};
	diff_make(&(struct diff_input){.kind = kind,
			  .tags = J({"a" : "1", "b" : "2", "c" : "3"}),
			  .observed_tags = J({"a" : "1", "b" : "x", "made-by" : "hand"})},
		&differences);
	struct plan plan;
	plan_update(kind, NULL, NULL, &differences, &plan);
	expect_calls(kind, &plan, scope_of(NULL, NULL), NULL,
		"CreateTags {\"Resources\":[\"id-1\"],\"Tags\":[{\"Key\":\"b\",\"Value\":\"2\"},"
		"{\"Key\":\"c\",\"Value\":\"3\"}]}\n");
	differences_done(&differences);
	plan_done(&plan);
}

static void a_call_may_depend_on_what_is_found(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("route_table");
	const json_t *want = J({"Subnets" : [ {"SubnetId" : "subnet-1"} ]});
	struct plan plan;
	update(kind, want, J({}), &plan);
	expect_calls(kind, &plan, scope_of(want, NULL),
		J({"RouteTableAssociationId" : "rtbassoc-9"}),
		"ReplaceRouteTableAssociation {\"AssociationId\":\"rtbassoc-9\",\"RouteTableId\":"
		"\"id-1\"}\n");
	expect_calls(kind, &plan, scope_of(want, NULL), NULL,
		"AssociateRouteTable {\"RouteTableId\":\"id-1\",\"SubnetId\":\"subnet-1\"}\n");
	plan_done(&plan);
}

static void without_what_it_needs_a_call_is_left_out(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("network_acl");
	const json_t *want = J({"Subnets" : [ {"SubnetId" : "subnet-1"} ]});
	struct plan plan;
	update(kind, want, J({}), &plan);
	expect_calls(kind, &plan, scope_of(want, NULL), NULL,
		"ReplaceNetworkAclAssociation (nothing)\n");
	plan_done(&plan);
}

static void a_deletion_takes_apart_first(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("route_table");
	const json_t *observed = J({
		"Subnets" : [
			{"SubnetId" : "subnet-1", "RouteTableAssociationId" : "rtbassoc-1"},
			{"SubnetId" : "subnet-2", "RouteTableAssociationId" : "rtbassoc-2"}
		]
	});
	struct plan plan;
	plan_delete(kind, observed, &plan);
	assert_int_equal(plan.change, CHANGE_DELETE);
	expect_calls(kind, &plan, scope_of(NULL, observed), NULL,
		"DisassociateRouteTable {\"AssociationId\":\"rtbassoc-1\"}\n"
		"DisassociateRouteTable {\"AssociationId\":\"rtbassoc-2\"}\n"
		"DeleteRouteTable {\"RouteTableId\":\"id-1\"}\n");
	plan_done(&plan);
}

static void a_teardown_that_has_nothing_to_take_apart_is_no_call(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("security_group");
	json_t *rules = values_keep(json_array());
	for (int port = 1; port <= 51; port++) // one more than a call takes
		json_array_append_new(
			rules, json_pack("{s:s, s:i, s:i, s:s}", "IpProtocol", "udp", "FromPort",
				       port, "ToPort", port, "CidrIpv4", "10.0.0.0/8"));
	json_t *observed = values_keep(json_pack("{s:[], s:O}", "Ingress", "Egress", rules));
	struct plan plan;
	plan_delete(kind, observed, &plan);
	assert_int_equal(plan.count, 3);
	assert_int_equal(json_array_size(json_object_get(plan.steps[0].scope, "items")), 50);
	plan_done(&plan);
	while (json_array_size(rules) > 1)
		json_array_remove(rules, 0);
	plan_delete(kind, observed, &plan);
	expect_calls(kind, &plan, scope_of(NULL, observed), NULL,
		"RevokeSecurityGroupEgress {\"GroupId\":\"id-1\",\"IpPermissions\":["
		"{\"FromPort\":51,\"IpProtocol\":\"udp\",\"IpRanges\":"
		"[{\"CidrIp\":\"10.0.0.0/8\"}],\"ToPort\":51}]}\n"
		"DeleteSecurityGroup {\"GroupId\":\"id-1\"}\n");
	plan_done(&plan);
	const struct kind *gateway = values_kind("internet_gateway");
	plan_delete(gateway, J({}), &plan);
	assert_int_equal(plan.count, 1); // not attached: nothing to detach
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_create_sends_what_it_takes_with_tags_and_token),
		VALUES_TEST(what_aws_starts_with_is_not_written_again),
		VALUES_TEST(a_create_is_followed_by_what_its_call_does_not_take),
		VALUES_TEST(a_member_that_the_table_sets_goes_into_the_create_call),
		VALUES_TEST(the_rule_that_aws_gives_a_new_group_goes_unless_it_is_wanted),
		VALUES_TEST(one_changed_field_is_one_call),
		VALUES_TEST(items_are_added_before_others_are_removed),
		VALUES_TEST(rules_name_the_other_side_in_its_own_list),
		VALUES_TEST(a_rule_is_described_and_revoked_by_what_it_says),
		VALUES_TEST(a_batch_has_a_limit),
		VALUES_TEST(a_route_changes_its_target_in_one_call),
		VALUES_TEST(an_item_that_no_call_changes_is_removed_and_added),
		VALUES_TEST(the_old_value_is_taken_away_before_the_new_one_is_set),
		VALUES_TEST(fields_of_one_call_share_it),
		VALUES_TEST(what_is_replaced_together_goes_as_observed_where_the_file_says_nothing),
		VALUES_TEST(a_new_revision_brings_its_tags_and_the_one_that_was_found_gets_none),
		VALUES_TEST(what_is_left_to_others_goes_back_as_it_was_observed),
		VALUES_TEST(emptying_a_set_removes_all_of_it),
		VALUES_TEST(a_field_that_is_for_ever_forces_replacement),
		VALUES_TEST(what_disrupts_is_told),
		VALUES_TEST(tags_are_added_together_and_foreign_ones_stay),
		VALUES_TEST(a_call_may_depend_on_what_is_found),
		VALUES_TEST(without_what_it_needs_a_call_is_left_out),
		VALUES_TEST(a_deletion_takes_apart_first),
		VALUES_TEST(a_teardown_that_has_nothing_to_take_apart_is_no_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
