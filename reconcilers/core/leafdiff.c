// The walk goes down as long as both sides are containers that differ; where one is not, that is
// the leaf. Policies are brought into their canonical form statement by statement, so that the
// numbers of the statements stay those of the file.
#include "core/leafdiff.h"
#include "base/str.h"
#include "core/compare.h"

struct walk {
	json_t *out;
	enum compare how;
	bool is_whole; // what only AWS has is a difference too
	const json_t
		*spelled; // the document before it was brought into its form, both sides; or NULL
};

static void walk(struct walk *w, const char *path, const json_t *observed, const json_t *desired);

// ---- leaves

// The canonical form of a policy is in lower case: it is shown as somebody wrote it.
static const json_t *as_spelled(const json_t *where, const char *text)
{
	const char *key;
	json_t *member;
	const json_t *found = NULL;
	size_t i;
	if (json_is_string(where))
		return str_eq_nocase(json_string_value(where), text) ? where : NULL;
	json_object_foreach ((json_t *)where, key, member)
		found = found ? found : as_spelled(member, text);
	json_array_foreach ((json_t *)where, i, member)
		found = found ? found : as_spelled(member, text);
	return found;
}

static void put_side(const struct walk *w, json_t *leaf, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	const json_t *spelled = text && w->spelled ? as_spelled(w->spelled, text) : NULL;
	if (value && !json_is_null(value))
		json_object_set(leaf, name, (json_t *)(spelled ? spelled : value));
}

static void add_leaf(
	struct walk *w, const char *path, const json_t *observed, const json_t *desired)
{
	bool was = observed && !json_is_null(observed), is = desired && !json_is_null(desired);
	if (!was && !is)
		return;
	json_t *leaf = json_pack("{s:s, s:s}", "path", path, "op",
		was && is ? "~"
		: is      ? "+"
			  : "-");
	put_side(w, leaf, "observed", observed);
	put_side(w, leaf, "desired", desired);
	json_array_append_new(w->out, leaf);
}

// ---- lists

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static bool has_scalars_only(const json_t *list)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		if (!is_scalar(one))
			return false;
	return true;
}

static const char *name_of(const json_t *item)
{
	static const char *const names[] = {
		"Sid", "name", "Name", "key", "Key", "id", "Id", "ID", "RuleName"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (!str_empty(js_str(item, names[i])))
			return js_str(item, names[i]);
	return NULL;
}

static void walk_set(
	struct walk *w, const char *path, const json_t *observed, const json_t *desired)
{
	size_t i, j;
	json_t *one, *other;
	for (int is_desired = 0; is_desired < 2; is_desired++)
		json_array_foreach ((json_t *)(is_desired ? desired : observed), i, one) {
			bool found = false;
			json_array_foreach ((json_t *)(is_desired ? observed : desired), j, other)
				found = found || json_equal(one, other);
			if (!found)
				add_leaf(w, path, is_desired ? NULL : one, is_desired ? one : NULL);
		}
}

// Its partner among those that are left: the same one, else the one of its name, else (where it has
// none) the first without a name. Taken out of `left` (an array with nulls).
static json_t *take_partner(const struct walk *w, json_t *left, const json_t *item, int round)
{
	const char *name = name_of(item);
	size_t i;
	json_t *other;
	json_array_foreach (left, i, other) {
		bool is_it = round == 0 ? (w->is_whole ? json_equal(other, (json_t *)item)
						       : compare_holds(w->how, item, other))
			     : name     ? str_eq_null(name_of(other), name)
					: json_is_object(other) && !name_of(other);
		if (json_is_null(other) || !is_it)
			continue;
		json_incref(other);
		json_array_set_new(left, i, json_null());
		return other;
	}
	return NULL;
}

static void walk_items(
	struct walk *w, const char *path, const json_t *observed, const json_t *desired)
{
	_cleanup_json_ json_t *left = json_copy((json_t *)observed), *done = json_object();
	size_t i;
	json_t *item;
	for (int round = 0; round < 2; round++)
		json_array_foreach ((json_t *)desired, i, item) {
			char number[24];
			snprintf(number, sizeof(number), "%zu", i);
			if (json_object_get(done, number))
				continue;
			_cleanup_json_ json_t *partner = take_partner(w, left, item, round);
			if (partner || round == 1)
				json_object_set_new(done, number, json_true());
			if (round == 0)
				continue;
			const char *name = name_of(item);
			_cleanup_free_ char *at = str_format("%s[%s]", path, name ? name : number);
			if (at)
				walk(w, at, partner, item);
		}
	json_array_foreach (left, i, item) {
		const char *name = name_of(item);
		_cleanup_free_ char *at =
			name ? str_format("%s[%s]", path, name) : str_format("%s[%zu]", path, i);
		if (at)
			add_leaf(w, at, item, NULL);
	}
}

// ---- the walk

static void walk_members(
	struct walk *w, const char *path, const json_t *observed, const json_t *desired)
{
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)desired, key, member) {
		_cleanup_free_ char *at = str_format("%s.%s", path, key);
		if (at)
			walk(w, at, json_object_get(observed, key), member);
	}
	json_object_foreach ((json_t *)observed, key, member) {
		if (json_object_get(desired, key) ||
			!(w->is_whole || compare_is_more(w->how, key, member)))
			continue;
		_cleanup_free_ char *at = str_format("%s.%s", path, key);
		if (at)
			add_leaf(w, at, member, NULL);
	}
}

static void walk(struct walk *w, const char *path, const json_t *observed, const json_t *desired)
{
	bool is_same = w->is_whole ? json_equal((json_t *)observed, (json_t *)desired)
				   : compare_holds(w->how, desired, observed);
	if (is_same)
		return;
	if (json_is_object(observed) && json_is_object(desired)) {
		walk_members(w, path, observed, desired);
	} else if (json_is_array(observed) && json_is_array(desired)) {
		bool is_flat = has_scalars_only(observed) && has_scalars_only(desired);
		if (is_flat && (w->how == COMPARE_SET || w->how == COMPARE_POLICY))
			walk_set(w, path, observed, desired);
		else if (is_flat)
			add_leaf(w, path, observed, desired); // its order is part of it
		else
			walk_items(w, path, observed, desired);
	} else {
		add_leaf(w, path, observed, desired);
	}
}

// ---- documents

static json_t *structure_of(const json_t *value)
{
	const char *text = json_string_value(value);
	_cleanup_json_ json_t *plain = text ? compare_plain(value) : NULL;
	text = json_string_value(plain);
	json_t *parsed = text ? js_parse(text, strlen(text), NULL, 0) : NULL;
	if (json_is_object(parsed) || json_is_array(parsed))
		return parsed;
	json_decref(parsed);
	return value ? json_incref((json_t *)value) : NULL;
}

// Canonical, its statements in the order of the document.
static json_t *policy_of(const json_t *document)
{
	json_t *out = compare_policy(document);
	const json_t *statements = json_object_get(document, "Statement");
	if (!out || !json_is_array(statements))
		return out;
	json_t *list = json_array();
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)statements, i, one) {
		_cleanup_json_ json_t *alone = json_pack("{s:[O]}", "Statement", one);
		_cleanup_json_ json_t *canon = compare_policy(alone);
		json_array_append(list, json_array_get(json_object_get(canon, "Statement"), 0));
	}
	json_object_set_new(out, "Statement", list);
	return out;
}

static void walk_value(json_t *out, enum compare how, const char *path, const json_t *observed,
	const json_t *desired)
{
	bool is_document = how == COMPARE_POLICY || how == COMPARE_JSON;
	_cleanup_json_ json_t *was = is_document ? structure_of(observed) : NULL;
	_cleanup_json_ json_t *is = is_document ? structure_of(desired) : NULL;
	if (!is_document) {
		struct walk w = {.out = out, .how = how};
		walk(&w, path, observed, desired);
		return;
	}
	struct walk w = {.out = out, .how = how, .is_whole = true};
	if (how == COMPARE_JSON || !json_is_object(was) || !json_is_object(is)) {
		walk(&w, path, was, is);
		return;
	}
	_cleanup_json_ json_t *spelled = json_pack("[O, O]", is, was);
	_cleanup_json_ json_t *a = policy_of(was), *b = policy_of(is);
	w.spelled = spelled;
	walk(&w, path, a, b);
}

// An item whose members have fields of their own: each by its own word.
static void walk_fields(json_t *out, const struct kind *kind, const struct field *field,
	const char *path, const json_t *observed, const json_t *desired)
{
	for (const struct field *f = field->items; f->name; f++) {
		const char *member = field_member(kind, field, f);
		const json_t *was = member ? json_object_get(observed, member) : NULL;
		const json_t *is = member ? json_object_get(desired, member) : NULL;
		_cleanup_free_ char *at = member ? str_format("%s.%s", path, member) : NULL;
		if (!at || !is || (f->flags & FIELD_WRITE_ONLY))
			continue;
		size_t before = json_array_size(out);
		enum compare how = f->type == FIELD_REFS ? COMPARE_SET : f->compare;
		if (!compare_holds(how, is, was))
			walk_value(out, how, at, was, is);
		for (size_t i = before; (f->flags & FIELD_SECRET) && i < json_array_size(out);
			i++) {
			json_t *leaf = json_array_get(out, i);
			if (json_object_get(leaf, "observed"))
				json_object_set_new(leaf, "observed", json_string("(sensitive)"));
			if (json_object_get(leaf, "desired"))
				json_object_set_new(leaf, "desired", json_string("(sensitive)"));
		}
	}
}

// Nothing that can be told, or too much of it: the two sides as they are.
static json_t *or_whole(
	json_t *out, const char *path, const json_t *observed, const json_t *desired)
{
	if (json_array_size(out) == 0 || json_array_size(out) > LEAFDIFF_MOST) {
		json_array_clear(out);
		struct walk w = {.out = out};
		add_leaf(&w, path, observed, desired);
	}
	return out;
}

json_t *leafdiff_whole(
	const struct field *field, const char *path, const json_t *observed, const json_t *desired)
{
	json_t *out = json_array();
	enum compare how = field ? field->compare : COMPARE_EXACT;
	if (how == COMPARE_POLICY || how == COMPARE_JSON) {
		walk_value(out, how, path, observed, desired);
	} else {
		struct walk w = {.out = out, .how = COMPARE_SET, .is_whole = true};
		walk(&w, path, observed, desired);
	}
	return or_whole(out, path, observed, desired);
}

json_t *leafdiff_part(const json_t *observed, const json_t *desired)
{
	json_t *out = json_array();
	struct walk w = {.out = out, .how = COMPARE_LOOSE};
	walk(&w, "", observed, desired);
	return or_whole(out, "", observed, desired);
}

json_t *leafdiff(const struct kind *kind, const struct field *field, const char *path,
	const json_t *observed, const json_t *desired)
{
	json_t *out = json_array();
	bool has_both = field && observed && desired && !(field->flags & FIELD_SECRET);
	enum compare how = field && field->type == FIELD_REFS ? COMPARE_SET
			   : field                            ? field->compare
							      : COMPARE_EXACT;
	if (has_both && field->type == FIELD_ITEMS && field->items && json_is_object(observed) &&
		json_is_object(desired))
		walk_fields(out, kind, field, path, observed, desired);
	else if (has_both)
		walk_value(out, how, path, observed, desired);
	return or_whole(out, path, observed, desired);
}
