// A target group: where requests go, and how it is found out who may get them.
//
// What ECS or Auto Scaling registers is theirs: targets are corrected only where the file lists
// some. Where an ecs_service puts its tasks in, an address that is no task's is held: whose it is,
// is asked only when one comes that was not there before. How well they are is read always, one
// call a group, and shown as the group's health. Nearly everything else is fixed at creation, and a
// group that a listener uses cannot be deleted: its replacement is another resource under another
// name.
#include "base/num.h"
#include "base/str.h"
#include "compute/elbv2.h"
#include "core/place.h"

static bool is_one_of(const char *word, const char *words)
{
	return word && str_has_word(words, word);
}

static void check_kind_of_targets(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const rows[][2] = {
		{"Protocol", "protocol"}, {"Port", "port"}, {"VpcId", "vpc"}};
	const char *type = js_str(desired, "TargetType");
	bool is_function = type && str_eq(type, "lambda");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		bool has = json_object_get(desired, rows[i][0]);
		char remedy[60];
		snprintf(remedy, sizeof(remedy), "add '%s:'", rows[i][1]);
		if (is_function && has)
			findings_error(findings, place_of(node, rows[i][1]), "take it out",
				"functions have no %s", rows[i][1]);
		else if (!is_function && !has)
			findings_error(findings, node->place, remedy, "target_group needs '%s'",
				rows[i][1]);
	}
	if (json_object_get(desired, "ProtocolVersion") &&
		!is_one_of(js_str(desired, "Protocol"), "HTTP HTTPS"))
		findings_error(findings, place_of(node, "protocol_version"),
			"take it out, or write 'protocol: HTTP' or HTTPS",
			"only HTTP and HTTPS have versions");
}

static void check_health(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *protocol = js_str(desired, "HealthCheckProtocol");
	const char *port = js_str(desired, "HealthCheckPort");
	int64_t interval = js_int(desired, "HealthCheckIntervalSeconds", 0),
		timeout = js_int(desired, "HealthCheckTimeoutSeconds", 0), number;
	if (interval && timeout >= interval)
		findings_error(findings, place_of(node, "health_check_timeout_seconds"),
			"make it shorter than the interval",
			"a health check of %lld seconds every %lld seconds", (long long)timeout,
			(long long)interval);
	if (port && !str_eq(port, "traffic-port") && !num_parse_i64(port, 1, 65535, &number))
		findings_error(findings, place_of(node, "health_check_port"),
			"write traffic-port, or a port in quotes", "'%s' is no port", port);
	if (!is_one_of(protocol, "TCP"))
		return;
	if (json_object_get(desired, "HealthCheckPath"))
		findings_error(findings, place_of(node, "health_check_path"), "take it out",
			"a health check over TCP has no path");
	if (json_object_get(desired, "Matcher"))
		findings_error(findings, place_of(node, "matcher"), "take it out",
			"a health check over TCP has no answer to match");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *type = js_str(desired, "TargetType");
	bool is_function = type && str_eq(type, "lambda");
	size_t i;
	json_t *target;
	elbv2_check_name(desired, node, findings);
	check_kind_of_targets(desired, node, findings);
	check_health(desired, node, findings);
	json_array_foreach (json_object_get(desired, "Targets"), i, target) {
		bool has_port = js_at(target, "Target.Port");
		if (has_port == is_function)
			findings_error(findings, place_of_item(node, "targets", i),
				is_function ? "take it out" : "add 'port:'",
				is_function ? "a function has no port" : "a target needs its port");
	}
}

// clang-format off
#define MODIFY(member) \
	{.operation = "ModifyTargetGroup", .args = ARGS({"TargetGroupArn": "@id", member: "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE}

static const struct field target_fields[] = {
	{.name = "id", .member = "Target.Id", .shape = "RegisterTargets:Targets[].Id", .flags = FIELD_REQUIRED, .summary = "an instance, an address, a load balancer or a function"},
	{.name = "port", .member = "Target.Port", .shape = "RegisterTargets:Targets[].Port", .summary = "where it listens"},
	{.name = "availability_zone", .member = "Target.AvailabilityZone", .shape = "RegisterTargets:Targets[].AvailabilityZone",
	 .summary = "addresses outside of the VPC: all"},
	{0},
};

static const char *const target_key[] = {"Target.Id", "Target.Port", NULL};

static const struct field fields[] = {
	{.name = "name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "TargetGroupName", .summary = "unique in the account and region; at most 32 letters, digits and hyphens"},
	{.name = "target_type", .flags = FIELD_CREATE_ONLY, .summary = "instance unless given, ip (Fargate), lambda or alb"},
	{.name = "protocol", .flags = FIELD_CREATE_ONLY, .summary = "how targets are spoken to"},
	{.name = "protocol_version", .flags = FIELD_CREATE_ONLY, .summary = "HTTP1 unless given, HTTP2 or GRPC"},
	{.name = "port", .flags = FIELD_CREATE_ONLY, .summary = "where targets listen unless they are registered with a port"},
	{.name = "vpc", .member = "VpcId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_CREATE_ONLY, .summary = "the network that they are in"},
	{.name = "ip_address_type", .flags = FIELD_CREATE_ONLY, .summary = "ipv4 unless given, or ipv6"},
	{.name = "target_control_port", .flags = FIELD_CREATE_ONLY, .summary = "where targets tell how much they can take"},
	{.name = "health_check_enabled", .update = MODIFY("HealthCheckEnabled"), .summary = "always true but for functions"},
	{.name = "health_check_protocol", .update = MODIFY("HealthCheckProtocol"), .summary = "HTTP, HTTPS or TCP"},
	{.name = "health_check_port", .compare = COMPARE_NUMBER, .update = MODIFY("HealthCheckPort"), .summary = "traffic-port unless given"},
	{.name = "health_check_path", .update = MODIFY("HealthCheckPath"), .summary = "/ unless given; gRPC: /package.service/method"},
	{.name = "health_check_interval_seconds", .update = MODIFY("HealthCheckIntervalSeconds"), .summary = "30 unless given"},
	{.name = "health_check_timeout_seconds", .update = MODIFY("HealthCheckTimeoutSeconds"), .summary = "shorter than the interval"},
	{.name = "healthy_threshold_count", .update = MODIFY("HealthyThresholdCount"), .summary = "good answers in a row until it gets requests"},
	{.name = "unhealthy_threshold_count", .update = MODIFY("UnhealthyThresholdCount"), .summary = "bad answers in a row until it gets none"},
	{.name = "matcher", .update = MODIFY("Matcher"), .summary = "good answers: {http_code: 200-299} or {grpc_code: 0-99}"},
	{.name = "attributes", .member = "Attributes", .type = FIELD_PAIRS, .pair_key = "Key", .pair_value = "Value", .flags = FIELD_AFTER_CREATE, .shape = "ModifyTargetGroupAttributes:Attributes",
	 .update = {.operation = "ModifyTargetGroupAttributes", .args = ARGS({"TargetGroupArn": "@id", "Attributes": "@changed"}), .flags = CALL_REPEATABLE},
	 .summary = "deregistration_delay.timeout_seconds, stickiness.enabled, slow_start.duration_seconds, load_balancing.algorithm.type, ..."},
	{.name = "targets", .member = "Targets", .type = FIELD_ITEMS, .items = target_fields, .key = target_key, .flags = FIELD_QUIET, .disrupts = DISRUPTS_CONNECTIONS, .exclusive = "exclusive",
	 .claim = {.of = "ecs_service", .by = "Target.Id", .among = "TaskAddresses", .when = (const struct match_row[]){{"TargetType", "ip"}, {"IpAddressType", "!ipv6"}, {0}}},
	 .skip = (const struct match_row[]){{"TargetHealth.State", "draining"}, {"TargetHealth.Reason", "Target.DeregistrationInProgress"}, {0}},
	 .add = {.operation = "RegisterTargets", .flags = CALL_BATCH | CALL_REPEATABLE, .args = ARGS({"TargetGroupArn": "@id", "Targets": "@items"}),
		 .item = ARGS({"Id": "@item.Target.Id", "Port": "@item.Target.Port", "AvailabilityZone": "@item.Target.AvailabilityZone"})},
	 .remove = {.operation = "DeregisterTargets", .flags = CALL_BATCH | CALL_REPEATABLE, .args = ARGS({"TargetGroupArn": "@id", "Targets": "@items"}),
		    .item = ARGS({"Id": "@item.Target.Id", "Port": "@item.Target.Port", "AvailabilityZone": "@item.Target.AvailabilityZone"})},
	 .summary = "who is registered; unless given, an ecs_service's tasks are its business, and what is no task of ECS is held"},
	{.name = "exclusive", .type = FIELD_FLAG, .preset = "true", .summary = "false: targets that the file does not list may stay"},
	{.name = "target_group_arn", .member = "TargetGroupArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{.name = "target_group_full_name", .member = "FullName", .flags = FIELD_COMPUTED, .observed = "TargetGroupArn", .starts_at = "targetgroup/",
	 .summary = "targetgroup/name/id: the dimension TargetGroup of its metrics, and the last part of a resource label"},
	{.name = "load_balancer_arns", .member = "LoadBalancerArns", .flags = FIELD_COMPUTED, .summary = "who sends requests to it"},
	{0},
};

#define TARGET(state) "Targets[TargetHealth.State=" state "]"
#define OF(state, path) "@{item." TARGET(state) "." path "}"

const struct kind target_group_kind = {
	.name = "target_group",
	.layer = "compute",
	.service = "elbv2",
	.summary = "where requests go, and how it is found out who may get them",
	.tagging = &elbv2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeTargetGroups", ARGS({"PageSize": 400}), "TargetGroups"},
		.by_id = ARGS({"TargetGroupArns": ["@id"]}),
		.joins = {ELBV2_TAGS},
		.follows = {{"DescribeTargetHealth", ARGS({"TargetGroupArn": "@id"}), "TargetHealthDescriptions", "Targets"},
			    {"DescribeTargetGroupAttributes", ARGS({"TargetGroupArn": "@id"}), "Attributes", "Attributes", .field = "attributes"},
			    // ECS describes the interface of a task by its attachment; so say recorded answers of AWS
			    // ("Description": "arn:aws:ecs:REGION:ACCOUNT:attachment/UUID"), no page of its manual.
			    {.operation = "DescribeNetworkInterfaces", .service = "ec2", .for_claims = true, .from = "NetworkInterfaces[].PrivateIpAddress", .into = "TaskAddresses",
			     .args = ARGS({"Filters": [{"Name": "vpc-id", "Values": ["@item.VpcId"]}, {"Name": "description", "Values": ["arn:*:ecs:*:attachment/*"]}], "MaxResults": 1000})}},
		.id = "TargetGroupArn",
		.arn = "TargetGroupArn",
		.tag_types = ELBV2_TAG_TYPES,
		.key = "@{desired.Name}",
		.item_key = "TargetGroupName",
	},
	.conditions = (const struct condition[]){
		{.path = TARGET("unhealthy") ".TargetHealth.State", .glob = "unhealthy", .reason = "TargetsUnhealthy",
		 .message = OF("unhealthy", "Target.Id") " is unhealthy, " OF("unhealthy", "TargetHealth.Reason") ": " OF("unhealthy", "TargetHealth.Description")},
		{.path = TARGET("unhealthy.draining") ".TargetHealth.State", .glob = "unhealthy.draining", .reason = "TargetsUnhealthy",
		 .message = OF("unhealthy.draining", "Target.Id") " is unhealthy and keeps its connections, " OF("unhealthy.draining", "TargetHealth.Reason")},
		{.path = TARGET("initial") ".TargetHealth.State", .glob = "initial", .reason = "TargetsInitial", .is_progress = true,
		 .message = OF("initial", "Target.Id") " is being checked, " OF("initial", "TargetHealth.Reason")},
		{0}},
	.create = {.operation = "CreateTargetGroup"},
	.created_id = "TargetGroups.0.TargetGroupArn",
	.remove = {.operation = "DeleteTargetGroup", .args = ARGS({"TargetGroupArn": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"ResourceInUse", NULL},
	.remedies = (const struct remedy[]){
		{"ResourceInUse", "a listener still forwards to it; where its successor has another 'name', that is made beside it first"},
		{0}},
	.needs = "ec2:DescribeInstances ec2:DescribeInternetGateways ec2:DescribeSubnets ec2:DescribeVpcs iam:CreateServiceLinkedRole",
	.check = check,
};
// clang-format on
