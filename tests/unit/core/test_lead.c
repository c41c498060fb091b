// A stack with a lease: who does not hold it changes nothing and remembers nothing; what passes on
// is read anew.
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char small[] =
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
	"policy: {interval: 5s, prune: hold}\n"
	"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"
	"  subnet:\n    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "
	"map_public_ip_on_launch: true}\n";

static void begin(struct sim *sim)
{
	sim_init(sim, 11, small);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim->is_leased = true;
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

/* Another daemon takes the lease, by whatever right, and keeps it for so long. */
static void seize(struct sim *sim, int64_t lasts_ms)
{
	json_t *row = json_object_get(sim->storage.leases, "shop");
	int64_t now = loop_wall_ms(&sim->outside);
	if (!row) {
		row = json_pack("{s:s, s:i, s:i}", "stack", "shop", "token", 0, "beats", 0);
		json_object_set_new(sim->storage.leases, "shop", row);
	}
	json_object_set_new(row, "token", json_integer(js_int(row, "token", 0) + 1));
	json_object_set_new(row, "beats", json_integer(js_int(row, "beats", 0) + 1));
	json_object_set_new(row, "expires", json_integer(now + lasts_ms));
	json_object_set_new(row, "taken_ms", json_integer(now));
	json_object_set_new(row, "pid", json_integer(99));
	js_set_str(row, "holder", "other");
	js_set_str(row, "host", "ops-2");
}

static void give_back(struct sim *sim)
{
	json_t *row = json_object_get(sim->storage.leases, "shop");
	json_object_set_new(row, "beats", json_integer(js_int(row, "beats", 0) + 1));
	js_set_str(row, "holder", "");
}

static void switch_off(struct sim *sim)
{
	struct thing *thing = cloud_by_address(&sim->cloud, "network.subnet.a");
	json_t *item = thing_edit(thing);
	json_object_set_new(item, "MapPublicIpOnLaunch", json_false());
	thing_set(&sim->cloud, thing, item);
}

static bool is_on(struct sim *sim)
{
	struct thing *thing = cloud_by_address(&sim->cloud, "network.subnet.a");
	return json_is_true(json_object_get(thing_truth(thing), "MapPublicIpOnLaunch"));
}

static int history_count(const struct sim *sim)
{
	const int *n = sim->storage.counts;
	return n[STORE_OBSERVATION_ADD] + n[STORE_PASS_ADD] + n[STORE_DRIFT_OPEN] +
	       n[STORE_RECORD_PUT] + n[STORE_CONFIG_ADD] + n[STORE_HOLD_PUT];
}

static void the_only_one_leads_and_converges(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	assert_int_equal(cloud_count(&sim.cloud, "vpc"), 1);
	const char *id;
	json_t *action;
	json_object_foreach (sim.storage.actions, id, action)
		assert_int_equal(js_int(action, "token", 0), 1);
	finish(&sim);
}

static void who_comes_second_looks_and_leaves_writing_to_the_first(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	seize(&sim, 3600000);
	sim_start(&sim);
	sim_run(&sim, 60000);
	assert_true(stack_is_standby(sim.daemon.stack));
	assert_int_equal(sim.daemon.stack->phase, STACK_RUNNING);
	assert_true(sim.cloud.calls > 10); // it looks
	assert_int_equal(sim.cloud.writes, 0);
	assert_int_equal(json_object_size(sim.storage.actions), 0);
	assert_int_equal(history_count(&sim), 0);
	assert_string_equal(sim.daemon.lease->host, "ops-2");
	give_back(&sim);
	assert_true(sim_settle(&sim, 20000) >= 0);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 1);
	assert_true(history_count(&sim) > 0);
	finish(&sim);
}

static void who_loses_it_stops_writing_and_what_it_remembers_is_read_anew(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	seize(&sim, 3600000);
	switch_off(&sim);
	int writes = sim.cloud.writes;
	size_t intents = json_object_size(sim.storage.actions);
	sim_run(&sim, 60000);
	assert_int_equal(sim.cloud.writes, writes);
	assert_int_equal(json_object_size(sim.storage.actions), intents);
	assert_false(sim.daemon.stack->is_loaded);
	assert_false(is_on(&sim));
	int records = sim.storage.counts[STORE_RECORDS_LOAD];
	give_back(&sim);
	sim_run(&sim, 15000);
	assert_true(is_on(&sim));
	assert_int_equal(sim.storage.counts[STORE_RECORDS_LOAD], records + 1);
	assert_true(sim_settle(&sim, 60000) >= 0);
	finish(&sim);
}

// The lease passes on between the look at it and the intent: the store refuses, nothing is sent.
static void an_intent_that_the_store_refuses_is_not_sent(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	int writes = sim.cloud.writes, tried = sim.storage.counts[STORE_ACTION_INTEND];
	sim.cloud.weather = (struct weather){.least_delay_ms = 1, .most_delay_ms = 5};
	switch_off(&sim);
	int64_t proven_ms = sim.daemon.lease->proven.boot_ms;
	while (sim.daemon.lease->proven.boot_ms == proven_ms)
		sim_run(&sim, 10);
	sim_run(&sim, 20);
	seize(&sim, 3600000);
	stack_sync(sim.daemon.stack, "network", "sync", false);
	sim_run(&sim, 800); // less than a beat: it does not know yet
	assert_true(lease_may_write(sim.daemon.lease));
	assert_true(sim.storage.counts[STORE_ACTION_INTEND] > tried);
	assert_int_equal(sim.cloud.writes, writes);
	finish(&sim);
}

static void an_hour_without_the_store_changes_nothing_and_costs_no_reload(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	sim_store(&sim, false);
	sim_run(&sim, LEASE_LASTS_MS);
	switch_off(&sim);
	int writes = sim.cloud.writes, loads = sim.storage.counts[STORE_RECORDS_LOAD];
	sim_run(&sim, 3600000);
	assert_int_equal(sim.cloud.writes, writes);
	assert_false(is_on(&sim));
	assert_true(journal_count(sim.daemon.journal) > 0);
	assert_int_equal(
		journal_dropped_count(sim.daemon.journal), 0); // an hour fits, at 5 s a pass too
	sim_store(&sim, true);
	sim_run(&sim, 15000);
	assert_true(is_on(&sim));
	assert_int_equal(sim.storage.counts[STORE_RECORDS_LOAD], loads);
	assert_int_equal(sim.daemon.lease->token, 1);
	assert_int_equal(journal_count(sim.daemon.journal), 0);
	finish(&sim);
}

static void what_is_in_flight_ends_before_the_lease_is_given_up(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim.cloud.weather = (struct weather){.least_delay_ms = 2000, .most_delay_ms = 2500};
	sim_start(&sim);
	for (int i = 0; i < 600 && sim.cloud.writes == 0; i++)
		sim_run(&sim, 100);
	sim.daemon.lease->is_leaving = true;
	daemon_tell_lease(&sim.daemon);
	for (int i = 0; i < 200 && sim.daemon.lease->role == LEASE_OURS; i++) {
		assert_true(lease_may_write(sim.daemon.lease));
		sim_run(&sim, 100);
	}
	const char *id;
	json_t *action;
	json_object_foreach (sim.storage.actions, id, action)
		assert_string_equal(js_str(action, "outcome"), "done");
	assert_true(json_object_size(sim.storage.actions) > 0);
	finish(&sim);
}

// It could not prove its lease any more, took the pause, and told the store when another led.
static void what_people_tell_a_daemon_that_leads_no_longer_counts(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	json_t *pause = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "stack", "shop",
		"order_id", "elsewhere", "sort", "pause", "target", "network", "who", "ana",
		"at_ms", (json_int_t)loop_wall_ms(&sim.outside), "stored_ms",
		(json_int_t)loop_wall_ms(&sim.outside));
	json_object_set_new(sim.storage.orders, "elsewhere", pause);
	sim_run(&sim, 15000);
	switch_off(&sim);
	sim_run(&sim, 60000);
	assert_false(is_on(&sim));
	js_set_str(pause, "ended", "yes");
	sim_run(&sim, 30000);
	assert_true(is_on(&sim));
	assert_int_equal(json_array_size(sim.daemon.stack->orders), 0);
	finish(&sim);
}

// What is on its way to the store when that is asked is neither forgotten nor taken up again.
static void what_is_told_here_is_not_mistaken_for_news(void **state)
{
	(void)state;
	struct sim sim;
	begin(&sim);
	sim_start(&sim);
	assert_true(sim_settle(&sim, 60000) >= 0);
	sim.storage.most_delay_ms = 400;
	sim.storage.fails_once_in = 2; // and is told once more, after what was sent later
	for (int i = 0; i < 300; i++) {
		stack_order(sim.daemon.stack,
			json_pack("{s:s, s:s}", "sort", "pause", "target", "network"), "ana");
		sim_run(&sim, 50 + 13 * (i % 40));
		assert_int_equal(json_array_size(sim.daemon.stack->orders), 1);
		json_decref(stack_end_orders(sim.daemon.stack, "pause", "network", NULL, "ana"));
		sim_run(&sim, 50 + 17 * (i % 30));
		assert_int_equal(json_array_size(sim.daemon.stack->orders), 0);
	}
	finish(&sim);
}

int main(void)
{
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_one_leads_and_converges),
		cmocka_unit_test(who_comes_second_looks_and_leaves_writing_to_the_first),
		cmocka_unit_test(who_loses_it_stops_writing_and_what_it_remembers_is_read_anew),
		cmocka_unit_test(an_intent_that_the_store_refuses_is_not_sent),
		cmocka_unit_test(an_hour_without_the_store_changes_nothing_and_costs_no_reload),
		cmocka_unit_test(what_people_tell_a_daemon_that_leads_no_longer_counts),
		cmocka_unit_test(what_is_told_here_is_not_mistaken_for_news),
		cmocka_unit_test(what_is_in_flight_ends_before_the_lease_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
