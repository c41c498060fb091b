// Which drift to look at first. Pure.
#pragma once

#include "base/js.h"

/* `drifts` ([{"address","opened_at","closed_at",...}]), each open one of an address in `held`
 * ([ADDRESS], or NULL) marked with "held": true, in this order: open ones before closed ones; of
 * the open ones those of the data layer, then those that wait for a person, then the oldest; closed
 * ones as they came. New; the items are shared. */
json_t *urgency_sorted(json_t *drifts, const json_t *held);
