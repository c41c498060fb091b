// An alarm over the states of others. Its rule names them, so it is made after them and deleted
// before: AWS refuses either in the other order.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const char *const actions[][3] = {{"AlarmActions", "alarm_topics", "alarm_actions"},
		{"OKActions", "ok_topics", "ok_actions"},
		{"InsufficientDataActions", "insufficient_data_topics",
			"insufficient_data_actions"}};
	static const char *const waits[][2] = {
		{"ActionsSuppressorWaitPeriod", "actions_suppressor_wait_period"},
		{"ActionsSuppressorExtensionPeriod", "actions_suppressor_extension_period"}};
	for (size_t i = 0; i < ARRAY_COUNT(actions); i++) {
		size_t count = json_array_size(json_object_get(desired, actions[i][0]));
		const char *name = node_get(node, actions[i][1]) ? actions[i][1] : actions[i][2];
		if (count > 5)
			findings_error(findings, place_of(node, name), "leave some out",
				"%s has %zu items, AWS takes at most 5", name, count);
	}
	// "If you specify ActionsSuppressor, the wait and extension periods are required."
	bool has_suppressor = json_object_get(desired, "ActionsSuppressor");
	for (size_t i = 0; i < ARRAY_COUNT(waits); i++) {
		char remedy[80];
		snprintf(remedy, sizeof(remedy), "add '%s:'",
			has_suppressor ? waits[i][1] : "actions_suppressor");
		if (has_suppressor != (json_object_get(desired, waits[i][0]) != NULL))
			findings_error(findings,
				place_of(node, has_suppressor ? "actions_suppressor" : waits[i][1]),
				remedy, "'%s' needs '%s'",
				has_suppressor ? "actions_suppressor" : waits[i][1],
				has_suppressor ? waits[i][1] : "actions_suppressor");
	}
}

// clang-format off
static const struct field fields[] = {
	{.name = "alarm_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region"},
	{.name = "alarm_description", .absent = "\"\"", .summary = "what it means and what to do, for whoever is woken"},
	{.name = "alarm_rule", .flags = FIELD_REQUIRED, .summary = "ALARM(\"${monitoring.alarm.cpu.alarm_name}\") AND ..."},
	{.name = "alarm_topics", .member = "AlarmActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]", .summary = "told of ALARM; alarm_actions: ARNs of whatever else acts"},
	{.name = "ok_topics", .member = "OKActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]", .summary = "told of OK; ok_actions: likewise"},
	{.name = "insufficient_data_topics", .member = "InsufficientDataActions", .type = FIELD_REFS, .ref = "sns_topic", .absent = "[]",
	 .summary = "told when data is missing; insufficient_data_actions: likewise"},
	{.name = "actions_enabled", .absent = "true", .summary = "false: it rings for nobody"},
	{.name = "actions_suppressor", .compare = COMPARE_ARN_NAME, .absent = "\"\"", .summary = "another alarm that keeps it quiet: its name or ARN"},
	{.name = "actions_suppressor_wait_period", .summary = "seconds that it waits for the suppressor to ring"},
	{.name = "actions_suppressor_extension_period", .summary = "seconds that it stays quiet after the suppressor"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceARN": "@arn", "Tags": "@tags"})},
	.remove = {.operation = "UntagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceARN": "@arn", "TagKeys": "@tag_keys"})},
};

const struct kind composite_alarm_kind = {
	.name = "composite_alarm",
	.layer = "monitoring",
	.service = "cloudwatch",
	.summary = "an alarm over the states of other alarms",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		// Without the type AWS leaves composite alarms out.
		.list = {"DescribeAlarms", ARGS({"AlarmNames": "@ids", "AlarmTypes": ["CompositeAlarm"], "MaxRecords": 100}), "CompositeAlarms", .batch = "@{desired.AlarmName}", .most = 100},
		.follows = {{.operation = "ListTagsForResource", .args = ARGS({"ResourceARN": "@item.AlarmArn"}), .from = "Tags", .into = "Tags"}},
		.id = "AlarmName",
		.arn = "AlarmArn",
		.tag_types = "cloudwatch",
		.key = "@{desired.AlarmName}",
	},
	.states = {.path = "StateValue"},
	.create = {.operation = "PutCompositeAlarm"},
	.update = {.operation = "PutCompositeAlarm", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteAlarms", .args = ARGS({"AlarmNames": ["@id"]}), .flags = CALL_REPEATABLE},
	// "Cannot delete ... as there are composite alarm(s) depending on it": the other one first.
	.not_yet = (const char *const[]){"ValidationError", NULL},
	.check = check,
};
// clang-format on
