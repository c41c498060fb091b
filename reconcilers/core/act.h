// Carrying a plan out: one step after the other, each intended in the store before it is sent and
// settled after.
#pragma once

#include "aws/client.h"
#include "core/journal.h"
#include "core/plan.h"
#include "loop/loop.h"
#include "state/keeper.h"

struct run_options {
	struct loop *loop; // borrowed, all
	struct aws_port *aws;
	struct store_port *store;
	struct journal *journal;
	const char *stack, *region, *account, *config_version;
	const struct lease *lease; // under which it is done; NULL: nobody else writes
	const uint8_t *source_key; // NULL: there is none
	bool is_canceled;          // by run_stop(): no further step starts
};

/* One plan being carried out; an op. */
struct run {
	struct op op;
	struct run_options options;
	// -- in, owned
	const struct kind *kind;
	char *address, *reason;
	char digest[17];
	char config_version[17]; // a reload may free the one in the options
	struct plan plan;
	json_t *resource; // the scope of the templates; "id" is set when the create call answers
	// -- out
	char *id;        // owned; of what was created
	json_t *settled; // outcome of the create call, for STORE_ACTION_SETTLE; the owner takes it
			 // and puts it after the record with the id, so that a crash between the
			 // two leaves an open intent; NULL: none; owned
	json_t *written; // ["path", ...] whose steps were carried out; owned
	json_t *moved;   // where it moved to by the last answer (moving.h); owned, or NULL
	json_t *unsure;  // ["path", ...] whose calls got no answer and must not run twice; owned
	int calls;       // requests to AWS
	bool is_created, is_deleted;
	bool is_unknown;       // a create whose outcome is not known
	json_t *sent;          // how it could be sent once more (sent.h); owned, or NULL
	const char *operation; // of the step under way or failed, for status
	int64_t step_started_ms;
	// -- private
	struct task task;
	int phase;
	size_t at;
	struct aws_call call, find;
	struct store_call intent;
	int times; // CALL_WHILE_FOUND
	json_t *input, *found;
	json_t *filled; // values from elsewhere that stand in the input; burned when it was sent
	char action_id[40];
	struct err first_err;
	struct err refusal; // of a deletion, while its blockers are asked for
};

/* Takes plan, address, reason and resource over (all of the heap). */
struct run *run_new(const struct run_options *options, const struct kind *kind, char *address,
	char *reason, const char *digest, struct plan *plan, json_t *resource);
/* Ends with ERR_OK when every step was carried out, else with the first error. */
void run_start(struct run *run, struct task *owner);
/* No further step starts; the one in flight is finished. */
void run_stop(struct run *run);
/* The same, and what is in flight is given up: whether AWS carries it out is not known then. */
void run_give_up(struct run *run);
/* Buries it. */
void run_free(struct run *run);
