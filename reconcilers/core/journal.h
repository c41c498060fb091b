// The way of history to the store: an ordered queue that nobody waits for, retried until the store
// has taken it. What must be durable before something happens (an intent) does not go this way.
#pragma once

#include "base/js.h"
#include "loop/loop.h"
#include "state/store.h"

struct journal;

struct journal *journal_new(struct loop *loop, struct store_port *store);
/* Queues a statement; takes args over. Beyond the bound (20,000 entries) observations and passes
 * are thinned first, the oldest first; what was done to AWS is never dropped before them. */
void journal_put(struct journal *journal, enum store_statement statement, json_t *args);
/* While another daemon leads, that one writes history: of what is put here only the outcomes of our
 * own calls are kept. */
void journal_mute(struct journal *journal, bool is_muted);
/* Entries that the store has not confirmed. */
size_t journal_count(const struct journal *journal);
uint64_t journal_dropped_count(const struct journal *journal);
/* Try again now (the store is back). */
void journal_wake(struct journal *journal);
/* Wakes `owner` when the queue is empty (at once when it is). */
void journal_on_empty(struct journal *journal, struct task *owner);
/* Cancels what is in flight and buries it. */
void journal_free(struct journal *journal);
