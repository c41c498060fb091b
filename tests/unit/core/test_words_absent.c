// The words for what AWS does not show, does not let be read, or does not take beside something
// else, by the kinds that need them.
#include "core/observe.h"
#include "core/plan.h"
#include "core/project.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/script.h"

static struct sighting sight(const char *kind, const json_t *item)
{
	struct sighting seen;
	struct err err = sighting_make(values_kind(kind), item, NULL, &seen);
	if (err_is(&err))
		fail_msg("%s", err.message);
	return seen;
}

// "CreateX {...}\n" of all steps that remove the differences between the two.
static void expect_calls(const char *name, json_t *want, const json_t *item, const char *expected)
{
	const struct kind *kind = values_kind(name);
	struct sighting seen = sight(name, item);
	struct differences differences = {0};
	struct plan plan = {0};
	struct buf text;
	buf_init(&text, 0);
	diff_make(&(struct diff_input){.kind = kind,
			  .want = want,
			  .observed = seen.observed,
			  .unread = seen.unread},
		&differences);
	plan_update(kind, want, seen.observed, &differences, &plan);
	_cleanup_json_ json_t *scope = json_pack(
		"{s:s, s:O, s:O}", "id", seen.id, "desired", want, "observed", seen.observed);
	for (size_t i = 0; i < plan.count; i++) {
		const char *operation;
		_cleanup_json_ json_t *input = NULL;
		struct err err = step_render(kind, &plan.steps[i], scope, NULL, &operation, &input);
		if (err_is(&err))
			fail_msg("%s", err.message);
		_cleanup_free_ char *shown = js_text(input);
		buf_addf(&text, "%s %s\n", operation, shown);
	}
	assert_string_equal(buf_str(&text), expected);
	buf_done(&text);
	plan_done(&plan);
	differences_done(&differences);
	sighting_done(&seen);
}

static void what_aws_leaves_out_is_what_it_means(void **state)
{
	(void)state;
	struct sighting seen = sight("log_group", J({"logGroupName" : "/a"}));
	values_expect(seen.observed, J({
		"logGroupName" : "/a",
		"retentionInDays" : 0,
		"kmsKeyId" : "",
		"logGroupClass" : "STANDARD",
		"deletionProtectionEnabled" : false
	}));
	sighting_done(&seen);
	expect_calls("log_group", J({"logGroupName" : "/a", "retentionInDays" : 0}),
		J({"logGroupName" : "/a"}), "");
}

static void a_call_is_made_only_for_the_values_that_it_is_for(void **state)
{
	(void)state;
	const json_t *kept = J({"logGroupName" : "/a", "retentionInDays" : 30});
	expect_calls("log_group", J({"logGroupName" : "/a", "retentionInDays" : 0}), kept,
		"DeleteRetentionPolicy {\"logGroupName\":\"/a\"}\n");
	expect_calls("log_group", J({"logGroupName" : "/a", "retentionInDays" : 7}), kept,
		"PutRetentionPolicy {\"logGroupName\":\"/a\",\"retentionInDays\":7}\n");
	const json_t *sealed = J({"logGroupName" : "/a", "kmsKeyId" : "arn:aws:kms:a:1:key/1"});
	expect_calls("log_group", J({"logGroupName" : "/a", "kmsKeyId" : ""}), sealed,
		"DisassociateKmsKey {\"logGroupName\":\"/a\"}\n");
	expect_calls("log_group", J({"logGroupName" : "/a", "kmsKeyId" : "arn:aws:kms:a:1:key/2"}),
		sealed,
		"AssociateKmsKey {\"kmsKeyId\":\"arn:aws:kms:a:1:key/2\",\"logGroupName\":\"/"
		"a\"}\n");
}

static void a_new_thing_has_what_absence_means(void **state)
{
	(void)state;
	struct plan plan;
	plan_create(
		values_kind("log_group"), J({"logGroupName" : "/a", "retentionInDays" : 0}), &plan);
	assert_int_equal(plan.count, 1);
	plan_done(&plan);
	plan_create(
		values_kind("log_group"), J({"logGroupName" : "/a", "retentionInDays" : 7}), &plan);
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.steps[1].call->operation, "PutRetentionPolicy");
	plan_done(&plan);
}

static void only_the_end_of_an_arn_may_count(void **state)
{
	(void)state;
	struct sighting seen =
		sight("sns_topic", J({"TopicArn" : "arn:aws:sns:eu-west-1:123456789012:shop-ops"}));
	assert_string_equal(js_str(seen.observed, "Name"), "shop-ops");
	sighting_done(&seen);
}

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:ops"
#define WAITING                                                                                    \
	{                                                                                          \
		"SubscriptionArn" : "PendingConfirmation",                                         \
				    "TopicArn" : TOPIC,                                            \
						 "Protocol" : "email",                             \
							      "Endpoint" : "a@b.example"           \
	}

static void what_cannot_be_read_yet_differs_in_nothing(void **state)
{
	(void)state;
	json_t *waiting = values_keep(
		json_pack("{s:s, s:s, s:s, s:s}", "SubscriptionArn", "PendingConfirmation",
			"TopicArn", TOPIC, "Protocol", "email", "Endpoint", "a@b.example"));
	json_t *want = values_keep(json_pack("{s:s, s:s, s:s, s:s}", "TopicArn", TOPIC, "Protocol",
		"email", "Endpoint", "a@b.example", "FilterPolicy", "{\"a\": [1]}"));
	struct sighting seen = sight("sns_subscription", waiting);
	assert_string_equal(seen.reason, "PendingConfirmation");
	assert_true(seen.is_progress);
	assert_true(json_is_true(json_object_get(seen.unread, "FilterPolicy")));
	assert_null(json_object_get(seen.unread, "Protocol"));
	assert_null(json_object_get(seen.observed, "RawMessageDelivery")); // not even its default
	sighting_done(&seen);
	expect_calls("sns_subscription", want, waiting, "");
	json_object_set_new(waiting, "SubscriptionArn", json_string(TOPIC ":1"));
	json_object_set_new(waiting, "Attributes", json_object());
	expect_calls("sns_subscription", want, waiting,
		"SetSubscriptionAttributes {\"AttributeName\":\"FilterPolicy\",\"AttributeValue\":"
		"\"{\\\"a\\\": [1]}\",\"SubscriptionArn\":\"" TOPIC ":1\"}\n");
}

static void on_done(struct task *task)
{
	(void)task;
}

/* One look at the subscriptions; what they are then, and how many calls it took. */
static json_t *look(struct script_answer *answers, int *ret_calls)
{
	struct loop loop;
	struct script script;
	struct observation o;
	struct task task;
	loop_init_virtual(&loop, 1800000000000);
	script_init(&script, &loop, answers);
	task_init(&task, &loop, on_done, "test");
	observation_init(&o, &(struct observe_options){.loop = &loop,
				     .aws = &script.port,
				     .kind = values_kind("sns_subscription"),
				     .stack = "shop",
				     .region = "eu-west-1",
				     .account = "123456789012"});
	json_t *subject = values_keep(json_pack("{s:s, s:{s:s, s:s, s:s}}", "address",
		"monitoring.sns_subscription.a", "desired", "TopicArn", TOPIC, "Protocol", "email",
		"Endpoint", "a@b.example"));
	observation_start(&o, json_pack("[O]", subject), &task);
	loop_run(&loop);
	if (err_is(&o.op.err))
		fail_msg("%s", o.op.err.message);
	json_t *items = values_keep(json_incref(o.items));
	*ret_calls = (int)o.calls;
	observation_done(&o);
	task_done(&task);
	assert_int_equal(loop_done(&loop), 0);
	buf_done(&script.sent);
	return items;
}

#define KEY TOPIC " email a@b.example"

static void what_cannot_be_read_yet_is_not_asked_for(void **state)
{
	(void)state;
	int calls;
	json_t *items = look(
		(struct script_answer[]){
			{"ListSubscriptions", .output = ARGS({
				 "Subscriptions" : [ {
					 "SubscriptionArn" : "PendingConfirmation",
					 "TopicArn" : "arn:aws:sns:eu-west-1:123456789012:ops",
					 "Protocol" : "email",
					 "Endpoint" : "a@b.example"
				 } ]
			 })},
			{0}},
		&calls);
	assert_int_equal(calls, 1);
	assert_non_null(json_object_get(items, KEY));
}

static void what_is_past_hides_nothing(void **state)
{
	(void)state;
	int calls;
	json_t *items = look(
		(struct script_answer[]){
			{"ListSubscriptions", .output = ARGS({
				 "Subscriptions" : [
					 {
						 "SubscriptionArn" : "PendingConfirmation",
						 "TopicArn" :
							 "arn:aws:sns:eu-west-1:123456789012:ops",
						 "Protocol" : "email",
						 "Endpoint" : "a@b.example"
					 },
					 {
						 "SubscriptionArn" : "Deleted",
						 "TopicArn" :
							 "arn:aws:sns:eu-west-1:123456789012:ops",
						 "Protocol" : "email",
						 "Endpoint" : "a@b.example"
					 }
				 ]
			 })},
			{0}},
		&calls);
	assert_int_equal(calls, 1); // nor is it asked about
	assert_string_equal(
		js_str(json_object_get(items, KEY), "SubscriptionArn"), "PendingConfirmation");
}

static void what_no_call_deletes_is_left(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("sns_subscription");
	scene.input.wanted = NULL;
	scene.seen.observed = J({"SubscriptionArn" : "PendingConfirmation"});
	expect_verdict(&scene, "FORGET Orphaned Healthy Left");
	scene.seen.observed = J({"SubscriptionArn" : "arn:aws:sns:eu-west-1:1:ops:1"});
	expect_verdict(&scene, "HOLD Orphaned Suspended OrphanHeld");
	decision_done(&scene.decision);
}

static void what_replaces_it_is_then_made_beside_it(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.input.kind = values_kind("sns_subscription");
	scene.input.tags = NULL;
	scene.input.want =
		J({"TopicArn" : "t", "Protocol" : "email", "Endpoint" : "new@b.example"});
	scene.seen.observed = J({
		"TopicArn" : "t",
		"Protocol" : "email",
		"Endpoint" : "old@b.example",
		"SubscriptionArn" : "PendingConfirmation"
	});
	expect_verdict(&scene, "HOLD OutOfSync Suspended ReplacementHeld");
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Replacing");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].call->operation, "Subscribe");
	decision_done(&scene.decision);
}

static void a_whole_leaves_out_what_the_new_value_excludes(void **state)
{
	(void)state;
	json_t *seen = J({
		"AlarmName" : "a",
		"MetricName" : "CPUUtilization",
		"Namespace" : "AWS/ECS",
		"Statistic" : "Average",
		"Period" : 60,
		"Threshold" : 80.0,
		"EvaluationPeriods" : 3,
		"TreatMissingData" : "breaching"
	});
	expect_calls("alarm", J({"AlarmName" : "a", "ExtendedStatistic" : "p99"}), seen,
		"PutMetricAlarm "
		"{\"AlarmName\":\"a\",\"EvaluationPeriods\":3,\"ExtendedStatistic\":\"p99\","
		"\"MetricName\":\"CPUUtilization\",\"Namespace\":\"AWS/"
		"ECS\",\"Period\":60,\"Threshold\":80.0,\"TreatMissingData\":\"breaching\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_aws_leaves_out_is_what_it_means),
		VALUES_TEST(a_call_is_made_only_for_the_values_that_it_is_for),
		VALUES_TEST(a_new_thing_has_what_absence_means),
		VALUES_TEST(only_the_end_of_an_arn_may_count),
		VALUES_TEST(what_cannot_be_read_yet_differs_in_nothing),
		VALUES_TEST(what_cannot_be_read_yet_is_not_asked_for),
		VALUES_TEST(what_is_past_hides_nothing),
		VALUES_TEST(what_no_call_deletes_is_left),
		VALUES_TEST(what_replaces_it_is_then_made_beside_it),
		VALUES_TEST(a_whole_leaves_out_what_the_new_value_excludes),
	};
	return cmocka_run_group_tests_name("core/words_absent", tests, NULL, NULL);
}
