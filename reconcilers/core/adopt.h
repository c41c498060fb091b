// What stands in AWS already and is to be held from now on: `adopt: ID` beside the fields of a
// resource that AWS names itself (a VPC, a subnet). What the file names is found by its name, and
// needs no such word.
//
// The id in the file counts until the object is ours, which its tags tell; nothing is created in
// its place meanwhile. Later the word says nothing any more and may stay.
#pragma once

#include "core/checking.h"
#include "core/stack.h"

/* Can one of the kind be adopted by its id? Otherwise it has a name in the file, or no tags. */
bool adopt_is_possible(const struct kind *kind);
/* Reads the word of a resource, may be NULL: its id, new; NULL when it has none, or after a
 * finding.
 */
char *adopt_read(struct checking *checking, const struct kind *kind, const struct node *node);
/* Finds ids that two resources of the file adopt. */
void adopt_check(const struct desired *desired, struct findings *findings);

/* The id that is to be adopted and was not taken over yet; borrowed; NULL: none. */
const char *adopt_pending(const struct wanted *wanted, const struct record *record);
/* Before the kind is looked at: what is to be adopted is looked for by its id, as not ours yet, and
 * what is no longer to be is let go of. What left the file under another name, and has that id, is
 * not remembered under the former one any more. */
void adopt_bind(struct stack *stack, const struct kind *kind);
/* Is the id that it is looked for by one of the file, and nothing seen of it yet? AWS need not know
 * such an id at all. */
bool adopt_is_sought(const struct resource *resource);
/* After it was seen: is it ours by now? Marks the record dirty when that is news. */
void adopt_note(struct resource *resource, const struct sighting *seen);
/* Who else in the file has the object that is to be adopted; borrowed; NULL: nobody. */
const char *adopt_holder(const struct stack *stack, const struct resource *resource);

/* What is to be said where the file has it adopt one object, and it has another one already: a
 * sentence, new; NULL: nothing. */
char *adopt_remark(const struct resource *resource);

/* Decides about something missing that is to be adopted: nothing is created in its place. A part of
 * decide(). False when nothing is to be adopted. */
bool adopt_is_awaited(const struct decide_input *in, struct decision *ret);
