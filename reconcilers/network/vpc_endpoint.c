// A VPC endpoint, gateway or interface. ModifyVpcEndpoint takes what is added and removed, not the
// whole; the type is always sent, because a gateway endpoint made without it is listed without one.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// AWS answers a field of the other type with an error that does not name it.
static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct {
		const char *member, *field, *type;
	} rows[] = {
		{"RouteTableIds", "route_tables", "Gateway"},
		{"SubnetIds", "subnets", "Interface"},
		{"SecurityGroupIds", "security_groups", "Interface"},
		{"PrivateDnsEnabled", "private_dns_enabled", "Interface"},
	};
	const char *type = js_str(desired, "VpcEndpointType");
	for (size_t i = 0; type && i < ARRAY_COUNT(rows); i++) {
		const char *other = str_eq(rows[i].type, "Gateway") ? "Interface" : "Gateway";
		if (!str_eq(type, other) || !json_object_get(desired, rows[i].member) ||
			json_is_false(json_object_get(desired, rows[i].member)))
			continue;
		char remedy[80];
		snprintf(remedy, sizeof(remedy), "take it out, or write 'vpc_endpoint_type: %s'",
			rows[i].type);
		findings_error(findings, place_of(node, rows[i].field), remedy,
			"%s is not for endpoints of type %s", rows[i].field, type);
	}
}

// clang-format off
static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "the network that it opens to the service"},
	{.name = "service_name", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .expand = "com.amazonaws.{region}.{value}", .expanded = "com.*",
	 .summary = "the service, or its short name (s3, ecr.api, logs)"},
	{.name = "vpc_endpoint_type", .flags = FIELD_CREATE_ONLY, .preset = "\"Gateway\"", .compare = COMPARE_NOCASE, .summary = "Gateway or Interface"},
	{.name = "route_tables", .member = "RouteTableIds", .type = FIELD_REFS, .ref = "route_table", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE,
		    .args = ARGS({"VpcEndpointId": "@id", "AddRouteTableIds": "@added", "RemoveRouteTableIds": "@removed"})},
	 .summary = "gateway: the tables that get a route to it"},
	{.name = "subnets", .member = "SubnetIds", .type = FIELD_REFS, .ref = "subnet", .flags = FIELD_TWO_ZONES, .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE,
		    .args = ARGS({"VpcEndpointId": "@id", "AddSubnetIds": "@added", "RemoveSubnetIds": "@removed"})},
	 .summary = "interface: one subnet a zone"},
	{.name = "security_groups", .member = "SecurityGroupIds", .type = FIELD_REFS, .ref = "security_group", .observed = "Groups[].GroupId",
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE,
		    .args = ARGS({"VpcEndpointId": "@id", "AddSecurityGroupIds": "@added", "RemoveSecurityGroupIds": "@removed"})},
	 .summary = "interface: who may reach it"},
	{.name = "policy_document", .flags = FIELD_NARROWS, .compare = COMPARE_POLICY,
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"VpcEndpointId": "@id", "PolicyDocument": "@value"})},
	 .summary = "what may be done through it; everything unless given"},
	{.name = "private_dns_enabled", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"VpcEndpointId": "@id", "PrivateDnsEnabled": "@value"})},
	 .summary = "interface: the service's own name leads here"},
	{.name = "ip_address_type",
	 .update = {.operation = "ModifyVpcEndpoint", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"VpcEndpointId": "@id", "IpAddressType": "@value"})},
	 .summary = "ipv4, dualstack or ipv6"},
	{0},
};

const struct kind vpc_endpoint_kind = {
	.name = "vpc_endpoint",
	.layer = "network",
	.service = "ec2",
	.summary = "an AWS service reached without leaving the network",
	.tag_type = "vpc-endpoint",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeVpcEndpoints", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "VpcEndpoints"},
		.by_id = ARGS({"VpcEndpointIds": ["@id"]}),
		.id = "VpcEndpointId",
	},
	.states = {.path = "State", .pending = "pending pendingAcceptance partial", .failed = "failed rejected expired", .gone = "deleting deleted", .past = "deleted", .message = "LastError.Message"},
	// AWS's model does not mark the token as one.
	.create = {.operation = "CreateVpcEndpoint", .args = ARGS({"ClientToken": "@token"})},
	.created_id = "VpcEndpoint.VpcEndpointId",
	.remove = {.operation = "DeleteVpcEndpoints", .args = ARGS({"VpcEndpointIds": ["@id"]}), .failures = "Unsuccessful", .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"Invalid*.NotFound", NULL},
	.delete_first = true,
	.needs = "route53:AssociateVPCWithHostedZone",
	.check = check,
};
// clang-format on
