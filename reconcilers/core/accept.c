// The edit to the file by which what AWS has becomes what is wanted. Nothing is written: the file
// is its owner's. Declared in core/view.h.
#include "base/clock.h"
#include "base/str.h"
#include "core/orders.h"
#include "core/place.h"
#include "core/view.h"
#include "core/written.h"

const char *view_name_in_file(void *context, const char *kind, const char *attr, const char *value)
{
	const struct stack *stack = context;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!resource->wanted || resource->presence != PRESENCE_PRESENT ||
			!str_eq(resource->kind->name, kind))
			continue;
		const char *own = !attr ? resource->seen.id
				  : str_eq(attr, "Arn") && resource->seen.arn
					  ? resource->seen.arn
					  : js_str(resource->seen.observed, attr);
		if (str_eq_null(own, value))
			return resource->wanted->name;
	}
	return NULL;
}

static json_t *edit_of(const struct wanted *wanted, const char *key, json_t *value)
{
	struct place place = place_of(wanted->node, key);
	if (!place.line)
		place = wanted->place;
	return json_pack("{s:s, s:o, s:s*, s:i}", "field", key, "value", value, "file", place.file,
		"line", place.line);
}

// Why nothing is done about the field, though it differs; NULL: something is. {} without members:
// the file says so.
static json_t *ignored(
	const struct stack *stack, const struct resource *resource, const char *field)
{
	int64_t now = loop_wall_ms(stack->options.loop), until;
	const json_t *order = orders_ignored(stack->orders, resource->address, field, now);
	char text[CLOCK_TEXT_BYTES];
	if (!order)
		return js_lists(stack_policy(stack, resource)->ignore, field) ? json_object()
									      : NULL;
	json_t *out = json_object();
	js_set_str(out, "who", js_str(order, "who"));
	js_set_str(out, "reason", js_str(order, "reason"));
	until = js_int(order, "until_ms", 0);
	if (until > 0) {
		clock_format_second(until, text);
		js_set_str(out, "until", text);
	}
	return out;
}

// What differs when nothing is ignored.
static void decide_all(struct stack *stack, const struct resource *resource, struct decision *ret)
{
	struct stack strict = *stack;
	struct wanted wanted = *resource->wanted;
	struct resource *copy = resource_share(resource);
	*ret = (struct decision){0};
	if (!copy)
		return;
	strict.orders = NULL;
	wanted.policy.ignore = NULL;
	copy->wanted = &wanted;
	copy->marks = json_incref(resource->marks); // the file is the one in force
	stack_decide(&strict, copy, ret);
	resource_free(copy);
}

// Fields that differ, each once: items and pairs differ in many places and are written as a whole.
static void add_fields(struct stack *stack, const struct resource *resource,
	const struct decision *d, json_t *edits, json_t *left)
{
	_cleanup_json_ json_t *done = json_object();
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		const struct field *field = one->field;
		const char *member = field ? field_member(resource->kind, NULL, field) : NULL;
		if (!member || one->type == DIFFERS_UNDECLARED || json_object_get(done, member))
			continue;
		json_object_set_new(done, member, json_true());
		_cleanup_free_ char *key = NULL;
		json_t *value = written_value(resource->kind, field,
			json_object_get(resource->seen.observed, member), one->desired,
			view_name_in_file, stack, &key);
		if (value && key) {
			json_t *edit = edit_of(resource->wanted, key, value);
			json_t *why = ignored(stack, resource, field->name);
			if (why)
				json_object_set_new(edit, "ignored", why);
			json_array_append_new(edits, edit);
		} else {
			json_array_append_new(left, json_string(field->name));
		}
	}
}

static void add_tags(const struct resource *resource, const struct decision *d, json_t *edits)
{
	json_t *tags = json_object();
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		const char *open = one->field ? NULL : strchr(one->path, '[');
		_cleanup_free_ char *key = open ? strndup(open + 1, strlen(open) - 2) : NULL;
		// Ours are no matter of the file.
		bool is_lost = one->type == DIFFERS_UNDECLARED && !one->observed;
		if (key && !is_lost && !str_starts(key, TAG_PREFIX))
			json_object_set_new(tags, key,
				one->observed ? json_incref(one->observed) : json_null());
	}
	if (json_object_size(tags) > 0)
		json_array_append_new(edits, edit_of(resource->wanted, "tags", tags));
	else
		json_decref(tags);
}

json_t *view_accept(struct stack *stack, const char *address)
{
	const struct resource *resource = stack_find(stack, address);
	if (!resource || !resource->wanted)
		return NULL;
	json_t *edits = json_array(), *left = json_array();
	if (resource->presence == PRESENCE_PRESENT) {
		struct decision all;
		decide_all(stack, resource, &all);
		add_fields(stack, resource, &all, edits, left);
		add_tags(resource, &all, edits);
		decision_done(&all);
	}
	return json_pack("{s:i, s:s, s:s, s:s*, s:i, s:b, s:o, s:o}", "format", 1, "address",
		address, "sync", sync_name(resource->decision.sync), "file",
		resource->wanted->place.file, "line", resource->wanted->place.line, "missing",
		resource->presence == PRESENCE_ABSENT, "edits", edits, "left", left);
}
