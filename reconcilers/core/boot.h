// Inside a stack: its start, and what the start needs of it.
#pragma once

#include "core/stack.h"

/* Asks STS whose credentials these are; on to STACK_LOADING when the file agrees, else tried again.
 */
void boot_verify(struct stack *stack);
/* Reads records, unfinished intents and holds once the store is there; sets is_loaded. */
void boot_load(struct stack *stack);

// ---- lead.c

/* May records be read? Only what is read while the lease is proven is ours: another's open intents
 * are not to be settled. */
bool lead_may_load(const struct stack *stack);

// ---- stack.c

void stack_set_phase(struct stack *stack, enum stack_phase phase);
/* Joins the file in force with what there is. */
void stack_match(struct stack *stack);
void stack_record_config(struct stack *stack);
/* What the hold was of is over; "" is none. */
void stack_end_hold(struct stack *stack, const char *address, const char *hold_id);
/* A pass of every layer. */
void stack_pass_all(struct stack *stack, const char *trigger);
