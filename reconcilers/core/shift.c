// The wall clock was set, or the machine slept: times of this clock that are still waited from move
// along, so that what was made a moment ago stays as young as it is. The monotonic clock tells by
// how much.
#include "base/log.h"
#include "core/orders.h"
#include "core/stack.h"

/* Both clocks are not read at one instant, and run at other speeds. */
enum { JITTER_MS = 500 };

static void shift(int64_t *at_ms, int64_t by_ms)
{
	if (*at_ms)
		*at_ms += by_ms;
}

static void shift_resource(struct resource *resource, int64_t by_ms)
{
	struct record *record = &resource->record;
	const char *path;
	json_t *write;
	shift(&resource->checked_wall_ms, by_ms);
	shift(&record->created_ms, by_ms);
	shift(&record->deleted_ms, by_ms);
	shift(&record->restored_ms, by_ms);
	shift(&record->busy_ms, by_ms);
	shift(&record->born_ms, by_ms);
	json_object_foreach (record->writes, path, write)
		json_object_set_new(write, "at", json_integer(js_int(write, "at", 0) + by_ms));
}

void stack_mind_clock(struct stack *stack)
{
	int64_t apart_ms = loop_wall_ms(stack->options.loop) - loop_boot_ms(stack->options.loop);
	int64_t by_ms = apart_ms - stack->clocks_apart_ms;
	if (by_ms >= -JITTER_MS && by_ms <= JITTER_MS)
		return;
	bool is_first = stack->clocks_apart_ms == 0;
	stack->clocks_apart_ms = apart_ms;
	if (is_first)
		return;
	log_notice("the clock was set", LOG_STR("stack", stack->name), LOG_INT("by_ms", by_ms));
	map_for_each (&stack->by_address, entry)
		shift_resource(entry->value, by_ms);
	orders_shift(stack->orders, by_ms);
}
