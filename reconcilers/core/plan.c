// The order of steps is the order of the table: add before change before remove inside a field, the
// fields from top to bottom, tags last.
#include "core/plan.h"
#include "aws/model.h"
#include "base/str.h"
#include "core/path.h"
#include "core/plantags.h"
#include "core/section.h"
#include "core/template.h"

enum { MOST_A_BATCH = 50 };

const char *change_sign(enum change change)
{
	static const char *const signs[] = {"", "+", "~", "-/+", "+/-", "-"};
	return signs[change];
}

const char *change_name(enum change change)
{
	static const char *const names[] = {
		"none", "create", "update", "replace", "replace", "delete"};
	return names[change];
}

bool change_replaces(enum change change)
{
	return change == CHANGE_REPLACE || change == CHANGE_REPLACE_BESIDE;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		json_decref(plan->steps[i].scope);
		json_decref(plan->steps[i].paths);
	}
	free(plan->steps);
	*plan = (struct plan){0};
}

void plan_add_step(struct plan *plan, enum step_type type, const struct call *call,
	const struct field *field, json_t *scope, json_t *paths)
{
	if (plan->count == plan->size) {
		size_t size = plan->size ? plan->size * 2 : 4;
		struct step *steps = reallocarray(plan->steps, size, sizeof(*steps));
		if (!steps) {
			json_decref(scope);
			json_decref(paths);
			return;
		}
		plan->steps = steps;
		plan->size = size;
	}
	plan->steps[plan->count++] = (struct step){
		type, call, field, scope ? scope : json_object(), paths ? paths : json_array()};
}

static void disrupts(struct plan *plan, enum disruption disruption)
{
	if (disruption > plan->disruption)
		plan->disruption = disruption;
}

static json_t *one_path(const struct difference *d)
{
	return json_pack("[s]", d->path);
}

// ---- items

// All differences of one kind of change in a field: one step each, or one a batch.
static void plan_items(struct plan *plan, const struct field *field, const struct differences *all,
	enum difference_type type, const struct call *call)
{
	if (!call->operation)
		return;
	json_t *items = NULL, *paths = NULL;
	int most = call->most ? call->most : MOST_A_BATCH;
	for (size_t i = 0; i < all->count; i++) {
		const struct difference *d = &all->items[i];
		if (d->field != field || d->type != type)
			continue;
		json_t *item = d->desired ? d->desired : d->observed;
		if (!(call->flags & CALL_BATCH)) {
			json_t *scope = json_pack("{s:O}", "item", item);
			if (d->observed)
				json_object_set(scope, "old_item", d->observed);
			plan_add_step(plan, STEP_UPDATE, call, field, scope, one_path(d));
			continue;
		}
		if (!items) {
			items = json_array();
			paths = json_array();
		}
		json_array_append(items, item);
		json_array_append_new(paths, json_string(d->path));
		if (json_array_size(items) == (size_t)most) {
			plan_add_step(plan, STEP_UPDATE, call, field,
				json_pack("{s:o}", "items", items), paths);
			items = paths = NULL;
		}
	}
	if (items)
		plan_add_step(
			plan, STEP_UPDATE, call, field, json_pack("{s:o}", "items", items), paths);
}

static void plan_changed_items(
	struct plan *plan, const struct field *field, const struct differences *all)
{
	if (field->change.operation) {
		plan_items(plan, field, all, DIFFERS_CHANGED, &field->change);
		return;
	}
	// No call changes one in place, and two with one key cannot stand side by side.
	for (size_t i = 0; i < all->count; i++) {
		const struct difference *d = &all->items[i];
		if (d->field != field || d->type != DIFFERS_CHANGED)
			continue;
		bool batch = field->remove.flags & CALL_BATCH;
		plan_add_step(plan, STEP_UPDATE, &field->remove, field,
			batch ? json_pack("{s:[O]}", "items", d->observed)
			      : json_pack("{s:O}", "item", d->observed),
			one_path(d));
		batch = field->add.flags & CALL_BATCH;
		plan_add_step(plan, STEP_UPDATE, &field->add, field,
			batch ? json_pack("{s:[O]}", "items", d->desired)
			      : json_pack("{s:O}", "item", d->desired),
			one_path(d));
	}
}

// ---- values

// What is in `a` and not in `b`.
static json_t *without(const json_t *a, const json_t *b)
{
	json_t *out = json_array();
	size_t i, j;
	json_t *x, *y;
	json_array_foreach ((json_t *)a, i, x) {
		bool found = false;
		json_array_foreach ((json_t *)b, j, y)
			found = found || json_equal(x, y);
		if (!found)
			json_array_append(out, x);
	}
	return out;
}

// {"a": "b"} -> [{"Key": "a", "Value": "b"}]; only those that `old` has otherwise, unless it is
// NULL.
static json_t *pairs_of(const struct field *field, const json_t *value, const json_t *old)
{
	json_t *out = json_array();
	const char *key;
	json_t *text;
	json_object_foreach ((json_t *)value, key, text)
		if (!old || !json_equal(text, json_object_get(old, key)))
			json_array_append_new(out, json_pack("{s:s, s:O}", field->pair_key, key,
							   field->pair_value, text));
	return out;
}

static json_t *value_scope(
	const struct kind *kind, const struct field *field, const json_t *value, const json_t *old)
{
	json_t *scope = json_object();
	const struct call *update = field_update(kind, field);
	if (value && update && update->args && strstr(update->args, "@whole"))
		json_object_set_new(scope, "whole", section_whole(kind, field, value, old));
	if (field->type == FIELD_PAIRS) {
		_cleanup_json_ json_t *none = json_object();
		json_object_set_new(scope, "changed", pairs_of(field, value, old ? old : none));
	}
	if (value)
		json_object_set(scope, "value", (json_t *)value);
	if (old)
		json_object_set(scope, "old", (json_t *)old);
	if (json_is_array(value)) {
		json_t *added = without(value, old), *removed = without(old, value);
		if (json_array_size(added) > 0)
			json_object_set(scope, "added", added);
		if (json_array_size(removed) > 0)
			json_object_set(scope, "removed", removed);
		json_decref(added);
		json_decref(removed);
	}
	return scope;
}

static void merge_step(struct step *step, const struct kind *kind, const struct call *call,
	const struct difference *d)
{
	json_array_append_new(step->paths, json_string(d->path));
	if (call->flags & CALL_WHOLE)
		return; // it sends everything anyway
	json_t *more = json_object_get(step->scope, "merged");
	if (!more) {
		more = json_array();
		json_object_set_new(step->scope, "merged", more);
	}
	json_array_append_new(more, json_pack("{s:s, s:o}", "args", call->args, "scope",
					    value_scope(kind, d->field, d->desired, d->observed)));
}

// Does the call apply to this change?
static bool is_called(const struct kind *kind, const struct call *call, const struct difference *d)
{
	if (!call->when.path)
		return true;
	_cleanup_json_ json_t *scope = value_scope(kind, d->field, d->desired, d->observed);
	return path_matches(scope, call->when.path, call->when.glob);
}

bool plan_is_forcing(const struct kind *kind, const struct difference *d)
{
	const struct field *field = d->field;
	if (d->type != DIFFERS_CHANGED || !field || field->type == FIELD_ITEMS)
		return false;
	bool is_off = field->off.operation && json_is_false(d->desired);
	return (!is_off && !field_update(kind, field)) ||
	       section_is_fixed(kind, field, d->desired, d->observed);
}

static void plan_value(struct plan *plan, const struct kind *kind, const struct difference *d)
{
	const struct field *field = d->field;
	bool is_off = field->off.operation && json_is_false(d->desired);
	const struct call *update = is_off ? &field->off : field_update(kind, field);
	if (!update || plan_is_forcing(kind, d)) {
		if (!plan->forces_replacement)
			str_copy(plan->replaced_for, sizeof(plan->replaced_for), d->path);
		plan->forces_replacement = true;
		return;
	}
	disrupts(plan, difference_disrupts(d));
	if (field->unset.operation && d->observed && is_called(kind, &field->unset, d))
		plan_add_step(plan, STEP_UPDATE, &field->unset, field,
			value_scope(kind, field, d->desired, d->observed), one_path(d));
	if (!is_called(kind, update, d))
		return;
	// Fields of one call that takes them all at once share a step.
	const unsigned shares = CALL_MERGE | CALL_WHOLE;
	for (size_t i = 0; (update->flags & shares) && i < plan->count; i++) {
		struct step *step = &plan->steps[i];
		if (step->type == STEP_UPDATE && step->call != &field->unset &&
			(step->call->flags & update->flags & shares) &&
			str_eq_null(step->call->operation, update->operation)) {
			merge_step(step, kind, update, d);
			return;
		}
	}
	plan_add_step(plan, STEP_UPDATE, update, field,
		value_scope(kind, field, d->desired, d->observed), one_path(d));
}

static bool has_difference(
	const struct differences *differences, const struct field *field, enum difference_type type)
{
	for (size_t i = 0; i < differences->count; i++)
		if (differences->items[i].field == field && differences->items[i].type == type)
			return true;
	return false;
}

static void plan_differences(
	const struct kind *kind, const struct differences *differences, struct plan *plan)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		if (f->type == FIELD_ITEMS) {
			// Widening first: nothing that is wanted is without its item in between.
			plan_items(plan, f, differences, DIFFERS_MISSING, &f->add);
			plan_changed_items(plan, f, differences);
			plan_items(plan, f, differences, DIFFERS_FOREIGN, &f->remove);
			if (has_difference(differences, f, DIFFERS_FOREIGN) ||
				has_difference(differences, f, DIFFERS_CHANGED))
				disrupts(plan, f->disrupts);
			continue;
		}
		for (size_t i = 0; i < differences->count; i++)
			if (differences->items[i].field == f &&
				differences->items[i].type == DIFFERS_CHANGED)
				plan_value(plan, kind, &differences->items[i]);
	}
	plantags_add(plan, kind, differences);
}

void plan_update(const struct kind *kind, const json_t *want, const json_t *observed,
	const struct differences *differences, struct plan *plan)
{
	(void)want;
	(void)observed;
	*plan = (struct plan){0};
	plan_differences(kind, differences, plan);
	plan->in_place = plan->disruption;
	if (plan->count > 0)
		plan->change = CHANGE_UPDATE;
	if (plan->forces_replacement) {
		plan->change = CHANGE_REPLACE;
		disrupts(plan, DISRUPTS_REPLACEMENT);
	}
}

// What AWS has right after the create call, as far as the table knows: the rest is absent.
static json_t *fresh_state(const struct kind *kind, const json_t *want)
{
	json_t *out = json_object();
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if (!member || f->type == FIELD_FLAG)
			continue;
		if (f->fresh)
			json_object_set_new(
				out, member, json_loads(f->fresh, JSON_DECODE_ANY, NULL));
		else if (!(f->flags & FIELD_AFTER_CREATE) && f->type != FIELD_ITEMS)
			json_object_set(out, member, json_object_get(want, member));
		else if (f->absent)
			json_object_set_new(
				out, member, json_loads(f->absent, JSON_DECODE_ANY, NULL));
	}
	return out;
}

const struct call *plan_creates(const struct kind *kind, const json_t *want)
{
	bool is_other = kind->other_for && json_object_get(want, kind->other_for);
	return is_other ? &kind->create_other : &kind->create;
}

void plan_restore(const struct kind *kind, struct plan *plan)
{
	*plan = (struct plan){.change = CHANGE_UPDATE, .restores = true};
	for (const struct call *call = kind->restore; call && call->operation; call++)
		plan_add_step(plan, STEP_UPDATE, call, NULL, NULL, NULL);
}

void plan_create(const struct kind *kind, const json_t *want, struct plan *plan)
{
	*plan = (struct plan){.change = CHANGE_CREATE};
	const struct call *create = plan_creates(kind, want);
	plan_add_step(plan, STEP_CREATE, create, NULL, NULL, NULL);
	if (create->flags & CALL_SLOW)
		return;
	_cleanup_json_ json_t *fresh = fresh_state(kind, want);
	struct differences differences = {0};
	diff_make(
		&(struct diff_input){.kind = kind, .want = want, .observed = fresh}, &differences);
	plan_differences(kind, &differences, plan);
	plan->disruption = DISRUPTS_NONE;
	differences_done(&differences);
}

// A step for each item of the list, or a batch of them.
static void plan_teardown_each(struct plan *plan, const struct call *call, const json_t *list)
{
	bool is_batch = call->flags & CALL_BATCH;
	size_t most = !is_batch ? 1 : call->most ? (size_t)call->most : MOST_A_BATCH;
	for (size_t i = 0; i < json_array_size(list); i += most) {
		json_t *items = json_array();
		for (size_t j = i; j < i + most && j < json_array_size(list); j++)
			json_array_append(items, json_array_get(list, j));
		plan_add_step(plan, STEP_TEARDOWN, call, NULL,
			is_batch ? json_pack("{s:O}", "items", items)
				 : json_pack("{s:O}", "item", json_array_get(items, 0)),
			NULL);
		json_decref(items);
	}
}

void plan_delete(const struct kind *kind, const json_t *observed, struct plan *plan)
{
	*plan = (struct plan){.change = CHANGE_DELETE,
		.disruption = kind->holds_data ? DISRUPTS_DATA_LOSS : kind->ends};
	_cleanup_json_ json_t *scope = json_pack("{s:O}", "observed", observed);
	for (const struct call *call = kind->teardown; call && call->operation; call++) {
		if (call->when.path && !path_matches(observed, call->when.path, call->when.glob))
			continue;
		if (!call->each) {
			plan_add_step(plan, STEP_TEARDOWN, call, NULL, NULL, NULL);
			continue;
		}
		_cleanup_json_ json_t *list = path_get(scope, call->each);
		if (list && !json_is_array(list))
			list = json_pack("[o]", list);
		plan_teardown_each(plan, call, list);
	}
	const struct match_row *when = &kind->remove.when;
	if (!when->path || path_matches(observed, when->path, when->glob))
		plan_add_step(plan, STEP_REMOVE, &kind->remove, NULL, NULL, NULL);
}

// ---- rendering

static json_t *as_sent(const struct field *field, const json_t *value)
{
	return field->type == FIELD_PAIRS ? pairs_of(field, value, NULL)
					  : json_incref((json_t *)value);
}

// An observed value, unless it is only what it means that AWS shows nothing.
static json_t *shown_value(const struct field *field, const char *member, const json_t *observed)
{
	json_t *value = json_object_get(observed, member);
	_cleanup_json_ json_t *absent =
		field->absent ? json_loads(field->absent, JSON_DECODE_ANY, NULL) : NULL;
	return absent && json_equal(value, absent) ? NULL : value;
}

// What the file sets, and what it does not set as it was observed, as far as the operation takes
// it.
static json_t *whole_input(const struct kind *kind, const struct call *call, const json_t *resource)
{
	json_t *out = json_object();
	const struct service *service = model_service(kind->service);
	const struct operation *op = service_operation(service, call->operation);
	const struct shape *input = op ? operation_input(op) : NULL;
	for (const struct field *f = kind->fields; f->name && input; f++) {
		const char *member = field_member(kind, NULL, f);
		if (!member || f->type == FIELD_FLAG || f->type == FIELD_ITEMS ||
			(f->flags & FIELD_COMPUTED) || !shape_member(input, member))
			continue;
		const json_t *desired = json_object_get(resource, "desired");
		bool is_left = js_lists(json_object_get(resource, "left"), member);
		json_t *value = is_left ? NULL : json_object_get(desired, member);
		if (!value && !field_excluder(kind, member, desired))
			value = shown_value(f, member, json_object_get(resource, "observed"));
		if (value)
			json_object_set_new(out, member, as_sent(f, value));
	}
	return out;
}

// All pairs of the file, as AWS writes them: {"Attributes": [{"Key", "Value"}]}.
static void add_pairs(const struct kind *kind, json_t *scope)
{
	json_t *pairs = json_object();
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = f->type == FIELD_PAIRS ? field_member(kind, NULL, f) : NULL;
		json_t *value =
			member ? json_object_get(json_object_get(scope, "desired"), member) : NULL;
		if (value)
			json_object_set_new(pairs, member, as_sent(f, value));
	}
	json_object_set_new(scope, "pairs", pairs);
}

json_t *create_input(const struct kind *kind, const json_t *resource)
{
	json_t *out = json_object();
	const struct service *service = model_service(kind->service);
	const json_t *desired = json_object_get(resource, "desired");
	const struct operation *op =
		service_operation(service, plan_creates(kind, desired)->operation);
	const struct shape *input = op ? operation_input(op) : NULL;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if (!member || f->type == FIELD_FLAG || f->type == FIELD_ITEMS ||
			(f->flags & (FIELD_AFTER_CREATE | FIELD_COMPUTED)))
			continue;
		json_t *value = json_object_get(desired, member);
		if (!input || !shape_member(input, member))
			continue;
		if (f->type == FIELD_SOURCE) // also where there is nothing of it to compare
			json_object_set_new(out, member, json_pack("{s:s}", "@source", member));
		else if (value)
			json_object_set_new(out, member, as_sent(f, value));
	}
	const char *token_member = op ? operation_token_member(op) : "";
	if (*token_member && json_object_get(resource, "token"))
		json_object_set(out, token_member, json_object_get(resource, "token"));
	return out;
}

static json_t *merge_scopes(const json_t *resource, const json_t *step)
{
	json_t *scope = json_copy((json_t *)resource);
	const json_t *observed = json_object_get(resource, "observed");
	json_t *either = observed ? json_copy((json_t *)observed) : json_object();
	json_object_update(either, json_object_get(resource, "desired"));
	size_t i;
	json_t *left;
	json_array_foreach (json_object_get(resource, "left"), i, left)
		json_object_set(either, json_string_value(left),
			json_object_get(observed, json_string_value(left)));
	json_object_set_new(scope, "either", either);
	json_object_update(scope, (json_t *)step);
	return scope;
}

static struct err render_batch(const struct call *call, json_t *scope)
{
	if (call->shared_by)
		json_object_set(scope, "items", json_object_get(scope, "peers"));
	json_t *items = json_object_get(scope, "items");
	if (!call->item || !items)
		return ERR_OK;
	json_t *rendered = json_array();
	size_t i;
	json_t *item;
	json_array_foreach (items, i, item) {
		_cleanup_json_ json_t *one = json_copy(scope);
		json_object_set(one, "item", item);
		json_t *value = NULL;
		struct err err = template_render(call->item, one, &value);
		if (err_is(&err)) {
			json_decref(rendered);
			return err;
		}
		if (value)
			json_array_append_new(rendered, value);
	}
	json_object_set_new(scope, "items", rendered);
	return ERR_OK;
}

static struct err render_merged(const json_t *resource, const json_t *merged, json_t *input)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)merged, i, one) {
		_cleanup_json_ json_t *scope =
			merge_scopes(resource, json_object_get(one, "scope"));
		_cleanup_json_ json_t *more = NULL;
		struct err err = template_render(js_str(one, "args"), scope, &more);
		if (err_is(&err))
			return err;
		section_merge(input, more);
	}
	return ERR_OK;
}

struct err step_render(const struct kind *kind, const struct step *step, const json_t *resource,
	const json_t *found, const char **ret_operation, json_t **ret_input)
{
	const struct call *call = step->call;
	bool use_else = call->else_operation && call->find.operation && !found;
	*ret_input = NULL;
	*ret_operation = use_else ? call->else_operation : call->operation;
	if ((call->flags & CALL_NEEDS_FOUND) && !found)
		return ERR_OK;
	_cleanup_json_ json_t *scope = merge_scopes(resource, step->scope);
	if (found)
		json_object_set(scope, "found", (json_t *)found);
	add_pairs(kind, scope);
	struct err err = render_batch(call, scope);
	if (err_is(&err))
		return err;
	const char *args = use_else ? call->else_args : call->args;
	json_t *input = NULL;
	if (step->type == STEP_CREATE) {
		input = create_input(kind, resource);
		if (kind->tagging) {
			_cleanup_json_ json_t *tags = NULL;
			err = template_render(kind->tagging->create, scope, &tags);
			if (!err_is(&err))
				section_merge(input, tags);
		}
		_cleanup_json_ json_t *more = NULL;
		if (!err_is(&err) && args)
			err = template_render(args, scope, &more);
		section_merge(input, more);
	} else if (call->flags & CALL_WHOLE) {
		_cleanup_json_ json_t *more = NULL;
		input = whole_input(kind, call, resource);
		if (args)
			err = template_render(args, scope, &more);
		section_merge(input, more);
	} else if (args) {
		err = template_render(args, scope, &input);
		if (!err_is(&err) && input)
			err = render_merged(
				resource, json_object_get(step->scope, "merged"), input);
	}
	if (err_is(&err)) {
		json_decref(input);
		return err;
	}
	*ret_input = input;
	return ERR_OK;
}
