// What joins and follow-ups bring, by member and id, until it is put into the items they belong to.
// Pure.
#pragma once

#include "core/kind.h"

/* All over `rows`: {"<into>": {"<id>": value}}. */

/* The join is being read: an item without rows then has none, which is not the same as unknown. */
void rows_expect(json_t *rows, const struct join *join);
/* Takes a page of the join's answer in; rows without an id are passed over. `where` is what the
 * text of the id may use beside the row: {"partition", "region", "account"}. */
void rows_add(json_t *rows, const struct join *join, const json_t *output, const json_t *where);
/* Takes a follow-up's answer in; lists that come in pages are put together. */
void rows_add_value(
	json_t *rows, const struct follow *follow, const char *id, const json_t *output);
/* The same with a value that is known already, taken over; and is one there? */
void rows_set(json_t *rows, const char *into, const char *id, json_t *value);
bool rows_has(const json_t *rows, const char *into, const char *id);
/* Puts everything into copies of the items ({"<id>": item}; the items themselves may be shared). A
 * list of several follow-ups has each row once, in an order that does not depend on theirs. */
void rows_merge(const struct observe *how, const json_t *rows, json_t **items);
