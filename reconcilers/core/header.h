// The head of the file and what stands beside the fields: stack, account, region, tags, policy.
#pragma once

#include "core/checking.h"
#include "core/policy.h"

/* stack, account, region, tags and policy of the root into checking->desired. */
void header_read(struct checking *checking, const struct node *root);

/* `base` with the tags of `node` (a map of plain values, or NULL): new. null takes one away. */
json_t *tags_read(struct checking *checking, const json_t *base, const struct node *node);
