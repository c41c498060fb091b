// Items that a service of AWS puts into ours by itself, for another resource of the file: the
// addresses of an ecs_service's tasks in its target group. Whose an address is, is asked only while
// there is one that was not known before; what nobody claims for ten seconds is somebody's
// addition. Pure.
#pragma once

#include "core/kind.h"
#include "core/record.h"

/* The field of the kind with a claim; NULL: it has none. */
const struct field *claim_field(const struct kind *kind);
/* Notes in the record which of the observed items are claimed and which are under suspicion, by
 * what AWS showed (`raw`, with the claims where they were read). Returns how many ms from now the
 * resource is to be looked at again, with its claims; 0: all is known. */
int64_t claim_note(const struct kind *kind, const json_t *raw, const json_t *observed,
	struct record *record, int64_t wall_ms);
/* {"10.0.0.9": true} of what nobody claims; new; NULL: none. */
json_t *claim_foreign(const struct record *record, int64_t wall_ms);
/* Are there items that are not claimed, whose claims the next look is to read? */
bool claim_is_open(const struct record *record);
