// A resource that was given another name in the file looks like one that left and one that is new:
// whoever reads the plan is told. Pure.
#pragma once

#include "core/stack.h"

/* What is new in the file and says of itself what AWS shows of the orphan; borrowed; NULL: nothing,
 * or more than one. */
const struct resource *renamed_to(struct stack *stack, const struct resource *orphan);
/* Adds that, and what to do, to what is said of an orphan that is to go. */
void renamed_say(struct stack *stack, const struct resource *orphan, struct decision *d);
