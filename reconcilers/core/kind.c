// Finding kinds, fields and the shapes that type them. The tables themselves are const data.
#include "core/kind.h"
#include "aws/model.h"
#include "base/str.h"

const struct kind *kind_find(const char *name)
{
	for (const struct kind *const *k = all_kinds; *k; k++)
		if (str_eq((*k)->name, name))
			return *k;
	return NULL;
}

const struct kind *kind_of_address(const char *address)
{
	char name[64];
	const char *dot = strchr(address, '.');
	size_t n = dot ? strcspn(dot + 1, ".") : sizeof(name);
	if (n >= sizeof(name))
		return NULL;
	memcpy(name, dot + 1, n);
	name[n] = '\0';
	return kind_find(name);
}

const struct layer *layer_find(const char *name)
{
	for (const struct layer *const *l = all_layers; *l; l++)
		if (str_eq((*l)->name, name))
			return *l;
	return NULL;
}

const struct field *field_find(const struct field *fields, const char *name)
{
	for (const struct field *f = fields; f && f->name; f++)
		if (str_eq(f->name, name))
			return f;
	// A reference may also be given as the id itself, under AWS's own name: "vpc_id".
	for (const struct field *f = fields; f && f->name; f++) {
		if (f->type != FIELD_REF && f->type != FIELD_REFS)
			continue;
		_cleanup_free_ char *snake = f->member ? str_snake(f->member) : NULL;
		if (snake && str_eq(snake, name))
			return f;
	}
	return NULL;
}

const char *kind_remedy(const struct kind *kind, const char *code)
{
	for (const struct remedy *row = kind->remedies; row && row->code; row++)
		if (str_glob(row->code, code))
			return row->text;
	return NULL;
}

bool kind_is_single(const struct kind *kind)
{
	return kind->observe.key ? !(kind->create.flags & CALL_ADDS)
				 : (kind->create.flags & CALL_SINGLE) != 0;
}

bool kind_comes_after(const struct kind *later, const struct kind *earlier)
{
	for (const char *const *name = later->after; name && *name; name++)
		if (str_eq(*name, earlier->name))
			return true;
	return false;
}

static const struct shape *input_of(const struct kind *kind, const char *operation)
{
	const struct service *service = model_service(kind->service);
	const struct operation *op =
		service && operation ? service_operation(service, operation) : NULL;
	return op ? operation_input(op) : NULL;
}

const char *field_member(
	const struct kind *kind, const struct field *items, const struct field *field)
{
	if (field->member)
		return field->member;
	if (field->type == FIELD_FLAG)
		return field->name;
	const struct shape *input =
		input_of(kind, items ? items->add.operation : kind->create.operation);
	const struct member *member = input ? shape_member_snake(input, field->name) : NULL;
	return member ? member_name(member) : NULL;
}

// "CreateRoute:DnsOptions.DnsRecordIpType", lists by "Name[]".
static const struct shape *shape_at(const struct kind *kind, const char *spec)
{
	char operation[96], step[96];
	const char *colon = strchr(spec, ':');
	if (!colon || (size_t)(colon - spec) >= sizeof(operation))
		return NULL;
	memcpy(operation, spec, (size_t)(colon - spec));
	operation[colon - spec] = '\0';
	const struct shape *shape = input_of(kind, operation);
	const char *p = colon + 1;
	while (shape && *p) {
		size_t n = strcspn(p, ".[");
		if (n >= sizeof(step))
			return NULL;
		memcpy(step, p, n);
		step[n] = '\0';
		const struct member *member = n ? shape_member(shape, step) : NULL;
		if (!member)
			return NULL;
		shape = member_shape(member);
		p += n;
		while (shape && str_starts(p, "[]")) {
			shape = shape_element(shape);
			p += 2;
		}
		p += *p == '.';
	}
	return shape;
}

const struct shape *field_shape(
	const struct kind *kind, const struct field *items, const struct field *field)
{
	if (field->type != FIELD_MODEL && field->type != FIELD_SOURCE)
		return NULL;
	if (field->shape)
		return shape_at(kind, field->shape);
	const struct shape *input =
		input_of(kind, items ? items->add.operation : kind->create.operation);
	const char *name = field_member(kind, items, field);
	const struct member *member = input && name ? shape_member(input, name) : NULL;
	return member ? member_shape(member) : NULL;
}

const struct call *field_update(const struct kind *kind, const struct field *field)
{
	bool is_fixed = field->flags & (FIELD_CREATE_ONLY | FIELD_COMPUTED);
	if (field->update.operation)
		return &field->update;
	return !is_fixed && kind->update.operation && field->type != FIELD_FLAG &&
			       field->type != FIELD_ITEMS
		       ? &kind->update
		       : NULL;
}

const struct field *field_excluder(
	const struct kind *kind, const char *member, const json_t *desired)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *own = f->excludes ? field_member(kind, NULL, f) : NULL;
		if (own && json_object_get(desired, own) && str_has_word(f->excludes, member))
			return f;
	}
	return NULL;
}

const char *disruption_name(enum disruption disruption)
{
	switch (disruption) {
	case DISRUPTS_NONE:
		return "none";
	case DISRUPTS_CONNECTIONS:
		return "connection-drop";
	case DISRUPTS_REBOOT:
		return "reboot";
	case DISRUPTS_REPLACEMENT:
		return "replacement";
	case DISRUPTS_DATA_LOSS:
		return "data-loss";
	}
	return "?";
}

const struct tagging ec2_tagging = {
	.create =
		ARGS({"TagSpecifications" : [ {"ResourceType" : "@tag_type", "Tags" : "@tags"} ]}),
	.observed = "Tags",
	.add = {.operation = "CreateTags",
		.args = ARGS({"Resources" : ["@id"], "Tags" : "@tags"}),
		.flags = CALL_REPEATABLE},
	.remove = {.operation = "DeleteTags",
		.args = ARGS({"Resources" : ["@id"], "Tags" : "@old_tags"}),
		.flags = CALL_REPEATABLE},
};
