// The parts of the plan's JSON that other views show too. Pure reading, but for the texts that a
// resource keeps (struct told).
#pragma once

#include "core/view.h"

/* What control/routes.h documents as ACTION; NULL when nothing is to be done; new. */
json_t *view_action(struct stack *stack, const struct resource *resource);
/* A value of the field (NULL: a tag's), "(sensitive)" for a secret, null for none; new. */
json_t *view_shown(const struct field *field, const json_t *value);
