// A set of engine parameters for databases of one family.
//
// What a person has set (Source=user) is read, and where that lacks a parameter that the file
// names, those by their names: one that is set to its default is listed as AWS's own. Static
// parameters take effect at a reboot only and are refused with 'immediate', so a change asks AWS
// first which of them are; a reboot is nobody's but a person's (db_instance shows that one is due).
#include "base/str.h"
#include "core/place.h"
#include "data/rds.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct rds_name name = {
		"DBParameterGroupName", "db_parameter_group_name", 255, ""};
	const char *text = js_str(desired, name.member);
	if (text && str_starts(text, "default."))
		findings_error(findings, place_of(node, name.field), "choose another name",
			"parameter groups that begin with 'default.' are AWS's own");
	else
		rds_check_name(&name, desired, node, findings);
}

// clang-format off
// Which of the parameters at hand are static: the file's word goes first, then AWS's.
#define STATIC_ONES \
	{"DescribeDBParameters", ARGS({"DBParameterGroupName": "@id", "Filters": [{"Name": "parameter-name", "Values": "@items[].ParameterName"}]}), \
	 "Parameters[][ApplyType=static].ParameterName"}
#define SET \
	{.operation = "ModifyDBParameterGroup", .flags = CALL_BATCH | CALL_REPEATABLE, .most = 20, .find = STATIC_ONES, \
	 .args = ARGS({"DBParameterGroupName": "@id", "Parameters": "@items"}), \
	 .item = ARGS({"ParameterName": "@item.ParameterName", "ParameterValue": "@item.ParameterValue", \
		"ApplyMethod": {"@if": "@item.ApplyMethod", "@then": "@item.ApplyMethod", \
			"@else": {"@if": "@item.ParameterName", "@in": "@found_all", "@then": "pending-reboot", "@else": "immediate"}}})}
#define PARAMETER(name) "ModifyDBParameterGroup:Parameters[]." name

static const struct field parameter_fields[] = {
	{.name = "parameter_name", .member = "ParameterName", .shape = PARAMETER("ParameterName"), .flags = FIELD_REQUIRED, .compare = COMPARE_NOCASE, .summary = "as the engine calls it: log_min_duration_statement"},
	{.name = "parameter_value", .member = "ParameterValue", .shape = PARAMETER("ParameterValue"), .flags = FIELD_REQUIRED, .summary = "as text; booleans are 1 and 0"},
	// AWS shows the method of the last change, and takes no change of it alone.
	{.name = "apply_method", .member = "ApplyMethod", .shape = PARAMETER("ApplyMethod"), .flags = FIELD_WRITE_ONLY,
	 .summary = "immediate or pending-reboot; unless given, as soon as the parameter allows"},
	{0},
};

static const char *const parameter_key[] = {"ParameterName", NULL};

static const struct field fields[] = {
	{.name = "db_parameter_group_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region, in lower case"},
	{.name = "db_parameter_group_family", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .compare = COMPARE_NOCASE, .summary = "engine and major version: postgres16, mysql8.0"},
	{.name = "description", .flags = FIELD_CREATE_ONLY, .preset = "\"Held by Holdfast\"", .summary = "what it is for; AWS never lets it change"},
	{.name = "parameters", .member = "Parameters", .type = FIELD_ITEMS, .items = parameter_fields, .key = parameter_key,
	 .pair_key = "ParameterName", .pair_value = "ParameterValue", .exclusive = "exclusive", .fresh = "[]",
	 .add = SET, .change = SET,
	 .remove = {.operation = "ResetDBParameterGroup", .flags = CALL_BATCH | CALL_REPEATABLE, .most = 20,
		    .args = ARGS({"DBParameterGroupName": "@id", "ResetAllParameters": false, "Parameters": "@items"}),
		    .item = ARGS({"ParameterName": "@item.ParameterName",
			"ApplyMethod": {"@if": "@item.ApplyType", "@in": ["dynamic"], "@then": "immediate", "@else": "pending-reboot"}})},
	 .summary = "name: value; what is taken out goes back to the engine's default"},
	{.name = "exclusive", .type = FIELD_FLAG, .preset = "true", .summary = "false: parameters that the file does not list may stay"},
	{0},
};

const struct kind db_parameter_group_kind = {
	.name = "db_parameter_group",
	.layer = "data",
	.service = "rds",
	.summary = "engine parameters of databases",
	.tagging = &rds_tagging,
	.fields = fields,
	.observe = {
		.list = {.operation = "DescribeDBParameterGroups", .items = "DBParameterGroups"},
		.by_id = ARGS({"DBParameterGroupName": "@id"}),
		.follows = {
			{.operation = "ListTagsForResource", .args = ARGS({"ResourceName": "@item.DBParameterGroupArn"}), .from = "TagList", .into = "TagList"},
			{.operation = "DescribeDBParameters", .args = ARGS({"DBParameterGroupName": "@id", "Source": "user"}), .from = "Parameters", .into = "Parameters"},
			{.operation = "DescribeDBParameters", .field = "parameters", .lacking = "Parameters[].ParameterName",
			 .args = ARGS({"@if": "@desired.Parameters.0.ParameterName", "@then":
				{"DBParameterGroupName": "@id", "Filters": [{"Name": "parameter-name", "Values": "@desired.Parameters[].ParameterName"}]}}),
			 .from = "Parameters", .into = "Parameters"},
		},
		.id = "DBParameterGroupName",
		.arn = "DBParameterGroupArn",
		.tag_types = "rds:pg",
		.key = "@{desired.DBParameterGroupName}",
	},
	.create = {.operation = "CreateDBParameterGroup"},
	.remove = {.operation = "DeleteDBParameterGroup", .args = ARGS({"DBParameterGroupName": "@id"}), .flags = CALL_REPEATABLE},
	// While a change is being applied, or the last database of it is still going.
	.not_yet = (const char *const[]){"InvalidDBParameterGroupState", NULL},
	.holds_data = true,
	.is_whole_anew = true,
	.check = check,
};
// clang-format on
