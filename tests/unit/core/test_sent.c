// A create call whose answer was lost: AWS knows it by its client token, so it may be sent once
// more.
#include "core/sent.h"
#include "core/weigh.h"
#include "tests/sim/sim.h"
#include "tests/unit/core/scene.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TOKEN "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define FILE_OF(tag)                                                                               \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {interval: 60s, prune: hold}\n"                                                   \
	"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n"                                  \
	"  route_table:\n    one: {vpc: main, routes: [], subnets: [], tags: {of: " tag "}}\n"

static const char file[] = FILE_OF("a"), other_file[] = FILE_OF("b");
// The call that creates the table is the same: routes come after it.
static const char routed_file[] =
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
	"policy: {interval: 60s, prune: hold}\n"
	"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n"
	"  internet_gateway:\n    main: {vpc: main}\n"
	"  route_table:\n    one:\n      vpc: main\n      subnets: []\n      tags: {of: a}\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n";

// ---- the note

static json_t *input(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);
	assert_non_null(value);
	return value;
}

static void a_call_is_known_by_its_token_in_either_form(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		bool is_borne;
	} cases[] = {
		{"{\"VpcId\": \"vpc-1\", \"ClientToken\": \"" TOKEN "\"}", true},
		{"{\"IdempotencyToken\": \"6ba7b8109dad41d180b400c04fd430c8\"}", true},
		{"{\"IdempotencyToken\": \"6ba7b8109dad41d180b400c04fd430c8a\"}", false},
		{"{\"IdempotencyToken\": \"6ba7b8109dad41d180b400c04fd430c\"}", false},
		{"{\"VpcId\": \"vpc-1\", \"Deep\": {\"ClientToken\": \"" TOKEN "\"}}", false},
		{"{\"VpcId\": \"\"}", false},
		{"{}", false},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		_cleanup_json_ json_t *one = input(cases[i].input);
		assert_int_equal(sent_bears(one, TOKEN), cases[i].is_borne);
		assert_false(sent_bears(one, NULL));
		assert_false(sent_bears(one, ""));
	}
}

static void a_note_is_good_for_the_very_change(void **state)
{
	(void)state;
	_cleanup_json_ json_t *call = input("{\"ClientToken\": \"" TOKEN "\"}");
	static const char change[] = "0123456789abcdef", creation[] = "fedcba9876543210";
	_cleanup_json_ json_t *note = sent_note(call, TOKEN, change, creation);
	_cleanup_json_ json_t *late = sent_note(call, TOKEN, change, NULL); // after a restart
	assert_string_equal(sent_token(note, change, creation), TOKEN);
	assert_string_equal(sent_token(note, change, ""), TOKEN);
	assert_string_equal(sent_token(note, "0123456789abcdee", creation), TOKEN);
	assert_null(sent_token(note, "0123456789abcdee", "fedcba9876543211"));
	assert_null(sent_token(note, "", ""));
	assert_string_equal(sent_token(late, change, creation), TOKEN);
	assert_null(sent_token(late, "0123456789abcdee", creation));
	assert_null(sent_token(NULL, change, creation));
	assert_null(sent_note(call, TOKEN, NULL, creation));
	assert_null(sent_note(call, "another", change, creation));
}

static void what_bears_a_value_that_nobody_kept_is_not_sent_again(void **state)
{
	(void)state;
	static const char *const calls[] = {
		"{\"ClientToken\": \"" TOKEN "\", \"Secret\": \"(sensitive)\"}",
		"{\"ClientToken\": \"" TOKEN "\", \"Secret\": {\"@source\": \"Secret\"}}",
	};
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		_cleanup_json_ json_t *call = input(calls[i]);
		assert_null(sent_note(call, TOKEN, "0123456789abcdef", NULL));
	}
}

// A route whose gateway had no id when its table was made is no reason to make another table.
static void what_comes_after_the_call_may_be_another_by_now(void **state)
{
	(void)state;
	struct scene scene;
	char made[17], now[17];
	scene_init(&scene);
	absent(&scene);
	scene.input.kind = values_kind("route_table");
	scene.input.want = J({"VpcId" : "vpc-1", "Routes" : []});
	weigh_creation(&scene.input, made);
	scene.input.want = J({"VpcId" : "vpc-1", "Routes" : [ {"NatGatewayId" : "nat-1"} ]});
	weigh_creation(&scene.input, now);
	assert_string_equal(now, made);
	scene.record.created_ms = WALL - 16000;
	scene.record.sent = values_keep(json_pack(
		"{s:s, s:s, s:s}", "token", TOKEN, "change", "another", "creation", made));
	expect_verdict(&scene, "ACT Missing Progressing Creating");
	assert_string_equal(scene.decision.plan.token, TOKEN);
	scene.input.want = J({"VpcId" : "vpc-2", "Routes" : []});
	expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
	scene.input.want = J({"VpcId" : "vpc-1", "Routes" : []});
	scene.input.tags = J({"holdfast:stack" : "other"});
	expect_verdict(&scene, "AGAIN Missing Progressing CreateOutcomeUnknown");
	decision_done(&scene.decision);
}

// ---- the call

static int count_of(const struct sim *sim, const char *operation)
{
	return (int)js_int(sim->cloud.by_operation, operation, 0);
}

static void start(struct sim *sim, const char *operation)
{
	sim_init(sim, 11, file);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
	while (count_of(sim, operation) == 0)
		sim_run(sim, 1);
}

/* Runs until the table was made, which no read shows for so long. */
static void make_unseen(struct sim *sim, int64_t ms)
{
	start(sim, "CreateVpc");
	sim->cloud.weather.most_lag_ms = 1;
	sim->cloud.weather.stale = 1000;
	while (count_of(sim, "CreateRouteTable") == 0)
		sim_run(sim, 1);
	struct thing *table = cloud_by_address(&sim->cloud, "network.route_table.one");
	json_object_set_new(json_array_get(table->versions, 0), "at",
		json_integer(cloud_now(&sim->cloud) + ms));
}

static void finish(struct sim *sim)
{
	if (sim_settle(sim, 600000) < 0) {
		_cleanup_buf_ struct buf text;
		buf_init(&text, 0);
		sim_tell(sim, &text);
		fail_msg("not settled:\n%s", buf_str(&text));
	}
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	assert_int_equal(cloud_count(&sim->cloud, "route_table"), 1);
	assert_int_equal(cloud_count(&sim->cloud, "vpc"), 1);
	sim_done(sim);
}

/* The tokens of the calls that were intended. */
static size_t distinct_tokens(const struct sim *sim, const char *operation)
{
	_cleanup_json_ json_t *tokens = json_object();
	const char *id;
	json_t *action;
	json_object_foreach (sim->storage.actions, id, action)
		if (str_ends(js_str(action, "operation"), operation))
			json_object_set_new(tokens, js_str(action, "client_token"), json_true());
	return json_object_size(tokens);
}

static void lose_before_it_is_done(struct sim *sim)
{
	start(sim, "CreateVpc");
	while (!cloud_link_lose(&sim->daemon.aws, "CreateRouteTable", false))
		sim_run(sim, 1);
	sim_run(sim, 1500);
	assert_int_equal(count_of(sim, "CreateRouteTable"), 0);
}

static void a_call_that_never_arrived_is_sent_once_more_when_a_read_would_show_it(void **state)
{
	(void)state;
	struct sim sim;
	lose_before_it_is_done(&sim);
	sim_run(&sim, 10000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 0); // it might be on its way
	sim_run(&sim, 10000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 1);
	assert_int_equal(distinct_tokens(&sim, "CreateRouteTable"), 1);
	finish(&sim);
}

static void what_was_made_and_is_not_shown_is_what_the_second_call_answers(void **state)
{
	(void)state;
	struct sim sim;
	make_unseen(&sim, 100000);
	assert_true(cloud_link_lose(&sim.daemon.aws, "CreateRouteTable", true));
	sim_run(&sim, 25000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 2);
	assert_int_equal(cloud_count(&sim.cloud, "route_table"), 1);
	const struct resource *table = stack_find(sim.daemon.stack, "network.route_table.one");
	assert_string_equal(
		table->record.id, cloud_by_address(&sim.cloud, "network.route_table.one")->id);
	assert_null(table->record.sent); // it was answered
	finish(&sim);
}

static void so_it_is_after_a_crash(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		bool is_clean = i % 2, is_routed = i / 2;
		struct sim sim;
		make_unseen(&sim, 100000);
		if (is_clean && cloud_link_lose(&sim.daemon.aws, "CreateRouteTable", true)) {
			sim_run(&sim, 1000);
			sim_stop(&sim);
		} else {
			sim_kill(&sim);
		}
		sim_run(&sim, 5000);
		if (is_routed)
			sim_reload(&sim, routed_file);
		sim_start(&sim);
		sim_run(&sim, 25000);
		assert_int_equal(count_of(&sim, "CreateRouteTable"), 2);
		assert_int_equal(distinct_tokens(&sim, "CreateRouteTable"), 1);
		finish(&sim);
	}
}

static void what_the_file_says_otherwise_by_now_is_looked_for_as_long_as_reads_lag(void **state)
{
	(void)state;
	struct sim sim;
	lose_before_it_is_done(&sim);
	sim_reload(&sim, other_file);
	sim_run(&sim, 100000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 0);
	sim_run(&sim, 60000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 1);
	assert_int_equal(distinct_tokens(&sim, "CreateRouteTable"), 2);
	finish(&sim);
}

static void a_token_that_came_with_other_parameters_proves_nothing_and_is_given_up(void **state)
{
	(void)state;
	struct sim sim;
	make_unseen(&sim, 100000);
	assert_true(cloud_link_lose(&sim.daemon.aws, "CreateRouteTable", true));
	sim_run(&sim, 1000);
	const char *token;
	json_t *known;
	json_object_foreach (
		sim.cloud.tokens, token, known) // another version of us sent it otherwise
		json_object_set_new(known, "input", json_object());
	sim_run(&sim, 100000);
	assert_int_equal(count_of(&sim, "CreateRouteTable"), 2);
	finish(&sim);
}

static void what_has_no_token_is_looked_for_as_long_as_reads_lag(void **state)
{
	(void)state;
	struct sim sim;
	sim_init(&sim, 11, file);
	sim.cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim_start(&sim);
	while (!cloud_link_lose(&sim.daemon.aws, "CreateVpc", false))
		sim_run(&sim, 1);
	sim_run(&sim, 100000);
	assert_int_equal(count_of(&sim, "CreateVpc"), 0);
	finish(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_known_by_its_token_in_either_form),
		cmocka_unit_test(a_note_is_good_for_the_very_change),
		cmocka_unit_test(what_bears_a_value_that_nobody_kept_is_not_sent_again),
		VALUES_TEST(what_comes_after_the_call_may_be_another_by_now),
		cmocka_unit_test(
			a_call_that_never_arrived_is_sent_once_more_when_a_read_would_show_it),
		cmocka_unit_test(what_was_made_and_is_not_shown_is_what_the_second_call_answers),
		cmocka_unit_test(so_it_is_after_a_crash),
		cmocka_unit_test(
			what_the_file_says_otherwise_by_now_is_looked_for_as_long_as_reads_lag),
		cmocka_unit_test(
			a_token_that_came_with_other_parameters_proves_nothing_and_is_given_up),
		cmocka_unit_test(what_has_no_token_is_looked_for_as_long_as_reads_lag),
	};
	log_set_level((enum log_level)0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
