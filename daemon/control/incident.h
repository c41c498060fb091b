// Which event is news to a person: one message when something begins, one when it is over, however
// many events, fields and passes lie between. Pure, over the set of what is open.
//
// A drift is an incident from its first field until the last one is closed; a held change is one
// until somebody decides; a failing change until a call for that resource succeeds; a layer that
// cannot be looked at until it can; a refused file until one is loaded.
#pragma once

#include "base/js.h"

enum incident_trigger {
	INCIDENT_DRIFT = 1,
	INCIDENT_CORRECTED = 2,
	INCIDENT_HELD = 4,
	INCIDENT_FAILED = 8,
	INCIDENT_RECOVERED = 16,
	INCIDENT_ALL = 31,
};

/* "on-drift,on-held" (or "drift,held"); false: a word is none of them, or there is none. */
bool incident_triggers(const char *words, unsigned *ret_triggers) MUST_CHECK;
/* The KEY of an event below, "drift shop network.vpc.main"; new; NULL when it has no name. */
char *incident_key(const json_t *event);
/* Is that the key of one of this stack? */
bool incident_is_of(const char *key, const char *stack);
/* `open`: {KEY: {...}} of one daemon, changed here; begin with {}. The message for the event
 * (event.h), or NULL when it is none: {"format":1,"trigger":"on-drift","incident":ID,"at","stack",
 * "subject","text","event":EVENT}. What begins and what ends an incident have the same id. New. */
json_t *incident_of(json_t *open, const json_t *event, enum incident_trigger *ret_trigger);
