// Types, limits and enums come from AWS's models; how a CIDR or a document is written, from the
// field's way of comparing.
#include "core/value.h"
#include "aws/model.h"
#include "aws/wiretext.h"
#include "base/num.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/policydoc.h"
#include "core/reference.h"

static json_t *wrong_type(struct checking *checking, const char *what, const struct node *node,
	const char *expected, const char *remedy)
{
	findings_error(checking->findings, node->place, remedy, "%s must be %s, not %s", what,
		expected, node_type_name(node->type));
	return NULL;
}

/* The value for a message, unless it is secret. */
static const char *shown(const struct checking *checking, const char *text)
{
	return checking->is_secret ? "(secret)" : text;
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += (*text & 0xC0) != 0x80;
	return count;
}

static bool check_length(struct checking *checking, const struct shape *shape, const char *what,
	size_t length, const char *unit, struct place place)
{
	int64_t limit;
	if (shape_min(shape, &limit) && (int64_t)length < limit) {
		findings_error(checking->findings, place, "make it longer",
			"%s has %zu %s, AWS wants at least %lld", what, length, unit,
			(long long)limit);
		return false;
	}
	if (shape_max(shape, &limit) && (int64_t)length > limit) {
		findings_error(checking->findings, place, "make it shorter",
			"%s has %zu %s, AWS takes at most %lld", what, length, unit,
			(long long)limit);
		return false;
	}
	return true;
}

/* The enum's own spelling of the text; the text itself where there is no enum; NULL after a
 * finding. */
static const char *find_enum(struct checking *checking, const struct shape *shape,
	enum compare compare, const char *what, const char *text, struct place place)
{
	const char *names[512];
	size_t count = shape_enum_count(shape);
	if (!count || count > ARRAY_COUNT(names))
		return text;
	for (size_t i = 0; i < count; i++) {
		names[i] = shape_enum_at(shape, i);
		if (str_eq(names[i], text) ||
			(compare == COMPARE_NOCASE && str_eq_nocase(names[i], text)))
			return names[i];
	}
	char suggestion[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	findings_error(checking->findings, place,
		checking_suggest(
			text, names, count, checking_one_of(names, count, all), suggestion),
		"'%s' is no value of %s", shown(checking, text), what);
	return NULL;
}

static json_t *read_cidr(
	struct checking *checking, const char *what, const char *text, struct place place)
{
	char canon[64];
	bool is_block = strstr(what, "cidr") != NULL;
	if (!compare_cidr(text, canon, sizeof(canon)) || (is_block && !strchr(text, '/'))) {
		findings_error(checking->findings, place,
			is_block ? "write a block such as 10.0.0.0/16" : "write an address",
			"%s: '%s' is no %s", what, text,
			is_block ? "CIDR block" : "address or CIDR block");
		return NULL;
	}
	if (!str_eq_nocase(canon, text)) {
		char remedy[100];
		snprintf(remedy, sizeof(remedy), "write %s", canon);
		findings_warning(checking->findings, place, remedy, "%s: AWS keeps %s as %s", what,
			text, canon);
	}
	return json_string(canon);
}

/* In the form that answers have, so that one moment is one text. */
static json_t *read_time(
	struct checking *checking, const char *what, const char *text, struct place place)
{
	struct wiretext_time time;
	if (text[0] >= '0' && text[0] <= '9' && strchr(text, '-') &&
		wiretext_time_parse(text, &time))
		return wiretext_time_json(&time);
	findings_error(checking->findings, place, "write it as 2026-01-31T08:00:00Z",
		"%s: '%s' is no time", what, text);
	return NULL;
}

static json_t *read_string(struct checking *checking, const struct shape *shape,
	enum compare compare, const char *what, const struct node *node)
{
	if (compare == COMPARE_JSON || compare == COMPARE_POLICY)
		return value_document(checking, compare, what, node);
	if (node->type == NODE_LIST || node->type == NODE_MAP)
		return wrong_type(checking, what, node, "a string", "write one value");
	json_t *value = reference_text(checking, node->text, node->place);
	if (!json_is_string(value))
		return value;
	_cleanup_json_ json_t *written = value;
	const char *text =
		find_enum(checking, shape, compare, what, json_string_value(written), node->place);
	if (!text ||
		!check_length(checking, shape, what, characters(text), "characters", node->place))
		return NULL;
	if (compare == COMPARE_CIDR)
		return read_cidr(checking, what, text, node->place);
	if (shape_type(shape) == SHAPE_TIMESTAMP)
		return read_time(checking, what, text, node->place);
	return json_string(text);
}

static bool check_range(struct checking *checking, const struct shape *shape, const char *what,
	double value, const struct node *node)
{
	int64_t min, max;
	bool has_min = shape_min(shape, &min), has_max = shape_max(shape, &max);
	if (!has_min)
		min = shape_type(shape) == SHAPE_INTEGER ? INT32_MIN : INT64_MIN;
	if (!has_max)
		max = shape_type(shape) == SHAPE_INTEGER ? INT32_MAX : INT64_MAX;
	if (value >= (double)min && value <= (double)max)
		return true;
	char remedy[100];
	if (value < (double)min)
		snprintf(remedy, sizeof(remedy), "AWS wants at least %lld", (long long)min);
	else
		snprintf(remedy, sizeof(remedy), "AWS takes at most %lld", (long long)max);
	findings_error(checking->findings, node->place, remedy, "%s is out of range: %s", what,
		shown(checking, node->text));
	return false;
}

/* A string where the model has another scalar: only a whole reference will do. */
static json_t *read_reference_or(struct checking *checking, const char *what,
	const struct node *node, const char *expected, const char *remedy)
{
	if (node->type == NODE_STRING && node->text && strstr(node->text, "${")) {
		json_t *value = reference_text(checking, node->text, node->place);
		if (!value || js_str(value, "@ref"))
			return value;
		json_decref(value);
	}
	return wrong_type(checking, what, node, expected, remedy);
}

static json_t *read_integer(struct checking *checking, const struct shape *shape, const char *what,
	const struct node *node)
{
	if (node->type != NODE_INT)
		return read_reference_or(checking, what, node, "a whole number",
			node->type == NODE_STRING && node->is_quoted ? "write it without quotes"
								     : "write a number");
	return check_range(checking, shape, what, (double)node->integer, node)
		       ? json_integer(node->integer)
		       : NULL;
}

static json_t *read_real(struct checking *checking, const struct shape *shape, const char *what,
	const struct node *node)
{
	if (node->type != NODE_INT && node->type != NODE_REAL)
		return read_reference_or(checking, what, node, "a number", "write a number");
	double value = node->type == NODE_INT ? (double)node->integer : node->real;
	return check_range(checking, shape, what, value, node) ? json_real(value) : NULL;
}

static json_t *read_boolean(struct checking *checking, const char *what, const struct node *node)
{
	static const char *const yes[] = {"yes", "on", "y", "true", "enabled"};
	if (node->type == NODE_BOOL)
		return json_boolean(node->boolean);
	const char *remedy = "write true or false";
	for (size_t i = 0; node->text && i < ARRAY_COUNT(yes); i++)
		if (str_eq_nocase(node->text, yes[i]))
			remedy = "write true, without quotes";
	if (node->text && (str_eq_nocase(node->text, "no") || str_eq_nocase(node->text, "off") ||
				  str_eq_nocase(node->text, "false")))
		remedy = "write false, without quotes";
	return read_reference_or(checking, what, node, "true or false", remedy);
}

static json_t *read_list(struct checking *checking, const struct shape *shape, enum compare compare,
	const char *what, const struct node *node)
{
	if (node->type != NODE_LIST)
		return read_reference_or(
			checking, what, node, "a list", "put it into brackets: [...]");
	if (!check_length(checking, shape, what, node->count, "items", node->place))
		return NULL;
	json_t *list = json_array();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->items[i];
		if (item->type == NODE_NULL && !item->is_broken)
			findings_error(checking->findings, item->place,
				"write a value, or take it out", "an empty item in %s", what);
		json_t *value = value_read(checking, shape_element(shape), compare, what, item);
		ok = value && json_array_append_new(list, value) == 0 && ok;
	}
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *read_map(struct checking *checking, const struct shape *shape, enum compare compare,
	const char *what, const struct node *node)
{
	if (node->type != NODE_MAP)
		return read_reference_or(checking, what, node, "a map", "write 'key: value' pairs");
	if (!check_length(checking, shape, what, node->count, "entries", node->place))
		return NULL;
	json_t *map = json_object();
	bool ok = true;
	for (size_t i = 0; i < node->count; i++) {
		const char *key = node->keys[i];
		ok = find_enum(checking, shape_key(shape), COMPARE_EXACT, what, key,
			     node->key_places[i]) &&
		     check_length(checking, shape_key(shape), what, characters(key), "characters",
			     node->key_places[i]) &&
		     ok;
		if (node->items[i]->type == NODE_NULL && !node->items[i]->is_broken)
			continue;
		json_t *value =
			value_read(checking, shape_element(shape), compare, key, node->items[i]);
		ok = value && json_object_set_new(map, key, value) == 0 && ok;
	}
	if (ok)
		return map;
	json_decref(map);
	return NULL;
}

static void unknown_member(struct checking *checking, const struct shape *shape, const char *what,
	const char *key, struct place place)
{
	const char *names[256];
	size_t count = shape_member_count(shape);
	if (count > ARRAY_COUNT(names))
		count = ARRAY_COUNT(names);
	for (size_t i = 0; i < count; i++)
		names[i] = member_snake(shape_member_at(shape, i));
	for (const struct field *f = checking->refs; f && f->name; f++)
		if (count < ARRAY_COUNT(names) && shape_member(shape, f->member))
			names[count++] = f->name;
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	const struct member *camel = shape_member(shape, key);
	if (camel)
		snprintf(text, sizeof(text), "write it as '%s'", member_snake(camel));
	findings_error(checking->findings, place,
		camel ? text
		      : checking_suggest(
				key, names, count, checking_one_of(names, count, all), text),
		"unknown member '%s' of %s", key, what);
}

/* The reference that may be written as `key` in a structure of this shape; NULL: none. */
static const struct field *find_ref(
	const struct checking *checking, const struct shape *shape, const char *key)
{
	for (const struct field *f = checking->refs; f && f->name; f++)
		if (str_eq(f->name, key) && shape_member(shape, f->member))
			return f;
	return NULL;
}

static json_t *read_ref(struct checking *checking, const struct field *ref, const struct node *node)
{
	return node->is_broken || node->type == NODE_NULL ? NULL
							  : reference_by_name(checking, ref, node);
}

static json_t *read_struct(struct checking *checking, const struct shape *shape,
	enum compare compare, const char *what, const struct node *node)
{
	if (node->type != NODE_MAP)
		return read_reference_or(
			checking, what, node, "a map", "write 'member: value' pairs");
	json_t *object = json_object();
	size_t before = checking->findings->error_count;
	for (size_t i = 0; i < node->count; i++) {
		const struct field *ref = find_ref(checking, shape, node->keys[i]);
		const struct member *member = shape_member_snake(shape, node->keys[i]);
		if (!member && !ref) {
			unknown_member(checking, shape, what, node->keys[i], node->key_places[i]);
			continue;
		}
		json_t *value = ref ? read_ref(checking, ref, node->items[i])
				    : value_read(checking, member_shape(member), compare,
					      node->keys[i], node->items[i]);
		const char *name = ref ? ref->member : member_name(member);
		if (value && json_object_get(object, name)) {
			findings_error(checking->findings, node->key_places[i], "keep one of them",
				"'%s' says again what another member of %s says", node->keys[i],
				what);
			json_decref(value);
		} else if (value) {
			json_object_set_new(object, name, value);
		}
	}
	for (size_t i = 0; i < shape_member_count(shape); i++) {
		const struct member *member = shape_member_at(shape, i);
		char remedy[CHECKING_TEXT_BYTES];
		const struct node *given = node_get(node, member_snake(member));
		if (!member_is_required(member) || (given && given->type != NODE_NULL) ||
			(given && given->is_broken) || json_object_get(object, member_name(member)))
			continue;
		snprintf(remedy, sizeof(remedy), "add '%s:'", member_snake(member));
		findings_error(checking->findings, node->place, remedy, "%s needs '%s'", what,
			member_snake(member));
	}
	if (checking->findings->error_count == before)
		return object;
	json_decref(object);
	return NULL;
}

json_t *value_read(struct checking *checking, const struct shape *shape, enum compare compare,
	const char *what, const struct node *node)
{
	if (node->is_broken || node->type == NODE_NULL)
		return NULL;
	switch (shape_type(shape)) {
	case SHAPE_STRUCT:
		return read_struct(checking, shape, compare, what, node);
	case SHAPE_LIST:
		return read_list(checking, shape, compare, what, node);
	case SHAPE_MAP:
		return read_map(checking, shape, compare, what, node);
	case SHAPE_STRING:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
		return read_string(checking, shape, compare, what, node);
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		return read_integer(checking, shape, what, node);
	case SHAPE_FLOAT:
		return read_real(checking, shape, what, node);
	case SHAPE_BOOLEAN:
		return read_boolean(checking, what, node);
	}
	return NULL;
}

json_t *value_of_field(struct checking *checking, const struct shape *shape,
	const struct field *field, const struct node *node)
{
	checking->refs = field->refs;
	json_t *value = value_read(checking, shape, field->compare, field->name, node);
	checking->refs = NULL;
	if (field->canon && (json_is_object(value) || json_is_array(value)) &&
		!js_str(value, "@ref"))
		field->canon(value);
	return value;
}

// ---- documents

/* Text in a document stands between marks that JSON escapes, so that references can be found again
 * in the finished text: "\u0001<index>\u0001". */
struct document {
	struct checking *checking;
	json_t *references; // list
	bool is_wrong;
};

static json_t *document_text(struct document *document, const struct node *node)
{
	json_t *value = reference_text(document->checking, node->text, node->place);
	if (!value || json_is_string(value)) {
		document->is_wrong = document->is_wrong || !value;
		return value;
	}
	json_t *parts = json_object_get(value, "@text");
	_cleanup_json_ json_t *list = parts ? json_incref(parts) : json_pack("[O]", value);
	_cleanup_buf_ struct buf text = {0};
	buf_init(&text, 0);
	size_t i;
	json_t *part;
	json_array_foreach (list, i, part) {
		if (json_is_string(part)) {
			buf_adds(&text, json_string_value(part));
			continue;
		}
		buf_addf(&text, "\x01%zu\x01", json_array_size(document->references));
		json_array_append(document->references, part);
	}
	json_decref(value);
	return json_string(buf_str(&text));
}

static json_t *document_value(struct document *document, const struct node *node)
{
	if (node->is_broken) {
		document->is_wrong = true;
		return json_null();
	}
	if (node->type == NODE_STRING)
		return document_text(document, node);
	if (node->type != NODE_LIST && node->type != NODE_MAP)
		return node_json(node);
	json_t *json = node->type == NODE_LIST ? json_array() : json_object();
	for (size_t i = 0; i < node->count; i++) {
		json_t *item = document_value(document, node->items[i]);
		if (!item)
			continue;
		if (node->type == NODE_LIST)
			json_array_append_new(json, item);
		else
			json_object_set_new(json, node->keys[i], item);
	}
	return json;
}

/* The finished text, cut at its marks: a string, or {"@text": [...]}. */
static json_t *document_parts(const char *text, const json_t *references)
{
	json_t *parts = json_array();
	const char *mark = "\\u0001", *done = text;
	for (const char *p = text; (p = strstr(p, mark));) {
		const char *digits = p + strlen(mark), *end = strstr(digits, mark);
		char number[12];
		int64_t index;
		size_t length = end ? (size_t)(end - digits) : sizeof(number);
		if (length < sizeof(number)) {
			memcpy(number, digits, length);
			number[length] = '\0';
			if (num_parse_i64(
				    number, 0, (int64_t)json_array_size(references) - 1, &index)) {
				json_array_append_new(
					parts, json_stringn(done, (size_t)(p - done)));
				json_array_append(parts, json_array_get(references, (size_t)index));
				p = done = end + strlen(mark);
				continue;
			}
		}
		p = digits;
	}
	json_array_append_new(parts, json_string(done));
	if (json_array_size(parts) > 1)
		return json_pack("{s:o}", "@text", parts);
	json_t *whole = json_incref(json_array_get(parts, 0));
	json_decref(parts);
	return whole;
}

/* JSON written as text: checked, and kept as it is written. */
static json_t *document_as_text(
	struct checking *checking, const char *what, const struct node *node)
{
	json_t *value = reference_text(checking, node->text, node->place);
	if (!json_is_string(value))
		return value;
	char why[200];
	json_t *parsed =
		js_parse(json_string_value(value), json_string_length(value), why, sizeof(why));
	if (!parsed) {
		findings_error(checking->findings, node->place,
			"write it as a map, or mend the JSON", "%s is no JSON: %s", what, why);
		json_decref(value);
		return NULL;
	}
	json_decref(parsed);
	return value;
}

json_t *value_document(
	struct checking *checking, enum compare compare, const char *what, const struct node *node)
{
	if (node->is_broken || node->type == NODE_NULL)
		return NULL;
	if (node->type == NODE_STRING)
		return document_as_text(checking, what, node);
	if (node->type != NODE_MAP && (node->type != NODE_LIST || compare == COMPARE_POLICY))
		return wrong_type(checking, what, node, "a JSON document",
			"write a map, or JSON in a string");
	if (compare == COMPARE_POLICY && !policydoc_check(what, node, checking->findings))
		return NULL;
	struct document document = {.checking = checking, .references = json_array()};
	_cleanup_json_ json_t *json = document_value(&document, node);
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_t *value =
		text && !document.is_wrong ? document_parts(text, document.references) : NULL;
	json_decref(document.references);
	return value;
}
