// Items are matched by their key members; everything else is compared by the field's own word.
#include "core/diff.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/path.h"
#include "core/project.h"
#include "core/section.h"

enum disruption difference_disrupts(const struct difference *difference)
{
	const struct field *field = difference->field;
	bool joins =
		field && (field->flags & FIELD_JOINS) && compare_is_empty(difference->observed);
	if (!field || joins || difference->type == DIFFERS_MISSING)
		return DISRUPTS_NONE;
	return field->disrupts;
}

const char *difference_type_name(enum difference_type type)
{
	switch (type) {
	case DIFFERS_CHANGED:
		return "changed";
	case DIFFERS_MISSING:
		return "missing";
	case DIFFERS_FOREIGN:
		return "foreign";
	case DIFFERS_UNDECLARED:
		return "undeclared";
	}
	return "?";
}

void differences_done(struct differences *differences)
{
	for (size_t i = 0; i < differences->count; i++) {
		free(differences->items[i].path);
		json_decref(differences->items[i].desired);
		json_decref(differences->items[i].observed);
	}
	free(differences->items);
	*differences = (struct differences){0};
}

// Takes the path over.
static void add(struct differences *out, const struct field *field, enum difference_type type,
	char *path, const json_t *desired, const json_t *observed)
{
	if (out->count == out->size) {
		size_t size = out->size ? out->size * 2 : 8;
		struct difference *items = reallocarray(out->items, size, sizeof(*items));
		if (!items) {
			free(path);
			return;
		}
		out->items = items;
		out->size = size;
	}
	out->items[out->count++] = (struct difference){
		field, type, path, json_incref((json_t *)desired), json_incref((json_t *)observed)};
}

bool diff_is_declared(const struct kind *kind, const struct field *field, const json_t *want)
{
	const char *member = field_member(kind, NULL, field);
	return member && json_object_get(want, member);
}

// "tcp 443-443 0.0.0.0/0": the key members of an item, for its path.
char *diff_item_key(const struct field *field, const json_t *item)
{
	struct buf key;
	buf_init(&key, 512);
	for (const char *const *k = field->key; *k; k++) {
		_cleanup_json_ json_t *part = path_get(item, *k);
		char text[128];
		if (!part || !path_scalar_text(part, text, sizeof(text)))
			continue;
		buf_addf(&key, "%s%s", key.len ? " " : "", text);
	}
	return buf_take(&key);
}

static bool same_key(const struct field *field, const json_t *a, const json_t *b)
{
	for (const char *const *k = field->key; *k; k++) {
		_cleanup_json_ json_t *x = path_get(a, *k), *y = path_get(b, *k);
		if (!x && !y)
			continue;
		if (!x || !y || !compare_holds(COMPARE_NUMBER, x, y))
			return false;
	}
	return true;
}

static bool is_broken(const struct field *field, const json_t *item)
{
	for (const struct match_row *row = field->broken; row && row->path; row++)
		if (path_matches(item, row->path, row->glob))
			return true;
	return false;
}

static enum compare how_of(const struct field *field)
{
	if (field->type == FIELD_REFS)
		return COMPARE_SET;
	return field->compare;
}

// As a whole first, which nearly always decides; then member by member, each by its own word.
static bool item_holds(const struct kind *kind, const struct field *field, const json_t *desired,
	const json_t *observed)
{
	if (compare_holds(field->compare, desired, observed))
		return true;
	for (const struct field *f = field->items; f && f->name; f++) {
		const char *member =
			f->flags & FIELD_WRITE_ONLY ? NULL : field_member(kind, field, f);
		_cleanup_json_ json_t *want = member ? path_get(desired, member) : NULL;
		_cleanup_json_ json_t *seen = want ? path_get(observed, member) : NULL;
		if (want && !compare_holds(how_of(f), want, seen))
			return false;
	}
	return true;
}

static void diff_items(const struct diff_input *in, const struct field *field, const json_t *want,
	const json_t *seen, struct differences *out)
{
	const char *member = field_member(in->kind, NULL, field);
	size_t i, j;
	json_t *desired, *observed;
	json_array_foreach ((json_t *)want, i, desired) {
		const json_t *match = NULL;
		json_array_foreach ((json_t *)seen, j, observed)
			if (!match && same_key(field, desired, observed))
				match = observed;
		if (match && !is_broken(field, match) &&
			item_holds(in->kind, field, desired, match))
			continue;
		_cleanup_free_ char *key = diff_item_key(field, desired);
		add(out, field, match ? DIFFERS_CHANGED : DIFFERS_MISSING,
			str_format("%s[%s]", member, key ? key : ""), desired, match);
	}
	if (field->exclusive && json_is_false(json_object_get(in->want, field->exclusive)))
		return;
	json_array_foreach ((json_t *)seen, j, observed) {
		bool found = false;
		json_array_foreach ((json_t *)want, i, desired)
			found = found || same_key(field, desired, observed);
		if (found)
			continue;
		_cleanup_free_ char *key = diff_item_key(field, observed);
		add(out, field, DIFFERS_FOREIGN, str_format("%s[%s]", member, key ? key : ""), NULL,
			observed);
	}
}

// Of items that are another's to put there, those that nobody claims.
static void diff_unclaimed(const struct diff_input *in, const struct field *field,
	const json_t *seen, struct differences *out)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)seen, i, item) {
		_cleanup_json_ json_t *by = path_get(item, field->claim.by);
		const char *text = json_string_value(by);
		_cleanup_free_ char *key = diff_item_key(field, item);
		if (text && json_object_get(in->unclaimed, text))
			add(out, field, DIFFERS_FOREIGN,
				str_format("%s[%s]", field_member(in->kind, NULL, field),
					key ? key : ""),
				NULL, item);
	}
}

json_t *diff_baseline(const struct kind *kind, const struct field *field, const json_t *observed)
{
	const char *member = field_member(kind, NULL, field);
	if (!member || field->type == FIELD_FLAG ||
		(field->flags & (FIELD_COMPUTED | FIELD_QUIET | FIELD_WRITE_ONLY | FIELD_SECRET)))
		return NULL;
	const json_t *value = json_object_get(observed, member);
	if (field->type == FIELD_ITEMS) {
		_cleanup_json_ json_t *keys = json_array();
		size_t i;
		json_t *item;
		json_array_foreach ((json_t *)value, i, item) {
			_cleanup_free_ char *key = diff_item_key(field, item);
			json_array_append_new(keys, json_string(key ? key : ""));
		}
		return compare_canon(COMPARE_SET, keys);
	}
	return value ? compare_canon(how_of(field), value) : json_null();
}

static void diff_undeclared(
	const struct diff_input *in, const struct field *field, struct differences *out)
{
	const char *member = field_member(in->kind, NULL, field);
	const json_t *was = json_object_get(in->baseline, member);
	if (!was)
		return;
	_cleanup_json_ json_t *is = diff_baseline(in->kind, field, in->observed);
	// Whether AWS leaves a list out or shows it empty says nothing.
	if (!is || json_equal(was, is) || (compare_is_empty(was) && compare_is_empty(is)))
		return;
	add(out, field, DIFFERS_UNDECLARED, strdup(member), json_is_null(was) ? NULL : was,
		json_is_null(is) ? NULL : is);
}

json_t *diff_tags_of_others(const json_t *seen, const json_t *tags, const json_t *old_tags)
{
	json_t *out = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)seen, key, value)
		if (!json_object_get(tags, key) && !js_lists(old_tags, key) &&
			!str_starts(key, "aws:") && !str_starts(key, TAG_PREFIX))
			json_object_set(out, key, value);
	return out;
}

static void diff_tags_of_others_since(const struct diff_input *in, struct differences *out)
{
	const json_t *kept = json_object_get(in->baseline, DIFF_TAGS);
	const char *key;
	json_t *value;
	if (!in->tags || !kept || js_lists(in->ignore, "tags"))
		return;
	_cleanup_json_ json_t *was = diff_tags_of_others(kept, in->tags, in->old_tags);
	_cleanup_json_ json_t *is = diff_tags_of_others(in->observed_tags, in->tags, in->old_tags);
	json_object_foreach (is, key, value) {
		const json_t *before = json_object_get(was, key);
		if (!json_equal(value, (json_t *)before))
			add(out, NULL, DIFFERS_UNDECLARED, str_format("Tags[%s]", key), before,
				value);
	}
	json_object_foreach (was, key, value)
		if (!json_object_get(is, key))
			add(out, NULL, DIFFERS_UNDECLARED, str_format("Tags[%s]", key), value,
				NULL);
}

// Which stack holds it is said by our own tags, which nobody can let differ.
static bool is_ignored_tag(const struct diff_input *in, const char *key)
{
	return js_lists(in->ignore, "tags") && !str_starts(key, TAG_PREFIX);
}

static void diff_tags(const struct diff_input *in, struct differences *out)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)in->tags, key, value) {
		if (is_ignored_tag(in, key))
			continue;
		const json_t *seen = json_object_get(in->observed_tags, key);
		if (!json_equal(value, (json_t *)seen))
			add(out, NULL, seen ? DIFFERS_CHANGED : DIFFERS_MISSING,
				str_format("Tags[%s]", key), value, seen);
	}
	size_t i;
	json_t *old;
	json_array_foreach (in->tags ? (json_t *)in->old_tags : NULL, i, old) {
		key = json_string_value(old);
		const json_t *seen = key ? json_object_get(in->observed_tags, key) : NULL;
		if (seen && !json_object_get(in->tags, key) && !is_ignored_tag(in, key))
			add(out, NULL, DIFFERS_FOREIGN, str_format("Tags[%s]", key), NULL, seen);
	}
}

// Of observed pairs those that the file names: the others are not its business.
static json_t *named_pairs(const json_t *want, const json_t *seen)
{
	json_t *out = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)want, key, value)
		if (json_object_get(seen, key))
			json_object_set(out, key, json_object_get(seen, key));
	return out;
}

static void diff_value(const struct field *f, const char *member, const json_t *want,
	const json_t *seen, struct differences *out)
{
	_cleanup_json_ json_t *shown = section_shown(f, want);
	if (compare_holds(how_of(f), shown, seen))
		return;
	_cleanup_json_ json_t *named = f->type == FIELD_PAIRS ? named_pairs(want, seen) : NULL;
	add(out, f, DIFFERS_CHANGED, strdup(member), want, named ? named : seen);
}

void diff_make(const struct diff_input *in, struct differences *out)
{
	for (const struct field *f = in->kind->fields; f->name; f++) {
		const char *member = field_member(in->kind, NULL, f);
		if (!member || f->type == FIELD_FLAG || js_lists(in->ignore, f->name) ||
			js_lists(in->yielded, f->name) ||
			(f->flags & (FIELD_COMPUTED | FIELD_WRITE_ONLY)) ||
			json_object_get(in->waiting, member) || json_object_get(in->unread, member))
			continue;
		const json_t *want = json_object_get(in->want, member);
		const json_t *seen = json_object_get(in->observed, member);
		if (!want && f->claim.of)
			diff_unclaimed(in, f, seen, out);
		if (!want || (f->unless.path &&
				     path_matches(in->observed, f->unless.path, f->unless.glob)))
			continue;
		// Two fields may share a member: the one that was used is the one with its shape.
		bool repeated = false;
		for (const struct field *g = in->kind->fields; g != f; g++)
			repeated = repeated || str_eq_null(field_member(in->kind, NULL, g), member);
		if (repeated)
			continue;
		if (f->type == FIELD_ITEMS)
			diff_items(in, f, want, seen, out);
		else
			diff_value(f, member, want, seen, out);
	}
	diff_tags(in, out);
	for (const struct field *f = in->kind->fields; f->name; f++) {
		const char *member = field_member(in->kind, NULL, f);
		if (member && f->type != FIELD_FLAG && !js_lists(in->ignore, f->name) &&
			!json_object_get(in->want, member) &&
			!json_object_get(in->waiting, member) &&
			!json_object_get(in->unread, member))
			diff_undeclared(in, f, out);
	}
	diff_tags_of_others_since(in, out);
}

// False when there were enough of them.
static bool list_one(const struct difference *one, int *listed, struct buf *out)
{
	if ((*listed)++ == 4) {
		buf_adds(out, ", ...");
		return false;
	}
	buf_addf(out, "%s%s%s", *listed > 1 ? ", " : "", one->path,
		one->type == DIFFERS_FOREIGN   ? " (foreign)"
		: one->type == DIFFERS_MISSING ? " (missing)"
					       : "");
	return true;
}

void differences_list(const struct differences *differences, bool undeclared, struct buf *out)
{
	int listed = 0;
	for (size_t i = 0; i < differences->count; i++)
		if ((differences->items[i].type == DIFFERS_UNDECLARED) == undeclared &&
			!list_one(&differences->items[i], &listed, out))
			return;
}

void differences_list_held(const struct differences *differences, bool held_back, struct buf *out)
{
	int listed = 0;
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *one = &differences->items[i];
		if (one->type != DIFFERS_UNDECLARED && one->is_held_back == held_back &&
			!list_one(one, &listed, out))
			return;
	}
}
