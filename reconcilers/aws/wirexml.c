// XML bodies of rest-xml requests, in the order of the model (XML schemas are sequences).
#include "aws/wireparts.h"

static void write_value(struct buf *out, const char *name, const char *attribute,
	const struct shape *shape, enum time_format format, bool is_flat, const json_t *value);

// Control characters have no form in XML 1.0 at all; the buffer fails then.
static void write_text(struct buf *out, const char *text, bool is_attribute)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '<')
			buf_adds(out, "&lt;");
		else if (c == '>')
			buf_adds(out, "&gt;");
		else if (c == '"' && is_attribute)
			buf_adds(out, "&quot;");
		else if (c == '\r' || (is_attribute && (c == '\n' || c == '\t')))
			buf_addf(out, "&#x%X;", c);
		else if (c < 0x20 && c != '\n' && c != '\t')
			out->failed = true;
		else
			buf_addc(out, *p);
	}
}

static void write_scalar(struct buf *out, const struct shape *shape, enum time_format format,
	bool is_attribute, const json_t *value)
{
	struct buf text;
	buf_init(&text, 0);
	if (!wiretext_write(&text, shape, format == TIME_DEFAULT ? TIME_ISO8601 : format, value))
		out->failed = true;
	write_text(out, buf_str(&text), is_attribute);
	buf_burn(&text);
}

static void write_struct_members(struct buf *out, const struct shape *shape, const json_t *value)
{
	for (size_t i = 0; i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		const json_t *inner = json_object_get(value, member_name(member));
		if (!inner || json_is_null(inner) || member->location != LOCATION_BODY ||
			member->flags & MEMBER_ATTRIBUTE)
			continue;
		write_value(out, model_text(member->wire_in), model_text(member->xml_attribute),
			member_shape(member), member->time_format, member->flags & MEMBER_FLATTENED,
			inner);
	}
}

static void write_attributes(struct buf *out, const struct shape *shape, const json_t *value)
{
	for (size_t i = 0; i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		const json_t *inner = json_object_get(value, member_name(member));
		if (!inner || json_is_null(inner) || !(member->flags & MEMBER_ATTRIBUTE))
			continue;
		buf_addf(out, " %s=\"", model_text(member->wire_in));
		write_scalar(out, member_shape(member), member->time_format, true, inner);
		buf_addc(out, '"');
	}
}

static void write_element(struct buf *out, const char *name, const char *attribute,
	const struct shape *list, const json_t *value)
{
	const struct shape *element = shape_element(list);
	if (!*attribute)
		attribute = model_text(list->element_attribute);
	write_value(out, name, attribute, element, list->element_format,
		element->flags & SHAPE_FLATTENED, value);
}

// A flattened list or map has no element of its own to carry its namespace: each of its elements
// does.
static void write_list(struct buf *out, const char *name, const char *attribute,
	const struct shape *shape, bool is_flat, const json_t *value)
{
	if (!is_flat)
		buf_addf(out, "<%s%s>", name, attribute);
	size_t i;
	json_t *element;
	json_array_foreach (value, i, element) {
		if (!json_is_null(element))
			write_element(out, is_flat ? name : model_text(shape->element_wire),
				is_flat ? attribute : "", shape, element);
	}
	if (!is_flat)
		buf_addf(out, "</%s>", name);
}

static void write_map(struct buf *out, const char *name, const char *attribute,
	const struct shape *shape, bool is_flat, const json_t *value)
{
	const char *entry = is_flat ? name : "entry", *key_name = model_text(shape->key_wire);
	if (!is_flat)
		buf_addf(out, "<%s%s>", name, attribute);
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)value, key, inner) {
		buf_addf(out, "<%s%s><%s%s>", entry, is_flat ? attribute : "", key_name,
			model_text(shape->key_attribute));
		write_text(out, key, false);
		buf_addf(out, "</%s>", key_name);
		write_element(out, model_text(shape->element_wire), "", shape, inner);
		buf_addf(out, "</%s>", entry);
	}
	if (!is_flat)
		buf_addf(out, "</%s>", name);
}

static void write_value(struct buf *out, const char *name, const char *attribute,
	const struct shape *shape, enum time_format format, bool is_flat, const json_t *value)
{
	if (shape->type == SHAPE_LIST) {
		write_list(out, name, attribute, shape, is_flat, value);
		return;
	}
	if (shape->type == SHAPE_MAP) {
		write_map(out, name, attribute, shape, is_flat, value);
		return;
	}
	buf_addf(out, "<%s%s", name, attribute);
	if (shape->flags & SHAPE_ATTRIBUTES)
		write_attributes(out, shape, value);
	buf_addc(out, '>');
	if (shape->type == SHAPE_STRUCT)
		write_struct_members(out, shape, value);
	else
		write_scalar(out, shape, format, false, value);
	buf_addf(out, "</%s>", name);
}

bool wirexml_write(struct buf *body, const char *root, const char *root_attribute,
	const struct shape *shape, const json_t *value)
{
	write_value(body, root, root_attribute, shape, TIME_DEFAULT, false, value);
	return !body->failed;
}
