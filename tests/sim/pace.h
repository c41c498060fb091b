// How often something that is refused is tried again: one incident, not a loop, and slower and
// slower; and where the trouble is over, not as slow as it was at the end of the last one.
#pragma once

#include "tests/sim/sim.h"

struct pace {
	json_t *tries; // what is sent -> {"count", "closed", "at": [outside ms of the first two]};
		       // owned
};

void pace_init(struct pace *pace);
void pace_done(struct pace *pace);
/* A call that changes something leaves a daemon while the weather makes it ill. */
void pace_note(
	struct pace *pace, const struct sim *sim, const char *operation, const json_t *input);
/* Nothing was tried more often than that class may be in so long. */
void pace_expect_calm(const struct pace *pace, struct sim *sim, enum err_class class, int64_t ms);
/* What failed once was tried again soon: no earlier trouble is remembered. */
void pace_expect_soon(const struct pace *pace, struct sim *sim);
void pace_forget(struct pace *pace);
