// References to what moves: an attribute that another value comes into with every change of its
// resource, made by whomever (FIELD_MOVES; the ARN of a task definition's newest revision). Such a
// value is one to give to others only while its resource is as the file says, and only as fresh as
// what it is compared with. Pure.
#pragma once

#include "core/resource.h"

/* Has the kind an attribute that moves? Then it has revisions, each written whole, tags included.
 */
bool moving_has(const struct kind *kind);
/* Is that attribute of the kind one of them? */
bool moving_is(const struct kind *kind, const char *attr);
/* May the attribute of `target`, as last seen, be given to `referrer`? Otherwise why not: the
 * target differs from the file, or is older. True for attributes that do not move; and for what we
 * wrote ourselves and AWS shows in other words than the file for good (a permadiff): nothing better
 * will come, and who refers to it would wait for ever. */
bool moving_is_settled(const struct resource *target, const struct resource *referrer,
	const char *attr, char *ret_why, size_t why_bytes);
/* What an answer to a create or an update says that the attributes which move are now: {member:
 * value}, new; NULL: nothing. */
json_t *moving_answered(const struct kind *kind, const json_t *output);
/* Must `target` be looked at before the referrer can be decided about? It must when the referrer
 * was seen to have another value, and that after the target was looked at. */
bool moving_is_older(const struct resource *target, const struct resource *referrer);
/* The resource is in sync: keeps in its record what moved to where. */
void moving_note(struct resource *resource);
/* Has what the field refers to moved since the resource was in sync last? Then the difference is no
 * drift of this resource, and nobody fights over it here: if somebody does, it is over the other.
 */
bool moving_made(const struct resource *resource, const struct difference *difference);
/* May another revision have to be made, since members of this one wait ({"Member": why}, or NULL)?
 * It may be somebody else's, and is then not to be touched. */
bool moving_may_go(const struct kind *kind, const json_t *waiting);
