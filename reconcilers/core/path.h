// Paths into AWS's JSON, as the kind tables write them.
#pragma once

#include "base/js.h"

/* The value at `path`: dotted members and list indexes, "[]" for all items of a list (the result is
 * then a list, flattened), "[Member=text]" for the first item whose scalar member reads so. A new
 * reference, or NULL when absent or null. "" is the value itself. */
json_t *path_get(const json_t *value, const char *path);
/* Is the scalar at the path (of a list, one of its scalars) equal to, or matched by, the glob? ""
 * matches an absent or empty one, and an empty list; "!glob" matches what the glob does not. Any
 * case. */
bool path_matches(const json_t *value, const char *path, const char *glob);
/* The text of a scalar: strings as they are, true/false, numbers. False for others. */
bool path_scalar_text(const json_t *value, char *ret_text, size_t bytes);
