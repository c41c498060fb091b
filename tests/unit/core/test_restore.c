// What is scheduled for deletion comes back while it is declared; what only a lagging list shows is
// looked at before anything is done.
#include "tests/unit/core/scene.h"

static void of_key(struct scene *scene)
{
	scene_init(scene);
	scene->input.kind = values_kind("kms_key");
	scene->seen = (struct sighting){.id = (char *)"subnet-1",
		.state = "PendingDeletion",
		.is_gone = true,
		.is_restorable = true,
		.observed = J({}),
		.tags = J({})};
	scene->input.want = J({"Enabled" : true});
}

static void what_is_declared_is_restored_not_made_anew(void **state)
{
	(void)state;
	struct scene scene;
	of_key(&scene);
	expect_verdict(&scene, "ACT Missing Progressing Restoring");
	assert_int_equal(scene.decision.plan.count, 2);
	assert_string_equal(scene.decision.plan.steps[0].call->operation, "CancelKeyDeletion");
	assert_true(scene.decision.plan.restores);
	decision_done(&scene.decision);
}

static void a_restore_is_not_repeated_before_aws_may_show_it(void **state)
{
	(void)state;
	struct scene scene;
	of_key(&scene);
	scene.record.restored_ms = WALL - 1000;
	expect_verdict(&scene, "AGAIN Missing Progressing Restored");
	scene.record.restored_ms = WALL - DECIDE_WRITE_SETTLES_MS - 1;
	expect_verdict(&scene, "ACT Missing Progressing Restoring");
	decision_done(&scene.decision);
}

static void what_we_deleted_to_replace_it_is_not_restored(void **state)
{
	(void)state;
	struct scene scene;
	of_key(&scene);
	scene.record.deleted_ms = WALL - 1000;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	assert_int_equal(scene.decision.plan.change, CHANGE_CREATE);
	scene.input.kind = values_kind("secret"); // known by its name, which is another one now
	scene.input.want = J({"Name" : "other"});
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

static void observing_only_it_is_told(void **state)
{
	(void)state;
	struct scene scene;
	of_key(&scene);
	scene.policy.mode = MODE_OBSERVE;
	expect_verdict(&scene, "DONE Missing Missing ObserveOnly");
	decision_done(&scene.decision);
}

static void what_left_the_file_is_over_once_it_is_scheduled(void **state)
{
	(void)state;
	struct scene scene;
	of_key(&scene);
	scene.input.wanted = NULL;
	expect_verdict(&scene, "FORGET Orphaned Missing Gone");
	decision_done(&scene.decision);
}

static void what_a_lagging_list_shows_otherwise_is_read_first(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.is_hearsay = true;
	expect_verdict(&scene, "DONE Synced Healthy InSync"); // what agrees costs nothing
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	expect_verdict(&scene, "AGAIN OutOfSync Progressing NotChecked");
	scene.input.is_hearsay = false;
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
	of_key(&scene);
	scene.input.is_hearsay = true;
	expect_verdict(&scene, "AGAIN Missing Progressing NotChecked");
	decision_done(&scene.decision);
}

static void the_state_or_a_date_tells_it(void **state)
{
	(void)state;
	struct sighting seen;
	struct err err = sighting_make(values_kind("kms_key"), J({
		"ResourceARN" : "arn:aws:kms:eu-west-1:1:key/k",
		"Key" : {"KeyState" : "PendingDeletion"}
	}),
		NULL, &seen);
	assert_false(err_is(&err));
	assert_true(seen.is_restorable && seen.is_gone);
	sighting_done(&seen);
	err = sighting_make(values_kind("secret"),
		J({"ARN" : "a", "DeletedDate" : "2026-01-01T00:00:00Z"}), NULL, &seen);
	assert_false(err_is(&err));
	assert_true(seen.is_restorable && seen.is_gone);
	sighting_done(&seen);
	err = sighting_make(values_kind("secret"), J({"ARN" : "a"}), NULL, &seen);
	assert_false(err_is(&err));
	assert_false(seen.is_restorable || seen.is_gone);
	sighting_done(&seen);
}

static void each_record_to_create_is_told_once(void **state)
{
	(void)state;
	struct sighting seen;
	struct err err = sighting_make(values_kind("certificate"), J({
		"ResourceARN" : "arn:c",
		"Certificate" : {
			"Status" : "PENDING_VALIDATION",
			"DomainName" : "a.example",
			"SubjectAlternativeNames" : [ "a.example", "b.example" ],
			"KeyAlgorithm" : "RSA-2048",
			"Serial" : "00:0A:1B",
			"DomainValidationOptions" : [
				{
					"ResourceRecord" : {
						"Name" : "_x.a",
						"Type" : "CNAME",
						"Value" : "_y.acm"
					}
				},
				{
					"ResourceRecord" : {
						"Name" : "_x.a",
						"Type" : "CNAME",
						"Value" : "_y.acm"
					}
				},
				{"DomainName" : "no record yet"}, {
					"ResourceRecord" : {
						"Name" : "_z.b",
						"Type" : "CNAME",
						"Value" : "_w.acm"
					}
				}
			]
		}
	}),
		NULL, &seen);
	assert_false(err_is(&err));
	assert_true(seen.is_pending);
	assert_string_equal(seen.message, "create the DNS record _x.a CNAME _y.acm; create the DNS "
					  "record _z.b CNAME _w.acm");
	values_expect(json_object_get(seen.observed, "SubjectAlternativeNames"), J(["b.example"]));
	assert_string_equal(js_str(seen.observed, "KeyAlgorithm"), "RSA_2048");
	assert_string_equal(js_str(seen.observed, "Certificate"), "0a:1b");
	sighting_done(&seen);
}

#define TEST(f) cmocka_unit_test_teardown(f, values_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_declared_is_restored_not_made_anew),
		TEST(a_restore_is_not_repeated_before_aws_may_show_it),
		TEST(what_we_deleted_to_replace_it_is_not_restored),
		TEST(observing_only_it_is_told),
		TEST(what_left_the_file_is_over_once_it_is_scheduled),
		TEST(what_a_lagging_list_shows_otherwise_is_read_first),
		TEST(the_state_or_a_date_tells_it),
		TEST(each_record_to_create_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
