// Errors are decisions: a value with a class that says what to do next, never a bare number.
//
// No allocation, so an out-of-memory path can still say what happened. The foreign code (an AWS
// code, a SQLSTATE, a CURLcode) is kept verbatim beside our class.
#pragma once

#include "base/defs.h"
#include <stdbool.h>

enum err_class {
	ERR_NONE = 0,    // no error
	ERR_TRANSIENT,   // try again after a backoff
	ERR_THROTTLED,   // try again, slower; the other side asks for less
	ERR_NOT_FOUND,   // the thing named does not exist (there, or not yet)
	ERR_CONFLICT,    // exists already, is in use, or changed meanwhile: look again
	ERR_DENIED,      // a permission is missing; a person must act
	ERR_CREDENTIALS, // they are not there, or not accepted: others may come at any time
	ERR_QUOTA,       // a limit of the account is used up: no haste helps, only room
	ERR_INVALID,     // the request or the file is wrong; do not repeat it unchanged
	ERR_CANCELED,    // we stopped it
	ERR_BUG,         // our own mistake, or out of memory
};

struct err {
	enum err_class class;
	bool maybe_done;     // the other side may have carried the request out ("outcome unknown")
	char code[64];       // the foreign code, verbatim; "" when there is none
	char request_id[80]; // the foreign request id; "" when there is none
	char message[400];   // one sentence for a person, context outermost: "create vpc: ..."
};

#define ERR_OK ((struct err){ERR_NONE, false, "", "", ""})

static inline bool err_is(const struct err *err)
{
	return err->class != ERR_NONE;
}

/* A new error with a formatted message (cut at the size of the field, on a UTF-8 boundary). */
struct err err_new(enum err_class class, const char *fmt, ...) FORMAT_PRINTF(2, 3);
/* The same with a foreign code. */
struct err err_code(enum err_class class, const char *code, const char *fmt, ...)
	FORMAT_PRINTF(3, 4);
/* ERR_BUG "out of memory". */
struct err err_nomem(void);
/* Adds context in front of the message: "<context>: <message>". Keeps class, code and id. */
void err_wrap(struct err *err, const char *fmt, ...) FORMAT_PRINTF(2, 3);
/* "transient", "throttled", ...; static. */
const char *err_class_name(enum err_class class);
