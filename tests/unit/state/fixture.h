// A loop, a folder and a store over a real Postgres, for the tests of this folder.
#pragma once

#include "base/str.h"
#include "state/store.h"
#include <libpq-fe.h>
// cmocka wants these before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

// Of a machine that does much else; without it a hang would be for ever.
enum { PATIENCE_MS = 90000 };

struct fixture {
	struct loop loop;
	struct task watcher;
	struct timer guard;
	struct store *store;
	char dir[64];
};

static void on_watch(struct task *task)
{
	(void)task;
}

static _unused_ void fixture_init(struct fixture *f)
{
	*f = (struct fixture){0};
	struct err err = loop_init(&f->loop);
	assert_false(err_is(&err));
	task_init(&f->watcher, &f->loop, on_watch, "watcher");
	timer_init(&f->guard, &f->loop);
}

static _unused_ void fixture_make_dir(struct fixture *f)
{
	str_copy(f->dir, sizeof(f->dir), "/tmp/holdfast-unit-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
}

static _unused_ void fixture_remove_dir(struct fixture *f)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	assert_int_equal(system(command), 0);
}

/* Turns the loop until the condition holds; fails the test when it takes too long. */
#define run_until(f, condition)                                                                    \
	do {                                                                                       \
		timer_start(&(f)->guard, &(f)->watcher, PATIENCE_MS);                              \
		while (!(condition)) {                                                             \
			assert_false(op_is_finished(&(f)->guard.op));                              \
			uv_run(&(f)->loop.uv, UV_RUN_ONCE);                                        \
		}                                                                                  \
		timer_stop(&(f)->guard);                                                           \
	} while (0)

static _unused_ void fixture_open(struct fixture *f, const char *conninfo)
{
	struct store_settings settings = {.conninfo = conninfo, .state_dir = f->dir};
	struct err err = store_new(&f->loop, &settings, &f->watcher, &f->store);
	if (err_is(&err))
		fail_msg("%s", err.message);
}

static _unused_ void fixture_close(struct fixture *f)
{
	store_stop(f->store);
	run_until(f, store_phase(f->store) == STORE_STOPPED);
	store_free(f->store);
	f->store = NULL;
}

/* Every test ends here: nothing may be left on the loop. */
static _unused_ void fixture_done(struct fixture *f)
{
	task_done(&f->watcher);
	assert_int_equal(loop_done(&f->loop), 0);
}

/* Runs one statement; the rows (decref), or the error. */
static _unused_ struct err fixture_try(
	struct fixture *f, enum store_statement statement, json_t *args, json_t **ret_rows)
{
	struct store_call call;
	store_call_init(&call, statement, args);
	store_start(store_as_port(f->store), &call, &f->watcher);
	assert_true(op_is_running(&call.op)); // never from inside start
	run_until(f, op_is_finished(&call.op));
	struct err err = call.op.err;
	if (ret_rows)
		*ret_rows = TAKE(call.rows);
	store_call_done(&call);
	return err;
}

static _unused_ json_t *fixture_call(
	struct fixture *f, enum store_statement statement, json_t *args)
{
	json_t *rows = NULL;
	assert_non_null(args);
	struct err err = fixture_try(f, statement, args, &rows);
	if (err_is(&err))
		fail_msg("%s", err.message);
	assert_true(json_is_array(rows));
	return rows;
}

static _unused_ void fixture_run(struct fixture *f, enum store_statement statement, json_t *args)
{
	json_decref(fixture_call(f, statement, args));
}

/* The n-th row's member at a path of js_at(). */
static _unused_ json_t *at(const json_t *rows, size_t row, const char *path)
{
	return js_at(json_array_get(rows, row), path);
}

static _unused_ const char *text_at(const json_t *rows, size_t row, const char *path)
{
	const char *text = json_string_value(at(rows, row, path));
	return text ? text : "(none)";
}

static _unused_ int64_t int_at(const json_t *rows, size_t row, const char *path)
{
	const json_t *value = at(rows, row, path);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* Asks the embedded server itself: the first value of the answer. */
static _unused_ const char *fixture_sql(const struct fixture *f, const char *sql)
{
	static char value[256];
	char conninfo[160];
	snprintf(conninfo, sizeof(conninfo), "host=%s/postgres/run user=holdfast dbname=postgres",
		f->dir);
	PGconn *conn = PQconnectdb(conninfo);
	PGresult *result = PQexec(conn, sql);
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		str_copy(value, sizeof(value), PQgetvalue(result, 0, 0));
	else
		str_copy(value, sizeof(value), PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
	return value;
}
