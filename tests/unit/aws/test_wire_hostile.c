// Answers that nobody should send: each ends in a classified error, none in a crash or a success.
#include "wire_helpers.h"

static char *repeat(const char *head, const char *unit, size_t times, const char *tail)
{
	struct buf out;
	buf_init(&out, 0);
	buf_adds(&out, head);
	for (size_t i = 0; i < times; i++)
		buf_adds(&out, unit);
	buf_adds(&out, tail);
	return buf_take(&out);
}

static void assert_bad_repeat(const char *service, const char *operation, const char *head,
	const char *unit, size_t times, const char *tail)
{
	char *text = repeat(head, unit, times, tail);
	assert_bad(service, operation, text);
	free(text);
}

static void xml_ten_thousand_deep_is_refused(void **state)
{
	(void)state;
	assert_bad_repeat("ec2", "DescribeVpcs", "<DescribeVpcsResponse>", "<a>", 10000, "");
	assert_bad_repeat("ec2", "DescribeVpcs", "<DescribeVpcsResponse><vpcSet>", "<item><tagSet>",
		10000, "");
	assert_bad_repeat("ec2", "DescribeVpcs", "", "<DescribeVpcsResponse>", 10000, "");
	assert_bad_repeat("s3", "ListBuckets", "", "<Buckets>", 10000, "");
	assert_bad_repeat(
		"iam", "ListRoles", "<ListRolesResponse>", "<ResponseMetadata>", 10000, "");
}

static void json_ten_thousand_deep_is_refused(void **state)
{
	(void)state;
	assert_bad_repeat("kms", "ListKeys", "{\"Keys\":", "[", 10000, "");
	assert_bad_repeat("kms", "ListKeys", "", "{\"a\":", 10000, "1");
}

static void a_document_type_is_refused_before_it_grows(void **state)
{
	(void)state;
	assert_bad("ec2", "DescribeVpcs",
		"<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">"
		"<!ENTITY lol1 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">"
		"<!ENTITY lol2 \"&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;\">]>"
		"<DescribeVpcsResponse><nextToken>&lol2;</nextToken></DescribeVpcsResponse>");
	assert_bad("ec2", "DescribeVpcs",
		"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><DescribeVpcsResponse/>");
	assert_bad("ec2", "DescribeVpcs",
		"<DescribeVpcsResponse><nextToken>&unknown;</nextToken></DescribeVpcsResponse>");
	struct wire_error error =
		the_error(400, "<!DOCTYPE a [<!ENTITY b \"c\">]><Error><Code>&b;</Code></Error>");
	assert_string_equal(error.code, "");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	(void)state;
	static const char nul[] =
		"<DescribeVpcsResponse><nextToken>a\0b</nextToken></DescribeVpcsResponse>";
	assert_bad_bytes("ec2", "DescribeVpcs", nul, sizeof(nul) - 1);
	assert_bad("ec2", "DescribeVpcs",
		"<DescribeVpcsResponse><nextToken>\xff\xfe</nextToken></DescribeVpcsResponse>");
	assert_bad("ec2", "DescribeVpcs",
		"<DescribeVpcsResponse><nextToken>\xc0\x80</nextToken></DescribeVpcsResponse>");
	assert_bad("ec2", "DescribeVpcs",
		"<DescribeVpcsResponse><nextToken>&#0;</nextToken></DescribeVpcsResponse>");
	// A declared encoding does not change how bytes are read.
	assert_bad("ec2", "DescribeVpcs",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
		"<DescribeVpcsResponse><nextToken>\xe9</nextToken></DescribeVpcsResponse>");
	assert_bad("kms", "ListKeys", "{\"NextMarker\": \"\xff\"}");
	static const char json_nul[] = "{\"NextMarker\": \"a\0b\"}";
	assert_bad_bytes("kms", "ListKeys", json_nul, sizeof(json_nul) - 1);
	assert_bad("kms", "ListKeys", "{\"NextMarker\": \"\\u0000\"}");
	assert_bad("kms", "ListKeys", "{\"NextMarker\": \"\\ud800\"}");
}

static void pages_for_people_are_not_answers(void **state)
{
	(void)state;
	static const char *const pages[] = {
		"<html><head><title>Login</title></head><body><p>Welcome</p></body></html>",
		"<!DOCTYPE html><html><body>Sign in</body></html>",
		"<!doctype html>\n<title>500 Internal Server Error</title>", "Bad Gateway", "OK",
		"\n", ""};
	static const char *const calls[][2] = {{"ec2", "DescribeVpcs"}, {"ec2", "DeleteVpc"},
		{"iam", "ListRoles"}, {"kms", "ListKeys"}, {"opensearch", "ListDomainNames"},
		{"s3", "ListBuckets"}};
	for (size_t p = 0; p < ARRAY_COUNT(pages); p++)
		for (size_t c = 0; c < ARRAY_COUNT(calls); c++)
			assert_bad(calls[c][0], calls[c][1], pages[p]);
}

static void trailing_text_is_refused(void **state)
{
	(void)state;
	assert_bad("ec2", "DescribeVpcs", "<DescribeVpcsResponse/><DescribeVpcsResponse/>");
	assert_bad("ec2", "DescribeVpcs", "<DescribeVpcsResponse/>x");
	assert_bad("kms", "ListKeys", "{}x");
}

static void huge_numbers_and_dates_are_refused_not_wrapped(void **state)
{
	(void)state;
	assert_bad("kms", "DescribeKey",
		"{\"KeyMetadata\": {\"KeyId\": \"a\", \"CreationDate\": 1e300}}");
	assert_bad("kms", "DescribeKey",
		"{\"KeyMetadata\": {\"KeyId\": \"a\", \"CreationDate\": "
		"\"2026-02-30T00:00:00Z\"}}");
	assert_bad("logs", "DescribeLogGroups", "{\"logGroups\": [{\"storedBytes\": 1e30}]}");
	assert_bad("logs", "DescribeLogGroups",
		"{\"logGroups\": [{\"storedBytes\": 99999999999999999999}]}");
	assert_bad("ec2", "DescribeSubnets",
		"<DescribeSubnetsResponse><subnetSet><item><availableIpAddressCount>"
		"9999999999999999999999999999999999999999999999999999999999999999999999999999999999"
		"9"
		"</availableIpAddressCount></item></subnetSet></DescribeSubnetsResponse>");
}

static void many_unknown_elements_are_skipped_in_linear_time(void **state)
{
	(void)state;
	char *text = repeat("<DescribeVpcsResponse>", "<x><y/>t</x>", 200000,
		"<vpcSet/></DescribeVpcsResponse>");
	assert_json(decoded("ec2", "DescribeVpcs", text), "{'Vpcs': []}");
	free(text);
}

static void an_error_answer_says_what_it_can(void **state)
{
	(void)state;
	struct wire_error error =
		the_error(400, "<Response><Errors><Error><Code>A</Code><Message>m");
	assert_string_equal(error.code, "A");
	error = the_error(503, "<html><body><h1>Error</h1><Code>x</Code></body></html>");
	assert_string_equal(error.code, "");
	error = the_error(400, "{\"__type\": 5, \"message\": {}}");
	assert_string_equal(error.code, "");
	assert_string_equal(error.message, "");
	error = the_error(400, "{\"__type\": \"\"}");
	assert_string_equal(error.code, "");
	error = the_error(400, "{\"__type\": \"a#\"}");
	assert_string_equal(error.code, "");
	error = the_error(404,
		"<Error><Code>NoSuchBucket</Code><Message>m</Message><RequestId>r</RequestId>"
		"</Error>");
	assert_string_equal(error.request_id, "r");
	error = the_error(500,
		"<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code>"
		"</Error></ErrorResponse>");
	assert_true(error.is_receiver);
	char *long_text = repeat("{\"__type\": \"", "long", 1000, "\", \"message\": \"x\"}");
	error = the_error(400, long_text);
	assert_int_equal(strlen(error.code), sizeof(error.code) - 1);
	free(long_text);
}

static void any_single_changed_byte_is_survived(void **state)
{
	(void)state;
	static const char whole[] =
		"<DescribeVpcsResponse><requestId>1</requestId><vpcSet><item><vpcId>v</vpcId>"
		"<isDefault>true</isDefault><tagSet><item><key>k</key><value>v</value></item></"
		"tagSet>"
		"</item></vpcSet></DescribeVpcsResponse>";
	static const char bytes[] = {0, '<', '>', '/', '&', '"', ' ', (char)0x80, (char)0xff};
	const struct operation *operation = the_operation("ec2", "DescribeVpcs");
	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			char changed[sizeof(whole)];
			memcpy(changed, whole, sizeof(whole));
			changed[i] = bytes[b];
			struct wire_answer answer = {200, NULL, 0, changed, sizeof(whole) - 1};
			json_t *output;
			struct err err = wire_decode(operation, &answer, &output, NULL);
			if (!err_is(&err))
				json_decref(output);
			else
				assert_int_equal(err.class, ERR_TRANSIENT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml_ten_thousand_deep_is_refused),
		cmocka_unit_test(json_ten_thousand_deep_is_refused),
		cmocka_unit_test(a_document_type_is_refused_before_it_grows),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(pages_for_people_are_not_answers),
		cmocka_unit_test(trailing_text_is_refused),
		cmocka_unit_test(huge_numbers_and_dates_are_refused_not_wrapped),
		cmocka_unit_test(many_unknown_elements_are_skipped_in_linear_time),
		cmocka_unit_test(an_error_answer_says_what_it_can),
		cmocka_unit_test(any_single_changed_byte_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
