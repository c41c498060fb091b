// Whole stacks against an AWS and a store in memory, on virtual time: what one disturbance leads
// to. All disturbances at once: test_simulation.c.
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {interval: 60s, prune: hold}\n"
#define VPC "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"
#define SUBNET_B "    b: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b}\n"
#define SUBNETS                                                                                    \
	"  subnet:\n"                                                                              \
	"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "                       \
	"map_public_ip_on_launch: true}\n" SUBNET_B

static const char small[] = HEAD VPC SUBNETS;
static const char often[] = "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
			    "policy: {interval: 10s}\n" VPC SUBNETS;
static const char asked[] = "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
			    "policy: {interval: 60s, disruption: {none: hold}}\n" VPC;
static const char bare[] = "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
			   "policy: {prune: delete, most_deletes: 20}\n";

static const struct weather mild = {.least_delay_ms = 5, .most_delay_ms = 60};

static void start_at(struct sim *sim, uint64_t seed, const char *file)
{
	sim_init(sim, seed, file);
	sim->cloud.weather = mild;
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
}

static void start(struct sim *sim, const char *file)
{
	const char *seed = getenv("SIM_SEED");
	start_at(sim, seed ? strtoull(seed, NULL, 10) : 7, file);
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

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

static void start_settled(struct sim *sim, const char *file)
{
	start(sim, file);
	expect_settled(sim, 60000);
}

static int count_of(const struct sim *sim, const char *operation)
{
	return (int)js_int(sim->cloud.by_operation, operation, 0);
}

static struct thing *thing(struct sim *sim, const char *address)
{
	struct thing *found = cloud_by_address(&sim->cloud, address);
	assert_non_null(found);
	return found;
}

/* Sets a member by hand. */
static void tamper(struct sim *sim, const char *address, const char *member, json_t *value)
{
	json_t *item = thing_edit(thing(sim, address));
	json_object_set_new(item, member, value);
	thing_set(&sim->cloud, thing(sim, address), item);
}

static bool is_true(struct sim *sim, const char *address, const char *member)
{
	return json_is_true(json_object_get(thing_truth(thing(sim, address)), member));
}

static const json_t *only_drift(const struct sim *sim)
{
	assert_int_equal(json_object_size(sim->storage.drifts), 1);
	return json_object_iter_value(json_object_iter(sim->storage.drifts));
}

// ---- convergence

static void a_network_comes_up_from_nothing(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	assert_int_equal(cloud_count(&sim.cloud, "vpc"), 1);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	assert_true(is_true(&sim, "network.vpc.main", "EnableDnsHostnames"));
	assert_true(is_true(&sim, "network.subnet.a", "MapPublicIpOnLaunch"));
	assert_false(is_true(&sim, "network.subnet.b", "MapPublicIpOnLaunch"));
	assert_int_equal(sim.cloud.writes, 5); // three creates, two attributes
	finish(&sim);
}

static void it_comes_up_without_waiting_for_the_next_pass(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	expect_settled(&sim, 3000);
	finish(&sim);
}

static void what_most_has_to_wait_for_goes_first(void **state)
{
	(void)state;
	struct sim sim;
	_cleanup_buf_ struct buf file = {0};
	buf_init(&file, 1 << 16);
	buf_addf(&file, HEAD VPC "  internet_gateway: {main: {vpc: main}}\n"
				 "  elastic_ip: {nat: {}}\n"
				 "  nat_gateway: {main: {subnet: a33, elastic_ip: nat}}\n"
				 "  subnet:\n");
	for (int i = 0; i < 40; i++) // more than are under way at a time
		buf_addf(&file,
			"    a%d: {vpc: main, cidr_block: 10.0.%d.0/24, availability_zone: a}\n", i,
			i);
	start_settled(&sim, buf_str(&file));
	sim_stop(&sim);
	const char *first = NULL, *id;
	json_t *action;
	json_object_foreach (sim.storage.actions, id, action)
		if (!first && str_starts(js_str(action, "address"), "network.subnet."))
			first = js_str(action, "address");
	assert_string_equal(first, "network.subnet.a33");
	finish(&sim);
}

static void every_write_was_intended_and_settled(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_stop(&sim);
	assert_int_equal(json_object_size(sim.storage.actions), 5);
	const char *id;
	json_t *action;
	json_object_foreach (sim.storage.actions, id, action)
		assert_string_equal(js_str(action, "outcome"), "done");
	finish(&sim);
}

static void ten_passes_and_a_second_start_write_nothing(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int writes = sim.cloud.writes;
	sim_run(&sim, 600000);
	sim_stop(&sim);
	sim_start(&sim);
	expect_settled(&sim, 60000);
	sim_kill(&sim);
	sim_start(&sim);
	expect_settled(&sim, 60000);
	assert_int_equal(sim.cloud.writes, writes);
	assert_int_equal(json_object_size(sim.storage.drifts), 0);
	finish(&sim);
}

static void a_quiet_pass_costs_a_call_a_kind_and_what_has_no_bulk(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_run(&sim, 120000);
	int before = sim.cloud.calls, vpcs = count_of(&sim, "DescribeVpcs");
	sim_run(&sim, 600000);
	int passes = count_of(&sim, "DescribeVpcs") - vpcs;
	assert_in_range(passes, 9, 11);
	// DescribeVpcs, DescribeSubnets, two attributes of the VPC; a pass may be cut at either
	// end.
	assert_in_range(sim.cloud.calls - before, 4 * passes - 3, 4 * passes + 3);
	finish(&sim);
}

static void a_list_of_many_pages_is_read_whole(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim.cloud.weather.page_size = 1;
	expect_settled(&sim, 60000);
	sim_run(&sim, 300000);
	assert_int_equal(sim.cloud.writes, 5);
	finish(&sim);
}

static void the_records_may_be_lost(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int writes = sim.cloud.writes;
	sim_stop(&sim);
	json_object_clear(sim.storage.records);
	sim_start(&sim);
	expect_settled(&sim, 60000);
	assert_int_equal(sim.cloud.writes, writes);
	finish(&sim);
}

// ---- drift

static void a_changed_attribute_is_put_back_and_stands_in_history(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
	sim_run(&sim, 90000);
	assert_true(is_true(&sim, "network.subnet.a", "MapPublicIpOnLaunch"));
	const json_t *drift = only_drift(&sim);
	assert_string_equal(js_str(drift, "field"), "MapPublicIpOnLaunch");
	assert_true(json_is_true(json_object_get(drift, "desired")));
	assert_true(json_is_false(json_object_get(drift, "observed")));
	assert_string_equal(js_str(drift, "how"), "corrected");
	finish(&sim);
}

static void a_restart_does_not_end_what_is_still_so(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim.cloud.ignores = "ModifySubnetAttribute";
	tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
	sim_run(&sim, 300000);
	int writes = count_of(&sim, "ModifySubnetAttribute");
	sim_stop(&sim);
	sim_start(&sim);
	sim_run(&sim, 300000);
	assert_int_equal(count_of(&sim, "ModifySubnetAttribute"), writes); // no third
	assert_null(js_str(only_drift(&sim), "how"));
	finish(&sim);
}

static void what_somebody_keeps_changing_is_corrected_and_then_left_to_people(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	for (int i = 0; i < 5; i++) {
		tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
		sim_run(&sim, 90000);
		assert_true(is_true(&sim, "network.subnet.a", "MapPublicIpOnLaunch"));
	}
	assert_int_equal(json_object_size(sim.storage.drifts), 5);
	// Five corrections were put back within the hour: now it is left to people.
	tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
	int writes = count_of(&sim, "ModifySubnetAttribute");
	sim_run(&sim, 90000);
	sim_stop(&sim);
	sim_start(&sim);
	sim_run(&sim, 90000);
	assert_int_equal(count_of(&sim, "ModifySubnetAttribute"), writes);
	assert_false(is_true(&sim, "network.subnet.a", "MapPublicIpOnLaunch"));
	_cleanup_json_ json_t *ended =
		stack_release(sim.daemon.stack, "network.subnet.a", 0, NULL, "somebody");
	assert_int_equal(json_array_size(ended), 1);
	sim_run(&sim, 90000);
	assert_true(is_true(&sim, "network.subnet.a", "MapPublicIpOnLaunch"));
	finish(&sim);
}

static void what_is_deleted_is_made_again_once(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), NULL);
	sim_run(&sim, 90000);
	expect_settled(&sim, 60000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	assert_int_equal(count_of(&sim, "CreateSubnet"), 3);
	assert_string_equal(js_str(only_drift(&sim), "type"), "missing");
	finish(&sim);
}

// Looks of a pass are answered in any order.
static void what_went_with_its_parent_is_not_made_again_in_the_old_one(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct sim sim;
		sim_init(&sim, seed, small);
		sim.cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 400};
		sim.storage.most_delay_ms = 5;
		sim_start(&sim);
		expect_settled(&sim, 60000);
		sim_run(&sim, 150000);
		thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), NULL);
		thing_set(&sim.cloud, thing(&sim, "network.subnet.b"), NULL);
		thing_set(&sim.cloud, thing(&sim, "network.vpc.main"), NULL);
		sim_run(&sim, 90000);
		expect_settled(&sim, 60000);
		assert_int_equal(count_of(&sim, "CreateVpc"), 2);
		assert_int_equal(count_of(&sim, "CreateSubnet"), 4);
		finish(&sim);
	}
}

// AWS has shown it, if only to an earlier run: its absence is believed as soon as without the
// crash.
static void what_was_shown_before_a_crash_is_missed_as_soon(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_kill(&sim);
	thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), NULL);
	sim_start(&sim);
	sim_run(&sim, 25000);
	assert_int_equal(count_of(&sim, "CreateSubnet"), 3);
	expect_settled(&sim, 60000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	finish(&sim);
}

// A part of the reads is up to two minutes old, between others that are not.
static void what_is_shown_now_and_then_is_there(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim sim;
		start_at(&sim, seed, often);
		sim.cloud.weather.most_lag_ms = sim.cloud.weather.disagree_ms = 100000;
		sim.cloud.weather.stale = 300;
		sim_run(&sim, 150000);
		expect_settled(&sim, 60000);
		assert_int_equal(cloud_count(&sim.cloud, "vpc"), 1);
		assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
		finish(&sim);
	}
}

// What is read by its name is asked for by the one that it was made with, too.
static void a_name_that_changes_before_it_was_shown_makes_no_second_one(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, HEAD "data:\n  s3_bucket:\n    logs: {bucket: shop-logs-1}\n");
	sim.cloud.weather.ill = 1000;
	sim.cloud.weather.illness = ERR_TRANSIENT;
	sim.cloud.weather.ill_operation = "GetBucketTagging"; // no look at it comes to its end
	sim_run(&sim, 20000);
	assert_int_equal(count_of(&sim, "CreateBucket"), 1);
	sim_reload(&sim, HEAD "data:\n  s3_bucket:\n    logs: {bucket: shop-logs-2}\n");
	sim_kill(&sim);
	sim.cloud.weather.ill = 0;
	sim_start(&sim);
	sim_run(&sim, 300000);
	assert_int_equal(count_of(&sim, "CreateBucket"), 1); // another one waits for approval
	finish(&sim);
}

// The one before was seen under another name, which says nothing of the one that took its place.
static void a_name_that_changes_back_before_the_next_was_shown_makes_no_third_one(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, HEAD "data:\n  s3_bucket:\n    logs: {bucket: shop-logs-1}\n");
	thing_set(&sim.cloud, thing(&sim, "data.s3_bucket.logs"), NULL);
	sim_reload(&sim, HEAD "data:\n  s3_bucket:\n    logs: {bucket: shop-logs-2}\n");
	for (int i = 0; i < 600 && count_of(&sim, "CreateBucket") < 2; i++)
		sim_run(&sim, 100);
	sim.cloud.weather.ill = 1000;
	sim.cloud.weather.illness = ERR_TRANSIENT;
	sim.cloud.weather.ill_operation = "GetBucketTagging"; // no look at it comes to its end
	assert_int_equal(count_of(&sim, "CreateBucket"), 2);
	sim_reload(&sim, HEAD "data:\n  s3_bucket:\n    logs: {bucket: shop-logs-1}\n");
	sim_run(&sim, 20000);
	sim.cloud.weather.ill = 0;
	sim_run(&sim, 300000);
	assert_int_equal(count_of(&sim, "CreateBucket"), 2);
	finish(&sim);
}

static void tags_that_someone_took_away_come_back(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	json_t *item = thing_edit(thing(&sim, "network.subnet.a"));
	json_object_set_new(item, "Tags", json_array());
	thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), item);
	sim_run(&sim, 90000);
	thing(&sim, "network.subnet.a");
	assert_int_equal(count_of(&sim, "CreateSubnet"), 2);
	finish(&sim);
}

static void an_undeclared_change_is_told_and_left(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int writes = sim.cloud.writes;
	tamper(&sim, "network.subnet.b", "MapPublicIpOnLaunch", json_true());
	sim_run(&sim, 90000);
	assert_string_equal(js_str(only_drift(&sim), "type"), "undeclared");
	assert_int_equal(sim.cloud.writes, writes);
	finish(&sim);
}

// Until the field that the file sets is as it says again; the other one it does not set.
static void change_two_and_mend_one(struct sim *sim)
{
	json_t *item = thing_edit(thing(sim, "network.subnet.a"));
	json_object_set_new(item, "EnableDns64", json_true());
	json_object_set_new(item, "MapPublicIpOnLaunch", json_false());
	thing_set(&sim->cloud, thing(sim, "network.subnet.a"), item);
	for (int ms = 0; !is_true(sim, "network.subnet.a", "MapPublicIpOnLaunch"); ms++) {
		assert_true(ms < 20000); // both look like a default for a minute
		sim_run(sim, 1);
	}
}

// AWS fills in late what a new resource was not told; what comes along with somebody's change is
// none of that: both are told, and are over when both are gone.
static void what_came_with_a_change_and_went_with_it_was_no_late_default(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, often);
	change_two_and_mend_one(&sim);
	json_t *item = thing_edit(thing(&sim, "network.subnet.a"));
	json_object_del(item, "EnableDns64");
	thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), item);
	sim_run(&sim, 90000);
	const char *id;
	json_t *drift;
	int told = 0;
	json_object_foreach (sim.storage.drifts, id, drift) {
		bool is_other = str_eq_null(js_str(drift, "field"), "EnableDns64");
		assert_string_equal(js_str(drift, "type"), is_other ? "undeclared" : "changed");
		assert_non_null(js_str(drift, "how"));
		told++;
	}
	assert_int_equal(told, 2);
	finish(&sim);
}

// ... nor is what stays when that is corrected, a minute young or not.
static void what_came_with_a_change_and_stayed_is_told(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, often);
	change_two_and_mend_one(&sim);
	sim_run(&sim, 90000);
	const char *id;
	json_t *drift;
	int told = 0, corrected = 0;
	json_object_foreach (sim.storage.drifts, id, drift) {
		bool is_other = str_eq_null(js_str(drift, "field"), "EnableDns64");
		told += is_other && str_eq_null(js_str(drift, "type"), "undeclared") &&
			!js_str(drift, "how");
		corrected += !is_other && str_eq_null(js_str(drift, "how"), "corrected");
	}
	assert_int_equal(told, 1);
	assert_int_equal(corrected, 1);
	assert_true(is_true(&sim, "network.subnet.a", "EnableDns64"));
	finish(&sim);
}

// ---- trouble

static void throttled_calls_are_paced_and_end_well(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim.cloud.weather.throttled = 1000;
	sim_run(&sim, 60000);
	assert_in_range(sim.cloud.calls, 0, 40);
	sim.cloud.weather.throttled = 0;
	expect_settled(&sim, 600000);
	assert_int_equal(sim.cloud.writes, 5);
	finish(&sim);
}

static void a_create_whose_answer_was_lost_is_not_repeated(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim.cloud.weather.most_lag_ms = 20000;
	// Until the first create has been carried out; its answer does not arrive.
	while (count_of(&sim, "CreateVpc") == 0)
		sim_run(&sim, 1);
	assert_true(cloud_link_lose(&sim.daemon.aws, "CreateVpc", true));
	expect_settled(&sim, 600000);
	assert_int_equal(count_of(&sim, "CreateVpc"), 1);
	finish(&sim);
}

static void a_create_that_never_arrived_is_sent_again_after_a_while(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim_run(&sim, 1);
	while (!cloud_link_lose(&sim.daemon.aws, "CreateVpc", false))
		sim_run(&sim, 1);
	sim_run(&sim, 50000);
	assert_int_equal(cloud_count(&sim.cloud, "vpc"), 0);
	expect_settled(&sim, 600000);
	assert_int_equal(count_of(&sim, "CreateVpc"), 1);
	finish(&sim);
}

static void without_a_store_nothing_is_written_and_all_is_watched(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int writes = sim.cloud.writes;
	sim_store(&sim, false);
	tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
	sim_run(&sim, 300000);
	assert_int_equal(sim.cloud.writes, writes);
	assert_int_equal(
		stack_find(sim.daemon.stack, "network.subnet.a")->decision.sync, SYNC_OUT_OF_SYNC);
	sim_store(&sim, true);
	sim_run(&sim, 90000);
	expect_settled(&sim, 60000);
	assert_int_equal(sim.cloud.writes, writes + 1);
	assert_string_equal(js_str(only_drift(&sim), "how"), "corrected");
	finish(&sim);
}

static void a_wrong_account_is_left_alone(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim.cloud.account = "999999999999";
	sim_run(&sim, 600000);
	assert_int_equal(sim.cloud.calls, count_of(&sim, "GetCallerIdentity"));
	assert_non_null(strstr(sim.daemon.stack->failure.err.message, "999999999999"));
	finish(&sim);
}

static void a_value_that_aws_never_shows_is_written_twice_and_no_more(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int before = count_of(&sim, "ModifySubnetAttribute");
	sim.cloud.ignores = "ModifySubnetAttribute";
	tamper(&sim, "network.subnet.a", "MapPublicIpOnLaunch", json_false());
	sim_run(&sim, 600000);
	const struct resource *resource = stack_find(sim.daemon.stack, "network.subnet.a");
	assert_string_equal(resource->decision.reason, "Permadiff");
	assert_int_equal(count_of(&sim, "ModifySubnetAttribute") - before, 2);
	finish(&sim);
}

static void what_aws_never_shows_is_made_twice_and_no_more(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	int before = count_of(&sim, "CreateSubnet");
	sim.cloud.ignores = "CreateSubnet";
	thing_set(&sim.cloud, thing(&sim, "network.subnet.a"), NULL);
	sim_run(&sim, 1200000);
	const struct resource *resource = stack_find(sim.daemon.stack, "network.subnet.a");
	assert_string_equal(resource->decision.reason, "NeverSeen");
	assert_int_equal(count_of(&sim, "CreateSubnet") - before, 2);
	sim.cloud.ignores = NULL;
	json_decref(stack_approve(sim.daemon.stack, "network.subnet.a", true, "somebody", NULL));
	sim_run(&sim, 120000);
	assert_int_equal(resource->record.unseen, 0);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	finish(&sim);
}

// ---- the file changes

static void what_left_the_file_is_held_until_approved(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_reload(&sim, HEAD VPC);
	sim_run(&sim, 300000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	json_t *approved =
		stack_approve(sim.daemon.stack, "network.subnet.a", true, "somebody", NULL);
	assert_int_equal(json_array_size(approved), 1);
	json_decref(approved);
	sim_run(&sim, 60000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 1);
	assert_null(stack_find(sim.daemon.stack, "network.subnet.a"));
	assert_non_null(stack_find(sim.daemon.stack, "network.subnet.b"));
	finish(&sim);
}

// Reads that lag show what was deleted now and then, for two minutes: nobody is asked again, nor
// told that it is there.
static void what_was_deleted_and_is_shown_once_more_is_gone(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sim sim;
		start_at(&sim, seed, small);
		expect_settled(&sim, 60000);
		sim.cloud.weather.most_lag_ms = sim.cloud.weather.disagree_ms = 100000;
		sim.cloud.weather.stale = 300;
		sim_reload(&sim, HEAD VPC "  subnet:\n" SUBNET_B);
		for (int i = 0; i < 200; i++) {
			json_decref(stack_approve(sim.daemon.stack, "", true, "somebody", NULL));
			sim_run(&sim, 500);
		}
		assert_int_equal(cloud_count(&sim.cloud, "subnet"), 1);
		assert_int_equal(count_of(&sim, "DeleteSubnet"), 1);
		assert_null(stack_find(sim.daemon.stack, "network.subnet.a"));
		finish(&sim);
	}
}

// The same change, needed again: somebody has to be asked again.
static void an_approval_is_good_for_once(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, asked);
	for (int turn = 1; turn <= 2; turn++) {
		tamper(&sim, "network.vpc.main", "EnableDnsHostnames", json_false());
		sim_run(&sim, 130000);
		assert_false(is_true(&sim, "network.vpc.main", "EnableDnsHostnames"));
		json_t *approved =
			stack_approve(sim.daemon.stack, "network.vpc.main", true, "somebody", NULL);
		assert_int_equal(json_array_size(approved), 1);
		json_decref(approved);
		sim_run(&sim, 60000);
		assert_true(is_true(&sim, "network.vpc.main", "EnableDnsHostnames"));
	}
	finish(&sim);
}

static void an_approval_outlives_the_daemon(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_reload(&sim, HEAD VPC);
	sim_run(&sim, 120000);
	sim_store(&sim, true);
	json_decref(stack_approve(sim.daemon.stack, "network.subnet.a", true, "somebody", NULL));
	sim_stop(&sim);
	sim_start(&sim);
	sim_run(&sim, 120000);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 1);
	finish(&sim);
}

static void a_network_is_taken_down_in_the_reverse_order(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_reload(&sim, bare);
	sim_run(&sim, 120000);
	assert_int_equal(cloud_count(&sim.cloud, ""), 0);
	assert_int_equal(count_of(&sim, "DeleteVpc"), 1);
	assert_int_equal(sim.daemon.stack->by_address.count, 0);
	assert_int_equal(json_object_size(sim.storage.records), 0);
	finish(&sim);
}

static void a_replacement_is_held_and_then_deletes_first(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	const char *moved = HEAD VPC "  subnet:\n"
				     "    a: {vpc: main, cidr_block: 10.0.7.0/24, "
				     "availability_zone: a}\n" SUBNET_B;
	sim_reload(&sim, moved);
	sim_run(&sim, 120000);
	assert_string_equal(
		js_str(thing_truth(thing(&sim, "network.subnet.a")), "CidrBlock"), "10.0.0.0/24");
	json_decref(stack_approve(sim.daemon.stack, "", true, "somebody", NULL));
	sim_run(&sim, 120000);
	expect_settled(&sim, 60000);
	assert_string_equal(
		js_str(thing_truth(thing(&sim, "network.subnet.a")), "CidrBlock"), "10.0.7.0/24");
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	finish(&sim);
}

// ---- crashes

// Killed after it had told the store that nobody knows what came of the intent: what it would have
// looked for is remembered by then.
static void what_is_told_as_unknown_is_remembered_before(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	sim.cloud.weather.most_lag_ms = 20000;
	sim.storage.most_delay_ms = 50;
	while (count_of(&sim, "CreateVpc") == 0)
		sim_run(&sim, 1);
	sim_kill(&sim);
	sim_start(&sim);
	while (sim.storage.counts[STORE_ACTION_SETTLE] == 0)
		sim_run(&sim, 1);
	const json_t *record = json_object_get(sim.storage.records, "network.vpc.main");
	assert_true(js_int(json_object_get(record, "data"), "created_ms", 0) > 0);
	sim_kill(&sim);
	sim_start(&sim);
	expect_settled(&sim, 600000);
	assert_int_equal(count_of(&sim, "CreateVpc"), 1);
	finish(&sim);
}

// Its answer was lost, so only the time since tells whether to look on or to create again.
static void create_and_set_the_clock(int64_t by_ms, bool is_answered)
{
	struct sim sim;
	start(&sim, small);
	sim.cloud.weather.most_lag_ms = 20000;
	while (count_of(&sim, "CreateVpc") == 0)
		sim_run(&sim, 1);
	if (!is_answered)
		assert_true(cloud_link_lose(&sim.daemon.aws, "CreateVpc", true));
	sim_run(&sim, by_ms % 2 ? 1 : 200);
	daemon_set_clock(&sim.daemon, by_ms);
	expect_settled(&sim, 600000);
	assert_int_equal(count_of(&sim, "CreateVpc"), 1);
	finish(&sim);
}

static void a_clock_that_is_set_makes_nothing_that_was_created_older(void **state)
{
	(void)state;
	static const int64_t steps[] = {600000, 600001, -600000, -600001, 7200000, -7200000};
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		create_and_set_the_clock(steps[i], true);
		create_and_set_the_clock(steps[i], false);
	}
}

// It was restarted, and its clock is hours ahead of the one that its records were written by.
static void a_restart_under_another_clock_looks_for_what_was_created(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sim sim;
		start(&sim, small);
		sim.cloud.weather.most_lag_ms = 20000;
		while (count_of(&sim, "CreateVpc") == 0)
			sim_run(&sim, 1);
		if (i == 1) // its answer came, and is remembered
			sim_run(&sim, 100);
		sim_kill(&sim);
		daemon_set_clock(&sim.daemon, 7200000);
		sim_start(&sim);
		expect_settled(&sim, 600000);
		assert_int_equal(count_of(&sim, "CreateVpc"), 1);
		finish(&sim);
	}
}

static void a_call_that_was_never_answered_is_told_once(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, small);
	while (count_of(&sim, "CreateVpc") == 0)
		sim_run(&sim, 1);
	sim_kill(&sim);
	const json_t *action = json_object_iter_value(json_object_iter(sim.storage.actions));
	assert_null(js_str(action, "outcome"));
	sim_start(&sim);
	expect_settled(&sim, 300000);
	assert_string_equal(js_str(action, "outcome"), "unknown");
	int settled = sim.storage.counts[STORE_ACTION_SETTLE];
	sim_stop(&sim);
	sim_run(&sim, 600000);
	sim_start(&sim);
	expect_settled(&sim, 300000);
	assert_string_equal(js_str(action, "outcome"), "unknown");
	assert_int_equal(sim.storage.counts[STORE_ACTION_SETTLE], settled);
	assert_int_equal(count_of(&sim, "CreateVpc"), 1);
	finish(&sim);
}

// After the restart the VPC is seen first, and still goes last.
static void the_order_of_deletion_outlives_a_crash(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, small);
	sim_reload(&sim, bare);
	sim_kill(&sim);
	sim_start(&sim);
	for (int64_t ms = 0; ms < 20000; ms++) {
		sim_run(&sim, 1);
		cloud_link_lose(&sim.daemon.aws, "DescribeSubnets", false);
	}
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
	assert_int_equal(count_of(&sim, "DeleteVpc"), 0);
	sim_run(&sim, 600000);
	assert_int_equal(cloud_count(&sim.cloud, ""), 0);
	assert_int_equal(count_of(&sim, "DeleteVpc"), 1);
	finish(&sim);
}

static void a_crash_at_any_instant_leaves_one_of_each(void **state)
{
	(void)state;
	for (int64_t ms = 1; ms < 1500; ms += 7) {
		struct sim sim;
		start(&sim, small);
		sim.cloud.weather.most_lag_ms = 10000;
		sim_run(&sim, ms);
		sim_kill(&sim);
		sim_start(&sim);
		expect_settled(&sim, 600000);
		assert_int_equal(cloud_count(&sim.cloud, "vpc"), 1);
		assert_int_equal(cloud_count(&sim.cloud, "subnet"), 2);
		finish(&sim);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_comes_up_from_nothing),
		cmocka_unit_test(it_comes_up_without_waiting_for_the_next_pass),
		cmocka_unit_test(what_most_has_to_wait_for_goes_first),
		cmocka_unit_test(every_write_was_intended_and_settled),
		cmocka_unit_test(ten_passes_and_a_second_start_write_nothing),
		cmocka_unit_test(a_quiet_pass_costs_a_call_a_kind_and_what_has_no_bulk),
		cmocka_unit_test(a_list_of_many_pages_is_read_whole),
		cmocka_unit_test(the_records_may_be_lost),
		cmocka_unit_test(a_changed_attribute_is_put_back_and_stands_in_history),
		cmocka_unit_test(a_restart_does_not_end_what_is_still_so),
		cmocka_unit_test(what_somebody_keeps_changing_is_corrected_and_then_left_to_people),
		cmocka_unit_test(what_is_deleted_is_made_again_once),
		cmocka_unit_test(what_went_with_its_parent_is_not_made_again_in_the_old_one),
		cmocka_unit_test(what_was_shown_before_a_crash_is_missed_as_soon),
		cmocka_unit_test(what_is_shown_now_and_then_is_there),
		cmocka_unit_test(a_name_that_changes_before_it_was_shown_makes_no_second_one),
		cmocka_unit_test(
			a_name_that_changes_back_before_the_next_was_shown_makes_no_third_one),
		cmocka_unit_test(tags_that_someone_took_away_come_back),
		cmocka_unit_test(an_undeclared_change_is_told_and_left),
		cmocka_unit_test(what_came_with_a_change_and_went_with_it_was_no_late_default),
		cmocka_unit_test(what_came_with_a_change_and_stayed_is_told),
		cmocka_unit_test(throttled_calls_are_paced_and_end_well),
		cmocka_unit_test(a_create_whose_answer_was_lost_is_not_repeated),
		cmocka_unit_test(a_create_that_never_arrived_is_sent_again_after_a_while),
		cmocka_unit_test(without_a_store_nothing_is_written_and_all_is_watched),
		cmocka_unit_test(a_wrong_account_is_left_alone),
		cmocka_unit_test(a_value_that_aws_never_shows_is_written_twice_and_no_more),
		cmocka_unit_test(what_aws_never_shows_is_made_twice_and_no_more),
		cmocka_unit_test(what_left_the_file_is_held_until_approved),
		cmocka_unit_test(what_was_deleted_and_is_shown_once_more_is_gone),
		cmocka_unit_test(an_approval_is_good_for_once),
		cmocka_unit_test(an_approval_outlives_the_daemon),
		cmocka_unit_test(a_network_is_taken_down_in_the_reverse_order),
		cmocka_unit_test(a_replacement_is_held_and_then_deletes_first),
		cmocka_unit_test(a_call_that_was_never_answered_is_told_once),
		cmocka_unit_test(what_is_told_as_unknown_is_remembered_before),
		cmocka_unit_test(a_clock_that_is_set_makes_nothing_that_was_created_older),
		cmocka_unit_test(a_restart_under_another_clock_looks_for_what_was_created),
		cmocka_unit_test(the_order_of_deletion_outlives_a_crash),
		cmocka_unit_test(a_crash_at_any_instant_leaves_one_of_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
