// A network ACL with its entries and associations.
//
// Entries are keyed by direction and rule number; 32767 is AWS's own. A subnet always has exactly one ACL: giving it ours replaces
// its association, taking it away gives it back to the VPC's default ACL.
#include "base/str.h"
#include "core/kind.h"

// AWS answers protocol numbers whatever was sent ("tcp" becomes "6").
static void canon_entry(json_t *entry)
{
	static const struct {
		const char *name, *number;
	} protocols[] = {{"tcp", "6"}, {"udp", "17"}, {"icmp", "1"}, {"icmpv6", "58"}, {"all", "-1"}};
	const char *protocol = js_str(entry, "Protocol");
	for (size_t i = 0; protocol && i < ARRAY_COUNT(protocols); i++)
		if (str_eq_nocase(protocol, protocols[i].name)) {
			js_set_str(entry, "Protocol", protocols[i].number);
			break;
		}
}

// clang-format off
#define ENTRY                                                                                      \
	"NetworkAclId": "@id", "Egress": "@item.Egress", "RuleNumber": "@item.RuleNumber",         \
	"Protocol": "@item.Protocol", "RuleAction": "@item.RuleAction",                            \
	"CidrBlock": "@item.CidrBlock", "Ipv6CidrBlock": "@item.Ipv6CidrBlock",                    \
	"PortRange": "@item.PortRange", "IcmpTypeCode": "@item.IcmpTypeCode"
#define ARGS_OF(...) ARGS(__VA_ARGS__)

static const struct field entry_fields[] = {
	{.name = "egress", .flags = FIELD_REQUIRED, .summary = "true: out of the subnet; false: into it"},
	{.name = "rule_number", .flags = FIELD_REQUIRED, .summary = "1 to 32766; the lowest that matches decides"},
	{.name = "protocol", .flags = FIELD_REQUIRED, .summary = "tcp, udp, icmp, icmpv6, all, or a number"},
	{.name = "rule_action", .flags = FIELD_REQUIRED, .summary = "allow or deny"},
	{.name = "cidr_block", .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "IPv4 addresses of the other side"},
	{.name = "ipv6_cidr_block", .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "IPv6 addresses of the other side"},
	{.name = "port_range", .summary = "{from, to}; tcp and udp"},
	{.name = "icmp_type_code", .member = "IcmpTypeCode", .shape = "CreateNetworkAclEntry:IcmpTypeCode", .summary = "{type, code}; icmp"},
	{0},
};

static const struct field subnet_fields[] = {
	{.name = "subnet", .member = "SubnetId", .type = FIELD_REF, .ref = "subnet", .flags = FIELD_REQUIRED},
	{0},
};

static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "the network that it is part of"},
	{.name = "entries", .member = "Entries", .type = FIELD_ITEMS, .items = entry_fields, .canon = canon_entry,
	 .key = (const char *const[]){"Egress", "RuleNumber", NULL}, .disrupts = DISRUPTS_CONNECTIONS,
	 .skip = (const struct match_row[]){{"RuleNumber", "32767"}, {"RuleNumber", "32768"}, {0}},
	 .add = {.operation = "CreateNetworkAclEntry", .args = ARGS_OF({ENTRY})},
	 .change = {.operation = "ReplaceNetworkAclEntry", .args = ARGS_OF({ENTRY}), .flags = CALL_REPEATABLE},
	 .remove = {.operation = "DeleteNetworkAclEntry", .flags = CALL_REPEATABLE,
		    .args = ARGS({"NetworkAclId": "@id", "Egress": "@item.Egress", "RuleNumber": "@item.RuleNumber"})},
	 .summary = "the rules, stateless, in both directions"},
	{.name = "subnets", .member = "Subnets", .type = FIELD_ITEMS, .items = subnet_fields, .scalar = "SubnetId", .observed = "Associations",
	 .key = (const char *const[]){"SubnetId", NULL}, .disrupts = DISRUPTS_CONNECTIONS,
	 .add = {.operation = "ReplaceNetworkAclAssociation", .flags = CALL_REPEATABLE | CALL_NEEDS_FOUND,
		 .args = ARGS({"AssociationId": "@found.NetworkAclAssociationId", "NetworkAclId": "@id"}),
		 .find = {"DescribeNetworkAcls", ARGS({"Filters": [{"Name": "association.subnet-id", "Values": ["@item.SubnetId"]}]}),
			  "NetworkAcls[].Associations[][SubnetId=@item.SubnetId]"}},
	 .remove = {.operation = "ReplaceNetworkAclAssociation", .flags = CALL_REPEATABLE | CALL_NEEDS_FOUND,
		    .args = ARGS({"AssociationId": "@item.NetworkAclAssociationId", "NetworkAclId": "@found.NetworkAclId"}),
		    .find = {"DescribeNetworkAcls",
			     ARGS({"Filters": [{"Name": "vpc-id", "Values": ["@observed.VpcId"]}, {"Name": "default", "Values": ["true"]}]}),
			     "NetworkAcls[]"}},
	 .summary = "the subnets that it guards; all others have the VPC's default ACL"},
	{0},
};

const struct kind network_acl_kind = {
	.name = "network_acl",
	.layer = "network",
	.service = "ec2",
	.summary = "a stateless packet filter of subnets",
	.tag_type = "network-acl",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeNetworkAcls", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "NetworkAcls"},
		.by_id = ARGS({"NetworkAclIds": ["@id"]}),
		.id = "NetworkAclId",
	},
	.create = {.operation = "CreateNetworkAcl"},
	.created_id = "NetworkAcl.NetworkAclId",
	.teardown = (const struct call[]){
		{.operation = "ReplaceNetworkAclAssociation", .each = "observed.Subnets", .flags = CALL_REPEATABLE | CALL_NEEDS_FOUND,
		 .args = ARGS({"AssociationId": "@item.NetworkAclAssociationId", "NetworkAclId": "@found.NetworkAclId"}),
		 .find = {"DescribeNetworkAcls",
			  ARGS({"Filters": [{"Name": "vpc-id", "Values": ["@observed.VpcId"]}, {"Name": "default", "Values": ["true"]}]}),
			  "NetworkAcls[]"}},
		{0}},
	.remove = {.operation = "DeleteNetworkAcl", .args = ARGS({"NetworkAclId": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"DependencyViolation", "Invalid*.NotFound", NULL},
};
// clang-format on
