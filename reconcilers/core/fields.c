// One table at a time: the kind's own, and for FIELD_ITEMS that of each item.
#include "core/fields.h"
#include "aws/model.h"
#include "base/str.h"
#include "core/choices.h"
#include "core/path.h"
#include "core/reference.h"
#include "core/sources.h"
#include "core/value.h"

/* A table that is being read. */
struct scope {
	struct checking *checking;
	const struct kind *kind;
	const struct field *items; // FIELD_ITEMS that it belongs to; NULL: the kind's own
	const struct field *fields;
	const char *what;   // "subnet", "routes"
	struct place place; // where to say what is missing
	json_t *object;     // what was read
};

static json_t *read_items(struct scope *scope, const struct field *field, const struct node *node);

static bool is_set(const struct node *node)
{
	return node && (node->is_broken || node->type != NODE_NULL);
}

static void unknown_field(struct scope *scope, const char *key, struct place place)
{
	const char *names[100];
	size_t count = 0;
	for (const struct field *f = scope->fields; f->name && count < 97; f++)
		if (!(f->flags & FIELD_COMPUTED))
			names[count++] = f->name;
	static const char *const common[] = {"policy", "tags", "adopt"};
	for (size_t i = 0; !scope->items && i < ARRAY_COUNT(common); i++)
		names[count++] = common[i];
	char text[CHECKING_TEXT_BYTES], fallback[CHECKING_TEXT_BYTES] = "";
	for (const struct field *f = scope->fields; f->name; f++) {
		if (!f->instead_of || !str_has_word(f->instead_of, key))
			continue;
		snprintf(text, sizeof(text), "write '%s:' instead: %.200s", f->name, f->summary);
		findings_error(scope->checking->findings, place, text, "unknown field '%s' of %s",
			key, scope->what);
		return;
	}
	if (!scope->items)
		snprintf(
			fallback, sizeof(fallback), "see 'holdfast explain %s'", scope->kind->name);
	_cleanup_free_ char *snake = str_snake(key);
	for (size_t i = 0; snake && i < count; i++) {
		if (str_eq(names[i], snake)) {
			findings_error(scope->checking->findings, place, "use lower case and '_'",
				"unknown field '%s' of %s; it is written '%s'", key, scope->what,
				snake);
			return;
		}
	}
	findings_error(scope->checking->findings, place,
		checking_suggest(key, names, count,
			scope->items ? checking_one_of(names, count, fallback) : fallback, text),
		"unknown field '%s' of %s", key, scope->what);
}

/* "eu-west-1a" and "us-west-2-lax-1a" (a local zone) are of their region. */
static bool is_of_region(const char *zone, const char *region)
{
	if (!str_starts(zone, region))
		return false;
	const char *rest = zone + strlen(region);
	return *rest >= 'a' && *rest <= 'z' ? !rest[1] : *rest == '-' && rest[1];
}

/* "a" -> "eu-west-1a", where the table says so. */
static json_t *read_expanded(
	struct scope *scope, const struct field *field, const struct node *node)
{
	struct checking *checking = scope->checking;
	const char *region = checking->desired->region ? checking->desired->region : "";
	const char *value = node->text;
	_cleanup_buf_ struct buf out = {0};
	buf_init(&out, 1000);
	if (field->expanded && str_glob(field->expanded, value)) {
		buf_adds(&out, value);
	} else {
		for (const char *p = field->expand; *p;) {
			if (str_starts(p, "{region}")) {
				buf_adds(&out, region);
				p += strlen("{region}");
			} else if (str_starts(p, "{value}")) {
				buf_adds(&out, value);
				p += strlen("{value}");
			} else {
				buf_addc(&out, *p++);
			}
		}
	}
	if (str_starts(field->expand, "{region}{value}") && *region &&
		!is_of_region(buf_str(&out), region)) {
		findings_error(checking->findings, node->place,
			"write the letter alone: 'a', 'b', ...", "%s '%s' is not one of region %s",
			field->name, value, region);
		return NULL;
	}
	return json_string(buf_str(&out));
}

static json_t *read_model(struct scope *scope, const struct field *field, const struct node *node)
{
	if (field->expand && node->type == NODE_STRING && !strstr(node->text, "${"))
		return read_expanded(scope, field, node);
	const struct shape *shape = field_shape(scope->kind, scope->items, field);
	if (shape) {
		json_t *value = value_of_field(scope->checking, shape, field, node);
		return choices_one_of(scope->checking, field, node, value);
	}
	// Only a hole in the table leaves a field without a shape; its own check reports it.
	findings_error(scope->checking->findings, node->place, NULL, "field '%s' of %s has no type",
		field->name, scope->what);
	return NULL;
}

/* An id of AWS instead of a name: "vpc_id: vpc-0a1b2c3d". */
static json_t *read_literal(
	struct scope *scope, const struct field *field, const char *key, const struct node *node)
{
	bool is_list = field->type == FIELD_REFS;
	json_t *list = json_array();
	size_t count = is_list && node->type == NODE_LIST ? node->count : 1;
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		const struct node *item =
			is_list && node->type == NODE_LIST ? node->items[i] : node;
		json_t *value = NULL;
		if (item->type == NODE_STRING && !item->is_broken)
			value = reference_text(scope->checking, item->text, item->place);
		else if (!item->is_broken)
			findings_error(scope->checking->findings, item->place,
				is_list ? "write a list of ids" : "write an id of AWS",
				"%s must be a string, not %s", key, node_type_name(item->type));
		ok = value && json_array_append_new(list, value) == 0 && ok;
	}
	json_t *result = !ok ? NULL : json_incref(is_list ? list : json_array_get(list, 0));
	json_decref(list);
	return result;
}

static json_t *read_names(struct scope *scope, const struct field *field, const struct node *node)
{
	struct checking *checking = scope->checking;
	if (node->type != NODE_LIST) {
		findings_error(checking->findings, node->place, "put it into brackets: [...]",
			"%s must be a list of names of a %s, not %s", field->name, field->ref,
			node_type_name(node->type));
		return NULL;
	}
	json_t *list = json_array();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->items[i];
		json_t *value = item->is_broken ? NULL : reference_by_name(checking, field, item);
		for (size_t j = 0; value && j < i; j++)
			if (node->items[j]->text && item->text &&
				str_eq(node->items[j]->text, item->text))
				findings_error(checking->findings, item->place, "take one out",
					"'%s' stands twice in %s", item->text, field->name);
		ok = value && json_array_append_new(list, value) == 0 && ok;
	}
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *read_flag(struct scope *scope, const struct field *field, const struct node *node)
{
	if (node->type == NODE_BOOL)
		return json_boolean(node->boolean);
	findings_error(scope->checking->findings, node->place, "write true or false",
		"%s must be true or false, not %s", field->name, node_type_name(node->type));
	return NULL;
}

/* A map of plain values; AWS takes all of them as text. */
static json_t *read_pairs(struct scope *scope, const struct field *field, const struct node *node)
{
	struct checking *checking = scope->checking;
	if (node->type != NODE_MAP) {
		findings_error(checking->findings, node->place, "write 'key: value' pairs",
			"%s must be a map, not %s", field->name, node_type_name(node->type));
		return NULL;
	}
	json_t *map = json_object();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->items[i];
		bool is_plain = item->type != NODE_MAP && item->type != NODE_LIST && item->text;
		if (item->type == NODE_NULL && !item->is_broken)
			continue;
		if (!is_plain && !item->is_broken)
			findings_error(checking->findings, item->place, "write one value",
				"%s of %s must be a plain value, not %s", node->keys[i],
				field->name, node_type_name(item->type));
		json_t *value = is_plain && !item->is_broken
					? reference_text(checking, item->text, item->place)
					: NULL;
		ok = value && json_object_set_new(map, node->keys[i], value) == 0 && ok;
	}
	if (ok)
		return map;
	json_decref(map);
	return NULL;
}

static json_t *read_field(
	struct scope *scope, const struct field *field, const char *key, const struct node *node)
{
	switch (field->type) {
	case FIELD_MODEL:
		return read_model(scope, field, node);
	case FIELD_REF:
		return str_eq(key, field->name) ? reference_by_name(scope->checking, field, node)
						: read_literal(scope, field, key, node);
	case FIELD_REFS:
		return str_eq(key, field->name) ? read_names(scope, field, node)
						: read_literal(scope, field, key, node);
	case FIELD_ITEMS:
		return read_items(scope, field, node);
	case FIELD_FLAG:
		return read_flag(scope, field, node);
	case FIELD_PAIRS:
		return read_pairs(scope, field, node);
	case FIELD_SOURCE:
		return sources_read(scope->checking, field, node);
	}
	return NULL;
}

/* Does the create call need the field? What it does not take is written after it. */
static bool is_for_create(const struct kind *kind, const struct field *field, const char *member)
{
	if (field->type != FIELD_ITEMS && !(field->flags & FIELD_AFTER_CREATE))
		return true;
	char value[200];
	snprintf(value, sizeof(value), "@desired.%s", member);
	const char *args = kind->create.args ? kind->create.args : "";
	const char *found = strstr(args, value);
	if (!found) {
		snprintf(value, sizeof(value), "@!desired.%s", member);
		found = strstr(args, value);
	}
	return found && strchr("\".[", found[strlen(value)]);
}

static void put_sets(struct scope *scope, const struct field *field)
{
	if (!field->sets)
		return;
	char member[100];
	size_t length = strcspn(field->sets, "=");
	snprintf(member, sizeof(member), "%.*s", (int)length, field->sets);
	if (field->sets[length] == '=')
		js_set_str(scope->object, member, field->sets + length + 1);
}

static void put_field(
	struct scope *scope, const char *key, struct place key_place, const struct node *node)
{
	struct checking *checking = scope->checking;
	const struct field *field = field_find(scope->fields, key);
	if (!field) {
		unknown_field(scope, key, key_place);
		return;
	}
	if (field->flags & FIELD_COMPUTED) {
		findings_error(checking->findings, key_place,
			"take it out; others may refer to it as ${layer.kind.name.attribute}",
			"field '%s' of %s is set by AWS", key, scope->what);
		return;
	}
	const char *member = field_member(scope->kind, scope->items, field);
	if (!member || !is_set(node) || node->is_broken)
		return;
	if (!scope->items)
		checking->for_create = is_for_create(scope->kind, field, member);
	if (!scope->items)
		checking->is_secret = fields_is_secret(scope->kind, field);
	json_t *value = read_field(scope, field, key, node);
	if (value && js_at(scope->object, member)) {
		if (!(field->flags & FIELD_ONE_OF)) // else check_required() tells it
			findings_error(checking->findings, key_place, "keep one of them",
				"field '%s' excludes another one of the same %s", key,
				scope->items ? "item" : scope->what);
		json_decref(value);
	} else if (value && js_put(scope->object, member, value)) {
		put_sets(scope, field);
	}
}

/* "add 'vpc: <name of a vpc>'" */
static const char *how_to_add(const struct field *field, char text[CHECKING_TEXT_BYTES])
{
	if (field->type == FIELD_REF)
		snprintf(text, CHECKING_TEXT_BYTES, "add '%s: <name of a %s>'", field->name,
			field->ref);
	else if (field->type == FIELD_REFS)
		snprintf(text, CHECKING_TEXT_BYTES, "add '%s: [<name of a %s>, ...]'", field->name,
			field->ref);
	else
		snprintf(text, CHECKING_TEXT_BYTES, "add '%s: ...'", field->name);
	return text;
}

/* An unknown key that was meant to be this field, which unknown_field() has told. */
static bool has_slip(struct scope *scope, const struct field *field, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const char *key = node->keys[i];
		_cleanup_free_ char *snake = str_snake(key);
		if (!field_find(scope->fields, key) && !checking_is_common(key) &&
			(nearest_name(key, &field->name, 1) ||
				(snake && str_eq(snake, field->name))))
			return true;
	}
	return false;
}

/* Is a field given, under its name, misspelled, or as the id it stands for? */
static bool is_given(struct scope *scope, const struct field *field, const struct node *node)
{
	if (field->preset)
		return true;
	for (size_t i = 0; i < node->count; i++)
		if (field_find(scope->fields, node->keys[i]) == field && is_set(node->items[i]))
			return true;
	return !node_get(node, field->name) && has_slip(scope, field, node);
}

static void check_required(struct scope *scope, const struct node *node)
{
	struct findings *findings = scope->checking->findings;
	char text[CHECKING_TEXT_BYTES];
	_cleanup_buf_ struct buf choices = {0};
	buf_init(&choices, 1000);
	const char *chosen = NULL;
	for (const struct field *f = scope->fields; f->name; f++) {
		bool given = is_given(scope, f, node);
		if ((f->flags & FIELD_REQUIRED) && !given)
			findings_error(findings, scope->place, how_to_add(f, text),
				"%s%s needs '%s'", scope->items ? "an item of " : "", scope->what,
				f->name);
		if (f->flags & FIELD_ONE_OF) {
			if (given && chosen && node_get(node, f->name))
				findings_error(findings, node_key_place(node, f->name),
					"keep one of them",
					"'%s' and '%s' of one %s exclude each other", chosen,
					f->name, scope->items ? "item" : scope->what);
			if (given && !chosen)
				chosen = f->name;
			buf_addf(&choices, "%s'%s'", choices.len ? " or " : "", f->name);
		}
	}
	if (choices.len && !chosen)
		findings_error(findings, scope->place, "add one of them", "%s%s needs %s",
			scope->items ? "an item of " : "", scope->what, buf_str(&choices));
}

/* AWS's name of the resource, when the file gives none. */
static void put_name(struct scope *scope, const struct field *field, const char *member)
{
	const struct checking *checking = scope->checking;
	_cleanup_free_ char *name = str_format("%s-%s",
		checking->desired->stack ? checking->desired->stack : "", checking->wanted->name);
	const struct shape *shape = field_shape(scope->kind, NULL, field);
	int64_t most;
	if (name && shape && shape_max(shape, &most) && (int64_t)strlen(name) > most) {
		char remedy[CHECKING_TEXT_BYTES];
		snprintf(remedy, sizeof(remedy), "give it a '%s:' of its own", field->name);
		findings_error(checking->findings, scope->place, remedy,
			"'%s' is longer than the %lld characters AWS takes as %s", name,
			(long long)most, field->name);
	}
	js_set_str(scope->object, member, name);
}

static void put_presets(struct scope *scope)
{
	for (const struct field *f = scope->fields; f->name; f++) {
		const char *member = field_member(scope->kind, scope->items, f);
		if (!member || js_at(scope->object, member))
			continue;
		if (f->preset)
			json_object_set_new(scope->object, member,
				json_loads(f->preset, JSON_DECODE_ANY, NULL));
		else if ((f->flags & FIELD_NAME) && !scope->items)
			put_name(scope, f, member);
	}
}

static void read_scope(struct scope *scope, const struct node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const char *key = node->keys[i];
		if (scope->items || !checking_is_common(key))
			put_field(scope, key, node->key_places[i], node->items[i]);
	}
	check_required(scope, node);
	if (!scope->items)
		choices_exclude(scope->checking, scope->kind, scope->object, node);
	put_presets(scope);
}

// ---- items

/* The field of an item whose member is written as a plain value. */
static const struct field *scalar_field(struct scope *scope, const struct field *field)
{
	for (const struct field *f = field->items; field->scalar && f->name; f++) {
		const char *member = field_member(scope->kind, field, f);
		if (member && str_eq(member, field->scalar))
			return f;
	}
	return NULL;
}

static json_t *read_item(struct scope *scope, const struct field *field, const struct node *node)
{
	struct scope inner = {.checking = scope->checking,
		.kind = scope->kind,
		.items = field,
		.fields = field->items,
		.what = field->name,
		.place = node->place};
	const struct field *scalar = scalar_field(scope, field);
	if (node->is_broken)
		return NULL;
	size_t before = scope->checking->findings->error_count;
	inner.object = json_object();
	if (node->type == NODE_MAP) {
		read_scope(&inner, node);
	} else if (scalar && node->type != NODE_LIST && node->type != NODE_NULL) {
		bool is_arn =
			scalar->type == FIELD_REF && node->text && str_starts(node->text, "arn:");
		json_t *value = is_arn ? read_literal(&inner, scalar, scalar->name, node)
				       : read_field(&inner, scalar, scalar->name, node);
		if (value && js_put(inner.object, field->scalar, value))
			put_sets(&inner, scalar);
		put_presets(&inner);
	} else {
		findings_error(scope->checking->findings, node->place,
			scalar ? "write one value" : "write 'field: value' pairs",
			"an item of %s must be %s, not %s", field->name,
			scalar ? "a plain value" : "a map", node_type_name(node->type));
	}
	if (scope->checking->findings->error_count == before) {
		if (field->canon)
			field->canon(inner.object);
		return inner.object;
	}
	json_decref(inner.object);
	return NULL;
}

/* "name: value" for an item of these two members. */
static json_t *read_pair_item(
	struct scope *scope, const struct field *field, const char *key, const struct node *node)
{
	struct scope inner = {.checking = scope->checking,
		.kind = scope->kind,
		.items = field,
		.fields = field->items,
		.what = field->name,
		.place = node->place,
		.object = json_object()};
	size_t before = scope->checking->findings->error_count;
	if (node->type == NODE_NULL && !node->is_broken)
		findings_error(scope->checking->findings, node->place, "write one, or take it out",
			"'%s' of %s has no value", key, field->name);
	for (const struct field *f = field->items; f->name; f++) {
		const char *member = field_member(scope->kind, field, f);
		json_t *value = NULL;
		if (str_eq_null(member, field->pair_key))
			value = json_string(key);
		else if (str_eq_null(member, field->pair_value))
			value = read_field(&inner, f, f->name, node);
		if (value && !js_put(inner.object, member, value))
			findings_error(
				scope->checking->findings, node->place, NULL, "out of memory");
	}
	put_presets(&inner);
	if (scope->checking->findings->error_count == before && !node->is_broken) {
		if (field->canon)
			field->canon(inner.object);
		return inner.object;
	}
	json_decref(inner.object);
	return NULL;
}

/* What tells an item from the others, as text; NULL when it has none of it. */
static char *item_key(const struct field *field, const json_t *item)
{
	_cleanup_json_ json_t *values = json_array();
	bool has_any = false;
	for (const char *const *path = field->key; path && *path; path++) {
		json_t *value = path_get(item, *path);
		has_any = has_any || value;
		json_array_append_new(values, value ? value : json_null());
	}
	return has_any ? js_text(values) : NULL;
}

/* Two items that are one to AWS. */
static void check_twice(
	struct scope *scope, const struct field *field, const json_t *list, const struct node *node)
{
	struct map seen;
	map_init(&seen);
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item) {
		_cleanup_free_ char *key = json_is_null(item) ? NULL : item_key(field, item);
		uintptr_t first = key ? (uintptr_t)map_get(&seen, key) : 0;
		if (first)
			findings_error(scope->checking->findings, node->items[i]->place,
				"take one of them out",
				"an item of %s is the same to AWS as that on line %d", field->name,
				node->items[first - 1]->place.line);
		else if (key && !map_set(&seen, key, (void *)(uintptr_t)(i + 1), NULL))
			break;
	}
	map_done(&seen);
}

// One plain value stands for a list of one, where items are written as plain values.
static json_t *read_one_item(
	struct scope *scope, const struct field *field, const struct node *node)
{
	json_t *item = read_item(scope, field, node);
	return item ? json_pack("[o]", item) : NULL;
}

static json_t *read_items(struct scope *scope, const struct field *field, const struct node *node)
{
	bool is_pairs = field->pair_key && node->type == NODE_MAP;
	if (field->scalar && node->type == NODE_STRING && !node->is_broken)
		return read_one_item(scope, field, node);
	if (node->type != NODE_LIST && !is_pairs) {
		findings_error(scope->checking->findings, node->place,
			field->pair_key ? "write 'key: value' pairs"
					: "write a list: '- ' before each item",
			"%s must be a %s, not %s", field->name, field->pair_key ? "map" : "list",
			node_type_name(node->type));
		return NULL;
	}
	json_t *list = json_array();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++) {
		json_t *item = is_pairs
				       ? read_pair_item(scope, field, node->keys[i], node->items[i])
				       : read_item(scope, field, node->items[i]);
		ok = ok && item;
		json_array_append_new(list, item ? item : json_null());
	}
	check_twice(scope, field, list, node);
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

bool fields_is_secret(const struct kind *kind, const struct field *field)
{
	const struct shape *shape = field_shape(kind, NULL, field);
	return (field->flags & FIELD_SECRET) || (shape && shape_is_sensitive(shape));
}

json_t *fields_read(struct checking *checking, const struct node *node, struct place place)
{
	const struct kind *kind = checking->wanted->kind;
	struct scope scope = {.checking = checking,
		.kind = kind,
		.fields = kind->fields,
		.what = kind->name,
		.place = place,
		.object = json_object()};
	checking->for_create = true;
	checking->is_secret = false;
	size_t before = checking->findings->error_count;
	read_scope(&scope, node);
	if (kind->check && checking->findings->error_count == before)
		kind->check(scope.object, node, checking->findings);
	return scope.object;
}
