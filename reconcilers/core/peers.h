// Changes that several resources of a kind must make at once (call.shared_by): priorities that are
// swapped cannot be swapped one after the other.
//
// The first of them whose plan starts carries the step for all; the others do not start meanwhile,
// and count it as written when it was.
#pragma once

#include "core/plan.h"
#include "core/stack.h"

/* [{"address", "path", "id", "desired", "observed"}]: all whose plan has the same shared step and
 * who observe the same parent, ours first; NULL: our plan has no shared step. New. */
json_t *peers_of(struct stack *stack, const struct resource *resource);
/* Is a plan under way that carries our shared step with it? */
bool peers_carried(const struct stack *stack, const struct resource *resource);
