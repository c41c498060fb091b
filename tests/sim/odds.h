// What the tables of kinds do not say about how AWS treats them: a row a kind. States that take
// time, names that are taken, what is busy, and what others live from.
#pragma once

#include "tests/sim/cloud.h"

struct odd {
	const char *kind;
	const char *ready; // the state of what works
	bool is_slow;      // it comes up pending
	const char *made;  // JSON: what AWS adds; a template over {"id", "arn", "name", "serial"}
	const char *arn;   // the end of its ARN, a text over the item; NULL: of AWS's making
	// -- codes of refusals; NULL: there is none
	const char *taken;          // another one bears that name, or still does
	const char *busy;           // it is coming up, or has just been changed
	const char *lost;           // what it refers to is not there
	const char *used_by, *used; // a kind, and the code while one of it refers to this
	// -- its end
	const char *going;       // the state while it is being deleted; NULL: that is done at once
	const char *takes_along; // the kind that lives in it, and goes with it
};

/* NULL: generic.c does not serve it. */
const struct odd *odd_of(const struct kind *kind);
/* Is the deletion that was asked for still on its way? */
bool odd_is_going(const struct cloud *cloud, const struct thing *thing);
/* What a read shows of it now: new, or NULL for nothing. */
json_t *odd_look(struct cloud *cloud, const struct thing *thing);
/* Its ARN by what its table says of items; new, or NULL. */
char *odd_arn(struct cloud *cloud, const struct kind *kind, const json_t *item);
/* What a template of a table knows of where it is; new. */
json_t *odd_where(const struct cloud *cloud);
/* Is it called that: its id, ARN or natural key? */
bool odd_stands_for(
	struct cloud *cloud, const struct thing *thing, const json_t *item, const char *text);
/* By such a name; what every half of AWS may not know of yet is found all the same, and one that
 * lives hides one that is only history. */
struct thing *odd_find(struct cloud *cloud, const struct kind *kind, const char *text);

// ---- AWS's refusals; ERR_OK: it does not

struct err odd_refuses_create(struct cloud *cloud, const struct kind *kind, const json_t *item);
struct err odd_refuses_change(struct cloud *cloud, const struct thing *thing);
struct err odd_refuses_removal(struct cloud *cloud, const struct thing *thing);
bool odd_is_used(struct cloud *cloud, const struct thing *thing);

// ---- what takes its time

void odd_begins(struct cloud *cloud, struct thing *thing);
void odd_changes(struct cloud *cloud, struct thing *thing);
/* Its end, asked for; with all that goes with it. */
void odd_ends(struct cloud *cloud, struct thing *thing);
/* What goes with it. */
void odd_takes_along(struct cloud *cloud, const struct thing *thing);
