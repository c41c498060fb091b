// The life of one daemon of a simulation.
#include "tests/sim/sim.h"

/* Its own step comes at least so often, for what it tells systemd. */
enum { TICK_MS = 1000 };

bool daemon_runs(const struct daemon *daemon)
{
	return daemon->is_up && !daemon->frozen_since_ms && !daemon->is_doomed;
}

bool daemon_leads(const struct daemon *daemon)
{
	return daemon->is_up && (!daemon->lease || daemon->lease->role == LEASE_OURS);
}

void daemon_tell_lease(struct daemon *daemon)
{
	struct lease *lease = daemon->lease;
	if (!lease || !daemon->stack)
		return;
	stack_lease_changed(daemon->stack);
	lease_tell(lease, stack_may_lead(daemon->stack), stack_is_idle(daemon->stack));
}

static void on_app(struct task *task)
{
	struct daemon *daemon = CONTAINER_OF(task, struct daemon, app);
	daemon_tell_lease(daemon);
	if (!timer_is_running(&daemon->tick))
		timer_start(&daemon->tick, &daemon->app, TICK_MS);
}

void daemon_doom(struct daemon *daemon)
{
	daemon->is_doomed = daemon->aws.is_dead = daemon->db.is_dead = true;
	loop_stop(&daemon->loop);
}

static void on_statement(struct storage_link *link, const struct store_call *call)
{
	struct daemon *daemon = link->context;
	struct daemon_fate *fate = &daemon->fate;
	if (fate->loses_store_at > 0 && --fate->loses_store_at == 0 && !link->is_down) {
		trace_add(&daemon->sim->trace, daemon->name, "loses the store at %s",
			statements_get(call->statement)->name);
		link->is_down = true;
		daemon->store_back_ms =
			sim_now_ms(daemon->sim) + random_between(&daemon->sim->random, 1, 20000);
	}
	if (fate->dies_at_statement > 0 && --fate->dies_at_statement == 0) {
		trace_add(&daemon->sim->trace, daemon->name, "dies at %s",
			statements_get(call->statement)->name);
		daemon_doom(daemon);
	}
}

static void open_lease(struct daemon *daemon)
{
	daemon->keeper = NULL;
	daemon->lease = NULL;
	daemon->stack = NULL;
	task_init(&daemon->app, &daemon->loop, on_app, "app");
	timer_init(&daemon->tick, &daemon->loop);
	timer_start(&daemon->tick, &daemon->app, TICK_MS);
	if (!daemon->sim->is_leased)
		return;
	daemon->keeper = keeper_new(&(struct keeper_options){.loop = &daemon->loop,
		.store = &daemon->db.port,
		.watcher = &daemon->app,
		.daemon_id = daemon->name,
		.host = daemon->name,
		.version = "1",
		.pid = 1});
	daemon->lease = keeper_add(daemon->keeper, "shop");
}

void daemon_start(struct daemon *daemon)
{
	struct sim *sim = daemon->sim;
	if (daemon->is_up)
		trace_fail(&sim->trace, "%s runs already", daemon->name);
	daemon->starts_ms = daemon->store_back_ms = 0;
	loop_init_virtual(&daemon->loop, loop_wall_ms(&sim->outside) + daemon->skew_ms);
	// The boot clock of a machine of its own, which has been up for a while.
	daemon->loop.virtual_mono_ms = 3600000 + sim_now_ms(sim);
	daemon->aws.who = daemon->db.who = daemon->name;
	cloud_link_open(&daemon->aws, &sim->cloud, &daemon->loop);
	storage_link_open(&daemon->db, &sim->storage, &daemon->loop);
	daemon->aws.context = daemon->db.context = daemon;
	daemon->db.on_statement = on_statement;
	daemon->journal = journal_new(&daemon->loop, &daemon->db.port);
	journal_watch(daemon->journal, &daemon->app);
	open_lease(daemon);
	daemon->stack = stack_new(&(struct stack_options){.loop = &daemon->loop,
					  .aws = &daemon->aws.port,
					  .store = &daemon->db.port,
					  .journal = daemon->journal,
					  .lease = daemon->lease,
					  .watcher = &daemon->app,
					  .region = "eu-west-1"},
		sim_load(daemon->file));
	stack_store_changed(daemon->stack, true);
	daemon->is_up = true;
	trace_add(&sim->trace, daemon->name, "starts");
}

static void bury(struct daemon *daemon)
{
	struct sim *sim = daemon->sim;
	if (daemon->stack->phase != STACK_STOPPED)
		trace_fail(&sim->trace, "%s does not stop", daemon->name);
	keeper_free(daemon->keeper);
	stack_free(daemon->stack);
	journal_free(daemon->journal);
	timer_stop(&daemon->tick);
	task_done(&daemon->app);
	daemon->stack = NULL;
	daemon->keeper = NULL;
	daemon->lease = NULL;
	if (loop_done(&daemon->loop) != 0)
		trace_fail(&sim->trace, "the loop of %s does not close", daemon->name);
	daemon->is_up = daemon->is_doomed = false;
	daemon->frozen_since_ms = daemon->thaws_ms = daemon->store_back_ms = 0;
}

void daemon_stop(struct daemon *daemon)
{
	struct sim *sim = daemon->sim;
	trace_add(&sim->trace, daemon->name, "is told to stop");
	stack_stop(daemon->stack);
	if (daemon->keeper)
		keeper_stop(daemon->keeper);
	for (int i = 0; i < 600 && daemon->is_up; i++) {
		daemon_tell_lease(daemon);
		if (daemon->stack->phase == STACK_STOPPED && journal_count(daemon->journal) == 0 &&
			(!daemon->keeper || keeper_is_stopped(daemon->keeper)))
			break;
		sim_run(sim, 100);
	}
	if (!daemon->is_up)
		return; // killed meanwhile
	if (journal_count(daemon->journal) > 0)
		trace_fail(&sim->trace, "%s leaves history untold", daemon->name);
	cloud_link_cut(&daemon->aws);
	storage_link_cut(&daemon->db);
	bury(daemon);
}

void daemon_kill(struct daemon *daemon)
{
	trace_add(&daemon->sim->trace, daemon->name, "is killed");
	daemon->db.is_dead = true;
	cloud_link_cut(&daemon->aws);
	storage_link_cut(&daemon->db);
	stack_stop(daemon->stack);
	for (int i = 0; i < 100 && daemon->stack->phase != STACK_STOPPED; i++)
		loop_run_for(&daemon->loop, 1);
	bury(daemon);
}

void daemon_freeze(struct daemon *daemon, int64_t ms)
{
	int64_t now = sim_now_ms(daemon->sim);
	if (!daemon_runs(daemon))
		return;
	daemon->frozen_since_ms = now;
	daemon->thaws_ms = now + ms;
	trace_add(&daemon->sim->trace, daemon->name, "stands still");
}

void daemon_store(struct daemon *daemon, bool is_there)
{
	if (!daemon_runs(daemon) || daemon->db.is_down == !is_there)
		return;
	trace_add(&daemon->sim->trace, daemon->name,
		is_there ? "has the store back" : "loses the store");
	daemon->db.is_down = !is_there;
	if (!is_there)
		storage_link_cut(&daemon->db);
	stack_store_changed(daemon->stack, is_there);
}

void daemon_reload(struct daemon *daemon, const char *file)
{
	daemon->sim->reloads++;
	daemon->file = file;
	daemon->reloaded_ms = sim_now_ms(daemon->sim);
	if (!daemon->is_up)
		return;
	trace_add(&daemon->sim->trace, daemon->name, "reads its file again");
	stack_reload(daemon->stack, sim_load(file));
}

void daemon_set_clock(struct daemon *daemon, int64_t by_ms)
{
	daemon->skew_ms += by_ms;
	if (daemon->is_up)
		daemon->loop.virtual_wall_ms += by_ms;
	trace_add(&daemon->sim->trace, daemon->name, "has its clock set by %lld ms",
		(long long)by_ms);
}

// ---- is it well?

bool daemon_is_quarantined(const struct daemon *daemon, const char *address)
{
	const struct resource *resource = stack_find(daemon->stack, address);
	return resource && str_eq(resource->decision.reason, "Permadiff");
}

bool daemon_is_settled(const struct daemon *daemon)
{
	const struct stack *stack = daemon->stack;
	if (!daemon_runs(daemon) || stack->phase != STACK_RUNNING || !stack->is_settled)
		return false;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->decision.sync != SYNC_SYNCED &&
			!str_eq(resource->decision.reason, "ObserveOnly") &&
			!daemon_is_quarantined(daemon, resource->address))
			return false;
	}
	// A kind that cannot be looked at now only seems to be as it was.
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		const struct reconciler *r = &stack->reconcilers[i];
		for (size_t j = 0; j < r->watch_count; j++)
			if (r->watches[j].failure.count > 0)
				return false;
	}
	return true;
}

void daemon_tell(const struct daemon *daemon, struct buf *out)
{
	static const char *const verdicts[] = {
		"done", "act", "again", "wait", "hold", "backoff", "forget"};
	if (!daemon->is_up) {
		buf_addf(out, "%s is down\n", daemon->name);
		return;
	}
	map_for_each (&daemon->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		const struct decision *d = &resource->decision;
		if (d->sync != SYNC_SYNCED || d->verdict != VERDICT_DONE)
			buf_addf(out, "%s: %s: %s %s %s: %s\n", daemon->name, resource->address,
				verdicts[d->verdict], sync_name(d->sync), d->reason, d->message);
	}
}
