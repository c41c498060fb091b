// Whether what a resource refers to has to be looked at again, because it was looked at before it.
#include "core/ahead.h"
#include "core/moving.h"

// Looks of one pass begin within milliseconds of each other, in all layers.
enum { ONE_PASS_MS = 50 };

bool ahead_is_served(
	const struct resource *referrer, int64_t look_started_ms, int64_t target_pass_ms)
{
	if (look_started_ms >= referrer->upset_ms)
		return true;
	return look_started_ms >= target_pass_ms &&
	       look_started_ms + ONE_PASS_MS >= referrer->upset_ms;
}

bool ahead_of(const struct resource *referrer, const struct resource *target,
	const struct ahead_looks *looks)
{
	if (moving_is_older(target, referrer))
		return true;
	return !looks->is_blind && referrer->upset_ms && target->presence == PRESENCE_PRESENT &&
	       !ahead_is_served(referrer, target->looked_ms, looks->pass_ms);
}
