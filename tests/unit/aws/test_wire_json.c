// json 1.0 and 1.1: targets, bodies, answers.
#include "wire_helpers.h"

static void the_target_header_names_the_operation(void **state)
{
	(void)state;
	struct wire_request request = encoded("kms", "DescribeKey", "{'KeyId': 'alias/x'}");
	assert_string_equal(header_of(&request, "X-Amz-Target"), "TrentService.DescribeKey");
	assert_string_equal(header_of(&request, "Content-Type"), "application/x-amz-json-1.1");
	assert_null(header_of(&request, "x-amzn-query-mode"));
	assert_string_equal(buf_str(&request.body), "{\"KeyId\":\"alias/x\"}");
	assert_string_equal(request.path, "/");
	wire_request_done(&request);
	request = encoded("cloudwatch", "DescribeAlarms", "{}");
	assert_string_equal(header_of(&request, "X-Amz-Target"),
		"GraniteServiceVersion20100801.DescribeAlarms");
	assert_string_equal(header_of(&request, "Content-Type"), "application/x-amz-json-1.0");
	assert_string_equal(header_of(&request, "x-amzn-query-mode"), "true");
	assert_string_equal(buf_str(&request.body), "{}");
	wire_request_done(&request);
}

static void numbers_keep_their_digits(void **state)
{
	(void)state;
	assert_body("cloudwatch", "PutMetricAlarm",
		"{'AlarmName': 'a', 'EvaluationPeriods': 3, 'ComparisonOperator': "
		"'GreaterThanThreshold', 'Threshold': 0.1, 'ActionsEnabled': true}",
		"{\"AlarmName\":\"a\",\"EvaluationPeriods\":3,\"ComparisonOperator\":"
		"\"GreaterThanThreshold\",\"Threshold\":0.1,\"ActionsEnabled\":true}");
}

static void maps_and_lists_are_themselves(void **state)
{
	(void)state;
	assert_body("logs", "CreateLogGroup",
		"{'logGroupName': '/ecs/shop', 'tags': {'holdfast:stack': 'shop', 'empty': ''}}",
		"{\"logGroupName\":\"/ecs/shop\",\"tags\":{\"holdfast:stack\":\"shop\","
		"\"empty\":\"\"}}");
	assert_body("ecs", "CreateService",
		"{'serviceName': 's', 'loadBalancers': [], 'networkConfiguration': "
		"{'awsvpcConfiguration': {'subnets': ['s-1'], 'assignPublicIp': 'DISABLED'}}, "
		"'desiredCount': 0}",
		"{\"serviceName\":\"s\",\"loadBalancers\":[],\"networkConfiguration\":"
		"{\"awsvpcConfiguration\":{\"subnets\":[\"s-1\"],\"assignPublicIp\":\"DISABLED\"}},"
		"\"desiredCount\":0}");
}

static void times_are_rfc_3339_whatever_the_wire_says(void **state)
{
	(void)state;
	assert_json(decoded("kms", "DescribeKey",
			    "{\"KeyMetadata\": {\"KeyId\": \"k\", \"CreationDate\": "
			    "1.763891280123E9}}"),
		"{'KeyMetadata': {'KeyId': 'k', 'CreationDate': '2025-11-23T09:48:00.123Z'}}");
	assert_json(decoded("kms", "DescribeKey",
			    "{\"KeyMetadata\": {\"KeyId\": \"k\", \"CreationDate\": 1763891280}}"),
		"{'KeyMetadata': {'KeyId': 'k', 'CreationDate': '2025-11-23T09:48:00Z'}}");
}

static void nulls_and_unknown_members_are_absent(void **state)
{
	(void)state;
	assert_json(decoded("logs", "DescribeLogGroups",
			    "{\"logGroups\": [{\"logGroupName\": \"a\", \"retentionInDays\": null, "
			    "\"brandNew\": {\"x\": []}, \"storedBytes\": 12345678901}], "
			    "\"nextToken\": null}"),
		"{'logGroups': [{'logGroupName': 'a', 'storedBytes': 12345678901}]}");
	assert_json(decoded("resourcegroupstaggingapi", "GetResources",
			    "{\"PaginationToken\": null, \"ResourceTagMappingList\": []}"),
		"{'ResourceTagMappingList': []}");
}

static void numbers_have_the_type_of_the_model(void **state)
{
	(void)state;
	json_t *output = decoded("cloudwatch", "DescribeAlarms",
		"{\"MetricAlarms\": [{\"Threshold\": 65, \"Period\": 60.0}]}");
	const json_t *alarm = js_at(output, "MetricAlarms.0");
	assert_true(json_is_real(json_object_get(alarm, "Threshold")));
	assert_true(json_is_integer(json_object_get(alarm, "Period")));
	json_decref(output);
}

static void an_answer_of_nothing_is_only_good_where_nothing_is_expected(void **state)
{
	(void)state;
	assert_json(decoded("logs", "PutRetentionPolicy", ""), "{}");
	assert_json(decoded("logs", "PutRetentionPolicy", "{}"), "{}");
	assert_bad("logs", "PutRetentionPolicy", "<!doctype html><html></html>");
	assert_bad("logs", "DescribeLogGroups", "");
	assert_bad("logs", "DescribeLogGroups", "[]");
	assert_bad("logs", "DescribeLogGroups", "null");
	assert_bad("logs", "DescribeLogGroups", "<html></html>");
	assert_bad("logs", "DescribeLogGroups", "{\"logGroups\": {}}");
	assert_bad("logs", "DescribeLogGroups", "{\"logGroups\": [1]}");
	assert_bad("logs", "DescribeLogGroups", "{\"logGroups\": \"\"}");
}

static void the_request_id_comes_from_the_headers(void **state)
{
	(void)state;
	char names[2][32] = {"Content-Type", "X-Amzn-RequestId"};
	char values[2][32] = {"text/html", "abc-1"};
	struct http_header headers[] = {{names[0], values[0]}, {names[1], values[1]}};
	struct wire_answer answer = {200, headers, 2, "{}", 2};
	char id[WIRE_ID_BYTES];
	json_t *output;
	struct err err = wire_decode(the_operation("kms", "ListKeys"), &answer, &output, id);
	assert_false(err_is(&err));
	assert_string_equal(id, "abc-1");
	json_decref(output);
	answer.body_bytes = 1;
	err = wire_decode(the_operation("kms", "ListKeys"), &answer, &output, id);
	assert_string_equal(err.code, "BadAnswer");
	assert_string_equal(err.request_id, "abc-1");
}

static void a_cut_answer_is_never_a_success(void **state)
{
	(void)state;
	const char *whole = "{\"Keys\": [{\"KeyId\": \"a\", \"KeyArn\": \"b\\u00e9\"}], "
			    "\"Truncated\": false}";
	for (size_t n = 0; n < strlen(whole); n++)
		assert_bad_bytes("kms", "ListKeys", whole, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_target_header_names_the_operation),
		cmocka_unit_test(numbers_keep_their_digits),
		cmocka_unit_test(maps_and_lists_are_themselves),
		cmocka_unit_test(times_are_rfc_3339_whatever_the_wire_says),
		cmocka_unit_test(nulls_and_unknown_members_are_absent),
		cmocka_unit_test(numbers_have_the_type_of_the_model),
		cmocka_unit_test(an_answer_of_nothing_is_only_good_where_nothing_is_expected),
		cmocka_unit_test(the_request_id_comes_from_the_headers),
		cmocka_unit_test(a_cut_answer_is_never_a_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
