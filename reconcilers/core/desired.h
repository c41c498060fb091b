// The desired state: a config tree turned into resources, checked against the kind tables and
// AWS's models. Pure: tree in, resources and findings out.
//
// Desired JSON is in AWS's member structure, keyed by the members of the kind's fields:
//   {"VpcId": {"@ref": "network.vpc.main"}, "CidrBlock": "10.0.0.0/24"}
// A reference is {"@ref": ADDRESS} (the id) or {"@ref": ADDRESS, "@attr": "Endpoint.Address"} (a
// member path of its observed JSON; "Arn" is the ARN). A string with references inside is {"@text":
// ["prefix-", {"@ref"..}, ...]}. FIELD_ITEMS are lists of objects in the members of the item's
// fields. FIELD_FLAGs stand under their name. Unset fields are absent, except names (FIELD_NAME)
// and presets, which are filled in.
#pragma once

#include "base/js.h"
#include "base/map.h"
#include "config/tree.h"
#include "core/kind.h"
#include "core/window.h"

enum policy_mode { MODE_ENFORCE, MODE_OBSERVE };
enum policy_prune { PRUNE_HOLD, PRUNE_DELETE };
enum policy_foreign { FOREIGN_HOLD, FOREIGN_DELETE, FOREIGN_LEAVE };
enum policy_rule { RULE_ALLOW, RULE_WINDOW, RULE_HOLD };

/* What may happen by itself; every level (stack, layer, resource) has one, already merged. */
struct policy {
	enum policy_mode mode;
	enum policy_prune prune;
	enum policy_foreign foreign; // what others add under it as a thing of its own
	/* What may interrupt by itself, by enum disruption; data loss is RULE_HOLD always. */
	enum policy_rule rules[DISRUPTS_DATA_LOSS + 1];
	struct windows *windows; // for RULE_WINDOW; a reference; NULL: none, never open
	int64_t interval_ms;     // 0: the layer's own
	json_t *ignore;          // ["field", ...]; owned; NULL: none
	int most_deletes;        // at once; -1: the default (core/brakes.h), also of these:
	int most_deletes_per_hour;
	int most_corrections;   // of one field within an hour; -1: the default (core/fights.h)
	int most_drift_percent; // of a layer's resources in one pass
	json_t *accept;         // {"advice-id": "reason"} of core/advice.h; owned; NULL: none
};

/* One declared resource. */
struct wanted {
	char *address; // "network.vpc.main"; owned
	const struct kind *kind;
	char *name;
	json_t *desired;    // see above; owned
	json_t *tags;       // {"key": "value"}: the stack's, the resource's, not ours; owned
	json_t *depends_on; // ["network.vpc.main"]: what its creation needs; owned
	json_t *refers_to;  // depends_on and every other reference; owned
	char *adopt;        // what stands in AWS and is to be this (core/adopt.h); owned; or NULL
	int behind;         // how many creations, one after another, wait for its own
	struct policy policy;
	struct place place;      // of its name in the file; file borrowed from the desired
	const struct node *node; // its fields in the file, for places; NULL when it has none
};

struct desired_layer {
	const struct layer *layer;
	struct policy policy;
	bool is_declared;
};

/* One loaded file. Immutable once made. */
struct desired {
	char *stack, *account, *region; // account may be NULL (then any)
	json_t *tags;
	struct policy policy;
	struct desired_layer *layers; // one for each of all_layers
	size_t layer_count;
	struct wanted *wanted; // in the order of the file
	size_t count;
	struct map by_address; // struct wanted *
	json_t *referrers;     // {"network.vpc.main": ["network.subnet.a", ...]}: refers_to turned
			       // round
	char version[17];      // digest of the document
	json_t *document;      // the merged file as JSON, for history; secrets are "(secret)"
	struct tree *tree;     // owned: places point into it
};

/* Checks everything, reports every error of the file at once; NULL when there was an error. Takes
 * the tree over in either case. Limits: names [a-z0-9][a-z0-9-]{0,62}; stack names as names; 5,000
 * resources. */
struct desired *desired_new(struct tree *tree, struct findings *findings);
void desired_free(struct desired *desired);
/* tree_load + desired_new. */
struct desired *desired_load(
	const char *path, const struct tree_options *options, struct findings *findings);
/* The addresses of what refers to the resource: a list, borrowed; NULL: nothing does. */
const json_t *desired_referrers(const struct desired *desired, const char *address);
/* Nothing is written, whatever the file says. */
void desired_observe(struct desired *desired);
const struct wanted *desired_find(const struct desired *desired, const char *address);
