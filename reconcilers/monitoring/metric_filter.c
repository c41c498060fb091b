// A metric filter: what is counted in a log group. PutMetricFilter makes and replaces, so one call
// does both, and it always takes the whole filter. It has neither tags nor an id: it is known by
// its group and name.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// "If you assign dimensions, you cannot assign a default value" (MetricTransformation).
static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "filterName");
	const json_t *metric = json_array_get(json_object_get(desired, "metricTransformations"), 0);
	const json_t *dimensions = json_object_get(metric, "dimensions");
	const json_t *system = json_object_get(desired, "emitSystemFieldDimensions");
	struct place place = place_of_item(node, "metric_transformations", 0);
	if (name && strpbrk(name, ":*"))
		findings_error(findings, place_of(node, "filter_name"), "leave ':' and '*' out",
			"filter_name '%s' has a character that AWS refuses", name);
	if (json_object_size(dimensions) > 0 && json_object_get(metric, "defaultValue"))
		findings_error(findings, place, "take one of them out",
			"a metric with dimensions can have no default_value");
	if (json_object_size(dimensions) + json_array_size(system) > 3)
		findings_error(findings, place, "leave the least useful out",
			"a metric filter has %zu dimensions, AWS takes at most 3",
			json_object_size(dimensions) + json_array_size(system));
}

// clang-format off
static const struct field fields[] = {
	{.name = "log_group", .member = "logGroupName", .type = FIELD_REF, .ref = "log_group", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "what it reads"},
	{.name = "filter_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the group"},
	{.name = "filter_pattern", .flags = FIELD_REQUIRED, .summary = "which events count; '': all"},
	{.name = "metric_transformations", .flags = FIELD_REQUIRED, .compare = COMPARE_LOOSE, .summary = "the metric that they become, and its value"},
	{.name = "apply_on_transformed_logs", .absent = "false", .summary = "read events as the group's transformer leaves them"},
	{.name = "field_selection_criteria", .absent = "\"\"", .summary = "only events of these accounts and regions"},
	{.name = "emit_system_field_dimensions", .compare = COMPARE_SET, .absent = "[]", .summary = "@aws.account, @aws.region: as further dimensions"},
	{0},
};

const struct kind metric_filter_kind = {
	.name = "metric_filter",
	.layer = "monitoring",
	.service = "logs",
	.summary = "a metric made from log events",
	.fields = fields,
	.observe = {
		.list = {"DescribeMetricFilters", ARGS({"limit": 50}), "metricFilters"},
		.strays = {.under = "log_group"},
		.id = "@{item.logGroupName}:@{item.filterName}",
		.key = "@{desired.logGroupName}:@{desired.filterName}",
	},
	.create = {.operation = "PutMetricFilter"},
	.update = {.operation = "PutMetricFilter", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteMetricFilter", .flags = CALL_REPEATABLE,
		   .args = ARGS({"logGroupName": "@observed.logGroupName", "filterName": "@observed.filterName"})},
	.not_yet = (const char *const[]){"ResourceNotFoundException", "OperationAbortedException", NULL},
	.check = check,
};
// clang-format on
