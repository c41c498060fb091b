// Callbacks only note what happened and wake the task. What libpq must never see: a poll handle
// that still watches its socket while it may close it, because libuv's epoll set outlives the
// descriptor.
#include "state/pg.h"
#include "base/log.h"
#include "base/str.h"
#include "loop/dns.h"
#include "state/sqlstate.h"

enum {
	CONNECT_MS = 20000,
	DEADLINE_MS = 45000,
	LOCK_MS = 10000,
	MOST_IN_FLIGHT = 128, // bounds what libpq buffers
	MOST_ADDRESSES = 8,   // of one name
};

enum pg_phase { PG_CLOSED, PG_RESOLVING, PG_CONNECTING, PG_OPEN };

struct watch {
	uv_poll_t uv;
	struct pg *pg; // borrowed; NULL once it is closing
};

struct pg {
	struct loop *loop;    // borrowed
	struct task *watcher; // borrowed
	struct task task;
	enum pg_phase phase;
	struct op connect;
	const struct conninfo *conninfo; // borrowed while connecting
	unsigned attempt;
	bool without_options; // the pooler in between refused `options`
	struct dns_lookup lookup;
	int looked_up;               // hosts done
	struct conninfo_host beside; // the server of another connection, when it has a name; owned
	int lock_timeout_ms;
	struct err lookup_err;
	struct conninfo_host targets[CONNINFO_MOST_HOSTS * MOST_ADDRESSES]; // addresses owned
	int target_count;
	PGconn *conn; // owned
	struct watch *watch;
	int watched;              // UV_READABLE | UV_WRITABLE
	int events;               // seen since the last step
	struct timer timer;       // the whole connect, or the wait for the next answer
	struct list queued, sent; // of struct pg_query
	int sent_count;
	struct err loss;
};

// ---- the socket

static void on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void unwatch(struct pg *pg)
{
	struct watch *watch = TAKE(pg->watch);
	pg->watched = pg->events = 0;
	if (!watch)
		return;
	watch->pg = NULL;
	uv_poll_stop(&watch->uv);
	uv_close((uv_handle_t *)&watch->uv, on_watch_closed);
}

static void on_event(uv_poll_t *handle, int status, int events)
{
	struct watch *watch = handle->data;
	if (!watch->pg)
		return;
	// An error is for libpq to find out, which knows what to say about it.
	watch->pg->events |= status < 0 ? UV_READABLE | UV_WRITABLE : events;
	task_wake(&watch->pg->task);
}

static bool watch_for(struct pg *pg, int events)
{
	if (pg->watch && pg->watched == events)
		return true;
	if (!pg->watch) {
		struct watch *watch = calloc(1, sizeof(*watch));
		if (!watch)
			return false;
		if (uv_poll_init(&pg->loop->uv, &watch->uv, PQsocket(pg->conn)) != 0) {
			free(watch);
			return false;
		}
		watch->uv.data = watch;
		watch->pg = pg;
		pg->watch = watch;
	}
	pg->watched = events;
	return uv_poll_start(&pg->watch->uv, events, on_event) == 0;
}

// ---- ending

static void forget_targets(struct pg *pg)
{
	for (int i = 0; i < pg->target_count; i++)
		free(pg->targets[i].address);
	pg->target_count = 0;
	conninfo_host_done(&pg->beside);
}

static void close_connection(struct pg *pg)
{
	unwatch(pg);
	timer_stop(&pg->timer);
	if (pg->conn)
		PQfinish(TAKE(pg->conn));
	forget_targets(pg);
	pg->phase = PG_CLOSED;
}

static void finish_query(struct pg *pg, struct pg_query *query, struct err err)
{
	list_remove(&query->link);
	if (query->is_sent)
		pg->sent_count--;
	query->pg = NULL;
	if (err_is(&err) && query->result) {
		PQclear(query->result);
		query->result = NULL;
	}
	op_finish(&query->op, err);
}

static void fail_queries(struct pg *pg, const struct err *why)
{
	struct pg_query *query;
	list_for_each (query, &pg->sent, link) {
		struct err err = query->has_failed ? query->failure : *why;
		// An error in hand means that the transaction of this statement was rolled back.
		err.maybe_done = !query->has_failed || sqlstate_class(err.code) == ERR_TRANSIENT;
		finish_query(pg, query, err);
	}
	list_for_each (query, &pg->queued, link)
		finish_query(pg, query, *why);
}

static void lose(struct pg *pg, struct err err)
{
	close_connection(pg);
	err.class = ERR_TRANSIENT;
	pg->loss = err;
	fail_queries(pg, &err);
	task_wake(pg->watcher);
}

static void fail_connect(struct pg *pg, struct err err)
{
	close_connection(pg);
	fail_queries(pg, &err);
	op_finish(&pg->connect, err);
}

// ---- connecting

static void on_notice(void *arg, const char *message)
{
	(void)arg;
	char sentence[200], state[6];
	sqlstate_sentence(message, sentence, sizeof(sentence), state);
	log_debug("postgres notice", LOG_STR("code", state), LOG_STR("message", sentence));
}

static void start_connecting(struct pg *pg)
{
	struct conninfo_host rotated[ARRAY_COUNT(pg->targets)];
	for (int i = 0; i < pg->target_count; i++)
		rotated[i] = pg->targets[(pg->attempt + (unsigned)i) % (unsigned)pg->target_count];
	struct conninfo_params params;
	char options[160];
	snprintf(options, sizeof(options),
		"-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
		" -c lock_timeout=%d",
		pg->lock_timeout_ms);
	struct err err = conninfo_params_init(&params, pg->conninfo, rotated, pg->target_count,
		pg->without_options ? NULL : options);
	if (!err_is(&err))
		pg->conn = PQconnectStartParams(params.keywords, params.values, 0);
	conninfo_params_done(&params);
	if (!err_is(&err) && !pg->conn)
		err = err_nomem();
	if (!err_is(&err) && PQstatus(pg->conn) == CONNECTION_BAD)
		err = sqlstate_of_connection(pg->conn);
	if (err_is(&err)) {
		fail_connect(pg, err);
		return;
	}
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(pg->conn, on_notice, NULL);
	pg->phase = PG_CONNECTING;
	// The manual: until PQconnectPoll is called, behave as if it had returned WRITING.
	if (!watch_for(pg, UV_WRITABLE))
		fail_connect(pg, err_new(ERR_TRANSIENT, "cannot watch the connection's socket"));
}

static bool add_target(struct pg *pg, const struct conninfo_host *host, const char *address)
{
	if (pg->target_count >= (int)ARRAY_COUNT(pg->targets))
		return true;
	struct conninfo_host *target = &pg->targets[pg->target_count];
	*target = *host;
	target->address = address ? strdup(address) : NULL;
	if (address && !target->address)
		return false;
	pg->target_count++;
	return true;
}

static void keep_addresses(struct pg *pg)
{
	const struct conninfo_host *host = &pg->conninfo->hosts[pg->looked_up];
	int count = 0;
	for (struct addrinfo *a = pg->lookup.addrs; a && count < MOST_ADDRESSES; a = a->ai_next) {
		char text[DNS_ADDRESS_BYTES];
		dns_format(a, text);
		if (text[0] && add_target(pg, host, text))
			count++;
	}
}

static struct err timed_out(void)
{
	return err_code(
		ERR_TRANSIENT, "08001", "postgres: no connection within %d s", CONNECT_MS / 1000);
}

// Looks up one name after the other; hosts that need none go straight to the targets.
static void step_resolving(struct pg *pg)
{
	if (op_is_finished(&pg->timer.op)) {
		op_cancel(&pg->lookup.op);
		fail_connect(pg, timed_out());
		return;
	}
	if (op_is_running(&pg->lookup.op))
		return;
	if (op_is_finished(&pg->lookup.op)) {
		if (err_is(&pg->lookup.op.err))
			pg->lookup_err = pg->lookup.op.err;
		else
			keep_addresses(pg);
		dns_done(&pg->lookup);
		op_reset(&pg->lookup.op);
		pg->looked_up++;
	}
	if (pg->beside.name && !add_target(pg, &pg->beside, pg->beside.address)) {
		fail_connect(pg, err_nomem());
		return;
	}
	for (; !pg->beside.name && pg->looked_up < pg->conninfo->host_count; pg->looked_up++) {
		const struct conninfo_host *host = &pg->conninfo->hosts[pg->looked_up];
		if (host->is_name) {
			pg->lookup.host = host->name;
			dns_start(pg->loop, &pg->lookup, &pg->task);
			return;
		}
		if (!add_target(pg, host, host->address)) {
			fail_connect(pg, err_nomem());
			return;
		}
	}
	if (pg->target_count > 0) {
		start_connecting(pg);
		return;
	}
	// A name that does not resolve now may do so later: the caller tries again for ever.
	struct err err = pg->lookup_err;
	err.class = ERR_TRANSIENT;
	fail_connect(pg, err);
}

static void opened(struct pg *pg)
{
	timer_stop(&pg->timer);
	forget_targets(pg);
	if (PQsetnonblocking(pg->conn, 1) != 0 || !watch_for(pg, UV_READABLE)) {
		fail_connect(pg, sqlstate_of_connection(pg->conn));
		return;
	}
	pg->phase = PG_OPEN;
	op_finish(&pg->connect, ERR_OK);
}

static void refused(struct pg *pg)
{
	struct err err = sqlstate_of_connection(pg->conn);
	// pgbouncer refuses startup parameters that it does not track; nothing depends on these.
	if (!pg->without_options && strstr(err.message, "unsupported startup parameter")) {
		pg->without_options = true;
		unwatch(pg);
		PQfinish(TAKE(pg->conn));
		start_connecting(pg);
		return;
	}
	fail_connect(pg, err);
}

static void step_connecting(struct pg *pg)
{
	if (op_is_finished(&pg->timer.op)) {
		fail_connect(pg, timed_out());
		return;
	}
	if (!pg->events)
		return;
	unwatch(pg); // PQconnectPoll may close the socket and open another
	int want = UV_READABLE;
	switch (PQconnectPoll(pg->conn)) {
	case PGRES_POLLING_OK:
		opened(pg);
		return;
	case PGRES_POLLING_FAILED:
		refused(pg);
		return;
	case PGRES_POLLING_READING:
		break;
	case PGRES_POLLING_WRITING:
	case PGRES_POLLING_ACTIVE:
		want = UV_WRITABLE;
		break;
	}
	if (!watch_for(pg, want))
		fail_connect(pg, err_new(ERR_TRANSIENT, "cannot watch the connection's socket"));
}

// ---- statements

static struct pg_query *first(struct list *head)
{
	return list_is_empty(head) ? NULL : LIST_ITEM(head->next, struct pg_query, link);
}

static void keep_result(struct pg_query *query, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_FATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		if (!query->has_failed) {
			query->failure = sqlstate_of_result(result);
			query->has_failed = true;
		}
		PQclear(result);
		return;
	case PGRES_PIPELINE_ABORTED: // the error came before
		PQclear(result);
		return;
	default:
		PQclear(query->result);
		query->result = result;
	}
}

static void finish_answered(struct pg *pg, struct pg_query *query)
{
	finish_query(pg, query, query->has_failed ? query->failure : ERR_OK);
	timer_stop(&pg->timer);
}

// Takes what has arrived. A script ends with a NULL result, a pipelined statement with its sync.
static void take_results(struct pg *pg)
{
	int nulls = 0; // a dead connection answers NULL for ever
	while (!list_is_empty(&pg->sent) && nulls < 3 && !PQisBusy(pg->conn)) {
		struct pg_query *query = first(&pg->sent);
		PGresult *result = PQgetResult(pg->conn);
		if (!result && query->is_script && PQstatus(pg->conn) == CONNECTION_OK) {
			finish_answered(pg, query);
		} else if (!result) {
			nulls++;
		} else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			finish_answered(pg, query);
			nulls = 0;
		} else {
			keep_result(query, result);
			nulls = 0;
		}
	}
}

static bool send_query(struct pg *pg, struct pg_query *query)
{
	if (query->is_script)
		return (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF ||
			       PQexitPipelineMode(pg->conn)) &&
		       PQsendQuery(pg->conn, query->sql);
	return (PQpipelineStatus(pg->conn) != PQ_PIPELINE_OFF || PQenterPipelineMode(pg->conn)) &&
	       PQsendQueryParams(pg->conn, query->sql, query->param_count, query->types,
		       query->params, NULL, NULL, 0) &&
	       PQpipelineSync(pg->conn);
}

static bool may_send(const struct pg *pg, const struct pg_query *query)
{
	if (list_is_empty(&pg->sent))
		return true;
	const struct pg_query *last = LIST_ITEM(pg->sent.prev, struct pg_query, link);
	return !query->is_script && !last->is_script && pg->sent_count < MOST_IN_FLIGHT;
}

static bool send_queued(struct pg *pg)
{
	for (struct pg_query *q; (q = first(&pg->queued)) && may_send(pg, q);) {
		list_remove(&q->link);
		list_append(&pg->sent, &q->link);
		q->is_sent = true;
		pg->sent_count++;
		if (!send_query(pg, q))
			return false;
	}
	return true;
}

static void step_open(struct pg *pg)
{
	if (op_is_finished(&pg->timer.op)) {
		lose(pg, err_code(ERR_TRANSIENT, "08006", "postgres: no answer in time"));
		return;
	}
	int events = pg->events;
	pg->events = 0;
	bool alive = !(events & UV_READABLE) || PQconsumeInput(pg->conn);
	take_results(pg); // also of a connection that has just died: some are complete
	alive = alive && PQstatus(pg->conn) == CONNECTION_OK && send_queued(pg);
	int flushed = alive ? PQflush(pg->conn) : -1;
	if (flushed < 0 || !watch_for(pg, UV_READABLE | (flushed > 0 ? UV_WRITABLE : 0))) {
		lose(pg, sqlstate_of_connection(pg->conn));
		return;
	}
	struct pg_query *head = first(&pg->sent);
	if (head && !timer_is_running(&pg->timer))
		timer_start(&pg->timer, &pg->task, head->deadline_ms);
}

// A statement that was started after the loss.
static void step_closed(struct pg *pg)
{
	struct err err = err_code(ERR_TRANSIENT, "08003", "postgres: not connected");
	fail_queries(pg, &err);
}

static void on_step(struct task *task)
{
	struct pg *pg = CONTAINER_OF(task, struct pg, task);
	switch (pg->phase) {
	case PG_CLOSED:
		step_closed(pg);
		return;
	case PG_RESOLVING:
		step_resolving(pg);
		return;
	case PG_CONNECTING:
		step_connecting(pg);
		return;
	case PG_OPEN:
		step_open(pg);
		return;
	}
}

// ---- the interface

struct pg *pg_new(struct loop *loop, struct task *watcher)
{
	struct pg *pg = calloc(1, sizeof(*pg));
	if (!pg)
		return NULL;
	pg->loop = loop;
	pg->watcher = watcher;
	pg->lock_timeout_ms = LOCK_MS;
	task_init(&pg->task, loop, on_step, "pg");
	timer_init(&pg->timer, loop);
	dns_init(&pg->lookup);
	list_init(&pg->queued);
	list_init(&pg->sent);
	return pg;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	pg_hang_up(pg, "closed");
	dns_done(&pg->lookup);
	task_done(&pg->task);
	free(pg);
}

static void on_connect_cancel(struct op *op)
{
	struct pg *pg = CONTAINER_OF(op, struct pg, connect);
	op_cancel(&pg->lookup.op);
	fail_connect(pg, err_new(ERR_CANCELED, "connecting was canceled"));
}

struct op *pg_connect(
	struct pg *pg, const struct conninfo *conninfo, unsigned attempt, struct task *owner)
{
	op_reset(&pg->connect);
	op_start(&pg->connect, owner, on_connect_cancel);
	dns_done(&pg->lookup);
	dns_init(&pg->lookup);
	pg->conninfo = conninfo;
	pg->attempt = attempt;
	pg->looked_up = 0;
	pg->lookup_err = ERR_OK;
	pg->loss = ERR_OK;
	pg->phase = PG_RESOLVING;
	timer_start(&pg->timer, &pg->task, CONNECT_MS);
	task_wake(&pg->task);
	return &pg->connect;
}

struct op *pg_connect_beside(
	struct pg *pg, const struct conninfo *conninfo, const struct pg *other, struct task *owner)
{
	conninfo_host_done(&pg->beside);
	conninfo_host_of(&pg->beside, other->conn);
	return pg_connect(pg, conninfo, 0, owner);
}

void pg_set_lock_timeout(struct pg *pg, int ms)
{
	pg->lock_timeout_ms = ms;
}

bool pg_is_open(const struct pg *pg)
{
	return pg->phase == PG_OPEN;
}

const struct err *pg_loss(const struct pg *pg)
{
	return &pg->loss;
}

static void on_query_cancel(struct op *op)
{
	struct pg_query *query = CONTAINER_OF(op, struct pg_query, op);
	if (!query->is_sent)
		finish_query(query->pg, query, err_new(ERR_CANCELED, "statement canceled"));
}

void pg_query_init(struct pg_query *query, const char *sql)
{
	*query = (struct pg_query){.sql = sql};
	list_init(&query->link);
}

void pg_query_done(struct pg_query *query)
{
	PQclear(TAKE(query->result));
}

void pg_query_start(struct pg *pg, struct pg_query *query, struct task *owner)
{
	pg_query_done(query);
	query->pg = pg;
	query->is_sent = query->has_failed = false;
	if (query->deadline_ms == 0)
		query->deadline_ms = DEADLINE_MS;
	op_start(&query->op, owner, on_query_cancel);
	list_append(&pg->queued, &query->link);
	// Before the connection is there it waits; after its loss there is nobody to wait for.
	task_wake(&pg->task);
}

void pg_hang_up(struct pg *pg, const char *why)
{
	struct err err = err_code(ERR_TRANSIENT, "08003", "postgres: %s", why);
	if (op_is_running(&pg->lookup.op))
		op_cancel(&pg->lookup.op);
	if (op_is_running(&pg->connect))
		fail_connect(pg, err);
	close_connection(pg);
	fail_queries(pg, &err);
}

int pg_backend_pid(const struct pg *pg)
{
	return pg->phase == PG_OPEN ? PQbackendPID(pg->conn) : 0;
}

int pg_server_version(const struct pg *pg)
{
	return pg->phase == PG_OPEN ? PQserverVersion(pg->conn) : 0;
}
