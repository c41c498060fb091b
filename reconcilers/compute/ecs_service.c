// An ECS service: so many tasks of one definition, kept running and replaced step by step.
//
// Only what differs goes into UpdateService, all of it in one call; much of it starts a deployment,
// and whether that is done is health, not drift. A revision that a circuit breaker rolled back is
// not pushed again. While a scaling_target refers to the service, the number of tasks is its
// business. "networkConfiguration" is replaced as a whole, so all three of its fields go together.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static bool is_text(const json_t *object, const char *member, const char *text)
{
	return str_eq_null(js_str(object, member), text);
}

static void check_count(const json_t *desired, const struct node *node, struct findings *findings)
{
	bool is_daemon = is_text(desired, "schedulingStrategy", "DAEMON");
	const json_t *count = json_object_get(desired, "desiredCount");
	if (!is_daemon && !count)
		findings_error(findings, node->place, "add 'desired_count: ...'",
			"an ecs_service needs 'desired_count'");
	if (is_daemon && count)
		findings_error(findings, place_of(node, "desired_count"), "take it out",
			"a DAEMON service runs one task on each instance");
	if (is_daemon && is_text(desired, "launchType", "FARGATE"))
		findings_error(findings, place_of(node, "scheduling_strategy"),
			"write 'scheduling_strategy: REPLICA'",
			"Fargate has no services of strategy DAEMON");
}

static void check_place(const json_t *desired, const struct node *node, struct findings *findings)
{
	bool is_fargate = is_text(desired, "launchType", "FARGATE");
	bool has_subnets = json_object_get(desired, "subnetIds");
	static const char *const others[][2] = {
		{"securityGroupIds", "security_groups"}, {"assignPublicIp", "assign_public_ip"}};
	if (json_object_get(desired, "launchType") &&
		json_array_size(json_object_get(desired, "capacityProviderStrategy")) > 0)
		findings_error(findings, place_of(node, "launch_type"), "keep one of them",
			"launch_type and capacity_provider_strategy exclude each other");
	if (is_fargate && !has_subnets)
		findings_error(findings, node->place, "add 'subnets: [...]'",
			"an ecs_service on Fargate needs 'subnets'");
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		if (!has_subnets && json_object_get(desired, others[i][0]))
			findings_error(findings, place_of(node, others[i][1]),
				"add 'subnets: [...]'", "%s means nothing without subnets",
				others[i][1]);
	if (is_text(desired, "launchType", "EC2") && is_text(desired, "assignPublicIp", "ENABLED"))
		findings_error(findings, place_of(node, "assign_public_ip"), "take it out",
			"tasks of launch type EC2 get no public address");
}

static void check_balancers(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const needed[][2] = {
		{"containerName", "container_name"}, {"containerPort", "container_port"}};
	const json_t *list = json_object_get(desired, "loadBalancers");
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one) {
		struct place place = place_of_item(node, "load_balancers", i);
		if (!json_object_get(one, "targetGroupArn") &&
			!json_object_get(one, "loadBalancerName"))
			findings_error(findings, place,
				"add 'target_group_arn: ${compute.target_group.<name>.arn}'",
				"an item of load_balancers needs a target group");
		for (size_t j = 0; j < ARRAY_COUNT(needed); j++) {
			char remedy[40];
			snprintf(remedy, sizeof(remedy), "add '%s:'", needed[j][1]);
			if (!json_object_get(one, needed[j][0]))
				findings_error(findings, place, remedy,
					"an item of load_balancers needs '%s'", needed[j][1]);
		}
	}
	if (json_array_size(list) == 0 && js_int(desired, "healthCheckGracePeriodSeconds", 0) > 0)
		findings_error(findings, place_of(node, "health_check_grace_period_seconds"),
			"take it out, or add 'load_balancers:'",
			"a grace period is for health checks of load balancers");
}

static void check_deployment(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *how = json_object_get(desired, "deploymentConfiguration");
	const char *controller = js_str(json_object_get(desired, "deploymentController"), "type");
	bool is_ecs = !controller || str_eq(controller, "ECS");
	bool is_daemon = is_text(desired, "schedulingStrategy", "DAEMON");
	int64_t least = js_int(how, "minimumHealthyPercent", is_daemon ? 0 : 100),
		most = js_int(how, "maximumPercent", is_daemon ? 100 : 200);
	struct place place = place_of(node, "deployment_configuration");
	if (how && (least < 0 || least > 100 || most < 100))
		findings_error(findings, place,
			"minimum_healthy_percent is 0 to 100, maximum_percent 100 or more",
			"deployment_configuration: %lld to %lld percent are no bounds",
			(long long)least, (long long)most);
	else if (how && is_ecs && least >= most)
		findings_error(findings, place,
			"lower minimum_healthy_percent or raise maximum_percent",
			"deployment_configuration: between %lld and %lld percent no task can be "
			"replaced",
			(long long)least, (long long)most);
	if (!is_ecs && json_object_get(how, "deploymentCircuitBreaker"))
		findings_error(findings, place, "take the circuit breaker out",
			"deployment_circuit_breaker is not for the controller %s", controller);
	if (most <= 100 && is_text(desired, "availabilityZoneRebalancing", "ENABLED"))
		findings_error(findings, place_of(node, "availability_zone_rebalancing"),
			"raise maximum_percent above 100",
			"tasks cannot move between zones at maximum_percent 100");
	if (!json_object_get(desired, "taskDefinition") &&
		(is_ecs || !str_eq(controller, "EXTERNAL")))
		findings_error(findings, node->place,
			"add 'task_definition: <name of a task_definition>'",
			"an ecs_service needs 'task_definition'");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	check_count(desired, node, findings);
	check_place(desired, node, findings);
	check_balancers(desired, node, findings);
	check_deployment(desired, node, findings);
}

// clang-format off
#define SERVICE(...)                                                                               \
	{.operation = "UpdateService", .flags = CALL_MERGE | CALL_REPEATABLE,                       \
	 .args = ARGS({"cluster": "@observed.cluster", "service": "@id", __VA_ARGS__})}
#define NETWORK                                                                                    \
	SERVICE("networkConfiguration": {"awsvpcConfiguration": {"subnets": "@!either.subnetIds",      \
		"securityGroups": "@either.securityGroupIds", "assignPublicIp": "@either.assignPublicIp"}})
#define PRIMARY "deployments[status=PRIMARY]."

static const struct field fields[] = {
	{.name = "cluster", .type = FIELD_REF, .member = "cluster", .ref = "ecs_cluster", .ref_attr = "Arn", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .observed = "clusterArn",
	 .compare = COMPARE_ARN_NAME, .summary = "where it runs"},
	{.name = "service_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the cluster"},
	{.name = "task_definition", .type = FIELD_REF, .member = "taskDefinition", .ref = "task_definition", .ref_attr = "taskDefinitionArn",
	 .refused = "deployments[rolloutState=FAILED].taskDefinition", .update = SERVICE("taskDefinition": "@value"),
	 .summary = "what it runs; a new revision is deployed step by step"},
	{.name = "desired_count", .yields_to = "scaling_target", .update = SERVICE("desiredCount": "@value"),
	 .summary = "how many tasks; belongs to the scaling_target that refers to the service, if one does"},
	{.name = "launch_type", .flags = FIELD_CREATE_ONLY, .summary = "FARGATE, EC2 or EXTERNAL"},
	// "To change it, force a new deployment" (UpdateService).
	{.name = "capacity_provider_strategy", .compare = COMPARE_LOOSE, 
	 .update = {.operation = "UpdateService", .flags = CALL_MERGE | CALL_REPEATABLE,
		    .args = ARGS({"cluster": "@observed.cluster", "service": "@id", "capacityProviderStrategy": "@value", "forceNewDeployment": true})},
	 .summary = "how tasks are spread over capacity providers; instead of launch_type"},
	{.name = "platform_version", .update = SERVICE("platformVersion": "@value"), .summary = "Fargate's; LATEST unless given"},
	{.name = "subnets", .type = FIELD_REFS, .member = "subnetIds", .ref = "subnet", .flags = FIELD_TWO_ZONES, .observed = "networkConfiguration.awsvpcConfiguration.subnets", .update = NETWORK,
	 .summary = "where tasks get their addresses, one at least a zone"},
	{.name = "security_groups", .type = FIELD_REFS, .member = "securityGroupIds", .ref = "security_group", .observed = "networkConfiguration.awsvpcConfiguration.securityGroups",
	 .update = NETWORK, .summary = "what tasks may reach, and who them"},
	{.name = "assign_public_ip", .member = "assignPublicIp", .shape = "CreateService:networkConfiguration.awsvpcConfiguration.assignPublicIp",
	 .observed = "networkConfiguration.awsvpcConfiguration.assignPublicIp", .update = NETWORK, .summary = "ENABLED or DISABLED; Fargate"},
	{.name = "load_balancers", .compare = COMPARE_LOOSE, .update = SERVICE("loadBalancers": "@value"), .disrupts = DISRUPTS_CONNECTIONS,
	 .summary = "target groups that its tasks are put into: target_group_arn, container_name, container_port"},
	{.name = "health_check_grace_period_seconds", .update = SERVICE("healthCheckGracePeriodSeconds": "@value"),
	 .summary = "how long failing health checks of a young task are overlooked"},
	{.name = "deployment_configuration", .compare = COMPARE_LOOSE, .update = SERVICE("deploymentConfiguration": "@value"),
	 .summary = "circuit breaker, bounds in percent, alarms, strategy"},
	{.name = "deployment_controller", .compare = COMPARE_LOOSE, .update = SERVICE("deploymentController": "@value"), .summary = "ECS, CODE_DEPLOY or EXTERNAL"},
	{.name = "scheduling_strategy", .flags = FIELD_CREATE_ONLY, .summary = "REPLICA, or DAEMON: one task on each instance"},
	{.name = "availability_zone_rebalancing", .update = SERVICE("availabilityZoneRebalancing": "@value"), .summary = "ENABLED or DISABLED"},
	{.name = "placement_constraints", .compare = COMPARE_LOOSE, .update = SERVICE("placementConstraints": "@value"), .summary = "EC2: which instances"},
	{.name = "placement_strategy", .compare = COMPARE_LOOSE, .update = SERVICE("placementStrategy": "@value"), .summary = "EC2: spread, binpack or random"},
	{.name = "service_registries", .compare = COMPARE_LOOSE, .update = SERVICE("serviceRegistries": "@value"), .summary = "Cloud Map services that its tasks are found by"},
	{.name = "service_connect_configuration", .compare = COMPARE_LOOSE, .observed = PRIMARY "serviceConnectConfiguration",
	 .update = SERVICE("serviceConnectConfiguration": "@value"), .summary = "names and proxies between services"},
	{.name = "volume_configurations", .compare = COMPARE_LOOSE, .observed = PRIMARY "volumeConfigurations", .update = SERVICE("volumeConfigurations": "@value"),
	 .summary = "EBS volumes made for each task"},
	{.name = "vpc_lattice_configurations", .compare = COMPARE_LOOSE, .observed = PRIMARY "vpcLatticeConfigurations",
	 .update = SERVICE("vpcLatticeConfigurations": "@value"), .summary = "VPC Lattice target groups"},
	{.name = "enable_execute_command", .update = SERVICE("enableExecuteCommand": "@value"), .summary = "whether ECS Exec may open a shell; for tasks started from then on"},
	{.name = "enable_ecs_managed_tags", .update = SERVICE("enableECSManagedTags": "@value"), .summary = "ECS tags tasks with cluster and service"},
	{.name = "propagate_tags", .update = SERVICE("propagateTags": "@value"), .summary = "whose tags tasks get: SERVICE, TASK_DEFINITION or NONE"},
	{.name = "role", .flags = FIELD_CREATE_ONLY, .observed = "roleArn", .compare = COMPARE_ARN_NAME, .summary = "only for load balancers without awsvpc: the role that registers tasks"},
	{.name = "service_arn", .member = "serviceArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{.name = "resource_id", .member = "resourceId", .observed = "serviceArn", .starts_at = "service/", .flags = FIELD_COMPUTED, .summary = "service/<cluster>/<service>: its name in auto scaling"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"tags": "@tags"}),
	.observed = "tags",
	.add = {.operation = "TagResource", .args = ARGS({"resourceArn": "@id", "tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagResource", .args = ARGS({"resourceArn": "@id", "tagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
	.form = TAGS_LOWER_CASE,
};

const struct kind ecs_service_kind = {
	.name = "ecs_service",
	.layer = "compute",
	.service = "ecs",
	.summary = "tasks that are kept running, and replaced step by step",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeServices", ARGS({"cluster": "@each", "services": "@ids", "include": ["TAGS"]}), "services",
			 .each = "@{desired.cluster}", .batch = "@{desired.serviceName}", .most = 10},
		.id = "serviceArn",
		.arn = "serviceArn",
		.key = "@{desired.cluster}/@{desired.serviceName}",
		.item_key = "@{item.each}/@{item.serviceName}",
	},
	.states = {.path = "status", .gone = "DRAINING INACTIVE", .past = "INACTIVE"},
	.conditions = (const struct condition[]){
		{PRIMARY "rolloutState", "FAILED", "DeploymentFailed", PRIMARY "rolloutStateReason"},
		{PRIMARY "rolloutState", "IN_PROGRESS", "Deploying", PRIMARY "rolloutStateReason", .is_progress = true},
		{.path = "runningCount", .unlike = "desiredCount", .reason = "TasksMissing", .message = "@{item.runningCount} of @{item.desiredCount} tasks are running"},
		{0}},
	.create = {.operation = "CreateService",
		   .args = ARGS({"networkConfiguration": {"awsvpcConfiguration": {"subnets": "@!desired.subnetIds", "securityGroups": "@desired.securityGroupIds",
				 "assignPublicIp": "@desired.assignPublicIp"}}})},
	.created_id = "service.serviceArn",
	.remove = {.operation = "DeleteService", .args = ARGS({"cluster": "@observed.cluster", "service": "@id", "force": true}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	// "The target group does not have an associated load balancer": its listener makes it one.
	.after = (const char *const[]){"listener", "listener_rule", NULL},
	// A target group without a listener yet, a role that ECS cannot assume yet, a namesake that is still draining: all the same code.
	.not_yet = (const char *const[]){"InvalidParameterException", "ClusterNotFoundException", "ServiceNotActiveException", NULL},
	.needs = "iam:CreateServiceLinkedRole",
	.check = check,
};
// clang-format on
