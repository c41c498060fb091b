// Observed values as somebody would write them into the file: members in snake_case, references by
// name, documents as structures. Pure.
#pragma once

#include "core/kind.h"

/* The name in the file of the resource with this value of a reference; NULL: none of the file's. */
typedef const char *(*written_name_fn)(
	void *context, const char *kind, const char *attr, const char *value);

/* The observed value of a field in the file's form; new. *ret_key is the key to write it under: the
 * field's name or, for ids that no resource of the file has, the member's ("vpc_id"); free it. NULL
 * when there is nothing to write (absent, secret, of a source of its own). `only`: of pairs and
 * maps, the keys that the file has; NULL: all. */
json_t *written_value(const struct kind *kind, const struct field *field, const json_t *observed,
	const json_t *only, written_name_fn name_of, void *context, char **ret_key);
