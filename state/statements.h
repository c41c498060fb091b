// The statements of the store by name. Parameters and columns are documented in statements.c, row by
// row; this list is what callers see.
#pragma once

#define STORE_STATEMENTS(X)                                                                        \
	X(RECORDS_LOAD)       /* {stack} -> every resource record of a stack */                    \
	X(RECORD_PUT)         /* one resource record, whole */                                     \
	X(RECORD_DELETE)      /* {stack, address} */                                               \
	X(OBSERVATION_ADD)    /* an observation that changed */                                    \
	X(DRIFT_OPEN)         /* a difference seen first */                                        \
	X(DRIFT_CLOSE)        /* ... and gone, how and by which action */                          \
	X(ACTION_INTEND)      /* before a call is sent */                                          \
	X(ACTION_SETTLE)      /* its outcome */                                                    \
	X(ACTIONS_OPEN)       /* {stack} -> intents without outcome */                             \
	X(PASS_ADD)           /* one look at a layer */                                            \
	X(CONFIG_ADD)         /* a version of the file, by digest */                               \
	X(HOLD_PUT)           /* a change that waits for a person */                               \
	X(HOLD_DECIDE)        /* approved, rejected, used or gone */                               \
	X(HOLDS_OPEN)         /* {stack} -> holds that wait or are approved */                     \
	X(HISTORY)            /* {stack, since_ms, until_ms, address, limit} -> merged, newest first */ \
	X(DRIFTS)             /* {stack, since_ms, limit} */                                       \
	X(RETENTION)          /* {before_ms}: deletes one bounded batch of old history */

enum store_statement {
#define STORE_ENUM(name) STORE_##name,
	STORE_STATEMENTS(STORE_ENUM)
#undef STORE_ENUM
		STORE_STATEMENT_COUNT
};
