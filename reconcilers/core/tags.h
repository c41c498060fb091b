// Tags in the spelling of each service, and as {"key": "value"}, which is ours. Pure.
#pragma once

#include "core/kind.h"

/* What a service shows, in its form, as {"key": "value"}; new. NULL and other sorts of JSON are no
 * tags. */
json_t *tags_from(enum tag_form form, const json_t *tags);
/* {"key": "value"} in the form of a service; new. */
json_t *tags_as(enum tag_form form, const json_t *tags);
/* All tags that a resource shall bear, {"key": "value"}: what it shows, but `left` (keys that were
 * ours and left the file), with ours on top; new. `seen` and `left` may be NULL. */
json_t *tags_all(const json_t *seen, const json_t *ours, const json_t *left);
