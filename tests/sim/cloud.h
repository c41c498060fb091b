// An AWS in memory: the network of EC2, as far as the tables of kinds and the models describe it,
// and cloudops.h for what they do not. It outlives the daemons of a simulation.
//
// What it does to its callers is AWS's own: answers take time, calls are throttled, fail, or are
// carried out and their answer lost; what was just made or changed is not shown at once, and two
// reads in a row may tell differently; some things take minutes to come up.
//
// It keeps count of what must never happen: `violations`.
#pragma once

#include "aws/client.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "core/kind.h"
#include "core/path.h"
#include "core/project.h"
#include "loop/loop.h"
#include "tests/sim/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include <cmocka.h>

/* How badly it behaves; all zero is an AWS that answers at once and forgets nothing. */
struct weather {
	int64_t least_delay_ms, most_delay_ms; // of an answer, there and back
	int64_t most_lag_ms;                   // until every read shows a change
	int throttled, failed, lost, denied;   // permille of the calls
	int64_t most_pending_ms;               // of what comes up slowly
	int page_size;                         // items a page; 0: all
	/* A fault of one's own: permille of the calls, of one operation (NULL: all of them). */
	int ill;
	enum err_class illness;
	const char *ill_operation;
};

struct thing {
	char *id;
	const struct kind *kind;
	json_t *versions; // [{"at": wall ms at which every read shows it, "item": or null}]
	int64_t ready_ms; // wall time at which it stops being pending; 0: never was
};

struct cloud {
	struct aws_port port;
	struct random random;
	struct weather weather;
	struct thing *things; // also those that are gone; owned
	size_t count, size;
	uint32_t next_id;
	int calls, writes;     // calls that arrived, and those that changed something
	json_t *by_operation;  // operation -> how often it arrived
	struct buf violations; // a line each
	const char *account;
	const char *ignores; // an operation that is answered and not carried out; NULL: none
	/* Asked before a change: does it stand in the store? NULL: nobody asks. */
	bool (*is_intended)(void *context, const char *operation, const json_t *input);
	void *context;
	// -- the connection; a daemon's life long
	struct loop *loop;
	struct list flights;
	bool is_dead;
};

enum flight_fault { FAULT_NONE, FAULT_REFUSED, FAULT_LOST_BEFORE, FAULT_LOST_AFTER };

/* A call on its way. */
struct call_flight {
	struct list link;
	struct task task;
	struct timer timer;
	struct cloud *cloud;
	struct aws_call *call;
	enum flight_fault fault;
	struct err err;
	bool is_back; // carried out; on its way back
};

// ---- things

static inline json_t *thing_truth(const struct thing *thing)
{
	if (!thing)
		return NULL;
	size_t count = json_array_size(thing->versions);
	const json_t *last = json_array_get(thing->versions, count - 1);
	json_t *item = json_object_get(last, "item");
	return json_is_object(item) ? item : NULL;
}

static inline int64_t cloud_now(const struct cloud *cloud)
{
	return loop_wall_ms(cloud->loop);
}

/* A new version of it; takes `item` over, NULL is the end of it. The thing must be there. */
static inline void thing_set(struct cloud *cloud, struct thing *thing, json_t *item)
{
	int64_t at =
		cloud_now(cloud) + random_between(&cloud->random, 0, cloud->weather.most_lag_ms);
	json_array_append_new(thing->versions,
		json_pack("{s:I, s:o}", "at", (json_int_t)at, "item", item ? item : json_null()));
	// What every read has passed is history.
	while (json_array_size(thing->versions) > 1 &&
		js_int(json_array_get(thing->versions, 1), "at", 0) <= cloud_now(cloud))
		json_array_remove(thing->versions, 0);
}

/* What a read shows now; NULL when nothing. Until every read shows a change, some do; soon after
 * the first that did, all do. */
static inline const json_t *thing_view(struct cloud *cloud, const struct thing *thing)
{
	enum { DISAGREE_MS = 8000 };
	size_t i = thing ? json_array_size(thing->versions) : 0;
	int64_t now = cloud_now(cloud);
	while (i-- > 0) {
		json_t *version = json_array_get(thing->versions, i);
		int64_t at = js_int(version, "at", 0);
		if (at > now && random_hit(&cloud->random, 600))
			continue;
		if (at > now + DISAGREE_MS)
			json_object_set_new(version, "at", json_integer(now + DISAGREE_MS));
		const json_t *item = json_object_get(version, "item");
		return json_is_object(item) ? item : NULL;
	}
	return NULL;
}

static inline struct thing *cloud_find(struct cloud *cloud, const char *id)
{
	for (size_t i = 0; id && i < cloud->count; i++)
		if (str_eq(cloud->things[i].id, id) && thing_truth(&cloud->things[i]))
			return &cloud->things[i];
	return NULL;
}

static inline const char *thing_tag(const json_t *item, const char *name)
{
	size_t i;
	json_t *tag;
	json_array_foreach (json_object_get(item, "Tags"), i, tag)
		if (str_eq_null(js_str(tag, "Key"), name))
			return js_str(tag, "Value");
	return NULL;
}

/* Is it there, and neither deleted nor about to be? */
static inline bool thing_is_alive(const struct thing *thing)
{
	const json_t *item = thing_truth(thing);
	const char *state = item ? js_str(item, "State") : NULL;
	return item && !(state && (str_eq(state, "deleting") || str_eq(state, "deleted")));
}

static inline struct thing *cloud_by_address(struct cloud *cloud, const char *address)
{
	for (size_t i = 0; i < cloud->count; i++)
		if (thing_is_alive(&cloud->things[i]) &&
			str_eq_null(
				thing_tag(thing_truth(&cloud->things[i]), TAG_RESOURCE), address))
			return &cloud->things[i];
	return NULL;
}

static inline int cloud_count(struct cloud *cloud, const char *kind)
{
	int count = 0;
	for (size_t i = 0; i < cloud->count; i++)
		count += thing_is_alive(&cloud->things[i]) &&
			 (!*kind || str_eq(cloud->things[i].kind->name, kind));
	return count;
}

/* A change of it as a person would make one. The item is a copy to change; give it to thing_set().
 */
static inline json_t *thing_edit(const struct thing *thing)
{
	return json_deep_copy(thing_truth(thing));
}

static inline void cloud_new_id(struct cloud *cloud, const char *prefix, char ret_id[40])
{
	snprintf(ret_id, 40, "%s-%08x", prefix, ++cloud->next_id);
}

static inline struct thing *cloud_add(
	struct cloud *cloud, const struct kind *kind, const char *id, json_t *item)
{
	if (cloud->count == cloud->size) {
		cloud->size = cloud->size ? cloud->size * 2 : 32;
		cloud->things = reallocarray(cloud->things, cloud->size, sizeof(*cloud->things));
		assert_non_null(cloud->things);
	}
	struct thing *thing = &cloud->things[cloud->count++];
	*thing = (struct thing){.id = strdup(id), .kind = kind, .versions = json_array()};
	const char *address = thing_tag(item, TAG_RESOURCE);
	for (size_t i = 0; address && i + 1 < cloud->count; i++)
		if (thing_is_alive(&cloud->things[i]) &&
			str_eq_null(
				thing_tag(thing_truth(&cloud->things[i]), TAG_RESOURCE), address))
			buf_addf(&cloud->violations, "%s: %s beside %s\n", address, id,
				cloud->things[i].id);
	thing_set(cloud, thing, item);
	return thing;
}

// ---- answers

#include "tests/sim/cloudops.h"

static inline struct err cloud_execute(struct cloud *cloud, struct aws_call *call)
{
	_cleanup_json_ json_t *none = json_object();
	const json_t *input = call->input ? call->input : none;
	json_t *output = json_object();
	cloud->calls++;
	int64_t so_far = js_int(cloud->by_operation, call->operation, 0);
	json_object_set_new(cloud->by_operation, call->operation, json_integer(so_far + 1));
	if (call->is_mutating && cloud->is_intended &&
		!cloud->is_intended(cloud->context, call->operation, input))
		buf_addf(&cloud->violations, "%s was not intended\n", call->operation);
	struct err err = cloudops_run(cloud, call->service, call->operation, input, output);
	if (err_is(&err)) {
		json_decref(output);
		return err;
	}
	cloud->writes += call->is_mutating;
	call->output = output;
	return ERR_OK;
}

// ---- calls in flight

static inline void call_flight_free(void *what)
{
	free(what);
}

static inline void call_flight_end(struct call_flight *flight, struct err err)
{
	timer_stop(&flight->timer);
	task_done(&flight->task);
	list_remove(&flight->link);
	if (err_is(&err)) {
		json_decref(flight->call->output);
		flight->call->output = NULL;
	}
	op_finish(&flight->call->op, err);
	loop_bury(flight->cloud->loop, flight, call_flight_free);
}

static inline struct err call_flight_lost(const struct call_flight *flight)
{
	struct err err = err_new(ERR_TRANSIENT, "%s: the connection was lost before the answer",
		flight->call->operation);
	err.maybe_done = flight->call->is_mutating;
	return err;
}

static inline void call_flight_step(struct task *task)
{
	struct call_flight *flight = CONTAINER_OF(task, struct call_flight, task);
	struct cloud *cloud = flight->cloud;
	if (flight->is_back) {
		call_flight_end(flight,
			flight->fault == FAULT_LOST_AFTER || flight->fault == FAULT_LOST_BEFORE
				? call_flight_lost(flight)
				: flight->err);
		return;
	}
	flight->is_back = true;
	if (flight->fault == FAULT_NONE || flight->fault == FAULT_LOST_AFTER)
		flight->err = cloud_execute(cloud, flight->call);
	int64_t delay = random_between(
		&cloud->random, cloud->weather.least_delay_ms, cloud->weather.most_delay_ms);
	flight->call->took_ms += delay;
	timer_start(&flight->timer, &flight->task, delay);
}

static inline void cloud_cancel(struct op *op)
{
	struct aws_call *call = CONTAINER_OF(op, struct aws_call, op);
	call_flight_end(call->state, err_new(ERR_CANCELED, "canceled"));
}

static inline void call_flight_fate(struct call_flight *flight)
{
	struct cloud *cloud = flight->cloud;
	const struct weather *weather = &cloud->weather;
	int64_t dice = random_between(&cloud->random, 0, 1000);
	const char *operation = flight->call->operation;
	flight->fault = FAULT_REFUSED;
	if ((dice -= weather->throttled) < 0)
		flight->err =
			err_code(ERR_THROTTLED, "RequestLimitExceeded", "%s: slow down", operation);
	else if ((dice -= weather->failed) < 0)
		flight->err =
			err_code(ERR_TRANSIENT, "InternalError", "%s: internal error", operation);
	else if ((dice -= weather->denied) < 0)
		flight->err =
			err_code(ERR_DENIED, "UnauthorizedOperation", "%s: not allowed", operation);
	else if ((!weather->ill_operation || str_eq(weather->ill_operation, operation)) &&
		 (dice -= weather->ill) < 0)
		flight->err = err_code(weather->illness, "Ill", "%s: ill", operation);
	else if ((dice -= weather->lost) < 0)
		flight->fault = dice % 2 ? FAULT_LOST_BEFORE : FAULT_LOST_AFTER;
	else
		flight->fault = FAULT_NONE;
}

static inline void cloud_start(struct aws_port *port, struct aws_call *call, struct task *owner)
{
	struct cloud *cloud = CONTAINER_OF(port, struct cloud, port);
	op_start(&call->op, owner, cloud_cancel);
	call->attempts = 1;
	if (cloud->is_dead) {
		op_finish_soon(cloud->loop, &call->op, err_new(ERR_CANCELED, "canceled"));
		return;
	}
	if (call->gate && !call->gate->is_open(call->gate)) {
		op_finish_soon(cloud->loop, &call->op,
			err_code(ERR_CANCELED, "GateClosed", "its time was over"));
		return;
	}
	struct call_flight *flight = calloc(1, sizeof(*flight));
	assert_non_null(flight);
	flight->cloud = cloud;
	flight->call = call;
	call->state = flight;
	task_init(&flight->task, cloud->loop, call_flight_step, call->operation);
	timer_init(&flight->timer, cloud->loop);
	list_append(&cloud->flights, &flight->link);
	call_flight_fate(flight);
	int64_t delay = random_between(
		&cloud->random, cloud->weather.least_delay_ms, cloud->weather.most_delay_ms);
	call->took_ms = delay;
	timer_start(&flight->timer, &flight->task, delay);
}

/* The daemon is gone: calls under way arrive or not, and nobody hears of it. */
static inline void cloud_cut(struct cloud *cloud)
{
	struct call_flight *flight;
	cloud->is_dead = true;
	list_for_each (flight, &cloud->flights, link) {
		if (!flight->is_back && flight->fault == FAULT_NONE &&
			random_hit(&cloud->random, 500))
			flight->err = cloud_execute(cloud, flight->call);
		call_flight_end(flight, err_new(ERR_CANCELED, "canceled"));
	}
}

static inline void cloud_attach(struct cloud *cloud, struct loop *loop)
{
	cloud->loop = loop;
	cloud->is_dead = false;
	list_init(&cloud->flights);
}

static inline void cloud_init(struct cloud *cloud, uint64_t seed, const char *account)
{
	*cloud = (struct cloud){.port = {.start = cloud_start},
		.random = {seed},
		.account = account,
		.by_operation = json_object()};
	buf_init(&cloud->violations, 0);
	list_init(&cloud->flights);
}

static inline void cloud_done(struct cloud *cloud)
{
	for (size_t i = 0; i < cloud->count; i++) {
		free(cloud->things[i].id);
		json_decref(cloud->things[i].versions);
	}
	free(cloud->things);
	json_decref(cloud->by_operation);
	buf_done(&cloud->violations);
}
