// AWS's standard retry mode with the numbers of November 2026 (SDK retry specification 2.1), and
// the rule for clock skew: pure decisions over values.
//
// A call may be tried again when its error says so, an attempt is left, the quota pays for it, and
// (for a change whose fate is unknown) doing it twice is harmless. The quota is a bucket of tokens
// that failures drain and successes fill, so a dead service is soon asked once a call only.
#pragma once

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_QUOTA = 500,
	RETRY_COST = 14,
	RETRY_COST_THROTTLING = 5,
	RETRY_ATTEMPTS = 3,
	RETRY_ATTEMPTS_DYNAMODB = 4,
	RETRY_BASE_MS = 50,
	RETRY_BASE_DYNAMODB_MS = 25,
	RETRY_BASE_THROTTLING_MS = 1000,
	RETRY_MOST_MS = 20000,
	RETRY_AFTER_MOST_MS = 5000, // x-amz-retry-after may add this much to the backoff
	RETRY_SKEW_MS = 240000,     // a clock is wrong when it is off by more
};

/* One service of one account and region. */
struct retry_quota {
	int tokens;
	int most_tokens;
};

struct retry_policy {
	int most_attempts;
	int64_t base_ms;
	int64_t most_ms;
};

/* One call. */
struct retry {
	int attempts;  // answers seen
	int last_cost; // tokens that the last retry took
};

enum retry_outcome {
	RETRY_DONE,   // success
	RETRY_AGAIN,  // after delay_ms
	RETRY_FAILED, // nothing that a repetition could cure, or it might do harm
	RETRY_ATTEMPTS_USED,
	RETRY_QUOTA_EMPTY, // after delay_ms for an operation that polls: it would be asked again at
			   // once
};

/* What one attempt came to. */
struct retry_answer {
	enum err_class class;   // ERR_NONE: success
	bool is_retryable;      // retry_is_retryable()
	int64_t retry_after_ms; // x-amz-retry-after; -1: none or not valid
	int64_t not_before_ms;  // Retry-After: the least delay; 0: none
	bool is_long_poll;
	double random; // 0..1: the jitter
};

struct retry_decision {
	enum retry_outcome outcome;
	int64_t delay_ms;
};

/* The policy of a service: "dynamodb" differs. most_attempts 0: the default. */
struct retry_policy retry_policy_of(const char *service, int most_attempts);
void retry_quota_init(struct retry_quota *quota, int tokens);
/* Takes tokens or gives them back. */
struct retry_decision retry_decide(struct retry *retry, struct retry_quota *quota,
	const struct retry_policy *policy, const struct retry_answer *answer);

/* Does the answer permit another attempt at all? The code decides before the status; status 0:
 * there was no answer. */
bool retry_is_retryable(const char *code, int http_status);
/* Is it a request for less (and so costs and waits as throttling does)? */
bool retry_is_throttling(const char *code, int http_status);
/* Is it the clock? Only for codes that a wrong clock causes, and a difference (server - ours) over
 * the limit. `has_skew`: the answer had a Date. */
bool retry_is_clock_skew(const char *code, bool has_skew, int64_t skew_ms);
/* Does it say that a request with our client token, and other parameters, came before? Then
 * something may have been made of that one. */
bool retry_is_token_taken(const char *code);
/* Have the credentials expired or been revoked, so that fresh ones may do? */
bool retry_is_stale_credentials(const char *code);
/* The value of x-amz-retry-after, milliseconds; -1 when it is none. */
int64_t retry_parse_amz_after(const char *text);
/* Retry-After (RFC 9110 section 10.2.3), seconds or a date, as milliseconds from now; 0 when it is
 * absent, past, or neither. */
int64_t retry_parse_after(const char *text, int64_t now_wall_ms);
