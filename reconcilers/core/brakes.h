// When so much is about to change at once that a person should look first: a file that lost most of
// what it had, more deletions than is usual, drift all over a layer. Pure: counts in, a verdict
// out. halt.c counts, and keeps what tripped as an order that only a person takes back.
#pragma once

#include "core/desired.h"

enum {
	BRAKES_LEAST_LEFT = 2,          // a few are held one by one anyway
	BRAKES_MOST_DELETES = 10,       // at once, by policy, not by approval; twice that an hour
	BRAKES_MOST_DRIFT_PERCENT = 30, // of a layer's resources, in one pass ...
	BRAKES_LEAST_DRIFTED = 10,      // ... and more resources than these
	BRAKES_HOUR_MS = 3600000,
};

struct brake_counts {
	int wanted;       // resources of the layer that are in the file
	int drifted;      // of them, those in which its present pass found drift
	int leaving_here; // of `leaving`, those of the layer
	// -- of the whole stack
	int declared;  // in the file
	int left;      // left the file within an hour, and still stand in AWS
	int leaving;   // to be deleted or replaced by policy, or on their way
	int destroyed; // deleted or replaced by policy within an hour
};

/* May the drift brake trip when the `unseen` resources of the layer that its pass has not come to
 * are drifted too? Until that is known, what has drifted is left as it is. */
bool brakes_may_trip(const struct policy *policy, const struct brake_counts *counts, int unseen);
/* Which brake trips: "file", "deletions", "drift"; NULL: none. *ret_why is a sentence. */
const char *brakes_trip(const struct policy *policy, const struct brake_counts *counts,
	char *ret_why, size_t bytes);
