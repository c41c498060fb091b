// One connection: pipelining, the end of a transaction, scripts, cancel, deadline; and migrations
// over it, applied twice, in competition, changed, newer, broken.
#include "fixture.h"
#include "state/embedded.h"
#include "state/migrate.h"

static struct fixture f;
static struct embedded *embedded;

static int open_server(void **state)
{
	(void)state;
	fixture_init(&f);
	fixture_make_dir(&f);
	struct err err = embedded_new(&f.loop, f.dir, &f.watcher, &embedded);
	assert_false(err_is(&err));
	struct op *op = embedded_start(embedded, &f.watcher);
	run_until(&f, op_is_finished(op));
	assert_false(err_is(&op->err));
	return 0;
}

static int close_server(void **state)
{
	(void)state;
	struct op *op = embedded_stop(embedded, &f.watcher);
	run_until(&f, op_is_finished(op));
	embedded_free(embedded);
	fixture_remove_dir(&f);
	fixture_done(&f);
	return 0;
}

static struct pg *connect_pg(void)
{
	struct conninfo conninfo;
	struct err err = conninfo_init(&conninfo, embedded_conninfo(embedded));
	assert_false(err_is(&err));
	struct pg *pg = pg_new(&f.loop, &f.watcher);
	assert_non_null(pg);
	struct op *op = pg_connect(pg, &conninfo, 0, &f.watcher);
	run_until(&f, op_is_finished(op));
	if (err_is(&op->err))
		fail_msg("%s", op->err.message);
	conninfo_done(&conninfo);
	return pg;
}

static struct err run_sql(
	struct pg *pg, const char *sql, bool is_script, char *ret_value, size_t bytes)
{
	struct pg_query query;
	pg_query_init(&query, sql);
	query.is_script = is_script;
	pg_query_start(pg, &query, &f.watcher);
	run_until(&f, op_is_finished(&query.op));
	struct err err = query.op.err;
	if (ret_value)
		str_copy(ret_value, bytes,
			query.result && PQntuples(query.result) > 0 ? PQgetvalue(query.result, 0, 0)
								    : "");
	pg_query_done(&query);
	return err;
}

static void expect_ok(struct err err)
{
	if (err_is(&err))
		fail_msg("%s", err.message);
}

static void answers_come_in_order_and_scripts_run_between(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	enum { COUNT = 1000 };
	static struct pg_query queries[COUNT];
	static char numbers[COUNT][16];
	static const char *params[COUNT][1];
	for (int i = 0; i < COUNT; i++) {
		pg_query_init(&queries[i], "SELECT $1::text");
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		params[i][0] = numbers[i];
		if (i % 100 == 50) {
			queries[i].sql = "SELECT 1; SELECT 'script'";
			queries[i].is_script = true;
		} else {
			queries[i].params = params[i];
			queries[i].param_count = 1;
		}
		pg_query_start(pg, &queries[i], &f.watcher);
	}
	for (int i = 0; i < COUNT; i++) {
		run_until(&f, op_is_finished(&queries[i].op));
		expect_ok(queries[i].op.err);
		assert_string_equal(PQgetvalue(queries[i].result, 0, 0),
			queries[i].is_script ? "script" : numbers[i]);
		pg_query_done(&queries[i]);
	}
	pg_free(pg);
}

static void a_commit_that_fails_is_not_taken_for_done(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	expect_ok(run_sql(pg, "CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
		false, NULL, 0));
	expect_ok(run_sql(pg, "INSERT INTO late VALUES (1)", false, NULL, 0));
	// Its result says INSERT 0 1; the error comes with the commit, at the sync.
	struct err err = run_sql(pg, "INSERT INTO late VALUES (1)", false, NULL, 0);
	assert_string_equal(err.code, "23505");
	assert_int_equal(err.class, ERR_BUG);
	assert_false(err.maybe_done);
	assert_null(strstr(err.message, "(1)")); // no values in messages
	expect_ok(run_sql(pg, "DROP TABLE late", false, NULL, 0));
	pg_free(pg);
}

static void errors_have_their_class_and_harm_no_neighbour(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	struct err err = run_sql(pg, "SELEC 1", false, NULL, 0);
	assert_string_equal(err.code, "42601");
	assert_int_equal(err.class, ERR_BUG);
	err = run_sql(pg, "SELECT 1/0; SELECT 2", true, NULL, 0);
	assert_string_equal(err.code, "22012");
	err = run_sql(pg, "SELECT 1; SELECT 2", false, NULL, 0); // one statement only
	assert_string_equal(err.code, "42601");
	char value[16];
	expect_ok(run_sql(pg, "SELECT 'fine'", false, value, sizeof(value)));
	assert_string_equal(value, "fine");
	expect_ok(run_sql(pg, "SHOW application_name", false, value, sizeof(value)));
	assert_string_equal(value, "holdfastd");
	expect_ok(run_sql(pg, "SHOW statement_timeout", false, value, sizeof(value)));
	assert_string_equal(value, "30s");
	pg_free(pg);
}

static void a_statement_in_flight_at_the_loss_may_have_been_done(void **state)
{
	(void)state;
	struct pg *pg = connect_pg(), *killer = connect_pg();
	struct pg_query sleeping, queued;
	pg_query_init(&sleeping, "SELECT pg_sleep(60)");
	pg_query_start(pg, &sleeping, &f.watcher);
	pg_query_init(&queued, "SELECT 1"); // a script waits for the pipeline to be empty
	queued.is_script = true;
	pg_query_start(pg, &queued, &f.watcher);
	char sql[64];
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", pg_backend_pid(pg));
	expect_ok(run_sql(killer, sql, false, NULL, 0));
	run_until(&f, op_is_finished(&sleeping.op) && op_is_finished(&queued.op));
	assert_int_equal(sleeping.op.err.class, ERR_TRANSIENT);
	assert_string_equal(sleeping.op.err.code, "57P01");
	assert_true(sleeping.op.err.maybe_done);
	assert_int_equal(queued.op.err.class, ERR_TRANSIENT);
	assert_false(queued.op.err.maybe_done);
	assert_false(pg_is_open(pg));
	struct err err = run_sql(pg, "SELECT 1", false, NULL, 0);
	assert_string_equal(err.code, "08003");
	pg_free(pg);
	pg_free(killer);
}

static void a_silent_server_is_given_up_at_the_deadline(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	struct pg_query query;
	pg_query_init(&query, "SELECT pg_sleep(60)");
	query.deadline_ms = 50;
	pg_query_start(pg, &query, &f.watcher);
	run_until(&f, op_is_finished(&query.op));
	assert_int_equal(query.op.err.class, ERR_TRANSIENT);
	assert_true(query.op.err.maybe_done);
	assert_false(pg_is_open(pg));
	pg_free(pg);
}

static void a_cancel_takes_effect_only_before_sending(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	struct pg_query first, second;
	pg_query_init(&first, "SELECT pg_sleep(0.05)");
	first.is_script = true;
	pg_query_start(pg, &first, &f.watcher);
	pg_query_init(&second, "SELECT 1");
	pg_query_start(pg, &second, &f.watcher);
	run_until(&f, first.is_sent);
	op_cancel(&second.op);
	assert_true(op_is_finished(&second.op));
	assert_int_equal(second.op.err.class, ERR_CANCELED);
	op_cancel(&first.op);
	run_until(&f, op_is_finished(&first.op));
	expect_ok(first.op.err);
	pg_query_done(&first);
	pg_free(pg);
}

static void hanging_up_finishes_a_connect(void **state)
{
	(void)state;
	struct conninfo conninfo;
	struct err err = conninfo_init(&conninfo, "host=localhost port=1");
	assert_false(err_is(&err));
	for (int turns = 0; turns < 6; turns++) {
		struct pg *pg = pg_new(&f.loop, &f.watcher);
		assert_non_null(pg);
		struct op *op = pg_connect(pg, &conninfo, 0, &f.watcher);
		for (int i = 0; i < turns; i++)
			uv_run(&f.loop.uv, UV_RUN_NOWAIT);
		pg_hang_up(pg, "enough");
		assert_true(op_is_finished(op));
		assert_int_equal(op->err.class, ERR_TRANSIENT);
		pg_free(pg);
	}
	conninfo_done(&conninfo);
}

// ---- migrations

static const struct migration steps[] = {
	{1, "CREATE TABLE holdfast.one (n int)"},
	{2, "CREATE TABLE holdfast.two (n int); INSERT INTO holdfast.two VALUES (7)"},
	{3, "CREATE TABLE holdfast.three (n int); SELECT 1/0"},
};
static const struct migration changed[] = {
	{1, "CREATE TABLE holdfast.one (n bigint)"},
};

static struct err migrate(
	struct pg *pg, const struct migration *migrations, int count, int *ret_applied)
{
	struct migrate run;
	migrate_init(&run, &f.loop, migrations, count);
	migrate_start(&run, pg, &f.watcher);
	run_until(&f, op_is_finished(&run.op));
	struct err err = run.op.err;
	if (ret_applied)
		*ret_applied = run.applied;
	migrate_done(&run);
	return err;
}

static void expect_part(struct err err, enum err_class class, const char *part)
{
	assert_int_equal(err.class, class);
	if (!strstr(err.message, part))
		fail_msg("'%s' is not in '%s'", part, err.message);
}

static void migrations_run_once_and_newer_changed_or_broken_ones_are_refused(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	int applied = -1;
	expect_ok(migrate(pg, steps, 1, &applied));
	assert_int_equal(applied, 1);
	expect_ok(migrate(pg, steps, 2, &applied));
	assert_int_equal(applied, 1);
	expect_ok(migrate(pg, steps, 2, &applied));
	assert_int_equal(applied, 0);
	char value[16];
	expect_ok(run_sql(pg, "SELECT count(*) FROM holdfast.two", false, value, sizeof(value)));
	assert_string_equal(value, "1");
	expect_part(migrate(pg, steps, 1, NULL), ERR_INVALID,
		"the database has version 2 and this holdfastd knows only 1");
	expect_part(migrate(pg, changed, 1, NULL), ERR_INVALID, "version 1 in the database is not");
	// A broken one leaves nothing behind.
	expect_part(migrate(pg, steps, 3, NULL), ERR_BUG, "division by zero");
	pg_free(pg);
	pg = connect_pg();
	expect_ok(run_sql(
		pg, "SELECT to_regclass('holdfast.three') IS NULL", false, value, sizeof(value)));
	assert_string_equal(value, "t");
	expect_ok(run_sql(pg, "DROP SCHEMA holdfast CASCADE", false, NULL, 0));
	pg_free(pg);
}

static void two_daemons_that_migrate_at_once_do_it_once(void **state)
{
	(void)state;
	enum { COUNT = 4 };
	struct pg *pg[COUNT];
	struct migrate runs[COUNT];
	int applied = 0;
	for (int i = 0; i < COUNT; i++) {
		pg[i] = connect_pg();
		migrate_init(&runs[i], &f.loop, steps, 2);
		migrate_start(&runs[i], pg[i], &f.watcher);
	}
	for (int i = 0; i < COUNT; i++) {
		run_until(&f, op_is_finished(&runs[i].op));
		expect_ok(runs[i].op.err);
		applied += runs[i].applied;
		migrate_done(&runs[i]);
		pg_free(pg[i]);
	}
	assert_int_equal(applied, 2);
}

static void a_role_that_may_only_use_the_tables_runs_on_a_migrated_schema(void **state)
{
	(void)state;
	struct pg *pg = connect_pg();
	expect_ok(migrate(pg, steps, 2, NULL));
	expect_ok(run_sql(pg,
		"CREATE ROLE plain; GRANT USAGE ON SCHEMA holdfast TO plain;"
		"GRANT SELECT ON holdfast.migration TO plain; SET ROLE plain",
		true, NULL, 0));
	int applied = -1;
	expect_ok(migrate(pg, steps, 2, &applied));
	assert_int_equal(applied, 0);
	expect_part(migrate(pg, steps, 3, NULL), ERR_DENIED, "permission denied");
	pg_free(pg);
	pg = connect_pg();
	expect_ok(run_sql(pg, "DROP SCHEMA holdfast CASCADE; DROP ROLE plain", true, NULL, 0));
	pg_free(pg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_in_order_and_scripts_run_between),
		cmocka_unit_test(a_commit_that_fails_is_not_taken_for_done),
		cmocka_unit_test(errors_have_their_class_and_harm_no_neighbour),
		cmocka_unit_test(a_statement_in_flight_at_the_loss_may_have_been_done),
		cmocka_unit_test(a_silent_server_is_given_up_at_the_deadline),
		cmocka_unit_test(a_cancel_takes_effect_only_before_sending),
		cmocka_unit_test(hanging_up_finishes_a_connect),
		cmocka_unit_test(migrations_run_once_and_newer_changed_or_broken_ones_are_refused),
		cmocka_unit_test(two_daemons_that_migrate_at_once_do_it_once),
		cmocka_unit_test(a_role_that_may_only_use_the_tables_runs_on_a_migrated_schema),
	};
	return cmocka_run_group_tests(tests, open_server, close_server);
}
