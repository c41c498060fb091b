// Scalars between their JSON form and the text that the wire carries: numbers, booleans,
// timestamps in AWS's three formats, blobs. Shared by all codecs; see wire.h for the JSON form.
#pragma once

#include "aws/model_table.h"
#include "base/buf.h"
#include "base/js.h"

struct wiretext_time {
	int64_t seconds; // since 1970, may be negative
	int32_t nanos;   // 0 .. 999,999,999
};

enum { WIRETEXT_TIME_BYTES = 48, WIRETEXT_REAL_BYTES = 40 };

/* RFC 3339 text or a number of seconds. */
bool wiretext_time_read(const json_t *value, struct wiretext_time *ret_time) MUST_CHECK;
/* Whatever AWS sends: ISO 8601 with or without zone (none is UTC), RFC 822, seconds since 1970. */
bool wiretext_time_parse(const char *text, struct wiretext_time *ret_time) MUST_CHECK;
/* A new JSON string in our form; NULL when memory is out. */
json_t *wiretext_time_json(const struct wiretext_time *time);
void wiretext_time_format(const struct wiretext_time *time, enum time_format format,
	char ret_text[WIRETEXT_TIME_BYTES]);
/* The shortest decimal text that reads back as the same number ("1.1", "10.0"). */
void wiretext_real(double value, char ret_text[WIRETEXT_REAL_BYTES]);
/* Is it "NaN", "Infinity" or "-Infinity"? */
bool wiretext_is_special(const char *text);

/* The wire's text of a scalar that wire_check() has passed. */
bool wiretext_write(
	struct buf *out, const struct shape *shape, enum time_format format, const json_t *value);
/* The value of a scalar's text: *ret_value is NULL without an error for an empty number, boolean or
 * timestamp. False when the text is not of the shape's type, or memory is out. `text` is
 * NUL-terminated. */
bool wiretext_value(
	const struct shape *shape, const char *text, size_t bytes, json_t **ret_value) MUST_CHECK;

bool wiretext_base64_add(struct buf *out, const void *bytes, size_t count);
/* Appends the decoded bytes. False when it is not base64 (blanks are skipped, padding may lack). */
bool wiretext_base64_decode(struct buf *out, const char *text, size_t bytes) MUST_CHECK;
/* How many bytes base64 text stands for; -1 when it is none. */
int64_t wiretext_base64_count(const char *text, size_t bytes);
