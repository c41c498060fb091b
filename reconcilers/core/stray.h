// What somebody adds under a resource of ours, as a thing of its own: a rule on our listener, a
// filter on our log group. It becomes a resource without a place in the file, which the policy's
// `foreign` rules: held for a person, deleted, or left alone.
#pragma once

#include "core/resource.h"

/* The field by which resources of the kind name what they stand under; NULL: additions of it are
 * nobody's business. */
const struct field *stray_field(const struct kind *kind);
/* Is it a resource under which additions of the kind are looked for? Then what items write for it
 * (an ARN, a name), new; else NULL. */
char *stray_parent(const struct kind *kind, const struct resource *resource);
/* Must every pass look at the kind for the sake of this resource, also when the file declares none?
 */
bool stray_wants_look(const struct kind *kind, const struct resource *resource);
/* The address under which an addition is known: "compute.listener_rule.foreign-50dc6c49-1f2e3d";
 * of its kind and id alone, so the same after any restart. New; NULL without memory. */
char *stray_address(const struct kind *kind, const char *id);
