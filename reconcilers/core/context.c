// What decide() needs to know of the rest of the stack: references as they stand now, who waits for
// whom, whose fields belong to another, and how much may be deleted. Declared in core/stack.h.
#include "aws/partition.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/ahead.h"
#include "core/claim.h"
#include "core/followed.h"
#include "core/moving.h"
#include "core/orders.h"
#include "core/predecessor.h"
#include "core/reads.h"
#include "core/remarks.h"
#include "core/renamed.h"
#include "core/resolve.h"
#include "core/sources.h"
#include "core/stack.h"
#include "core/template.h"

json_t *stack_scope(const struct stack *stack)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "stack", stack->name, "region", stack->region,
		"account", stack->account, "partition", partition_of_region(stack->region)->name);
}

json_t *stack_tags(const struct stack *stack, const struct wanted *wanted)
{
	json_t *tags = wanted->tags ? json_copy(wanted->tags) : json_object();
	js_set_str(tags, TAG_STACK, stack->name);
	js_set_str(tags, TAG_RESOURCE, wanted->address);
	return tags;
}

void stack_recall_tags(const struct stack *stack, const struct resource *resource, bool is_for_pass,
	json_t *subject)
{
	if (resource->wanted) {
		json_object_set_new(subject, "tags", stack_tags(stack, resource->wanted));
		json_object_set(subject, "old_tags", resource->record.tags);
	}
	if (resource->acted_ms)
		json_object_set_new(subject, "acted_ms", json_integer(resource->acted_ms));
	if (!is_for_pass && resource->presence == PRESENCE_PRESENT &&
		resource->looked_ms >= resource->acted_ms)
		json_object_set(subject, "shown", resource->raw);
}

/* Whose references are looked up. */
struct asking {
	const struct stack *stack;
	const struct resource *resource;
};

static json_t *look_up(
	void *context, const char *address, const char *attr, char *ret_why, size_t why_bytes)
{
	const struct asking *asking = context;
	const struct resource *resource = stack_find(asking->stack, address);
	if (!resource) {
		snprintf(ret_why, why_bytes, "waits for %s, which is not in the file", address);
		return NULL;
	}
	if (!resource_is_ready(resource, ret_why, why_bytes))
		return NULL;
	if (!attr)
		return json_string(resource->seen.id);
	json_t *value = str_eq(attr, "Arn") && resource->seen.arn
				? json_string(resource->seen.arn)
				: json_incref(js_at(resource->seen.observed, attr));
	if (!value)
		snprintf(ret_why, why_bytes, "waits for %s, which has no %s yet", address, attr);
	else if (!moving_is_settled(resource, asking->resource, attr, ret_why, why_bytes))
		json_decref(TAKE(value));
	return value;
}

void stack_resolve(struct stack *stack, const struct resource *resource, json_t **ret_want,
	json_t **ret_waiting)
{
	struct asking asking = {.stack = stack, .resource = resource};
	*ret_want = resolve_desired(resource->wanted->desired, look_up, &asking, ret_waiting);
	sources_resolve(resource->kind, resource->marks, *ret_want, *ret_waiting);
}

// What its id will be, where that is its name; new. NULL: AWS gives the id, or that name needs
// another's.
static char *id_by_name(const struct stack *stack, const struct resource *resource)
{
	const struct observe *how = &resource->kind->observe;
	if (!resource->wanted || !how->key || how->item_key)
		return NULL;
	_cleanup_json_ json_t *scope = stack_scope(stack);
	json_object_set(scope, "desired", resource->wanted->desired);
	return template_string(how->key, scope);
}

void stack_foresee_keys(const struct stack *stack, const struct resource *resource, json_t *want)
{
	const struct list_call *list = &resource->kind->observe.list;
	if (!resource->kind->observe.key || list->each || list->batch)
		return;
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		if (f->type != FIELD_REF || f->ref_attr || !member || json_object_get(want, member))
			continue;
		const json_t *value = json_object_get(resource->wanted->desired, member);
		const char *address = js_str(value, "@ref");
		const struct resource *target = address ? stack_find(stack, address) : NULL;
		_cleanup_free_ char *id = target ? id_by_name(stack, target) : NULL;
		js_set_str(want, member, id);
	}
}

// What it refers to stands there and is not ours yet: nothing is made in it, or of it.
static const struct resource *refers_to_foreign(
	const struct stack *stack, const struct resource *resource)
{
	size_t i;
	json_t *one;
	json_array_foreach (resource->wanted->refers_to, i, one) {
		const struct resource *other = stack_find(stack, json_string_value(one));
		if (other && other->wanted && other->record.is_foreign)
			return other;
	}
	return NULL;
}

// Why it cannot be created yet: a reference that the create call needs, or a predecessor.
static const char *creation_waits(const struct stack *stack, const struct resource *resource,
	const json_t *waiting, char *why, size_t bytes)
{
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		bool at_create = f->type != FIELD_ITEMS && !(f->flags & FIELD_AFTER_CREATE);
		const char *text = member && at_create ? js_str(waiting, member) : NULL;
		if (text) {
			str_copy(why, bytes, text);
			return why;
		}
	}
	const struct resource *foreign = refers_to_foreign(stack, resource);
	if (foreign) {
		snprintf(why, bytes, "waits for %s, whose taking over waits for approval",
			foreign->address);
		return why;
	}
	size_t i;
	json_t *one;
	json_array_foreach (resource->record.depends_on, i, one) {
		const struct resource *other = stack_find(stack, json_string_value(one));
		if (!other || !other->wanted || !kind_comes_after(resource->kind, other->kind))
			continue;
		if (!resource_is_ready(other, why, bytes))
			return why;
		if (other->decision.verdict != VERDICT_DONE &&
			other->decision.verdict != VERDICT_HOLD) {
			snprintf(why, bytes, "waits for %s, which is not in sync yet",
				other->address);
			return why;
		}
	}
	return NULL;
}

// May it stand in AWS, as far as is known? What was remembered and not looked at yet, after a
// start, stands there.
static bool may_stand(const struct resource *resource)
{
	switch (resource->presence) {
	case PRESENCE_PRESENT: // also while it is going
		return true;
	case PRESENCE_UNKNOWN:
		return resource->record.id || resource->record.created_ms;
	case PRESENCE_ABSENT:
		break;
	}
	return false;
}

// Who stands in the way of a deletion.
static const char *deletion_waits(const struct stack *stack, const struct resource *resource)
{
	map_for_each (&stack->by_address, entry) {
		const struct resource *other = entry->value;
		if (other == resource || !js_lists(other->record.depends_on, resource->address))
			continue;
		if (may_stand(other) || other->run)
			return other->address;
	}
	return NULL;
}

const struct policy *stack_policy(const struct stack *stack, const struct resource *resource)
{
	const struct resource *parent =
		resource->record.stray_of ? stack_find(stack, resource->record.stray_of) : NULL;
	if (resource->wanted)
		return &resource->wanted->policy;
	if (parent && parent->wanted)
		return &parent->wanted->policy;
	for (size_t i = 0; i < stack->desired->layer_count; i++)
		if (str_eq(stack->desired->layers[i].layer->name, resource->kind->layer))
			return &stack->desired->layers[i].policy;
	return &stack->desired->policy;
}

// Which resource of the file, of those of that kind that refer to this one? NULL: none.
static const char *referrer_of(
	const struct stack *stack, const struct resource *resource, const char *kind)
{
	size_t i;
	json_t *one;
	json_array_foreach (desired_referrers(stack->desired, resource->address), i, one) {
		const struct resource *other = stack_find(stack, json_string_value(one));
		if (other && other->wanted && str_eq(other->kind->name, kind))
			return other->address;
	}
	return NULL;
}

// Which of them does the field belong to? NULL: none.
static const char *owner_of(
	const struct stack *stack, const struct resource *resource, const struct field *field)
{
	return field->yields_to ? referrer_of(stack, resource, field->yields_to) : NULL;
}

static bool has_claims(const struct stack *stack, const struct resource *resource)
{
	const struct field *field = claim_field(resource->kind);
	return field && resource->wanted && resource->presence == PRESENCE_PRESENT &&
	       resource->raw &&
	       !json_object_get(
		       resource->wanted->desired, field_member(resource->kind, NULL, field)) &&
	       stack_policy(stack, resource)->foreign != FOREIGN_LEAVE &&
	       referrer_of(stack, resource, field->claim.of);
}

void stack_note_claims(const struct stack *stack, struct resource *resource)
{
	resource->claims_wait_ms = 0;
	if (has_claims(stack, resource))
		resource->claims_wait_ms =
			claim_note(resource->kind, resource->raw, resource->seen.observed,
				&resource->record, loop_wall_ms(stack->options.loop));
}

// Fields that belong to others; NULL: none.
static json_t *yielded_fields(const struct stack *stack, const struct resource *resource)
{
	json_t *out = NULL;
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		if (!owner_of(stack, resource, f))
			continue;
		if (!out)
			out = json_array();
		json_array_append_new(out, json_string(f->name));
	}
	return out;
}

json_t *stack_remarks(struct stack *stack, struct resource *resource)
{
	if (!resource->wanted || resource->presence != PRESENCE_PRESENT)
		return json_array();
	json_t *want = NULL;
	_cleanup_json_ json_t *waiting = NULL, *owners = json_object();
	_cleanup_json_ json_t *ignore =
		orders_ignore(stack->orders, stack_policy(stack, resource)->ignore,
			resource->address, loop_wall_ms(stack->options.loop));
	for (const struct field *f = resource->kind->fields; f->name; f++)
		js_set_str(owners, f->name, owner_of(stack, resource, f));
	stack_resolve(stack, resource, &want, &waiting);
	json_t *out = remarks_make(resource->kind, want, resource->seen.observed, ignore, owners);
	json_decref(want);
	_cleanup_free_ char *adopt = adopt_remark(resource);
	if (adopt)
		json_array_append_new(out, json_string(adopt));
	return out;
}

json_t *stack_left(const struct stack *stack, const struct resource *resource)
{
	json_t *out = json_array();
	_cleanup_json_ json_t *ignore =
		orders_ignore(stack->orders, stack_policy(stack, resource)->ignore,
			resource->address, loop_wall_ms(stack->options.loop));
	_cleanup_json_ json_t *yielded = yielded_fields(stack, resource);
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		bool is_left = js_lists(ignore, f->name) || js_lists(yielded, f->name);
		if (member && is_left && json_object_get(resource->seen.observed, member))
			json_array_append_new(out, json_string(member));
	}
	return out;
}

bool stack_is_ahead(
	struct stack *stack, const struct resource *referrer, const struct resource *target)
{
	const struct reconciler *r = stack_reconciler(stack, target->kind->layer);
	return ahead_of(referrer, target,
		&(struct ahead_looks){.is_blind = stack_blind(stack, target->kind) != NULL,
			.pass_ms = r->pass.started_ms});
}

// By what the file says of it as far as that is known: a read needs less of it than a creation.
static bool is_readable(
	const struct stack *stack, const struct resource *resource, const json_t *want)
{
	if (!resource->is_unread)
		return false;
	_cleanup_json_ json_t *scope = stack_scope(stack);
	_cleanup_json_ json_t *subjects =
		json_pack("[{s:s, s:O}]", "address", resource->address, "desired", want);
	_cleanup_json_ json_t *unread = json_object();
	json_decref(reads_of(&resource->kind->observe.list, subjects, scope, unread));
	return json_object_size(unread) == 0;
}

static bool is_ahead(struct stack *stack, const struct resource *resource)
{
	size_t i;
	json_t *one;
	json_array_foreach (resource->wanted->refers_to, i, one) {
		const struct resource *target = stack_find(stack, json_string_value(one));
		if (target && stack_is_ahead(stack, resource, target))
			return true;
	}
	return false;
}

void stack_decide(struct stack *stack, struct resource *resource, struct decision *ret)
{
	_cleanup_json_ json_t *want = NULL;
	_cleanup_json_ json_t *waiting = NULL;
	_cleanup_json_ json_t *tags = NULL;
	_cleanup_json_ json_t *yielded = NULL;
	_cleanup_json_ json_t *unclaimed = NULL;
	struct policy policy = *stack_policy(stack, resource);
	int64_t now_ms = loop_wall_ms(stack->options.loop);
	_cleanup_json_ json_t *ignore =
		orders_ignore(stack->orders, policy.ignore, resource->address, now_ms);
	policy.ignore = ignore;
	char why[240];
	struct decide_input input = {.kind = resource->kind,
		.wanted = resource->wanted,
		.policy = &policy,
		.brake = orders_brake(stack->orders, resource->kind->layer),
		.protected = orders_protect(stack->orders, resource->address),
		.paused = orders_pause(stack->orders, resource->address, now_ms),
		.presence = resource->presence,
		.seen = &resource->seen,
		.record = &resource->record,
		.failure = &resource->failure,
		.approved = stack->approved,
		.rejected = resource->hold_id,
		.rejected_by = *resource->rejected_by ? resource->rejected_by : NULL,
		.is_unread = resource->is_unread,
		.lacks_read = resource->lacks_ms != 0,
		.twin = resource->twin,
		.is_hearsay = resource->is_hearsay,
		.checked_ms = resource->checked_wall_ms,
		.wall_ms = now_ms,
		.loop_ms = loop_now_ms(stack->options.loop)};
	if (resource->wanted) {
		sources_mark(resource->kind, resource->address, resource->wanted->desired,
			stack->has_source_key ? stack->source_key : NULL, &resource->marks);
		stack_resolve(stack, resource, &want, &waiting);
		tags = stack_tags(stack, resource->wanted);
		yielded = yielded_fields(stack, resource);
		input.yielded = yielded;
		input.want = want;
		input.waiting = waiting;
		input.is_ahead = is_ahead(stack, resource);
		input.is_readable = is_readable(stack, resource, want);
		input.tags = tags;
		input.adopt_holder = adopt_holder(stack, resource);
		input.creation_waits = creation_waits(stack, resource, waiting, why, sizeof(why));
		if (has_claims(stack, resource))
			unclaimed = claim_foreign(&resource->record, now_ms);
		input.unclaimed = unclaimed;
		input.claims_wait_ms = resource->claims_wait_ms;
	} else {
		const struct resource *successor = predecessor_successor(stack, resource);
		input.successor = successor ? successor->address : NULL;
		input.deletion_waits = successor ? predecessor_needed_by(stack, successor) : NULL;
		if (!input.deletion_waits)
			input.deletion_waits = deletion_waits(stack, resource);
	}
	decide(&input, ret);
	ret->follows = ret->managed > 0 && followed_has_moved(resource, want);
	if (ret->follows)
		followed_say(stack, resource, ret);
	if (!resource->wanted && !input.successor)
		renamed_say(stack, resource, ret);
}
