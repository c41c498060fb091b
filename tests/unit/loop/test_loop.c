// Tasks, ops, timers and graves, on the real loop and on the virtual one.
#include "loop/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 64 };

// What ran, in order.
struct trace {
	int steps[4096];
	int count;
};

struct actor {
	struct task task;
	struct op op;
	struct timer timer;
	struct trace *trace;
	int id, again;
	struct actor *wakes;
};

static void step(struct task *task)
{
	struct actor *a = CONTAINER_OF(task, struct actor, task);
	a->trace->steps[a->trace->count++] = a->id;
	if (a->wakes)
		task_wake(&a->wakes->task);
	if (a->again-- > 0)
		task_wake(&a->task);
}

static void set_up(struct actor *a, struct loop *loop, struct trace *trace, int id)
{
	*a = (struct actor){.trace = trace, .id = id};
	task_init(&a->task, loop, step, "actor");
	timer_init(&a->timer, loop);
}

static void open_loop(struct loop *loop, bool is_virtual)
{
	if (is_virtual) {
		loop_init_virtual(loop, 1000000);
		return;
	}
	struct err err = loop_init(loop);
	assert_false(err_is(&err));
}

static void a_task_runs_once_however_often_it_is_woken(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a, b;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		set_up(&b, &loop, &trace, 2);
		for (int i = 0; i < 5; i++) {
			task_wake(&a.task);
			task_wake(&b.task);
		}
		assert_true(task_is_queued(&a.task));
		assert_int_equal(trace.count, 0);
		loop_run(&loop);
		assert_false(task_is_queued(&a.task));
		assert_int_equal(trace.count, 2);
		assert_int_equal(trace.steps[0], 1);
		assert_int_equal(trace.steps[1], 2);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void a_task_that_wakes_itself_shares_the_queue(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a, b;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		set_up(&b, &loop, &trace, 2);
		a.again = b.again = 2;
		task_wake(&a.task);
		task_wake(&b.task);
		loop_run(&loop);
		assert_int_equal(trace.count, 6);
		for (int i = 0; i < 6; i++)
			assert_int_equal(trace.steps[i], i % 2 + 1);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void a_task_that_is_done_does_not_run(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a, b;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		set_up(&b, &loop, &trace, 2);
		task_wake(&a.task);
		task_wake(&b.task);
		task_done(&a.task);
		loop_run(&loop);
		assert_int_equal(trace.count, 1);
		assert_int_equal(trace.steps[0], 2);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void endless_work_does_not_starve_io_and_timers(void **state)
{
	(void)state;
	struct loop loop;
	struct trace trace = {0};
	struct actor busy, late;
	open_loop(&loop, false);
	set_up(&busy, &loop, &trace, 1);
	set_up(&late, &loop, &trace, 2);
	busy.again = 3000; // the trace has room for it
	busy.wakes = NULL;
	task_wake(&busy.task);
	timer_start(&late.timer, &late.task, 0);
	loop_run(&loop);
	assert_true(op_is_finished(&late.timer.op));
	assert_int_equal(loop_done(&loop), 0);
}

static void timers_fire_in_the_order_of_their_due_times(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a[MOST];
		(void)state;
		open_loop(&loop, v);
		int most = v ? MOST : 12;
		for (int i = 0; i < most; i++) {
			set_up(&a[i], &loop, &trace, (i * 37) % most);
			timer_start(&a[i].timer, &a[i].task, a[i].id);
		}
		loop_run(&loop);
		assert_int_equal(trace.count, most);
		// On the real loop several may be due in one turn; they still come earliest first.
		for (int i = 0; i < most; i++)
			assert_int_equal(trace.steps[i], i);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void virtual_time_jumps_to_the_next_timer(void **state)
{
	(void)state;
	struct loop loop;
	struct trace trace = {0};
	struct actor a;
	loop_init_virtual(&loop, 5000);
	set_up(&a, &loop, &trace, 1);
	timer_start(&a.timer, &a.task, INT64_C(30) * 86400000);
	loop_run(&loop);
	assert_int_equal(loop_now_ms(&loop), INT64_C(30) * 86400000);
	assert_int_equal(loop_wall_ms(&loop), 5000 + INT64_C(30) * 86400000);
	assert_int_equal(trace.count, 1);
	assert_int_equal(loop_done(&loop), 0);
}

static void virtual_time_advances_no_further_than_asked(void **state)
{
	(void)state;
	struct loop loop;
	struct trace trace = {0};
	struct actor a, b;
	loop_init_virtual(&loop, 0);
	set_up(&a, &loop, &trace, 1);
	set_up(&b, &loop, &trace, 2);
	timer_start(&a.timer, &a.task, 100);
	timer_start(&b.timer, &b.task, 101);
	loop_run_for(&loop, 100);
	assert_int_equal(trace.count, 1);
	assert_int_equal(loop_now_ms(&loop), 100);
	loop_run_for(&loop, 500);
	assert_int_equal(trace.count, 2);
	assert_int_equal(loop_now_ms(&loop), 600);
	assert_int_equal(loop_wall_ms(&loop), 600);
	assert_int_equal(loop_done(&loop), 0);
}

static void a_canceled_timer_finishes_once_and_says_so(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a, b;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		set_up(&b, &loop, &trace, 2);
		timer_start(&a.timer, &a.task, 100000);
		timer_start(&b.timer, &b.task, 1);
		op_cancel(&a.timer.op);
		op_cancel(&a.timer.op);
		assert_true(op_is_finished(&a.timer.op));
		assert_int_equal(a.timer.op.err.class, ERR_CANCELED);
		loop_run(&loop);
		assert_int_equal(trace.count, 2);
		assert_int_equal(b.timer.op.err.class, ERR_NONE);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void a_stopped_timer_is_silent(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		timer_stop(&a.timer);
		timer_start(&a.timer, &a.task, 1);
		assert_true(timer_is_running(&a.timer));
		timer_stop(&a.timer);
		timer_stop(&a.timer);
		assert_false(timer_is_running(&a.timer));
		loop_run(&loop);
		assert_int_equal(trace.count, 0);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void a_restarted_timer_counts_from_its_last_start(void **state)
{
	(void)state;
	struct loop loop;
	struct trace trace = {0};
	struct actor a;
	loop_init_virtual(&loop, 0);
	set_up(&a, &loop, &trace, 1);
	timer_start(&a.timer, &a.task, 10);
	timer_start(&a.timer, &a.task, 1000);
	loop_run_for(&loop, 999);
	assert_int_equal(trace.count, 0);
	loop_run_for(&loop, 1);
	assert_int_equal(trace.count, 1);
	timer_start(&a.timer, &a.task, 5);
	loop_run(&loop);
	assert_int_equal(trace.count, 2);
	assert_int_equal(loop_done(&loop), 0);
}

static void removing_timers_anywhere_keeps_the_rest_in_order(void **state)
{
	(void)state;
	uint32_t random = 12345;
	for (int round = 0; round < 200; round++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a[MOST];
		loop_init_virtual(&loop, 0);
		int left = MOST;
		for (int i = 0; i < MOST; i++) {
			random = random * 1664525 + 1013904223;
			set_up(&a[i], &loop, &trace, (int)(random >> 20) % 100);
			timer_start(&a[i].timer, &a[i].task, a[i].id);
		}
		for (int i = 0; i < MOST; i++) {
			random = random * 1664525 + 1013904223;
			if (random >> 31) {
				timer_stop(&a[i].timer);
				left--;
			}
		}
		loop_run(&loop);
		assert_int_equal(trace.count, left);
		for (int i = 1; i < left; i++)
			assert_true(trace.steps[i - 1] <= trace.steps[i]);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void an_op_that_fails_in_its_start_finishes_in_the_next_turn(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		op_start(&a.op, &a.task, NULL);
		op_finish_soon(&loop, &a.op, err_new(ERR_INVALID, "no"));
		assert_true(op_is_running(&a.op));
		op_cancel(&a.op);
		loop_run(&loop);
		assert_true(op_is_finished(&a.op));
		assert_int_equal(a.op.err.class, ERR_INVALID);
		assert_string_equal(a.op.err.message, "no");
		assert_int_equal(trace.count, 1);
		op_reset(&a.op);
		op_start(&a.op, NULL, NULL);
		op_finish(&a.op, ERR_OK); // nobody waits
		assert_int_equal(loop_done(&loop), 0);
	}
}

static int freed;
static void count_free(void *what)
{
	freed++;
	free(what);
}

struct digger {
	struct task task;
	int at_step;
};

static void bury_step(struct task *task)
{
	struct digger *d = CONTAINER_OF(task, struct digger, task);
	loop_bury(task->loop, malloc(1), count_free);
	loop_bury(task->loop, NULL, count_free);
	d->at_step = freed;
}

static void the_buried_are_freed_after_the_turn_and_not_before(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct digger d = {.at_step = -1};
		(void)state;
		open_loop(&loop, v);
		freed = 0;
		task_init(&d.task, &loop, bury_step, "digger");
		task_wake(&d.task);
		loop_run(&loop);
		assert_int_equal(d.at_step, 0);
		assert_int_equal(freed, 1);
		loop_bury(&loop, malloc(1), count_free);
		assert_int_equal(loop_done(&loop), 0);
		assert_int_equal(freed, 2);
	}
}

static void stop_step(struct task *task)
{
	loop_stop(task->loop);
}

static void a_stopped_loop_returns_and_can_run_again(void **state)
{
	for (int v = 0; v < 2; v++) {
		struct loop loop;
		struct trace trace = {0};
		struct actor a;
		struct task stopper;
		(void)state;
		open_loop(&loop, v);
		set_up(&a, &loop, &trace, 1);
		task_init(&stopper, &loop, stop_step, "stopper");
		timer_start(&a.timer, &a.task, 20);
		task_wake(&stopper);
		loop_run(&loop);
		assert_int_equal(trace.count, 0);
		loop_run(&loop);
		assert_int_equal(trace.count, 1);
		assert_int_equal(loop_done(&loop), 0);
	}
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void on_never(uv_timer_t *handle)
{
	(void)handle;
}

static void a_forgotten_handle_is_reported_instead_of_waited_for(void **state)
{
	(void)state;
	struct loop loop;
	uv_timer_t forgotten;
	open_loop(&loop, false);
	uv_timer_init(&loop.uv, &forgotten);
	uv_timer_start(&forgotten, on_never, 1000000, 0);
	assert_int_equal(loop_done(&loop), UV_EBUSY);
	uv_close((uv_handle_t *)&forgotten, on_closed);
	uv_run(&loop.uv, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop.uv), 0);
}

static void waiting_takes_no_turns(void **state)
{
	(void)state;
	struct loop loop;
	struct trace trace = {0};
	struct actor a;
	open_loop(&loop, false);
	set_up(&a, &loop, &trace, 1);
	timer_start(&a.timer, &a.task, 60);
	loop_run(&loop);
	assert_true(loop.turns <= 4);
	assert_int_equal(loop.steps, 1);
	assert_int_equal(loop_done(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_runs_once_however_often_it_is_woken),
		cmocka_unit_test(a_task_that_wakes_itself_shares_the_queue),
		cmocka_unit_test(a_task_that_is_done_does_not_run),
		cmocka_unit_test(endless_work_does_not_starve_io_and_timers),
		cmocka_unit_test(timers_fire_in_the_order_of_their_due_times),
		cmocka_unit_test(virtual_time_jumps_to_the_next_timer),
		cmocka_unit_test(virtual_time_advances_no_further_than_asked),
		cmocka_unit_test(a_canceled_timer_finishes_once_and_says_so),
		cmocka_unit_test(a_stopped_timer_is_silent),
		cmocka_unit_test(a_restarted_timer_counts_from_its_last_start),
		cmocka_unit_test(removing_timers_anywhere_keeps_the_rest_in_order),
		cmocka_unit_test(an_op_that_fails_in_its_start_finishes_in_the_next_turn),
		cmocka_unit_test(the_buried_are_freed_after_the_turn_and_not_before),
		cmocka_unit_test(a_stopped_loop_returns_and_can_run_again),
		cmocka_unit_test(a_forgotten_handle_is_reported_instead_of_waited_for),
		cmocka_unit_test(waiting_takes_no_turns),
	};
	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
