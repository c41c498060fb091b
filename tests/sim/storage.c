#include "tests/sim/storage.h"
#include "tests/sim/leases.h"
#include <stdlib.h>

/* A statement on its way. */
struct statement_flight {
	struct list link;
	struct task task;
	struct timer timer;
	struct storage_link *line;
	struct store_call *call;
};

static void check(const struct store_call *call)
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
			trace_fail(NULL, "%s: parameter %s", row->name, p->name);
	}
}

/* The rows of `table` in which `member` is absent or has one of the values; without a member all.
 */
static json_t *select_rows(
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

static json_t *stored_order(const struct storage *storage, const json_t *args)
{
	json_t *order = json_deep_copy(args);
	json_object_set_new(order, "stored_ms", json_integer(leases_now_ms(storage)));
	return order;
}

static json_t *open_orders(const struct storage *storage)
{
	json_t *rows = json_array();
	const char *id;
	json_t *order;
	json_object_foreach (storage->orders, id, order) {
		int64_t until = js_int(order, "until_ms", 0);
		int64_t left = until - js_int(order, "at_ms", 0) + js_int(order, "stored_ms", 0) -
			       leases_now_ms(storage);
		if (js_str(order, "ended") || (until && left <= 0))
			continue;
		json_t *row = json_deep_copy(order);
		if (until)
			json_object_set_new(row, "left_ms", json_integer(left));
		json_array_append_new(rows, row);
	}
	return rows;
}

static void settle(struct storage *storage, const json_t *args)
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

static bool is_approved(const struct storage *storage, const char *digest)
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

static json_t *deletions(const struct storage *storage, const json_t *args)
{
	json_t *rows = json_array();
	const char *id;
	json_t *action;
	json_object_foreach (storage->actions, id, action) {
		const char *change = js_str(action, "change"), *outcome = js_str(action, "outcome");
		int64_t at = js_int(action, "at_ms", 0);
		if (change && strchr(change, '-') && !(outcome && str_eq(outcome, "failed")) &&
			at > js_int(args, "since_ms", 0) &&
			!is_approved(storage, js_str(action, "plan_id")))
			json_array_append_new(rows, json_pack("{s:I}", "at_ms", (json_int_t)at));
	}
	return rows;
}

static json_t *execute(struct storage *storage, const struct store_call *call)
{
	json_t *args = call->args, *row;
	storage->counts[call->statement]++;
	switch (call->statement) {
	case STORE_RECORDS_LOAD:
		return select_rows(storage->records, NULL, NULL, NULL);
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
		if (leases_let(storage, args) &&
			!json_object_get(storage->actions, js_str(args, "action_id")))
			json_object_set_new(
				storage->actions, js_str(args, "action_id"), json_deep_copy(args));
		return json_pack("[{s:b}]", "is_leader", leases_let(storage, args));
	case STORE_ACTION_SETTLE:
		settle(storage, args);
		break;
	case STORE_ACTIONS_OPEN:
		return select_rows(storage->actions, "outcome", "", "");
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
		if (!json_object_get(storage->keys, js_str(args, "stack")))
			json_object_set(storage->keys, js_str(args, "stack"),
				json_object_get(args, "candidate"));
		return json_pack(
			"[{s:O}]", "key", json_object_get(storage->keys, js_str(args, "stack")));
	case STORE_ORDER_PUT:
		if (!json_object_get(storage->orders, js_str(args, "order_id")))
			json_object_set_new(storage->orders, js_str(args, "order_id"),
				stored_order(storage, args));
		break;
	case STORE_ORDER_END:
		row = json_object_get(storage->orders, js_str(args, "order_id"));
		if (row)
			js_set_str(row, "ended", "yes");
		break;
	case STORE_ORDERS_OPEN:
		return open_orders(storage);
	case STORE_HOLDS_OPEN:
		return select_rows(storage->holds, "state", "waiting", "approved");
	case STORE_DRIFTS:
		return select_rows(storage->drifts, "how", "", "");
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
		return deletions(storage, args);
	case STORE_INCIDENT_PUT:
	case STORE_INCIDENT_TOLD:
	case STORE_INCIDENTS:
	case STORE_HISTORY:
	case STORE_STATE_AT:
	case STORE_CONFIGS:
	case STORE_CONFIG_AT:
	case STORE_RETENTION:
	case STORE_STATEMENT_COUNT:
		trace_fail(storage->trace, "the core does not use %s",
			statements_get(call->statement)->name);
	}
	return json_array();
}

static void statement_flight_free(void *what)
{
	free(what);
}

static void flight_end(struct statement_flight *flight, struct err err)
{
	timer_stop(&flight->timer);
	task_done(&flight->task);
	list_remove(&flight->link);
	op_finish(&flight->call->op, err);
	loop_bury(flight->line->storage->loop, flight, statement_flight_free);
}

static void run(struct storage_link *link, struct store_call *call)
{
	struct storage *storage = link->storage;
	call->rows = execute(storage, call);
	if (storage->trace)
		trace_add(storage->trace, link->who, "store %s %s %s: %zu rows",
			statements_get(call->statement)->name,
			js_str(call->args, "address") ? js_str(call->args, "address") : "",
			js_str(call->args, "operation") ? js_str(call->args, "operation") : "",
			json_array_size(call->rows));
}

static void on_due(struct task *task)
{
	struct statement_flight *due = CONTAINER_OF(task, struct statement_flight, task);
	struct storage_link *link = due->line;
	// Timers of one instant fire in any order; statements are carried out in theirs.
	for (bool is_last = false; !is_last;) {
		struct statement_flight *flight =
			LIST_ITEM(link->queue.next, struct statement_flight, link);
		struct err err = ERR_OK;
		is_last = flight == due;
		int once_in = link->storage->fails_once_in;
		if (link->storage->is_locked ||
			(once_in > 0 && random_between(&link->storage->random, 0, once_in) == 0))
			err = err_code(ERR_TRANSIENT, "55P03", "somebody holds a lock");
		else if (random_hit(&link->storage->random, link->storage->failed))
			err = err_code(ERR_TRANSIENT, "53200", "out of memory");
		else
			run(link, flight->call);
		if (!err_is(&err) && link->on_statement)
			link->on_statement(link, flight->call);
		flight_end(flight, err);
	}
}

static void on_cancel(struct op *op)
{
	struct store_call *call = CONTAINER_OF(op, struct store_call, op);
	flight_end(call->state, err_new(ERR_CANCELED, "canceled"));
}

static void start(struct store_port *port, struct store_call *call, struct task *owner)
{
	storage_link_start(CONTAINER_OF(port, struct storage_link, port), call, owner);
}

void storage_link_start(struct storage_link *link, struct store_call *call, struct task *owner)
{
	struct storage *storage = link->storage;
	op_start(&call->op, owner, on_cancel);
	check(call);
	bool is_refused = storage->refuses_intents && call->statement == STORE_ACTION_INTEND;
	if (!link->is_dead && !link->is_down && link->on_statement)
		link->on_statement(link, call);
	if (link->is_dead || link->is_down || is_refused) {
		op_finish_soon(link->loop, &call->op,
			err_code(ERR_TRANSIENT, "NotConnected", "the store is away"));
		return;
	}
	struct statement_flight *flight = calloc(1, sizeof(*flight));
	if (!flight)
		abort();
	flight->line = link;
	flight->call = call;
	call->state = flight;
	task_init(&flight->task, storage->loop, on_due, "statement");
	timer_init(&flight->timer, storage->loop);
	list_append(&link->queue, &flight->link);
	// Answered in the order in which they were sent.
	int64_t now = loop_now_ms(storage->loop);
	int64_t due = now + random_between(&storage->random, 0, storage->most_delay_ms);
	link->last_due_ms = due > link->last_due_ms ? due : link->last_due_ms;
	timer_start(&flight->timer, &flight->task, link->last_due_ms - now);
}

void storage_link_cut(struct storage_link *link)
{
	int64_t waiting = 0;
	struct statement_flight *flight;
	list_for_each (flight, &link->queue, link)
		waiting++;
	int64_t done = random_between(&link->storage->random, 0, waiting + 1);
	list_for_each (flight, &link->queue, link) {
		if (done-- > 0) {
			run(link, flight->call);
			json_decref(TAKE(flight->call->rows));
		}
		struct err err = err_new(ERR_TRANSIENT, "the connection was lost");
		err.maybe_done = true;
		flight_end(flight, err);
	}
}

// Does what was intended say this call? What it hides of secrets fits everything.
static bool says(const json_t *intended, const json_t *input)
{
	const char *key;
	json_t *member;
	if (json_object_size(intended) != json_object_size(input))
		return false;
	json_object_foreach ((json_t *)input, key, member) {
		json_t *said = json_object_get(intended, key);
		bool is_hidden = str_eq_null(json_string_value(said), "(sensitive)");
		if (!said || (!is_hidden && !json_equal(said, member)))
			return false;
	}
	return true;
}

json_t *storage_intent(const struct storage *storage, const char *operation, const json_t *input)
{
	const char *id;
	json_t *action, *found = NULL; // the latest: one that crashed before it was sent stays open
	json_object_foreach (storage->actions, id, action) {
		const char *name = strchr(js_str(action, "operation"), ':');
		if (!js_str(action, "outcome") && !js_bool(action, "sent", false) && name &&
			str_eq(name + 1, operation) &&
			says(json_object_get(action, "input"), input))
			found = action;
	}
	return found;
}

void storage_link_open(struct storage_link *link, struct storage *storage, struct loop *loop)
{
	link->port = (struct store_port){.start = start};
	link->storage = storage;
	link->loop = loop;
	link->last_due_ms = 0;
	link->is_dead = link->is_down = false;
	if (!link->who)
		link->who = "a";
	list_init(&link->queue);
}

void storage_attach(struct storage *storage, struct loop *loop)
{
	storage->loop = loop;
	storage_link_open(&storage->link, storage, loop);
}

void storage_cut(struct storage *storage)
{
	storage_link_cut(&storage->link);
}

void storage_init(struct storage *storage, uint64_t seed)
{
	*storage = (struct storage){.random = {seed},
		.records = json_object(),
		.actions = json_object(),
		.holds = json_object(),
		.drifts = json_object(),
		.orders = json_object(),
		.keys = json_object(),
		.leases = json_object(),
		.daemons = json_object()};
	storage->link.port.start = start;
	storage->link.storage = storage;
	list_init(&storage->link.queue);
}

void storage_done(struct storage *storage)
{
	json_decref(storage->records);
	json_decref(storage->actions);
	json_decref(storage->holds);
	json_decref(storage->drifts);
	json_decref(storage->orders);
	json_decref(storage->keys);
	json_decref(storage->leases);
	json_decref(storage->daemons);
}
