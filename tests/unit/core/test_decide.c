// One function from state to verdict, with values: what is done, what waits, what is held.
#include "core/decide.h"
#include "tests/unit/core/values.h"

#define WALL 1800000000000

/* An input with everything in it, for a test to change; the subnet is there and as it should be. */
struct scene {
	struct decide_input input;
	struct wanted wanted;
	struct policy policy;
	struct sighting seen;
	struct record record;
	struct failure failure;
	struct decision decision;
};

static void scene_init(struct scene *scene)
{
	*scene = (struct scene){.policy = {.most_deletes = -1}};
	scene->wanted = (struct wanted){.address = (char *)"network.subnet.a"};
	scene->seen = (struct sighting){.id = (char *)"subnet-1",
		.state = "available",
		.observed = J({
			"VpcId" : "vpc-1",
			"CidrBlock" : "10.0.0.0/24",
			"MapPublicIpOnLaunch" : false
		}),
		.tags = J({"holdfast:stack" : "shop"})};
	scene->record = (struct record){.id = (char *)"subnet-1",
		.observed = scene->seen.observed,
		.baseline = J({}),
		.writes = J({}),
		.depends_on = J([]),
		.drifts = J({})};
	scene->input = (struct decide_input){.kind = values_kind("subnet"),
		.wanted = &scene->wanted,
		.policy = &scene->policy,
		.want = J({
			"VpcId" : "vpc-1",
			"CidrBlock" : "10.0.0.0/24",
			"MapPublicIpOnLaunch" : false
		}),
		.waiting = J({}),
		.tags = J({"holdfast:stack" : "shop"}),
		.presence = PRESENCE_PRESENT,
		.seen = &scene->seen,
		.record = &scene->record,
		.failure = &scene->failure,
		.approved = J({}),
		.checked_ms = WALL,
		.wall_ms = WALL,
		.loop_ms = 1000000};
}

static void scene_again(struct scene *scene)
{
	decision_done(&scene->decision);
	scene_init(scene);
}

/* "ACT OutOfSync Progressing Correcting" */
static void expect_verdict(struct scene *scene, const char *expected)
{
	static const char *const verdicts[] = {
		"DONE", "ACT", "AGAIN", "WAIT", "HOLD", "BACKOFF", "FORGET"};
	struct decision *d = &scene->decision;
	decision_done(d);
	decide(&scene->input, d);
	_cleanup_free_ char *text = str_format("%s %s %s %s", verdicts[d->verdict],
		sync_name(d->sync), health_name(d->health), d->reason);
	assert_string_equal(text, expected);
	assert_true(*d->message != '\0');
	assert_true(d->verdict != VERDICT_AGAIN || d->again_ms > 0);
}

static void digest_of(const json_t *value, char ret[17])
{
	if (!value || !js_digest(value, ret, 17))
		str_copy(ret, 17, "-");
}

/* Notes that `path` was written, as the reconciler does. */
static void wrote(struct scene *scene, const char *path, const json_t *to, const json_t *from,
	int64_t ago_ms, int count)
{
	char to_digest[17], from_digest[17];
	digest_of(to, to_digest);
	digest_of(from, from_digest);
	json_object_set_new(scene->record.writes, path,
		json_pack("{s:s, s:s, s:I, s:i}", "to", to_digest, "from", from_digest, "at",
			(json_int_t)(WALL - ago_ms), "count", count));
}

static void approve(struct scene *scene)
{
	json_object_set_new((json_t *)scene->input.approved, scene->decision.digest, json_true());
}

static void absent(struct scene *scene)
{
	scene->input.presence = PRESENCE_ABSENT;
	scene->record.id = NULL;
	scene->record.observed = NULL;
}

static void orphan(struct scene *scene)
{
	scene->input.wanted = NULL;
	scene->input.want = NULL;
}

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
	scene.policy.replace = PRUNE_DELETE;
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24"});
	expect_verdict(&scene, "DONE OutOfSync Healthy ObserveOnly");
	scene_again(&scene);
	scene.policy.mode = MODE_OBSERVE;
	scene.policy.replace = PRUNE_DELETE;
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

static void only_a_look_that_came_later_proves_that_it_is_not_there(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.record.created_ms = WALL - 61000;
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
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	scene.record.created_ms = WALL - 601000;
	expect_verdict(&scene, "AGAIN OutOfSync Degraded Stuck");
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
	scene.policy.replace = PRUNE_DELETE;
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	decision_done(&scene.decision);
}

static void a_replacement_is_held_and_its_approval_is_for_that_change_only(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.1.0/24"});
	expect_verdict(&scene, "HOLD OutOfSync Suspended ReplacementHeld");
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
	scene.policy.replace = PRUNE_DELETE;
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
	scene.seen.is_gone = true;
	scene.record.deleted_ms = WALL - 130000;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

// ---- orphans

static void an_orphan_is_held(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	assert_int_equal(scene.decision.plan.change, CHANGE_DELETE);
	approve(&scene);
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	decision_done(&scene.decision);
}

static void an_orphan_is_pruned_where_the_policy_says_so(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.input.deletion_waits = "network.subnet.b";
	expect_verdict(&scene, "AGAIN Orphaned Progressing InUse");
	decision_done(&scene.decision);
}

static void the_brake_holds_what_the_policy_would_prune(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	scene.input.brake = "too many";
	expect_verdict(&scene, "HOLD Orphaned Suspended DeletionBrake");
	approve(&scene);
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	decision_done(&scene.decision);
}

static void approvals_of_two_orphans_are_two(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	approve(&scene);
	scene.seen.id = (char *)"subnet-2";
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	decision_done(&scene.decision);
}

static void an_orphan_that_is_gone_is_forgotten(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.input.presence = PRESENCE_ABSENT;
	expect_verdict(&scene, "FORGET Orphaned Missing Gone");
	scene.record.created_ms = WALL - 1000; // or only not there yet
	expect_verdict(&scene, "AGAIN Orphaned Progressing Created");
	decision_done(&scene.decision);
}

static void an_orphan_that_is_being_deleted_is_not_deleted_again(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	scene.record.deleted_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	scene.record.deleted_ms = WALL - 31000;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.seen.is_gone = true;
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	decision_done(&scene.decision);
}

// ---- failures

static void a_failed_attempt_is_paced(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	struct err err = err_code(ERR_TRANSIENT, "InternalError", "create: internal error");
	failure_add(&scene.failure, &err, false, scene.decision.digest, scene.input.loop_ms, 1.0);
	expect_verdict(&scene, "BACKOFF Missing Progressing Retrying");
	scene.input.loop_ms = scene.failure.next_ms;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void a_refused_change_is_not_repeated_unchanged(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	struct err err = err_code(ERR_INVALID, "InvalidParameterValue", "create: no such zone");
	failure_add(&scene.failure, &err, false, scene.decision.digest, scene.input.loop_ms, 1.0);
	expect_verdict(&scene, "BACKOFF Missing Degraded Refused");
	scene.input.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.9.0/24"});
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static void denied_and_throttled_are_told_apart(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	struct err err = err_code(ERR_DENIED, "UnauthorizedOperation", "create: not allowed");
	failure_add(&scene.failure, &err, false, scene.decision.digest, scene.input.loop_ms, 1.0);
	expect_verdict(&scene, "BACKOFF Missing Degraded AccessDenied");
	err = err_code(ERR_THROTTLED, "RequestLimitExceeded", "create: slow down");
	failure_add(&scene.failure, &err, false, scene.decision.digest, scene.input.loop_ms, 1.0);
	expect_verdict(&scene, "BACKOFF Missing Degraded Throttled");
	decision_done(&scene.decision);
}

static void the_same_state_gives_the_same_name_of_a_change(void **state)
{
	(void)state;
	struct scene scene;
	char first[17];
	scene_init(&scene);
	orphan(&scene);
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	str_copy(first, sizeof(first), scene.decision.digest);
	assert_int_equal(strlen(first), 16);
	scene.input.wall_ms += 86400000;
	scene.input.loop_ms += 5;
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	assert_string_equal(first, scene.decision.digest);
	decision_done(&scene.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_is_as_the_file_says_is_done),
		VALUES_TEST(what_was_never_looked_at_is_not_known),
		VALUES_TEST(a_condition_makes_it_unwell_and_is_no_reason_to_write),
		VALUES_TEST(undeclared_drift_is_told_and_left_alone),
		VALUES_TEST(a_member_that_waits_for_a_reference_is_waited_for),
		VALUES_TEST(drift_is_corrected),
		VALUES_TEST(a_missing_tag_is_put_back),
		VALUES_TEST(observe_mode_shows_and_does_not_touch),
		VALUES_TEST(observe_mode_replaces_nothing),
		VALUES_TEST(a_write_that_is_not_seen_yet_is_given_time),
		VALUES_TEST(it_is_written_once_more_when_time_has_passed),
		VALUES_TEST(there_is_no_third_write),
		VALUES_TEST(nor_when_aws_turns_the_value_into_a_third_one),
		VALUES_TEST(another_wanted_value_is_a_new_write),
		VALUES_TEST(what_is_quarantined_does_not_stop_the_rest),
		VALUES_TEST(what_is_missing_is_created),
		VALUES_TEST(what_was_deleted_in_aws_is_created_again),
		VALUES_TEST(creation_waits_for_what_it_refers_to),
		VALUES_TEST(what_was_just_created_need_not_be_listed_yet),
		VALUES_TEST(a_create_without_answer_is_looked_for_before_another),
		VALUES_TEST(only_a_look_that_came_later_proves_that_it_is_not_there),
		VALUES_TEST(what_settles_is_left_alone_until_it_is_stuck),
		VALUES_TEST(a_failed_thing_is_replaced_only_with_leave),
		VALUES_TEST(a_replacement_is_held_and_its_approval_is_for_that_change_only),
		VALUES_TEST(a_held_replacement_does_not_stop_what_can_be_changed),
		VALUES_TEST(data_is_never_replaced_by_policy),
		VALUES_TEST(what_was_deleted_to_be_replaced_is_waited_for),
		VALUES_TEST(an_orphan_is_held),
		VALUES_TEST(an_orphan_is_pruned_where_the_policy_says_so),
		VALUES_TEST(the_brake_holds_what_the_policy_would_prune),
		VALUES_TEST(approvals_of_two_orphans_are_two),
		VALUES_TEST(an_orphan_that_is_gone_is_forgotten),
		VALUES_TEST(an_orphan_that_is_being_deleted_is_not_deleted_again),
		VALUES_TEST(a_failed_attempt_is_paced),
		VALUES_TEST(a_refused_change_is_not_repeated_unchanged),
		VALUES_TEST(denied_and_throttled_are_told_apart),
		VALUES_TEST(the_same_state_gives_the_same_name_of_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
