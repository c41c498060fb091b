// An Elastic IP. AllocateAddress takes no client token and nothing but its tag tells whose it is,
// so the tag is set in the call: a lost one costs money.
#include "core/kind.h"

// clang-format off
static const struct field fields[] = {
	{.name = "public_ipv4_pool", .flags = FIELD_CREATE_ONLY, .summary = "a pool of your own addresses; AWS's unless given"},
	{.name = "network_border_group", .flags = FIELD_CREATE_ONLY, .summary = "the set of zones from which it is announced"},
	{.name = "public_ip", .member = "PublicIp", .flags = FIELD_COMPUTED, .summary = "the address"},
	{0},
};

const struct kind elastic_ip_kind = {
	.name = "elastic_ip",
	.layer = "network",
	.service = "ec2",
	.summary = "a public IPv4 address that stays yours",
	.tag_type = "elastic-ip",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeAddresses", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}]}), "Addresses"},
		.by_id = ARGS({"AllocationIds": ["@id"]}),
		.id = "AllocationId",
	},
	.create = {.operation = "AllocateAddress", .args = ARGS({"Domain": "vpc"})},
	.created_id = "AllocationId",
	.remove = {.operation = "ReleaseAddress", .args = ARGS({"AllocationId": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"InvalidIPAddress.InUse", NULL},
};
// clang-format on
