// Two moments of AWS compared by values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/js.h"
#include "base/str.h"
#include "cli/past.h"

static json_t *moment(const char *at, const char *resources)
{
	_cleanup_free_ char *text =
		str_format("{\"at\": \"%s\", \"resources\": [%s]}", at, resources);
	json_t *value = js_parse(text, strlen(text), NULL, 0);
	assert_non_null(value);
	return value;
}

static void assert_differences(const char *from, const char *to, const char *wanted)
{
	_cleanup_json_ json_t *a = moment("T1", from), *b = moment("T2", to);
	_cleanup_json_ json_t *out = past_differences(a, b);
	_cleanup_free_ char *text = js_text(json_object_get(out, "differences"));
	assert_string_equal(text, wanted);
	assert_string_equal(js_str(out, "from"), "T1");
	assert_string_equal(js_str(out, "to"), "T2");
}

#define STATE(state) "{\"address\": \"a.b.c\", \"state\": " state "}"
#define ROW(path, type, before, after)                                                             \
	"{\"address\":\"a.b.c\",\"after\":" after ",\"before\":" before ",\"path\":\"" path        \
	"\",\"type\":\"" type "\"}"

static void test_fields_that_differ_are_told_with_both_values(void **state)
{
	(void)state;
	assert_differences(STATE("{\"A\": 1, \"B\": {\"C\": true}, \"D\": \"x\"}"),
		STATE("{\"A\": 1, \"B\": {\"C\": false}, \"E\": 2}"),
		"[" ROW("B.C", "changed", "true", "false") "," ROW(
			"E", "changed", "null", "2") "," ROW("D", "changed", "\"x\"", "null") "]");
}

static void test_a_list_in_another_order_is_no_difference(void **state)
{
	(void)state;
	assert_differences(STATE("{\"L\": [{\"P\": 1, \"Q\": 1}, {\"P\": 2, \"Q\": 2}]}"),
		STATE("{\"L\": [{\"P\": 2, \"Q\": 2}, {\"P\": 1, \"Q\": 1}]}"), "[]");
}

static void test_what_was_made_and_what_is_gone_is_told_as_a_whole(void **state)
{
	(void)state;
	assert_differences(
		"", STATE("{\"A\": 1}"), "[" ROW("(resource)", "made", "null", "null") "]");
	assert_differences(STATE("null"), STATE("{\"A\": 1}"),
		"[" ROW("(resource)", "made", "null", "null") "]");
	assert_differences(STATE("{\"A\": 1}"), STATE("null"),
		"[" ROW("(resource)", "gone", "null", "null") "]");
	assert_differences("", STATE("null"), "[]");
	assert_differences(STATE("null"), STATE("null"), "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_that_differ_are_told_with_both_values),
		cmocka_unit_test(test_a_list_in_another_order_is_no_difference),
		cmocka_unit_test(test_what_was_made_and_what_is_gone_is_told_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
