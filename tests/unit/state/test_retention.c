// When old history is deleted, on a clock that jumps; a port that answers what the test says stands
// in for the store. That it deletes the right rows is test_statements.c's subject.
#include "fixture.h"
#include "state/retention.h"

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

struct fake {
	struct store_port port;
	struct loop loop;
	struct timer delay;
	struct task task;
	struct store_call *call;
	int64_t answer_ms;
	int deleted; // of the next answer; -1: an error
	int calls;
	int64_t before_ms, called_ms; // of the last call
};

static void on_answer(struct task *task)
{
	struct fake *fake = CONTAINER_OF(task, struct fake, task);
	if (!op_is_finished(&fake->delay.op))
		return;
	timer_stop(&fake->delay);
	if (fake->deleted >= 0)
		fake->call->rows = json_pack("[{s:i}]", "deleted", fake->deleted);
	op_finish(
		&fake->call->op, fake->deleted >= 0 ? ERR_OK : err_new(ERR_TRANSIENT, "not today"));
}

static void on_start(struct store_port *port, struct store_call *call, struct task *owner)
{
	struct fake *fake = CONTAINER_OF(port, struct fake, port);
	assert_int_equal(call->statement, STORE_RETENTION);
	op_start(&call->op, owner, NULL);
	fake->call = call;
	fake->calls++;
	fake->before_ms = js_int(call->args, "before_ms", -1);
	fake->called_ms = loop_now_ms(&fake->loop);
	timer_start(&fake->delay, &fake->task, fake->answer_ms);
}

static void fake_init(struct fake *fake)
{
	*fake = (struct fake){.port.start = on_start, .answer_ms = 5};
	loop_init_virtual(&fake->loop, (int64_t)100 * 24 * HOUR_MS);
	task_init(&fake->task, &fake->loop, on_answer, "fake");
	timer_init(&fake->delay, &fake->loop);
}

static void fake_done(struct fake *fake, struct retention *retention)
{
	retention_done(retention);
	task_done(&fake->task);
	assert_int_equal(loop_done(&fake->loop), 0);
}

static void it_runs_a_minute_after_the_start_and_then_every_hour(void **state)
{
	(void)state;
	struct fake fake;
	struct retention retention;
	fake_init(&fake);
	retention_init(&retention, &fake.loop, &fake.port, (int64_t)90 * 24 * HOUR_MS);
	retention_start(&retention);
	retention_start(&retention);
	loop_run_for(&fake.loop, MINUTE_MS - 1);
	assert_int_equal(fake.calls, 0);
	loop_run_for(&fake.loop, 10);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.before_ms, (int64_t)10 * 24 * HOUR_MS + MINUTE_MS);
	fake.deleted = -1; // an error changes nothing
	loop_run_for(&fake.loop, 2 * HOUR_MS + MINUTE_MS);
	assert_int_equal(fake.calls, 3);
	fake_done(&fake, &retention);
}

static void a_full_batch_is_followed_by_the_next(void **state)
{
	(void)state;
	struct fake fake;
	struct retention retention;
	fake_init(&fake);
	fake.deleted = 1000;
	retention_init(&retention, &fake.loop, &fake.port, 1);
	retention_start(&retention);
	loop_run_for(&fake.loop, MINUTE_MS + 10000);
	assert_in_range(fake.calls, 4, 6);
	int calls = fake.calls;
	fake.deleted = 999;
	loop_run_for(&fake.loop, 10 * MINUTE_MS);
	assert_int_equal(fake.calls, calls + 1);
	fake_done(&fake, &retention);
}

static void a_stop_ends_with_the_statement_and_a_start_goes_on(void **state)
{
	(void)state;
	struct fake fake;
	struct retention retention;
	fake_init(&fake);
	fake.answer_ms = 1000;
	retention_init(&retention, &fake.loop, &fake.port, 1);
	retention_start(&retention);
	loop_run_for(&fake.loop, MINUTE_MS + 10);
	assert_int_equal(fake.calls, 1);
	retention_stop(&retention);
	loop_run_for(&fake.loop, 24 * (int64_t)HOUR_MS);
	assert_int_equal(fake.calls, 1);
	retention_start(&retention);
	loop_run_for(&fake.loop, MINUTE_MS + 10);
	assert_int_equal(fake.calls, 2);
	retention_stop(&retention);
	retention_start(&retention); // while the statement is still on its way
	loop_run_for(&fake.loop, HOUR_MS + 2000);
	assert_int_equal(fake.calls, 3);
	loop_run_for(&fake.loop, 2000);
	fake_done(&fake, &retention);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_a_minute_after_the_start_and_then_every_hour),
		cmocka_unit_test(a_full_batch_is_followed_by_the_next),
		cmocka_unit_test(a_stop_ends_with_the_statement_and_a_start_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
