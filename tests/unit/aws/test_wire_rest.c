// rest-json and rest-xml: paths, queries, headers, payloads.
#include "wire_helpers.h"

static void assert_query(const struct wire_request *request, bool is_sorted, const char *expected)
{
	char *query = wire_query(&request->query, is_sorted);
	assert_string_equal(query, expected);
	free(query);
}

static void labels_are_escaped_into_the_path(void **state)
{
	(void)state;
	struct wire_request request =
		encoded("opensearch", "DescribeDomain", "{'DomainName': 'shop'}");
	assert_string_equal(request.method, "GET");
	assert_string_equal(request.path, "/2021-01-01/opensearch/domain/shop");
	assert_int_equal(request.body.len, 0);
	assert_null(header_of(&request, "Content-Type"));
	wire_request_done(&request);
	request = encoded("s3", "HeadBucket", "{'Bucket': 'a/b ?'}");
	assert_string_equal(request.path, "/a%2Fb%20%3F");
	wire_request_done(&request);
}

static void query_members_are_escaped_once(void **state)
{
	(void)state;
	struct wire_request request = encoded("opensearch", "ListTags",
		"{'ARN': 'arn:aws:es:eu-west-1:123456789012:domain/shop'}");
	assert_string_equal(request.path, "/2021-01-01/tags/");
	assert_query(
		&request, false, "arn=arn%3Aaws%3Aes%3Aeu-west-1%3A123456789012%3Adomain%2Fshop");
	wire_request_done(&request);
	request = encoded("s3", "PutBucketPolicy", "{'Bucket': 'b', 'Policy': '{}'}");
	assert_query(&request, false, "policy=");
	wire_request_done(&request);
}

static void a_sorted_query_is_in_byte_order_of_what_is_sent(void **state)
{
	(void)state;
	char texts[10][8] = {"b", "2", "a", "é", "a", "A", "B", "x", "a-", "y"};
	struct wire_pair items[5];
	for (size_t i = 0; i < ARRAY_COUNT(items); i++)
		items[i] = (struct wire_pair){texts[2 * i], texts[2 * i + 1]};
	struct wire_pairs pairs = {items, ARRAY_COUNT(items), 0};
	char *query = wire_query(&pairs, true);
	assert_string_equal(query, "B=x&a=%C3%A9&a=A&a-=y&b=2");
	free(query);
	query = wire_query(&(struct wire_pairs){0}, true);
	assert_string_equal(query, "");
	free(query);
}

static void rest_json_bodies_hold_what_has_no_other_place(void **state)
{
	(void)state;
	struct wire_request request = encoded("opensearch", "UpdateDomainConfig",
		"{'DomainName': 'shop', 'ClusterConfig': {'InstanceCount': 2}}");
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.path, "/2021-01-01/opensearch/domain/shop/config");
	assert_string_equal(buf_str(&request.body), "{\"ClusterConfig\":{\"InstanceCount\":2}}");
	assert_string_equal(header_of(&request, "Content-Type"), "application/json");
	wire_request_done(&request);
}

static void s3_bodies_are_xml_with_a_checksum(void **state)
{
	(void)state;
	struct wire_request request = encoded("s3", "PutBucketTagging",
		"{'Bucket': 'b', 'Tagging': {'TagSet': [{'Value': '<x>', 'Key': 'k'}]}}");
	assert_string_equal(request.method, "PUT");
	assert_string_equal(request.path, "/b");
	assert_query(&request, false, "tagging=");
	assert_string_equal(buf_str(&request.body),
		"<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>k"
		"</Key><Value>&lt;x&gt;</Value></Tag></TagSet></Tagging>");
	assert_string_equal(header_of(&request, "Content-Type"), "application/xml");
	assert_int_equal(strlen(header_of(&request, "x-amz-checksum-sha256")), 44);
	wire_request_done(&request);
	request = encoded("s3", "PutBucketLifecycleConfiguration",
		"{'Bucket': 'b', 'LifecycleConfiguration': {'Rules': [{'ID': 'r', 'Status': "
		"'Enabled', 'Filter': {'Prefix': ''}, 'Expiration': {'Days': 30}}]}}");
	assert_string_equal(buf_str(&request.body),
		"<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>"
		"<Expiration><Days>30</Days></Expiration><ID>r</ID><Filter><Prefix></Prefix>"
		"</Filter><Status>Enabled</Status></Rule></LifecycleConfiguration>");
	wire_request_done(&request);
	request = encoded(
		"s3", "CreateBucket", "{'Bucket': 'b', 'ObjectOwnership': 'BucketOwnerEnforced'}");
	assert_int_equal(request.body.len, 0);
	assert_string_equal(header_of(&request, "x-amz-object-ownership"), "BucketOwnerEnforced");
	wire_request_done(&request);
}

static void s3_answers_are_read_by_shape(void **state)
{
	(void)state;
	assert_json(decoded("s3", "ListBuckets",
			    "<ListAllMyBucketsResult xmlns='http://s3.amazonaws.com/doc/'><Owner>"
			    "<ID>o</ID></Owner><Buckets><Bucket><Name>a</Name><CreationDate>"
			    "2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>"
			    "</ListAllMyBucketsResult>"),
		"{'Owner': {'ID': 'o'}, 'Buckets': [{'Name': 'a', 'CreationDate': "
		"'2026-01-01T00:00:00Z'}]}");
	assert_json(decoded("s3", "GetBucketLocation",
			    "<LocationConstraint xmlns='x'>eu-west-1</LocationConstraint>"),
		"{'LocationConstraint': 'eu-west-1'}");
	assert_json(decoded("s3", "GetBucketPolicy", "{\"Version\": \"2012-10-17\"}"),
		"{'Policy': '{\\'Version\\': \\'2012-10-17\\'}'}");
	assert_json(decoded("s3", "GetBucketLifecycleConfiguration",
			    "<LifecycleConfiguration><Rule><ID>a</ID></Rule><Rule><ID>b</ID></Rule>"
			    "</LifecycleConfiguration>"),
		"{'Rules': [{'ID': 'a'}, {'ID': 'b'}]}");
	assert_bad("s3", "ListBuckets", "<html><body/></html>");
	assert_bad("s3", "ListBuckets", "<Error><Code>InternalError</Code></Error>");
	assert_bad("s3", "ListBuckets", "");
}

static void a_line_break_never_enters_a_header(void **state)
{
	(void)state;
	json_t *input = json_pack("{ssss}", "Bucket", "b", "ExpectedBucketOwner", "1\r\nX-Evil: 1");
	struct wire_request request;
	struct err err = wire_encode(the_operation("s3", "HeadBucket"), input, &request);
	assert_int_equal(err.class, ERR_INVALID);
	json_decref(input);
}

static void a_label_is_never_empty(void **state)
{
	(void)state;
	assert_refused("s3", "DeleteBucket", "{'Bucket': ''}", "Bucket");
	assert_refused("s3", "DeleteBucket", "{}", "Bucket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_escaped_into_the_path),
		cmocka_unit_test(query_members_are_escaped_once),
		cmocka_unit_test(a_sorted_query_is_in_byte_order_of_what_is_sent),
		cmocka_unit_test(rest_json_bodies_hold_what_has_no_other_place),
		cmocka_unit_test(s3_bodies_are_xml_with_a_checksum),
		cmocka_unit_test(s3_answers_are_read_by_shape),
		cmocka_unit_test(a_line_break_never_enters_a_header),
		cmocka_unit_test(a_label_is_never_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
