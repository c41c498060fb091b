// One connection to Postgres on the loop: connect, statements in pipeline mode, loss.
//
// libpq is used non-blocking throughout. Its socket may change while it connects (several hosts, a
// retry without TLS), so the poll handle is made anew for each step. In pipeline mode a statement's
// result comes before its transaction commits, so a query is finished by its sync, not by its
// result; each has a sync of its own, so that one failure does not abort its neighbours. It does
// not reconnect; store.c does.
#pragma once

#include "base/err.h"
#include "loop/loop.h"
#include "state/conninfo.h"
#include <libpq-fe.h>

struct pg;

/* One statement; an op. */
struct pg_query {
	struct op op;
	// -- in; borrowed until finished
	const char *sql;
	const char *const *params; // text format; NULL is SQL NULL
	const Oid *types;
	int param_count;
	bool is_script;      // several statements in one text, no parameters; runs alone
	int64_t deadline_ms; // without an answer for this long the connection is given up; 0: 45 s
	// -- out; owned; the last result; NULL unless finished without error
	PGresult *result;
	// -- private
	struct pg *pg;
	struct list link;
	bool is_sent;
	bool has_failed;
	struct err failure;
};

void pg_query_init(struct pg_query *query, const char *sql);
/* Not while it runs. */
void pg_query_done(struct pg_query *query);

/* `watcher` is woken when an open connection is lost. NULL when memory is out. */
struct pg *pg_new(struct loop *loop, struct task *watcher);
/* Hangs up and frees; every query must have finished (pg_hang_up() sees to that). */
void pg_free(struct pg *pg);

/* Connects; *pg is an op with its own `connect`. Ends with ERR_OK, TRANSIENT (with libpq's reason),
 * INVALID (28*, 3D*: password, role, database), CONFLICT (a standby). `attempt` rotates the hosts,
 * so that one that swallows packets does not hide the others. `conninfo` is borrowed until the op
 * has finished. */
struct op *pg_connect(
	struct pg *pg, const struct conninfo *conninfo, unsigned attempt, struct task *owner);
/* The same, to the very server that `other`, which is open, is connected to. */
struct op *pg_connect_beside(
	struct pg *pg, const struct conninfo *conninfo, const struct pg *other, struct task *owner);
/* For how long a statement may wait for a lock, from the next connect on; 10 s otherwise. A pooler
 * that refuses options leaves it to the role's settings. */
void pg_set_lock_timeout(struct pg *pg, int ms);
bool pg_is_open(const struct pg *pg);
/* Why the last open connection ended. */
const struct err *pg_loss(const struct pg *pg);
/* Queued, sent in order, answered in order. TRANSIENT with maybe_done when the connection is lost
 * after it was sent, without when before. A cancel takes effect only before it is sent. */
void pg_query_start(struct pg *pg, struct pg_query *query, struct task *owner);
/* Closes at once: a connect and all queries finish with `why`, made TRANSIENT. */
void pg_hang_up(struct pg *pg, const char *why);
/* The backend's process id, 0 when not open; for tests and messages. */
int pg_backend_pid(const struct pg *pg);
/* PQserverVersion(), 0 when not open. */
int pg_server_version(const struct pg *pg);
