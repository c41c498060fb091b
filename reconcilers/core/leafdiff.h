// A difference of two documents as those of its leaves, for people: policies in one form whatever
// AWS made of them, structures member by member, lists by what names their items. Pure; what
// decides is compare.h.
#pragma once

#include "core/kind.h"

/* What differs between a field's observed and desired value under `path` (a difference's):
 * [{"path": "policies[read].Statement[0].Action", "op": "+|-|~", "observed", "desired"}], absent
 * sides left out. An item of a list is called by its Sid, name, key or id, else by its number in
 * the file. Members that the file does not have are shown only of documents that are compared whole
 * (COMPARE_JSON, COMPARE_POLICY). Values of secret members are "(sensitive)". Scalars, and what
 * would be more than LEAFDIFF_MOST leaves, stay one entry. New. */
json_t *leafdiff(const struct kind *kind, const struct field *field, const char *path,
	const json_t *observed, const json_t *desired);

/* The same of two observed values: what only one side has is a difference too. `field` may be NULL.
 * "observed" is the earlier value. New. */
json_t *leafdiff_whole(
	const struct field *field, const char *path, const json_t *observed, const json_t *desired);
/* The same of what was written (`desired`: what it does not have was not written) over what was
 * there. Paths begin within the value: "[app].image". New. */
json_t *leafdiff_part(const json_t *observed, const json_t *desired);

enum { LEAFDIFF_MOST = 40 };
