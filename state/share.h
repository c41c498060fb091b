// How many stacks spread over the daemons that could hold them: evenly, without talk. Pure.
//
// Every daemon sees the same rows and makes the same plan of who takes what is free; each carries
// out its own part. What the views differ in is settled by who is first in Postgres.
#pragma once

#include "base/js.h"

/* `daemons`: rows of DAEMON_BEAT. `held`: {"<stack>": "<daemon_id>"}, `is_free`: {"<stack>": true};
 * a stack is in one of them at most. *ret_take: ["<stack>", ...] for `me` to take now; new.
 * *ret_give: a stack of `me` to give up, because another daemon has two fewer, or because `me` only
 * observes and another one would act; "" for none. Give one at a time, and none while something is
 * free. A stack goes to the daemon with the fewest, one that acts before one that only observes. */
void share_plan(const json_t *daemons, const json_t *held, const json_t *is_free, const char *me,
	json_t **ret_take, const char **ret_give);
