// What stands between a decision and AWS, whatever the decision is: pauses, brakes, and the
// protection that people give a resource. Pure; the last part of decide().
#pragma once

#include "core/decide.h"

/* Turns what was to be done and may not be into a wait. What it would have been stays in the plan
 * and is shown. */
void guard(const struct decide_input *input, struct decision *decision);
