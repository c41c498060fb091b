// The read comes first and needs no rights beyond SELECT, so that a role that may only use the
// schema can run on one that somebody else has migrated. Only when something is missing is the lock
// taken and the list read again under it: two daemons that start together apply each migration
// once.
#include "state/migrate.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "state/sqlstate.h"

enum { MIGRATE_IDLE, MIGRATE_READING, MIGRATE_LOCKING, MIGRATE_APPLYING };

enum { SCRIPT_MS = 15 * 60 * 1000, CHECKSUM_BYTES = 17 };

#define LIST "SELECT version, checksum FROM holdfast.migration ORDER BY version"

// 'hold' in ASCII: the key of the advisory lock.
static const char lock_script[] =
	"BEGIN;"
	"SET LOCAL lock_timeout = '10s';"
	"SET LOCAL statement_timeout = '10min';"
	"SELECT pg_advisory_xact_lock(1752132708);"
	"DO $$ BEGIN"
	" IF to_regnamespace('holdfast') IS NULL THEN CREATE SCHEMA holdfast; END IF;"
	" IF to_regclass('holdfast.migration') IS NULL THEN"
	"  CREATE TABLE holdfast.migration (version integer PRIMARY KEY, checksum text NOT NULL,"
	"   program text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
	" END IF;"
	"END $$;" LIST;

static struct err checksum_of(const struct migration *migration, char ret[CHECKSUM_BYTES])
{
	char hex[HASH_HEX_BYTES];
	if (!hash_sha256_hex(migration->sql, strlen(migration->sql), hex))
		return err_new(ERR_BUG, "cannot hash a migration");
	str_copy(ret, CHECKSUM_BYTES, hex);
	return ERR_OK;
}

static void finish(struct migrate *migrate, struct err err)
{
	migrate->phase = MIGRATE_IDLE;
	pg_query_done(&migrate->query);
	if (err_is(&err))
		err_wrap(&err, "schema");
	op_finish(&migrate->op, err);
}

static void run(struct migrate *migrate, int phase, const char *sql)
{
	migrate->phase = phase;
	pg_query_done(&migrate->query);
	pg_query_init(&migrate->query, sql);
	migrate->query.is_script = phase != MIGRATE_READING;
	migrate->query.deadline_ms = phase == MIGRATE_APPLYING ? SCRIPT_MS : 0;
	pg_query_start(migrate->pg, &migrate->query, &migrate->task);
}

// Compares what is recorded with what this program knows; *ret_next is the first one to apply.
static struct err compare(const struct migrate *migrate, const PGresult *result, int *ret_next)
{
	int rows = PQntuples(result);
	*ret_next = 1;
	for (int i = 0; i < rows; i++) {
		int64_t version;
		if (!num_parse_i64(PQgetvalue(result, i, 0), 1, INT32_MAX, &version) ||
			version != i + 1)
			return err_new(ERR_INVALID, "version %d is missing from holdfast.migration",
				i + 1);
		if (version > migrate->count)
			return err_new(ERR_INVALID,
				"the database has version %d and this holdfastd knows only %d: it "
				"was"
				" used by a newer holdfastd; upgrade this one",
				rows, migrate->count);
		char checksum[CHECKSUM_BYTES];
		struct err err = checksum_of(&migrate->migrations[i], checksum);
		if (err_is(&err))
			return err;
		if (!str_eq(checksum, PQgetvalue(result, i, 1)))
			return err_new(ERR_INVALID,
				"version %d in the database is not the one that this holdfastd "
				"knows",
				i + 1);
		*ret_next = i + 2;
	}
	return ERR_OK;
}

static void step_read(struct migrate *migrate)
{
	struct err err = migrate->query.op.err;
	if (str_eq(err.code, "42P01") ||
		str_eq(err.code, "3F000")) { // no such table, no such schema
		run(migrate, MIGRATE_LOCKING, lock_script);
		return;
	}
	int next = 0;
	if (!err_is(&err))
		err = compare(migrate, migrate->query.result, &next);
	if (err_is(&err) || next > migrate->count)
		finish(migrate, err);
	else
		run(migrate, MIGRATE_LOCKING, lock_script);
}

static void apply(struct migrate *migrate, const struct migration *migration)
{
	char checksum[CHECKSUM_BYTES];
	struct err err = checksum_of(migration, checksum);
	free(migrate->script);
	migrate->script = str_format("%s;"
				     "INSERT INTO holdfast.migration (version, checksum, program)"
				     " VALUES (%d, '%s', '" HOLDFAST_VERSION "');"
				     "COMMIT",
		migration->sql, migration->version, checksum);
	if (!err_is(&err) && !migrate->script)
		err = err_nomem();
	if (err_is(&err)) {
		finish(migrate, err);
		return;
	}
	log_notice("migrating the database", LOG_INT("version", migration->version));
	migrate->applied++;
	run(migrate, MIGRATE_APPLYING, migrate->script);
}

// Inside the transaction. An error leaves it open; the caller hangs up, which rolls it back.
static void step_locked(struct migrate *migrate)
{
	struct err err = migrate->query.op.err;
	int next = 0;
	if (!err_is(&err))
		err = compare(migrate, migrate->query.result, &next);
	if (err_is(&err))
		finish(migrate, err);
	else if (next > migrate->count) // somebody else was faster
		run(migrate, MIGRATE_APPLYING, "COMMIT");
	else
		apply(migrate, &migrate->migrations[next - 1]);
}

static void on_step(struct task *task)
{
	struct migrate *migrate = CONTAINER_OF(task, struct migrate, task);
	if (!op_is_finished(&migrate->query.op))
		return;
	switch (migrate->phase) {
	case MIGRATE_READING:
		step_read(migrate);
		return;
	case MIGRATE_LOCKING:
		step_locked(migrate);
		return;
	case MIGRATE_APPLYING:
		if (err_is(&migrate->query.op.err))
			finish(migrate, migrate->query.op.err);
		else
			run(migrate, MIGRATE_READING, LIST);
		return;
	}
}

void migrate_init(
	struct migrate *migrate, struct loop *loop, const struct migration *migrations, int count)
{
	*migrate = (struct migrate){.migrations = migrations, .count = count};
	task_init(&migrate->task, loop, on_step, "migrate");
}

static void on_cancel(struct op *op)
{
	struct migrate *migrate = CONTAINER_OF(op, struct migrate, op);
	// The transaction must not stay open behind a statement that nobody follows.
	pg_hang_up(migrate->pg, "migration canceled");
	finish(migrate, err_new(ERR_CANCELED, "migration canceled"));
}

void migrate_start(struct migrate *migrate, struct pg *pg, struct task *owner)
{
	op_start(&migrate->op, owner, on_cancel);
	migrate->pg = pg;
	migrate->applied = 0;
	run(migrate, MIGRATE_READING, LIST);
}

void migrate_done(struct migrate *migrate)
{
	pg_query_done(&migrate->query);
	task_done(&migrate->task);
	free(TAKE(migrate->script));
}
