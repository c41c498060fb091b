// A shadow of each resource shares what is known of it, and nothing of what follows from the file:
// that is made anew, and nothing of it is kept. The stack may go on meanwhile.
#include "core/foresee.h"
#include "base/str.h"
#include "core/view.h"

enum { SLICE = 32 }; // two milliseconds, at most
enum phase { JOINING, DECIDING, DECIDING_AGAIN, TELLING, DONE };

/* A stack in the making: `stack` is a copy whose resources, orders and approvals are ours. */
struct foresee {
	struct stack stack;
	struct desired *desired; // owned
	enum phase phase;
	size_t at;       // in what is wanted, or in by_address
	bool has_failed; // memory was out
	struct view_plan plan;
};

static bool add(struct foresee *f, struct resource *resource)
{
	if (resource && map_set(&f->stack.by_address, resource->address, resource, NULL))
		return true;
	resource_free(resource);
	return false;
}

static bool is_looked_at(const struct stack *stack, const struct kind *kind)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		if (str_eq(stack->reconcilers[i].layer->name, kind->layer))
			return stack->reconcilers[i].last_pass.started_wall_ms > 0;
	return false;
}

static struct resource *add_new(struct foresee *f, const struct wanted *wanted)
{
	struct resource *resource = resource_new(wanted->address, wanted->kind);
	if (resource && is_looked_at(&f->stack, wanted->kind))
		resource->presence = PRESENCE_ABSENT;
	return add(f, resource) ? resource : NULL;
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

// The i-th of what the file wants gets its shadow.
static bool join_one(struct foresee *f, size_t i)
{
	const struct wanted *wanted = &f->desired->wanted[i];
	struct resource *resource = stack_find(&f->stack, wanted->address);
	if (!resource) {
		resource = add_new(f, wanted);
		if (!resource)
			return false;
		resource->marks = marks_of(NULL, wanted);
	}
	resource->wanted = wanted;
	json_decref(resource->record.depends_on);
	resource->record.depends_on = stack_order_of(&f->stack, wanted);
	return true;
}

static bool share_one(struct foresee *f, const struct resource *resource)
{
	const struct wanted *stays = desired_find(f->desired, resource->address);
	bool is_there = resource->presence == PRESENCE_PRESENT || resource->record.id ||
			resource->record.created_ms;
	if (!stays && !is_there)
		return true;
	struct resource *copy = resource_share(resource);
	if (copy && stays)
		copy->marks = marks_of(resource, stays);
	return add(f, copy);
}

struct foresee *foresee_new(const struct stack *stack, struct desired *desired)
{
	struct foresee *f = malloc(sizeof(*f));
	if (!f) {
		desired_free(desired);
		return NULL;
	}
	*f = (struct foresee){.stack = *stack, .desired = desired};
	f->stack.desired = desired;
	f->stack.approved = json_deep_copy(stack->approved);
	f->stack.orders = json_deep_copy(stack->orders);
	map_init(&f->stack.by_address);
	view_plan_begin(&f->plan);
	map_for_each (&stack->by_address, entry)
		f->has_failed = f->has_failed || !share_one(f, entry->value);
	return f;
}

static void free_resource(void *resource)
{
	resource_free(resource);
}

void foresee_free(struct foresee *f)
{
	if (!f)
		return;
	map_done_with(&f->stack.by_address, free_resource);
	buf_done(&f->plan.out);
	json_decref(f->plan.follows);
	json_decref(f->stack.approved);
	json_decref(f->stack.orders);
	desired_free(f->desired);
	free(f);
}

static void decide_one(struct foresee *f, struct resource *resource)
{
	struct decision decision;
	stack_decide(&f->stack, resource, &decision);
	decision_done(&resource->decision);
	resource->decision = decision;
}

// Decided twice: who waits for whom follows from what was decided about the others.
static void do_one(struct foresee *f)
{
	const struct map *all = &f->stack.by_address;
	struct resource *resource =
		f->phase != JOINING && all->entries[f->at].key ? all->entries[f->at].value : NULL;
	if (f->phase == JOINING)
		f->has_failed = f->has_failed || !join_one(f, f->at);
	else if (resource && f->phase == TELLING)
		view_plan_add(&f->plan, &f->stack, resource);
	else if (resource)
		decide_one(f, resource);
}

bool foresee_step(struct foresee *f)
{
	size_t end = f->phase == JOINING ? f->desired->count : f->stack.by_address.used;
	for (int i = 0; i < SLICE && f->at < end; i++, f->at++)
		do_one(f);
	if (f->at >= end) {
		f->at = 0;
		f->phase++;
	}
	return f->phase == DONE || f->has_failed;
}

char *foresee_take(struct foresee *f)
{
	return f->has_failed ? NULL : view_plan_end(&f->plan, &f->stack);
}
