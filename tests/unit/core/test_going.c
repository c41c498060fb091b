// What AWS is deleting for ever, and what it only says that it deletes: whole stacks on virtual
// time.
#include "core/view.h"
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000 };

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {prune: delete, most_deletes: 20, interval: 60s}\n"
#define NETWORK                                                                                    \
	"network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n  subnet:\n"                       \
	"    a: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a}\n"                      \
	"    b: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b}\n"
#define DATABASE                                                                                   \
	"data:\n  db_subnet_group:\n"                                                              \
	"    main: {db_subnet_group_description: two zones, subnets: [a, b]}\n"                    \
	"  db_instance:\n    main: {engine: postgres, db_instance_class: db.t4g.medium, "          \
	"allocated_storage: 20, master_username: app, manage_master_user_password: true, "         \
	"db_subnet_group: main}\n"
#define TOPIC "monitoring:\n  sns_topic:\n    news: {}\n"

static const char bare[] = HEAD;
static const char network[] = HEAD NETWORK;
static const char database[] = HEAD NETWORK DATABASE TOPIC;
static const char topic[] = HEAD NETWORK TOPIC;

static const char MAIN[] = "data.db_instance.main";

static void start_settled(struct sim *sim, const char *file)
{
	sim_init(sim, 7, file);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
	if (sim_settle(sim, MINUTE_MS) < 0) {
		_cleanup_buf_ struct buf text;
		buf_init(&text, 0);
		sim_tell(sim, &text);
		fail_msg("not settled:\n%s", buf_str(&text));
	}
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

static int count_of(const struct sim *sim, const char *operation)
{
	return (int)js_int(sim->cloud.by_operation, operation, 0);
}

static const struct decision *decision_of(struct sim *sim, const char *address)
{
	const struct resource *resource = stack_find(sim->daemon.stack, address);
	assert_non_null(resource);
	return &resource->decision;
}

static void expect_said(
	struct sim *sim, const char *address, const char *reason, const char *message)
{
	const struct decision *d = decision_of(sim, address);
	assert_string_equal(d->reason, reason);
	if (!strstr(d->message, message))
		fail_msg("%s is not in: %s", message, d->message);
}

static void approve(struct sim *sim)
{
	json_decref(stack_approve(sim->daemon.stack, "", true, "somebody", NULL));
}

/* The database was told to go, and from now on will not be gone before that long. */
static void delete_slowly(struct sim *sim, const char *file, int64_t ms)
{
	sim_reload(sim, file);
	sim_run(sim, 5000);
	approve(sim); // it holds data
	while (count_of(sim, "DeleteDBInstance") == 0)
		sim_run(sim, 1);
	for (size_t i = 0; i < sim->cloud.count; i++)
		if (sim->cloud.things[i].gone_ms)
			sim->cloud.things[i].gone_ms += ms;
}

static void what_is_being_deleted_for_ever_is_told_and_holds_up_only_what_it_uses(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, database);
	delete_slowly(&sim, bare, 60LL * MINUTE_MS);
	sim_run(&sim, MINUTE_MS / 2);
	expect_said(&sim, MAIN, "Deleting", "AWS is deleting it");
	assert_int_equal(cloud_count(&sim.cloud, "sns_topic"), 0); // others are gone by then
	sim_run(&sim, 3LL * MINUTE_MS);
	expect_said(&sim, MAIN, "Deleting", "AWS is deleting it, for 3 minutes");
	expect_said(&sim, "data.db_subnet_group.main", "InUse", MAIN);
	// Its kind may take 90 minutes; the longer it lasts, the less often it is asked for.
	int calls = sim.cloud.calls;
	sim_run(&sim, 40LL * MINUTE_MS);
	assert_int_equal(count_of(&sim, "DeleteDBInstance"), 1);
	assert_in_range(sim.cloud.calls - calls, 1, 40 * 16); // nine of them are a pass
	sim_run(&sim, 20LL * MINUTE_MS);                      // at last
	assert_int_equal(sim.daemon.stack->by_address.count, 0);
	assert_int_equal(cloud_count(&sim.cloud, ""), 0);
	assert_int_equal(count_of(&sim, "DeleteDBInstance"), 1);
	finish(&sim);
}

static void what_takes_longer_than_its_kind_takes_is_stuck_also_after_a_restart(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, database);
	delete_slowly(&sim, topic, 300LL * MINUTE_MS);
	sim_run(&sim, 60LL * MINUTE_MS);
	sim_kill(&sim);
	sim_start(&sim);
	sim_run(&sim, 40LL * MINUTE_MS);
	expect_said(&sim, MAIN, "Stuck", "AWS has kept it deleting for 99 minutes");
	expect_said(&sim, MAIN, "Stuck", "is not sent again");
	assert_int_equal(decision_of(&sim, MAIN)->health, HEALTH_DEGRADED);
	assert_int_equal(count_of(&sim, "DeleteDBInstance"), 1);
	// It was wanted back meanwhile: its name is taken until it is gone.
	sim_reload(&sim, database);
	sim_run(&sim, 10LL * MINUTE_MS);
	expect_said(&sim, MAIN, "Stuck", "AWS has kept it deleting for 10");
	assert_int_equal(count_of(&sim, "CreateDBInstance"), 1);
	finish(&sim);
}

static void a_deletion_that_does_nothing_is_sent_twice_and_then_a_person_is_asked(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, network);
	sim.cloud.ignores = "DeleteSubnet";
	sim_reload(&sim, bare);
	sim_run(&sim, 20000);
	expect_said(&sim, "network.subnet.a", "Deleting", "waiting until AWS shows it gone");
	sim_run(&sim, 60LL * MINUTE_MS);
	assert_int_equal(count_of(&sim, "DeleteSubnet"), 4); // of two subnets
	expect_said(&sim, "network.subnet.a", "NotDeleted", "AWS took its deletion more than once");
	expect_said(&sim, "network.vpc.main", "InUse", "network.subnet.");
	approve(&sim);
	sim_run(&sim, 10LL * MINUTE_MS);
	assert_int_equal(count_of(&sim, "DeleteSubnet"), 6); // once each for the yes
	expect_said(&sim, "network.subnet.b", "NotDeleted", "waits for approval");
	sim.cloud.ignores = NULL;
	approve(&sim);
	sim_run(&sim, MINUTE_MS);
	assert_int_equal(sim.daemon.stack->by_address.count, 0);
	finish(&sim);
}

static void what_comes_back_into_the_file_has_all_its_deletions_before_it(void **state)
{
	(void)state;
	struct sim sim;
	start_settled(&sim, network);
	sim.cloud.ignores = "DeleteSubnet";
	sim_reload(&sim, bare);
	sim_run(&sim, 10LL * MINUTE_MS);
	sim_reload(&sim, network);
	sim_run(&sim, 5LL * MINUTE_MS);
	expect_said(&sim, "network.subnet.a", "InSync", "as the file says");
	sim.cloud.ignores = NULL;
	sim_reload(&sim, bare);
	sim_run(&sim, 5LL * MINUTE_MS);
	assert_int_equal(sim.daemon.stack->by_address.count, 0);
	finish(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_being_deleted_for_ever_is_told_and_holds_up_only_what_it_uses),
		cmocka_unit_test(
			what_takes_longer_than_its_kind_takes_is_stuck_also_after_a_restart),
		cmocka_unit_test(
			a_deletion_that_does_nothing_is_sent_twice_and_then_a_person_is_asked),
		cmocka_unit_test(what_comes_back_into_the_file_has_all_its_deletions_before_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
