// Thin helpers over jansson. Depth is checked before parsing: jansson's own limit is 2048.
#include "base/js.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/str.h"
#include <stdio.h>

const char *js_str(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

int64_t js_int(const json_t *obj, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(obj, key);
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool js_bool(const json_t *obj, const char *key, bool fallback)
{
	const json_t *value = json_object_get(obj, key);
	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static const char *next_step(const char *path, char *ret_step, size_t bytes)
{
	size_t n = strcspn(path, ".");
	if (n == 0 || n >= bytes)
		return NULL;
	memcpy(ret_step, path, n);
	ret_step[n] = '\0';
	return path[n] ? path + n + 1 : path + n;
}

json_t *js_at(const json_t *value, const char *path)
{
	char step[128];
	while (value && *path) {
		path = next_step(path, step, sizeof(step));
		if (!path)
			return NULL;
		int64_t index;
		if (json_is_array(value))
			value = num_parse_i64(step, 0, INT32_MAX, &index)
					? json_array_get(value, (size_t)index)
					: NULL;
		else
			value = json_object_get(value, step);
	}
	return json_is_null(value) ? NULL : (json_t *)value;
}

bool js_put(json_t *obj, const char *path, json_t *value)
{
	char step[128];
	for (;;) {
		path = next_step(path, step, sizeof(step));
		if (!path || !value) {
			json_decref(value);
			return false;
		}
		if (!*path)
			return json_object_set_new(obj, step, value) == 0;
		json_t *next = json_object_get(obj, step);
		if (!json_is_object(next)) {
			next = json_object();
			if (json_object_set_new(obj, step, next) != 0) {
				json_decref(value);
				return false;
			}
		}
		obj = next;
	}
}

char *js_text(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

bool js_digest(const json_t *value, char *ret_hex, size_t bytes)
{
	_cleanup_free_ char *text = js_text(value);
	char hex[HASH_HEX_BYTES];
	if (!text || !hash_sha256_hex(text, strlen(text), hex))
		return false;
	str_copy(ret_hex, bytes, hex);
	return true;
}

json_t *js_merge(const json_t *target, const json_t *patch)
{
	if (!json_is_object(patch))
		return json_is_null(patch) ? NULL : json_deep_copy(patch);
	json_t *out = json_is_object(target) ? json_copy((json_t *)target) : json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)patch, key, value) {
		if (json_is_null(value)) {
			json_object_del(out, key);
			continue;
		}
		json_t *merged = js_merge(json_object_get(out, key), value);
		if (!merged || json_object_set_new(out, key, merged) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

bool js_set_str(json_t *obj, const char *key, const char *value)
{
	return !value || json_object_set_new(obj, key, json_string(value)) == 0;
}

static bool is_too_deep(const char *text, size_t bytes, int most)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < bytes; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > most)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

json_t *js_parse(const char *text, size_t bytes, char *ret_message, size_t message_bytes)
{
	enum { DEEPEST = 64 };
	if (is_too_deep(text, bytes, DEEPEST)) {
		if (ret_message)
			snprintf(ret_message, message_bytes, "nested deeper than %d levels",
				DEEPEST);
		return NULL;
	}
	json_error_t error;
	json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value && ret_message)
		snprintf(ret_message, message_bytes, "line %d, column %d: %s", error.line,
			error.column, error.text);
	return value;
}

bool js_lists(const json_t *list, const char *text)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (json_is_string(one) && str_eq(json_string_value(one), text))
			return true;
	return false;
}

bool js_any_text(
	const json_t *value, bool (*is)(const char *text, const char *with), const char *with)
{
	size_t i;
	const char *key;
	json_t *one;
	if (json_is_string(value))
		return is(json_string_value(value), with);
	json_array_foreach ((json_t *)value, i, one)
		if (js_any_text(one, is, with))
			return true;
	json_object_foreach ((json_t *)value, key, one)
		if (js_any_text(one, is, with))
			return true;
	return false;
}

static bool is_itself(char c)
{
	return (unsigned char)c >= ' ' && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

void js_add_text(struct buf *out, const char *text)
{
	size_t n = 0;
	while (text && is_itself(text[n]))
		n++;
	if (text && !text[n]) { // nearly always: nothing to spell otherwise
		buf_addc(out, '"');
		buf_add(out, text, n);
		buf_addc(out, '"');
		return;
	}
	_cleanup_json_ json_t *value = text ? json_string(text) : NULL;
	char *spelled = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	buf_adds(out, spelled ? spelled : "null");
	free(spelled);
}
