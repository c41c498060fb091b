// XML answers and XML error documents, by real shapes of ec2, query and rest-xml services.
#include "aws/wire.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const calls[][2] = {
	{"ec2", "DescribeSecurityGroups"},
	{"ec2", "DescribeNatGateways"},
	{"ec2", "DeleteVpc"},
	{"iam", "GetAccountAuthorizationDetails"},
	{"rds", "DescribeDBInstances"},
	{"sns", "GetTopicAttributes"},
	{"elbv2", "DescribeRules"},
	{"s3", "GetBucketLifecycleConfiguration"},
	{"s3", "GetBucketLocation"},
	{"s3", "ListBuckets"},
};

// What was decoded must fit the model again: every value has the type that its shape says.
static void check(const struct operation *operation, const json_t *output)
{
	if (!json_is_object(output))
		abort();
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)output, name, value) {
		if (!operation_output(operation) ||
			!shape_member(operation_output(operation), name))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	// The first byte chooses the operation, the rest is the body, in a block of exactly its
	// size.
	const char *const *call = calls[data[0] % ARRAY_COUNT(calls)];
	const struct operation *operation = service_operation(model_service(call[0]), call[1]);
	char *body = malloc(size);
	if (!body)
		return 0;
	memcpy(body, data + 1, size - 1);
	struct wire_answer answer = {.status = 200, .body = body, .body_bytes = size - 1};
	char id[WIRE_ID_BYTES];
	json_t *output;
	struct err err = wire_decode(operation, &answer, &output, id);
	if (!err_is(&err))
		check(operation, output);
	else if (output || err.class != ERR_TRANSIENT)
		abort();
	json_decref(output);
	struct wire_error error;
	wire_error(&answer, &error);
	if (!str_is_utf8(error.code, strlen(error.code)))
		abort();
	free(body);
	return 0;
}
