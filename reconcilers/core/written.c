// The way back of core/value.c: shapes say how members are spelled.
#include "core/written.h"
#include "aws/model.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/path.h"

static json_t *by_shape(const struct shape *shape, const json_t *value)
{
	size_t i;
	json_t *one;
	const char *key;
	if (json_is_array(value)) {
		json_t *list = json_array();
		json_array_foreach ((json_t *)value, i, one)
			json_array_append_new(
				list, by_shape(shape ? shape_element(shape) : NULL, one));
		return list;
	}
	if (!json_is_object(value))
		return json_incref((json_t *)value);
	json_t *map = json_object();
	bool is_struct = shape && shape_type(shape) == SHAPE_STRUCT;
	json_object_foreach ((json_t *)value, key, one) {
		const struct member *member = is_struct ? shape_member(shape, key) : NULL;
		if (is_struct && !member)
			continue; // AWS's, and not to be set
		json_object_set_new(map, member ? member_snake(member) : key,
			by_shape(member  ? member_shape(member)
				 : shape ? shape_element(shape)
					 : NULL,
				one));
	}
	return map;
}

struct naming {
	written_name_fn name_of;
	void *context;
};

static const char *name_in(const struct naming *naming, const struct field *field, const char *id)
{
	return naming->name_of(naming->context, field->ref, field->ref_attr, id);
}

// One id or a list of them. When one has no name, all are written as ids, under the member's name.
static json_t *references(const struct naming *naming, const struct field *field,
	const json_t *value, bool *ret_named)
{
	*ret_named = true;
	if (json_is_string(value)) {
		const char *name = name_in(naming, field, json_string_value(value));
		*ret_named = name != NULL;
		return name ? json_string(name) : json_incref((json_t *)value);
	}
	json_t *names = json_array();
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)value, i, one) {
		const char *id = json_string_value(one),
			   *name = id ? name_in(naming, field, id) : NULL;
		if (name) {
			json_array_append_new(names, json_string(name));
			continue;
		}
		*ret_named = false;
		json_decref(names);
		return json_copy((json_t *)value);
	}
	return names;
}

static char *snake_of(const struct kind *kind, const struct field *items, const struct field *field)
{
	const char *member = field_member(kind, items, field);
	const char *dot = member ? strrchr(member, '.') : NULL;
	return member ? str_snake(dot ? dot + 1 : member) : NULL;
}

static json_t *item(const struct kind *kind, const struct field *items, const json_t *observed,
	const struct naming *naming)
{
	json_t *out = json_object();
	for (const struct field *f = items->items; f->name; f++) {
		const char *member = field_member(kind, items, f);
		_cleanup_json_ json_t *value = member ? path_get(observed, member) : NULL;
		bool is_named = true;
		if (!value || (f->flags & (FIELD_COMPUTED | FIELD_SECRET | FIELD_WRITE_ONLY)))
			continue;
		bool is_reference = f->type == FIELD_REF || f->type == FIELD_REFS;
		json_t *written = is_reference ? references(naming, f, value, &is_named)
					       : by_shape(field_shape(kind, items, f), value);
		_cleanup_free_ char *snake = is_named ? NULL : snake_of(kind, items, f);
		const char *key = snake ? snake : f->name;
		if (json_object_get(out, key)) // two fields of one member: the first is it
			json_decref(written);
		else
			json_object_set_new(out, key, written);
	}
	json_t *scalar = NULL;
	const char *only;
	void *at = json_object_iter(out);
	if (items->scalar && json_object_size(out) == 1) {
		only = json_object_iter_key(at);
		scalar = json_incref(json_object_get(out, only));
	}
	if (!scalar)
		return out;
	json_decref(out);
	return scalar;
}

static json_t *some_keys(const json_t *value, const json_t *only)
{
	if (!json_is_object(only) || !json_is_object(value))
		return json_incref((json_t *)value);
	json_t *out = json_object();
	const char *key;
	json_t *one;
	json_object_foreach ((json_t *)value, key, one)
		if (json_object_get(only, key))
			json_object_set(out, key, one);
	return out;
}

json_t *written_value(const struct kind *kind, const struct field *field, const json_t *observed,
	const json_t *only, written_name_fn name_of, void *context, char **ret_key)
{
	const struct naming naming = {name_of, context};
	json_t *out = NULL;
	bool is_named = true;
	if (!observed || json_is_null(observed) || field->type == FIELD_SOURCE ||
		(field->flags & (FIELD_COMPUTED | FIELD_SECRET | FIELD_WRITE_ONLY)))
		return NULL;
	bool is_document = field->compare == COMPARE_POLICY || field->compare == COMPARE_JSON;
	if (field->type == FIELD_REF || field->type == FIELD_REFS) {
		out = references(&naming, field, observed, &is_named);
	} else if (field->type == FIELD_ITEMS && field->items) {
		size_t i;
		json_t *one;
		out = json_array();
		json_array_foreach ((json_t *)observed, i, one)
			json_array_append_new(out, item(kind, field, one, &naming));
	} else if (field->type == FIELD_PAIRS || field->compare == COMPARE_SUBSET) {
		_cleanup_json_ json_t *some = some_keys(observed, only);
		out = field->type == FIELD_PAIRS ? json_incref(some)
						 : by_shape(field_shape(kind, NULL, field), some);
	} else if (is_document && json_is_string(observed)) {
		out = compare_canon(COMPARE_JSON, observed);
	} else {
		out = by_shape(field_shape(kind, NULL, field), observed);
	}
	*ret_key = is_named ? strdup(field->name) : snake_of(kind, NULL, field);
	return out;
}
