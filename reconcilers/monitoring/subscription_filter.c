// A subscription filter: events of a log group, sent on as they come. AWS reads them a group at a
// time only. PutSubscriptionFilter sends a test message, so a role or a stream that is too young is
// refused as a wrong parameter.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "filterName"),
		   *destination = js_str(desired, "destinationArn");
	if (name && strpbrk(name, ":*"))
		findings_error(findings, place_of(node, "filter_name"), "leave ':' and '*' out",
			"filter_name '%s' has a character that AWS refuses", name);
	if (node_get(node, "firehose_stream") && !json_object_get(desired, "roleArn"))
		findings_error(findings, place_of(node, "firehose_stream"),
			"add 'role: <name of an iam_role>'",
			"a subscription filter needs a role to write to a stream");
	if (!destination)
		return; // a reference: known when it is there
	struct place place = place_of(node, "destination_arn");
	bool is_stream = strstr(destination, ":kinesis:") || strstr(destination, ":firehose:");
	if (!str_starts(destination, "arn:"))
		findings_error(findings, place, "write its ARN", "destination_arn '%s' is no ARN",
			destination);
	else if (strstr(destination, ":es:") || strstr(destination, ":aoss:"))
		findings_error(findings, place, "send to a Firehose stream that delivers there",
			"OpenSearch cannot be the destination of a subscription filter");
	else if (is_stream && !json_object_get(desired, "roleArn"))
		findings_error(findings, place, "add 'role: <name of an iam_role>'",
			"a subscription filter needs a role to write to a stream");
}

// clang-format off
static const struct field fields[] = {
	{.name = "log_group", .member = "logGroupName", .type = FIELD_REF, .ref = "log_group", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "what it reads"},
	{.name = "filter_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the group, which can have two"},
	{.name = "filter_pattern", .flags = FIELD_REQUIRED, .summary = "which events are sent; '': all"},
	{.name = "firehose_stream", .member = "destinationArn", .type = FIELD_REF, .ref = "firehose_stream", .ref_attr = "Arn", .flags = FIELD_REQUIRED,
	 .summary = "where to; destination_arn: a Kinesis stream, a Lambda function, a logical destination"},
	{.name = "role", .member = "roleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn", .summary = "what it may write with; needed for streams"},
	{.name = "distribution", .absent = "\"ByLogStream\"", .summary = "Kinesis: Random, or ByLogStream"},
	{.name = "apply_on_transformed_logs", .absent = "false", .summary = "send events as the group's transformer leaves them"},
	{.name = "field_selection_criteria", .absent = "\"\"", .summary = "only events of these accounts and regions"},
	{.name = "emit_system_fields", .compare = COMPARE_SET, .absent = "[]", .summary = "@aws.account, @aws.region: sent along"},
	{0},
};

const struct kind subscription_filter_kind = {
	.name = "subscription_filter",
	.layer = "monitoring",
	.service = "logs",
	.summary = "log events sent on as they come",
	.fields = fields,
	.observe = {
		.list = {"DescribeSubscriptionFilters", ARGS({"logGroupName": "@each"}), "subscriptionFilters", .each = "@{desired.logGroupName}"},
		.strays = {.under = "log_group", .by_parent = true, .rarely = true},
		.id = "@{item.logGroupName}:@{item.filterName}",
		.key = "@{desired.logGroupName}:@{desired.filterName}",
	},
	.create = {.operation = "PutSubscriptionFilter"},
	.update = {.operation = "PutSubscriptionFilter", .flags = CALL_WHOLE | CALL_REPEATABLE},
	.remove = {.operation = "DeleteSubscriptionFilter", .flags = CALL_REPEATABLE,
		   .args = ARGS({"logGroupName": "@observed.logGroupName", "filterName": "@observed.filterName"})},
	.not_yet = (const char *const[]){"InvalidParameterException", "ResourceNotFoundException", "OperationAbortedException", NULL},
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
