// The part of a plan that is about tags. Pure.
#pragma once

#include "core/plan.h"

/* Appends the steps that remove the differences of tags; to be called when all others are there. */
void plantags_add(
	struct plan *plan, const struct kind *kind, const struct differences *differences);
