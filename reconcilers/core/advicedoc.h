// Advice about IAM policy documents, whichever kind and field they stand in.
#pragma once

#include "core/advice.h"

/* `node`: a document as structure, or as JSON text; anything else is passed over. Statements with a
 * principal are those of trust and resource policies, others those of identities. */
void advicedoc_check(struct advice *advice, const struct node *node);
