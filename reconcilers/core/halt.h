// The brakes of a layer, as its reconciler applies them between deciding and acting.
#pragma once

#include "core/stack.h"

/* Puts a brake on the layer when too much is about to change (brakes.h); what it stops is decided
 * anew before anything is started. True when one tripped. */
bool halt_check(struct reconciler *reconciler);
/* Notes a deletion that no person approved. */
void halt_note_destroyed(struct stack *stack);
