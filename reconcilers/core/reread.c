#include "core/reread.h"
#include "base/log.h"
#include "core/boot.h"
#include "core/orders.h"

enum { EVERY_MS = 10000, SOON_MS = 1000 };

void reread_init(struct reread *reread, struct loop *loop)
{
	*reread = (struct reread){0};
	timer_init(&reread->timer, loop);
}

void reread_done(struct reread *reread)
{
	timer_stop(&reread->timer);
	store_call_done(&reread->call);
}

bool reread_is_running(const struct reread *reread)
{
	return op_is_running(&reread->call.op);
}

static void tell(const struct stack *stack, const json_t *order, const char *what)
{
	log_notice(what, LOG_STR("stack", stack->name), LOG_STR("order", js_str(order, "sort")),
		LOG_STR("target", js_str(order, "target")), LOG_STR("who", js_str(order, "who")));
}

// What has an end is let go of when that comes (stack_expire_orders()), and history told so.
static bool is_ending(const json_t *order, int64_t wall_ms)
{
	int64_t until_ms = js_int(order, "until_ms", 0);
	return until_ms && until_ms - wall_ms <= EVERY_MS;
}

// The store has all that was told here, so what differs was told elsewhere.
static void compare(struct stack *stack, const json_t *rows)
{
	int64_t now = loop_wall_ms(stack->options.loop);
	size_t had = json_array_size(stack->orders);
	orders_take(stack->orders, rows, now);
	bool is_news = json_array_size(stack->orders) > had;
	for (size_t i = had; i < json_array_size(stack->orders); i++)
		tell(stack, json_array_get(stack->orders, i), "told to another daemon");
	for (size_t i = json_array_size(stack->orders); i-- > 0;) {
		const json_t *order = json_array_get(stack->orders, i);
		if (orders_find(rows, js_str(order, "order_id")) || is_ending(order, now))
			continue;
		tell(stack, order, "taken back at another daemon");
		json_array_remove(stack->orders, i);
		is_news = true;
	}
	if (is_news)
		stack_decide_anew(stack, "");
}

void reread_step(struct stack *stack)
{
	struct reread *reread = &stack->reread;
	struct store_call *call = &reread->call;
	if (op_is_running(&call->op) || timer_is_running(&reread->timer))
		return;
	bool is_ours = stack->is_loaded && lead_may_load(stack);
	if (op_is_finished(&call->op)) {
		// What was told here meanwhile may be in it, or not.
		if (!err_is(&call->op.err) && is_ours && reread->told == stack->told)
			compare(stack, call->rows);
		store_call_done(call);
		op_reset(&call->op);
		timer_start(&reread->timer, &stack->task, EVERY_MS);
		return;
	}
	bool is_due = op_is_finished(&reread->timer.op);
	op_reset(&reread->timer.op);
	if (!is_ours)
		return;
	if (!is_due || journal_count(stack->options.journal) > 0) {
		timer_start(&reread->timer, &stack->task, is_due ? SOON_MS : EVERY_MS);
		return;
	}
	reread->told = stack->told;
	store_call_init(call, STORE_ORDERS_OPEN, json_pack("{s:s}", "stack", stack->name));
	store_start(stack->options.store, call, &stack->task);
}
