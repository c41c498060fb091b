// An ECS cluster: a name, what services in it have by default, and where their tasks may run.
//
// Its id is its name: services, targets and policies are all named by it. A deleted cluster stays
// INACTIVE in DescribeClusters for a while ("may remain discoverable", DeleteCluster), which is
// absent. PutClusterCapacityProviders replaces the providers and the strategy together.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static bool has_provider(const json_t *list, const char *name)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (!json_is_string(one) || str_eq(json_string_value(one), name))
			return true; // a reference may be it
	return false;
}

static void check_strategy(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *field = "default_capacity_provider_strategy";
	const json_t *providers = json_object_get(desired, "capacityProviders");
	size_t i;
	json_t *item;
	int bases = 0;
	json_array_foreach (json_object_get(desired, "defaultCapacityProviderStrategy"), i, item) {
		const char *name = js_str(item, "capacityProvider");
		struct place place = place_of_item(node, field, i);
		if (name && !has_provider(providers, name))
			findings_error(findings, place, "add it to 'capacity_providers:'",
				"%s names %s, which is not a provider of the cluster", field, name);
		if (js_int(item, "base", 0) > 0 && ++bases > 1)
			findings_error(findings, place, "take 'base:' out of all but one",
				"only one item of %s may have a base", field);
	}
}

// What executeCommandConfiguration says of its logs is only read when logging is OVERRIDE.
static void check_execute(const json_t *desired, const struct node *node, struct findings *findings)
{
	const json_t *execute = js_at(desired, "configuration.executeCommandConfiguration");
	const char *logging = js_str(execute, "logging");
	bool has_logs = json_object_get(execute, "logConfiguration");
	if (logging && str_eq(logging, "OVERRIDE") != has_logs)
		findings_error(findings, place_of(node, "configuration"),
			has_logs ? "write 'logging: OVERRIDE', or take 'log_configuration' out"
				 : "add 'log_configuration:', or write 'logging: DEFAULT'",
			"execute_command_configuration: log_configuration and 'logging: OVERRIDE' "
			"go "
			"together");
}

// A namespace may be given by name; AWS then shows its ARN, and the two can never be equal.
static void check_namespace(
	const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(json_object_get(desired, "serviceConnectDefaults"), "namespace");
	if (name && *name && !str_starts(name, "arn:"))
		findings_error(findings, place_of(node, "service_connect_defaults"),
			"write the namespace's ARN",
			"service_connect_defaults: AWS shows a namespace by ARN, not as '%s'",
			name);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	check_strategy(desired, node, findings);
	check_execute(desired, node, findings);
	check_namespace(desired, node, findings);
}

// clang-format off
#define PROVIDERS                                                                                  \
	{.operation = "PutClusterCapacityProviders", .flags = CALL_MERGE | CALL_REPEATABLE,         \
	 .args = ARGS({"cluster": "@id", "capacityProviders": "@either.capacityProviders",           \
		       "defaultCapacityProviderStrategy": "@either.defaultCapacityProviderStrategy"})}

static const struct field fields[] = {
	{.name = "cluster_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region"},
	{.name = "settings", .type = FIELD_PAIRS, .pair_key = "name", .pair_value = "value",
	 .update = {.operation = "UpdateCluster", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"cluster": "@id", "settings": "@pairs.settings"})},
	 .summary = "containerInsights: enabled, disabled or enhanced"},
	{.name = "configuration", .compare = COMPARE_LOOSE,
	 .update = {.operation = "UpdateCluster", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"cluster": "@id", "configuration": "@value"})},
	 .summary = "execute_command_configuration (logs and key of ECS Exec), managed_storage_configuration"},
	{.name = "service_connect_defaults", .compare = COMPARE_LOOSE,
	 .update = {.operation = "UpdateCluster", .flags = CALL_MERGE | CALL_REPEATABLE, .args = ARGS({"cluster": "@id", "serviceConnectDefaults": "@value"})},
	 .summary = "the namespace of services that name none, by ARN"},
	{.name = "capacity_providers", .compare = COMPARE_SET,
	 .update = PROVIDERS,
	 .summary = "FARGATE, FARGATE_SPOT, or names of providers of your own"},
	{.name = "default_capacity_provider_strategy", .compare = COMPARE_LOOSE,
	 .update = PROVIDERS,
	 .summary = "for services that name neither strategy nor launch type"},
	{.name = "cluster_arn", .member = "clusterArn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"tags": "@tags"}),
	.observed = "tags",
	.add = {.operation = "TagResource", .args = ARGS({"resourceArn": "@arn", "tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagResource", .args = ARGS({"resourceArn": "@arn", "tagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
	.form = TAGS_LOWER_CASE,
};

const struct kind ecs_cluster_kind = {
	.name = "ecs_cluster",
	.layer = "compute",
	.service = "ecs",
	.summary = "a group of services and the capacity that they run on",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeClusters", ARGS({"clusters": "@ids", "include": ["TAGS", "SETTINGS", "CONFIGURATIONS", "ATTACHMENTS"]}), "clusters",
			 .batch = "@{desired.clusterName}", .most = 100},
		.id = "clusterName",
		.arn = "clusterArn",
		.key = "@{desired.clusterName}",
	},
	.states = {.path = "status", .pending = "PROVISIONING", .failed = "FAILED", .gone = "DEPROVISIONING INACTIVE", .past = "INACTIVE"},
	.conditions = (const struct condition[]){
		{"attachmentsStatus", "UPDATE_FAILED", "CapacityProvidersFailed", "the capacity providers of @{item.clusterName} could not be attached"},
		{"attachmentsStatus", "UPDATE_IN_PROGRESS", "AttachingCapacityProviders", "the capacity providers of @{item.clusterName} are being attached", .is_progress = true},
		{0}},
	.create = {.operation = "CreateCluster"},
	.created_id = "cluster.clusterName",
	.remove = {.operation = "DeleteCluster", .args = ARGS({"cluster": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"ClusterContainsServicesException", "ClusterContainsTasksException", "UpdateInProgressException",
					 "ResourceInUseException", NULL},
	.needs = "iam:CreateServiceLinkedRole",
	.check = check,
};
// clang-format on
