// What is told of a resource: each sort of entry as a sentence, in the order of time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "control/why.h"

static json_t *parsed(const char *text)
{
	json_t *value = js_parse(text, strlen(text), NULL, 0);
	assert_non_null(value);
	return value;
}

static json_t *told_of(const char *resource, const char *entries, const char *orders)
{
	_cleanup_json_ json_t *a = parsed(resource), *b = parsed(entries), *c = parsed(orders);
	_cleanup_json_ json_t *config =
		parsed("{\"version\": \"v7\", \"loaded_at\": \"2026-11-24T10:00:00Z\"}");
	json_t *out = why_told(a, config, b, c);
	assert_non_null(out);
	return out;
}

static void assert_has(const json_t *list, const char *key, size_t at, const char *wanted)
{
	const json_t *one = json_array_get(list, at);
	const char *text = key ? js_str(one, key) : json_string_value(one);
	if (!text || !strstr(text, wanted))
		fail_msg("no '%s' in: %s", wanted, text ? text : "(nothing)");
}

static void assert_story(const char *entry, const char *wanted)
{
	_cleanup_free_ char *entries = str_format(
		"[{\"at\": \"2026-11-24T10:00:05Z\", \"address\": \"a.b.c\", %s}]", entry);
	_cleanup_json_ json_t *told = told_of("{\"address\": \"a.b.c\"}", entries, "[]");
	assert_has(json_object_get(told, "story"), "text", 0, wanted);
}

#define ENTRY(what, detail) "\"what\": \"" what "\", \"detail\": {" detail "}"

static void test_each_sort_of_entry_is_a_sentence(void **state)
{
	(void)state;
	assert_story(ENTRY("drift", "\"field\": \"Dns\", \"type\": \"changed\", \"desired\": true, "
				    "\"observed\": false"),
		"Drift: Dns went from true, which the file wants, to false in AWS.");
	assert_story(ENTRY("drift", "\"field\": \"(resource)\", \"type\": \"missing\""),
		"no longer in AWS");
	assert_story(ENTRY("drift", "\"field\": \"Rule\", \"type\": \"foreign\", \"observed\": "
				    "{\"Port\": 22}"),
		"not in the file: {Port: 22}.");
	assert_story(ENTRY("drift", "\"field\": \"Ingress[tcp 22 22 0.0.0.0/0]\", \"type\": "
				    "\"foreign\", \"observed\": {\"ToPort\": 22}"),
		"Drift: Ingress[tcp 22 22 0.0.0.0/0] was found in AWS and is not in the file.");
	assert_story(ENTRY("drift", "\"field\": \"(resource)\", \"type\": \"foreign\""),
		"Drift: somebody made it; the file does not have it.");
	assert_story(
		ENTRY("drift", "\"field\": \"Containers\", \"type\": \"changed\", "
			       "\"desired\": [], \"observed\": [], \"changes\": [{\"path\": "
			       "\"Containers[app].image\", \"before\": \"a\", \"after\": \"b\"}]"),
		"Drift: Containers[app].image went from \"a\", which the file wants, to \"b\" in "
		"AWS.");
	assert_story(ENTRY("observed", "\"aws_id\": \"db\", \"sync\": \"Synced\", \"health\": "
				       "\"Healthy\", \"reason\": \"InSync\", \"changes\": "
				       "[{\"path\": \"EngineVersion\", \"before\": \"16.3\", "
				       "\"after\": \"16.4\"}]"),
		"seen in AWS as db: EngineVersion went from \"16.3\" to \"16.4\"; Synced, Healthy");
	assert_story(
		ENTRY("order", "\"sort\": \"protect\", \"who\": \"root\", \"reason\": \"audit\""),
		"It was protected from deletion and replacement by root: audit.");
	assert_story(ENTRY("order", "\"sort\": \"brake\", \"who\": \"root\", \"ended\": true"),
		"The brake was released by root.");
	assert_story(ENTRY("drift", "\"field\": \"Size\", \"type\": \"undeclared\", \"desired\": "
				    "1, \"observed\": 2"),
		"Size changed from 1 to 2; the file says nothing about it.");
	assert_story(ENTRY("closed", "\"field\": \"Dns\", \"how\": \"reverted\", \"opened_ms\": "
				     "1795514400000"),
		"somebody else put it back, after 5s");
	assert_story(ENTRY("action",
			     "\"operation\": \"ec2:CreateVpc\", \"reason\": \"Missing\", "
			     "\"outcome\": \"failed\", \"code\": \"Denied\", \"message\": \"no\", "
			     "\"dur_ms\": 120, \"attempts\": 3, \"request_id\": \"r-1\", "
			     "\"config_version\": \"v6\""),
		"ec2:CreateVpc was called, because: Missing. Outcome: failed in 120ms, at attempt "
		"3: Denied: no. AWS request id r-1. Under version v6 of the file.");
	assert_story(ENTRY("action", "\"operation\": \"ec2:CreateVpc\", \"outcome\": null"),
		"It has not been answered yet.");
	assert_story(ENTRY("action", "\"operation\": \"ec2:AuthorizeSecurityGroupIngress\", "
				     "\"change\": \"~\", \"after\": [{\"ToPort\": 22}]"),
		"AuthorizeSecurityGroupIngress was called (from nothing to [{ToPort: 22}]).");
	assert_story(ENTRY("action", "\"operation\": \"ec2:CreateVpc\", \"change\": \"+\", "
				     "\"after\": {\"CidrBlock\": \"10.0.0.0/16\"}"),
		"ec2:CreateVpc was called. It has not");
	assert_story(ENTRY("action", "\"operation\": \"x\", \"outcome\": \"unknown\""),
		"the answer was lost");
	assert_story(ENTRY("hold", "\"state\": \"waiting\", \"change\": \"-/+\", \"reason\": "
				   "\"holds data\", \"disruption\": \"data-loss\", \"who\": null"),
		"The replacement was held: holds data (disruption: data-loss).");
	assert_story(ENTRY("hold", "\"state\": \"approved\", \"change\": \"-\", \"who\": \"ada\""),
		"The deletion was approved by ada.");
	assert_story(ENTRY("order", "\"sort\": \"pause\", \"who\": \"ada\", \"reason\": "
				    "\"the move\", \"until_ms\": 1795518000000"),
		"Writing was paused by ada until 2026-11-24T");
	assert_story(ENTRY("order", "\"sort\": \"ignore\", \"field\": \"size\", \"ended\": true, "
				    "\"who\": \"ada\""),
		"size was no longer ignored by ada.");
	assert_story(ENTRY("observed", "\"sync\": \"Missing\", \"gone\": true"), "is not in AWS");
}

static void test_the_story_runs_forward_and_names_the_call_that_corrected(void **state)
{
	(void)state;
	_cleanup_json_ json_t *told = told_of("{\"address\": \"a.b.c\"}",
		"[{\"at\": \"2026-11-24T10:00:02Z\", \"what\": \"closed\", \"detail\": {\"field\": "
		"\"Dns\", \"how\": \"corrected\", \"action_id\": \"7\"}},"
		"{\"at\": \"2026-11-24T10:00:01Z\", \"what\": \"action\", \"detail\": {"
		"\"action_id\": \"7\", \"operation\": \"ec2:ModifyVpcAttribute\"}},"
		"{\"at\": \"2026-11-24T10:00:00Z\", \"what\": \"nonsense\"}]",
		"[]");
	const json_t *story = json_object_get(told, "story");
	assert_int_equal(json_array_size(story), 2);
	assert_string_equal(js_str(json_array_get(story, 0), "what"), "action");
	assert_has(story, "text", 1, "corrected by ec2:ModifyVpcAttribute.");
	assert_string_equal(
		js_str(json_object_get(json_array_get(story, 1), "detail"), "how"), "corrected");
}

static void test_what_is_so_now_says_where_it_is_wanted_and_what_waits(void **state)
{
	(void)state;
	_cleanup_json_ json_t *told = told_of(
		"{\"address\": \"a.b.c\", \"sync\": \"OutOfSync\", \"health\": \"Suspended\", "
		"\"reason\": \"Held\", \"message\": \"a person decides\", \"checked_at\": "
		"\"2026-11-24T10:01:00Z\", \"place\": {\"file\": \"shop.yaml\", \"line\": 12}, "
		"\"differences\": [{\"path\": \"Engine\", \"desired\": \"15\", \"observed\": "
		"\"14\"}], \"holds\": [{\"id\": \"abc\", \"change\": \"-/+\"}]}",
		"[]",
		"[{\"sort\": \"pause\", \"target\": \"\", \"who\": \"ada\", \"reason\": \"a "
		"move\", \"until\": null}]");
	const json_t *now = json_object_get(told, "now");
	assert_int_equal(json_array_size(now), 6);
	assert_has(now, NULL, 0, "shop.yaml, line 12, wants it; version v7 of the file, in force");
	assert_has(now, NULL, 1, "OutOfSync and Suspended, last looked at 2026-11-24T10:01:00Z.");
	assert_has(now, NULL, 2, "Held: a person decides.");
	assert_has(now, NULL, 3, "Engine differs: the file wants \"15\", AWS has \"14\".");
	assert_has(now, NULL, 4, "`holdfast approve abc`");
	assert_has(now, NULL, 5, "Writing to the whole stack is paused by ada: a move.");
}

static void test_a_resource_that_left_the_file_and_an_unseen_one_say_so(void **state)
{
	(void)state;
	_cleanup_json_ json_t *told =
		told_of("{\"address\": \"a.b.c\", \"desired\": null, \"place\": null}", "[]", "[]");
	const json_t *now = json_object_get(told, "now");
	assert_has(now, NULL, 0, "The file does not have it any more");
	assert_has(now, NULL, 1, "has not been looked at yet");
	assert_int_equal(json_array_size(json_object_get(told, "story")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_sort_of_entry_is_a_sentence),
		cmocka_unit_test(test_the_story_runs_forward_and_names_the_call_that_corrected),
		cmocka_unit_test(test_what_is_so_now_says_where_it_is_wanted_and_what_waits),
		cmocka_unit_test(test_a_resource_that_left_the_file_and_an_unseen_one_say_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
