// Between JSON and Postgres's text format: the arguments of a statement become parameters, the rows
// of its answer become JSON objects.
#pragma once

#include "base/err.h"
#include "base/js.h"
#include "state/statements.h"
#include <libpq-fe.h>

/* The most bytes that the parameters of one statement may have together. */
enum { BIND_MOST_BYTES = 16 << 20 };

struct bind {
	int count;
	Oid types[STATEMENT_MOST_PARAMS];
	char *texts[STATEMENT_MOST_PARAMS]; // owned; NULL is SQL NULL
	size_t bytes;                       // of all texts
};

/* Fills the parameters from the members of `args`. INVALID, naming the member: absent, of another
 * type, a NUL inside a text, an instant out of range, too large. Nothing is held after an error. */
struct err bind_init(
	struct bind *bind, const struct statement *statement, const json_t *args) MUST_CHECK;
void bind_done(struct bind *bind);
/* An array with an object a row: bigint as integer, bool, jsonb parsed, anything else as text; a
 * NULL column is JSON null, and so is JSON that cannot be read (which is logged). NULL when memory
 * is out. */
json_t *bind_rows(const PGresult *result) MUST_CHECK;
