// Any kind's operations, answered from what its own table says of its calls: which of its templates
// the input was rendered with, read backwards (inverse.h), tells what is meant. What the tables do
// not say about a kind stands in one row of generic.c.
#pragma once

#include "tests/sim/cloud.h"

/* What has revisions gets another one: its ARN ends with their number. */
void generic_next_revision(struct cloud *cloud, const struct kind *kind, json_t *item);
/* False when no kind's table has such a call; else *ret_err is what came of it. */
bool generic_run(struct cloud *cloud, const char *service, const char *name, const json_t *input,
	json_t *output, struct err *ret_err);
