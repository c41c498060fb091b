// What people tell a stack: yes or no to a held change, pauses, fields that may differ. It counts
// at once, and is kept through the journal. Declared in core/stack.h.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/orders.h"
#include "core/stack.h"

json_t *stack_approve(struct stack *stack, const char *target, bool yes, const char *who)
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
		if (yes)
			json_object_set_new(stack->approved, d->digest, json_true());
		journal_put(stack->options.journal, STORE_HOLD_DECIDE,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "hold_id", resource->hold_id,
				"state", yes ? "approved" : "rejected", "who", who, "address", a,
				"change", change_sign(d->plan.change), "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
		log_notice(yes ? "approved" : "rejected", LOG_STR("resource", a),
			LOG_STR("id", d->digest), LOG_STR("who", who));
		stack_touch(stack, resource, true);
	}
	return out;
}

// ---- orders

static void decide_anew(struct stack *stack, const char *target)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (orders_covers(target, resource->address))
			stack_touch(stack, resource, false);
	}
	stack->changes++;
}

const json_t *stack_order(struct stack *stack, json_t *order, const char *who)
{
	char id[HASH_UUID_BYTES];
	if (!hash_uuid(id)) {
		json_decref(order);
		return NULL;
	}
	js_set_str(order, "order_id", id);
	js_set_str(order, "who", who);
	json_object_set_new(order, "at_ms", json_integer(loop_wall_ms(stack->options.loop)));
	json_array_append_new(stack->orders, order);
	json_t *args = json_copy(order);
	js_set_str(args, "stack", stack->name);
	journal_put(stack->options.journal, STORE_ORDER_PUT, args);
	log_notice("told", LOG_STR("stack", stack->name), LOG_STR("order", js_str(order, "sort")),
		LOG_STR("target", js_str(order, "target")),
		LOG_STR("field", js_str(order, "field")),
		LOG_STR("reason", js_str(order, "reason")), LOG_STR("who", who));
	decide_anew(stack, js_str(order, "target"));
	return order;
}

json_t *stack_end_orders(
	struct stack *stack, const char *target, const char *field, const char *who)
{
	json_t *ended = json_array();
	for (size_t i = json_array_size(stack->orders); i-- > 0;) {
		json_t *order = json_array_get(stack->orders, i);
		if (!str_eq_null(js_str(order, "sort"), field ? "ignore" : "pause") ||
			!str_eq_null(js_str(order, "target"), target) ||
			(field && !str_eq_null(js_str(order, "field"), field)))
			continue;
		json_array_append(ended, order);
		json_array_remove(stack->orders, i);
		const json_t *last = json_array_get(ended, json_array_size(ended) - 1);
		journal_put(stack->options.journal, STORE_ORDER_END,
			json_pack("{s:s, s:s, s:s, s:s, s:s*, s:I}", "order_id",
				js_str(last, "order_id"), "who", who, "sort", js_str(last, "sort"),
				"target", target, "field", field, "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
		log_notice("taken back", LOG_STR("stack", stack->name),
			LOG_STR("order", js_str(last, "sort")), LOG_STR("target", target),
			LOG_STR("field", field), LOG_STR("who", who));
	}
	if (json_array_size(ended) > 0)
		decide_anew(stack, target);
	return ended;
}

void stack_expire_orders(struct stack *stack)
{
	if (!orders_expire(stack->orders, loop_wall_ms(stack->options.loop)))
		return;
	log_notice("the time of an order is over", LOG_STR("stack", stack->name));
	decide_anew(stack, "");
}
