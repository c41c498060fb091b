// Looks of one pass begin within milliseconds of each other, those of two passes farther apart.
#include "core/ahead.h"
#include "core/moving.h"

enum { ONE_PASS_MS = 50 };

bool ahead_is_served(const struct resource *referrer, int64_t look_started_ms)
{
	return look_started_ms + ONE_PASS_MS >= referrer->upset_ms;
}

bool ahead_of(const struct resource *referrer, const struct resource *target, bool is_blind)
{
	if (moving_is_older(target, referrer))
		return true;
	return !is_blind && referrer->upset_ms && target->presence == PRESENCE_PRESENT &&
	       !ahead_is_served(referrer, target->looked_ms);
}
