// A drift has its two sides, an action what it wrote over, an observation the members that are
// another than in the one before it: each is walked as leafdiff.h walks what differs now.
#include "core/retold.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/diff.h"
#include "core/leafdiff.h"

static const struct kind *kind_of(const char *address)
{
	char name[96];
	const char *from = address ? strchr(address, '.') : NULL;
	size_t n = from ? strcspn(++from, ".") : 0;
	if (n == 0 || n >= sizeof(name))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)n, from);
	return kind_find(name);
}

// The field that a path begins with: "ingress[tcp 22]" is one of "ingress".
static const struct field *field_at(const struct kind *kind, const char *path)
{
	size_t n = path ? strcspn(path, ".[") : 0;
	for (const struct field *f = kind && n ? kind->fields : NULL; f && f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if (member && strncmp(member, path, n) == 0 && member[n] == '\0')
			return f;
	}
	return NULL;
}

static bool is_structure(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

static void add(json_t *out, const char *path, const json_t *before, const json_t *after)
{
	path += *path == '.'; // of what began within a value
	if (*path)
		json_array_append_new(out, json_pack("{s:s, s:O*, s:O*}", "path", path, "before",
						   before, "after", after));
}

// Leaves as "before" and "after"; `is_turned`: the desired side is the earlier one.
static void add_leaves(json_t *out, const json_t *leaves, bool is_turned)
{
	size_t i;
	json_t *leaf;
	json_array_foreach ((json_t *)leaves, i, leaf) {
		const json_t *observed = json_object_get(leaf, "observed");
		const json_t *desired = json_object_get(leaf, "desired");
		add(out, js_str(leaf, "path"), is_turned ? desired : observed,
			is_turned ? observed : desired);
	}
}

// The item of that key; NULL when there is none.
static const json_t *item_of(const struct field *field, const json_t *list, const char *key)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item) {
		_cleanup_free_ char *own = diff_item_key(field, item);
		if (own && str_eq(own, key))
			return item;
	}
	return NULL;
}

// Items are called by their keys: those of `list` that are others in `others`, or are not there.
static void add_items(json_t *out, const struct field *field, const char *member,
	const json_t *list, const json_t *others, bool is_before)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item) {
		_cleanup_free_ char *key = diff_item_key(field, item);
		const json_t *other = key ? item_of(field, others, key) : NULL;
		_cleanup_free_ char *path = key ? str_format("%s[%s]", member, key) : NULL;
		if (!path || (other && (is_before || compare_alike(item, other))))
			continue;
		if (!other) {
			add(out, path, is_before ? item : NULL, is_before ? NULL : item);
			continue;
		}
		_cleanup_json_ json_t *leaves = leafdiff_whole(NULL, path, other, item);
		add_leaves(out, leaves, false);
	}
}

json_t *retold_states(const struct kind *kind, const json_t *before, const json_t *after)
{
	const char *member;
	json_t *value, *out = json_array();
	json_object_foreach ((json_t *)after, member, value) {
		const json_t *old = json_object_get(before, member);
		const struct field *field = field_at(kind, member);
		if (compare_alike(old, value) || (compare_is_empty(old) && compare_is_empty(value)))
			continue;
		if (field && field->type == FIELD_ITEMS && field->key) {
			add_items(out, field, member, old, value, true);
			add_items(out, field, member, value, old, false);
			continue;
		}
		_cleanup_json_ json_t *leaves = leafdiff_whole(field, member, old, value);
		add_leaves(out, leaves, false);
	}
	json_object_foreach ((json_t *)before, member, value)
		if (!json_object_get(after, member) && !compare_is_empty(value))
			add(out, member, value, NULL);
	return out;
}

static json_t *drift_changes(const struct kind *kind, const json_t *detail)
{
	const char *path = js_str(detail, "field");
	const json_t *wanted = json_object_get(detail, "desired");
	const json_t *found = json_object_get(detail, "observed");
	const char *text = json_string_value(wanted); // a document, as some of AWS's members are
	if (!is_structure(wanted) && !(text && str_starts(text, "{")))
		return NULL;
	const struct field *field = field_at(kind, path);
	if (!field || !found || json_is_null(found))
		return NULL;
	_cleanup_json_ json_t *leaves = leafdiff(kind, field, path, found, wanted);
	json_t *out = json_array();
	add_leaves(out, leaves, true);
	return out;
}

static json_t *action_changes(const json_t *detail)
{
	const json_t *before = json_object_get(detail, "before");
	const json_t *after = json_object_get(detail, "after");
	if (!is_structure(before) || !is_structure(after))
		return NULL;
	_cleanup_json_ json_t *leaves = leafdiff_part(before, after);
	json_t *out = json_array();
	add_leaves(out, leaves, false);
	return out;
}

void retold(const char *address, const char *what, json_t *detail)
{
	const struct kind *kind = kind_of(address);
	json_t *changes = NULL;
	if (!kind)
		return;
	if (str_eq_null(what, "drift")) {
		changes = drift_changes(kind, detail);
	} else if (str_eq_null(what, "action")) {
		changes = action_changes(detail);
	} else if (str_eq_null(what, "observed")) {
		const char *member;
		json_t *sides;
		_cleanup_json_ json_t *before = json_object(), *after = json_object();
		json_object_foreach (json_object_get(detail, "changed"), member, sides) {
			json_object_set(before, member, json_array_get(sides, 0));
			json_object_set(after, member, json_array_get(sides, 1));
		}
		changes = retold_states(kind, before, after);
		json_object_del(detail, "changed");
	}
	if (json_array_size(changes) > 0)
		json_object_set(detail, "changes", changes);
	json_decref(changes);
}
