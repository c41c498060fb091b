// An entry of history with what changed in it told leaf by leaf, as the table of its kind reads it.
// Pure.
#pragma once

#include "core/kind.h"

/* Completes the detail of an entry (STORE_HISTORY) of a resource in place: "changes": [{"path",
 * "before", "after"}], absent sides left out, of a drift (before: what the file wants), of an
 * action that changed a structure, and of an observation, whose "changed" ({"Member": [before,
 * after]}) goes. Nothing is added where a leaf tells no more than the entry does. An address of no
 * kind is left. */
void retold(const char *address, const char *what, json_t *detail);
/* What differs between two observed states of a kind: the same list. `kind` may be NULL. New. */
json_t *retold_states(const struct kind *kind, const json_t *before, const json_t *after);
