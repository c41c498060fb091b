// One plan being carried out, against a scripted AWS and a store in memory: what is recorded before
// and after each call, and how a run ends.
#include "base/log.h"
#include "core/act.h"
#include "tests/sim/storage.h"
#include "tests/unit/core/script.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct scene {
	struct loop loop;
	struct script script;
	struct storage storage;
	struct journal *journal;
	struct run *run;
	struct task task;
	bool is_done;
};

static void on_done(struct task *task)
{
	struct scene *scene = CONTAINER_OF(task, struct scene, task);
	assert_false(scene->is_done); // once
	scene->is_done = true;
}

static void setup(struct scene *scene, struct script_answer *answers)
{
	*scene = (struct scene){0};
	loop_init_virtual(&scene->loop, 1800000000000);
	script_init(&scene->script, &scene->loop, answers);
	storage_init(&scene->storage, 1);
	storage_attach(&scene->storage, &scene->loop);
	scene->journal = journal_new(&scene->loop, &scene->storage.link.port);
	task_init(&scene->task, &scene->loop, on_done, "test");
}

/* Starts a run; takes the plan over. */
static void begin(struct scene *scene, const char *kind, struct plan *plan, const json_t *more)
{
	const struct run_options options = {.loop = &scene->loop,
		.aws = &scene->script.port,
		.store = &scene->storage.link.port,
		.journal = scene->journal,
		.stack = "shop",
		.region = "eu-west-1",
		.account = "123456789012",
		.config_version = "0123456789abcdef"};
	json_t *resource = json_deep_copy(J({
		"stack" : "shop",
		"address" : "network.x.main",
		"name" : "main",
		"token" : "token-1",
		"tag_type" : "thing",
		"tags" : []
	}));
	json_object_update(resource, (json_t *)more);
	scene->run = run_new(&options, values_kind(kind), strdup("network.x.main"),
		strdup("a test"), "digest", plan, resource);
	run_start(scene->run, &scene->task);
	assert_false(op_is_finished(&scene->run->op));
}

static void finish(struct scene *scene)
{
	loop_run(&scene->loop);
	assert_true(scene->is_done);
	assert_int_equal(journal_count(scene->journal), 0);
}

static void end(struct scene *scene)
{
	run_free(scene->run);
	journal_free(scene->journal);
	task_done(&scene->task);
	assert_int_equal(scene->script.running, 0);
	assert_int_equal(loop_done(&scene->loop), 0);
	storage_done(&scene->storage);
	buf_done(&scene->script.sent);
}

static void create(struct scene *scene, const char *kind, json_t *want)
{
	struct plan plan;
	plan_create(values_kind(kind), want, &plan);
	begin(scene, kind, &plan, values_keep(json_pack("{s:O}", "desired", want)));
}

static void update(struct scene *scene, const char *kind, json_t *want, json_t *observed)
{
	struct differences differences = {0};
	struct plan plan;
	diff_make(
		&(struct diff_input){.kind = values_kind(kind), .want = want, .observed = observed},
		&differences);
	plan_update(values_kind(kind), want, observed, &differences, &plan);
	differences_done(&differences);
	begin(scene, kind, &plan,
		values_keep(json_pack(
			"{s:O, s:O, s:s}", "desired", want, "observed", observed, "id", "id-1")));
}

static void remove_it(struct scene *scene, const char *kind, json_t *observed)
{
	struct plan plan;
	plan_delete(values_kind(kind), observed, &plan);
	begin(scene, kind, &plan,
		values_keep(json_pack("{s:O, s:s}", "observed", observed, "id", "id-1")));
}

/* "ec2:CreateVpc done, ec2:ModifyVpcAttribute failed": the intents in order, and what became of
 * them. */
static void expect_actions(const struct scene *scene, const char *expected)
{
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	const char *id;
	json_t *action;
	json_object_foreach (scene->storage.actions, id, action) {
		const char *outcome = js_str(action, "outcome");
		buf_addf(&text, "%s%s %s", text.len ? ", " : "", js_str(action, "operation"),
			outcome ? outcome : "open");
	}
	assert_string_equal(buf_str(&text), expected);
}

static const json_t *only_action(const struct scene *scene)
{
	assert_int_equal(json_object_size(scene->storage.actions), 1);
	return json_object_iter_value(json_object_iter(scene->storage.actions));
}

/* The owner's part at the end of a create. */
static void settle_create(struct scene *scene)
{
	journal_put(scene->journal, STORE_ACTION_SETTLE, TAKE(scene->run->settled));
	loop_run(&scene->loop);
}

#define WANTED_GATEWAY J({"VpcId" : "vpc-1"})
#define CREATED_GATEWAY "{\"InternetGateway\":{\"InternetGatewayId\":\"igw-1\"}}"

static void a_create_learns_its_id_and_goes_on_with_it(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreateInternetGateway", NULL, CREATED_GATEWAY},
		{"AttachInternetGateway", "\"igw-1\"", "{}"}, {0}};
	setup(&scene, answers);
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	assert_false(err_is(&scene.run->op.err));
	assert_true(scene.run->is_created);
	assert_string_equal(scene.run->id, "igw-1");
	assert_int_equal(scene.run->calls, 2);
	values_expect(scene.run->written, J(["VpcId"]));
	end(&scene);
}

static void a_create_stays_open_until_its_owner_has_saved_the_id(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreateInternetGateway", NULL, CREATED_GATEWAY},
		{"AttachInternetGateway", NULL, "{}"}, {0}};
	setup(&scene, answers);
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	expect_actions(&scene, "ec2:CreateInternetGateway open, ec2:AttachInternetGateway done");
	settle_create(&scene);
	expect_actions(&scene, "ec2:CreateInternetGateway done, ec2:AttachInternetGateway done");
	end(&scene);
}

static void nothing_is_sent_before_its_intent_is_durable(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreateInternetGateway", NULL, CREATED_GATEWAY},
		{"AttachInternetGateway", NULL, "{}"}, {0}};
	setup(&scene, answers);
	scene.storage.most_delay_ms = 1000;
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	while (json_object_size(scene.storage.actions) == 0) {
		assert_string_equal(buf_str(&scene.script.sent), "");
		loop_run_for(&scene.loop, 1);
	}
	finish(&scene);
	assert_int_equal(script_count(&scene.script, "CreateInternetGateway"), 1);
	end(&scene);
}

static void without_a_store_nothing_is_sent(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{0}};
	setup(&scene, answers);
	scene.storage.refuses_intents = true;
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_TRANSIENT);
	assert_false(scene.run->op.err.maybe_done);
	assert_false(scene.run->is_created || scene.run->is_unknown);
	assert_int_equal(scene.run->calls, 0);
	end(&scene);
}

static void history_keeps_what_was_sent_with_before_and_after(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"ModifySubnetAttribute", NULL, "{}"}, {0}};
	setup(&scene, answers);
	update(&scene, "subnet", J({"MapPublicIpOnLaunch" : true}),
		J({"MapPublicIpOnLaunch" : false}));
	finish(&scene);
	const json_t *action = only_action(&scene);
	assert_string_equal(js_str(action, "operation"), "ec2:ModifySubnetAttribute");
	assert_string_equal(js_str(action, "change"), "~");
	assert_string_equal(js_str(action, "reason"), "a test");
	assert_string_equal(js_str(action, "outcome"), "done");
	values_expect(json_object_get(action, "input"),
		J({"SubnetId" : "id-1", "MapPublicIpOnLaunch" : {"Value" : true}}));
	assert_true(json_is_false(json_object_get(action, "before")));
	assert_true(json_is_true(json_object_get(action, "after")));
	end(&scene);
}

static void a_secret_never_reaches_the_store(void **state)
{
	(void)state;
	struct scene scene;
	struct kind kind = *values_kind("subnet");
	struct field fields[16];
	size_t count = 0;
	do
		fields[count] = kind.fields[count];
	while (kind.fields[count++].name);
	for (size_t i = 0; i < count; i++)
		if (fields[i].name && str_eq(fields[i].name, "cidr_block"))
			fields[i].flags |= FIELD_SECRET;
	kind.fields = fields;
	struct script_answer answers[] = {
		{"CreateSubnet", "s3cret", "{\"Subnet\":{\"SubnetId\":\"subnet-1\"}}"}, {0}};
	setup(&scene, answers);
	struct plan plan;
	json_t *want = J({"VpcId" : "vpc-1", "CidrBlock" : "s3cret"});
	plan_create(&kind, want, &plan);
	begin(&scene, "subnet", &plan, values_keep(json_pack("{s:O}", "desired", want)));
	scene.run->kind = &kind;
	finish(&scene);
	settle_create(&scene);
	_cleanup_free_ char *all = js_text(scene.storage.actions);
	assert_null(strstr(all, "s3cret"));
	assert_non_null(strstr(all, "(sensitive)"));
	end(&scene);
}

static void what_has_no_source_and_is_not_sent_is_not_told(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"CreateDBInstance", NULL, "{\"DBInstance\":{\"DBInstanceIdentifier\":\"db\"}}"},
		{0}};
	setup(&scene, answers);
	create(&scene, "db_instance",
		J({"DBInstanceIdentifier" : "db", "ManageMasterUserPassword" : true}));
	finish(&scene);
	settle_create(&scene);
	const json_t *input = json_object_get(only_action(&scene), "input");
	assert_true(json_is_true(json_object_get(input, "ManageMasterUserPassword")));
	assert_null(json_object_get(input, "MasterUserPassword"));
	end(&scene);
}

static void a_create_without_answer_has_an_unknown_outcome(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"CreateInternetGateway", NULL, NULL, ERR_TRANSIENT, "", .maybe_done = true}, {0}};
	setup(&scene, answers);
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	assert_true(scene.run->is_unknown);
	assert_false(scene.run->is_created);
	assert_null(scene.run->id);
	assert_int_equal(script_count(&scene.script, "AttachInternetGateway"), 0);
	settle_create(&scene);
	expect_actions(&scene, "ec2:CreateInternetGateway unknown");
	end(&scene);
}

static void a_create_whose_answer_names_nothing_is_looked_for(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreateInternetGateway", NULL, "{}"}, {0}};
	setup(&scene, answers);
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	assert_true(scene.run->is_unknown);
	assert_string_equal(scene.run->op.err.code, "BadAnswer");
	end(&scene);
}

static void a_create_that_was_refused_made_nothing(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"CreateInternetGateway", NULL, NULL, ERR_INVALID, "InternetGatewayLimitExceeded"},
		{0}};
	setup(&scene, answers);
	create(&scene, "internet_gateway", WANTED_GATEWAY);
	finish(&scene);
	assert_false(scene.run->is_unknown || scene.run->is_created);
	assert_string_equal(scene.run->op.err.code, "InternetGatewayLimitExceeded");
	settle_create(&scene);
	assert_string_equal(js_str(only_action(&scene), "outcome"), "failed");
	assert_string_equal(js_str(only_action(&scene), "code"), "InternetGatewayLimitExceeded");
	end(&scene);
}

static void a_field_that_fails_does_not_keep_the_others_from_theirs(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"ModifySubnetAttribute", "MapPublicIpOnLaunch", NULL, ERR_DENIED, "Denied"},
		{"ModifySubnetAttribute", "EnableDns64", "{}"}, {0}};
	setup(&scene, answers);
	update(&scene, "subnet", J({"MapPublicIpOnLaunch" : true, "EnableDns64" : true}), J({}));
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_DENIED);
	values_expect(scene.run->written, J(["EnableDns64"]));
	expect_actions(&scene, "ec2:ModifySubnetAttribute failed, ec2:ModifySubnetAttribute done");
	end(&scene);
}

static void what_was_to_go_and_is_gone_is_done(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"DisassociateRouteTable", NULL, NULL, ERR_NOT_FOUND,
						  "InvalidAssociationID.NotFound"},
		{"DeleteRouteTable", NULL, NULL, ERR_NOT_FOUND, "InvalidRouteTableID.NotFound"},
		{0}};
	setup(&scene, answers);
	remove_it(&scene, "route_table",
		J({"Subnets" : [ {"RouteTableAssociationId" : "rtbassoc-1"} ]}));
	finish(&scene);
	assert_false(err_is(&scene.run->op.err));
	assert_true(scene.run->is_deleted);
	expect_actions(&scene, "ec2:DisassociateRouteTable done, ec2:DeleteRouteTable done");
	end(&scene);
}

static void a_call_is_made_as_long_as_something_is_found(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"ListEntitiesForPolicy", "Role",
			"{\"PolicyRoles\":[{\"RoleName\":\"a\"},{\"RoleName\":\"b\"}]}"},
		{"DetachRolePolicy", "\"a\"", "{}"},
		{"ListEntitiesForPolicy", "Role", "{\"PolicyRoles\":[{\"RoleName\":\"b\"}]}"},
		{"DetachRolePolicy", "\"b\"", "{}"}, {"ListEntitiesForPolicy", "Role", "{}"},
		{"ListEntitiesForPolicy", "User", "{\"PolicyUsers\":[{\"UserName\":\"u\"}]}"},
		{"DetachUserPolicy", "\"u\"", "{}"}, {"ListEntitiesForPolicy", "User", "{}"},
		{"ListEntitiesForPolicy", "Group", "{}"}, {"DeletePolicyVersion", "\"v1\"", "{}"},
		{"DeletePolicy", NULL, "{}"}, {0}};
	setup(&scene, answers);
	remove_it(&scene, "iam_policy", J({"OldVersions" : ["v1"]}));
	finish(&scene);
	assert_false(err_is(&scene.run->op.err));
	expect_actions(&scene, "iam:DetachRolePolicy done, iam:DetachRolePolicy done, "
			       "iam:DetachUserPolicy done, iam:DeletePolicyVersion done, "
			       "iam:DeletePolicy done");
	end(&scene);
}

static void a_call_that_always_finds_something_comes_to_an_end(void **state)
{
	(void)state;
	struct scene scene;
	static struct script_answer answers[2 * 100 + 4];
	const struct script_answer find = {"ListEntitiesForPolicy", "Role",
					   "{\"PolicyRoles\":[{\"RoleName\":\"a\"}]}"},
				   call = {"DetachRolePolicy", NULL, "{}"};
	for (size_t i = 0; i < 100; i++) {
		answers[2 * i] = find;
		answers[2 * i + 1] = call;
	}
	answers[200] = (struct script_answer){"ListEntitiesForPolicy", "User", "{}"};
	answers[201] = (struct script_answer){"ListEntitiesForPolicy", "Group", "{}"};
	answers[202] = (struct script_answer){"DeletePolicy", NULL, "{}"};
	setup(&scene, answers);
	remove_it(&scene, "iam_policy", J({}));
	finish(&scene);
	assert_true(scene.run->is_deleted);
	end(&scene);
}

static void a_deletion_ends_with_the_first_error(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DisassociateRouteTable", NULL, NULL, ERR_DENIED, "UnauthorizedOperation"}, {0}};
	setup(&scene, answers);
	remove_it(&scene, "route_table",
		J({"Subnets" : [ {"RouteTableAssociationId" : "rtbassoc-1"} ]}));
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_DENIED);
	assert_false(scene.run->is_deleted);
	end(&scene);
}

static void an_answer_that_says_no_politely_is_an_error(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DeleteFlowLogs", NULL,
			"{\"Unsuccessful\":[{\"ResourceId\":\"fl-1\",\"Error\":{\"Code\":"
			"\"InvalidParameterValue\",\"Message\":\"no such flow log\"}}]}"},
		{0}};
	setup(&scene, answers);
	remove_it(&scene, "flow_log", J({}));
	finish(&scene);
	assert_string_equal(scene.run->op.err.code, "InvalidParameterValue");
	assert_non_null(strstr(scene.run->op.err.message, "no such flow log"));
	assert_false(scene.run->is_deleted);
	end(&scene);
}

/* A flow log whose creation is answered with such a refusal. */
static void refuse_politely(struct scene *scene, struct script_answer answers[2], const char *error)
{
	static char text[200];
	snprintf(text, sizeof(text),
		"{\"FlowLogIds\":[],\"Unsuccessful\":[{\"ResourceId\":\"vpc-1\"%s}]}", error);
	answers[0] = (struct script_answer){"CreateFlowLogs", NULL, text};
	setup(scene, answers);
	create(scene, "flow_log", J({"ResourceId" : "vpc-1", "ResourceType" : "VPC"}));
	finish(scene);
	assert_true(err_is(&scene->run->op.err));
	assert_false(scene->run->is_created);
	settle_create(scene);
}

static void what_an_answer_refuses_for_a_reason_was_not_made(void **state)
{
	(void)state;
	static const char *const errors[] = {"FlowLogAlreadyExists", "UnauthorizedOperation",
		"RequestLimitExceeded", "FlowLogsLimitExceeded", "InvalidParameter"};
	for (size_t i = 0; i < ARRAY_COUNT(errors); i++) {
		struct scene scene;
		struct script_answer answers[2] = {0};
		char error[100];
		snprintf(error, sizeof(error), ",\"Error\":{\"Code\":\"%s\"}", errors[i]);
		refuse_politely(&scene, answers, error);
		assert_string_equal(scene.run->op.err.code, errors[i]);
		assert_false(scene.run->is_unknown);
		expect_actions(&scene, "ec2:CreateFlowLogs failed");
		end(&scene);
	}
}

static void what_an_answer_refuses_for_trouble_of_its_own_is_looked_for(void **state)
{
	(void)state;
	static const char *const errors[] = {",\"Error\":{\"Code\":\"InternalError\"}",
		",\"Error\":{\"Code\":\"ServiceUnavailable\",\"Message\":\"later\"}",
		",\"Error\":{\"Code\":\"IdempotentParameterMismatch\"}", ",\"Error\":{}", ""};
	for (size_t i = 0; i < ARRAY_COUNT(errors); i++) {
		struct scene scene;
		struct script_answer answers[2] = {0};
		refuse_politely(&scene, answers, errors[i]);
		assert_true(scene.run->is_unknown);
		expect_actions(&scene, "ec2:CreateFlowLogs unknown");
		end(&scene);
	}
}

static void a_read_that_the_call_needs_comes_first(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeRouteTables", "\"subnet-1\"",
			"{\"RouteTables\":[{\"Associations\":[{\"SubnetId\":\"subnet-9\","
			"\"RouteTableAssociationId\":\"a-9\"},{\"SubnetId\":\"subnet-1\","
			"\"RouteTableAssociationId\":\"a-1\"}]}]}"},
		{"ReplaceRouteTableAssociation", "a-1", "{}"}, {0}};
	setup(&scene, answers);
	update(&scene, "route_table", J({"Subnets" : [ {"SubnetId" : "subnet-1"} ]}), J({}));
	finish(&scene);
	assert_false(err_is(&scene.run->op.err));
	assert_int_equal(scene.run->calls, 2);
	expect_actions(&scene, "ec2:ReplaceRouteTableAssociation done"); // a read is no action
	end(&scene);
}

static void when_nothing_is_found_another_call_does_it(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"DescribeRouteTables", NULL, "{\"RouteTables\":[]}"},
		{"AssociateRouteTable", "subnet-1", "{}"}, {0}};
	setup(&scene, answers);
	update(&scene, "route_table", J({"Subnets" : [ {"SubnetId" : "subnet-1"} ]}), J({}));
	finish(&scene);
	expect_actions(&scene, "ec2:AssociateRouteTable done");
	end(&scene);
}

static void an_update_without_answer_that_must_not_run_twice_is_told_apart(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"RegisterTaskDefinition", NULL, NULL, ERR_TRANSIENT,
						  "Timeout", .maybe_done = true},
		{0}};
	setup(&scene, answers);
	update(&scene, "task_definition", J({"family" : "web", "cpu" : "512"}),
		J({"family" : "web", "cpu" : "256"}));
	finish(&scene);
	values_expect(scene.run->written, J([]));
	values_expect(scene.run->unsure, J(["cpu"]));
	end(&scene);
	struct script_answer again[] = {
		{"UpdateCluster", NULL, NULL, ERR_TRANSIENT, "Timeout", .maybe_done = true}, {0}};
	setup(&scene, again);
	update(&scene, "ecs_cluster", J({"settings" : {"containerInsights" : "enabled"}}),
		J({"settings" : {"containerInsights" : "disabled"}}));
	finish(&scene);
	values_expect(scene.run->unsure, J([])); // harmless when it runs twice
	end(&scene);
}

static void a_removal_goes_on_while_something_is_found(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"ListTaskDefinitions", "\"familyPrefix\":\"id-1\"",
						  "{\"taskDefinitionArns\":[\"web:1\",\"web:2\"]}"},
		{"DeregisterTaskDefinition", "web:1", "{}"},
		{"ListTaskDefinitions", NULL, "{\"taskDefinitionArns\":[\"web:2\"]}"},
		{"DeregisterTaskDefinition", "web:2", "{}"},
		{"ListTaskDefinitions", NULL, "{\"taskDefinitionArns\":[]}"}, {0}};
	setup(&scene, answers);
	remove_it(&scene, "task_definition", J({"family" : "id-1"}));
	finish(&scene);
	assert_false(err_is(&scene.run->op.err));
	assert_true(scene.run->is_deleted);
	expect_actions(
		&scene, "ecs:DeregisterTaskDefinition done, ecs:DeregisterTaskDefinition done");
	end(&scene);
}

static void what_is_removed_in_parts_is_deleted_only_after_the_last(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"ListTaskDefinitions", NULL, "{\"taskDefinitionArns\":[\"web:1\",\"web:2\"]}"},
		{"DeregisterTaskDefinition", "web:1", "{}"},
		{"ListTaskDefinitions", NULL, "{\"taskDefinitionArns\":[\"web:2\"]}"},
		{"DeregisterTaskDefinition", "web:2", NULL, ERR_DENIED, "AccessDenied"}, {0}};
	setup(&scene, answers);
	remove_it(&scene, "task_definition", J({"family" : "id-1"}));
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_DENIED);
	assert_false(scene.run->is_deleted);
	end(&scene);
}

static void a_read_that_fails_keeps_the_call_from_being_sent(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"DescribeRouteTables", NULL, NULL, ERR_THROTTLED, "RequestLimitExceeded"}, {0}};
	setup(&scene, answers);
	update(&scene, "route_table", J({"Subnets" : [ {"SubnetId" : "subnet-1"} ]}), J({}));
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_THROTTLED);
	assert_int_equal(json_object_size(scene.storage.actions), 0);
	end(&scene);
}

static void a_call_with_nothing_to_say_is_not_sent(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreatePolicyVersion", NULL, "{}"}, {0}};
	setup(&scene, answers);
	// There are not yet so many versions that one would have to go.
	update(&scene, "iam_policy", J({"PolicyDocument" : {"Statement" : []}}), J({
		"PolicyDocument" : {"Statement" : [ {"Effect" : "Deny"} ]},
		"OldVersions" : []
	}));
	finish(&scene);
	expect_actions(&scene, "iam:CreatePolicyVersion done");
	end(&scene);
}

static void a_stopped_run_finishes_its_step_and_starts_no_other(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {
		{"ModifySubnetAttribute", NULL, "{}", .delay_ms = 500}, {0}};
	setup(&scene, answers);
	update(&scene, "subnet", J({"MapPublicIpOnLaunch" : true, "EnableDns64" : true}), J({}));
	loop_run_for(&scene.loop, 100);
	run_stop(scene.run);
	finish(&scene);
	assert_int_equal(scene.run->op.err.class, ERR_CANCELED);
	values_expect(scene.run->written, J(["MapPublicIpOnLaunch"]));
	expect_actions(&scene, "ec2:ModifySubnetAttribute done");
	end(&scene);
}

static void writes_are_marked_by_whether_they_may_be_repeated(void **state)
{
	(void)state;
	struct scene scene;
	struct script_answer answers[] = {{"CreateRoute", NULL, "{}", .delay_ms = 10}, {0}};
	setup(&scene, answers);
	update(&scene, "route_table",
		J({"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "GatewayId" : "igw-1"} ]}),
		J({}));
	loop_run_for(&scene.loop, 5);
	assert_true(scene.run->call.is_mutating);
	assert_false(scene.run->call.is_repeatable);
	finish(&scene);
	end(&scene);
}

int main(void)
{
	log_set_level((enum log_level)0);
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_create_learns_its_id_and_goes_on_with_it),
		VALUES_TEST(a_create_stays_open_until_its_owner_has_saved_the_id),
		VALUES_TEST(nothing_is_sent_before_its_intent_is_durable),
		VALUES_TEST(without_a_store_nothing_is_sent),
		VALUES_TEST(history_keeps_what_was_sent_with_before_and_after),
		VALUES_TEST(a_secret_never_reaches_the_store),
		VALUES_TEST(what_has_no_source_and_is_not_sent_is_not_told),
		VALUES_TEST(a_create_without_answer_has_an_unknown_outcome),
		VALUES_TEST(a_create_whose_answer_names_nothing_is_looked_for),
		VALUES_TEST(a_create_that_was_refused_made_nothing),
		VALUES_TEST(a_field_that_fails_does_not_keep_the_others_from_theirs),
		VALUES_TEST(what_was_to_go_and_is_gone_is_done),
		VALUES_TEST(a_call_is_made_as_long_as_something_is_found),
		VALUES_TEST(a_call_that_always_finds_something_comes_to_an_end),
		VALUES_TEST(a_deletion_ends_with_the_first_error),
		VALUES_TEST(an_answer_that_says_no_politely_is_an_error),
		VALUES_TEST(what_an_answer_refuses_for_a_reason_was_not_made),
		VALUES_TEST(what_an_answer_refuses_for_trouble_of_its_own_is_looked_for),
		VALUES_TEST(a_read_that_the_call_needs_comes_first),
		VALUES_TEST(when_nothing_is_found_another_call_does_it),
		VALUES_TEST(an_update_without_answer_that_must_not_run_twice_is_told_apart),
		VALUES_TEST(a_removal_goes_on_while_something_is_found),
		VALUES_TEST(what_is_removed_in_parts_is_deleted_only_after_the_last),
		VALUES_TEST(a_read_that_fails_keeps_the_call_from_being_sent),
		VALUES_TEST(a_call_with_nothing_to_say_is_not_sent),
		VALUES_TEST(a_stopped_run_finishes_its_step_and_starts_no_other),
		VALUES_TEST(writes_are_marked_by_whether_they_may_be_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
