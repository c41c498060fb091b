// The way of history to the store: an ordered queue that nobody waits for, retried until the store
// has taken it, and kept on disk (spool.h) as soon as that takes longer than a moment. What must be
// durable before something happens (an intent) does not go this way.
#pragma once

#include "base/js.h"
#include "loop/loop.h"
#include "state/store.h"

enum {
	JOURNAL_MOST_ENTRIES = 20000,
	JOURNAL_MOST_BYTES = 16 << 20, // of entries on disk; the files may hold three times that
};

struct journal;

struct journal *journal_new(struct loop *loop, struct store_port *store);
/* Keeps it in a folder, and tells the store first what an earlier process left there. Once, before
 * anything is put. INVALID when the folder cannot be made or read. */
struct err journal_open(struct journal *journal, const char *dir) MUST_CHECK;
/* Queues a statement; takes args over. At the bound passes and observations go first, the oldest
 * first, then records, drifts and holds; the outcome of what was done to AWS never does. */
void journal_put(struct journal *journal, enum store_statement statement, json_t *args);
/* Hears everything that is put and kept, while it is put, and what journal_tell() tells; `args` is
 * borrowed. What an earlier process left on disk is not heard again. */
typedef void (*journal_heard_fn)(void *self, enum store_statement statement, const json_t *args);
void journal_listen(struct journal *journal, journal_heard_fn heard, void *self);
/* For the listener alone: what went to the store on another way (an intent). */
void journal_tell(
	const struct journal *journal, enum store_statement statement, const json_t *args);
/* While another daemon leads, that one writes history: of what is put here only the outcomes of our
 * own calls are kept. */
void journal_mute(struct journal *journal, bool is_muted);
/* Entries that the store has not confirmed. */
size_t journal_count(const struct journal *journal);
/* Those of them that would outlive the process. */
size_t journal_kept_count(const struct journal *journal);
uint64_t journal_dropped_count(const struct journal *journal);
/* All that waits would outlive the process. */
bool journal_is_safe(const struct journal *journal);
/* The disk refuses it: what is done now could not be told later. */
bool journal_is_failing(const struct journal *journal);
/* What is wrong with it, as a sentence; "" mostly. */
void journal_trouble(const struct journal *journal, char *ret_text, size_t bytes);
/* Try again now (the store is back). */
void journal_wake(struct journal *journal);
/* Wakes `owner` when the queue is empty (at once when it is). */
void journal_on_empty(struct journal *journal, struct task *owner);
/* Wakes `watcher` (borrowed) each time that the store has taken the last of what waited. */
void journal_watch(struct journal *journal, struct task *watcher);
/* Cancels what is in flight and buries it. */
void journal_free(struct journal *journal);
