// Two resources of a file that AWS cannot tell apart: each would write over the other, for ever.
#pragma once

#include "core/desired.h"

/* Finds resources of one kind with the same natural key (struct observe's `key`). Before
 * references are turned into what they refer to. */
void unique_check(const struct desired *desired, struct findings *findings);
