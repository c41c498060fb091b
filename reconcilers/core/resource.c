// State that follows from looks; no decisions here.
#include "core/resource.h"
#include "base/str.h"
#include "core/tags.h"

struct resource *resource_new(const char *address, const struct kind *kind)
{
	struct resource *resource = calloc(1, sizeof(*resource));
	if (!resource)
		return NULL;
	resource->address = strdup(address);
	resource->kind = kind;
	resource->must_decide = true;
	record_init(&resource->record);
	return resource;
}

void resource_free(struct resource *resource)
{
	if (!resource)
		return;
	free(resource->address);
	record_done(&resource->record);
	sighting_done(&resource->seen);
	json_decref(resource->raw);
	json_decref(resource->marks);
	json_decref(resource->fields);
	json_decref(resource->rejected_why);
	decision_done(&resource->decision);
	free(resource->told.action);
	free(resource->twin);
	free(resource);
}

struct resource *resource_share(const struct resource *resource)
{
	struct resource *copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *resource;
	copy->address = strdup(resource->address);
	copy->twin = resource->twin ? strdup(resource->twin) : NULL;
	json_incref(copy->raw);
	json_incref(copy->fields);
	json_incref(copy->rejected_why);
	record_share(&copy->record);
	sighting_share(&copy->seen);
	copy->wanted = NULL;
	copy->lacks_ms = 0; // nobody looks for it
	copy->marks = NULL;
	copy->run = NULL;
	copy->decision = (struct decision){0};
	copy->told = (struct told){0};
	copy->decided = 0;
	copy->must_decide = false;
	return copy;
}

bool resource_is_ready(const struct resource *resource, char *ret_why, size_t why_bytes)
{
	const char *why = NULL;
	if (resource->run && resource->run->plan.change != CHANGE_UPDATE)
		why = resource->run->plan.change == CHANGE_CREATE ? "is being created"
								  : "is being deleted";
	else if (resource->presence == PRESENCE_UNKNOWN)
		why = "has not been looked at yet";
	else if (resource->presence == PRESENCE_ABSENT || resource->seen.is_gone)
		why = "does not exist yet";
	else if (resource->record.is_guess)
		why = "is in AWS twice";
	else if (resource->seen.is_pending)
		why = "is not ready yet";
	else if (resource->seen.is_failed)
		why = "has failed";
	if (!why)
		return true;
	if (ret_why)
		snprintf(ret_why, why_bytes, "waits for %s, which %s", resource->address, why);
	return false;
}

static bool same_sighting(const struct sighting *a, const struct sighting *b)
{
	return str_eq_null(a->id, b->id) && str_eq_null(a->arn, b->arn) &&
	       str_eq(a->state, b->state) && a->is_gone == b->is_gone &&
	       a->is_restorable == b->is_restorable && str_eq(a->reason, b->reason) &&
	       str_eq(a->message, b->message) && json_equal(a->tags, b->tags) &&
	       (a->unread == b->unread || json_equal(a->unread, b->unread)) &&
	       (a->refused == b->refused || json_equal(a->refused, b->refused)) &&
	       json_equal(a->observed, b->observed);
}

bool resource_see(struct resource *resource, struct sighting *seen, int64_t wall_ms)
{
	enum presence before = resource->presence;
	resource->checked_wall_ms = wall_ms;
	if (!seen) {
		resource->presence = PRESENCE_ABSENT;
		sighting_done(&resource->seen);
		json_decref(resource->raw);
		resource->raw = NULL;
		return before != PRESENCE_ABSENT;
	}
	resource->presence = PRESENCE_PRESENT;
	if (before == PRESENCE_PRESENT && same_sighting(&resource->seen, seen)) {
		sighting_done(seen);
		return false;
	}
	sighting_done(&resource->seen);
	resource->seen = *seen;
	*seen = (struct sighting){0};
	return true;
}

void resource_unsee(struct resource *resource)
{
	resource->presence = PRESENCE_UNKNOWN;
	sighting_done(&resource->seen);
	json_decref(TAKE(resource->raw));
}

void resource_put_tags(const struct resource *resource, const json_t *ours, json_t *scope)
{
	const struct tagging *how = resource->kind->tagging;
	bool is_there = resource->presence == PRESENCE_PRESENT;
	if (!how)
		return;
	_cleanup_json_ json_t *all =
		tags_all(is_there ? resource->seen.tags : NULL, ours, resource->record.tags);
	json_object_set_new(scope, "tags", tags_as(how->form, ours));
	json_object_set_new(scope, "all_tags", tags_as(how->form, all));
}
