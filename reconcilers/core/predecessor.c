// The tag is what counts: it survives the loss of every record.
#include "core/predecessor.h"
#include "base/log.h"
#include "base/str.h"
#include "core/stack.h"
#include "core/tags.h"

enum { ID_CHARS = 8 };

bool predecessor_can_stay(const struct kind *kind, const json_t *want, const json_t *observed)
{
	if (kind->delete_first || !kind->tagging || !kind->tagging->add.operation)
		return false;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if ((f->flags & FIELD_NAME) && member &&
			json_equal(
				json_object_get(want, member), json_object_get(observed, member)))
			return false;
	}
	return true;
}

bool predecessor_address(const char *address, const char *id, char ret[PREDECESSOR_ADDRESS_BYTES])
{
	char digest[17];
	_cleanup_json_ json_t *text = json_string(id);
	if (!text || !js_digest(text, digest, sizeof(digest)))
		return false;
	// '@' is in no name of a file, and in the tags of every service.
	int length =
		snprintf(ret, PREDECESSOR_ADDRESS_BYTES, "%s@%.*s", address, (int)ID_CHARS, digest);
	return length > 0 && length < PREDECESSOR_ADDRESS_BYTES;
}

size_t predecessor_base_bytes(const char *address)
{
	const char *at = strchr(address, '@');
	return at ? (size_t)(at - address) : 0;
}

bool predecessor_is_of(const char *old, const char *address)
{
	size_t bytes = old ? predecessor_base_bytes(old) : 0;
	return bytes > 0 && bytes == strlen(address) && strncmp(old, address, bytes) == 0;
}

void predecessor_plan(
	const struct kind *kind, const char *old, const json_t *tags, struct plan *ret)
{
	const struct tagging *how = kind->tagging;
	_cleanup_json_ json_t *ours = json_pack("{s:s}", TAG_RESOURCE, old);
	_cleanup_json_ json_t *all = tags_all(tags, ours, NULL);
	*ret = (struct plan){.change = CHANGE_REPLACE_BESIDE};
	plan_add_step(ret, STEP_TAG, &how->add, NULL,
		json_pack("{s:o, s:o}", "tags", tags_as(how->form, ours), "all_tags",
			tags_as(how->form, all)),
		NULL);
}

// ---- in the stack

struct resource *predecessor_part(
	struct stack *stack, struct resource *resource, const char *old_address)
{
	struct resource *old = stack_find(stack, old_address);
	if (!old)
		old = stack_adopt(stack, old_address, resource->kind, NULL);
	if (!old || old->kind != resource->kind)
		return NULL;
	struct record *from = &resource->record, *to = &old->record;
	log_notice("makes room for its successor", LOG_STR("resource", resource->address),
		LOG_STR("id", from->id), LOG_STR("as", old_address));
	free(to->id);
	to->id = TAKE(from->id);
	json_decref(to->observed);
	to->observed = TAKE(from->observed);
	json_decref(to->kept);
	to->kept = json_incref(from->kept);
	json_decref(to->depends_on);
	to->depends_on = json_copy(from->depends_on);
	to->born_ms = from->born_ms;
	to->is_grown = from->is_grown;
	old->acted_ms = resource->acted_ms;
	from->created_ms = from->deleted_ms = from->restored_ms = from->born_ms = 0;
	from->unseen = from->deletions = 0;
	from->busy_ms = 0;
	from->is_going = false;
	from->is_grown = false;
	json_decref(TAKE(from->sent));
	json_object_clear(from->writes);
	json_object_clear(from->baseline);
	to->is_dirty = from->is_dirty = true;
	resource_unsee(resource);
	resource->must_decide = true;
	stack_save(stack, old);
	stack_save(stack, resource);
	stack_touch(stack, old, false);
	return old;
}

struct resource *predecessor_successor(const struct stack *stack, const struct resource *resource)
{
	size_t bytes = predecessor_base_bytes(resource->address);
	_cleanup_free_ char *address = bytes ? strndup(resource->address, bytes) : NULL;
	struct resource *successor = address ? stack_find(stack, address) : NULL;
	return successor && successor->wanted ? successor : NULL;
}

const char *predecessor_needed_by(const struct stack *stack, const struct resource *successor)
{
	if (successor->run || successor->presence != PRESENCE_PRESENT ||
		!resource_is_ready(successor, NULL, 0))
		return successor->address;
	size_t i;
	json_t *one;
	json_array_foreach (
		(json_t *)desired_referrers(stack->desired, successor->address), i, one) {
		const struct resource *other = stack_find(stack, json_string_value(one));
		// What was not decided anew since the successor came would be in sync with the old.
		bool is_settled =
			other && !other->run && !other->must_decide &&
			(other->presence == PRESENCE_ABSENT || other->decision.sync == SYNC_SYNCED);
		if (other && !is_settled)
			return other->address;
	}
	return NULL;
}
