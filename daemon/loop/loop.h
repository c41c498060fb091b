// The loop: one libuv loop, a run queue of tasks, timers in one heap, and a graveyard.
//
// Rules. An *op* is one asynchronous thing, embedded by value in its owner. It completes exactly
// once, never from inside its start, also after a cancel. Completing keeps the result and wakes the
// owner's *task*; the task's step() runs from the run queue and is one switch over its phases.
// No logic runs in callbacks. What is freed while the turn lasts goes to the graveyard.
//
// A virtual loop has no libuv at all: its time jumps to the next timer. Everything that waits only
// with loop timers runs on it unchanged, which is what the simulation and the tests stand on.
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct timer;

struct loop {
	uv_loop_t uv;
	bool is_virtual;
	bool is_stopping;
	bool is_closing;         // loop_done() has begun: nothing may be started any more
	int64_t virtual_mono_ms; // virtual loops only
	int64_t virtual_wall_ms;
	struct list run_queue; // tasks that are due
	struct list soon;      // ops that failed in their start and finish in the next drain
	struct list graves;    // things to free at the end of the turn
	struct timer **heap;   // owned array; earliest due first
	size_t heap_count, heap_size;
	uv_timer_t uv_timer; // armed for heap[0]
	uv_idle_t uv_idle;   // keeps the loop turning while the run queue is not empty
	uv_check_t uv_check; // drains the run queue and buries after each turn
	uint64_t steps;      // task steps run so far: the progress that the watchdog watches
	uint64_t turns;
	struct histogram lags; // how long a turn kept others waiting; real loops only
};

/* ERR_BUG when libuv cannot start. Makes the process ignore SIGPIPE. A virtual loop starts at
 * wall_ms. */
struct err loop_init(struct loop *loop) MUST_CHECK;
void loop_init_virtual(struct loop *loop, int64_t wall_ms);
/* Has libuv make its threads (files and names are worked on there) now and not at their first use:
 * it aborts without a word where there is no memory for their stacks. */
void loop_start_threads(struct loop *loop);
/* Runs until loop_stop() or until nothing is left that could happen. Virtual: the same. */
void loop_run(struct loop *loop);
/* Virtual loops: runs what is due within the next `ms` and leaves the time at now + ms. */
void loop_run_for(struct loop *loop, int64_t ms);
/* Makes loop_run() return after this turn. */
void loop_stop(struct loop *loop);
/* Closes the loop's own handles, empties the graveyard. Every other handle must be closed before.
 * Returns uv_loop_close()'s answer: 0, or UV_EBUSY when somebody forgot a handle. */
int loop_done(struct loop *loop) MUST_CHECK;

/* Monotonic milliseconds, fixed during a turn; the base of every deadline. */
int64_t loop_now_ms(const struct loop *loop);
/* Wall-clock milliseconds since 1970. */
int64_t loop_wall_ms(const struct loop *loop);

/* CLOCK_BOOTTIME, read at this instant and not at the start of the turn: goes on while the machine
 * sleeps or the process is stopped. A virtual loop has only one monotonic clock. */
int64_t loop_boot_ms(const struct loop *loop);

/* Frees `what` with `free_fn` after the current turn. */
void loop_bury(struct loop *loop, void *what, void (*free_fn)(void *what));

// ---- tasks

struct task;
typedef void (*task_step_fn)(struct task *task);

/* Embedded in whatever has phases. Invariant: linked in the run queue at most once. */
struct task {
	struct list link;
	struct loop *loop; // borrowed
	task_step_fn step;
	const char *name; // static, for traces
};

void task_init(struct task *task, struct loop *loop, task_step_fn step, const char *name);
/* Queues a step; once, however often it is called before the step runs. */
void task_wake(struct task *task);
bool task_is_queued(const struct task *task);
/* Takes it out of the run queue; call before freeing the owner. */
void task_done(struct task *task);

// ---- ops

enum op_state { OP_IDLE, OP_STARTED, OP_FINISHED };

/* The base of every asynchronous operation. */
struct op {
	enum op_state state;
	struct task *owner;              // borrowed; woken when finished
	struct list soon;                // linked between op_finish_soon() and the finish
	struct err err;                  // valid when finished
	void (*cancel)(struct op *self); // leads to exactly one op_finish() with ERR_CANCELED
};

/* Marks it started; `cancel` may be NULL for ops that cannot be cancelled. */
void op_start(struct op *op, struct task *owner, void (*cancel)(struct op *self));
/* Called by the op's implementation, once: keeps the result and wakes the owner. */
void op_finish(struct op *op, struct err err);
/* The same from inside a start function: the op stays started until the run queue is drained next,
 * so that nobody sees an op complete before its start has returned. Not to be canceled any more. */
void op_finish_soon(struct loop *loop, struct op *op, struct err err);
/* Asks a started op to end; it still finishes, with ERR_CANCELED or with what came first. */
void op_cancel(struct op *op);
static inline bool op_is_running(const struct op *op)
{
	return op->state == OP_STARTED;
}
static inline bool op_is_finished(const struct op *op)
{
	return op->state == OP_FINISHED;
}
/* Ready for another start. */
static inline void op_reset(struct op *op)
{
	op->state = OP_IDLE;
	op->err = ERR_OK;
}

// ---- timers

/* A timer is an op. Invariant: slot is its place in the heap, or -1. */
struct timer {
	struct op op;
	struct loop *loop; // borrowed
	int64_t due_ms;
	ptrdiff_t slot;
};

void timer_init(struct timer *timer, struct loop *loop);
/* Finishes in `ms` from now (0: in the next turn). Restarts it when it runs already. */
void timer_start(struct timer *timer, struct task *owner, int64_t ms);
/* Stops it without finishing; the one op that may be silenced, because nobody waits elsewhere. */
void timer_stop(struct timer *timer);
static inline bool timer_is_running(const struct timer *timer)
{
	return timer->slot >= 0;
}
