// JSON answers and errors by real shapes, and what was decoded encoded again as an input.
#include "aws/wire.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const calls[][2] = {
	{"ecs", "DescribeTaskDefinition"},
	{"ecs", "DescribeServices"},
	{"kms", "DescribeKey"},
	{"logs", "DescribeMetricFilters"},
	{"cloudwatch", "DescribeAlarms"},
	{"cloudwatch", "GetMetricData"},
	{"sqs", "GetQueueAttributes"},
	{"secretsmanager", "DescribeSecret"},
	{"opensearch", "DescribeDomain"},
	{"firehose", "DescribeDeliveryStream"},
	{"application-autoscaling", "DescribeScalingPolicies"},
	{"logs", "PutRetentionPolicy"},
};

static const char *const inputs[][2] = {
	{"ecs", "RegisterTaskDefinition"},
	{"ecs", "CreateService"},
	{"ec2", "AuthorizeSecurityGroupIngress"},
	{"ec2", "CreateVpcEndpoint"},
	{"rds", "ModifyDBInstance"},
	{"sns", "CreateTopic"},
	{"opensearch", "CreateDomain"},
	{"s3", "PutBucketLifecycleConfiguration"},
	{"cloudwatch", "PutMetricAlarm"},
	{"kms", "CreateKey"},
};

static void decode(const uint8_t *data, size_t size, uint8_t choice)
{
	const char *const *call = calls[choice % ARRAY_COUNT(calls)];
	const struct operation *operation = service_operation(model_service(call[0]), call[1]);
	char *body = malloc(size + 1);
	if (!body)
		return;
	memcpy(body, data, size);
	struct wire_answer answer = {.status = 200, .body = body, .body_bytes = size};
	json_t *output;
	struct err err = wire_decode(operation, &answer, &output, NULL);
	if (err_is(&err) ? output != NULL : !json_is_object(output))
		abort();
	json_decref(output);
	struct wire_error error;
	wire_error(&answer, &error);
	if (!str_is_utf8(error.message, strlen(error.message)))
		abort();
	free(body);
}

static void encode(const uint8_t *data, size_t size, uint8_t choice)
{
	const char *const *call = inputs[choice % ARRAY_COUNT(inputs)];
	_cleanup_json_ json_t *input = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	if (!input)
		return;
	struct wire_request request;
	struct err err =
		wire_encode(service_operation(model_service(call[0]), call[1]), input, &request);
	if (err_is(&err)) {
		if (err.class != ERR_INVALID)
			abort();
		return;
	}
	char *query = wire_query(&request.query, true);
	if (!query || request.path[0] != '/')
		abort();
	free(query);
	wire_request_done(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 0x80)
		encode(data + 1, size - 1, data[0] & 0x7f);
	else
		decode(data + 1, size - 1, data[0]);
	return 0;
}
