// A security group with its rules, held as two sets.
//
// DescribeSecurityGroups tells the rules too, those of one protocol and ports put together: they
// are taken apart here, and authorised, described and revoked by what they say. So their ids, for
// which DescribeSecurityGroupRules would be a read more in each pass, are never needed. New ones
// are authorised before old ones are revoked. Groups may refer to each other in a circle, so rules
// come after all groups. A new group lets everything out: where `egress` is set, that rule goes
// unless listed.
#include "base/num.h"
#include "base/str.h"
#include "core/advice.h"
#include "core/compare.h"
#include "core/kind.h"
#include "core/place.h"

// "On protocols other than tcp, udp, icmp and icmpv6, traffic on all ports is allowed, whatever
// ports you specify" (AuthorizeSecurityGroupIngress): AWS shows -1 for theirs, or nothing.
static bool has_ports(const char *protocol)
{
	return str_eq_null(protocol, "tcp") || str_eq_null(protocol, "udp") ||
	       str_eq_null(protocol, "icmp") || str_eq_null(protocol, "icmpv6");
}

// One form for both sides: protocol names as AWS shows them, no ports where there are none,
// addresses in network form.
static void canon_rule(json_t *rule)
{
	static const struct {
		const char *from, *to;
	} protocols[] = {
		{"6", "tcp"}, {"17", "udp"}, {"1", "icmp"}, {"58", "icmpv6"}, {"all", "-1"}};
	static const char *const cidrs[] = {"CidrIpv4", "CidrIpv6"};
	const char *protocol = js_str(rule, "IpProtocol");
	for (size_t i = 0; protocol && i < ARRAY_COUNT(protocols); i++)
		if (str_eq_nocase(protocol, protocols[i].from)) {
			js_set_str(rule, "IpProtocol", protocols[i].to);
			break;
		}
	if (!has_ports(js_str(rule, "IpProtocol"))) {
		json_object_del(rule, "FromPort");
		json_object_del(rule, "ToPort");
	}
	for (size_t i = 0; i < ARRAY_COUNT(cidrs); i++) {
		const char *text = js_str(rule, cidrs[i]);
		char canon[64];
		if (text && compare_cidr(text, canon, sizeof(canon)))
			js_set_str(rule, cidrs[i], canon);
	}
	if (str_empty(js_str(rule, "Description")))
		json_object_del(rule, "Description");
}

// The rules of one permission, a row for each other side: in the members of AWS's
// SecurityGroupRule.
static void add_rules(json_t *rules, const json_t *permission, bool is_egress)
{
	static const struct {
		const char *list, *member, *into;
	} sides[] = {{"IpRanges", "CidrIp", "CidrIpv4"}, {"Ipv6Ranges", "CidrIpv6", "CidrIpv6"},
		{"PrefixListIds", "PrefixListId", "PrefixListId"},
		{"UserIdGroupPairs", NULL, "ReferencedGroupInfo"}};
	static const char *const same[] = {"IpProtocol", "FromPort", "ToPort"};
	for (size_t s = 0; s < ARRAY_COUNT(sides); s++) {
		size_t i;
		json_t *side;
		json_array_foreach (json_object_get(permission, sides[s].list), i, side) {
			json_t *rule = json_pack("{s:b}", "IsEgress", is_egress);
			for (size_t m = 0; m < ARRAY_COUNT(same); m++)
				json_object_set(
					rule, same[m], json_object_get(permission, same[m]));
			json_object_set(rule, sides[s].into,
				sides[s].member ? json_object_get(side, sides[s].member) : side);
			json_object_set(rule, "Description", json_object_get(side, "Description"));
			json_array_append_new(rules, rule);
		}
	}
}

static void derive(json_t *item)
{
	json_t *rules = json_array(), *permission;
	size_t i;
	json_array_foreach (json_object_get(item, "IpPermissions"), i, permission)
		add_rules(rules, permission, false);
	json_array_foreach (json_object_get(item, "IpPermissionsEgress"), i, permission)
		add_rules(rules, permission, true);
	json_object_set_new(item, "Rules", rules);
}

static void check_rule(const json_t *rule, struct place place, struct findings *findings)
{
	static const char *const names[] = {"tcp", "udp", "icmp", "icmpv6", "-1"};
	const char *protocol = js_str(rule, "IpProtocol");
	bool is_known = false;
	bool needs_ports = str_eq_null(protocol, "tcp") || str_eq_null(protocol, "udp");
	int64_t number, from = js_int(rule, "FromPort", -1), to = js_int(rule, "ToPort", -1);
	for (size_t i = 0; protocol && i < ARRAY_COUNT(names); i++)
		is_known = is_known || str_eq(protocol, names[i]);
	if (protocol && !is_known && !num_parse_i64(protocol, 0, 255, &number))
		findings_error(findings, place,
			"write tcp, udp, icmp, icmpv6, -1 (all), or a number",
			"'%s' is no protocol", protocol);
	if (!needs_ports || json_is_object(json_object_get(rule, "FromPort")) ||
		json_is_object(json_object_get(rule, "ToPort")))
		return; // a reference: known when it is there
	if (!json_object_get(rule, "FromPort") || !json_object_get(rule, "ToPort"))
		findings_error(findings, place, "add 'from_port:' and 'to_port:'",
			"a rule for %s needs its ports", protocol);
	else if (from < 0 || to > 65535 || from > to)
		findings_error(findings, place, "write ports from 0 to 65535, the lower one first",
			"%lld to %lld is no range of ports", (long long)from, (long long)to);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const sets[][2] = {{"Ingress", "ingress"}, {"Egress", "egress"}};
	const char *name = js_str(desired, "GroupName");
	if (name && str_starts(name, "sg-"))
		findings_error(findings, place_of(node, "group_name"),
			"AWS keeps that prefix for ids: choose another name",
			"group_name '%s' begins with 'sg-'", name);
	for (size_t s = 0; s < ARRAY_COUNT(sets); s++) {
		size_t i;
		json_t *rule;
		json_array_foreach (json_object_get(desired, sets[s][0]), i, rule)
			check_rule(rule, place_of_item(node, sets[s][1], i), findings);
	}
}

// ---- advice: who the world may reach

static bool refers_to(const struct wanted *wanted, const char *address)
{
	size_t i;
	json_t *one;
	json_array_foreach (wanted->refers_to, i, one)
		if (str_eq_null(json_string_value(one), address))
			return true;
	return false;
}

// The ports that load balancers with this group offer to the internet.
struct doors {
	bool is_used;     // something carries the group
	bool is_balancer; // ... an internet-facing load balancer
	bool has_listeners;
	json_t *ports; // numbers; owned
};

static void find_listeners(
	const struct desired *desired, const struct wanted *balancer, struct doors *doors)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *listener = &desired->wanted[i];
		if (!str_eq(listener->kind->name, "listener") ||
			!refers_to(listener, balancer->address))
			continue;
		doors->has_listeners = true;
		json_array_append(doors->ports, json_object_get(listener->desired, "Port"));
	}
}

static struct doors find_doors(const struct advice *advice)
{
	struct doors doors = {.ports = json_array()};
	for (size_t i = 0; i < advice->desired->count; i++) {
		const struct wanted *other = &advice->desired->wanted[i];
		if (str_eq(other->kind->name, "security_group") ||
			!refers_to(other, advice->wanted->address))
			continue;
		doors.is_used = true;
		if (!str_eq(other->kind->name, "load_balancer") ||
			str_eq_null(js_str(other->desired, "Scheme"), "internal"))
			continue;
		doors.is_balancer = true;
		find_listeners(advice->desired, other, &doors);
	}
	return doors;
}

// Web ports, as long as nothing in the file says what listens there.
static bool is_door(const struct doors *doors, int64_t port)
{
	size_t i;
	json_t *one;
	if (!doors->has_listeners)
		return (port == 80 || port == 443) && (doors->is_balancer || !doors->is_used);
	json_array_foreach (doors->ports, i, one)
		if (json_integer_value(one) == port)
			return true;
	return false;
}

// What path MTU discovery needs: type 3 of ICMP, "packet too big" of ICMPv6.
static bool is_needed_icmp(const json_t *rule)
{
	const char *protocol = js_str(rule, "IpProtocol");
	int64_t type = js_int(rule, "FromPort", -1);
	return (str_eq_null(protocol, "icmp") && type == 3) ||
	       (str_eq_null(protocol, "icmpv6") && type == 2);
}

static bool is_fine(const struct doors *doors, const json_t *rule)
{
	enum { MOST_DOORS = 64 };
	const char *protocol = js_str(rule, "IpProtocol");
	int64_t from = js_int(rule, "FromPort", -1), to = js_int(rule, "ToPort", -1);
	if (is_needed_icmp(rule))
		return true;
	if (from < 0 || to - from > MOST_DOORS ||
		(!str_eq_null(protocol, "tcp") && !str_eq_null(protocol, "udp")))
		return false;
	for (int64_t port = from; port <= to; port++)
		if (!is_door(doors, port))
			return false;
	return true;
}

static void put_ports(const json_t *rule, char *text, size_t bytes)
{
	const char *protocol = js_str(rule, "IpProtocol");
	int64_t from = js_int(rule, "FromPort", -1), to = js_int(rule, "ToPort", -1);
	if (!has_ports(protocol) || from < 0)
		snprintf(text, bytes, "%s",
			str_eq_null(protocol, "-1") ? "everything"
			: protocol                  ? protocol
						    : "");
	else if (from == to)
		snprintf(text, bytes, "%s %lld", protocol, (long long)from);
	else
		snprintf(text, bytes, "%s %lld-%lld", protocol, (long long)from, (long long)to);
}

static void advise(struct advice *advice)
{
	struct doors doors = find_doors(advice);
	size_t i;
	json_t *rule;
	json_array_foreach (json_object_get(advice->wanted->desired, "Ingress"), i, rule) {
		const char *source = js_str(rule, "CidrIpv4");
		if (!source)
			source = js_str(rule, "CidrIpv6");
		if (!source || !str_ends(source, "/0") || is_fine(&doors, rule))
			continue;
		char ports[64];
		put_ports(rule, ports, sizeof(ports));
		advice_give(advice, "open-ingress",
			place_of_item(advice->wanted->node, "ingress", i), "%s is open to %s%s",
			ports, source,
			doors.is_used && !doors.is_balancer
				? ", and no internet-facing load balancer carries the group"
				: "");
	}
	json_decref(doors.ports);
}

// clang-format off
#define PERMISSION_TO(...)                                                                         \
	ARGS({"IpProtocol": "@item.IpProtocol", "FromPort": "@item.FromPort", "ToPort": "@item.ToPort", \
	      "IpRanges": [{"CidrIp": "@!item.CidrIpv4", "Description": "@item.Description"}],        \
	      "Ipv6Ranges": [{"CidrIpv6": "@!item.CidrIpv6", "Description": "@item.Description"}],    \
	      "PrefixListIds": [{"PrefixListId": "@!item.PrefixListId", "Description": "@item.Description"}], \
	      "UserIdGroupPairs": [{"GroupId": "@!item.ReferencedGroupInfo.GroupId", __VA_ARGS__ "Description": "@item.Description"}]})
#define PERMISSION PERMISSION_TO()
// What AWS shows can be revoked just so: of a group in a peered network it wants to hear whose it is, and by which way.
#define SHOWN PERMISSION_TO("UserId": "@item.ReferencedGroupInfo.UserId", "VpcId": "@item.ReferencedGroupInfo.VpcId", \
	"VpcPeeringConnectionId": "@item.ReferencedGroupInfo.VpcPeeringConnectionId",)
#define PERMIT(name) \
	{.operation = name, .flags = CALL_BATCH, .args = ARGS({"GroupId": "@id", "IpPermissions": "@items"}), .item = PERMISSION}
#define REVOKE(...) \
	{.operation = __VA_ARGS__, .flags = CALL_BATCH | CALL_REPEATABLE, .args = ARGS({"GroupId": "@id", "IpPermissions": "@items"}), .item = SHOWN}
// Rules of one key differ in nothing but the description.
#define DESCRIBE(name) \
	{.operation = name, .flags = CALL_REPEATABLE, .args = "{\"GroupId\": \"@id\", \"IpPermissions\": [" PERMISSION "]}"}
#define RULE(name) "AuthorizeSecurityGroupIngress:IpPermissions[]." name

static const struct field rule_fields[] = {
	{.name = "ip_protocol", .member = "IpProtocol", .shape = RULE("IpProtocol"), .flags = FIELD_REQUIRED, .summary = "tcp, udp, icmp, icmpv6, -1 (all), or a number"},
	{.name = "from_port", .member = "FromPort", .shape = RULE("FromPort"), .summary = "first port, or the ICMP type"},
	{.name = "to_port", .member = "ToPort", .shape = RULE("ToPort"), .summary = "last port, or the ICMP code"},
	{.name = "cidr_ipv4", .member = "CidrIpv4", .shape = RULE("IpRanges[].CidrIp"), .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "the other side: IPv4 addresses"},
	{.name = "cidr_ipv6", .member = "CidrIpv6", .shape = RULE("Ipv6Ranges[].CidrIpv6"), .compare = COMPARE_CIDR, .flags = FIELD_ONE_OF, .summary = "... IPv6 addresses"},
	{.name = "prefix_list_id", .member = "PrefixListId", .shape = RULE("PrefixListIds[].PrefixListId"), .flags = FIELD_ONE_OF, .summary = "... a prefix list"},
	{.name = "security_group", .member = "ReferencedGroupInfo.GroupId", .type = FIELD_REF, .ref = "security_group", .flags = FIELD_ONE_OF, .summary = "... what carries another group"},
	{.name = "description", .member = "Description", .shape = RULE("IpRanges[].Description"), .summary = "why the rule is there"},
	{0},
};

static const char *const rule_key[] = {"IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo.GroupId", NULL};

static const struct field fields[] = {
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "the network that it is part of"},
	{.name = "group_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the network"},
	{.name = "description", .flags = FIELD_CREATE_ONLY, .preset = "\"Held by Holdfast\"", .summary = "what it is for; AWS never lets it change"},
	{.name = "ingress", .member = "Ingress", .type = FIELD_ITEMS, .items = rule_fields, .observed = "Rules", .key = rule_key, .canon = canon_rule,
	 .skip = (const struct match_row[]){{"IsEgress", "true"}, {0}}, .disrupts = DISRUPTS_CONNECTIONS, .exclusive = "exclusive",
	 .add = PERMIT("AuthorizeSecurityGroupIngress"), .remove = REVOKE("RevokeSecurityGroupIngress"),
	 .change = DESCRIBE("UpdateSecurityGroupRuleDescriptionsIngress"),
	 .summary = "who may come in"},
	{.name = "egress", .member = "Egress", .type = FIELD_ITEMS, .items = rule_fields, .observed = "Rules", .key = rule_key, .canon = canon_rule,
	 .skip = (const struct match_row[]){{"IsEgress", "false"}, {0}}, .disrupts = DISRUPTS_CONNECTIONS, .exclusive = "exclusive",
	 .fresh = "[{\"IpProtocol\": \"-1\", \"CidrIpv4\": \"0.0.0.0/0\"}]",
	 .add = PERMIT("AuthorizeSecurityGroupEgress"), .remove = REVOKE("RevokeSecurityGroupEgress"),
	 .change = DESCRIBE("UpdateSecurityGroupRuleDescriptionsEgress"),
	 .summary = "what it may reach; unless given, AWS's own rule (everything) stays"},
	{.name = "exclusive", .type = FIELD_FLAG, .preset = "true", .summary = "false: rules that the file does not list may stay"},
	{0},
};

// Network interfaces are what keeps it: of a NAT gateway, a load balancer, a task, a database.
static const struct blockers blockers = {
	.code = "DependencyViolation",
	.find = {.operation = "DescribeNetworkInterfaces",
		.args = ARGS({"Filters" : [ {"Name" : "group-id", "Values" : ["@id"]} ]}),
		.pick = "NetworkInterfaces"},
	.text = "@{item.NetworkInterfaceId} (@{item.InterfaceType}: @{item.Description})",
};

const struct kind security_group_kind = {
	.name = "security_group",
	.layer = "security",
	.service = "ec2",
	.summary = "a stateful packet filter of network interfaces",
	.tag_type = "security-group",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeSecurityGroups", ARGS({"Filters": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "SecurityGroups"},
		.by_id = ARGS({"GroupIds": ["@id"]}),
		.derive = derive,
		.derived = (const char *const[]){"Rules", NULL},
		.derived_from = (const char *const[]){"IpPermissions", "IpPermissionsEgress", NULL},
		.id = "GroupId",
		.arn = "SecurityGroupArn",
	},
	.create = {.operation = "CreateSecurityGroup", .flags = CALL_SINGLE}, // of that name in its VPC
	.created_id = "GroupId",
	.teardown = (const struct call[]){
		REVOKE("RevokeSecurityGroupIngress", .each = "observed.Ingress"),
		REVOKE("RevokeSecurityGroupEgress", .each = "observed.Egress"),
		{0}},
	.remove = {.operation = "DeleteSecurityGroup", .args = ARGS({"GroupId": "@id"}), .flags = CALL_REPEATABLE},
	.blockers = &blockers,
	.not_yet = (const char *const[]){"DependencyViolation", "Invalid*.NotFound", NULL},
	.admits = "Ingress",
	.lets_out = "Egress",
	.check = check,
	.advise = advise,
};
// clang-format on
