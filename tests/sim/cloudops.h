// What the operations of cloud.h do. Creating, listing, reading by id and deleting follow from the
// tables of kinds and the models; attributes and attachments are written out in cloudops.c, routes
// and rules in cloudlists.c.
#pragma once

#include "tests/sim/cloud.h"

/* Carries a call out; members of the answer go into `output`. */
struct err cloudops_run(struct cloud *cloud, const char *service, const char *name,
	const json_t *input, json_t *output);
/* Does anything that is alive stand in it or on it? */
bool cloudops_is_used(struct cloud *cloud, const struct thing *thing);
void cloudops_remove_thing(struct cloud *cloud, struct thing *thing);

// ---- for its parts

struct err cloudops_conflict(const char *code);
struct err cloudops_not_found(const char *code);
/* Does the text stand anywhere in it? */
bool cloudops_holds_text(const json_t *value, const char *text);
/* A rule of a security group, with an id of its own; new. */
json_t *cloudops_rule(struct cloud *cloud, const char *group, bool is_egress);
struct err cloudops_route(
	struct cloud *cloud, struct thing *table, const char *operation, const json_t *input);
struct err cloudops_associate(
	struct cloud *cloud, const char *operation, const json_t *input, json_t *output);
struct err cloudops_authorize(
	struct cloud *cloud, struct thing *group, bool is_egress, const json_t *input);
struct err cloudops_revoke(
	struct cloud *cloud, struct thing *group, bool is_egress, const json_t *input);
/* Puts the rules, in the form of cloudops_rule(), into what is shown of their group. */
void cloudops_show_rules(json_t *group, const json_t *rules);
