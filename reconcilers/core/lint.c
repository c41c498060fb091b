// The tables' own checker: what a compiler cannot see, because it is written in strings. Run by
// `make unit-core` over every kind, so a misspelled member is a failed build and not a surprise in
// AWS.
#include "base/buf.h"
#include "base/str.h"
#include "core/advice.h"
#include "core/hints.h"
#include "core/lintshape.h"
#include "core/template.h"
#include <ctype.h>

static const char *type_of(const struct field *field)
{
	static const char *const names[] = {"FIELD_MODEL", "FIELD_REF", "FIELD_REFS", "FIELD_ITEMS",
		"FIELD_FLAG", "FIELD_PAIRS", "FIELD_SOURCE"};
	return names[field->type];
}

static bool is_snake(const char *name)
{
	if (!islower((unsigned char)*name))
		return false;
	for (const char *p = name; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	return true;
}

// ---- one field

// Members that the create call is sent beside its own template.
static json_t *given_at_create(const struct kind *kind)
{
	json_t *given = json_object();
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		bool is_sure = (f->flags & (FIELD_REQUIRED | FIELD_NAME)) || f->preset;
		if (member && is_sure && !(f->flags & (FIELD_AFTER_CREATE | FIELD_COMPUTED)) &&
			f->type != FIELD_ITEMS && f->type != FIELD_FLAG)
			json_object_set_new(given, member, json_true());
	}
	return given;
}

static json_t *given_at_all(const struct kind *kind)
{
	json_t *given = json_object();
	for (const struct field *f = kind->fields; f->name; f++)
		if (field_member(kind, NULL, f))
			json_object_set_new(given, field_member(kind, NULL, f), json_true());
	return given;
}

// A field that the create call does not know must be marked, or it would be dropped in silence.
static void lint_at_create(struct lint *lint, const struct field *field, const char *member)
{
	const struct operation *create =
		lint->service && lint->kind->create.operation
			? service_operation(lint->service, lint->kind->create.operation)
			: NULL;
	const struct shape *input = create ? operation_input(create) : NULL;
	const char *args = lint->kind->create.args;
	const struct operation *other =
		lint->kind->other_for
			? service_operation(lint->service, lint->kind->create_other.operation)
			: NULL;
	char use[160];
	if (other && shape_member(operation_input(other), member))
		return;
	snprintf(use, 160, field->type == FIELD_SOURCE ? "@source\": \"%s" : "desired.%s", member);
	if (!create || (field->flags & (FIELD_AFTER_CREATE | FIELD_COMPUTED)) ||
		field->type == FIELD_ITEMS || field->type == FIELD_FLAG)
		return;
	if (!(input && shape_member(input, member)) && !(args && strstr(args, use)))
		lint_say(lint, "%s does not take %s: FIELD_AFTER_CREATE?", operation_name(create),
			member);
}

static void lint_flags(struct lint *lint, const struct field *field, const struct field *items)
{
	unsigned flags = field->flags;
	bool is_value = field->type == FIELD_MODEL || field->type == FIELD_REF ||
			field->type == FIELD_REFS || field->type == FIELD_PAIRS;
	if (items) {
		if (field->update.operation || field->type == FIELD_ITEMS ||
			field->type == FIELD_FLAG)
			lint_say(lint, "an item's field is a value without calls of its own");
		return;
	}
	bool is_fixed = flags & (FIELD_CREATE_ONLY | FIELD_COMPUTED);
	bool is_ours = (flags & FIELD_WRITE_ONLY) && (flags & FIELD_AFTER_CREATE);
	if (is_value && !is_fixed && !is_ours && !field_update(lint->kind, field))
		lint_say(lint, "can be changed in the file, and no call changes it in AWS");
	if (is_fixed && field->update.operation)
		lint_say(lint, "cannot be changed, and has a call that changes it");
	if ((flags & FIELD_CREATE_ONLY) && (flags & FIELD_AFTER_CREATE))
		lint_say(lint, "is set by the create call only, and is not sent with it");
	if ((flags & FIELD_COMPUTED) && (flags & (FIELD_REQUIRED | FIELD_ONE_OF | FIELD_NAME)))
		lint_say(lint, "is AWS's own, and asked of the file");
	if (field->type == FIELD_FLAG && (field->update.operation || field->observed))
		lint_say(lint, "a flag is ours: never sent, never observed");
	if (field->unset.operation && !field->update.operation)
		lint_say(lint, "has a call that unsets it and none that sets it");
}

// What is advised fits the field, and its rule is there to be silenced by.
static void lint_advice(struct lint *lint, const struct field *field, const struct shape *shape)
{
	if (!field->advised != !field->advice)
		lint_say(lint, "has an advised value or a rule of advice, not both");
	else if (field->advice && !advice_find(field->advice))
		lint_say(lint, "there is no advice '%s'", field->advice);
	size_t before = lint_enter(lint, "advised");
	if (field->advised)
		lint_value(lint, shape, field->advised);
	lint_leave(lint, before);
}

// What is seen must be of the sort that is wanted, or the two can never be equal.
static void lint_seen(struct lint *lint, const struct field *field, const struct shape *shape,
	struct lint_found seen)
{
	const struct shape *element = lint_element(seen);
	if (!seen.shape)
		return;
	if (field->type == FIELD_PAIRS) {
		if (!element || shape_type(element) != SHAPE_STRUCT)
			lint_say(lint, "what is observed is no list of pairs");
		else if (field->pair_key && field->pair_value) {
			lint_path(lint, element, field->pair_key);
			lint_path(lint, element, field->pair_value);
		}
	}
	if (field->type == FIELD_ITEMS && (!element || shape_type(element) != SHAPE_STRUCT))
		lint_say(lint, "what is observed is no list of structures");
	else if (field->type == FIELD_REFS && (!element || shape_type(element) != SHAPE_STRING))
		lint_say(lint, "what is observed is no list of ids");
	else if (field->type == FIELD_REF && (element || shape_type(seen.shape) != SHAPE_STRING))
		lint_say(lint, "what is observed is no id");
	bool may_be_text = field->compare == COMPARE_POLICY || field->compare == COMPARE_JSON;
	if (field->type != FIELD_MODEL || !shape || may_be_text)
		return;
	bool is_list = shape_type(shape) == SHAPE_LIST,
	     is_struct = shape_type(shape) == SHAPE_STRUCT;
	if (is_list != (element != NULL) || (is_struct && shape_type(seen.shape) != SHAPE_STRUCT))
		lint_say(lint, "what is observed is of another sort than what is sent");
}

static void lint_step(
	struct lint *lint, const char *name, const struct call *call, struct lint_scope scope)
{
	if (!call->operation)
		return;
	size_t before = lint_enter(lint, name);
	lint_call(lint, call, scope, NULL);
	lint_leave(lint, before);
}

// ---- items

static void lint_rows(
	struct lint *lint, const char *name, const struct match_row *rows, const struct shape *item)
{
	size_t before = lint_enter(lint, name);
	for (const struct match_row *row = rows; row && row->path; row++) {
		lint_path(lint, item, row->path);
		if (!row->glob)
			lint_say(lint, "%s matches nothing: there is no glob", row->path);
	}
	lint_leave(lint, before);
}

static void lint_item_fields(struct lint *lint, const struct field *field, const struct shape *item)
{
	bool has_scalar = !field->scalar;
	for (const struct field *f = field->items; f && f->name; f++) {
		size_t before = lint_enter(lint, f->name);
		const char *member = field_member(lint->kind, field, f);
		lint_flags(lint, f, field);
		lint_reference(lint, f);
		lint_literals(lint, f, field_shape(lint->kind, field, f));
		if (!member)
			lint_say(lint, "has no member: %s takes no such thing",
				field->add.operation);
		else
			lint_path(lint, item, member);
		if (member && f->type == FIELD_MODEL && !field_shape(lint->kind, field, f))
			lint_say(lint, "has no shape");
		has_scalar = has_scalar || str_eq_null(member, field->scalar);
		for (const struct field *g = field->items; g != f; g++)
			if (str_eq(g->name, f->name))
				lint_say(lint, "stands twice");
		lint_leave(lint, before);
	}
	if (!has_scalar)
		lint_say(lint, "written as plain values of %s, which is no member of an item",
			field->scalar);
}

// What is there right after creation: items in the members of their fields.
static void lint_fresh_items(struct lint *lint, const struct field *field)
{
	_cleanup_json_ json_t *list =
		field->fresh ? json_loads(field->fresh, JSON_DECODE_ANY, NULL) : NULL;
	size_t i;
	json_t *item, *value;
	const char *key;
	if (list && !json_is_array(list))
		lint_say(lint, "fresh is no list");
	json_array_foreach (list, i, item) {
		json_object_foreach (item, key, value) {
			bool is_known = false;
			for (const struct field *f = field->items; f->name; f++)
				is_known = is_known ||
					   str_eq_null(field_member(lint->kind, field, f), key);
			if (!is_known)
				lint_say(lint, "fresh has %s, which no field of an item has", key);
		}
	}
}

static void lint_items(struct lint *lint, const struct field *field, struct lint_found seen)
{
	const struct shape *item = lint_element(seen);
	if (!field->items || !field->key || !*field->key || !field->add.operation ||
		!field->remove.operation) {
		lint_say(lint, "items need fields, a key, a call that adds and one that removes");
		return;
	}
	lint_item_fields(lint, field, item);
	lint_fresh_items(lint, field);
	for (const char *const *k = field->key; *k; k++)
		lint_path(lint, item, *k);
	lint_rows(lint, "skip", field->skip, item);
	lint_rows(lint, "broken", field->broken, item);
	struct lint_scope desired = {.field = field, .item = item, .item_is_desired = true};
	struct lint_scope observed = {.field = field, .item = item};
	lint_step(lint, "add", &field->add, desired);
	lint_step(lint, "change", &field->change, desired);
	lint_step(lint, "remove", &field->remove, observed);
	const struct field *flag =
		field->exclusive ? field_find(lint->kind->fields, field->exclusive) : NULL;
	if (field->exclusive && (!flag || flag->type != FIELD_FLAG))
		lint_say(lint, "exclusive by '%s', which is no flag", field->exclusive);
}

static void lint_field(struct lint *lint, const struct field *field)
{
	const char *member = field_member(lint->kind, NULL, field);
	const struct shape *shape = field_shape(lint->kind, NULL, field);
	if (!is_snake(field->name))
		lint_say(lint, "the file's names are in snake_case");
	for (const struct field *f = lint->kind->fields; f != field; f++)
		if (str_eq(f->name, field->name))
			lint_say(lint, "stands twice");
	lint_flags(lint, field, NULL);
	lint_reference(lint, field);
	lint_literals(lint, field, shape);
	lint_advice(lint, field, shape);
	lint_words(lint, field, shape);
	lint_refs(lint, field, shape);
	bool has_pairs = field->pair_key && field->pair_value;
	if ((field->type == FIELD_PAIRS && !has_pairs) || !field->pair_key != !field->pair_value ||
		(has_pairs && field->type != FIELD_PAIRS && field->type != FIELD_ITEMS))
		lint_say(lint, "pairs, and items that are written so, have a pair_key and a "
			       "pair_value, and nothing else has");
	if (field->yields_to && !kind_find(field->yields_to))
		lint_say(lint, "yields to kind %s, which there is not", field->yields_to);
	if (field->refused)
		lint_item_path(lint, field->refused);
	if (field->items && field->type != FIELD_ITEMS)
		lint_say(lint, "%s has no items", type_of(field));
	if (!member) {
		lint_say(lint, "has no member: the create call takes no such thing");
		return;
	}
	if (field->type == FIELD_FLAG)
		return;
	if (field->type == FIELD_MODEL && !shape && !(field->flags & FIELD_COMPUTED))
		lint_say(lint, "has no shape");
	lint_at_create(lint, field, member);
	struct lint_found seen = {0};
	if (!(field->flags & (FIELD_WRITE_ONLY | FIELD_SECRET)))
		seen = lint_item_paths(lint, field->observed ? field->observed : member);
	lint_seen(lint, field, shape, seen);
	lint_step(lint, "update", &field->update, (struct lint_scope){.field = field});
	lint_step(lint, "off", &field->off, (struct lint_scope){.field = field});
	lint_step(lint, "unset", &field->unset, (struct lint_scope){.field = field});
	if (field->type == FIELD_ITEMS)
		lint_items(lint, field, seen);
}

// ---- how a kind is looked at

static const struct shape *lint_list(struct lint *lint, const struct list_call *list)
{
	const struct lint_scope scope = {0};
	const struct operation *operation = lint_operation_of(lint, list->service, list->operation);
	lint_strings(lint, list->each);
	lint_strings(lint, list->batch);
	lint_args(lint, operation, list->args, NULL, &scope, NULL);
	const struct shape *output = operation ? operation_output(operation) : NULL;
	if (!list->items) {
		lint_say(lint, "%s: no path of its items", list->operation);
		return NULL;
	}
	struct lint_found found = lint_path(lint, output, list->items);
	const struct shape *element = lint_element(found);
	if (!element)
		element = found.shape; // the one item
	if (element && shape_type(element) != SHAPE_STRUCT && shape_type(element) != SHAPE_MAP)
		lint_say(lint, "%s is neither structures nor one", list->items);
	return element;
}

// "a|b": fields of the kind.
static void lint_wanted(struct lint *lint, const char *what, const char *fields)
{
	char name[96];
	for (const char *p = fields; p && *p; p += strcspn(p, "|"), p += *p == '|') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, "|"), p);
		if (!field_find(lint->kind->fields, name))
			lint_say(lint, "%s field %s, which there is not", what, name);
	}
}

static void lint_joins(struct lint *lint)
{
	const struct observe *how = &lint->kind->observe;
	for (int i = 0; i < KIND_MOST_JOINS && how->joins[i].list.operation; i++) {
		const struct join *join = &how->joins[i];
		size_t before = lint_enter(lint, "joins");
		const struct shape *row = lint_list(lint, &join->list);
		if (!join->by || !join->into)
			lint_say(lint, "%s: a join needs 'by' and 'into'", join->list.operation);
		else if (!template_is_string(join->by))
			lint_path(lint, row, join->by);
		lint_wanted(lint, "joins for", join->field);
		lint_leave(lint, before);
	}
	for (int i = 0; i < KIND_MOST_FOLLOWS && how->follows[i].operation; i++) {
		const struct follow *follow = &how->follows[i];
		const struct lint_scope scope = {0};
		size_t before = lint_enter(lint, "follows");
		const struct operation *operation =
			lint_operation_of(lint, follow->service, follow->operation);
		lint_args(lint, operation, follow->args, NULL, &scope, NULL);
		if (follow->unless.path)
			lint_item_path(lint, follow->unless.path);
		if (!follow->from || !follow->into)
			lint_say(
				lint, "%s: a follow-up needs 'from' and 'into'", follow->operation);
		else
			lint_path(
				lint, operation ? operation_output(operation) : NULL, follow->from);
		lint_wanted(lint, "follows", follow->field);
		if (follow->rarely && !follow->field)
			lint_say(lint, "%s is read rarely, and always", follow->operation);
		if (follow->lacking && !str_starts(follow->lacking, follow->into))
			lint_say(lint, "%s is not what it reads", follow->lacking);
		lint_leave(lint, before);
	}
}

static void lint_text_at(struct lint *lint, const char *path)
{
	if (!path)
		return;
	if (template_is_string(path)) {
		lint_strings(lint, path);
		return;
	}
	struct lint_found found = lint_item_path(lint, path);
	if (found.shape && shape_type(found.shape) != SHAPE_STRING)
		lint_say(lint, "%s is no text", path);
}

static void lint_observe(struct lint *lint)
{
	const struct kind *kind = lint->kind;
	const struct lint_scope scope = {0};
	size_t before = lint_enter(lint, "observe");
	lint->item = lint_list(lint, &kind->observe.list);
	if (kind->observe.confirm.operation)
		lint->confirmed = lint_list(lint, &kind->observe.confirm);
	lint_strings(lint, kind->observe.key);
	if (kind->observe.by_id)
		lint_args(lint, lint_operation(lint, kind->observe.list.operation),
			kind->observe.by_id, NULL, &scope, NULL);
	lint_joins(lint);
	lint_others(lint);
	bool has_tags = false;
	for (const struct follow *f = kind->observe.follows;
		f < kind->observe.follows + KIND_MOST_FOLLOWS && f->operation; f++)
		has_tags = has_tags || hints_replace(kind, f);
	for (const struct join *j = kind->observe.joins;
		j < kind->observe.joins + KIND_MOST_JOINS && j->list.operation; j++)
		has_tags = has_tags || hints_replace_join(kind, j);
	if (kind->observe.tag_types && (!has_tags || !kind->observe.arn))
		lint_say(lint, "tag_types need an ARN, and tags that are a read each");
	if (!kind->observe.id)
		lint_say(lint, "no path of the id");
	lint_text_at(lint, kind->observe.id);
	lint_text_at(lint, kind->observe.arn);
	lint_text_at(lint, kind->observe.item_key);
	if (kind->observe.item_key && !kind->observe.key)
		lint_say(lint, "the items have a key and the resources have none");
	lint_leave(lint, before);
	before = lint_enter(lint, "states");
	lint_text_at(lint, kind->states.path);
	lint_text_at(lint, kind->states.message);
	lint_text_at(lint, kind->states.waits);
	if (!kind->states.path &&
		(kind->states.pending || kind->states.failed || kind->states.gone))
		lint_say(lint, "states are named, and no path leads to one");
	lint_leave(lint, before);
	before = lint_enter(lint, "conditions");
	for (const struct condition *c = kind->conditions; c && c->path; c++) {
		lint_item_path(lint, c->path);
		lint_text_at(lint, c->message);
		if (c->unlike)
			lint_item_path(lint, c->unlike);
		if (!c->glob == !c->unlike || !c->reason)
			lint_say(lint, "%s needs a reason, and a glob or what it is unlike",
				c->path);
	}
	lint_leave(lint, before);
}

// ---- how it is changed

static void lint_tags(struct lint *lint, struct lint_found found)
{
	static const char *const names[][2] = {[TAGS_KEY_VALUE] = {"Key", "Value"},
		[TAGS_LOWER_CASE] = {"key", "value"},
		[TAGS_TAG_KEY] = {"TagKey", "TagValue"}};
	enum tag_form form = lint->kind->tagging->form;
	if (form == TAGS_MAP) {
		if (found.shape && shape_type(found.shape) != SHAPE_MAP)
			lint_say(lint, "what is observed is no map of tags");
		return;
	}
	const struct shape *tag = lint_element(found);
	for (size_t f = 0; tag && f < ARRAY_COUNT(names); f++)
		if (shape_member(tag, names[f][0])) // as the tagging API spells it, say
			form = (enum tag_form)f;
	for (int i = 0; i < 2; i++)
		lint_path(lint, tag, names[form][i]);
}

static void lint_update(struct lint *lint)
{
	const struct call *update = &lint->kind->update;
	if (!update->operation)
		return;
	size_t before = lint_enter(lint, "update");
	_cleanup_json_ json_t *given = given_at_create(lint->kind);
	lint_call(lint, update, (struct lint_scope){0}, update->flags & CALL_WHOLE ? given : NULL);
	lint_leave(lint, before);
}

static void lint_create(struct lint *lint)
{
	const struct kind *kind = lint->kind;
	const struct lint_scope scope = {0};
	size_t before = lint_enter(lint, "create");
	if (!kind->create.operation) {
		lint_say(lint, "there is no create call");
		lint_leave(lint, before);
		return;
	}
	if (kind->create.flags & (kind->observe.key ? CALL_SINGLE : CALL_ADDS))
		lint_say(lint, "that is so anyway, with its key or without one");
	_cleanup_json_ json_t *given = given_at_create(kind);
	if (kind->other_for) { // which fields are for which way is the check hook's matter
		json_decref(given);
		given = given_at_all(kind);
		lint_call(lint, &kind->create_other, scope, given);
	}
	lint_call(lint, &kind->create, scope, given);
	const struct operation *create =
		lint->service ? service_operation(lint->service, kind->create.operation) : NULL;
	if (!kind->created_id && (!kind->observe.key || kind->observe.item_key))
		lint_say(lint, "nothing says where the answer has the id");
	else if (kind->created_id && create &&
		 lint_path(lint, operation_output(create), kind->created_id).is_list)
		lint_say(lint, "created_id leads to many");
	lint_leave(lint, before);
	if (!kind->tagging)
		return;
	before = lint_enter(lint, "tagging");
	_cleanup_json_ json_t *all = json_object();
	const struct shape *input = create ? operation_input(create) : NULL;
	for (size_t i = 0; input && i < shape_member_count(input); i++)
		json_object_set_new(all, member_name(shape_member_at(input, i)), json_true());
	lint_args(lint, create, kind->tagging->create, NULL, &scope, all);
	const struct lint_found tags = lint_item_path(lint, kind->tagging->observed);
	lint_tags(lint, tags);
	lint_step(lint, "add", &kind->tagging->add, scope);
	lint_step(lint, "remove", &kind->tagging->remove, scope);
	lint_leave(lint, before);
}

// "observed.Subnets": what '@item' is in a teardown call, as AWS shows it.
static struct lint_scope each_scope(struct lint *lint, const char *each)
{
	struct lint_scope scope = {0};
	const char *member = str_starts(each, "observed.") ? each + strlen("observed.") : NULL;
	for (const struct field *f = lint->kind->fields; member && f->name; f++) {
		const char *own = field_member(lint->kind, NULL, f);
		if (!own || !str_eq(own, member))
			continue;
		struct lint_found seen = lint_item_paths(lint, f->observed ? f->observed : own);
		scope.field = f;
		scope.item = lint_element(seen) ? lint_element(seen) : seen.shape;
		return scope;
	}
	lint_say(lint, "each %s: there is no such member", each);
	return scope;
}

static void lint_remove(struct lint *lint)
{
	const struct lint_scope scope = {0};
	size_t before = lint_enter(lint, "teardown");
	for (const struct call *call = lint->kind->teardown; call && call->operation; call++)
		lint_call(lint, call, call->each ? each_scope(lint, call->each) : scope, NULL);
	lint_leave(lint, before);
	before = lint_enter(lint, "restore");
	for (const struct call *call = lint->kind->restore; call && call->operation; call++)
		lint_call(lint, call, scope, NULL);
	if (!lint->kind->restore != !lint->kind->states.restorable.path)
		lint_say(lint, "needs both: states.restorable, and the calls that restore");
	lint_leave(lint, before);
	before = lint_enter(lint, "remove");
	if (!lint->kind->remove.operation)
		lint_say(lint, "there is no call that removes it");
	else
		lint_call(lint, &lint->kind->remove, scope, NULL);
	lint_leave(lint, before);
}

// ---- one kind, all kinds

static void lint_head(struct lint *lint)
{
	const struct kind *kind = lint->kind;
	if (!kind->layer || !layer_find(kind->layer))
		lint_say(lint, "there is no layer %s", kind->layer ? kind->layer : "");
	if (!lint->service)
		lint_say(lint, "the models have no service %s", kind->service ? kind->service : "");
	if (str_empty(kind->summary))
		lint_say(lint, "has no summary");
	if (!is_snake(kind->name))
		lint_say(lint, "names of kinds are in snake_case");
	bool is_typed = kind->tagging && strstr(kind->tagging->create, "@tag_type");
	if (is_typed != (kind->tag_type != NULL))
		lint_say(lint, "%s",
			is_typed ? "its way with tags needs a tag_type"
				 : "has a tag_type, and no way with tags that needs it");
	for (const char *const *name = kind->after; name && *name; name++)
		if (!kind_find(*name))
			lint_say(lint, "comes after kind %s, which there is not", *name);
	for (const char *const *code = kind->not_yet; code && *code; code++)
		if (!**code || **code == '*')
			lint_say(lint, "not_yet: '%s' would excuse every error", *code);
	for (const struct kind *const *other = all_kinds; *other; other++)
		if (*other != kind && str_eq((*other)->name, kind->name))
			lint_say(lint, "another kind has this name");
}

int kind_lint(const struct kind *kind, struct buf *out)
{
	struct lint lint = {.kind = kind, .out = out};
	lint.service = kind->service ? model_service(kind->service) : NULL;
	str_copy(lint.where, sizeof(lint.where), kind->name);
	lint_head(&lint);
	if (!kind->fields) {
		lint_say(&lint, "has no fields");
		return lint.count;
	}
	lint_observe(&lint);
	lint_create(&lint);
	lint_update(&lint);
	lint_remove(&lint);
	for (const struct field *f = kind->fields; f->name; f++) {
		size_t before = lint_enter(&lint, f->name);
		lint_field(&lint, f);
		lint_leave(&lint, before);
	}
	return lint.count;
}

int kinds_lint(struct buf *out)
{
	int count = 0;
	for (const struct kind *const *kind = all_kinds; *kind; kind++)
		count += kind_lint(*kind, out);
	return count;
}
