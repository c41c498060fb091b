// What has recovered tells all who wait for the same: they need not wait any longer.
#pragma once

#include "core/stack.h"

/* Something of `kind`, a look or a change, that had failed with `class` has just succeeded. Those
 * that still wait after such a failure are tried at once: of the same service where it was the
 * service's trouble, all where it was the credentials' or the policy's. Their count of failures
 * stays, so that what fails again waits longer than before.
 *
 * Only from trouble to success: who never failed says nothing. So nothing is tried in a loop. */
void relief_give(struct stack *stack, const struct kind *kind, enum err_class class);
