// The daemon's JSON as text: pure functions of a view and an answer. They take any JSON without
// complaint; what is missing or of another type is left out.
#pragma once

#include "base/js.h"
#include "cli/view.h"

enum status_flags { STATUS_ALL = 1 }; // every resource, not only those that want attention

/* GET /v1/status; one stack or several. */
void render_status(const struct view *view, const json_t *status, unsigned flags, struct buf *out);
/* The live view: at most `height` lines, each at most as wide as the view. `history` (GET
 * /v1/history) may be NULL; `trouble` is a sentence to show above all, or NULL. */
void render_live(const struct view *view, const json_t *status, const json_t *history,
	const char *trouble, int height, struct buf *out);
/* What changed between two statuses, as plain lines with a time; nothing when nothing did. `before`
 * may be NULL. */
void render_progress(
	const struct view *view, const json_t *before, const json_t *after, struct buf *out);
/* GET /v1/resources/ADDRESS */
void render_resource(const struct view *view, const json_t *answer, struct buf *out);
/* GET /v1/why/ADDRESS */
void render_why(const struct view *view, const json_t *answer, struct buf *out);
/* Events of GET /v1/events, one line each. */
void render_events(const struct view *view, const json_t *answer, struct buf *out);
/* GET /v1/plan */
void render_plan(const struct view *view, const json_t *plan, struct buf *out);
/* GET /v1/graph; nodes without a state are drawn without a mark. */
void render_graph(const struct view *view, const json_t *graph, struct buf *out);
/* The same in the dot language of Graphviz. */
void render_dot(const json_t *graph, struct buf *out);
/* GET /v1/diff, /v1/drift, /v1/history */
void render_diff(const struct view *view, const json_t *answer, struct buf *out);
void render_drift(const struct view *view, const json_t *answer, struct buf *out);
void render_history(const struct view *view, const json_t *answer, struct buf *out);
/* GET /v1/accept/ADDRESS */
void render_accept(const struct view *view, const json_t *answer, struct buf *out);
/* GET /v1/orders */
void render_orders(const struct view *view, const json_t *answer, struct buf *out);
/* [{"file","line","column","severity","message","remedy"}] */
void render_findings(const struct view *view, const json_t *findings, struct buf *out);
/* The parts that several answers share. */
void render_action(const struct view *view, const json_t *action, struct buf *out);
enum entry_flags { ENTRY_ADDRESS = 1, ENTRY_CLOCK = 2 }; // with addresses; without today's date
void render_entries(const struct view *view, const json_t *entries, unsigned flags, int indent,
	struct buf *out);
enum paint paint_of_change(const char *change);
enum paint paint_of_sync(const char *sync);
enum paint paint_of_health(const char *health);
/* The mark at the start of a line, by sync and health. */
const char *mark_of(const struct view *view, const json_t *thing, enum paint *ret_paint);
