// Who deploys registers a revision first and sets the service to it then: a look at the service
// that shows it is worth nothing beside an older look at the definition.
#include "core/moving.h"
#include "base/str.h"
#include "core/path.h"

static const struct field *moving_field(const struct kind *kind, const char *attr)
{
	for (const struct field *f = kind->fields; f->name; f++)
		if ((f->flags & FIELD_MOVES) && (!attr || str_eq_null(f->member, attr)))
			return f;
	return NULL;
}

bool moving_has(const struct kind *kind)
{
	return moving_field(kind, NULL) != NULL;
}

bool moving_is(const struct kind *kind, const char *attr)
{
	return attr && moving_field(kind, attr);
}

// A field whose value is an attribute that moves.
static bool follows(const struct field *field)
{
	const struct kind *of =
		field && field->type == FIELD_REF && field->ref ? kind_find(field->ref) : NULL;
	return of && field->ref_attr && moving_field(of, field->ref_attr);
}

// Does it have the value already? Then there is nothing to be done with it, however old.
static bool shows(const struct resource *referrer, const struct resource *target)
{
	for (const struct field *f = referrer->kind->fields; f->name; f++)
		if (follows(f) && kind_find(f->ref) == target->kind &&
			json_equal(json_object_get(referrer->seen.observed, f->member),
				json_object_get(target->seen.observed, f->ref_attr)))
			return true;
	return false;
}

bool moving_is_older(const struct resource *target, const struct resource *referrer)
{
	return moving_has(target->kind) && referrer->presence == PRESENCE_PRESENT &&
	       target->presence == PRESENCE_PRESENT && target->looked_ms < referrer->changed_ms &&
	       !shows(referrer, target);
}

json_t *moving_answered(const struct kind *kind, const json_t *output)
{
	json_t *out = NULL;
	for (const struct field *f = kind->fields; f->name; f++) {
		json_t *value = f->flags & FIELD_MOVES ? path_get(output, f->observed) : NULL;
		if (value && !out)
			out = json_object();
		if (value)
			json_object_set_new(out, f->member, value);
	}
	return out;
}

// All that differs was written as often as it is written.
static bool is_given_up(const struct decision *d)
{
	return d->verdict == VERDICT_DONE && d->quarantined > 0 && d->quarantined == d->managed;
}

// What is shown is of our own last write, and not of somebody who wrote after us.
static bool is_as_good_as_it_gets(const struct resource *target, const char *attr)
{
	json_t *made = json_object_get(target->record.followed, attr);
	return is_given_up(&target->decision) && made &&
	       json_equal(made, json_object_get(target->seen.observed, attr));
}

bool moving_is_settled(const struct resource *target, const struct resource *referrer,
	const char *attr, char *ret_why, size_t why_bytes)
{
	if (!attr || !moving_field(target->kind, attr))
		return true;
	const struct decision *d = &target->decision;
	const char *why = NULL;
	if (moving_is_older(target, referrer) || target->must_decide)
		why = "is being looked at again";
	else if (d->sync != SYNC_SYNCED && !is_as_good_as_it_gets(target, attr))
		why = is_given_up(d) ? "is not as the file says: not written again, and what AWS "
				       "shows is not what was written last"
				     : "is not as the file says";
	if (why)
		snprintf(ret_why, why_bytes, "waits for %s, which %s", target->address, why);
	return !why;
}

void moving_note(struct resource *resource)
{
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		json_t *value =
			follows(f) ? json_object_get(resource->seen.observed, f->member) : NULL;
		json_t *kept = json_object_get(resource->record.followed, f->member);
		if (!value || json_equal(value, kept))
			continue;
		json_object_set(resource->record.followed, f->member, value);
		resource->record.is_dirty = true;
	}
}

bool moving_made(const struct resource *resource, const struct difference *difference)
{
	const json_t *kept = json_object_get(resource->record.followed, difference->path);
	return follows(difference->field) && kept &&
	       !json_equal((json_t *)kept, difference->desired);
}

bool moving_may_go(const struct kind *kind, const json_t *waiting)
{
	return moving_has(kind) && json_object_size(waiting) > 0;
}
