// A stack at run time: its resources, its five reconcilers, and the way between them. One file, one
// account, one region.
//
// Each layer is reconciled by itself, at its own interval; resources meet by reference, across
// layers too. A pass is one look at everything of a layer; between passes only what is settling,
// was written to, or was asked for is looked at.
#pragma once

#include "core/observe.h"
#include "core/publish.h"
#include "core/reread.h"
#include "core/resource.h"
#include "core/source.h"
#include "state/keeper.h"

enum { STACK_MOST_LAYERS = 8 };

/* One kind of a layer: when it is looked at, and how the last look went. */
struct watch {
	const struct kind *kind;
	struct observation observation;
	bool is_running;
	bool is_foreground; // the look belongs to the layer's pass
	bool is_awaited;    // the pass has not been told yet what this kind looks like
	bool is_for_pass;   // the next one is the look that a pass is for
	/* ... and also for what is looked for rarely: the second pass after a start, one in ten
	 * from then on, and when a person asks. */
	bool is_thorough;
	bool was_for_pass;  // the last one was
	int64_t due_ms;     // loop time; 0: not wanted
	int64_t ok_wall_ms; // of the last look that told something; 0: none
	struct failure failure;
	int resources; // of this kind, wanted or remembered
	int runs;      // of this kind, under way
};

/* What a layer has done since the start, for metrics. */
struct tally {
	struct histogram passes;      // how long they took
	struct histogram corrections; // from finding a drift to seeing it corrected
	uint64_t reverted;            // drifts that went away by themselves
	uint64_t failures[ERR_BUG + 1];
};

struct pass {
	int64_t started_wall_ms, started_ms, dur_ms;
	int calls, corrected, failed;
	char trigger[16]; // "start", "interval", "reload", "sync"
};

struct stack;

/* A layer's reconciler. */
struct reconciler {
	const struct layer *layer;
	struct stack *stack; // borrowed
	struct task task;
	struct timer timer;
	struct watch *watches; // owned
	size_t watch_count;
	int64_t next_pass_ms; // loop time
	bool is_passing;
	bool wants_all;      // also kinds without resources (what lost its record)
	bool wants_thorough; // a person asked: the next looks are
	struct tally tally;
	struct pass pass, last_pass; // last_pass.started_wall_ms 0: none yet
	int runs;
	uint64_t pass_count;
};

struct stack_options {
	struct loop *loop; // borrowed, all
	struct aws_port *aws;
	struct store_port *store;
	struct journal *journal;
	struct lease *lease;           // who may change AWS; NULL: nobody else is there
	const char *region;            // as the client resolved it
	const char *metrics_namespace; // where the daemon's own metrics go; NULL: nowhere
	struct task *watcher; // woken when something that status shows has changed; may be NULL
	int64_t wait_ms;      // before AWS is asked for the first time
	const char *wait_why; // a sentence for status; copied
};

enum stack_phase {
	STACK_VERIFYING, // whose account is it? (STS GetCallerIdentity)
	STACK_LOADING,   // records, holds, unfinished intents
	STACK_RUNNING,
	STACK_STOPPING, // no new calls; waits for what is in flight
	STACK_STOPPED,
};

struct stack {
	struct stack_options options;
	char *name, *region;
	char account[16];        // as STS says; "" until then
	struct desired *desired; // owned; in force
	struct map by_address;   // struct resource *, owned
	struct reconciler reconcilers[STACK_MOST_LAYERS];
	size_t reconciler_count;
	json_t *approved;  // {"<digest>": "<hold id>"}
	json_t *orders;    // core/orders.h; owned
	json_t *destroyed; // [wall ms, ...] of deletions by policy within an hour; owned
	json_t *departed;  // {"<kind> <id>": loop ms} of what AWS had, and has no more; owned
	enum stack_phase phase;
	struct task task;
	struct timer timer;
	struct aws_call identity;
	struct store_call loads[7];
	struct reread reread;
	uint64_t told; // counts the orders that are given and ended here
	struct publisher publisher;
	struct tagread tagread;
	uint8_t source_key[SOURCE_KEY_BYTES]; // marks of what is kept elsewhere (source.h)
	bool has_source_key;
	struct failure failure; // of verifying or loading; its message is shown
	bool is_store_ready;    // told by stack_store_changed()
	bool is_loaded;         // records have been read, under this lease: writing is allowed
	int64_t token;          // of the lease, as last known to be ours
	int64_t load_token;     // under which `loads` were sent
	enum lease_role role;   // as last looked at
	bool may_act;           // as last told to the reconcilers
	json_t *open_intents;   // creates whose outcome is not known, from before a crash
	int64_t loaded_wall_ms; // when `desired` came into force
	int64_t started_ms;     // loop time
	bool is_settled;        // every layer has passed and nothing is under way or waiting to act
	int64_t settled_ms;     // loop time at which that was first so
	int64_t unsettled_ms;   // ... and from which it was not so any more
	uint64_t changes;       // counts every change of anything shown
	int64_t clocks_apart_ms; // wall clock less boot clock, as last looked at
};

/* Takes `desired` over. */
struct stack *stack_new(const struct stack_options *options, struct desired *desired);
/* Puts another file in force; takes it over. Everything is looked at again. */
void stack_reload(struct stack *stack, struct desired *desired);
/* The store came or went. */
void stack_store_changed(struct stack *stack, bool is_ready);
/* The lease passed to us or away, or cannot be proven for now. */
void stack_lease_changed(struct stack *stack);
/* Looks whether the wall clock was set since, and moves the times that are waited from along
 * (shift.c). Before anything is decided by that clock. */
void stack_mind_clock(struct stack *stack);
/* Another daemon leads: this one looks, and changes nothing. */
bool stack_is_standby(const struct stack *stack);
/* May this daemon lead it? Not before what it has to tell of earlier is told, for the records that
 * are then read are whole; not with credentials of another account. */
bool stack_may_lead(const struct stack *stack);
/* Nothing is in flight and all is told: another daemon may lead it. */
bool stack_is_idle(const struct stack *stack);
/* May a change be begun at this instant? */
bool stack_may_act(const struct stack *stack);
/* Looks now: at "" (everything), a layer, or an address' layer; `is_thorough`: also for what is
 * looked for rarely. Counts the layers that it started; 0: nothing has that name. */
int stack_sync(struct stack *stack, const char *target, const char *trigger, bool is_thorough);
/* No new step starts; the watcher is woken when everything in flight has ended (STACK_STOPPED). */
void stack_stop(struct stack *stack);
/* After that: what is in flight ends at once, its outcome unknown. */
void stack_give_up(struct stack *stack);
void stack_free(struct stack *stack);

/* Approves or rejects the held changes that `target` names (a digest, an address, a layer, a
 * layer.kind, "" for all): [{"id","address","change"}]; new. `why`: what the person says; or NULL.
 */
json_t *stack_approve(
	struct stack *stack, const char *target, bool yes, const char *who, const char *why);

/* Adds an order (core/orders.h, without "order_id", "who" and "at_ms"), taken over; returns it,
 * borrowed. It counts at once. */
const json_t *stack_order(struct stack *stack, json_t *order, const char *who);
/* Ends the orders of that sort for exactly this target and, unless it is NULL, this field: the
 * ended ones; new. */
json_t *stack_end_orders(struct stack *stack, const char *sort, const char *target,
	const char *field, const char *who);
/* Takes back what the daemon stopped by itself under `target` ("", a layer, an address) and lets it
 * go on for `for_ms` (0: an hour): the ended orders; new; empty when nothing was stopped there. */
json_t *stack_release(struct stack *stack, const char *target, int64_t for_ms, const char *reason,
	const char *who);
/* Decides about all that `target` covers (core/orders.h) once more. */
void stack_decide_anew(struct stack *stack, const char *target);
/* Lets go of orders whose time is over. */
void stack_expire_orders(struct stack *stack);

struct resource *stack_find(const struct stack *stack, const char *address);
struct reconciler *stack_reconciler(struct stack *stack, const char *layer);
/* The watch of a kind that AWS could not be asked about; NULL: it could. */
const struct watch *stack_blind(const struct stack *stack, const struct kind *kind);
/* Must the target be looked at before anything is done about the referrer (core/ahead.h)? */
bool stack_is_ahead(
	struct stack *stack, const struct resource *referrer, const struct resource *target);
/* Wakes the reconciler of the resource, and those of what refers to it. */
void stack_touch(struct stack *stack, struct resource *resource, bool dependants_too);
/* What must outlive a resource, by the file in force: ["network.vpc.main", ...]; new. */
json_t *stack_order_of(const struct stack *stack, const struct wanted *wanted);
/* What every template over an item or a read sees: {"stack", "region", "account", "partition"};
 * new.
 */
json_t *stack_scope(const struct stack *stack);
/* The all-tags object of a resource: the file's and ours; new. */
json_t *stack_tags(const struct stack *stack, const struct wanted *wanted);
/* Puts into a subject of a look (observe.h) what its tags should be, and what they were shown to
 * be: between passes, which ask for all tags, those of neighbours are not read after each creation.
 */
void stack_recall_tags(const struct stack *stack, const struct resource *resource, bool is_for_pass,
	json_t *subject);
/* What is left as AWS has it, and why (remarks.h); new. */
json_t *stack_remarks(struct stack *stack, struct resource *resource);
/* Members whose observed value stands whatever the file says, because its policy ignores them or
 * they belong to another resource now: ["desiredCount"]; new. Calls that send more than what
 * differs send them as they are. */
json_t *stack_left(const struct stack *stack, const struct resource *resource);
/* The policy that rules it: its own or, for what left the file, its layer's. */
const struct policy *stack_policy(const struct stack *stack, const struct resource *resource);
/* The decide() input's parts that need the whole stack; used by the reconciler and by views. */
void stack_decide(struct stack *stack, struct resource *resource, struct decision *ret);
/* Notes in the record whose the items are that the file does not set (core/claim.h). Before
 * stack_decide(), which changes nothing of the resource. */
void stack_note_claims(const struct stack *stack, struct resource *resource);
/* Before a look for a kind that is known by its name and its parent's: where the parent was not
 * looked at yet, its id is put into `want` all the same when that is its name, which the file says.
 * Else what stands there already would be found missing, and written once more. */
void stack_foresee_keys(const struct stack *stack, const struct resource *resource, json_t *want);
/* Its desired JSON with references replaced, and what waits; both new. */
void stack_resolve(struct stack *stack, const struct resource *resource, json_t **ret_want,
	json_t **ret_waiting);
/* Adds an orphan found in AWS; `stray_of`: the address under which somebody added it, or NULL. */
struct resource *stack_adopt(
	struct stack *stack, const char *address, const struct kind *kind, const char *stray_of);
void stack_forget(struct stack *stack, struct resource *resource);
/* What AWS shows no more may be shown once more by a read that lags: for as long as any does it is
 * then not taken for something that was found. */
void stack_note_departed(struct stack *stack, const struct kind *kind, const char *id);
bool stack_has_departed(const struct stack *stack, const struct kind *kind, const char *id);
/* Saves the record when it has changed. */
void stack_save(struct stack *stack, struct resource *resource);

// ---- the layer's reconciler (reconcile.c)

void reconciler_init(struct reconciler *reconciler, struct stack *stack, const struct layer *layer);
/* Wants a pass now. */
void reconciler_pass(struct reconciler *reconciler, const char *trigger);
bool reconciler_is_busy(const struct reconciler *reconciler);
void reconciler_done(struct reconciler *reconciler);
int64_t reconciler_interval_ms(const struct reconciler *reconciler);
