#include "aws/retry.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

static bool is_among(const char *code, const char *const *codes, size_t count)
{
	for (size_t i = 0; code && i < count; i++)
		if (str_eq(code, codes[i]))
			return true;
	return false;
}

bool retry_is_throttling(const char *code, int http_status)
{
	// Without LimitExceededException, which the SDKs repeat as throttling: in all services that
	// are called here it is a quota of resources, and no second attempt makes room.
	static const char *const codes[] = {"Throttling", "ThrottlingException",
		"ThrottledException", "Throttled", "RequestThrottledException",
		"TooManyRequestsException", "ProvisionedThroughputExceededException",
		"TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
		"RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException"};
	if (!str_empty(code))
		return is_among(code, codes, ARRAY_COUNT(codes));
	return http_status == 429;
}

bool retry_is_retryable(const char *code, int http_status)
{
	static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
		"IDPCommunicationError", "InternalError", "InternalFailure", "ServiceUnavailable",
		"ServiceUnavailableException", "Unavailable", "InternalServerError",
		"InternalServerException", "InternalServiceError", "ServerException"};
	if (retry_is_throttling(code, http_status) || is_among(code, codes, ARRAY_COUNT(codes)))
		return true;
	return http_status == 0 || http_status == 429 || http_status == 500 || http_status == 502 ||
	       http_status == 503 || http_status == 504 || http_status == 509;
}

bool retry_is_clock_skew(const char *code, bool has_skew, int64_t skew_ms)
{
	static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
		"AuthFailure", "RequestTimeTooSkewed", "AccessDeniedException"};
	return has_skew && (skew_ms > RETRY_SKEW_MS || skew_ms < -RETRY_SKEW_MS) &&
	       is_among(code, codes, ARRAY_COUNT(codes));
}

bool retry_is_token_taken(const char *code)
{
	return code && (str_starts(code, "IdempotentParameterMismatch") ||
			       str_ends(code, "IdempotencyException"));
}

bool retry_is_stale_credentials(const char *code)
{
	static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException",
		"RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
		"InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired"};
	return is_among(code, codes, ARRAY_COUNT(codes));
}

int64_t retry_parse_amz_after(const char *text)
{
	int64_t value;
	return text && num_parse_i64(text, 0, (int64_t)86400 * 1000, &value) ? value : -1;
}

int64_t retry_parse_after(const char *text, int64_t now_wall_ms)
{
	int64_t value;
	if (!text)
		return 0;
	if (num_parse_i64(text, 0, 86400, &value))
		return value * 1000;
	if (clock_parse_http_date(text, &value) != 0 || value < now_wall_ms)
		return 0;
	return value - now_wall_ms;
}

void retry_quota_init(struct retry_quota *quota, int tokens)
{
	*quota = (struct retry_quota){.tokens = tokens, .most_tokens = tokens};
}

struct retry_policy retry_policy_of(const char *service, int most_attempts)
{
	bool is_dynamodb = str_eq(service, "dynamodb") || str_eq(service, "dynamodbstreams");
	int attempts = is_dynamodb ? RETRY_ATTEMPTS_DYNAMODB : RETRY_ATTEMPTS;
	return (struct retry_policy){
		.most_attempts = most_attempts > 0 ? most_attempts : attempts,
		.base_ms = is_dynamodb ? RETRY_BASE_DYNAMODB_MS : RETRY_BASE_MS,
		.most_ms = RETRY_MOST_MS,
	};
}

static void refund(struct retry_quota *quota, int tokens)
{
	quota->tokens += tokens;
	if (quota->tokens > quota->most_tokens)
		quota->tokens = quota->most_tokens;
}

/* Full jitter under a doubling ceiling; the cap is applied before the jitter. */
static int64_t backoff_ms(const struct retry *retry, const struct retry_policy *policy,
	const struct retry_answer *answer)
{
	int64_t base = answer->class == ERR_THROTTLED ? RETRY_BASE_THROTTLING_MS : policy->base_ms;
	int doublings = retry->attempts - 1 > 20 ? 20 : retry->attempts - 1;
	int64_t ceiling = base << doublings;
	if (ceiling > policy->most_ms)
		ceiling = policy->most_ms;
	int64_t delay = (int64_t)(answer->random * (double)ceiling);
	if (answer->retry_after_ms > delay)
		delay = answer->retry_after_ms < delay + RETRY_AFTER_MOST_MS
				? answer->retry_after_ms
				: delay + RETRY_AFTER_MOST_MS;
	if (answer->not_before_ms > delay)
		delay = answer->not_before_ms < policy->most_ms ? answer->not_before_ms
								: policy->most_ms;
	return delay;
}

struct retry_decision retry_decide(struct retry *retry, struct retry_quota *quota,
	const struct retry_policy *policy, const struct retry_answer *answer)
{
	retry->attempts++;
	if (answer->class == ERR_NONE) {
		refund(quota, retry->last_cost ? retry->last_cost : 1);
		*retry = (struct retry){0};
		return (struct retry_decision){RETRY_DONE, 0};
	}
	if (!answer->is_retryable)
		return (struct retry_decision){RETRY_FAILED, 0};
	if (retry->attempts >= policy->most_attempts)
		return (struct retry_decision){RETRY_ATTEMPTS_USED, 0};
	int64_t delay = backoff_ms(retry, policy, answer);
	int cost = answer->class == ERR_THROTTLED ? RETRY_COST_THROTTLING : RETRY_COST;
	if (quota->tokens < cost)
		return (struct retry_decision){RETRY_QUOTA_EMPTY, answer->is_long_poll ? delay : 0};
	quota->tokens -= cost;
	retry->last_cost = cost;
	return (struct retry_decision){RETRY_AGAIN, delay};
}
