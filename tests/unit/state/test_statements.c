// Every statement against a real server: its shape, that it may be repeated, its order and bounds.
#include "base/hash.h"
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

static void put_record(const char *stack, const char *address, const char *aws_id, int number)
{
	RUN(RECORD_PUT, "{s:s, s:s, s:s, s:s, s:s?, s:{s:i, s:[n, f, b]}, s:I}", "stack", stack,
		"address", address, "kind", "subnet", "layer", "network", "aws_id", aws_id, "data",
		"number", number, "list", 1.5, 1, "now_ms", (json_int_t)t0 + number);
}

static void a_record_is_put_replaced_loaded_and_deleted(void **state)
{
	(void)state;
	put_record("shop", "network.subnet.b", NULL, 1);
	put_record("shop", "network.subnet.a", "subnet-1", 2);
	put_record("shop", "network.subnet.a", "subnet-2", 3);
	put_record("other", "network.subnet.a", "subnet-9", 4);
	ROWS(rows, RECORDS_LOAD, "{s:s}", "stack", "shop");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(text_at(rows, 0, "address"), "network.subnet.a");
	assert_string_equal(text_at(rows, 0, "aws_id"), "subnet-2");
	assert_string_equal(text_at(rows, 0, "kind"), "subnet");
	assert_string_equal(text_at(rows, 0, "layer"), "network");
	assert_int_equal(int_at(rows, 0, "data.number"), 3);
	assert_true(json_real_value(at(rows, 0, "data.list.1")) == 1.5);
	assert_true(json_is_true(at(rows, 0, "data.list.2")));
	assert_int_equal(int_at(rows, 0, "updated_ms"), t0 + 3);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "aws_id")));
	RUN(RECORD_DELETE, "{s:s, s:s}", "stack", "shop", "address", "network.subnet.a");
	RUN(RECORD_DELETE, "{s:s, s:s}", "stack", "shop", "address", "network.subnet.a");
	ROWS(left, RECORDS_LOAD, "{s:s}", "stack", "shop");
	assert_int_equal(json_array_size(left), 1);
	ROWS(other, RECORDS_LOAD, "{s:s}", "stack", "other");
	assert_int_equal(json_array_size(other), 1);
}

static void open_drift(const char *stack, const char *id, const char *address, int64_t at_ms)
{
	RUN(DRIFT_OPEN, "{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:I}", "drift_id", id, "stack", stack,
		"address", address, "field", "map_public_ip_on_launch", "type", "changed",
		"desired", 1, "observed", json_pack("{s:[i,n]}", "x", 1), "at_ms",
		(json_int_t)at_ms);
}

static void close_drift(const char *id, int64_t at_ms)
{
	RUN(DRIFT_CLOSE, "{s:s, s:s, s:s, s:I}", "drift_id", id, "how", "corrected", "action_id",
		"a-1", "at_ms", (json_int_t)at_ms);
}

static void a_drift_opens_and_closes_once_and_open_ones_are_listed_first(void **state)
{
	(void)state;
	open_drift("drifts", "d1", "network.vpc.main", t0);
	open_drift("drifts", "d1", "network.vpc.main", t0 + 50); // again: nothing
	open_drift("drifts", "d2", "network.vpc.main", t0 + 10);
	open_drift("drifts", "d3", "network.vpc.main", t0 + 20);
	close_drift("d2", t0 + 30);
	close_drift("d2", t0 + 99);
	close_drift("d3", t0 + 40);
	ROWS(rows, DRIFTS, "{s:s}", "stack", "drifts");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(text_at(rows, 0, "drift_id"), "d1");
	assert_int_equal(int_at(rows, 0, "opened_ms"), t0);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 0), "closed_ms")));
	assert_true(json_is_true(at(rows, 0, "desired")));
	assert_int_equal(int_at(rows, 0, "observed.x.0"), 1);
	assert_string_equal(text_at(rows, 0, "type"), "changed");
	assert_string_equal(text_at(rows, 1, "drift_id"), "d3");
	assert_string_equal(text_at(rows, 2, "drift_id"), "d2");
	assert_int_equal(int_at(rows, 2, "closed_ms"), t0 + 30);
	assert_string_equal(text_at(rows, 2, "how"), "corrected");
	assert_string_equal(text_at(rows, 2, "action_id"), "a-1");
	ROWS(recent, DRIFTS, "{s:s, s:I, s:i}", "stack", "drifts", "since_ms", (json_int_t)t0 + 35,
		"limit", 10);
	assert_int_equal(json_array_size(recent), 2);
	ROWS(under, DRIFTS, "{s:s, s:s}", "stack", "drifts", "address", "network.vpc");
	assert_int_equal(json_array_size(under), 3);
	ROWS(beside, DRIFTS, "{s:s, s:s}", "stack", "drifts", "address", "network.vp");
	assert_int_equal(json_array_size(beside), 0);
	ROWS(one, DRIFTS, "{s:s, s:n, s:i}", "stack", "drifts", "since_ms", "limit", 1);
	assert_int_equal(json_array_size(one), 1);
}

// Takes the lease of a stack; its token, or 0.
static int64_t take(const char *stack, const char *daemon, int64_t beats, int lasts)
{
	ROWS(rows, LEASE_TAKE, "{s:s, s:s, s:s, s:i, s:I, s:i}", "stack", stack, "daemon_id",
		daemon, "host", "ops", "pid", 7, "beats", (json_int_t)beats, "lasts", lasts);
	return json_array_size(rows) ? int_at(rows, 0, "token") : 0;
}

static bool intend_as(const char *stack, const char *id, int64_t token)
{
	ROWS(rows, ACTION_INTEND, "{s:s, s:s, s:s, s:s, s:I, s:I}", "action_id", id, "stack", stack,
		"address", "network.vpc.a", "operation", "CreateVpc", "at_ms", (json_int_t)t0,
		"token", (json_int_t)token);
	assert_int_equal(json_array_size(rows), 1);
	return json_is_true(at(rows, 0, "is_leader"));
}

static int64_t open_count(const char *stack)
{
	ROWS(rows, ACTIONS_OPEN, "{s:s}", "stack", stack);
	return (int64_t)json_array_size(rows);
}

static void only_the_holder_of_the_lease_may_intend(void **state)
{
	(void)state;
	assert_false(intend_as("fenced", "f0", 1)); // nobody holds it
	assert_int_equal(take("fenced", "a", -1, 60000), 1);
	assert_true(intend_as("fenced", "f1", 1));
	assert_true(intend_as("fenced", "f1", 1)); // again: still the leader, still one row
	assert_false(intend_as("fenced", "f2", 2));
	assert_int_equal(take("fenced", "a", -1, 60000), 2); // its next life
	assert_false(intend_as("fenced", "f3", 1));
	assert_true(intend_as("fenced", "f4", 2));
	assert_int_equal(open_count("fenced"), 2);
	assert_int_equal(take("fenced", "a", -1, 0), 3); // and it ends at once
	assert_false(intend_as("fenced", "f5", 3));
	ROWS(none, ACTION_INTEND, "{s:s, s:s, s:s, s:s, s:I}", "action_id", "f6", "stack", "fenced",
		"address", "network.vpc.a", "operation", "CreateVpc", "at_ms", (json_int_t)t0);
	assert_true(json_is_false(at(none, 0, "is_leader")));
	assert_int_equal(open_count("fenced"), 2);
}

static void a_lease_passes_on_when_it_expired_and_stood_still(void **state)
{
	(void)state;
	assert_int_equal(take("lease", "a", -1, 60000), 1);
	assert_int_equal(take("lease", "b", 1, 60000), 0); // it lives
	ROWS(renewed, LEASE_RENEW, "{s:s, s:s, s:i, s:i}", "stack", "lease", "daemon_id", "a",
		"token", 1, "lasts", 0);
	assert_int_equal(json_array_size(renewed), 1);
	assert_int_equal(take("lease", "b", 1, 60000), 0); // it moved since
	ROWS(all, LEASES, "{}");
	const json_t *row = NULL;
	for (size_t i = 0; i < json_array_size(all); i++)
		if (str_eq(text_at(all, i, "stack"), "lease"))
			row = json_array_get(all, i);
	assert_string_equal(js_str(row, "holder"), "a");
	assert_string_equal(js_str(row, "host"), "ops");
	assert_int_equal(js_int(row, "pid", 0), 7);
	assert_int_equal(js_int(row, "token", 0), 1);
	assert_true(js_int(row, "taken_ms", 0) > t0);
	assert_true(js_bool(row, "is_expired", false));
	assert_int_equal(take("lease", "b", js_int(row, "beats", 0), 60000), 2);
	ROWS(late, LEASE_RENEW, "{s:s, s:s, s:i, s:i}", "stack", "lease", "daemon_id", "a", "token",
		1, "lasts", 60000);
	assert_int_equal(json_array_size(late), 0);
	RUN(LEASE_RELEASE, "{s:s, s:s, s:i}", "stack", "lease", "daemon_id", "a", "token", 1);
	assert_int_equal(take("lease", "a", 0, 60000), 0); // that was no longer its to give
	RUN(LEASE_RELEASE, "{s:s, s:s, s:i}", "stack", "lease", "daemon_id", "b", "token", 2);
	assert_int_equal(take("lease", "a", 0, 60000), 3);
	ROWS(old, LEASE_RENEW, "{s:s, s:s, s:i, s:i}", "stack", "lease", "daemon_id", "a", "token",
		1, "lasts", 60000); // its own, of before
	assert_int_equal(json_array_size(old), 0);
}

static void an_earlier_holder_changes_no_record(void **state)
{
	(void)state;
	take("late", "a", -1, 60000);
	assert_int_equal(take("late", "a", -1, 60000), 2);
	const struct {
		int token;
		const char *id, *then;
	} puts[] = {{2, "vpc-2", "vpc-2"}, {1, "vpc-1", "vpc-2"}, {3, "vpc-3", "vpc-3"}};
	for (size_t i = 0; i < ARRAY_COUNT(puts); i++) {
		RUN(RECORD_PUT, "{s:s, s:s, s:s, s:s, s:s, s:I, s:i}", "stack", "late", "address",
			"network.vpc.a", "kind", "vpc", "layer", "network", "aws_id", puts[i].id,
			"now_ms", (json_int_t)t0, "token", puts[i].token);
		ROWS(rows, RECORDS_LOAD, "{s:s}", "stack", "late");
		assert_string_equal(text_at(rows, 0, "aws_id"), puts[i].then);
	}
	RUN(RECORD_DELETE, "{s:s, s:s, s:i}", "stack", "late", "address", "network.vpc.a", "token",
		1);
	ROWS(kept, RECORDS_LOAD, "{s:s}", "stack", "late");
	assert_int_equal(json_array_size(kept), 1);
	RUN(RECORD_DELETE, "{s:s, s:s, s:i}", "stack", "late", "address", "network.vpc.a", "token",
		2);
	ROWS(left, RECORDS_LOAD, "{s:s}", "stack", "late");
	assert_int_equal(json_array_size(left), 0);
}

static json_t *beat(const char *daemon, int lasts)
{
	return fixture_call(&f, STORE_DAEMON_BEAT,
		json_pack("{s:s, s:s, s:i, s:s, s:{s:b}, s:b, s:i}", "daemon_id", daemon, "host",
			"ops", "pid", 7, "version", "1", "stacks", "shop", 1, "is_observer", 0,
			"lasts", lasts));
}

static void daemons_know_of_each_other_while_they_live(void **state)
{
	(void)state;
	json_decref(beat("a", 60000));
	json_decref(beat("c", 0));
	_cleanup_json_ json_t *rows = beat("b", 0); // it sees itself, whatever the clock says
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(text_at(rows, 0, "daemon_id"), "a");
	assert_string_equal(text_at(rows, 1, "daemon_id"), "b");
	assert_true(json_is_true(at(rows, 0, "stacks.shop")));
	assert_true(json_is_false(at(rows, 0, "is_observer")));
	RUN(DAEMON_LEAVE, "{s:s}", "daemon_id", "a");
	_cleanup_json_ json_t *left = beat("b", 60000);
	assert_int_equal(json_array_size(left), 1);
}

static void intend(const char *stack, const char *id, const char *address, int64_t at_ms)
{
	RUN(ACTION_INTEND,
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:n, s:{s:i}, s:s?, s:s, s:I, s:I, "
		"s:s}",
		"action_id", id, "stack", stack, "address", address, "plan_id", "p1", "operation",
		"CreateVpc", "change", "+", "reason", "missing", "input", "CidrBlock",
		"10.0.0.0/16", "before", "after", "n", 1, "client_token", NULL, "config_version",
		"v1", "at_ms", (json_int_t)at_ms, "token", (json_int_t)take(stack, "d", -1, 60000),
		"creation", "c1");
}

static void settle(const char *id, const char *outcome, int64_t at_ms)
{
	RUN(ACTION_SETTLE, "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I}", "action_id", id,
		"outcome", outcome, "class", "none", "code", "", "message", "", "request_id", "r-1",
		"result_id", "vpc-1", "dur_ms", 120, "attempts", 2, "at_ms", (json_int_t)at_ms);
}

static void an_action_is_open_until_its_outcome_is_known(void **state)
{
	(void)state;
	intend("acts", "i2", "network.vpc.b", t0 + 2);
	intend("acts", "i1", "network.vpc.a", t0 + 1);
	intend("acts", "i1", "network.vpc.changed", t0 + 5);
	ROWS(rows, ACTIONS_OPEN, "{s:s}", "stack", "acts");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(text_at(rows, 0, "action_id"), "i1");
	assert_string_equal(text_at(rows, 0, "address"), "network.vpc.a");
	assert_string_equal(text_at(rows, 0, "plan_id"), "p1");
	assert_string_equal(text_at(rows, 0, "operation"), "CreateVpc");
	assert_string_equal(text_at(rows, 0, "change"), "+");
	assert_string_equal(text_at(rows, 0, "input.CidrBlock"), "10.0.0.0/16");
	assert_string_equal(text_at(rows, 0, "creation"), "c1");
	assert_int_equal(int_at(rows, 0, "at_ms"), t0 + 1);
	settle("i1", "unknown", t0 + 3);
	ROWS(unknown, ACTIONS_OPEN, "{s:s}", "stack", "acts");
	assert_int_equal(json_array_size(unknown), 1); // an outcome, too
	settle("i1", "found", t0 + 4);
	settle("i2", "done", t0 + 4);
	settle("i2", "failed", t0 + 5); // too late
	ROWS(none, ACTIONS_OPEN, "{s:s}", "stack", "acts");
	assert_int_equal(json_array_size(none), 0);
	ROWS(history, HISTORY, "{s:s}", "stack", "acts");
	assert_int_equal(json_array_size(history), 2);
	assert_string_equal(text_at(history, 0, "detail.outcome"), "done");
	assert_string_equal(text_at(history, 1, "detail.outcome"), "found");
	assert_int_equal(int_at(history, 1, "detail.after.n"), 1);
	assert_int_equal(int_at(history, 1, "detail.attempts"), 2);
}

static void add_pass(const char *layer, int64_t started_ms, int calls, bool quiet)
{
	RUN(PASS_ADD, "{s:s, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:b}", "stack",
		"passes", "layer", layer, "started_ms", (json_int_t)started_ms, "dur_ms", 10,
		"calls", calls, "resources", 40, "drifted", quiet ? 0 : 1, "corrected", 0, "held",
		0, "failed", 0, "trigger", "interval", "quiet", quiet);
}

// Passes leave with retention, which says how many rows they were.
static int64_t delete_before(int64_t before_ms)
{
	ROWS(rows, RETENTION, "{s:I}", "before_ms", (json_int_t)before_ms);
	return int_at(rows, 0, "deleted");
}

static void quiet_passes_of_an_hour_share_a_row(void **state)
{
	(void)state;
	const int64_t minute = 60000, hour = 60 * minute;
	const int64_t start = t0 - 1000 * hour; // older than anything else here
	for (int i = 0; i < 60; i++)
		add_pass("network", start + i * minute, 3, true); // one row
	add_pass("network", start + 59 * minute, 3, true);        // repeated: nothing
	for (int i = 0; i < 60; i += 7)
		add_pass("network", start + i * minute, 3, true); // told again: nothing
	add_pass("network", start + hour, 3, true);               // the next hour
	add_pass("data", start + 2 * minute, 3, true);            // another layer
	add_pass("network", start + hour + minute, 3, false);     // not quiet
	add_pass("network", start + hour + minute, 3, false);     // repeated: nothing
	add_pass("network", start + hour + 2 * minute, 3, true);  // quiet after not quiet
	assert_string_equal(
		fixture_sql(&f, "SELECT string_agg(concat_ws('/', count, calls, dur_ms, quiet,"
				" extract(epoch FROM last_at - started_at)::int), ' '"
				" ORDER BY started_at) FROM holdfast.pass"
				" WHERE layer = 'network'"),
		"60/180/600/t/3540 1/3/10/t/0 1/3/10/f/0 1/3/10/t/0");
	assert_int_equal(delete_before(start), 0);
	assert_int_equal(delete_before(start + 59 * minute), 1); // data
	assert_int_equal(delete_before(start + 2 * hour), 4);
}

static void a_configuration_is_kept_once_and_each_time_it_came_into_force(void **state)
{
	(void)state;
	const char *versions[] = {"v1", "v1", "v2", "v1"};
	for (int turn = 0; turn < 8; turn++) { // told twice: as once
		int i = turn % 4;
		RUN(CONFIG_ADD, "{s:s, s:s, s:s, s:{s:i}, s:I}", "stack", "cfg", "version",
			versions[i], "file", "/etc/holdfast/shop.yaml", "document", "n", i, "at_ms",
			(json_int_t)t0 + i);
	}
	ROWS(rows, HISTORY, "{s:s}", "stack", "cfg");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(text_at(rows, 0, "what"), "config");
	assert_string_equal(text_at(rows, 0, "detail.version"), "v1");
	assert_int_equal(int_at(rows, 0, "at_ms"), t0 + 3);
	assert_string_equal(text_at(rows, 1, "detail.version"), "v2");
	assert_string_equal(text_at(rows, 0, "address"), "");
	ROWS(uses, CONFIGS, "{s:s}", "stack", "cfg");
	assert_int_equal(json_array_size(uses), 3);
	assert_string_equal(text_at(uses, 0, "version"), "v1");
	assert_string_equal(text_at(uses, 0, "file"), "/etc/holdfast/shop.yaml");
	ROWS(then, CONFIG_AT, "{s:s, s:I}", "stack", "cfg", "at_ms",
		(json_int_t)int_at(rows, 1, "at_ms"));
	assert_int_equal(json_array_size(then), 1);
	assert_string_equal(text_at(then, 0, "version"), "v2");
	assert_true(js_at(json_array_get(then, 0), "document.n") != NULL);
	ROWS(named, CONFIG_AT, "{s:s, s:s}", "stack", "cfg", "version", "v1");
	assert_int_equal(json_array_size(named), 1);
	assert_int_equal(int_at(named, 0, "at_ms"), t0 + 3);
	ROWS(never, CONFIG_AT, "{s:s, s:I}", "stack", "cfg", "at_ms", (json_int_t)t0 - 1);
	assert_int_equal(json_array_size(never), 0);
}

static void put_hold(const char *id)
{
	RUN(HOLD_PUT, "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:I}", "hold_id", id, "stack",
		"holds", "address", "data.db_instance.main", "digest", "abc", "change", "-/+",
		"reason", "NeedsApproval", "disruption", "data loss", "what", "engine", "postgres",
		"at_ms", (json_int_t)t0);
}

static int64_t decide(const char *id, const char *to, const char *who, int64_t at_ms)
{
	ROWS(rows, HOLD_DECIDE, "{s:s, s:s, s:s?, s:I}", "hold_id", id, "state", to, "who", who,
		"at_ms", (json_int_t)at_ms);
	return (int64_t)json_array_size(rows);
}

static void a_hold_waits_is_approved_and_used_and_then_stays_used(void **state)
{
	(void)state;
	put_hold("h1");
	put_hold("h1");
	put_hold("h2");
	assert_int_equal(decide("h1", "approved", "alice", t0 + 1), 1);
	assert_int_equal(decide("h2", "rejected", "bob", t0 + 2), 1);
	ROWS(open, HOLDS_OPEN, "{s:s}", "stack", "holds");
	assert_int_equal(json_array_size(open), 2);
	assert_string_equal(text_at(open, 1, "hold_id"), "h2"); // a no is remembered
	assert_string_equal(text_at(open, 1, "state"), "rejected");
	assert_string_equal(text_at(open, 1, "who"), "bob");
	assert_int_equal(int_at(open, 1, "decided_ms"), t0 + 2);
	assert_string_equal(text_at(open, 0, "hold_id"), "h1");
	assert_string_equal(text_at(open, 0, "state"), "approved");
	assert_string_equal(text_at(open, 0, "who"), "alice");
	assert_string_equal(text_at(open, 0, "digest"), "abc");
	assert_string_equal(text_at(open, 0, "disruption"), "data loss");
	assert_string_equal(text_at(open, 0, "what.engine"), "postgres");
	assert_int_equal(int_at(open, 0, "at_ms"), t0);
	assert_int_equal(decide("h1", "used", "holdfastd", t0 + 3), 1);
	assert_int_equal(decide("h1", "approved", "mallory", t0 + 4), 0);
	assert_int_equal(decide("nobody", "approved", "mallory", t0 + 4), 0);
	assert_int_equal(decide("h2", "gone", "holdfastd", t0 + 5), 1);
	assert_int_equal(decide("h2", "gone", "holdfastd", t0 + 6), 0);
	ROWS(left, HOLDS_OPEN, "{s:s}", "stack", "holds");
	assert_int_equal(json_array_size(left), 0);
	ROWS(history, HISTORY, "{s:s, s:s}", "stack", "holds", "address", "data.db_instance.main");
	// A rejection is told once, when it was said. Only who decided is named.
	static const struct {
		const char *state, *who;
		int at;
	} told[] = {{"used", NULL, 3}, {"rejected", "bob", 2}, {"approved", "alice", 1},
		{"waiting", NULL, 0}, {"waiting", NULL, 0}};
	assert_int_equal(json_array_size(history), ARRAY_COUNT(told));
	for (size_t i = 0; i < ARRAY_COUNT(told); i++) {
		assert_string_equal(text_at(history, i, "detail.state"), told[i].state);
		assert_int_equal(int_at(history, i, "at_ms"), t0 + told[i].at);
		const json_t *detail = json_object_get(json_array_get(history, i), "detail");
		assert_true(str_eq_null(js_str(detail, "who"), told[i].who) ||
			    js_str(detail, "who") == told[i].who);
	}
}

static void observe(const char *stack, const char *address, int64_t at_ms, json_t *observed)
{
	RUN(OBSERVATION_ADD, "{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:I}", "stack", stack,
		"address", address, "kind", "vpc", "aws_id", "vpc-1", "state", observed, "sync",
		"Synced", "health", "Healthy", "reason", "InSync", "at_ms", (json_int_t)at_ms);
}

static void history_is_newest_first_and_filtered_at_the_dots(void **state)
{
	(void)state;
	observe("hist", "network.vpc.main", t0 + 1, json_pack("{s:s}", "VpcId", "vpc-1"));
	observe("hist", "network.vpc.main", t0 + 1, json_null()); // the same instant: nothing
	observe("hist", "network.vpc.main-2", t0 + 2, json_null());
	observe("hist", "networks.vpc.main", t0 + 3, json_null());
	open_drift("hist", "hd", "network.vpc.main", t0 + 4);
	close_drift("hd", t0 + 6);
	intend("hist", "ha", "network.subnet.a", t0 + 5);
	ROWS(all, HISTORY, "{s:s}", "stack", "hist");
	assert_int_equal(json_array_size(all), 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(int_at(all, i, "at_ms"), t0 + 6 - (int64_t)i);
	assert_string_equal(text_at(all, 0, "what"), "closed");
	assert_int_equal(int_at(all, 0, "detail.opened_ms"), t0 + 4);
	assert_string_equal(text_at(all, 2, "what"), "drift");
	assert_true(json_is_true(at(all, 3, "detail.gone")));
	assert_true(json_is_false(at(all, 5, "detail.gone")));
	ROWS(network, HISTORY, "{s:s, s:s}", "stack", "hist", "address", "network");
	assert_int_equal(json_array_size(network), 5);
	ROWS(vpcs, HISTORY, "{s:s, s:s}", "stack", "hist", "address", "network.vpc");
	assert_int_equal(json_array_size(vpcs), 4);
	ROWS(exact, HISTORY, "{s:s, s:s}", "stack", "hist", "address", "network.vpc.main");
	assert_int_equal(json_array_size(exact), 3);
	ROWS(between, HISTORY, "{s:s, s:I, s:I, s:i}", "stack", "hist", "since_ms",
		(json_int_t)t0 + 2, "until_ms", (json_int_t)t0 + 5, "limit", 2);
	assert_int_equal(json_array_size(between), 2);
	assert_int_equal(int_at(between, 0, "at_ms"), t0 + 5);
	ROWS(percent, HISTORY, "{s:s, s:s}", "stack", "hist", "address", "network.%");
	assert_int_equal(json_array_size(percent), 0);
}

static void the_state_at_an_instant_is_the_last_one_observed_before(void **state)
{
	(void)state;
	observe("past", "network.vpc.a", t0, json_pack("{s:i}", "n", 1));
	observe("past", "network.vpc.a", t0 + 10, json_pack("{s:i}", "n", 2));
	observe("past", "network.vpc.a", t0 + 20, json_null());
	observe("past", "network.vpc.b", t0 + 15, json_pack("{s:i}", "n", 3));
	ROWS(then, STATE_AT, "{s:s, s:I}", "stack", "past", "at_ms", (json_int_t)t0 + 12);
	assert_int_equal(json_array_size(then), 1);
	assert_int_equal(int_at(then, 0, "state.n"), 2);
	assert_string_equal(text_at(then, 0, "sync"), "Synced");
	ROWS(now, STATE_AT, "{s:s, s:s, s:I}", "stack", "past", "address", "network.vpc", "at_ms",
		(json_int_t)t0 + 30);
	assert_int_equal(json_array_size(now), 2);
	assert_true(json_is_null(json_object_get(json_array_get(now, 0), "state")));
	assert_int_equal(int_at(now, 1, "state.n"), 3);
	ROWS(nothing, STATE_AT, "{s:s, s:I}", "stack", "nobody", "at_ms", (json_int_t)t0);
	assert_int_equal(json_array_size(nothing), 0);
}

static void retention_spares_what_is_open_in_force_or_last(void **state)
{
	(void)state;
	const int64_t old = t0 - (int64_t)400 * 86400000;
	for (int i = 0; i < 3; i++)
		observe("old", "network.vpc.a", old + i, json_null());
	open_drift("old", "old1", "network.vpc.a", old);
	open_drift("old", "old2", "network.vpc.a", old);
	close_drift("old2", old + 1);
	put_record("old", "network.vpc.a", NULL, 1);
	intend("old", "olda", "network.vpc.a", old);
	intend("old", "oldb", "network.vpc.a", old);
	settle("oldb", "done", old + 1);
	int64_t before = t0 - (int64_t)300 * 86400000;
	assert_int_equal(delete_before(before), 4); // two observations, a drift, an action
	assert_int_equal(delete_before(before), 0);
	ROWS(left, HISTORY, "{s:s}", "stack", "old");
	assert_int_equal(json_array_size(left), 3);
	ROWS(records, RECORDS_LOAD, "{s:s}", "stack", "old");
	assert_int_equal(json_array_size(records), 1);
}

static void expect_invalid(enum store_statement statement, json_t *args, const char *part)
{
	json_t *rows = NULL;
	struct err err = fixture_try(&f, statement, args, &rows);
	assert_int_equal(err.class, ERR_INVALID);
	assert_false(err.maybe_done);
	assert_null(rows);
	if (!strstr(err.message, part))
		fail_msg("'%s' is not in '%s'", part, err.message);
}

static void hostile_values_are_refused_and_harm_nothing(void **state)
{
	(void)state;
	expect_invalid(STORE_RECORDS_LOAD, json_pack("{s:s%}", "stack", "a\0b", (size_t)3), "NUL");
	expect_invalid(STORE_RECORDS_LOAD, json_object(), "stack is missing");
	expect_invalid(STORE_RECORDS_LOAD, json_pack("{s:i}", "stack", 1), "must be a string");
	expect_invalid(STORE_RECORDS_LOAD, NULL, "missing");
	expect_invalid(STORE_RETENTION, json_pack("{s:i}", "before_ms", -1), "before_ms");
	expect_invalid(STORE_RETENTION, json_pack("{s:I}", "before_ms", INT64_MAX), "before_ms");
	// \u0000 inside of jsonb is for the server to refuse
	expect_invalid(STORE_RECORD_PUT,
		json_pack("{s:s, s:s, s:s, s:s, s:{s:s%}, s:I}", "stack", "x", "address", "y",
			"kind", "k", "layer", "l", "data", "text", "a\0b", (size_t)3, "now_ms",
			(json_int_t)t0),
		"RECORD_PUT");
	put_record("quote'); DROP SCHEMA holdfast CASCADE; --", "\\'\"%_$1", "'", 1);
	ROWS(rows, RECORDS_LOAD, "{s:s}", "stack", "quote'); DROP SCHEMA holdfast CASCADE; --");
	assert_string_equal(text_at(rows, 0, "address"), "\\'\"%_$1");
}

static void a_megabyte_comes_back_as_it_went(void **state)
{
	(void)state;
	enum { BYTES = 1 << 20 };
	_cleanup_free_ char *text = malloc(BYTES + 1);
	assert_non_null(text);
	for (size_t i = 0; i < BYTES; i++)
		text[i] = (char)('a' + i * 7 % 26);
	text[BYTES] = '\0';
	for (int i = 0; i < 3; i++)
		RUN(RECORD_PUT, "{s:s, s:s, s:s, s:s, s:{s:s}, s:I}", "stack", "big", "address",
			"a", "kind", "k", "layer", "l", "data", "text", text, "now_ms",
			(json_int_t)t0);
	ROWS(rows, RECORDS_LOAD, "{s:s}", "stack", "big");
	assert_string_equal(text_at(rows, 0, "data.text"), text);
	_cleanup_free_ char *huge = malloc(20 << 20);
	assert_non_null(huge);
	memset(huge, 'x', (20 << 20) - 1);
	huge[(20 << 20) - 1] = '\0';
	expect_invalid(STORE_RECORDS_LOAD, json_pack("{s:s}", "stack", huge), "too large");
	expect_invalid(STORE_RECORD_DELETE, json_pack("{s:s, s:s}", "stack", text, "address", huge),
		"too large");
}

static void a_failed_statement_leaves_its_neighbours_alone(void **state)
{
	(void)state;
	enum { COUNT = 300 };
	static struct store_call calls[COUNT];
	for (int i = 0; i < COUNT; i++) {
		// Every third has a key that no index can hold.
		_cleanup_free_ char *address = NULL;
		if (i % 3 == 0) {
			static uint8_t noise[8000];
			assert_true(hash_random(noise, sizeof(noise)));
			address = malloc(sizeof(noise) * 2 + 1);
			assert_non_null(address);
			hash_hex(noise, sizeof(noise), address);
		} else {
			address = str_format("n%d", i);
		}
		store_call_init(&calls[i], STORE_RECORD_PUT,
			json_pack("{s:s, s:s, s:s, s:s, s:I}", "stack", "many", "address", address,
				"kind", "k", "layer", "l", "now_ms", (json_int_t)t0));
		store_start(store_as_port(f.store), &calls[i], &f.watcher);
	}
	for (int i = 0; i < COUNT; i++) {
		run_until(&f, op_is_finished(&calls[i].op));
		assert_int_equal(calls[i].op.err.class, i % 3 == 0 ? ERR_INVALID : ERR_NONE);
		store_call_done(&calls[i]);
	}
	ROWS(rows, RECORDS_LOAD, "{s:s}", "stack", "many");
	assert_int_equal(json_array_size(rows), COUNT - COUNT / 3);
}

static void every_row_of_the_table_is_complete(void **state)
{
	(void)state;
	for (int i = 0; i < STORE_STATEMENT_COUNT; i++) {
		const struct statement *statement = statements_get((enum store_statement)i);
		assert_non_null(statement->name);
		assert_non_null(statement->sql);
		int params = 0;
		while (params < STATEMENT_MOST_PARAMS && statement->params[params].name)
			params++;
		for (int p = 1; p <= params + 1; p++) {
			char mark[8];
			snprintf(mark, sizeof(mark), "$%d", p);
			assert_int_equal(strstr(statement->sql, mark) != NULL, p <= params);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_is_complete),
		cmocka_unit_test(retention_spares_what_is_open_in_force_or_last),
		cmocka_unit_test(quiet_passes_of_an_hour_share_a_row),
		cmocka_unit_test(a_record_is_put_replaced_loaded_and_deleted),
		cmocka_unit_test(a_drift_opens_and_closes_once_and_open_ones_are_listed_first),
		cmocka_unit_test(only_the_holder_of_the_lease_may_intend),
		cmocka_unit_test(a_lease_passes_on_when_it_expired_and_stood_still),
		cmocka_unit_test(an_earlier_holder_changes_no_record),
		cmocka_unit_test(daemons_know_of_each_other_while_they_live),
		cmocka_unit_test(an_action_is_open_until_its_outcome_is_known),
		cmocka_unit_test(a_configuration_is_kept_once_and_each_time_it_came_into_force),
		cmocka_unit_test(a_hold_waits_is_approved_and_used_and_then_stays_used),
		cmocka_unit_test(history_is_newest_first_and_filtered_at_the_dots),
		cmocka_unit_test(the_state_at_an_instant_is_the_last_one_observed_before),
		cmocka_unit_test(hostile_values_are_refused_and_harm_nothing),
		cmocka_unit_test(a_megabyte_comes_back_as_it_went),
		cmocka_unit_test(a_failed_statement_leaves_its_neighbours_alone),
	};
	return cmocka_run_group_tests(tests, open_store, close_store);
}
