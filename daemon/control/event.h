// What happens, as people are told it: one JSON object an event. Pure.
//
//   {"at","event","stack","address"?,"layer"?,"field"?,"text", and of the event's own: "drift_id",
//    "type","desired","observed","how","action_id","operation","change","reason","outcome","code",
//    "message","request_id","dur_ms","hold_id","disruption","who","why","until","version","file"}
//
// Names: drift.opened drift.closed  action.intended action.done action.failed  change.held
// change.approved change.rejected change.used change.allowed change.gone  pause.begun pause.ended,
// and so ignore. protect. brake. and release.  layer.failing layer.recovered  config.loaded
// config.refused  lease.gained lease.lost
#pragma once

#include "base/js.h"
#include "state/statements.h"

/* The event that a statement of history is; NULL for one that is none (records, observations,
 * passes). New. */
json_t *event_of(enum store_statement statement, const json_t *args, const char *stack);
/* One that no statement tells; absent parts are NULL. New. */
json_t *event_new(
	const char *name, int64_t at_ms, const char *stack, const char *layer, const char *text);
