// A daemon's core between an AWS in memory (cloud.h) and a store in memory (storage.h), on virtual
// time. It can be started, stopped, and killed at any instant; the two sides stay. Included by one
// file of a program.
#pragma once

#include "base/log.h"
#include "core/stack.h"
#include "tests/sim/cloud.h"
#include "tests/sim/storage.h"

#define SIM_START_MS 1800000000000

/* Of the process: ids, jitter. In place of OpenSSL's own, which is in a shared library: what is
 * random in a simulation comes from its seed. */
static struct random sim_dice;

int RAND_bytes(unsigned char *bytes, int count);
int RAND_bytes(unsigned char *bytes, int count)
{
	for (int i = 0; i < count; i++)
		bytes[i] = (unsigned char)random_next(&sim_dice);
	return 1;
}

struct sim {
	struct random random; // of the driver's own choices
	struct cloud cloud;
	struct storage storage;
	const char *file; // the text of the desired state
	// -- the daemon
	struct loop loop;
	struct journal *journal;
	struct stack *stack;
	struct keeper *keeper; // NULL unless is_leased
	struct lease *lease;
	struct task app;
	bool is_leased;  // others may want to lead too; otherwise nobody is asked
	int64_t wall_ms; // while nothing runs
	bool is_up;
};

static inline struct desired *sim_load(const char *text)
{
	struct findings findings;
	findings_init(&findings);
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct desired *desired = desired_load("sim.yaml", &options, &findings);
	for (size_t i = 0; i < findings.count; i++)
		print_error("%d: %s\n", findings.items[i].place.line, findings.items[i].message);
	findings_done(&findings);
	assert_non_null(desired);
	return desired;
}

static inline void sim_init(struct sim *sim, uint64_t seed, const char *file)
{
	*sim = (struct sim){.random = {seed}, .file = file, .wall_ms = SIM_START_MS};
	cloud_init(&sim->cloud, seed + 1, "123456789012");
	storage_init(&sim->storage, seed + 2);
	sim_dice = (struct random){seed + 3};
	sim->cloud.is_intended = storage_intends;
	sim->cloud.context = &sim->storage;
}

/* What the daemon's own step does of it. */
static inline void sim_tell_lease(struct task *task)
{
	struct sim *sim = CONTAINER_OF(task, struct sim, app);
	if (!sim->lease || !sim->stack)
		return;
	bool was_idle = sim->lease->is_idle;
	sim->lease->may_take =
		(sim->stack->phase == STACK_LOADING || sim->stack->phase == STACK_RUNNING) &&
		journal_count(sim->journal) == 0;
	stack_lease_changed(sim->stack);
	sim->lease->is_idle = sim->lease->is_leaving && stack_is_idle(sim->stack);
	if (sim->lease->is_idle && !was_idle)
		keeper_wake(sim->keeper);
}

static inline void sim_open_lease(struct sim *sim)
{
	sim->keeper = NULL;
	sim->lease = NULL;
	sim->stack = NULL;
	task_init(&sim->app, &sim->loop, sim_tell_lease, "app");
	if (!sim->is_leased)
		return;
	sim->keeper = keeper_new(&(struct keeper_options){.loop = &sim->loop,
		.store = &sim->storage.port,
		.watcher = &sim->app,
		.daemon_id = "sim",
		.host = "sim",
		.version = "1",
		.pid = 1});
	sim->lease = keeper_add(sim->keeper, "shop");
}

static inline void sim_start(struct sim *sim)
{
	assert_false(sim->is_up);
	loop_init_virtual(&sim->loop, sim->wall_ms);
	sim->loop.virtual_mono_ms = 3600000; // a machine that has been up for a while
	cloud_attach(&sim->cloud, &sim->loop);
	storage_attach(&sim->storage, &sim->loop);
	sim->journal = journal_new(&sim->loop, &sim->storage.port);
	sim_open_lease(sim);
	sim->stack = stack_new(&(struct stack_options){.loop = &sim->loop,
				       .aws = &sim->cloud.port,
				       .store = &sim->storage.port,
				       .journal = sim->journal,
				       .lease = sim->lease,
				       .watcher = &sim->app,
				       .region = "eu-west-1"},
		sim_load(sim->file));
	stack_store_changed(sim->stack, true);
	sim->is_up = true;
}

static inline void sim_run(struct sim *sim, int64_t ms)
{
	loop_run_for(&sim->loop, ms);
}

static inline void sim_bury(struct sim *sim)
{
	assert_int_equal(sim->stack->phase, STACK_STOPPED);
	keeper_free(sim->keeper);
	stack_free(sim->stack);
	journal_free(sim->journal);
	task_done(&sim->app);
	sim->wall_ms = loop_wall_ms(&sim->loop);
	assert_int_equal(loop_done(&sim->loop), 0);
	sim->is_up = false;
}

/* SIGTERM: what is in flight ends, history is written. */
static inline void sim_stop(struct sim *sim)
{
	stack_stop(sim->stack);
	for (int i = 0;
		i < 600 && (sim->stack->phase != STACK_STOPPED || journal_count(sim->journal) > 0);
		i++)
		sim_run(sim, 100);
	assert_int_equal(journal_count(sim->journal), 0);
	sim_bury(sim);
}

/* kill -9: what was on its way to AWS or the store arrives or not; nothing else happens. */
static inline void sim_kill(struct sim *sim)
{
	sim->storage.is_dead = true;
	cloud_cut(&sim->cloud);
	storage_cut(&sim->storage);
	stack_stop(sim->stack);
	for (int i = 0; i < 100 && sim->stack->phase != STACK_STOPPED; i++)
		sim_run(sim, 1);
	sim_bury(sim);
}

/* The store goes away, or comes back. */
static inline void sim_store(struct sim *sim, bool is_there)
{
	if (sim->storage.is_down == !is_there)
		return;
	sim->storage.is_down = !is_there;
	if (!is_there)
		storage_cut(&sim->storage);
	stack_store_changed(sim->stack, is_there);
}

static inline void sim_reload(struct sim *sim, const char *file)
{
	sim->file = file;
	if (sim->is_up)
		stack_reload(sim->stack, sim_load(file));
}

/* Somebody's hand undid two writes in a row before they were seen: there is no third. */
static inline bool sim_is_quarantined(const struct sim *sim, const char *address)
{
	const struct resource *resource = stack_find(sim->stack, address);
	return resource && str_eq(resource->decision.reason, "Permadiff");
}

static inline bool sim_is_settled(const struct sim *sim)
{
	if (sim->stack->phase != STACK_RUNNING || !sim->stack->is_settled)
		return false;
	map_for_each (&sim->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->decision.sync != SYNC_SYNCED &&
			!sim_is_quarantined(sim, resource->address))
			return false;
	}
	// A kind that cannot be looked at now only seems to be as it was.
	for (size_t i = 0; i < sim->stack->reconciler_count; i++) {
		const struct reconciler *r = &sim->stack->reconcilers[i];
		for (size_t j = 0; j < r->watch_count; j++)
			if (r->watches[j].failure.count > 0)
				return false;
	}
	return true;
}

/* Runs until everything is in sync, at most so long; the virtual milliseconds that it took, -1 when
 * it was not enough. */
static inline int64_t sim_settle(struct sim *sim, int64_t most_ms)
{
	for (int64_t ms = 0; ms <= most_ms; ms += 100) {
		if (sim_is_settled(sim))
			return ms;
		sim_run(sim, 100);
	}
	return -1;
}

/* What is not in sync, for the message of a failed test. */
static inline void sim_tell(const struct sim *sim, struct buf *out)
{
	static const char *const verdicts[] = {
		"done", "act", "again", "wait", "hold", "backoff", "forget"};
	map_for_each (&sim->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		const struct decision *d = &resource->decision;
		if (d->sync != SYNC_SYNCED || d->verdict != VERDICT_DONE)
			buf_addf(out, "%s: %s %s %s: %s\n", resource->address, verdicts[d->verdict],
				sync_name(d->sync), d->reason, d->message);
	}
}

static inline void sim_done(struct sim *sim)
{
	if (sim->is_up)
		sim_kill(sim);
	cloud_done(&sim->cloud);
	storage_done(&sim->storage);
}
