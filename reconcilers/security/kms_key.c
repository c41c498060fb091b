// A KMS key with its aliases. CreateKey has no token, so a key that was lost on the way is found by
// its tags; the tagging API only hints at it, DescribeKey proves it. A key is never deleted, only
// scheduled to be: until then it is restored when it is still declared.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

enum { WINDOW_LEAST = 7, WINDOW_MOST = 30 };

static bool is_symmetric(const json_t *desired)
{
	const char *spec = js_str(desired, "KeySpec");
	const char *origin = js_str(desired, "Origin");
	return (!spec || str_eq(spec, "SYMMETRIC_DEFAULT")) &&
	       (!origin || str_eq(origin, "AWS_KMS"));
}

static void check_aliases(const json_t *desired, const struct node *node, struct findings *findings)
{
	size_t i;
	json_t *alias;
	json_array_foreach (json_object_get(desired, "Aliases"), i, alias) {
		const char *name = js_str(alias, "AliasName");
		if (!name)
			continue;
		if (str_starts(name, "alias/aws/"))
			findings_error(findings, place_of_item(node, "alias", i),
				"choose another name",
				"names that begin with 'alias/aws/' are AWS's own");
		else if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789/_-")])
			findings_error(findings, place_of_item(node, "alias", i),
				"use letters, digits, '/', '_' and '-'", "'%s' is no alias", name);
	}
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	bool rotates = json_is_true(json_object_get(desired, "KeyRotationEnabled"));
	int64_t window = js_int(desired, "PendingWindowInDays", WINDOW_MOST);
	if (rotates && !is_symmetric(desired))
		findings_error(findings, place_of(node, "enable_key_rotation"),
			"take it out: rotate such a key by making another and moving the alias",
			"AWS rotates only symmetric keys whose material is its own");
	if (json_object_get(desired, "RotationPeriodInDays") && !rotates)
		findings_error(findings, place_of(node, "rotation_period_in_days"),
			"add 'enable_key_rotation: true'",
			"rotation_period_in_days says nothing without rotation");
	if (window < WINDOW_LEAST || window > WINDOW_MOST)
		findings_error(findings, place_of(node, "pending_window_in_days"),
			"write a number from 7 to 30", "a deleted key waits 7 to 30 days, not %lld",
			(long long)window);
	check_aliases(desired, node, findings);
}

// clang-format off
#define BOOLEAN "CreateKey:BypassPolicyLockoutSafetyCheck"

static const struct field alias_fields[] = {
	{.name = "alias_name", .member = "AliasName", .shape = "CreateAlias:AliasName", .expand = "alias/{value}", .expanded = "alias/*", .flags = FIELD_REQUIRED, .summary = "the name, with or without 'alias/'"},
	{0},
};

static const struct field fields[] = {
	{.name = "description", .update = {.operation = "UpdateKeyDescription", .args = ARGS({"KeyId": "@id", "Description": "@value"}), .flags = CALL_REPEATABLE},
	 .observed = "Key.Description", .summary = "what it protects"},
	{.name = "key_policy", .member = "Policy", .compare = COMPARE_POLICY,
	 .update = {.operation = "PutKeyPolicy", .flags = CALL_REPEATABLE,
		    .args = ARGS({"KeyId": "@id", "PolicyName": "default", "Policy": "@value", "BypassPolicyLockoutSafetyCheck": "@desired.BypassPolicyLockoutSafetyCheck"})},
	 .summary = "who may use it; AWS's own (the account's IAM policies decide) unless given"},
	{.name = "bypass_policy_lockout_safety_check", .flags = FIELD_CREATE_ONLY | FIELD_WRITE_ONLY, .summary = "true: also a policy that locks the daemon itself out"},
	{.name = "key_spec", .flags = FIELD_CREATE_ONLY, .observed = "Key.KeySpec", .summary = "SYMMETRIC_DEFAULT unless given"},
	{.name = "key_usage", .flags = FIELD_CREATE_ONLY, .observed = "Key.KeyUsage", .summary = "ENCRYPT_DECRYPT unless given"},
	{.name = "origin", .flags = FIELD_CREATE_ONLY, .observed = "Key.Origin", .summary = "where its material comes from: AWS_KMS unless given"},
	{.name = "multi_region", .flags = FIELD_CREATE_ONLY, .observed = "Key.MultiRegion", .summary = "true: may have replicas in other regions"},
	{.name = "custom_key_store_id", .flags = FIELD_CREATE_ONLY, .observed = "Key.CustomKeyStoreId", .summary = "the key store, with origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE"},
	{.name = "xks_key_id", .member = "XksKeyId", .flags = FIELD_CREATE_ONLY, .observed = "Key.XksKeyConfiguration.Id", .summary = "the external key, with origin EXTERNAL_KEY_STORE"},
	{.name = "enabled", .member = "Enabled", .shape = BOOLEAN, .observed = "Key.Enabled", .preset = "true", .fresh = "true", .flags = FIELD_AFTER_CREATE, .disrupts = DISRUPTS_CONNECTIONS,
	 .unless = {"KeyState", "PendingImport"},
	 .update = {.operation = "EnableKey", .args = ARGS({"KeyId": "@id"}), .flags = CALL_REPEATABLE},
	 .off = {.operation = "DisableKey", .args = ARGS({"KeyId": "@id"}), .flags = CALL_REPEATABLE},
	 .summary = "false: nothing can be encrypted or decrypted with it"},
	{.name = "enable_key_rotation", .member = "KeyRotationEnabled", .shape = BOOLEAN, .observed = "Rotation.KeyRotationEnabled", .fresh = "false", .flags = FIELD_AFTER_CREATE,
	 .update = {.operation = "EnableKeyRotation", .args = ARGS({"KeyId": "@id", "RotationPeriodInDays": "@desired.RotationPeriodInDays"}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .off = {.operation = "DisableKeyRotation", .args = ARGS({"KeyId": "@id"}), .flags = CALL_REPEATABLE},
	 .summary = "true: AWS makes new material every year, or as often as rotation_period_in_days says"},
	{.name = "rotation_period_in_days", .member = "RotationPeriodInDays", .shape = "EnableKeyRotation:RotationPeriodInDays", .observed = "Rotation.RotationPeriodInDays", .flags = FIELD_AFTER_CREATE,
	 .update = {.operation = "EnableKeyRotation", .args = ARGS({"KeyId": "@id", "RotationPeriodInDays": "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE},
	 .summary = "90 to 2560 days; 365 unless given"},
	{.name = "alias", .member = "Aliases", .type = FIELD_ITEMS, .items = alias_fields, .key = (const char *const[]){"AliasName", NULL}, .scalar = "AliasName", .exclusive = "exclusive_aliases",
	 .add = {.operation = "UpdateAlias", .args = ARGS({"AliasName": "@item.AliasName", "TargetKeyId": "@id"}), .flags = CALL_REPEATABLE,
		 .find = {"DescribeKey", ARGS({"KeyId": "@item.AliasName"}), "KeyMetadata.KeyId"},
		 .else_operation = "CreateAlias", .else_args = ARGS({"AliasName": "@item.AliasName", "TargetKeyId": "@id"})},
	 .remove = {.operation = "DeleteAlias", .args = ARGS({"AliasName": "@item.AliasName"}), .flags = CALL_REPEATABLE},
	 .summary = "a name for it, or a list of them; one that leads to another key is led back"},
	{.name = "exclusive_aliases", .type = FIELD_FLAG, .preset = "true", .summary = "false: aliases that the file does not list may stay"},
	{.name = "pending_window_in_days", .member = "PendingWindowInDays", .shape = "ScheduleKeyDeletion:PendingWindowInDays", .flags = FIELD_AFTER_CREATE | FIELD_WRITE_ONLY,
	 .summary = "how long it can be restored after its deletion: 7 to 30 days; 30 unless given"},
	{.name = "arn", .member = "Arn", .observed = "Key.Arn", .flags = FIELD_COMPUTED, .summary = "its ARN"},
	{.name = "key_id", .member = "KeyId", .observed = "Key.KeyId", .flags = FIELD_COMPUTED, .summary = "its id, the end of the ARN"},
	{.name = "alias_arn", .member = "AliasArn", .observed = "Aliases.0.AliasArn", .flags = FIELD_COMPUTED, .summary = "ARN of its (first) alias"},
	{.name = "alias_name", .member = "AliasName", .observed = "Aliases.0.AliasName", .flags = FIELD_COMPUTED, .summary = "its (first) alias"},
	{.name = "key_state", .member = "KeyState", .observed = "Key.KeyState", .flags = FIELD_COMPUTED, .summary = "AWS's word for its state"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagResource", .args = ARGS({"KeyId": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagResource", .args = ARGS({"KeyId": "@id", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
	.form = TAGS_TAG_KEY,
};

const struct kind kms_key_kind = {
	.name = "kms_key",
	.layer = "security",
	.service = "kms",
	.summary = "a key that encrypts what others store",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetResources", NULL, "ResourceTagMappingList", .service = "resourcegroupstaggingapi"},
		.joins = {{.list = {"ListAliases", ARGS({"Limit": 100}), "Aliases"}, .by = "arn:@{partition}:kms:@{region}:@{account}:key/@{item.TargetKeyId}", .into = "Aliases", .field = "alias"}},
		.follows = {
			{"DescribeKey", ARGS({"KeyId": "@id"}), "KeyMetadata", "Key", .is_proof = true},
			{"GetKeyPolicy", ARGS({"KeyId": "@id", "PolicyName": "default"}), "Policy", "Policy", .field = "key_policy"},
			{"GetKeyRotationStatus", ARGS({"KeyId": "@id"}), "", "Rotation", .field = "enable_key_rotation"},
			{"ListResourceTags", ARGS({"KeyId": "@id"}), "Tags", "Tags"},
		},
		.id = "ResourceARN",
		.arn = "ResourceARN",
		.tag_types = "kms:key",
		// In a wrong state, or none that rotates: then there is no such thing to be compared.
		.absent = (const char *const[]){"KMSInvalidStateException", "UnsupportedOperationException", NULL},
	},
	.states = {.path = "Key.KeyState", .pending = "Creating Updating", .restorable = {"Key.KeyState", "Pending*Deletion"}},
	.conditions = (const struct condition[]){
		{.path = "Key.KeyState", .glob = "PendingImport", .reason = "PendingImport", .message = "@{item.Key.KeyState}: import its key material (kms:ImportKeyMaterial)"},
		{.path = "Key.KeyState", .glob = "Unavailable", .reason = "Unavailable", .message = "@{item.Key.KeyState}: is its key store connected?"},
		{0}},
	.create = {.operation = "CreateKey"},
	.created_id = "KeyMetadata.Arn",
	.restore = (const struct call[]){
		{.operation = "CancelKeyDeletion", .args = ARGS({"KeyId": "@id"}), .flags = CALL_REPEATABLE},
		{.operation = "EnableKey", .args = ARGS({"KeyId": "@id"}), .flags = CALL_REPEATABLE},
		{0}},
	// Its aliases go with it when AWS deletes it in the end; until then a successor takes them over.
	.remove = {.operation = "ScheduleKeyDeletion", .args = ARGS({"KeyId": "@observed.KeyId", "PendingWindowInDays": "@desired.PendingWindowInDays"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"MalformedPolicyDocumentException", NULL},
	.holds_data = true,
	.check = check,
};
// clang-format on
