// AWS at a moment, from what was observed, and how two moments differ. Pure.
#pragma once

#include "cli/view.h"
#include <jansson.h>

/* Two answers of GET /v1/state; {"format":1,"from","to","differences":[{"address","path",
 * "type":"changed|made|gone","before","after"}]}, by address; of a resource that was made or is
 * gone only that. New. */
json_t *past_differences(const json_t *from, const json_t *to);

/* GET /v1/state as a table of what was not well, or of everything. */
void render_state(const struct view *view, const json_t *answer, struct buf *out);
void render_state_all(const struct view *view, const json_t *answer, struct buf *out);
/* The same with every field that AWS showed. */
void render_state_whole(const struct view *view, const json_t *answer, struct buf *out);
/* past_differences() */
void render_changes(const struct view *view, const json_t *answer, struct buf *out);
