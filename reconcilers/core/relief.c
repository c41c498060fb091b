#include "core/relief.h"
#include "base/str.h"
#include "core/reconcile.h"

static bool is_relieved(const struct failure *failure, const struct kind *waiting,
	const struct kind *recovered, enum err_class class)
{
	if (failure->count == 0 || failure->err.class != class)
		return false;
	switch (class) {
	case ERR_TRANSIENT:
	case ERR_THROTTLED:
		return str_eq(waiting->service, recovered->service);
	case ERR_CREDENTIALS:
	case ERR_DENIED: // somebody has changed what we may do
		return true;
	case ERR_NONE:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_QUOTA: // room for one is not room for all
	case ERR_INVALID:
	case ERR_CANCELED:
	case ERR_BUG:
		break;
	}
	return false;
}

void relief_give(struct stack *stack, const struct kind *kind, enum err_class class)
{
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		struct reconciler *r = &stack->reconcilers[i];
		for (size_t j = 0; j < r->watch_count; j++) {
			struct watch *watch = &r->watches[j];
			if (!is_relieved(&watch->failure, watch->kind, kind, class))
				continue;
			watch->failure.next_ms = reconciler_now_ms(r);
			watch_want(watch, reconciler_now_ms(r));
			task_wake(&r->task);
		}
	}
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->decision.verdict != VERDICT_BACKOFF ||
			!is_relieved(&resource->failure, resource->kind, kind, class))
			continue;
		resource->failure.next_ms = loop_now_ms(stack->options.loop);
		stack_touch(stack, resource, false);
	}
}
