// A window of statements is in flight at a time; one that fails for a passing reason goes again, in
// order, after a pause. Every statement may be repeated, so a lost answer costs nothing.
#include "core/journal.h"
#include "base/list.h"
#include "base/log.h"

enum { WINDOW = 64, MOST_ENTRIES = 20000, PAUSE_MS = 1000 };

struct entry {
	struct list link;
	enum store_statement statement;
	json_t *args; // owned
	struct store_call call;
	bool is_sent;
};

struct journal {
	struct loop *loop;
	struct store_port *store;
	struct list entries;
	size_t count, sent;
	uint64_t dropped;
	struct task task;
	struct timer pause;
	struct task *waiter;
	bool is_closing, is_muted;
};

static void entry_free(void *what)
{
	struct entry *entry = what;
	store_call_done(&entry->call);
	json_decref(entry->args);
	free(entry);
}

static void drop(struct journal *journal, struct entry *entry)
{
	list_remove(&entry->link);
	journal->count--;
	loop_bury(journal->loop, entry, entry_free);
}

// Returns false when the entry stays to be sent again.
static bool take(struct journal *journal, struct entry *entry)
{
	const struct err err = entry->call.op.err;
	journal->sent--;
	entry->is_sent = false;
	if (err.class == ERR_TRANSIENT || err.class == ERR_CONFLICT || err.class == ERR_CANCELED ||
		err.class == ERR_THROTTLED || err.class == ERR_DENIED) {
		store_call_done(&entry->call);
		return false;
	}
	if (err_is(&err))
		log_error("history was refused by the store",
			LOG_INT("statement", entry->statement), LOG_ERR(&err));
	drop(journal, entry);
	return true;
}

static void step(struct task *task)
{
	struct journal *journal = CONTAINER_OF(task, struct journal, task);
	struct entry *entry;
	bool failed = false;
	list_for_each (entry, &journal->entries, link)
		if (entry->is_sent && op_is_finished(&entry->call.op))
			failed = !take(journal, entry) || failed;
	if (failed && !journal->is_closing && !timer_is_running(&journal->pause))
		timer_start(&journal->pause, &journal->task, PAUSE_MS);
	if (!timer_is_running(&journal->pause) && !journal->is_closing) {
		list_for_each (entry, &journal->entries, link) {
			if (journal->sent >= WINDOW)
				break;
			if (entry->is_sent)
				continue;
			store_call_init(&entry->call, entry->statement, json_incref(entry->args));
			entry->is_sent = true;
			journal->sent++;
			store_start(journal->store, &entry->call, &journal->task);
		}
	}
	if (journal->count == 0 && journal->waiter) {
		task_wake(journal->waiter);
		journal->waiter = NULL;
	}
}

struct journal *journal_new(struct loop *loop, struct store_port *store)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	if (!journal)
		return NULL;
	journal->loop = loop;
	journal->store = store;
	list_init(&journal->entries);
	task_init(&journal->task, loop, step, "journal");
	timer_init(&journal->pause, loop);
	return journal;
}

static bool is_thin(const struct entry *entry)
{
	return !entry->is_sent &&
	       (entry->statement == STORE_OBSERVATION_ADD || entry->statement == STORE_PASS_ADD);
}

static void thin(struct journal *journal)
{
	struct entry *entry;
	list_for_each (entry, &journal->entries, link) {
		if (!is_thin(entry))
			continue;
		journal->dropped++;
		drop(journal, entry);
		return;
	}
}

void journal_put(struct journal *journal, enum store_statement statement, json_t *args)
{
	if (journal->is_muted && statement != STORE_ACTION_SETTLE) {
		json_decref(args);
		return;
	}
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry || !args) {
		journal->dropped++;
		json_decref(args);
		free(entry);
		return;
	}
	if (journal->count >= MOST_ENTRIES)
		thin(journal);
	entry->statement = statement;
	entry->args = args;
	list_append(&journal->entries, &entry->link);
	journal->count++;
	task_wake(&journal->task);
}

void journal_mute(struct journal *journal, bool is_muted)
{
	journal->is_muted = is_muted;
}

size_t journal_count(const struct journal *journal)
{
	return journal->count;
}

uint64_t journal_dropped_count(const struct journal *journal)
{
	return journal->dropped;
}

void journal_wake(struct journal *journal)
{
	timer_stop(&journal->pause);
	task_wake(&journal->task);
}

void journal_on_empty(struct journal *journal, struct task *owner)
{
	journal->waiter = owner;
	journal_wake(journal);
}

static void journal_bury(void *what)
{
	free(what);
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	journal->is_closing = true;
	timer_stop(&journal->pause);
	struct entry *entry;
	list_for_each (entry, &journal->entries, link) {
		if (entry->is_sent && op_is_running(&entry->call.op)) {
			// The store has been stopped by now, so its calls have ended; one that has
			// not is told to, and nobody is woken.
			entry->call.op.owner = NULL;
			op_cancel(&entry->call.op);
		}
		drop(journal, entry);
	}
	task_done(&journal->task);
	loop_bury(journal->loop, journal, journal_bury);
}
