// What may happen by itself, as the file says it on each level.
#pragma once

#include "core/checking.h"

enum policy_level { POLICY_STACK, POLICY_LAYER, POLICY_RESOURCE };

/* `base` with what `node` (a map, or NULL) says otherwise; a copy of its own. `kind`: whose fields
 * `ignore` may name; NULL: those of any kind. */
struct policy policy_read(struct checking *checking, const struct policy *base,
	const struct node *node, enum policy_level level, const struct kind *kind);
void policy_done(struct policy *policy);
/* Warns of what waits for a window where the file has none: it would wait for ever. */
void policy_check_windows(const struct desired *desired, struct findings *findings);
/* What holds where a file says nothing: what replaces or loses data waits for approval. */
struct policy policy_default(void);
