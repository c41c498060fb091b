// Tags by way of the tagging API, for kinds whose tags are a read each. It answers for many
// resources at once and lags, so what it says counts only where it is what should be. Pure.
#pragma once

#include "core/kind.h"

/* The input of GetResources for the kind: what carries our stack's tag; new. */
json_t *hints_input(const struct kind *kind, const char *stack);
/* Adds a page of its answer to {"<arn>": {"key": "value"}}. */
void hints_add(json_t *hints, const json_t *output);
/* The tags to believe of this ARN, as its service would show them: new. NULL: read them, because
 * nothing is said of it, or not what `subject` (observe.h) should carry: "tags", and none of
 * "old_tags" beside those. A subject without "tags" (an orphan, or NULL) is believed. */
json_t *hints_believed(
	const json_t *hints, const char *arn, const json_t *subject, const struct kind *kind);
/* Does this follow-up read the tags? */
bool hints_replace(const struct kind *kind, const struct follow *follow);
