// The word in the file, and how it becomes a record; the decision itself is made in decide.c.
#include "core/adopt.h"
#include "base/log.h"
#include "base/str.h"
#include "core/place.h"
#include "core/say.h"

// ---- in the file

bool adopt_is_possible(const struct kind *kind)
{
	return kind->tagging && !kind->observe.key;
}

char *adopt_read(struct checking *checking, const struct kind *kind, const struct node *node)
{
	const struct node *id = node_get(node, "adopt");
	if (!id || id->is_broken || id->type == NODE_NULL)
		return NULL;
	struct place place = node_key_place(node, "adopt");
	if (!adopt_is_possible(kind))
		findings_error(checking->findings, place,
			"take it out: what stands there already is found by its name, and taken "
			"over after an approval",
			"a %s is not adopted by an id", kind->name);
	else if (id->type != NODE_STRING || str_empty(id->text))
		findings_error(checking->findings, id->place, "write the id that AWS gave it",
			"adopt must be an id, not %s",
			id->type == NODE_STRING ? "empty" : node_type_name(id->type));
	else
		return strdup(id->text);
	return NULL;
}

void adopt_check(const struct desired *desired, struct findings *findings)
{
	_cleanup_json_ json_t *taken = json_object();
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		const char *first = wanted->adopt ? js_str(taken, wanted->adopt) : NULL;
		if (first)
			findings_error(findings, place_of(wanted->node, "adopt"),
				"let one of them adopt it", "%s is adopted by %s already",
				wanted->adopt, first);
		else if (wanted->adopt)
			js_set_str(taken, wanted->adopt, wanted->address);
	}
}

// ---- on record

const char *adopt_pending(const struct wanted *wanted, const struct record *record)
{
	const char *id = wanted ? wanted->adopt : NULL;
	return id && !str_eq_null(record->adopted, id) ? id : NULL;
}

static struct resource *holder_of(
	const struct stack *stack, const struct resource *resource, const char *id)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *other = entry->value;
		if (other != resource && other->kind == resource->kind &&
			str_eq_null(other->record.id, id))
			return other;
	}
	return NULL;
}

const char *adopt_holder(const struct stack *stack, const struct resource *resource)
{
	const char *id = adopt_pending(resource->wanted, &resource->record);
	const struct resource *other = id ? holder_of(stack, resource, id) : NULL;
	return other && other->wanted ? other->address : NULL;
}

// Known by that id from now on, or by none; nothing of what was seen before is of it.
static void bind_to(struct stack *stack, struct resource *resource, const char *id)
{
	struct record *record = &resource->record;
	free(record->id);
	record->id = id ? strdup(id) : NULL;
	record->is_foreign = id != NULL;
	record->born_ms = id ? loop_wall_ms(stack->options.loop) : 0;
	json_decref(record->baseline);
	record->baseline = json_object();
	json_decref(TAKE(record->observed));
	record->is_dirty = true;
	resource_unsee(resource);
	resource->must_decide = true;
	if (id)
		log_notice("is looked for, to be adopted", LOG_STR("resource", resource->address),
			LOG_STR("id", id));
}

static bool has_own(const struct record *record)
{
	return !record->is_foreign && (record->id || record->created_ms);
}

static void bind_one(struct stack *stack, struct resource *resource)
{
	const struct record *record = &resource->record;
	const char *id = adopt_pending(resource->wanted, record);
	if (resource->run || has_own(record) || (!id && !record->is_foreign) ||
		(id && str_eq_null(record->id, id)))
		return;
	struct resource *other = id ? holder_of(stack, resource, id) : NULL;
	if (other && !other->wanted && !other->run)
		stack_forget(stack, other); // it goes on under its new name
	else if (other)
		id = NULL;
	if (id || record->is_foreign)
		bind_to(stack, resource, id);
}

void adopt_bind(struct stack *stack, const struct kind *kind)
{
	if (!adopt_is_possible(kind))
		return;
	// By what the file wants: to bind one may be to forget another.
	for (size_t i = 0; i < stack->desired->count; i++) {
		const struct wanted *wanted = &stack->desired->wanted[i];
		struct resource *resource =
			wanted->kind == kind ? stack_find(stack, wanted->address) : NULL;
		if (resource)
			bind_one(stack, resource);
	}
}

bool adopt_is_sought(const struct resource *resource)
{
	return resource->record.is_foreign && resource->presence != PRESENCE_PRESENT &&
	       adopt_is_possible(resource->kind);
}

void adopt_note(struct resource *resource, const struct sighting *seen)
{
	struct record *record = &resource->record;
	const char *id = adopt_pending(resource->wanted, record);
	if (!id || record->is_foreign || !str_eq_null(seen->id, id))
		return;
	free(record->adopted);
	record->adopted = strdup(id);
	record->is_dirty = true;
}

char *adopt_remark(const struct resource *resource)
{
	const struct record *record = &resource->record;
	const char *id = adopt_pending(resource->wanted, record);
	if (!id || !has_own(record) || !record->id || str_eq(record->id, id))
		return NULL;
	return str_format("the file has it adopt %s, and it is %s already, which is kept: take "
			  "'adopt' out, or write it at another resource",
		id, record->id);
}

// ---- decided

bool adopt_is_awaited(const struct decide_input *in, struct decision *d)
{
	const char *id = adopt_pending(in->wanted, in->record);
	if (!id)
		return false;
	if (in->adopt_holder) {
		say(d, VERDICT_DONE, HEALTH_MISSING, "AdoptConflict",
			"%.80s, which it is to adopt, is held as %s", id, in->adopt_holder);
	} else if (in->record->is_foreign) {
		say(d, VERDICT_DONE, HEALTH_MISSING, "AdoptMissing",
			"AWS has no %.80s, which it is to adopt: nothing is created in its place. "
			"Mend the id, or take 'adopt' out of the file to have a new one",
			id);
	} else {
		d->again_ms = DECIDE_LOOK_AT_ONCE_MS;
		say(d, VERDICT_AGAIN, HEALTH_MISSING, "NotChecked",
			"%.80s, which it is to adopt, is looked at before anything is done", id);
	}
	return true;
}
