// JSON helpers: paths, canonical text, merge patch after RFC 7396's own examples, limits.
#include "base/js.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	char message[200] = "";
	json_t *value = js_parse(text, strlen(text), message, sizeof(message));
	if (!value)
		fail_msg("%s: %s", text, message);
	return value;
}

static void getters_take_what_is_absent_or_of_another_type(void **state)
{
	(void)state;
	_cleanup_json_ json_t *v = parse("{\"s\":\"x\",\"i\":7,\"b\":true,\"n\":null,\"r\":1.5}");
	assert_string_equal(js_str(v, "s"), "x");
	assert_null(js_str(v, "i"));
	assert_null(js_str(v, "n"));
	assert_null(js_str(NULL, "s"));
	assert_int_equal(js_int(v, "i", 1), 7);
	assert_int_equal(js_int(v, "s", 1), 1);
	assert_int_equal(js_int(v, "r", 1), 1);
	assert_int_equal(js_int(NULL, "i", 1), 1);
	assert_true(js_bool(v, "b", false));
	assert_true(js_bool(v, "absent", true));
	assert_false(js_bool(v, "i", false));
}

static void paths_reach_into_objects_and_lists(void **state)
{
	(void)state;
	_cleanup_json_ json_t *v =
		parse("{\"Routes\":[{\"GatewayId\":\"igw\"},{\"x\":null}],\"0\":\"zero\"}");
	assert_string_equal(json_string_value(js_at(v, "Routes.0.GatewayId")), "igw");
	assert_null(js_at(v, "Routes.1.x"));
	assert_null(js_at(v, "Routes.2"));
	assert_null(js_at(v, "Routes.-1"));
	assert_null(js_at(v, "Routes.x"));
	assert_null(js_at(v, "Routes.0.GatewayId.deeper"));
	assert_null(js_at(v, "Routes..GatewayId"));
	assert_null(js_at(NULL, "a"));
	assert_string_equal(json_string_value(js_at(v, "0")), "zero");
	assert_ptr_equal(js_at(v, ""), v);
	char longest[300];
	memset(longest, 'a', sizeof(longest));
	longest[299] = '\0';
	assert_null(js_at(v, longest));
}

static void put_makes_the_way_and_owns_the_value(void **state)
{
	(void)state;
	_cleanup_json_ json_t *v = json_object();
	assert_true(js_put(v, "A.B.C", json_integer(1)));
	assert_true(js_put(v, "A.B.D", json_integer(2)));
	assert_true(js_put(v, "E", json_true()));
	_cleanup_free_ char *text = js_text(v);
	assert_string_equal(text, "{\"A\":{\"B\":{\"C\":1,\"D\":2}},\"E\":true}");
	assert_false(js_put(v, "", json_integer(3)));
	assert_false(js_put(v, "A..B", json_integer(3)));
	assert_false(js_put(v, "F", NULL));
	_cleanup_json_ json_t *list = json_array();
	assert_false(js_put(list, "a", json_integer(1)));
	assert_false(js_put(list, "a.b", json_integer(1)));
}

static void equal_values_have_equal_text_and_digest(void **state)
{
	(void)state;
	_cleanup_json_ json_t *a = parse("{\"b\":[1,{\"d\":1,\"c\":2}], \"a\":\"\\u00e9\"}");
	_cleanup_json_ json_t *b = parse("{\"a\":\"\xc3\xa9\",\"b\":[1,{\"c\":2,\"d\":1}]}");
	_cleanup_free_ char *text_a = js_text(a), *text_b = js_text(b);
	assert_string_equal(text_a, text_b);
	char x[17], y[17];
	assert_true(js_digest(a, x, sizeof(x)));
	assert_true(js_digest(b, y, sizeof(y)));
	assert_string_equal(x, y);
	assert_int_equal(strlen(x), 16);
	assert_true(js_put(b, "z", json_null()));
	assert_true(js_digest(b, y, sizeof(y)));
	assert_string_not_equal(x, y);
}

static void merge_agrees_with_rfc_7396(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
			"{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
		{"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
		{"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
		{"{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}"},
		{"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		_cleanup_json_ json_t *target = parse(cases[i][0]);
		_cleanup_json_ json_t *patch = parse(cases[i][1]);
		_cleanup_json_ json_t *merged = js_merge(target, patch);
		_cleanup_free_ char *text = js_text(merged);
		assert_string_equal(text, cases[i][2]);
		_cleanup_free_ char *after = js_text(target), *before_text = NULL;
		_cleanup_json_ json_t *before = parse(cases[i][0]);
		before_text = js_text(before);
		assert_string_equal(after, before_text); // the target is borrowed, not changed
	}
	_cleanup_json_ json_t *target = parse("{\"a\":1}");
	_cleanup_json_ json_t *null = json_null();
	assert_null(js_merge(target, null));
}

static void strings_are_set_when_there_are_any(void **state)
{
	(void)state;
	_cleanup_json_ json_t *v = json_object();
	assert_true(js_set_str(v, "a", "x"));
	assert_true(js_set_str(v, "b", NULL));
	assert_int_equal(json_object_size(v), 1);
	assert_false(js_set_str(v, "c", "\xff")); // no UTF-8
}

static void hostile_text_is_refused_with_its_place(void **state)
{
	(void)state;
	char message[200];
	static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "[1,]", "nul", "1 2",
		"\"\\u0000\"", "\"\xff\"", "{\"a\" 1}", "\xef\xbb\xbf{}", "[\"\\"};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		message[0] = '\0';
		assert_null(js_parse(bad[i], strlen(bad[i]), message, sizeof(message)));
		assert_true(str_starts(message, "line "));
		assert_null(js_parse(bad[i], strlen(bad[i]), NULL, 0));
	}
	assert_null(js_parse("\"a\0b\"", 5, message, sizeof(message)));
}

static void depth_is_limited_before_parsing(void **state)
{
	(void)state;
	char message[200];
	char *deep = malloc(2000001);
	for (int opener = 0; opener < 2; opener++) {
		for (size_t i = 0; i < 1000000; i++)
			deep[i] = opener ? '[' : '{';
		assert_null(js_parse(deep, 1000000, message, sizeof(message)));
		assert_string_equal(message, "nested deeper than 64 levels");
	}
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	json_t *v = js_parse(deep, 128, message, sizeof(message));
	assert_non_null(v);
	json_decref(v);
	// Brackets in strings do not count.
	memset(deep, '[', 1000);
	deep[0] = '"';
	memcpy(deep + 500, "\\\"", 2);
	deep[999] = '"';
	v = js_parse(deep, 1000, message, sizeof(message));
	assert_non_null(v);
	json_decref(v);
	free(deep);
}

static void a_text_is_spelled_as_json_spells_it(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"plain", "\"plain\""}, {"", "\"\""}, {NULL, "null"},
		{"a \"b\" \\", "\"a \\\"b\\\" \\\\\""}, {"\n\x01", "\"\\n\\u0001\""},
		{"\xc3\xa4", "\"\xc3\xa4\""}, {"\xff", "null"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_buf_ struct buf out = {0};
		js_add_text(&out, rows[i][0]);
		assert_string_equal(buf_str(&out), rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(getters_take_what_is_absent_or_of_another_type),
		cmocka_unit_test(paths_reach_into_objects_and_lists),
		cmocka_unit_test(put_makes_the_way_and_owns_the_value),
		cmocka_unit_test(equal_values_have_equal_text_and_digest),
		cmocka_unit_test(merge_agrees_with_rfc_7396),
		cmocka_unit_test(strings_are_set_when_there_are_any),
		cmocka_unit_test(hostile_text_is_refused_with_its_place),
		cmocka_unit_test(depth_is_limited_before_parsing),
		cmocka_unit_test(a_text_is_spelled_as_json_spells_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
