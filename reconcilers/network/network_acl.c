// A network ACL with its entries and associations.
//
// Entries are keyed by direction and rule number; 32767 is AWS's own. A subnet always has exactly
// one ACL: giving it ours replaces its association, taking it away gives it back to the VPC's
// default ACL.
#include "base/num.h"
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// AWS answers protocol numbers whatever was sent ("tcp" becomes "6").
static void canon_entry(json_t *entry)
{
	static const struct {
		const char *name, *number;
	} protocols[] = {
		{"tcp", "6"}, {"udp", "17"}, {"icmp", "1"}, {"icmpv6", "58"}, {"all", "-1"}};
	const char *protocol = js_str(entry, "Protocol");
	for (size_t i = 0; protocol && i < ARRAY_COUNT(protocols); i++)
		if (str_eq_nocase(protocol, protocols[i].name)) {
			js_set_str(entry, "Protocol", protocols[i].number);
			break;
		}
}

static void check_entry(const json_t *entry, struct place place, struct findings *findings)
{
	const char *protocol = js_str(entry, "Protocol");
	int64_t rule = js_int(entry, "RuleNumber", 1), number;
	const json_t *ports = json_object_get(entry, "PortRange");
	if (rule < 1 || rule > 32766)
		findings_error(findings, place, "write a number from 1 to 32766",
			"rule_number %lld is out of range", (long long)rule);
	if (!protocol)
		return;
	if (!num_parse_i64(protocol, -1, 255, &number)) {
		findings_error(findings, place, "write tcp, udp, icmp, icmpv6, all, or a number",
			"'%s' is no protocol", protocol);
		return;
	}
	if ((number == 6 || number == 17) && !ports)
		findings_error(findings, place, "add 'port_range: {from: ..., to: ...}'",
			"an entry for tcp or udp needs 'port_range'");
	if (ports && js_int(ports, "From", 0) > js_int(ports, "To", 65535))
		findings_error(
			findings, place, "exchange them", "the first port is above the last");
	if ((number == 1 || number == 58) && !json_object_get(entry, "IcmpTypeCode"))
		findings_error(findings, place, "add 'icmp_type_code: {type: -1, code: -1}'",
			"an entry for icmp needs 'icmp_type_code'");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(desired, "Entries"), i, entry)
		check_entry(entry, place_of_item(node, "entries", i), findings);
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
	.ends = DISRUPTS_CONNECTIONS,
	.not_yet = (const char *const[]){"DependencyViolation", "Invalid*.NotFound", NULL},
	.check = check,
};
// clang-format on
