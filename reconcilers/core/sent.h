// A create call that got no answer, by a client token: sent once more as it was, AWS answers with
// what it made the first time, or makes it now. Never two, whatever became of the first one. Pure.
//
// How long AWS knows a token (ACM: an hour; EC2: a day) is no matter: what it has forgotten the
// token of was made so long ago that every read shows it, and is found before it is sent for again.
#pragma once

#include "base/js.h"
#include <stdbool.h>

/* What stands in history for a value that it does not keep. */
#define SENT_SENSITIVE "(sensitive)"

/* Is it a call of that client token (a UUID, or the same without '-')? NULL: there is none. */
bool sent_bears(const json_t *input, const char *token);
/* The note of it for the record: {"token", "change", "creation"}; new. `input` as history keeps it,
 * or before values from elsewhere came in; `change` names what was created (weigh_name()),
 * `creation` what the call itself said of it (weigh_creation(); NULL: not known, of a call that an
 * older version intended). NULL when the call bears no such token, so that AWS cannot tell it from
 * another one, or bears a value that nobody kept: it could not be sent again as it was. */
json_t *sent_note(const json_t *input, const char *token, const char *change, const char *creation);
/* The token, where the note is of that very change, or of one whose call said the same: what comes
 * after the call may be another by now (a route whose gateway has an id). Borrowed; NULL: none.
 * `note` may be NULL. */
const char *sent_token(const json_t *note, const char *change, const char *creation);
