// Replacing a thing by one that is made beside it: what is used cannot be deleted first (a
// certificate that a listener shows), and what would be gone in between is missed.
//
// The old one is given another address, that of a predecessor:
// "security.certificate.main@3fa91c20", in its tag and in what is remembered of it. The declared
// address is then free, a new one is created under it, what refers to it follows, and then the
// predecessor is deleted like any orphan. Each step is decided from what AWS shows, so a crash in
// between only delays it.
#pragma once

#include "core/kind.h"
#include "core/plan.h"

enum { PREDECESSOR_ADDRESS_BYTES = 256 };

/* Can another one of this kind, as wanted, be there together with the one observed? It takes tags,
 * for only they tell the two apart, and a name that differs, where the kind has names. */
bool predecessor_can_stay(const struct kind *kind, const json_t *want, const json_t *observed);
/* The address under which the thing with that AWS id makes room. False when there is none. */
bool predecessor_address(
	const char *address, const char *id, char ret[PREDECESSOR_ADDRESS_BYTES]) MUST_CHECK;
/* Is the first the address of a predecessor of the second? */
bool predecessor_is_of(const char *old, const char *address);
/* Where the address of its successor ends in it; 0: it is none. */
size_t predecessor_base_bytes(const char *address);
/* The call that gives the old one its new address; `tags` ({"key": "value"}) are those that AWS
 * shows. */
void predecessor_plan(
	const struct kind *kind, const char *old, const json_t *tags, struct plan *ret);

struct stack;
struct resource;
/* After that call: what is remembered of `resource` becomes that of a predecessor, and nothing is
 * known of `resource` any more. May add to the stack's resources: not while they are walked over.
 * Returns the predecessor, borrowed, or NULL: out of memory, nothing has changed. */
struct resource *predecessor_part(
	struct stack *stack, struct resource *resource, const char *old_address);
/* The resource that takes its place, while it is in the file; or NULL. */
struct resource *predecessor_successor(const struct stack *stack, const struct resource *resource);
/* Who still needs the predecessor: its successor, while that is not ready, or what refers to it and
 * is not in sync with that yet; NULL: nobody. */
const char *predecessor_needed_by(const struct stack *stack, const struct resource *successor);
