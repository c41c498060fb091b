// References of a table: do they lead to a kind, to something that its table observes, and from a
// member that is there? Part of kinds_lint().
#include "base/str.h"
#include "core/lintshape.h"

void lint_reference(struct lint *lint, const struct field *field)
{
	const struct kind *target = field->ref ? kind_find(field->ref) : NULL;
	bool is_reference = field->type == FIELD_REF || field->type == FIELD_REFS;
	if (is_reference != (field->ref != NULL))
		lint_say(lint, "a reference, and only that, has a kind to refer to");
	else if (field->ref && !target)
		lint_say(lint, "refers to kind %s, which there is not", field->ref);
	if (!target || !field->ref_attr)
		return;
	bool is_known = str_eq(field->ref_attr, "Arn") && target->observe.arn;
	for (const struct field *f = target->fields; f->name; f++)
		is_known = is_known || str_eq_null(field_member(target, NULL, f), field->ref_attr);
	if (!is_known)
		lint_say(lint, "refers to %s of %s, which its table does not observe",
			field->ref_attr, field->ref);
}

// Has the shape, or anything inside it, a structure with that member? Models may be recursive.
static bool has_member(const struct shape *shape, const char *member, int depth)
{
	enum { MOST_DEPTH = 6 };
	if (!shape || depth > MOST_DEPTH)
		return false;
	switch (shape_type(shape)) {
	case SHAPE_LIST:
	case SHAPE_MAP:
		return has_member(shape_element(shape), member, depth + 1);
	case SHAPE_STRUCT:
		break;
	case SHAPE_STRING:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_BOOLEAN:
		return false;
	}
	if (shape_member(shape, member))
		return true;
	for (size_t i = 0; i < shape_member_count(shape); i++)
		if (has_member(member_shape(shape_member_at(shape, i)), member, depth + 1))
			return true;
	return false;
}

void lint_refs(struct lint *lint, const struct field *field, const struct shape *shape)
{
	for (const struct field *f = field->refs; f && f->name; f++) {
		size_t before = lint_enter(lint, f->name);
		if (f->type != FIELD_REF || field->type != FIELD_MODEL)
			lint_say(lint, "refs are rows of FIELD_REF in a FIELD_MODEL");
		lint_reference(lint, f);
		if (!f->member || !has_member(shape, f->member, 0))
			lint_say(lint, "stands for %s, which no structure of the field has",
				f->member ? f->member : "nothing");
		lint_leave(lint, before);
	}
}

// What is read by name: how AWS says what of it.
static void lint_names(struct lint *lint)
{
	const struct observe *how = &lint->kind->observe;
	const struct lint_scope scope = {0};
	if (!how->list.each && (how->list.bare || how->own.operation))
		lint_say(lint, "'bare' and 'own' are of lists by name");
	if (!how->own.operation)
		return;
	size_t before = lint_enter(lint, "own");
	const struct operation *operation =
		lint_operation_of(lint, how->own.service, how->own.operation);
	lint_args(lint, operation, how->own.args, NULL, &scope, NULL);
	struct lint_found names =
		lint_path(lint, operation ? operation_output(operation) : NULL, how->own.items);
	if (names.shape && (!names.is_list || shape_type(names.shape) != SHAPE_STRING))
		lint_say(lint, "%s is no list of names", how->own.items);
	lint_leave(lint, before);
}

void lint_others(struct lint *lint)
{
	lint_names(lint);
	const struct strays *strays = &lint->kind->observe.strays;
	const struct field *under =
		strays->under ? field_find(lint->kind->fields, strays->under) : NULL;
	size_t before = lint_enter(lint, "strays");
	if (strays->under && (!under || under->type != FIELD_REF))
		lint_say(lint, "stand under %s, which is no reference", strays->under);
	if (strays->spared.path)
		lint_item_path(lint, strays->spared.path);
	if (strays->by_parent && (!strays->under || !lint->kind->observe.list.each))
		lint_say(lint, "are read by parent, and the list is not");
	if (strays->rarely && !strays->by_parent)
		lint_say(lint, "are read rarely, and not by parent");
	lint_leave(lint, before);
	for (const struct field *f = lint->kind->fields; f->name; f++) {
		bool is_read = false;
		for (int i = 0; i < KIND_MOST_FOLLOWS; i++)
			is_read =
				is_read || (lint->kind->observe.follows[i].for_claims &&
						   str_eq_null(lint->kind->observe.follows[i].into,
							   f->claim.among));
		before = lint_enter(lint, f->name);
		if (f->claim.of && (f->type != FIELD_ITEMS || !f->claim.by || !is_read))
			lint_say(lint, "claims are of items, by a path, among what a follow reads");
		if (f->claim.of && !kind_find(f->claim.of))
			lint_say(lint, "is claimed by kind %s, which there is not", f->claim.of);
		lint_leave(lint, before);
	}
}
