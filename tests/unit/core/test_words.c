// The words of the tables that EC2 does not need, by tables of our own in the shapes of AWS's
// models: reads by name and by parent, natural keys, pairs, calls that overwrite, things that are
// not ours.
#include "core/compare.h"
#include "core/members.h"
#include "core/observe.h"
#include "core/plan.h"
#include "core/project.h"
#include "core/reads.h"
#include "core/tags.h"
#include "core/template.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/script.h"

// clang-format off
static const struct tagging cluster_tagging = {
	.create = ARGS({"tags": "@tags"}),
	.observed = "tags",
	.form = TAGS_LOWER_CASE,
	.add = {.operation = "TagResource", .args = ARGS({"resourceArn": "@arn", "tags": "@tags"})},
	.remove = {.operation = "UntagResource", .args = ARGS({"resourceArn": "@arn", "tagKeys": "@tag_keys"})},
};

static const struct field cluster_fields[] = {
	{.name = "cluster_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY},
	{.name = "settings", .type = FIELD_PAIRS, .member = "settings", .pair_key = "name", .pair_value = "value"},
	{0},
};

/* Read by name, many a call. */
static const struct kind cluster = {
	.name = "cluster", .layer = "compute", .service = "ecs", .summary = "a cluster",
	.tagging = &cluster_tagging,
	.fields = cluster_fields,
	.observe = {
		.list = {"DescribeClusters", ARGS({"clusters": "@ids"}), "clusters", .batch = "@{desired.clusterName}", .most = 2},
		.key = "@{desired.clusterName}", .id = "clusterName", .arn = "clusterArn",
	},
	.states = {.path = "status", .pending = "PROVISIONING", .waits = "waits for @{item.clusterName}"},
	.conditions = (const struct condition[]){
		{.path = "runningTasksCount", .unlike = "pendingTasksCount", .reason = "TasksPending", .is_progress = true,
		 .message = "@{item.pendingTasksCount} of @{item.runningTasksCount}"},
		{0}},
	.create = {.operation = "CreateCluster"},
	.update = {.operation = "UpdateCluster", .flags = CALL_WHOLE, .args = ARGS({"cluster": "@id", "settings": "@changed"})},
	.teardown = (const struct call[]){
		{.operation = "UpdateCluster", .args = ARGS({"cluster": "@id"}), .when = {"settings.containerInsights", "enabled"}},
		{0}},
	.remove = {.operation = "DeleteCluster", .args = ARGS({"cluster": "@id"})},
};

static const struct field listener_fields[] = {
	{.name = "load_balancer_arn", .flags = FIELD_CREATE_ONLY},
	{.name = "port", .flags = FIELD_CREATE_ONLY},
	{.name = "protocol", .update = {.operation = "ModifyListener", .args = ARGS({"ListenerArn": "@id"})}, .yields_to = "subnet", .refused = "SslPolicy"},
	{0},
};

/* Read by parent. */
static const struct kind listener = {
	.name = "port_of_balancer", .layer = "compute", .service = "elbv2", .summary = "a listener",
	.fields = listener_fields,
	.observe = {
		.list = {"DescribeListeners", ARGS({"LoadBalancerArn": "@each"}), "Listeners", .each = "@{desired.LoadBalancerArn}"},
		.follows = {{"DescribeListenerAttributes", ARGS({"ListenerArn": "@item.ListenerArn"}), "Attributes", "Attributes"}},
		.key = "@{desired.LoadBalancerArn}:@{desired.Port}", .item_key = "@{item.LoadBalancerArn}:@{item.Port}",
		.id = "ListenerArn", .absent = (const char *const[]){"LoadBalancerGone", NULL},
	},
	.create = {.operation = "CreateListener"}, .created_id = "Listeners.0.ListenerArn",
	.remove = {.operation = "DeleteListener", .args = ARGS({"ListenerArn": "@id"})},
};
// clang-format on

// ---- texts and values

static void a_text_takes_scalars_and_is_absent_when_one_is(void **state)
{
	(void)state;
	const json_t *scope = J({"desired" : {"Cluster" : "main", "Port" : 443}});
	_cleanup_free_ char *whole =
		template_string("service/@{desired.Cluster}/@{desired.Port}", scope);
	assert_string_equal(whole, "service/main/443");
	_cleanup_free_ char *half = template_string("service/@{desired.Name}/x", scope);
	assert_null(half);
	json_t *rendered = NULL;
	struct err err = template_render(
		ARGS({"A" : "a/@{desired.Port}", "B" : "@{desired.Nothing}"}), scope, &rendered);
	assert_false(err_is(&err));
	values_expect(rendered, J({"A" : "a/443"}));
	json_decref(rendered);
}

static void more_than_wanted_is_no_drift_where_it_grows_by_itself(void **state)
{
	(void)state;
	assert_true(compare_holds(COMPARE_AT_LEAST, J(20), J(20)));
	assert_true(compare_holds(COMPARE_AT_LEAST, J(20), J(35)));
	assert_false(compare_holds(COMPARE_AT_LEAST, J(20), J(19)));
}

static void structures_have_no_order_and_values_do(void **state)
{
	(void)state;
	const json_t *want = J([ {"name" : "a", "command" : [ "x", "y" ]}, {"name" : "b"} ]);
	assert_true(compare_holds(COMPARE_LOOSE, want,
		J([ {"name" : "b", "cpu" : 0}, {"name" : "a", "command" : [ "x", "y" ]} ])));
	assert_false(compare_holds(COMPARE_LOOSE, want,
		J([ {"name" : "b"}, {"name" : "a", "command" : [ "y", "x" ]} ])));
	assert_false(compare_holds(COMPARE_LOOSE, want, J([ {"name" : "b"}, {"name" : "b"} ])));
	assert_false(compare_holds(COMPARE_LOOSE, J([ {"n" : 1} ]), J([ {"n" : 1}, {"n" : 2} ])));
}

static void tags_are_one_thing_in_four_spellings(void **state)
{
	(void)state;
	const json_t *tags = J({"a" : "1", "b" : ""});
	static const enum tag_form forms[] = {
		TAGS_KEY_VALUE, TAGS_LOWER_CASE, TAGS_TAG_KEY, TAGS_MAP};
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		_cleanup_json_ json_t *written = tags_as(forms[i], tags);
		_cleanup_json_ json_t *read = tags_from(forms[i], written);
		values_expect(read, tags);
	}
	_cleanup_json_ json_t *kms = tags_as(TAGS_TAG_KEY, J({"a" : "1"}));
	values_expect(kms, J([ {"TagKey" : "a", "TagValue" : "1"} ]));
	_cleanup_json_ json_t *none = tags_from(TAGS_KEY_VALUE, NULL);
	values_expect(none, J({}));
}

static void the_words_fit_the_models(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	kind_lint(&cluster, &out);
	struct kind small = listener;
	small.create.args =
		ARGS({"LoadBalancerArn" : "@desired.LoadBalancerArn", "DefaultActions" : []});
	kind_lint(&small, &out);
	assert_string_equal(buf_str(&out), "");
}

// ---- what is seen

static const struct field seen_fields[] = {
	{.name = "multi_az", .member = "MultiAZ", .observed = "Pending.MultiAZ|MultiAZ"},
	{.name = "full_name", .member = "FullName", .observed = "Arn", .starts_at = "app/"},
	{.name = "settings",
		.member = "Settings",
		.type = FIELD_PAIRS,
		.pair_key = "name",
		.pair_value = "value"},
	{.name = "version", .member = "Version", .refused = "Tried[State=FAILED].Version"},
	{0},
};

static void what_is_pending_counts_as_observed(void **state)
{
	(void)state;
	const struct kind kind = {.name = "x", .fields = seen_fields, .observe = {.id = "Id"}};
	struct sighting seen;
	struct err err = sighting_make(&kind, J({
		"Id" : "x-1",
		"MultiAZ" : false,
		"Pending" : {"MultiAZ" : true},
		"Arn" : "arn:aws:lb:loadbalancer/app/web/7",
		"Settings" : [ {"name" : "a", "value" : "1"} ],
		"Tried" : [ {"State" : "FAILED", "Version" : "v2"} ],
		"Version" : "v1"
	}),
		NULL, &seen);
	assert_false(err_is(&err));
	values_expect(seen.observed, J({
		"MultiAZ" : true,
		"FullName" : "app/web/7",
		"Settings" : {"a" : "1"},
		"Version" : "v1"
	}));
	values_expect(seen.refused, J({"Version" : ["v2"]}));
	sighting_done(&seen);
}

static void a_condition_may_compare_two_members(void **state)
{
	(void)state;
	struct sighting seen;
	struct err err = sighting_make(&cluster,
		J({"clusterName" : "a", "runningTasksCount" : 2, "pendingTasksCount" : 1}), NULL,
		&seen);
	assert_false(err_is(&err));
	assert_string_equal(seen.reason, "TasksPending");
	assert_string_equal(seen.message, "1 of 2");
	assert_true(seen.is_progress);
	sighting_done(&seen);
	err = sighting_make(&cluster,
		J({"clusterName" : "a", "runningTasksCount" : 1, "pendingTasksCount" : 1}), NULL,
		&seen);
	assert_false(err_is(&err));
	assert_string_equal(seen.reason, "");
	sighting_done(&seen);
}

static void what_is_waited_for_is_told_while_it_is_pending(void **state)
{
	(void)state;
	struct sighting seen;
	struct err err = sighting_make(
		&cluster, J({"clusterName" : "a", "status" : "PROVISIONING"}), NULL, &seen);
	assert_false(err_is(&err));
	assert_true(seen.is_pending);
	assert_string_equal(seen.message, "waits for a");
	sighting_done(&seen);
}

static void every_member_that_a_table_reads_is_kept(void **state)
{
	(void)state;
	_cleanup_json_ json_t *kept = members_read(&cluster);
	values_expect(kept, J({
		"clusterName" : true,
		"clusterArn" : true,
		"tags" : true,
		"status" : true,
		"settings" : true,
		"runningTasksCount" : true,
		"pendingTasksCount" : true
	}));
	_cleanup_json_ json_t *parent = members_read(&listener);
	assert_true(json_is_true(json_object_get(parent, "LoadBalancerArn")));
	assert_true(json_is_true(json_object_get(parent, "SslPolicy")));
	_cleanup_json_ json_t *group = members_read(kind_find("security_group"));
	assert_true(json_is_true(json_object_get(group, "IpPermissionsEgress"))); // derived from
}

// ---- what is read

static void reads_are_grouped_by_parent_and_know_old_names(void **state)
{
	(void)state;
	const struct list_call list = {.each = "@{desired.Lb}", .batch = "@{desired.Name}"};
	_cleanup_json_ json_t *unread = json_object();
	_cleanup_json_ json_t *reads = reads_of(&list, J([
		{"address" : "a", "desired" : {"Lb" : "1", "Name" : "x"}}, {
			"address" : "b",
			"desired" : {"Lb" : "1", "Name" : "y"},
			"observed" : {"Lb" : "1", "Name" : "old"}
		},
		{"address" : "c", "desired" : {"Name" : "z"}},
		{"address" : "d", "observed" : {"Lb" : "2", "Name" : "w"}}
	]),
		J({"stack" : "shop"}), unread);
	values_expect(reads, J({"1" : {"x" : true, "y" : true, "old" : true}, "2" : {"w" : true}}));
	values_expect(unread, J({"c" : true}));
}

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

static void look(struct look *look, const struct kind *kind, const json_t *subjects,
	struct script_answer *answers)
{
	*look = (struct look){0};
	loop_init_virtual(&look->loop, WALL);
	script_init(&look->script, &look->loop, answers);
	task_init(&look->task, &look->loop, on_done, "test");
	observation_init(&look->observation, &(struct observe_options){.loop = &look->loop,
						     .aws = &look->script.port,
						     .kind = kind,
						     .stack = "shop",
						     .region = "eu-west-1",
						     .account = "123456789012",
						     .partition = "aws"});
	observation_start(&look->observation, json_incref((json_t *)subjects), &look->task);
	loop_run(&look->loop);
	assert_true(op_is_finished(&look->observation.op));
}

static void look_end(struct look *look)
{
	observation_done(&look->observation);
	task_done(&look->task);
	assert_int_equal(look->script.running, 0);
	assert_int_equal(loop_done(&look->loop), 0);
	buf_done(&look->script.sent);
}

#define CLUSTER(address, name)                                                                     \
	"{\"address\":\"" address "\",\"desired\":{\"clusterName\":\"" name "\"}}"

static void names_are_read_in_batches(void **state)
{
	(void)state;
	struct look it;
	struct script_answer answers[] = {
		{"DescribeClusters", "\"a\"", "{\"clusters\":[{\"clusterName\":\"a\"}]}"},
		{"DescribeClusters", "\"c\"",
			"{\"clusters\":[{\"clusterName\":\"c\"},{\"clusterName\":\"x\"}]}"},
		{0}};
	look(&it, &cluster,
		values_parse("[" CLUSTER("1", "a") "," CLUSTER("2", "b") "," CLUSTER("3", "c") "]"),
		answers);
	assert_false(err_is(&it.observation.op.err));
	assert_string_equal(buf_str(&it.script.sent),
		"DescribeClusters {\"clusters\":[\"a\",\"b\"]}\n"
		"DescribeClusters {\"clusters\":[\"c\"]}\n");
	values_expect(it.observation.owners, J({"a" : "1", "c" : "3"}));
	assert_int_equal(it.observation.foreign, 1);
	look_end(&it);
}

static void nothing_is_read_for_nothing(void **state)
{
	(void)state;
	struct look it;
	struct script_answer answers[] = {{0}};
	look(&it, &cluster, J([]), answers);
	assert_false(err_is(&it.observation.op.err));
	assert_int_equal(it.observation.calls, 0);
	look_end(&it);
}

#define BUCKET "[{\"address\":\"1\",\"fields\":[],\"desired\":{\"Bucket\":\"logs\"}}]"

static void what_is_read_by_name_may_be_there_and_have_nothing_to_show(void **state)
{
	(void)state;
	struct look it;
	struct script_answer answers[] = {{"GetBucketEncryption", NULL, NULL, ERR_NOT_FOUND,
						  "ServerSideEncryptionConfigurationNotFoundError"},
		{"GetBucketTagging", NULL, NULL, ERR_NOT_FOUND, "NoSuchTagSet"}, {0}};
	look(&it, kind_find("s3_bucket"), values_parse(BUCKET), answers);
	assert_false(err_is(&it.observation.op.err));
	values_expect(it.observation.items, J({"logs" : {"each" : "logs"}}));
	values_expect(it.observation.owners, J({"logs" : "1"}));
	look_end(&it);
	struct script_answer none[] = {
		{"GetBucketEncryption", NULL, NULL, ERR_NOT_FOUND, "NoSuchBucket"}, {0}};
	look(&it, kind_find("s3_bucket"), values_parse(BUCKET), none);
	assert_false(err_is(&it.observation.op.err));
	values_expect(it.observation.items, J({}));
	look_end(&it);
}

static void a_name_that_may_not_be_looked_at_is_ours_or_not_there(void **state)
{
	(void)state;
	struct look it;
	struct script_answer ours[] = {
		{"GetBucketEncryption", NULL, NULL, ERR_DENIED, "AccessDenied"},
		{"ListBuckets", "\"logs\"",
			"{\"Buckets\":[{\"Name\":\"logs-2\"},{\"Name\":\"logs\"}]}"},
		{0}};
	look(&it, kind_find("s3_bucket"), values_parse(BUCKET), ours);
	assert_int_equal(it.observation.op.err.class, ERR_DENIED);
	assert_string_equal(it.observation.op.err.code, "AccessDenied");
	look_end(&it);
	struct script_answer theirs[] = {
		{"GetBucketEncryption", NULL, NULL, ERR_DENIED, "AccessDenied"},
		{"ListBuckets", NULL, "{\"Buckets\":[{\"Name\":\"logs-2\"}]}"}, {0}};
	look(&it, kind_find("s3_bucket"), values_parse(BUCKET), theirs);
	assert_false(err_is(&it.observation.op.err));
	values_expect(it.observation.items, J({}));
	assert_int_equal(it.observation.calls, 2);
	look_end(&it);
	struct script_answer neither[] = {
		{"GetBucketEncryption", NULL, NULL, ERR_DENIED, "AccessDenied"},
		{"ListBuckets", NULL, NULL, ERR_DENIED, "AccessDeniedToo"}, {0}};
	look(&it, kind_find("s3_bucket"), values_parse(BUCKET), neither);
	assert_string_equal(it.observation.op.err.code, "AccessDeniedToo");
	look_end(&it);
}

static void a_parent_is_read_once_and_followed_by_item(void **state)
{
	(void)state;
	struct look it;
	struct script_answer answers[] = {
		{"DescribeListeners", "lb-1",
			"{\"Listeners\":[{\"ListenerArn\":\"l-1\",\"LoadBalancerArn\":\"lb-1\","
			"\"Port\":80},{\"ListenerArn\":\"l-9\",\"LoadBalancerArn\":\"lb-1\","
			"\"Port\":99}]}"},
		{"DescribeListeners", "lb-2", NULL, ERR_INVALID, "LoadBalancerGone"},
		{"DescribeListenerAttributes", "l-1", "{\"Attributes\":[{\"Key\":\"a\"}]}"}, {0}};
	look(&it, &listener, J([
		{"address" : "1", "desired" : {"LoadBalancerArn" : "lb-1", "Port" : 80}},
		{"address" : "2", "desired" : {"LoadBalancerArn" : "lb-1", "Port" : 443}},
		{"address" : "3", "desired" : {"LoadBalancerArn" : "lb-2", "Port" : 80}},
		{"address" : "4", "desired" : {"Port" : 80}}
	]),
		answers);
	assert_false(err_is(&it.observation.op.err));
	assert_int_equal(it.observation.calls, 3);
	values_expect(it.observation.owners, J({"l-1" : "1"}));
	values_expect(it.observation.unread, J({"4" : true}));
	values_expect(json_object_get(it.observation.items, "l-1"), J({
		"ListenerArn" : "l-1",
		"LoadBalancerArn" : "lb-1",
		"Port" : 80,
		"each" : "lb-1",
		"Attributes" : [ {"Key" : "a"} ]
	}));
	look_end(&it);
}

static void a_refusal_of_one_parent_is_a_failure_all_the_same(void **state)
{
	(void)state;
	struct look it;
	struct script_answer answers[] = {
		{"DescribeListeners", NULL, NULL, ERR_DENIED, "AccessDenied"}, {0}};
	look(&it, &listener,
		J([ {"address" : "1", "desired" : {"LoadBalancerArn" : "lb-1", "Port" : 80}} ]),
		answers);
	assert_int_equal(it.observation.op.err.class, ERR_DENIED);
	look_end(&it);
}

static void what_a_lagging_list_does_not_show_is_asked_for_by_key(void **state)
{
	(void)state;
	struct look it;
	struct kind lagging = cluster;
	lagging.observe.list = (struct list_call){"ListClusters", "{}", "clusters"};
	lagging.observe.confirm =
		(struct list_call){"DescribeClusters", ARGS({"clusters" : ["@key"]}), "clusters"};
	struct script_answer answers[] = {
		{"ListClusters", NULL, "{\"clusters\":[{\"clusterName\":\"a\"}]}"},
		{"DescribeClusters", "\"b\"", "{\"clusters\":[{\"clusterName\":\"b\"}]}"}, {0}};
	look(&it, &lagging, values_parse("[" CLUSTER("1", "a") "," CLUSTER("2", "b") "]"), answers);
	assert_false(err_is(&it.observation.op.err));
	values_expect(it.observation.owners, J({"a" : "1", "b" : "2"}));
	look_end(&it);
}

// ---- what differs, and what is called

static void expect_differences(const struct differences *found, const char *expected)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < found->count; i++)
		buf_addf(&text, "%s %s\n", difference_type_name(found->items[i].type),
			found->items[i].path);
	assert_string_equal(buf_str(&text), expected);
	buf_done(&text);
}

static void of_pairs_only_the_named_ones_count(void **state)
{
	(void)state;
	struct differences found = {0};
	struct diff_input in = {.kind = &cluster,
		.want = J({"settings" : {"a" : "1"}}),
		.observed = J({"settings" : {"a" : "1", "b" : "2"}})};
	diff_make(&in, &found);
	assert_int_equal(found.count, 0);
	in.observed = J({"settings" : {"a" : "0", "b" : "2"}});
	diff_make(&in, &found);
	expect_differences(&found, "changed settings\n");
	values_expect(found.items[0].observed, J({"a" : "0"}));
	differences_done(&found);
}

static void a_tag_that_left_the_file_leaves_aws(void **state)
{
	(void)state;
	struct differences found = {0};
	struct plan plan;
	diff_make(&(struct diff_input){.kind = &cluster,
			  .want = J({}),
			  .observed = J({}),
			  .tags = J({"team" : "a"}),
			  .observed_tags = J({"team" : "b", "old" : "x", "theirs" : "y"}),
			  .old_tags = J([ "old", "team", "gone" ])},
		&found);
	expect_differences(&found, "changed Tags[team]\nforeign Tags[old]\n");
	plan_update(&cluster, J({}), J({}), &found, &plan);
	assert_int_equal(plan.count, 2);
	values_expect(json_object_get(plan.steps[0].scope, "tags"),
		J([ {"key" : "team", "value" : "a"} ]));
	values_expect(json_object_get(plan.steps[1].scope, "tag_keys"), J(["old"]));
	plan_done(&plan);
	differences_done(&found);
}

static void a_yielded_field_is_no_difference(void **state)
{
	(void)state;
	struct differences found = {0};
	diff_make(&(struct diff_input){.kind = &listener,
			  .want = J({"Protocol" : "HTTP"}),
			  .observed = J({"Protocol" : "HTTPS"}),
			  .yielded = J(["protocol"])},
		&found);
	assert_int_equal(found.count, 0);
}

static char *input_of_step(
	const struct kind *kind, const struct plan *plan, size_t i, const json_t *scope)
{
	const char *operation;
	_cleanup_json_ json_t *input = NULL;
	struct err err = step_render(kind, &plan->steps[i], scope, NULL, &operation, &input);
	assert_false(err_is(&err));
	_cleanup_free_ char *text = js_text(input);
	return str_format("%s %s", operation, text);
}

static void a_call_that_overwrites_keeps_what_the_file_does_not_say(void **state)
{
	(void)state;
	struct kind kind = listener;
	struct field fields[] = {{.name = "alarm_name", .flags = FIELD_NAME | FIELD_CREATE_ONLY},
		{.name = "threshold"}, {.name = "period"}, {.name = "statistic"}, {0}};
	kind.service = "cloudwatch";
	kind.fields = fields;
	kind.create = (struct call){.operation = "PutMetricAlarm"};
	kind.update = (struct call){.operation = "PutMetricAlarm", .flags = CALL_WHOLE};
	const json_t *want = J({"AlarmName" : "a", "Threshold" : 5, "Statistic" : "Sum"});
	const json_t *observed =
		J({"AlarmName" : "a", "Threshold" : 3, "Period" : 60, "Statistic" : "Average"});
	struct differences found = {0};
	struct plan plan;
	diff_make(&(struct diff_input){.kind = &kind, .want = want, .observed = observed}, &found);
	plan_update(&kind, want, observed, &found, &plan);
	assert_int_equal(plan.count, 1);
	values_expect(plan.steps[0].paths, J([ "Threshold", "Statistic" ]));
	_cleanup_free_ char *input = input_of_step(&kind, &plan, 0,
		values_keep(json_pack("{s:O, s:O}", "desired", want, "observed", observed)));
	assert_string_equal(input,
		"PutMetricAlarm {\"AlarmName\":\"a\",\"Period\":60,\"Statistic\":\"Sum\","
		"\"Threshold\":5}");
	plan_done(&plan);
	differences_done(&found);
}

static void pairs_are_sent_as_a_list_and_of_a_change_only_what_changed(void **state)
{
	(void)state;
	const json_t *want = J({"clusterName" : "a", "settings" : {"x" : "1", "y" : "2"}});
	struct plan plan;
	plan_create(&cluster, want, &plan);
	_cleanup_free_ char *create = input_of_step(
		&cluster, &plan, 0, values_keep(json_pack("{s:O, s:[]}", "desired", want, "tags")));
	assert_string_equal(create,
		"CreateCluster "
		"{\"clusterName\":\"a\",\"settings\":[{\"name\":\"x\",\"value\":\"1\"},"
		"{\"name\":\"y\",\"value\":\"2\"}],\"tags\":[]}");
	plan_done(&plan);
	const json_t *observed = J({"clusterName" : "a", "settings" : {"x" : "1", "y" : "0"}});
	struct differences found = {0};
	diff_make(
		&(struct diff_input){.kind = &cluster, .want = want, .observed = observed}, &found);
	plan_update(&cluster, want, observed, &found, &plan);
	_cleanup_free_ char *update = input_of_step(&cluster, &plan, 0,
		values_keep(json_pack("{s:s, s:O}", "id", "a", "desired", want)));
	assert_string_equal(update,
		"UpdateCluster "
		"{\"cluster\":\"a\",\"settings\":[{\"name\":\"y\",\"value\":\"2\"}]}");
	plan_done(&plan);
	differences_done(&found);
}

static void a_teardown_call_may_depend_on_what_was_observed(void **state)
{
	(void)state;
	struct plan plan;
	plan_delete(&cluster, J({"settings" : {"containerInsights" : "enabled"}}), &plan);
	assert_int_equal(plan.count, 2);
	plan_done(&plan);
	plan_delete(&cluster, J({"settings" : {"containerInsights" : "disabled"}}), &plan);
	assert_int_equal(plan.count, 1);
	plan_done(&plan);
}

// ---- what is decided

static void what_is_not_ours_is_taken_over_only_by_a_person(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.record.is_foreign = true;
	scene.seen.tags = J({});
	expect_verdict(&scene, "HOLD OutOfSync Suspended NotOurs");
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene_again(&scene);
	scene.record.is_foreign = true;
	orphan(&scene);
	expect_verdict(&scene, "FORGET Orphaned Healthy NotOurs");
	decision_done(&scene.decision);
}

static void what_could_not_be_read_is_looked_for_before_it_is_created(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.input.is_unread = true;
	scene.input.creation_waits = "waits for its parent";
	expect_verdict(&scene, "WAIT Missing Missing Waiting");
	scene.input.creation_waits = NULL;
	expect_verdict(&scene, "AGAIN Missing Progressing NotChecked");
	scene.input.presence = PRESENCE_UNKNOWN;
	expect_verdict(&scene, "AGAIN Unknown Unknown NotChecked");
	scene.input.creation_waits = "waits for its parent";
	expect_verdict(&scene, "WAIT Unknown Unknown Waiting");
	scene.input.is_unread = false;
	expect_verdict(&scene, "WAIT Unknown Unknown NotChecked");
	decision_done(&scene.decision);
}

static void what_can_be_read_by_now_is_looked_for_while_its_creation_waits_for_more(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	absent(&scene);
	scene.input.creation_waits = "waits for a security group";
	scene.input.is_unread = scene.input.is_readable = true;
	expect_verdict(&scene, "AGAIN Missing Progressing NotChecked");
	assert_true(scene.decision.wants_look);
	scene.input.presence = PRESENCE_UNKNOWN;
	expect_verdict(&scene, "AGAIN Unknown Unknown NotChecked");
	assert_true(scene.decision.wants_look);
	scene.input.is_unread = scene.input.is_readable = false; // it was read
	scene.input.presence = PRESENCE_ABSENT;
	expect_verdict(&scene, "WAIT Missing Missing Waiting");
	assert_false(scene.decision.wants_look);
	decision_done(&scene.decision);
}

static void what_aws_rolled_back_is_not_written_again(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	scene.seen.observed =
		J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene.record.refused = J({"MapPublicIpOnLaunch" : [false]});
	expect_verdict(&scene, "HOLD OutOfSync Degraded RolledBack");
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
}

static void a_way_to_go_is_not_a_trouble(void **state)
{
	(void)state;
	struct scene scene;
	scene_init(&scene);
	str_copy(scene.seen.reason, sizeof(scene.seen.reason), "RollingOut");
	expect_verdict(&scene, "DONE Synced Degraded RollingOut");
	scene.seen.is_progress = true;
	expect_verdict(&scene, "DONE Synced Progressing RollingOut");
	decision_done(&scene.decision);
}

static void a_record_remembers_what_was_given_up_and_whose_tags_were_ours(void **state)
{
	(void)state;
	struct record record;
	record_init(&record);
	assert_false(record_refuse(&record, NULL));
	assert_true(record_refuse(&record, J({"A" : ["x"]})));
	assert_false(record_refuse(&record, J({"A" : ["x"]})));
	for (int i = 0; i < 12; i++) {
		_cleanup_json_ json_t *more = json_pack("{s:[i]}", "A", i);
		assert_true(record_refuse(&record, more));
	}
	assert_int_equal(json_array_size(json_object_get(record.refused, "A")), 10);
	assert_true(record_note_tags(&record, J({"a" : "1", "b" : "2"}), J({})));
	assert_false(record_note_tags(&record, J({"a" : "1"}), J({"b" : "2"}))); // still in AWS
	values_expect(record.tags, J([ "a", "b" ]));
	assert_true(record_note_tags(&record, J({"a" : "1"}), J({})));
	values_expect(record.tags, J(["a"]));
	record.is_foreign = true;
	_cleanup_json_ json_t *stored = record_json(&record);
	struct record again;
	record_init(&again);
	record_load(&again, "x", stored);
	values_expect(again.refused, record.refused);
	values_expect(again.tags, record.tags);
	assert_true(again.is_foreign);
	record_done(&again);
	record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_text_takes_scalars_and_is_absent_when_one_is),
		VALUES_TEST(more_than_wanted_is_no_drift_where_it_grows_by_itself),
		VALUES_TEST(structures_have_no_order_and_values_do),
		VALUES_TEST(tags_are_one_thing_in_four_spellings),
		VALUES_TEST(the_words_fit_the_models),
		VALUES_TEST(what_is_pending_counts_as_observed),
		VALUES_TEST(a_condition_may_compare_two_members),
		VALUES_TEST(what_is_waited_for_is_told_while_it_is_pending),
		VALUES_TEST(every_member_that_a_table_reads_is_kept),
		VALUES_TEST(reads_are_grouped_by_parent_and_know_old_names),
		VALUES_TEST(names_are_read_in_batches),
		VALUES_TEST(nothing_is_read_for_nothing),
		VALUES_TEST(what_is_read_by_name_may_be_there_and_have_nothing_to_show),
		VALUES_TEST(a_name_that_may_not_be_looked_at_is_ours_or_not_there),
		VALUES_TEST(a_parent_is_read_once_and_followed_by_item),
		VALUES_TEST(a_refusal_of_one_parent_is_a_failure_all_the_same),
		VALUES_TEST(what_a_lagging_list_does_not_show_is_asked_for_by_key),
		VALUES_TEST(of_pairs_only_the_named_ones_count),
		VALUES_TEST(a_tag_that_left_the_file_leaves_aws),
		VALUES_TEST(a_yielded_field_is_no_difference),
		VALUES_TEST(a_call_that_overwrites_keeps_what_the_file_does_not_say),
		VALUES_TEST(pairs_are_sent_as_a_list_and_of_a_change_only_what_changed),
		VALUES_TEST(a_teardown_call_may_depend_on_what_was_observed),
		VALUES_TEST(what_is_not_ours_is_taken_over_only_by_a_person),
		VALUES_TEST(what_could_not_be_read_is_looked_for_before_it_is_created),
		VALUES_TEST(
			what_can_be_read_by_now_is_looked_for_while_its_creation_waits_for_more),
		VALUES_TEST(what_aws_rolled_back_is_not_written_again),
		VALUES_TEST(a_way_to_go_is_not_a_trouble),
		VALUES_TEST(a_record_remembers_what_was_given_up_and_whose_tags_were_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
