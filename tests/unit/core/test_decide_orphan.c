// Verdicts about what left the file, and about what failed before.
#include "tests/unit/core/scene.h"

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

static void the_end_of_what_others_live_from_interrupts_them(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	scene.policy.rules[DISRUPTS_CONNECTIONS] = RULE_HOLD;
	expect_verdict(
		&scene, "ACT Orphaned Progressing Deleting"); // AWS keeps it while it is used
	assert_int_equal(scene.decision.plan.disruption, DISRUPTS_NONE);
	scene.input.kind = values_kind("internet_gateway");
	expect_verdict(&scene, "HOLD Orphaned Suspended DisruptionHeld");
	assert_int_equal(scene.decision.plan.disruption, DISRUPTS_CONNECTIONS);
	assert_non_null(strstr(scene.decision.message, "deleting it interrupts (connection-drop)"));
	approve(&scene);
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.policy.rules[DISRUPTS_CONNECTIONS] = RULE_WINDOW;
	scene.input.approved = J({});
	expect_verdict(&scene, "HOLD Orphaned Suspended WaitsForWindow");
	assert_non_null(strstr(scene.decision.message, "deleting it interrupts"));
	scene.policy.rules[DISRUPTS_CONNECTIONS] = RULE_ALLOW;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	decision_done(&scene.decision);
}

static void the_brake_holds_what_the_policy_would_prune(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	scene.input.brake = J({"target" : "network", "reason" : "too many"});
	expect_verdict(&scene, "HOLD Orphaned Suspended Braked");
	assert_non_null(strstr(scene.decision.message, "too many"));
	assert_non_null(strstr(scene.decision.message, "holdfast release network"));
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
	scene.seen.id = (char *)"subnet-1";
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.input.kind = values_kind("vpc"); // of the same name: database and subnet group "main"
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

static void what_aws_deletes_for_ever_is_looked_at_less_often_and_told_as_stuck(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.seen.is_gone = true;
	str_copy(scene.seen.state, sizeof(scene.seen.state), "deleting");
	scene.record.busy_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	assert_int_equal(scene.decision.again_ms, 2000);
	scene.record.busy_ms = WALL - 125000;
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	assert_string_equal(scene.decision.message, "AWS is deleting it, for 2 minutes");
	assert_int_equal(scene.decision.again_ms, 10000);
	scene.record.busy_ms = WALL - 660000;
	expect_verdict(&scene, "AGAIN Orphaned Degraded Stuck");
	assert_string_equal(scene.decision.message,
		"AWS has kept it deleting for 11 minutes; a deletion that it has taken is not sent "
		"again");
	assert_int_equal(scene.decision.again_ms, 60000);
	decision_done(&scene.decision);
}

static void a_deletion_that_nothing_shows_is_repeated_once_and_then_asked_about(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	scene.record.deletions = 1;
	scene.record.deleted_ms = WALL - 31000;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.policy.prune = PRUNE_HOLD; // no person is asked because of a read that lags
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	scene.record.deleted_ms = WALL - 121000;
	expect_verdict(&scene, "HOLD Orphaned Degraded NotDeleted");
	scene.policy.prune = PRUNE_DELETE;
	scene.record.deletions = 2;
	scene.record.deleted_ms = WALL - 31000;
	expect_verdict(&scene, "AGAIN Orphaned Progressing Deleting");
	scene.record.deleted_ms = WALL - 121000;
	expect_verdict(&scene, "HOLD Orphaned Degraded NotDeleted");
	approve(&scene);
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
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

// What is wrong, since when, and what to do about it.
static void every_class_of_failure_has_its_sentence(void **state)
{
	(void)state;
	static const struct {
		enum err_class class;
		const char *verdict, *remedy;
	} cases[] = {
		{ERR_TRANSIENT, "BACKOFF Missing Degraded Retrying",
			"nothing to do unless it lasts: it is tried again by itself"},
		{ERR_THROTTLED, "BACKOFF Missing Degraded Throttled",
			"nothing to do unless it lasts: AWS is asked less often; then see what "
			"else calls it in this account"},
		{ERR_CONFLICT, "BACKOFF Missing Degraded Conflict",
			"nothing to do unless it lasts: AWS is looked at again by itself"},
		{ERR_DENIED, "BACKOFF Missing Degraded AccessDenied",
			"when that is done, `holdfast sync` tries at once"},
		{ERR_CREDENTIALS, "BACKOFF Missing Degraded CredentialsRefused",
			"fresh ones are fetched and tried by themselves"},
		{ERR_QUOTA, "BACKOFF Missing Degraded QuotaReached",
			"when that is done, `holdfast sync` tries at once"},
		{ERR_INVALID, "BACKOFF Missing Degraded Refused",
			"it is not AWS that has to change, but the file"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct scene scene;
		scene_init(&scene);
		absent(&scene);
		expect_verdict(&scene, "ACT Missing Progressing Creating");
		struct err err = err_code(cases[i].class, "Code", "ec2:CreateSubnet: so it is");
		for (int n = 0; n < 3; n++)
			failure_add(&scene.failure, &err, false, scene.decision.digest,
				scene.input.loop_ms, 1.0);
		scene.failure.since_ms = scene.input.loop_ms - 40000;
		expect_verdict(&scene, cases[i].verdict);
		_cleanup_free_ char *told =
			str_format("ec2:CreateSubnet: so it is; %s", cases[i].remedy);
		assert_string_equal(scene.decision.message, told);
		decision_done(&scene.decision);
	}
}

static void two_of_one_are_told_and_nothing_is_changed_by_a_guess(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.twin = "subnet-2";
	expect_verdict(&scene, "DONE Synced Degraded Duplicate");
	assert_string_equal(scene.decision.message,
		"AWS has two of it: subnet-1, which is held, and subnet-2, which bears the same "
		"tags; delete that one, or take our tags off it: Holdfast does neither");
	// What was replaced a moment ago may still be listed.
	scene.record.born_ms = WALL - 5000;
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	// By our record the first is ours: it is held as ever.
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	// Without a record nobody can tell, whatever the file or an approval says.
	scene.record.is_guess = true;
	expect_verdict(&scene, "DONE OutOfSync Degraded Ambiguous");
	approve(&scene);
	expect_verdict(&scene, "DONE OutOfSync Degraded Ambiguous");
	orphan(&scene);
	scene.policy.prune = PRUNE_DELETE;
	expect_verdict(&scene, "DONE Orphaned Degraded Ambiguous");
	scene.input.twin = NULL;
	scene.record.is_guess = false;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
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
		VALUES_TEST(an_orphan_is_held),
		VALUES_TEST(an_orphan_is_pruned_where_the_policy_says_so),
		VALUES_TEST(the_end_of_what_others_live_from_interrupts_them),
		VALUES_TEST(the_brake_holds_what_the_policy_would_prune),
		VALUES_TEST(approvals_of_two_orphans_are_two),
		VALUES_TEST(an_orphan_that_is_gone_is_forgotten),
		VALUES_TEST(an_orphan_that_is_being_deleted_is_not_deleted_again),
		VALUES_TEST(what_aws_deletes_for_ever_is_looked_at_less_often_and_told_as_stuck),
		VALUES_TEST(a_deletion_that_nothing_shows_is_repeated_once_and_then_asked_about),
		VALUES_TEST(a_failed_attempt_is_paced),
		VALUES_TEST(a_refused_change_is_not_repeated_unchanged),
		VALUES_TEST(every_class_of_failure_has_its_sentence),
		VALUES_TEST(two_of_one_are_told_and_nothing_is_changed_by_a_guess),
		VALUES_TEST(denied_and_throttled_are_told_apart),
		VALUES_TEST(the_same_state_gives_the_same_name_of_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
