// What people and other tools do in AWS behind the daemons' backs.
#pragma once

#include "tests/sim/sim.h"

/* Somebody deletes something that AWS lets go. */
void hands_delete(struct sim *sim);
/* Somebody changes something; which, or NULL. */
struct thing *hands_change_any(struct sim *sim);
void hands_change(struct sim *sim, struct thing *thing);
