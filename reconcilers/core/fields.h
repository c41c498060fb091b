// The fields of a resource, read by its kind's table.
#pragma once

#include "core/checking.h"

/* Desired JSON of the resource checking->wanted, whose kind's table it is read by. An object, also
 * after findings: then with what could be read. `node` is a map; `place` is the resource's own. */
json_t *fields_read(struct checking *checking, const struct node *node, struct place place);
/* Is the value secret, by the table or by AWS's model? */
bool fields_is_secret(const struct kind *kind, const struct field *field);
