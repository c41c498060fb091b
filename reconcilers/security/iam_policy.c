// A customer managed policy: one document, of which AWS keeps five versions.
//
// A change is a new version, made the default; the oldest of five goes first ("A managed policy can
// have up to five versions"). GetAccountAuthorizationDetails shows all policies with all versions;
// only tags are read for each of ours. Name and path make the ARN, which is the id.
#include "base/num.h"
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static int64_t version_number(const json_t *version)
{
	const char *id = json_string_value(version);
	int64_t number;
	return id && *id == 'v' && num_parse_i64(id + 1, 1, INT64_MAX, &number) ? number : 0;
}

// "OldVersions": those that are not the default, the newest first; AWS tells no order. The fourth
// of them is the oldest of five.
static void derive(json_t *item)
{
	json_t *old = json_array();
	size_t i;
	json_t *version;
	json_array_foreach (json_object_get(item, "PolicyVersionList"), i, version) {
		json_t *id = json_object_get(version, "VersionId");
		size_t at = 0;
		if (js_bool(version, "IsDefaultVersion", false) || !json_is_string(id))
			continue;
		while (at < json_array_size(old) &&
			version_number(json_array_get(old, at)) > version_number(id))
			at++;
		json_array_insert(old, at, id);
	}
	json_object_set_new(item, "OldVersions", old);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { MOST_CHARACTERS = 6144 };
	const char *path = js_str(desired, "Path"), *document = js_str(desired, "PolicyDocument");
	size_t characters = 0;
	if (path && (*path != '/' || !str_ends(path, "/")))
		findings_error(findings, place_of(node, "path"), "write it as /team/",
			"path '%s' must begin and end with '/'", path);
	for (const char *p = document; p && *p; p++) // "IAM does not count white space"
		characters += !strchr(" \t\r\n", *p);
	if (characters > MOST_CHARACTERS)
		findings_error(findings, place_of(node, "policy_document"),
			"split it into several policies",
			"%zu characters in policy_document, AWS takes at most %d", characters,
			MOST_CHARACTERS);
}

// clang-format off
static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagPolicy", .args = ARGS({"PolicyArn": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagPolicy", .args = ARGS({"PolicyArn": "@id", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

static const struct field fields[] = {
	{.name = "policy_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "Arn", .after_last = "/", .summary = "unique in the account, whatever its case"},
	{.name = "path", .flags = FIELD_CREATE_ONLY, .preset = "\"/\"", .summary = "part of the ARN, such as /team/"},
	{.name = "description", .flags = FIELD_CREATE_ONLY, .summary = "what it is for; AWS never lets it change"},
	{.name = "policy_document", .flags = FIELD_REQUIRED, .compare = COMPARE_POLICY, .observed = "PolicyVersionList[IsDefaultVersion=true].Document",
	 .unset = {.operation = "DeletePolicyVersion", .args = ARGS({"PolicyArn": "@id", "VersionId": "@!observed.OldVersions.3"}), .flags = CALL_REPEATABLE},
	 .update = {.operation = "CreatePolicyVersion", .args = ARGS({"PolicyArn": "@id", "PolicyDocument": "@value", "SetAsDefault": true})},
	 .summary = "what it allows and denies; each change is a new version"},
	{.name = "default_version_id", .member = "DefaultVersionId", .flags = FIELD_COMPUTED, .summary = "v1, v2, ..."},
	{.name = "old_versions", .member = "OldVersions", .flags = FIELD_COMPUTED, .summary = "those that AWS keeps beside it, the newest first"},
	{0},
};

const struct kind iam_policy_kind = {
	.name = "iam_policy",
	.layer = "security",
	.service = "iam",
	.summary = "a policy of the account, to be attached to roles",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetAccountAuthorizationDetails", ARGS({"Filter": ["LocalManagedPolicy"], "MaxItems": 1000}), "Policies"},
		.follows = {{.operation = "ListPolicyTags", .args = ARGS({"PolicyArn": "@id", "MaxItems": 100}), .from = "Tags", .into = "Tags"}},
		.id = "Arn",
		.arn = "Arn",
		.key = "arn:@{partition}:iam::@{account}:policy@{desired.Path}@{desired.PolicyName}",
		.derive = derive,
		.derived = (const char *const[]){"OldVersions", NULL},
	},
	.create = {.operation = "CreatePolicy"},
	.created_id = "Policy.Arn",
	.teardown = (const struct call[]){
		{.operation = "DetachRolePolicy", .args = ARGS({"PolicyArn": "@id", "RoleName": "@found"}), .flags = CALL_NEEDS_FOUND | CALL_WHILE_FOUND | CALL_REPEATABLE,
		 .find = {"ListEntitiesForPolicy", ARGS({"PolicyArn": "@id", "EntityFilter": "Role", "PolicyUsageFilter": "PermissionsPolicy"}), "PolicyRoles[].RoleName"}},
		{.operation = "DetachUserPolicy", .args = ARGS({"PolicyArn": "@id", "UserName": "@found"}), .flags = CALL_NEEDS_FOUND | CALL_WHILE_FOUND | CALL_REPEATABLE,
		 .find = {"ListEntitiesForPolicy", ARGS({"PolicyArn": "@id", "EntityFilter": "User", "PolicyUsageFilter": "PermissionsPolicy"}), "PolicyUsers[].UserName"}},
		{.operation = "DetachGroupPolicy", .args = ARGS({"PolicyArn": "@id", "GroupName": "@found"}), .flags = CALL_NEEDS_FOUND | CALL_WHILE_FOUND | CALL_REPEATABLE,
		 .find = {"ListEntitiesForPolicy", ARGS({"PolicyArn": "@id", "EntityFilter": "Group", "PolicyUsageFilter": "PermissionsPolicy"}), "PolicyGroups[].GroupName"}},
		{.operation = "DeletePolicyVersion", .args = ARGS({"PolicyArn": "@id", "VersionId": "@item"}), .each = "observed.OldVersions", .flags = CALL_REPEATABLE},
		{0}},
	.remove = {.operation = "DeletePolicy", .args = ARGS({"PolicyArn": "@id"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"NoSuchEntity", "DeleteConflict", "ConcurrentModification", "EntityTemporarilyUnmodifiable", NULL},
	.check = check,
};
// clang-format on
