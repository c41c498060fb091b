// The facade: one task that keeps two connections alive (server, connect, migrate, wait, again),
// and the calls, each a row of statements.c with its arguments bound.
//
// Answers come in the order of the statements, so one that waits (for a lock that a person holds,
// for a page of a huge history) keeps all behind it waiting. What the right to change AWS hangs on,
// the lease and the intents, has a connection of its own; both are to the same server, and there
// are both or none.
//
// A call that comes while there is no connection ends at once, TRANSIENT and not done: what to keep
// for later is the caller's to decide, who knows what the call meant.
#include "state/store.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "state/backoff.h"
#include "state/bind.h"
#include "state/blocker.h"
#include "state/conninfo.h"
#include "state/embedded.h"
#include "state/migrate.h"
#include "state/pg.h"
#include "state/retention.h"

enum {
	STEADY_MS = 10000, // a connection that lasted so long was a good one
	DRAIN_MS = 5000,
	TRIM_MS = 60 * 60 * 1000,
	MOST_CALLS = 2048,
	MOST_QUEUED_BYTES = 64 << 20,
	MOST_REPEATS = 5,
	WATCH_MS = 400,         // so that it falls between LONG_MS and the shortest lock timeout
	LONG_MS = 1500,         // a statement that waits so long may wait for a lock
	STILL_LOCKED_MS = 8000, // after the last that gave up
	VITAL_LOCK_MS = 2000,   // a renewal that waits longer comes too late
	HISTORY_LOCK_MS = 5000,
};

enum lane_name { LANE_VITAL, LANE_HISTORY, LANE_COUNT };

static const int64_t ninety_days_ms = (int64_t)90 * 24 * 60 * 60 * 1000;

static const char *const phase_names[] = {
	"starting", "connecting", "migrating", "ready", "waiting", "stopped"};

struct lane {
	struct pg *pg;          // owned
	struct blocker blocker; // of what waits in this lane; asked through the other one
	int64_t locked_ms;      // when a statement gave up waiting for a lock; 0: none has lately
};

enum stopping { STOPPING_NOT, STOPPING_DRAIN, STOPPING_SERVER };

struct store {
	struct store_port port;
	struct loop *loop;    // borrowed
	struct task *watcher; // borrowed
	struct task task;
	enum store_phase phase;
	enum stopping stopping;
	struct embedded *embedded; // owned; NULL with a conninfo
	struct conninfo conninfo;
	struct lane lanes[LANE_COUNT];
	bool is_migrated; // since the last loss
	struct migrate migrate;
	struct retention retention;
	struct op *awaited; // of the phase: start, connect, migrate or stop; borrowed
	struct timer timer; // the wait of the backoff, or the end of draining
	struct timer trim;  // of the embedded server's log
	struct timer watch; // while a call is at work: does one wait long?
	unsigned attempt;
	int64_t ready_ms;
	struct list entries; // calls at work, in order
	struct list refused; // calls that end in the next step
	int entry_count;
	size_t queued_bytes;
	struct err misplaced; // the server does not take writes any more
	char message[512];
	char last_error[400]; // logged last
};

// One call at work.
struct entry {
	struct list link;
	struct store_call *call; // borrowed
	struct pg_query query;
	struct bind bind;
	struct err refusal;
	enum lane_name lane;
	int64_t started_ms;
	int repeats;
};

// ---- calls

void store_call_init(struct store_call *call, enum store_statement statement, json_t *args)
{
	*call = (struct store_call){.statement = statement, .args = args};
}

void store_call_done(struct store_call *call)
{
	json_decref(TAKE(call->args));
	json_decref(TAKE(call->rows));
}

static void free_entry(struct entry *entry)
{
	list_remove(&entry->link);
	pg_query_done(&entry->query);
	bind_done(&entry->bind);
	free(entry);
}

static void finish_entry(struct entry *entry, struct err err)
{
	struct store_call *call = entry->call;
	json_t *rows = NULL;
	if (!err_is(&err)) {
		rows = bind_rows(entry->query.result);
		if (!rows)
			err = err_new(ERR_BUG, "cannot read the answer");
	}
	if (err_is(&err))
		err_wrap(&err, "%s", statements_get(call->statement)->name);
	free_entry(entry);
	json_decref(call->rows);
	call->rows = rows;
	call->state = NULL;
	op_finish(&call->op, err);
}

static enum lane_name lane_of(enum store_statement statement)
{
	switch ((int)statement) {
	case STORE_ACTION_INTEND:
	case STORE_LEASE_TAKE:
	case STORE_LEASE_RENEW:
	case STORE_LEASE_RELEASE:
	case STORE_LEASES:
	case STORE_DAEMON_BEAT:
	case STORE_DAEMON_LEAVE:
		return LANE_VITAL;
	}
	return LANE_HISTORY;
}

static void send_entry(struct store *store, struct entry *entry)
{
	entry->started_ms = loop_now_ms(store->loop);
	pg_query_start(store->lanes[entry->lane].pg, &entry->query, &store->task);
}

// A deadlock and a serialization failure have rolled the transaction back and ask for it again,
// whole (documentation of Postgres, "Serialization Failure Handling"); a transaction is one
// statement here.
static bool is_repeated(struct store *store, struct entry *entry)
{
	const char *code = entry->query.op.err.code;
	if ((!str_eq(code, "40001") && !str_eq(code, "40P01")) || store->stopping ||
		entry->repeats >= MOST_REPEATS || !pg_is_open(store->lanes[entry->lane].pg))
		return false;
	log_info("the database rolled a statement back; it is sent again",
		LOG_STR("statement", statements_get(entry->call->statement)->name),
		LOG_STR("code", code));
	entry->repeats++;
	op_reset(&entry->query.op);
	send_entry(store, entry);
	return true;
}

static void finish_entries(struct store *store)
{
	struct entry *entry;
	list_for_each (entry, &store->refused, link)
		finish_entry(entry, entry->refusal);
	list_for_each (entry, &store->entries, link) {
		if (!op_is_finished(&entry->query.op) || is_repeated(store, entry))
			continue;
		if (str_eq(entry->query.op.err.code, "55P03"))
			store->lanes[entry->lane].locked_ms = loop_now_ms(store->loop);
		store->entry_count--;
		store->queued_bytes -= entry->bind.bytes;
		if (str_eq(entry->query.op.err.code, "25006")) // read-only: it was made a standby
			store->misplaced = entry->query.op.err;
		finish_entry(entry, entry->query.op.err);
	}
}

static void on_call_cancel(struct op *op)
{
	struct store_call *call = CONTAINER_OF(op, struct store_call, op);
	struct entry *entry = call->state;
	op_cancel(&entry->query.op);
}

static struct err admit(const struct store *store, const struct entry *entry)
{
	if (store->stopping)
		return err_code(ERR_TRANSIENT, "NotConnected", "the database is closing");
	if (store->phase != STORE_READY)
		return err_code(ERR_TRANSIENT, "NotConnected", "the database is %s: %s",
			phase_names[store->phase], store->message);
	if (store->entry_count >= MOST_CALLS ||
		store->queued_bytes + entry->bind.bytes > MOST_QUEUED_BYTES)
		return err_code(ERR_TRANSIENT, "QueueFull",
			"the database is slower than what is written to it");
	return ERR_OK;
}

static void on_start(struct store_port *port, struct store_call *call, struct task *owner)
{
	struct store *store = CONTAINER_OF(port, struct store, port);
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		abort(); // a call that can neither end nor fail would hang its owner
	op_start(&call->op, owner, on_call_cancel);
	call->state = entry;
	entry->call = call;
	list_init(&entry->link);
	const struct statement *statement = statements_get(call->statement);
	pg_query_init(&entry->query, statement->sql);
	entry->refusal = bind_init(&entry->bind, statement, call->args);
	if (!err_is(&entry->refusal))
		entry->refusal = admit(store, entry);
	if (err_is(&entry->refusal)) {
		list_append(&store->refused, &entry->link);
		task_wake(&store->task);
		return;
	}
	list_append(&store->entries, &entry->link);
	store->entry_count++;
	store->queued_bytes += entry->bind.bytes;
	entry->query.params = (const char *const *)entry->bind.texts;
	entry->query.types = entry->bind.types;
	entry->query.param_count = entry->bind.count;
	entry->lane = lane_of(call->statement);
	send_entry(store, entry);
	if (!timer_is_running(&store->watch))
		timer_start(&store->watch, &store->task, WATCH_MS);
}

// ---- phases

static void set_phase(struct store *store, enum store_phase phase, const char *message)
{
	log_debug("database", LOG_STR("from", phase_names[store->phase]),
		LOG_STR("to", phase_names[phase]));
	store->phase = phase;
	str_copy(store->message, sizeof(store->message), message);
	task_wake(store->watcher);
}

static void hang_up(struct store *store, const char *why)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		pg_hang_up(store->lanes[i].pg, why);
		store->lanes[i].locked_ms = 0;
		store->lanes[i].blocker.text[0] = '\0';
	}
	timer_stop(&store->watch);
}

static bool are_open(const struct store *store)
{
	return pg_is_open(store->lanes[LANE_VITAL].pg) && pg_is_open(store->lanes[LANE_HISTORY].pg);
}

static void wait_and_retry(struct store *store, const struct err *why)
{
	hang_up(store, "connection lost");
	store->is_migrated = false;
	retention_stop(&store->retention);
	if (store->phase == STORE_READY && loop_now_ms(store->loop) - store->ready_ms >= STEADY_MS)
		store->attempt = 0;
	uint32_t random = UINT32_MAX / 2; // without chance: somewhere in the middle
	(void)!hash_random(&random, sizeof(random));
	int64_t wait_ms =
		backoff_ms(store->attempt++, why->class, store->phase == STORE_STARTING, random);
	if (str_eq(why->message, store->last_error))
		log_debug("database not available", LOG_ERR(why), LOG_INT("wait_ms", wait_ms));
	else
		log_warning("database not available", LOG_ERR(why), LOG_INT("wait_ms", wait_ms));
	str_copy(store->last_error, sizeof(store->last_error), why->message);
	char text[32], message[sizeof(store->message)];
	num_format_duration(wait_ms, text, sizeof(text));
	snprintf(message, sizeof(message), "%s; next try in %s", why->message, text);
	set_phase(store, STORE_WAITING, message);
	timer_start(&store->timer, &store->task, wait_ms);
}

static void begin_connect(struct store *store)
{
	set_phase(store, STORE_CONNECTING, store->last_error);
	store->awaited = pg_connect(
		store->lanes[LANE_VITAL].pg, &store->conninfo, store->attempt, &store->task);
}

static void begin(struct store *store)
{
	timer_stop(&store->timer);
	if (!store->embedded) {
		begin_connect(store);
		return;
	}
	set_phase(store, STORE_STARTING, store->last_error);
	store->awaited = embedded_start(store->embedded, &store->task);
}

static void enter_ready(struct store *store)
{
	store->misplaced = ERR_OK;
	store->ready_ms = loop_now_ms(store->loop);
	store->last_error[0] = '\0';
	log_notice("database ready", LOG_STR("where", conninfo_where(&store->conninfo)),
		LOG_INT("server_version", pg_server_version(store->lanes[LANE_VITAL].pg)),
		LOG_INT("embedded", store->embedded != NULL));
	set_phase(store, STORE_READY, "");
	retention_start(&store->retention);
}

static void step_trim(struct store *store)
{
	if (!op_is_finished(&store->trim.op))
		return;
	embedded_trim_log(store->embedded);
	timer_start(&store->trim, &store->task, TRIM_MS);
}

// What the awaited op of a phase came to.
static void step_awaited(struct store *store)
{
	if (!op_is_finished(store->awaited))
		return;
	struct err err = store->awaited->err;
	if (err_is(&err)) {
		wait_and_retry(store, &err);
		return;
	}
	if (store->phase == STORE_STARTING) {
		begin_connect(store);
	} else if (store->phase == STORE_MIGRATING) {
		store->is_migrated = true;
		set_phase(store, STORE_CONNECTING, "");
		store->awaited = pg_connect_beside(store->lanes[LANE_HISTORY].pg, &store->conninfo,
			store->lanes[LANE_VITAL].pg, &store->task);
	} else if (store->is_migrated) {
		enter_ready(store);
	} else {
		set_phase(store, STORE_MIGRATING, "");
		migrate_start(&store->migrate, store->lanes[LANE_VITAL].pg, &store->task);
		store->awaited = &store->migrate.op;
	}
}

// ---- locks that others hold

static bool waits_long(const struct store *store, enum lane_name lane)
{
	const struct entry *entry;
	list_for_each (entry, &store->entries, link)
		if (entry->lane == lane)
			return loop_now_ms(store->loop) - entry->started_ms >= LONG_MS;
	return false;
}

// What status says of it: "" when nothing waits.
static void tell_waiting(struct store *store)
{
	static const char *const what[] = {
		"the lease and the intents wait, so nothing is changed in AWS", "history waits"};
	char text[sizeof(store->message)] = "";
	for (int i = 0; i < LANE_COUNT; i++) {
		size_t used = strlen(text);
		if (store->lanes[i].blocker.text[0])
			snprintf(text + used, sizeof(text) - used, "%s%s: %s", used ? "; " : "",
				what[i], store->lanes[i].blocker.text);
	}
	if (str_eq(text, store->message))
		return;
	if (*text && !store->message[0])
		log_warning("somebody holds a lock in the database", LOG_STR("what", text));
	str_copy(store->message, sizeof(store->message), text);
	task_wake(store->watcher);
}

static void step_watch(struct store *store)
{
	bool is_wanted = store->entry_count > 0;
	for (int i = 0; i < LANE_COUNT; i++)
		blocker_take(&store->lanes[i].blocker);
	if (!op_is_finished(&store->watch.op)) {
		if (!is_wanted && !store->message[0])
			timer_stop(&store->watch);
		return;
	}
	int64_t now = loop_now_ms(store->loop);
	for (int i = 0; i < LANE_COUNT; i++) {
		struct lane *lane = &store->lanes[i];
		struct pg *other = store->lanes[LANE_COUNT - 1 - i].pg;
		if (waits_long(store, (enum lane_name)i)) {
			if (!op_is_running(&lane->blocker.query.op))
				blocker_ask(&lane->blocker, other, pg_backend_pid(lane->pg),
					&store->task);
		} else if (now - lane->locked_ms >= STILL_LOCKED_MS || lane->locked_ms == 0) {
			lane->blocker.text[0] = '\0';
		}
		is_wanted = is_wanted || lane->blocker.text[0];
	}
	tell_waiting(store);
	op_reset(&store->watch.op);
	if (is_wanted || store->message[0])
		timer_start(&store->watch, &store->task, WATCH_MS);
}

// ---- stopping

static void close_everything(struct store *store)
{
	store->stopping = STOPPING_SERVER;
	timer_stop(&store->timer);
	timer_stop(&store->trim);
	retention_stop(&store->retention);
	op_cancel(&store->migrate.op);
	hang_up(store, "closing");
	finish_entries(store);
	store->awaited = NULL;
	if (store->embedded)
		store->awaited = embedded_stop(store->embedded, &store->task);
	else
		task_wake(&store->task);
}

static void step_stopping(struct store *store)
{
	if (store->stopping == STOPPING_DRAIN) {
		if (store->phase == STORE_READY && are_open(store) && store->entry_count > 0 &&
			!op_is_finished(&store->timer.op))
			return;
		close_everything(store);
		return;
	}
	if (store->phase != STORE_STOPPED && (!store->awaited || op_is_finished(store->awaited)))
		set_phase(store, STORE_STOPPED, "stopped");
}

static const struct err *loss(const struct store *store)
{
	const struct pg *vital = store->lanes[LANE_VITAL].pg;
	return pg_loss(pg_is_open(vital) ? store->lanes[LANE_HISTORY].pg : vital);
}

static void on_step(struct task *task)
{
	struct store *store = CONTAINER_OF(task, struct store, task);
	finish_entries(store);
	if (store->stopping) {
		step_stopping(store);
		return;
	}
	step_trim(store);
	switch (store->phase) {
	case STORE_STARTING:
	case STORE_CONNECTING:
	case STORE_MIGRATING:
		step_awaited(store);
		return;
	case STORE_READY:
		if (!are_open(store))
			wait_and_retry(store, loss(store));
		else if (err_is(&store->misplaced))
			wait_and_retry(store, &store->misplaced);
		else
			step_watch(store);
		return;
	case STORE_WAITING:
		if (op_is_finished(&store->timer.op))
			begin(store);
		return;
	case STORE_STOPPED:
		return;
	}
}

// ---- the interface

static bool lanes_new(struct store *store)
{
	static const int lock_ms[] = {VITAL_LOCK_MS, HISTORY_LOCK_MS};
	for (int i = 0; i < LANE_COUNT; i++) {
		struct lane *lane = &store->lanes[i];
		blocker_init(&lane->blocker);
		lane->pg = pg_new(store->loop, &store->task);
		if (!lane->pg)
			return false;
		pg_set_lock_timeout(lane->pg, lock_ms[i]);
	}
	return true;
}

struct err store_new(struct loop *loop, const struct store_settings *settings, struct task *watcher,
	struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	if (!store)
		return err_nomem();
	store->port.start = on_start;
	store->loop = loop;
	store->watcher = watcher;
	list_init(&store->entries);
	list_init(&store->refused);
	task_init(&store->task, loop, on_step, "store");
	timer_init(&store->timer, loop);
	timer_init(&store->trim, loop);
	timer_init(&store->watch, loop);
	migrate_init(&store->migrate, loop, migrate_store, migrate_store_count);
	retention_init(&store->retention, loop, &store->port,
		settings->retention_ms > 0 ? settings->retention_ms : ninety_days_ms);
	const char *conninfo = settings->conninfo;
	struct err err = ERR_OK;
	if (!conninfo) {
		err = embedded_new(loop, settings->state_dir, &store->task, &store->embedded);
		conninfo = err_is(&err) ? NULL : embedded_conninfo(store->embedded);
	}
	if (!err_is(&err))
		err = conninfo_init(&store->conninfo, conninfo);
	if (!lanes_new(store) && !err_is(&err))
		err = err_nomem();
	if (err_is(&err)) {
		store_free(store);
		return err;
	}
	if (store->embedded)
		timer_start(&store->trim, &store->task, TRIM_MS);
	begin(store);
	*ret_store = store;
	return ERR_OK;
}

struct store_port *store_as_port(struct store *store)
{
	return &store->port;
}

enum store_phase store_phase(const struct store *store)
{
	return store->phase;
}

const char *store_message(const struct store *store)
{
	return store->message;
}

void store_stop(struct store *store)
{
	if (store->stopping)
		return;
	store->stopping = STOPPING_DRAIN;
	timer_start(&store->timer, &store->task, DRAIN_MS);
	task_wake(&store->task);
}

void store_free(struct store *store)
{
	if (!store)
		return;
	timer_stop(&store->timer);
	timer_stop(&store->trim);
	timer_stop(&store->watch);
	retention_done(&store->retention);
	migrate_done(&store->migrate);
	for (int i = 0; i < LANE_COUNT; i++) {
		pg_free(store->lanes[i].pg);
		blocker_done(&store->lanes[i].blocker);
	}
	conninfo_done(&store->conninfo);
	embedded_free(store->embedded);
	task_done(&store->task);
	free(store);
}
