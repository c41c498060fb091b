// The next page's input from an answer, for each way in which AWS says that there is more.
#include "aws/client.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The next input as text, "" for the last page, "error" for a token that comes twice. */
static void assert_next(const char *service, const char *operation, const char *input_text,
	const char *output_text, const char *expected)
{
	char why[100];
	json_t *input =
		input_text ? js_parse(input_text, strlen(input_text), why, sizeof(why)) : NULL;
	struct aws_call call;
	aws_call_init(&call, service, operation, input);
	call.output = js_parse(output_text, strlen(output_text), why, sizeof(why));
	assert_non_null(call.output);
	struct err err;
	json_t *next = aws_next_page(&call, &err);
	if (err_is(&err)) {
		assert_null(next);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_string_equal("error", expected);
	} else {
		char *text = next ? js_text(next) : strdup("");
		assert_string_equal(text, expected);
		free(text);
	}
	json_decref(next);
	json_decref(input);
	aws_call_done(&call);
}

static void a_token_leads_to_the_next_page_and_the_rest_of_the_input_stays(void **state)
{
	(void)state;
	assert_next("ec2", "DescribeVpcs", NULL, "{\"Vpcs\": [], \"NextToken\": \"t1\"}",
		"{\"NextToken\":\"t1\"}");
	assert_next("ec2", "DescribeVpcs", "{\"MaxResults\": 5, \"NextToken\": \"t1\"}",
		"{\"NextToken\": \"t2\"}", "{\"MaxResults\":5,\"NextToken\":\"t2\"}");
	assert_next("elbv2", "DescribeLoadBalancers", "{}", "{\"NextMarker\": \"m\"}",
		"{\"Marker\":\"m\"}");
}

static void no_token_or_an_empty_one_is_the_last_page(void **state)
{
	(void)state;
	assert_next("ec2", "DescribeVpcs", NULL, "{\"Vpcs\": []}", "");
	assert_next("ec2", "DescribeVpcs", NULL, "{\"NextToken\": \"\"}", "");
	assert_next("ec2", "DescribeVpcs", NULL, "{\"NextToken\": null}", "");
	assert_next("ec2", "DescribeAddresses", NULL, "{\"Addresses\": []}", "");
	assert_next("ec2", "NoSuchOperation", NULL, "{\"NextToken\": \"t\"}", "");
}

static void a_flag_decides_where_there_is_one(void **state)
{
	(void)state;
	assert_next("iam", "ListRoles", NULL, "{\"IsTruncated\": true, \"Marker\": \"m\"}",
		"{\"Marker\":\"m\"}");
	assert_next("iam", "ListRoles", NULL, "{\"IsTruncated\": false, \"Marker\": \"m\"}", "");
	assert_next("iam", "ListRoles", NULL, "{\"Marker\": \"m\"}", "");
}

static void the_same_token_twice_would_never_end(void **state)
{
	(void)state;
	assert_next("ec2", "DescribeVpcs", "{\"NextToken\": \"t1\"}", "{\"NextToken\": \"t1\"}",
		"error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_leads_to_the_next_page_and_the_rest_of_the_input_stays),
		cmocka_unit_test(no_token_or_an_empty_one_is_the_last_page),
		cmocka_unit_test(a_flag_decides_where_there_is_one),
		cmocka_unit_test(the_same_token_twice_would_never_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
