// The tables of the store. Instants are timestamptz, so that a person with psql reads them.
// Addresses and ids sort in the "C" collation, so that a prefix is an index range on any server.
// History is in plain tables with an index by time, deleted in bounded batches: at a few rows a
// drift and one row an hour and layer for quiet passes, partitions would be more work than they
// save.
//
// A migration that was released never changes (its checksum is recorded); add another one.
#include "state/migrate.h"

// clang-format off
static const char first[] =
"CREATE TABLE holdfast.resource ("
" stack text COLLATE \"C\" NOT NULL, address text COLLATE \"C\" NOT NULL,"
" kind text NOT NULL, layer text NOT NULL, aws_id text, data jsonb,"
" updated_at timestamptz NOT NULL, PRIMARY KEY (stack, address));"
"COMMENT ON TABLE holdfast.resource IS 'what is known of each declared resource';"

"CREATE TABLE holdfast.observation ("
" stack text COLLATE \"C\" NOT NULL, address text COLLATE \"C\" NOT NULL,"
" at timestamptz NOT NULL, kind text NOT NULL, aws_id text, state jsonb,"
" sync text, health text, reason text, PRIMARY KEY (stack, address, at));"
"CREATE INDEX observation_at ON holdfast.observation (at, stack);"
"COMMENT ON TABLE holdfast.observation IS"
" 'each observation that differed from the one before; state is null when the resource was gone';"

"CREATE TABLE holdfast.drift ("
" drift_id text COLLATE \"C\" PRIMARY KEY,"
" stack text COLLATE \"C\" NOT NULL, address text COLLATE \"C\" NOT NULL,"
" field text, type text NOT NULL, desired jsonb, observed jsonb,"
" opened_at timestamptz NOT NULL, closed_at timestamptz, how text, action_id text);"
"CREATE INDEX drift_address ON holdfast.drift (stack, address, opened_at);"
"CREATE INDEX drift_opened ON holdfast.drift (opened_at, stack);"
"CREATE INDEX drift_closed ON holdfast.drift (closed_at, stack) WHERE closed_at IS NOT NULL;"
"CREATE INDEX drift_open ON holdfast.drift (stack, opened_at) WHERE closed_at IS NULL;"
"COMMENT ON TABLE holdfast.drift IS 'each difference, when it was seen and how it went away';"

"CREATE TABLE holdfast.action ("
" action_id text COLLATE \"C\" PRIMARY KEY,"
" stack text COLLATE \"C\" NOT NULL, address text COLLATE \"C\" NOT NULL,"
" plan_id text, operation text NOT NULL, change text, reason text,"
" input jsonb, before jsonb, after jsonb, client_token text, config_version text,"
" intended_at timestamptz NOT NULL, settled_at timestamptz, outcome text, class text,"
" code text, message text, request_id text, result_id text, dur_ms bigint, attempts bigint);"
"CREATE INDEX action_address ON holdfast.action (stack, address, intended_at);"
"CREATE INDEX action_intended ON holdfast.action (intended_at, stack);"
"CREATE INDEX action_open ON holdfast.action (stack, intended_at)"
" WHERE outcome IS NULL;"
"COMMENT ON TABLE holdfast.action IS 'each call that changes AWS: intended before it is sent, then settled';"

"CREATE TABLE holdfast.pass ("
" stack text COLLATE \"C\" NOT NULL, layer text COLLATE \"C\" NOT NULL,"
" started_at timestamptz NOT NULL, last_at timestamptz NOT NULL, count bigint NOT NULL,"
" dur_ms bigint NOT NULL, calls bigint NOT NULL, resources bigint NOT NULL, drifted bigint NOT NULL,"
" corrected bigint NOT NULL, held bigint NOT NULL, failed bigint NOT NULL, trigger text,"
" quiet boolean NOT NULL, PRIMARY KEY (stack, layer, started_at));"
"CREATE INDEX pass_last ON holdfast.pass (last_at);"
"COMMENT ON TABLE holdfast.pass IS"
" 'each look at a layer; quiet ones within an hour share a row, with calls and dur_ms summed over count';"

"CREATE TABLE holdfast.config ("
" stack text COLLATE \"C\" NOT NULL, version text COLLATE \"C\" NOT NULL,"
" file text, document jsonb, first_at timestamptz NOT NULL, PRIMARY KEY (stack, version));"
"CREATE TABLE holdfast.config_use ("
" stack text COLLATE \"C\" NOT NULL, at timestamptz NOT NULL,"
" version text COLLATE \"C\" NOT NULL, file text, PRIMARY KEY (stack, at));"
"COMMENT ON TABLE holdfast.config IS 'each version of the desired state, by digest';"
"COMMENT ON TABLE holdfast.config_use IS 'when a version came into force';"

"CREATE TABLE holdfast.hold ("
" hold_id text COLLATE \"C\" PRIMARY KEY,"
" stack text COLLATE \"C\" NOT NULL, address text COLLATE \"C\" NOT NULL,"
" digest text, change text, reason text, disruption text, what jsonb,"
" state text NOT NULL DEFAULT 'waiting', who text,"
" at timestamptz NOT NULL, decided_at timestamptz, ended_at timestamptz);"
"CREATE INDEX hold_at ON holdfast.hold (at, stack);"
"CREATE INDEX hold_decided ON holdfast.hold (decided_at, stack) WHERE decided_at IS NOT NULL;"
"CREATE INDEX hold_ended ON holdfast.hold (ended_at, stack) WHERE ended_at IS NOT NULL;"
"CREATE INDEX hold_open ON holdfast.hold (stack, at) WHERE ended_at IS NULL;"
"COMMENT ON TABLE holdfast.hold IS 'each change that waited for a person, and what became of it'";

static const char second[] =
"CREATE TABLE holdfast.stack_key ("
" stack text COLLATE \"C\" PRIMARY KEY, key text NOT NULL,"
" created_at timestamptz NOT NULL DEFAULT now());"
"COMMENT ON TABLE holdfast.stack_key IS"
" 'keys the marks by which values kept elsewhere (secrets) are told apart; grant nobody else to read it'";

// Who may change what of AWS (lease.h).
static const char leases[] =
"CREATE TABLE holdfast.lease ("
" stack text COLLATE \"C\" PRIMARY KEY, token bigint NOT NULL, beats bigint NOT NULL,"
" holder text NOT NULL, host text, pid bigint, taken_at timestamptz NOT NULL,"
" renewed_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);"
"COMMENT ON TABLE holdfast.lease IS"
" 'which daemon may change AWS for a stack; token grows with each holder, beats with each renewal';"

"CREATE TABLE holdfast.daemon ("
" daemon_id text COLLATE \"C\" PRIMARY KEY, host text, pid bigint, version text,"
" stacks jsonb NOT NULL, is_observer boolean NOT NULL,"
" started_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);"
"COMMENT ON TABLE holdfast.daemon IS 'which daemons live, and the stacks that each could hold';"

"ALTER TABLE holdfast.action ADD COLUMN token bigint;"
"COMMENT ON COLUMN holdfast.action.token IS 'of the lease under which it was intended'";

static const char orders[] =
"CREATE TABLE holdfast.people_order ("
" order_id text COLLATE \"C\" PRIMARY KEY, stack text COLLATE \"C\" NOT NULL, sort text NOT NULL,"
" target text COLLATE \"C\" NOT NULL, field text, reason text, who text NOT NULL,"
" at timestamptz NOT NULL, until timestamptz, ended_at timestamptz, ended_by text);"
"CREATE INDEX people_order_at ON holdfast.people_order (at, stack);"
"CREATE INDEX people_order_open ON holdfast.people_order (stack, at) WHERE ended_at IS NULL;"
"COMMENT ON TABLE holdfast.people_order IS 'what people told the daemon beside the file: pauses, ignored fields'";

// What people were told of, and what they are still to be told (daemon/notices.c).
static const char incidents[] =
"CREATE TABLE holdfast.incident ("
" stack text COLLATE \"C\" NOT NULL, key text COLLATE \"C\" NOT NULL,"
" incident jsonb, message jsonb, at timestamptz NOT NULL, PRIMARY KEY (stack, key));"
"COMMENT ON TABLE holdfast.incident IS"
" 'what people were told of and is not over; message: not taken by all receivers yet'";

// An order lasts as long as it was given for by the server's clock: daemons' clocks are set, and differ.
static const char order_clock[] =
"ALTER TABLE holdfast.people_order ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();"
"UPDATE holdfast.people_order SET stored_at = at;"
"COMMENT ON COLUMN holdfast.people_order.stored_at IS"
" 'by the clock of the server; at and until are of the daemon that was told'";

static const char reasons[] =
"ALTER TABLE holdfast.hold ADD COLUMN why text;"
"COMMENT ON COLUMN holdfast.hold.why IS 'what the person said who approved or rejected it'";

// After a restart a call may have to be sent once more, as it was (reconcilers/core/sent.h).
static const char creations[] =
"ALTER TABLE holdfast.action ADD COLUMN creation text;"
"COMMENT ON COLUMN holdfast.action.creation IS"
" 'what a create call said, as a digest, whatever is to follow it: the same may be sent again with the same client_token'";
// clang-format on

const struct migration migrate_store[] = {
	{1, first},
	{2, second},
	{3, leases},
	{4, orders},
	{5, incidents},
	{6, order_clock},
	{7, reasons},
	{8, creations},
};
const int migrate_store_count = ARRAY_COUNT(migrate_store);
