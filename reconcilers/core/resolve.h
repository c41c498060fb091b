// References in desired JSON, replaced by what they refer to. Pure.
#pragma once

#include "base/js.h"

/* The value of `attr` (NULL: the id) of the resource at `address`: a new value, or NULL when it is
 * not ready; then why goes to ret_why. */
typedef json_t *(*resolve_fn)(
	void *context, const char *address, const char *attr, char *ret_why, size_t why_bytes);

/* A copy of `desired` whose references are replaced. Members that hold an unresolved one are left
 * out and stand in ret_waiting as {"Member": "waits for network.vpc.main"}. Both are new. */
json_t *resolve_desired(
	const json_t *desired, resolve_fn lookup, void *context, json_t **ret_waiting);
