// The tables of kinds read backwards: what values a call's template was rendered with, and where in
// an item of AWS a value stands that a path finds.
#pragma once

#include "base/js.h"
#include <stdbool.h>

/* Finds what the '@' words of `args` (JSON text of core/kind.h) stood for in `input`, which may
 * have more members: {"id": "vpc-1", "value": true, "item.CidrBlock": "..."}. False when a constant
 * of the template is not in the input. */
bool inverse_match(const char *args, const json_t *input, json_t *ret_words);
/* Puts a value (taken over) where path_get() would find it: "A.0.B", "A[].B" (of a list),
 * "A[X=y].B", and of "A|B" the last. */
void inverse_put(json_t *item, const char *path, json_t *value);
