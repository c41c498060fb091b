#include "aws/credcache.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"

// ---- decisions

enum { MINUTE_MS = 60 * 1000 };

int64_t credstate_window_ms(int64_t lifetime_ms)
{
	if (lifetime_ms <= 20 * MINUTE_MS)
		return 5 * MINUTE_MS;
	return lifetime_ms < 90 * MINUTE_MS ? 15 * MINUTE_MS : 60 * MINUTE_MS;
}

bool credstate_can_serve(const struct credstate *state)
{
	return state->credentials.access_key_id && !err_is(&state->error);
}

enum credstate_need credstate_decide(const struct credstate *state, int64_t now_ms)
{
	const struct credentials *have = &state->credentials;
	if (err_is(&state->error) && now_ms < state->error_until_ms)
		return CREDSTATE_ERROR;
	if (!have->access_key_id)
		return CREDSTATE_REFRESH;
	int64_t left = have->expires_wall_ms ? have->expires_wall_ms - now_ms : INT64_MAX;
	bool is_fresh = !state->is_invalid && !err_is(&state->error);
	if (is_fresh && left > state->window_ms)
		return CREDSTATE_SERVE;
	if (now_ms < state->not_before_ms)
		return CREDSTATE_SERVE;
	int64_t mandatory = state->window_ms < CREDCACHE_MANDATORY_MS ? state->window_ms
								      : CREDCACHE_MANDATORY_MS;
	return is_fresh && left > mandatory ? CREDSTATE_SERVE_AND_REFRESH : CREDSTATE_REFRESH;
}

struct err credstate_on_answer(
	struct credstate *state, struct credentials *credentials, int64_t now_ms)
{
	int64_t lifetime = credentials->expires_wall_ms - now_ms;
	if (credentials->expires_wall_ms && lifetime <= 0) {
		credentials_burn(credentials);
		return err_new(ERR_TRANSIENT, "the source answered with expired credentials");
	}
	bool credentials_end = credentials->expires_wall_ms != 0;
	credentials_burn(&state->credentials);
	state->credentials = *credentials;
	*credentials = (struct credentials){0};
	state->window_ms =
		state->configured_window ? state->configured_window : credstate_window_ms(lifetime);
	state->not_before_ms = 0;
	// A source that still gives the old ones, or very short ones, is not asked in a loop.
	if (credentials_end && lifetime <= state->window_ms)
		state->not_before_ms =
			now_ms +
			(lifetime / 2 < CREDCACHE_SHORT_MS ? lifetime / 2 : CREDCACHE_SHORT_MS);
	state->error_until_ms = 0;
	state->is_invalid = false;
	state->error = ERR_OK;
	return ERR_OK;
}

static int64_t between(int64_t least, int64_t most, double random)
{
	return least + (int64_t)(random * (double)(most - least));
}

void credstate_on_error(
	struct credstate *state, const struct err *err, int64_t now_ms, double random)
{
	bool is_final = err->class == ERR_DENIED || err->class == ERR_CREDENTIALS;
	if (state->credentials.access_key_id && !is_final) {
		state->not_before_ms =
			now_ms + (state->is_invalid ? between(CREDCACHE_REFUSED_LEAST_MS,
							      CREDCACHE_REFUSED_MOST_MS, random)
						    : between(CREDCACHE_BACKOFF_LEAST_MS,
							      CREDCACHE_BACKOFF_MOST_MS, random));
		state->error = ERR_OK;
		return;
	}
	state->error = *err;
	state->error_until_ms =
		now_ms + between(CREDCACHE_ERROR_LEAST_MS, CREDCACHE_ERROR_MOST_MS, random);
}

void credstate_invalidate(struct credstate *state, const char *access_key_id, int64_t now_ms)
{
	if (!str_eq_null(state->credentials.access_key_id, access_key_id))
		return;
	state->is_invalid = true;
	if (state->not_before_ms > now_ms + CREDCACHE_REFUSED_MOST_MS)
		state->not_before_ms = now_ms + CREDCACHE_REFUSED_MOST_MS;
}

void credstate_burn(struct credstate *state)
{
	credentials_burn(&state->credentials);
}

// ---- the cache

struct credcache {
	struct task task;
	struct provider *provider; // owned
	struct credstate state;
	struct list waiters; // credwait
	int64_t skew_ms;
	bool is_refreshing;
	bool is_leaving; // freed by its owner; the refresh still runs
};

static double random_unit(void)
{
	uint32_t bits = 0;
	if (!hash_random(&bits, sizeof(bits)))
		return 1;
	return (double)bits / UINT32_MAX;
}

static int64_t now_of(const struct credcache *cache)
{
	return loop_wall_ms(cache->task.loop) + cache->skew_ms;
}

static void refresh(struct credcache *cache)
{
	if (cache->is_refreshing)
		return;
	cache->is_refreshing = true;
	op_reset(&cache->provider->op);
	provider_start(cache->provider, &cache->task);
}

static void answer_waiters(struct credcache *cache)
{
	bool can_serve = credstate_can_serve(&cache->state);
	struct err err = can_serve ? ERR_OK : cache->state.error;
	while (!list_is_empty(&cache->waiters)) {
		struct credwait *wait = LIST_ITEM(cache->waiters.next, struct credwait, link);
		list_remove(&wait->link);
		op_finish(&wait->op, err);
	}
}

static void bury(void *what)
{
	struct credcache *cache = what;
	task_done(&cache->task);
	provider_free(cache->provider);
	credstate_burn(&cache->state);
	free(cache);
}

static void step(struct task *task)
{
	struct credcache *cache = CONTAINER_OF(task, struct credcache, task);
	struct provider *provider = cache->provider;
	if (cache->is_refreshing && op_is_finished(&provider->op)) {
		cache->is_refreshing = false;
		if (cache->is_leaving) {
			loop_bury(task->loop, cache, bury);
			return;
		}
		struct err err = provider->op.err;
		if (!err_is(&err))
			err = credstate_on_answer(&cache->state, &provider->found, now_of(cache));
		if (err_is(&err)) {
			err_wrap(&err, "credentials from %s", provider->type->name);
			credstate_on_error(&cache->state, &err, now_of(cache), random_unit());
			if (credstate_can_serve(&cache->state))
				log_warning(
					"credentials could not be refreshed; the old ones serve",
					LOG_ERR(&err));
		}
		answer_waiters(cache);
	} else if (!list_is_empty(&cache->waiters) && !cache->is_refreshing) {
		// Woken for somebody who found the last error, or what has arrived meanwhile.
		answer_waiters(cache);
	}
}

struct credcache *credcache_new(struct loop *loop, struct provider *provider)
{
	struct credcache *cache = provider ? calloc(1, sizeof(*cache)) : NULL;
	if (!cache) {
		provider_free(provider);
		return NULL;
	}
	task_init(&cache->task, loop, step, "credentials");
	list_init(&cache->waiters);
	cache->provider = provider;
	return cache;
}

void credcache_free(struct credcache *cache)
{
	if (!cache)
		return;
	while (!list_is_empty(&cache->waiters)) {
		struct credwait *wait = LIST_ITEM(cache->waiters.next, struct credwait, link);
		list_remove(&wait->link);
		op_finish(&wait->op, ERR_OK);
	}
	if (!cache->is_refreshing) {
		bury(cache);
		return;
	}
	cache->is_leaving = true;
	op_cancel(&cache->provider->op);
}

const struct credentials *credcache_peek(struct credcache *cache)
{
	switch (credstate_decide(&cache->state, now_of(cache))) {
	case CREDSTATE_SERVE:
		return &cache->state.credentials;
	case CREDSTATE_SERVE_AND_REFRESH:
		refresh(cache);
		return &cache->state.credentials;
	case CREDSTATE_REFRESH:
		refresh(cache);
		return NULL;
	case CREDSTATE_ERROR:
		return NULL;
	}
	return NULL;
}

static void on_wait_cancel(struct op *op)
{
	struct credwait *wait = CONTAINER_OF(op, struct credwait, op);
	list_remove(&wait->link);
	op_finish(op, err_new(ERR_CANCELED, "canceled"));
}

void credcache_wait(struct credcache *cache, struct credwait *wait, struct task *owner)
{
	wait->cache = cache;
	op_reset(&wait->op);
	op_start(&wait->op, owner, on_wait_cancel);
	list_append(&cache->waiters, &wait->link);
	if (!cache->is_refreshing)
		task_wake(&cache->task);
}

void credcache_invalidate(struct credcache *cache, const char *access_key_id)
{
	if (cache)
		credstate_invalidate(&cache->state, access_key_id, now_of(cache));
}

void credcache_set_skew(struct credcache *cache, int64_t skew_ms)
{
	if (cache)
		cache->skew_ms = skew_ms;
}

const char *credcache_source(const struct credcache *cache)
{
	return cache ? cache->provider->type->name : "nowhere";
}
