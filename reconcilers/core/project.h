// One thing that AWS answered, reduced to what its kind's table knows. Pure.
#pragma once

#include "core/kind.h"

/* A resource as AWS shows it. All members owned. */
struct sighting {
	char *id;
	char *arn;        // NULL when AWS shows none
	char *address;    // our holdfast:resource tag; NULL without it
	char *stack;      // our holdfast:stack tag; NULL without it
	json_t *observed; // by the members of the kind's fields, items brought into canonical form
	json_t *tags;     // {"key": "value"}
	json_t *unread; // {"Member": true}: could not be read, so it differs in nothing; NULL: none
	json_t *refused; // {"Member": [values that AWS tried and gave up]}; NULL: none
	char state[48];  // AWS's word; "" when the kind has none
	bool is_pending, is_failed;
	bool is_gone;       // on its way out, or past
	bool is_restorable; // ... and can be brought back
	bool is_past;       // no longer there, only still listed
	bool is_progress;   // the condition is a way to go, not a trouble
	char reason[48];    // of the first condition that holds, or of a failed state; ""
	char message[1000]; // AWS's words for it, or what it waits for
};

#define TAG_PREFIX "holdfast:" // of all that are ours
#define TAG_STACK "holdfast:stack"
#define TAG_RESOURCE "holdfast:resource"

/* Is a listed item no longer there, only still listed? */
bool sighting_is_past(const struct kind *kind, const json_t *item);
/* Takes nothing over. `where`: {"partition", "region", "account"} for ARNs that AWS does not show,
 * or NULL. ERR_TRANSIENT "BadAnswer" when the item has no id. */
struct err sighting_make(const struct kind *kind, const json_t *item, const json_t *where,
	struct sighting *ret) MUST_CHECK;
void sighting_done(struct sighting *sighting);
/* What is read rarely, and was not this time, is as it was observed before. */
void sighting_recall(
	const struct kind *kind, const json_t *item, const json_t *before, struct sighting *seen);
/* Makes a sighting that was copied by assignment one of its own. */
void sighting_share(struct sighting *copy);
