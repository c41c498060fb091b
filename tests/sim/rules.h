// What must hold whatever happens: looked at with every call that changes AWS, and after every
// step.
#pragma once

#include "tests/sim/pace.h"

struct rules {
	struct sim *sim;     // borrowed
	json_t *arrived;     // the action of the call that arrived last; borrowed
	json_t *approved;    // address -> how many of its held changes people have let go; owned
	int64_t write_count; // calls of daemons that arrived to change something
	json_t *pruned;      // what went by policy since a file was read: {"address": true}; owned
	int pruned_reloads;  // the simulation's count of reloads then
	struct pace pace;    // of what is refused for long
	bool is_paced;       // ... as far as it is of interest
	bool is_released;    // people have let go what the brakes stop
};

/* From now on the simulation is watched. */
void rules_init(struct rules *rules, struct sim *sim);
void rules_done(struct rules *rules);
/* People approve what is held under `target` by that daemon; how many changes it were. */
int rules_approve(struct rules *rules, struct daemon *daemon, const char *target);

/* People let a braked daemon go on. */
void rules_release(struct rules *rules, struct daemon *daemon);

/* In quiet times: every call that took effect has a record that says so or that nobody knows, none
 * is told that was never made, and none is open. */
void rules_expect_good_actions(const struct rules *rules);
/* At the end: what the store says is what there is, and nothing in it is left open. */
void rules_expect_good_books(struct rules *rules, const struct daemon *leader);
/* One of each thing that the file names, and nothing else of ours. */
void rules_expect_one_of_each(struct rules *rules, const struct daemon *leader);
