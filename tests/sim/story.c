#include "tests/sim/story.h"
#include "tests/sim/hands.h"
#include "tests/sim/plays.h"
#include "tests/sim/rules.h"
#include <stdlib.h>

enum {
	CALM_MS = 30000, // until AWS knows its own mind
	PASS_MS = 35000, // more than the interval of the plays
	MOST_SETTLE_MS = 1200000,
	STEADY_MS = 90000,
	ILL_MS = 720000,
	// After a start what nobody knows the end of is looked for anew, for two minutes and until
	// the next look: its clock may have been set meanwhile.
	MOST_SEARCH_MS = 180000
};

struct story {
	struct sim sim;
	struct rules rules;
	const struct play *play;
	const char *file; // that all are to have in the end
};

static int64_t draw(struct story *story, int64_t low, int64_t high)
{
	return random_between(&story->sim.random, low, high);
}

static bool hits(struct story *story, int permille)
{
	return random_hit(&story->sim.random, permille);
}

static struct daemon *any_daemon(struct story *story)
{
	return &story->sim.daemons[draw(story, 0, story->sim.count)];
}

static struct daemon *leader(struct story *story)
{
	for (int i = 0; i < story->sim.count; i++)
		if (daemon_runs(&story->sim.daemons[i]) && daemon_leads(&story->sim.daemons[i]))
			return &story->sim.daemons[i];
	return NULL;
}

// ---- what becomes of a daemon

static void end_life(struct story *story, struct daemon *daemon, bool is_crash)
{
	if (daemon->is_up && is_crash)
		daemon_kill(daemon);
	else if (daemon_runs(daemon) && !daemon->db.is_down)
		daemon_stop(daemon);
	if (!daemon->is_up && !daemon->starts_ms)
		daemon->starts_ms =
			sim_now_ms(&story->sim) +
			(hits(story, 500) ? draw(story, 1, 2000) : draw(story, 2000, 60000));
}

// It dies, or loses the store, at the n-th of what it does from now on.
static void doom(struct story *story, struct daemon *daemon)
{
	struct daemon_fate *fate = &daemon->fate;
	switch (draw(story, 0, 3)) {
	case 0:
		fate->dies_at_call = draw(story, 1, 40);
		break;
	case 1:
		fate->dies_at_statement = draw(story, 1, 100);
		break;
	case 2:
		fate->loses_store_at = draw(story, 1, 100);
		break;
	}
}

static void lose_store(struct story *story, struct daemon *daemon)
{
	daemon_store(daemon, false);
	daemon->store_back_ms = sim_now_ms(&story->sim) + draw(story, 1, 60000);
}

// Now and then it is cut off as well, so that nothing but its clocks tells it how long it led.
static void set_clock(struct story *story, struct daemon *daemon)
{
	static const int64_t steps[] = {1500, 20000, 600000, 7200000};
	int64_t step = steps[draw(story, 0, ARRAY_COUNT(steps))];
	daemon_set_clock(daemon, hits(story, 500) ? step : -step);
	if (hits(story, 300))
		lose_store(story, daemon);
}

static void reload(struct story *story)
{
	struct sim *sim = &story->sim;
	story->file = story->file == story->play->first ? story->play->second : story->play->first;
	for (int i = 0; i < sim->count; i++)
		if (!sim->daemons[i].frozen_since_ms && (sim->count == 1 || hits(story, 700)))
			daemon_reload(&sim->daemons[i], story->file);
}

static void give_order(struct story *story)
{
	struct daemon *daemon = leader(story);
	if (!daemon || daemon->stack->phase != STACK_RUNNING)
		return;
	if (hits(story, 400)) {
		json_decref(stack_end_orders(daemon->stack, "pause", "network", NULL, "somebody"));
		return;
	}
	trace_add(&story->sim.trace, "man", "pauses the network at %s", daemon->name);
	int64_t most_ms = hits(story, 300) ? 500000 : 200000;
	stack_order(daemon->stack,
		json_pack("{s:s, s:s, s:I}", "sort", "pause", "target", "network", "until_ms",
			(json_int_t)(loop_wall_ms(&daemon->loop) + draw(story, 1000, most_ms))),
		"somebody");
}

static void disturb(struct story *story)
{
	struct daemon *daemon = any_daemon(story);
	switch (draw(story, 0, 17)) {
	case 0:
	case 1:
		end_life(story, daemon, true);
		break;
	case 2:
		end_life(story, daemon, false);
		break;
	case 3:
	case 4:
	case 5:
		doom(story, daemon);
		break;
	case 6:
		lose_store(story, daemon);
		break;
	case 7:
		hands_delete(&story->sim);
		break;
	case 8:
	case 9:
		hands_change_any(&story->sim);
		break;
	case 10:
	case 11:
		reload(story);
		break;
	case 12:
		if (daemon_runs(daemon))
			stack_sync(daemon->stack, "", "sync", true);
		break;
	case 13:
		daemon_freeze(daemon, draw(story, 100, hits(story, 500) ? 8000 : 60000));
		break;
	case 14:
		set_clock(story, daemon);
		break;
	case 15:
		give_order(story);
		break;
	case 16: // the store's own clock is set
		story->sim.storage.clock_skew_ms += draw(story, -20000, 20000);
		break;
	}
	// Whoever died in the meantime is started again by its supervisor.
	for (int i = 0; i < story->sim.count; i++)
		if (!story->sim.daemons[i].is_up && !story->sim.daemons[i].starts_ms)
			story->sim.daemons[i].starts_ms =
				sim_now_ms(&story->sim) + draw(story, 1, 30000);
}

// ---- the acts

static void set_weather(struct story *story)
{
	struct sim *sim = &story->sim;
	sim->cloud.weather = (struct weather){.least_delay_ms = 5,
		.most_queue_ms = hits(story, 500) ? 0 : draw(story, 1, 3000),
		.most_delay_ms = draw(story, 10, 2000),
		.most_lag_ms = draw(story, 0, 20000),
		.most_pending_ms = draw(story, 0, 120000),
		.throttled = (int)draw(story, 0, 60),
		.failed = (int)draw(story, 0, 40),
		.lost = (int)draw(story, 0, 60),
		.denied = hits(story, 200) ? 10 : 0,
		.page_size = (int)draw(story, 0, 3)};
	if (hits(story, 300)) { // no answers, and reads that all tell of long ago
		sim->cloud.weather.lost = (int)draw(story, 200, 800);
		sim->cloud.weather.lost_operation = "CreateRouteTable";
		sim->cloud.weather.most_lag_ms = CALM_MS - 2000;
		sim->cloud.weather.stale = 1000;
	}
	sim->storage.most_delay_ms = draw(story, 1, 300);
	sim->storage.failed = hits(story, 300) ? (int)draw(story, 1, 20) : 0;
}

static const struct play *draw_play(struct story *story)
{
	int64_t sum = 0;
	for (size_t i = 0; i < play_count; i++)
		sum += plays[i].weight;
	int64_t at = draw(story, 0, sum);
	for (size_t i = 0; i < play_count; i++)
		if ((at -= plays[i].weight) < 0)
			return &plays[i];
	return &plays[0];
}

// Somebody else's network, in the same account, with the same names.
static void put_bystanders(struct cloud *cloud)
{
	struct thing *thing = cloud_add(cloud, kind_find("vpc"), "vpc-0f0f0f0f",
		json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "VpcId", "vpc-0f0f0f0f",
			"CidrBlock", "10.0.0.0/16", "State", "available", "Tags", "Key", TAG_STACK,
			"Value", "other", "Key", TAG_RESOURCE, "Value", "network.vpc.main"));
	thing->is_bystander = true;
}

static void begin(struct story *story, uint64_t seed)
{
	struct sim *sim = &story->sim;
	sim_init(sim, seed, NULL);
	rules_init(&story->rules, sim);
	story->play = draw_play(story);
	story->file = story->play->first;
	sim->count = (int)(hits(story, 400) ? 1 : hits(story, 850) ? 2 : 3);
	sim->is_leased = sim->count > 1 || hits(story, 300);
	sim->storage.clock_skew_ms = draw(story, -3000, 3000);
	// Now and then AWS forgets tokens sooner than it says, and still later than it shows all.
	if (seed % 4 == 2)
		sim->cloud.token_lives_ms = 30000;
	put_bystanders(&sim->cloud);
	set_weather(story);
	trace_add(&sim->trace, "---", "%d daemons hold '%s'", sim->count, story->play->name);
	for (int i = 0; i < sim->count; i++) {
		sim->daemons[i].file = story->file;
		sim->daemons[i].skew_ms = draw(story, -500, 500);
		sim->daemons[i].starts_ms = sim_now_ms(sim) + draw(story, 0, i ? 20000 : 2);
	}
}

static void end_pauses(struct story *story)
{
	for (int i = 0; i < story->sim.count; i++)
		if (story->sim.daemons[i].is_up)
			json_decref(stack_end_orders(
				story->sim.daemons[i].stack, "pause", "network", NULL, "somebody"));
}

// The sky clears: whoever stood still goes on, and everybody has the same file.
static void clear(struct story *story)
{
	struct sim *sim = &story->sim;
	trace_add(&sim->trace, "---", "nothing goes wrong any more");
	sim->cloud.weather.throttled = sim->cloud.weather.failed = 0;
	sim->cloud.weather.lost = sim->cloud.weather.denied = 0;
	sim->storage.failed = 0;
	int64_t now = sim_now_ms(sim);
	for (int i = 0; i < sim->count; i++) {
		struct daemon *daemon = &sim->daemons[i];
		daemon->fate = (struct daemon_fate){0};
		daemon->thaws_ms = daemon->frozen_since_ms ? now : 0;
		daemon->starts_ms = daemon->is_up && !daemon->is_doomed ? 0 : now + 1;
		daemon->store_back_ms = daemon->is_up && daemon->db.is_down ? now : 0;
	}
	sim_run(sim, 10);
	for (int i = 0; i < sim->count; i++) {
		if (sim->daemons[i].file != story->file)
			daemon_reload(&sim->daemons[i], story->file);
	}
	end_pauses(story);
	sim_run(sim, CALM_MS);
	end_pauses(story); // also that of who had not read its orders yet
}

// What waits for people gets their word: all of it is meant.
static void approve(struct story *story, struct daemon *daemon)
{
	rules_release(&story->rules, daemon);
	int count = rules_approve(&story->rules, daemon, "");
	if (count)
		trace_add(&story->sim.trace, "man", "approves %d changes", count);
}

static int64_t settle(struct story *story, int64_t most_ms)
{
	struct sim *sim = &story->sim;
	for (int64_t ms = 0; ms <= most_ms; ms += 500) {
		const struct daemon *first = leader(story);
		if (first && daemon_is_settled(first))
			return ms;
		if (first && ms % 60000 == 50000)
			approve(story, leader(story));
		sim_run(sim, 500);
	}
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < sim->count; i++)
		if (daemon_leads(&sim->daemons[i]))
			daemon_tell(&sim->daemons[i], &text);
	trace_fail(&sim->trace, "not settled after %lld s:\n%s", (long long)most_ms / 1000,
		buf_str(&text));
}

static int64_t passes_of(const struct story *story)
{
	uint64_t most = 0;
	for (int i = 0; i < story->sim.count; i++)
		for (size_t j = 0; story->sim.daemons[i].is_up &&
				   j < story->sim.daemons[i].stack->reconciler_count;
			j++)
			if (story->sim.daemons[i].stack->reconcilers[j].pass_count > most)
				most = story->sim.daemons[i].stack->reconcilers[j].pass_count;
	return (int64_t)most;
}

// It holds still, also through a restart and when another one takes over.
static void expect_rest(struct story *story)
{
	struct sim *sim = &story->sim;
	int writes = sim->cloud.writes;
	sim_run(sim, STEADY_MS);
	rules_expect_good_actions(&story->rules); // by itself, not by what a restart settles
	end_life(story, leader(story), sim->trace.seed % 2);
	sim_run(sim, STEADY_MS);
	settle(story, MOST_SEARCH_MS);
	rules_expect_one_of_each(&story->rules, leader(story));
	rules_expect_good_books(&story->rules, leader(story));
	if (sim->cloud.writes != writes)
		trace_fail(&sim->trace, "%d writes at steady state", sim->cloud.writes - writes);
}

static void fall_ill(struct story *story, enum err_class class, int times)
{
	struct weather *weather = &story->sim.cloud.weather;
	weather->ill = 1000;
	weather->illness = class;
	weather->is_ill_for_writes = true;
	weather->ill_times = times;
	pace_forget(&story->rules.pace);
	story->rules.is_paced = true;
	trace_add(&story->sim.trace, "---", "what changes something is refused: %s",
		err_class_name(class));
}

static void recover(struct story *story)
{
	story->sim.cloud.weather.ill = 0;
	story->rules.is_paced = false;
	trace_add(&story->sim.trace, "---", "nothing is refused any more");
	const struct daemon *first = leader(story);
	if (first)
		stack_sync(first->stack, "", "sync", false); // what people mend, they say
	settle(story, MOST_SETTLE_MS);
	sim_run(&story->sim, CALM_MS + PASS_MS);
	settle(story, 120000);
}

// For long nothing can be changed, and somebody changed something before: it is tried less and less
// often. When all is well again and it goes wrong once, it is tried again soon.
static void suffer(struct story *story)
{
	static const enum err_class classes[] = {
		ERR_DENIED, ERR_TRANSIENT, ERR_THROTTLED, ERR_INVALID};
	struct sim *sim = &story->sim;
	enum err_class class = classes[draw(story, 0, ARRAY_COUNT(classes))];
	fall_ill(story, class, 0);
	const struct thing *thing = hands_change_any(sim);
	_cleanup_free_ char *id = thing ? strdup(thing->id) : NULL;
	sim_run(sim, ILL_MS);
	pace_expect_calm(&story->rules.pace, sim, class, ILL_MS);
	recover(story);
	fall_ill(story, ERR_TRANSIENT, 1);
	if (cloud_find(&sim->cloud, id))
		hands_change(sim, cloud_find(&sim->cloud, id));
	sim_run(sim, 3 * PASS_MS);
	pace_expect_soon(&story->rules.pace, sim);
	recover(story);
}

// Everything is held, then approved, and goes in AWS's order.
static void take_down(struct story *story)
{
	struct sim *sim = &story->sim;
	int there = cloud_count(&sim->cloud, "");
	for (int i = 0; i < sim->count; i++) {
		daemon_reload(&sim->daemons[i], play_gone);
		sim->daemons[i].reloaded_ms = 0; // nothing is on its way: no grace
	}
	sim_run(sim, 70000);
	if (cloud_count(&sim->cloud, "") != there)
		trace_fail(&sim->trace, "something that left the file went without a word");
	int approved = rules_approve(&story->rules, leader(story), "");
	if (approved != there)
		trace_fail(&sim->trace, "%d of %d deletions could be approved", approved, there);
	for (int i = 0; i < 60 && cloud_count(&sim->cloud, "") > 0; i++)
		sim_run(sim, 10000);
	if (cloud_count(&sim->cloud, "") == 0)
		return;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	daemon_tell(leader(story), &text);
	trace_fail(&sim->trace, "%d are left:\n%s", cloud_count(&sim->cloud, ""), buf_str(&text));
}

struct story_end story_run(uint64_t seed)
{
	struct story *story = calloc(1, sizeof(*story));
	if (!story)
		abort();
	struct sim *sim = &story->sim;
	begin(story, seed);
	int64_t disturbances = draw(story, 1, 12);
	for (int64_t i = 0; i < disturbances; i++) {
		// Often right in the middle of something.
		sim_run(sim, hits(story, 750) ? draw(story, 1, 8000) : draw(story, 1, 60000));
		disturb(story);
	}
	sim_run(sim, draw(story, 1, 8000));
	clear(story);
	int64_t cleared_ms = sim_now_ms(sim), passes = passes_of(story);
	settle(story, MOST_SETTLE_MS);
	// What a look showed too early to be true is seen by the pass after AWS knows its mind.
	sim_run(sim, CALM_MS + PASS_MS);
	settle(story, 120000);
	struct story_end end = {.settled_ms = sim_now_ms(sim) - cleared_ms,
		.passes = (int)(passes_of(story) - passes)};
	if (seed % 5 == 1)
		suffer(story);
	expect_rest(story);
	if (seed % 3 == 0)
		take_down(story);
	end.hash = sim->trace.hash;
	end.events = sim->trace.count;
	end.writes = story->rules.write_count;
	sim_done(sim);
	rules_done(&story->rules);
	free(story);
	return end;
}
