// Orders that people gave to another daemon, which told the store only after this one had read
// them.
//
// A daemon that cannot prove its lease still takes a pause, and its journal tells the store when
// that is back, maybe under another's lease. So who leads reads the open orders again now and then.
#pragma once

#include "loop/loop.h"
#include "state/store.h"

struct stack;

struct reread {
	struct store_call call;
	struct timer timer;
	uint64_t told; // orders given and ended here, when it was sent
};

void reread_init(struct reread *reread, struct loop *loop);
/* The call must not run. */
void reread_done(struct reread *reread);
bool reread_is_running(const struct reread *reread);
/* From the step of a stack that is loaded, which it wakes. */
void reread_step(struct stack *stack);
