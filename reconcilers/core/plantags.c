// One call for all tags that are to be added or changed and one for those that go, or none where a
// call that is planned already brings them.
#include "core/plantags.h"
#include "base/str.h"
#include "core/moving.h"
#include "core/tags.h"

// A new revision brings its tags along; the one before it may be somebody else's, and gets none.
static bool go_along(
	struct plan *plan, const struct kind *kind, const struct differences *differences)
{
	if (!moving_has(kind) || plan->count == 0)
		return false;
	for (size_t i = 0; i < differences->count; i++)
		if (!differences->items[i].field &&
			differences->items[i].type != DIFFERS_UNDECLARED)
			json_array_append_new(plan->steps[plan->count - 1].paths,
				json_string(differences->items[i].path));
	return true;
}

static json_t *key_objects(const json_t *keys)
{
	json_t *out = json_array();
	size_t i;
	json_t *key;
	json_array_foreach ((json_t *)keys, i, key)
		json_array_append_new(out, json_pack("{s:O}", "Key", key));
	return out;
}

void plantags_add(struct plan *plan, const struct kind *kind, const struct differences *differences)
{
	if (go_along(plan, kind, differences))
		return;
	_cleanup_json_ json_t *tags = json_object(), *paths = json_array();
	_cleanup_json_ json_t *keys = json_array(), *gone = json_array();
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *d = &differences->items[i];
		if (d->field || d->type == DIFFERS_UNDECLARED)
			continue;
		const char *open = strchr(d->path, '[');
		_cleanup_free_ char *key = strndup(open + 1, strlen(open) - 2);
		if (!key)
			continue;
		json_array_append_new(d->desired ? paths : gone, json_string(d->path));
		if (d->desired)
			json_object_set(tags, key, d->desired);
		else
			json_array_append_new(keys, json_string(key));
	}
	const struct tagging *how = kind->tagging;
	// A call that sets all tags needs no other one beside it.
	bool sets_all = how && how->add.args && strstr(how->add.args, "@all_tags");
	if (sets_all && json_object_size(tags) > 0) {
		json_array_clear(keys);
		json_array_extend(paths, gone);
	}
	if (how && json_object_size(tags) > 0)
		plan_add_step(plan, STEP_TAG, &how->add, NULL,
			json_pack("{s:o}", "tags", tags_as(how->form, tags)), json_incref(paths));
	if (how && how->remove.operation && json_array_size(keys) > 0)
		plan_add_step(plan, STEP_TAG, &how->remove, NULL,
			json_pack("{s:O, s:o}", "tag_keys", keys, "old_tags", key_objects(keys)),
			json_incref(gone));
}
