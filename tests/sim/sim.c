#include "tests/sim/sim.h"
#include "base/js.h"
#include <stdlib.h>

enum { STEPS_WITHOUT_TIME = 100000 };

struct desired *sim_load(const char *text)
{
	struct findings findings;
	findings_init(&findings);
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct desired *desired = desired_load("sim.yaml", &options, &findings);
	for (size_t i = 0; i < findings.count && !desired; i++)
		fprintf(stderr, "%d: %s\n", findings.items[i].place.line,
			findings.items[i].message);
	findings_done(&findings);
	if (!desired)
		trace_fail(NULL, "the file of the simulation is wrong");
	return desired;
}

int64_t sim_now_ms(const struct sim *sim)
{
	return loop_now_ms(&sim->outside);
}

void sim_init(struct sim *sim, uint64_t seed, const char *file)
{
	static const char *const names[SIM_MOST_DAEMONS] = {"a", "b", "c"};
	*sim = (struct sim){.random = {seed}, .count = 1};
	loop_init_virtual(&sim->outside, SIM_START_MS);
	sim->outside.virtual_mono_ms = 1000000;
	trace_init(&sim->trace, &sim->outside, seed);
	cloud_init(&sim->cloud, seed + 1, "123456789012");
	storage_init(&sim->storage, seed + 2);
	dice = (struct random){seed + 3};
	sim->cloud.loop = sim->storage.loop = &sim->outside;
	sim->cloud.trace = sim->storage.trace = &sim->trace;
	for (int i = 0; i < SIM_MOST_DAEMONS; i++) {
		sim->daemons[i].sim = sim;
		sim->daemons[i].name = names[i];
		sim->daemons[i].file = file;
	}
}

void sim_done(struct sim *sim)
{
	for (int i = 0; i < sim->count; i++)
		if (sim->daemons[i].is_up)
			daemon_kill(&sim->daemons[i]);
	cloud_end_ghosts(&sim->cloud);
	if (loop_done(&sim->outside) != 0)
		trace_fail(&sim->trace, "the loop outside does not close");
	cloud_done(&sim->cloud);
	storage_done(&sim->storage);
}

// ---- time

// Milliseconds until something is due there.
static int64_t due_in(const struct loop *loop)
{
	if (!list_is_empty(&loop->run_queue) || !list_is_empty(&loop->soon))
		return 0;
	if (loop->heap_count == 0)
		return INT64_MAX;
	int64_t left = loop->heap[0]->due_ms - loop->virtual_mono_ms;
	return left > 0 ? left : 0;
}

static int64_t sooner(int64_t a, int64_t at_ms, int64_t now)
{
	if (!at_ms)
		return a;
	int64_t left = at_ms > now ? at_ms - now : 0;
	return left < a ? left : a;
}

static int64_t next_event(const struct sim *sim)
{
	int64_t next = due_in(&sim->outside), now = sim_now_ms(sim);
	for (int i = 0; i < sim->count; i++) {
		const struct daemon *daemon = &sim->daemons[i];
		if (daemon_runs(daemon) && due_in(&daemon->loop) < next)
			next = due_in(&daemon->loop);
		next = sooner(next, daemon->starts_ms, now);
		next = sooner(next, daemon->thaws_ms, now);
		if (daemon_runs(daemon))
			next = sooner(next, daemon->store_back_ms, now);
	}
	return next;
}

static void thaw(struct daemon *daemon)
{
	int64_t slept_ms = sim_now_ms(daemon->sim) - daemon->frozen_since_ms;
	daemon->thaws_ms = daemon->frozen_since_ms = 0;
	daemon->loop.virtual_mono_ms += slept_ms;
	daemon->loop.virtual_wall_ms += slept_ms;
	trace_add(&daemon->sim->trace, daemon->name, "goes on after %lld ms", (long long)slept_ms);
}

static void do_due(struct daemon *daemon)
{
	int64_t now = sim_now_ms(daemon->sim);
	if (daemon->is_doomed)
		daemon_kill(daemon);
	if (daemon->thaws_ms && daemon->thaws_ms <= now)
		thaw(daemon);
	if (daemon->starts_ms && daemon->starts_ms <= now && !daemon->is_up)
		daemon_start(daemon);
	if (daemon->store_back_ms && daemon->store_back_ms <= now && daemon_runs(daemon)) {
		daemon->store_back_ms = 0;
		daemon_store(daemon, true);
	}
	// A broken connection is noticed by what its statements end with.
	if (daemon_runs(daemon) && daemon->db.is_down && daemon->stack->is_store_ready) {
		storage_link_cut(&daemon->db);
		stack_store_changed(daemon->stack, false);
	}
}

static void advance(struct sim *sim, int64_t ms)
{
	loop_run_for(&sim->outside, ms);
	for (int i = 0; i < sim->count; i++)
		if (daemon_runs(&sim->daemons[i]))
			loop_run_for(&sim->daemons[i].loop, ms);
	for (int i = 0; i < sim->count; i++)
		do_due(&sim->daemons[i]);
	if (sim->check)
		sim->check(sim);
}

void sim_run(struct sim *sim, int64_t ms)
{
	int64_t until = sim_now_ms(sim) + ms;
	int still = 0;
	for (;;) {
		int64_t left = until - sim_now_ms(sim), next = next_event(sim);
		if (next > left) {
			advance(sim, left);
			return;
		}
		still = next == 0 ? still + 1 : 0;
		if (still > STEPS_WITHOUT_TIME)
			trace_fail(&sim->trace, "time stands still");
		advance(sim, next);
	}
}

// ---- the first daemon

void sim_start(struct sim *sim)
{
	daemon_start(&sim->daemon);
}

void sim_stop(struct sim *sim)
{
	daemon_stop(&sim->daemon);
}

void sim_kill(struct sim *sim)
{
	daemon_kill(&sim->daemon);
}

void sim_store(struct sim *sim, bool is_there)
{
	daemon_store(&sim->daemon, is_there);
}

void sim_reload(struct sim *sim, const char *file)
{
	daemon_reload(&sim->daemon, file);
}

int64_t sim_settle(struct sim *sim, int64_t most_ms)
{
	for (int64_t ms = 0; ms <= most_ms; ms += 100) {
		if (daemon_is_settled(&sim->daemon))
			return ms;
		sim_run(sim, 100);
	}
	return -1;
}

void sim_tell(const struct sim *sim, struct buf *out)
{
	daemon_tell(&sim->daemon, out);
}
