// The order of creation: what must be there before what. Circles have none.
#pragma once

#include "core/desired.h"

/* Adds to depends_on what kinds ask for by `after`, looks for circles, and measures what is behind
 * each. */
void order_check(struct desired *desired, struct findings *findings);
