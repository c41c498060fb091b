// A value of the file to AWS's JSON, as the model types it.
#pragma once

#include "core/checking.h"

struct shape;

/* The value in AWS's member structure, with references as desired.h writes them. NULL when it is
 * unset (null) or after findings. `what`: the field's name, for messages. */
json_t *value_read(struct checking *checking, const struct shape *shape, enum compare compare,
	const char *what, const struct node *node);
/* The same of a FIELD_MODEL: with the references that may stand inside, in its one form. */
json_t *value_of_field(struct checking *checking, const struct shape *shape,
	const struct field *field, const struct node *node);
/* JSON in the file, kept as JSON text: a map, or text that is JSON. */
json_t *value_document(
	struct checking *checking, enum compare compare, const char *what, const struct node *node);
