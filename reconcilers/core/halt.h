// The brakes of a layer, as its reconciler applies them between deciding and acting.
#pragma once

#include "core/stack.h"

/* Puts a brake on the layer when too much is about to change (brakes.h); what it stops is decided
 * anew before anything is started. True when one tripped. */
bool halt_check(struct reconciler *reconciler);
/* Has the layer's present pass found drift that would trip its brake if the kinds that it has not
 * come to yet had drifted as well? What corrects drift waits for them. One drift in a layer that is
 * nearly looked at, or small, waits for nothing, and no kind that cannot be looked at is waited
 * for. */
bool halt_waits(struct reconciler *reconciler);
/* Notes a deletion that no person approved. */
void halt_note_destroyed(struct stack *stack);
/* Takes those of an earlier life from the store (STORE_DELETIONS), in place of what was noted. */
void halt_take_destroyed(struct stack *stack, const json_t *rows);
