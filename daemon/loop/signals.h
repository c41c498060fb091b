// Signals as wakes of a task: a handler only counts, the owner's step reads the counts and decides.
#pragma once

#include "base/err.h"
#include "loop/loop.h"

struct signals_handles;

struct signals {
	struct signals_handles *handles; // owned
};

/* Counts SIGHUP, SIGTERM, SIGINT and SIGUSR1 from now on; each wakes `owner`. Does not keep the
 * loop alive. One a process. */
struct err signals_init(struct signals *signals, struct loop *loop, struct task *owner) MUST_CHECK;
/* From now on the signals are ignored, as the process ends. Libuv lets go of the handles in the
 * next turn, or in loop_done(). */
void signals_done(struct signals *signals);
/* How often it came since the last call for it; 0 for a signal that is not counted. */
unsigned signals_take(struct signals *signals, int number);
