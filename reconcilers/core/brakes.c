// A first convergence has no drift and deletes nothing, and a handful of corrections is below every
// limit: neither ever trips a brake.
#include "core/brakes.h"
#include <stdio.h>

static int or_default(int value, int fallback)
{
	return value >= 0 ? value : fallback;
}

static bool is_much_drift(const struct policy *policy, const struct brake_counts *counts, int more)
{
	int share = or_default(policy->most_drift_percent, BRAKES_MOST_DRIFT_PERCENT);
	int drifted = counts->drifted + more;
	return drifted > BRAKES_LEAST_DRIFTED &&
	       (int64_t)drifted * 100 > (int64_t)share * counts->wanted;
}

bool brakes_may_trip(const struct policy *policy, const struct brake_counts *counts, int unseen)
{
	return counts->drifted > 0 && is_much_drift(policy, counts, unseen);
}

const char *brakes_trip(
	const struct policy *policy, const struct brake_counts *counts, char *ret_why, size_t bytes)
{
	// A file that says how many may go is taken at its word.
	bool is_said = policy->most_deletes >= 0;
	if (!is_said && counts->left > BRAKES_LEAST_LEFT && counts->left > counts->declared) {
		snprintf(ret_why, bytes,
			"%d of %d resources left the file within an hour: it may be truncated",
			counts->left, counts->left + counts->declared);
		return "file";
	}
	int most = or_default(policy->most_deletes, BRAKES_MOST_DELETES);
	if (counts->leaving_here > 0 && counts->leaving > most) {
		snprintf(ret_why, bytes,
			"%d resources would be deleted or replaced at once, and %d may be "
			"(policy: {most_deletes: ...})",
			counts->leaving, most);
		return "deletions";
	}
	most = or_default(policy->most_deletes_per_hour, 2 * most);
	if (counts->leaving_here > 0 && counts->leaving + counts->destroyed > most) {
		snprintf(ret_why, bytes,
			"%d resources were deleted or replaced within an hour, %d more would be, "
			"and %d may be (policy: {most_deletes_per_hour: ...})",
			counts->destroyed, counts->leaving, most);
		return "deletions";
	}
	if (is_much_drift(policy, counts, 0)) {
		snprintf(ret_why, bytes,
			"%d of %d resources drifted at once: somebody may be at work on them "
			"(policy: {most_drift: ...})",
			counts->drifted, counts->wanted);
		return "drift";
	}
	return NULL;
}
