// What Postgres and libpq say, as an error that decides: the class says whether to repeat.
#pragma once

#include "base/err.h"
#include <libpq-fe.h>
#include <stddef.h>

/* The class of a five-character SQLSTATE (Postgres, appendix A), NULL or "" being an error of
 * libpq itself:
 *   TRANSIENT  08*, 53*, 55P03, 57*, 58*, 25P03, 40003, and none
 *   CONFLICT   40*, 25006 (a standby, or read-only)
 *   DENIED     42501
 *   INVALID    28*, 3D*, 0A000 at connect; 54*, 22021, 22P05: this value cannot be stored
 *   BUG        everything else */
enum err_class sqlstate_class(const char *sqlstate);
/* The error of a failed result; `result` may be NULL (out of memory). The SQLSTATE is the code. */
struct err sqlstate_of_result(const PGresult *result);
/* Why a connection failed or ended. Wants PQERRORS_VERBOSE on the connection: libpq 15 has no
 * other way to the SQLSTATE of a refused connection. */
struct err sqlstate_of_connection(const PGconn *conn);
/* libpq's multi-line text as one sentence, without LOCATION lines and hints; exposed for tests.
 * ret_state (6 bytes) gets the last SQLSTATE in it, or "". */
void sqlstate_sentence(const char *text, char *ret_sentence, size_t bytes, char ret_state[6]);
