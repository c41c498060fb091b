// A route table with its routes and associations, both held as sets.
//
// Routes are keyed by destination; a change of target is ReplaceRoute, which is atomic. Local
// routes, those that a gateway endpoint put there and propagated ones are not ours. A subnet that
// is associated elsewhere is moved by ReplaceRouteTableAssociation, so the call looks for its
// association first.
#include "base/str.h"
#include "core/advice.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const targets[] = {"GatewayId", "NatGatewayId", "NetworkInterfaceId",
		"TransitGatewayId", "EgressOnlyInternetGatewayId", "VpcPeeringConnectionId"};
	size_t i;
	json_t *route;
	json_array_foreach (json_object_get(desired, "Routes"), i, route) {
		int count = 0;
		for (size_t t = 0; t < ARRAY_COUNT(targets); t++)
			count += json_object_get(route, targets[t]) != NULL;
		if (count != 1)
			findings_error(findings, place_of_item(node, "routes", i),
				"name one: internet_gateway, nat_gateway, network_interface_id, "
				"...",
				"a route has %s target", count ? "more than one" : "no");
	}
}

// The resource that a member of an item refers to; NULL when it is none of the file.
static const struct wanted *referred(
	const struct advice *advice, const json_t *item, const char *member)
{
	const char *address = js_str(json_object_get(item, member), "@ref");
	return address ? desired_find(advice->desired, address) : NULL;
}

// A NAT gateway is a thing of one zone: whose way out leads through another one goes down with it.
static void advise(struct advice *advice)
{
	const json_t *desired = advice->wanted->desired;
	size_t i, j;
	json_t *route, *item;
	json_array_foreach (json_object_get(desired, "Routes"), i, route) {
		const struct wanted *nat = referred(advice, route, "NatGatewayId");
		const struct wanted *stands =
			nat ? referred(advice, nat->desired, "SubnetId") : NULL;
		const char *zone = stands ? advice_zone(stands) : NULL;
		json_array_foreach (json_object_get(desired, "Subnets"), j, item) {
			const struct wanted *subnet = referred(advice, item, "SubnetId");
			const char *other = subnet ? advice_zone(subnet) : NULL;
			if (!zone || !other || str_eq(zone, other))
				continue;
			advice_give(advice, "shared-nat",
				place_of_item(advice->wanted->node, "routes", i),
				"subnet '%s' in %s leaves through NAT gateway '%s' in %s",
				subnet->name, other, nat->name, zone);
			break;
		}
	}
}

// clang-format off
#define TARGETS                                                                                    \
	"RouteTableId": "@id", "DestinationCidrBlock": "@item.DestinationCidrBlock",              \
	"DestinationIpv6CidrBlock": "@item.DestinationIpv6CidrBlock",                              \
	"DestinationPrefixListId": "@item.DestinationPrefixListId",                                \
	"GatewayId": "@item.GatewayId", "NatGatewayId": "@item.NatGatewayId",                      \
	"NetworkInterfaceId": "@item.NetworkInterfaceId",                                          \
	"TransitGatewayId": "@item.TransitGatewayId",                                              \
	"EgressOnlyInternetGatewayId": "@item.EgressOnlyInternetGatewayId",                        \
	"VpcPeeringConnectionId": "@item.VpcPeeringConnectionId"
#define ARGS_OF(...) ARGS(__VA_ARGS__)

static const struct field route_fields[] = {
	{.name = "destination_cidr_block", .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "IPv4 destination"},
	{.name = "destination_ipv6_cidr_block", .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "IPv6 destination"},
	{.name = "destination_prefix_list_id", .flags = FIELD_ONE_OF, .summary = "a prefix list as destination"},
	{.name = "internet_gateway", .member = "GatewayId", .type = FIELD_REF, .ref = "internet_gateway", .summary = "target: a gateway of the file; gateway_id for another"},
	{.name = "nat_gateway", .member = "NatGatewayId", .type = FIELD_REF, .ref = "nat_gateway", .summary = "target: a NAT gateway"},
	{.name = "network_interface_id", .summary = "target: a network interface"},
	{.name = "transit_gateway_id", .summary = "target: a transit gateway"},
	{.name = "egress_only_internet_gateway_id", .summary = "target: an egress-only gateway (IPv6)"},
	{.name = "vpc_peering_connection_id", .summary = "target: a peering connection"},
	{0},
};

static const struct field subnet_fields[] = {
	{.name = "subnet", .member = "SubnetId", .type = FIELD_REF, .ref = "subnet", .flags = FIELD_REQUIRED},
	{0},
};

static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "the network that it routes in"},
	{.name = "routes", .member = "Routes", .type = FIELD_ITEMS, .items = route_fields, .disrupts = DISRUPTS_CONNECTIONS,
	 .key = (const char *const[]){"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", NULL},
	 .skip = (const struct match_row[]){{"GatewayId", "local"}, {"GatewayId", "vpce-*"}, {"Origin", "CreateRouteTable"},
					    {"Origin", "EnableVgwRoutePropagation"}, {0}},
	 .broken = (const struct match_row[]){{"State", "blackhole"}, {0}},
	 .add = {.operation = "CreateRoute", .args = ARGS_OF({TARGETS})},
	 .change = {.operation = "ReplaceRoute", .args = ARGS_OF({TARGETS}), .flags = CALL_REPEATABLE},
	 .remove = {.operation = "DeleteRoute", .flags = CALL_REPEATABLE,
		    .args = ARGS({"RouteTableId": "@id", "DestinationCidrBlock": "@item.DestinationCidrBlock",
				  "DestinationIpv6CidrBlock": "@item.DestinationIpv6CidrBlock",
				  "DestinationPrefixListId": "@item.DestinationPrefixListId"})},
	 .summary = "where traffic goes, by destination"},
	{.name = "subnets", .member = "Subnets", .type = FIELD_ITEMS, .items = subnet_fields, .scalar = "SubnetId", .observed = "Associations",
	 .disrupts = DISRUPTS_CONNECTIONS, .key = (const char *const[]){"SubnetId", NULL},
	 .skip = (const struct match_row[]){{"SubnetId", ""}, {"AssociationState.State", "disassociat*"}, {"AssociationState.State", "failed"}, {0}},
	 .add = {.operation = "ReplaceRouteTableAssociation", .flags = CALL_REPEATABLE,
		 .args = ARGS({"AssociationId": "@found.RouteTableAssociationId", "RouteTableId": "@id"}),
		 .find = {"DescribeRouteTables", ARGS({"Filters": [{"Name": "association.subnet-id", "Values": ["@item.SubnetId"]}]}),
			  "RouteTables[].Associations[][SubnetId=@item.SubnetId]"},
		 .else_operation = "AssociateRouteTable", .else_args = ARGS({"RouteTableId": "@id", "SubnetId": "@item.SubnetId"})},
	 .remove = {.operation = "DisassociateRouteTable", .args = ARGS({"AssociationId": "@item.RouteTableAssociationId"}), .flags = CALL_REPEATABLE},
	 .summary = "the subnets that use it; all others use the main table"},
	{.name = "main", .member = "Main", .flags = FIELD_AFTER_CREATE, .shape = "ModifyVpcAttribute:EnableDnsSupport.Value",
	 .observed = "Associations[Main=true].Main", .fresh = "false", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "ReplaceRouteTableAssociation", .flags = CALL_REPEATABLE | CALL_NEEDS_FOUND,
		    .args = ARGS({"AssociationId": "@found.RouteTableAssociationId", "RouteTableId": "@id"}),
		    .find = {"DescribeRouteTables",
			     ARGS({"Filters": [{"Name": "vpc-id", "Values": ["@desired.VpcId"]}, {"Name": "association.main", "Values": ["true"]}]}),
			     "RouteTables[].Associations[][Main=true]"}},
	 .summary = "the table of subnets without one of their own"},
	{0},
};

const struct kind route_table_kind = {
	.name = "route_table",
	.layer = "network",
	.service = "ec2",
	.summary = "where the traffic of subnets goes",
	.tag_type = "route-table",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeRouteTables", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 100}), "RouteTables"},
		.by_id = ARGS({"RouteTableIds": ["@id"]}),
		.id = "RouteTableId",
	},
	.create = {.operation = "CreateRouteTable"},
	.created_id = "RouteTable.RouteTableId",
	.teardown = (const struct call[]){
		{.operation = "DisassociateRouteTable", .args = ARGS({"AssociationId": "@item.RouteTableAssociationId"}),
		 .each = "observed.Subnets", .flags = CALL_REPEATABLE},
		{0}},
	.remove = {.operation = "DeleteRouteTable", .args = ARGS({"RouteTableId": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"DependencyViolation", "Invalid*.NotFound", NULL},
	.check = check,
	.advise = advise,
};
// clang-format on
