// The digest of all that is wanted, with its references replaced, is kept with the resource: while
// the file says the same and the digest is another one, a reference has moved.
#include "core/followed.h"
#include "base/str.h"

// Beside the members of record.followed, which are AWS's.
static const char digest_key[] = "(want)";

static bool has_references(const struct resource *resource)
{
	return resource->wanted && json_array_size(resource->wanted->refers_to) > 0;
}

void followed_note(struct resource *resource, const json_t *want)
{
	char now[17];
	if (!has_references(resource) || !want || !js_digest(want, now, sizeof(now)))
		return;
	if (str_eq_null(js_str(resource->record.followed, digest_key), now))
		return;
	js_set_str(resource->record.followed, digest_key, now);
	resource->record.is_dirty = true;
}

bool followed_has_moved(const struct resource *resource, const json_t *want)
{
	char now[17];
	const char *then = js_str(resource->record.followed, digest_key);
	bool is_same_file =
		resource->wanted && str_eq(resource->record.synced, resource->want_digest);
	return is_same_file && then && want && js_digest(want, now, sizeof(now)) &&
	       !str_eq(now, then);
}

static bool is_met(const struct difference *one, const char *text)
{
	return !str_empty(text) && js_any_text(one->desired, str_eq, text) &&
	       !js_any_text(one->observed, str_eq, text);
}

// The new object is wanted, and not there yet.
static const struct resource *find_target(
	const struct stack *stack, const struct resource *resource, const struct difference *one)
{
	size_t i;
	json_t *name;
	json_array_foreach (resource->wanted->refers_to, i, name) {
		const struct resource *target = stack_find(stack, json_string_value(name));
		if (target && target->presence == PRESENCE_PRESENT &&
			(is_met(one, target->seen.id) || is_met(one, target->seen.arn)))
			return target;
	}
	return NULL;
}

const struct resource *followed_target(const struct stack *stack, const struct resource *resource,
	const struct differences *all, const struct difference *one)
{
	if (!one->field || one->type == DIFFERS_UNDECLARED || !resource->wanted)
		return NULL;
	if (one->type != DIFFERS_FOREIGN)
		return find_target(stack, resource, one);
	// An item of the old object goes as that of the new one comes.
	for (size_t i = 0; i < all->count; i++) {
		const struct difference *other = &all->items[i];
		const struct resource *target =
			other->field == one->field && other->type == DIFFERS_MISSING
				? find_target(stack, resource, other)
				: NULL;
		if (target)
			return target;
	}
	return NULL;
}

void followed_say(const struct stack *stack, const struct resource *resource, struct decision *d)
{
	const struct resource *target = NULL;
	for (size_t i = 0; i < d->differences.count && !target; i++)
		target =
			followed_target(stack, resource, &d->differences, &d->differences.items[i]);
	size_t used = strlen(d->message);
	if (!target || used >= sizeof(d->message))
		return;
	snprintf(d->message + used, sizeof(d->message) - used,
		"; it follows %s, which is another object by now", target->address);
	str_trim_utf8(d->message);
}
