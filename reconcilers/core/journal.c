// A window of statements is in flight at a time; one that fails for a passing reason goes again, in
// order, after a pause. Every statement may be repeated, so a lost answer costs nothing, and what
// is on disk is told again from its beginning when the process ended before all of it was taken.
//
// Some failures strike one statement and spare the next (a lock that a person holds, a deadlock).
// So what tells of one thing goes one after the other: a record that is told again never comes
// after a younger one, and no end before its beginning.
//
// Numbers give the order. The files are emptied when nothing waits any more; when they grow beyond
// their bound, what still waits is written once more to new ones and the old ones go.
#include "core/journal.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "state/spool.h"

enum {
	WINDOW = 64,
	LOOK_AHEAD = 256,     // entries, past those that wait for an earlier one of their subject
	SUBJECT_SLOTS = 1024, // two subjects in one only wait for each other
	PAUSE_MS = 1000,
	FLUSH_MS = 50, // the store mostly answers sooner, and nothing is written
	AGAIN_MS = 2000,
	MOST_FAILURES = 5, // with PAUSE_MS between
	BATCH_BYTES = 256 << 10,
	GUESSED_BYTES = 512, // of an entry that was not written yet
	MOST_FILE_BYTES = 3 * JOURNAL_MOST_BYTES,
};

struct entry {
	struct list link;
	enum store_statement statement;
	json_t *args; // owned
	struct store_call call;
	bool is_sent;
	int failures;     // of a store that is there
	unsigned subject; // its slot, from 1; 0: it stands by itself
	uint64_t number;
	uint64_t segment; // on disk there; 0: not yet
	size_t bytes;     // there
	bool is_writing;
};

struct journal {
	struct loop *loop;
	struct store_port *store;
	struct list entries;
	size_t count, sent, kept, bytes;
	uint64_t dropped, next_number;
	struct spool *spool;
	uint64_t floor; // entries in earlier segments are written again; 0: none are
	struct task task;
	struct timer pause, flush;
	struct task *waiter, *watcher;
	bool is_closing, is_muted, is_writing, is_failing, is_empty;
	int damaged;
	journal_heard_fn heard; // or NULL
	void *listener;
	char refusal[200]; // of the store, when it goes on for long or only a person can mend it
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
	journal->kept -= entry->segment != 0;
	journal->bytes -= entry->bytes;
	loop_bury(journal->loop, entry, entry_free);
}

// ---- to the store

// No rights and no room are said at once; what mostly passes, when it does not. Who leads waits for
// it, so it must never be waited for without a word.
static void note_refusal(struct journal *journal, struct entry *entry, const struct err *err)
{
	bool is_lasting = err->class == ERR_DENIED || str_starts(err->code, "53");
	if (err->class == ERR_CANCELED || str_eq(err->code, "NotConnected") ||
		str_starts(err->code, "08"))
		return; // a store that is away says so itself
	if (++entry->failures < MOST_FAILURES && !is_lasting)
		return;
	if (!*journal->refusal)
		log_warning("the store does not take history", LOG_ERR(err));
	str_copy(journal->refusal, sizeof(journal->refusal), err->message);
}

static void note_taken(struct journal *journal, const struct entry *entry)
{
	if (entry->failures == 0 || !*journal->refusal)
		return;
	log_notice("the store takes history again");
	journal->refusal[0] = '\0';
}

// Returns false when the entry stays to be sent again.
static bool take(struct journal *journal, struct entry *entry)
{
	const struct err err = entry->call.op.err;
	journal->sent--;
	entry->is_sent = false;
	if (err.class == ERR_TRANSIENT || err.class == ERR_CONFLICT || err.class == ERR_CANCELED ||
		err.class == ERR_THROTTLED || err.class == ERR_DENIED) {
		note_refusal(journal, entry, &err);
		store_call_done(&entry->call);
		return false;
	}
	if (err_is(&err))
		log_error("history was refused by the store",
			LOG_INT("statement", entry->statement), LOG_ERR(&err));
	else
		note_taken(journal, entry);
	drop(journal, entry);
	return true;
}

// What a statement tells of; NULL: rows that stand by themselves.
static const char *subject_member(enum store_statement statement)
{
	switch ((int)statement) {
	case STORE_RECORD_PUT:
	case STORE_RECORD_DELETE:
	case STORE_ACTION_SETTLE: // an intent stays open until what it made is remembered
		return "address";
	case STORE_DRIFT_OPEN:
	case STORE_DRIFT_CLOSE:
		return "drift_id";
	case STORE_HOLD_PUT:
	case STORE_HOLD_DECIDE:
		return "hold_id";
	case STORE_ORDER_PUT:
	case STORE_ORDER_END:
		return "order_id";
	case STORE_INCIDENT_PUT:
	case STORE_INCIDENT_TOLD:
		return "key";
	case STORE_PASS_ADD:
		return "layer";
	case STORE_CONFIG_ADD:
		return "stack";
	}
	return NULL;
}

static unsigned subject_of(enum store_statement statement, const json_t *args)
{
	const char *member = subject_member(statement);
	const char *text = member ? js_str(args, member) : NULL;
	uint32_t hash = 2166136261; // FNV-1a
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619;
	return text ? 1 + hash % SUBJECT_SLOTS : 0;
}

static void send_entry(struct journal *journal, struct entry *entry)
{
	store_call_init(&entry->call, entry->statement, json_incref(entry->args));
	entry->is_sent = true;
	journal->sent++;
	store_start(journal->store, &entry->call, &journal->task);
}

static void send_some(struct journal *journal)
{
	bool is_ahead[1 + SUBJECT_SLOTS] = {false}; // something earlier waits or is on its way
	struct entry *entry;
	size_t seen = 0;
	list_for_each (entry, &journal->entries, link) {
		if (journal->sent >= WINDOW || seen++ >= LOOK_AHEAD)
			break;
		if (!entry->is_sent && !is_ahead[entry->subject])
			send_entry(journal, entry);
		is_ahead[entry->subject] = entry->subject != 0;
	}
}

static void tell_store(struct journal *journal)
{
	struct entry *entry;
	bool failed = false;
	list_for_each (entry, &journal->entries, link)
		if (entry->is_sent && op_is_finished(&entry->call.op))
			failed = !take(journal, entry) || failed;
	if (failed && !journal->is_closing && !timer_is_running(&journal->pause))
		timer_start(&journal->pause, &journal->task, PAUSE_MS);
	if (timer_is_running(&journal->pause) || journal->is_closing)
		return;
	send_some(journal);
}

// ---- to the disk

static bool wants_disk(const struct journal *journal, const struct entry *entry)
{
	return entry->segment == 0 || entry->segment < journal->floor;
}

static void take_writing(struct journal *journal)
{
	const struct err *err = spool_error(journal->spool);
	struct entry *entry;
	journal->is_writing = false;
	if (err_is(err) && !journal->is_failing)
		log_error("history cannot be kept on disk: nothing is changed in AWS until it can",
			LOG_ERR(err));
	else if (!err_is(err) && journal->is_failing)
		log_notice("history can be kept on disk again");
	journal->is_failing = err_is(err);
	list_for_each (entry, &journal->entries, link) {
		if (!entry->is_writing)
			continue;
		entry->is_writing = false;
		if (err_is(err))
			continue;
		journal->kept += entry->segment == 0;
		entry->segment = spool_segment(journal->spool);
	}
	if (journal->is_failing)
		timer_start(&journal->flush, &journal->task, AGAIN_MS);
}

static size_t write_entry(struct journal *journal, struct entry *entry)
{
	_cleanup_json_ json_t *line =
		json_pack("[s, O]", statements_get(entry->statement)->name, entry->args);
	_cleanup_free_ char *text = js_text(line);
	if (!text || strlen(text) > SPOOL_MOST_LINE_BYTES ||
		!spool_add(journal->spool, entry->number, text))
		return 0;
	entry->is_writing = true;
	journal->bytes -= entry->bytes;
	entry->bytes = strlen(text);
	journal->bytes += entry->bytes;
	return entry->bytes;
}

// True when a write was begun.
static bool write_some(struct journal *journal)
{
	struct entry *entry;
	size_t bytes = 0;
	list_for_each (entry, &journal->entries, link) {
		if (bytes >= BATCH_BYTES)
			break;
		if (wants_disk(journal, entry))
			bytes += write_entry(journal, entry);
	}
	if (bytes == 0)
		return false;
	journal->is_writing = true;
	spool_write(journal->spool);
	return true;
}

static bool is_rewritten(const struct journal *journal)
{
	const struct entry *entry;
	list_for_each (entry, &journal->entries, link)
		if (entry->segment != 0 && entry->segment < journal->floor)
			return false;
	return true;
}

static void keep(struct journal *journal)
{
	struct spool *spool = journal->spool;
	if (!spool || spool_is_busy(spool))
		return;
	if (journal->is_writing)
		take_writing(journal);
	bool is_due = !timer_is_running(&journal->flush);
	if (journal->count == 0) {
		// Also what failed: there is nothing to be kept any more.
		journal->is_failing = false;
		journal->floor = 0;
		if (spool_bytes(spool) > 0)
			spool_release(spool, spool_segment(spool), true);
		return;
	}
	if (journal->floor && is_rewritten(journal)) {
		spool_release(spool, journal->floor, false);
		journal->floor = 0;
		if (spool_is_busy(spool))
			return;
	}
	if (!journal->floor && spool_bytes(spool) > MOST_FILE_BYTES) {
		spool_roll(spool);
		journal->floor = spool_segment(spool);
	}
	if (is_due)
		write_some(journal);
}

static void step(struct task *task)
{
	struct journal *journal = CONTAINER_OF(task, struct journal, task);
	tell_store(journal);
	if (!journal->is_closing)
		keep(journal);
	if (journal->waiter && (journal->count == 0 || journal_is_safe(journal))) {
		task_wake(journal->waiter);
		if (journal->count == 0)
			journal->waiter = NULL;
	}
	if (journal->count > 0 || journal->is_empty)
		return;
	journal->is_empty = true;
	journal->refusal[0] = '\0'; // also of what was left out since
	if (journal->watcher)
		task_wake(journal->watcher);
}

// ---- the interface

struct journal *journal_new(struct loop *loop, struct store_port *store)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	if (!journal)
		return NULL;
	journal->loop = loop;
	journal->store = store;
	journal->next_number = 1;
	journal->is_empty = true;
	list_init(&journal->entries);
	task_init(&journal->task, loop, step, "journal");
	timer_init(&journal->pause, loop);
	timer_init(&journal->flush, loop);
	return journal;
}

// How soon an entry may go when there is no room: 0 first, 2 never.
static int rank(enum store_statement statement)
{
	if (statement == STORE_OBSERVATION_ADD || statement == STORE_PASS_ADD)
		return 0;
	return statement == STORE_ACTION_SETTLE ? 2 : 1;
}

static size_t thin_rank(struct journal *journal, int wanted, size_t most)
{
	struct entry *entry;
	size_t gone = 0;
	list_for_each (entry, &journal->entries, link) {
		if (gone == most)
			break;
		if (entry->is_sent || entry->is_writing || rank(entry->statement) != wanted)
			continue;
		drop(journal, entry);
		gone++;
	}
	return gone;
}

static void thin(struct journal *journal)
{
	size_t most = journal->count / 8 + 1, gone = thin_rank(journal, 0, most);
	if (gone == 0)
		gone = thin_rank(journal, 1, most);
	if (gone > 0 && journal->dropped == 0)
		log_warning("the journal is full: the oldest observations are left out",
			LOG_INT("entries", (int64_t)journal->count));
	journal->dropped += gone;
}

static bool is_full(const struct journal *journal)
{
	return journal->count >= JOURNAL_MOST_ENTRIES || journal->bytes >= JOURNAL_MOST_BYTES;
}

static struct entry *append(struct journal *journal, enum store_statement statement, json_t *args)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry || !args) {
		journal->dropped++;
		json_decref(args);
		free(entry);
		return NULL;
	}
	entry->statement = statement;
	entry->args = args;
	entry->subject = subject_of(statement, args);
	entry->number = journal->next_number++;
	entry->bytes = GUESSED_BYTES;
	journal->bytes += GUESSED_BYTES;
	list_append(&journal->entries, &entry->link);
	journal->count++;
	journal->is_empty = false;
	return entry;
}

void journal_listen(struct journal *journal, journal_heard_fn heard, void *self)
{
	journal->heard = heard;
	journal->listener = self;
}

void journal_tell(const struct journal *journal, enum store_statement statement, const json_t *args)
{
	if (journal && journal->heard && args)
		journal->heard(journal->listener, statement, args);
}

void journal_put(struct journal *journal, enum store_statement statement, json_t *args)
{
	if (journal->is_muted && statement != STORE_ACTION_SETTLE) {
		json_decref(args);
		return;
	}
	journal_tell(journal, statement, args);
	if (is_full(journal))
		thin(journal);
	append(journal, statement, args);
	if (journal->spool && !timer_is_running(&journal->flush) && !journal->is_writing)
		timer_start(&journal->flush, &journal->task, FLUSH_MS);
	task_wake(&journal->task);
}

static bool find_statement(const char *name, enum store_statement *ret)
{
	for (int i = 0; name && i < STORE_STATEMENT_COUNT; i++)
		if (str_eq(statements_get((enum store_statement)i)->name, name)) {
			*ret = (enum store_statement)i;
			return true;
		}
	return false;
}

static void load(struct journal *journal, const json_t *lines)
{
	size_t i;
	json_t *pair;
	json_array_foreach ((json_t *)lines, i, pair) {
		const char *text = json_string_value(json_array_get(pair, 1));
		_cleanup_json_ json_t *line = text ? json_loads(text, 0, NULL) : NULL;
		json_t *args = json_array_get(line, 1);
		enum store_statement statement;
		if (!find_statement(json_string_value(json_array_get(line, 0)), &statement) ||
			!json_is_object(args)) {
			journal->damaged++;
			continue;
		}
		journal->next_number = (uint64_t)json_integer_value(json_array_get(pair, 0));
		struct entry *entry = append(journal, statement, json_incref(args));
		if (!entry)
			continue;
		entry->segment = 1; // whichever: it is on disk
		journal->kept++;
	}
}

struct err journal_open(struct journal *journal, const char *dir)
{
	struct spool_found found;
	struct err err = spool_new(journal->loop, dir, &journal->task, &journal->spool, &found);
	if (err_is(&err))
		return err;
	load(journal, found.lines);
	json_decref(found.lines);
	journal->damaged += found.damaged;
	if (found.torn > 0)
		log_notice("the last line of the journal was not written whole and is left out",
			LOG_STR("folder", dir));
	if (journal->count > 0)
		log_notice("history of an earlier run waits for the store",
			LOG_INT("entries", (int64_t)journal->count), LOG_STR("folder", dir));
	task_wake(&journal->task);
	return ERR_OK;
}

void journal_mute(struct journal *journal, bool is_muted)
{
	journal->is_muted = is_muted;
}

size_t journal_count(const struct journal *journal)
{
	return journal->count;
}

size_t journal_kept_count(const struct journal *journal)
{
	return journal->kept;
}

uint64_t journal_dropped_count(const struct journal *journal)
{
	return journal->dropped;
}

bool journal_is_safe(const struct journal *journal)
{
	return journal->kept == journal->count;
}

bool journal_is_failing(const struct journal *journal)
{
	return journal->is_failing;
}

void journal_trouble(const struct journal *journal, char *ret_text, size_t bytes)
{
	*ret_text = '\0';
	if (journal->is_failing)
		snprintf(ret_text, bytes,
			"%s; %zu entries of history are in memory only, and nothing is changed in "
			"AWS until they can be kept",
			spool_error(journal->spool)->message, journal->count - journal->kept);
	else if (*journal->refusal)
		snprintf(ret_text, bytes, "the store refuses history: %s", journal->refusal);
	else if (journal->dropped > 0 && journal->count > 0)
		snprintf(ret_text, bytes,
			"the journal is full: %llu of the oldest observations were left out",
			(unsigned long long)journal->dropped);
	else if (journal->damaged > 0)
		snprintf(ret_text, bytes,
			"%d lines of the journal could not be read; the files are kept as "
			"*.damaged",
			journal->damaged);
}

void journal_wake(struct journal *journal)
{
	timer_stop(&journal->pause);
	task_wake(&journal->task);
}

void journal_on_empty(struct journal *journal, struct task *owner)
{
	journal->waiter = owner;
	timer_stop(&journal->flush); // what waits is kept now
	journal_wake(journal);
}

void journal_watch(struct journal *journal, struct task *watcher)
{
	journal->watcher = watcher;
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
	timer_stop(&journal->flush);
	spool_free(TAKE(journal->spool));
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
