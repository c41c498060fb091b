// A log stream, for services that write to one and make none (Firehose). Most writers make their
// own, by the thousand, so only ours are asked for, one by one. It has no tags: it is known by its
// group and name, and one that stands there is taken as ours.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "logStreamName");
	if (name && strpbrk(name, ":*"))
		findings_error(findings, place_of(node, "log_stream_name"), "leave ':' and '*' out",
			"log_stream_name '%s' has a character that AWS refuses", name);
}

// The group stands in the ARN only: ...:log-group:/shop/app:log-stream:name.
static void derive(json_t *item)
{
	static const char before[] = ":log-group:", after[] = ":log-stream:";
	const char *arn = js_str(item, "arn"), *group = arn ? strstr(arn, before) : NULL;
	const char *end = group ? strstr(group, after) : NULL;
	if (!end)
		return;
	group += sizeof(before) - 1;
	json_object_set_new(item, "logGroupName", json_stringn(group, (size_t)(end - group)));
}

// clang-format off
static const struct field fields[] = {
	{.name = "log_group", .member = "logGroupName", .type = FIELD_REF, .ref = "log_group", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "where it is"},
	{.name = "log_stream_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the group"},
	{0},
};

const struct kind log_stream_kind = {
	.name = "log_stream",
	.layer = "monitoring",
	.service = "logs",
	.summary = "a sequence of log events, for a writer that does not make it itself",
	.fields = fields,
	.observe = {
		.list = {"DescribeLogStreams", ARGS({"logGroupName": "@each_head", "logStreamNamePrefix": "@each_rest"}), "logStreams",
			 .each = "@{desired.logGroupName} @{desired.logStreamName}"},
		.id = "arn",
		.arn = "arn",
		.key = "arn:@{partition}:logs:@{region}:@{account}:log-group:@{desired.logGroupName}:log-stream:@{desired.logStreamName}",
		.derive = derive,
		.derived = (const char *const[]){"logGroupName", NULL},
	},
	.create = {.operation = "CreateLogStream"},
	.remove = {.operation = "DeleteLogStream", .flags = CALL_REPEATABLE,
		   .args = ARGS({"logGroupName": "@observed.logGroupName", "logStreamName": "@observed.logStreamName"})},
	.not_yet = (const char *const[]){"ResourceNotFoundException", "OperationAbortedException", NULL},
	.holds_data = true,
	.adopts = true,
	.check = check,
};
// clang-format on
