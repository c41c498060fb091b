// JSON bodies: json 1.0 and 1.1, rest-json. Written straight to text; read by jansson and then put
// right in place, since most members of most answers need no change at all.
#include "aws/wireparts.h"
#include "base/num.h"
#include "base/str.h"
#include <math.h>

// ---- writing

static bool write_value(
	struct buf *out, const struct shape *shape, enum time_format format, const json_t *value);

static void write_string(struct buf *out, const char *text, size_t bytes)
{
	buf_addc(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else
			buf_addf(out, "\\u%04x", c);
	}
	buf_add(out, text + from, bytes - from);
	buf_addc(out, '"');
}

static void write_key(struct buf *out, const char *name, bool *is_first)
{
	if (!*is_first)
		buf_addc(out, ',');
	*is_first = false;
	write_string(out, name, strlen(name));
	buf_addc(out, ':');
}

static bool write_document(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	return text && buf_adds(out, text);
}

// A JSON value as a member's text: a string that holds JSON.
static bool write_json_text(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text)
		write_string(out, text, strlen(text));
	return text;
}

static bool write_struct(struct buf *out, const struct shape *shape, const json_t *value)
{
	if (shape->flags & SHAPE_DOCUMENT)
		return write_document(out, value);
	bool is_first = true, good = true;
	const char *name;
	json_t *inner;
	buf_addc(out, '{');
	json_object_foreach ((json_t *)value, name, inner) {
		const struct member *member = shape_member(shape, name);
		if (!member || member->location != LOCATION_BODY || json_is_null(inner))
			continue;
		write_key(out, model_text(member->wire_in), &is_first);
		good &= member->flags & MEMBER_JSON ? write_json_text(out, inner)
						    : write_value(out, member_shape(member),
							      member->time_format, inner);
	}
	buf_addc(out, '}');
	return good;
}

static bool write_list(struct buf *out, const struct shape *shape, const json_t *value)
{
	bool good = true;
	size_t i;
	json_t *element;
	buf_addc(out, '[');
	json_array_foreach (value, i, element) {
		if (i > 0)
			buf_addc(out, ',');
		good &= write_value(out, shape_element(shape), shape->element_format, element);
	}
	buf_addc(out, ']');
	return good;
}

static bool write_map(struct buf *out, const struct shape *shape, const json_t *value)
{
	bool is_first = true, good = true;
	const char *key;
	json_t *inner;
	buf_addc(out, '{');
	json_object_foreach ((json_t *)value, key, inner) {
		write_key(out, key, &is_first);
		good &= write_value(out, shape_element(shape), shape->element_format, inner);
	}
	buf_addc(out, '}');
	return good;
}

static bool write_time(struct buf *out, enum time_format format, const json_t *value)
{
	struct wiretext_time time;
	char text[WIRETEXT_TIME_BYTES];
	if (!wiretext_time_read(value, &time))
		return false;
	bool is_number = format == TIME_DEFAULT || format == TIME_UNIX;
	wiretext_time_format(&time, is_number ? TIME_UNIX : format, text);
	return buf_addf(out, is_number ? "%s" : "\"%s\"", text);
}

static bool write_value(
	struct buf *out, const struct shape *shape, enum time_format format, const json_t *value)
{
	if (json_is_null(value))
		return buf_adds(out, "null");
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRUCT:
		return write_struct(out, shape, value);
	case SHAPE_LIST:
		return write_list(out, shape, value);
	case SHAPE_MAP:
		return write_map(out, shape, value);
	case SHAPE_TIMESTAMP:
		return write_time(out, format, value);
	case SHAPE_STRING:
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_BOOLEAN:
	case SHAPE_BLOB:
		break;
	}
	if (!json_is_string(value))
		return wiretext_write(out, shape, format, value);
	write_string(out, json_string_value(value), json_string_length(value));
	return true;
}

bool wirejson_write(struct buf *body, const struct shape *shape, const json_t *value)
{
	return write_value(body, shape, TIME_DEFAULT, value) && !body->failed;
}

// ---- reading

// Puts a value right in place. *ret_new is a new value to use instead, or NULL to keep this one.
static struct err fix(const struct shape *shape, json_t *value, json_t **ret_new);

static struct err wrong_type(const struct shape *shape, const json_t *value)
{
	static const char *const expected[] = {"an object", "a list", "a map", "a string",
		"an integer", "an integer", "a number", "a boolean", "a time", "base64 text"};
	static const char *const got[] = {"an object", "a list", "a string", "an integer",
		"a number", "a boolean", "a boolean", "null"};
	const char *what = shape->type < ARRAY_COUNT(expected) ? expected[shape->type] : "?";
	return wire_bad_answer("expected %s, got %s", what, got[json_typeof(value)]);
}

static struct err fix_child(
	const struct shape *shape, json_t *value, const char *where, json_t **ret_new)
{
	*ret_new = NULL;
	struct err err = fix(shape, value, ret_new);
	if (err_is(&err))
		err_wrap(&err, "%.40s", where);
	return err;
}

// Unknown members and nulls go; then the rest has its own names.
static struct err fix_struct(const struct shape *shape, json_t *object)
{
	const char *key;
	json_t *inner;
	void *next;
	json_object_foreach_safe (object, next, key, inner) {
		const struct member *member = shape_wire(shape, key, strlen(key));
		if (!member || json_is_null(inner)) {
			json_object_del(object, key);
			continue;
		}
		json_t *fixed;
		struct err err =
			fix_child(member_shape(member), inner, member_name(member), &fixed);
		if (err_is(&err))
			return err;
		if (fixed && json_object_iter_set_new(object, json_object_key_to_iter(key), fixed))
			return err_nomem();
	}
	return ERR_OK;
}

static struct err rename_members(const struct shape *shape, json_t *object, json_t **ret_new)
{
	json_t *renamed = json_object();
	const char *key;
	json_t *inner;
	bool good = renamed;
	json_object_foreach (object, key, inner) {
		const struct member *member = shape_wire(shape, key, strlen(key));
		good = good && member &&
		       json_object_set_nocheck(renamed, member_name(member), inner) == 0;
	}
	if (!good) {
		json_decref(renamed);
		return err_nomem();
	}
	*ret_new = renamed;
	return ERR_OK;
}

static struct err fix_list(const struct shape *shape, json_t *list)
{
	size_t i;
	json_t *element;
	json_array_foreach (list, i, element) {
		json_t *fixed;
		if (json_is_null(element))
			continue; // a sparse list: the position means something
		char index[24];
		snprintf(index, sizeof(index), "%zu", i);
		struct err err = fix_child(shape_element(shape), element, index, &fixed);
		if (err_is(&err))
			return err;
		if (fixed && json_array_set_new(list, i, fixed) != 0)
			return err_nomem();
	}
	return ERR_OK;
}

static struct err fix_map(const struct shape *shape, json_t *map)
{
	const char *key;
	json_t *inner;
	json_object_foreach (map, key, inner) {
		json_t *fixed;
		if (json_is_null(inner))
			continue;
		struct err err = fix_child(shape_element(shape), inner, key, &fixed);
		if (err_is(&err))
			return err;
		if (fixed && json_object_iter_set_new(map, json_object_key_to_iter(key), fixed))
			return err_nomem();
	}
	return ERR_OK;
}

static struct err fix_number(const struct shape *shape, const json_t *value, json_t **ret_new)
{
	double real = json_number_value(value);
	if (json_is_string(value)) {
		// Some answers quote their numbers.
		if (!wiretext_value(
			    shape, json_string_value(value), json_string_length(value), ret_new) ||
			!*ret_new)
			return wrong_type(shape, value);
	} else if (!json_is_number(value)) {
		return wrong_type(shape, value);
	} else if (shape->type == SHAPE_FLOAT) {
		if (json_is_integer(value))
			*ret_new = json_real(real);
	} else if (json_is_real(value)) {
		if (floor(real) != real || fabs(real) > 9007199254740992.0)
			return wrong_type(shape, value);
		*ret_new = json_integer((json_int_t)real);
	}
	return ERR_OK;
}

static struct err fix_time(const struct shape *shape, const json_t *value, json_t **ret_new)
{
	struct wiretext_time time;
	bool good = json_is_string(value) ? wiretext_time_parse(json_string_value(value), &time)
					  : wiretext_time_read(value, &time);
	if (!good)
		return wrong_type(shape, value);
	*ret_new = wiretext_time_json(&time);
	return *ret_new ? ERR_OK : err_nomem();
}

static struct err fix_boolean(const struct shape *shape, const json_t *value, json_t **ret_new)
{
	if (json_is_boolean(value))
		return ERR_OK;
	if (json_is_string(value) &&
		wiretext_value(
			shape, json_string_value(value), json_string_length(value), ret_new) &&
		*ret_new)
		return ERR_OK;
	return wrong_type(shape, value);
}

static struct err fix_text(const struct shape *shape, const json_t *value, json_t **ret_new)
{
	char digits[24];
	if (json_is_string(value))
		return shape->type == SHAPE_BLOB && wiretext_base64_count(json_string_value(value),
							    json_string_length(value)) < 0
			       ? wrong_type(shape, value)
			       : ERR_OK;
	if (shape->type == SHAPE_BLOB || !json_is_integer(value))
		return wrong_type(shape, value);
	snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
	*ret_new = json_string(digits);
	return *ret_new ? ERR_OK : err_nomem();
}

static struct err fix(const struct shape *shape, json_t *value, json_t **ret_new)
{
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRUCT:
		if (shape->flags & SHAPE_DOCUMENT)
			return ERR_OK;
		if (!json_is_object(value))
			return wrong_type(shape, value);
		struct err err = fix_struct(shape, value);
		if (!err_is(&err) && shape->flags & SHAPE_RENAMES)
			err = rename_members(shape, value, ret_new);
		return err;
	case SHAPE_LIST:
		return json_is_array(value) ? fix_list(shape, value) : wrong_type(shape, value);
	case SHAPE_MAP:
		return json_is_object(value) ? fix_map(shape, value) : wrong_type(shape, value);
	case SHAPE_STRING:
	case SHAPE_BLOB:
		return fix_text(shape, value, ret_new);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
		return fix_number(shape, value, ret_new);
	case SHAPE_BOOLEAN:
		return fix_boolean(shape, value, ret_new);
	case SHAPE_TIMESTAMP:
		return fix_time(shape, value, ret_new);
	}
	return wrong_type(shape, value);
}

struct err wirejson_read(
	const struct shape *shape, const char *text, size_t bytes, json_t **ret_value)
{
	char message[160] = "";
	_cleanup_json_ json_t *value = js_parse(text, bytes, message, sizeof(message));
	if (!value)
		return wire_bad_answer("%s", message);
	json_t *fixed = NULL;
	struct err err = fix(shape, value, &fixed);
	if (err_is(&err))
		json_decref(fixed);
	else
		*ret_value = fixed ? fixed : TAKE(value);
	return err;
}
