// Keeps the leases of one daemon: a heartbeat, renewals, what is free, what is one too many.
//
// A round a second: renew what is ours, say that we live, read who holds what; then take what the
// fair share says (share.h), give back what has been let go. While Postgres is away the rounds
// fail, and what was proven runs out by itself. Over any store_port, so also over a simulated one.
#pragma once

#include "base/list.h"
#include "loop/http.h"
#include "loop/loop.h"
#include "state/lease.h"
#include "state/store.h"

enum lease_role {
	LEASE_UNKNOWN, // Postgres has not told yet
	LEASE_NOBODYS,
	LEASE_OTHERS,
	LEASE_OURS, // as far as we know; lease_may_write() tells whether it is proven
};

struct keeper;

/* The lease of one stack. Belongs to its keeper; the owner of the stack reads it, and writes the
 * two members that say so. */
struct lease {
	struct http_gate gate; // open while the lease is proven; for what changes AWS
	enum lease_role role;
	int64_t token;     // ours, 0 while it is not: for intents and records
	bool is_leaving;   // ours only until the owner has let go: nothing new is begun
	char host[72];     // who leads, or led last; "" when nobody ever did
	int64_t pid;       // there
	int64_t since_ms;  // wall time by Postgres' clock
	char trouble[200]; // why it can be neither had nor kept, and only a person helps; "" mostly
	// -- by the owner
	bool may_take; // it is ready to lead
	bool is_idle;  // nothing is in flight and its history is written: what is leaving may go
	// -- private
	struct keeper *keeper; // borrowed
	char *stack;           // owned
	struct lease_clock proven;
	struct lease_sight sight;
	struct list link;
	struct store_call call;
	struct lease_clock sent;
	bool is_called;
	bool was_proven;
};

struct keeper_options {
	struct loop *loop;        // borrowed, all
	struct store_port *store; //
	struct task *watcher;     // woken when the role, the token or the leader of a lease changes
	const char *daemon_id; // the same after a restart on the same host and state directory only
	const char *host, *version;
	int64_t pid;
	bool is_observer; // leads only what nobody else could
};

struct keeper *keeper_new(const struct keeper_options *options);
/* The lease of a stack, from now on striven for when `may_take` is set. Lives as long as the
 * keeper.
 */
struct lease *keeper_add(struct keeper *keeper, const char *stack);
/* Why the store, which answers otherwise, cannot be asked who leads; "" mostly. Valid until the
 * next round. */
const char *keeper_trouble(const struct keeper *keeper);
/* By the owner, whenever one of the two may have changed: is it ready to lead, and is all in flight
 * over (which counts while it is leaving)? What can be taken or given back now is so at once. */
void lease_tell(struct lease *lease, bool may_take, bool is_idle);
/* A round now: the store is back, or an owner has let go. */
void keeper_wake(struct keeper *keeper);
/* Takes nothing any more; everything is leaving, and released as soon as its owner is idle. */
void keeper_stop(struct keeper *keeper);
/* Nothing is ours any more (or nobody could be told). */
bool keeper_is_stopped(const struct keeper *keeper);
/* The store must have finished its calls, or finishes them after: they are buried. */
void keeper_free(struct keeper *keeper);

/* May AWS be changed at this instant? Reads the clocks anew. */
bool lease_may_write(const struct lease *lease);
/* May something new be begun? */
bool lease_may_begin(const struct lease *lease);
/* Somebody else leads, as far as we know. */
static inline bool lease_is_standby(const struct lease *lease)
{
	return lease->role == LEASE_OTHERS;
}
