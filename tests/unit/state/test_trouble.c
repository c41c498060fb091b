// What other sessions and people's hands do to a store at work: deadlocks, serialization failures,
// locks, rows that nobody of ours would write. And what a restart must not forget.
#include "base/log.h"
#include "fixture.h"

static struct fixture f;
static const int64_t t0 = 1763891234567; // 2025-11-23T09:47:14.567Z

static int open_store(void **state)
{
	(void)state;
	fixture_init(&f);
	fixture_make_dir(&f);
	fixture_open(&f, NULL);
	run_until(&f, store_phase(f.store) == STORE_READY);
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	fixture_close(&f);
	fixture_remove_dir(&f);
	fixture_done(&f);
	return 0;
}

#define RUN(statement, ...) fixture_run(&f, STORE_##statement, json_pack(__VA_ARGS__))
#define ROWS(name, statement, ...)                                                                 \
	_cleanup_json_ json_t *name = fixture_call(&f, STORE_##statement, json_pack(__VA_ARGS__))

// ---- another session

static PGconn *person(void)
{
	char conninfo[160];
	snprintf(conninfo, sizeof(conninfo), "host=%s/postgres/run user=holdfast dbname=postgres",
		f.dir);
	PGconn *conn = PQconnectdb(conninfo);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	return conn;
}

static void does(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQclear(result);
}

static bool server_said(const char *part)
{
	char command[256];
	snprintf(command, sizeof(command), "grep -q '%s' '%s/postgres/server.log'", part, f.dir);
	return system(command) == 0;
}

// Does a session of ours wait for a lock?
static bool is_waiting(void)
{
	return str_eq(fixture_sql(&f,
			      "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
			      " AND application_name = 'holdfastd'"),
		"1");
}

static void wait_for_lock(void)
{
	for (int i = 0; i < 2000 && !is_waiting(); i++)
		uv_run(&f.loop.uv, UV_RUN_NOWAIT);
	assert_true(is_waiting());
}

static void intend(
	const char *id, const char *address, const char *plan, const char *change, int64_t at_ms)
{
	RUN(ACTION_INTEND, "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "action_id", id, "stack",
		"shop", "address", address, "plan_id", plan, "change", change, "operation",
		"ec2:DeleteVpc", "at_ms", (json_int_t)at_ms, "token", 1);
}

static void settle(const char *id, const char *outcome)
{
	RUN(ACTION_SETTLE, "{s:s, s:s, s:I}", "action_id", id, "outcome", outcome, "at_ms",
		(json_int_t)t0);
}

// The sweep holds the drift and wants the action; the person holds the action and wants the drift.
static void a_deadlock_is_sent_again_whole(void **state)
{
	(void)state;
	PGconn *conn = person();
	does(conn,
		"INSERT INTO holdfast.drift (drift_id, stack, address, type, opened_at, closed_at)"
		" VALUES ('d', 'shop', 'a.b.c', 'changed', 'epoch', 'epoch');"
		"INSERT INTO holdfast.action (action_id, stack, address, operation, intended_at,"
		" outcome) VALUES ('a', 'shop', 'a.b.c', 'x:Y', 'epoch', 'done')");
	does(conn, "SET deadlock_timeout = '1h'");
	does(conn, "BEGIN; SELECT 1 FROM holdfast.action WHERE action_id = 'a' FOR UPDATE");
	struct store_call call;
	store_call_init(&call, STORE_RETENTION, json_pack("{s:I}", "before_ms", (json_int_t)t0));
	store_start(store_as_port(f.store), &call, &f.watcher);
	wait_for_lock();
	does(conn, "SELECT 1 FROM holdfast.drift WHERE drift_id = 'd' FOR UPDATE");
	assert_true(server_said("deadlock detected"));
	does(conn, "COMMIT");
	run_until(&f, op_is_finished(&call.op));
	if (err_is(&call.op.err))
		fail_msg("%s", call.op.err.message);
	assert_int_equal(int_at(call.rows, 0, "deleted"), 2);
	store_call_done(&call);
	PQfinish(conn);
}

static void a_serialization_failure_is_sent_again_whole(void **state)
{
	(void)state;
	PGconn *conn = person();
	does(conn, "ALTER ROLE holdfast SET default_transaction_isolation TO 'repeatable read'");
	fixture_close(&f);
	PQfinish(conn);
	fixture_open(&f, NULL);
	run_until(&f, store_phase(f.store) == STORE_READY);
	conn = person();
	ROWS(lease, LEASE_TAKE, "{s:s, s:s, s:s, s:i, s:i}", "stack", "shop", "daemon_id", "me",
		"host", "h", "pid", 1, "lasts", 600000);
	assert_int_equal(int_at(lease, 0, "token"), 1);
	does(conn, "BEGIN; UPDATE holdfast.lease SET host = 'other'");
	struct store_call call;
	store_call_init(&call, STORE_ACTION_INTEND,
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:i}", "action_id", "once", "stack", "shop",
			"address", "a.b.c", "operation", "x:Y", "at_ms", (json_int_t)t0, "token",
			1));
	store_start(store_as_port(f.store), &call, &f.watcher);
	wait_for_lock();
	does(conn, "COMMIT");
	run_until(&f, op_is_finished(&call.op));
	if (err_is(&call.op.err))
		fail_msg("%s", call.op.err.message);
	assert_true(json_is_true(at(call.rows, 0, "is_leader")));
	assert_true(server_said("could not serialize access due to concurrent update"));
	assert_string_equal(fixture_sql(&f, "SELECT count(*) FROM holdfast.action"
					    " WHERE action_id = 'once'"),
		"1");
	store_call_done(&call);
	does(conn, "ALTER ROLE holdfast RESET default_transaction_isolation");
	PQfinish(conn);
}

static void what_waits_for_a_lock_keeps_no_lease_waiting_and_names_who_holds_it(void **state)
{
	(void)state;
	PGconn *conn = person();
	char who[64];
	snprintf(who, sizeof(who), "session %d (holdfast, ", PQbackendPID(conn));
	does(conn, "BEGIN; LOCK TABLE holdfast.pass");
	struct store_call call;
	store_call_init(&call, STORE_PASS_ADD,
		json_pack("{s:s, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b}", "stack",
			"shop", "layer", "network", "started_ms", (json_int_t)t0, "dur_ms", 1,
			"calls", 1, "resources", 1, "drifted", 0, "corrected", 0, "held", 0,
			"failed", 0, "quiet", 1));
	store_start(store_as_port(f.store), &call, &f.watcher);
	run_until(&f, strstr(store_message(f.store), who));
	assert_true(op_is_running(&call.op));
	RUN(LEASE_RENEW, "{s:s, s:s, s:i, s:i}", "stack", "shop", "daemon_id", "me", "token", 1,
		"lasts", 600000);
	assert_true(op_is_running(&call.op)); // the renewal has overtaken it
	assert_int_equal(store_phase(f.store), STORE_READY);
	run_until(&f, op_is_finished(&call.op));
	assert_string_equal(call.op.err.code, "55P03");
	assert_int_equal(call.op.err.class, ERR_TRANSIENT);
	store_call_done(&call);
	does(conn, "ROLLBACK");
	PQfinish(conn);
	run_until(&f, store_message(f.store)[0] == '\0'); // and then nobody is accused
}

// ---- what people write by hand

static bool is_null(const json_t *rows, size_t row, const char *column)
{
	return json_is_null(json_object_get(json_array_get(rows, row), column));
}

static void instants_without_end_and_numbers_without_bound_are_absent(void **state)
{
	(void)state;
	PGconn *conn = person();
	does(conn,
		"INSERT INTO holdfast.resource VALUES"
		" ('odd', 'a.b.c', 'vpc', 'network', 'vpc-1', '{\"n\": 1e999}', 'infinity'),"
		" ('odd', 'a.b.d', 'vpc', 'network', 'vpc-2', '{\"n\": 1}', '-infinity');"
		"INSERT INTO holdfast.people_order (order_id, stack, sort, target, who, at, until)"
		" VALUES ('o', 'odd', 'pause', 'network', 'ann', '-infinity', 'infinity');"
		"INSERT INTO holdfast.drift (drift_id, stack, address, type, opened_at)"
		" VALUES ('odd', 'odd', 'a.b.c', 'changed', 'infinity')");
	PQfinish(conn);
	ROWS(records, RECORDS_LOAD, "{s:s}", "stack", "odd");
	assert_int_equal(json_array_size(records), 2);
	assert_true(is_null(records, 0, "data"));
	assert_true(is_null(records, 0, "updated_ms"));
	assert_string_equal(text_at(records, 0, "aws_id"), "vpc-1");
	assert_int_equal(int_at(records, 1, "data.n"), 1);
	ROWS(orders, ORDERS_OPEN, "{s:s}", "stack", "odd");
	assert_int_equal(json_array_size(orders), 1);
	assert_true(is_null(orders, 0, "until_ms"));
	ROWS(drifts, DRIFTS, "{s:s}", "stack", "odd");
	assert_int_equal(json_array_size(drifts), 1);
	ROWS(history, HISTORY, "{s:s}", "stack", "odd");
	assert_int_equal(json_array_size(history), 2);
}

static void an_order_lasts_by_the_clock_of_the_server(void **state)
{
	(void)state;
	PGconn *conn = person();
	RUN(ORDER_PUT, "{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "order_id", "ahead", "stack",
		"clocks", "sort", "pause", "target", "network", "who", "ann", "at_ms",
		(json_int_t)(t0 + 7200000), "until_ms", (json_int_t)(t0 + 7260000));
	RUN(ORDER_PUT, "{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "order_id", "behind", "stack",
		"clocks", "sort", "pause", "target", "data", "who", "ann", "at_ms",
		(json_int_t)(t0 - 90000000), "until_ms", (json_int_t)(t0 - 89940000));
	ROWS(orders, ORDERS_OPEN, "{s:s}", "stack", "clocks");
	assert_int_equal(json_array_size(orders), 2);
	for (size_t i = 0; i < 2; i++)
		assert_in_range(int_at(orders, i, "left_ms"), 1, 60000);
	does(conn, "UPDATE holdfast.people_order SET stored_at = stored_at - interval '1 minute'"
		   " WHERE order_id = 'ahead'");
	PQfinish(conn);
	ROWS(left, ORDERS_OPEN, "{s:s}", "stack", "clocks");
	assert_int_equal(json_array_size(left), 1);
	assert_string_equal(text_at(left, 0, "order_id"), "behind");
}

// ---- what a restart must know

static void deletions_of_an_hour_are_those_that_no_person_approved(void **state)
{
	(void)state;
	intend("old", "a.b.0", "p0", "-", t0 - 1);
	intend("one", "a.b.1", "p1", "-", t0 + 1);
	intend("one-again", "a.b.1", "p1", "-", t0 + 2); // of the same plan
	intend("two", "a.b.2", "p2", "-/+", t0 + 3);
	intend("approved", "a.b.3", "p3", "-", t0 + 4);
	intend("failed", "a.b.4", "p4", "-", t0 + 5);
	intend("create", "a.b.5", "p5", "+", t0 + 6);
	intend("rejected", "a.b.6", "p6", "-", t0 + 7);
	settle("one", "done");
	settle("failed", "failed");
	settle("rejected", "unknown");
	for (int i = 3; i <= 6; i += 3) {
		char hold[16], address[16], plan[16];
		snprintf(hold, sizeof(hold), "hold-%d", i);
		snprintf(address, sizeof(address), "a.b.%d", i);
		snprintf(plan, sizeof(plan), "p%d", i);
		RUN(HOLD_PUT, "{s:s, s:s, s:s, s:s, s:I}", "hold_id", hold, "stack", "shop",
			"address", address, "digest", plan, "at_ms", (json_int_t)t0);
		RUN(HOLD_DECIDE, "{s:s, s:s, s:s, s:I}", "hold_id", hold, "state",
			i == 3 ? "approved" : "rejected", "who", "ann", "at_ms", (json_int_t)t0);
	}
	RUN(HOLD_DECIDE, "{s:s, s:s, s:I}", "hold_id", "hold-3", "state", "used", "at_ms",
		(json_int_t)t0 + 9);
	ROWS(rows, DELETIONS, "{s:s, s:I}", "stack", "shop", "since_ms", (json_int_t)t0);
	assert_int_equal(json_array_size(rows), 3);
	assert_int_equal(int_at(rows, 0, "at_ms"), t0 + 2);
	assert_int_equal(int_at(rows, 1, "at_ms"), t0 + 3);
	assert_int_equal(int_at(rows, 2, "at_ms"), t0 + 7);
}

static void put_incident(const char *trigger, bool is_over)
{
	_cleanup_json_ json_t *incident =
		is_over ? NULL : json_pack("{s:s, s:{}}", "id", "i", "fields");
	_cleanup_json_ json_t *message = trigger ? json_pack("{s:s}", "trigger", trigger) : NULL;
	RUN(INCIDENT_PUT, "{s:s, s:s, s:O?, s:O?, s:I}", "stack", "shop", "key", "drift shop a.b.c",
		"incident", incident, "message", message, "at_ms", (json_int_t)t0);
}

static void tell_incident(const char *trigger)
{
	RUN(INCIDENT_TOLD, "{s:s, s:s, s:s*}", "stack", "shop", "key", "drift shop a.b.c",
		"trigger", trigger);
}

static void expect_incident(const char *trigger, bool is_open)
{
	ROWS(rows, INCIDENTS, "{s:s}", "stack", "shop");
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(text_at(rows, 0, "message.trigger"), trigger);
	assert_int_equal(json_is_object(at(rows, 0, "incident")), is_open);
}

static void an_incident_stays_until_it_is_over_and_everybody_was_told(void **state)
{
	(void)state;
	put_incident("on-drift", false);
	expect_incident("on-drift", true);
	tell_incident("on-drift");
	tell_incident("on-drift");
	expect_incident("(none)", true);
	put_incident("on-corrected", true);
	tell_incident("on-drift"); // a late one, of the beginning
	expect_incident("on-corrected", false);
	tell_incident("on-corrected");
	ROWS(none, INCIDENTS, "{s:s}", "stack", "shop");
	assert_int_equal(json_array_size(none), 0);
	put_incident(NULL, true); // over, and nobody wants to know
	tell_incident(NULL);
	ROWS(still_none, INCIDENTS, "{s:s}", "stack", "shop");
	assert_int_equal(json_array_size(still_none), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadlock_is_sent_again_whole),
		cmocka_unit_test(a_serialization_failure_is_sent_again_whole),
		cmocka_unit_test(
			what_waits_for_a_lock_keeps_no_lease_waiting_and_names_who_holds_it),
		cmocka_unit_test(an_order_lasts_by_the_clock_of_the_server),
		cmocka_unit_test(instants_without_end_and_numbers_without_bound_are_absent),
		cmocka_unit_test(deletions_of_an_hour_are_those_that_no_person_approved),
		cmocka_unit_test(an_incident_stays_until_it_is_over_and_everybody_was_told),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, open_store, close_store);
}
