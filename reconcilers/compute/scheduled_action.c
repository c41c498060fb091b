// A scheduled action: other bounds for a scalable target from a time on, once or again and again.
// PutScheduledAction makes and changes it, whole. A target that goes takes its actions along.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static bool is_schedule(const char *text)
{
	static const char *const forms[] = {"at(", "rate(", "cron("};
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++)
		if (str_starts(text, forms[i]) && str_ends(text, ")"))
			return true;
	return false;
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *schedule = js_str(desired, "Schedule"), *from = js_str(desired, "StartTime"),
		   *to = js_str(desired, "EndTime");
	const json_t *action = json_object_get(desired, "ScalableTargetAction");
	const json_t *least = json_object_get(action, "MinCapacity"),
		     *most = json_object_get(action, "MaxCapacity");
	if (schedule && !is_schedule(schedule))
		findings_error(findings, place_of(node, "schedule"),
			"write at(yyyy-mm-ddThh:mm:ss), rate(5 minutes) or cron(0 8 * * ? *)",
			"'%s' is no schedule", schedule);
	if (schedule && str_starts(schedule, "rate(") && json_object_get(desired, "Timezone"))
		findings_error(findings, place_of(node, "timezone"), "take it out",
			"a rate knows no timezone");
	if (from && to && strcmp(from, to) >= 0)
		findings_error(findings, place_of(node, "end_time"), "write a later time",
			"end_time is not after start_time");
	if (!least && !most)
		findings_error(findings, place_of(node, "scalable_target_action"),
			"write min_capacity, max_capacity or both",
			"a scheduled_action needs a capacity to set");
	else if (json_is_integer(least) && json_is_integer(most) &&
		 json_integer_value(least) > json_integer_value(most))
		findings_error(findings, place_of(node, "scalable_target_action"),
			"lower min_capacity, or raise max_capacity",
			"min_capacity %lld is above max_capacity %lld",
			(long long)json_integer_value(least), (long long)json_integer_value(most));
}

// clang-format off
static const struct field fields[] = {
	{.name = "scheduled_action_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique among the actions of its target"},
	{.name = "target", .member = "ResourceId", .type = FIELD_REF, .ref = "scaling_target", .ref_attr = "ResourceId", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY,
	 .summary = "the scaling_target whose bounds it sets"},
	{.name = "service_namespace", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs\"", .summary = "that of the target"},
	{.name = "scalable_dimension", .flags = FIELD_CREATE_ONLY, .preset = "\"ecs:service:DesiredCount\"", .summary = "that of the target"},
	{.name = "schedule", .flags = FIELD_REQUIRED, .summary = "at(2026-12-24T18:00:00), rate(1 hour), cron(0 8 * * ? *)"},
	{.name = "timezone", .summary = "that at and cron are meant in; UTC unless given"},
	{.name = "start_time", .summary = "not before"},
	{.name = "end_time", .summary = "not after"},
	{.name = "scalable_target_action", .flags = FIELD_REQUIRED, .compare = COMPARE_LOOSE, .summary = "the bounds from then on: min_capacity, max_capacity"},
	{.name = "scheduled_action_arn", .member = "ScheduledActionARN", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{0},
};

const struct kind scheduled_action_kind = {
	.name = "scheduled_action",
	.layer = "compute",
	.service = "application-autoscaling",
	.summary = "bounds of scaling that change by the clock",
	.fields = fields,
	.observe = {
		.list = {"DescribeScheduledActions", ARGS({"ServiceNamespace": "@each_head", "ResourceId": "@each_rest"}), "ScheduledActions",
			 .each = "@{desired.ServiceNamespace} @{desired.ResourceId}"},
		.strays = {.under = "target", .by_parent = true, .rarely = true},
		.id = "@{item.ScalableDimension}/@{item.ResourceId}/@{item.ScheduledActionName}",
		.arn = "ScheduledActionARN",
		.key = "@{desired.ScalableDimension}/@{desired.ResourceId}/@{desired.ScheduledActionName}",
	},
	.create = {.operation = "PutScheduledAction"},
	.update = {.operation = "PutScheduledAction", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteScheduledAction", .args = ARGS({"ScheduledActionName": "@observed.ScheduledActionName", "ServiceNamespace": "@observed.ServiceNamespace", "ResourceId": "@observed.ResourceId", "ScalableDimension": "@observed.ScalableDimension"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"ObjectNotFoundException", "ConcurrentUpdateException", NULL},
	.check = check,
};
// clang-format on
