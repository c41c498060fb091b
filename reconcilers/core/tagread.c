// The read runs only while somebody waits for it, so that nothing is in flight when all looks have
// ended.
#include "core/tagread.h"
#include "core/hints.h"
#include "core/memos.h"

static void ask_page(struct tagread *t)
{
	aws_call_init(&t->call, "resourcegroupstaggingapi", "GetResources", t->input);
	t->call.memo = memos_get(&t->memos, "GetResources", t->input);
	aws_start(t->aws, &t->call, &t->task);
}

static void begin(struct tagread *t)
{
	t->is_reading = true;
	t->coming = json_object();
	t->coming_ms = loop_now_ms(t->loop);
	t->calls = 0;
	t->input = hints_input(t->stack);
	ask_page(t);
}

static void tell(struct tagread *t, struct tagread_ask *ask, struct err err)
{
	list_remove(&ask->link);
	if (!err_is(&err)) {
		ask->rows = json_incref(t->rows);
		ask->began_ms = t->began_ms;
	}
	ask->calls = t->calls; // of the first that is told; the others only listened
	t->calls = 0;
	op_finish(&ask->op, err);
}

static void end(struct tagread *t, struct err err)
{
	struct tagread_ask *ask;
	int64_t began_ms = t->coming_ms;
	t->is_reading = false;
	memos_age(&t->memos, !err_is(&err));
	if (err_is(&err)) {
		json_decref(t->coming);
	} else {
		json_decref(t->rows);
		t->rows = t->coming;
		t->began_ms = began_ms;
	}
	t->coming = NULL;
	list_for_each (ask, &t->asks, link)
		if (ask->is_canceled)
			tell(t, ask, err_new(ERR_CANCELED, "canceled"));
		else if (ask->since_ms <= began_ms && err.class != ERR_CANCELED)
			tell(t, ask, err);
	if (!list_is_empty(&t->asks))
		begin(t);
}

// Gives the page that was read back; returns the input of the next one, or NULL.
static json_t *take_page(struct tagread *t, struct err *ret_err)
{
	json_t *next = NULL;
	*ret_err = t->call.op.err;
	t->calls += t->call.attempts > 0 ? t->call.attempts : 1;
	if (!err_is(ret_err)) {
		hints_add(t->coming, t->call.output);
		next = aws_next_page(&t->call, ret_err);
	}
	aws_call_done(&t->call);
	json_decref(t->input);
	t->input = NULL;
	return next;
}

static void step(struct task *task)
{
	struct tagread *t = CONTAINER_OF(task, struct tagread, task);
	struct err err;
	if (!t->is_reading || !op_is_finished(&t->call.op))
		return;
	t->input = take_page(t, &err);
	if (t->input)
		ask_page(t);
	else
		end(t, err);
}

// The last one that waits takes the read with it, and ends when that has ended.
static void on_cancel(struct op *op)
{
	struct tagread_ask *ask = CONTAINER_OF(op, struct tagread_ask, op);
	struct tagread *t = ask->from;
	ask->is_canceled = true;
	if (t->asks.next == t->asks.prev) {
		op_cancel(&t->call.op);
		return;
	}
	list_remove(&ask->link);
	op_finish(&ask->op, err_new(ERR_CANCELED, "canceled"));
}

void tagread_init(
	struct tagread *tagread, struct loop *loop, struct aws_port *aws, const char *stack)
{
	*tagread = (struct tagread){.loop = loop, .aws = aws, .stack = stack};
	map_init(&tagread->memos);
	list_init(&tagread->asks);
	task_init(&tagread->task, loop, step, "tagread");
}

void tagread_done(struct tagread *tagread)
{
	task_done(&tagread->task);
	memos_done(&tagread->memos);
	json_decref(tagread->rows);
	tagread->rows = NULL;
}

void tagread_start(struct tagread *t, struct tagread_ask *ask, int64_t since_ms, struct task *owner)
{
	*ask = (struct tagread_ask){.from = t, .since_ms = since_ms};
	op_start(&ask->op, owner, on_cancel);
	list_init(&ask->link);
	if (t->rows && t->began_ms >= since_ms) {
		tagread_last(t, &ask->rows, &ask->began_ms);
		op_finish_soon(t->loop, &ask->op, ERR_OK);
		return;
	}
	list_append(&t->asks, &ask->link);
	if (!t->is_reading)
		begin(t);
}

void tagread_last(const struct tagread *tagread, json_t **ret_rows, int64_t *ret_began_ms)
{
	*ret_rows = json_incref(tagread->rows);
	*ret_began_ms = tagread->began_ms;
}
