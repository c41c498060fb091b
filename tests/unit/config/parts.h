// Helpers of these tests: text in, JSON or findings as text out.
#pragma once

#include "base/str.h"
#include "config/tree.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct loaded {
	struct tree *tree;
	struct findings findings;
	char *findings_text;
};

static struct loaded load_bytes(const char *text, size_t bytes, const char *const *vars)
{
	struct loaded loaded;
	findings_init(&loaded.findings);
	struct tree_options options = {.text = text, .text_bytes = bytes, .vars = vars};
	loaded.tree = tree_load("shop.yaml", &options, &loaded.findings);
	assert_non_null(loaded.tree);
	struct buf out;
	buf_init(&out, 0);
	findings_sort(&loaded.findings);
	findings_print(&loaded.findings, &out);
	loaded.findings_text = strdup(buf_str(&out));
	assert_non_null(loaded.findings_text);
	buf_done(&out);
	return loaded;
}

static void done(struct loaded *loaded)
{
	tree_free(loaded->tree);
	findings_done(&loaded->findings);
	free(loaded->findings_text);
}

static void expect_json_with(const char *text, const char *const *vars, const char *json)
{
	struct loaded loaded = load_bytes(text, strlen(text), vars);
	assert_string_equal(loaded.findings_text, "");
	assert_non_null(tree_root(loaded.tree));
	json_t *value = node_json(tree_root(loaded.tree));
	char *actual = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(actual, json);
	free(actual);
	json_decref(value);
	done(&loaded);
}

static inline void expect_json(const char *text, const char *json)
{
	expect_json_with(text, NULL, json);
}

/* All findings, whole. */
static inline void expect_findings_with(
	const char *text, const char *const *vars, const char *findings)
{
	struct loaded loaded = load_bytes(text, strlen(text), vars);
	assert_string_equal(loaded.findings_text, findings);
	done(&loaded);
}

static inline void expect_findings(const char *text, const char *findings)
{
	expect_findings_with(text, NULL, findings);
}

/* The first finding begins so. */
static inline void expect_finding_in(const char *text, size_t bytes, const char *start)
{
	struct loaded loaded = load_bytes(text, bytes, NULL);
	if (!str_starts(loaded.findings_text, start))
		assert_string_equal(loaded.findings_text, start);
	done(&loaded);
}
