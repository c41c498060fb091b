// A stack and its lease: records are read when it is ours, and forgotten when it is not.
//
// What an unproven lease forbids is only to begin something; it mostly comes back within a second.
// One that has passed on takes with it all that was remembered: the other daemon writes it now.
#include "base/log.h"
#include "core/boot.h"

bool lead_may_load(const struct stack *stack)
{
	const struct lease *lease = stack->options.lease;
	return stack->is_store_ready &&
	       (!lease || (lease->role == LEASE_OURS && lease_may_write(lease)));
}

bool stack_is_standby(const struct stack *stack)
{
	return stack->options.lease && lease_is_standby(stack->options.lease);
}

bool stack_may_act(const struct stack *stack)
{
	const struct lease *lease = stack->options.lease;
	return stack->is_loaded && stack->is_store_ready && stack->phase == STACK_RUNNING &&
	       !journal_is_failing(stack->options.journal) && (!lease || lease_may_begin(lease));
}

bool stack_is_idle(const struct stack *stack)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		if (stack->reconcilers[i].runs > 0)
			return false;
	for (size_t i = 0; i < ARRAY_COUNT(stack->loads); i++)
		if (op_is_running(&stack->loads[i].op))
			return false;
	return journal_count(stack->options.journal) == 0;
}

bool stack_may_lead(const struct stack *stack)
{
	return (stack->phase == STACK_LOADING || stack->phase == STACK_RUNNING) &&
	       journal_count(stack->options.journal) == 0;
}

static void unload(struct stack *stack)
{
	if (stack->is_loaded) {
		log_info("what is remembered is another daemon's now",
			LOG_STR("stack", stack->name));
		json_array_clear(stack->orders); // people may end them elsewhere
	}
	stack->told++; // what is being read of the orders is of an earlier lease
	stack->is_loaded = false;
	if (stack->is_settled)
		stack->unsettled_ms = loop_now_ms(stack->options.loop);
	stack->is_settled = false;
	json_object_clear(stack->approved);
}

void stack_lease_changed(struct stack *stack)
{
	const struct lease *lease = stack->options.lease;
	if (!lease)
		return;
	bool is_ours = lease->role == LEASE_OURS, may_act = stack_may_act(stack);
	bool is_news = lease->role != stack->role || may_act != stack->may_act ||
		       (is_ours && lease->token != stack->token);
	if (is_ours && !stack->is_loaded)
		task_wake(&stack->task); // what could not be proven may be by now
	if (!is_news)
		return;
	if (!is_ours || (stack->token && stack->token != lease->token))
		unload(stack);
	if (is_ours && !stack->is_loaded)
		timer_stop(&stack->timer); // what was waited for is here
	if (is_ours)
		stack->token = lease->token;
	stack->role = lease->role;
	stack->may_act = may_act;
	stack->changes++;
	journal_mute(stack->options.journal, lease_is_standby(lease));
	task_wake(&stack->task);
	for (size_t i = 0; i < stack->reconciler_count; i++)
		task_wake(&stack->reconcilers[i].task);
}
