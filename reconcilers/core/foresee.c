// A shadow shares everything with its resource but what follows from the file: that is made anew,
// and nothing of it is kept.
#include "core/foresee.h"
#include "base/str.h"
#include "core/view.h"

/* A stack in the making: `stack` is a copy whose resources are ours. */
struct shadow {
	struct stack stack;
	struct map own; // addresses that only the new file has: struct resource *, whole
};

static struct resource *add(struct shadow *shadow, struct resource *resource)
{
	if (resource && map_set(&shadow->stack.by_address, resource->address, resource, NULL))
		return resource;
	free(resource);
	return NULL;
}

static bool add_known(struct shadow *shadow, const struct resource *resource)
{
	struct resource *copy = malloc(sizeof(*copy));
	if (!copy)
		return false;
	*copy = *resource;
	copy->wanted = NULL;
	copy->marks = NULL;
	copy->run = NULL;
	copy->decision = (struct decision){0};
	copy->decided = 0;
	copy->must_decide = false;
	copy->told = (struct told){0};
	json_incref(copy->record.depends_on);
	return add(shadow, copy);
}

static bool is_looked_at(const struct stack *stack, const struct kind *kind)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		if (str_eq(stack->reconcilers[i].layer->name, kind->layer))
			return stack->reconcilers[i].last_pass.started_wall_ms > 0;
	return false;
}

static struct resource *add_new(struct shadow *shadow, const struct wanted *wanted)
{
	struct resource *resource = resource_new(wanted->address, wanted->kind);
	if (!resource)
		return NULL;
	if (!map_set(&shadow->own, resource->address, resource, NULL)) {
		resource_free(resource);
		return NULL;
	}
	if (is_looked_at(&shadow->stack, wanted->kind))
		resource->presence = PRESENCE_ABSENT;
	bool is_in = map_set(&shadow->stack.by_address, resource->address, resource, NULL);
	return is_in ? resource : NULL;
}

// The daemon may read more than who sent the file: no source is read for it. Those that the file in
// force has too are known already.
static json_t *marks_of(const struct resource *known, const struct wanted *wanted)
{
	json_t *out = json_object();
	for (const struct field *f = wanted->kind->fields; f->name; f++) {
		const char *member =
			f->type == FIELD_SOURCE ? field_member(wanted->kind, NULL, f) : NULL;
		const json_t *value = member ? json_object_get(wanted->desired, member) : NULL;
		json_t *was = known && known->wanted && member
				      ? json_object_get(known->wanted->desired, member)
				      : NULL;
		json_t *mark = known && member ? json_object_get(known->marks, member) : NULL;
		if (value && mark && was && json_equal(was, (json_t *)value))
			json_object_set(out, member, mark);
		else if (value)
			json_object_set_new(out, member, json_pack("{s:s}", "mark", ""));
	}
	return out;
}

static bool join(struct shadow *shadow, const struct stack *stack, const struct desired *desired)
{
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		struct resource *resource = stack_find(&shadow->stack, wanted->address);
		if (!resource)
			resource = add_new(shadow, wanted);
		if (!resource)
			return false;
		resource->wanted = wanted;
		resource->marks = marks_of(stack_find(stack, wanted->address), wanted);
		json_decref(resource->record.depends_on);
		resource->record.depends_on = stack_order_of(&shadow->stack, wanted);
	}
	return true;
}

static void done(struct shadow *shadow)
{
	map_for_each (&shadow->stack.by_address, entry) {
		struct resource *resource = entry->value;
		if (map_get(&shadow->own, resource->address))
			continue;
		json_decref(resource->marks);
		json_decref(resource->record.depends_on);
		decision_done(&resource->decision);
		free(resource);
	}
	map_done(&shadow->stack.by_address);
	map_for_each (&shadow->own, entry)
		resource_free(entry->value);
	map_done(&shadow->own);
}

char *foresee_plan(const struct stack *stack, struct desired *desired)
{
	struct shadow shadow = {.stack = *stack};
	char *text = NULL;
	shadow.stack.desired = desired;
	map_init(&shadow.stack.by_address);
	map_init(&shadow.own);
	bool ok = true;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		bool stays = desired_find(desired, resource->address);
		if (stays || resource->presence == PRESENCE_PRESENT || resource->record.id ||
			resource->record.created_ms)
			ok = ok && add_known(&shadow, resource);
	}
	ok = ok && join(&shadow, stack, desired);
	// Twice: who waits for whom follows from what was decided about the others.
	for (int round = 0; ok && round < 2; round++)
		map_for_each (&shadow.stack.by_address, entry) {
			struct resource *resource = entry->value;
			struct decision decision;
			stack_decide(&shadow.stack, resource, &decision);
			decision_done(&resource->decision);
			resource->decision = decision;
		}
	if (ok)
		text = view_plan(&shadow.stack);
	done(&shadow);
	return text;
}
