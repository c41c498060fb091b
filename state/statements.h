// The statements of the store by name. Parameters and columns are documented in statements.c, row
// by row; this list is what callers see.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define STORE_STATEMENTS(X)                                                                        \
	X(RECORDS_LOAD)    /* {stack} -> every resource record of a stack */                       \
	X(RECORD_PUT)      /* one resource record, whole */                                        \
	X(RECORD_DELETE)   /* {stack, address, token} */                                           \
	X(OBSERVATION_ADD) /* an observation that changed */                                       \
	X(DRIFT_OPEN)      /* a difference seen first */                                           \
	X(DRIFT_CLOSE)     /* ... and gone, how and by which action */                             \
	X(ACTION_INTEND)   /* before a call is sent, by who leads -> {is_leader} */                \
	X(ACTION_SETTLE)   /* its outcome */                                                       \
	X(ACTIONS_OPEN)    /* {stack} -> intents without outcome */                                \
	X(PASS_ADD)        /* one look at a layer */                                               \
	X(CONFIG_ADD)      /* a version of the file, by digest */                                  \
	X(HOLD_PUT)        /* a change that waits for a person */                                  \
	X(HOLD_DECIDE)     /* approved or rejected; used, allowed by policy, or gone */            \
	X(HOLDS_OPEN)      /* {stack} -> holds that wait, or are approved or rejected */           \
	X(ORDER_PUT)       /* a pause or an ignored field */                                       \
	X(ORDER_END)       /* ... taken back, by whom */                                           \
	X(ORDERS_OPEN)     /* those in force; left_ms: until the end, by the server; null: none */ \
	X(STACK_KEY)       /* {stack, candidate} -> {key}: the candidate only where none is */     \
	X(DELETIONS)       /* {stack, since_ms} -> {at_ms} of what went by policy */               \
	X(INCIDENT_PUT)    /* what people are told of begins, changes or ends */                   \
	X(INCIDENT_TOLD)   /* ... and the message has been taken */                                \
	X(INCIDENTS)       /* {stack} -> what is open or not told yet */                           \
	X(LEASE_TAKE)      /* -> {token, taken_ms} when it is ours now */                          \
	X(LEASE_RENEW)     /* {stack, daemon_id, token, lasts} -> {beats} when it was ours */      \
	X(LEASE_RELEASE)   /* {stack, daemon_id, token} */                                         \
	X(LEASES)          /* {} -> who holds what */                                              \
	X(DAEMON_BEAT)     /* this daemon lives -> every one that does */                          \
	X(DAEMON_LEAVE)    /* {daemon_id} */                                                       \
	X(HISTORY)  /* {stack, since_ms, until_ms, address, limit} -> merged, newest first */      \
	X(STATE_AT) /* {stack, address, at_ms} -> what was observed at that time */                \
	X(DRIFTS)   /* {stack, since_ms, limit, address} -> open, then closed */                   \
	X(CONFIGS) /* {stack, limit} -> {version, file, at_ms} in force from then, newest first */ \
	X(CONFIG_AT) /* {stack, version, at_ms}, both optional -> the last such, with document */  \
	X(RETENTION) /* {before_ms}: deletes one bounded batch of old history */

enum store_statement {
#define STORE_ENUM(name) STORE_##name,
	STORE_STATEMENTS(STORE_ENUM)
#undef STORE_ENUM
		STORE_STATEMENT_COUNT
};

// ---- the table behind them; for the store itself and its tests

enum { STATEMENT_MOST_PARAMS = 18 };

enum statement_type {
	STATEMENT_TEXT, // JSON string
	STATEMENT_INT,  // JSON integer; bigint
	STATEMENT_BOOL, // JSON true or false
	STATEMENT_JSON, // any JSON value; jsonb. JSON null and an absent member are SQL NULL
	STATEMENT_TIME, // JSON integer, milliseconds since 1970; timestamptz
};

struct statement_param {
	const char
		*name; // the member of the arguments that fills it; a name ending in _ms is a time
	enum statement_type type;
	bool is_optional; // absent or null is NULL; otherwise absent is INVALID
};

struct statement {
	const char *name; // "RECORD_PUT"
	const char
		*sql; // $1.. in the order of params; columns that are bigint, bool, jsonb or text
	struct statement_param params[STATEMENT_MOST_PARAMS]; // up to the first without a name
};

/* The row of a statement; never NULL for a member of the enum. */
const struct statement *statements_get(enum store_statement which);
