// One seed's story: daemons hold a play while everything goes wrong that can, then nothing does any
// more; what must hold is looked at all the time (rules.h), and at the end it must have converged.
#pragma once

#include <stdint.h>

/* What came of it, for comparing two runs of one seed and for figures. */
struct story_end {
	uint64_t hash, events; // of the trace
	int64_t settled_ms;    // from the last fault until everything was in sync
	int passes;            // of a layer meanwhile
	int64_t writes;
};

/* Ends the process when something is not as it must be. */
struct story_end story_run(uint64_t seed);
