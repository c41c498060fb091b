// What the parts of desired share while they read a file: where findings go, whose values are read.
#pragma once

#include "core/desired.h"

struct checking {
	struct desired *desired; // in the making; all addresses are known before any value is read
	struct findings *findings;
	struct wanted *wanted; // whose values are read now
	bool for_create;       // the create call needs what is read now
	bool is_secret;        // no value in a message
	/* References that may stand in the structures of the value that is read now: rows as in
	 * struct field's `refs`; or NULL. */
	const struct field *refs;
};

/* "did you mean 'x'?" written into `text`, else `fallback`. */
#define CHECKING_TEXT_BYTES 300
const char *checking_suggest(const char *wrong, const char *const *names, size_t count,
	const char *fallback, char text[CHECKING_TEXT_BYTES]);
/* "one of: a, b, c" written into `text`, cut where it is full. */
const char *checking_one_of(const char *const *names, size_t count, char text[CHECKING_TEXT_BYTES]);
/* Has the map a key that is meant to be `name` and misspelled? Then that is said, and that `name`
 * is missing is not. */
bool checking_has_slip(const struct node *map, const char *name);
/* Is the text a name: [a-z0-9][a-z0-9-]{0,62}? */
bool checking_is_name(const char *text);
/* Is that a key which every resource takes beside its fields? */
bool checking_is_common(const char *key);
