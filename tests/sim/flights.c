// Calls on their way: they wait in the daemon, leave when its gate is open, arrive, are carried
// out, and their answers come back; each of it may fail. What has left a daemon that then dies is
// still on its way.
#include "tests/sim/cloudops.h"
#include <stdlib.h>

enum call_fate { FATE_GOOD, FATE_REFUSED, FATE_LOST_BEFORE, FATE_LOST_AFTER };

enum flight_phase { FLIGHT_QUEUED, FLIGHT_OUT, FLIGHT_BACK };

/* Until it is carried out it takes at most so long: what leaves in time arrives in time (the margin
 * of a lease is longer). */
enum { MOST_OUT_MS = 1000 };

struct call_flight {
	struct list link;
	struct task task;
	struct timer timer;
	struct cloud *cloud;
	struct cloud_link *line; // NULL: the daemon is dead
	struct aws_call *call;   // likewise
	json_t *input;           // ours, once it has left
	const char *service, *operation;
	bool is_mutating;
	enum call_fate fate;
	enum flight_phase phase;
	struct err err;
	json_t *output; // until it is back
};

static void flight_bury(void *what)
{
	struct call_flight *flight = what;
	json_decref(flight->input);
	json_decref(flight->output);
	free(flight);
}

static void flight_end(struct call_flight *flight, struct err err)
{
	timer_stop(&flight->timer);
	task_done(&flight->task);
	list_remove(&flight->link);
	if (flight->call) {
		if (!err_is(&err))
			flight->call->output = TAKE(flight->output);
		op_finish(&flight->call->op, err);
	}
	loop_bury(flight->cloud->loop, flight, flight_bury);
}

static struct err lost(const struct call_flight *flight)
{
	struct err err = err_new(
		ERR_TRANSIENT, "%s: the connection was lost before the answer", flight->operation);
	err.maybe_done = flight->is_mutating;
	return err;
}

static void tell(struct call_flight *flight, enum call_place place)
{
	struct cloud *cloud = flight->cloud;
	if (cloud->on_call && flight->line)
		cloud->on_call(cloud->context, flight->line, place, flight->call, flight->input,
			&flight->err);
}

static void execute(struct call_flight *flight)
{
	struct cloud *cloud = flight->cloud;
	json_t *output = json_object();
	cloud->calls++;
	int64_t so_far = js_int(cloud->by_operation, flight->operation, 0);
	json_object_set_new(cloud->by_operation, flight->operation, json_integer(so_far + 1));
	flight->err =
		cloudops_run(cloud, flight->service, flight->operation, flight->input, output);
	if (err_is(&flight->err)) {
		json_decref(output);
		return;
	}
	cloud->writes += flight->is_mutating;
	flight->output = output;
}

static void arrive(struct call_flight *flight)
{
	struct cloud *cloud = flight->cloud;
	if (flight->fate == FATE_GOOD || flight->fate == FATE_LOST_AFTER) {
		tell(flight, CALL_ARRIVES);
		execute(flight);
		tell(flight, CALL_DONE);
	}
	if (cloud->trace)
		trace_sum(cloud->trace, flight->operation);
	if (cloud->trace && (flight->is_mutating || cloud->trace->is_shown))
		trace_add(cloud->trace, flight->line ? flight->line->who : "+", "aws %s:%s %s%s%s",
			flight->service, flight->operation,
			flight->fate == FATE_LOST_BEFORE ? "(lost before) " : "",
			flight->fate == FATE_LOST_AFTER ? "(answer lost) " : "",
			err_is(&flight->err)               ? flight->err.code
			: flight->fate == FATE_LOST_BEFORE ? "not done"
							   : "done");
	if (cloud->trace && cloud->trace->is_shown && flight->is_mutating) {
		char *text = json_dumps(flight->input, JSON_COMPACT);
		printf("%14s %.300s\n", "", text);
		free(text);
	}
}

static void leave(struct call_flight *flight)
{
	struct aws_call *call = flight->call;
	struct cloud *cloud = flight->cloud;
	if (call->gate && !call->gate->is_open(call->gate)) {
		trace_add(cloud->trace, flight->line->who,
			"aws %s does not leave: the gate is shut", call->operation);
		flight_end(flight, err_code(ERR_CANCELED, "GateClosed", "its time was over"));
		return;
	}
	flight->input = call->input ? (flight->is_mutating ? json_deep_copy(call->input)
							   : json_incref((json_t *)call->input))
				    : json_object();
	tell(flight, CALL_LEAVES);
	if (flight->line->is_dead) {
		flight_end(flight, err_new(ERR_TRANSIENT, "nobody is there"));
		return;
	}
	flight->phase = FLIGHT_OUT;
	int64_t delay = random_between(
		&cloud->random, cloud->weather.least_delay_ms, cloud->weather.most_delay_ms);
	delay = delay > MOST_OUT_MS ? MOST_OUT_MS : delay;
	call->took_ms += delay;
	// From here on it is the network's, and the daemon may stand still meanwhile.
	flight->task.loop = cloud->loop;
	flight->timer.loop = cloud->loop;
	timer_start(&flight->timer, &flight->task, delay);
}

static void step(struct task *task)
{
	struct call_flight *flight = CONTAINER_OF(task, struct call_flight, task);
	struct cloud *cloud = flight->cloud;
	switch (flight->phase) {
	case FLIGHT_QUEUED:
		leave(flight);
		break;
	case FLIGHT_OUT:
		arrive(flight);
		if (!flight->line) {
			flight_end(flight, ERR_OK);
			break;
		}
		flight->phase = FLIGHT_BACK;
		int64_t delay = random_between(&cloud->random, cloud->weather.least_delay_ms,
			cloud->weather.most_delay_ms);
		flight->call->took_ms += delay;
		timer_start(&flight->timer, &flight->task, delay);
		break;
	case FLIGHT_BACK:
		flight_end(
			flight, flight->fate == FATE_LOST_AFTER || flight->fate == FATE_LOST_BEFORE
					? lost(flight)
					: flight->err);
		break;
	}
}

static void on_cancel(struct op *op)
{
	struct aws_call *call = CONTAINER_OF(op, struct aws_call, op);
	flight_end(call->state, err_new(ERR_CANCELED, "canceled"));
}

static bool is_ill(const struct weather *weather, const struct call_flight *flight)
{
	return (!weather->ill_operation || str_eq(weather->ill_operation, flight->operation)) &&
	       (!weather->is_ill_for_writes || flight->is_mutating);
}

static bool is_losing(const struct weather *weather, const char *operation)
{
	return !weather->lost_operation || str_eq(weather->lost_operation, operation);
}

static void draw_fate(struct call_flight *flight)
{
	struct weather *weather = &flight->cloud->weather;
	int64_t dice = random_between(&flight->cloud->random, 0, 1000);
	const char *operation = flight->operation;
	flight->fate = FATE_REFUSED;
	if ((dice -= weather->throttled) < 0)
		flight->err =
			err_code(ERR_THROTTLED, "RequestLimitExceeded", "%s: slow down", operation);
	else if ((dice -= weather->failed) < 0)
		flight->err =
			err_code(ERR_TRANSIENT, "InternalError", "%s: internal error", operation);
	else if ((dice -= weather->denied) < 0)
		flight->err =
			err_code(ERR_DENIED, "UnauthorizedOperation", "%s: not allowed", operation);
	else if (is_ill(weather, flight) && (dice -= weather->ill) < 0) {
		flight->err = err_code(weather->illness, "Ill", "%s: ill", operation);
		if (weather->ill_times > 0 && --weather->ill_times == 0)
			weather->ill = 0;
	} else if (is_losing(weather, operation) && (dice -= weather->lost) < 0)
		flight->fate = dice % 2 ? FATE_LOST_BEFORE : FATE_LOST_AFTER;
	else
		flight->fate = FATE_GOOD;
}

static void start(struct aws_port *port, struct aws_call *call, struct task *owner)
{
	struct cloud_link *link = CONTAINER_OF(port, struct cloud_link, port);
	struct cloud *cloud = link->cloud;
	op_start(&call->op, owner, on_cancel);
	call->attempts = 1;
	call->took_ms = 0;
	if (link->is_dead) {
		op_finish_soon(link->loop, &call->op, err_new(ERR_TRANSIENT, "nobody is there"));
		return;
	}
	if (call->gate && !call->gate->is_open(call->gate)) {
		op_finish_soon(link->loop, &call->op,
			err_code(ERR_CANCELED, "GateClosed", "its time was over"));
		return;
	}
	struct call_flight *flight = calloc(1, sizeof(*flight));
	if (!flight)
		abort();
	flight->cloud = cloud;
	flight->line = link;
	flight->call = call;
	flight->service = call->service;
	flight->operation = call->operation;
	flight->is_mutating = call->is_mutating;
	call->state = flight;
	task_init(&flight->task, link->loop, step, call->operation);
	timer_init(&flight->timer, link->loop);
	list_append(&link->flights, &flight->link);
	draw_fate(flight);
	timer_start(&flight->timer, &flight->task,
		random_between(&cloud->random, 0, cloud->weather.most_queue_ms));
}

void cloud_link_cut(struct cloud_link *link)
{
	struct cloud *cloud = link->cloud;
	struct call_flight *flight;
	link->is_dead = true;
	list_for_each (flight, &link->flights, link) {
		bool goes_on = flight->phase == FLIGHT_OUT && flight->is_mutating &&
			       flight->fate != FATE_LOST_BEFORE && flight->fate != FATE_REFUSED &&
			       random_hit(&cloud->random, 700);
		if (!goes_on) {
			flight_end(flight, err_new(ERR_CANCELED, "canceled"));
			continue;
		}
		op_finish(&flight->call->op, err_new(ERR_CANCELED, "canceled"));
		flight->call = NULL;
		flight->line = NULL;
		list_remove(&flight->link);
		list_append(&cloud->ghosts, &flight->link);
	}
}

bool cloud_link_lose(struct cloud_link *link, const char *operation, bool is_done)
{
	struct call_flight *flight;
	bool any = false;
	list_for_each (flight, &link->flights, link)
		if (str_eq(flight->operation, operation) &&
			(is_done || flight->phase != FLIGHT_BACK)) {
			flight->fate = is_done ? FATE_LOST_AFTER : FATE_LOST_BEFORE;
			any = true;
		}
	return any;
}

void cloud_end_ghosts(struct cloud *cloud)
{
	struct call_flight *flight;
	list_for_each (flight, &cloud->ghosts, link)
		flight_end(flight, ERR_OK);
}

void cloud_link_open(struct cloud_link *link, struct cloud *cloud, struct loop *loop)
{
	link->port = (struct aws_port){.start = start};
	link->cloud = cloud;
	link->loop = loop;
	link->is_dead = false;
	if (!link->who)
		link->who = "a";
	list_init(&link->flights);
}
