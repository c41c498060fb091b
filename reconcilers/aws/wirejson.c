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
//
// A struct err is half a kilobyte, so the walk returns bools and keeps one error aside.

// Puts a value right in place. *ret_new is a new value to use instead, or NULL to keep this one.
static bool fix(struct err *err, const struct shape *shape, json_t *value, json_t **ret_new);

static bool fail(struct err *err, struct err with)
{
	*err = with;
	return false;
}

static bool wrong_type(struct err *err, const struct shape *shape, const json_t *value)
{
	static const char *const expected[] = {"an object", "a list", "a map", "a string",
		"an integer", "an integer", "a number", "a boolean", "a time", "base64 text"};
	static const char *const got[] = {"an object", "a list", "a string", "an integer",
		"a number", "a boolean", "a boolean", "null"};
	const char *what = shape->type < ARRAY_COUNT(expected) ? expected[shape->type] : "?";
	return fail(err, wire_bad_answer("expected %s, got %s", what, got[json_typeof(value)]));
}

static bool fix_string(
	struct err *err, const struct shape *shape, const json_t *value, json_t **ret_new)
{
	char digits[24];
	if (json_is_string(value))
		return true;
	if (!json_is_integer(value))
		return wrong_type(err, shape, value);
	snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
	*ret_new = json_string(digits);
	return *ret_new || fail(err, err_nomem());
}

static bool fix_blob(struct err *err, const struct shape *shape, const json_t *value)
{
	if (json_is_string(value) &&
		wiretext_base64_count(json_string_value(value), json_string_length(value)) >= 0)
		return true;
	return wrong_type(err, shape, value);
}

// Some answers quote their numbers and booleans.
static bool fix_quoted(
	struct err *err, const struct shape *shape, const json_t *value, json_t **ret_new)
{
	if (json_is_string(value) &&
		wiretext_value(
			shape, json_string_value(value), json_string_length(value), ret_new) &&
		*ret_new)
		return true;
	return wrong_type(err, shape, value);
}

static bool fix_number(
	struct err *err, const struct shape *shape, const json_t *value, json_t **ret_new)
{
	if (!json_is_number(value))
		return fix_quoted(err, shape, value, ret_new);
	double real = json_number_value(value);
	if (shape->type == SHAPE_FLOAT) {
		if (json_is_integer(value))
			*ret_new = json_real(real);
	} else if (json_is_real(value)) {
		if (floor(real) != real || fabs(real) > 9007199254740992.0)
			return wrong_type(err, shape, value);
		*ret_new = json_integer((json_int_t)real);
	}
	return true;
}

static bool fix_time(
	struct err *err, const struct shape *shape, const json_t *value, json_t **ret_new)
{
	struct wiretext_time time;
	bool good = json_is_string(value) ? wiretext_time_parse(json_string_value(value), &time)
					  : wiretext_time_read(value, &time);
	if (!good)
		return wrong_type(err, shape, value);
	*ret_new = wiretext_time_json(&time);
	return *ret_new || fail(err, err_nomem());
}

// Unknown members and nulls go; the rest is put right under the name it came with.
static bool fix_members(struct err *err, const struct shape *shape, json_t *object)
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
		json_t *fixed = NULL;
		if (!fix(err, member_shape(member), inner, &fixed)) {
			err_wrap(err, "%s", member_name(member));
			return false;
		}
		if (fixed && json_object_iter_set_new(object, json_object_key_to_iter(key), fixed))
			return fail(err, err_nomem());
	}
	return true;
}

static bool rename_members(
	struct err *err, const struct shape *shape, json_t *object, json_t **ret_new)
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
		return fail(err, err_nomem());
	}
	*ret_new = renamed;
	return true;
}

static bool fix_struct(struct err *err, const struct shape *shape, json_t *value, json_t **ret_new)
{
	if (shape->flags & SHAPE_DOCUMENT)
		return true;
	if (!json_is_object(value))
		return wrong_type(err, shape, value);
	return fix_members(err, shape, value) &&
	       (!(shape->flags & SHAPE_RENAMES) || rename_members(err, shape, value, ret_new));
}

// A null in a list or a map stays: its place, or its key, means something.
static bool fix_list(struct err *err, const struct shape *shape, json_t *list)
{
	size_t i;
	json_t *element;
	if (!json_is_array(list))
		return wrong_type(err, shape, list);
	json_array_foreach (list, i, element) {
		json_t *fixed = NULL;
		if (json_is_null(element))
			continue;
		if (!fix(err, shape_element(shape), element, &fixed)) {
			err_wrap(err, "%zu", i);
			return false;
		}
		if (fixed && json_array_set_new(list, i, fixed) != 0)
			return fail(err, err_nomem());
	}
	return true;
}

static bool fix_map(struct err *err, const struct shape *shape, json_t *map)
{
	const char *key;
	json_t *inner;
	if (!json_is_object(map))
		return wrong_type(err, shape, map);
	json_object_foreach (map, key, inner) {
		json_t *fixed = NULL;
		if (json_is_null(inner))
			continue;
		if (!fix(err, shape_element(shape), inner, &fixed)) {
			err_wrap(err, "%.40s", key);
			return false;
		}
		if (fixed && json_object_iter_set_new(map, json_object_key_to_iter(key), fixed))
			return fail(err, err_nomem());
	}
	return true;
}

static bool fix(struct err *err, const struct shape *shape, json_t *value, json_t **ret_new)
{
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRUCT:
		return fix_struct(err, shape, value, ret_new);
	case SHAPE_LIST:
		return fix_list(err, shape, value);
	case SHAPE_MAP:
		return fix_map(err, shape, value);
	case SHAPE_STRING:
		return fix_string(err, shape, value, ret_new);
	case SHAPE_BLOB:
		return fix_blob(err, shape, value);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
		return fix_number(err, shape, value, ret_new);
	case SHAPE_BOOLEAN:
		return json_is_boolean(value) || fix_quoted(err, shape, value, ret_new);
	case SHAPE_TIMESTAMP:
		return fix_time(err, shape, value, ret_new);
	}
	return wrong_type(err, shape, value);
}

struct err wirejson_read(
	const struct shape *shape, const char *text, size_t bytes, json_t **ret_value)
{
	char message[160] = "";
	_cleanup_json_ json_t *value = js_parse(text, bytes, message, sizeof(message));
	if (!value)
		return wire_bad_answer("%s", message);
	json_t *fixed = NULL;
	struct err err = ERR_OK;
	if (fix(&err, shape, value, &fixed))
		*ret_value = fixed ? fixed : TAKE(value);
	else
		json_decref(fixed);
	return err;
}
