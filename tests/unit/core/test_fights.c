// Two writers of one field: counted, then left to people.
#include "core/fights.h"
#include "tests/unit/core/scene.h"

#define NOW WALL
#define PATH "MapPublicIpOnLaunch"

static bool round_of(json_t *fights, int64_t at, int most)
{
	fights_corrected(fights, PATH, at);
	return fights_drifted(fights, PATH, json_false(), json_true(), most, at + 1000);
}

static void a_field_that_is_put_back_too_often_is_contested(void **state)
{
	(void)state;
	json_t *fights = json_object();
	for (int i = 0; i < 4; i++)
		assert_false(round_of(fights, NOW + i * 60000, -1));
	assert_null(fights_find(fights, PATH, json_false()));
	assert_true(round_of(fights, NOW + 240000, -1));
	const json_t *fight = fights_find(fights, PATH, json_false());
	assert_non_null(fight);
	char text[400];
	fights_say(fight, PATH, "network.subnet.a", text, sizeof(text));
	assert_non_null(strstr(text, "corrected 5 times"));
	assert_non_null(strstr(text, "ours: false, theirs: true"));
	assert_non_null(strstr(text, "holdfast release network.subnet.a"));
	// It is told once, and another wanted value is a person's word.
	assert_false(round_of(fights, NOW + 300000, -1));
	assert_null(fights_find(fights, PATH, json_true()));
	json_decref(fights);
}

static void what_is_spread_over_hours_or_was_never_corrected_is_no_fight(void **state)
{
	(void)state;
	json_t *fights = json_object();
	assert_false(fights_drifted(fights, PATH, NULL, NULL, 1, NOW));
	for (int i = 0; i < 10; i++)
		assert_false(round_of(fights, NOW + i * (FIGHTS_HOUR_MS / 4 + 60000), -1));
	fights_corrected(fights, PATH, NOW);
	assert_false(fights_drifted(fights, PATH, NULL, NULL, 1, NOW + FIGHTS_HOUR_MS));
	fights_corrected(fights, "Other", NOW + 10 * FIGHTS_HOUR_MS);
	assert_null(json_object_get(fights, PATH)); // forgotten
	json_decref(fights);
}

static void a_fight_ends_by_release_or_when_the_other_yields(void **state)
{
	(void)state;
	json_t *fights = json_object();
	assert_true(round_of(fights, NOW, 1));
	_cleanup_json_ json_t *released = fights_release(fights);
	values_expect(released, J(["MapPublicIpOnLaunch"]));
	assert_int_equal(json_object_size(fights), 0);
	assert_true(round_of(fights, NOW, 1));
	assert_true(fights_yielded(fights, PATH));
	assert_false(fights_yielded(fights, PATH));
	json_decref(fights);
}

static void a_contested_field_waits_and_the_others_do_not(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.record.fights = json_object();
	assert_true(round_of(scene.record.fights, NOW - 10000, 1));
	expect_verdict(&scene, "DONE Synced Healthy InSync");
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "HOLD OutOfSync Degraded Contested");
	assert_non_null(strstr(scene.decision.message, "holdfast release network.subnet.a"));
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene.input.approved = J({});
	scene.seen.tags = J({});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1); // the tag
	json_decref(scene.record.fights);
	decision_done(&scene.decision);
}

static void what_somebody_deletes_again_and_again_waits(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.record.fights = json_object();
	fights_corrected(scene.record.fights, "(resource)", NOW - 2000);
	assert_true(fights_drifted(scene.record.fights, "(resource)", NULL, NULL, 1, NOW - 1000));
	expect_verdict(&scene, "HOLD Missing Degraded Contested");
	assert_non_null(strstr(scene.decision.message, "deleted again each time"));
	approve(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	json_decref(scene.record.fights);
	decision_done(&scene.decision);
}

static void another_object_under_the_name_is_no_fight_over_tags(void **state)
{
	(void)state;
	_cleanup_json_ json_t *fights = json_object();
	fights_corrected(fights, "Tags[team]", NOW);
	fights_corrected(fights, PATH, NOW);
	assert_true(fights_drop_tags(fights));
	assert_null(json_object_get(fights, "Tags[team]"));
	assert_non_null(json_object_get(fights, PATH));
	assert_false(fights_drop_tags(fights));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(another_object_under_the_name_is_no_fight_over_tags),
		VALUES_TEST(a_field_that_is_put_back_too_often_is_contested),
		VALUES_TEST(what_is_spread_over_hours_or_was_never_corrected_is_no_fight),
		VALUES_TEST(a_fight_ends_by_release_or_when_the_other_yields),
		VALUES_TEST(a_contested_field_waits_and_the_others_do_not),
		VALUES_TEST(what_somebody_deletes_again_and_again_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
