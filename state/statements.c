// All SQL of the store but its migrations: one row a statement. A row's comment says what its
// columns are where the SQL does not. Rows may be repeated without harm: every one is keyed by an
// id or an instant.
//
// Columns answer as bigint, bool, jsonb or text, which bind.c turns into JSON; instants leave as
// milliseconds. Nothing here relies on session state, so a pooler in transaction mode may sit in
// between.
#include "state/statements.h"

// 'infinity', which only a person writes, is no number: NULL.
#define MS(column)                                                                                 \
	"CASE WHEN isfinite(" column ") THEN (extract(epoch FROM " column ") * 1000)::bigint END"

#define TEXT(param)                                                                                \
	{                                                                                          \
		param, STATEMENT_TEXT, false                                                       \
	}
#define TEXT_OR_NULL(param)                                                                        \
	{                                                                                          \
		param, STATEMENT_TEXT, true                                                        \
	}
#define INT(param)                                                                                 \
	{                                                                                          \
		param, STATEMENT_INT, false                                                        \
	}
#define INT_OR_NULL(param)                                                                         \
	{                                                                                          \
		param, STATEMENT_INT, true                                                         \
	}
#define BOOL(param)                                                                                \
	{                                                                                          \
		param, STATEMENT_BOOL, false                                                       \
	}
#define JSON_OR_NULL(param)                                                                        \
	{                                                                                          \
		param, STATEMENT_JSON, true                                                        \
	}
#define TIME(param)                                                                                \
	{                                                                                          \
		param, STATEMENT_TIME, false                                                       \
	}
#define TIME_OR_NULL(param)                                                                        \
	{                                                                                          \
		param, STATEMENT_TIME, true                                                        \
	}

// What an earlier holder of the stack's lease still has to say does not overwrite what is so now.
#define NO_LATER_HOLDER(stack, token)                                                              \
	"NOT EXISTS (SELECT 1 FROM holdfast.lease WHERE lease.stack = " stack                      \
	" AND lease.token > COALESCE(" token ", 0))"

#define IN_FUTURE(ms) "clock_timestamp() + " ms " * interval '1 millisecond'"

// The address itself or what lies under it at a dot: "network" and "network.subnet" are prefixes.
// '/' follows '.' in the "C" collation that every address column has, so this is one index range.
#define UNDER(column, param)                                                                       \
	"(" param " IS NULL OR " column " = " param " OR (" column " >= " param                    \
	"::text || '.' AND " column " < " param "::text || '/'))"

// One source of HISTORY: its newest rows, found by (instant, stack) or by (stack, address,
// instant). The parameters are known when the server plans, so absent ones fold away.
#define EVENT(what, at, address, from, detail) EVENT_IF("TRUE", what, at, address, from, detail)
#define EVENT_IF(which, what, at, address, from, detail)                                           \
	"(SELECT " at " AS at, '" what "' AS what, " address                                       \
	" AS address, jsonb_build_object(" detail ") AS detail FROM holdfast." from                \
	" WHERE stack = $1 AND " which " AND " at " >= COALESCE($2, '-infinity') AND " at          \
	" <= COALESCE($3, 'infinity')"                                                             \
	" AND " UNDER(address, "$4") " ORDER BY " at                                               \
				     " DESC LIMIT LEAST(COALESCE($5, 100), 10000))"

// `who`: who decided; what only waits, or ends by itself, was decided by nobody.
#define HOLD_DETAIL(state, who, why)                                                               \
	"'hold_id', hold_id, 'digest', digest, 'change', change, 'reason', reason, 'disruption', " \
	"disruption, 'state', " state ", 'who', " who ", 'why', " why

// One table of RETENTION: deletes the oldest rows, at most so many in one transaction.
#define SWEEP(name, table, at, which)                                                              \
	name " AS (DELETE FROM holdfast." table " WHERE ctid = ANY(ARRAY(SELECT x.ctid"            \
	     " FROM holdfast." table " x WHERE " at " < $1 AND " which " ORDER BY " at             \
	     " LIMIT 1000)) RETURNING 1)"

// clang-format off
static const struct statement rows[STORE_STATEMENT_COUNT] = {

// -> address, kind, layer, aws_id, data, updated_ms
[STORE_RECORDS_LOAD] = {"RECORDS_LOAD",
	"SELECT address, kind, layer, aws_id, data, " MS("updated_at") " AS updated_ms"
	" FROM holdfast.resource WHERE stack = $1 ORDER BY address",
	{TEXT("stack")}},

[STORE_RECORD_PUT] = {"RECORD_PUT",
	"INSERT INTO holdfast.resource (stack, address, kind, layer, aws_id, data, updated_at)"
	" SELECT $1, $2, $3, $4, $5, $6, $7 WHERE " NO_LATER_HOLDER("$1", "$8")
	" ON CONFLICT (stack, address) DO UPDATE SET kind = excluded.kind, layer = excluded.layer,"
	" aws_id = excluded.aws_id, data = excluded.data, updated_at = excluded.updated_at",
	{TEXT("stack"), TEXT("address"), TEXT("kind"), TEXT("layer"), TEXT_OR_NULL("aws_id"),
	 JSON_OR_NULL("data"), TIME("now_ms"), INT_OR_NULL("token")}},

[STORE_RECORD_DELETE] = {"RECORD_DELETE",
	"DELETE FROM holdfast.resource WHERE stack = $1 AND address = $2 AND "
	NO_LATER_HOLDER("$1", "$3"),
	{TEXT("stack"), TEXT("address"), INT_OR_NULL("token")}},

// state is null when the resource is gone
[STORE_OBSERVATION_ADD] = {"OBSERVATION_ADD",
	"INSERT INTO holdfast.observation"
	" (stack, address, kind, aws_id, state, sync, health, reason, at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
	{TEXT("stack"), TEXT("address"), TEXT("kind"), TEXT_OR_NULL("aws_id"), JSON_OR_NULL("state"),
	 TEXT_OR_NULL("sync"), TEXT_OR_NULL("health"), TEXT_OR_NULL("reason"), TIME("at_ms")}},

[STORE_DRIFT_OPEN] = {"DRIFT_OPEN",
	"INSERT INTO holdfast.drift"
	" (drift_id, stack, address, field, type, desired, observed, opened_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
	{TEXT("drift_id"), TEXT("stack"), TEXT("address"), TEXT_OR_NULL("field"), TEXT("type"),
	 JSON_OR_NULL("desired"), JSON_OR_NULL("observed"), TIME("at_ms")}},

[STORE_DRIFT_CLOSE] = {"DRIFT_CLOSE",
	"UPDATE holdfast.drift SET how = $2, action_id = $3, closed_at = $4"
	" WHERE drift_id = $1 AND closed_at IS NULL",
	{TEXT("drift_id"), TEXT("how"), TEXT_OR_NULL("action_id"), TIME("at_ms")}},

// -> is_leader: false when the lease is another's or has expired by this clock; then nothing is recorded, and
// nothing may be sent. The row of the lease is locked meanwhile, so it cannot pass on before this has committed.
[STORE_ACTION_INTEND] = {"ACTION_INTEND",
	"WITH leader AS (SELECT token FROM holdfast.lease WHERE lease.stack = $2 AND lease.token = $14"
	"  AND expires_at > clock_timestamp() FOR SHARE),"
	" put AS (INSERT INTO holdfast.action (action_id, stack, address, plan_id, operation, change,"
	"  reason, input, before, after, client_token, config_version, intended_at, token,"
	"  creation)"
	"  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, token, $15 FROM leader"
	"  ON CONFLICT DO NOTHING)"
	" SELECT EXISTS (SELECT 1 FROM leader) AS is_leader",
	{TEXT("action_id"), TEXT("stack"), TEXT("address"), TEXT_OR_NULL("plan_id"), TEXT("operation"),
	 TEXT_OR_NULL("change"), TEXT_OR_NULL("reason"), JSON_OR_NULL("input"), JSON_OR_NULL("before"),
	 JSON_OR_NULL("after"), TEXT_OR_NULL("client_token"), TEXT_OR_NULL("config_version"),
	 TIME("at_ms"), INT_OR_NULL("token"), TEXT_OR_NULL("creation")}},

// dur_ms is of the whole call with its attempts. "unknown" may still become "found", "done", "failed" or "abandoned"; nothing else changes again
[STORE_ACTION_SETTLE] = {"ACTION_SETTLE",
	"UPDATE holdfast.action SET outcome = $2, class = $3, code = $4, message = $5,"
	" request_id = COALESCE($6, request_id), result_id = COALESCE($7, result_id),"
	" dur_ms = COALESCE($8, dur_ms), attempts = COALESCE($9, attempts), settled_at = $10"
	" WHERE action_id = $1 AND (outcome IS NULL OR outcome = 'unknown')",
	{TEXT("action_id"), TEXT("outcome"), TEXT_OR_NULL("class"), TEXT_OR_NULL("code"),
	 TEXT_OR_NULL("message"), TEXT_OR_NULL("request_id"), TEXT_OR_NULL("result_id"),
	 INT_OR_NULL("dur_ms"), INT_OR_NULL("attempts"), TIME("at_ms")}},

// oldest first
[STORE_ACTIONS_OPEN] = {"ACTIONS_OPEN",
	"SELECT action_id, address, plan_id, operation, change, input, client_token, creation, "
	MS("intended_at") " AS at_ms FROM holdfast.action"
	" WHERE stack = $1 AND outcome IS NULL ORDER BY intended_at",
	{TEXT("stack")}},

// A quiet pass joins the row of a quiet pass of its layer that began less than an hour earlier, so a year of
// quiet passes is 8,760 rows. One that a row spans already was told before. dur_ms and calls of such a row are sums over its count.
[STORE_PASS_ADD] = {"PASS_ADD",
	"WITH last AS (SELECT stack, layer, started_at, last_at, quiet FROM holdfast.pass"
	"  WHERE stack = $1 AND layer = $2 AND started_at <= $3 ORDER BY started_at DESC LIMIT 1),"
	" seen AS (SELECT 1 FROM last WHERE last_at >= $3),"
	" joined AS (UPDATE holdfast.pass p SET count = p.count + 1, calls = p.calls + $5,"
	"  dur_ms = p.dur_ms + $4, resources = $6, held = $9, last_at = $3 FROM last"
	"  WHERE p.stack = last.stack AND p.layer = last.layer AND p.started_at = last.started_at"
	"  AND $12 AND p.quiet AND p.last_at < $3 AND p.started_at > $3 - interval '1 hour'"
	"  RETURNING 1)"
	" INSERT INTO holdfast.pass (stack, layer, started_at, last_at, count, dur_ms, calls, resources,"
	" drifted, corrected, held, failed, trigger, quiet)"
	" SELECT $1, $2, $3, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12"
	" WHERE NOT EXISTS (SELECT 1 FROM joined) AND NOT EXISTS (SELECT 1 FROM seen)"
	" ON CONFLICT DO NOTHING",
	{TEXT("stack"), TEXT("layer"), TIME("started_ms"), INT("dur_ms"), INT("calls"),
	 INT("resources"), INT("drifted"), INT("corrected"), INT("held"), INT("failed"),
	 TEXT_OR_NULL("trigger"), BOOL("quiet")}},

// The document once a version, and each time that it came into force after another one.
[STORE_CONFIG_ADD] = {"CONFIG_ADD",
	"WITH document AS (INSERT INTO holdfast.config (stack, version, file, document, first_at)"
	"  VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING)"
	" INSERT INTO holdfast.config_use (stack, version, file, at) SELECT $1, $2, $3, $5"
	" WHERE $2 IS DISTINCT FROM (SELECT version FROM holdfast.config_use WHERE stack = $1"
	"  AND at <= $5 ORDER BY at DESC LIMIT 1) ON CONFLICT DO NOTHING",
	{TEXT("stack"), TEXT("version"), TEXT_OR_NULL("file"), JSON_OR_NULL("document"),
	 TIME("at_ms")}},

[STORE_HOLD_PUT] = {"HOLD_PUT",
	"INSERT INTO holdfast.hold"
	" (hold_id, stack, address, digest, change, reason, disruption, what, at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
	{TEXT("hold_id"), TEXT("stack"), TEXT("address"), TEXT_OR_NULL("digest"),
	 TEXT_OR_NULL("change"), TEXT_OR_NULL("reason"), TEXT_OR_NULL("disruption"),
	 JSON_OR_NULL("what"), TIME("at_ms")}},

// -> hold_id, state: one row when the hold was there to be decided, none when it was not any more
[STORE_HOLD_DECIDE] = {"HOLD_DECIDE",
	"UPDATE holdfast.hold SET"
	" state = CASE WHEN $2 = 'gone' AND state = 'rejected' THEN state ELSE $2 END,"
	" who = CASE WHEN $2 IN ('approved', 'rejected') THEN $3 ELSE who END,"
	" why = CASE WHEN $2 IN ('approved', 'rejected') THEN $5 ELSE why END,"
	" decided_at = CASE WHEN $2 IN ('approved', 'rejected') THEN $4 ELSE decided_at END,"
	" ended_at = CASE WHEN $2 IN ('approved', 'rejected', 'waiting') THEN NULL ELSE $4 END"
	" WHERE hold_id = $1 AND (ended_at IS NULL OR state = $2) RETURNING hold_id, state",
	{TEXT("hold_id"), TEXT("state"), TEXT_OR_NULL("who"), TIME("at_ms"), TEXT_OR_NULL("why")}},

[STORE_ORDER_PUT] = {"ORDER_PUT",
	"INSERT INTO holdfast.people_order"
	" (order_id, stack, sort, target, field, reason, who, at, until)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
	{TEXT("order_id"), TEXT("stack"), TEXT("sort"), TEXT("target"), TEXT_OR_NULL("field"),
	 TEXT_OR_NULL("reason"), TEXT("who"), TIME("at_ms"), TIME_OR_NULL("until_ms")}},

[STORE_ORDER_END] = {"ORDER_END",
	"UPDATE holdfast.people_order SET ended_at = $3, ended_by = $2"
	" WHERE order_id = $1 AND ended_at IS NULL",
	{TEXT("order_id"), TEXT("who"), TIME("at_ms")}},

[STORE_ORDERS_OPEN] = {"ORDERS_OPEN",
	"SELECT order_id, sort, target, field, reason, who, " MS("at") " AS at_ms, "
	MS("until") " AS until_ms, left_ms FROM holdfast.people_order, LATERAL (SELECT"
	" CASE WHEN isfinite(at) AND isfinite(until) AND isfinite(stored_at) THEN ((extract(epoch FROM until)"
	" - extract(epoch FROM at) + extract(epoch FROM stored_at) - extract(epoch FROM now()))"
	" * 1000)::bigint END AS left_ms) AS time WHERE stack = $1 AND ended_at IS NULL"
	" AND until IS DISTINCT FROM '-infinity' AND (left_ms IS NULL OR left_ms > 0)"
	" ORDER BY at, order_id",
	{TEXT("stack")}},

// -> key: the one that all daemons of the stack share, whoever came first
[STORE_STACK_KEY] = {"STACK_KEY",
	"INSERT INTO holdfast.stack_key (stack, key) VALUES ($1, $2)"
	" ON CONFLICT (stack) DO UPDATE SET stack = excluded.stack RETURNING key",
	{TEXT("stack"), TEXT("candidate")}},

// -> at_ms of each deletion or replacement since then that no person approved, once a plan: also what may
// have been done
[STORE_DELETIONS] = {"DELETIONS",
	"SELECT " MS("max(a.intended_at)") " AS at_ms FROM holdfast.action a WHERE a.stack = $1"
	" AND a.intended_at > $2 AND a.intended_at < 'infinity' AND a.change IN ('-', '-/+', '+/-')"
	" AND a.outcome IS DISTINCT FROM 'failed' AND NOT EXISTS (SELECT 1 FROM holdfast.hold h"
	"  WHERE h.stack = a.stack AND h.address = a.address AND h.digest = a.plan_id"
	"  AND h.decided_at IS NOT NULL AND h.state <> 'rejected')"
	" GROUP BY a.address, a.plan_id ORDER BY max(a.intended_at)",
	{TEXT("stack"), TIME("since_ms")}},

// `incident` null: it is over, and goes once nobody has to be told of it any more. `message` null: nobody has.
[STORE_INCIDENT_PUT] = {"INCIDENT_PUT",
	"INSERT INTO holdfast.incident (stack, key, incident, message, at) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (stack, key) DO UPDATE SET incident = excluded.incident,"
	" message = excluded.message, at = excluded.at",
	{TEXT("stack"), TEXT("key"), JSON_OR_NULL("incident"), JSON_OR_NULL("message"), TIME("at_ms")}},

// the message with this trigger has been told
[STORE_INCIDENT_TOLD] = {"INCIDENT_TOLD",
	"WITH over AS (DELETE FROM holdfast.incident WHERE stack = $1 AND key = $2 AND incident IS NULL"
	"  AND (message IS NULL OR message->>'trigger' = $3))"
	" UPDATE holdfast.incident SET message = NULL WHERE stack = $1 AND key = $2"
	" AND incident IS NOT NULL AND message->>'trigger' = $3",
	{TEXT("stack"), TEXT("key"), TEXT_OR_NULL("trigger")}},

// -> key, incident, message
[STORE_INCIDENTS] = {"INCIDENTS",
	"SELECT key, incident, message FROM holdfast.incident WHERE stack = $1 ORDER BY at, key",
	{TEXT("stack")}},

[STORE_HOLDS_OPEN] = {"HOLDS_OPEN",
	"SELECT hold_id, address, digest, change, reason, disruption, what, state, who, why, "
	MS("decided_at") " AS decided_ms, " MS("at") " AS at_ms FROM holdfast.hold WHERE stack = $1 AND ended_at IS NULL"
	" ORDER BY at, hold_id",
	{TEXT("stack")}},

// A free lease is one that nobody had, was given back, or was this same daemon's before; or that has expired
// by this clock, and in which nothing moved since the caller saw `beats` (lease.h: for a whole lease by its
// own clock).
[STORE_LEASE_TAKE] = {"LEASE_TAKE",
	"INSERT INTO holdfast.lease AS l"
	" (stack, token, beats, holder, host, pid, taken_at, renewed_at, expires_at)"
	" SELECT $1, 1, COALESCE($5, 0), $2, $3, $4, clock_timestamp(), clock_timestamp(), "
	IN_FUTURE("$6")
	" ON CONFLICT (stack) DO UPDATE SET token = l.token + 1, beats = l.beats + 1,"
	" holder = excluded.holder, host = excluded.host, pid = excluded.pid,"
	" taken_at = excluded.taken_at, renewed_at = excluded.renewed_at, expires_at = excluded.expires_at"
	" WHERE l.holder IN ('', excluded.holder)"
	" OR (l.expires_at <= clock_timestamp() AND GREATEST(l.beats, 0) = excluded.beats)"
	" RETURNING token, " MS("taken_at") " AS taken_ms",
	{TEXT("stack"), TEXT("daemon_id"), TEXT("host"), INT("pid"), INT_OR_NULL("beats"), INT("lasts")}},

// Also after it has expired, while nobody has taken it: the token shows that.
[STORE_LEASE_RENEW] = {"LEASE_RENEW",
	"UPDATE holdfast.lease SET beats = beats + 1, renewed_at = clock_timestamp(), expires_at = "
	IN_FUTURE("$4") " WHERE stack = $1 AND holder = $2 AND token = $3 RETURNING beats",
	{TEXT("stack"), TEXT("daemon_id"), INT("token"), INT("lasts")}},

[STORE_LEASE_RELEASE] = {"LEASE_RELEASE",
	"UPDATE holdfast.lease SET beats = beats + 1, holder = '', expires_at = clock_timestamp()"
	" WHERE stack = $1 AND holder = $2 AND token = $3",
	{TEXT("stack"), TEXT("daemon_id"), INT("token")}},

// -> stack, token, beats, holder ("" when it was given back), host, pid, taken_ms, is_expired
[STORE_LEASES] = {"LEASES",
	"SELECT stack, token, beats, holder, host, pid, " MS("taken_at") " AS taken_ms,"
	" expires_at <= clock_timestamp() AS is_expired FROM holdfast.lease ORDER BY stack",
	{{0}}},

// -> daemon_id, host, pid, stacks, is_observer of each daemon that lives, this one included
[STORE_DAEMON_BEAT] = {"DAEMON_BEAT",
	"WITH me AS (INSERT INTO holdfast.daemon AS d"
	"  (daemon_id, host, pid, version, stacks, is_observer, started_at, seen_at, expires_at)"
	"  SELECT $1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp(), " IN_FUTURE("$7")
	"  ON CONFLICT (daemon_id) DO UPDATE SET host = excluded.host, pid = excluded.pid,"
	"  version = excluded.version, stacks = excluded.stacks, is_observer = excluded.is_observer,"
	"  started_at = CASE WHEN d.pid = excluded.pid THEN d.started_at ELSE excluded.started_at END,"
	"  seen_at = excluded.seen_at, expires_at = excluded.expires_at"
	"  RETURNING daemon_id, host, pid, stacks, is_observer),"
	" long_gone AS (DELETE FROM holdfast.daemon"
	"  WHERE expires_at < clock_timestamp() - interval '1 day' AND daemon_id <> $1)"
	" TABLE me UNION ALL SELECT daemon_id, host, pid, stacks, is_observer FROM holdfast.daemon"
	" WHERE expires_at > clock_timestamp() AND daemon_id <> $1 ORDER BY daemon_id",
	{TEXT("daemon_id"), TEXT("host"), INT("pid"), TEXT("version"), JSON_OR_NULL("stacks"),
	 BOOL("is_observer"), INT("lasts")}},

[STORE_DAEMON_LEAVE] = {"DAEMON_LEAVE",
	"DELETE FROM holdfast.daemon WHERE daemon_id = $1",
	{TEXT("daemon_id")}},

// -> at_ms, what, address, detail. An observation's `changed` is {"Member": [before, after]}, or null. A hold
// stands once for each thing that happened to it, a drift twice:
// when it was seen and when it was closed.
[STORE_HISTORY] = {"HISTORY",
	"SELECT " MS("at") " AS at_ms, what, address, detail FROM ("
	EVENT("drift", "opened_at", "address", "drift",
	      "'drift_id', drift_id, 'field', field, 'type', type, 'desired', desired,"
	      " 'observed', observed, 'how', how")
	" UNION ALL "
	EVENT("closed", "closed_at", "address", "drift",
	      "'drift_id', drift_id, 'field', field, 'type', type, 'how', how,"
	      " 'action_id', action_id, 'opened_ms', " MS("opened_at"))
	" UNION ALL "
	EVENT("action", "intended_at", "address", "action",
	      "'action_id', action_id, 'plan_id', plan_id, 'operation', operation,"
	      " 'change', change, 'reason', reason, 'before', before, 'after', after,"
	      " 'outcome', outcome, 'class', class, 'code', code, 'message', message,"
	      " 'request_id', request_id, 'result_id', result_id, 'dur_ms', dur_ms,"
	      " 'attempts', attempts, 'config_version', config_version")
	" UNION ALL "
	EVENT("observed", "at", "address", "observation",
	      "'kind', kind, 'aws_id', aws_id, 'sync', sync, 'health', health,"
	      " 'reason', reason, 'gone', state IS NULL, 'changed', (SELECT jsonb_object_agg(member,"
	      " jsonb_build_array(was.state -> member, observation.state -> member)) FROM"
	      " (SELECT p.state FROM holdfast.observation p WHERE p.stack = observation.stack"
	      "  AND p.address = observation.address AND p.at < observation.at ORDER BY p.at DESC LIMIT 1)"
	      " was, jsonb_object_keys(was.state || observation.state) AS member"
	      " WHERE was.state -> member IS DISTINCT FROM observation.state -> member)")
	" UNION ALL "
	EVENT("config", "at", "''::text", "config_use", "'version', version, 'file', file")
	" UNION ALL "
	EVENT("hold", "at", "address", "hold", HOLD_DETAIL("'waiting'", "NULL::text", "NULL::text"))
	" UNION ALL "
	EVENT("hold", "decided_at", "address", "hold",
	      HOLD_DETAIL("CASE state WHEN 'rejected' THEN 'rejected' ELSE 'approved' END", "who", "why"))
	" UNION ALL "
	EVENT_IF("state <> 'rejected'", "hold", "ended_at", "address", "hold", HOLD_DETAIL("state", "NULL::text", "NULL::text"))
	" UNION ALL "
	EVENT("order", "at", "target", "people_order",
	      "'sort', sort, 'field', field, 'reason', reason, 'who', who,"
	      " 'until_ms', " MS("until"))
	" UNION ALL "
	EVENT("order", "ended_at", "target", "people_order",
	      "'sort', sort, 'field', field, 'reason', reason, 'who', ended_by, 'ended', true")
	") AS events ORDER BY at DESC, address, what LIMIT LEAST(COALESCE($5, 100), 10000)",
	{TEXT("stack"), TIME_OR_NULL("since_ms"), TIME_OR_NULL("until_ms"), TEXT_OR_NULL("address"),
	 INT_OR_NULL("limit")}},

// -> address, kind, aws_id, state, sync, health, reason, at_ms: the last observation of each address at or
// before the instant. The addresses are found by jumping through the index, not by reading every observation.
[STORE_STATE_AT] = {"STATE_AT",
	"WITH RECURSIVE known(address) AS ("
	" (SELECT address FROM holdfast.observation WHERE stack = $1 ORDER BY address LIMIT 1)"
	" UNION ALL SELECT (SELECT o.address FROM holdfast.observation o"
	"  WHERE o.stack = $1 AND o.address > known.address ORDER BY o.address LIMIT 1)"
	" FROM known WHERE known.address IS NOT NULL)"
	" SELECT o.address, kind, aws_id, state, sync, health, reason, " MS("at") " AS at_ms"
	" FROM known, LATERAL (SELECT * FROM holdfast.observation x WHERE x.stack = $1"
	"  AND x.address = known.address AND x.at <= $3 ORDER BY x.at DESC LIMIT 1) o"
	" WHERE " UNDER("known.address", "$2") " ORDER BY o.address",
	{TEXT("stack"), TEXT_OR_NULL("address"), TIME("at_ms")}},

[STORE_CONFIGS] = {"CONFIGS",
	"SELECT version, file, " MS("at") " AS at_ms FROM holdfast.config_use WHERE stack = $1"
	" ORDER BY at DESC LIMIT COALESCE($2, 50)",
	{TEXT("stack"), INT_OR_NULL("limit")}},

[STORE_CONFIG_AT] = {"CONFIG_AT",
	"SELECT u.version, u.file, " MS("u.at") " AS at_ms, c.document FROM holdfast.config_use u"
	" JOIN holdfast.config c ON c.stack = u.stack AND c.version = u.version WHERE u.stack = $1"
	" AND ($2::text IS NULL OR u.version = $2) AND ($3::timestamptz IS NULL OR u.at <= $3)"
	" ORDER BY u.at DESC LIMIT 1",
	{TEXT("stack"), TEXT_OR_NULL("version"), TIME_OR_NULL("at_ms")}},

// -> drift_id, address, field, type, desired, observed, opened_ms, closed_ms, how, action_id. Open ones
// whatever their age, then closed ones since since_ms; newest first within both.
[STORE_DRIFTS] = {"DRIFTS",
	"SELECT drift_id, address, field, type, desired, observed, " MS("opened_at") " AS opened_ms, "
	MS("closed_at") " AS closed_ms, how, action_id FROM ("
	"(SELECT * FROM holdfast.drift WHERE stack = $1 AND closed_at IS NULL"
	" AND " UNDER("address", "$4") " ORDER BY opened_at DESC LIMIT LEAST(COALESCE($3, 100), 10000))"
	" UNION ALL "
	"(SELECT * FROM holdfast.drift WHERE stack = $1 AND closed_at >= COALESCE($2, '-infinity')"
	" AND " UNDER("address", "$4") " ORDER BY closed_at DESC LIMIT LEAST(COALESCE($3, 100), 10000))) AS d"
	" ORDER BY closed_at DESC NULLS FIRST, opened_at DESC"
	" LIMIT LEAST(COALESCE($3, 100), 10000)",
	{TEXT("stack"), TIME_OR_NULL("since_ms"), INT_OR_NULL("limit"), TEXT_OR_NULL("address")}},

// -> deleted: rows in all. The last observation of an address, the configuration in force, and what is open
// stay, whatever their age.
[STORE_RETENTION] = {"RETENTION",
	"WITH "
	SWEEP("o", "observation", "at",
	      "EXISTS (SELECT 1 FROM holdfast.observation y WHERE y.stack = x.stack"
	      " AND y.address = x.address AND y.at > x.at)") ", "
	SWEEP("d", "drift", "closed_at", "true") ", "
	SWEEP("a", "action", "intended_at", "outcome IS NOT NULL") ", "
	SWEEP("p", "pass", "last_at", "true") ", "
	SWEEP("u", "config_use", "at",
	      "EXISTS (SELECT 1 FROM holdfast.config_use y WHERE y.stack = x.stack"
	      " AND y.at > x.at)") ", "
	SWEEP("c", "config", "first_at",
	      "NOT EXISTS (SELECT 1 FROM holdfast.config_use y WHERE y.stack = x.stack"
	      " AND y.version = x.version)") ", "
	SWEEP("h", "hold", "ended_at", "true")
	" SELECT count(*) AS deleted FROM (TABLE o UNION ALL TABLE d UNION ALL TABLE a"
	" UNION ALL TABLE p UNION ALL TABLE u UNION ALL TABLE c UNION ALL TABLE h) AS gone",
	{TIME("before_ms")}},
};
// clang-format on

const struct statement *statements_get(enum store_statement which)
{
	return &rows[which];
}
