// Inside a layer's reconciler: what its parts (look, carry, notes) share. stack.h is what others
// see.
#pragma once

#include "core/stack.h"

/* Random in 0..1, for pacing. */
double reconciler_jitter(void);
int64_t reconciler_now_ms(const struct reconciler *r);  // loop time
int64_t reconciler_wall_ms(const struct reconciler *r); // since 1970
bool reconciler_has(const struct reconciler *r, const struct resource *resource);
/* Of a kind of this layer; never NULL. */
struct watch *reconciler_watch(struct reconciler *r, const struct kind *kind);
/* Wants a look at this loop time, or earlier if one was wanted earlier. */
void watch_want(struct watch *watch, int64_t at_ms);

// ---- look.c

/* Is there something that a thorough look reads, and others do not? */
bool look_has_rare(const struct kind *kind);
/* Makes an observation of the kind ready for the stack. */
void look_prepare(struct observation *observation, struct stack *stack, const struct kind *kind);
void look_start(struct reconciler *r, struct watch *watch);
/* Takes a finished look; marks what it touched for deciding. */
void look_take(struct reconciler *r, struct watch *watch);

// ---- carry.c

/* Starts the plans that were decided, as many as the layer may have in progress. */
void carry_start(struct reconciler *r);
/* Takes the resource's finished run. */
void carry_take(struct reconciler *r, struct resource *resource);

// ---- notes.c

void notes_observation(struct reconciler *r, struct resource *resource);
/* After a decision: opens drifts, closes those whose difference is gone, keeps the hold that stands
 * for it. */
void notes_drift(struct reconciler *r, struct resource *resource);
void notes_close(struct reconciler *r, struct resource *resource);
void notes_hold(struct reconciler *r, struct resource *resource);
/* The change that is held, and was refused, is held once more: the refusal stays in history. */
void notes_hold_anew(struct stack *stack, struct resource *resource);
/* The approved change was carried out: its approval is spent. */
void notes_use_approval(struct reconciler *r, struct resource *resource, const char *digest);
