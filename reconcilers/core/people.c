// What people tell a stack: yes or no to a held change, pauses, fields that may differ. It counts
// at once, and is kept through the journal. Declared in core/stack.h.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/brakes.h"
#include "core/fights.h"
#include "core/orders.h"
#include "core/reconcile.h"
#include "core/stack.h"

json_t *stack_approve(
	struct stack *stack, const char *target, bool yes, const char *who, const char *why)
{
	json_t *out = json_array();
	size_t n = strlen(target);
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		const struct decision *d = &resource->decision;
		const char *a = resource->address;
		bool is_named = !*target || str_eq(target, d->digest) || str_eq(target, a) ||
				str_eq(target, resource->hold_id) ||
				(strncmp(a, target, n) == 0 && a[n] == '.');
		if (d->verdict != VERDICT_HOLD || !*d->digest || !is_named)
			continue;
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "id", d->digest, "address",
						   a, "change", change_sign(d->plan.change)));
		if (yes && *resource->rejected_by) // the no stays what it was: it is history
			notes_hold_anew(stack, resource);
		if (yes)
			json_object_set_new(stack->approved, d->digest, json_true());
		str_copy(resource->rejected_by, sizeof(resource->rejected_by), yes ? "" : who);
		json_decref(resource->rejected_why);
		resource->rejected_why = yes || str_empty(why) ? NULL : json_string(why);
		resource->rejected_wall_ms = loop_wall_ms(stack->options.loop);
		journal_put(stack->options.journal, STORE_HOLD_DECIDE,
			json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s, s:I}", "hold_id",
				resource->hold_id, "state", yes ? "approved" : "rejected", "who",
				who, "why", str_empty(why) ? NULL : why, "address", a, "change",
				change_sign(d->plan.change), "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
		log_notice(yes ? "approved" : "rejected", LOG_STR("resource", a),
			LOG_STR("id", d->digest), LOG_STR("who", who), LOG_STR("why", why));
		stack_touch(stack, resource, true);
	}
	return out;
}

// ---- orders

void stack_decide_anew(struct stack *stack, const char *target)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (orders_covers(target, resource->address))
			stack_touch(stack, resource, false);
	}
	stack->changes++;
}

static void record_end(struct stack *stack, const json_t *order, const char *who)
{
	stack->told++;
	journal_put(stack->options.journal, STORE_ORDER_END,
		json_pack("{s:s, s:s, s:s, s:s, s:s*, s:I}", "order_id", js_str(order, "order_id"),
			"who", who, "sort", js_str(order, "sort"), "target",
			js_str(order, "target"), "field", js_str(order, "field"), "at_ms",
			(json_int_t)loop_wall_ms(stack->options.loop)));
}

// What is said anew takes the place of what was said before: a pause that now has an end ends.
static void end_earlier(struct stack *stack, const json_t *order, const char *who)
{
	for (size_t i = json_array_size(stack->orders); i-- > 0;) {
		const json_t *other = json_array_get(stack->orders, i);
		if (!str_eq_null(js_str(other, "sort"), js_str(order, "sort")) ||
			!str_eq_null(js_str(other, "target"), js_str(order, "target")) ||
			!str_eq_null(js_str(other, "field"), js_str(order, "field")))
			continue;
		record_end(stack, other, who);
		json_array_remove(stack->orders, i);
	}
}

const json_t *stack_order(struct stack *stack, json_t *order, const char *who)
{
	char id[HASH_UUID_BYTES];
	if (!hash_uuid(id)) {
		json_decref(order);
		return NULL;
	}
	end_earlier(stack, order, who);
	js_set_str(order, "order_id", id);
	js_set_str(order, "who", who);
	json_object_set_new(order, "at_ms", json_integer(loop_wall_ms(stack->options.loop)));
	json_array_append_new(stack->orders, order);
	stack->told++;
	json_t *args = json_copy(order);
	js_set_str(args, "stack", stack->name);
	journal_put(stack->options.journal, STORE_ORDER_PUT, args);
	log_notice("told", LOG_STR("stack", stack->name), LOG_STR("order", js_str(order, "sort")),
		LOG_STR("target", js_str(order, "target")),
		LOG_STR("field", js_str(order, "field")),
		LOG_STR("reason", js_str(order, "reason")), LOG_STR("who", who));
	stack_decide_anew(stack, js_str(order, "target"));
	return order;
}

// Moves it from those in force to the list of the ended.
static void end_order(struct stack *stack, size_t i, const char *who, json_t *ended)
{
	const json_t *order = json_array_get(stack->orders, i);
	record_end(stack, order, who);
	log_notice("taken back", LOG_STR("stack", stack->name),
		LOG_STR("order", js_str(order, "sort")), LOG_STR("target", js_str(order, "target")),
		LOG_STR("field", js_str(order, "field")), LOG_STR("who", who));
	json_array_append(ended, (json_t *)order);
	json_array_remove(stack->orders, i);
}

json_t *stack_end_orders(struct stack *stack, const char *sort, const char *target,
	const char *field, const char *who)
{
	json_t *ended = json_array();
	for (size_t i = json_array_size(stack->orders); i-- > 0;) {
		const json_t *order = json_array_get(stack->orders, i);
		if (str_eq_null(js_str(order, "sort"), sort) &&
			str_eq_null(js_str(order, "target"), target) &&
			(!field || str_eq_null(js_str(order, "field"), field)))
			end_order(stack, i, who, ended);
	}
	if (json_array_size(ended) > 0)
		stack_decide_anew(stack, target);
	return ended;
}

static void release_fights(
	struct stack *stack, struct resource *resource, const char *who, json_t *ended)
{
	_cleanup_json_ json_t *paths = fights_release(resource->record.fights);
	size_t i;
	json_t *path;
	json_array_foreach (paths, i, path)
		json_array_append_new(
			ended, json_pack("{s:s, s:s, s:O, s:s}", "sort", "contest", "target",
				       resource->address, "field", path, "who", who));
	if (json_array_size(paths) == 0)
		return;
	resource->record.is_dirty = true;
	stack_touch(stack, resource, false);
	stack_save(stack, resource);
}

json_t *stack_release(struct stack *stack, const char *target, int64_t for_ms, const char *reason,
	const char *who)
{
	json_t *ended = json_array();
	for (size_t i = json_array_size(stack->orders); i-- > 0;) {
		const json_t *order = json_array_get(stack->orders, i);
		const char *where = js_str(order, "target");
		if (str_eq_null(js_str(order, "sort"), "brake") && where &&
			orders_covers(target, where))
			end_order(stack, i, who, ended);
	}
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (orders_covers(target, resource->address))
			release_fights(stack, resource, who, ended);
	}
	if (json_array_size(ended) == 0)
		return ended;
	int64_t until = loop_wall_ms(stack->options.loop) + (for_ms > 0 ? for_ms : BRAKES_HOUR_MS);
	json_t *order = json_pack("{s:s, s:s, s:I}", "sort", "release", "target", target,
		"until_ms", (json_int_t)until);
	js_set_str(order, "reason", reason);
	stack_order(stack, order, who);
	return ended;
}

// The store is told too: it may have got the order late, and would count from then.
void stack_expire_orders(struct stack *stack)
{
	_cleanup_json_ json_t *expired =
		orders_expire(stack->orders, loop_wall_ms(stack->options.loop));
	size_t i;
	json_t *order;
	json_array_foreach (expired, i, order) {
		record_end(stack, order, "holdfastd");
		log_notice("the time of an order is over", LOG_STR("stack", stack->name),
			LOG_STR("order", js_str(order, "sort")),
			LOG_STR("target", js_str(order, "target")));
	}
	if (expired)
		stack_decide_anew(stack, "");
}
