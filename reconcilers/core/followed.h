// Differences that came about on our side: a reference means another object than when the resource
// was in sync last, because what it refers to was replaced. Nobody did that to the resource, so it
// is no drift of it. Pure. (What moves with every change of its own: core/moving.h; what will
// follow a plan: core/follow.h.)
#pragma once

#include "core/stack.h"

/* Notes what the references of a resource that is in sync mean. `want`: resolved. */
void followed_note(struct resource *resource, const json_t *want);
/* Do they mean something else now? False when that was never noted. */
bool followed_has_moved(const struct resource *resource, const json_t *want);
/* What the difference follows, of a resource whose references have moved (decision.follows);
 * borrowed; NULL: nothing, so it is drift as any. */
const struct resource *followed_target(const struct stack *stack, const struct resource *resource,
	const struct differences *all, const struct difference *one);
/* Adds to what is said of the decision whom it follows. */
void followed_say(const struct stack *stack, const struct resource *resource, struct decision *d);
