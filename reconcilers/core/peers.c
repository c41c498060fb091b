// Every peer has a plan of its own that was decided, and shown, with this very step in it: nothing
// is written for one that is held, ignored or only observed.
#include "core/peers.h"
#include "base/str.h"
#include "core/act.h"
#include "core/path.h"

static const struct step *shared_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].type == STEP_UPDATE && plan->steps[i].call->shared_by)
			return &plan->steps[i];
	return NULL;
}

static const struct step *wanted_step(const struct resource *resource)
{
	enum verdict verdict = resource->decision.verdict;
	bool is_decided = verdict == VERDICT_ACT || verdict == VERDICT_BACKOFF;
	return is_decided && resource->wanted && resource->presence == PRESENCE_PRESENT
		       ? shared_step(&resource->decision.plan)
		       : NULL;
}

static bool same_parent(
	const struct call *call, const struct resource *one, const struct resource *other)
{
	_cleanup_json_ json_t *a = path_get(one->seen.observed, call->shared_by);
	_cleanup_json_ json_t *b = path_get(other->seen.observed, call->shared_by);
	return a && b && json_equal(a, b);
}

static void add_peer(struct stack *stack, const struct resource *resource, const struct step *step,
	json_t *peers)
{
	json_t *want = NULL, *waiting = NULL;
	stack_resolve(stack, resource, &want, &waiting);
	json_array_append_new(
		peers, json_pack("{s:s, s:O, s:s, s:o, s:O}", "address", resource->address, "path",
			       json_array_get(step->paths, 0), "id", resource->seen.id, "desired",
			       want, "observed", resource->seen.observed));
	json_decref(waiting);
}

json_t *peers_of(struct stack *stack, const struct resource *resource)
{
	const struct step *ours = wanted_step(resource);
	if (!ours)
		return NULL;
	json_t *peers = json_array();
	add_peer(stack, resource, ours, peers);
	map_for_each (&stack->by_address, entry) {
		const struct resource *other = entry->value;
		if (other == resource || other->kind != resource->kind || other->run ||
			other->must_decide)
			continue;
		const struct step *step = wanted_step(other);
		if (step && step->call == ours->call && same_parent(ours->call, resource, other))
			add_peer(stack, other, step, peers);
	}
	return peers;
}

bool peers_carried(const struct stack *stack, const struct resource *resource)
{
	if (!wanted_step(resource))
		return false;
	map_for_each (&stack->by_address, entry) {
		const struct resource *other = entry->value;
		const json_t *peers = other->kind == resource->kind && other->run
					      ? json_object_get(other->run->resource, "peers")
					      : NULL;
		size_t i;
		json_t *peer;
		json_array_foreach ((json_t *)peers, i, peer)
			if (str_eq_null(js_str(peer, "address"), resource->address))
				return true;
	}
	return false;
}
