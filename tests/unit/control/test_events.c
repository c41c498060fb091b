// Events by values: what each statement of history becomes, and what a follower is given.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "control/event.h"
#include "control/events.h"

static void assert_event(
	enum store_statement statement, const char *args_text, const char *name, const char *text)
{
	_cleanup_json_ json_t *args = js_parse(args_text, strlen(args_text), NULL, 0);
	assert_non_null(args);
	_cleanup_json_ json_t *event = event_of(statement, args, "shop");
	if (!name) {
		assert_null(event);
		return;
	}
	assert_string_equal(js_str(event, "event"), name);
	assert_string_equal(js_str(event, "text"), text);
	assert_string_equal(js_str(event, "stack"), "shop");
	assert_string_equal(js_str(event, "at"), "2026-11-24T10:00:00.000Z");
}

#define AT "\"at_ms\": 1795514400000, \"address\": \"network.vpc.main\", "

static void test_statements_of_history_are_events(void **state)
{
	(void)state;
	assert_event(STORE_DRIFT_OPEN,
		"{" AT "\"field\": \"Dns\", \"type\": \"changed\", \"desired\": true, "
		"\"observed\": false}",
		"drift.opened", "Dns: true -> false");
	assert_event(STORE_DRIFT_OPEN, "{" AT "\"field\": \"(resource)\"}", "drift.opened",
		"no longer in AWS");
	assert_event(STORE_DRIFT_CLOSE, "{" AT "\"field\": \"Dns\", \"how\": \"corrected\"}",
		"drift.closed", "Dns: corrected");
	assert_event(STORE_ACTION_INTEND,
		"{" AT "\"operation\": \"ec2:CreateVpc\", \"change\": \"+\", \"reason\": "
		"\"Missing\"}",
		"action.intended", "+ ec2:CreateVpc: Missing");
	assert_event(STORE_ACTION_SETTLE,
		"{" AT "\"operation\": \"CreateVpc\", \"outcome\": \"done\", \"code\": \"\"}",
		"action.done", "CreateVpc");
	assert_event(STORE_ACTION_SETTLE, "{" AT "\"operation\": \"x\", \"outcome\": \"found\"}",
		"action.done", "x: found");
	assert_event(STORE_ACTION_SETTLE,
		"{" AT "\"operation\": \"x\", \"outcome\": \"failed\", \"code\": \"Denied\", "
		"\"message\": \"no\"}",
		"action.failed", "x: failed Denied: no");
	assert_event(STORE_HOLD_PUT, "{" AT "\"change\": \"-/+\", \"reason\": \"data\"}",
		"change.held", "-/+ is held: data");
	assert_event(STORE_HOLD_DECIDE,
		"{" AT "\"change\": \"-\", \"state\": \"approved\", \"who\": \"ada\"}",
		"change.approved", "- approved by ada");
	assert_event(STORE_ORDER_PUT,
		"{" AT "\"sort\": \"pause\", \"target\": \"\", \"who\": \"ada\"}", "pause.begun",
		"the whole stack, by ada");
	assert_event(STORE_ORDER_END,
		"{" AT "\"sort\": \"ignore\", \"target\": \"a.b.c\", \"field\": \"f\"}",
		"ignore.ended", "a.b.c, f");
	assert_event(STORE_CONFIG_ADD, "{" AT "\"version\": \"v7\", \"file\": \"shop.yaml\"}",
		"config.loaded", "version v7 is in force: shop.yaml");
	assert_event(STORE_RECORD_PUT, "{" AT "\"aws_id\": \"vpc-1\"}", NULL, NULL);
	assert_event(STORE_OBSERVATION_ADD, "{" AT "\"aws_id\": \"vpc-1\"}", NULL, NULL);
}

static void test_an_event_says_where_and_keeps_what_scripts_want(void **state)
{
	(void)state;
	_cleanup_json_ json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:I, s:{}}", "address",
		"data.db_instance.main", "action_id", "7", "request_id", "r-1", "code", "",
		"until_ms", (json_int_t)1795514400000, "input");
	_cleanup_json_ json_t *event = event_of(STORE_ACTION_SETTLE, args, "shop");
	assert_string_equal(js_str(event, "layer"), "data");
	assert_string_equal(js_str(event, "action_id"), "7");
	assert_string_equal(js_str(event, "request_id"), "r-1");
	assert_string_equal(js_str(event, "until"), "2026-11-24T10:00:00.000Z");
	assert_null(json_object_get(event, "code"));  // empty: not there
	assert_null(json_object_get(event, "input")); // may be large
}

static void put(struct events *events, const char *stack)
{
	events_put(events, event_new("drift.opened", 1, stack, NULL, "x"));
}

static size_t count_of(const json_t *answer)
{
	return json_array_size(json_object_get(answer, "events"));
}

static void test_a_follower_is_given_each_event_once(void **state)
{
	(void)state;
	struct events events;
	events_init(&events, "a1");
	_cleanup_json_ json_t *none = events_after(&events, NULL, NULL, 0);
	assert_int_equal(count_of(none), 0);
	assert_string_equal(js_str(none, "cursor"), "a1-0");
	assert_false(events_has_more(&events, "a1-0", NULL));
	put(&events, "shop");
	put(&events, "blog");
	assert_true(events_has_more(&events, "a1-0", "blog"));
	_cleanup_json_ json_t *both = events_after(&events, "a1-0", NULL, 0);
	assert_int_equal(count_of(both), 2);
	assert_null(js_str(both, "gap"));
	assert_string_equal(js_str(both, "cursor"), "a1-2");
	assert_false(events_has_more(&events, "a1-2", NULL));
	assert_false(events_has_more(&events, "a1-1", "shop"));
	_cleanup_json_ json_t *one = events_after(&events, "a1-0", "shop", 0);
	assert_int_equal(count_of(one), 1);
	_cleanup_json_ json_t *last = events_after(&events, NULL, NULL, 1);
	assert_int_equal(count_of(last), 1);
	assert_string_equal(
		js_str(json_array_get(json_object_get(last, "events"), 0), "stack"), "blog");
	events_done(&events);
}

static void test_a_gap_is_told(void **state)
{
	(void)state;
	struct events events;
	events_init(&events, "a1");
	for (int i = 0; i < EVENTS_KEPT + 5; i++)
		put(&events, "shop");
	_cleanup_json_ json_t *all = events_after(&events, NULL, NULL, 0);
	assert_int_equal(count_of(all), EVENTS_KEPT);
	assert_null(js_str(all, "gap"));
	_cleanup_json_ json_t *late = events_after(&events, "a1-2", NULL, 0);
	assert_int_equal(count_of(late), EVENTS_KEPT);
	assert_non_null(strstr(js_str(late, "gap"), "3 events are no longer kept"));
	assert_true(events_has_more(&events, "a1-2", "blog"));
	_cleanup_json_ json_t *edge = events_after(&events, "a1-5", NULL, 0);
	assert_int_equal(count_of(edge), EVENTS_KEPT);
	assert_null(js_str(edge, "gap"));
	_cleanup_json_ json_t *other = events_after(&events, "b2-3", NULL, 0);
	assert_non_null(strstr(js_str(other, "gap"), "started anew"));
	_cleanup_json_ json_t *ahead = events_after(&events, "a1-99999", NULL, 0);
	assert_non_null(js_str(ahead, "gap"));
	assert_null(events_after(&events, "nonsense", NULL, 0));
	assert_null(events_after(&events, "a1-x", NULL, 0));
	events_done(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements_of_history_are_events),
		cmocka_unit_test(test_an_event_says_where_and_keeps_what_scripts_want),
		cmocka_unit_test(test_a_follower_is_given_each_event_once),
		cmocka_unit_test(test_a_gap_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
