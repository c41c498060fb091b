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
/* What an answer lists: the list at `path` ("": all of the answer), or a list of the one thing that
 * is there. New; NULL when there is nothing. */
json_t *reads_items(const json_t *output, const char *path);
/* The same for any of the subjects. */
bool reads_any_wants(const json_t *subjects, const char *field);
