// What people told the daemon, and what follows for a resource.
#include "core/orders.h"
#include "tests/unit/core/scene.h"

#define NOW 1000000

static void a_target_covers_itself_and_what_lies_under_it(void **state)
{
	(void)state;
	assert_true(orders_covers("", "network.vpc.main"));
	assert_true(orders_covers("network", "network.vpc.main"));
	assert_true(orders_covers("network.vpc", "network.vpc.main"));
	assert_true(orders_covers("network.vpc.main", "network.vpc.main"));
	assert_false(orders_covers("network.vpc.main", "network.vpc.main2"));
	assert_false(orders_covers("net", "network.vpc.main"));
}

static void the_longest_pause_rules_and_one_that_is_over_does_not(void **state)
{
	(void)state;
	const json_t *orders = J([
		{"order_id" : "a", "sort" : "pause", "target" : "network", "until_ms" : 1500000},
		{"order_id" : "b", "sort" : "pause", "target" : "", "until_ms" : 2000000},
		{"order_id" : "c", "sort" : "pause", "target" : "data"}, {
			"order_id" : "d",
			"sort" : "pause",
			"target" : "network.vpc.main",
			"until_ms" : 999
		},
		{"order_id" : "e", "sort" : "ignore", "target" : "network.vpc.main", "field" : "x"}
	]);
	assert_string_equal(js_str(orders_pause(orders, "network.vpc.main", NOW), "order_id"), "b");
	assert_string_equal(js_str(orders_pause(orders, "data.db.main", NOW), "order_id"), "c");
	assert_null(orders_pause(orders, "network.vpc.main", 3000000));
	assert_string_equal(js_str(orders_layer_pause(orders, "compute", NOW), "order_id"), "b");
	assert_null(orders_layer_pause(orders, "network", 2000000));
	assert_null(orders_pause(NULL, "network.vpc.main", NOW));
}

static void ignored_fields_are_added_to_those_of_the_file(void **state)
{
	(void)state;
	const json_t *orders = J([
		{"sort" : "ignore", "target" : "network.vpc.main", "field" : "b"},
		{"sort" : "ignore", "target" : "network.vpc.other", "field" : "c"}, {
			"sort" : "ignore",
			"target" : "network.vpc.main",
			"field" : "d",
			"until_ms" : 1000000
		}
	]);
	_cleanup_json_ json_t *all = orders_ignore(orders, J(["a"]), "network.vpc.main", NOW);
	values_expect(all, J([ "a", "b" ]));
	_cleanup_json_ json_t *file = orders_ignore(orders, J(["a"]), "network.vpc.third", NOW);
	values_expect(file, J(["a"]));
	assert_null(orders_ignore(orders, NULL, "network.vpc.third", NOW));
}

static void orders_that_are_over_are_let_go(void **state)
{
	(void)state;
	json_t *orders = J([ {"until_ms" : 1000000}, {"until_ms" : 1000001}, {"sort" : "pause"} ]);
	_cleanup_json_ json_t *expired = orders_expire(orders, NOW);
	values_expect(expired, J([ {"until_ms" : 1000000} ]));
	values_expect(orders, J([ {"until_ms" : 1000001}, {"sort" : "pause"} ]));
	assert_null(orders_expire(orders, NOW));
}

static void a_clock_that_is_set_neither_shortens_nor_prolongs_an_order(void **state)
{
	(void)state;
	json_t *orders = J([ {"at_ms" : 5000, "until_ms" : 9000}, {"at_ms" : 5000} ]);
	orders_shift(orders, 7200000);
	values_expect(orders, J([ {"at_ms" : 7205000, "until_ms" : 7209000}, {"at_ms" : 5000} ]));
	orders_shift(orders, -7200000);
	values_expect(orders, J([ {"at_ms" : 5000, "until_ms" : 9000}, {"at_ms" : 5000} ]));
}

static void an_order_that_another_clock_took_lasts_as_long_as_is_left_of_it(void **state)
{
	(void)state;
	// Given for 10 s, of which 4 s are left; here it is two hours earlier.
	_cleanup_json_ json_t *order = orders_of_row(
		J({"order_id" : "o", "at_ms" : 9000000, "until_ms" : 9010000, "left_ms" : 4000}),
		1800000);
	values_expect(order, J({"order_id" : "o", "at_ms" : 1794000, "until_ms" : 1804000}));
	_cleanup_json_ json_t *endless = orders_of_row(
		J({"order_id" : "o", "at_ms" : 9000000, "until_ms" : null, "left_ms" : null}),
		1800000);
	values_expect(endless, J({"order_id" : "o", "at_ms" : 9000000, "until_ms" : null}));
}

static void what_is_paused_is_seen_and_not_changed(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.paused =
		J({"who" : "ann", "reason" : "the migration", "until_ms" : 1800000060000});
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "DONE OutOfSync Suspended Paused");
	assert_string_equal(scene.decision.message,
		"to be corrected: MapPublicIpOnLaunch; paused by ann until 2027-01-15T08:01:00Z: "
		"the migration");
	assert_int_equal(scene.decision.wake_ms, 60000);
	assert_int_equal(scene.decision.plan.count, 1); // still shown
	scene.input.policy = &scene.policy;
	absent(&scene);
	expect_verdict(&scene, "DONE Missing Suspended Paused");
	scene_again(&scene);
	scene.input.paused = J({"who" : "ann"});
	orphan(&scene);
	expect_verdict(&scene, "DONE Orphaned Suspended Paused");
	decision_done(&scene.decision);
}

static void what_is_protected_is_neither_deleted_nor_replaced_even_approved(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	approve(&scene);
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.input.protected = J({"who" : "ann", "reason" : "the audit"});
	expect_verdict(&scene, "DONE Orphaned Suspended Protected");
	assert_non_null(strstr(scene.decision.message, "ann"));
	assert_non_null(strstr(scene.decision.message, "the audit"));
	assert_int_equal(scene.decision.plan.change, CHANGE_DELETE); // still shown
	scene_again(&scene);
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.9.0/24"});
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	scene.input.protected = J({"who" : "ann"});
	expect_verdict(&scene, "DONE OutOfSync Suspended Protected");
	scene_again(&scene); // everything else is held to the file
	scene.input.protected = J({"who" : "ann"});
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	absent(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void protection_is_of_one_address(void **state)
{
	(void)state;
	const json_t *orders = J([
		{"sort" : "pause", "target" : "network.vpc.main"},
		{"sort" : "protect", "target" : "network.vpc.main", "reason" : "x"}
	]);
	assert_string_equal(js_str(orders_protect(orders, "network.vpc.main"), "reason"), "x");
	assert_null(orders_protect(orders, "network.vpc.main2"));
	assert_null(orders_protect(NULL, "network.vpc.main"));
}

static void a_brake_is_of_its_layer_and_a_release_has_an_end(void **state)
{
	(void)state;
	const json_t *orders = J([
		{"sort" : "brake", "target" : "network", "field" : "drift"},
		{"sort" : "release", "target" : "data", "until_ms" : 1500000}
	]);
	assert_string_equal(js_str(orders_brake(orders, "network"), "field"), "drift");
	assert_null(orders_brake(orders, "data"));
	assert_true(orders_is_released(orders, "data", NOW));
	assert_false(orders_is_released(orders, "data", 1500000));
	assert_false(orders_is_released(orders, "network", NOW));
	assert_true(orders_is_released(J([ {"sort" : "release", "target" : ""} ]), "data", NOW));
}

static void a_braked_layer_is_seen_and_not_changed_but_for_what_is_approved(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.brake = J({"target" : "network", "reason" : "too much"});
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "HOLD OutOfSync Suspended Braked");
	assert_string_equal(scene.decision.message,
		"to be corrected: MapPublicIpOnLaunch; the layer's changes wait for `holdfast "
		"release network`, or for an approval of each; too much");
	assert_int_equal(scene.decision.plan.count, 1); // still shown
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	absent(&scene);
	expect_verdict(&scene, "HOLD Missing Suspended Braked");
	decision_done(&scene.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_target_covers_itself_and_what_lies_under_it),
		VALUES_TEST(the_longest_pause_rules_and_one_that_is_over_does_not),
		VALUES_TEST(ignored_fields_are_added_to_those_of_the_file),
		VALUES_TEST(orders_that_are_over_are_let_go),
		VALUES_TEST(a_clock_that_is_set_neither_shortens_nor_prolongs_an_order),
		VALUES_TEST(an_order_that_another_clock_took_lasts_as_long_as_is_left_of_it),
		VALUES_TEST(what_is_paused_is_seen_and_not_changed),
		VALUES_TEST(what_is_protected_is_neither_deleted_nor_replaced_even_approved),
		VALUES_TEST(protection_is_of_one_address),
		VALUES_TEST(a_brake_is_of_its_layer_and_a_release_has_an_end),
		VALUES_TEST(a_braked_layer_is_seen_and_not_changed_but_for_what_is_approved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
