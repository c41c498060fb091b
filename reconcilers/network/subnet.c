// A subnet. (VpcId, CidrBlock) is unique in AWS, so a replacement deletes first; the attributes of
// launches are changed one a call.
#include "core/kind.h"

#define MODIFY(...)                                                                                \
	{                                                                                          \
		.operation = "ModifySubnetAttribute", .args = ARGS(__VA_ARGS__),                   \
		.flags = CALL_REPEATABLE                                                           \
	}

// clang-format off
static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY,
	 .summary = "the network it is part of"},
	{.name = "cidr_block", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .compare = COMPARE_CIDR,
	 .summary = "its IPv4 block, /16 to /28, inside the VPC's"},
	{.name = "availability_zone", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .expand = "{region}{value}", .expanded = "*-*",
	 .summary = "the zone, or its letter"},
	{.name = "ipv6_cidr_block", .flags = FIELD_CREATE_ONLY, .compare = COMPARE_CIDR,
	 .observed = "Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock", .summary = "its IPv6 block, /64"},
	{.name = "map_public_ip_on_launch", .member = "MapPublicIpOnLaunch", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifySubnetAttribute:MapPublicIpOnLaunch.Value", .fresh = "false",
	 .update = MODIFY({"SubnetId": "@id", "MapPublicIpOnLaunch": {"Value": "@value"}}),
	 .summary = "public IPv4 addresses for what is launched here"},
	{.name = "assign_ipv6_address_on_creation", .member = "AssignIpv6AddressOnCreation", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifySubnetAttribute:AssignIpv6AddressOnCreation.Value", .fresh = "false",
	 .update = MODIFY({"SubnetId": "@id", "AssignIpv6AddressOnCreation": {"Value": "@value"}}),
	 .summary = "IPv6 addresses for new network interfaces"},
	{.name = "enable_dns64", .member = "EnableDns64", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifySubnetAttribute:EnableDns64.Value", .fresh = "false",
	 .update = MODIFY({"SubnetId": "@id", "EnableDns64": {"Value": "@value"}}),
	 .summary = "synthetic IPv6 answers for IPv4-only names"},
	{.name = "private_dns_hostname_type_on_launch", .member = "PrivateDnsHostnameTypeOnLaunch", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifySubnetAttribute:PrivateDnsHostnameTypeOnLaunch", .fresh = "\"ip-name\"",
	 .observed = "PrivateDnsNameOptionsOnLaunch.HostnameType",
	 .update = MODIFY({"SubnetId": "@id", "PrivateDnsHostnameTypeOnLaunch": "@value"}),
	 .summary = "how the host names of instances are made"},
	{.name = "enable_resource_name_dns_a_record_on_launch", .member = "EnableResourceNameDnsARecordOnLaunch", .flags = FIELD_AFTER_CREATE,
	 .shape = "ModifySubnetAttribute:EnableResourceNameDnsARecordOnLaunch.Value", .fresh = "false",
	 .observed = "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
	 .update = MODIFY({"SubnetId": "@id", "EnableResourceNameDnsARecordOnLaunch": {"Value": "@value"}}),
	 .summary = "A records for instance names"},
	{0},
};

// Network interfaces are what keeps it: of a NAT gateway, a load balancer, a task, a database.
static const struct blockers blockers = {
	.code = "DependencyViolation",
	.find = {.operation = "DescribeNetworkInterfaces",
		.args = ARGS({"Filters" : [ {"Name" : "subnet-id", "Values" : ["@id"]} ]}),
		.pick = "NetworkInterfaces"},
	.text = "@{item.NetworkInterfaceId} (@{item.InterfaceType}: @{item.Description})",
};

const struct kind subnet_kind = {
	.name = "subnet",
	.layer = "network",
	.service = "ec2",
	.summary = "a block of addresses of a VPC, in one availability zone",
	.tag_type = "subnet",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeSubnets", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "Subnets"},
		.by_id = ARGS({"SubnetIds": ["@id"]}),
		.id = "SubnetId",
		.arn = "SubnetArn",
	},
	.states = {.path = "State", .pending = "pending", .failed = "failed failed-insufficient-capacity"},
	.create = {.operation = "CreateSubnet", .flags = CALL_SINGLE}, // of that block in its VPC
	.created_id = "Subnet.SubnetId",
	.remove = {.operation = "DeleteSubnet", .args = ARGS({"SubnetId": "@id"}), .flags = CALL_REPEATABLE},
	.blockers = &blockers,
	.not_yet = (const char *const[]){"DependencyViolation", "InvalidVpcID.NotFound", "InvalidSubnet.Conflict", NULL},
	.delete_first = true,
};
// clang-format on
