// Whose is what was found, and is it there? Over the state of one look.
#include "core/found.h"
#include "base/str.h"
#include "core/path.h"
#include "core/project.h"
#include "core/tags.h"
#include "core/template.h"

// Some filters are ignored by the other side, and some lists have none: ours is what is known by
// its id, stands under the name of one of ours, or carries our tag.
bool found_is_ours(struct observation *o, const json_t *item, const char *id)
{
	const struct observe *how = &o->options.kind->observe;
	if (json_object_get(o->known, id))
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
	const struct tagging *tagging = o->options.kind->tagging;
	if (!tagging)
		return !how->key;
	_cleanup_json_ json_t *shown = path_get(item, tagging->observed);
	_cleanup_json_ json_t *tags = tags_from(tagging->form, shown);
	return str_eq_null(js_str(tags, TAG_STACK), o->options.stack);
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
