// Whether a resource was looked at later than something that it refers to, and that matters: what
// it needs may be gone, or be another by now, without having been seen so. Pure.
#pragma once

#include "core/resource.h"

/* What is known of the looks at the target's kind. */
struct ahead_looks {
	bool is_blind;   // they fail
	int64_t pass_ms; // loop time at which the last pass of its layer began
};

/* Must `target` be looked at before anything is done about the referrer? It must when it moves
 * (core/moving.h), and when the referrer was in sync until a look showed it otherwise or gone, and
 * that look is the younger one: who deletes a thing mostly deletes what it stands on too. Unless
 * looks at the target fail: then nothing that refers to it is held up for that. */
bool ahead_of(const struct resource *referrer, const struct resource *target,
	const struct ahead_looks *looks);
/* Is a look at the target that began then young enough for the referrer? One of the same pass is.
 */
bool ahead_is_served(
	const struct resource *referrer, int64_t look_started_ms, int64_t target_pass_ms);
