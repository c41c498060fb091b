// The run queue is drained after libuv has polled, in one place; a step that wakes another task
// has it run in the same drain, so a bound on the steps of one drain keeps I/O from starving.
#include "loop/loop.h"
#include "base/clock.h"
#include <assert.h>
#include <signal.h>

enum { STEPS_A_DRAIN = 256 };

struct grave {
	struct list link;
	void *what;
	void (*free_fn)(void *what);
};

static void bury_all(struct loop *loop)
{
	while (!list_is_empty(&loop->graves)) {
		struct grave *grave = LIST_ITEM(loop->graves.next, struct grave, link);
		list_remove(&grave->link);
		grave->free_fn(grave->what);
		free(grave);
	}
}

void loop_bury(struct loop *loop, void *what, void (*free_fn)(void *what))
{
	if (!what)
		return;
	struct grave *grave = malloc(sizeof(*grave));
	if (!grave)
		return; // leaked, on purpose: freeing it now could break this turn
	*grave = (struct grave){.what = what, .free_fn = free_fn};
	list_append(&loop->graves, &grave->link);
}

static bool has_work(const struct loop *loop)
{
	return !list_is_empty(&loop->run_queue) || !list_is_empty(&loop->soon);
}

static void finish_soon_ones(struct loop *loop)
{
	while (!list_is_empty(&loop->soon)) {
		struct op *op = LIST_ITEM(loop->soon.next, struct op, soon);
		list_remove(&op->soon);
		op_finish(op, op->err);
	}
}

static void drain(struct loop *loop)
{
	finish_soon_ones(loop);
	for (int i = 0; i < STEPS_A_DRAIN && !list_is_empty(&loop->run_queue); i++) {
		struct task *task = LIST_ITEM(loop->run_queue.next, struct task, link);
		list_remove(&task->link);
		loop->steps++;
		task->step(task);
		finish_soon_ones(loop);
	}
	bury_all(loop);
}

// ---- the heap of timers

static bool earlier(const struct timer *a, const struct timer *b)
{
	return a->due_ms < b->due_ms;
}

static void heap_place(struct loop *loop, size_t at, struct timer *timer)
{
	loop->heap[at] = timer;
	timer->slot = (ptrdiff_t)at;
}

static void heap_up(struct loop *loop, size_t at, struct timer *timer)
{
	while (at > 0 && earlier(timer, loop->heap[(at - 1) / 2])) {
		heap_place(loop, at, loop->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_place(loop, at, timer);
}

static void heap_down(struct loop *loop, size_t at, struct timer *timer)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= loop->heap_count)
			break;
		if (child + 1 < loop->heap_count &&
			earlier(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!earlier(loop->heap[child], timer))
			break;
		heap_place(loop, at, loop->heap[child]);
		at = child;
	}
	heap_place(loop, at, timer);
}

static void on_uv_timer(uv_timer_t *handle);

static void arm(struct loop *loop)
{
	if (loop->is_virtual)
		return;
	if (loop->heap_count == 0) {
		uv_timer_stop(&loop->uv_timer);
		return;
	}
	int64_t wait = loop->heap[0]->due_ms - loop_now_ms(loop);
	uv_timer_start(&loop->uv_timer, on_uv_timer, wait > 0 ? (uint64_t)wait : 0, 0);
}

static void heap_remove(struct loop *loop, struct timer *timer)
{
	size_t at = (size_t)timer->slot;
	struct timer *last = loop->heap[--loop->heap_count];
	timer->slot = -1;
	if (last == timer)
		return;
	if (at > 0 && earlier(last, loop->heap[(at - 1) / 2]))
		heap_up(loop, at, last);
	else
		heap_down(loop, at, last);
}

static void fire_due(struct loop *loop)
{
	int64_t now = loop_now_ms(loop);
	while (loop->heap_count > 0 && loop->heap[0]->due_ms <= now) {
		struct timer *timer = loop->heap[0];
		heap_remove(loop, timer);
		op_finish(&timer->op, ERR_OK);
	}
	arm(loop);
}

static void on_uv_timer(uv_timer_t *handle)
{
	fire_due(handle->data);
}

static void on_timer_cancel(struct op *op)
{
	struct timer *timer = CONTAINER_OF(op, struct timer, op);
	heap_remove(timer->loop, timer);
	arm(timer->loop);
	op_finish(op, err_new(ERR_CANCELED, "timer canceled"));
}

void timer_init(struct timer *timer, struct loop *loop)
{
	*timer = (struct timer){.loop = loop, .slot = -1};
}

void timer_start(struct timer *timer, struct task *owner, int64_t ms)
{
	struct loop *loop = timer->loop;
	timer_stop(timer);
	if (loop->heap_count == loop->heap_size) {
		size_t size = loop->heap_size ? loop->heap_size * 2 : 32;
		struct timer **heap = reallocarray(loop->heap, size, sizeof(*heap));
		if (!heap)
			abort(); // a daemon whose timers are lost would look alive and do nothing
		loop->heap = heap;
		loop->heap_size = size;
	}
	timer->due_ms = loop_now_ms(loop) + (ms > 0 ? ms : 0);
	op_start(&timer->op, owner, on_timer_cancel);
	heap_up(loop, loop->heap_count++, timer);
	if (timer->slot == 0)
		arm(loop);
}

void timer_stop(struct timer *timer)
{
	if (timer->slot >= 0) {
		heap_remove(timer->loop, timer);
		arm(timer->loop);
	}
	op_reset(&timer->op);
}

// ---- tasks and ops

void task_init(struct task *task, struct loop *loop, task_step_fn step, const char *name)
{
	*task = (struct task){.loop = loop, .step = step, .name = name};
	list_init(&task->link);
}

static void on_idle(uv_idle_t *handle)
{
	(void)handle; // its existence makes the poll return at once
}

static void keep_turning(struct loop *loop)
{
	if (!loop->is_virtual && !loop->is_closing && !uv_is_active((uv_handle_t *)&loop->uv_idle))
		uv_idle_start(&loop->uv_idle, on_idle);
}

void task_wake(struct task *task)
{
	if (task_is_queued(task))
		return;
	list_append(&task->loop->run_queue, &task->link);
	keep_turning(task->loop);
}

bool task_is_queued(const struct task *task)
{
	return task->link.next != &task->link;
}

void task_done(struct task *task)
{
	if (task->loop)
		list_remove(&task->link);
}

void op_start(struct op *op, struct task *owner, void (*cancel)(struct op *self))
{
	assert(op->state != OP_STARTED);
	*op = (struct op){.state = OP_STARTED, .owner = owner, .cancel = cancel};
}

void op_finish(struct op *op, struct err err)
{
	assert(op->state == OP_STARTED);
	op->state = OP_FINISHED;
	op->err = err;
	if (op->owner)
		task_wake(op->owner);
}

void op_finish_soon(struct loop *loop, struct op *op, struct err err)
{
	assert(op->state == OP_STARTED);
	op->cancel = NULL;
	op->err = err;
	list_append(&loop->soon, &op->soon);
	keep_turning(loop);
}

void op_cancel(struct op *op)
{
	if (op->state == OP_STARTED && op->cancel)
		op->cancel(op);
}

// ---- the loop itself

static void on_check(uv_check_t *handle)
{
	struct loop *loop = handle->data;
	loop->turns++;
	drain(loop);
	histogram_add(&loop->lags, (int64_t)(uv_hrtime() / 1000000 - uv_now(&loop->uv)));
	if (!has_work(loop))
		uv_idle_stop(&loop->uv_idle);
	if (loop->is_stopping)
		uv_stop(&loop->uv);
}

struct err loop_init(struct loop *loop)
{
	*loop = (struct loop){0};
	list_init(&loop->run_queue);
	list_init(&loop->soon);
	list_init(&loop->graves);
	int rc = uv_loop_init(&loop->uv);
	if (rc != 0)
		return err_code(ERR_BUG, uv_err_name(rc), "cannot start the event loop: %s",
			uv_strerror(rc));
	loop->uv.data = loop;
	// A peer that has gone is an error code (EPIPE), not the end of the process. libuv gives
	// children the default back.
	signal(SIGPIPE, SIG_IGN);
	uv_timer_init(&loop->uv, &loop->uv_timer);
	uv_idle_init(&loop->uv, &loop->uv_idle);
	uv_check_init(&loop->uv, &loop->uv_check);
	loop->uv_timer.data = loop->uv_idle.data = loop->uv_check.data = loop;
	uv_check_start(&loop->uv_check, on_check);
	// Draining must not keep an otherwise finished loop alive.
	uv_unref((uv_handle_t *)&loop->uv_check);
	return ERR_OK;
}

static void do_nothing(uv_work_t *work)
{
	(void)work;
}

void loop_start_threads(struct loop *loop)
{
	static uv_work_t work;
	if (uv_queue_work(&loop->uv, &work, do_nothing, NULL) != 0)
		abort(); // only without a function to call
}

void loop_init_virtual(struct loop *loop, int64_t wall_ms)
{
	*loop = (struct loop){.is_virtual = true, .virtual_wall_ms = wall_ms};
	list_init(&loop->run_queue);
	list_init(&loop->soon);
	list_init(&loop->graves);
}

// Advances to the next timer, but not past `until`. False when there is nothing before it.
static bool virtual_step(struct loop *loop, int64_t until)
{
	drain(loop);
	loop->turns++;
	if (has_work(loop))
		return true;
	if (loop->heap_count == 0 || loop->heap[0]->due_ms > until)
		return false;
	int64_t jump = loop->heap[0]->due_ms - loop->virtual_mono_ms;
	if (jump > 0) {
		loop->virtual_mono_ms += jump;
		loop->virtual_wall_ms += jump;
	}
	fire_due(loop);
	return true;
}

void loop_run(struct loop *loop)
{
	loop->is_stopping = false;
	if (!loop->is_virtual) {
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		return;
	}
	while (!loop->is_stopping && virtual_step(loop, INT64_MAX))
		;
}

void loop_run_for(struct loop *loop, int64_t ms)
{
	int64_t until = loop->virtual_mono_ms + ms;
	loop->is_stopping = false;
	while (!loop->is_stopping && virtual_step(loop, until))
		;
	if (!loop->is_stopping && loop->virtual_mono_ms < until) {
		loop->virtual_wall_ms += until - loop->virtual_mono_ms;
		loop->virtual_mono_ms = until;
	}
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
	if (!loop->is_virtual)
		uv_stop(&loop->uv);
}

static void note_open_handle(uv_handle_t *handle, void *arg)
{
	bool *has_forgotten = arg;
	if (!uv_is_closing(handle))
		*has_forgotten = true;
}

int loop_done(struct loop *loop)
{
	int rc = 0;
	drain(loop);
	loop->is_closing = true;
	if (!loop->is_virtual) {
		uv_close((uv_handle_t *)&loop->uv_timer, NULL);
		uv_close((uv_handle_t *)&loop->uv_idle, NULL);
		uv_close((uv_handle_t *)&loop->uv_check, NULL);
		// Closing handles and canceled look-ups come to their end; a forgotten handle would
		// keep that run going for ever, so it is looked for first.
		bool has_forgotten = false;
		uv_walk(&loop->uv, note_open_handle, &has_forgotten);
		uv_run(&loop->uv, has_forgotten ? UV_RUN_NOWAIT : UV_RUN_DEFAULT);
		rc = uv_loop_close(&loop->uv);
	}
	bury_all(loop);
	free(loop->heap);
	loop->heap = NULL;
	return rc;
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop->is_virtual ? loop->virtual_mono_ms : (int64_t)uv_now(&loop->uv);
}

int64_t loop_boot_ms(const struct loop *loop)
{
	return loop->is_virtual ? loop->virtual_mono_ms : clock_boot_ms();
}

int64_t loop_wall_ms(const struct loop *loop)
{
	return loop->is_virtual ? loop->virtual_wall_ms : clock_wall_ms();
}
