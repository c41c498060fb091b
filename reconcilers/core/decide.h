// What to do about one resource: the pure heart. Everything it needs is in its input, its answer is
// data; the daemon, `holdfast plan` and the simulation call the same function.
#pragma once

#include "core/desired.h"
#include "core/diff.h"
#include "core/plan.h"
#include "core/project.h"
#include "core/record.h"

enum presence { PRESENCE_UNKNOWN, PRESENCE_ABSENT, PRESENCE_PRESENT };
enum sync { SYNC_UNKNOWN, SYNC_SYNCED, SYNC_OUT_OF_SYNC, SYNC_MISSING, SYNC_ORPHANED };
enum health {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_PROGRESSING,
	HEALTH_DEGRADED,
	HEALTH_MISSING,
	HEALTH_SUSPENDED,
};

enum verdict {
	VERDICT_DONE,    // nothing to do until something changes
	VERDICT_ACT,     // carry the plan out
	VERDICT_AGAIN,   // look again after again_ms
	VERDICT_WAIT,    // for a reference; it wakes us
	VERDICT_HOLD,    // a person must say yes to exactly this change
	VERDICT_BACKOFF, // it failed; again at failure->next_ms
	VERDICT_FORGET,  // an orphan that is gone: drop the record
};

struct decide_input {
	const struct kind *kind;
	const struct wanted *wanted; // NULL: it left the file
	const struct policy *policy; // the resource's, or for an orphan its layer's
	const json_t *want;          // resolved desired JSON; NULL for an orphan
	const json_t *waiting;       // {"Member": why}; NULL or empty: nothing waits
	const char *creation_waits;  // why it cannot be created yet, or NULL
	const char *deletion_waits;  // who still uses it, or NULL
	const char *successor;       // what takes its place (core/predecessor.h), or NULL
	const json_t *tags;          // all tags that it must carry
	enum presence presence;
	const struct sighting *seen; // when present
	const struct record *record;
	const struct failure *failure;
	const json_t *approved;  // {"<digest>": true}
	const char *rejected;    // begins with the digest of the change that a person said no to
	const char *rejected_by; // who that was; NULL: nobody
	const json_t
		*paused;     // the order (core/orders.h) by which nothing is to be written, or NULL
	const json_t *brake; // the order by which its layer is stopped, or NULL
	const json_t *protected;  // the order by which it is neither deleted nor replaced, or NULL
	const json_t *unclaimed;  // {"<text>": true} of items that nobody claims (claim.h), or NULL
	int64_t claims_wait_ms;   // look again after this long for whose they are; 0: all is known
	const json_t *yielded;    // ["field", ...] that another resource rules now, or NULL
	const char *adopt_holder; // who has what it is to adopt (core/adopt.h), or NULL
	const char *twin;         // the id of another object that bears its tag, or NULL
	bool is_hearsay;          // was seen in a list that lags
	bool is_ahead;            // of what it refers to, which is being looked at again (ahead.h)
	bool is_unread;           // the last look could not ask for it
	bool is_readable;         // ... and one could now: what the read is made of is there
	bool lacks_read;          // the file needs of it what the last look did not read
	int64_t checked_ms;       // wall time of the look that `presence` comes from
	int64_t wall_ms, loop_ms;
};

struct decision {
	enum verdict verdict;
	enum sync sync;
	enum health health;
	char reason[48];                // CamelCase
	char message[400];              // a sentence
	struct differences differences; // all of them, also quarantined and undeclared ones
	struct plan plan;               // what would remove them; also when it is held
	int64_t again_ms;               // VERDICT_AGAIN: from now
	bool awaits_look;               // at what it refers to, which wakes it (moving.h)
	bool wants_look; // at itself, now; again_ms is for when that comes to nothing
	int64_t wake_ms; // HOLD, DONE: from now, when a window opens or a pause ends; 0: none
	char digest[17]; // names the change: an approval is for exactly this one
	bool follows;    // its references mean other objects than when it was in sync last
	int undeclared, quarantined, managed, refused, grave, contested,
		foreign;   // differences by sort
	int barred;        // differences that policy keeps from being corrected now ...
	bool needs_window; // ... some of them until a window opens
};

/* How long a write may take to be seen before it is written a second time; how long the absence of
 * what was created is not believed; how long what had been seen already may be shown as before
 * (reads of several replicas disagree). When the create's answer was lost: of kinds of which AWS
 * makes no second one (weigh_is_single()) another create is harmless, and refused when the first
 * one was carried out; and where it knows the call by a client token (weigh_token()), the same one
 * is. So those are only looked for as long as a read mostly lags; not less, so that a call which is
 * still under way comes first, and an endpoint that takes no heed of tokens makes one, too. The
 * others are looked for longer than any read is stale. */
enum {
	DECIDE_LOOK_AT_ONCE_MS = 50, // what is to be looked at before anything else
	DECIDE_WRITE_SETTLES_MS = 15000,
	DECIDE_CREATE_SETTLES_MS = 120000,
	DECIDE_SEEN_SETTLES_MS = 10000,
	/* Creations that AWS never shows: its name may not be what it was given. A third one is not
	 * made by itself. */
	DECIDE_MOST_UNSEEN = 2,
	/* A deletion that AWS took, and nothing shows it: how long until another one. After the
	 * last that is sent by itself, and before a person is asked, longer than any read is stale.
	 */
	DECIDE_DELETION_SETTLES_MS = 30000,
	DECIDE_MOST_DELETIONS = 2,
	DECIDE_LOST_CREATE_MS = 15000,
	DECIDE_LOST_ADDING_MS = 130000,
	DECIDE_MOST_WRITES = 2,
};

void decide(const struct decide_input *input, struct decision *ret);
/* Is it held, and a window will let it go by itself? */
bool decision_awaits_window(const struct decision *decision);
void decision_done(struct decision *decision);
const char *sync_name(enum sync sync);
const char *health_name(enum health health);
