// The pieces of a status that the plain and the live view share.
#pragma once

#include "base/js.h"
#include "cli/table.h"

/* Synced, healthy, and nothing being done. */
bool status_is_well(const json_t *resource);
void status_head(const struct view *view, const json_t *status, struct buf *out);
/* What is wrong with the file, the store, the daemon itself; of the file's errors at most so many
 * (0: all). */
void status_trouble(
	const struct view *view, const json_t *status, size_t most_findings, struct buf *out);
void status_progress(const struct view *view, const json_t *status, struct buf *out);
void status_layers(const struct view *view, const json_t *status, struct buf *out);
/* Resources that are not well, by urgency; at most `most` (0: all). */
void status_attention(const struct view *view, const json_t *status, int most, struct buf *out);
/* "CreateVpc, attempt 2, for 4s" */
void status_doing(const struct view *view, const json_t *action, struct buf *out);
/* "4s ago", or that it never was. */
void status_add_age(struct table *table, const char *iso);
