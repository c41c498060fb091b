// Values that stand neither in the file nor in the store: in the daemon's environment, in a file of
// this host, or made up once. Nothing here keeps one: it is read for its mark, and again for the
// call that takes it, and wiped after both.
//
// A source is what desired JSON holds in a value's place:
//   {"@source": {"env": "DB_PASSWORD"}} | {"@source": {"file": "/etc/holdfast/db"}} |
//   {"@source": {"make": {...}}}   (password.h)
// Its mark is what can be compared with what AWS shows, and may be stored and shown.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "core/kind.h"

enum { SOURCE_KEY_BYTES = 32, SOURCE_MARK_BYTES = 136, SOURCE_MOST_BYTES = 65536 };

/* A source of desired JSON; false for every other value. */
bool source_is(const json_t *value);
/* Appends the value; the caller burns `out`. One newline at the end of a referred file is not part
 * of it. Errors: NOT_FOUND with what is missing (a variable, a file), DENIED, INVALID (no regular
 * file, larger than 64 KiB, empty, no UTF-8). */
struct err source_text(const struct field *field, const json_t *source, struct buf *out) MUST_CHECK;
/* The mark of a value; "" for MARKED_NOT and for what is made up. `key` has SOURCE_KEY_BYTES.
 * INVALID when the text is not what the mark is of (no certificate in it). */
struct err source_mark(const struct field *field, const json_t *source, const uint8_t *key,
	char ret_mark[SOURCE_MARK_BYTES]) MUST_CHECK;
struct err source_mark_of(const struct field *field, const uint8_t *key, const char *text,
	size_t bytes, char ret_mark[SOURCE_MARK_BYTES]) MUST_CHECK;
/* Can everybody on this host read the source's file? */
bool source_is_open(const json_t *source);
