// An IAM role: who may assume it, and what it may do, inline and by policies of its own.
//
// GetAccountAuthorizationDetails shows all roles of the account at once, with their documents,
// attachments, boundaries and tags; only ListRoles has description and session length, and is read
// when a file sets one of them (so they are quiet: another role's wish must not look like news of
// this one). "UpdateRole" takes both together. Roles are global and have no
// filter by tag: ours is the one that has our name. Policies that the file does not list are taken
// away, or a role could quietly gain rights.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	enum { MOST_ATTACHED = 20, MOST_INLINE_BYTES = 10240 };
	const char *path = js_str(desired, "Path");
	if (path && (*path != '/' || !str_ends(path, "/")))
		findings_error(findings, place_of(node, "path"), "write it as /team/",
			"path '%s' must begin and end with '/'", path);
	if (path && str_starts(path, "/aws-service-role/"))
		findings_error(findings, place_of(node, "path"),
			"declare a service_linked_role, or name its ARN where it is used",
			"roles under /aws-service-role/ belong to AWS's services");
	// "10 by default, 20 at most" (IAM and AWS STS quotas).
	size_t attached = json_array_size(json_object_get(desired, "ManagedPolicies"));
	if (attached > MOST_ATTACHED)
		findings_error(findings, place_of(node, "managed_policies"),
			"put some of them together into one policy",
			"%zu managed policies, AWS takes at most %d", attached, MOST_ATTACHED);
	size_t i, bytes = 0;
	json_t *policy;
	json_array_foreach (json_object_get(desired, "Policies"), i, policy) {
		const char *document = js_str(policy, "PolicyDocument");
		for (const char *p = document; p && *p; p++) // "IAM does not count white space"
			bytes += !strchr(" \t\r\n", *p);
	}
	if (bytes > MOST_INLINE_BYTES)
		findings_error(findings, place_of(node, "policies"),
			"make an iam_policy of some of them and list it in 'managed_policies'",
			"%zu characters in inline policies, AWS takes at most %d", bytes,
			MOST_INLINE_BYTES);
}

// clang-format off
#define UPDATE_ROLE {.operation = "UpdateRole", .args = ARGS({"RoleName": "@id"}), .flags = CALL_WHOLE | CALL_REPEATABLE}

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagRole", .args = ARGS({"RoleName": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagRole", .args = ARGS({"RoleName": "@id", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

static const struct field inline_fields[] = {
	{.name = "policy_name", .member = "PolicyName", .summary = "its name in the role"},
	{.name = "policy_document", .member = "PolicyDocument", .compare = COMPARE_POLICY, .summary = "what it allows and denies"},
	{0},
};

static const struct field attached_fields[] = {
	{.name = "policy", .member = "PolicyArn", .type = FIELD_REF, .ref = "iam_policy", .flags = FIELD_REQUIRED, .summary = "a policy of the file, or the ARN of another, such as AWS's own"},
	{0},
};

static const struct field fields[] = {
	{.name = "role_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "unique in the account, whatever its case"},
	{.name = "path", .flags = FIELD_CREATE_ONLY, .summary = "part of the ARN, such as /team/; / unless given"},
	{.name = "assume_role_policy", .member = "AssumeRolePolicyDocument", .flags = FIELD_REQUIRED, .compare = COMPARE_POLICY,
	 .update = {.operation = "UpdateAssumeRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyDocument": "@value"}), .flags = CALL_REPEATABLE},
	 .summary = "who may assume it"},
	{.name = "description", .flags = FIELD_QUIET, .observed = "Details.0.Description", .update = UPDATE_ROLE, .summary = "what it is for"},
	{.name = "max_session_duration", .flags = FIELD_QUIET, .observed = "Details.0.MaxSessionDuration", .update = UPDATE_ROLE,
	 .summary = "seconds that credentials of it may last; 3600 unless given"},
	{.name = "permissions_boundary", .member = "PermissionsBoundary", .type = FIELD_REF, .ref = "iam_policy", .flags = FIELD_NARROWS,
	 .observed = "PermissionsBoundary.PermissionsBoundaryArn",
	 .update = {.operation = "PutRolePermissionsBoundary", .args = ARGS({"RoleName": "@id", "PermissionsBoundary": "@value"}), .flags = CALL_REPEATABLE},
	 .summary = "the most that its policies can grant: a policy of the file, or an ARN"},
	{.name = "policies", .member = "Policies", .type = FIELD_ITEMS, .items = inline_fields, .pair_key = "PolicyName", .pair_value = "PolicyDocument",
	 .observed = "RolePolicyList", .preset = "[]", .key = (const char *const[]){"PolicyName", NULL}, .exclusive = "exclusive",
	 .add = {.operation = "PutRolePolicy", .flags = CALL_REPEATABLE,
		 .args = ARGS({"RoleName": "@id", "PolicyName": "@item.PolicyName", "PolicyDocument": "@item.PolicyDocument"})},
	 .change = {.operation = "PutRolePolicy", .flags = CALL_REPEATABLE,
		    .args = ARGS({"RoleName": "@id", "PolicyName": "@item.PolicyName", "PolicyDocument": "@item.PolicyDocument"})},
	 .remove = {.operation = "DeleteRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyName": "@item.PolicyName"}), .flags = CALL_REPEATABLE},
	 .summary = "what it may do: documents by name, part of the role"},
	{.name = "managed_policies", .member = "ManagedPolicies", .type = FIELD_ITEMS, .items = attached_fields, .scalar = "PolicyArn",
	 .observed = "AttachedManagedPolicies", .preset = "[]", .key = (const char *const[]){"PolicyArn", NULL}, .exclusive = "exclusive",
	 .add = {.operation = "AttachRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyArn": "@item.PolicyArn"}), .flags = CALL_REPEATABLE},
	 .remove = {.operation = "DetachRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyArn": "@item.PolicyArn"}), .flags = CALL_REPEATABLE},
	 .summary = "what else it may do: policies of the file by name, others by ARN"},
	{.name = "exclusive", .type = FIELD_FLAG, .preset = "true", .summary = "false: policies that the file does not list may stay"},
	{.name = "role_id", .member = "RoleId", .flags = FIELD_COMPUTED, .summary = "AROA...: another one after each creation"},
	{.name = "instance_profiles", .member = "InstanceProfiles", .observed = "InstanceProfileList[].InstanceProfileName", .flags = FIELD_COMPUTED,
	 .summary = "the names of those that carry it"},
	{0},
};

const struct kind iam_role_kind = {
	.name = "iam_role",
	.layer = "security",
	.service = "iam",
	.summary = "an identity that services and people assume, with what it may do",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetAccountAuthorizationDetails", ARGS({"Filter": ["Role"], "MaxItems": 1000}), "RoleDetailList"},
		.joins = {{.list = {"ListRoles", ARGS({"MaxItems": 1000}), "Roles"}, .by = "RoleName", .into = "Details",
			   .field = "description|max_session_duration"}},
		.id = "RoleName",
		.arn = "Arn",
		.key = "@{desired.RoleName}",
	},
	.create = {.operation = "CreateRole"},
	.created_id = "Role.RoleName",
	.teardown = (const struct call[]){
		{.operation = "DetachRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyArn": "@item.PolicyArn"}), .each = "observed.ManagedPolicies", .flags = CALL_REPEATABLE},
		{.operation = "DeleteRolePolicy", .args = ARGS({"RoleName": "@id", "PolicyName": "@item.PolicyName"}), .each = "observed.Policies", .flags = CALL_REPEATABLE},
		{.operation = "RemoveRoleFromInstanceProfile", .args = ARGS({"RoleName": "@id", "InstanceProfileName": "@item"}), .each = "observed.InstanceProfiles", .flags = CALL_REPEATABLE},
		{0}},
	.remove = {.operation = "DeleteRole", .args = ARGS({"RoleName": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	// A principal or a policy that was made a moment ago is not known everywhere for some seconds.
	.not_yet = (const char *const[]){"MalformedPolicyDocument", "NoSuchEntity", "DeleteConflict", "ConcurrentModification", "EntityTemporarilyUnmodifiable", NULL},
	.check = check,
};
// clang-format on
