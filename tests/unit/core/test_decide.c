// One function from state to verdict, with values: what is done, what waits, what is held. What
// left the file, and what failed: test_decide_orphan.c.
#include "tests/unit/core/scene.h"

// ---- in sync

static void what_is_as_the_file_says_is_done(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	decision_done(&scene.decision);
}

static void what_was_never_looked_at_is_not_known(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.presence = PRESENCE_UNKNOWN;
	expect_verdict(&scene, "WAIT Unknown Unknown NotChecked");
	decision_done(&scene.decision);
}

static void what_the_file_says_more_of_is_read_before_it_is_found_missing(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_false());
	scene.input.lacks_read = true;
	expect_verdict(&scene, "AGAIN Unknown Progressing NotChecked");
	assert_int_equal(scene.decision.plan.count + (int)scene.decision.differences.count, 0);
	decision_done(&scene.decision);
}

static void a_condition_makes_it_unwell_and_is_no_reason_to_write(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	str_copy(scene.seen.reason, sizeof(scene.seen.reason), "DeliveryFailed");
	str_copy(scene.seen.message, sizeof(scene.seen.message), "Access error");
	expect_verdict(&scene, "DONE Synced Degraded DeliveryFailed");
	assert_string_equal(scene.decision.message, "Access error");
	decision_done(&scene.decision);
}

static void undeclared_drift_is_told_and_left_alone(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.record.baseline = J({"EnableDns64" : null});
	json_object_set_new(scene.seen.observed, "EnableDns64", json_true());
	expect_verdict(&scene, "DONE Synced Healthy UndeclaredDrift");
	assert_int_equal(scene.decision.undeclared, 1);
	assert_int_equal(scene.decision.plan.count, 0);
	decision_done(&scene.decision);
}

static void a_member_that_waits_for_a_reference_is_waited_for(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.waiting = J({"MapPublicIpOnLaunch" : "waits for network.vpc.main"});
	expect_verdict(&scene, "WAIT OutOfSync Progressing Waiting");
	decision_done(&scene.decision);
}

// ---- drift

static void drift_is_corrected(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.change, CHANGE_UPDATE);
	assert_int_equal(scene.decision.plan.count, 1);
	decision_done(&scene.decision);
}

static void what_is_ahead_of_what_it_refers_to_waits_for_a_look_at_that(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	scene.input.is_ahead = true;
	expect_verdict(&scene, "AGAIN OutOfSync Progressing NotChecked");
	assert_int_equal(scene.decision.plan.count, 0);
	assert_true(scene.decision.awaits_look);
	assert_true(scene.decision.again_ms >= 30000); // no look of its own brings it on
	decision_done(&scene.decision);
}

static void a_missing_tag_is_put_back(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.seen.tags = J({});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.steps[0].type, STEP_TAG);
	decision_done(&scene.decision);
}

static void observe_mode_shows_and_does_not_touch(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.policy.mode = MODE_OBSERVE;
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	expect_verdict(&scene, "DONE OutOfSync Healthy ObserveOnly");
	assert_int_equal(scene.decision.plan.count, 1); // what it would do
	absent(&scene);
	expect_verdict(&scene, "DONE Missing Missing ObserveOnly");
	scene_again(&scene);
	scene.policy.mode = MODE_OBSERVE;
	scene.policy.prune = PRUNE_DELETE;
	orphan(&scene);
	expect_verdict(&scene, "DONE Orphaned Healthy ObserveOnly");
	decision_done(&scene.decision);
}

static void observe_mode_replaces_nothing(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.policy.mode = MODE_OBSERVE;
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24"});
	expect_verdict(&scene, "DONE OutOfSync Healthy ObserveOnly");
	scene_again(&scene);
	scene.policy.mode = MODE_OBSERVE;
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	scene.seen.is_failed = true;
	expect_verdict(&scene, "DONE OutOfSync Degraded Failed");
	decision_done(&scene.decision);
}

// ---- writes that are not seen

static void a_write_that_is_not_seen_yet_is_given_time(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	wrote(&scene, "MapPublicIpOnLaunch", json_false(), json_true(), 3000, 1);
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	decision_done(&scene.decision);
}

static void it_is_written_once_more_when_time_has_passed(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	wrote(&scene, "MapPublicIpOnLaunch", json_false(), json_true(), 20000, 1);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

static void there_is_no_third_write(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	wrote(&scene, "MapPublicIpOnLaunch", json_false(), json_true(), 20000, 2);
	expect_verdict(&scene, "DONE OutOfSync Degraded Permadiff");
	assert_int_equal(scene.decision.quarantined, 1);
	assert_non_null(strstr(scene.decision.message, "MapPublicIpOnLaunch"));
	decision_done(&scene.decision);
}

static void nor_when_aws_turns_the_value_into_a_third_one(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("vpc_endpoint");
	scene.input.want = J({"IpAddressType" : "ipv4"});
	scene.seen.observed = J({"IpAddressType" : "other"});
	// First "old" was there, then "other"; both times "ipv4" was written.
	wrote(&scene, "IpAddressType", J("ipv4"), J("other"), 20000, 2);
	expect_verdict(&scene, "DONE OutOfSync Degraded Permadiff");
	wrote(&scene, "IpAddressType", J("ipv4"), J("old"), 20000, 2);
	expect_verdict(&scene, "DONE OutOfSync Degraded Permadiff");
	decision_done(&scene.decision);
}

static void a_write_that_was_seen_and_is_hidden_again_is_not_drift_yet(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	wrote(&scene, "MapPublicIpOnLaunch", json_false(), json_true(), 9000, 2);
	json_object_set_new(
		json_object_get(scene.record.writes, "MapPublicIpOnLaunch"), "seen", json_true());
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	// Then it is somebody's hand, and corrected as often as it is moved.
	wrote(&scene, "MapPublicIpOnLaunch", json_false(), json_true(), 11000, 2);
	json_object_set_new(
		json_object_get(scene.record.writes, "MapPublicIpOnLaunch"), "seen", json_true());
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

static void another_wanted_value_is_a_new_write(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	wrote(&scene, "MapPublicIpOnLaunch", json_true(), json_true(), 1000, 2);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

static void what_is_quarantined_does_not_stop_the_rest(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.want = J({"MapPublicIpOnLaunch" : true, "EnableDns64" : true});
	wrote(&scene, "MapPublicIpOnLaunch", json_true(), json_false(), 60000, 2);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	values_expect(scene.decision.plan.steps[0].paths, J(["EnableDns64"]));
	decision_done(&scene.decision);
}

// ---- creation

static void what_is_missing_is_created(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	assert_int_equal(scene.decision.plan.change, CHANGE_CREATE);
	decision_done(&scene.decision);
}

static void what_was_deleted_in_aws_is_created_again(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.presence = PRESENCE_ABSENT;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	scene_again(&scene);
	scene.seen.is_gone = true; // still listed: a NAT gateway is, for an hour
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

static void what_has_a_name_waits_until_its_namesake_is_gone(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	struct kind named = *scene.input.kind;
	named.observe.key = "@{desired.VpcId}";
	scene.input.kind = &named;
	scene.seen.is_gone = true; // an ECS service drains for minutes
	expect_verdict(&scene, "AGAIN Missing Progressing Deleting");
	scene.seen.is_past = true; // INACTIVE: only history
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

static void creation_waits_for_what_it_refers_to(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.input.creation_waits = "waits for network.vpc.main, which does not exist yet";
	expect_verdict(&scene, "WAIT Missing Missing Waiting");
	decision_done(&scene.decision);
}

static void what_was_just_created_need_not_be_listed_yet(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.record.id = (char *)"subnet-9";
	scene.record.created_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN Missing Progressing Created");
	scene.record.created_ms = WALL - 119000;
	expect_verdict(&scene, "AGAIN Missing Progressing Created");
	scene.record.created_ms = WALL - 121000;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void a_create_without_answer_is_looked_for_before_another(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.record.created_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
	scene.record.created_ms = WALL - 61000;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

// A read may be stale for two minutes. Where AWS makes another one each time, none is believed
// before.
static void what_could_be_made_twice_is_looked_for_longer_than_reads_are_stale(void **state)
{
	(void)state;
	static const char *const adding[] = {"elastic_ip", "vpc", "internet_gateway", "route_table",
		"network_acl", "nat_gateway", "vpc_endpoint", "kms_key", "certificate",
		"task_definition"};
	static const char *const single[] = {
		"security_group", "subnet", "iam_role", "db_instance", "log_group", "listener"};
	struct scene scene;
	for (size_t i = 0; i < ARRAY_COUNT(adding) + ARRAY_COUNT(single); i++) {
		bool is_adding = i < ARRAY_COUNT(adding);
		scene_init(&scene);
		scene.input.kind =
			kind_find(is_adding ? adding[i] : single[i - ARRAY_COUNT(adding)]);
		assert_int_equal(kind_is_single(scene.input.kind), !is_adding);
		absent(&scene);
		scene.record.created_ms = WALL - (is_adding ? 129000 : 14000);
		expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
		scene.record.created_ms = WALL - (is_adding ? 131000 : 16000);
		expect_verdict(&scene, "ACT Missing Progressing Creating");
		decision_done(&scene.decision);
	}
}

// Under another address block AWS would make another one: it refuses nothing.
static void what_the_file_calls_otherwise_since_is_looked_for_as_long(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.input.kind = kind_find("subnet");
	scene.input.want = J({"CidrBlock" : "10.0.1.0/24", "VpcId" : "vpc-1"});
	scene.record.created_ms = WALL - 100000;
	scene.record.kept = J({"CidrBlock" : "10.0.0.0/24", "VpcId" : "vpc-1"});
	expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
	scene.record.kept = (json_t *)scene.input.want;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void only_a_look_that_came_later_proves_that_it_is_not_there(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.record.created_ms = WALL - 16000;
	scene.input.checked_ms = WALL - 5000;
	expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
	scene.input.checked_ms = WALL - 500;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void what_settles_is_left_alone_until_it_is_stuck(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.seen.is_pending = true;
	str_copy(scene.seen.state, sizeof(scene.seen.state), "pending");
	scene.record.created_ms = WALL - 1000;
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	scene.record.busy_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	assert_string_equal(scene.decision.message, "AWS says pending");
	scene.record.busy_ms = WALL - 119000;
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	assert_string_equal(scene.decision.message, "AWS says pending, for 1 minute");
	scene.record.busy_ms = WALL - 601000;
	expect_verdict(&scene, "AGAIN OutOfSync Degraded Stuck");
	assert_string_equal(scene.decision.message, "AWS has kept it pending for 10 minutes");
	decision_done(&scene.decision);
}

// ---- failed, replaced

static void a_failed_thing_is_replaced_only_with_leave(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.seen.is_failed = true;
	str_copy(scene.seen.message, sizeof(scene.seen.message), "no free address");
	expect_verdict(&scene, "HOLD OutOfSync Degraded Failed");
	assert_non_null(strstr(scene.decision.message, "no free address"));
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	assert_int_equal(scene.decision.plan.change, CHANGE_REPLACE);
	scene.input.approved = J({});
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	decision_done(&scene.decision);
}

static void hold_replacement(struct scene *scene)
{
	scene_init(scene);
	scene->input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24"});
	expect_verdict(scene, "HOLD OutOfSync Suspended ReplacementHeld");
}

static void a_replacement_is_held_and_its_approval_is_for_that_change_only(void **state)
{
	(void)state;
	struct scene scene;
	hold_replacement(&scene);
	assert_non_null(strstr(scene.decision.message, "CidrBlock"));
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	assert_int_equal(scene.decision.plan.steps[0].type, STEP_REMOVE);
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.2.0/24"});
	expect_verdict(&scene, "HOLD OutOfSync Suspended ReplacementHeld");
	decision_done(&scene.decision);
}

static void a_held_replacement_does_not_stop_what_can_be_changed(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.want =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_int_equal(scene.decision.plan.steps[0].type, STEP_UPDATE);
	// Nothing of the replacement is begun: it is neither shown so, nor counted, nor kept back
	// by a protection.
	assert_int_equal(scene.decision.plan.change, CHANGE_UPDATE);
	assert_int_equal(scene.decision.plan.disruption, DISRUPTS_NONE);
	assert_string_equal(scene.decision.message,
		"being corrected: MapPublicIpOnLaunch; held back: CidrBlock");
	scene.input.protected = J({"who" : "ann"});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

// Its protection, for one, which was taken off before AWS refused the deletion: put back, it would
// be taken off and put back for ever.
static void nothing_is_written_to_what_may_be_replaced(void **state)
{
	(void)state;
	struct scene scene;
	hold_replacement(&scene);
	approve(&scene);
	scene.input.want =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	assert_int_equal(scene.decision.plan.steps[0].type, STEP_REMOVE);
	scene.input.approved = J({});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	decision_done(&scene.decision);
}

static void an_approved_replacement_lets_nothing_else_go_that_is_held(void **state)
{
	(void)state;
	struct scene scene;
	hold_replacement(&scene);
	approve(&scene);
	scene.policy.rules[DISRUPTS_NONE] = RULE_HOLD;
	scene.input.want =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "HOLD OutOfSync Suspended DisruptionHeld");
	decision_done(&scene.decision);
}

static void data_is_never_replaced_by_policy(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	struct kind kind = *values_kind("subnet");
	kind.holds_data = true;
	scene.input.kind = &kind;
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	scene.policy.prune = PRUNE_DELETE;
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24"});
	expect_verdict(&scene, "HOLD OutOfSync Suspended ReplacementHeld");
	assert_int_equal(scene.decision.plan.disruption, DISRUPTS_DATA_LOSS);
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	orphan(&scene);
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	decision_done(&scene.decision);
}

static void what_was_deleted_to_be_replaced_is_waited_for(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.record.deleted_ms = WALL - 2000;
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Deleting");
	scene.record.deletions = DECIDE_MOST_DELETIONS; // and is still there
	scene.record.deleted_ms = WALL - 130000;
	scene.seen.is_failed = true;
	scene.policy.rules[DISRUPTS_REPLACEMENT] = RULE_ALLOW;
	expect_verdict(&scene, "HOLD OutOfSync Degraded NotDeleted");
	scene.seen.is_failed = false;
	scene.seen.is_gone = true;
	scene.record.deleted_ms = WALL - 130000;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

static void what_aws_never_shows_is_not_made_a_third_time(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.presence = PRESENCE_ABSENT;
	scene.record.id = NULL;
	scene.record.unseen = 1;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	scene.record.unseen = 2;
	expect_verdict(&scene, "HOLD Missing Suspended NeverSeen");
	approve(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_is_as_the_file_says_is_done),
		VALUES_TEST(what_the_file_says_more_of_is_read_before_it_is_found_missing),
		VALUES_TEST(what_was_never_looked_at_is_not_known),
		VALUES_TEST(a_condition_makes_it_unwell_and_is_no_reason_to_write),
		VALUES_TEST(undeclared_drift_is_told_and_left_alone),
		VALUES_TEST(a_member_that_waits_for_a_reference_is_waited_for),
		VALUES_TEST(drift_is_corrected),
		VALUES_TEST(what_is_ahead_of_what_it_refers_to_waits_for_a_look_at_that),
		VALUES_TEST(a_missing_tag_is_put_back),
		VALUES_TEST(observe_mode_shows_and_does_not_touch),
		VALUES_TEST(observe_mode_replaces_nothing),
		VALUES_TEST(a_write_that_is_not_seen_yet_is_given_time),
		VALUES_TEST(it_is_written_once_more_when_time_has_passed),
		VALUES_TEST(there_is_no_third_write),
		VALUES_TEST(nor_when_aws_turns_the_value_into_a_third_one),
		VALUES_TEST(a_write_that_was_seen_and_is_hidden_again_is_not_drift_yet),
		VALUES_TEST(another_wanted_value_is_a_new_write),
		VALUES_TEST(what_is_quarantined_does_not_stop_the_rest),
		VALUES_TEST(what_is_missing_is_created),
		VALUES_TEST(what_was_deleted_in_aws_is_created_again),
		VALUES_TEST(what_has_a_name_waits_until_its_namesake_is_gone),
		VALUES_TEST(creation_waits_for_what_it_refers_to),
		VALUES_TEST(what_was_just_created_need_not_be_listed_yet),
		VALUES_TEST(a_create_without_answer_is_looked_for_before_another),
		VALUES_TEST(what_could_be_made_twice_is_looked_for_longer_than_reads_are_stale),
		VALUES_TEST(what_the_file_calls_otherwise_since_is_looked_for_as_long),
		VALUES_TEST(only_a_look_that_came_later_proves_that_it_is_not_there),
		VALUES_TEST(what_settles_is_left_alone_until_it_is_stuck),
		VALUES_TEST(a_failed_thing_is_replaced_only_with_leave),
		VALUES_TEST(a_replacement_is_held_and_its_approval_is_for_that_change_only),
		VALUES_TEST(a_held_replacement_does_not_stop_what_can_be_changed),
		VALUES_TEST(nothing_is_written_to_what_may_be_replaced),
		VALUES_TEST(an_approved_replacement_lets_nothing_else_go_that_is_held),
		VALUES_TEST(data_is_never_replaced_by_policy),
		VALUES_TEST(what_aws_never_shows_is_not_made_a_third_time),
		VALUES_TEST(what_was_deleted_to_be_replaced_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
