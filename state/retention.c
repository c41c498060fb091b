// Uses the store like anybody else, through the port. A run that fails is tried again in an hour.
#include "state/retention.h"
#include "base/log.h"

enum {
	FIRST_MS = 60 * 1000,
	PERIOD_MS = 60 * 60 * 1000,
	BATCH_MS = 2000,   // between batches: others want the connection, too
	FULL_BATCH = 1000, // what SWEEP in statements.c deletes of one table
};

static void on_step(struct task *task)
{
	struct retention *retention = CONTAINER_OF(task, struct retention, task);
	if (op_is_finished(&retention->timer.op)) {
		timer_stop(&retention->timer);
		int64_t before_ms = loop_wall_ms(task->loop) - retention->keep_ms;
		store_call_init(&retention->call, STORE_RETENTION,
			json_pack(
				"{s:I}", "before_ms", (json_int_t)(before_ms > 0 ? before_ms : 0)));
		store_start(retention->port, &retention->call, task);
		return;
	}
	if (!op_is_finished(&retention->call.op))
		return;
	int64_t deleted = js_int(json_array_get(retention->call.rows, 0), "deleted", 0);
	if (err_is(&retention->call.op.err))
		log_info("old history was not deleted", LOG_ERR(&retention->call.op.err));
	else if (deleted > 0)
		log_info("deleted old history", LOG_INT("rows", deleted));
	store_call_done(&retention->call);
	if (retention->is_on)
		timer_start(&retention->timer, task, deleted >= FULL_BATCH ? BATCH_MS : PERIOD_MS);
}

void retention_init(
	struct retention *retention, struct loop *loop, struct store_port *port, int64_t keep_ms)
{
	*retention = (struct retention){.port = port, .keep_ms = keep_ms};
	task_init(&retention->task, loop, on_step, "retention");
	timer_init(&retention->timer, loop);
}

void retention_start(struct retention *retention)
{
	if (retention->is_on)
		return;
	retention->is_on = true;
	if (!op_is_running(&retention->call.op))
		timer_start(&retention->timer, &retention->task, FIRST_MS);
}

void retention_stop(struct retention *retention)
{
	retention->is_on = false;
	timer_stop(&retention->timer);
}

void retention_done(struct retention *retention)
{
	retention_stop(retention);
	store_call_done(&retention->call);
	task_done(&retention->task);
}
