// A secret of Secrets Manager. Its value never stands in the file: it is generated once, or
// referred to; what is compared is the id of the version in force, a keyed hash of the value
// (CreateSecret: the ClientRequestToken becomes the VersionId). So nothing here ever reads a value
// back.
//
// ListSecrets "might not reflect changes from the last five minutes": what differs in it is read by
// DescribeSecret before anything is done about it. A deleted secret stays for its recovery window,
// and its name with it: it is restored, not made anew.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

enum { WINDOW_LEAST = 7, WINDOW_MOST = 30 };

// {"<version>": ["AWSCURRENT", ...]} -> the version in force.
static json_t *current_version(const json_t *versions)
{
	const char *version;
	json_t *stages, *stage;
	size_t i;
	json_object_foreach ((json_t *)versions, version, stages)
		json_array_foreach (stages, i, stage)
			if (str_eq_null(json_string_value(stage), "AWSCURRENT"))
				return json_string(version);
	return NULL;
}

static void canon(json_t *observed)
{
	json_t *version = current_version(json_object_get(observed, "SecretString"));
	if (version)
		json_object_set_new(observed, "SecretString", version);
	else
		json_object_del(observed, "SecretString");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	int64_t window = js_int(desired, "RecoveryWindowInDays", WINDOW_MOST);
	const struct node *enabled = node_get(node, "rotation_enabled");
	const char *name = js_str(desired, "Name");
	if (window < WINDOW_LEAST || window > WINDOW_MOST)
		findings_error(findings, place_of(node, "recovery_window_in_days"),
			"write a number from 7 to 30",
			"a deleted secret waits 7 to 30 days, not %lld", (long long)window);
	if (enabled && enabled->type == NODE_BOOL && !enabled->boolean &&
		json_object_get(desired, "RotationRules"))
		findings_error(findings, place_of(node, "rotation_rules"),
			"take it out, or 'rotation_enabled: false'",
			"rotation_rules turns rotation on, and rotation_enabled turns it off");
	if (json_object_get(desired, "RotationRules") && !node_get(node, "value_from") &&
		!node_get(node, "generate"))
		findings_warning(findings, place_of(node, "rotation_rules"),
			"add 'generate: {...}' or 'value_from: {...}'",
			"AWS rotates only a secret that has a value");
	size_t length = name ? strlen(name) : 0;
	if (length > 7 && name[length - 7] == '-' && !strchr(name + length - 6, '-') &&
		!strchr(name + length - 6, '/'))
		findings_warning(findings, place_of(node, "name"), "let it end otherwise",
			"a name that ends in '-' and six characters is taken for a part of an ARN");
}

// clang-format off
#define UPDATE(member) {.operation = "UpdateSecret", .args = ARGS({"SecretId": "@id", member: "@value"}), .flags = CALL_MERGE | CALL_REPEATABLE}
#define ROTATE {.operation = "RotateSecret", .flags = CALL_MERGE, \
	.args = ARGS({"SecretId": "@id", "ClientRequestToken": "@token", "RotationLambdaARN": "@desired.RotationLambdaARN", "RotationRules": "@desired.RotationRules", "RotateImmediately": "@desired.RotateImmediately"})}

static const struct field fields[] = {
	{.name = "name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .summary = "its name; AWS adds six characters to it in the ARN"},
	{.name = "description", .update = UPDATE("Description"), .summary = "what it opens"},
	{.name = "kms_key", .member = "KmsKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .compare = COMPARE_ARN_NAME, .update = UPDATE("KmsKeyId"),
	 .summary = "the key that encrypts it; AWS's own (aws/secretsmanager) unless given"},
	{.name = "value_from", .member = "SecretString", .shape = "CreateSecret:SecretString", .type = FIELD_SOURCE, .form = SOURCE_REFERRED, .mark = MARKED_KEYED, .flags = FIELD_QUIET,
	 .observed = "SecretVersionsToStages|VersionIdsToStages", .unless = {"RotationEnabled", "true"},
	 .instead_of = "value secret_string secret_value secret_binary password secret",
	 // A value that it had before still has its version: nothing is written, only the label moves.
	 .update = {.operation = "UpdateSecretVersionStage", .flags = CALL_REPEATABLE,
		    .args = ARGS({"SecretId": "@id", "VersionStage": "AWSCURRENT", "MoveToVersionId": "@value", "RemoveFromVersionId": "@old"}),
		    .find = {"ListSecretVersionIds", ARGS({"SecretId": "@id", "IncludeDeprecated": true, "MaxResults": 100}), "Versions[VersionId=@value].VersionId"},
		    .else_operation = "PutSecretValue", .else_args = ARGS({"SecretId": "@id", "ClientRequestToken": "@value", "SecretString": {"@source": "SecretString"}})},
	 .summary = "where its value is: {env: NAME} or {file: /path}, read by the daemon when it is needed, and again at each reload"},
	{.name = "generate", .member = "SecretString", .shape = "CreateSecret:SecretString", .type = FIELD_SOURCE, .form = SOURCE_MADE, .flags = FIELD_QUIET | FIELD_WRITE_ONLY,
	 .summary = "a random value, made once, at its creation: {password_length: 32, exclude_punctuation: true, template: '{\"username\": \"app\"}', key: password}"},
	{.name = "resource_policy", .member = "ResourcePolicy", .shape = "PutResourcePolicy:ResourcePolicy", .compare = COMPARE_POLICY, .flags = FIELD_AFTER_CREATE,
	 .update = {.operation = "PutResourcePolicy", .args = ARGS({"SecretId": "@id", "ResourcePolicy": "@value", "BlockPublicPolicy": "@desired.BlockPublicPolicy"}), .flags = CALL_REPEATABLE},
	 .summary = "who may read it beside what IAM says"},
	{.name = "block_public_policy", .member = "BlockPublicPolicy", .shape = "PutResourcePolicy:BlockPublicPolicy", .flags = FIELD_AFTER_CREATE | FIELD_WRITE_ONLY, .preset = "true",
	 .summary = "false: also a resource_policy that lets everybody in is sent"},
	{.name = "rotation_enabled", .member = "RotationEnabled", .shape = "RotateSecret:RotateImmediately", .flags = FIELD_AFTER_CREATE, .update = ROTATE,
	 .off = {.operation = "CancelRotateSecret", .args = ARGS({"SecretId": "@id"}), .flags = CALL_REPEATABLE},
	 .summary = "follows from rotation_rules; false turns rotation off"},
	{.name = "rotation_lambda_arn", .member = "RotationLambdaARN", .shape = "RotateSecret:RotationLambdaARN", .flags = FIELD_AFTER_CREATE, .update = ROTATE,
	 .summary = "the function that rotates it; none for secrets that a service manages"},
	{.name = "rotation_rules", .member = "RotationRules", .shape = "RotateSecret:RotationRules", .flags = FIELD_AFTER_CREATE, .compare = COMPARE_SUBSET, .sets = "RotationEnabled=true", .update = ROTATE,
	 .summary = "when: automatically_after_days, or schedule_expression and duration; a value that AWS rotated is no drift"},
	{.name = "rotate_immediately", .member = "RotateImmediately", .shape = "RotateSecret:RotateImmediately", .flags = FIELD_AFTER_CREATE | FIELD_WRITE_ONLY, .summary = "false: first at the next time of the rules"},
	{.name = "recovery_window_in_days", .member = "RecoveryWindowInDays", .shape = "DeleteSecret:RecoveryWindowInDays", .flags = FIELD_AFTER_CREATE | FIELD_WRITE_ONLY,
	 .summary = "how long it can be restored after its deletion: 7 to 30 days; 30 unless given"},
	{.name = "arn", .member = "ARN", .flags = FIELD_COMPUTED, .summary = "its ARN; another one when it is made anew"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagResource", .args = ARGS({"SecretId": "@id", "Tags": "@tags"}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "UntagResource", .args = ARGS({"SecretId": "@id", "TagKeys": "@tag_keys"}), .flags = CALL_REPEATABLE},
};

const struct kind secret_kind = {
	.name = "secret",
	.layer = "security",
	.service = "secretsmanager",
	.summary = "a value that only its readers see",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"ListSecrets", ARGS({"IncludePlannedDeletion": true, "MaxResults": 100,
			 "Filters": [{"Key": "tag-key", "Values": ["holdfast:stack"]}, {"Key": "tag-value", "Values": ["@stack"]}]}), "SecretList"},
		.confirm = {"DescribeSecret", ARGS({"SecretId": {"@if": "@id", "@then": "@id", "@else": "@key"}}), ""},
		.lags = true,
		.follows = {{"GetResourcePolicy", ARGS({"SecretId": "@id"}), "ResourcePolicy", "ResourcePolicy", .field = "resource_policy"}},
		.id = "ARN",
		.arn = "ARN",
		.key = "@{desired.Name}",
		.item_key = "Name",
	},
	.states = {.restorable = {"DeletedDate", "?*"}},
	.create = {.operation = "CreateSecret", .args = ARGS({"ClientRequestToken": "@desired.SecretString"})},
	.created_id = "ARN",
	.restore = (const struct call[]){{.operation = "RestoreSecret", .args = ARGS({"SecretId": "@id"}), .flags = CALL_REPEATABLE}, {0}},
	.remove = {.operation = "DeleteSecret", .args = ARGS({"SecretId": "@id", "RecoveryWindowInDays": "@desired.RecoveryWindowInDays"}), .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"MalformedPolicyDocumentException", NULL},
	.holds_data = true,
	.canon = canon,
	.needs = "kms:Decrypt kms:GenerateDataKey",
	.check = check,
};
// clang-format on
