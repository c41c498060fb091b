// Values that are structures: what is sent of one that AWS replaces as a whole, and which of its
// parts no call changes. Pure.
#pragma once

#include "core/kind.h"

/* What "@whole" stands for: the desired value over the observed one, member by member (lists and
 * scalars as desired), without what the field's shape does not know, and as the field's `tidy`
 * leaves it. Values that are no structures: the desired one. `observed` may be NULL. New. */
json_t *section_whole(const struct kind *kind, const struct field *field, const json_t *desired,
	const json_t *observed);
/* Does the desired value ask for what only another resource can have, by the field's `fixed`? */
bool section_is_fixed(const struct kind *kind, const struct field *field, const json_t *desired,
	const json_t *observed);
/* A desired value without what AWS never shows of it, by the field's `unshown`; new. */
json_t *section_shown(const struct field *field, const json_t *desired);
/* Puts the members of `more` into `target`: structures member by member, everything else replaced.
 * Structures within `target` may be shared with what is desired, so copies of them are changed. */
void section_merge(json_t *target, const json_t *more);
