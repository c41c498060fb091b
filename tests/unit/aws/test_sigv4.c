// Signatures: the cases of AWS's public test suite by their published signatures, and 200 random
// requests signed by botocore.
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/str.h"
#include "vectors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN                                                                                      \
	"AQoDYXdzEPT//////////"                                                                    \
	"wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxf"                     \
	"pSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"                                                 \
	"kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPk"                                        \
	"yQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"                                  \
	"xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBA"                                                       \
	"z+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

static const struct sigv4_credentials keys = {"AKIDEXAMPLE", SECRET, NULL};
static const struct sigv4_header host = {"Host", "example.amazonaws.com"};
static const char empty_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static struct sigv4_request request_of(const char *method, const char *path, const char *query)
{
	int64_t ms = 0;
	assert_int_equal(clock_parse_iso("2015-08-30T12:36:00Z", &ms), 0);
	return (struct sigv4_request){
		.method = method,
		.path = path,
		.query = query,
		.headers = &host,
		.header_count = 1,
		.payload_hash = empty_hash,
		.region = "us-east-1",
		.service = "service",
		.wall_ms = ms,
		.flags = SIGV4_ENCODE_TWICE | SIGV4_NORMALIZE,
	};
}

static void assert_signature(const struct sigv4_request *request, const char *expected)
{
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	assert_true(sigv4_sign(&sigv4, request, &keys));
	if (!str_eq(sigv4.signature, expected))
		print_message("%s\n", buf_str(&sigv4.canonical));
	assert_string_equal(sigv4.signature, expected);
	sigv4_done(&sigv4);
}

static void assert_canonical_line(
	const struct sigv4_request *request, int line, const char *expected)
{
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	assert_true(sigv4_sign(&sigv4, request, &keys));
	const char *at = buf_str(&sigv4.canonical);
	for (int i = 0; i < line; i++)
		at = strchr(at, '\n') + 1;
	_cleanup_free_ char *text = strndup(at, strcspn(at, "\n"));
	assert_string_equal(text, expected);
	sigv4_done(&sigv4);
}

static const char vanilla[] = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

static void the_published_signatures_of_awss_suite_are_met(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *query, *signature;
	} cases[] = {
		{"GET", "/", NULL, vanilla},
		{"GET", "", "", vanilla},
		{"POST", "/", NULL,
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"GET", "/", "Param2=value2&Param1=value1",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"GET", "/\xe1\x88\xb4", NULL,
			"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{"GET", "/", "\xe1\x88\xb4=bar",
			"2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		{"GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", NULL,
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		{"GET", "/example space/", NULL,
			"652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sigv4_request request =
			request_of(cases[i].method, cases[i].path, cases[i].query);
		assert_signature(&request, cases[i].signature);
	}
}

static void the_example_of_the_iam_guide_is_met(void **state)
{
	(void)state;
	static const struct sigv4_header headers[] = {
		{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
		{"Host", "iam.amazonaws.com"}};
	struct sigv4_request request =
		request_of("GET", "/", "Action=ListUsers&Version=2010-05-08");
	request.headers = headers;
	request.header_count = 2;
	request.service = "iam";
	assert_signature(
		&request, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static void paths_are_normalized_but_for_s3(void **state)
{
	(void)state;
	static const struct {
		const char *path, *normalized, *as_it_is;
	} cases[] = {
		{"/example/..", "/", "/example/.."},
		{"/example1/example2/../..", "/", "/example1/example2/../.."},
		{"/./", "/", "/./"},
		{"/./example", "/example", "/./example"},
		{"//example//", "/example/", "//example//"},
		{"//", "/", "//"},
		{"/../../x", "/x", "/../../x"},
		{"/a/b/..", "/a", "/a/b/.."},
		{"/a%2Fb/c", "/a%252Fb/c", "/a%2Fb/c"},
		{"/example%20space/", "/example%2520space/", "/example%20space/"},
		{"/a+b%c3%a9", "/a%2Bb%25c3%25a9", "/a%2Bb%C3%A9"},
		{"/100%", "/100%25", "/100%25"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sigv4_request request = request_of("GET", cases[i].path, NULL);
		assert_canonical_line(&request, 1, cases[i].normalized);
		request.flags = 0;
		assert_canonical_line(&request, 1, cases[i].as_it_is);
	}
	struct sigv4_request request = request_of("GET", "/./", NULL);
	assert_signature(&request, vanilla);
}

static void queries_are_sorted_and_spelled_one_way(void **state)
{
	(void)state;
	static const struct {
		const char *query, *canonical;
	} cases[] = {
		{"Param1=value2&Param1=Value1", "Param1=Value1&Param1=value2"},
		{"Param1=value1&Param1=value2&Param1=value1",
			"Param1=value1&Param1=value1&Param1=value2"},
		{"b=2&a=1&B=3&A=4", "A=4&B=3&a=1&b=2"},
		{"Param1", "Param1="},
		{"Param1=", "Param1="},
		{"=v", "=v"},
		{"a=1&&b=2&", "a=1&b=2"},
		{"a=b=c", "a=b%3Dc"},
		{"a=x+y&b=x%20y&c=x%2By", "a=x%20y&b=x%20y&c=x%2By"},
		{"a=%7e%41", "a=~A"},
		{"a=%zz%", "a=%25zz%25"},
		{"a=/:?@", "a=%2F%3A%3F%40"},
		// The name is compared without what follows: "a" sorts before "a-b" with any value.
		{"a-b=1&a=2&aa=0", "a=2&a-b=1&aa=0"},
		// "%" of an encoded byte sorts before letters.
		{"a=b&%C3%A9=1&Z=2", "%C3%A9=1&Z=2&a=b"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sigv4_request request = request_of("GET", "/", cases[i].query);
		assert_canonical_line(&request, 2, cases[i].canonical);
	}
}

static void header_values_are_trimmed_folded_and_joined(void **state)
{
	(void)state;
	static const struct sigv4_header trim[] = {{"Host", "example.amazonaws.com"},
		{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}};
	struct sigv4_request request = request_of("GET", "/", NULL);
	request.headers = trim;
	request.header_count = 3;
	assert_signature(
		&request, "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");

	static const struct sigv4_header folded[] = {{"Host", "example.amazonaws.com"},
		{"My-Header1", "value1\n  value2\r\n     value3"}};
	request.headers = folded;
	request.header_count = 2;
	assert_canonical_line(&request, 4, "my-header1:value1 value2 value3");

	static const struct sigv4_header several[] = {{"My-Header1", "value4"},
		{"Host", "example.amazonaws.com"}, {"my-header1", " value1"},
		{"MY-HEADER1", "value3 "}, {"My-Header1", "value2"}};
	request.headers = several;
	request.header_count = 5;
	assert_canonical_line(&request, 4, "my-header1:value4,value1,value3,value2");
	assert_canonical_line(&request, 7, "host;my-header1;x-amz-date");
}

static void names_are_sorted_in_lower_case(void **state)
{
	(void)state;
	static const struct sigv4_header headers[] = {
		{"Host", "example.amazonaws.com"}, {"My-Header1", "value1"}};
	struct sigv4_request request = request_of("POST", "/", NULL);
	request.headers = headers;
	request.header_count = 2;
	assert_signature(
		&request, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
}

static void a_form_body_is_part_of_the_signature(void **state)
{
	(void)state;
	static const struct sigv4_header headers[] = {
		{"Content-Type", "application/x-www-form-urlencoded"},
		{"Host", "example.amazonaws.com"}};
	char hash[HASH_HEX_BYTES];
	assert_true(hash_sha256_hex("Param1=value1", 13, hash));
	struct sigv4_request request = request_of("POST", "/", NULL);
	request.headers = headers;
	request.header_count = 2;
	request.payload_hash = hash;
	assert_signature(
		&request, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

static void a_session_token_is_signed_or_sent_beside(void **state)
{
	(void)state;
	const struct sigv4_credentials session = {"AKIDEXAMPLE", SECRET, TOKEN};
	struct sigv4_request request = request_of("POST", "/", NULL);
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	assert_true(sigv4_sign(&sigv4, &request, &session));
	assert_string_equal(sigv4.signature,
		"85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
	request.flags |= SIGV4_TOKEN_UNSIGNED;
	assert_true(sigv4_sign(&sigv4, &request, &session));
	assert_string_equal(sigv4.signature,
		"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
	sigv4_done(&sigv4);
}

static void the_payload_header_is_signed_when_it_is_sent(void **state)
{
	(void)state;
	struct sigv4_request request = request_of("GET", "/", NULL);
	request.flags |= SIGV4_PAYLOAD_HEADER;
	assert_canonical_line(&request, 7, "host;x-amz-content-sha256;x-amz-date");
	request.payload_hash = "UNSIGNED-PAYLOAD";
	assert_canonical_line(&request, 4, "x-amz-content-sha256:UNSIGNED-PAYLOAD");
	assert_canonical_line(&request, 8, "UNSIGNED-PAYLOAD");
}

static void headers_that_change_on_the_way_are_not_signed(void **state)
{
	(void)state;
	static const struct sigv4_header headers[] = {{"Host", "example.amazonaws.com"},
		{"User-Agent", "holdfast"}, {"Expect", ""}, {"X-Amzn-Trace-Id", "1"},
		{"Connection", "keep-alive"}, {"Transfer-Encoding", "chunked"}};
	struct sigv4_request request = request_of("GET", "/", NULL);
	request.headers = headers;
	request.header_count = ARRAY_COUNT(headers);
	assert_signature(&request, vanilla);
}

static void a_date_that_is_given_wins(void **state)
{
	(void)state;
	static const struct sigv4_header headers[] = {
		{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}};
	struct sigv4_request request = request_of("GET", "/", NULL);
	request.headers = headers;
	request.header_count = 2;
	request.wall_ms = 0;
	assert_signature(&request, vanilla);
}

static void random_requests_are_signed_as_botocore_signs_them(void **state)
{
	(void)state;
	json_t *root = vectors_load("sigv4.json"), *item;
	size_t i;
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	json_array_foreach (json_object_get(root, "cases"), i, item) {
		struct sigv4_header headers[16];
		char hash[HASH_HEX_BYTES];
		size_t count = 0;
		const char *name, *body = js_str(item, "body");
		json_t *value;
		json_object_foreach (json_object_get(item, "headers"), name, value)
			headers[count++] = (struct sigv4_header){name, json_string_value(value)};
		assert_true(hash_sha256_hex(body, strlen(body), hash));
		const struct sigv4_request request = {
			.method = js_str(item, "method"),
			.path = js_str(item, "path"),
			.query = js_str(item, "query"),
			.headers = headers,
			.header_count = count,
			.payload_hash = hash,
			.region = js_str(item, "region"),
			.service = js_str(item, "service"),
			.wall_ms = js_int(item, "wall_ms", 0),
			.flags = SIGV4_PAYLOAD_HEADER |
				 (js_bool(item, "is_s3", false)
						 ? 0
						 : SIGV4_ENCODE_TWICE | SIGV4_NORMALIZE),
		};
		const struct sigv4_credentials case_keys = {js_str(item, "access_key_id"),
			js_str(item, "secret"), js_str(item, "token")};
		assert_true(sigv4_sign(&sigv4, &request, &case_keys));
		if (!str_eq(buf_str(&sigv4.authorization), js_str(item, "authorization")))
			print_message("case %zu:\n%s\n", i, buf_str(&sigv4.canonical));
		assert_string_equal(buf_str(&sigv4.authorization), js_str(item, "authorization"));
	}
	sigv4_done(&sigv4);
	json_decref(root);
}

static void a_cached_key_is_used_for_its_own_secret_day_region_and_service_only(void **state)
{
	(void)state;
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	struct sigv4_request request = request_of("GET", "/", NULL);
	assert_true(sigv4_sign(&sigv4, &request, &keys));
	const struct sigv4_credentials other = {"AKIDEXAMPLE", "another secret", NULL};
	assert_true(sigv4_sign(&sigv4, &request, &other));
	assert_string_not_equal(sigv4.signature, vanilla);
	request.region = "eu-west-1";
	assert_true(sigv4_sign(&sigv4, &request, &keys));
	assert_string_not_equal(sigv4.signature, vanilla);
	request.region = "us-east-1";
	for (int day = 1; day < 40; day++) { // more than there are slots
		request.wall_ms += (int64_t)86400 * 1000;
		assert_true(sigv4_sign(&sigv4, &request, &keys));
	}
	request.wall_ms -= (int64_t)39 * 86400 * 1000;
	assert_true(sigv4_sign(&sigv4, &request, &keys));
	assert_string_equal(sigv4.signature, vanilla);
	sigv4_forget(&sigv4);
	for (size_t i = 0; i < SIGV4_KEYS; i++)
		assert_null(sigv4.keys[i].secret);
	assert_true(sigv4_sign(&sigv4, &request, &keys));
	assert_string_equal(sigv4.signature, vanilla);
	sigv4_done(&sigv4);
}

static void too_many_headers_are_refused(void **state)
{
	(void)state;
	static struct sigv4_header headers[SIGV4_MOST_HEADERS + 1];
	for (size_t i = 0; i < ARRAY_COUNT(headers); i++)
		headers[i] = host;
	struct sigv4_request request = request_of("GET", "/", NULL);
	request.headers = headers;
	request.header_count = ARRAY_COUNT(headers);
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	assert_false(sigv4_sign(&sigv4, &request, &keys));
	request.header_count--;
	assert_true(sigv4_sign(&sigv4, &request, &keys));
	sigv4_done(&sigv4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_signatures_of_awss_suite_are_met),
		cmocka_unit_test(the_example_of_the_iam_guide_is_met),
		cmocka_unit_test(paths_are_normalized_but_for_s3),
		cmocka_unit_test(queries_are_sorted_and_spelled_one_way),
		cmocka_unit_test(header_values_are_trimmed_folded_and_joined),
		cmocka_unit_test(names_are_sorted_in_lower_case),
		cmocka_unit_test(a_form_body_is_part_of_the_signature),
		cmocka_unit_test(a_session_token_is_signed_or_sent_beside),
		cmocka_unit_test(the_payload_header_is_signed_when_it_is_sent),
		cmocka_unit_test(headers_that_change_on_the_way_are_not_signed),
		cmocka_unit_test(a_date_that_is_given_wins),
		cmocka_unit_test(random_requests_are_signed_as_botocore_signs_them),
		cmocka_unit_test(
			a_cached_key_is_used_for_its_own_secret_day_region_and_service_only),
		cmocka_unit_test(too_many_headers_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
