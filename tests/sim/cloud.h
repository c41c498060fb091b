// An AWS in memory, as far as the tables of kinds and the models describe it, and adapters for what
// they do not. It outlives the daemons of a simulation, and any number of them can call it.
//
// What it does to its callers is AWS's own: answers take time, calls are throttled, fail, or are
// carried out and their answer lost; what was just made or changed is not shown at once, and two
// reads in a row may tell differently; some things take minutes to come up.
//
// It keeps count of what must never happen: `violations`.
#pragma once

#include "aws/client.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "core/kind.h"
#include "core/path.h"
#include "core/project.h"
#include "loop/loop.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"

/* How badly it behaves; all zero is an AWS that answers at once and forgets nothing. */
struct weather {
	int64_t most_queue_ms;                 // before a call leaves the daemon
	int64_t least_delay_ms, most_delay_ms; // of an answer, there and back
	int64_t most_lag_ms;                   // until every read shows a change
	int64_t disagree_ms; // most of it that is left once a read has shown it; 0: 8 s
	int stale;           // permille of the reads that do not show it until then; 0: 600
	int throttled, failed, lost, denied; // permille of the calls
	const char *lost_operation;          // of which answers are lost; NULL: of all
	int64_t most_pending_ms;             // of what comes up slowly
	int page_size;                       // items a page; 0: all
	/* A fault of one's own: permille of the calls, of one operation (NULL: all of them), or
	 * only of those that change something; and of how many of them (0: until it is over). */
	int ill;
	enum err_class illness;
	const char *ill_operation;
	bool is_ill_for_writes;
	int ill_times;
};

struct thing {
	char *id;
	const struct kind *kind;
	json_t *versions;  // [{"at": wall ms at which every read shows it, "item": or null}]
	int64_t ready_ms;  // wall time at which it stops being pending; 0: never was
	int64_t gone_ms;   // wall time at which its deletion is over; 0: nobody deleted it
	bool is_bystander; // of somebody else: nobody may touch it
};

struct cloud_link;

/* Where a call is when somebody is told of it. */
enum call_place { CALL_LEAVES, CALL_ARRIVES, CALL_DONE };

struct cloud {
	struct random random;
	struct weather weather;
	struct thing *things; // also those that are gone; owned
	size_t count, size;
	uint32_t next_id;
	int calls, writes;      // calls that arrived, and those that changed something
	json_t *by_operation;   // operation -> how often it arrived
	struct buf violations;  // a line each
	json_t *tokens;         // client token -> the call under it, and its answer
	int64_t token_lives_ms; // so long it is known
	const char *account;
	const char *ignores; // an operation that is answered and not carried out; NULL: none
	struct trace *trace; // borrowed; NULL: none
	struct list ghosts;  // calls of dead daemons that are still on their way
	struct loop *loop;   // its own; borrowed
	/* Told of each call at each place, and may set the link's is_dead; `err` at CALL_DONE is
	 * how it went. NULL: nobody. */
	void (*on_call)(void *context, struct cloud_link *link, enum call_place place,
		const struct aws_call *call, const json_t *input, const struct err *err);
	void *context;
};

/* A daemon's client, as long as it lives. */
struct cloud_link {
	struct aws_port port;
	struct cloud *cloud; // borrowed
	struct loop *loop;   // of the daemon; borrowed
	const char *who;
	struct list flights;
	bool is_dead; // the daemon is being buried: nothing leaves any more
	void *context;
};

void cloud_init(struct cloud *cloud, uint64_t seed, const char *account);
void cloud_done(struct cloud *cloud);

/* Opens a daemon's client. */
void cloud_link_open(struct cloud_link *link, struct cloud *cloud, struct loop *loop);
/* The daemon is gone: what has left it arrives or not, and nobody hears of it. */
void cloud_link_cut(struct cloud_link *link);
/* The answer of that call, which is on its way, will be lost; `is_done`: after it was carried out.
 * False when there is no such call. */
bool cloud_link_lose(struct cloud_link *link, const char *operation, bool is_done);
/* Nothing is on its way any more. */
void cloud_end_ghosts(struct cloud *cloud);
/* Something that must never happen. */
void cloud_blame(struct cloud *cloud, const char *fmt, ...) FORMAT_PRINTF(2, 3);

// ---- things

/* What it really is; borrowed; NULL when it is gone. `thing` may be NULL. */
json_t *thing_truth(const struct thing *thing);
int64_t cloud_now(const struct cloud *cloud);
/* A new version of it; takes `item` over, NULL is the end of it. The thing must be there. */
void thing_set(struct cloud *cloud, struct thing *thing, json_t *item);
/* What a read shows now; NULL when nothing. */
const json_t *thing_view(struct cloud *cloud, const struct thing *thing);
/* By its id, where it is there. */
struct thing *cloud_find(struct cloud *cloud, const char *id);
/* Is it there, and neither deleted nor about to be? */
bool thing_is_alive(const struct thing *thing);
struct thing *cloud_by_address(struct cloud *cloud, const char *address);
/* The living of a kind, "" for all, without bystanders. */
int cloud_count(struct cloud *cloud, const char *kind);
/* A copy to change by hand; give it to thing_set(). */
json_t *thing_edit(const struct thing *thing);
/* The value of its tag, of a kind of EC2; borrowed; NULL: it has none. */
const char *thing_tag(const json_t *item, const char *name);
/* All tags of an item of the thing, of whatever kind: {"name": "value"}; new. */
json_t *thing_tags(const struct thing *thing, const json_t *item);
/* Does it live, and is it ours and tagged as this resource? */
bool thing_bears(const struct thing *thing, const char *address);
void cloud_new_id(struct cloud *cloud, const char *prefix, char ret_id[40]);
/* Takes `item` over. */
struct thing *cloud_add(struct cloud *cloud, const struct kind *kind, const char *id, json_t *item);
