// Looking at one kind: its list, page by page, with joins and follow-ups, all in flight at once.
//
// The ids known from before let joins and follow-ups start together with the list; ids that only
// the list brings are asked for after it. A known id that the list does not show is confirmed by a
// read of that id before it counts as absent: a list that suddenly empties is not believed.
#pragma once

#include "aws/client.h"
#include "base/map.h"
#include "core/kind.h"
#include "core/tagread.h"
#include "loop/loop.h"

struct observe_options {
	struct loop *loop; // borrowed, all
	struct aws_port *aws;
	struct tagread *tagread; // NULL: only for kinds that do not want it
	const struct kind *kind;
	const char *stack, *region, *account;
	const char *partition; // "aws"
};

struct fetch;

/* One look; an op. Reusable after observation_reset(). */
struct observation {
	struct op op;
	struct observe_options options;
	json_t *subjects; // in: what is looked for; owned. [{"address", "id": when known,
			  // "adopting": true when it stands in the file (core/adopt.h) only,
			  // "fields": ["field", ...] that the file sets (for follow-ups that are
			  // made only then), "doubt" when a list is not believed, and where the
			  // kind reads by name or parent: "desired", "observed": {...}, either may
			  // be absent; for hints.h: "tags", "old_tags", "acted_ms", "shown" (the
			  // item of the look before, between passes); "stray": true
			  // when nobody declared it}]. A resource under which additions are
			  // looked for is one with "under": what items write for it
	bool asks_tags;   // in: the tagging API is asked; else what it said last will do (not where
			  // it is the list)
	int64_t since_ms; // in: ... and an answer begun at this loop time or later counts
	json_t *known;    // the same by id: {"<id>": subject}; owned
	json_t *keep;     // members of a listed item that the table reads; owned
	json_t *items;    // out: {"<id>": item with joined rows and followed values}; owned
	json_t *owners;   // out: {"<id>": "<address>"} by natural key; owned
	json_t *hearsay;  // out: {"<id>": true}: seen in a list that lags; owned
	json_t *strays;   // out: {"<id>": "<address>"}: nobody's, under one of ours; owned
	json_t *unread;   // out: {"<address>": true}: nothing could be read for it yet; owned
	int64_t started_ms, took_ms; // loop time
	int calls;                   // requests
	int64_t foreign; // listed items that were not ours (another stack's, an ignored filter)
	// -- private
	struct task task;
	struct fetch **fetches;
	size_t fetch_count, fetch_size;
	json_t *keys;     // {"<natural key>": "<address>"}
	json_t *parents;  // {"<under>": "<address>"}
	json_t *doubted;  // {"<id>": true}: not believed from a list
	json_t *hints;    // what the tagging API says (hints.h); owned; NULL: nothing
	int64_t hints_ms; // loop time at which it was begun to be read
	bool are_hints_open;
	struct tagread_ask tags;
	json_t *asked;    // {"<join or follow>:<id>": true}
	json_t *answered; // {"<index of a follow-up>:<id>": true}
	int lists_open;   // list fetches without their last page
	struct map memos; // struct memo *: the earlier answers, by request; owned
	json_t *rows;     // {"<into>": {"<id>": value}}
	bool is_confirming;
	struct err first_err;
};

void observation_init(struct observation *observation, const struct observe_options *options);
/* Takes `subjects` over. Ends with ERR_OK and items, or with the first error of a call: then
 * nothing is known. */
void observation_start(struct observation *observation, json_t *subjects, struct task *owner);
/* Does the kind need "desired" and "observed" of its subjects? */
bool observation_needs_scope(const struct kind *kind);
/* Frees the results; ready for another start. */
void observation_reset(struct observation *observation);
void observation_done(struct observation *observation);
