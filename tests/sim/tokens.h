// EC2's client tokens: a call that comes again under its token makes nothing and is answered as the
// first time; another call under that token is refused.
#pragma once

#include "tests/sim/cloud.h"

/* Was a call of that token carried out, and is not too long ago? Then *ret_err, and `output` are
 * the answer. */
bool tokens_answer(struct cloud *cloud, const char *operation, const json_t *input, json_t *output,
	struct err *ret_err);
/* It was carried out, and answered so. */
void tokens_note(
	struct cloud *cloud, const char *operation, const json_t *input, const json_t *output);
