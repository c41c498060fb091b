// A deployment begins with a task definition and ends with the service that runs it; a subnet that
// is replaced takes with it what stands in it. Who reads a plan is to see both ends.
#include "core/follow.h"
#include "base/str.h"
#include "core/leafdiff.h"
#include "core/moving.h"
#include "core/resolve.h"

static const char unknown[] = "(known after apply)";

const struct plan *follow_plan(const struct resource *resource)
{
	return resource->run ? &resource->run->plan : &resource->decision.plan;
}

bool follow_has_plan(const struct resource *resource)
{
	const struct plan *plan = follow_plan(resource);
	enum verdict verdict = resource->decision.verdict;
	return plan->change != CHANGE_NONE && (plan->count > 0 || verdict == VERDICT_HOLD) &&
	       (verdict != VERDICT_AGAIN || resource->run);
}

// Another object will stand behind its name.
static bool is_renewed(const struct resource *resource)
{
	const struct plan *plan = follow_plan(resource);
	return resource->wanted && follow_has_plan(resource) &&
	       (plan->change == CHANGE_CREATE || change_replaces(plan->change) ||
		       plan->forces_replacement);
}

bool follow_may(const struct resource *resource)
{
	return resource->wanted && resource->presence == PRESENCE_PRESENT && !is_renewed(resource);
}

// Is it known beforehand, because the file says it?
static bool is_given(const struct resource *target, const char *attr)
{
	for (const struct field *f = target->kind->fields; f->name; f++) {
		const char *member = field_member(target->kind, NULL, f);
		const json_t *value =
			member ? json_object_get(target->wanted->desired, member) : NULL;
		if (!json_is_string(value))
			continue;
		if (attr ? str_eq(member, attr)
			 : str_eq_null(target->record.id, json_string_value(value)))
			return true;
	}
	return false;
}

/* Whose references are looked up, and what was found. */
struct following {
	struct stack *stack;
	const json_t *found;           // as follow_make() returns it
	const struct resource *target; // the first that is followed
};

static bool changes(const struct following *f, const struct resource *target, const char *attr)
{
	const json_t *follows = json_object_get(f->found, target->address);
	if (moving_is(target->kind, attr))
		return follow_has_plan(target) || follows;
	bool is_new = is_renewed(target) || js_bool(follows, "forces", false);
	return is_new && target->wanted && !is_given(target, attr);
}

static json_t *look_up(
	void *context, const char *address, const char *attr, char *ret_why, size_t why_bytes)
{
	struct following *f = context;
	const struct resource *target = stack_find(f->stack, address);
	snprintf(ret_why, why_bytes, "is not there");
	if (target && changes(f, target, attr)) {
		f->target = f->target ? f->target : target;
		return json_string(unknown);
	}
	if (!target || target->presence != PRESENCE_PRESENT)
		return NULL;
	if (!attr)
		return json_string(target->seen.id);
	return str_eq(attr, "Arn") && target->seen.arn
		       ? json_string(target->seen.arn)
		       : json_incref(js_at(target->seen.observed, attr));
}

static bool is_unknown(const char *text, const char *mark)
{
	return strstr(text, mark);
}

static bool holds_unknown(const json_t *value)
{
	return js_any_text(value, is_unknown, unknown);
}

static bool has_difference(const struct resource *resource, const struct field *field)
{
	const struct differences *all = &resource->decision.differences;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].field == field && all->items[i].type != DIFFERS_UNDECLARED)
			return true;
	return false;
}

// The leaves that will be others; where nothing else differs, also those that go.
static void add_leaves(const struct resource *resource, const struct field *field,
	const char *member, const json_t *want, bool forces, json_t *out)
{
	_cleanup_json_ json_t *leaves = NULL;
	if (field->type == FIELD_ITEMS)
		leaves = json_pack(
			"[{s:s, s:s, s:s}]", "path", member, "op", "+", "desired", unknown);
	else
		leaves = leafdiff(resource->kind, field, member,
			json_object_get(resource->seen.observed, member), want);
	size_t i;
	json_t *leaf;
	json_array_foreach (leaves, i, leaf) {
		const json_t *after = json_object_get(leaf, "desired");
		bool is_unknown = json_is_string(after) && holds_unknown(after);
		if (!holds_unknown(after) && has_difference(resource, field))
			continue;
		json_array_append_new(
			out, json_pack("{s:O, s:O?, s:O?, s:b, s:b, s:b, s:b, s:O}", "path",
				     json_object_get(leaf, "path"), "before",
				     json_object_get(leaf, "observed"), "after",
				     is_unknown ? NULL : after, "sensitive", 0, "unknown",
				     is_unknown, "forces_replacement", forces, "held_back", 0, "op",
				     json_object_get(leaf, "op")));
	}
}

// What follows in one resource; NULL: nothing.
static json_t *follow_one(struct following *f, const struct resource *resource)
{
	bool forces = false;
	json_t *waiting = NULL;
	f->target = NULL;
	_cleanup_json_ json_t *want =
		resolve_desired(resource->wanted->desired, look_up, f, &waiting);
	_cleanup_json_ json_t *fields = json_array();
	_cleanup_json_ json_t *left = f->target ? stack_left(f->stack, resource) : NULL;
	json_decref(waiting);
	for (const struct field *one = resource->kind->fields; f->target && one->name; one++) {
		const char *member = field_member(resource->kind, NULL, one);
		const json_t *value = member ? json_object_get(want, member) : NULL;
		if (!value || one->type == FIELD_FLAG || js_lists(left, member) ||
			(one->flags & (FIELD_SECRET | FIELD_WRITE_ONLY)) || !holds_unknown(value))
			continue;
		bool is_fixed = one->type != FIELD_ITEMS && !field_update(resource->kind, one);
		add_leaves(resource, one, member, value, is_fixed, fields);
		forces = forces || is_fixed;
	}
	if (json_array_size(fields) == 0)
		return NULL;
	return json_pack("{s:s, s:b, s:O}", "target", f->target->address, "forces", forces,
		"fields", fields);
}

// Those that refer to it are asked; who is to be another one then is asked about in turn.
static void add_referrers(struct following *f, const char *address, json_t *out, json_t *queue)
{
	size_t i;
	json_t *one;
	json_array_foreach (desired_referrers(f->stack->desired, address), i, one) {
		const char *name = json_string_value(one);
		const struct resource *resource = stack_find(f->stack, name);
		if (!resource || !follow_may(resource))
			continue;
		json_t *follows = follow_one(f, resource);
		bool is_news = follows && !json_object_get(out, name) &&
			       (js_bool(follows, "forces", false) || moving_has(resource->kind));
		if (follows)
			json_object_set_new(out, name, follows);
		if (is_news)
			json_array_append(queue, one);
	}
}

json_t *follow_make(struct stack *stack)
{
	json_t *out = json_object();
	_cleanup_json_ json_t *queue = json_array();
	struct following f = {.stack = stack, .found = out};
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->wanted && follow_has_plan(resource) &&
			(is_renewed(resource) || moving_has(resource->kind)))
			json_array_append_new(queue, json_string(resource->address));
	}
	for (size_t i = 0; i < json_array_size(queue); i++)
		add_referrers(&f, json_string_value(json_array_get(queue, i)), out, queue);
	return out;
}
