// wire_check(): does an input fit its operation's model? Said before anything is sent, with the
// path of the member and what is expected, never with the value (it may be a secret).
#include "aws/wire.h"
#include "aws/wiretext.h"
#include "base/str.h"
#include <math.h>
#include <stdarg.h>

enum { DEEPEST = 64 };

struct check {
	struct err err;
	struct buf path; // "IpPermissions.0.FromPort"
	bool takes_null; // JSON can say null inside lists and maps
	int depth;
};

static bool check_value(struct check *check, const struct shape *shape, const json_t *value);

static bool fail(struct check *check, const char *fmt, ...) FORMAT_PRINTF(2, 3);

static bool fail(struct check *check, const char *fmt, ...)
{
	char message[240];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	const char *path = buf_str(&check->path);
	check->err = *path ? err_new(ERR_INVALID, "%.140s: %s", path, message)
			   : err_new(ERR_INVALID, "%s", message);
	return false;
}

static const char *kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool expect(struct check *check, bool fits, const char *what, const json_t *value)
{
	return fits || fail(check, "expected %s, got %s", what, kind_of(value));
}

static bool check_size(
	struct check *check, const struct shape *shape, int64_t size, const char *unit)
{
	int64_t min, max;
	if (shape_min(shape, &min) && size < min)
		return fail(check, "%lld %s, at least %lld are needed", (long long)size, unit,
			(long long)min);
	if (shape_max(shape, &max) && size > max)
		return fail(check, "%lld %s, at most %lld are allowed", (long long)size, unit,
			(long long)max);
	return true;
}

static bool check_range(struct check *check, const struct shape *shape, double value)
{
	int64_t min, max;
	if (shape_min(shape, &min) && value < (double)min)
		return fail(check, "must be at least %lld", (long long)min);
	if (shape_max(shape, &max) && value > (double)max)
		return fail(check, "must be at most %lld", (long long)max);
	return true;
}

static bool check_string(struct check *check, const struct shape *shape, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t bytes = json_string_length(value);
	if (memchr(text, '\0', bytes))
		return fail(check, "contains a NUL character");
	// AWS counts characters, not bytes.
	int64_t characters = 0;
	for (size_t i = 0; i < bytes; i++)
		characters += ((unsigned char)text[i] & 0xC0) != 0x80;
	return check_size(check, shape, characters, "characters");
}

static bool check_integer(struct check *check, const struct shape *shape, const json_t *value)
{
	if (json_is_real(value)) {
		double real = json_real_value(value);
		if (floor(real) != real || fabs(real) > 9007199254740992.0)
			return fail(check, "expected an integer, got a number");
	} else if (!expect(check, json_is_integer(value), "an integer", value)) {
		return false;
	}
	double number = json_number_value(value);
	if (shape->type == SHAPE_INTEGER && (number < INT32_MIN || number > INT32_MAX))
		return fail(check, "does not fit 32 bits");
	return check_range(check, shape, number);
}

static bool check_float(struct check *check, const struct shape *shape, const json_t *value)
{
	if (json_is_string(value) && wiretext_is_special(json_string_value(value)))
		return true;
	return expect(check, json_is_number(value), "a number", value) &&
	       check_range(check, shape, json_number_value(value));
}

static bool check_blob(struct check *check, const struct shape *shape, const json_t *value)
{
	int64_t bytes = wiretext_base64_count(json_string_value(value), json_string_length(value));
	if (bytes < 0)
		return fail(check, "expected base64 text");
	return check_size(check, shape, bytes, "bytes");
}

// Runs the check of what is below `name`, with the path grown by it.
static bool check_below(
	struct check *check, const struct shape *shape, const char *name, const json_t *value)
{
	size_t before = check->path.len;
	buf_addf(&check->path, "%s%s", before ? "." : "", name);
	bool fits = check_value(check, shape, value);
	if (fits) {
		check->path.len = before;
		if (check->path.data)
			check->path.data[before] = '\0';
	}
	return fits;
}

static bool fail_unknown(struct check *check, const struct shape *shape, const char *name)
{
	const char *nearest = NULL;
	unsigned best = 4;
	for (size_t i = 0; i < shape_member_count(shape); i++) {
		const char *candidate = member_name(shape_member_at(shape, i));
		unsigned distance = str_distance(name, candidate, 3);
		if (distance < best) {
			best = distance;
			nearest = candidate;
		}
	}
	if (nearest)
		return fail(check, "unknown member '%.60s'; did you mean '%s'?", name, nearest);
	return fail(check, "unknown member '%.60s' of %s", name, shape_name(shape));
}

static bool check_label(struct check *check, const struct member *member, const json_t *value)
{
	// An empty label would change which resource the path names.
	if (member->location == LOCATION_URI && json_is_string(value) && !json_string_length(value))
		return fail(check, "%s: must not be empty", member_name(member));
	return true;
}

static bool check_struct(struct check *check, const struct shape *shape, const json_t *value)
{
	if (shape->flags & SHAPE_DOCUMENT)
		return true;
	if (!expect(check, json_is_object(value), "an object", value))
		return false;
	const char *name;
	json_t *inner;
	json_object_foreach ((json_t *)value, name, inner) {
		const struct member *member = shape_member(shape, name);
		if (!member)
			return fail_unknown(check, shape, name);
		if (json_is_null(inner) || member->flags & MEMBER_JSON)
			continue;
		if (!check_label(check, member, inner) ||
			!check_below(check, member_shape(member), name, inner))
			return false;
	}
	for (size_t i = 0; i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		bool needed = member_is_required(member) || member->location == LOCATION_URI;
		if (!needed)
			continue;
		const json_t *given = json_object_get(value, member_name(member));
		if (!given || json_is_null(given))
			return fail(check, "missing required member '%s'", member_name(member));
	}
	return true;
}

static bool check_list(struct check *check, const struct shape *shape, const json_t *value)
{
	if (!expect(check, json_is_array(value), "a list", value) ||
		!check_size(check, shape, (int64_t)json_array_size(value), "elements"))
		return false;
	size_t i;
	json_t *element;
	json_array_foreach (value, i, element) {
		char index[24];
		snprintf(index, sizeof(index), "%zu", i);
		if (json_is_null(element) && check->takes_null)
			continue;
		if (!check_below(check, shape_element(shape), index, element))
			return false;
	}
	return true;
}

static bool check_map(struct check *check, const struct shape *shape, const json_t *value)
{
	if (!expect(check, json_is_object(value), "an object", value) ||
		!check_size(check, shape, (int64_t)json_object_size(value), "entries"))
		return false;
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)value, key, inner) {
		if (json_is_null(inner) && check->takes_null)
			continue;
		if (!check_below(check, shape_element(shape), key, inner))
			return false;
	}
	return true;
}

static bool check_type(struct check *check, const struct shape *shape, const json_t *value)
{
	struct wiretext_time time;
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRUCT:
		return check_struct(check, shape, value);
	case SHAPE_LIST:
		return check_list(check, shape, value);
	case SHAPE_MAP:
		return check_map(check, shape, value);
	case SHAPE_STRING:
		return expect(check, json_is_string(value), "a string", value) &&
		       check_string(check, shape, value);
	case SHAPE_BLOB:
		return expect(check, json_is_string(value), "base64 text", value) &&
		       check_blob(check, shape, value);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		return check_integer(check, shape, value);
	case SHAPE_FLOAT:
		return check_float(check, shape, value);
	case SHAPE_BOOLEAN:
		return expect(check, json_is_boolean(value), "a boolean", value);
	case SHAPE_TIMESTAMP:
		return wiretext_time_read(value, &time) ||
		       fail(check, "expected a time such as 2026-11-23T09:48:00Z");
	}
	return false;
}

static bool check_value(struct check *check, const struct shape *shape, const json_t *value)
{
	if (++check->depth > DEEPEST)
		return fail(check, "nested deeper than %d levels", DEEPEST);
	bool fits = check_type(check, shape, value);
	check->depth--;
	return fits;
}

struct err wire_check(const struct operation *operation, const json_t *input)
{
	const struct shape *shape = operation_input(operation);
	enum aws_protocol protocol = service_protocol(operation_service(operation));
	struct check check = {.takes_null = protocol == AWS_JSON_1_0 || protocol == AWS_JSON_1_1 ||
					    protocol == AWS_REST_JSON};
	buf_init(&check.path, 4096);
	_cleanup_json_ json_t *empty = input && !json_is_null(input) ? NULL : json_object();
	if (empty)
		input = empty;
	if (!input)
		return err_nomem();
	if (shape)
		check_value(&check, shape, input);
	else if (json_object_size(input) > 0 || !json_is_object(input))
		fail(&check, "takes no input");
	if (err_is(&check.err))
		err_wrap(&check.err, "%s", operation_name(operation));
	buf_done(&check.path);
	return check.err;
}
