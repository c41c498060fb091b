// Where databases may stand: subnets of one network in at least two zones.
//
// ModifyDBSubnetGroup takes the whole list. The description is changed by the same call, which asks
// for the subnets each time.
#include "core/place.h"
#include "data/rds.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	static const struct rds_name name = {
		"DBSubnetGroupName", "db_subnet_group_name", 255, "._-"};
	const char *text = js_str(desired, name.member);
	rds_check_name(&name, desired, node, findings);
	if (text && strcmp(text, "default") == 0)
		findings_error(findings, place_of(node, name.field), "choose another name",
			"the subnet group 'default' is AWS's own");
	if (json_array_size(json_object_get(desired, "SubnetIds")) < 2)
		findings_error(findings, place_of(node, "subnets"), "add a subnet of another zone",
			"a subnet group needs two subnets at least");
}

// clang-format off
#define MODIFY \
	{.operation = "ModifyDBSubnetGroup", .flags = CALL_MERGE | CALL_REPEATABLE, \
	 .args = ARGS({"DBSubnetGroupName": "@id", "DBSubnetGroupDescription": "@desired.DBSubnetGroupDescription", "SubnetIds": "@desired.SubnetIds"})}

static const struct field fields[] = {
	{.name = "db_subnet_group_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the region, in lower case"},
	{.name = "db_subnet_group_description", .preset = "\"Held by Holdfast\"", .update = MODIFY, .summary = "what it is for"},
	{.name = "subnets", .member = "SubnetIds", .type = FIELD_REFS, .ref = "subnet", .observed = "Subnets[].SubnetIdentifier", .flags = FIELD_REQUIRED, .update = MODIFY,
	 .summary = "of one network, in at least two zones"},
	{.name = "vpc_id", .member = "VpcId", .flags = FIELD_COMPUTED, .summary = "the network of the subnets"},
	{0},
};

const struct kind db_subnet_group_kind = {
	.name = "db_subnet_group",
	.layer = "data",
	.service = "rds",
	.summary = "the subnets in which databases may stand",
	.tagging = &rds_tagging,
	.fields = fields,
	.observe = {
		.list = {.operation = "DescribeDBSubnetGroups", .items = "DBSubnetGroups"},
		.by_id = ARGS({"DBSubnetGroupName": "@id"}),
		.follows = {{.operation = "ListTagsForResource", .args = ARGS({"ResourceName": "@item.DBSubnetGroupArn"}), .from = "TagList", .into = "TagList"}},
		.id = "DBSubnetGroupName",
		.arn = "DBSubnetGroupArn",
		.tag_types = "rds:subgrp",
		.key = "@{desired.DBSubnetGroupName}",
	},
	.create = {.operation = "CreateDBSubnetGroup"},
	.remove = {.operation = "DeleteDBSubnetGroup", .args = ARGS({"DBSubnetGroupName": "@id"}), .flags = CALL_REPEATABLE},
	// Subnets may be too new to be known; on delete, databases take minutes to go.
	.not_yet = (const char *const[]){"InvalidSubnet", "InvalidDBSubnetGroupStateFault", "InvalidDBSubnetStateFault", NULL},
	.holds_data = true,
	.is_whole_anew = true,
	.check = check,
};
// clang-format on
