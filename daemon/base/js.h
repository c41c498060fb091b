// What jansson leaves out: paths, order-free canonical text, deep merge, readable getters.
// "obj" arguments may be NULL or of another type; getters then answer as if the member were absent.
#pragma once

#include "base/buf.h"
#include "base/defs.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

static inline void js_decrefp(json_t **p)
{
	json_decref(*p);
}
#define _cleanup_json_ _cleanup_(js_decrefp)

/* Borrowed; NULL when absent, null, or of another type. */
const char *js_str(const json_t *obj, const char *key);
/* `fallback` when absent or of another type. */
int64_t js_int(const json_t *obj, const char *key, int64_t fallback);
bool js_bool(const json_t *obj, const char *key, bool fallback);
/* The value at a dotted path ("Endpoint.Address", list indexes as numbers: "Routes.0.GatewayId");
 * a NULL value or a step into a non-container is absent (NULL). Borrowed. */
json_t *js_at(const json_t *value, const char *path);
/* Sets the value (taken over, also on failure) at a dotted path of objects, making them on the way.
 */
bool js_put(json_t *obj, const char *path, json_t *value) MUST_CHECK;
/* Sorted keys, no blanks: equal values have equal text. Free the result; NULL when memory is out.
 */
char *js_text(const json_t *value) MUST_CHECK;
/* Hex SHA-256 of js_text(), cut to `bytes - 1` characters. */
bool js_digest(const json_t *value, char *ret_hex, size_t bytes) MUST_CHECK;
/* RFC 7396 merge patch of `patch` into `target` (both borrowed); a new value, or NULL for null or
 * when memory is out. */
json_t *js_merge(const json_t *target, const json_t *patch);
/* Is the text one of the strings of a list? Anything that is no list has none. */
bool js_lists(const json_t *list, const char *text);
/* Is there a string anywhere in the value for which is(string, with) holds? NULL has none. */
bool js_any_text(
	const json_t *value, bool (*is)(const char *text, const char *with), const char *with);
/* Sets a string member when value is not NULL. */
bool js_set_str(json_t *obj, const char *key, const char *value);
/* Parses text with the limits of this project (depth 64, duplicate keys refused, NUL refused).
 * NULL on bad text, with ret_message (may be NULL) filled: "line 3, column 7: ...". */
json_t *js_parse(const char *text, size_t bytes, char *ret_message, size_t message_bytes);
/* Appends a string in JSON's spelling, quotes included; null for NULL and for what is no UTF-8. */
void js_add_text(struct buf *out, const char *text);
