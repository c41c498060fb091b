// A scripted AWS on a virtual loop: a call gets the first answer that is meant for it, and every
// call is kept as text, "DescribeVpcs {...}", in the order in which they were sent.
#pragma once

#include "aws/client.h"
#include "base/buf.h"
#include "base/str.h"
#include "loop/loop.h"
#include "tests/unit/core/values.h"
#include <stdlib.h>

struct script_answer {
	const char *operation;
	const char *with;   // text that the input must contain; NULL: any
	const char *output; // JSON
	enum err_class fails;
	const char *code; // of the error
	bool maybe_done;
	int64_t delay_ms;
	bool repeats;
	bool is_used;
};

struct script {
	struct aws_port port;
	struct loop *loop;
	struct script_answer *answers; // borrowed; ended by a NULL operation
	struct buf sent;
	int running, most_running;
};

struct script_flight {
	struct task task;
	struct timer timer;
	struct script *script;
	struct aws_call *call;
	const struct script_answer *answer;
};

static inline void script_free(void *what)
{
	free(what);
}

static inline void script_end(struct script_flight *flight, struct err err)
{
	flight->script->running--;
	timer_stop(&flight->timer);
	task_done(&flight->task);
	op_finish(&flight->call->op, err);
	loop_bury(flight->script->loop, flight, script_free);
}

static inline void script_step(struct task *task)
{
	struct script_flight *flight = CONTAINER_OF(task, struct script_flight, task);
	const struct script_answer *answer = flight->answer;
	struct err err = ERR_OK;
	if (answer->fails) {
		err = err_code(answer->fails, answer->code, "%s failed", answer->operation);
		err.maybe_done = answer->maybe_done;
	} else {
		flight->call->output = json_loads(answer->output ? answer->output : "{}", 0, NULL);
		assert_non_null(flight->call->output);
	}
	script_end(flight, err);
}

static inline void script_cancel(struct op *op)
{
	struct aws_call *call = CONTAINER_OF(op, struct aws_call, op);
	script_end(call->state, err_new(ERR_CANCELED, "canceled"));
}

static inline const struct script_answer *script_pick(
	struct script *script, const char *operation, const char *input)
{
	for (struct script_answer *a = script->answers; a->operation; a++) {
		if (a->is_used || !str_eq(a->operation, operation) ||
			(a->with && !strstr(input, a->with)))
			continue;
		a->is_used = !a->repeats;
		return a;
	}
	fail_msg("nobody expected %s %s", operation, input);
	return NULL;
}

static inline void script_start(struct aws_port *port, struct aws_call *call, struct task *owner)
{
	struct script *script = CONTAINER_OF(port, struct script, port);
	struct script_flight *flight = calloc(1, sizeof(*flight));
	_cleanup_free_ char *input = call->input ? js_text(call->input) : strdup("{}");
	assert_non_null(flight);
	op_start(&call->op, owner, script_cancel);
	call->state = flight;
	call->attempts = 1;
	*flight = (struct script_flight){.script = script,
		.call = call,
		.answer = script_pick(script, call->operation, input)};
	buf_addf(&script->sent, "%s %s\n", call->operation, input);
	task_init(&flight->task, script->loop, script_step, "script");
	timer_init(&flight->timer, script->loop);
	timer_start(&flight->timer, &flight->task, flight->answer->delay_ms);
	if (++script->running > script->most_running)
		script->most_running = script->running;
}

static inline void script_init(
	struct script *script, struct loop *loop, struct script_answer *answers)
{
	*script =
		(struct script){.port = {.start = script_start}, .loop = loop, .answers = answers};
	buf_init(&script->sent, 0);
}

/* How often an operation was called. */
static inline int script_count(const struct script *script, const char *operation)
{
	int count = 0;
	size_t n = strlen(operation);
	for (const char *p = buf_str(&script->sent); p && *p; p = strchr(p, '\n') + 1)
		count += strncmp(p, operation, n) == 0 && p[n] == ' ';
	return count;
}
