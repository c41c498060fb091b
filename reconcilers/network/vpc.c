// A VPC with its DNS attributes and secondary CIDR blocks.
//
// The attributes have no bulk read and no place in the create call; AWS changes one a call
// (ModifyVpcAttribute). DNS host names need DNS support, so support stands first.
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	if (js_bool(desired, "EnableDnsHostnames", false) &&
		!js_bool(desired, "EnableDnsSupport", true))
		findings_error(findings, place_of(node, "enable_dns_hostnames"),
			"set enable_dns_support to true",
			"enable_dns_hostnames needs enable_dns_support");
}

// clang-format off
static const struct field secondary_fields[] = {
	{.name = "cidr_block", .member = "CidrBlock", .shape = "AssociateVpcCidrBlock:CidrBlock", .compare = COMPARE_CIDR, .flags = FIELD_REQUIRED},
	{0},
};

static const struct field fields[] = {
	{.name = "cidr_block", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .compare = COMPARE_CIDR,
	 .summary = "the primary IPv4 block; its size and place are for ever"},
	{.name = "instance_tenancy", .flags = FIELD_CREATE_ONLY,
	 .summary = "whether instances share hardware with other accounts"},
	{.name = "enable_dns_support", .member = "EnableDnsSupport", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifyVpcAttribute:EnableDnsSupport.Value", .fresh = "true",
	 .update = {.operation = "ModifyVpcAttribute", .flags = CALL_REPEATABLE,
		    .args = ARGS({"VpcId": "@id", "EnableDnsSupport": {"Value": "@value"}})},
	 .summary = "the resolver at the network's second address"},
	{.name = "enable_dns_hostnames", .member = "EnableDnsHostnames", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifyVpcAttribute:EnableDnsHostnames.Value", .fresh = "false",
	 .update = {.operation = "ModifyVpcAttribute", .flags = CALL_REPEATABLE,
		    .args = ARGS({"VpcId": "@id", "EnableDnsHostnames": {"Value": "@value"}})},
	 .summary = "public DNS names for instances; needs enable_dns_support"},
	{.name = "enable_network_address_usage_metrics", .member = "EnableNetworkAddressUsageMetrics",
	 .flags = FIELD_AFTER_CREATE, .fresh = "false",
	 .shape = "ModifyVpcAttribute:EnableNetworkAddressUsageMetrics.Value",
	 .update = {.operation = "ModifyVpcAttribute", .flags = CALL_REPEATABLE,
		    .args = ARGS({"VpcId": "@id", "EnableNetworkAddressUsageMetrics": {"Value": "@value"}})},
	 .summary = "address usage as CloudWatch metrics"},
	{.name = "secondary_cidr_blocks", .member = "SecondaryCidrBlocks", .type = FIELD_ITEMS,
	 .observed = "CidrBlockAssociationSet", .items = secondary_fields, .scalar = "CidrBlock",
	 .key = (const char *const[]){"CidrBlock", NULL}, .compare = COMPARE_CIDR,
	 .disrupts = DISRUPTS_CONNECTIONS,
	 .skip = (const struct match_row[]){{"CidrBlock", "@observed.CidrBlock"},
					    {"CidrBlockState.State", "disassociat*"},
					    {"CidrBlockState.State", "fail*"}, {0}},
	 .add = {.operation = "AssociateVpcCidrBlock",
		 .args = ARGS({"VpcId": "@id", "CidrBlock": "@item.CidrBlock"})},
	 .remove = {.operation = "DisassociateVpcCidrBlock",
		    .args = ARGS({"AssociationId": "@item.AssociationId"})},
	 .summary = "further IPv4 blocks"},
	{0},
};

// Network interfaces are what keeps it: of a NAT gateway, a load balancer, a task, a database.
static const struct blockers blockers = {
	.code = "DependencyViolation",
	.find = {.operation = "DescribeNetworkInterfaces",
		.args = ARGS({"Filters" : [ {"Name" : "vpc-id", "Values" : ["@id"]} ]}),
		.pick = "NetworkInterfaces"},
	.text = "@{item.NetworkInterfaceId} (@{item.InterfaceType}: @{item.Description})",
};

const struct kind vpc_kind = {
	.name = "vpc",
	.layer = "network",
	.service = "ec2",
	.summary = "a virtual network of your own",
	.tag_type = "vpc",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeVpcs", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "Vpcs"},
		.by_id = ARGS({"VpcIds": ["@id"]}),
		.follows = {
			{"DescribeVpcAttribute", ARGS({"VpcId": "@id", "Attribute": "enableDnsSupport"}), "EnableDnsSupport.Value", "EnableDnsSupport", NULL},
			{"DescribeVpcAttribute", ARGS({"VpcId": "@id", "Attribute": "enableDnsHostnames"}), "EnableDnsHostnames.Value", "EnableDnsHostnames", NULL},
			{"DescribeVpcAttribute", ARGS({"VpcId": "@id", "Attribute": "enableNetworkAddressUsageMetrics"}),
			 "EnableNetworkAddressUsageMetrics.Value", "EnableNetworkAddressUsageMetrics", "enable_network_address_usage_metrics"},
		},
		.id = "VpcId",
	},
	.states = {.path = "State", .pending = "pending"},
	.create = {.operation = "CreateVpc"},
	.created_id = "Vpc.VpcId",
	.remove = {.operation = "DeleteVpc", .args = ARGS({"VpcId": "@id"}), .flags = CALL_REPEATABLE},
	.blockers = &blockers,
	.not_yet = (const char *const[]){"DependencyViolation", NULL},
	.check = check,
};
// clang-format on
