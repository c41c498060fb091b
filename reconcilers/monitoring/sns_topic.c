// A topic, and who may do what with it. Its ARN follows from account, region and name, so it is
// read directly. AWS keeps nearly all of it as text attributes, set in the create call and later
// one a call; an empty text takes an attribute away.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

// "A FIFO topic's name must end with the .fifo suffix" (CreateTopic).
static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *name = js_str(desired, "Name"), *fifo = js_str(desired, "FifoTopic");
	bool is_fifo = str_eq_null(fifo, "true");
	size_t length = name ? strlen(name) : 0, stem = length;
	bool ends = length > 5 && str_eq(name + length - 5, ".fifo");
	if (ends)
		stem -= 5;
	if (name &&
		(length > 256 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789-_") != stem))
		findings_error(findings, place_of(node, "name"),
			"write letters, digits, '-' and '_', at most 256",
			"'%s' is no name of a topic", name);
	else if (name && is_fifo != ends)
		findings_error(findings, place_of(node, is_fifo ? "name" : "fifo_topic"),
			is_fifo ? "give it a 'name:' that ends with .fifo"
				: "add 'fifo_topic: true'",
			is_fifo ? "the name of a FIFO topic ends with .fifo, and '%s' does not"
				: "topic '%s' is named like a FIFO topic and is none",
			name);
	static const char *const only_fifo[][2] = {
		{"ContentBasedDeduplication", "content_based_deduplication"},
		{"FifoThroughputScope", "fifo_throughput_scope"},
		{"ArchivePolicy", "archive_policy"}};
	for (size_t i = 0; !is_fifo && i < ARRAY_COUNT(only_fifo); i++)
		if (json_object_get(desired, only_fifo[i][0]))
			findings_error(findings, place_of(node, only_fifo[i][1]),
				"take it out, or add 'fifo_topic: true'",
				"%s is for FIFO topics only", only_fifo[i][1]);
}

// clang-format off
#define SET(attribute)                                                                             \
	{.operation = "SetTopicAttributes", .flags = CALL_REPEATABLE,                               \
	 .args = ARGS({"TopicArn": "@id", "AttributeName": attribute, "AttributeValue": "@value"})}
#define ATTRIBUTE(as, attribute, ...) \
	{.name = as, .member = attribute, .shape = "SetTopicAttributes:AttributeValue", .update = SET(attribute), __VA_ARGS__}
#define FEEDBACK(as, success, rate, failure, to) \
	ATTRIBUTE(as "_success_feedback_role_arn", success, .absent = "\"\"", .summary = to ": the role that logs deliveries"), \
	ATTRIBUTE(as "_success_feedback_sample_rate", rate, .compare = COMPARE_NUMBER, .summary = to ": percent of deliveries that are logged"), \
	ATTRIBUTE(as "_failure_feedback_role_arn", failure, .absent = "\"\"", .summary = to ": the role that logs failures")

static const struct field fields[] = {
	{.name = "name", .flags = FIELD_NAME | FIELD_CREATE_ONLY, .observed = "TopicArn", .after_last = ":", .summary = "unique in the region; ends with .fifo for FIFO topics"},
	{.name = "fifo_topic", .member = "FifoTopic", .shape = "SetTopicAttributes:AttributeValue", .flags = FIELD_CREATE_ONLY, .absent = "\"false\"", .values = "true false",
	 .summary = "strict order, exactly once"},
	ATTRIBUTE("display_name", "DisplayName", .absent = "\"\"", .summary = "the sender of e-mails and text messages"),
	ATTRIBUTE("policy_document", "Policy", .compare = COMPARE_POLICY, .summary = "who may publish and subscribe; unless given, the account"),
	ATTRIBUTE("delivery_policy", "DeliveryPolicy", .compare = COMPARE_JSON, .summary = "retries for HTTP and HTTPS endpoints"),
	{.name = "kms_key", .member = "KmsMasterKeyId", .type = FIELD_REF, .ref = "kms_key", .ref_attr = "Arn", .absent = "\"\"", .update = SET("KmsMasterKeyId"),
	 .summary = "encryption at rest; kms_master_key_id: an id, an alias (alias/aws/sns), or '' for none"},
	ATTRIBUTE("signature_version", "SignatureVersion", .compare = COMPARE_NUMBER, .absent = "\"1\"", .values = "1 2", .summary = "1: SHA1, 2: SHA256"),
	ATTRIBUTE("tracing_config", "TracingConfig", .absent = "\"PassThrough\"", .values = "PassThrough Active", .summary = "X-Ray: PassThrough or Active"),
	ATTRIBUTE("content_based_deduplication", "ContentBasedDeduplication", .absent = "\"false\"", .values = "true false", .summary = "FIFO: equal contents are sent once"),
	ATTRIBUTE("fifo_throughput_scope", "FifoThroughputScope", .absent = "\"Topic\"", .values = "Topic MessageGroup", .summary = "FIFO: in which deduplication holds"),
	ATTRIBUTE("archive_policy", "ArchivePolicy", .compare = COMPARE_JSON, .summary = "FIFO: how long messages can be replayed"),
	FEEDBACK("http", "HTTPSuccessFeedbackRoleArn", "HTTPSuccessFeedbackSampleRate", "HTTPFailureFeedbackRoleArn", "HTTP(S)"),
	FEEDBACK("firehose", "FirehoseSuccessFeedbackRoleArn", "FirehoseSuccessFeedbackSampleRate", "FirehoseFailureFeedbackRoleArn", "Firehose"),
	FEEDBACK("lambda", "LambdaSuccessFeedbackRoleArn", "LambdaSuccessFeedbackSampleRate", "LambdaFailureFeedbackRoleArn", "Lambda"),
	FEEDBACK("application", "ApplicationSuccessFeedbackRoleArn", "ApplicationSuccessFeedbackSampleRate", "ApplicationFailureFeedbackRoleArn", "mobile applications"),
	FEEDBACK("sqs", "SQSSuccessFeedbackRoleArn", "SQSSuccessFeedbackSampleRate", "SQSFailureFeedbackRoleArn", "SQS"),
	{.name = "data_protection_policy", .compare = COMPARE_JSON,
	 .update = {.operation = "PutDataProtectionPolicy", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceArn": "@id", "DataProtectionPolicy": "@value"})},
	 .summary = "what is audited, masked or refused in messages"},
	{0},
};

static const struct tagging tagging = {
	.create = ARGS({"Tags": "@tags"}),
	.observed = "Tags",
	.add = {.operation = "TagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceArn": "@id", "Tags": "@tags"})},
	.remove = {.operation = "UntagResource", .flags = CALL_REPEATABLE, .args = ARGS({"ResourceArn": "@id", "TagKeys": "@tag_keys"})},
};

const struct kind sns_topic_kind = {
	.name = "sns_topic",
	.layer = "monitoring",
	.service = "sns",
	.summary = "where notifications are published",
	.tagging = &tagging,
	.fields = fields,
	.observe = {
		.list = {"GetTopicAttributes", ARGS({"TopicArn": "@each"}), "Attributes", .each = "arn:@{partition}:sns:@{region}:@{account}:@{desired.Name}"},
		.follows = {{.operation = "ListTagsForResource", .args = ARGS({"ResourceArn": "@id"}), .from = "Tags", .into = "Tags"},
			    {.operation = "GetDataProtectionPolicy", .args = ARGS({"ResourceArn": "@id"}), .from = "DataProtectionPolicy", .into = "DataProtectionPolicy",
			     .field = "data_protection_policy"}},
		.id = "TopicArn",
		.arn = "TopicArn",
		.tag_types = "sns",
		.key = "arn:@{partition}:sns:@{region}:@{account}:@{desired.Name}",
	},
	.create = {.operation = "CreateTopic",
		   .args = ARGS({"Attributes": {
			"FifoTopic": "@desired.FifoTopic", "DisplayName": "@desired.DisplayName", "Policy": "@desired.Policy", "DeliveryPolicy": "@desired.DeliveryPolicy",
			"KmsMasterKeyId": "@desired.KmsMasterKeyId", "SignatureVersion": "@desired.SignatureVersion", "TracingConfig": "@desired.TracingConfig",
			"ContentBasedDeduplication": "@desired.ContentBasedDeduplication", "FifoThroughputScope": "@desired.FifoThroughputScope", "ArchivePolicy": "@desired.ArchivePolicy",
			"HTTPSuccessFeedbackRoleArn": "@desired.HTTPSuccessFeedbackRoleArn", "HTTPSuccessFeedbackSampleRate": "@desired.HTTPSuccessFeedbackSampleRate",
			"HTTPFailureFeedbackRoleArn": "@desired.HTTPFailureFeedbackRoleArn",
			"FirehoseSuccessFeedbackRoleArn": "@desired.FirehoseSuccessFeedbackRoleArn", "FirehoseSuccessFeedbackSampleRate": "@desired.FirehoseSuccessFeedbackSampleRate",
			"FirehoseFailureFeedbackRoleArn": "@desired.FirehoseFailureFeedbackRoleArn",
			"LambdaSuccessFeedbackRoleArn": "@desired.LambdaSuccessFeedbackRoleArn", "LambdaSuccessFeedbackSampleRate": "@desired.LambdaSuccessFeedbackSampleRate",
			"LambdaFailureFeedbackRoleArn": "@desired.LambdaFailureFeedbackRoleArn",
			"ApplicationSuccessFeedbackRoleArn": "@desired.ApplicationSuccessFeedbackRoleArn", "ApplicationSuccessFeedbackSampleRate": "@desired.ApplicationSuccessFeedbackSampleRate",
			"ApplicationFailureFeedbackRoleArn": "@desired.ApplicationFailureFeedbackRoleArn",
			"SQSSuccessFeedbackRoleArn": "@desired.SQSSuccessFeedbackRoleArn", "SQSSuccessFeedbackSampleRate": "@desired.SQSSuccessFeedbackSampleRate",
			"SQSFailureFeedbackRoleArn": "@desired.SQSFailureFeedbackRoleArn"}})},
	.created_id = "TopicArn",
	.remove = {.operation = "DeleteTopic", .args = ARGS({"TopicArn": "@id"}), .flags = CALL_REPEATABLE},
	.ends = DISRUPTS_CONNECTIONS,
	// Of a role or a key that is too young.
	.not_yet = (const char *const[]){"InvalidParameter", "KMSNotFound", "KMSAccessDenied", "ConcurrentAccess", NULL},
	.check = check,
};
// clang-format on
