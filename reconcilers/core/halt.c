// A brake is an order that the daemon gives itself: kept in Postgres as people's are, there after a
// restart, and taken back by people only. What they released does not trip again for a while.
#include "core/halt.h"
#include "base/log.h"
#include "base/str.h"
#include "core/brakes.h"
#include "core/orders.h"
#include "core/predecessor.h"
#include "core/reconcile.h"

enum { MOST_NOTED = 1000 };

// Is it to be deleted or replaced, or on its way, without a person's word for it?
static bool is_leaving(const struct stack *stack, const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	if (json_object_get(stack->approved, d->digest) ||
		orders_protect(stack->orders, resource->address))
		return false;
	if (!resource->wanted) {
		if (predecessor_successor(stack, resource))
			return false; // its replacement was weighed, or approved
		const struct policy *policy = stack_policy(stack, resource);
		return resource->presence == PRESENCE_PRESENT && !resource->seen.is_gone &&
		       policy->prune == PRUNE_DELETE && policy->mode == MODE_ENFORCE &&
		       !resource->kind->holds_data && !resource->record.is_foreign &&
		       !resource->record.stray_of;
	}
	if (resource->run)
		return change_replaces(resource->run->plan.change);
	return (d->verdict == VERDICT_ACT || d->verdict == VERDICT_BACKOFF) &&
	       change_replaces(d->plan.change);
}

static int count_destroyed(struct stack *stack, int64_t now)
{
	json_t *list = stack->destroyed;
	while (json_array_size(list) > 0 &&
		json_integer_value(json_array_get(list, 0)) <= now - BRAKES_HOUR_MS)
		json_array_remove(list, 0);
	return (int)json_array_size(list);
}

// False when a brake on the layer would stop nothing.
static bool count(const struct reconciler *r, int64_t now, struct brake_counts *ret)
{
	struct stack *stack = r->stack;
	bool any = false;
	*ret = (struct brake_counts){
		.declared = (int)stack->desired->count, .destroyed = count_destroyed(stack, now)};
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		bool is_here = reconciler_has(r, resource);
		bool leaves = is_leaving(stack, resource);
		int64_t left_ms = resource->record.left_ms;
		any = any || (is_here && (leaves || resource->wanted ||
						 resource->presence == PRESENCE_PRESENT));
		ret->leaving += leaves;
		ret->leaving_here += is_here && leaves;
		ret->wanted += is_here && resource->wanted;
		ret->drifted += is_here && resource->wanted &&
				resource->drifted_wall_ms >= r->pass.started_wall_ms &&
				resource->drifted_wall_ms > 0;
		ret->left += !resource->wanted && !resource->record.stray_of &&
			     resource->presence == PRESENCE_PRESENT &&
			     left_ms > now - BRAKES_HOUR_MS &&
			     !predecessor_successor(stack, resource);
	}
	return any;
}

static const struct policy *layer_policy(const struct reconciler *r)
{
	const struct desired *desired = r->stack->desired;
	for (size_t i = 0; i < desired->layer_count; i++)
		if (desired->layers[i].layer == r->layer)
			return &desired->layers[i].policy;
	return &desired->policy;
}

// Could a brake be put on it now, and would it stop anything?
static bool can_trip(const struct reconciler *r, int64_t now)
{
	const struct stack *stack = r->stack;
	const char *layer = r->layer->name;
	return stack_may_act(stack) && layer_policy(r)->mode == MODE_ENFORCE &&
	       !orders_brake(stack->orders, layer) &&
	       !orders_is_released(stack->orders, layer, now) &&
	       !orders_layer_pause(stack->orders, layer, now);
}

bool halt_waits(struct reconciler *r)
{
	int64_t now = loop_wall_ms(r->stack->options.loop);
	bool is_awaiting = false;
	for (size_t i = 0; i < r->watch_count; i++)
		is_awaiting = is_awaiting || r->watches[i].is_awaited;
	struct brake_counts counts;
	if (!is_awaiting || !can_trip(r, now) || !count(r, now, &counts))
		return false;
	int unseen = 0;
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		unseen += reconciler_has(r, resource) && resource->wanted &&
			  reconciler_watch(r, resource->kind)->is_awaited;
	}
	return brakes_may_trip(layer_policy(r), &counts, unseen);
}

bool halt_check(struct reconciler *r)
{
	struct stack *stack = r->stack;
	const char *layer = r->layer->name;
	int64_t now = loop_wall_ms(stack->options.loop);
	const struct policy *policy = layer_policy(r);
	if (!can_trip(r, now))
		return false;
	struct brake_counts counts;
	char why[240];
	if (!count(r, now, &counts))
		return false;
	const char *which = brakes_trip(policy, &counts, why, sizeof(why));
	if (!which)
		return false;
	json_t *order = json_pack("{s:s, s:s, s:s, s:s}", "sort", "brake", "target", layer, "field",
		which, "reason", why);
	log_warning("a brake stops the layer until a person releases it", LOG_STR("layer", layer),
		LOG_STR("brake", which), LOG_STR("why", why));
	return stack_order(stack, order, "holdfastd") != NULL;
}

void halt_note_destroyed(struct stack *stack)
{
	if (json_array_size(stack->destroyed) >= MOST_NOTED)
		json_array_remove(stack->destroyed, 0);
	json_array_append_new(stack->destroyed, json_integer(loop_wall_ms(stack->options.loop)));
}

void halt_take_destroyed(struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	int64_t now = loop_wall_ms(stack->options.loop);
	json_array_clear(stack->destroyed);
	json_array_foreach ((json_t *)rows, i, row) {
		int64_t at = js_int(row, "at_ms", now);
		json_array_append_new(stack->destroyed, json_integer(at < now ? at : now));
	}
}
