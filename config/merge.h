// RFC 7396 merge patch over nodes, places kept.
#pragma once

#include "config/pool.h"

/* `patch` over `base`, either may be shared with the result; NULL when memory is out. A null in the
 * patch takes a member of the base away, and stays where there is none to take. */
const struct node *merge_nodes(
	struct pool *pool, const struct node *base, const struct node *patch);
/* The map without one of its members. */
const struct node *merge_without(struct pool *pool, const struct node *map, const char *key);
