// The Postgres store: everything Holdfast remembers. SQL lives here and nowhere else.
//
// The interface is a table of named statements (statements.c): each has SQL with parameters, the
// names of the JSON members that fill them, and the types of its answer columns. So a caller says
// store_start(store, STORE_ACTION_INTEND, {"stack": .., "address": ..}) and gets rows as JSON
// objects, and the simulation can stand in with a table of its own.
#pragma once

#include "base/err.h"
#include "base/js.h"
#include "loop/loop.h"

/* The statements, in statements.h; one enum member each. */
#include "state/statements.h"

/* One statement with its parameters; an op. */
struct store_call {
	struct op op;
	enum store_statement statement;
	json_t *args; // owned by the call; object with the statement's parameter names
	json_t *rows; // out: array of objects; owned; NULL unless finished without error
	void *state;  // private
};

struct store_port {
	void (*start)(struct store_port *port, struct store_call *call, struct task *owner);
};

/* Takes `args` over. */
void store_call_init(struct store_call *call, enum store_statement statement, json_t *args);
void store_call_done(struct store_call *call);
/* Queued and pipelined; answered in order. Ends with ERR_OK and rows, or
 *   TRANSIENT  "NotConnected", "QueueFull" (nothing was sent); connection lost (08*, 57P*),
 * resources (53*): maybe_done when the statement may have been carried out; every statement of the
 *              table may be repeated (unique ids)
 *   CONFLICT   40001, 40P01, 25006
 *   DENIED     42501: a role without rights on the schema
 *   INVALID    an argument is missing or of another type, a NUL, too large: 22021, 22P05, 54*; 42*,
 *              other 22* and 23* are BUG
 *   CANCELED   only before it was sent; later it ends with what comes */
static inline void store_start(struct store_port *port, struct store_call *call, struct task *owner)
{
	port->start(port, call, owner);
}

// ---- the real store

struct store;

struct store_settings {
	const char *conninfo;  // NULL: the embedded server in state_dir
	const char *state_dir; // for the embedded server: <state_dir>/postgres
	int64_t retention_ms;  // of history; 0: 90 days
};

enum store_phase {
	STORE_STARTING,
	STORE_CONNECTING,
	STORE_MIGRATING,
	STORE_READY,
	STORE_WAITING,
	STORE_STOPPED
};

/* Starts to work on the connection by itself (server, connect, migrate) and reconnects with backoff
 * for ever, whatever the reason. INVALID at once when the conninfo is malformed or this machine
 * cannot run a server in state_dir (embedded.h). Wakes `watcher` at every change of phase. */
struct err store_new(struct loop *loop, const struct store_settings *settings, struct task *watcher,
	struct store **ret_store) MUST_CHECK;
struct store_port *store_as_port(struct store *store);
enum store_phase store_phase(const struct store *store);
/* Why it is not ready, for status: "connection refused; next try in 4 s". Borrowed. */
const char *store_message(const struct store *store);
/* Finishes what is queued (bounded by 5 s), closes, stops the embedded server; wakes the watcher
 * with STORE_STOPPED. */
void store_stop(struct store *store);
/* After STORE_STOPPED. */
void store_free(struct store *store);
