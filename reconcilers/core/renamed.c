// Names are left out of the comparison: AWS's own name mostly follows the one in the file.
#include "core/renamed.h"
#include "base/str.h"
#include "core/adopt.h"

// Was it there before the other one left? Then it is no new name for it.
static bool is_new(const struct resource *resource, const struct resource *orphan)
{
	if (!resource->wanted || resource->kind != orphan->kind)
		return false;
	return resource->presence != PRESENCE_PRESENT ||
	       (resource->record.born_ms > 0 && resource->record.born_ms >= orphan->record.left_ms);
}

static bool says_the_same(
	struct stack *stack, const struct resource *resource, const struct resource *orphan)
{
	struct differences all = {0};
	json_t *want = NULL, *waiting = NULL;
	stack_resolve(stack, resource, &want, &waiting);
	diff_make(&(struct diff_input){.kind = orphan->kind,
			  .want = want,
			  .observed = orphan->seen.observed,
			  .waiting = waiting},
		&all);
	bool is_same = json_object_size(waiting) == 0;
	int compared = 0;
	for (const struct field *f = orphan->kind->fields; f->name; f++) {
		const char *member = field_member(orphan->kind, NULL, f);
		compared += !(f->flags & FIELD_NAME) && member && json_object_get(want, member);
	}
	for (size_t i = 0; i < all.count && is_same; i++)
		is_same = all.items[i].type == DIFFERS_UNDECLARED ||
			  (all.items[i].field && (all.items[i].field->flags & FIELD_NAME));
	differences_done(&all);
	json_decref(want);
	json_decref(waiting);
	return is_same && compared > 0;
}

const struct resource *renamed_to(struct stack *stack, const struct resource *orphan)
{
	const struct resource *found = NULL;
	if (orphan->wanted || orphan->presence != PRESENCE_PRESENT || orphan->record.stray_of ||
		!orphan->record.left_ms)
		return NULL;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!is_new(resource, orphan) || !says_the_same(stack, resource, orphan))
			continue;
		if (found)
			return NULL;
		found = resource;
	}
	return found;
}

void renamed_say(struct stack *stack, const struct resource *orphan, struct decision *d)
{
	size_t used = strlen(d->message);
	const struct resource *other = d->plan.change == CHANGE_DELETE && used < sizeof(d->message)
					       ? renamed_to(stack, orphan)
					       : NULL;
	if (!other)
		return;
	// What has an object of its own by now adopts no other.
	bool may_adopt = adopt_is_possible(orphan->kind) && other->presence != PRESENCE_PRESENT;
	snprintf(d->message + used, sizeof(d->message) - used,
		"; %s, new in the file, says the same: if it was renamed there, give it %s%s%sits "
		"old name again to keep this one",
		other->address, may_adopt ? "'adopt: " : "", may_adopt ? orphan->seen.id : "",
		may_adopt ? "' or " : "");
	str_trim_utf8(d->message);
}
