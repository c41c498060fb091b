// One resource at run time: what is wanted, what was seen, what is remembered, what was decided.
#pragma once

#include "core/act.h"
#include "core/decide.h"

/* The JSON text of its action (view.h), as long as its decision stands. */
struct told {
	char *action; // owned; NULL: none
	bool waits;
	uint64_t decided; // the decision that it is of; 0: nothing is kept
};

struct resource {
	char *address; // owned
	const struct kind *kind;
	const struct wanted *wanted; // borrowed from the desired in force; NULL: it left the file
	char want_digest[17];        // of the wanted desired JSON and tags
	struct record record;
	struct failure failure;
	enum presence presence;
	struct sighting seen; // valid when present
	json_t *marks; // of its sources (sources.h), until the file is read again; owned; or NULL
	json_t *raw;   // the item that `seen` was made of; owned; NULL: not present
	int64_t checked_wall_ms; // beginning of the last look that told something; 0: none
	int64_t looked_ms;       // loop time of its beginning
	json_t *fields; // what the file sets, of what only then is read (reads_fields()); owned, or
			// NULL: no file was matched
	int64_t lacks_ms;   // loop time since when the file needs a read of it that was not made; 0
	int64_t changed_ms; // loop time at which a look showed something else than before
	int64_t upset_ms;   // loop time at which the look began that showed what was in sync
			    // otherwise, or gone; 0: none yet
	int64_t acted_ms;   // loop time of our last write's end: older looks tell nothing
	int64_t again_at_ms;      // loop time of the next look that it wants; 0: none
	int looks;                // in a row that were wanted for settling
	struct run *run;          // owned; while a plan is carried out
	struct decision decision; // the latest
	uint64_t decided;         // counts them; 0: none was made
	struct told told;
	int64_t drifted_wall_ms; // when drift of it was found last; 0: not since the start
	int64_t since_wall_ms;   // of the decision's sync, health and reason
	char hold_id[48];        // the hold that stands for the decision; ""
	char rejected_by[64];    // who said no to that hold; ""
	json_t *rejected_why;    // a text; owned; NULL: nothing was said
	int64_t rejected_wall_ms;
	char last_action[40];   // for closing drifts
	int64_t claims_wait_ms; // until it is asked again whose its items are; 0: all are known
	bool must_decide;
	bool makes_room; // AWS has it under the address of a predecessor now
	bool is_hearsay; // was seen in a list that lags
	bool is_unread; // the last look could not ask for it: its parent is not there, or not known
	bool is_looked_for; // who waits for the next look at it is to be told
	bool is_news;       // was seen otherwise than remembered: history wants a row
	char noted[96];     // sync, health and reason as history has them; "": not known since the
			    // start
	char *twin; // the id of another object in AWS that bears the same tag; owned; or NULL
};

struct resource *resource_new(const char *address, const struct kind *kind);
void resource_free(struct resource *resource); // its run must have ended
/* What is known of it, without what is wanted, decided and under way: whole by itself, sharing JSON
 * that nobody may change through it. NULL when memory is out. */
struct resource *resource_share(const struct resource *resource);
/* Is it there, settled and not about to go? Otherwise why not. */
bool resource_is_ready(const struct resource *resource, char *ret_why, size_t why_bytes);
/* Takes what a look saw (over), or NULL for absent; wall_ms is when it began. Returns true when
 * anything changed. */
bool resource_see(struct resource *resource, struct sighting *seen, int64_t wall_ms);
/* As if it had never been looked at. */
void resource_unsee(struct resource *resource);
/* Puts the tags that it shall bear (`ours`: {"key": "value"}, the file's and our own) into the
 * scope of its calls, as @tags and @all_tags; nothing for kinds without tags. */
void resource_put_tags(const struct resource *resource, const json_t *ours, json_t *scope);
