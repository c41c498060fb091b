// What will change in resources because of what they refer to: the file says the same of them as
// before, but another object will stand behind a name, or a newer revision. Pure.
#pragma once

#include "core/stack.h"

/* Can anything follow in it at all? Not in what is made anew itself. */
bool follow_may(const struct resource *resource);
/* {"<address>": {"target": ADDRESS, "forces": bool, "fields": [FIELD of a plan's ACTION]}} of all
 * that is there and follows a change that is planned. What it will have is not known before:
 * "unknown". `forces`: it cannot be changed in place, and what refers to it follows in turn. New;
 * an object. */
json_t *follow_make(struct stack *stack);
/* The plan that is carried out, or that was decided. */
const struct plan *follow_plan(const struct resource *resource);
/* Is something planned for it, now or when somebody or something allows it? */
bool follow_has_plan(const struct resource *resource);
