// Keeps credentials, refreshes them ahead of their end while the old ones still serve, and shares
// one answer among all who wait.
//
// The rules are AWS's refresh specification of 2026 ("static stability"): a refresh that fails
// keeps what is cached, even when it has expired, and is not tried again for 5 to 10 minutes; for
// half a minute where AWS itself has refused what is cached, so that a daemon comes back soon after
// its source. The upper half decides, with values; the lower half drives a provider.
#pragma once

#include "aws/credentials.h"
#include "base/list.h"

enum {
	CREDCACHE_MANDATORY_MS = 60 * 1000,
	CREDCACHE_SHORT_MS = 30 * 1000, // what is short-lived already is fetched no more often
	CREDCACHE_BACKOFF_LEAST_MS = 5 * 60 * 1000,
	CREDCACHE_BACKOFF_MOST_MS = 10 * 60 * 1000,
	/* The same once AWS has refused what is cached: it keeps nothing stable any more. */
	CREDCACHE_REFUSED_LEAST_MS = 15 * 1000,
	CREDCACHE_REFUSED_MOST_MS = 30 * 1000,
	CREDCACHE_ERROR_LEAST_MS =
		1000, // an error without credentials to serve is repeated so long
	CREDCACHE_ERROR_MOST_MS = 5000,
};

// ---- decisions

/* What is kept. Zeroed is empty. Times are wall-clock milliseconds. */
struct credstate {
	struct credentials credentials;
	int64_t window_ms;         // advisory: refresh this long before the end
	int64_t not_before_ms;     // no refresh until then; 0: at once
	int64_t error_until_ms;    // `error` is answered until then
	int64_t configured_window; // 0: by lifetime
	bool is_invalid;           // AWS has refused them
	struct err error;          // of the last refresh, when it is to be raised
};

enum credstate_need {
	CREDSTATE_SERVE,             // as they are
	CREDSTATE_SERVE_AND_REFRESH, // old ones serve meanwhile
	CREDSTATE_REFRESH,           // wait for the answer
	CREDSTATE_ERROR,             // the last error still stands
};

enum credstate_need credstate_decide(const struct credstate *state, int64_t now_ms);
/* New credentials; takes them over. Expired ones are refused: ERR_TRANSIENT, to be passed to
 * credstate_on_error(). */
struct err credstate_on_answer(
	struct credstate *state, struct credentials *credentials, int64_t now_ms) MUST_CHECK;
/* A refresh failed. `random` 0..1 spreads the next try. After it, credstate_can_serve() tells
 * whether old credentials answer or the error. */
void credstate_on_error(
	struct credstate *state, const struct err *err, int64_t now_ms, double random);
bool credstate_can_serve(const struct credstate *state);
/* AWS refused these keys; ignored when they are not the cached ones any more. A source that is left
 * alone for having failed is then asked again soon. */
void credstate_invalidate(struct credstate *state, const char *access_key_id, int64_t now_ms);
void credstate_burn(struct credstate *state);
/* The advisory window of a lifetime. */
int64_t credstate_window_ms(int64_t lifetime_ms);

// ---- the cache

struct credcache;

struct credwait {
	struct op op;
	struct list link;
	struct credcache *cache;
};

/* Takes the provider over. NULL when memory is out. The functions below take a NULL cache for a
 * client that signs nothing, but for peek and wait. */
struct credcache *credcache_new(struct loop *loop, struct provider *provider);
/* Who waits is told to ask again (another cache). A running refresh is cancelled; the memory goes
 * when it has ended. */
void credcache_free(struct credcache *cache);
/* Credentials that serve now, or NULL: wait then. Borrowed until the next step. May start a
 * refresh. */
const struct credentials *credcache_peek(struct credcache *cache);
/* Finishes with ERR_OK (peek again), or with the provider's error. */
void credcache_wait(struct credcache *cache, struct credwait *wait, struct task *owner);
void credcache_invalidate(struct credcache *cache, const char *access_key_id);
/* How far AWS's clock is ahead of ours: expiry is read against AWS's. */
void credcache_set_skew(struct credcache *cache, int64_t skew_ms);
/* "environment", "assume-role", ...: static or as long as the cache. */
const char *credcache_source(const struct credcache *cache);
