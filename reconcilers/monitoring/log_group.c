// A log group. Services make groups by themselves as soon as they log (ECS, RDS, Lambda), without
// retention and key, so one that stands there under our name is taken as ours. AWS has no call that
// sets everything: retention, key and protection each have their own, and a group without a
// retention keeps its events for ever, which the file may ask for with 0.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// "Log events in log groups in the Delivery class are kept for only one day" (CreateLogGroup).
static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "logGroupName"),
		   *class = js_str(desired, "logGroupClass");
	if (name &&
		name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				  ".-_/#")])
		findings_error(findings, place_of(node, "log_group_name"),
			"write letters, digits and . - _ / #",
			"log_group_name '%s' has other characters", name);
	if (name && str_starts(name, "aws/"))
		findings_error(findings, place_of(node, "log_group_name"),
			"AWS keeps that prefix: begin with '/aws/' for a service's own group",
			"log_group_name '%s' begins with 'aws/'", name);
	if (str_eq_null(class, "DELIVERY") && js_int(desired, "retentionInDays", 1) != 1)
		findings_error(findings, place_of(node, "retention_in_days"), "take it out",
			"a log group of class DELIVERY keeps its events for one day");
}

// clang-format off
static const struct field fields[] = {
	{.name = "log_group_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "any path: /aws/rds/instance/shop-db/postgresql"},
	{.name = "retention_in_days", .member = "retentionInDays", .shape = "PutRetentionPolicy:retentionInDays", .flags = FIELD_AFTER_CREATE, .absent = "0",
	 .values = "0 1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653", .disrupts = DISRUPTS_NONE,
	 .unset = {.operation = "DeleteRetentionPolicy", .flags = CALL_REPEATABLE, .when = {"value", "0"}, .args = ARGS({"logGroupName": "@id"})},
	 .update = {.operation = "PutRetentionPolicy", .flags = CALL_REPEATABLE, .when = {"value", "!0"}, .args = ARGS({"logGroupName": "@id", "retentionInDays": "@value"})},
	 .summary = "events older than that are deleted; 0: never"},
	{.name = "kms_key", .member = "kmsKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .absent = "\"\"",
	 .unset = {.operation = "DisassociateKmsKey", .flags = CALL_REPEATABLE, .when = {"value", ""}, .args = ARGS({"logGroupName": "@id"})},
	 .update = {.operation = "AssociateKmsKey", .flags = CALL_REPEATABLE, .when = {"value", "!"}, .args = ARGS({"logGroupName": "@id", "kmsKeyId": "@value"})},
	 .summary = "the key that new events are encrypted with; kms_key_id: '' for AWS's own"},
	{.name = "log_group_class", .flags = FIELD_CREATE_ONLY, .absent = "\"STANDARD\"", .summary = "STANDARD, INFREQUENT_ACCESS or DELIVERY"},
	{.name = "deletion_protection_enabled", .absent = "false",
	 .update = {.operation = "PutLogGroupDeletionProtection", .flags = CALL_REPEATABLE,
		    .args = ARGS({"logGroupIdentifier": "@id", "deletionProtectionEnabled": "@value"})},
	 .summary = "AWS refuses to delete the group"},
	{.name = "arn", .member = "logGroupArn", .flags = FIELD_COMPUTED, .summary = "without ':*' at its end"},
	{0},
};

static const struct tagging tagging = {
	.form = TAGS_MAP,
	.create = ARGS({"tags": "@tags"}),
	.observed = "tags",
	.add = {.operation = "TagResource", .flags = CALL_REPEATABLE, .args = ARGS({"resourceArn": "@arn", "tags": "@tags"})},
	.remove = {.operation = "UntagResource", .flags = CALL_REPEATABLE, .args = ARGS({"resourceArn": "@arn", "tagKeys": "@tag_keys"})},
};

const struct kind log_group_kind = {
	.name = "log_group",
	.layer = "monitoring",
	.service = "logs",
	.summary = "where log streams are kept",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		// An account can have thousands, one a Lambda function: only ours are asked for.
		.list = {"DescribeLogGroups", ARGS({"logGroupIdentifiers": "@ids"}), "logGroups", .batch = "@{desired.logGroupName}", .most = 50},
		.follows = {{.operation = "ListTagsForResource", .args = ARGS({"resourceArn": "@item.logGroupArn"}), .from = "tags", .into = "tags"}},
		.id = "logGroupName",
		.arn = "logGroupArn",
		.tag_types = "logs",
		.key = "@{desired.logGroupName}",
	},
	.create = {.operation = "CreateLogGroup"},
	.remove = {.operation = "DeleteLogGroup", .args = ARGS({"logGroupName": "@id"}), .flags = CALL_REPEATABLE},
	// The key's policy may be as young as the key.
	.not_yet = (const char *const[]){"InvalidParameterException", "OperationAbortedException", NULL},
	.holds_data = true,
	.adopts = true,
	.check = check,
};
// clang-format on
