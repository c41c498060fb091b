// Faults of AWS by class, on virtual time: how often is it asked while one lasts, and how soon is
// all well after its end?
#include "core/reconcile.h"
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char small[] =
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
	"policy: {interval: 60s, prune: hold}\n"
	"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"
	"  subnet:\n"
	"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "
	"map_public_ip_on_launch: true}\n"
	"    b: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b}\n"
	"security:\n  security_group:\n    web: {vpc: main, description: web}\n";

static void start(struct sim *sim)
{
	sim_init(sim, 11, small);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
}

static void expect_settled(struct sim *sim, int64_t most_ms)
{
	if (sim_settle(sim, most_ms) >= 0)
		return;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	sim_tell(sim, &text);
	fail_msg("not settled after %lld s:\n%s", (long long)most_ms / 1000, buf_str(&text));
}

static void start_settled(struct sim *sim)
{
	start(sim);
	expect_settled(sim, 60000);
	sim_run(sim, 130000); // nothing is young any more
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

static void fall_ill(struct sim *sim, enum err_class class, const char *operation)
{
	sim->cloud.weather.ill = 1000;
	sim->cloud.weather.illness = class;
	sim->cloud.weather.ill_operation = operation;
}

static void get_well(struct sim *sim)
{
	sim->cloud.weather.ill = 0;
}

static int count_of(const struct sim *sim, const char *operation)
{
	return (int)js_int(sim->cloud.by_operation, operation, 0);
}

static struct resource *resource(struct sim *sim, const char *address)
{
	struct resource *found = stack_find(sim->daemon.stack, address);
	assert_non_null(found);
	return found;
}

static struct thing *thing(struct sim *sim, const char *address)
{
	struct thing *found = cloud_by_address(&sim->cloud, address);
	assert_non_null(found);
	return found;
}

static void tamper(struct sim *sim, const char *address)
{
	json_t *item = thing_edit(thing(sim, address));
	json_object_set_new(item, "MapPublicIpOnLaunch", json_false());
	thing_set(&sim->cloud, thing(sim, address), item);
}

static const struct failure *failure_of(struct sim *sim, const char *kind)
{
	const struct kind *found = kind_find(kind);
	return &reconciler_watch(stack_reconciler(sim->daemon.stack, found->layer), found)->failure;
}

static const struct {
	enum err_class class;
	int64_t first_ms; // its first wait
} paces[] = {{ERR_TRANSIENT, 1000}, {ERR_THROTTLED, 5000}, {ERR_CREDENTIALS, 2000},
	{ERR_DENIED, 60000}, {ERR_CONFLICT, 2000}};

static void a_fault_shorter_than_the_wait_costs_that_one_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(paces); i++) {
		struct sim sim;
		start_settled(&sim);
		int writes = sim.cloud.writes;
		tamper(&sim, "network.subnet.a");
		fall_ill(&sim, paces[i].class, NULL);
		stack_sync(sim.daemon.stack, "", "test", false);
		sim_run(&sim, 300);
		assert_int_equal(failure_of(&sim, "subnet")->count, 1);
		get_well(&sim);
		expect_settled(&sim, paces[i].first_ms + 500);
		assert_int_equal(sim.cloud.writes, writes + 1);
		finish(&sim);
	}
}

static void a_write_that_failed_for_a_moment_is_made_after_that_one_wait(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(paces); i++) {
		struct sim sim;
		start_settled(&sim);
		tamper(&sim, "network.subnet.a");
		fall_ill(&sim, paces[i].class, "ModifySubnetAttribute");
		stack_sync(sim.daemon.stack, "", "test", false);
		sim_run(&sim, 400);
		assert_int_equal(resource(&sim, "network.subnet.a")->failure.count, 1);
		get_well(&sim);
		int64_t ms = sim_settle(&sim, paces[i].first_ms + 500);
		assert_true(ms >= 0);
		finish(&sim);
	}
}

// Half an hour of it, so that all waits are long: who comes first tells the others.
static void the_first_that_recovers_ends_the_wait_of_all(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_COUNT(paces); i++) {
		struct sim sim;
		start_settled(&sim);
		tamper(&sim, "network.subnet.a");
		fall_ill(&sim, paces[i].class, NULL);
		sim_run(&sim, 1800000);
		assert_true(failure_of(&sim, "vpc")->count > 5);
		assert_true(failure_of(&sim, "security_group")->count > 5);
		get_well(&sim);
		for (int ms = 0; failure_of(&sim, "vpc")->count > 0 &&
				 failure_of(&sim, "subnet")->count > 0 &&
				 failure_of(&sim, "security_group")->count > 0;
			ms += 10) {
			assert_true(ms <= 60000); // a look is never put off for longer
			sim_run(&sim, 10);
		}
		expect_settled(&sim, 2000);
		finish(&sim);
	}
}

static void what_must_wait_for_people_is_asked_once_a_minute_and_holds_up_nothing(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim);
	int vpcs = count_of(&sim, "DescribeVpcs"), subnets = count_of(&sim, "DescribeSubnets");
	fall_ill(&sim, ERR_DENIED, "DescribeSubnets");
	int calls = sim.cloud.calls;
	sim_run(&sim, 3600000);
	assert_int_equal(count_of(&sim, "DescribeSubnets"), subnets); // none got through
	assert_in_range(count_of(&sim, "DescribeVpcs") - vpcs, 55, 66);
	assert_in_range(failure_of(&sim, "subnet")->count, 50, 125);
	assert_true(sim.cloud.calls - calls < 66 * 8);
	assert_int_equal(failure_of(&sim, "vpc")->count, 0);
	finish(&sim);
}

// Looks at it succeed all the time: that says nothing about the change that fails.
static void a_change_that_always_fails_is_tried_at_its_pace_and_holds_up_nothing(void **state)
{
	(void)state;
	static const struct {
		enum err_class class;
		int least, most; // tries within an hour
	} cases[] = {{ERR_TRANSIENT, 55, 150}, {ERR_THROTTLED, 12, 35}, {ERR_DENIED, 4, 12},
		{ERR_QUOTA, 2, 6}, {ERR_INVALID, 3, 9}, {ERR_CONFLICT, 55, 150}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sim sim;
		start_settled(&sim);
		tamper(&sim, "network.subnet.a");
		fall_ill(&sim, cases[i].class, "ModifySubnetAttribute");
		size_t before = json_object_size(sim.storage.actions);
		sim_run(&sim, 3600000);
		assert_in_range(json_object_size(sim.storage.actions) - before, cases[i].least,
			cases[i].most);
		assert_int_equal(
			resource(&sim, "network.subnet.b")->decision.health, HEALTH_HEALTHY);
		// A person has done what was to be done, and asks.
		get_well(&sim);
		stack_sync(sim.daemon.stack, "network", "test", false);
		expect_settled(&sim, 2000);
		finish(&sim);
	}
}

// ---- two of one

static void add_twin(struct sim *sim, const char *id)
{
	json_t *item = thing_edit(thing(sim, "network.subnet.a"));
	js_set_str(item, "SubnetId", id);
	cloud_add(&sim->cloud, kind_find("subnet"), id, item);
	buf_reset(&sim->cloud.violations); // this one is not of our making
}

static void a_second_one_with_our_tags_is_told_and_left(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim);
	_cleanup_free_ char *ours = strdup(resource(&sim, "network.subnet.a")->record.id);
	int writes = sim.cloud.writes;
	add_twin(&sim, "subnet-00000000"); // before ours in any order
	add_twin(&sim, "subnet-zzzzzzzz");
	sim_run(&sim, 300000);
	const struct resource *a = resource(&sim, "network.subnet.a");
	assert_string_equal(a->record.id, ours);
	assert_string_equal(a->decision.reason, "Duplicate");
	assert_int_equal(a->decision.health, HEALTH_DEGRADED);
	assert_non_null(strstr(a->decision.message, ours));
	assert_int_equal(sim.cloud.writes, writes);
	thing_set(&sim.cloud, cloud_find(&sim.cloud, "subnet-00000000"), NULL);
	thing_set(&sim.cloud, cloud_find(&sim.cloud, "subnet-zzzzzzzz"), NULL);
	sim_run(&sim, 120000);
	assert_string_equal(a->decision.reason, "InSync");
	finish(&sim);
}

static void without_a_record_neither_of_two_is_changed(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim);
	int writes = sim.cloud.writes;
	add_twin(&sim, "subnet-zzzzzzzz");
	sim_stop(&sim);
	json_object_clear(sim.storage.records);
	sim_start(&sim);
	sim_run(&sim, 5000);
	tamper(&sim, "network.subnet.a");
	sim_run(&sim, 600000);
	assert_string_equal(resource(&sim, "network.subnet.a")->decision.reason, "Ambiguous");
	sim_stop(&sim); // nor does a restart make the guess a fact
	sim_start(&sim);
	sim_run(&sim, 600000);
	assert_string_equal(resource(&sim, "network.subnet.a")->decision.reason, "Ambiguous");
	assert_int_equal(sim.cloud.writes, writes);
	thing_set(&sim.cloud, cloud_find(&sim.cloud, "subnet-zzzzzzzz"), NULL);
	sim_run(&sim, 120000);
	expect_settled(&sim, 60000);
	assert_int_equal(sim.cloud.writes, writes + 1);
	finish(&sim);
}

// ---- another place

static void records_of_another_region_stop_everything_until_they_are_of_this_one(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim);
	sim_stop(&sim);
	const char *address;
	json_t *record;
	json_object_foreach (sim.storage.records, address, record)
		js_set_str(json_object_get(record, "data"), "region", "us-east-1");
	int writes = sim.cloud.writes;
	size_t count = sim.cloud.count;
	for (size_t i = 0; i < count; i++) // in this region there is nothing of it
		thing_set(&sim.cloud, &sim.cloud.things[i], NULL);
	sim_start(&sim);
	sim_run(&sim, 600000);
	assert_int_equal(sim.cloud.writes, writes);
	assert_non_null(strstr(sim.daemon.stack->failure.err.message, "in region us-east-1"));
	assert_non_null(strstr(sim.daemon.stack->failure.err.message, "this is eu-west-1"));
	finish(&sim);
}

// It looks without a store, does not see what left the file, and must not take back what it has
// not read.
static void what_is_remembered_is_not_forgotten_before_it_was_read(void **state)
{
	(void)state;
	static const char without_b[] = "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
					"policy: {interval: 60s, prune: hold}\n"
					"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16, "
					"enable_dns_hostnames: true}\n";
	struct sim sim;
	start_settled(&sim);
	sim_kill(&sim);
	struct thing *subnet = cloud_by_address(&sim.cloud, "network.subnet.b");
	assert_non_null(subnet);
	json_t *hidden = thing_edit(subnet);
	thing_set(&sim.cloud, subnet, NULL);
	sim_start(&sim);
	sim_store(&sim, false);
	sim_run(&sim, 20000);
	assert_non_null(stack_find(sim.daemon.stack, "network.subnet.b"));
	sim_reload(&sim, without_b);
	sim_run(&sim, 20000);
	assert_null(stack_find(sim.daemon.stack, "network.subnet.b"));
	sim_store(&sim, true);
	sim_run(&sim, 100);
	assert_non_null(json_object_get(sim.storage.records, "network.subnet.b"));
	thing_set(&sim.cloud, subnet, hidden);
	sim_reload(&sim, small);
	expect_settled(&sim, 120000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	assert_int_equal(js_int(sim.cloud.by_operation, "CreateSubnet", 0), 2);
	finish(&sim);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_shorter_than_the_wait_costs_that_one_wait),
		cmocka_unit_test(a_write_that_failed_for_a_moment_is_made_after_that_one_wait),
		cmocka_unit_test(the_first_that_recovers_ends_the_wait_of_all),
		cmocka_unit_test(
			what_must_wait_for_people_is_asked_once_a_minute_and_holds_up_nothing),
		cmocka_unit_test(
			a_change_that_always_fails_is_tried_at_its_pace_and_holds_up_nothing),
		cmocka_unit_test(a_second_one_with_our_tags_is_told_and_left),
		cmocka_unit_test(without_a_record_neither_of_two_is_changed),
		cmocka_unit_test(what_is_remembered_is_not_forgotten_before_it_was_read),
		cmocka_unit_test(
			records_of_another_region_stop_everything_until_they_are_of_this_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
