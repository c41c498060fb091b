// One read of the tagging API for all looks that want it, and what looks make of its word.
#include "core/observe.h"
#include "core/path.h"
#include "tests/unit/core/script.h"

enum { MOST_LOOKS = 4 };

struct scene {
	struct loop loop;
	struct script script;
	struct tagread tagread;
	struct task task;
	struct observation looks[MOST_LOOKS];
	size_t count;
};

static void on_done(struct task *task)
{
	(void)task;
}

static void begin(struct scene *scene, struct script_answer *answers)
{
	*scene = (struct scene){0};
	loop_init_virtual(&scene->loop, 1800000000000);
	script_init(&scene->script, &scene->loop, answers);
	task_init(&scene->task, &scene->loop, on_done, "test");
	tagread_init(&scene->tagread, &scene->loop, &scene->script.port, "shop");
}

// A look of a pass, begun now; answers of up to `old_ms` before count.
static struct observation *look(
	struct scene *scene, const char *kind, json_t *subjects, bool is_for_pass, int64_t old_ms)
{
	struct observation *o = &scene->looks[scene->count++];
	observation_init(o, &(struct observe_options){.loop = &scene->loop,
				    .aws = &scene->script.port,
				    .tagread = &scene->tagread,
				    .kind = values_kind(kind),
				    .stack = "shop",
				    .region = "eu-west-1",
				    .account = "123456789012",
				    .partition = "aws"});
	o->asks_tags = is_for_pass;
	o->since_ms = loop_now_ms(&scene->loop) - old_ms;
	observation_start(o, json_incref(subjects), &scene->task);
	return o;
}

static void end(struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++)
		observation_done(&scene->looks[i]);
	tagread_done(&scene->tagread);
	task_done(&scene->task);
	assert_int_equal(scene->script.running, 0);
	assert_int_equal(loop_done(&scene->loop), 0);
	buf_done(&scene->script.sent);
}

static void expect_ok(const struct observation *o)
{
	assert_true(op_is_finished(&o->op));
	if (err_is(&o->op.err))
		fail_msg("%s", o->op.err.message);
}

#define TOPIC "arn:aws:sns:eu-west-1:123456789012:alarms"
#define STREAM "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs"
#define BALANCER(name)                                                                             \
	"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/" name "/1"
#define KEY "arn:aws:kms:eu-west-1:123456789012:key/1"
#define TAGS(team)                                                                                 \
	"[{\"Key\":\"holdfast:stack\",\"Value\":\"shop\"},{\"Key\":\"team\",\"Value\":\"" team     \
	"\"}]"
#define ROW(arn, team) "{\"ResourceARN\":\"" arn "\",\"Tags\":" TAGS(team) "}"
#define ROWS(...) "{\"ResourceTagMappingList\":[" __VA_ARGS__ "]}"

static const struct script_answer topic_answer = {"GetTopicAttributes", NULL,
	"{\"Attributes\":{\"TopicArn\":\"" TOPIC "\"}}", .repeats = true};
static const struct script_answer stream_answer = {"DescribeDeliveryStream", NULL,
	"{\"DeliveryStreamDescription\":{\"DeliveryStreamName\":\"logs\",\"DeliveryStreamARN\":"
	"\"" STREAM "\"}}",
	.repeats = true};

// What is looked for; `member` of what the file says is `name`.
static json_t *subject(const char *address, const char *id, const char *member, const char *name)
{
	json_t *one = json_pack("{s:s, s:{s:s}, s:{s:s, s:s}, s:[]}", "address", address, "desired",
		member, name, "tags", "holdfast:stack", "shop", "team", "a", "fields");
	js_set_str(one, "id", id);
	return one;
}

static json_t *topics(void)
{
	return values_keep(json_pack("[o]", subject("t", NULL, "Name", "alarms")));
}

static json_t *streams(void)
{
	return values_keep(json_pack("[o]", subject("s", NULL, "DeliveryStreamName", "logs")));
}

static const char *team_of(const struct observation *o)
{
	json_t *item = json_object_iter_value(json_object_iter(o->items));
	_cleanup_json_ json_t *value = path_get(item, "Tags[Key=team].Value");
	return value ? json_string_value(values_keep(json_incref(value))) : NULL;
}

static void looks_of_a_pass_share_one_read(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer, stream_answer,
		{"GetResources", "\"b\"", ROWS(ROW(STREAM, "a"))},
		{"GetResources", NULL,
			"{\"PaginationToken\":\"b\",\"ResourceTagMappingList\":[" ROW(
				TOPIC, "a") "]}",
			.delay_ms = 50},
		{0}};
	begin(&scene, answers);
	struct observation *a = look(&scene, "sns_topic", topics(), true, 1000);
	loop_run_for(&scene.loop, 10);
	struct observation *b = look(&scene, "firehose_stream", streams(), true, 1000);
	loop_run_for(&scene.loop, 500);
	struct observation *c = look(&scene, "sns_topic", topics(), true, 1000);
	loop_run(&scene.loop);
	expect_ok(a);
	expect_ok(b);
	expect_ok(c);
	assert_string_equal(team_of(a), "a");
	assert_string_equal(team_of(b), "a");
	assert_string_equal(team_of(c), "a");
	assert_int_equal(script_count(&scene.script, "GetResources"), 2); // its two pages
	assert_int_equal(a->calls + b->calls + c->calls, 2 + 3);
	end(&scene);
}

static void what_is_too_old_is_read_again(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer,
		{"GetResources", NULL, ROWS(ROW(TOPIC, "a")), .delay_ms = 50},
		{"GetResources", NULL, ROWS(ROW(TOPIC, "a")), .delay_ms = 50}, {0}};
	begin(&scene, answers);
	look(&scene, "sns_topic", topics(), true, 1000);
	loop_run_for(&scene.loop, 20);
	// The read under way began too early for this one: another follows it.
	struct observation *b = look(&scene, "sns_topic", topics(), true, 10);
	loop_run(&scene.loop);
	expect_ok(b);
	assert_int_equal(script_count(&scene.script, "GetResources"), 2);
	assert_int_equal(b->took_ms, 80);
	end(&scene);
}

static void what_is_not_as_it_should_be_or_not_told_is_asked_of_the_service(void **state)
{
	(void)state;
	for (int is_told = 0; is_told < 2; is_told++) {
		struct scene scene;
		struct script_answer answers[] = {topic_answer,
			{"GetResources", NULL, is_told ? ROWS(ROW(TOPIC, "b")) : ROWS()},
			{"ListTagsForResource", TOPIC, "{\"Tags\":" TAGS("c") "}"}, {0}};
		begin(&scene, answers);
		struct observation *o = look(&scene, "sns_topic", topics(), true, 1000);
		loop_run(&scene.loop);
		expect_ok(o);
		assert_string_equal(team_of(o), "c");
		end(&scene);
	}
}

static void without_an_answer_each_service_is_asked(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer,
		{"GetResources", NULL, NULL, ERR_DENIED, "AccessDeniedException"},
		{"ListTagsForResource", TOPIC, "{\"Tags\":" TAGS("a") "}"}, {0}};
	begin(&scene, answers);
	struct observation *o = look(&scene, "sns_topic", topics(), true, 1000);
	loop_run(&scene.loop);
	expect_ok(o);
	assert_string_equal(team_of(o), "a");
	end(&scene);
}

static void between_passes_what_was_said_last_will_do_but_not_from_before_our_write(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer,
		{"GetResources", NULL, ROWS(ROW(TOPIC, "a"))},
		{"ListTagsForResource", TOPIC, "{\"Tags\":" TAGS("c") "}"}, {0}};
	begin(&scene, answers);
	look(&scene, "sns_topic", topics(), true, 1000);
	loop_run_for(&scene.loop, 60000);
	struct observation *b = look(&scene, "sns_topic", topics(), false, 1000);
	loop_run_for(&scene.loop, 60000);
	json_t *written = topics();
	json_object_set_new(json_array_get(written, 0), "acted_ms", json_integer(30000));
	struct observation *c = look(&scene, "sns_topic", written, false, 1000);
	loop_run(&scene.loop);
	expect_ok(b);
	expect_ok(c);
	assert_int_equal(b->calls, 1);
	assert_string_equal(team_of(b), "a");
	assert_string_equal(team_of(c), "c");
	end(&scene);
}

#define LISTED(name)                                                                               \
	"{\"LoadBalancerArn\":\"" BALANCER(name) "\",\"LoadBalancerName\":\"" name "\"}"

static void of_those_read_in_batches_only_the_others_are_asked_for(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeLoadBalancers", "arn:gone", NULL, ERR_NOT_FOUND, "LoadBalancerNotFound"},
		{"DescribeLoadBalancers", NULL,
			"{\"LoadBalancers\":[" LISTED("one") "," LISTED("two") "]}"},
		{"GetResources", NULL, ROWS(ROW(BALANCER("one"), "a"))},
		{"DescribeTags", "[\"" BALANCER("two") "\"]",
			"{\"TagDescriptions\":[{\"ResourceArn\":\"" BALANCER(
				"two") "\",\"Tags\":" TAGS("b") "}]}"},
		{0}};
	begin(&scene, answers);
	struct observation *o = look(&scene, "load_balancer",
		values_keep(json_pack("[o, o, o]", subject("1", NULL, "Name", "one"),
			subject("2", NULL, "Name", "two"),
			subject("3", "arn:gone", "Name", "three"))),
		true, 1000);
	loop_run(&scene.loop);
	expect_ok(o);
	_cleanup_json_ json_t *one = path_get(json_object_get(o->items, BALANCER("one")),
		"TagDescriptions.0.Tags[Key=team].Value");
	_cleanup_json_ json_t *two = path_get(json_object_get(o->items, BALANCER("two")),
		"TagDescriptions.0.Tags[Key=team].Value");
	assert_string_equal(json_string_value(one), "a");
	assert_string_equal(json_string_value(two), "b");
	end(&scene);
}

// Subjects as the look before showed them, with that team in their tags.
static json_t *shown(json_t *subjects, const char *into, json_t *rows)
{
	json_object_set_new(
		json_array_get(subjects, 0), "shown", json_pack("{s:O}", into, values_keep(rows)));
	return subjects;
}

static void what_a_service_showed_is_recalled_between_passes_where_it_is_as_it_should_be(
	void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer,
		{"ListTagsForResource", TOPIC, "{\"Tags\":" TAGS("a") "}"},
		{"DescribeLoadBalancers", NULL, "{\"LoadBalancers\":[" LISTED("one") "]}"}, {0}};
	begin(&scene, answers);
	json_t *good = json_loads(TAGS("a"), 0, NULL), *bad = json_loads(TAGS("b"), 0, NULL);
	json_t *rows = json_pack("[{s:s, s:O}]", "ResourceArn", BALANCER("one"), "Tags", good);
	struct observation *a =
		look(&scene, "sns_topic", shown(topics(), "Tags", good), false, 1000);
	struct observation *b =
		look(&scene, "sns_topic", shown(topics(), "Tags", bad), false, 1000);
	struct observation *c = look(&scene, "load_balancer",
		shown(values_keep(json_pack("[o]", subject("1", NULL, "Name", "one"))),
			"TagDescriptions", rows),
		false, 1000);
	loop_run(&scene.loop);
	expect_ok(a);
	expect_ok(b);
	expect_ok(c);
	assert_int_equal(a->calls, 1);
	assert_string_equal(team_of(a), "a");
	assert_int_equal(b->calls, 2);
	assert_string_equal(team_of(b), "a");
	assert_int_equal(c->calls, 1);
	_cleanup_json_ json_t *team = path_get(json_object_get(c->items, BALANCER("one")),
		"TagDescriptions.0.Tags[Key=team].Value");
	assert_string_equal(json_string_value(team), "a");
	end(&scene);
}

static void where_it_is_the_list_it_is_asked_also_between_passes(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"GetResources", NULL, ROWS(ROW(KEY, "a") "," ROW(TOPIC, "a"))},
		{"DescribeKey", KEY, "{\"KeyMetadata\":{\"Arn\":\"" KEY "\"}}"},
		{"GetKeyPolicy", NULL, "{}"}, {"GetKeyRotationStatus", NULL, "{}"},
		{"ListAliases", NULL, "{\"Aliases\":[]}"},
		{"GetResources", NULL, NULL, ERR_DENIED, "AccessDeniedException"}, {0}};
	begin(&scene, answers);
	struct observation *a = look(&scene, "kms_key", J([]), false, 1000);
	loop_run_for(&scene.loop, 5000);
	struct observation *b = look(&scene, "kms_key", J([]), false, 1000);
	loop_run(&scene.loop);
	expect_ok(a);
	assert_int_equal(json_object_size(a->items), 1); // the topic is none
	assert_non_null(json_object_get(a->items, KEY));
	assert_int_equal(b->op.err.class, ERR_DENIED);
	end(&scene);
}

static void a_tag_that_lags_in_the_list_is_asked_of_the_service(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"GetResources", NULL, ROWS(ROW(KEY, "b"))},
		{"DescribeKey", KEY, "{\"KeyMetadata\":{\"Arn\":\"" KEY "\"}}"},
		{"ListResourceTags", KEY, "{\"Tags\":[{\"TagKey\":\"team\",\"TagValue\":\"a\"}]}"},
		{0}};
	begin(&scene, answers);
	struct observation *o = look(&scene, "kms_key",
		values_keep(json_pack("[o]", subject("k", KEY, "Description", "x"))), true, 1000);
	loop_run(&scene.loop);
	expect_ok(o);
	_cleanup_json_ json_t *team =
		path_get(json_object_get(o->items, KEY), "Tags[TagKey=team].TagValue");
	assert_string_equal(json_string_value(team), "a");
	end(&scene);
}

static void who_is_canceled_takes_nothing_from_the_others(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer, stream_answer,
		{"GetResources", NULL, ROWS(ROW(TOPIC, "a")), .delay_ms = 50}, {0}};
	begin(&scene, answers);
	struct observation *a = look(&scene, "sns_topic", topics(), true, 1000);
	struct observation *b = look(&scene, "firehose_stream", streams(), true, 1000);
	loop_run_for(&scene.loop, 10);
	op_cancel(&b->op);
	loop_run(&scene.loop);
	expect_ok(a);
	assert_int_equal(b->op.err.class, ERR_CANCELED);
	end(&scene);
}

static void the_last_that_is_canceled_ends_the_read(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {topic_answer,
		{"GetResources", NULL, ROWS(), .delay_ms = 100000, .repeats = true}, {0}};
	begin(&scene, answers);
	struct observation *a = look(&scene, "sns_topic", topics(), true, 1000);
	struct observation *b = look(&scene, "sns_topic", topics(), true, 1000);
	loop_run_for(&scene.loop, 10);
	op_cancel(&a->op);
	op_cancel(&b->op);
	loop_run(&scene.loop);
	assert_int_equal(a->op.err.class, ERR_CANCELED);
	assert_int_equal(b->op.err.class, ERR_CANCELED);
	assert_int_equal(loop_now_ms(&scene.loop), 10);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(looks_of_a_pass_share_one_read),
		VALUES_TEST(what_is_too_old_is_read_again),
		VALUES_TEST(what_is_not_as_it_should_be_or_not_told_is_asked_of_the_service),
		VALUES_TEST(without_an_answer_each_service_is_asked),
		VALUES_TEST(
			between_passes_what_was_said_last_will_do_but_not_from_before_our_write),
		VALUES_TEST(of_those_read_in_batches_only_the_others_are_asked_for),
		VALUES_TEST(
			what_a_service_showed_is_recalled_between_passes_where_it_is_as_it_should_be),
		VALUES_TEST(where_it_is_the_list_it_is_asked_also_between_passes),
		VALUES_TEST(a_tag_that_lags_in_the_list_is_asked_of_the_service),
		VALUES_TEST(who_is_canceled_takes_nothing_from_the_others),
		VALUES_TEST(the_last_that_is_canceled_ends_the_read),
	};
	return cmocka_run_group_tests_name("core/tagread", tests, NULL, NULL);
}
