// One message an incident, by values: which events are news, and which id they have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "control/incident.h"

/* "TRIGGER ID" of what the event of that instant leads to, or "-". */
static const char *told_at(json_t *open, const char *at, const char *event_text)
{
	static char text[200];
	_cleanup_free_ char *whole = str_format(
		"{\"stack\": \"shop\", \"at\": \"%s\", \"text\": \"x\", %s}", at, event_text);
	_cleanup_json_ json_t *event = js_parse(whole, strlen(whole), NULL, 0);
	enum incident_trigger trigger = 0;
	assert_non_null(event);
	_cleanup_json_ json_t *out = incident_of(open, event, &trigger);
	snprintf(text, sizeof(text), "%s %s", out ? js_str(out, "trigger") : "-",
		out ? js_str(out, "incident") : "");
	if (out)
		assert_true(trigger != 0 && json_equal(json_object_get(out, "event"), event));
	return text;
}

static const char *told(json_t *open, const char *event_text)
{
	return told_at(open, "T", event_text);
}

#define DRIFT(how, id)                                                                             \
	"\"event\": \"drift." how "\", \"address\": \"a.b.c\", \"drift_id\": \"" id "\""
#define ACTION(how, id)                                                                            \
	"\"event\": \"action." how "\", \"address\": \"a.b.c\", \"action_id\": \"" id "\""

static void test_a_drift_of_several_fields_is_one_incident(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
	assert_string_equal(told(open, DRIFT("opened", "1")), "on-drift 1");
	assert_string_equal(told(open, DRIFT("opened", "1")), "- ");
	assert_string_equal(told(open, DRIFT("opened", "2")), "- ");
	assert_string_equal(told(open, DRIFT("closed", "1")), "- ");
	assert_string_equal(told(open, DRIFT("closed", "2")), "on-corrected 1");
	assert_int_equal(json_object_size(open), 0);
	assert_string_equal(told(open, DRIFT("opened", "3")), "on-drift 3");
}

static void test_a_drift_of_an_earlier_life_is_told_to_be_over(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
	assert_string_equal(told(open, DRIFT("closed", "9")), "on-corrected 9");
	assert_string_equal(told(open, DRIFT("opened", "1")), "on-drift 1");
	assert_string_equal(told(open, DRIFT("closed", "1") ", \"how\": \"superseded\""), "- ");
	assert_int_equal(json_object_size(open), 0);
}

static void test_a_change_that_fails_again_and_again_is_one_incident(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
	assert_string_equal(told(open, ACTION("done", "1")), "- ");
	assert_string_equal(told(open, ACTION("failed", "2")), "on-failed 2");
	assert_string_equal(told(open, ACTION("intended", "3")), "- ");
	assert_string_equal(told(open, ACTION("failed", "3")), "- ");
	assert_string_equal(told(open, ACTION("done", "4")), "on-recovered 2");
	assert_string_equal(told(open, ACTION("done", "5")), "- ");
}

// After a restart what was not in history yet is told again, as it happened.
static void test_what_succeeded_before_the_failure_does_not_end_it(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
	assert_string_equal(
		told_at(open, "2026-11-29T16:15:11.157Z", ACTION("failed", "2")), "on-failed 2");
	assert_string_equal(told_at(open, "2026-11-29T16:15:11.155Z", ACTION("done", "1")), "- ");
	assert_string_equal(told_at(open, "2026-11-29T16:15:11.157Z", ACTION("failed", "2")), "- ");
	assert_string_equal(
		told_at(open, "2026-11-29T16:15:15.206Z", ACTION("done", "3")), "on-recovered 2");
	assert_int_equal(json_object_size(open), 0);
}

static void test_a_held_change_is_told_once_and_its_end_is_not(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
#define HOLD(how) "\"event\": \"change." how "\", \"address\": \"a.b.c\", \"hold_id\": \"h1\""
	assert_string_equal(told(open, HOLD("held")), "on-held h1");
	assert_string_equal(told(open, HOLD("held")), "- ");
	assert_string_equal(told(open, HOLD("approved")), "- ");
	assert_int_equal(json_object_size(open), 0);
}

static void test_layers_and_files_fail_and_recover(void **state)
{
	(void)state;
	_cleanup_json_ json_t *open = json_object();
	assert_string_equal(
		told(open, "\"event\": \"layer.recovered\", \"layer\": \"data\""), "- ");
	assert_string_equal(
		told(open, "\"event\": \"layer.failing\", \"layer\": \"data\""), "on-failed T");
	assert_string_equal(
		told(open, "\"event\": \"layer.failing\", \"layer\": \"network\""), "on-failed T");
	assert_string_equal(told(open, "\"event\": \"layer.recovered\", \"layer\": \"data\""),
		"on-recovered T");
	assert_string_equal(told(open, "\"event\": \"layer.failing\", \"layer\": "
				       "\"compute\", \"cause\": \"change\""),
		"- ");
	assert_string_equal(told(open, "\"event\": \"config.loaded\""), "- ");
	assert_string_equal(told(open, "\"event\": \"config.refused\""), "on-failed T");
	assert_string_equal(told(open, "\"event\": \"config.refused\""), "- ");
	assert_string_equal(told(open, "\"event\": \"config.loaded\""), "on-recovered T");
	assert_string_equal(told(open, "\"event\": \"lease.lost\""), "- ");
	assert_string_equal(told(open, "\"event\": 7"), "- ");
}

static void test_triggers_are_named_as_people_know_them(void **state)
{
	(void)state;
	unsigned triggers = 0;
	assert_true(incident_triggers("on-drift, on-held", &triggers));
	assert_int_equal(triggers, INCIDENT_DRIFT | INCIDENT_HELD);
	assert_true(incident_triggers("corrected,failed,recovered", &triggers));
	assert_int_equal(triggers, INCIDENT_CORRECTED | INCIDENT_FAILED | INCIDENT_RECOVERED);
	assert_false(incident_triggers("on-drfit", &triggers));
	assert_false(incident_triggers("", &triggers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_drift_of_several_fields_is_one_incident),
		cmocka_unit_test(test_a_drift_of_an_earlier_life_is_told_to_be_over),
		cmocka_unit_test(test_a_change_that_fails_again_and_again_is_one_incident),
		cmocka_unit_test(test_what_succeeded_before_the_failure_does_not_end_it),
		cmocka_unit_test(test_a_held_change_is_told_once_and_its_end_is_not),
		cmocka_unit_test(test_layers_and_files_fail_and_recover),
		cmocka_unit_test(test_triggers_are_named_as_people_know_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
