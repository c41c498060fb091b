// Who is told of what a topic publishes. A subscription is known by its topic, protocol and
// endpoint: until its receiver has confirmed it, AWS gives it no ARN, shows no attributes and
// cannot delete it. Such a one is as the file says and is shown as waiting; subscribing again would
// send another confirmation message each time.
#include "base/str.h"
#include "core/kind.h"
#include "core/place.h"

static void check_endpoint(
	const char *protocol, const char *endpoint, struct place place, struct findings *findings)
{
	bool is_web = str_eq(protocol, "http") || str_eq(protocol, "https");
	bool is_mail = str_eq(protocol, "email") || str_eq(protocol, "email-json");
	bool is_arn = str_eq(protocol, "sqs") || str_eq(protocol, "lambda") ||
		      str_eq(protocol, "firehose") || str_eq(protocol, "application");
	size_t scheme = strlen(protocol);
	if (is_web && (strncmp(endpoint, protocol, scheme) != 0 ||
			      strncmp(endpoint + scheme, "://", 3) != 0))
		findings_error(findings, place, "write the whole URL",
			"the endpoint of protocol %s begins with '%s://'", protocol, protocol);
	else if (is_web &&
		 strcspn(endpoint + scheme + 3, "@") < strcspn(endpoint + scheme + 3, "/?#"))
		// "****" stands for the password in AWS's answers, so it could never be found
		// again.
		findings_error(findings, place, "let the endpoint check the signature instead",
			"an endpoint with a password in it cannot be held: AWS does not show it");
	else if (is_mail && !strchr(endpoint, '@'))
		findings_error(findings, place, "write an e-mail address",
			"the endpoint of protocol %s is no e-mail address", protocol);
	else if (str_eq(protocol, "sms") &&
		 (*endpoint != '+' || endpoint[1 + strspn(endpoint + 1, "0123456789")] ||
			 !endpoint[1]))
		findings_error(findings, place, "write it as +491701234567",
			"the endpoint of protocol sms is no phone number in international form");
	else if (is_arn && !str_starts(endpoint, "arn:"))
		findings_error(findings, place, "write its ARN",
			"the endpoint of protocol %s is no ARN", protocol);
}

static void check(const json_t *desired, const struct node *node, struct findings *findings)
{
	const char *protocol = js_str(desired, "Protocol"), *endpoint = js_str(desired, "Endpoint");
	if (protocol && endpoint)
		check_endpoint(protocol, endpoint, place_of(node, "endpoint"), findings);
	if (str_eq_null(protocol, "firehose") && !json_object_get(desired, "SubscriptionRoleArn"))
		findings_error(findings, place_of(node, "protocol"),
			"add 'subscription_role: <name of an iam_role>'",
			"a subscription of a Firehose stream needs a role");
	if (json_object_get(desired, "SubscriptionRoleArn") && !str_eq_null(protocol, "firehose"))
		findings_error(findings,
			node_get(node, "subscription_role")
				? place_of(node, "subscription_role")
				: place_of(node, "subscription_role_arn"),
			"take it out", "subscription_role is for protocol firehose only");
}

// clang-format off
#define ATTRIBUTE(as, attribute, ...)                                                              \
	{.name = as, .member = attribute, .shape = "SetSubscriptionAttributes:AttributeValue", .observed = "Attributes." attribute, \
	 .update = {.operation = "SetSubscriptionAttributes", .flags = CALL_REPEATABLE,             \
		    .args = ARGS({"SubscriptionArn": "@observed.SubscriptionArn", "AttributeName": attribute, "AttributeValue": "@value"})}, __VA_ARGS__}

static const struct field fields[] = {
	{.name = "topic", .member = "TopicArn", .type = FIELD_REF, .ref = "sns_topic", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "what it listens to"},
	{.name = "protocol", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .values = "email email-json sms http https sqs lambda firehose application", .summary = "how messages go out"},
	{.name = "endpoint", .flags = FIELD_REQUIRED | FIELD_CREATE_ONLY, .summary = "where to: an address, a number, a URL, an ARN"},
	ATTRIBUTE("filter_policy", "FilterPolicy", .compare = COMPARE_JSON, .summary = "only messages that match"),
	ATTRIBUTE("filter_policy_scope", "FilterPolicyScope", .absent = "\"MessageAttributes\"", .values = "MessageAttributes MessageBody", .summary = "what the filter looks at"),
	ATTRIBUTE("raw_message_delivery", "RawMessageDelivery", .absent = "\"false\"", .values = "true false", .summary = "the message alone, without SNS's envelope"),
	ATTRIBUTE("delivery_policy", "DeliveryPolicy", .compare = COMPARE_JSON, .summary = "retries for HTTP and HTTPS"),
	ATTRIBUTE("redrive_policy", "RedrivePolicy", .compare = COMPARE_JSON, .summary = "the queue for what could not be delivered"),
	ATTRIBUTE("subscription_role", "SubscriptionRoleArn", .type = FIELD_REF, .ref = "iam_role", .ref_attr = "Arn", .summary = "firehose: what it may write with"),
	ATTRIBUTE("replay_policy", "ReplayPolicy", .compare = COMPARE_JSON, .summary = "FIFO: replay from the archive"),
	{.name = "subscription_arn", .member = "SubscriptionArn", .flags = FIELD_COMPUTED, .summary = "AWS's id; PendingConfirmation until confirmed"},
	{0},
};

static const struct condition conditions[] = {
	{.path = "SubscriptionArn", .glob = "PendingConfirmation", .reason = "PendingConfirmation", .is_progress = true,
	 .message = "waits until @{item.Endpoint} confirms it; AWS drops it after some days"},
	{0},
};

const struct kind sns_subscription_kind = {
	.name = "sns_subscription",
	.layer = "monitoring",
	.service = "sns",
	.summary = "a receiver of a topic's notifications",
	.fields = fields,
	.observe = {
		.list = {"ListSubscriptions", NULL, "Subscriptions"},
		.follows = {{.operation = "GetSubscriptionAttributes", .args = ARGS({"SubscriptionArn": "@item.SubscriptionArn"}), .from = "Attributes", .into = "Attributes",
			     .field = "filter_policy|filter_policy_scope|raw_message_delivery|delivery_policy|redrive_policy|subscription_role|replay_policy",
			     .unless = {"SubscriptionArn", "PendingConfirmation"}}},
		.strays = {.under = "topic", .spared = {"SubscriptionArn", "PendingConfirmation"}}, // gets nothing, and cannot be ended
		.id = "@{item.TopicArn} @{item.Protocol} @{item.Endpoint}",
		.key = "@{desired.TopicArn} @{desired.Protocol} @{desired.Endpoint}",
	},
	// What was unsubscribed is listed for a while.
	.states = {.path = "SubscriptionArn", .gone = "Deleted", .past = "Deleted"},
	.conditions = conditions,
	.create = {.operation = "Subscribe",
		   .args = ARGS({"Attributes": {
			"FilterPolicy": "@desired.FilterPolicy", "FilterPolicyScope": "@desired.FilterPolicyScope", "RawMessageDelivery": "@desired.RawMessageDelivery",
			"DeliveryPolicy": "@desired.DeliveryPolicy", "RedrivePolicy": "@desired.RedrivePolicy", "SubscriptionRoleArn": "@desired.SubscriptionRoleArn",
			"ReplayPolicy": "@desired.ReplayPolicy"}})},
	// An unconfirmed one cannot be unsubscribed; AWS drops it by itself.
	.remove = {.operation = "Unsubscribe", .flags = CALL_REPEATABLE, .when = {"SubscriptionArn", "arn:*"}, .args = ARGS({"SubscriptionArn": "@observed.SubscriptionArn"})},
	.not_yet = (const char *const[]){"InvalidParameter", "NotFound", NULL},
	.needs = "iam:PassRole",
	.check = check,
};
// clang-format on
