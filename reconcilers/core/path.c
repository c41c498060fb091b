// A path is walked by recursion over its steps; only "[]" makes the result a list.
#include "core/path.h"
#include "base/num.h"
#include "base/str.h"
#include <inttypes.h>

bool path_scalar_text(const json_t *value, char *ret_text, size_t bytes)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return str_copy(ret_text, bytes, json_string_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return str_copy(ret_text, bytes, json_is_true(value) ? "true" : "false");
	case JSON_INTEGER:
		snprintf(ret_text, bytes, "%" PRId64, (int64_t)json_integer_value(value));
		return true;
	case JSON_REAL:
		snprintf(ret_text, bytes, "%.17g", json_real_value(value));
		return true;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

// "[Member=text]" or "[Outer.Member=text]" at *path: does the item match?
static bool filter_matches(const json_t *item, const char *filter, size_t bytes)
{
	char member[64], want[256], have[256];
	const char *equals = memchr(filter, '=', bytes);
	if (!equals || (size_t)(equals - filter) >= sizeof(member) ||
		bytes - (size_t)(equals + 1 - filter) >= sizeof(want))
		return false;
	memcpy(member, filter, (size_t)(equals - filter));
	member[equals - filter] = '\0';
	size_t n = bytes - (size_t)(equals + 1 - filter);
	memcpy(want, equals + 1, n);
	want[n] = '\0';
	const json_t *value = js_at(item, member);
	return value && path_scalar_text(value, have, sizeof(have)) && str_eq_nocase(have, want);
}

// Walks and appends what it finds to `out`; *is_list is set when a "[]" was on the way.
static void walk(json_t *value, const char *path, json_t *out, bool *is_list)
{
	while (value && *path) {
		if (*path == '.') {
			path++;
			continue;
		}
		if (*path == '[') {
			const char *close = strchr(path, ']');
			if (!close)
				return;
			const char *rest = close + 1;
			size_t i;
			json_t *item;
			if (close == path + 1) {
				*is_list = true;
				json_array_foreach (value, i, item)
					walk(item, rest, out, is_list);
				return;
			}
			json_t *hit = NULL;
			size_t bytes = (size_t)(close - path - 1);
			if (json_is_object(value) && filter_matches(value, path + 1, bytes))
				hit = value;
			json_array_foreach (value, i, item)
				if (!hit && filter_matches(item, path + 1, bytes))
					hit = item;
			value = hit;
			path = rest;
			continue;
		}
		char step[96];
		size_t n = strcspn(path, ".[");
		if (n >= sizeof(step))
			return;
		memcpy(step, path, n);
		step[n] = '\0';
		int64_t index;
		if (json_is_array(value))
			value = num_parse_i64(step, 0, INT32_MAX, &index)
					? json_array_get(value, (size_t)index)
					: NULL;
		else
			value = json_object_get(value, step);
		path += n;
	}
	if (value && !json_is_null(value))
		json_array_append(out, value);
}

json_t *path_get(const json_t *value, const char *path)
{
	// Nearly all paths are one plain member: no list for those.
	if (!strpbrk(path, ".["))
		return *path ? json_incref(js_at(value, path)) : json_incref((json_t *)value);
	json_t *found = json_array();
	bool is_list = false;
	walk((json_t *)value, path, found, &is_list);
	if (is_list)
		return found;
	json_t *first = json_incref(json_array_get(found, 0));
	json_decref(found);
	return first;
}

static bool scalar_matches(const json_t *at, const char *glob)
{
	char text[512];
	if (!at || !path_scalar_text(at, text, sizeof(text)))
		return *glob == '\0';
	for (char *p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	char low[512];
	str_copy(low, sizeof(low), glob);
	for (char *p = low; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return str_glob(low, text);
}

bool path_matches(const json_t *value, const char *path, const char *glob)
{
	if (*glob == '!')
		return !path_matches(value, path, glob + 1);
	_cleanup_json_ json_t *at = path_get(value, path);
	if (!json_is_array(at))
		return scalar_matches(at, glob);
	size_t i;
	json_t *one;
	json_array_foreach (at, i, one)
		if (scalar_matches(one, glob))
			return true;
	return *glob == '\0' && json_array_size(at) == 0;
}
