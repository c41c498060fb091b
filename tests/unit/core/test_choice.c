// The words for what depends on something else: choices in templates, whether something is there,
// several reads into one list, items written as a map, changes that are grave. By the kinds of RDS,
// which need them all.
#include "core/observe.h"
#include "core/path.h"
#include "core/project.h"
#include "core/template.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/script.h"

static void expect_rendered(const char *text, const json_t *scope, const char *expected)
{
	json_t *value = NULL;
	struct err err = template_render(text, scope, &value);
	assert_false(err_is(&err));
	_cleanup_free_ char *shown = value ? js_text(value) : strdup("(left out)");
	assert_string_equal(shown, expected);
	json_decref(value);
}

static void a_choice_follows_whether_its_value_is_there(void **state)
{
	(void)state;
	static const char text[] =
		ARGS({"A" : {"@if" : "@skip", "@then" : "yes", "@else" : "@name"}});
	expect_rendered(text, J({"skip" : true, "name" : "n"}), "{\"A\":\"yes\"}");
	expect_rendered(text, J({"skip" : false, "name" : "n"}), "{\"A\":\"n\"}");
	expect_rendered(text, J({"name" : "n"}), "{\"A\":\"n\"}");
	expect_rendered(text, J({}), "{}");
	static const char half[] = ARGS({"A" : {"@if" : "@skip", "@else" : "@{name}-final"}});
	expect_rendered(half, J({"skip" : true, "name" : "n"}), "{}");
	expect_rendered(half, J({"name" : "n"}), "{\"A\":\"n-final\"}");
	expect_rendered(ARGS({"@if" : "@skip", "@then" : {"A" : 1}}), J({}), "(left out)");
}

static void a_choice_may_ask_whether_a_list_has_it(void **state)
{
	(void)state;
	static const char text[] =
		ARGS({"A" : {"@if" : "@name", "@in" : "@list", "@then" : 1, "@else" : 2}});
	expect_rendered(text, J({"name" : "b", "list" : [ "a", "B" ]}), "{\"A\":1}");
	expect_rendered(text, J({"name" : "c", "list" : [ "a", "b" ]}), "{\"A\":2}");
	expect_rendered(text, J({"name" : "c"}), "{\"A\":2}");
	expect_rendered(text, J({"list" : ["a"]}), "{\"A\":2}");
}

static void one_of_a_list_is_enough_for_a_glob(void **state)
{
	(void)state;
	const json_t *item =
		J({"Targets" : [ {"State" : "AVAILABLE"}, {"State" : "UNAVAILABLE"} ]});
	assert_true(path_matches(item, "Targets[].State", "unavailable"));
	assert_false(path_matches(item, "Targets[].State", "registering"));
	assert_false(path_matches(item, "Targets[].State", ""));
	assert_true(path_matches(J({"Targets" : []}), "Targets[].State", ""));
}

static void what_is_asked_with_a_question_mark_is_yes_or_no(void **state)
{
	(void)state;
	static const struct field fields[] = {
		{.name = "managed", .member = "Managed", .observed = "Secret.Arn?"}, {0}};
	const struct kind kind = {.name = "x", .fields = fields, .observe = {.id = "Id"}};
	struct sighting seen;
	struct err err =
		sighting_make(&kind, J({"Id" : "x", "Secret" : {"Arn" : "arn:x"}}), NULL, &seen);
	assert_false(err_is(&err));
	values_expect(seen.observed, J({"Managed" : true}));
	sighting_done(&seen);
	err = sighting_make(&kind, J({"Id" : "x"}), NULL, &seen);
	assert_false(err_is(&err));
	values_expect(seen.observed, J({"Managed" : false}));
	sighting_done(&seen);
}

// ---- several reads, one list

struct look {
	struct loop loop;
	struct script script;
	struct task task;
	struct observation observation;
};

static void on_done(struct task *task)
{
	(void)task;
}

/* Looks at parameter groups, of which "main" is known; `desired` may be NULL. */
static void look(struct look *look, const json_t *desired, struct script_answer *answers)
{
	json_t *subject = json_pack("{s:s, s:s, s:[]}", "address", "data.db_parameter_group.main",
		"id", "main", "fields");
	*look = (struct look){0};
	loop_init_virtual(&look->loop, 1800000000000);
	script_init(&look->script, &look->loop, answers);
	task_init(&look->task, &look->loop, on_done, "test");
	observation_init(&look->observation, &(struct observe_options){.loop = &look->loop,
						     .aws = &look->script.port,
						     .kind = values_kind("db_parameter_group"),
						     .stack = "shop",
						     .region = "eu-west-1",
						     .account = "123456789012"});
	if (desired)
		json_object_set(subject, "desired", (json_t *)desired);
	if (desired && json_object_get(desired, "Parameters"))
		json_array_append_new(
			json_object_get(subject, "fields"), json_string("parameters"));
	observation_start(&look->observation, json_pack("[o]", subject), &look->task);
	loop_run(&look->loop);
	assert_true(op_is_finished(&look->observation.op));
	if (err_is(&look->observation.op.err))
		fail_msg("%s", look->observation.op.err.message);
}

static void end(struct look *look)
{
	observation_done(&look->observation);
	task_done(&look->task);
	assert_int_equal(loop_done(&look->loop), 0);
	buf_done(&look->script.sent);
}

#define GROUPS                                                                                     \
	"{\"DBParameterGroups\":[{\"DBParameterGroupName\":\"main\",\"DBParameterGroupArn\":"      \
	"\"arn:x\"}]}"

static void what_was_set_and_lacks_what_is_named_is_read_into_one_list(void **state)
{
	(void)state;
	struct look scene;
	struct script_answer answers[] = {{"DescribeDBParameterGroups", NULL, GROUPS},
		{"ListTagsForResource", "arn:x", "{\"TagList\":[]}"},
		{"DescribeDBParameters", "\"Marker\":\"b\"", "{\"Parameters\":[]}", .delay_ms = 9},
		{"DescribeDBParameters", "\"Source\":\"user\"",
			"{\"Parameters\":[{\"ParameterName\":\"foreign\"},"
			"{\"ParameterName\":\"ours\"}],\"Marker\":\"b\"}",
			.delay_ms = 100},
		{"DescribeDBParameters", "\"Values\":[\"rds.force_ssl\",\"ours\"]",
			"{\"Parameters\":[{\"ParameterName\":\"rds.force_ssl\"},"
			"{\"ParameterName\":\"ours\"}]}"},
		{0}};
	look(&scene, J({
		"DBParameterGroupName" : "main",
		"Parameters" :
			[ {"ParameterName" : "rds.force_ssl"}, {"ParameterName" : "ours"} ]
	}),
		answers);
	assert_int_equal(scene.observation.calls, 5);
	_cleanup_json_ json_t *names =
		path_get(scene.observation.items, "main.Parameters[].ParameterName");
	values_expect(names, J([ "foreign", "ours", "rds.force_ssl" ]));
	end(&scene);
}

static void what_lacks_nothing_is_one_read(void **state)
{
	(void)state;
	struct look scene;
	struct script_answer answers[] = {{"DescribeDBParameterGroups", NULL, GROUPS},
		{"ListTagsForResource", "arn:x", "{\"TagList\":[]}"},
		{"DescribeDBParameters", "\"Marker\":\"b\"",
			"{\"Parameters\":[{\"ParameterName\":\"ours\"}]}", .delay_ms = 9},
		{"DescribeDBParameters", "\"Source\":\"user\"",
			"{\"Parameters\":[{\"ParameterName\":\"foreign\"}],\"Marker\":\"b\"}"},
		{0}};
	look(&scene,
		J({"DBParameterGroupName" : "main", "Parameters" : [ {"ParameterName" : "Ours"} ]}),
		answers);
	assert_int_equal(scene.observation.calls, 4); // the second page had it
	end(&scene);
}

static void a_read_with_nothing_to_ask_for_is_not_made(void **state)
{
	(void)state;
	struct look scene;
	struct script_answer answers[] = {{"DescribeDBParameterGroups", NULL, GROUPS},
		{"ListTagsForResource", "arn:x", "{\"TagList\":[]}"},
		{"DescribeDBParameters", "\"Source\":\"user\"", "{\"Parameters\":[]}"}, {0}};
	look(&scene, J({"DBParameterGroupName" : "main", "Parameters" : []}), answers);
	assert_int_equal(scene.observation.calls, 3);
	end(&scene);
	for (size_t i = 0; i < ARRAY_COUNT(answers); i++)
		answers[i].is_used = false;
	look(&scene, J({"DBParameterGroupName" : "main"}), answers);
	assert_int_equal(scene.observation.calls, 3);
	end(&scene);
}

// ---- what a batch looks up

static void each_item_of_a_batch_is_sent_by_what_was_found(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("db_parameter_group");
	struct differences differences = {0};
	struct plan plan;
	diff_make(&(struct diff_input){.kind = kind,
			  .want = J({
				  "exclusive" : true,
				  "Parameters" : [
					  {"ParameterName" : "a", "ParameterValue" : "1"},
					  {"ParameterName" : "b", "ParameterValue" : "2"}, {
						  "ParameterName" : "c",
						  "ParameterValue" : "3",
						  "ApplyMethod" : "pending-reboot"
					  }
				  ]
			  }),
			  .observed = J({"Parameters" : []})},
		&differences);
	plan_update(kind, J({}), J({}), &differences, &plan);
	assert_int_equal(plan.count, 1);
	const char *operation;
	json_t *input = NULL;
	struct err err = step_render(kind, &plan.steps[0], J({"id" : "main", "found_all" : ["b"]}),
		J("b"), &operation, &input);
	assert_false(err_is(&err));
	_cleanup_json_ json_t *methods = path_get(input, "Parameters[].ApplyMethod");
	values_expect(methods, J([ "immediate", "pending-reboot", "pending-reboot" ]));
	json_decref(input);
	plan_done(&plan);
	differences_done(&differences);
}

static void how_it_is_applied_is_no_difference(void **state)
{
	(void)state;
	struct differences differences = {0};
	diff_make(&(struct diff_input){.kind = values_kind("db_parameter_group"),
			  .want = J({
				  "Parameters" : [ {
					  "ParameterName" : "a",
					  "ParameterValue" : "1",
					  "ApplyMethod" : "immediate"
				  } ]
			  }),
			  .observed = J({
				  "Parameters" : [ {
					  "ParameterName" : "a",
					  "ParameterValue" : "1",
					  "ApplyMethod" : "pending-reboot"
				  } ]
			  })},
		&differences);
	assert_int_equal(differences.count, 0);
	differences_done(&differences);
}

// ---- items as a map

static json_t *parameters_of(const char *text)
{
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load("shop.yaml", &options, &findings);
	for (size_t i = 0; i < findings.count; i++)
		print_error("%s\n", findings.items[i].message);
	findings_done(&findings);
	assert_non_null(desired);
	const struct wanted *wanted = desired_find(desired, "data.db_parameter_group.main");
	json_t *out = json_deep_copy(json_object_get(wanted->desired, "Parameters"));
	desired_free(desired);
	return values_keep(out);
}

#define GROUP                                                                                      \
	"stack: shop\nregion: eu-west-1\ndata:\n  db_parameter_group:\n    main:\n"                \
	"      db_parameter_group_family: postgres16\n"

static void items_may_be_written_as_a_map(void **state)
{
	(void)state;
	const json_t *expected = J([
		{"ParameterName" : "rds.force_ssl", "ParameterValue" : "1"},
		{"ParameterName" : "log_statement", "ParameterValue" : "ddl"}
	]);
	values_expect(
		parameters_of(GROUP "      parameters: {rds.force_ssl: 1, log_statement: ddl}\n"),
		expected);
	values_expect(parameters_of(GROUP
			      "      parameters:\n"
			      "        - {parameter_name: rds.force_ssl, parameter_value: 1}\n"
			      "        - {parameter_name: log_statement, parameter_value: ddl}\n"),
		expected);
}

// ---- what cannot be taken back

static bool is_other(const json_t *want, const json_t *observed)
{
	return !json_equal(json_object_get(want, "Version"), json_object_get(observed, "Version"));
}

static void a_grave_change_waits_for_approval_and_stops_no_other(void **state)
{
	(void)state;
	static const struct field fields[] = {
		{.name = "version",
			.member = "Version",
			.is_grave = is_other,
			.update = {.operation = "ModifySubnetAttribute",
				.args = ARGS({"SubnetId" : "@id"})}},
		{.name = "size",
			.member = "Size",
			.update = {.operation = "ModifySubnetAttribute",
				.args = ARGS({"SubnetId" : "@id"})}},
		{0},
	};
	struct kind kind = *values_kind("subnet");
	kind.fields = fields;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = &kind;
	scene.input.want = J({"Version" : "16", "Size" : 2});
	scene.seen.observed = J({"Version" : "15", "Size" : 1});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].field->name, "size");
	scene.seen.observed = J({"Version" : "15", "Size" : 2});
	expect_verdict(&scene, "HOLD OutOfSync Suspended GraveChangeHeld");
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	scene.input.want = J({"Version" : "17", "Size" : 2});
	expect_verdict(&scene, "HOLD OutOfSync Suspended GraveChangeHeld");
	decision_done(&scene.decision);
}

static void what_was_taken_over_is_not_held_again_until_aws_shows_it(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.record.is_foreign = true;
	json_object_set_new(scene.seen.observed, "MapPublicIpOnLaunch", json_true());
	expect_verdict(&scene, "HOLD OutOfSync Suspended NotOurs");
	wrote(&scene, "MapPublicIpOnLaunch", J(false), J(true), 1000, 1);
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	decision_done(&scene.decision);
}

static void somebody_elses_long_work_is_looked_at_at_leisure(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.seen.is_pending = true;
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	assert_int_equal(scene.decision.again_ms, 10000);
	wrote(&scene, "MapPublicIpOnLaunch", J(true), J(false), 1000, 1);
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	assert_int_equal(scene.decision.again_ms, 500);
	wrote(&scene, "MapPublicIpOnLaunch", J(true), J(false), 100000, 1);
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	assert_int_equal(scene.decision.again_ms, 10000);
	decision_done(&scene.decision);
}

// A revision carries all of it, so what the file wants anew needs no waiting for what was written.
static void another_wish_does_not_wait_for_what_settles_of_a_revision(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("task_definition");
	scene.input.want = J({"family" : "web", "cpu" : "512", "memory" : "1024"});
	scene.seen.observed = J({"family" : "web", "cpu" : "256", "memory" : "512"});
	wrote(&scene, "cpu", J("512"), J("256"), 1000, 1);
	wrote(&scene, "memory", J("1024"), J("512"), 1000, 1);
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	// AWS shows it otherwise than before the write, and it was written all the same.
	scene.seen.observed = J({"family" : "web", "cpu" : "256", "memory" : "513"});
	expect_verdict(&scene, "AGAIN OutOfSync Progressing Settling");
	scene.input.want = J({"family" : "web", "cpu" : "512", "memory" : "2048"});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].call->operation, "RegisterTaskDefinition");
	scene.input.want = J({"family" : "web", "cpu" : "1024", "memory" : "2048"});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

static void what_is_missing_is_not_made_of_what_may_be_gone_too(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.presence = PRESENCE_ABSENT;
	scene.input.is_ahead = true;
	expect_verdict(&scene, "AGAIN Missing Progressing NotChecked");
	assert_true(scene.decision.awaits_look);
	scene.input.creation_waits = "waits for network.vpc.main";
	expect_verdict(&scene, "WAIT Missing Missing Waiting");
	scene.input.creation_waits = NULL;
	scene.input.is_ahead = false;
	expect_verdict(&scene, "ACT Missing Progressing Deleted");
	decision_done(&scene.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_choice_follows_whether_its_value_is_there),
		VALUES_TEST(a_choice_may_ask_whether_a_list_has_it),
		VALUES_TEST(one_of_a_list_is_enough_for_a_glob),
		VALUES_TEST(what_is_asked_with_a_question_mark_is_yes_or_no),
		VALUES_TEST(what_was_set_and_lacks_what_is_named_is_read_into_one_list),
		VALUES_TEST(what_lacks_nothing_is_one_read),
		VALUES_TEST(a_read_with_nothing_to_ask_for_is_not_made),
		VALUES_TEST(each_item_of_a_batch_is_sent_by_what_was_found),
		VALUES_TEST(how_it_is_applied_is_no_difference),
		VALUES_TEST(items_may_be_written_as_a_map),
		VALUES_TEST(a_grave_change_waits_for_approval_and_stops_no_other),
		VALUES_TEST(what_was_taken_over_is_not_held_again_until_aws_shows_it),
		VALUES_TEST(somebody_elses_long_work_is_looked_at_at_leisure),
		VALUES_TEST(another_wish_does_not_wait_for_what_settles_of_a_revision),
		VALUES_TEST(what_is_missing_is_not_made_of_what_may_be_gone_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
