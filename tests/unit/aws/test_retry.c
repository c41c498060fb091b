// Retries and clock skew, by AWS's own vectors.
#include "aws/client.h"
#include "aws/retry.h"
#include "base/str.h"
#include "vectors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *outcome_name(enum retry_outcome outcome)
{
	switch (outcome) {
	case RETRY_DONE:
		return "success";
	case RETRY_AGAIN:
		return "retry";
	case RETRY_FAILED:
		return "fail";
	case RETRY_ATTEMPTS_USED:
		return "max_attempts";
	case RETRY_QUOTA_EMPTY:
		return "quota";
	}
	return "?";
}

static void run_case(const json_t *vector)
{
	const char *service = js_str(vector, "service");
	struct retry_policy policy =
		retry_policy_of(service ? service : "ec2", (int)js_int(vector, "max_attempts", 0));
	policy.most_ms = js_int(vector, "max_backoff_ms", policy.most_ms);
	struct retry_quota quota;
	retry_quota_init(&quota, RETRY_QUOTA);
	quota.tokens = (int)js_int(vector, "initial_tokens", RETRY_QUOTA);
	struct retry retry = {0};
	json_t *step;
	size_t i;
	json_array_foreach (json_object_get(vector, "steps"), i, step) {
		int status = (int)json_integer_value(json_array_get(step, 0));
		const char *code = json_string_value(json_array_get(step, 1));
		const struct retry_answer answer = {
			.class = status == 200 ? ERR_NONE : aws_error_class(code, status),
			.is_retryable = retry_is_retryable(code, status),
			.retry_after_ms = retry_parse_amz_after(
				js_str(json_array_get(step, 2), "x-amz-retry-after")),
			.is_long_poll = js_bool(vector, "long_polling", false),
			.random = 1,
		};
		struct retry_decision decision = retry_decide(&retry, &quota, &policy, &answer);
		assert_string_equal(
			outcome_name(decision.outcome), json_string_value(json_array_get(step, 3)));
		assert_int_equal(quota.tokens, json_integer_value(json_array_get(step, 4)));
		assert_int_equal(decision.delay_ms, json_integer_value(json_array_get(step, 5)));
	}
	assert_true(i > 0);
}

static void the_vectors_of_the_retry_specification_hold(void **state)
{
	(void)state;
	json_t *root = vectors_load("retry2026.json"), *vector;
	size_t i;
	json_array_foreach (json_object_get(root, "cases"), i, vector) {
		print_message("  %s\n", js_str(vector, "name"));
		run_case(vector);
	}
	assert_int_equal(i, 18);
	json_decref(root);
}

static void the_vectors_of_clock_skew_hold(void **state)
{
	(void)state;
	json_t *root = vectors_load("clockskew.json"), *vector;
	size_t i;
	json_array_foreach (json_object_get(root, "cases"), i, vector) {
		json_t *skew = json_object_get(vector, "skew_s");
		bool is_skew = retry_is_clock_skew(js_str(vector, "code"), json_is_integer(skew),
			json_integer_value(skew) * 1000);
		if (is_skew != js_bool(vector, "retryable", false))
			print_message("  %s\n", js_str(vector, "name"));
		assert_int_equal(is_skew, js_bool(vector, "retryable", false));
	}
	assert_int_equal(i, 13);
	json_decref(root);
}

static void the_jitter_is_full_and_under_the_cap(void **state)
{
	(void)state;
	const struct retry_policy policy = {.most_attempts = 40, .base_ms = 50, .most_ms = 20000};
	const double randoms[] = {0, 0.5, 1};
	const int64_t delays[] = {0, 10000, 20000};
	for (size_t r = 0; r < 3; r++) {
		struct retry_quota quota = {100000, 100000};
		struct retry retry = {0};
		int64_t last = -1;
		for (int i = 0; i < 38; i++) {
			struct retry_decision decision = retry_decide(&retry, &quota, &policy,
				&(struct retry_answer){.class = ERR_TRANSIENT,
					.is_retryable = true,
					.retry_after_ms = -1,
					.random = randoms[r]});
			assert_int_equal(decision.outcome, RETRY_AGAIN);
			last = decision.delay_ms;
		}
		assert_int_equal(last, delays[r]);
	}
}

static void retry_after_is_the_least_wait_and_capped(void **state)
{
	(void)state;
	const struct retry_policy policy = retry_policy_of("ec2", 0);
	const int64_t asked[] = {0, 40, 3000, 3600000}, waits[] = {50, 50, 3000, 20000};
	for (size_t i = 0; i < ARRAY_COUNT(asked); i++) {
		struct retry_quota quota = {500, 500};
		struct retry retry = {0};
		struct retry_decision decision = retry_decide(&retry, &quota, &policy,
			&(struct retry_answer){.class = ERR_TRANSIENT,
				.is_retryable = true,
				.retry_after_ms = -1,
				.not_before_ms = asked[i],
				.random = 1});
		assert_int_equal(decision.delay_ms, waits[i]);
	}
	assert_int_equal(retry_parse_after("120", 0), 120000);
	assert_int_equal(retry_parse_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111770000), 7000);
	assert_int_equal(retry_parse_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111779000), 0);
	assert_int_equal(retry_parse_after("soon", 0), 0);
	assert_int_equal(retry_parse_after("-5", 0), 0);
	assert_int_equal(retry_parse_after(NULL, 0), 0);
	assert_int_equal(retry_parse_amz_after("1500"), 1500);
	assert_int_equal(retry_parse_amz_after("-1"), -1);
	assert_int_equal(retry_parse_amz_after("99999999999999999999"), -1);
}

static void a_code_decides_before_the_status(void **state)
{
	(void)state;
	assert_true(retry_is_throttling("RequestLimitExceeded", 503));
	assert_true(retry_is_throttling("ThrottlingException", 400));
	assert_false(retry_is_throttling("InternalError", 429));
	assert_true(retry_is_throttling("", 429));
	assert_true(retry_is_throttling(NULL, 429));
	assert_false(retry_is_throttling("", 503));
	assert_false(retry_is_retryable("ValidationError", 400));
	assert_true(retry_is_retryable("RequestTimeout", 400));
	assert_true(retry_is_retryable("Whatever", 502));
	assert_true(retry_is_retryable("", 0));
	assert_false(retry_is_retryable("", 404));
	// A quota of resources, in every service that is called here.
	assert_false(retry_is_throttling("LimitExceededException", 400));
	assert_false(retry_is_retryable("LimitExceededException", 400));
	assert_true(retry_is_token_taken("IdempotentParameterMismatch"));
	assert_true(retry_is_token_taken("IdempotencyException"));
	assert_false(retry_is_token_taken("InvalidParameterValue"));
	assert_false(retry_is_token_taken(NULL));
	assert_true(retry_is_stale_credentials("ExpiredToken"));
	assert_false(retry_is_stale_credentials("AccessDenied"));
}

static void error_codes_have_the_class_that_says_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *code;
		int status;
		enum err_class class;
	} cases[] = {
		{"InvalidVpcID.NotFound", 400, ERR_NOT_FOUND},
		{"InvalidSubnetID.NotFound", 400, ERR_NOT_FOUND},
		{"NatGatewayNotFound", 400, ERR_NOT_FOUND},
		{"InvalidPermission.NotFound", 400, ERR_NOT_FOUND},
		{"Gateway.NotAttached", 400, ERR_NOT_FOUND},
		{"LoadBalancerNotFound", 400, ERR_NOT_FOUND},
		{"NoSuchEntity", 404, ERR_NOT_FOUND},
		{"ResourceNotFoundException", 409, ERR_NOT_FOUND},
		{"WAFNonexistentItemException", 400, ERR_NOT_FOUND},
		{"DBInstanceNotFound", 404, ERR_NOT_FOUND},
		{"DBSubnetGroupNotFoundFault", 404, ERR_NOT_FOUND},
		{"ClusterNotFoundException", 400, ERR_NOT_FOUND},
		{"ObjectNotFoundException", 400, ERR_NOT_FOUND},
		{"NotFound", 404, ERR_NOT_FOUND},
		{"AWS.SimpleQueueService.NonExistentQueue", 400, ERR_NOT_FOUND},
		{"QueueDoesNotExist", 400, ERR_NOT_FOUND},
		{"InvalidGroup.Duplicate", 400, ERR_CONFLICT},
		{"InvalidPermission.Duplicate", 400, ERR_CONFLICT},
		{"InvalidSubnet.Conflict", 400, ERR_CONFLICT},
		{"RouteAlreadyExists", 400, ERR_CONFLICT},
		{"Resource.AlreadyAssociated", 400, ERR_CONFLICT},
		{"FlowLogAlreadyExists", 400, ERR_CONFLICT},
		{"DuplicateLoadBalancerName", 400, ERR_CONFLICT},
		{"PriorityInUse", 400, ERR_CONFLICT},
		{"EntityAlreadyExists", 409, ERR_CONFLICT},
		{"ResourceExistsException", 400, ERR_CONFLICT},
		{"WAFDuplicateItemException", 400, ERR_CONFLICT},
		{"DBProxyTargetAlreadyRegisteredFault", 400, ERR_CONFLICT},
		{"DependencyViolation", 400, ERR_CONFLICT},
		{"InvalidIPAddress.InUse", 400, ERR_CONFLICT},
		{"ResourceInUse", 400, ERR_CONFLICT},
		{"ResourceInUseException", 400, ERR_CONFLICT},
		{"OperationNotPermitted", 400, ERR_CONFLICT},
		{"DeleteConflict", 409, ERR_CONFLICT},
		{"WAFAssociatedItemException", 400, ERR_CONFLICT},
		{"ConcurrentModification", 409, ERR_CONFLICT},
		{"InvalidDBInstanceState", 400, ERR_CONFLICT},
		{"InvalidDBSubnetGroupStateFault", 400, ERR_CONFLICT},
		{"UpdateInProgressException", 400, ERR_CONFLICT},
		{"AuthFailure", 401, ERR_CREDENTIALS},
		{"UnauthorizedOperation", 403, ERR_DENIED},
		{"AccessDenied", 403, ERR_DENIED},
		{"AccessDeniedException", 400, ERR_DENIED},
		{"InvalidClientTokenId", 403, ERR_CREDENTIALS},
		{"UnrecognizedClientException", 400, ERR_CREDENTIALS},
		{"ExpiredTokenException", 400, ERR_CREDENTIALS},
		{"Throttling", 400, ERR_THROTTLED},
		{"ThrottlingException", 400, ERR_THROTTLED},
		{"RequestLimitExceeded", 503, ERR_THROTTLED},
		{"EC2ThrottledException", 503, ERR_THROTTLED},
		{"SlowDown", 503, ERR_THROTTLED},
		{"LimitExceededException", 400, ERR_QUOTA},
		{"LimitExceeded", 409, ERR_QUOTA},
		{"VpcLimitExceeded", 400, ERR_QUOTA},
		{"AddressLimitExceeded", 400, ERR_QUOTA},
		{"ServiceQuotaExceededException", 402, ERR_QUOTA},
		{"InstanceQuotaExceeded", 400, ERR_QUOTA},
		{"TooManyLoadBalancers", 400, ERR_QUOTA},
		{"TopicLimitExceeded", 403, ERR_QUOTA},
		{"LimitExceededFault", 400, ERR_QUOTA},
		{"TooManyRequestsException", 429, ERR_THROTTLED},
		{"BandwidthLimitExceeded", 503, ERR_THROTTLED},
		{"TagLimitExceeded", 400, ERR_INVALID},
		{"TooManyTagsException", 400, ERR_INVALID},
		{"InternalError", 500, ERR_TRANSIENT},
		{"InternalFailure", 500, ERR_TRANSIENT},
		{"RequestTimeout", 400, ERR_TRANSIENT},
		{"ValidationError", 400, ERR_INVALID},
		{"IdempotentParameterMismatch", 400, ERR_CONFLICT},
		{"InvalidParameterValue", 400, ERR_INVALID},
		{"MalformedPolicyDocument", 400, ERR_INVALID},
		{"", 404, ERR_TRANSIENT},
		{"", 403, ERR_DENIED},
		{"", 502, ERR_TRANSIENT},
		{NULL, 429, ERR_THROTTLED},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		if (aws_error_class(cases[i].code, cases[i].status) != cases[i].class)
			print_message("%s\n", cases[i].code);
		assert_int_equal(aws_error_class(cases[i].code, cases[i].status), cases[i].class);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_retry_specification_hold),
		cmocka_unit_test(the_vectors_of_clock_skew_hold),
		cmocka_unit_test(the_jitter_is_full_and_under_the_cap),
		cmocka_unit_test(retry_after_is_the_least_wait_and_capped),
		cmocka_unit_test(a_code_decides_before_the_status),
		cmocka_unit_test(error_codes_have_the_class_that_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
