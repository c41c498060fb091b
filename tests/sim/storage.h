// A store in memory for the statements that the core uses. It outlives the daemons of a simulation;
// what a crash leaves undone is the end of its queue, as with a real pipelined connection.
//
// Arguments are checked against the rows of state/statements.c: what Postgres would refuse fails
// the test.
#pragma once

#include "base/js.h"
#include "base/list.h"
#include "base/str.h"
#include "loop/loop.h"
#include "state/store.h"
#include "tests/sim/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct storage {
	struct store_port port;
	struct random random;
	// -- what is stored
	json_t *records;       // address -> {"kind","layer","aws_id","data"}
	json_t *actions;       // action_id -> the intent's arguments and "outcome"
	json_t *holds;         // hold_id -> arguments and "state"
	json_t *drifts;        // drift_id -> arguments and, when closed, "how"
	json_t *leases;        // stack -> a row of LEASES, and "expires"
	json_t *daemons;       // daemon_id -> arguments of its last beat, and "expires"
	int64_t clock_skew_ms; // of the server
	int counts[STORE_STATEMENT_COUNT];
	int64_t most_delay_ms; // of a statement; 0: the next turn
	// -- the connection; a daemon's life long
	struct loop *loop;
	struct list queue;
	int64_t last_due_ms;
	bool is_down;         // statements fail: nobody is there
	bool is_dead;         // the daemon is being buried: nothing is done any more
	bool refuses_intents; // for tests: ACTION_INTEND fails
	int fails_once_in;    // for tests: of so many statements one fails, and spares the others
};

/* A statement on its way. */
struct statement_flight {
	struct list link;
	struct task task;
	struct timer timer;
	struct storage *storage;
	struct store_call *call;
};

static inline void storage_check(const struct store_call *call)
{
	const struct statement *row = statements_get(call->statement);
	for (const struct statement_param *p = row->params;
		p < row->params + STATEMENT_MOST_PARAMS && p->name; p++) {
		const json_t *given = json_object_get(call->args, p->name);
		bool is_absent = !given || json_is_null(given);
		bool fits = p->type == STATEMENT_JSON ||
			    (p->type == STATEMENT_TEXT && json_is_string(given)) ||
			    (p->type == STATEMENT_BOOL && json_is_boolean(given)) ||
			    ((p->type == STATEMENT_INT || p->type == STATEMENT_TIME) &&
				    json_is_integer(given));
		if (is_absent ? !p->is_optional : !fits)
			fail_msg("%s: parameter %s", row->name, p->name);
	}
}

/* The rows of `table` in which `member` is absent or has one of the values; without a member all.
 */
static inline json_t *storage_rows(
	const json_t *table, const char *member, const char *first, const char *second)
{
	json_t *rows = json_array();
	const char *key;
	json_t *row;
	json_object_foreach ((json_t *)table, key, row) {
		const char *value = member ? js_str(row, member) : NULL;
		if (!value || str_eq(value, first) || str_eq(value, second))
			json_array_append(rows, row);
	}
	return rows;
}

static inline void storage_settle(struct storage *storage, const json_t *args)
{
	json_t *action = json_object_get(storage->actions, js_str(args, "action_id"));
	const char *outcome = js_str(action, "outcome");
	if (!action || (outcome && !str_eq(outcome, "unknown")))
		return;
	json_t *copy = json_copy((json_t *)args);
	json_object_del(copy, "at_ms");
	json_object_update(action, copy);
	json_decref(copy);
}

static inline bool storage_is_approved(const struct storage *storage, const char *digest)
{
	const char *id;
	json_t *hold;
	json_object_foreach (storage->holds, id, hold)
		if (str_eq_null(js_str(hold, "digest"), digest) &&
			(str_eq_null(js_str(hold, "state"), "approved") ||
				str_eq_null(js_str(hold, "state"), "used")))
			return true;
	return false;
}

static inline json_t *storage_deletions(const struct storage *storage, const json_t *args)
{
	json_t *rows = json_array();
	const char *id;
	json_t *action;
	json_object_foreach (storage->actions, id, action) {
		const char *change = js_str(action, "change"), *outcome = js_str(action, "outcome");
		int64_t at = js_int(action, "at_ms", 0);
		if (change && strchr(change, '-') && !(outcome && str_eq(outcome, "failed")) &&
			at > js_int(args, "since_ms", 0) &&
			!storage_is_approved(storage, js_str(action, "plan_id")))
			json_array_append_new(rows, json_pack("{s:I}", "at_ms", (json_int_t)at));
	}
	return rows;
}

#include "tests/sim/leases.h"

static inline json_t *storage_execute(struct storage *storage, const struct store_call *call)
{
	json_t *args = call->args, *row;
	storage->counts[call->statement]++;
	switch (call->statement) {
	case STORE_RECORDS_LOAD:
		return storage_rows(storage->records, NULL, NULL, NULL);
	case STORE_RECORD_PUT:
		if (leases_has_later(storage, args))
			break;
		json_object_set_new(
			storage->records, js_str(args, "address"), json_deep_copy(args));
		break;
	case STORE_RECORD_DELETE:
		if (leases_has_later(storage, args))
			break;
		json_object_del(storage->records, js_str(args, "address"));
		break;
	case STORE_ACTION_INTEND:
		if (leases_let(storage, args))
			json_object_set_new(
				storage->actions, js_str(args, "action_id"), json_deep_copy(args));
		return json_pack("[{s:b}]", "is_leader", leases_let(storage, args));
	case STORE_ACTION_SETTLE:
		storage_settle(storage, args);
		break;
	case STORE_ACTIONS_OPEN:
		return storage_rows(storage->actions, "outcome", "unknown", "unknown");
	case STORE_HOLD_PUT:
		row = json_deep_copy(args);
		js_set_str(row, "state", "waiting");
		json_object_set_new(storage->holds, js_str(args, "hold_id"), row);
		break;
	case STORE_HOLD_DECIDE:
		row = json_object_get(storage->holds, js_str(args, "hold_id"));
		if (row)
			js_set_str(row, "state", js_str(args, "state"));
		break;
	case STORE_STACK_KEY:
		return json_pack("[{s:O}]", "key", json_object_get(args, "candidate"));
	case STORE_ORDER_PUT:
	case STORE_ORDER_END:
	case STORE_ORDERS_OPEN: // nobody gives orders in the simulation yet
		break;
	case STORE_HOLDS_OPEN:
		return storage_rows(storage->holds, "state", "waiting", "approved");
	case STORE_DRIFTS:
		return storage_rows(storage->drifts, "how", "", "");
	case STORE_DRIFT_OPEN:
		json_object_set_new(
			storage->drifts, js_str(args, "drift_id"), json_deep_copy(args));
		break;
	case STORE_DRIFT_CLOSE:
		row = json_object_get(storage->drifts, js_str(args, "drift_id"));
		if (row)
			js_set_str(row, "how", js_str(args, "how"));
		break;
	case STORE_OBSERVATION_ADD:
	case STORE_PASS_ADD:
	case STORE_CONFIG_ADD:
		break;
	case STORE_LEASE_TAKE:
	case STORE_LEASE_RENEW:
	case STORE_LEASE_RELEASE:
	case STORE_LEASES:
	case STORE_DAEMON_BEAT:
	case STORE_DAEMON_LEAVE:
		return leases_execute(storage, call->statement, args);
	case STORE_DELETIONS:
		return storage_deletions(storage, args);
	case STORE_INCIDENT_PUT:
	case STORE_INCIDENT_TOLD:
	case STORE_INCIDENTS:
	case STORE_HISTORY:
	case STORE_STATE_AT:
	case STORE_RETENTION:
	case STORE_STATEMENT_COUNT:
		fail_msg("the core does not use %s", statements_get(call->statement)->name);
	}
	return json_array();
}

static inline void statement_flight_free(void *what)
{
	free(what);
}

static inline void statement_flight_end(struct statement_flight *flight, struct err err)
{
	timer_stop(&flight->timer);
	task_done(&flight->task);
	list_remove(&flight->link);
	op_finish(&flight->call->op, err);
	loop_bury(flight->storage->loop, flight, statement_flight_free);
}

static inline void statement_flight_step(struct task *task)
{
	struct statement_flight *due = CONTAINER_OF(task, struct statement_flight, task);
	struct storage *storage = due->storage;
	// Timers of one instant fire in any order; statements are carried out in theirs.
	for (bool is_last = false; !is_last;) {
		struct statement_flight *flight =
			LIST_ITEM(storage->queue.next, struct statement_flight, link);
		is_last = flight == due;
		if (storage->fails_once_in > 0 &&
			random_between(&storage->random, 0, storage->fails_once_in) == 0) {
			statement_flight_end(
				flight, err_code(ERR_TRANSIENT, "55P03", "somebody holds a lock"));
			continue;
		}
		flight->call->rows = storage_execute(storage, flight->call);
		statement_flight_end(flight, ERR_OK);
	}
}

static inline void storage_cancel(struct op *op)
{
	struct store_call *call = CONTAINER_OF(op, struct store_call, op);
	statement_flight_end(call->state, err_new(ERR_CANCELED, "canceled"));
}

static inline void storage_start(
	struct store_port *port, struct store_call *call, struct task *owner)
{
	struct storage *storage = CONTAINER_OF(port, struct storage, port);
	op_start(&call->op, owner, storage_cancel);
	storage_check(call);
	bool is_refused = storage->refuses_intents && call->statement == STORE_ACTION_INTEND;
	if (storage->is_dead || storage->is_down || is_refused) {
		op_finish_soon(storage->loop, &call->op,
			err_new(storage->is_dead ? ERR_CANCELED : ERR_TRANSIENT,
				"the store is away"));
		return;
	}
	struct statement_flight *flight = calloc(1, sizeof(*flight));
	assert_non_null(flight);
	flight->storage = storage;
	flight->call = call;
	call->state = flight;
	task_init(&flight->task, storage->loop, statement_flight_step, "statement");
	timer_init(&flight->timer, storage->loop);
	list_append(&storage->queue, &flight->link);
	// Answered in the order in which they were sent.
	int64_t now = loop_now_ms(storage->loop);
	int64_t due = now + random_between(&storage->random, 0, storage->most_delay_ms);
	storage->last_due_ms = due > storage->last_due_ms ? due : storage->last_due_ms;
	timer_start(&flight->timer, &flight->task, storage->last_due_ms - now);
}

/* The connection ends now: some of what is queued was still carried out, in order; no answer
 * arrives. */
static inline void storage_cut(struct storage *storage)
{
	int64_t waiting = 0;
	struct statement_flight *flight;
	list_for_each (flight, &storage->queue, link)
		waiting++;
	int64_t done = random_between(&storage->random, 0, waiting + 1);
	list_for_each (flight, &storage->queue, link) {
		if (done-- > 0)
			json_decref(storage_execute(storage, flight->call));
		struct err err = err_new(ERR_TRANSIENT, "the connection was lost");
		err.maybe_done = true;
		statement_flight_end(flight, err);
	}
}

/* Is there an intent of this call without an outcome? For cloud.h. */
static inline bool storage_intends(void *context, const char *operation, const json_t *input)
{
	const struct storage *storage = context;
	const char *id;
	json_t *action;
	json_object_foreach (storage->actions, id, action) {
		const char *name = strchr(js_str(action, "operation"), ':');
		if (!js_str(action, "outcome") && name && str_eq(name + 1, operation) &&
			json_equal(json_object_get(action, "input"), (json_t *)input))
			return true;
	}
	return false;
}

/* A new daemon connects. */
static inline void storage_attach(struct storage *storage, struct loop *loop)
{
	storage->loop = loop;
	storage->last_due_ms = 0;
	storage->is_dead = storage->is_down = false;
	list_init(&storage->queue);
}

static inline void storage_init(struct storage *storage, uint64_t seed)
{
	*storage = (struct storage){.port = {.start = storage_start},
		.random = {seed},
		.records = json_object(),
		.actions = json_object(),
		.holds = json_object(),
		.drifts = json_object(),
		.leases = json_object(),
		.daemons = json_object()};
	list_init(&storage->queue);
}

static inline void storage_done(struct storage *storage)
{
	json_decref(storage->records);
	json_decref(storage->actions);
	json_decref(storage->holds);
	json_decref(storage->drifts);
	json_decref(storage->leases);
	json_decref(storage->daemons);
}
