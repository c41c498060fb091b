// Two writers of one field: we correct it, somebody puts it back, again and again. Counted by field
// and, past a limit, left to people: a loop helps neither. Pure, over a JSON object in the record:
//
//   {"path": {"ours", "theirs", "corrected_ms", "at": [ms, ...], "contested"?}}
//
// "(resource)" is the path of a resource that somebody deletes each time.
#pragma once

#include "base/js.h"
#include <stdbool.h>
#include <stdint.h>

enum { FIGHTS_MOST_CORRECTIONS = 5, FIGHTS_HOUR_MS = 3600000 };

/* Our correction of the path was seen. Forgets what is older than an hour and not contested. */
void fights_corrected(json_t *fights, const char *path, int64_t wall_ms);
/* Another object stands under the name: that it has not the tags of the one before is nobody's
 * doing. True when that changed something. */
bool fights_drop_tags(json_t *fights);
/* The difference went without us: whoever else writes it has yielded. True when that changed
 * anything. */
bool fights_yielded(json_t *fights, const char *path);
/* The path differs anew: `theirs` instead of `ours` (NULL: absent). True when it has become
 * contested by that: corrected `most` times (-1: the default) within an hour, and changed again. */
bool fights_drifted(json_t *fights, const char *path, const json_t *ours, const json_t *theirs,
	int most, int64_t wall_ms);
/* The fight by which a path is not to be set to `ours`; borrowed; NULL: none. Another wanted value
 * is a person's word, and ends it. */
const json_t *fights_find(const json_t *fights, const char *path, const json_t *ours);
/* "Ingress[...] was corrected 5 times ...": a sentence with the values and times of both. */
void fights_say(
	const json_t *fight, const char *path, const char *address, char *ret_text, size_t bytes);
/* Takes the contested ones out: ["path", ...]; new. */
json_t *fights_release(json_t *fights);
