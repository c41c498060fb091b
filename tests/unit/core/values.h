// JSON values as literals, for tests of the pure parts of the core. They live until the test ends:
// values_done() is every test's teardown.
#pragma once

#include "base/buf.h"
#include "base/js.h"
#include "base/str.h"
#include "core/desired.h"
#include "core/kind.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static json_t *values_pool;

/* Kept until values_done(); takes it over. */
static inline json_t *values_keep(json_t *value)
{
	if (!values_pool)
		values_pool = json_array();
	assert_non_null(value);
	json_array_append_new(values_pool, value);
	return value;
}

static inline json_t *values_parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
	if (!value)
		fail_msg("%s: %s", error.text, text);
	return values_keep(value);
}

/* A JSON value, written as JSON. */
#define J(...) values_parse(#__VA_ARGS__)

static inline int values_done(void **state)
{
	(void)state;
	json_decref(values_pool);
	values_pool = NULL;
	return 0;
}

static inline void values_expect(const json_t *value, const json_t *expected)
{
	_cleanup_free_ char *a = value ? js_text(value) : strdup("(absent)");
	_cleanup_free_ char *b = js_text(expected);
	assert_string_equal(a, b);
}

/* The file of that text, which has to be valid; for desired_free(). */
static inline struct desired *values_desired(const char *text)
{
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	for (size_t i = 0; i < findings.count && !desired; i++)
		print_message("%s\n", findings.items[i].message);
	assert_non_null(desired);
	findings_done(&findings);
	return desired;
}

static inline const struct kind *values_kind(const char *name)
{
	const struct kind *kind = kind_find(name);
	assert_non_null(kind);
	return kind;
}

static inline const struct field *values_field(const struct kind *kind, const char *name)
{
	const struct field *field = field_find(kind->fields, name);
	assert_non_null(field);
	return field;
}

#define VALUES_TEST(test) cmocka_unit_test_teardown(test, values_done)
