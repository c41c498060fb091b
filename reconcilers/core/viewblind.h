// What cannot be looked at, told once a cause: when AWS is away, forty kinds say the same.
#pragma once

#include "core/stack.h"

/* From the layers of a status
 * ({"name","blind":[{"kind","class","message","remedy","since","next_at"}]}):
 * [{"layers":[NAME],"kinds":[NAME],"cause","class","remedy","since","next_at"}], what concerns most
 * kinds first. `cause` of one kind is its whole message; of several what they have in common,
 * without the operation and without how long a connection took. `since` is the earliest, `next_at`
 * the next. */
json_t *viewblind_grouped(const json_t *layers);
/* Layers with a kind that AWS could not be asked about. */
int viewblind_count(const struct stack *stack);
