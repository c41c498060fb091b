// A load balancer: application, network or gateway.
//
// Its tags are not in its list, and its attributes only in a read of its own, which is made for
// those whose attributes the file sets. Subnets and groups are written as whole lists.
#include "base/str.h"
#include "compute/elbv2.h"
#include "core/place.h"

// AWS shows a subnet mapping as a zone with its addresses; the file writes what SetSubnets takes.
static void canon_mappings(json_t *mappings)
{
	size_t i;
	json_t *one;
	json_array_foreach (mappings, i, one) {
		json_t *address = json_array_get(json_object_get(one, "LoadBalancerAddresses"), 0);
		json_object_update_missing(one, address);
		json_t *prefix = json_array_get(json_object_get(one, "SourceNatIpv6Prefixes"), 0);
		if (prefix)
			json_object_set(one, "SourceNatIpv6Prefix", prefix);
		static const char *const shown[] = {"LoadBalancerAddresses", "IpAddress",
			"ZoneName", "OutpostId", "SourceNatIpv6Prefixes"};
		for (size_t j = 0; j < ARRAY_COUNT(shown); j++)
			json_object_del(one, shown[j]);
	}
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *type = js_str(desired, "Type"), *scheme = js_str(desired, "Scheme");
	const char *subnets = json_object_get(desired, "Subnets") ? "subnets" : "subnet_mappings";
	const json_t *list = json_object_get(
		desired, json_object_get(desired, "Subnets") ? "Subnets" : "SubnetMappings");
	bool is_application = !type || str_eq(type, "application");
	elbv2_check_name(desired, node, findings);
	if (is_application && list && json_array_size(list) < 2)
		findings_error(findings, place_of(node, subnets),
			"name subnets of two zones at least",
			"an application load balancer needs two availability zones");
	if (type && str_eq(type, "gateway") && json_object_get(desired, "SecurityGroups"))
		findings_error(findings, place_of(node, "security_groups"), "take it out",
			"gateway load balancers have no security groups");
	if (type && str_eq(type, "gateway") && scheme && str_eq(scheme, "internet-facing"))
		findings_error(findings, place_of(node, "scheme"), "take it out",
			"gateway load balancers are internal");
	if (is_application && json_object_get(desired, "EnablePrefixForIpv6SourceNat"))
		findings_error(findings, place_of(node, "enable_prefix_for_ipv6_source_nat"),
			"take it out, or write 'type: network'",
			"only network load balancers translate sources");
	if (json_object_get(desired, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") &&
		!json_object_get(desired, "SecurityGroups"))
		findings_error(findings,
			place_of(node,
				"enforce_security_group_inbound_rules_on_private_link_traffic"),
			"add 'security_groups:'",
			"rules can be enforced only where there are security groups");
}

// clang-format off
static const struct field mapping_refs[] = {
	{.name = "subnet", .member = "SubnetId", .type = FIELD_REF, .ref = "subnet", .summary = "the subnet"},
	{.name = "elastic_ip", .member = "AllocationId", .type = FIELD_REF, .ref = "elastic_ip", .summary = "its public address"},
	{0},
};

static const struct field fields[] = {
	{.name = "name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "LoadBalancerName", .summary = "unique in the account and region; at most 32 letters, digits and hyphens"},
	{.name = "type", .flags = FIELD_CREATE_ONLY, .summary = "application unless given"},
	{.name = "scheme", .flags = FIELD_CREATE_ONLY, .summary = "internet-facing unless given, or internal"},
	{.name = "subnets", .member = "Subnets", .type = FIELD_REFS, .ref = "subnet", .observed = "AvailabilityZones[].SubnetId", .flags = FIELD_ONE_OF | FIELD_TWO_ZONES | FIELD_QUIET,
	 .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "SetSubnets", .args = ARGS({"LoadBalancerArn": "@id", "Subnets": "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .summary = "one a zone, of two zones at least"},
	{.name = "subnet_mappings", .flags = FIELD_ONE_OF | FIELD_QUIET, .observed = "AvailabilityZones", .compare = COMPARE_SET, .canon = canon_mappings, .refs = mapping_refs,
	 .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "SetSubnets", .args = ARGS({"LoadBalancerArn": "@id", "SubnetMappings": "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .summary = "the same with addresses of one's own (subnet, elastic_ip, private_ipv4_address, ...)"},
	{.name = "security_groups", .member = "SecurityGroups", .type = FIELD_REFS, .ref = "security_group", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "SetSecurityGroups", .args = ARGS({"LoadBalancerArn": "@id", "SecurityGroups": "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .summary = "who may reach it; the VPC's default group unless given"},
	{.name = "enforce_security_group_inbound_rules_on_private_link_traffic", .shape = "SetSecurityGroups:EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
	 .member = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", .flags = FIELD_AFTER_CREATE,
	 .update = {.operation = "SetSecurityGroups", .flags = CALL_MERGE | CALL_REPEATABLE,
		    .args = ARGS({"LoadBalancerArn": "@id", "SecurityGroups": "@desired.SecurityGroups", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "@value"})},
	 .summary = "network: on or off"},
	{.name = "ip_address_type", .disrupts = DISRUPTS_CONNECTIONS,
	 .update = {.operation = "SetIpAddressType", .args = ARGS({"LoadBalancerArn": "@id", "IpAddressType": "@value"}), .flags = CALL_REPEATABLE},
	 .summary = "ipv4, dualstack, or dualstack-without-public-ipv4"},
	{.name = "enable_prefix_for_ipv6_source_nat",
	 .update = {.operation = "SetSubnets", .flags = CALL_MERGE | CALL_REPEATABLE,
		    .args = ARGS({"LoadBalancerArn": "@id", "Subnets": "@desired.Subnets", "SubnetMappings": "@desired.SubnetMappings", "EnablePrefixForIpv6SourceNat": "@value"})},
	 .summary = "network: on or off"},
	{.name = "customer_owned_ipv4_pool", .flags = FIELD_CREATE_ONLY, .summary = "on an Outpost: the pool of addresses"},
	{.name = "attributes", .member = "Attributes", .type = FIELD_PAIRS, .pair_key = "Key", .pair_value = "Value", .flags = FIELD_AFTER_CREATE, .shape = "ModifyLoadBalancerAttributes:Attributes",
	 .update = {.operation = "ModifyLoadBalancerAttributes", .args = ARGS({"LoadBalancerArn": "@id", "Attributes": "@changed"}), .flags = CALL_REPEATABLE},
	 .summary = "idle_timeout.timeout_seconds, deletion_protection.enabled, access_logs.s3.bucket, routing.http.drop_invalid_header_fields.enabled, ..."},
	{.name = "load_balancer_arn", .member = "LoadBalancerArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{.name = "dns_name", .member = "DNSName", .flags = FIELD_COMPUTED, .summary = "the host name to reach it by"},
	{.name = "canonical_hosted_zone_id", .member = "CanonicalHostedZoneId", .flags = FIELD_COMPUTED, .summary = "for an alias record of Route 53"},
	{.name = "vpc_id", .member = "VpcId", .flags = FIELD_COMPUTED, .summary = "the network of its subnets"},
	{.name = "load_balancer_full_name", .member = "FullName", .flags = FIELD_COMPUTED, .observed = "LoadBalancerArn", .starts_at = "app/|net/|gwy/",
	 .summary = "app/name/id: the dimension LoadBalancer of its metrics, and the first part of a resource label"},
	{0},
};

const struct kind load_balancer_kind = {
	.name = "load_balancer",
	.layer = "compute",
	.service = "elbv2",
	.summary = "the door through which requests come in",
	.tagging = &elbv2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeLoadBalancers", ARGS({"PageSize": 400}), "LoadBalancers"},
		.by_id = ARGS({"LoadBalancerArns": ["@id"]}),
		.joins = {ELBV2_TAGS},
		.follows = {{"DescribeLoadBalancerAttributes", ARGS({"LoadBalancerArn": "@id"}), "Attributes", "Attributes", .field = "attributes"}},
		.id = "LoadBalancerArn",
		.arn = "LoadBalancerArn",
		.tag_types = ELBV2_TAG_TYPES,
		.key = "@{desired.Name}",
		.item_key = "LoadBalancerName",
	},
	.states = {.path = "State.Code", .pending = "provisioning", .failed = "failed", .message = "State.Reason"},
	.conditions = (const struct condition[]){{.path = "State.Code", .glob = "active_impaired", .reason = "Impaired", .message = "State.Reason"}, {0}},
	.create = {.operation = "CreateLoadBalancer"},
	.created_id = "LoadBalancers.0.LoadBalancerArn",
	.teardown = (const struct call[]){
		{.operation = "ModifyLoadBalancerAttributes", .flags = CALL_REPEATABLE,
		 .args = ARGS({"LoadBalancerArn": "@id", "Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}]})},
		{0}},
	.remove = {.operation = "DeleteLoadBalancer", .args = ARGS({"LoadBalancerArn": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	.after = (const char *const[]){"internet_gateway", NULL},
	.not_yet = (const char *const[]){"InvalidConfigurationRequest", "InvalidSubnet", "SubnetNotFound", "InvalidSecurityGroup", "ResourceInUse", NULL},
	.settle_ms = 900000,
	.needs = "ec2:DescribeAccountAttributes ec2:DescribeAddresses ec2:DescribeInternetGateways ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole",
	.check = check,
};
// clang-format on
