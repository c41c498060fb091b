// A template that cannot be filled (a parent that is not there yet) is no read, never a read of "".
#include "core/reads.h"
#include "base/str.h"
#include "core/path.h"
#include "core/template.h"

static json_t *scope_with(const json_t *scope, const json_t *subject, const char *side)
{
	json_t *out = json_copy((json_t *)scope);
	json_object_set(out, "desired", json_object_get(subject, side));
	js_set_str(out, "address", js_str(subject, "address"));
	return out;
}

json_t *reads_of(
	const struct list_call *list, const json_t *subjects, const json_t *scope, json_t *unread)
{
	static const char *const sides[] = {"desired", "observed"};
	json_t *reads = json_object();
	size_t i;
	json_t *subject;
	json_array_foreach ((json_t *)subjects, i, subject) {
		bool is_read = false;
		for (size_t side = 0; side < ARRAY_COUNT(sides); side++) {
			if (!json_object_get(subject, sides[side]))
				continue;
			_cleanup_json_ json_t *with = scope_with(scope, subject, sides[side]);
			_cleanup_free_ char *each =
				template_string(list->each ? list->each : "", with);
			_cleanup_free_ char *one =
				template_string(list->batch ? list->batch : "", with);
			if (!each || !one)
				continue;
			json_t *batch = json_object_get(reads, each);
			if (!batch) {
				batch = json_object();
				json_object_set_new(reads, each, batch);
			}
			json_object_set_new(batch, one, json_true());
			is_read = true;
		}
		if (!is_read)
			json_object_set_new(unread, js_str(subject, "address"), json_true());
	}
	return reads;
}

json_t *reads_keys(const struct kind *kind, const json_t *subjects, const json_t *scope)
{
	json_t *keys = json_object();
	size_t i;
	json_t *subject;
	json_array_foreach (kind->observe.key ? (json_t *)subjects : NULL, i, subject) {
		if (!json_object_get(subject, "desired") || json_object_get(subject, "under"))
			continue; // of a parent it is what is read by
		_cleanup_json_ json_t *with = scope_with(scope, subject, "desired");
		_cleanup_free_ char *key = template_string(kind->observe.key, with);
		if (key)
			js_set_str(keys, key, js_str(subject, "address"));
	}
	return keys;
}

bool reads_wants(const json_t *fields, const char *field)
{
	char name[96];
	if (!field || !fields)
		return true;
	for (const char *p = field; *p; p += strspn(p, "|")) { // "a|b": this one or that
		size_t n = strcspn(p, "|");
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (js_lists(fields, name))
			return true;
		p += n;
	}
	return false;
}

// The fields that the i-th optional read of a kind, follow-up or join, is made for, and where its
// answer goes; NULL after the last.
static const char *optional(const struct kind *kind, size_t i, const char **ret_into)
{
	const struct observe *how = &kind->observe;
	for (size_t f = 0; f < KIND_MOST_FOLLOWS; f++)
		if (how->follows[f].field && i-- == 0) {
			*ret_into = how->follows[f].into;
			return how->follows[f].field;
		}
	for (size_t j = 0; j < KIND_MOST_JOINS; j++)
		if (how->joins[j].field && i-- == 0) {
			*ret_into = how->joins[j].into;
			return how->joins[j].field;
		}
	return NULL;
}

json_t *reads_fields(const struct kind *kind, const json_t *desired)
{
	const char *into;
	json_t *fields = json_array();
	bool matters = desired && optional(kind, 0, &into);
	for (const struct field *f = kind->fields; matters && f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if (member && json_object_get(desired, member))
			json_array_append_new(fields, json_string(f->name));
	}
	return fields;
}

bool reads_more(const struct kind *kind, const json_t *before, const json_t *now)
{
	const char *into, *field;
	for (size_t i = 0; (field = optional(kind, i, &into)); i++)
		if (reads_wants(now, field) && !reads_wants(before, field))
			return true;
	return false;
}

bool reads_any(const struct kind *kind, const json_t *fields)
{
	_cleanup_json_ json_t *none = json_array();
	return json_array_size(fields) > 0 && reads_more(kind, none, fields);
}

bool reads_leave_out(const struct kind *kind, const char *member, const json_t *fields)
{
	const char *into, *field;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *own = field_member(kind, NULL, f), *path = f->observed;
		if (!own || !str_eq(own, member))
			continue;
		path = path ? path : own;
		for (size_t i = 0; (field = optional(kind, i, &into)); i++) {
			size_t n = into ? strlen(into) : 0;
			if (n > 0 && strncmp(path, into, n) == 0 && strchr(".[", path[n]) &&
				!reads_wants(fields, field))
				return true;
		}
	}
	return false;
}

json_t *reads_items(const json_t *output, const char *path)
{
	json_t *found = path_get(output, path);
	if (!found || json_is_array(found))
		return found;
	return json_pack("[o]", found);
}

bool reads_any_wants(const json_t *subjects, const char *field)
{
	size_t i;
	json_t *subject;
	if (!field)
		return true;
	json_array_foreach ((json_t *)subjects, i, subject)
		if (reads_wants(json_object_get(subject, "fields"), field))
			return true;
	return false;
}
