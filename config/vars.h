// vars: and ${var.x}.
#pragma once

#include "config/pool.h"

/* The merged root with every ${var.…} replaced and `vars` gone. `overrides`: "name=value",
 * NULL-ended, or NULL. Where a variable is wrong the node is broken and a finding says why. NULL
 * when memory is out. */
const struct node *vars_apply(struct pool *pool, const struct node *root,
	const char *const *overrides, struct findings *findings);
