// What refers to a value that moves gets it when nothing better will come, and never somebody
// else's.
#include "core/moving.h"
#include "tests/unit/core/values.h"

#define REVISION(n)                                                                                \
	values_parse("\"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:" #n "\"")

struct pair {
	struct resource definition, service;
	char why[240];
};

static bool is_settled(struct pair *pair)
{
	pair->why[0] = '\0';
	return moving_is_settled(&pair->definition, &pair->service, "taskDefinitionArn", pair->why,
		sizeof(pair->why));
}

static void show(struct pair *pair, json_t *revision)
{
	json_object_set(pair->definition.seen.observed, "taskDefinitionArn", revision);
}

// Its only difference was written as often as it is, and our last write made revision 3.
static void begin(struct pair *pair)
{
	*pair = (struct pair){.definition = {.address = (char *)"compute.task_definition.web",
				      .kind = values_kind("task_definition"),
				      .presence = PRESENCE_PRESENT},
		.service = {.kind = values_kind("ecs_service"), .presence = PRESENCE_ABSENT}};
	pair->definition.seen.observed = values_keep(json_object());
	pair->definition.record.followed = values_keep(json_object());
	json_object_set(pair->definition.record.followed, "taskDefinitionArn", REVISION(3));
	pair->definition.decision = (struct decision){
		.verdict = VERDICT_DONE, .sync = SYNC_OUT_OF_SYNC, .managed = 1, .quarantined = 1};
	show(pair, REVISION(3));
}

static void our_own_last_revision_serves_though_aws_shows_it_in_other_words(void **state)
{
	(void)state;
	struct pair pair;
	begin(&pair);
	assert_true(is_settled(&pair));
}

static void a_revision_that_came_after_ours_serves_nobody(void **state)
{
	(void)state;
	struct pair pair;
	begin(&pair);
	show(&pair, REVISION(4));
	assert_false(is_settled(&pair));
	assert_string_equal(pair.why,
		"waits for compute.task_definition.web, which is not as the file says: not written "
		"again, and what AWS shows is not what was written last");
	json_object_clear(pair.definition.record.followed);
	assert_false(is_settled(&pair));
}

static void what_is_still_to_be_corrected_is_waited_for(void **state)
{
	(void)state;
	struct pair pair;
	begin(&pair);
	pair.definition.decision.managed = 2; // one of them was not tried yet
	assert_false(is_settled(&pair));
	assert_string_equal(
		pair.why, "waits for compute.task_definition.web, which is not as the file says");
	begin(&pair);
	pair.definition.decision.verdict = VERDICT_AGAIN;
	assert_false(is_settled(&pair));
	begin(&pair);
	pair.definition.must_decide = true;
	assert_false(is_settled(&pair));
}

static void an_answer_tells_where_it_moved_to(void **state)
{
	(void)state;
	_cleanup_json_ json_t *moved = moving_answered(values_kind("task_definition"),
		J({"taskDefinition" : {"family" : "web", "taskDefinitionArn" : "arn:web:7"}}));
	assert_true(json_equal(moved, J({"taskDefinitionArn" : "arn:web:7"})));
	assert_null(moving_answered(values_kind("task_definition"), J({})));
	assert_null(moving_answered(values_kind("vpc"), J({"Vpc" : {"VpcId" : "vpc-1"}})));
}

static void a_revision_that_may_go_is_not_touched(void **state)
{
	(void)state;
	const json_t *waiting = J({"containerDefinitions" : "waits for data.db_instance.main"});
	assert_true(moving_may_go(values_kind("task_definition"), waiting));
	assert_false(moving_may_go(values_kind("task_definition"), J({})));
	assert_false(moving_may_go(values_kind("task_definition"), NULL));
	assert_false(moving_may_go(values_kind("ecs_service"), waiting));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_revision_that_may_go_is_not_touched),
		VALUES_TEST(our_own_last_revision_serves_though_aws_shows_it_in_other_words),
		VALUES_TEST(a_revision_that_came_after_ours_serves_nobody),
		VALUES_TEST(what_is_still_to_be_corrected_is_waited_for),
		VALUES_TEST(an_answer_tells_where_it_moved_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
