// How a decision is said: its verdict, its health, a reason and a sentence. Pure; a part of
// decide().
#pragma once

#include "core/decide.h"

/* The sentence is cut to what the decision has room for. */
void say(struct decision *decision, enum verdict verdict, enum health health, const char *reason,
	const char *fmt, ...) FORMAT_PRINTF(5, 6);
/* The plan, which has its name (weigh_name()), is to be carried out; unless just that has failed
 * and it is too early for another attempt. */
void say_act(const struct decide_input *input, struct decision *decision, const char *reason,
	const char *message);
/* `what` is interrupted by the plan, which waits for a window of the policy. */
void say_window(const struct decide_input *input, struct decision *decision, const char *what);
/* AWS is at it, and nothing is sent meanwhile: `what` ("AWS is deleting it"), with how long it has
 * been, and as stuck where its kind does not take so long. When to look again is the caller's. */
void say_busy(const struct decide_input *input, struct decision *decision, const char *reason,
	const char *what);
/* The same of what AWS is deleting, with when to look again. */
void say_going(const struct decide_input *input, struct decision *decision, const char *what);
/* AWS took its deletion and shows it as before: another one waits for a person. */
void say_undeleted(const struct decide_input *input, struct decision *decision);
