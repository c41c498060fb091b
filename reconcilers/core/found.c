// Whose is what was found, and is it there? Over the state of one look.
#include "core/found.h"
#include "base/str.h"
#include "core/hints.h"
#include "core/path.h"
#include "core/project.h"
#include "core/rows.h"
#include "core/stray.h"
#include "core/tags.h"
#include "core/template.h"

// Some filters are ignored by the other side, and some lists have none: ours is what is known by
// its id, stands under the name of one of ours, or carries our tag.
bool found_is_ours(struct observation *o, const json_t *item, const char *id)
{
	const struct observe *how = &o->options.kind->observe;
	const json_t *known = json_object_get(o->known, id);
	bool is_stray = js_bool(known, "stray", false); // which may have been declared since
	if (known && !is_stray)
		return true;
	if (how->key) {
		_cleanup_free_ char *key =
			template_of_item(how->item_key ? how->item_key : how->id, item);
		json_t *address = key ? json_object_get(o->keys, key) : NULL;
		if (address)
			json_object_set(o->owners, id, address);
		if (address)
			return true;
	}
	if (is_stray)
		return true;
	const struct tagging *tagging = o->options.kind->tagging;
	if (!tagging)
		return !how->key;
	_cleanup_json_ json_t *shown = path_get(item, tagging->observed);
	_cleanup_json_ json_t *tags = tags_from(tagging->form, shown);
	return str_eq_null(js_str(tags, TAG_STACK), o->options.stack);
}

bool observation_needs_scope(const struct kind *kind)
{
	return kind->observe.key || kind->observe.list.each || kind->observe.list.batch;
}

static bool is_adopting(const struct observation *o, const char *id)
{
	return id && js_bool(found_subject(o, id), "adopting", false);
}

bool found_is_absent(const struct observation *o, const char *id, const struct err *err)
{
	const struct observe *how = &o->options.kind->observe;
	if (err->class == ERR_INVALID && is_adopting(o, id))
		return true;
	for (const char *const *code = how->absent; code && *code; code++)
		if (str_eq(*code, err->code))
			return true;
	return err->class == ERR_NOT_FOUND;
}

bool found_is_stray(struct observation *o, const json_t *item, const char *id)
{
	const struct strays *strays = &o->options.kind->observe.strays;
	const struct field *field = stray_field(o->options.kind);
	if (!field || (strays->spared.path &&
			      path_matches(item, strays->spared.path, strays->spared.glob)))
		return false;
	_cleanup_json_ json_t *under = path_get(item,
		field->observed ? field->observed : field_member(o->options.kind, NULL, field));
	const char *value = json_string_value(under);
	json_t *parent = value ? json_object_get(o->parents, value) : NULL;
	if (parent)
		json_object_set(o->strays, id, parent);
	return parent != NULL;
}

void found_keep(struct observation *o, const char *id, json_t *item, bool is_hearsay)
{
	json_object_set(o->items, id, item);
	if (is_hearsay)
		json_object_set_new(o->hearsay, id, json_true());
	else
		json_object_del(o->hearsay, id);
}

bool found_owner(const struct observation *o, const char *address, bool is_by_id)
{
	const char *id;
	json_t *owner;
	json_object_foreach (o->owners, id, owner)
		if (str_eq_null(json_string_value(owner), address))
			return true;
	// What is known by its id needs no key, where it was listed or can be read by that id.
	json_object_foreach (o->known, id, owner)
		if ((is_by_id || json_object_get(o->items, id)) &&
			str_eq_null(js_str(owner, "address"), address))
			return true;
	return false;
}

// Where the list is only a hint: what is there is what was found by its own read.
void found_prove(struct observation *o)
{
	const struct observe *how = &o->options.kind->observe;
	for (const struct follow *f = how->follows; f < how->follows + KIND_MOST_FOLLOWS; f++) {
		if (!f->operation || !f->is_proof)
			continue;
		const json_t *found = json_object_get(o->rows, f->into);
		const char *id;
		void *next;
		json_t *value;
		json_object_foreach_safe (o->items, next, id, value)
			if (!json_object_get(found, id))
				json_object_del(o->items, id);
		json_object_foreach (o->known, id, value)
			if (!json_object_get(o->items, id) && json_object_get(found, id))
				json_object_set_new(o->items, id, json_pack("{s:s}", how->id, id));
	}
}

const json_t *found_subject(const struct observation *o, const char *id)
{
	const char *address = js_str(o->owners, id);
	json_t *subject = json_object_get(o->known, id);
	size_t i;
	if (subject)
		return subject;
	json_array_foreach (address ? o->subjects : NULL, i, subject)
		if (str_eq_null(js_str(subject, "address"), address))
			return subject;
	return NULL;
}

static json_t *believed(const struct observation *o, const char *id)
{
	const struct kind *kind = o->options.kind;
	_cleanup_json_ json_t *where = json_pack("{s:s, s:s*, s:s*}", "region", o->options.region,
		"account", o->options.account, "partition", o->options.partition);
	_cleanup_free_ char *arn =
		template_of_item_at(kind->observe.arn, json_object_get(o->items, id), where);
	return hints_believed(o->hints, o->hints_ms, arn, found_subject(o, id), kind);
}

// Before the list is there nobody knows the ARN.
static bool is_early(const struct observation *o, const char *id)
{
	return o->are_hints_open || (!json_object_get(o->items, id) && !o->is_confirming);
}

bool found_tags(struct observation *o, const struct follow *f, const char *id)
{
	if (!hints_replace(o->options.kind, f))
		return false;
	if (is_early(o, id) || rows_has(o->rows, f->into, id))
		return true;
	json_t *tags = believed(o, id);
	if (!tags)
		tags = hints_recalled(found_subject(o, id), o->options.kind, f->into);
	if (tags)
		rows_set(o->rows, f->into, id, tags);
	return tags != NULL;
}

bool found_joined_tags(struct observation *o, const struct join *join, const char *id)
{
	if (!hints_replace_join(o->options.kind, join))
		return false;
	// What is not listed is not asked about: one that is gone spoils the answer for all.
	if (is_early(o, id) || !json_object_get(o->items, id) || rows_has(o->rows, join->into, id))
		return true;
	json_t *tags = believed(o, id);
	const char *member = strrchr(o->options.kind->tagging->observed, '.');
	json_t *rows =
		tags ? json_pack("[{s:s, s:o}]", join->by, id, member ? member + 1 : "Tags", tags)
		     : hints_recalled(found_subject(o, id), o->options.kind, join->into);
	if (rows)
		rows_set(o->rows, join->into, id, rows);
	return rows != NULL;
}

static bool is_answered(const struct observation *o, const struct follow *f, const char *id)
{
	_cleanup_free_ char *key =
		str_format("%d:%s", (int)(f - o->options.kind->observe.follows), id);
	return key && json_object_get(o->answered, key);
}

void found_answered(struct observation *o, const struct follow *f, const char *id)
{
	_cleanup_free_ char *key =
		str_format("%d:%s", (int)(f - o->options.kind->observe.follows), id);
	if (key)
		json_object_set_new(o->answered, key, json_true());
}

bool found_lacks(const struct observation *o, const struct follow *f, const char *id)
{
	for (const struct follow *b = o->options.kind->observe.follows; b < f; b++)
		if (str_eq(b->into, f->into) && !is_answered(o, b, id))
			return false;
	json_t *rows = json_object_get(json_object_get(o->rows, f->into), id);
	_cleanup_json_ json_t *brought = json_pack("{s:O*}", f->into, rows);
	_cleanup_json_ json_t *has = path_get(brought, f->lacking);
	_cleanup_json_ json_t *wants =
		path_get(json_object_get(found_subject(o, id), "desired"), f->lacking);
	size_t i, j;
	json_t *want, *one;
	json_array_foreach (wants, i, want) {
		bool is_there = false;
		json_array_foreach (has, j, one)
			is_there = is_there || (json_is_string(one) && json_is_string(want) &&
						       str_eq_nocase(json_string_value(one),
							       json_string_value(want)));
		if (!is_there)
			return true;
	}
	return false;
}
