// A bucket: here of access logs and of what the log path could not deliver.
//
// S3 keeps each aspect of a bucket (encryption, policy, ...) in a document of its own, with a call
// that replaces it and one that reads it; only those are read that the file sets. "Not set" is an
// error code there, and no failure. Tags are one document too. A bucket is never emptied by us.
//
// That it is there is told by the read of its encryption, which every bucket has had since 2023.
// The names of buckets are the world's: each call says whose we mean, and AWS denies another's.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"
#include <ctype.h>

// "Bucket naming rules" of the S3 user guide.
static const char *name_trouble(const char *name)
{
	static const char *const starts[] = {"xn--", "sthree-", "amzn-s3-demo-"};
	static const char *const ends[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
	size_t bytes = strlen(name), dots = 0, digits = 0;
	if (bytes < 3 || bytes > 63)
		return "must have 3 to 63 characters";
	for (const char *p = name; *p; p++) {
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-' &&
			*p != '.')
			return "may only have small letters, digits, hyphens and dots";
		dots += *p == '.';
		digits += isdigit((unsigned char)*p) != 0;
	}
	if (!isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[bytes - 1]))
		return "must begin and end with a letter or a digit";
	if (strstr(name, ".."))
		return "has two dots in a row";
	if (dots == 3 && digits + dots == bytes)
		return "looks like an IP address";
	for (size_t i = 0; i < ARRAY_COUNT(starts); i++)
		if (str_starts(name, starts[i]))
			return "begins with what AWS keeps for itself";
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++)
		if (str_ends(name, ends[i]))
			return "ends with what AWS keeps for itself";
	return NULL;
}

// All objects, or those below a prefix, in one spelling: S3 took 'Prefix' of the rule before it
// took a filter, and shows "no filter" as an empty prefix. What is read beside the rules is a field
// of its own.
static void canon_lifecycle(json_t *lifecycle)
{
	size_t i;
	json_t *rule;
	json_object_del(lifecycle, "TransitionDefaultMinimumObjectSize");
	json_array_foreach (json_object_get(lifecycle, "Rules"), i, rule) {
		json_t *filter = json_object_get(rule, "Filter"),
		       *prefix = json_object_get(rule, "Prefix");
		if (json_is_string(prefix) && json_object_size(filter) == 0) {
			json_object_set_new(rule, "Filter", json_pack("{s:O}", "Prefix", prefix));
			json_object_del(rule, "Prefix");
		} else if (filter && json_object_size(filter) == 0) {
			json_object_set_new(rule, "Filter", json_pack("{s:s}", "Prefix", ""));
		}
	}
}

static void check_rule(const json_t *rule, struct place place, struct findings *findings)
{
	static const char *const actions[] = {"Expiration", "Transitions",
		"NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
		"AbortIncompleteMultipartUpload"};
	bool acts = false;
	for (size_t i = 0; i < ARRAY_COUNT(actions); i++)
		acts = acts || json_object_get(rule, actions[i]);
	if (!acts)
		findings_error(findings, place,
			"add 'expiration:', 'transitions:' or another action",
			"a lifecycle rule that does nothing");
	if (!json_object_get(rule, "Filter") && !json_object_get(rule, "Prefix"))
		findings_error(findings, place, "add 'filter: {}' for all objects",
			"a lifecycle rule needs a filter");
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "Bucket");
	const char *trouble = name ? name_trouble(name) : NULL;
	if (trouble)
		findings_error(findings, place_of(node, "bucket"),
			"give it a 'bucket:' of its own, such as "
			"${stack.name}-logs-${stack.account}",
			"the name of a bucket %s: '%s'", trouble, name);
	const struct node *lifecycle = node_get(node, "lifecycle_configuration");
	size_t i;
	json_t *rule;
	json_array_foreach (js_at(desired, "LifecycleConfiguration.Rules"), i, rule)
		check_rule(rule, place_of_item(lifecycle, "rules", i), findings);
	if (js_at(desired, "VersioningConfiguration.MFADelete"))
		findings_error(findings, place_of(node, "versioning_configuration"),
			"take 'mfa_delete:' out and set it as root with the CLI",
			"AWS takes mfa_delete only with a code of the root user's device");
}

// clang-format off
#define PUT(name, member, value) \
	{.operation = name, .flags = CALL_REPEATABLE, .args = ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account", member: value})}
#define OURS ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account"})

static const struct field fields[] = {
	{.name = "bucket", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "each",
	 .summary = "the name, one of its kind in the world: ${stack.name}-logs-${stack.account} does not clash"},
	{.name = "public_access_block_configuration", .member = "PublicAccessBlockConfiguration", .shape = "PutPublicAccessBlock:PublicAccessBlockConfiguration",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_LOOSE, .update = PUT("PutPublicAccessBlock", "PublicAccessBlockConfiguration", "@whole"),
	 .summary = "what of public ACLs and policies is refused; set all four"},
	{.name = "ownership_controls", .member = "OwnershipControls", .shape = "PutBucketOwnershipControls:OwnershipControls",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_LOOSE, .update = PUT("PutBucketOwnershipControls", "OwnershipControls", "@value"),
	 .summary = "whose the objects are; BucketOwnerEnforced switches ACLs off"},
	{.name = "server_side_encryption_configuration", .member = "ServerSideEncryptionConfiguration", .shape = "PutBucketEncryption:ServerSideEncryptionConfiguration",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_LOOSE, .update = PUT("PutBucketEncryption", "ServerSideEncryptionConfiguration", "@value"),
	 .summary = "how new objects are encrypted: AES256, or aws:kms with a key (by its ARN) and bucket_key_enabled"},
	{.name = "versioning_configuration", .member = "VersioningConfiguration", .shape = "PutBucketVersioning:VersioningConfiguration", .observed = "Versioning",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_LOOSE, .update = PUT("PutBucketVersioning", "VersioningConfiguration", "@value"),
	 .summary = "Enabled keeps what is overwritten or deleted; then only Suspended, never off"},
	{.name = "lifecycle_configuration", .member = "LifecycleConfiguration", .shape = "PutBucketLifecycleConfiguration:LifecycleConfiguration", .observed = "Lifecycle",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_WHOLE, .canon = canon_lifecycle,
	 .update = {.operation = "PutBucketLifecycleConfiguration", .flags = CALL_MERGE | CALL_REPEATABLE,
		    .args = ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account", "LifecycleConfiguration": "@value", "TransitionDefaultMinimumObjectSize": "@desired.TransitionDefaultMinimumObjectSize"})},
	 .summary = "when objects change their class or go: all rules there are, in any order"},
	{.name = "transition_default_minimum_object_size", .member = "TransitionDefaultMinimumObjectSize", .shape = "PutBucketLifecycleConfiguration:TransitionDefaultMinimumObjectSize",
	 .observed = "Lifecycle.TransitionDefaultMinimumObjectSize", .flags = FIELD_AFTER_CREATE | FIELD_QUIET,
	 .update = {.operation = "PutBucketLifecycleConfiguration", .flags = CALL_MERGE | CALL_REPEATABLE,
		    .args = ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account", "LifecycleConfiguration": "@desired.LifecycleConfiguration", "TransitionDefaultMinimumObjectSize": "@value"})},
	 .summary = "below which size lifecycle rules leave objects where they are"},
	{.name = "bucket_logging_status", .member = "BucketLoggingStatus", .shape = "PutBucketLogging:BucketLoggingStatus", .observed = "Logging",
	 .flags = FIELD_AFTER_CREATE, .compare = COMPARE_LOOSE, .update = PUT("PutBucketLogging", "BucketLoggingStatus", "@value"),
	 .summary = "the bucket and prefix to which requests are logged"},
	{.name = "policy_document", .member = "Policy", .shape = "PutBucketPolicy:Policy", .flags = FIELD_AFTER_CREATE, .compare = COMPARE_POLICY,
	 .update = PUT("PutBucketPolicy", "Policy", "@value"),
	 .summary = "who may do what; TLS only: deny s3:* to * with Bool: {\"aws:SecureTransport\": \"false\"}"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"CreateBucketConfiguration": {"Tags": "@tags"}}),
	.observed = "TagSet",
	.add = {.operation = "PutBucketTagging", .args = ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account", "Tagging": {"TagSet": "@all_tags"}}), .flags = CALL_REPEATABLE},
	.remove = {.operation = "PutBucketTagging", .args = ARGS({"Bucket": "@id", "ExpectedBucketOwner": "@account", "Tagging": {"TagSet": "@all_tags"}}), .flags = CALL_REPEATABLE},
};

const struct kind s3_bucket_kind = {
	.name = "s3_bucket",
	.layer = "data",
	.service = "s3",
	.summary = "a bucket of objects",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetBucketEncryption", ARGS({"Bucket": "@each", "ExpectedBucketOwner": "@account"}), "", .each = "@{desired.Bucket}",
			 .bare = "ServerSideEncryptionConfigurationNotFoundError"},
		.own = {"ListBuckets", ARGS({"BucketRegion": "@region", "Prefix": "@each"}), "Buckets[].Name"},
		.follows = {
			{"GetBucketTagging", OURS, "TagSet", "TagSet"},
			{"GetPublicAccessBlock", OURS, "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", "public_access_block_configuration"},
			{"GetBucketOwnershipControls", OURS, "OwnershipControls", "OwnershipControls", "ownership_controls"},
			{"GetBucketVersioning", OURS, "", "Versioning", "versioning_configuration"},
			{"GetBucketLifecycleConfiguration", OURS, "", "Lifecycle", "lifecycle_configuration"},
			{"GetBucketLogging", OURS, "", "Logging", "bucket_logging_status"},
			{"GetBucketPolicy", OURS, "Policy", "Policy", "policy_document"}},
		.id = "each",
		.arn = "arn:@{partition}:s3:::@{item.each}",
		.tag_types = "s3",
		.key = "@{desired.Bucket}",
		// The last two: one of ours in another region, whose name cannot be had in this one.
		.absent = (const char *const[]){"NoSuchTagSet", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration",
			"PermanentRedirect", "AuthorizationHeaderMalformed", NULL},
	},
	// "By default, the bucket is created in us-east-1", which is no value of LocationConstraint.
	.create = {.operation = "CreateBucket", .args = ARGS({"CreateBucketConfiguration": {"LocationConstraint": "@region!=us-east-1"}})},
	.remove = {.operation = "DeleteBucket", .args = OURS, .flags = CALL_REPEATABLE},
	.not_yet = (const char *const[]){"NoSuchBucket", "OperationAborted", "MalformedPolicy", NULL},
	.remedies = (const struct remedy[]){
		{"BucketNotEmpty", "empty the bucket, all versions too: Holdfast deletes no objects"},
		{"BucketAlreadyExists", "another account has this name: give it a 'bucket:' of its own"},
		{"BucketAlreadyOwnedByYou", "this account has it in another region: choose another name"},
		{0}},
	.holds_data = true,
	.check = check,
};
// clang-format on
