// What becomes of a stack now. Pure reading. The sentence itself is view_summary() of core/view.h.
#pragma once

#include "core/stack.h"

/* Is something on its way to being in sync? */
bool viewsay_is_converging(const struct stack *stack);
/* Does the resource differ, and is nothing done about it, as the policy says? */
bool viewsay_is_only_observed(const struct stack *stack, const struct resource *resource);
