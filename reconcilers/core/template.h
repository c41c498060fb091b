// Rendering the '@' templates of the kind tables (core/kind.h tells their rules).
#pragma once

#include "base/err.h"
#include "base/js.h"

/* Renders JSON text with the values of `scope`, an object whose members are what may stand behind
 * an '@' ("id", "desired", "item", ...). *ret_value is NULL when the whole was left out.
 * ERR_BUG when the text is no JSON. */
struct err template_render(const char *text, const json_t *scope, json_t **ret_value) MUST_CHECK;
/* The same over parsed JSON. */
json_t *template_value(const json_t *template, const json_t *scope);
/* The text with each "@{path}" replaced by a scalar of the scope; new. NULL when one of them is
 * absent (or memory is out). */
char *template_string(const char *text, const json_t *scope) MUST_CHECK;
/* Is there an "@{" in it? Otherwise it is a plain path or a plain text. */
bool template_is_string(const char *text);
/* A path or, with "@{", a text over {"item": item}: what the tables say of a listed item. New; NULL
 * when absent, or no text (of a path) or scalar (in a text). */
char *template_of_item(const char *text, const json_t *item) MUST_CHECK;
/* The same; a text may also speak of `where`'s members ({"region": ...}; may be NULL). */
char *template_of_item_at(const char *text, const json_t *item, const json_t *where) MUST_CHECK;
/* Replaces "@path" inside plain text (a pick, a glob) by scalars; absent ones become "". */
bool template_text(const char *text, const json_t *scope, char *ret_text, size_t bytes) MUST_CHECK;
