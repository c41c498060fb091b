// The plan that a file would lead to if it were in force: what it wants against what was last seen
// of AWS. The stack is only read: the decisions are made on a shadow of it.
#pragma once

#include "core/stack.h"

/* JSON text as view_plan()'s, for `desired` (borrowed; of this stack's name and region). What the
 * daemon has not seen under a new address counts as absent. Sources (files, variables of the
 * environment) that the file in force does not name in the same place are not read, and not
 * compared. Free the result; NULL when memory is out. */
char *foresee_plan(const struct stack *stack, struct desired *desired) MUST_CHECK;
