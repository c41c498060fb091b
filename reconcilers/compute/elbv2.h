// What the kinds of Elastic Load Balancing share: how it tags, names and routes.
#pragma once

#include "base/js.h"
#include "core/kind.h"

/* Its way with tags: AddTags, RemoveTags; read by elbv2_tags. */
extern const struct tagging elbv2_tagging;

/* DescribeTags, twenty a call ("You can specify up to 20 ARNs"). */
#define ELBV2_TAGS                                                                                 \
	{                                                                                          \
		.list = {"DescribeTags", ARGS({"ResourceArns" : "@ids"}), "TagDescriptions"},      \
		.by = "ResourceArn", .into = "TagDescriptions", .most_ids = 20                     \
	}

/* ... and how the tagging API knows them all. */
#define ELBV2_TAG_TYPES "elasticloadbalancing"

/* `target_group: app` for TargetGroupArn, in actions. */
extern const struct field elbv2_action_refs[];

/* A list of actions in one form: what AWS fills in stands on both sides ("CreateListener",
 * "RedirectActionConfig", "AuthenticateOidcActionConfig": the documented defaults), and a forward
 * to one group has one spelling of the two. */
void elbv2_canon_actions(json_t *actions);

/* Rules of the two sorts of names: at most 32 letters, digits and hyphens, none at an end. */
void elbv2_check_name(const json_t *desired, const struct node *node, struct findings *findings);

/* Actions that AWS refuses: without their structure, or with that of another type, and secrets that
 * stand in the file. `name`: the field, as in the file. */
void elbv2_check_actions(const json_t *actions, const char *name, const struct node *node,
	struct findings *findings);
