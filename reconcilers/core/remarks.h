// What AWS has otherwise than the file and is left so, and what a value of AWS's means: sentences
// for people, of a resource that may well be in sync. Pure.
#pragma once

#include "core/kind.h"

/* ["EngineVersion is ...", ...]; new. `want` and `observed` as in diff.h; `ignore`: ["field", ...]
 * or NULL; `owners`: {"<field>": "<address of the resource that rules it now>"}. */
json_t *remarks_make(const struct kind *kind, const json_t *want, const json_t *observed,
	const json_t *ignore, const json_t *owners);
