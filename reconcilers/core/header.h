// The head of the file and what stands beside the fields: stack, account, region, tags, policy.
#pragma once

#include "core/checking.h"

/* stack, account, region, tags and policy of the root into checking->desired. */
void header_read(struct checking *checking, const struct node *root);

enum policy_level { POLICY_STACK, POLICY_LAYER, POLICY_RESOURCE };

/* `base` with what `node` (a map, or NULL) says otherwise; a copy of its own. `kind`: whose fields
 * `ignore` may name; NULL: those of any kind. */
struct policy policy_read(struct checking *checking, const struct policy *base,
	const struct node *node, enum policy_level level, const struct kind *kind);
void policy_done(struct policy *policy);

/* `base` with the tags of `node` (a map of plain values, or NULL): new. null takes one away. */
json_t *tags_read(struct checking *checking, const json_t *base, const struct node *node);
