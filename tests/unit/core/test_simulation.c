// All disturbances at once, by seed (tests/sim/story.h): a few hundred seeds here, as many as you
// like by `make sim`. A seed that finds something ends the process and says how to replay it.
#include "base/log.h"
#include "tests/sim/story.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_seed_ends_well(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++)
		story_run(seed);
}

static void a_seed_is_the_same_story_each_time(void **state)
{
	(void)state;
	uint64_t last = 0;
	for (uint64_t seed = 1001; seed <= 1020; seed++) {
		struct story_end once = story_run(seed), again = story_run(seed);
		assert_true(once.events > 0);
		assert_true(once.hash == again.hash);
		assert_true(once.events == again.events);
		assert_true(once.hash != last);
		last = once.hash;
	}
}

int main(void)
{
	log_set_level((enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_seed_ends_well),
		cmocka_unit_test(a_seed_is_the_same_story_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
