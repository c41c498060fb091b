// The plan that a file would lead to if it were in force: what it wants against what was last seen
// of AWS. The stack is only read, once, at the beginning: the decisions are made on a shadow of it,
// in steps of a few milliseconds, for thousands of them take longer than others should wait.
#pragma once

#include "core/stack.h"

struct foresee;

/* Takes `desired` over (of this stack's name and region). What the daemon has not seen under a new
 * address counts as absent. Sources (files, variables of the environment) that the file in force
 * does not name in the same place are not read, and not compared. NULL when memory is out. */
struct foresee *foresee_new(const struct stack *stack, struct desired *desired);
/* Goes on for a while; true when it is done. */
bool foresee_step(struct foresee *foresee);
/* Then, once: JSON text as view_plan()'s. Free it; NULL when memory is out. */
char *foresee_take(struct foresee *foresee) MUST_CHECK;
void foresee_free(struct foresee *foresee); // NULL is fine
