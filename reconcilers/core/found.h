// What a look has found, and whose it is. A part of observe.c: no calls, only the state of one
// look.
#pragma once

#include "core/observe.h"

/* Is the listed item ours? By natural key it then has an owner. */
bool found_is_ours(struct observation *observation, const json_t *item, const char *id);
/* Does the error only say that there is no such thing? Of an id that stands in the file (`id`: of
 * the call, may be NULL) it may also say that AWS never gives such a one. */
bool found_is_absent(const struct observation *observation, const char *id, const struct err *err);
/* Does it stand under a resource of ours, though nobody declared it? Then it is among the strays.
 */
bool found_is_stray(struct observation *observation, const json_t *item, const char *id);
/* Keeps an item; hearsay is what only a lagging list says. */
void found_keep(struct observation *observation, const char *id, json_t *item, bool is_hearsay);
/* Has something been found for the address, or (is_by_id) can it be read by the id that is known?
 */
bool found_owner(const struct observation *observation, const char *address, bool is_by_id);
/* Where the list is only a hint: what is there is what was found by its own read. */
void found_prove(struct observation *observation);
/* Whose it is, by its id or by its key; NULL: nobody's of whom anything is known yet. */
const json_t *found_subject(const struct observation *observation, const char *id);
/* Are the tags that this follow-up, or join, reads known without it, or about to be? */
bool found_tags(struct observation *observation, const struct follow *follow, const char *id);
bool found_joined_tags(struct observation *observation, const struct join *join, const char *id);
/* All pages of a follow-up have been read; and have those that this one waits for, and do they lack
 * what it is for? */
void found_answered(struct observation *observation, const struct follow *follow, const char *id);
bool found_lacks(
	const struct observation *observation, const struct follow *follow, const char *id);
