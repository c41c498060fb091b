// Differences become calls: an ordered list of steps, as data. Pure; nothing here runs anything.
#pragma once

#include "core/diff.h"
#include "core/kind.h"

enum change {
	CHANGE_NONE,
	CHANGE_CREATE,
	CHANGE_UPDATE,
	CHANGE_REPLACE,        // the old one is deleted first
	CHANGE_REPLACE_BESIDE, // ... or last (core/predecessor.h)
	CHANGE_DELETE,
	CHANGE_COUNT
};

enum step_type { STEP_CREATE, STEP_UPDATE, STEP_TAG, STEP_TEARDOWN, STEP_REMOVE };

/* One call to come. */
struct step {
	enum step_type type;
	const struct call *call;   // borrowed from the table
	const struct field *field; // borrowed; NULL when the step is of the whole resource
	json_t *scope; // what the templates see beside the resource itself (value, item, ...);
		       // owned
	json_t *paths; // ["MapPublicIpOnLaunch", ...]: the differences that it removes; owned
};

struct plan {
	enum change change;
	enum disruption disruption;
	struct step *steps;
	size_t count, size;
	bool forces_replacement;
	enum disruption in_place; // of its steps alone, when they are done without the replacement
	bool restores;            // brings back what is scheduled to be deleted
	char replaced_for[96];    // the path that forces it
	char token[40];    // client token of the same create call, which got no answer: it is sent
			   // once more (core/sent.h); "": it is the first of it
	char creation[17]; // names what the create call says (weigh_creation()); "": none
};

/* Everything that creates it: the call, then what the call does not take. */
void plan_create(const struct kind *kind, const json_t *want, struct plan *ret);
/* What removes the differences in place; forces_replacement says when that is not possible for one
 * of them (the others are still planned). */
void plan_update(const struct kind *kind, const json_t *want, const json_t *observed,
	const struct differences *differences, struct plan *ret);
/* Can no call take that difference away in place? */
bool plan_is_forcing(const struct kind *kind, const struct difference *difference);
/* What brings back what is scheduled to be deleted. */
void plan_restore(const struct kind *kind, struct plan *ret);
/* The call that makes a resource of this desired JSON. */
const struct call *plan_creates(const struct kind *kind, const json_t *want);
/* Teardown and removal of what is there; its disruption is that of the end of it alone. */
void plan_delete(const struct kind *kind, const json_t *observed, struct plan *ret);
void plan_done(struct plan *plan);
/* Takes scope and paths over; either may be NULL. */
void plan_add_step(struct plan *plan, enum step_type type, const struct call *call,
	const struct field *field, json_t *scope, json_t *paths);

/* Renders a step's input. `resource` is the scope of the resource:
 * {"id","desired","observed","tags","tag_type",
 * "stack","address","name","region","account","token"}; `found` is the find's result or NULL.
 * *ret_operation is the operation to call (the call's or its else), *ret_input NULL when there is
 * nothing to do. */
struct err step_render(const struct kind *kind, const struct step *step, const json_t *resource,
	const json_t *found, const char **ret_operation, json_t **ret_input) MUST_CHECK;
/* The input of the create call made from the fields; the table's own args are merged over it. */
json_t *create_input(const struct kind *kind, const json_t *resource);
/* "+", "~", "-/+", "+/-", "-" or ""; static. */
const char *change_sign(enum change change);
const char *change_name(enum change change); // "create", "update", "replace", "delete", "none"
bool change_replaces(enum change change);
