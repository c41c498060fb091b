// What the daemon tells CloudWatch of itself, and that nothing depends on it.
#include "core/publish.h"
#include "tests/unit/core/script.h"

struct stage {
	struct loop loop;
	struct script script;
	struct publisher publisher;
};

static void stage_init(struct stage *stage, const char *namespace, struct script_answer *answers)
{
	*stage = (struct stage){0};
	loop_init_virtual(&stage->loop, 1800000000000);
	script_init(&stage->script, &stage->loop, answers);
	publisher_init(&stage->publisher, &stage->loop, &stage->script.port, namespace, "shop");
}

static void stage_done(struct stage *stage)
{
	publisher_done(&stage->publisher);
	assert_int_equal(stage->script.running, 0);
	assert_int_equal(loop_done(&stage->loop), 0);
	buf_done(&stage->script.sent);
}

static int count(const struct stage *stage, const char *text)
{
	int n = 0;
	for (const char *p = buf_str(&stage->script.sent); (p = strstr(p, text)); p++)
		n++;
	return n;
}

static const struct publish_pass pass = {
	.drifted = 2, .held = 1, .corrected = 3, .failed = 1, .calls = 7, .dur_ms = 40};

static void nothing_is_published_unless_asked_for(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage, NULL, (struct script_answer[]){{0}});
	publisher_note(&stage.publisher, "network", &pass);
	loop_run(&stage.loop);
	assert_string_equal(buf_str(&stage.script.sent), "");
	stage_done(&stage);
}

static void a_pass_is_published_by_stack_and_layer(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage, "Holdfast",
		(struct script_answer[]){{"PutMetricData", .output = "{}"}, {0}});
	publisher_note(&stage.publisher, "network", &pass);
	loop_run(&stage.loop);
	assert_int_equal(count(&stage, "PutMetricData"), 1);
	assert_int_equal(count(&stage, "\"Namespace\":\"Holdfast\""), 1);
	static const char *const names[] = {
		"Drifted", "Held", "Corrected", "Failed", "Calls", "PassTime"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		assert_int_equal(count(&stage, names[i]), 1);
	assert_int_equal(count(&stage, "{\"Name\":\"Layer\",\"Value\":\"network\"}"), 6);
	assert_int_equal(count(&stage, "{\"Name\":\"Stack\",\"Value\":\"shop\"}"), 6);
	assert_int_equal(count(&stage, "\"Maximum\":40.0"), 1);
	stage_done(&stage);
}

static void a_minute_is_one_call(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage, "Holdfast",
		(struct script_answer[]){{"PutMetricData", .output = "{}", .repeats = true}, {0}});
	publisher_note(&stage.publisher, "network", &pass);
	publisher_note(&stage.publisher, "data", &pass);
	publisher_note(&stage.publisher, "network",
		&(struct publish_pass){.corrected = 1, .calls = 3, .dur_ms = 10});
	loop_run(&stage.loop);
	assert_int_equal(count(&stage, "PutMetricData"), 1);
	assert_int_equal(count(&stage, "\"Value\":10.0"), 1); // calls: a sum
	assert_int_equal(count(&stage, "\"Value\":4.0"), 1);  // corrected
	assert_int_equal(count(&stage, "\"Minimum\":10.0"), 1);
	assert_int_equal(count(&stage, "\"SampleCount\":2.0"), 1);
	stage_done(&stage);
}

/* Notes a second pass after a second, and half a minute later looks what was sent. */
struct later {
	struct stage stage;
	struct task task;
	struct timer timer;
	int times, calls_then;
};

static void on_later(struct task *task)
{
	struct later *later = CONTAINER_OF(task, struct later, task);
	if (timer_is_running(&later->timer))
		return;
	if (later->times++ == 0) {
		publisher_note(&later->stage.publisher, "network", &pass);
		timer_start(&later->timer, &later->task, PUBLISH_EVERY_MS / 2);
	} else {
		later->calls_then = count(&later->stage, "PutMetricData");
	}
}

static void the_next_call_waits_for_the_minute(void **state)
{
	(void)state;
	struct later later = {0};
	stage_init(&later.stage, "Holdfast",
		(struct script_answer[]){{"PutMetricData", .output = "{}", .repeats = true}, {0}});
	task_init(&later.task, &later.stage.loop, on_later, "later");
	timer_init(&later.timer, &later.stage.loop);
	timer_start(&later.timer, &later.task, 1000);
	publisher_note(&later.stage.publisher, "network", &pass);
	loop_run(&later.stage.loop);
	assert_int_equal(later.calls_then, 1);
	assert_int_equal(count(&later.stage, "PutMetricData"), 2);
	task_done(&later.task);
	stage_done(&later.stage);
}

static void a_failure_is_dropped(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage, "Holdfast",
		(struct script_answer[]){
			{"PutMetricData", .fails = ERR_DENIED, .code = "AccessDenied"},
			{"PutMetricData", .output = "{}"}, {0}});
	publisher_note(&stage.publisher, "network", &pass);
	loop_run(&stage.loop);
	assert_true(publisher_is_idle(&stage.publisher));
	assert_int_equal(stage.publisher.failures, 1);
	publisher_note(&stage.publisher, "data", &pass);
	loop_run(&stage.loop);
	assert_int_equal(stage.publisher.failures, 0);
	assert_int_equal(count(&stage, "network"), 6); // not told again
	stage_done(&stage);
}

static void nothing_is_sent_once_it_stops(void **state)
{
	(void)state;
	struct stage stage;
	stage_init(&stage, "Holdfast", (struct script_answer[]){{0}});
	publisher_note(&stage.publisher, "network", &pass);
	publisher_stop(&stage.publisher);
	publisher_note(&stage.publisher, "network", &pass);
	loop_run(&stage.loop);
	assert_string_equal(buf_str(&stage.script.sent), "");
	stage_done(&stage);
}

static void aws_keeps_some_namespaces(void **state)
{
	(void)state;
	assert_true(publisher_takes("Holdfast/shop-1"));
	assert_false(publisher_takes("AWS/Holdfast"));
	assert_false(publisher_takes("a:b"));
	assert_false(publisher_takes(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(nothing_is_published_unless_asked_for),
		VALUES_TEST(a_pass_is_published_by_stack_and_layer),
		VALUES_TEST(a_minute_is_one_call),
		VALUES_TEST(the_next_call_waits_for_the_minute),
		VALUES_TEST(a_failure_is_dropped),
		VALUES_TEST(nothing_is_sent_once_it_stops),
		VALUES_TEST(aws_keeps_some_namespaces),
	};
	return cmocka_run_group_tests_name("core/publish", tests, NULL, NULL);
}
