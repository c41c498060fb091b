// The source fields of a kind on their way: from the file into desired JSON, from there to what is
// compared, and at the very end into the call. The values themselves: source.h.
#pragma once

#include "aws/model.h"
#include "core/checking.h"
#include "core/source.h"

/* The error code of a value that is not the one that was decided upon. */
#define SOURCES_CHANGED "SourceChanged"

/* Reads a FIELD_SOURCE. New; NULL after a finding. A value written where its source belongs is a
 * finding, and is not shown in it. */
json_t *sources_read(struct checking *checking, const struct field *field, const struct node *node);

/* {"Member": {"mark": ".."} | {"why": "waits for .."}} of the desired JSON's sources: reads each
 * one once; what could not be read is tried again. `key` NULL: it is not known yet, and so is
 * nothing. `*marks` is made when it is NULL. `what` names the resource in the log, once for each
 * file that everybody can read. */
void sources_mark(const struct kind *kind, const char *what, const json_t *desired,
	const uint8_t *key, json_t **marks);
/* In resolved desired JSON (changed): a source becomes its mark; it leaves where it has none (it is
 * then not compared), and where it cannot be read, which then stands in `waiting`. */
void sources_resolve(const struct kind *kind, const json_t *marks, json_t *want, json_t *waiting);
/* What a plan needs to fill in values: {"Member": {"from": source, "mark": ".."}}; new. */
json_t *sources_of(const struct kind *kind, const json_t *desired, const json_t *marks);
/* Puts the values into a call's input, whose members {"@source": "Member"}, also within structures,
 * stand for them; one without a source leaves. Blobs become base64. CONFLICT when a value is not
 * the one whose mark was decided upon. What was put in is also in `filled` (a list), for
 * sources_burn(). */
struct err sources_fill(const struct kind *kind, const char *operation, const json_t *sources,
	const uint8_t *key, json_t *input, json_t *filled) MUST_CHECK;
/* Zeroes them, wherever they are still referred to. */
void sources_burn(json_t *filled);
