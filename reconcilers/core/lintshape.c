// Walks shapes beside paths and templates. A value that stands behind an '@' fits any shape: only
// what it is named by is checked.
#include "core/lintshape.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/str.h"
#include "core/template.h"
#include <stdarg.h>
#include <stdio.h>

void lint_say(struct lint *lint, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_addf(lint->out, "%s: %s\n", lint->where, text);
	lint->count++;
}

size_t lint_enter(struct lint *lint, const char *name)
{
	size_t before = strlen(lint->where);
	snprintf(lint->where + before, sizeof(lint->where) - before, ".%s", name);
	return before;
}

void lint_leave(struct lint *lint, size_t before)
{
	lint->where[before] = '\0';
}

const struct operation *lint_operation(struct lint *lint, const char *name)
{
	const struct operation *operation =
		lint->service && name ? service_operation(lint->service, name) : NULL;
	if (!operation && lint->service)
		lint_say(lint, "%s has no operation %s", lint->kind->service, name ? name : "");
	return operation;
}

const struct operation *lint_operation_of(struct lint *lint, const char *service, const char *name)
{
	const struct service *own = lint->service;
	if (service)
		lint->service = model_service(service);
	if (service && !lint->service)
		lint_say(lint, "the models have no service %s", service);
	const struct operation *operation = lint_operation(lint, name);
	lint->service = own;
	return operation;
}

// ---- paths

// One plain step: a member, a map's value, or an index. NULL after a complaint.
static const struct shape *step_into(
	struct lint *lint, const struct shape *shape, const char *step, const char *path)
{
	int64_t index;
	const struct member *member;
	switch (shape_type(shape)) {
	case SHAPE_STRUCT:
		member = shape_member(shape, step);
		if (!member)
			lint_say(lint, "%s has no member %s (path %s)", shape_name(shape), step,
				path);
		return member ? member_shape(member) : NULL;
	case SHAPE_MAP:
		return shape_element(shape);
	case SHAPE_LIST:
		if (num_parse_i64(step, 0, INT32_MAX, &index))
			return shape_element(shape);
		lint_say(lint, "%s is a list, '%s' is no index (path %s)", shape_name(shape), step,
			path);
		return NULL;
	case SHAPE_STRING:
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_BOOLEAN:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
		break;
	}
	lint_say(lint, "%s is a scalar and has no member %s (path %s)", shape_name(shape), step,
		path);
	return NULL;
}

// What stands between brackets: "" for all, "Member=text" for the first that matches.
static const struct shape *bracket_into(struct lint *lint, const struct shape *shape,
	const char *inside, const char *path, bool *is_list)
{
	bool is_all = *inside == '\0';
	char member[64];
	size_t n = strcspn(inside, "=");
	if (shape_type(shape) == SHAPE_LIST) {
		shape = shape_element(shape);
		*is_list = *is_list || is_all;
	} else if (is_all) {
		lint_say(lint, "%s is no list (path %s)", shape_name(shape), path);
		return NULL;
	}
	if (is_all)
		return shape;
	if (inside[n] != '=' || n >= sizeof(member)) {
		lint_say(lint, "'[%s]' is neither [] nor [Member=text] (path %s)", inside, path);
		return NULL;
	}
	memcpy(member, inside, n);
	member[n] = '\0';
	const struct shape *at = shape;
	for (char *step = member, *dot = step; at && dot; step = dot + 1) {
		dot = strchr(step, '.');
		if (dot)
			*dot = '\0';
		at = step_into(lint, at, step, path);
	}
	return at ? shape : NULL;
}

struct lint_found lint_path(struct lint *lint, const struct shape *shape, const char *path)
{
	struct lint_found found = {.shape = shape};
	char part[160];
	for (const char *p = path; found.shape && *p;) {
		if (*p == '.') {
			p++;
			continue;
		}
		bool is_bracket = *p == '[';
		p += is_bracket;
		size_t n = strcspn(p, is_bracket ? "]" : ".[");
		if (n >= sizeof(part) || (is_bracket && p[n] != ']')) {
			lint_say(lint, "the path %s cannot be read", path);
			return (struct lint_found){0};
		}
		memcpy(part, p, n);
		part[n] = '\0';
		p += n + is_bracket;
		found.shape = is_bracket
				      ? bracket_into(lint, found.shape, part, path, &found.is_list)
				      : step_into(lint, found.shape, part, path);
	}
	return found;
}

const struct shape *lint_element(struct lint_found found)
{
	if (found.is_list || !found.shape)
		return found.shape;
	return shape_type(found.shape) == SHAPE_LIST ? shape_element(found.shape) : NULL;
}

static const struct shape *output_of(
	const struct lint *lint, const char *service_name, const char *operation)
{
	const struct service *service = service_name ? model_service(service_name) : lint->service;
	const struct operation *op =
		service && operation ? service_operation(service, operation) : NULL;
	return op ? operation_output(op) : NULL;
}

// Does the path begin with the member that a join or follow-up adds? The rest of it then, or NULL.
static const char *after_member(const char *path, const char *member)
{
	size_t n = strcspn(path, ".[");
	return member && strlen(member) == n && strncmp(path, member, n) == 0 ? path + n : NULL;
}

struct lint_found lint_item_path(struct lint *lint, const char *path)
{
	const struct observe *how = &lint->kind->observe;
	for (int i = 0; i < KIND_MOST_JOINS && how->joins[i].list.operation; i++) {
		const struct list_call *list = &how->joins[i].list;
		const char *rest = after_member(path, how->joins[i].into);
		const struct shape *output =
			rest ? output_of(lint, list->service, list->operation) : NULL;
		if (!rest)
			continue;
		struct lint_found rows = lint_path(lint, output, list->items);
		return *rest ? lint_path(lint, rows.shape, rest) : rows;
	}
	for (int i = 0; i < KIND_MOST_FOLLOWS && how->follows[i].operation; i++) {
		const char *rest = after_member(path, how->follows[i].into);
		const struct shape *output =
			rest ? output_of(lint, how->follows[i].service, how->follows[i].operation)
			     : NULL;
		if (!rest)
			continue;
		struct lint_found value = lint_path(lint, output, how->follows[i].from);
		return *rest ? lint_path(lint, value.shape, rest) : value;
	}
	if (str_eq(path, "each") && how->list.each)
		return (struct lint_found){0};
	for (const char *const *name = how->derived; name && *name; name++)
		if (after_member(path, *name))
			return (struct lint_found){0};
	// What only the confirming read shows.
	char first[96];
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(path, ".["), path);
	bool is_listed = lint->item && shape_member(lint->item, first);
	if (!is_listed && lint->confirmed && shape_member(lint->confirmed, first))
		return lint_path(lint, lint->confirmed, path);
	return lint_path(lint, lint->item, path);
}

struct lint_found lint_item_paths(struct lint *lint, const char *paths)
{
	struct lint_found first = {0};
	char path[200];
	for (const char *p = paths; *p;) {
		size_t n = strcspn(p, "|");
		bool is_question = n > 0 && p[n - 1] == '?';
		snprintf(path, sizeof(path), "%.*s", (int)n - is_question, p);
		struct lint_found found = lint_item_path(lint, path);
		if (p == paths)
			first = found;
		p += n + (p[n] == '|');
	}
	return first;
}

// ---- words of a field

static void lint_sets(struct lint *lint, const struct field *field)
{
	const char *equals = strchr(field->sets, '=');
	if (!equals || equals == field->sets || !equals[1])
		lint_say(lint, "sets '%s', which is not 'Member=value'", field->sets);
}

void lint_words(struct lint *lint, const struct field *field, const struct shape *shape)
{
	if (field->sets)
		lint_sets(lint, field);
	if (field->values && (!shape || shape_enum_count(shape) > 0 || field->type != FIELD_MODEL))
		lint_say(lint, "lists values, which the model does or cannot have");
	for (const char *p = field->excludes; p && *p; p += strspn(p, " ")) {
		char member[100];
		size_t n = strcspn(p, " ");
		bool is_known = false;
		snprintf(member, sizeof(member), "%.*s", (int)n, p);
		for (const struct field *f = lint->kind->fields; f->name; f++)
			is_known =
				is_known || str_eq_null(field_member(lint->kind, NULL, f), member);
		if (!is_known)
			lint_say(lint, "excludes %s, which is no member of a field", member);
		p += n;
	}
}

// ---- what stands behind an '@'

static bool has_member(const struct kind *kind, const struct field *items, const char *path)
{
	size_t n = strcspn(path, ".[");
	for (const struct field *f = items ? items->items : kind->fields; f && f->name; f++) {
		const char *member = field_member(kind, items, f);
		if (member && (str_eq(member, path) ||
				      (strncmp(member, path, n) == 0 && member[n] == '\0')))
			return true;
		if (f->sets && strncmp(f->sets, path, n) == 0 && f->sets[n] == '=')
			return true;
	}
	return false;
}

static void lint_item_name(struct lint *lint, const struct lint_scope *scope, const char *what,
	const char *path, bool is_desired)
{
	if (!*path)
		return;
	if (is_desired && scope->field && !has_member(lint->kind, scope->field, path))
		lint_say(lint, "@%s.%s: no field of an item has that member", what, path);
	else if (!is_desired)
		lint_path(lint, scope->item, path);
}

// "@!item.CidrIpv4", without the '@': is there such a thing?
static void lint_name(struct lint *lint, const struct lint_scope *scope, const char *name)
{
	static const char *const plain[] = {"id", "value", "old", "items", "added", "removed",
		"ids", "token", "token_word", "tags", "tag_keys", "old_tags", "tag_type", "stack",
		"address", "name", "region", "account", "partition", "arn", "each", "each_head",
		"each_rest", "key", "changed", "whole", "all_tags"};
	char cut[160];
	const char *unless = strstr(name + 1, "!=");
	name += *name == '!';
	if (unless && snprintf(cut, sizeof(cut), "%.*s", (int)(unless - name), name) > 0)
		name = cut;
	size_t n = strcspn(name, ".[");
	const char *rest = name[n] == '.' ? name + n + 1 : name + n;
	for (size_t i = 0; i < ARRAY_COUNT(plain); i++)
		if (str_eq(plain[i], name))
			return;
	if ((str_starts(name, "desired.") || str_starts(name, "observed.") ||
		    str_starts(name, "either.")) &&
		has_member(lint->kind, NULL, rest))
		return;
	if (str_starts(name, "each.") && lint->kind->states.waits_each) {
		lint_path(lint, lint_element(lint_item_path(lint, lint->kind->states.waits_each)),
			rest);
		return;
	}
	if (str_starts(name, "pairs.") && has_member(lint->kind, NULL, rest))
		return;
	if (n == 4 && str_starts(name, "item") && !scope->field && !scope->item) {
		lint_item_path(lint, rest); // of a follow-up: the listed item
		return;
	}
	if (n == 4 && str_starts(name, "item")) {
		lint_item_name(lint, scope, "item", rest, scope->item_is_desired);
		return;
	}
	if (n == 8 && str_starts(name, "old_item")) {
		lint_item_name(lint, scope, "old_item", rest, false);
		return;
	}
	if (n == 5 && str_starts(name, "items[") && scope->field) {
		const char *member = strchr(name, '.');
		lint_item_name(
			lint, scope, "items", member ? member + 1 : "", scope->item_is_desired);
		return;
	}
	if (str_eq(name, "found_all")) {
		if (!scope->has_find)
			lint_say(lint, "@%s: the call has no find", name);
		return;
	}
	if (n == 5 && str_starts(name, "found")) {
		if (!scope->has_find)
			lint_say(lint, "@%s: the call has no find", name);
		else
			lint_path(lint, scope->found, rest);
		return;
	}
	lint_say(lint, "@%s names nothing", name);
}

void lint_strings(struct lint *lint, const char *text)
{
	const struct lint_scope scope = {0};
	for (const char *p = text; p && (p = strstr(p, "@{"));) {
		char name[160];
		size_t n = strcspn(p + 2, "}");
		if (p[2 + n] != '}' || n >= sizeof(name)) {
			lint_say(lint, "the text %s cannot be read", text);
			return;
		}
		memcpy(name, p + 2, n);
		name[n] = '\0';
		lint_name(lint, &scope, name);
		p += 2 + n;
	}
}

// ---- values and templates

static const char *type_name(enum shape_type type)
{
	static const char *const names[] = {"a structure", "a list", "a map", "text", "a number",
		"a number", "a number", "a boolean", "a timestamp", "a blob"};
	return names[type];
}

static bool type_fits(enum shape_type type, const json_t *value)
{
	switch (type) {
	case SHAPE_STRUCT:
	case SHAPE_MAP:
		return json_is_object(value);
	case SHAPE_LIST:
		return json_is_array(value);
	case SHAPE_STRING:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
		return json_is_string(value);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		return json_is_integer(value);
	case SHAPE_FLOAT:
		return json_is_number(value);
	case SHAPE_BOOLEAN:
		return json_is_boolean(value);
	}
	return false;
}

static bool in_enum(const struct shape *shape, const char *text)
{
	for (size_t i = 0; i < shape_enum_count(shape); i++)
		if (str_eq(shape_enum_at(shape, i), text))
			return true;
	return shape_enum_count(shape) == 0;
}

static void lint_fit(struct lint *lint, const struct shape *shape, const json_t *value,
	const struct call *call, const struct lint_scope *scope);

// "@items" where a batch call wants its list: each item is rendered through the call's own
// template.
static void lint_batch(struct lint *lint, const struct shape *shape, const struct call *call,
	const struct lint_scope *scope)
{
	json_error_t error;
	if (!call->item)
		return;
	_cleanup_json_ json_t *item = json_loads(call->item, JSON_DECODE_ANY, &error);
	size_t before = lint_enter(lint, "item");
	if (!item)
		lint_say(lint, "is no JSON: %s", error.text);
	else if (shape_type(shape) != SHAPE_LIST)
		lint_say(lint, "@items stands where %s wants %s", shape_name(shape),
			type_name(shape_type(shape)));
	else
		lint_fit(lint, shape_element(shape), item, call, scope);
	lint_leave(lint, before);
}

static void lint_text(struct lint *lint, const struct shape *shape, const char *text,
	const struct call *call, const struct lint_scope *scope)
{
	if (template_is_string(text)) {
		lint_strings(lint, text);
	} else if (*text == '@' && scope) {
		lint_name(lint, scope, text + 1);
		if (call && shape && (str_eq(text, "@items") || str_eq(text, "@!items")))
			lint_batch(lint, shape, call, scope);
	} else if (shape && !in_enum(shape, text)) {
		lint_say(lint, "'%s' is none of the values of %s", text, shape_name(shape));
	}
}

// {"@source": "SecretString"}: a value that comes in when the call is sent.
static void lint_source(struct lint *lint, const char *member)
{
	for (const struct field *f = lint->kind->fields; f->name; f++)
		if (f->type == FIELD_SOURCE &&
			str_eq_null(field_member(lint->kind, NULL, f), member))
			return;
	lint_say(lint, "@source %s: no field takes such a value from elsewhere", member);
}

static void lint_fit(struct lint *lint, const struct shape *shape, const json_t *value,
	const struct call *call, const struct lint_scope *scope)
{
	const char *key, *text = json_string_value(value);
	json_t *member;
	size_t i;
	if ((text && scope && (*text == '@' || template_is_string(text))) || !shape) {
		if (text)
			lint_text(lint, shape, text, call, scope);
		return;
	}
	if (scope && js_str(value, "@source")) {
		lint_source(lint, js_str(value, "@source"));
		return;
	}
	if (json_object_get(value, "@if")) {
		static const char *const sides[] = {"@if", "@in", "@then", "@else"};
		for (size_t side = 0; side < ARRAY_COUNT(sides); side++)
			if (json_object_get(value, sides[side]))
				lint_fit(lint, side < 2 ? NULL : shape,
					json_object_get(value, sides[side]), call, scope);
		return;
	}
	if (!type_fits(shape_type(shape), value)) {
		lint_say(lint, "%s is %s", shape_name(shape), type_name(shape_type(shape)));
		return;
	}
	if (text)
		lint_text(lint, shape, text, call, scope);
	json_array_foreach ((json_t *)value, i, member)
		lint_fit(lint, shape_element(shape), member, call, scope);
	json_object_foreach ((json_t *)value, key, member) {
		const struct member *known =
			shape_type(shape) == SHAPE_STRUCT ? shape_member(shape, key) : NULL;
		if (known)
			lint_fit(lint, member_shape(known), member, call, scope);
		else if (shape_type(shape) == SHAPE_MAP)
			lint_fit(lint, shape_element(shape), member, call, scope);
		else
			lint_say(lint, "%s has no member %s", shape_name(shape), key);
	}
}

void lint_value(struct lint *lint, const struct shape *shape, const char *json)
{
	json_error_t error;
	_cleanup_json_ json_t *value = json_loads(json, JSON_DECODE_ANY, &error);
	if (!value)
		lint_say(lint, "is no JSON (%s): %s", error.text, json);
	else
		lint_fit(lint, shape, value, NULL, NULL);
}

// ---- calls

static void lint_required(struct lint *lint, const struct operation *operation,
	const json_t *template, const json_t *given)
{
	const struct shape *input = operation_input(operation);
	for (size_t i = 0; input && i < shape_member_count(input); i++) {
		const struct member *member = shape_member_at(input, i);
		const char *name = member_name(member);
		if (member_is_required(member) && !json_object_get(template, name) &&
			!json_object_get(given, name) &&
			!str_eq(operation_token_member(operation), name))
			lint_say(lint, "%s wants %s, which is not given", operation_name(operation),
				name);
	}
}

void lint_args(struct lint *lint, const struct operation *operation, const char *args,
	const struct call *call, const struct lint_scope *scope, const json_t *given)
{
	json_error_t error;
	_cleanup_json_ json_t *template = args ? json_loads(args, JSON_DECODE_ANY, &error) : NULL;
	if (args && !template) {
		lint_say(lint, "the template is no JSON (%s): %.80s", error.text, args);
		return;
	}
	if (!operation)
		return;
	const struct shape *input = operation_input(operation);
	if (template && !input)
		lint_say(lint, "%s takes no input", operation_name(operation));
	else if (template)
		lint_fit(lint, input, template, call, scope);
	const json_t *chosen = json_object_get(template, "@then");
	lint_required(lint, operation, chosen ? chosen : template, given);
}

// The Error of an item of "Unsuccessful" and the like.
static void lint_failures(struct lint *lint, const struct operation *operation, const char *path)
{
	const struct shape *output = operation ? operation_output(operation) : NULL;
	struct lint_found found = lint_path(lint, output, path);
	const struct shape *item = lint_element(found);
	if (found.shape && !item)
		lint_say(lint, "failures: %s is no list", path);
	lint_path(lint, item, "Error.Code");
	lint_path(lint, item, "Error.Message");
}

static void lint_find(struct lint *lint, const struct call *call, struct lint_scope *scope)
{
	const struct find *find = &call->find;
	if (!find->operation) {
		if (call->flags & CALL_NEEDS_FOUND)
			lint_say(lint, "needs something found, and has no find");
		if (call->else_operation)
			lint_say(lint, "has a call for when nothing was found, and has no find");
		return;
	}
	size_t before = lint_enter(lint, "find");
	scope->has_find = true;
	const struct operation *operation = lint_operation(lint, find->operation);
	lint_args(lint, operation, find->args, NULL, scope, NULL);
	const struct shape *output = operation ? operation_output(operation) : NULL;
	if (!find->pick)
		lint_say(lint, "has no pick");
	else
		scope->found = lint_path(lint, output, find->pick).shape;
	lint_leave(lint, before);
}

void lint_call(
	struct lint *lint, const struct call *call, struct lint_scope scope, const json_t *given)
{
	const struct operation *operation = lint_operation(lint, call->operation);
	lint_find(lint, call, &scope);
	lint_args(lint, operation, call->args, call, &scope, given);
	if (call->else_operation)
		lint_args(lint, lint_operation(lint, call->else_operation), call->else_args, NULL,
			&scope, NULL);
	if (call->item && !(call->flags & CALL_BATCH))
		lint_say(lint, "has the template of an item, and is no batch");
	if (call->failures)
		lint_failures(lint, operation, call->failures);
}

void lint_literals(struct lint *lint, const struct field *field, const struct shape *shape)
{
	const char *const texts[] = {field->preset, field->fresh, field->absent};
	static const char *const names[] = {"preset", "fresh", "absent"};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		size_t before = lint_enter(lint, names[i]);
		if (texts[i])
			lint_value(lint, shape, texts[i]);
		lint_leave(lint, before);
	}
	if (field->expand && !strstr(field->expand, "{value}"))
		lint_say(lint, "expands to '%s', which has no {value}", field->expand);
	if (field->expand && !field->expanded)
		lint_say(lint, "expands whatever is written: say what is not to be");
}
