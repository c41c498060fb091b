// The plan of a file that is not in force, made in steps while the stack goes on.
#include "core/foresee.h"
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SUBNETS = 100, MOST_STEPS = 1000 };

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {prune: delete, most_deletes: 20}\n"
#define VPC "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n"

static const char small[] = HEAD VPC;
static const char bare[] = HEAD;

static void start(struct sim *sim)
{
	sim_init(sim, 7, small);
	sim_start(sim);
	assert_true(sim_settle(sim, 60000) >= 0);
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

// The VPC and many subnets, for a plan of many steps.
static struct foresee *foresee_many(struct sim *sim)
{
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, HEAD VPC "  subnet:\n");
	for (int i = 0; i < SUBNETS; i++)
		buf_addf(&text,
			"    s%d: {vpc: main, cidr_block: 10.0.%d.0/24, availability_zone: a}\n", i,
			i);
	struct foresee *foresee = foresee_new(sim->daemon.stack, sim_load(buf_str(&text)));
	assert_non_null(foresee);
	return foresee;
}

static int finish_steps(struct foresee *foresee)
{
	int steps = 1;
	while (!foresee_step(foresee)) {
		steps++;
		assert_true(steps < MOST_STEPS);
	}
	return steps;
}

static void expect_creations(struct foresee *foresee)
{
	char *text = foresee_take(foresee);
	_cleanup_json_ json_t *plan = json_loads(text, 0, NULL);
	assert_int_equal(js_int(json_object_get(plan, "counts"), "create", -1), SUBNETS);
	assert_int_equal(js_int(json_object_get(plan, "counts"), "delete", -1), 0);
	const json_t *first = json_array_get(json_object_get(plan, "actions"), 0);
	assert_non_null(strstr(js_str(first, "address"), "network.subnet.s"));
	free(text);
	foresee_free(foresee);
}

static void a_plan_of_many_is_made_in_many_steps(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim);
	struct foresee *foresee = foresee_many(&sim);
	// Each of them for a part only, however often it goes over all.
	assert_true(finish_steps(foresee) >= SUBNETS / 32 * 3);
	expect_creations(foresee);
	finish(&sim);
}

static void what_goes_meanwhile_stays_in_the_plan_as_it_was(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim);
	struct foresee *foresee = foresee_many(&sim);
	assert_false(foresee_step(foresee));
	daemon_reload(&sim.daemon, bare);
	assert_true(sim_settle(&sim, 600000) >= 0);
	assert_null(stack_find(sim.daemon.stack, "network.vpc.main"));
	finish_steps(foresee);
	expect_creations(foresee);
	finish(&sim);
}

static void one_that_is_given_up_leaves_nothing(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim);
	struct foresee *foresee = foresee_many(&sim);
	assert_false(foresee_step(foresee));
	foresee_free(foresee);
	foresee_free(NULL);
	finish(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_of_many_is_made_in_many_steps),
		cmocka_unit_test(what_goes_meanwhile_stays_in_the_plan_as_it_was),
		cmocka_unit_test(one_that_is_given_up_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
