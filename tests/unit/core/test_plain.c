// JSON as people read it, and two sides brought into one order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/plain.h"
#include <cmocka.h>

static json_t *parsed(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	return value;
}

static void assert_line(const char *json, const char *wanted)
{
	_cleanup_json_ json_t *value = parsed(json);
	_cleanup_free_ char *line = plain_line(value);
	assert_string_equal(line, wanted);
}

static void values_are_written_without_quotes_and_references_by_address(void **state)
{
	(void)state;
	assert_line("[1, \"a\", null]", "[1, a, (none)]");
	assert_line("\"\"", "\"\"");
	assert_line("{\"@ref\": \"a.b.c\", \"@attr\": \"Arn\"}", "a.b.c.Arn");
	assert_line("{\"@text\": [\"x-\", {\"@ref\": \"a.b.c\"}]}", "x-${a.b.c}");
}

static void a_document_in_a_text_has_leaves(void **state)
{
	(void)state;
	_cleanup_json_ json_t *tree =
		parsed("{\"P\": \"{\\\"S\\\": [{\\\"A\\\": \\\"x\\\"}]}\", \"no\": \"{}\", "
		       "\"nor\": \"{broken\"}");
	_cleanup_json_ json_t *leaves = plain_leaves(tree);
	_cleanup_json_ json_t *wanted =
		parsed("{\"P.S[0].A\": \"x\", \"no\": \"{}\", \"nor\": \"{broken\"}");
	assert_true(json_equal(leaves, wanted));
}

// What a reference stands for is not known; that there is something in its place is.
static void the_item_that_has_what_a_reference_stands_for_is_the_like_one(void **state)
{
	(void)state;
	_cleanup_json_ json_t *desired =
		parsed("{\"R\": [{\"Port\": 22, \"Info\": {\"Group\": {\"@ref\": \"a.b.c\"}}}]}");
	_cleanup_json_ json_t *observed =
		parsed("{\"R\": [{\"Port\": 22, \"Cidr\": \"0.0.0.0/0\"}, "
		       "{\"Port\": 22, \"Info\": {\"Group\": \"sg-1\"}}]}");
	_cleanup_json_ json_t *aligned = plain_align(desired, observed);
	const json_t *first = json_array_get(json_object_get(aligned, "R"), 0);
	assert_string_equal(js_str(json_object_get(first, "Info"), "Group"), "sg-1");
	assert_int_equal(json_array_size(json_object_get(aligned, "R")), 2);
}

static void a_path_covers_what_is_below_it(void **state)
{
	(void)state;
	assert_true(plain_covers("Ingress", "Ingress[0].FromPort"));
	assert_true(plain_covers("ingress", "Ingress"));
	assert_false(plain_covers("Ingress[1]", "Ingress[0].FromPort"));
	assert_false(plain_covers("In", "Ingress"));
}

static void what_came_in_place_of_what_went_is_one_change(void **state)
{
	(void)state;
	_cleanup_json_ json_t *changes =
		parsed("[{\"path\": \"A\", \"after\": \"*\"}, {\"path\": \"A\", \"before\": "
		       "\"x\"}, {\"path\": \"B\", \"before\": 1}, {\"path\": \"B\", "
		       "\"before\": 2}, {\"path\": \"C\", \"after\": {}}]");
	_cleanup_json_ json_t *joined = plain_joined(changes);
	_cleanup_json_ json_t *wanted =
		parsed("[{\"path\": \"A\", \"before\": \"x\", \"after\": \"*\"}, {\"path\": "
		       "\"B\", \"before\": 1}, {\"path\": \"B\", \"before\": 2}, {\"path\": "
		       "\"C\", \"after\": {}}]");
	assert_true(json_equal(joined, wanted));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_written_without_quotes_and_references_by_address),
		cmocka_unit_test(a_document_in_a_text_has_leaves),
		cmocka_unit_test(the_item_that_has_what_a_reference_stands_for_is_the_like_one),
		cmocka_unit_test(a_path_covers_what_is_below_it),
		cmocka_unit_test(what_came_in_place_of_what_went_is_one_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
