// What others add, take away or put in: verdicts about it, and whose an item is.
#include "core/claim.h"
#include "core/stray.h"
#include "tests/unit/core/scene.h"

static void stray(struct scene *scene)
{
	scene->input.wanted = NULL;
	scene->input.want = NULL;
	scene->record.stray_of = (char *)"compute.listener.http";
	scene->record.is_foreign = true;
}

static void an_addition_is_held_whatever_prune_says(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	stray(&scene);
	scene.policy.prune = PRUNE_DELETE;
	expect_verdict(&scene, "HOLD Orphaned Suspended ForeignHeld");
	assert_non_null(strstr(scene.decision.message, "compute.listener.http"));
	assert_int_equal(scene.decision.plan.change, CHANGE_DELETE);
	char digest[17];
	str_copy(digest, sizeof(digest), scene.decision.digest);
	_cleanup_json_ json_t *approved = json_pack("{s:b}", digest, 1);
	scene.input.approved = approved;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	decision_done(&scene.decision);
}

static void the_policy_deletes_additions_or_leaves_them(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	stray(&scene);
	scene.policy.foreign = FOREIGN_DELETE;
	expect_verdict(&scene, "ACT Orphaned Progressing Deleting");
	scene.policy.mode = MODE_OBSERVE;
	expect_verdict(&scene, "DONE Orphaned Healthy ObserveOnly");
	scene.policy.foreign = FOREIGN_LEAVE;
	expect_verdict(&scene, "FORGET Orphaned Healthy Left");
	scene.policy.foreign = FOREIGN_HOLD;
	scene.input.presence = PRESENCE_ABSENT;
	expect_verdict(&scene, "FORGET Orphaned Missing Gone");
	decision_done(&scene.decision);
}

static void what_held_data_is_not_replaced_by_an_empty_one(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	struct kind kind = *values_kind("subnet");
	kind.restored_by = "restore its snapshot";
	scene.input.kind = &kind;
	scene.input.presence = PRESENCE_ABSENT;
	expect_verdict(&scene, "HOLD Missing Missing DataGone");
	assert_non_null(strstr(scene.decision.message, "restore its snapshot"));
	// One that never was there is created.
	scene.record.observed = NULL;
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	decision_done(&scene.decision);
}

static json_t *group(const char *targets, const char *tasks)
{
	json_t *raw =
		values_keep(json_pack("{s:s, s:o}", "TargetType", "ip", "Targets", json_array()));
	json_object_set(raw, "Targets", values_parse(targets));
	if (tasks)
		json_object_set(raw, "TaskAddresses", values_parse(tasks));
	return raw;
}

static void whose_a_target_is_is_asked_once_and_believed_after_ten_seconds(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("target_group");
	struct record record;
	record_init(&record);
	const char *one = "[{\"Target\": {\"Id\": \"10.0.0.1\", \"Port\": 80}}]";
	const char *two = "[{\"Target\": {\"Id\": \"10.0.0.1\", \"Port\": 80}}, "
			  "{\"Target\": {\"Id\": \"10.0.0.9\", \"Port\": 80}}]";
	// A new address: its owner is asked for at once, and it is nobody's until then.
	const json_t *raw = group(one, NULL);
	assert_true(claim_note(kind, raw, raw, &record, WALL) > 0 && claim_is_open(&record));
	assert_null(claim_foreign(&record, WALL + 60000));
	raw = group(one, "[\"10.0.0.1\"]");
	assert_int_equal(claim_note(kind, raw, raw, &record, WALL), 0);
	assert_false(claim_is_open(&record));
	// From then on it is known.
	raw = group(one, NULL);
	assert_int_equal(claim_note(kind, raw, raw, &record, WALL), 0);
	// One that nobody claims.
	raw = group(two, NULL);
	assert_true(claim_note(kind, raw, raw, &record, WALL) > 0);
	raw = group(two, "[\"10.0.0.1\"]");
	assert_true(claim_note(kind, raw, raw, &record, WALL) > 0);
	assert_null(claim_foreign(&record, WALL + 9000));
	assert_int_equal(claim_note(kind, raw, raw, &record, WALL + 10000), 0);
	_cleanup_json_ json_t *foreign = claim_foreign(&record, WALL + 10000);
	assert_true(json_equal(foreign, J({"10.0.0.9" : true})));
	// It is asked for as long as it stands, and may be claimed late.
	assert_true(claim_is_open(&record));
	raw = group(two, "[\"10.0.0.1\", \"10.0.0.9\"]");
	assert_int_equal(claim_note(kind, raw, raw, &record, WALL + 20000), 0);
	assert_null(claim_foreign(&record, WALL + 40000));
	// What is kept outlives a restart, and no item.
	raw = group(one, NULL);
	claim_note(kind, raw, raw, &record, WALL + 30000);
	_cleanup_json_ json_t *kept = record_json(&record);
	assert_true(json_equal(json_object_get(kept, "claimed"), J({"10.0.0.1" : true})));
	// Instances are registered by others than ECS.
	json_t *instances = group(two, NULL);
	js_set_str(instances, "TargetType", "instance");
	assert_int_equal(claim_note(kind, instances, instances, &record, WALL), 0);
	assert_false(claim_is_open(&record));
	record_done(&record);
}

static void a_target_that_nobody_claims_is_held(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("target_group");
	scene.input.want = J({});
	scene.seen.observed = J({
		"Targets" : [
			{"Target" : {"Id" : "10.0.0.1", "Port" : 80}},
			{"Target" : {"Id" : "10.0.0.9", "Port" : 80}}
		]
	});
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	scene.input.claims_wait_ms = 50;
	expect_verdict(&scene, "AGAIN Synced Healthy InSync");
	scene.input.claims_wait_ms = 0;
	scene.input.unclaimed = J({"10.0.0.9" : true});
	expect_verdict(&scene, "HOLD OutOfSync Suspended ForeignHeld");
	assert_string_equal(scene.decision.differences.items[0].path, "Targets[10.0.0.9 80]");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].call->operation, "DeregisterTargets");
	decision_done(&scene.decision);
}

static void an_addition_has_an_address_of_its_own(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("listener_rule");
	_cleanup_free_ char *one = stray_address(kind, "arn:aws:x:listener-rule/app/web/50dc/6C49"),
			    *same = stray_address(
				    kind, "arn:aws:x:listener-rule/app/web/50dc/6C49"),
			    *other = stray_address(
				    kind, "arn:aws:x:listener-rule/app/api/50dd/6C49");
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
	assert_true(str_starts(one, "compute.listener_rule.foreign-6c49-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(an_addition_is_held_whatever_prune_says),
		VALUES_TEST(the_policy_deletes_additions_or_leaves_them),
		VALUES_TEST(what_held_data_is_not_replaced_by_an_empty_one),
		VALUES_TEST(whose_a_target_is_is_asked_once_and_believed_after_ten_seconds),
		VALUES_TEST(a_target_that_nobody_claims_is_held),
		VALUES_TEST(an_addition_has_an_address_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
