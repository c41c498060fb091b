// Daemons' cores between an AWS in memory (cloud.h) and a store in memory (storage.h), on virtual
// time. Each can be started, stopped, and killed at any instant, stand still, and lose the store;
// the two sides stay.
//
// Every daemon has a loop, and so clocks, of its own; AWS, the store and the network between are on
// one outside. sim_run() lets all of them reach the same instant.
#pragma once

#include "base/log.h"
#include "core/stack.h"
#include "tests/sim/cloudops.h"
#include "tests/sim/dice.h"
#include "tests/sim/storage.h"
#include "tests/sim/trace.h"

#define SIM_START_MS 1800000000000

enum { SIM_MOST_DAEMONS = 3 };

struct sim;

/* At which of the coming events a daemon dies or loses the store; 0: at none. */
struct daemon_fate {
	int64_t dies_at_call, dies_at_statement;
	int64_t loses_store_at; // statement
};

struct daemon {
	struct sim *sim; // borrowed
	const char *name;
	struct cloud_link aws;
	struct storage_link db;
	const char *file;    // in force; borrowed
	int64_t reloaded_ms; // outside time
	int64_t skew_ms;     // of its wall clock
	struct daemon_fate fate;
	// -- while it is up
	bool is_up;
	bool is_doomed;          // it died in the middle of this step
	int64_t frozen_since_ms; // outside time; 0: it runs
	struct loop loop;
	struct journal *journal;
	struct stack *stack;
	struct keeper *keeper; // NULL unless the simulation is leased
	struct lease *lease;
	struct task app;
	struct timer tick;
	// -- what is to come; outside time, 0: nothing
	int64_t starts_ms, thaws_ms, store_back_ms;
};

struct sim {
	struct random random; // of the driver's own choices
	struct trace trace;
	struct loop outside;
	struct cloud cloud;
	struct storage storage;
	union {
		struct daemon daemons[SIM_MOST_DAEMONS];
		struct daemon daemon; // the first one
	};
	int count;
	int reloads;    // of any of them
	bool is_leased; // others may want to lead too; otherwise nobody is asked
	/* Looks whether everything is as it must be, after each step. NULL: nobody does. */
	void (*check)(struct sim *sim);
	void *context;
};

void sim_init(struct sim *sim, uint64_t seed, const char *file);
void sim_done(struct sim *sim);
int64_t sim_now_ms(const struct sim *sim);
/* Lets so much time pass for all of them. */
void sim_run(struct sim *sim, int64_t ms);
/* A file's text as the core reads it; ends the process when it is wrong. */
struct desired *sim_load(const char *text);

// ---- a daemon

void daemon_start(struct daemon *daemon);
/* SIGTERM: what is in flight ends, history is written, the lease is given back. */
void daemon_stop(struct daemon *daemon);
/* kill -9: what was on its way to AWS or the store arrives or not; nothing else happens. */
void daemon_kill(struct daemon *daemon);
/* kill -9 in the middle of its step: from here on nothing of it is heard. */
void daemon_doom(struct daemon *daemon);
/* SIGSTOP, until it is thawed after so long. */
void daemon_freeze(struct daemon *daemon, int64_t ms);
/* The store goes away, or comes back. */
void daemon_store(struct daemon *daemon, bool is_there);
void daemon_reload(struct daemon *daemon, const char *file);
/* Its wall clock is set forward or back. */
void daemon_set_clock(struct daemon *daemon, int64_t by_ms);
/* Up, and not standing still. */
bool daemon_runs(const struct daemon *daemon);
/* Leads by what it knows, or is alone. */
bool daemon_leads(const struct daemon *daemon);
/* Somebody's hand undid two writes in a row before they were seen: there is no third. */
bool daemon_is_quarantined(const struct daemon *daemon, const char *address);
bool daemon_is_settled(const struct daemon *daemon);
/* What is not in sync, for the message of a failed test. */
void daemon_tell(const struct daemon *daemon, struct buf *out);
/* What the daemon's own step does of its lease. */
void daemon_tell_lease(struct daemon *daemon);

// ---- the first daemon, for tests with one

void sim_start(struct sim *sim);
void sim_stop(struct sim *sim);
void sim_kill(struct sim *sim);
void sim_store(struct sim *sim, bool is_there);
void sim_reload(struct sim *sim, const char *file);
/* Runs until everything is in sync, at most so long; the virtual milliseconds that it took, -1 when
 * it was not enough. */
int64_t sim_settle(struct sim *sim, int64_t most_ms);
void sim_tell(const struct sim *sim, struct buf *out);
