// A NAT gateway. All but its tags is for ever; a public one needs an internet gateway attached to
// its VPC, or AWS lets it fail minutes later. Deleted ones stay listed for about an hour.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *type = js_str(desired, "ConnectivityType");
	bool is_private = type && str_eq(type, "private");
	if (!is_private && !json_object_get(desired, "AllocationId"))
		findings_error(findings, place_of(node, "elastic_ip"),
			"add 'elastic_ip: <name of a elastic_ip>', or 'connectivity_type: private'",
			"a public nat_gateway needs 'elastic_ip'");
	else if (is_private && json_object_get(desired, "AllocationId"))
		findings_error(findings, place_of(node, "elastic_ip"), "take it out",
			"a private nat_gateway has no elastic_ip");
}

// clang-format off
static const struct field fields[] = {
	{.name = "subnet", .member = "SubnetId", .type = FIELD_REF, .ref = "subnet", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY,
	 .summary = "the (public) subnet that it stands in"},
	{.name = "elastic_ip", .member = "AllocationId", .type = FIELD_REF, .ref = "elastic_ip", .flags = FIELD_CREATE_ONLY,
	 .observed = "NatGatewayAddresses.0.AllocationId", .summary = "its public address; required unless private"},
	{.name = "connectivity_type", .flags = FIELD_CREATE_ONLY, .summary = "public (the default) or private"},
	{.name = "private_ip_address", .flags = FIELD_CREATE_ONLY, .observed = "NatGatewayAddresses.0.PrivateIp",
	 .summary = "its address inside; AWS picks one unless given"},
	{.name = "public_ip", .member = "PublicIp", .flags = FIELD_COMPUTED, .observed = "NatGatewayAddresses.0.PublicIp",
	 .summary = "the address that the outside sees"},
	{0},
};

const struct kind nat_gateway_kind = {
	.name = "nat_gateway",
	.layer = "network",
	.service = "ec2",
	.summary = "the way out for private subnets",
	.tag_type = "natgateway",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeNatGateways", ARGS({"Filter": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "NatGateways"},
		.by_id = ARGS({"NatGatewayIds": ["@id"]}),
		.id = "NatGatewayId",
	},
	.states = {.path = "State", .pending = "pending", .failed = "failed", .gone = "deleting deleted", .past = "deleted", .message = "FailureMessage"},
	.create = {.operation = "CreateNatGateway"},
	.created_id = "NatGateway.NatGatewayId",
	.remove = {.operation = "DeleteNatGateway", .args = ARGS({"NatGatewayId": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.after = (const char *const[]){"internet_gateway", NULL},
	.not_yet = (const char *const[]){"InvalidAllocationID.NotFound", "InvalidSubnetID.NotFound", "Resource.AlreadyAssociated", NULL},
	.delete_first = true,
	.leads_out = true,
	.check = check,
};
// clang-format on
