// Whole stacks on virtual time: what waits for a window, for a person or for the end of a brake,
// and what is said of it meanwhile.
#include "core/view.h"
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000, WINDOW_MS = 5 * MINUTE_MS, EACH_MS = 30 * MINUTE_MS };

#define HEAD(policy)                                                                               \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\npolicy: {interval: 60s, " policy \
	"}\n"
#define VPC "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"
#define SUBNET "  subnet:\n    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n"

static const char windowed[] = HEAD("disruption: {none: window}, windows: [{cron: '*/30 * * * *', "
				    "duration: 5m}]") VPC;
static const char joining[] =
	HEAD("disruption: {connection-drop: hold}") VPC "  internet_gateway: {main: {vpc: main}}\n";
static const char asked[] = HEAD("disruption: {none: hold}") VPC SUBNET;
static const char asked_moved[] = HEAD("disruption: {none: hold}") VPC
	"  subnet:\n    a: {vpc: main, cidr_block: 10.0.7.0/24, availability_zone: a}\n";
static const char bare[] = HEAD("prune: hold");
static const char small[] = HEAD("prune: hold") VPC SUBNET;

static void start(struct sim *sim, const char *file)
{
	sim_init(sim, 7, file);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
	assert_true(sim_settle(sim, 60000) >= 0);
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

static const struct resource *vpc(struct sim *sim)
{
	return stack_find(sim->daemon.stack, "network.vpc.main");
}

static bool has_names(struct sim *sim)
{
	struct thing *thing = cloud_by_address(&sim->cloud, "network.vpc.main");
	return json_is_true(json_object_get(thing_truth(thing), "EnableDnsHostnames"));
}

static void take_names(struct sim *sim)
{
	struct thing *thing = cloud_by_address(&sim->cloud, "network.vpc.main");
	json_t *item = thing_edit(thing);
	json_object_set_new(item, "EnableDnsHostnames", json_false());
	thing_set(&sim->cloud, thing, item);
}

static int64_t into_half_hour(struct sim *sim)
{
	return loop_wall_ms(sim->daemon.stack->options.loop) % EACH_MS;
}

// To a moment at which the window has long closed, and does not open soon.
static void run_to_quiet(struct sim *sim)
{
	int64_t now = into_half_hour(sim);
	if (now < WINDOW_MS + MINUTE_MS || now > 2 * WINDOW_MS)
		sim_run(sim, (EACH_MS - now + WINDOW_MS + MINUTE_MS) % EACH_MS);
}

static int count_holds(const struct sim *sim, const char *state)
{
	const char *id;
	json_t *hold;
	int count = 0;
	json_object_foreach (sim->storage.holds, id, hold)
		count += str_eq_null(js_str(hold, "state"), state);
	return count;
}

static void what_waits_for_a_window_is_made_when_it_opens_and_waits_once_it_has_closed(void **state)
{
	(void)state;
	struct sim sim;
	char text[400];
	start(&sim, windowed);
	for (int turn = 1; turn <= 2; turn++) {
		run_to_quiet(&sim);
		take_names(&sim);
		sim_run(&sim, 3 * MINUTE_MS);
		assert_string_equal(vpc(&sim)->decision.reason, "WaitsForWindow");
		view_summary(sim.daemon.stack, text, sizeof(text));
		assert_string_equal(text, "1 resource, 0 in sync, 1 waits for a window");
		// To the last second before it opens, and then past it: no pass is waited for.
		sim_run(&sim, EACH_MS - into_half_hour(&sim) - 1000);
		assert_false(has_names(&sim));
		assert_int_equal(count_holds(&sim, "waiting"), 1);
		sim_run(&sim, 4000);
		assert_true(has_names(&sim));
		assert_int_equal(count_holds(&sim, "waiting"), 0);
		assert_int_equal(count_holds(&sim, "allowed"), turn); // which nobody approved
	}
	assert_int_equal(count_holds(&sim, "gone"), 0);
	finish(&sim);
}

static void what_drifts_while_the_window_is_open_is_corrected_at_once(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, windowed);
	run_to_quiet(&sim);
	sim_run(&sim, EACH_MS - into_half_hour(&sim) + MINUTE_MS);
	take_names(&sim);
	sim_run(&sim, 2 * MINUTE_MS);
	assert_true(has_names(&sim));
	assert_int_equal(json_object_size(sim.storage.holds), 0);
	finish(&sim);
}

static void what_a_person_rejected_stays_when_its_window_opens_until_it_is_approved(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, windowed);
	run_to_quiet(&sim);
	take_names(&sim);
	sim_run(&sim, 3 * MINUTE_MS);
	json_decref(stack_approve(
		sim.daemon.stack, "network.vpc.main", false, "ada", "not while we migrate"));
	sim_run(&sim, EACH_MS - into_half_hour(&sim) + MINUTE_MS);
	assert_false(has_names(&sim));
	assert_string_equal(vpc(&sim)->decision.reason, "Rejected");
	assert_non_null(strstr(vpc(&sim)->decision.message, "ada"));
	_cleanup_json_ json_t *line = view_line(sim.daemon.stack, vpc(&sim));
	assert_string_equal(
		js_str(json_object_get(line, "rejected"), "why"), "not while we migrate");
	sim_run(&sim, EACH_MS); // another one
	assert_false(has_names(&sim));
	assert_int_equal(count_holds(&sim, "rejected"), 1);
	json_decref(stack_approve(sim.daemon.stack, "network.vpc.main", true, "ada", NULL));
	sim_run(&sim, MINUTE_MS);
	assert_true(has_names(&sim));
	assert_int_equal(count_holds(&sim, "used"), 1);
	finish(&sim);
}

// A read may lag behind an approved write.
static void what_was_approved_and_written_is_not_held_again_while_it_has_to_show(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, asked);
	take_names(&sim);
	sim_run(&sim, 2 * MINUTE_MS);
	assert_int_equal(count_holds(&sim, "waiting"), 1);
	sim.cloud.weather.most_lag_ms = 4000;
	json_decref(stack_approve(sim.daemon.stack, "", true, "ada", NULL));
	sim_run(&sim, 2 * MINUTE_MS);
	assert_true(has_names(&sim));
	assert_int_equal(count_holds(&sim, "used"), 1);
	assert_int_equal(json_object_size(sim.storage.holds), 1);
	finish(&sim);
}

// What it would interrupt in place does not count: there is no such change.
static void an_approved_replacement_goes_where_also_small_changes_are_held(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, asked);
	sim_reload(&sim, asked_moved);
	sim_run(&sim, 2 * MINUTE_MS);
	const struct resource *subnet = stack_find(sim.daemon.stack, "network.subnet.a");
	assert_string_equal(subnet->decision.reason, "ReplacementHeld");
	json_decref(stack_approve(sim.daemon.stack, "network.subnet.a", true, "ada", NULL));
	assert_true(sim_settle(&sim, 3 * MINUTE_MS) >= 0);
	struct thing *thing = cloud_by_address(&sim.cloud, "network.subnet.a");
	assert_string_equal(js_str(thing_truth(thing), "CidrBlock"), "10.0.7.0/24");
	finish(&sim);
}

// Nobody uses it before: to wait there would be to wait with the whole network.
static void what_joins_from_nothing_interrupts_nothing(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, joining);
	assert_int_equal(js_int(sim.cloud.by_operation, "AttachInternetGateway", 0), 1);
	assert_int_equal(json_object_size(sim.storage.holds), 0);
	finish(&sim);
}

static void nothing_converges_behind_a_brake(void **state)
{
	(void)state;
	struct sim sim;
	char text[400];
	start(&sim, bare);
	stack_order(sim.daemon.stack,
		json_pack("{s:s, s:s, s:s, s:s}", "sort", "brake", "target", "network", "field",
			"most_drift", "reason", "somebody else is at work"),
		"holdfastd");
	sim_reload(&sim, small);
	sim_run(&sim, 3 * MINUTE_MS);
	assert_string_equal(vpc(&sim)->decision.reason, "Braked");
	const struct resource *subnet = stack_find(sim.daemon.stack, "network.subnet.a");
	assert_int_equal(subnet->decision.verdict, VERDICT_WAIT);
	view_summary(sim.daemon.stack, text, sizeof(text));
	assert_string_equal(text, "2 resources, 0 in sync, braked: network");
	_cleanup_json_ json_t *status = view_status(sim.daemon.stack);
	assert_true(json_is_null(json_object_get(status, "progress")));
	const json_t *layer = json_array_get(json_object_get(status, "layers"), 0);
	assert_string_equal(js_str(layer, "name"), "network");
	assert_string_equal(js_str(layer, "health"), "Suspended");
	assert_int_equal(js_int(layer, "progressing", -1), 0);
	json_decref(stack_release(sim.daemon.stack, "network", 0, NULL, "ada"));
	sim_run(&sim, 10); // begins
	_cleanup_json_ json_t *later = view_status(sim.daemon.stack);
	assert_true(json_is_object(json_object_get(later, "progress")));
	sim_run(&sim, MINUTE_MS);
	assert_int_equal(cloud_count(&sim.cloud, "subnet"), 1);
	assert_int_equal(count_holds(&sim, "allowed"), 1);
	finish(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_waits_for_a_window_is_made_when_it_opens_and_waits_once_it_has_closed),
		cmocka_unit_test(what_drifts_while_the_window_is_open_is_corrected_at_once),
		cmocka_unit_test(
			what_a_person_rejected_stays_when_its_window_opens_until_it_is_approved),
		cmocka_unit_test(
			what_was_approved_and_written_is_not_held_again_while_it_has_to_show),
		cmocka_unit_test(an_approved_replacement_goes_where_also_small_changes_are_held),
		cmocka_unit_test(what_joins_from_nothing_interrupts_nothing),
		cmocka_unit_test(nothing_converges_behind_a_brake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
