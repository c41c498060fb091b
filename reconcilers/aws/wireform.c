// The form bodies of the ec2 and query protocols: every leaf of the input is one name=value, the
// name the path to it. The two differ in lists (ec2 always Name.1) and in empty lists (query says
// Name=).
#include "aws/wireparts.h"

struct form {
	struct buf *out;
	struct buf name; // the path so far
	bool is_ec2;
};

static void write_value(struct form *form, const struct shape *shape, enum time_format format,
	bool is_flat, const json_t *value);

static void cut(struct form *form, size_t length)
{
	form->name.len = length;
	if (form->name.data)
		form->name.data[length] = '\0';
}

static void write_pair(struct form *form, const char *value)
{
	buf_addc(form->out, '&');
	wire_escape(form->out, buf_str(&form->name), false);
	buf_addc(form->out, '=');
	wire_escape(form->out, value, false);
}

static void write_scalar(
	struct form *form, const struct shape *shape, enum time_format format, const json_t *value)
{
	if (json_is_string(value) && shape->type != SHAPE_TIMESTAMP) {
		write_pair(form, json_string_value(value));
		return;
	}
	struct buf text;
	buf_init(&text, 0);
	if (!wiretext_write(&text, shape, format == TIME_DEFAULT ? TIME_ISO8601 : format, value))
		form->out->failed = true;
	write_pair(form, buf_str(&text));
	buf_burn(&text);
}

static void write_struct(struct form *form, const struct shape *shape, const json_t *value)
{
	size_t before = form->name.len;
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)value, key, inner) {
		const struct member *member = shape_member(shape, key);
		if (!member || json_is_null(inner))
			continue;
		buf_addf(&form->name, "%s%s", before ? "." : "", model_text(member->wire_in));
		write_value(form, member_shape(member), member->time_format,
			member->flags & MEMBER_FLATTENED, inner);
		cut(form, before);
	}
}

static void write_element(struct form *form, const struct shape *shape, const json_t *value)
{
	const struct shape *element = shape_element(shape);
	write_value(form, element, shape->element_format, element->flags & SHAPE_FLATTENED, value);
}

static void write_list(
	struct form *form, const struct shape *shape, bool is_flat, const json_t *value)
{
	if (json_array_size(value) == 0) {
		if (!form->is_ec2)
			write_pair(form, "");
		return;
	}
	if (!form->is_ec2 && !is_flat)
		buf_addf(&form->name, ".%s", model_text(shape->element_wire));
	size_t before = form->name.len, i;
	json_t *element;
	json_array_foreach (value, i, element) {
		buf_addf(&form->name, ".%zu", i + 1);
		write_element(form, shape, element);
		cut(form, before);
	}
}

static void write_map(
	struct form *form, const struct shape *shape, bool is_flat, const json_t *value)
{
	if (!is_flat)
		buf_adds(&form->name, ".entry");
	size_t before = form->name.len, i = 0;
	const char *key;
	json_t *inner;
	json_object_foreach ((json_t *)value, key, inner) {
		buf_addf(&form->name, ".%zu.%s", ++i, model_text(shape->key_wire));
		write_pair(form, key);
		cut(form, before);
		buf_addf(&form->name, ".%zu.%s", i, model_text(shape->element_wire));
		write_element(form, shape, inner);
		cut(form, before);
	}
}

static void write_value(struct form *form, const struct shape *shape, enum time_format format,
	bool is_flat, const json_t *value)
{
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRUCT:
		write_struct(form, shape, value);
		break;
	case SHAPE_LIST:
		write_list(form, shape, is_flat, value);
		break;
	case SHAPE_MAP:
		write_map(form, shape, is_flat, value);
		break;
	case SHAPE_STRING:
	case SHAPE_INTEGER:
	case SHAPE_LONG:
	case SHAPE_FLOAT:
	case SHAPE_BOOLEAN:
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
		write_scalar(form, shape, format, value);
		break;
	}
}

bool wireform_write(struct buf *body, const struct operation *operation, const json_t *input)
{
	const struct service *service = operation_service(operation);
	struct form form = {.out = body, .is_ec2 = service_protocol(service) == AWS_EC2};
	buf_init(&form.name, 65536);
	buf_addf(body, "Action=%s&Version=%s", operation_name(operation),
		service_api_version(service));
	if (operation_input(operation))
		write_struct(&form, operation_input(operation), input);
	bool whole = !form.name.failed && !body->failed;
	buf_done(&form.name);
	return whole;
}
