// The last events of this life of the daemon, numbered. Whoever follows them names the cursor that
// it was given last; when what came after is no longer here, or was of another life, it is told.
#pragma once

#include "base/js.h"
#include <stdint.h>

enum { EVENTS_KEPT = 1024 };

struct events {
	char life[33];             // names this life; part of every cursor
	uint64_t next;             // number of the next one; the first is 1
	json_t *ring[EVENTS_KEPT]; // owned; number n is at n % EVENTS_KEPT
};

/* `life` is copied; letters and digits. */
void events_init(struct events *events, const char *life);
void events_done(struct events *events);
/* Takes the event over. */
void events_put(struct events *events, json_t *event);
/* Is there anything after the cursor, for that stack (NULL: any)? True for a cursor that does not
 * lead on. NULL: from the first that is kept. */
bool events_has_more(const struct events *events, const char *cursor, const char *stack);
/* {"format":1,"cursor","gap":TEXT|null,"events":[EVENT]}: what came after the cursor, oldest first;
 * with `limit` > 0 and no cursor only the last so many. NULL when `cursor` is none of ours. New. */
json_t *events_after(
	const struct events *events, const char *cursor, const char *stack, int64_t limit);
