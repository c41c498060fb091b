#include "core/sources.h"
#include "aws/wiretext.h"
#include "base/log.h"
#include "base/str.h"
#include "core/fields.h"
#include "core/password.h"
#include "core/place.h"

// ---- from the file

static json_t *refuse(struct checking *checking, struct place place, const char *remedy,
	const char *fmt, ...) FORMAT_PRINTF(4, 5);

static json_t *refuse(
	struct checking *checking, struct place place, const char *remedy, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	findings_error(checking->findings, place, remedy, "%s", text);
	return NULL;
}

static json_t *from_file(struct checking *checking, const char *what, const struct node *node)
{
	if (node->type != NODE_STRING)
		return refuse(checking, node->place, "write the path of a file",
			"%s must be a path, not %s", what, node_type_name(node->type));
	if (strstr(node->text, "-----BEGIN"))
		return refuse(checking, node->place,
			"put it into a file of its own, and write the file's path",
			"%s is a path, never the text itself", what);
	if (*node->text != '/')
		return refuse(checking, node->place, "begin it with '/'",
			"%s: '%.200s' is no absolute path", what, node->text);
	return json_pack("{s:{s:s}}", "@source", "file", node->text);
}

static bool is_variable(const char *name)
{
	return *name && !(*name >= '0' && *name <= '9') &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
		       strlen(name);
}

#define HOW_REFERRED "write {env: NAME} or {file: /path}"

static json_t *read_referred(
	struct checking *checking, const struct field *field, const struct node *node)
{
	if (node->type != NODE_MAP)
		return refuse(checking, node->place, HOW_REFERRED,
			"%s tells where the value is, and is never the value itself", field->name);
	if (node->count != 1)
		return refuse(checking, node->place, HOW_REFERRED,
			"%s needs 'env' or 'file', one of them", field->name);
	const struct node *name = node->items[0];
	if (str_eq(node->keys[0], "file"))
		return from_file(checking, "file", name);
	if (!str_eq(node->keys[0], "env"))
		return refuse(checking, node->key_places[0], HOW_REFERRED,
			"unknown member '%s' of %s", node->keys[0], field->name);
	if (name->type != NODE_STRING || !is_variable(name->text))
		return refuse(checking, name->place,
			"write a name of letters, digits and '_', such as DB_PASSWORD",
			"env must be the name of an environment variable");
	return json_pack("{s:{s:s}}", "@source", "env", name->text);
}

static const struct {
	const char *name;
	enum node_type type;
} makings[] = {
	{"password_length", NODE_INT},
	{"exclude_characters", NODE_STRING},
	{"exclude_numbers", NODE_BOOL},
	{"exclude_punctuation", NODE_BOOL},
	{"exclude_uppercase", NODE_BOOL},
	{"exclude_lowercase", NODE_BOOL},
	{"include_space", NODE_BOOL},
	{"require_each_included_type", NODE_BOOL},
	{"template", NODE_STRING},
	{"key", NODE_STRING},
};

static bool read_making(struct checking *checking, const struct field *field,
	const struct node *node, size_t index, json_t *how)
{
	const char *names[ARRAY_COUNT(makings)];
	const struct node *value = node->items[index];
	for (size_t i = 0; i < ARRAY_COUNT(makings); i++) {
		names[i] = makings[i].name;
		if (!str_eq(makings[i].name, node->keys[index]))
			continue;
		if (value->is_broken)
			return false;
		if (value->type == NODE_NULL)
			return true;
		bool is_map = str_eq(names[i], "template") && value->type == NODE_MAP;
		if (value->type != makings[i].type && !is_map) {
			refuse(checking, value->place, NULL, "%s must be %s, not %s", names[i],
				node_type_name(makings[i].type), node_type_name(value->type));
			return false;
		}
		json_t *json = node_json(value);
		if (is_map) { // as text, which keeps its order
			char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
			json_decref(json);
			json = text ? json_string(text) : NULL;
			free(text);
		}
		return json_object_set_new(how, names[i], json) == 0;
	}
	char all[CHECKING_TEXT_BYTES], text[CHECKING_TEXT_BYTES];
	refuse(checking, node->key_places[index],
		checking_suggest(node->keys[index], names, ARRAY_COUNT(makings),
			checking_one_of(names, ARRAY_COUNT(makings), all), text),
		"unknown member '%s' of %s", node->keys[index], field->name);
	return false;
}

// Tried out at once: what cannot be made is an error of the file, not of the first creation.
static json_t *read_made(
	struct checking *checking, const struct field *field, const struct node *node)
{
	if (node->type != NODE_MAP)
		return refuse(checking, node->place,
			"write {}, or {password_length: 32, exclude_punctuation: true, ...}",
			"%s must be a map, not %s", field->name, node_type_name(node->type));
	_cleanup_json_ json_t *how = json_object();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++)
		ok = read_making(checking, field, node, i, how) && ok;
	if (!ok)
		return NULL;
	if (!js_str(how, "template") != !js_str(how, "key"))
		return refuse(checking, node->place,
			"write both, or none of them: template: '{\"username\": \"app\"}', key: "
			"password",
			"'template' and 'key' of %s go together", field->name);
	struct buf text;
	buf_init(&text, 2 * SOURCE_MOST_BYTES);
	struct err err = password_make(how, &text);
	buf_burn(&text);
	if (err_is(&err))
		return refuse(checking, node->place, "take some of it back", "%s: %s", field->name,
			err.message);
	return json_pack("{s:{s:O}}", "@source", "make", how);
}

json_t *sources_read(struct checking *checking, const struct field *field, const struct node *node)
{
	switch (field->form) {
	case SOURCE_REFERRED:
		return read_referred(checking, field, node);
	case SOURCE_PATH:
		return from_file(checking, field->name, node);
	case SOURCE_MADE:
		return read_made(checking, field, node);
	}
	return NULL;
}

// ---- marks

static const struct field *source_field(const struct kind *kind, const char *member)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if (f->type == FIELD_SOURCE && str_eq_null(field_member(kind, NULL, f), member))
			return f;
	return NULL;
}

static bool has_mark(const json_t *marks, const char *member)
{
	return js_str(json_object_get(marks, member), "mark");
}

static json_t *read_mark(const struct kind *kind, const char *what, const struct field *field,
	const json_t *source, const uint8_t *key)
{
	char mark[SOURCE_MARK_BYTES];
	struct err err = source_mark(field, source, key, mark);
	if (err_is(&err)) {
		_cleanup_free_ char *why = str_format("waits for %s", err.message);
		return json_pack("{s:s}", "why", why ? why : "waits for memory");
	}
	if (fields_is_secret(kind, field) && source_is_open(source))
		log_warning("everybody on this host can read the file of a secret; take the right "
			    "to read it from others (chmod o-r)",
			LOG_STR("resource", what),
			LOG_STR("file", js_str(json_object_get(source, "@source"), "file")));
	return json_pack("{s:s}", "mark", mark);
}

void sources_mark(const struct kind *kind, const char *what, const json_t *desired,
	const uint8_t *key, json_t **marks)
{
	const char *member;
	json_t *value;
	json_object_foreach ((json_t *)desired, member, value) {
		const struct field *field = source_is(value) ? source_field(kind, member) : NULL;
		if (!field || !key || has_mark(*marks, member))
			continue;
		if (!*marks)
			*marks = json_object();
		json_object_set_new(*marks, member, read_mark(kind, what, field, value, key));
	}
}

void sources_resolve(const struct kind *kind, const json_t *marks, json_t *want, json_t *waiting)
{
	const char *member;
	void *next;
	json_t *value;
	json_object_foreach_safe (want, next, member, value) {
		if (!source_is(value) || !source_field(kind, member))
			continue;
		const json_t *entry = json_object_get(marks, member);
		const char *mark = js_str(entry, "mark"), *why = js_str(entry, "why");
		if (!mark)
			js_set_str(waiting, member, why ? why : "waits for the store");
		if (str_empty(mark))
			json_object_del(want, member);
		else
			js_set_str(want, member, mark);
	}
}

// ---- into calls

json_t *sources_of(const struct kind *kind, const json_t *desired, const json_t *marks)
{
	json_t *out = json_object();
	const char *member;
	json_t *value;
	json_object_foreach ((json_t *)desired, member, value) {
		if (!source_is(value) || !source_field(kind, member))
			continue;
		const char *mark = js_str(json_object_get(marks, member), "mark");
		json_object_set_new(out, member,
			json_pack("{s:O, s:s}", "from", value, "mark", mark ? mark : ""));
	}
	return out;
}

static bool is_blob(const struct kind *kind, const char *operation, const char *member)
{
	const struct service *service = model_service(kind->service);
	const struct operation *op = service ? service_operation(service, operation) : NULL;
	const struct shape *input = op ? operation_input(op) : NULL;
	const struct member *found = input ? shape_member(input, member) : NULL;
	return found && shape_type(member_shape(found)) == SHAPE_BLOB;
}

static struct err value_of(const struct field *field, const json_t *source, const uint8_t *key,
	bool is_base64, json_t **ret_value)
{
	struct buf text, coded;
	char mark[SOURCE_MARK_BYTES];
	const char *decided = js_str(source, "mark");
	buf_init(&text, 2 * SOURCE_MOST_BYTES);
	buf_init(&coded, 2 * SOURCE_MOST_BYTES);
	struct err err = source_text(field, json_object_get(source, "from"), &text);
	if (!err_is(&err) && !str_empty(decided)) {
		err = source_mark_of(field, key, buf_str(&text), text.len, mark);
		if (!err_is(&err) && !str_eq(mark, decided))
			err = err_code(ERR_CONFLICT, SOURCES_CHANGED,
				"the value has changed since it was looked at");
	}
	if (!err_is(&err) && is_base64 && !wiretext_base64_add(&coded, buf_str(&text), text.len))
		err = err_nomem();
	const struct buf *out = is_base64 ? &coded : &text;
	*ret_value = err_is(&err) ? NULL : json_stringn(buf_str(out), out->len);
	buf_burn(&text);
	buf_burn(&coded);
	return err;
}

// Structures are shared with what was decided upon, where no value may ever stand: a copy is
// filled.
static struct err fill_inner(const struct kind *kind, const char *operation, const json_t *sources,
	const uint8_t *key, json_t *input, const char *name, json_t *filled)
{
	json_t *copy = json_copy(json_object_get(input, name));
	json_object_set_new(input, name, copy);
	return sources_fill(kind, operation, sources, key, copy, filled);
}

struct err sources_fill(const struct kind *kind, const char *operation, const json_t *sources,
	const uint8_t *key, json_t *input, json_t *filled)
{
	const char *name;
	void *next;
	json_t *value;
	json_object_foreach_safe (input, next, name, value) {
		const char *member = js_str(value, "@source");
		const struct field *field = member ? source_field(kind, member) : NULL;
		if (!member && json_is_object(value)) {
			struct err err =
				fill_inner(kind, operation, sources, key, input, name, filled);
			if (err_is(&err))
				return err;
		}
		if (!field)
			continue;
		const json_t *source = json_object_get(sources, member);
		json_t *text = NULL;
		if (!source) {
			json_object_del(input, name);
			continue;
		}
		struct err err =
			value_of(field, source, key, is_blob(kind, operation, name), &text);
		if (err_is(&err)) {
			err_wrap(&err, "%s", field->name);
			return err;
		}
		json_array_append(filled, text);
		json_object_set_new(input, name, text);
	}
	return ERR_OK;
}

void sources_burn(json_t *filled)
{
	size_t i;
	json_t *text;
	json_array_foreach (filled, i, text)
		if (json_is_string(text))
			explicit_bzero((char *)json_string_value(text), json_string_length(text));
	json_array_clear(filled);
}
