// A member resolves whole or not at all: half a rule list must not be taken for the list.
#include "core/resolve.h"
#include "base/buf.h"
#include "core/path.h"
#include <stdio.h>

struct resolver {
	resolve_fn lookup;
	void *context;
	bool is_waiting;
	char why[200];
};

static json_t *resolve(struct resolver *r, const json_t *value);

static json_t *resolve_text(struct resolver *r, const json_t *parts)
{
	struct buf text;
	buf_init(&text, 64 << 10);
	size_t i;
	json_t *part;
	json_array_foreach ((json_t *)parts, i, part) {
		_cleanup_json_ json_t *value = resolve(r, part);
		char scalar[4096];
		if (json_is_string(value))
			buf_adds(&text, json_string_value(value));
		else if (value && path_scalar_text(value, scalar, sizeof(scalar)))
			buf_adds(&text, scalar);
	}
	json_t *out = r->is_waiting ? NULL : json_string(buf_str(&text));
	buf_done(&text);
	return out;
}

static json_t *resolve(struct resolver *r, const json_t *value)
{
	const char *ref = js_str(value, "@ref");
	if (ref) {
		json_t *found =
			r->lookup(r->context, ref, js_str(value, "@attr"), r->why, sizeof(r->why));
		if (!found)
			r->is_waiting = true;
		return found;
	}
	if (json_object_get(value, "@text"))
		return resolve_text(r, json_object_get(value, "@text"));
	if (json_is_object(value)) {
		json_t *out = json_object();
		const char *key;
		json_t *member;
		json_object_foreach ((json_t *)value, key, member) {
			json_t *one = resolve(r, member);
			if (one)
				json_object_set_new(out, key, one);
		}
		return out;
	}
	if (json_is_array(value)) {
		json_t *out = json_array();
		size_t i;
		json_t *item;
		json_array_foreach ((json_t *)value, i, item) {
			json_t *one = resolve(r, item);
			if (one)
				json_array_append_new(out, one);
		}
		return out;
	}
	return json_incref((json_t *)value);
}

json_t *resolve_desired(
	const json_t *desired, resolve_fn lookup, void *context, json_t **ret_waiting)
{
	json_t *out = json_object();
	*ret_waiting = json_object();
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)desired, key, member) {
		struct resolver r = {.lookup = lookup, .context = context};
		json_t *value = resolve(&r, member);
		if (r.is_waiting) {
			json_decref(value);
			json_object_set_new(*ret_waiting, key, json_string(r.why));
		} else if (value) {
			json_object_set_new(out, key, value);
		}
	}
	return out;
}
