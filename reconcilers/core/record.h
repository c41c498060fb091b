// What is remembered of one resource between passes and restarts. Losing it loses nothing but time:
// ids are found again by tag, baselines are recorded anew.
#pragma once

#include "base/err.h"
#include "base/js.h"
#include <stdbool.h>
#include <stdint.h>

struct record {
	char *id;            // AWS's; NULL while there is none
	int64_t created_ms;  // wall time of our create's answer; 0: not by us, or settled since
	int64_t deleted_ms;  // wall time of our delete's answer; 0: none
	int64_t restored_ms; // wall time at which we brought it back; 0: not, or AWS shows it
	int64_t left_ms;     // wall time at which it left the file; 0: it is in it
	int deletions;       // how often AWS took its deletion, and it is still there
	int64_t busy_ms;     // wall time since when AWS is at it by itself; 0: it is not
	bool is_going;       // ... and is deleting it
	int unseen;          // how often it was created since AWS showed it last
	int64_t born_ms;     // wall time at which this id was first seen
	json_t *observed;    // last projected state; NULL: never seen
	json_t *baseline;    // member -> value (null: absent) of fields that the file does not set
	json_t *writes; // path -> {"to","from","at","count","seen"}: writes that wait to be seen,
			// or were seen lately
	json_t *depends_on; // addresses, as last applied: the reverse is the order of deletion
	json_t *drifts;     // path -> id of the open drift
	json_t *declared;   // {"<path>": true}: open drifts of what the file said then
	char synced[17];    // digest of the desired state under which it was in sync last; ""
	json_t *tags;       // ["key", ...] of tags that the file has or had, and AWS may still show
	json_t *refused;    // member -> [values that AWS tried and gave up], the latest last
	json_t *kept;     // write-only members as the file last had them: its deletion needs them;
			  // until AWS has shown it, all that it was created with
	json_t *claimed;  // {"<text>": true}: items known to be another's (core/claim.h)
	json_t *suspects; // {"<text>": since when nobody claims it; 0: not asked yet}
	json_t *fights;   // fields that somebody else writes too: core/fights.h
	json_t *followed; // member -> value that it followed something to, or moved to by our
			  // own last write: core/moving.h
	/* Which of several that bear its tag it is was not known, but taken as it came. */
	bool is_guess;
	json_t *sent;    // the create call of created_ms, when it got no answer and AWS knows it by
			 // a token (core/sent.h); NULL: none
	char *adopted;   // the id that the file had us take over (core/adopt.h); NULL: none
	char *stray_of;  // address under which somebody added it (core/stray.h); NULL: it was ours
	bool is_grown;   // what AWS shows of it from now on is no default that was late
	bool was_shown;  // AWS has shown what we created at created_ms, and then no more
	bool is_foreign; // stood under our name without our tag, and nobody has said it is ours
	bool is_dirty;   // differs from what the store holds
};

void record_init(struct record *record);
/* Keeps what it was created with: by that it can be asked for, should it leave the file before AWS
 * shows it. */
void record_keep(struct record *record, const json_t *said);
void record_done(struct record *record);
/* What comes along with somebody's change of a managed field is no default of AWS's that was late:
 * the baseline is then what it was, and stays so when that field is as the file says again.
 * `before`: the one of then, borrowed; NULL: there was no change to come along with. True when the
 * baseline is another one by that. */
bool record_unlearn(struct record *record, json_t *before, bool is_managed_changed);
/* Makes a record that was copied by assignment one of its own: it shares the JSON, and has texts of
 * its own. */
void record_share(struct record *copy);
/* The opaque JSON that the store keeps; new. */
json_t *record_json(const struct record *record);
/* Tolerates anything: members of another type count as absent. */
void record_load(struct record *record, const char *id, const json_t *data);
/* Instants after now come of a hand or of a wrong clock: what waits since then would wait for ever.
 * A creation or a write is one of now, since what it made may not be shown yet; a deletion is none,
 * since what is shown is there. True when there was one. */
bool record_bound(struct record *record, int64_t now_wall_ms);
/* After a restart: how long ago it was created was told by another clock, or by this one before it
 * was set, so what AWS may not show yet is looked for as if it were new; what AWS has shown before
 * as if it had just been seen. */
void record_renew(struct record *record, int64_t now_wall_ms);
/* In what it was seen: AWS is changing or creating it (`is_pending`), or deleting it (`is_going`).
 */
void record_note_busy(struct record *record, bool is_pending, bool is_going, int64_t now_wall_ms);
/* It is gone, or another one, or as the file says. */
void record_forget_deletions(struct record *record);
/* AWS shows it after all: the read that did not was an old one, and the next may be too. */
void record_shown_again(struct record *record);

/* Adds what AWS gave up ({"Member": [values]}, may be NULL); true when anything is new. At most 10
 * a member are kept. */
bool record_refuse(struct record *record, const json_t *refused);
/* Notes which tags the file sets ({"key": "value"}; NULL: none), and forgets those that neither it
 * nor AWS (`seen`) has. True when that changed anything. */
bool record_note_tags(struct record *record, const json_t *tags, const json_t *seen);

/* How the last attempt on a resource ended, and when the next may begin. */
struct failure {
	int count; // in a row; 0: none
	struct err err;
	int64_t since_ms; // loop time of the first of them, of whatever class
	int64_t next_ms;  // loop time
	char key[17];     // of what was tried: an INVALID one is not tried again unchanged
};

/* Notes a failure. `jitter` in 0..1; `not_yet`: an expected wait, paced faster. */
void failure_add(struct failure *failure, const struct err *err, bool not_yet, const char *key,
	int64_t now_ms, double jitter);
void failure_clear(struct failure *failure);
/* Can a person have ended it, by another file or other rights? */
bool failure_is_for_people(const struct failure *failure);
/* "AccessDenied", "Throttled", ...: its reason in the status; static. */
const char *failure_reason(enum err_class class);
/* What a person has to do, beside what the message of the error says, and what happens by itself: a
 * sentence without a full stop, static. */
const char *failure_remedy(enum err_class class);
