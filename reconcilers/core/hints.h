// Tags by way of the tagging API, for kinds whose tags are a read each. It answers for many
// resources at once and lags, so what it says counts only where it is what should be. Pure.
#pragma once

#include "core/kind.h"

/* The input of GetResources: what carries the stack's tag, of all types that a kind names; new. */
json_t *hints_input(const char *stack);
/* Adds a page of its answer to {"<arn>": {"ResourceARN", "Tags": [{"Key", "Value"}]}}. */
void hints_add(json_t *hints, const json_t *output);
/* The rows of the kind's types: a list, new. */
json_t *hints_of(const json_t *hints, const struct kind *kind);
/* The tags to believe of this ARN, as its service would show them: new. NULL: read them, because
 * nothing is said of it, or not what `subject` (observe.h) should carry: "tags", and none of
 * "old_tags" beside those; or because we wrote to it since `began_ms`. A subject without "tags" (an
 * orphan, or NULL) is believed. */
json_t *hints_believed(const json_t *hints, int64_t began_ms, const char *arn,
	const json_t *subject, const struct kind *kind);
/* What was shown of the tags in the look before, in what was listed then ("shown" of the subject):
 * as rows of the follow-up or join, new. NULL: read them, because none were, or not those that it
 * should carry. */
json_t *hints_recalled(const json_t *subject, const struct kind *kind, const char *into);
/* Does this follow-up, or this join, read the tags? */
bool hints_replace(const struct kind *kind, const struct follow *follow);
bool hints_replace_join(const struct kind *kind, const struct join *join);
/* Is what the tagging API shows the kind's list, as its own service has none by tag? */
bool hints_are_list(const struct kind *kind);
