// Plans as JSON: each action with the fields that it changes and the calls that it makes, as the
// reconciler itself would render them.
#include "core/viewplan.h"
#include "aws/partition.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/follow.h"
#include "core/leafdiff.h"
#include "core/reads.h"
#include "core/tags.h"

static bool is_secret(const struct field *field)
{
	return field && (field->flags & FIELD_SECRET);
}

json_t *view_shown(const struct field *field, const json_t *value)
{
	if (!value)
		return json_null();
	return is_secret(field) ? json_string("(sensitive)") : json_incref((json_t *)value);
}

static json_t *created_fields(
	const struct resource *resource, const json_t *want, const json_t *waiting)
{
	json_t *out = json_array();
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		const json_t *value = member ? json_object_get(want, member) : NULL;
		bool is_unknown = member && json_object_get(waiting, member);
		bool is_shown = false; // two fields may share a member
		for (const struct field *g = resource->kind->fields; g != f; g++)
			is_shown = is_shown ||
				   str_eq_null(field_member(resource->kind, NULL, g), member);
		if (f->type == FIELD_FLAG || is_shown || (!value && !is_unknown))
			continue;
		json_array_append_new(out,
			json_pack("{s:s, s:n, s:o, s:b, s:b, s:b, s:s}", "path", member, "before",
				"after", is_unknown ? json_null() : view_shown(f, value),
				"sensitive", is_secret(f), "unknown", is_unknown,
				"forces_replacement", 0, "op", "+"));
	}
	return out;
}

static void add_changed(const struct resource *resource, const struct difference *of,
	const json_t *leaf, json_t *out)
{
	const struct decision *d = &resource->decision;
	const struct field *f = of->field;
	const char *member = f ? field_member(resource->kind, NULL, f) : NULL;
	bool forces = f && f->type != FIELD_ITEMS && !field_update(resource->kind, f);
	bool is_held_back = of->is_held_back && d->verdict != VERDICT_HOLD;
	// Only of a file that is not in force: for the one that is, it would be looked at first.
	bool is_unread = member && reads_leave_out(resource->kind, member, resource->fields);
	json_array_append_new(
		out, json_pack("{s:O, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:O}", "path",
			     json_object_get(leaf, "path"), "before",
			     view_shown(f, json_object_get(leaf, "observed")), "after",
			     view_shown(f, json_object_get(leaf, "desired")), "sensitive",
			     is_secret(f), "unknown", 0, "forces_replacement", forces, "held_back",
			     is_held_back, "unread", is_unread, "op", json_object_get(leaf, "op")));
}

static json_t *changed_fields(const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	json_t *out = json_array();
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		if (one->type == DIFFERS_UNDECLARED)
			continue;
		_cleanup_json_ json_t *leaves = leafdiff(
			resource->kind, one->field, one->path, one->observed, one->desired);
		size_t j;
		json_t *leaf;
		json_array_foreach (leaves, j, leaf)
			add_changed(resource, one, leaf, out);
	}
	return out;
}

static json_t *planned_calls(struct stack *stack, const struct resource *resource,
	const struct plan *plan, const json_t *want)
{
	json_t *out = json_array();
	_cleanup_json_ json_t *scope = json_pack("{s:s, s:s, s:s, s:s, s:s}", "stack", stack->name,
		"address", resource->address, "region", stack->region, "account", stack->account,
		"id", resource->record.id ? resource->record.id : "(known after apply)");
	js_set_str(scope, "tag_type", resource->kind->tag_type);
	js_set_str(scope, "partition", partition_of_region(stack->region)->name);
	if (resource->presence == PRESENCE_PRESENT)
		js_set_str(scope, "arn", resource->seen.arn);
	if (resource->wanted) {
		_cleanup_json_ json_t *tags = stack_tags(stack, resource->wanted);
		resource_put_tags(resource, tags, scope);
	}
	if (want)
		json_object_set(scope, "desired", (json_t *)want);
	json_object_set_new(scope, "left", stack_left(stack, resource));
	if (resource->presence == PRESENCE_PRESENT)
		json_object_set(scope, "observed", resource->seen.observed);
	_cleanup_json_ json_t *found = json_object();
	for (size_t i = 0; i < plan->count; i++) {
		const char *operation;
		json_t *input = NULL;
		struct err err = step_render(
			resource->kind, &plan->steps[i], scope, found, &operation, &input);
		if (err_is(&err) || !input)
			continue;
		if (is_secret(plan->steps[i].field)) {
			json_decref(input);
			input = json_string("(sensitive)");
		}
		_cleanup_free_ char *name = str_format("%s:%s", resource->kind->service, operation);
		json_array_append_new(
			out, json_pack("{s:s, s:o}", "operation", name, "input", input));
	}
	return out;
}

// What is done with its own plan; NULL: it has none.
static json_t *own_action(struct stack *stack, const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	const struct plan *plan = follow_plan(resource);
	if (!follow_has_plan(resource))
		return NULL;
	_cleanup_json_ json_t *want = NULL;
	_cleanup_json_ json_t *waiting = NULL;
	if (resource->wanted)
		stack_resolve(stack, resource, &want, &waiting);
	bool is_creation = plan->change == CHANGE_CREATE;
	// VERDICT_DONE: known and not done, because the policy is to observe or the write is
	// quarantined.
	bool waits = d->verdict == VERDICT_WAIT || d->verdict == VERDICT_BACKOFF ||
		     (d->verdict == VERDICT_DONE && !resource->run);
	const char *decision = d->verdict == VERDICT_HOLD ? "hold" : waits ? "wait" : "do";
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", d->digest, "change",
		change_sign(plan->change), "address", resource->address, "reason", d->reason,
		"disruption", disruption_name(plan->disruption), "decision", decision, "message",
		d->message, "fields",
		is_creation                     ? created_fields(resource, want, waiting)
		: plan->change == CHANGE_DELETE ? json_array()
						: changed_fields(resource),
		"calls", planned_calls(stack, resource, plan, want));
}

// What comes after the change of another.
static json_t *following_action(
	const struct stack *stack, const struct resource *resource, const json_t *follows)
{
	const char *target = js_str(follows, "target");
	bool forces = js_bool(follows, "forces", false);
	const struct resource *of = stack_find(stack, target);
	bool is_held =
		of && (of->decision.verdict == VERDICT_HOLD || follow_plan(of)->forces_replacement);
	_cleanup_free_ char *message =
		str_format("follows %s%s", target, is_held ? ", which is held" : "");
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:[]}", "id", "", "change",
		change_sign(forces ? CHANGE_REPLACE : CHANGE_UPDATE), "address", resource->address,
		"reason", "Follows", "disruption",
		disruption_name(forces ? DISRUPTS_REPLACEMENT : DISRUPTS_NONE), "decision", "wait",
		"message", message ? message : "", "fields", "calls");
}

static json_t *whole_action(
	struct stack *stack, const struct resource *resource, const json_t *follows)
{
	json_t *action = own_action(stack, resource);
	const struct plan *plan = follow_plan(resource);
	if (!follows || (action && plan->change != CHANGE_UPDATE))
		return action;
	if (!action)
		action = following_action(stack, resource, follows);
	json_array_extend(json_object_get(action, "fields"), json_object_get(follows, "fields"));
	return action;
}

json_t *view_action(struct stack *stack, const struct resource *resource)
{
	_cleanup_json_ json_t *all = follow_may(resource) ? follow_make(stack) : NULL;
	return whole_action(stack, resource, json_object_get(all, resource->address));
}

static enum change change_of(const struct resource *resource, const json_t *follows)
{
	if (follow_has_plan(resource))
		return follow_plan(resource)->change;
	return js_bool(follows, "forces", false) ? CHANGE_REPLACE : CHANGE_UPDATE;
}

// The text of its action, made anew when it was decided anew: most of a plan stands for long, and
// is asked for often. What is being carried out, decided in a moment, or follows others, is not
// kept.
static const struct told *told_of(
	struct stack *stack, struct resource *resource, const json_t *follows, struct told *fresh)
{
	bool is_kept =
		!resource->run && !resource->must_decide && resource->decided > 0 && !follows;
	struct told *told = is_kept ? &resource->told : fresh;
	if (is_kept && told->decided == resource->decided)
		return told;
	json_t *action = whole_action(stack, resource, follows);
	free(told->action);
	told->action = action ? json_dumps(action, JSON_COMPACT) : NULL;
	told->waits = str_eq_null(js_str(action, "decision"), "wait");
	told->decided = resource->decided;
	json_decref(action);
	return told;
}

void view_tell(struct stack *stack, struct resource *resource)
{
	struct told fresh = {0};
	told_of(stack, resource, NULL, &fresh);
	free(fresh.action);
}

void view_plan_begin(struct view_plan *plan)
{
	*plan = (struct view_plan){.is_complete = true};
	buf_init(&plan->out, 0);
	buf_adds(&plan->out, "{\"format\":1,\"actions\":[");
}

void view_plan_add(struct view_plan *plan, struct stack *stack, struct resource *resource)
{
	struct told fresh = {0};
	int64_t checked = resource->checked_wall_ms;
	plan->is_complete = plan->is_complete && resource->presence != PRESENCE_UNKNOWN;
	if (checked && (!plan->checked_ms || checked < plan->checked_ms))
		plan->checked_ms = checked;
	if (!plan->follows)
		plan->follows = follow_make(stack);
	const json_t *follows = json_object_get(plan->follows, resource->address);
	const struct told *told = told_of(stack, resource, follows, &fresh);
	if (told->action) {
		plan->counts[change_of(resource, follows)]++;
		plan->held += resource->decision.verdict == VERDICT_HOLD;
		plan->waiting += told->waits;
		if (plan->out.len > 0 && plan->out.data[plan->out.len - 1] == '}')
			buf_addc(&plan->out, ',');
		buf_adds(&plan->out, told->action);
	}
	free(fresh.action);
}

char *view_plan_end(struct view_plan *plan, const struct stack *stack)
{
	const int *counts = plan->counts;
	int64_t age = plan->checked_ms ? loop_wall_ms(stack->options.loop) - plan->checked_ms : 0;
	char at[CLOCK_TEXT_BYTES] = "";
	if (plan->checked_ms)
		clock_format_iso(plan->checked_ms, at);
	buf_adds(&plan->out, "],\"stack\":");
	js_add_text(&plan->out, stack->name);
	buf_adds(&plan->out, ",\"checked_at\":");
	js_add_text(&plan->out, plan->checked_ms ? at : NULL);
	buf_addf(&plan->out,
		",\"age_ms\":%lld,\"complete\":%s,\"counts\":{\"create\":%d,\"update\":%d,"
		"\"replace\":%d,\"delete\":%d,\"held\":%d,\"waiting\":%d}}",
		(long long)age, plan->is_complete ? "true" : "false", counts[CHANGE_CREATE],
		counts[CHANGE_UPDATE], counts[CHANGE_REPLACE] + counts[CHANGE_REPLACE_BESIDE],
		counts[CHANGE_DELETE], plan->held, plan->waiting);
	json_decref(TAKE(plan->follows));
	return buf_take(&plan->out);
}

char *view_plan(struct stack *stack)
{
	struct view_plan plan;
	view_plan_begin(&plan);
	map_for_each (&stack->by_address, entry)
		view_plan_add(&plan, stack, entry->value);
	return view_plan_end(&plan, stack);
}
