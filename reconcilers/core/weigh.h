// The differences of one resource, weighed one by one. Pure; a part of decide().
#pragma once

#include "core/decide.h"

/* Would AWS refuse what is to be made now, had the create call of which nothing was heard made
 * something? Only while the file still says all that was said in that call and cannot be changed:
 * another name or address block makes another one. */
bool weigh_is_single(const struct decide_input *in);
/* The client token of the create call that got no answer, as long as what is to be created is just
 * what it was to create: then it is sent once more (core/sent.h). Borrowed; NULL: none. */
const char *weigh_token(const struct decide_input *in);
/* Names what the create call says of it: all of it but what comes after the call. "": no file. */
void weigh_creation(const struct decide_input *in, char ret_name[17]);
/* Was it not asked for, and can be now? As soon as what the read is made of is there, also while
 * the creation waits for more. */
bool weigh_may_be_read(const struct decide_input *in);
/* How long ago our last write was; without one, what AWS is busy with is somebody else's, and no
 * haste is called for. */
int64_t weigh_since_write(const struct decide_input *in);
/* Does the policy keep what interrupts so from happening by itself now? */
bool weigh_is_barred(const struct decide_input *input, enum disruption disruption);
/* Counts the decision's differences by sort and gives those that are to be acted on now: a view,
 * whose strings and values stay the decision's; free its items alone. *ret_settling counts writes
 * that AWS does not show yet. Of a contested one the message tells. */
void weigh(const struct decide_input *input, struct decision *decision, struct differences *ret_now,
	int *ret_settling);
/* Does the planned change come down to a replacement, with nothing else that waits for people? */
bool weigh_is_replacement(const struct decision *decision);
/* The plan is of what can be corrected now and in place; nothing is begun of the rest, which is
 * marked as held back. Says both: "being corrected: A; held back: B". */
void weigh_in_place(
	const struct decide_input *input, struct decision *decision, char *ret_what, size_t bytes);
/* "interrupts (reboot)", or "interrupts nothing": a policy may have also that wait. */
#define WEIGH_TEXT_BYTES 48
const char *weigh_interrupts(const struct decision *d, char ret_text[WEIGH_TEXT_BYTES]);
/* Did a person say yes to just the change that is named? */
bool weigh_is_approved(const struct decide_input *input, const struct decision *decision);
/* Something was created not long before the look that does not show it: AWS may not show it yet. */
bool weigh_may_exist(const struct decide_input *input);
/* Names the planned change: what approvals are about. A replacement is named by what forces it:
 * what could be written in place goes with the old one. */
void weigh_name(const struct decide_input *input, struct decision *decision);
