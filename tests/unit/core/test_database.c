// A database's table where a mistake costs data: how it is deleted, what is a major version, what
// counts as done, what is sent together.
#include "core/project.h"
#include "tests/unit/core/scene.h"

// ---- what is sent

/* The steps of a plan, a line each. */
static char *sent(const struct plan *plan, const json_t *resource)
{
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < plan->count; i++) {
		const char *operation;
		json_t *input = NULL;
		struct err err = step_render(values_kind("db_instance"), &plan->steps[i], resource,
			NULL, &operation, &input);
		assert_false(err_is(&err));
		_cleanup_free_ char *text = js_text(input);
		buf_addf(&out, "%s %s\n", operation, text);
		json_decref(input);
	}
	return buf_take(&out);
}

static void expect_deletion(const json_t *observed, const json_t *desired, const char *expected)
{
	struct plan plan;
	json_t *resource = J({"id" : "main"});
	json_object_set(resource, "observed", (json_t *)observed);
	if (desired)
		json_object_set(resource, "desired", (json_t *)desired);
	plan_delete(values_kind("db_instance"), observed, &plan);
	_cleanup_free_ char *text = sent(&plan, resource);
	assert_string_equal(text, expected);
	assert_int_equal(plan.disruption, DISRUPTS_DATA_LOSS);
	plan_done(&plan);
}

static void a_database_leaves_a_snapshot_named_by_its_own_id(void **state)
{
	(void)state;
	const json_t *observed = J({"DbiResourceId" : "db-ABC", "DeletionProtection" : false});
	static const char expected[] =
		"DeleteDBInstance {\"DBInstanceIdentifier\":\"main\",\"FinalDBSnapshotIdentifier\":"
		"\"main-final-db-ABC\",\"SkipFinalSnapshot\":false}\n";
	expect_deletion(observed, NULL, expected);
	expect_deletion(observed, J({"skip_final_snapshot" : false}), expected);
}

static void it_leaves_none_where_the_file_said_so(void **state)
{
	(void)state;
	expect_deletion(J({"DbiResourceId" : "db-ABC"}),
		J({"skip_final_snapshot" : true, "delete_automated_backups" : false}),
		"DeleteDBInstance {\"DBInstanceIdentifier\":\"main\",\"DeleteAutomatedBackups\":"
		"false,\"SkipFinalSnapshot\":true}\n");
}

static void its_protection_is_taken_off_first_and_only_that(void **state)
{
	(void)state;
	expect_deletion(J({"DbiResourceId" : "db-ABC", "DeletionProtection" : true}), NULL,
		"ModifyDBInstance "
		"{\"DBInstanceIdentifier\":\"main\",\"DeletionProtection\":false}\n"
		"DeleteDBInstance {\"DBInstanceIdentifier\":\"main\",\"FinalDBSnapshotIdentifier\":"
		"\"main-final-db-ABC\",\"SkipFinalSnapshot\":false}\n");
}

static void expect_change(json_t *want, json_t *observed, const char *expected)
{
	struct differences differences = {0};
	struct plan plan;
	const struct kind *kind = values_kind("db_instance");
	diff_make(&(struct diff_input){.kind = kind, .want = want, .observed = observed},
		&differences);
	plan_update(kind, want, observed, &differences, &plan);
	json_t *resource = J({"id" : "main"});
	json_object_set(resource, "desired", want);
	json_object_set(resource, "observed", observed);
	_cleanup_free_ char *text = sent(&plan, resource);
	assert_string_equal(text, expected);
	plan_done(&plan);
	differences_done(&differences);
}

static void size_and_rate_of_storage_are_sent_together(void **state)
{
	(void)state;
	expect_change(J({"AllocatedStorage" : 400, "Iops" : 13000, "apply_immediately" : false}),
		J({"AllocatedStorage" : 450, "Iops" : 12000}), // it grew by itself
		"ModifyDBInstance {\"AllocatedStorage\":450,\"ApplyImmediately\":false,"
		"\"DBInstanceIdentifier\":\"main\",\"Iops\":13000}\n");
	expect_change(J({"AllocatedStorage" : 500, "Iops" : 13000, "apply_immediately" : true}),
		J({"AllocatedStorage" : 450, "Iops" : 12000}),
		"ModifyDBInstance {\"AllocatedStorage\":500,\"ApplyImmediately\":true,"
		"\"DBInstanceIdentifier\":\"main\",\"Iops\":13000}\n");
	expect_change(J({"AllocatedStorage" : 500}), J({"AllocatedStorage" : 450, "Iops" : 3000}),
		"ModifyDBInstance {\"AllocatedStorage\":500,\"DBInstanceIdentifier\":\"main\"}\n");
}

static void logs_are_sent_as_what_is_switched(void **state)
{
	(void)state;
	expect_change(J({"EnableCloudwatchLogsExports" : ["postgresql"]}),
		J({"EnableCloudwatchLogsExports" : ["upgrade"]}),
		"ModifyDBInstance {\"CloudwatchLogsExportConfiguration\":{\"DisableLogTypes\":"
		"[\"upgrade\"],\"EnableLogTypes\":[\"postgresql\"]},\"DBInstanceIdentifier\":"
		"\"main\"}\n");
}

// ---- what is grave

static void expect_version(
	const char *engine, const char *from, const char *to, const char *verdict)
{
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("db_instance");
	scene.input.want =
		values_keep(json_pack("{s:s, s:s}", "Engine", engine, "EngineVersion", to));
	scene.seen.observed =
		values_keep(json_pack("{s:s, s:s}", "Engine", engine, "EngineVersion", from));
	expect_verdict(&scene, verdict);
	decision_done(&scene.decision);
}

static void a_major_version_is_a_matter_of_the_engine(void **state)
{
	(void)state;
	static const char hold[] = "HOLD OutOfSync Suspended GraveChangeHeld",
			  act[] = "ACT OutOfSync Progressing Correcting",
			  done[] = "DONE Synced Healthy InSync";
	expect_version("postgres", "15.4", "16", hold);
	expect_version("postgres", "15.4", "15.7", act);
	expect_version("postgres", "9.9", "10.1", hold);
	expect_version("mysql", "8.0.36", "8.4.1", hold);
	expect_version("mysql", "8.0.36", "8.0.40", act);
	expect_version("mariadb", "10.6.14", "10.11.6", hold);
	expect_version("postgres", "16.9", "16.3", done); // never a downgrade
	expect_version("postgres", "17.1", "16", done);
}

static void its_parameter_group_waits_with_the_major_version(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("db_instance");
	scene.input.want = J({
		"Engine" : "postgres",
		"EngineVersion" : "17.2",
		"DBParameterGroupName" : "next",
		"MultiAZ" : true
	});
	scene.seen.observed = J({
		"Engine" : "postgres",
		"EngineVersion" : "16.3",
		"DBParameterGroupName" : "main",
		"MultiAZ" : false
	});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].field->name, "multi_az");
	assert_null(json_object_get(scene.decision.plan.steps[0].scope, "merged"));
	json_object_set_new(scene.seen.observed, "EngineVersion", json_string("17.2"));
	json_object_set_new(scene.seen.observed, "MultiAZ", json_true());
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_string_equal(scene.decision.plan.steps[0].field->name, "db_parameter_group");
	decision_done(&scene.decision);
}

// ---- what is seen

static struct sighting see(json_t *item)
{
	struct sighting seen;
	json_object_set_new(item, "DBInstanceIdentifier", json_string("main"));
	struct err err = sighting_make(values_kind("db_instance"), item, J({}), &seen);
	assert_false(err_is(&err));
	return seen;
}

static void what_waits_for_the_window_counts_as_made_and_is_shown(void **state)
{
	(void)state;
	struct sighting seen = see(J({
		"DBInstanceStatus" : "available",
		"DBInstanceClass" : "db.t4g.medium",
		"PreferredMaintenanceWindow" : "sun:05:00-sun:06:00",
		"PendingModifiedValues" : {"DBInstanceClass" : "db.r7g.large"}
	}));
	assert_string_equal(js_str(seen.observed, "DBInstanceClass"), "db.r7g.large");
	assert_string_equal(seen.reason, "ModificationPending");
	assert_true(seen.is_progress);
	assert_string_equal(seen.message, "waits for the maintenance window (sun:05:00-sun:06:00): "
					  "DBInstanceClass db.r7g.large");
	sighting_done(&seen);
}

static void its_states_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *status, *reason;
		bool is_pending, is_failed, is_gone, is_progress;
	} rows[] = {
		{"available", "", false, false, false, false},
		{"creating", "", true, false, false, false},
		{"modifying", "", true, false, false, false},
		{"backing-up", "", false, false, false, false}, // every day, and it works
		{"storage-optimization", "StorageOptimization", false, false, false, true},
		{"storage-full", "StorageFull", false, false, false, false},
		{"stopped", "Stopped", false, false, false, false},
		{"incompatible-parameters", "Incompatible", false, false, false, false},
		{"inaccessible-encryption-credentials-recoverable", "KeyInaccessible", false, false,
			false, false},
		{"failed", "Failed", false, true, false, false},
		{"deleting", "", false, false, true, false},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct sighting seen =
			see(values_keep(json_pack("{s:s}", "DBInstanceStatus", rows[i].status)));
		assert_string_equal(seen.reason, rows[i].reason);
		assert_int_equal(seen.is_pending, rows[i].is_pending);
		assert_int_equal(seen.is_failed, rows[i].is_failed);
		assert_int_equal(seen.is_gone, rows[i].is_gone);
		assert_int_equal(seen.is_progress, rows[i].is_progress);
		sighting_done(&seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_database_leaves_a_snapshot_named_by_its_own_id),
		VALUES_TEST(it_leaves_none_where_the_file_said_so),
		VALUES_TEST(its_protection_is_taken_off_first_and_only_that),
		VALUES_TEST(size_and_rate_of_storage_are_sent_together),
		VALUES_TEST(logs_are_sent_as_what_is_switched),
		VALUES_TEST(a_major_version_is_a_matter_of_the_engine),
		VALUES_TEST(its_parameter_group_waits_with_the_major_version),
		VALUES_TEST(what_waits_for_the_window_counts_as_made_and_is_shown),
		VALUES_TEST(its_states_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
