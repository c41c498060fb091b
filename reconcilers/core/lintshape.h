// Tables against AWS's models: does a path exist in an answer, does a template fit a request?
// What kinds_lint() stands on; the tables' own rules are in lint.c.
#pragma once

#include "aws/model.h"
#include "core/kind.h"

struct buf;

/* One table under examination. */
struct lint {
	const struct kind *kind;
	const struct service *service; // NULL when the model does not have it
	const struct shape *item;      // of a listed item; NULL when the table does not lead to it
	const struct shape *confirmed; // of what the confirming read answers; NULL: there is none
	char where[200];               // "subnet.cidr_block.update"
	struct buf *out;
	int count; // complaints so far
};

/* What the templates of one call may speak of, beside the resource itself. */
struct lint_scope {
	const struct field *field; // whose call it is; NULL: the kind's
	const struct shape *item;  // what '@item' is as AWS shows it; NULL: not known
	bool item_is_desired;      // '@item' is in the members of the field's items instead
	// -- lint_call() fills in:
	bool has_find;
	const struct shape *found; // of @found; NULL: not known
};

/* "where: ..." */
void lint_say(struct lint *lint, const char *fmt, ...) FORMAT_PRINTF(2, 3);
/* Makes `where` longer; give the result to lint_leave(). */
size_t lint_enter(struct lint *lint, const char *name);
void lint_leave(struct lint *lint, size_t before);

/* NULL after a complaint. */
const struct operation *lint_operation(struct lint *lint, const char *name);
/* The same of another service than the kind's; NULL: the kind's. */
const struct operation *lint_operation_of(struct lint *lint, const char *service, const char *name);
/* What a path leads to: `shape`, or with "[]" on the way a list of it. */
struct lint_found {
	const struct shape *shape; // NULL after a complaint
	bool is_list;
};

/* Follows a path (core/path.h) into a shape; silent when `shape` is NULL already. */
struct lint_found lint_path(struct lint *lint, const struct shape *shape, const char *path);
/* The same in a listed item, to which joins and follow-ups have added members. */
struct lint_found lint_item_path(struct lint *lint, const char *path);
/* "A|B": the first leads the way, all are checked. */
struct lint_found lint_item_paths(struct lint *lint, const char *paths);
/* The names within "@{...}" of a text; NULL is none. */
void lint_strings(struct lint *lint, const char *text);
/* The element when it leads to many, as a list or by "[]"; NULL when to one. */
const struct shape *lint_element(struct lint_found found);
/* JSON text of a value against its shape (NULL: anything fits). */
void lint_value(struct lint *lint, const struct shape *shape, const char *json);
/* JSON text of a template against an operation's input; `given` (may be NULL) names members that
 * come from elsewhere. */
void lint_args(struct lint *lint, const struct operation *operation, const char *args,
	const struct call *call, const struct lint_scope *scope, const json_t *given);
/* A whole call: operations, templates, find, failures. */
void lint_call(
	struct lint *lint, const struct call *call, struct lint_scope scope, const json_t *given);
/* What a field sets beside itself, its values and exclusions: what the model says itself, and
 * members that there are not. */
void lint_words(struct lint *lint, const struct field *field, const struct shape *shape);
/* JSON texts of a field fit its shape; so do short forms. */
void lint_literals(struct lint *lint, const struct field *field, const struct shape *shape);
/* lintrefs.c: of FIELD_REF and FIELD_REFS (and that nothing else has a `ref`). */
void lint_reference(struct lint *lint, const struct field *field);
/* lintrefs.c: where additions stand, and whose items are. */
void lint_others(struct lint *lint);
/* lintrefs.c: the rows of `refs`; `shape`: of the field. */
void lint_refs(struct lint *lint, const struct field *field, const struct shape *shape);
