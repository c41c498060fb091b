// A store in memory for the statements that the core uses. It outlives the daemons of a simulation,
// and any number of them have a connection to it. What a crash leaves undone is the end of its
// queue, as with a real pipelined connection.
//
// Arguments are checked against the rows of state/statements.c: what Postgres would refuse ends
// the process.
#pragma once

#include "base/js.h"
#include "base/list.h"
#include "base/str.h"
#include "loop/loop.h"
#include "state/store.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"

struct storage;

/* A daemon's connection, as long as it lives. */
struct storage_link {
	struct store_port port;
	struct storage *storage; // borrowed
	struct loop *loop;       // of the daemon; borrowed
	const char *who;
	struct list queue;
	int64_t last_due_ms;
	bool is_down; // statements fail: nobody is there
	bool is_dead; // the daemon is being buried: nothing is done any more
	/* Told of every statement, before it is sent and after it was carried out; may set is_dead
	 * or is_down. NULL: nobody. */
	void (*on_statement)(struct storage_link *link, const struct store_call *call);
	void *context;
};

struct storage {
	struct storage_link link; // of tests with one daemon
	struct random random;
	struct trace *trace; // borrowed; NULL: none
	// -- what is stored
	json_t *records;       // address -> {"kind","layer","aws_id","data"}
	json_t *actions;       // action_id -> the intent's arguments and "outcome"
	json_t *holds;         // hold_id -> arguments and "state"
	json_t *drifts;        // drift_id -> arguments and, when closed, "how"
	json_t *orders;        // order_id -> arguments and "ended"
	json_t *keys;          // stack -> key
	json_t *leases;        // stack -> a row of LEASES, and "expires"
	json_t *daemons;       // daemon_id -> arguments of its last beat, and "expires"
	int64_t clock_skew_ms; // of the server
	int counts[STORE_STATEMENT_COUNT];
	int64_t most_delay_ms; // of a statement; 0: the next turn
	int failed;            // permille of the statements, refused without effect
	bool refuses_intents;  // for tests: ACTION_INTEND fails
	int fails_once_in;     // for tests: of so many statements one fails, and spares the others
	bool is_locked;        // for tests: a person holds a lock, so all fail
	struct loop *loop;     // of the server; borrowed
};

/* `loop` serves both sides until storage_attach() says otherwise. */
void storage_init(struct storage *storage, uint64_t seed);
void storage_done(struct storage *storage);
/* A new daemon connects by the storage's own link; both live on its loop. */
void storage_attach(struct storage *storage, struct loop *loop);
/* The own link's connection ends. */
void storage_cut(struct storage *storage);

void storage_link_open(struct storage_link *link, struct storage *storage, struct loop *loop);
/* The connection ends now: some of what is queued was still carried out, in order; no answer
 * arrives. */
void storage_link_cut(struct storage_link *link);
void storage_link_start(struct storage_link *link, struct store_call *call, struct task *owner);

/* The open intent of this call, not yet sent, for cloud.h; borrowed; NULL: there is none. */
json_t *storage_intent(const struct storage *storage, const char *operation, const json_t *input);
