// For kinds that are read by name or by parent: what is to be read, and whose is what. Pure.
#pragma once

#include "core/kind.h"

/* What a list is read for: {"<each>": {"<batch>": true}}; without such a word its text is "". New.
 * `subjects` are those of observe.h; `scope` is what every template sees ("stack", "region", ...).
 * Addresses for which nothing can be read yet are added to `unread` ({"<address>": true}). What a
 * subject was observed under counts as well as what its file says: a renamed one is still there. */
json_t *reads_of(
	const struct list_call *list, const json_t *subjects, const json_t *scope, json_t *unread);
/* Natural keys of the wanted: {"<key>": "<address>"}; new. Empty where the kind has none. */
json_t *reads_keys(const struct kind *kind, const json_t *subjects, const json_t *scope);
/* Is a read that only `field` needs needed where the file sets `fields` (["name", ...])? Yes also
 * when either is NULL: for every resource, or not known yet. */
bool reads_wants(const json_t *fields, const char *field);
/* The fields that the file sets of a resource, as reads_wants() takes them: new. Empty where no
 * read of the kind depends on it, and of what left the file (`desired` is NULL). */
json_t *reads_fields(const struct kind *kind, const json_t *desired);
/* Is there a read that `now` (two answers of reads_fields()) needs and `before` did not? */
bool reads_more(const struct kind *kind, const json_t *before, const json_t *now);
/* Is there one that is made only where the file sets a field, and these need it? */
bool reads_any(const struct kind *kind, const json_t *fields);
/* Is what is observed of a member under a read that these fields do not need? */
bool reads_leave_out(const struct kind *kind, const char *member, const json_t *fields);
/* What an answer lists: the list at `path` ("": all of the answer), or a list of the one thing that
 * is there. New; NULL when there is nothing. */
json_t *reads_items(const json_t *output, const char *path);
/* The same for any of the subjects. */
bool reads_any_wants(const json_t *subjects, const char *field);
