// The file's side is written by core/written.h, as `accept` has it.
#include "core/takeover.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/compare.h"
#include "core/reads.h"
#include "core/view.h"
#include "core/written.h"

static json_t *all_fields(const struct kind *kind)
{
	json_t *fields = json_array();
	for (const struct field *f = kind->fields; f->name; f++)
		json_array_append_new(fields, json_string(f->name));
	return fields;
}

static const char *name_member(const struct kind *kind)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if (f->flags & FIELD_NAME)
			return field_member(kind, NULL, f);
	return NULL;
}

json_t *takeover_subjects(
	const struct stack *stack, const struct kind *kind, const char *address, const char *id)
{
	json_t *subjects =
		json_pack("[{s:s, s:o}]", "address", address, "fields", all_fields(kind));
	json_t *subject = json_array_get(subjects, 0);
	const char *member = name_member(kind);
	if (adopt_is_possible(kind)) {
		js_set_str(subject, "id", id);
		json_object_set_new(subject, "adopting", json_true());
		return subjects;
	}
	_cleanup_json_ json_t *scope = stack_scope(stack);
	json_t *desired = json_object();
	if (member)
		js_set_str(desired, member, id);
	json_object_set_new(subject, "desired", desired);
	_cleanup_json_ json_t *keys = reads_keys(kind, subjects, scope);
	if (member && json_object_size(keys) > 0)
		return subjects;
	json_decref(subjects);
	return NULL;
}

const json_t *takeover_item(const struct observation *look, const struct kind *kind,
	const char *address, const char *id)
{
	const char *key;
	json_t *owner;
	if (adopt_is_possible(kind))
		return json_object_get(look->items, id);
	json_object_foreach (look->owners, key, owner)
		if (str_eq_null(json_string_value(owner), address))
			return json_object_get(look->items, key);
	return NULL;
}

// What is not said stays as it is found, so little is lost by it; but where a preset stands for
// what is not said, that has to be the same.
static bool goes_without_saying(const struct field *field, const json_t *value)
{
	_cleanup_json_ json_t *preset =
		field->preset ? json_loads(field->preset, JSON_DECODE_ANY, NULL) : NULL;
	if (preset)
		return json_equal(preset, (json_t *)value);
	return compare_is_empty(value) || json_is_false(value);
}

static void add_fields(struct stack *stack, const struct kind *kind, const struct sighting *seen,
	json_t *fields, json_t *left)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		const json_t *value = member ? json_object_get(seen->observed, member) : NULL;
		bool is_asked = !(f->flags & FIELD_COMPUTED) && (f->flags & FIELD_REQUIRED);
		_cleanup_free_ char *key = NULL;
		json_t *said = value && !goes_without_saying(f, value)
				       ? written_value(kind, f, value, NULL, view_name_in_file,
						 stack, &key)
				       : NULL;
		if (said && key && !json_object_get(fields, key))
			json_object_set_new(fields, key, said);
		else if (said)
			json_decref(said);
		else if (is_asked && !value)
			json_array_append_new(left, json_string(f->name));
	}
}

static json_t *others_tags(const struct stack *stack, const json_t *tags)
{
	json_t *out = json_object();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)tags, key, value)
		if (!str_starts(key, TAG_PREFIX) &&
			!json_equal(value, json_object_get(stack->desired->tags, key)))
			json_object_set(out, key, value);
	return out;
}

json_t *takeover_told(struct stack *stack, const struct kind *kind, const char *address,
	const struct sighting *seen)
{
	json_t *fields = json_object(), *left = json_array();
	if (adopt_is_possible(kind))
		js_set_str(fields, "adopt", seen->id);
	add_fields(stack, kind, seen, fields, left);
	_cleanup_json_ json_t *tags = others_tags(stack, seen->tags);
	if (kind->tagging && json_object_size(tags) > 0)
		json_object_set(fields, "tags", tags);
	json_t *out = json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "format", 1, "address",
		address, "layer", kind->layer, "kind", kind->name, "id", seen->id, "declared",
		desired_find(stack->desired, address) != NULL, "fields", fields, "left", left);
	const struct resource *own = stack_find(stack, address);
	bool is_held = own && !own->record.is_foreign && str_eq_null(own->record.id, seen->id);
	json_object_set_new(out, "held", json_boolean(is_held));
	js_set_str(out, "stack", seen->stack);
	js_set_str(out, "resource", seen->address);
	return out;
}
