// One look at a kind against a scripted AWS: which calls it costs, and what it believes.
#include "core/observe.h"
#include "core/project.h"
#include "tests/unit/core/script.h"

/* A look under way. */
struct scene {
	struct loop loop;
	struct script script;
	struct observation look;
	struct task task;
	bool is_done;
};

static void on_done(struct task *task)
{
	struct scene *scene = CONTAINER_OF(task, struct scene, task);
	assert_false(scene->is_done); // once
	assert_true(op_is_finished(&scene->look.op));
	scene->is_done = true;
}

// {"<id>": ["field", ...]} as what is looked for.
static json_t *subjects_of(const json_t *known)
{
	json_t *subjects = json_array();
	const char *id;
	json_t *fields;
	json_object_foreach ((json_t *)known, id, fields)
		json_array_append_new(subjects,
			json_pack("{s:s, s:s, s:O}", "address", id, "id", id, "fields", fields));
	return subjects;
}

static void begin_at(
	struct scene *scene, const struct kind *kind, json_t *known, struct script_answer *answers)
{
	*scene = (struct scene){0};
	loop_init_virtual(&scene->loop, 1800000000000);
	script_init(&scene->script, &scene->loop, answers);
	task_init(&scene->task, &scene->loop, on_done, "test");
	observation_init(&scene->look, &(struct observe_options){.loop = &scene->loop,
					       .aws = &scene->script.port,
					       .kind = kind,
					       .stack = "shop",
					       .region = "eu-west-1",
					       .account = "123456789012"});
	observation_start(&scene->look, subjects_of(known), &scene->task);
	assert_false(op_is_finished(&scene->look.op));
}

static void begin(
	struct scene *scene, const char *kind, json_t *known, struct script_answer *answers)
{
	begin_at(scene, values_kind(kind), known, answers);
}

static void end(struct scene *scene)
{
	observation_done(&scene->look);
	task_done(&scene->task);
	assert_int_equal(scene->script.running, 0);
	assert_int_equal(loop_done(&scene->loop), 0);
	buf_done(&scene->script.sent);
}

static void look(
	struct scene *scene, const char *kind, json_t *known, struct script_answer *answers)
{
	begin(scene, kind, known, answers);
	loop_run(&scene->loop);
	assert_true(scene->is_done);
}

static void expect_ok(const struct scene *scene)
{
	if (err_is(&scene->look.op.err))
		fail_msg("%s", scene->look.op.err.message);
}

static void expect_ids(const struct scene *scene, json_t *expected)
{
	json_t *ids = values_keep(json_array());
	const char *id;
	json_t *item;
	expect_ok(scene);
	json_object_foreach (scene->look.items, id, item)
		json_array_append_new(ids, json_string(id));
	values_expect(ids, expected);
}

#define OURS "\"Tags\":[{\"Key\":\"holdfast:stack\",\"Value\":\"shop\"}]"
#define THEIRS "\"Tags\":[{\"Key\":\"holdfast:stack\",\"Value\":\"other\"}]"
#define SUBNET(id) "{\"SubnetId\":\"" id "\"," OURS "}"

static void a_list_is_one_call_filtered_by_our_tag(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL,
			"{\"Subnets\":[" SUBNET("subnet-1") "," SUBNET("subnet-2") "]}"},
		{0}};
	look(&scene, "subnet", J({"subnet-1" : []}), answers);
	expect_ids(&scene, J([ "subnet-1", "subnet-2" ]));
	assert_int_equal(scene.look.calls, 1);
	assert_string_equal(buf_str(&scene.script.sent),
		"DescribeSubnets {\"Filters\":[{\"Name\":\"tag:holdfast:stack\",\"Values\":"
		"[\"shop\"]}],\"MaxResults\":1000}\n");
	end(&scene);
}

static void pages_are_read_to_the_end(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", "\"b\"", "{\"Subnets\":[" SUBNET("subnet-3") "]}"},
		{"DescribeSubnets", "\"a\"",
			"{\"Subnets\":[" SUBNET("subnet-2") "],\"NextToken\":\"b\"}"},
		{"DescribeSubnets", NULL,
			"{\"Subnets\":[" SUBNET("subnet-1") "],\"NextToken\":\"a\"}"},
		{0}};
	look(&scene, "subnet", J({}), answers);
	expect_ids(&scene, J([ "subnet-1", "subnet-2", "subnet-3" ]));
	assert_int_equal(scene.look.calls, 3);
	end(&scene);
}

static void an_empty_page_is_not_the_last(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", "\"a\"", "{\"Subnets\":[" SUBNET("subnet-1") "]}"},
		{"DescribeSubnets", NULL, "{\"Subnets\":[],\"NextToken\":\"a\"}"}, {0}};
	look(&scene, "subnet", J({}), answers);
	expect_ids(&scene, J(["subnet-1"]));
	end(&scene);
}

static void a_page_that_leads_to_itself_is_an_error(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL, "{\"Subnets\":[],\"NextToken\":\"a\"}", .repeats = true},
		{0}};
	look(&scene, "subnet", J({}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_TRANSIENT);
	assert_int_equal(script_count(&scene.script, "DescribeSubnets"), 2);
	end(&scene);
}

static void what_a_filter_let_through_by_mistake_is_not_ours(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL,
			"{\"Subnets\":[" SUBNET("subnet-1") ",{\"SubnetId\":\"subnet-2\"," THEIRS
							    "},{\"SubnetId\":\"subnet-3\"}]}"},
		{0}};
	look(&scene, "subnet", J({}), answers);
	expect_ids(&scene, J(["subnet-1"]));
	assert_int_equal(scene.look.foreign, 2);
	end(&scene);
}

static void what_the_list_lost_is_asked_for_by_id(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", "subnet-1", "{\"Subnets\":[{\"SubnetId\":\"subnet-1\"}]}"},
		{"DescribeSubnets", "subnet-2", NULL, ERR_NOT_FOUND, "InvalidSubnetID.NotFound"},
		{"DescribeSubnets", "Filters", "{\"Subnets\":[]}"}, {0}};
	look(&scene, "subnet", J({"subnet-1" : [], "subnet-2" : []}), answers);
	// One lost only its tag, the other is really gone.
	expect_ids(&scene, J(["subnet-1"]));
	assert_int_equal(scene.look.calls, 3);
	end(&scene);
}

static void a_list_that_fails_tells_nothing(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL, NULL, ERR_THROTTLED, "RequestLimitExceeded"}, {0}};
	look(&scene, "subnet", J({"subnet-1" : []}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_THROTTLED);
	assert_string_equal(scene.look.op.err.code, "RequestLimitExceeded");
	end(&scene);
}

static void a_second_page_that_fails_tells_nothing_either(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", "\"a\"", NULL, ERR_TRANSIENT, "InternalError"},
		{"DescribeSubnets", NULL,
			"{\"Subnets\":[" SUBNET("subnet-1") "],\"NextToken\":\"a\"}"},
		{0}};
	look(&scene, "subnet", J({"subnet-1" : [], "subnet-2" : []}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_TRANSIENT);
	assert_int_equal(scene.look.calls, 2); // nobody was asked for by id
	end(&scene);
}

static void a_confirmation_that_fails_is_no_proof_of_absence(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", "subnet-1", NULL, ERR_TRANSIENT, "InternalError"},
		{"DescribeSubnets", NULL, "{\"Subnets\":[]}"}, {0}};
	look(&scene, "subnet", J({"subnet-1" : []}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_TRANSIENT);
	end(&scene);
}

static void an_item_without_its_id_is_a_bad_answer(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL, "{\"Subnets\":[{" OURS "}]}"}, {0}};
	look(&scene, "subnet", J({}), answers);
	assert_string_equal(scene.look.op.err.code, "BadAnswer");
	end(&scene);
}

// ---- joins

/* A security group whose rules are read by themselves, with their ids. */
static void look_at_groups(struct scene *scene, json_t *known, struct script_answer *answers)
{
	struct kind kind = *values_kind("security_group");
	kind.observe.derive = NULL;
	kind.observe.joins[0] = (struct join){
		.list = {"DescribeSecurityGroupRules",
			ARGS({"Filters" : [ {"Name" : "group-id", "Values" : "@ids"} ]}),
			"SecurityGroupRules"},
		.by = "GroupId",
		.into = "Rules",
		.most_ids = 200,
	};
	begin_at(scene, &kind, known, answers);
	loop_run(&scene->loop);
	assert_true(scene->is_done);
	scene->look.options.kind = NULL; // it ends here
}

#define GROUP(id) "{\"GroupId\":\"" id "\"," OURS "}"
#define RULE(id, group) "{\"SecurityGroupRuleId\":\"" id "\",\"GroupId\":\"" group "\"}"

static void rules_are_asked_for_with_the_list_when_the_groups_are_known(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSecurityGroups", NULL,
			"{\"SecurityGroups\":[" GROUP("sg-1") "," GROUP("sg-2") "]}",
			.delay_ms = 60},
		{"DescribeSecurityGroupRules", "[\"sg-1\",\"sg-2\"]",
			"{\"SecurityGroupRules\":[" RULE("sgr-1", "sg-1") "," RULE(
				"sgr-2", "sg-1") "]}",
			.delay_ms = 60},
		{0}};
	look_at_groups(&scene, J({"sg-1" : [], "sg-2" : []}), answers);
	expect_ok(&scene);
	assert_int_equal(scene.look.took_ms, 60); // not 120
	assert_int_equal(scene.script.most_running, 2);
	assert_int_equal(json_array_size(js_at(scene.look.items, "sg-1.Rules")), 2);
	// None is an answer too.
	assert_true(json_is_array(js_at(scene.look.items, "sg-2.Rules")));
	end(&scene);
}

static void rules_of_new_groups_are_asked_for_after_the_list(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSecurityGroups", NULL,
			"{\"SecurityGroups\":[" GROUP("sg-1") "," GROUP("sg-2") "]}"},
		{"DescribeSecurityGroupRules", "[\"sg-1\"]",
			"{\"SecurityGroupRules\":[" RULE("sgr-1", "sg-1") "]}"},
		{"DescribeSecurityGroupRules", "[\"sg-2\"]",
			"{\"SecurityGroupRules\":[" RULE("sgr-2", "sg-2") "]}"},
		{0}};
	look_at_groups(&scene, J({"sg-1" : []}), answers);
	expect_ok(&scene);
	assert_int_equal(scene.look.calls, 3);
	assert_int_equal(json_array_size(js_at(scene.look.items, "sg-2.Rules")), 1);
	end(&scene);
}

static void rules_come_in_pages_and_in_batches_of_groups(void **state)
{
	(void)state;
	struct scene scene;
	json_t *known = values_keep(json_object());
	struct buf list;
	buf_init(&list, 0);
	buf_adds(&list, "{\"SecurityGroups\":[");
	for (int i = 0; i < 250; i++) {
		char id[16];
		snprintf(id, sizeof(id), "sg-%03d", i);
		json_object_set_new(known, id, json_array());
		buf_addf(&list, "%s{\"GroupId\":\"%s\"," OURS "}", i ? "," : "", id);
	}
	buf_adds(&list, "]}");
	struct script_answer answers[] = {{"DescribeSecurityGroups", NULL, buf_str(&list)},
		{"DescribeSecurityGroupRules", "\"next\"",
			"{\"SecurityGroupRules\":[" RULE("sgr-2", "sg-000") "]}"},
		{"DescribeSecurityGroupRules", "sg-000",
			"{\"SecurityGroupRules\":[" RULE(
				"sgr-1", "sg-000") "],\"NextToken\":\"next\"}"},
		{"DescribeSecurityGroupRules", "sg-249",
			"{\"SecurityGroupRules\":[" RULE("sgr-3", "sg-249") "]}"},
		{0}};
	look_at_groups(&scene, known, answers);
	expect_ok(&scene);
	assert_int_equal(scene.look.calls, 4); // 250 groups: two batches, one of them of two pages
	assert_int_equal(json_array_size(js_at(scene.look.items, "sg-000.Rules")), 2);
	assert_int_equal(json_array_size(js_at(scene.look.items, "sg-249.Rules")), 1);
	buf_done(&list);
	end(&scene);
}

static void without_groups_nobody_asks_for_rules(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSecurityGroups", NULL, "{\"SecurityGroups\":[]}"}, {0}};
	look_at_groups(&scene, J({}), answers);
	expect_ids(&scene, J([]));
	assert_int_equal(scene.look.calls, 1);
	end(&scene);
}

static void rules_that_cannot_be_read_fail_the_look(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSecurityGroups", NULL, "{\"SecurityGroups\":[" GROUP("sg-1") "]}"},
		{"DescribeSecurityGroupRules", NULL, NULL, ERR_DENIED, "UnauthorizedOperation"},
		{0}};
	look_at_groups(&scene, J({"sg-1" : []}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_DENIED);
	end(&scene);
}

// ---- what is made of an item

static void rules_are_taken_out_of_what_their_group_shows(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSecurityGroups", NULL,
			"{\"SecurityGroups\":[{\"GroupId\":\"sg-1\"," OURS ",\"IpPermissions\":["
			"{\"IpProtocol\":\"tcp\",\"FromPort\":443,\"ToPort\":443,"
			"\"IpRanges\":[{\"CidrIp\":\"10.0.0.0/8\",\"Description\":\"in\"},"
			"{\"CidrIp\":\"192.168.0.0/16\"}],"
			"\"Ipv6Ranges\":[{\"CidrIpv6\":\"::/0\"}],"
			"\"PrefixListIds\":[{\"PrefixListId\":\"pl-1\"}],"
			"\"UserIdGroupPairs\":[{\"GroupId\":\"sg-2\",\"UserId\":\"1\","
			"\"Description\":\"app\"}]}],"
			"\"IpPermissionsEgress\":[{\"IpProtocol\":\"-1\","
			"\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]}]}]}"},
		{0}};
	look(&scene, "security_group", J({"sg-1" : []}), answers);
	expect_ok(&scene);
	struct sighting seen;
	struct err err = sighting_make(values_kind("security_group"),
		json_object_get(scene.look.items, "sg-1"), NULL, &seen);
	assert_false(err_is(&err));
	assert_int_equal(scene.look.calls, 1);
	json_t *ingress = json_object_get(seen.observed, "Ingress"),
	       *egress = json_object_get(seen.observed, "Egress");
	assert_int_equal(json_array_size(ingress), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(js_str(json_array_get(ingress, i), "IpProtocol"), "tcp");
		assert_int_equal(js_int(json_array_get(ingress, i), "FromPort", 0), 443);
	}
	assert_string_equal(js_str(json_array_get(ingress, 0), "CidrIpv4"), "10.0.0.0/8");
	assert_string_equal(js_str(json_array_get(ingress, 0), "Description"), "in");
	assert_string_equal(js_str(json_array_get(ingress, 1), "CidrIpv4"), "192.168.0.0/16");
	assert_null(js_str(json_array_get(ingress, 1), "Description"));
	assert_string_equal(js_str(json_array_get(ingress, 2), "CidrIpv6"), "::/0");
	assert_string_equal(js_str(json_array_get(ingress, 3), "PrefixListId"), "pl-1");
	assert_string_equal(
		json_string_value(js_at(ingress, "4.ReferencedGroupInfo.GroupId")), "sg-2");
	assert_string_equal(js_str(json_array_get(ingress, 4), "Description"), "app");
	assert_int_equal(json_array_size(egress), 1);
	assert_string_equal(js_str(json_array_get(egress, 0), "CidrIpv4"), "0.0.0.0/0");
	sighting_done(&seen);
	end(&scene);
}

// ---- follow-ups

static void attributes_are_asked_for_one_by_one_and_only_where_the_file_cares(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeVpcs", NULL, "{\"Vpcs\":[{\"VpcId\":\"vpc-1\"," OURS "}]}",
			.delay_ms = 9},
		{"DescribeVpcAttribute", "enableDnsSupport",
			"{\"EnableDnsSupport\":{\"Value\":true}}", .delay_ms = 9},
		{"DescribeVpcAttribute", "enableDnsHostnames",
			"{\"EnableDnsHostnames\":{\"Value\":false}}", .delay_ms = 9},
		{0}};
	look(&scene, "vpc", J({"vpc-1" : ["enable_dns_support"]}), answers);
	expect_ok(&scene);
	assert_int_equal(scene.look.calls, 3);
	assert_int_equal(scene.look.took_ms, 9);
	assert_true(json_is_true(js_at(scene.look.items, "vpc-1.EnableDnsSupport")));
	assert_true(json_is_false(js_at(scene.look.items, "vpc-1.EnableDnsHostnames")));
	end(&scene);
}

static void a_rare_attribute_is_asked_for_when_the_file_sets_it(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeVpcs", NULL, "{\"Vpcs\":[{\"VpcId\":\"vpc-1\"," OURS "}]}"},
		{"DescribeVpcAttribute", "enableNetworkAddressUsageMetrics",
			"{\"EnableNetworkAddressUsageMetrics\":{\"Value\":true}}"},
		{"DescribeVpcAttribute", NULL, "{}", .repeats = true}, {0}};
	look(&scene, "vpc", J({"vpc-1" : ["enable_network_address_usage_metrics"]}), answers);
	expect_ok(&scene);
	assert_int_equal(scene.look.calls, 4);
	assert_true(
		json_is_true(js_at(scene.look.items, "vpc-1.EnableNetworkAddressUsageMetrics")));
	end(&scene);
}

static void the_attributes_of_what_is_gone_are_no_error(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"DescribeVpcs", "VpcIds", NULL, ERR_NOT_FOUND, "x"},
		{"DescribeVpcs", NULL, "{\"Vpcs\":[]}"},
		{"DescribeVpcAttribute", NULL, NULL, ERR_NOT_FOUND, "InvalidVpcID.NotFound",
			.repeats = true},
		{0}};
	look(&scene, "vpc", J({"vpc-1" : []}), answers);
	expect_ids(&scene, J([]));
	end(&scene);
}

// ---- its life

static void a_canceled_look_ends_once_and_leaves_nothing(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"DescribeVpcs", NULL, "{\"Vpcs\":[]}", .delay_ms = 1000},
		{"DescribeVpcAttribute", NULL, "{}", .delay_ms = 1000, .repeats = true}, {0}};
	begin(&scene, "vpc", J({"vpc-1" : []}), answers);
	loop_run_for(&scene.loop, 10);
	op_cancel(&scene.look.op);
	assert_false(scene.is_done); // never from inside
	loop_run(&scene.loop);
	assert_true(scene.is_done);
	assert_int_equal(scene.look.op.err.class, ERR_CANCELED);
	assert_int_equal(loop_now_ms(&scene.loop), 10);
	end(&scene);
}

static void one_failure_calls_the_rest_off(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeVpcs", NULL, "{\"Vpcs\":[]}", .delay_ms = 100000},
		{"DescribeVpcAttribute", NULL, NULL, ERR_DENIED, "UnauthorizedOperation",
			.delay_ms = 5, .repeats = true},
		{0}};
	look(&scene, "vpc", J({"vpc-1" : []}), answers);
	assert_int_equal(scene.look.op.err.class, ERR_DENIED);
	assert_int_equal(loop_now_ms(&scene.loop), 5);
	end(&scene);
}

static void a_look_can_be_taken_again(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeSubnets", NULL, "{\"Subnets\":[" SUBNET("subnet-1") "]}"},
		{"DescribeSubnets", NULL, "{\"Subnets\":[" SUBNET("subnet-2") "]}"}, {0}};
	look(&scene, "subnet", J({}), answers);
	expect_ids(&scene, J(["subnet-1"]));
	scene.is_done = false;
	observation_reset(&scene.look);
	observation_start(&scene.look, json_array(), &scene.task);
	loop_run(&scene.loop);
	expect_ids(&scene, J(["subnet-2"]));
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_list_is_one_call_filtered_by_our_tag),
		VALUES_TEST(pages_are_read_to_the_end),
		VALUES_TEST(an_empty_page_is_not_the_last),
		VALUES_TEST(a_page_that_leads_to_itself_is_an_error),
		VALUES_TEST(what_a_filter_let_through_by_mistake_is_not_ours),
		VALUES_TEST(what_the_list_lost_is_asked_for_by_id),
		VALUES_TEST(a_list_that_fails_tells_nothing),
		VALUES_TEST(a_second_page_that_fails_tells_nothing_either),
		VALUES_TEST(a_confirmation_that_fails_is_no_proof_of_absence),
		VALUES_TEST(an_item_without_its_id_is_a_bad_answer),
		VALUES_TEST(rules_are_asked_for_with_the_list_when_the_groups_are_known),
		VALUES_TEST(rules_of_new_groups_are_asked_for_after_the_list),
		VALUES_TEST(rules_come_in_pages_and_in_batches_of_groups),
		VALUES_TEST(without_groups_nobody_asks_for_rules),
		VALUES_TEST(rules_that_cannot_be_read_fail_the_look),
		VALUES_TEST(rules_are_taken_out_of_what_their_group_shows),
		VALUES_TEST(attributes_are_asked_for_one_by_one_and_only_where_the_file_cares),
		VALUES_TEST(a_rare_attribute_is_asked_for_when_the_file_sets_it),
		VALUES_TEST(the_attributes_of_what_is_gone_are_no_error),
		VALUES_TEST(a_canceled_look_ends_once_and_leaves_nothing),
		VALUES_TEST(one_failure_calls_the_rest_off),
		VALUES_TEST(a_look_can_be_taken_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
