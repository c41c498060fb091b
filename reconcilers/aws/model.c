// Reading the model tables: lookups by name are binary searches over sorted index rows.
#include "aws/model.h"
#include "aws/model_table.h"
#include "base/defs.h"

// ---- services

const struct service *model_service(const char *name)
{
	size_t low = 0, high = model_service_total;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(name, service_name(&model_services[mid]));
		if (order == 0)
			return &model_services[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

size_t model_service_count(void)
{
	return model_service_total;
}

const struct service *model_service_at(size_t index)
{
	return index < model_service_total ? &model_services[index] : NULL;
}

const char *service_name(const struct service *service)
{
	return model_text(service->name);
}

enum aws_protocol service_protocol(const struct service *service)
{
	return service->protocol;
}

const char *service_api_version(const struct service *service)
{
	return model_text(service->api_version);
}

const char *service_signing_name(const struct service *service)
{
	return model_text(service->signing_name);
}

const char *service_endpoint_prefix(const struct service *service)
{
	return model_text(service->endpoint_prefix);
}

const char *service_target_prefix(const struct service *service)
{
	return model_text(service->target_prefix);
}

const char *service_env_name(const struct service *service)
{
	return model_text(service->env_name);
}

bool service_is_global(const struct service *service)
{
	return service->is_global;
}

// ---- operations

const struct operation *service_operation(const struct service *service, const char *name)
{
	size_t low = service->first_operation, high = low + service->operation_count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(name, operation_name(&model_operations[mid]));
		if (order == 0)
			return &model_operations[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

size_t service_operation_count(const struct service *service)
{
	return service->operation_count;
}

const struct operation *service_operation_at(const struct service *service, size_t index)
{
	if (index >= service->operation_count)
		return NULL;
	return &model_operations[service->first_operation + index];
}

const char *operation_name(const struct operation *operation)
{
	return model_text(operation->name);
}

const struct service *operation_service(const struct operation *operation)
{
	return &model_services[operation->service];
}

const char *operation_http_method(const struct operation *operation)
{
	return model_text(operation->method);
}

const char *operation_http_uri(const struct operation *operation)
{
	return model_text(operation->uri);
}

const struct shape *operation_input(const struct operation *operation)
{
	return operation->input ? shape_at(operation->input - 1) : NULL;
}

const struct shape *operation_output(const struct operation *operation)
{
	return operation->output ? shape_at(operation->output - 1) : NULL;
}

const char *operation_result_wrapper(const struct operation *operation)
{
	return model_text(operation->wrapper);
}

const char *operation_page_input_token(const struct operation *operation)
{
	return model_text(operation->page_input);
}

const char *operation_page_output_token(const struct operation *operation)
{
	return model_text(operation->page_output);
}

const char *operation_page_more(const struct operation *operation)
{
	return model_text(operation->page_more);
}

const char *operation_page_result(const struct operation *operation)
{
	return model_text(operation->page_result);
}

const char *operation_page_limit(const struct operation *operation)
{
	return model_text(operation->page_limit);
}

bool operation_is_unsigned(const struct operation *operation)
{
	return operation->flags & OPERATION_UNSIGNED;
}

const char *operation_token_member(const struct operation *operation)
{
	return model_text(operation->token);
}

// ---- shapes

const char *shape_name(const struct shape *shape)
{
	return model_text(shape->name);
}

enum shape_type shape_type(const struct shape *shape)
{
	return shape->type;
}

size_t shape_member_count(const struct shape *shape)
{
	return shape->member_count;
}

const struct member *shape_member_at(const struct shape *shape, size_t index)
{
	return index < shape->member_count ? shape_first_member(shape) + index : NULL;
}

// `order` holds the struct's member indexes sorted by the text that `text_of` gives.
static const struct member *find_member(const struct shape *shape, const uint16_t *order,
	const char *(*text_of)(const struct member *member), const char *text)
{
	const struct member *first = shape_first_member(shape);
	size_t low = 0, high = shape->member_count;
	order += shape->first_member;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int compared = strcmp(text, text_of(first + order[mid]));
		if (compared == 0)
			return first + order[mid];
		if (compared < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct member *shape_member(const struct shape *shape, const char *name)
{
	return find_member(shape, model_by_name, member_name, name);
}

const struct member *shape_member_snake(const struct shape *shape, const char *snake)
{
	return find_member(shape, model_by_snake, member_snake, snake);
}

const struct member *shape_wire(const struct shape *shape, const char *name, size_t bytes)
{
	const struct wire_name *wires = &model_wires[shape->first_wire];
	size_t low = 0, high = shape->wire_count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const char *wire = model_text(wires[mid].name);
		int order = strncmp(name, wire, bytes);
		if (order == 0 && wire[bytes] == '\0')
			return shape_first_member(shape) + wires[mid].member;
		if (order <= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct shape *shape_element(const struct shape *shape)
{
	return shape->type == SHAPE_LIST || shape->type == SHAPE_MAP ? shape_at(shape->element)
								     : NULL;
}

const struct shape *shape_key(const struct shape *shape)
{
	return shape->type == SHAPE_MAP ? shape_at(shape->key) : NULL;
}

size_t shape_enum_count(const struct shape *shape)
{
	return shape->enum_count;
}

const char *shape_enum_at(const struct shape *shape, size_t index)
{
	return index < shape->enum_count ? model_text(model_enums[shape->first_enum + index])
					 : NULL;
}

bool shape_min(const struct shape *shape, int64_t *ret_min)
{
	if (!(shape->flags & SHAPE_HAS_MIN))
		return false;
	*ret_min = model_limits[shape->limits];
	return true;
}

bool shape_max(const struct shape *shape, int64_t *ret_max)
{
	if (!(shape->flags & SHAPE_HAS_MAX))
		return false;
	*ret_max = model_limits[shape->limits + 1];
	return true;
}

bool shape_is_sensitive(const struct shape *shape)
{
	return shape->flags & SHAPE_SENSITIVE;
}

// ---- members

const char *member_name(const struct member *member)
{
	return model_text(member->name);
}

const struct shape *member_shape(const struct member *member)
{
	return shape_at(member->shape);
}

bool member_is_required(const struct member *member)
{
	return member->flags & MEMBER_REQUIRED;
}

const char *member_snake(const struct member *member)
{
	return model_text(member->snake);
}
