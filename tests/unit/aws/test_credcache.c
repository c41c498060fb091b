// Refresh ahead of expiry and static stability: AWS's vectors over the decisions, then the cache
// itself.
#include "aws/credcache.h"
#include "fake.h"
#include "vectors.h"

// ---- the vectors

static void put(struct credstate *state, const char *id, int64_t expires_ms, int64_t now_ms)
{
	struct credentials credentials = {0};
	assert_true(credentials_set(&credentials, id, "secret", "token", expires_ms));
	struct err err = credstate_on_answer(state, &credentials, now_ms);
	assert_string_equal(err.message, "");
}

/* The starting point of a vector: credentials of 6 hours with this much left. */
static void start(struct credstate *state, const json_t *vector, int64_t now_ms)
{
	const char *kind = js_str(vector, "cached"), *id = js_str(vector, "akid");
	if (str_eq(kind, "none"))
		return;
	int64_t left_s = str_eq(kind, "valid")       ? 5 * 3600
			 : str_eq(kind, "advisory")  ? 1800
			 : str_eq(kind, "mandatory") ? 30
						     : -60;
	int64_t then_ms = now_ms + left_s * 1000 - (int64_t)6 * 3600 * 1000;
	put(state, id ? id : "AKID-OLD", then_ms + (int64_t)6 * 3600 * 1000, then_ms);
}

static void source_answers(struct credstate *state, const char *answer, int64_t lifetime_s,
	int64_t now_ms, double random)
{
	if (str_eq(answer, "fresh")) {
		put(state, "AKID-NEW", now_ms + (lifetime_s ? lifetime_s : 3600) * 1000, now_ms);
		return;
	}
	struct err err = err_new(
		str_eq(answer, "nonRecoverable") ? ERR_DENIED : ERR_TRANSIENT, "%s", answer);
	if (str_eq(answer, "stale")) {
		struct credentials old = {0};
		assert_true(credentials_set(&old, "AKID-STALE", "s", NULL, now_ms - 1000));
		err = credstate_on_answer(state, &old, now_ms);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_null(old.access_key_id);
	}
	credstate_on_error(state, &err, now_ms, random);
	// The vectors know no pause after an error; the next question comes at once.
	state->error_until_ms = 0;
}

static void run_get(struct credstate *state, const json_t *step, int64_t now_ms, double random)
{
	const char *answer = json_string_value(json_array_get(step, 1));
	const char *expected = json_string_value(json_array_get(step, 3));
	bool contacted = json_is_true(json_array_get(step, 4));
	bool limited = json_is_true(json_array_get(step, 5));
	json_t *window = json_array_get(step, 6);
	enum credstate_need need = credstate_decide(state, now_ms);
	assert_int_equal(
		need == CREDSTATE_REFRESH || need == CREDSTATE_SERVE_AND_REFRESH, contacted);
	assert_int_equal(now_ms < state->not_before_ms, limited);
	if (contacted)
		source_answers(
			state, answer, json_integer_value(json_array_get(step, 2)), now_ms, random);
	const char *result = "cached";
	if (!credstate_can_serve(state))
		result = state->error.class == ERR_DENIED ? "nonRecoverable" : "noCredentials";
	else if (contacted && str_eq(state->credentials.access_key_id, "AKID-NEW") &&
		 str_eq(answer, "fresh"))
		result = "new";
	assert_string_equal(result, expected);
	if (json_is_integer(window))
		assert_int_equal(state->window_ms, json_integer_value(window) * 1000);
}

static void the_vectors_of_the_refresh_specification_hold(void **state)
{
	(void)state;
	json_t *root = vectors_load("credential-refresh.json"), *vector, *step;
	size_t i, s;
	json_array_foreach (json_object_get(root, "cases"), i, vector) {
		print_message("  %s\n", js_str(vector, "name"));
		struct credstate have = {
			.configured_window = js_int(vector, "configured_window_s", 0) * 1000};
		int64_t now_ms = 1800000000000;
		double random = (double)(js_int(vector, "refresh_backoff_s", 450) - 300) / 300;
		start(&have, vector, now_ms);
		json_array_foreach (json_object_get(vector, "steps"), s, step) {
			const char *verb = json_string_value(json_array_get(step, 0));
			if (str_eq(verb, "advance"))
				now_ms += json_integer_value(json_array_get(step, 1)) * 1000;
			else if (str_eq(verb, "invalidate"))
				credstate_invalidate(
					&have, json_string_value(json_array_get(step, 1)), now_ms);
			else
				run_get(&have, step, now_ms, random);
		}
		credstate_burn(&have);
	}
	assert_int_equal(i, 23);
	json_decref(root);
}

static void a_source_is_asked_again_soon_once_aws_refuses_what_is_cached(void **state)
{
	(void)state;
	const int64_t start_ms = 1800000000000;
	struct err err = err_new(ERR_TRANSIENT, "connection refused");
	struct credstate have = {.credentials = {.access_key_id = strdup("AKID-1"),
					 .expires_wall_ms = start_ms + 30000},
		.window_ms = 300000};
	credstate_on_error(&have, &err, start_ms, 1);
	assert_int_equal(have.not_before_ms, start_ms + CREDCACHE_BACKOFF_MOST_MS);
	// They serve until AWS has had enough of them.
	assert_int_equal(credstate_decide(&have, start_ms + 60000), CREDSTATE_SERVE);
	credstate_invalidate(&have, "AKID-1", start_ms + 60000);
	assert_int_equal(credstate_decide(&have, start_ms + 89999), CREDSTATE_SERVE);
	assert_int_equal(credstate_decide(&have, start_ms + 90000), CREDSTATE_REFRESH);
	for (int i = 0; i < 20; i++) { // for as long as it takes
		int64_t now_ms = have.not_before_ms;
		credstate_on_error(&have, &err, now_ms, (double)i / 19);
		assert_in_range(have.not_before_ms - now_ms, CREDCACHE_REFUSED_LEAST_MS,
			CREDCACHE_REFUSED_MOST_MS);
	}
	credstate_burn(&have);
}

// ---- the cache, on a virtual loop

/* A provider that answers when the test says so. */
struct puppet {
	struct provider base;
	int starts;
	bool is_freed;
};

static void puppet_start(struct provider *provider)
{
	CONTAINER_OF(provider, struct puppet, base)->starts++;
}

static void puppet_cancel(struct provider *provider)
{
	op_finish(&provider->op, err_new(ERR_CANCELED, "canceled"));
}

static void puppet_free(struct provider *provider)
{
	CONTAINER_OF(provider, struct puppet, base)->is_freed = true;
}

static const struct provider_type puppet_type = {
	"a puppet", puppet_start, puppet_cancel, puppet_free};

static void puppet_give(struct puppet *puppet, const char *id, int64_t expires_ms)
{
	assert_true(credentials_set(&puppet->base.found, id, "secret", NULL, expires_ms));
	op_finish(&puppet->base.op, ERR_OK);
}

struct stage {
	struct loop loop;
	struct puppet puppet;
	struct credcache *cache;
	struct task task;
	int wakes;
};

static void on_step(struct task *task)
{
	CONTAINER_OF(task, struct stage, task)->wakes++;
}

static const int64_t day = INT64_C(1800000000000);

static void stage_start(struct stage *stage)
{
	*stage = (struct stage){.puppet.base.type = &puppet_type};
	loop_init_virtual(&stage->loop, day);
	task_init(&stage->task, &stage->loop, on_step, "test");
	stage->cache = credcache_new(&stage->loop, &stage->puppet.base);
	assert_non_null(stage->cache);
}

static void stage_end(struct stage *stage)
{
	credcache_free(stage->cache);
	loop_run(&stage->loop);
	assert_true(stage->puppet.is_freed);
	assert_int_equal(loop_done(&stage->loop), 0);
}

static void all_who_wait_share_one_fetch(void **state)
{
	(void)state;
	struct stage stage;
	struct credwait waits[3] = {0};
	stage_start(&stage);
	for (size_t i = 0; i < 3; i++) {
		assert_null(credcache_peek(stage.cache));
		credcache_wait(stage.cache, &waits[i], &stage.task);
	}
	loop_run_for(&stage.loop, 10);
	assert_int_equal(stage.puppet.starts, 1);
	puppet_give(&stage.puppet, "AKID-1", day + 3600 * 1000);
	loop_run_for(&stage.loop, 10);
	for (size_t i = 0; i < 3; i++) {
		assert_true(op_is_finished(&waits[i].op));
		assert_false(err_is(&waits[i].op.err));
	}
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-1");
	stage_end(&stage);
}

static void old_credentials_serve_while_new_ones_are_fetched(void **state)
{
	(void)state;
	struct stage stage;
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	puppet_give(&stage.puppet, "AKID-1", day + 3600 * 1000);
	loop_run_for(&stage.loop, 10);
	loop_run_for(&stage.loop, 50 * 60 * 1000); // 10 minutes left: within the window of 15
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-1");
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-1");
	assert_int_equal(stage.puppet.starts, 2);
	puppet_give(&stage.puppet, "AKID-2", day + 2 * 3600 * 1000);
	loop_run_for(&stage.loop, 10);
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-2");
	stage_end(&stage);
}

static void an_error_reaches_all_who_wait_and_stands_for_a_moment(void **state)
{
	(void)state;
	struct stage stage;
	struct credwait waits[2] = {0};
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	credcache_wait(stage.cache, &waits[0], &stage.task);
	op_finish(&stage.puppet.base.op, err_new(ERR_TRANSIENT, "no answer"));
	loop_run_for(&stage.loop, 10);
	assert_string_equal(waits[0].op.err.message, "credentials from a puppet: no answer");
	assert_null(credcache_peek(stage.cache));
	credcache_wait(stage.cache, &waits[1], &stage.task);
	loop_run_for(&stage.loop, 10);
	assert_int_equal(waits[1].op.err.class, ERR_TRANSIENT);
	assert_int_equal(stage.puppet.starts, 1);
	loop_run_for(&stage.loop, 6000);
	assert_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 2);
	puppet_give(&stage.puppet, "AKID-1", 0);
	loop_run_for(&stage.loop, 10);
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-1");
	stage_end(&stage);
}

static void a_source_of_short_lived_credentials_is_not_asked_in_a_loop(void **state)
{
	(void)state;
	struct stage stage;
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	puppet_give(&stage.puppet, "AKID-1", day + 20 * 1000); // less than the mandatory minute
	loop_run_for(&stage.loop, 10);
	for (int i = 0; i < 5; i++)
		assert_non_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 1);
	loop_run_for(&stage.loop, 11 * 1000);
	assert_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 2);
	puppet_give(&stage.puppet, "AKID-2", day + 4 * 60 * 1000); // within its own window
	loop_run_for(&stage.loop, 10);
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-2");
	assert_int_equal(stage.puppet.starts, 2);
	loop_run_for(&stage.loop, 30 * 1000);
	assert_string_equal(credcache_peek(stage.cache)->access_key_id, "AKID-2");
	assert_int_equal(stage.puppet.starts, 3);
	stage_end(&stage);
}

static void expiry_is_read_by_awss_clock(void **state)
{
	(void)state;
	struct stage stage;
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	puppet_give(&stage.puppet, "AKID-1", day + 3600 * 1000);
	loop_run_for(&stage.loop, 10);
	assert_non_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 1);
	credcache_set_skew(stage.cache, 3600 * 1000); // ours is an hour behind
	assert_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 2);
	stage_end(&stage); // with a refresh under way
}

static void a_wait_can_be_canceled_and_a_cache_that_goes_lets_go_of_its_waiters(void **state)
{
	(void)state;
	struct stage stage;
	struct credwait waits[2] = {0};
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	credcache_wait(stage.cache, &waits[0], &stage.task);
	credcache_wait(stage.cache, &waits[1], &stage.task);
	op_cancel(&waits[0].op);
	assert_int_equal(waits[0].op.err.class, ERR_CANCELED);
	stage_end(&stage);
	assert_true(op_is_finished(&waits[1].op));
	assert_false(err_is(&waits[1].op.err));
}

static void invalid_credentials_are_fetched_again_unless_they_were_replaced(void **state)
{
	(void)state;
	struct stage stage;
	stage_start(&stage);
	assert_null(credcache_peek(stage.cache));
	puppet_give(&stage.puppet, "AKID-2", 0);
	loop_run_for(&stage.loop, 10);
	credcache_invalidate(stage.cache, "AKID-1");
	assert_non_null(credcache_peek(stage.cache));
	credcache_invalidate(stage.cache, "AKID-2");
	assert_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 2);
	op_finish(&stage.puppet.base.op, err_new(ERR_TRANSIENT, "down"));
	loop_run_for(&stage.loop, 10);
	assert_non_null(credcache_peek(stage.cache)); // the old ones, and no hurry
	assert_int_equal(stage.puppet.starts, 2);
	loop_run_for(&stage.loop, 10 * 60 * 1000);
	assert_null(credcache_peek(stage.cache));
	assert_int_equal(stage.puppet.starts, 3);
	stage_end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_asked_again_soon_once_aws_refuses_what_is_cached),
		cmocka_unit_test(the_vectors_of_the_refresh_specification_hold),
		cmocka_unit_test(all_who_wait_share_one_fetch),
		cmocka_unit_test(old_credentials_serve_while_new_ones_are_fetched),
		cmocka_unit_test(an_error_reaches_all_who_wait_and_stands_for_a_moment),
		cmocka_unit_test(a_source_of_short_lived_credentials_is_not_asked_in_a_loop),
		cmocka_unit_test(expiry_is_read_by_awss_clock),
		cmocka_unit_test(
			a_wait_can_be_canceled_and_a_cache_that_goes_lets_go_of_its_waiters),
		cmocka_unit_test(invalid_credentials_are_fetched_again_unless_they_were_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
