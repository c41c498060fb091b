// What becomes of a stack now, in a line: is anything on its way, and if not, what keeps it?
#include "core/viewsay.h"
#include "base/str.h"
#include "core/orders.h"
#include "core/view.h"
#include "core/viewblind.h"

// Why nothing is changed now, whatever differs; false when that is not so.
static bool why_only_looking(const struct stack *stack, char *ret_why, size_t bytes)
{
	const struct lease *lease = stack->options.lease;
	*ret_why = '\0';
	if (stack_is_standby(stack))
		snprintf(ret_why, bytes, "on standby, %s (pid %lld) leads", lease->host,
			(long long)lease->pid);
	else if (!stack->is_store_ready)
		str_copy(ret_why, bytes, "nothing is changed until the store is back");
	else if (journal_is_failing(stack->options.journal))
		str_copy(ret_why, bytes, "nothing is changed until history can be kept on disk");
	else if (lease && *lease->trouble)
		snprintf(ret_why, bytes, "the lease cannot be had: %.120s", lease->trouble);
	else if (lease && lease->is_leaving)
		str_copy(ret_why, bytes, "handing over to another daemon");
	else if (lease && !lease_may_write(lease))
		str_copy(ret_why, bytes, "nothing is changed until the lease is ours");
	else if (!stack->is_loaded)
		str_copy(ret_why, bytes, "reading what is remembered");
	return *ret_why != '\0';
}

// Differs, and the policy is to observe only.
bool viewsay_is_only_observed(const struct stack *stack, const struct resource *resource)
{
	return stack_policy(stack, resource)->mode == MODE_OBSERVE &&
	       resource->decision.sync != SYNC_SYNCED && resource->decision.sync != SYNC_UNKNOWN;
}

static int count_observed(const struct stack *stack)
{
	int count = 0;
	map_for_each (&stack->by_address, entry)
		count += viewsay_is_only_observed(stack, entry->value);
	return count;
}

// Is something on its way to being in sync? Nothing is while AWS does not answer, or while the
// lease or the store is waited for; what nobody has looked at may be in sync already, and what is
// held waits. What waits for another one is on its way only with that: it may be held, too.
bool viewsay_is_converging(const struct stack *stack)
{
	char why[160];
	if (stack->is_settled || stack->failure.count > 0 || stack->phase < STACK_RUNNING ||
		why_only_looking(stack, why, sizeof(why)))
		return false;
	bool waits = false, settles = false;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		const struct decision *d = &resource->decision;
		bool rests = d->verdict == VERDICT_HOLD || d->verdict == VERDICT_DONE ||
			     d->verdict == VERDICT_WAIT;
		bool counts = d->sync != SYNC_SYNCED && d->sync != SYNC_UNKNOWN &&
			      stack_policy(stack, resource)->mode != MODE_OBSERVE &&
			      !stack_blind(stack, resource->kind);
		if ((resource->run || !rests) && counts)
			return true;
		waits = waits || (counts && d->verdict == VERDICT_WAIT);
		settles =
			settles || (d->health == HEALTH_PROGRESSING && d->verdict != VERDICT_WAIT);
	}
	return waits && settles;
}

// "network, data", or "everything".
static bool list_braked(const struct stack *stack, char *ret_text, size_t bytes)
{
	size_t count = 0, used = 0;
	*ret_text = '\0';
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		const char *layer = stack->reconcilers[i].layer->name;
		if (!orders_brake(stack->orders, layer) || used >= bytes)
			continue;
		used += (size_t)snprintf(
			ret_text + used, bytes - used, "%s%s", count ? ", " : "", layer);
		count++;
	}
	if (count > 0 && count == stack->reconciler_count)
		str_copy(ret_text, bytes, "everything");
	return count > 0;
}

void view_summary(const struct stack *stack, char *ret_text, size_t bytes)
{
	struct view_counts n = view_count(stack, NULL);
	if (stack->failure.count > 0) {
		snprintf(ret_text, bytes, "%s", stack->failure.err.message);
		str_trim_utf8(ret_text);
		return;
	}
	if (stack->phase < STACK_RUNNING) {
		snprintf(ret_text, bytes, "%s",
			stack->phase == STACK_VERIFYING ? "asking AWS whose account it is"
			: stack->is_store_ready         ? "reading what is remembered"
							: "waiting for the store");
		return;
	}
	char why[160];
	if (why_only_looking(stack, why, sizeof(why))) {
		snprintf(ret_text, bytes, "%d resource%s, %d in sync; %s", n.total,
			n.total == 1 ? "" : "s", n.synced, why);
		return;
	}
	const struct resource *running = NULL;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->run && !running)
			running = resource;
	}
	int used = snprintf(ret_text, bytes,
		n.synced == n.total ? "%d resource%s, all in sync" : "%d resource%s, %d in sync",
		n.total, n.total == 1 ? "" : "s", n.synced);
	int held = n.held - n.windowed - n.braked;
	if (held > 0 && used < (int)bytes)
		used += snprintf(
			ret_text + used, bytes - (size_t)used, ", %d held for approval", held);
	if (n.windowed > 0 && used < (int)bytes)
		used += snprintf(ret_text + used, bytes - (size_t)used, ", %d wait%s for a window",
			n.windowed, n.windowed == 1 ? "s" : "");
	int observed = count_observed(stack);
	if (observed > 0 && used < (int)bytes)
		used += snprintf(ret_text + used, bytes - (size_t)used,
			", %d would be changed, were it not to be observed only", observed);
	if (n.failed > 0 && used < (int)bytes)
		used += snprintf(ret_text + used, bytes - (size_t)used, ", %d failing", n.failed);
	char braked[160];
	if (list_braked(stack, braked, sizeof(braked)) && used < (int)bytes)
		used += snprintf(ret_text + used, bytes - (size_t)used, ", braked: %s", braked);
	int blind = viewblind_count(stack);
	if (blind > 0 && used < (int)bytes)
		used += snprintf(ret_text + used, bytes - (size_t)used,
			", %d layer%s cannot be looked at", blind, blind == 1 ? "" : "s");
	if (running && used < (int)bytes)
		snprintf(ret_text + used, bytes - (size_t)used, "; %s %s",
			running->run->plan.change == CHANGE_CREATE   ? "creating"
			: running->run->plan.change == CHANGE_UPDATE ? "changing"
								     : "deleting",
			running->address);
}
