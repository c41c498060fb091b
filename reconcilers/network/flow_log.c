// A flow log. All but its tags is for ever, and two alike cannot stand on one resource, so a
// replacement deletes first. A log that cannot be delivered is unwell, not different.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *type = js_str(desired, "LogDestinationType");
	bool is_logs = type && str_eq(type, "cloud-watch-logs");
	bool has_group = json_object_get(desired, "LogGroupName"),
	     has_arn = json_object_get(desired, "LogDestination");
	int64_t seconds = js_int(desired, "MaxAggregationInterval", 60);
	if (is_logs && !has_group && !has_arn)
		findings_error(findings, node->place, "add 'log_group_name: ...'",
			"a flow_log needs somewhere to write to");
	if (is_logs && !json_object_get(desired, "DeliverLogsPermissionArn"))
		findings_error(findings, node->place, "add 'deliver_logs_permission_arn: <role>'",
			"a flow_log into a log group needs a role");
	if (!is_logs && !has_arn)
		findings_error(findings, node->place, "add 'log_destination: <arn>'",
			"a flow_log into %s needs 'log_destination'", type ? type : "there");
	if (!is_logs && has_group)
		findings_error(findings, place_of(node, "log_group_name"), "take it out",
			"log_group_name is only for cloud-watch-logs");
	if (seconds != 60 && seconds != 600)
		findings_error(findings, place_of(node, "max_aggregation_interval"),
			"write 60 or 600", "AWS sums up over 60 or 600 seconds");
}

// clang-format off
static const struct field fields[] = {
	{.name = "vpc", .member = "ResourceId", .type = FIELD_REF, .ref = "vpc", .flags = FIELD_ONE_OF | FIELD_CREATE_ONLY, .sets = "ResourceType=VPC", .summary = "what is logged: a whole network"},
	{.name = "subnet", .member = "ResourceId", .type = FIELD_REF, .ref = "subnet", .flags = FIELD_ONE_OF | FIELD_CREATE_ONLY, .sets = "ResourceType=Subnet", .summary = "... or one subnet"},
	{.name = "traffic_type", .flags = FIELD_CREATE_ONLY, .preset = "\"ALL\"", .summary = "ACCEPT, REJECT or ALL"},
	{.name = "log_destination_type", .flags = FIELD_CREATE_ONLY, .preset = "\"cloud-watch-logs\"", .summary = "cloud-watch-logs, s3 or kinesis-data-firehose"},
	{.name = "log_group_name", .flags = FIELD_CREATE_ONLY, .compare = COMPARE_ARN_NAME, .summary = "the log group, by name"},
	{.name = "log_destination", .flags = FIELD_CREATE_ONLY, .summary = "the destination's ARN (s3, firehose)"},
	{.name = "deliver_logs_permission_arn", .flags = FIELD_CREATE_ONLY, .summary = "the role that may write the log group"},
	{.name = "max_aggregation_interval", .flags = FIELD_CREATE_ONLY, .summary = "seconds that are summed up: 60 or 600"},
	{.name = "log_format", .flags = FIELD_CREATE_ONLY, .summary = "fields of a line; AWS's own unless given"},
	{0},
};

const struct kind flow_log_kind = {
	.name = "flow_log",
	.layer = "network",
	.service = "ec2",
	.summary = "a record of the traffic of a network or subnet",
	.tag_type = "vpc-flow-log",
	.tagging = &ec2_tagging,
	.fields = fields,
	.observe = {
		.list = {"DescribeFlowLogs", ARGS({"Filter": [{"Name": "tag:holdfast:stack", "Values": ["@stack"]}], "MaxResults": 1000}), "FlowLogs"},
		.by_id = ARGS({"FlowLogIds": ["@id"]}),
		.id = "FlowLogId",
	},
	.conditions = (const struct condition[]){{"DeliverLogsStatus", "FAILED", "DeliveryFailed", "DeliverLogsErrorMessage"}, {0}},
	// AWS's model does not mark the token as one.
	.create = {.operation = "CreateFlowLogs", .failures = "Unsuccessful", .flags = CALL_SINGLE,
		   .args = ARGS({"ResourceIds": ["@desired.ResourceId"], "ResourceType": "@desired.ResourceType", "ClientToken": "@token"})},
	.created_id = "FlowLogIds.0",
	.remove = {.operation = "DeleteFlowLogs", .args = ARGS({"FlowLogIds": ["@id"]}), .failures = "Unsuccessful", .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"Invalid*.NotFound", NULL},
	.delete_first = true,
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
