// What AWS has under an id or a name, as the file would say it: for `holdfast adopt`.
#pragma once

#include "core/stack.h"

/* What a look at one object of the kind, and nothing else, is about (core/observe.h): the object
 * with that id or, of kinds that the file names, of that name. New; NULL when a name alone does not
 * tell which one it is. */
json_t *takeover_subjects(
	const struct stack *stack, const struct kind *kind, const char *address, const char *id);
/* What the look found; borrowed; NULL: AWS has no such thing. */
const json_t *takeover_item(const struct observation *look, const struct kind *kind,
	const char *address, const char *id);
/* What control/routes.h documents for "adopt"; takes the sighting's values by reference. New. */
json_t *takeover_told(struct stack *stack, const struct kind *kind, const char *address,
	const struct sighting *seen);
