// Looks of one kind: which ids are known, whose is what was seen, and what that changes.
//
// A look that began before our own last write to a resource tells nothing about it.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/adopt.h"
#include "core/claim.h"
#include "core/compare.h"
#include "core/fights.h"
#include "core/hints.h"
#include "core/moving.h"
#include "core/predecessor.h"
#include "core/reads.h"
#include "core/reconcile.h"
#include "core/relief.h"
#include "core/stray.h"

bool look_has_rare(const struct kind *kind)
{
	bool has_rare = kind->observe.strays.rarely;
	for (int i = 0; i < KIND_MOST_FOLLOWS; i++)
		has_rare = has_rare || kind->observe.follows[i].rarely;
	return has_rare;
}

// What is read rarely is read of all in a thorough look, and of those of which it last told
// something.
static bool wants_rare(const struct resource *resource, bool is_thorough)
{
	bool has_found = false;
	for (int i = 0; i < KIND_MOST_FOLLOWS; i++) {
		const struct follow *f = &resource->kind->observe.follows[i];
		const json_t *last =
			f->rarely ? json_object_get(resource->record.observed, f->into) : NULL;
		has_found = has_found || (last && !compare_is_empty(last));
	}
	return is_thorough || has_found;
}

// It may have left the file, or have another name in it, before AWS showed it: then what it was
// made with says where it is, and not what was seen of the one before.
static void add_scope(struct reconciler *r, const struct resource *resource, json_t *subject)
{
	const struct record *record = &resource->record;
	json_t *observed = record->observed ? json_copy(record->observed) : json_object();
	if (!record->observed || record->created_ms)
		json_object_update(observed, record->kept);
	if (json_object_size(observed) > 0)
		json_object_set(subject, "observed", observed);
	json_decref(observed);
	if (!resource->wanted)
		return;
	json_t *want = NULL;
	_cleanup_json_ json_t *waiting = NULL;
	stack_resolve(r->stack, resource, &want, &waiting);
	stack_foresee_keys(r->stack, resource, want);
	json_object_set_new(subject, "desired", want);
}

// Under what of ours additions of the kind are looked for, and what a read by such a parent is made
// of: what it shows, by its own members and by the one that refers to it.
static void add_parents(
	struct reconciler *r, const struct kind *kind, bool is_thorough, json_t *subjects)
{
	const struct field *field = stray_field(kind);
	const struct strays *strays = &kind->observe.strays;
	if (!field)
		return;
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		_cleanup_free_ char *under = stray_parent(kind, resource);
		if (!under)
			continue;
		json_t *subject = json_pack(
			"{s:s, s:s, s:[]}", "address", resource->address, "under", under, "fields");
		if (strays->by_parent && (is_thorough || !strays->rarely)) {
			json_t *scope = json_copy(resource->seen.observed);
			js_set_str(scope, field_member(kind, NULL, field), under);
			json_object_set_new(subject, "desired", scope);
		}
		json_array_append_new(subjects, subject);
	}
}

static json_t *subjects_of(struct reconciler *r, const struct watch *watch)
{
	const struct kind *kind = watch->kind;
	json_t *subjects = json_array();
	bool is_thorough = watch->is_thorough, needs_scope = observation_needs_scope(kind);
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->kind != kind || (!resource->record.id && !needs_scope))
			continue;
		json_t *subject = json_pack("{s:s}", "address", resource->address);
		json_array_append_new(subjects, subject);
		js_set_str(subject, "id", resource->record.id);
		if (adopt_is_sought(resource))
			json_object_set_new(subject, "adopting", json_true());
		if (claim_is_open(&resource->record))
			json_object_set_new(subject, "claims", json_true());
		if (resource->record.stray_of)
			json_object_set_new(subject, "stray", json_true());
		if (needs_scope)
			add_scope(r, resource, subject);
		json_object_set_new(subject, "fields",
			resource->fields ? json_incref(resource->fields) : json_array());
		if (look_has_rare(kind) && wants_rare(resource, is_thorough))
			json_object_set_new(subject, "rare", json_true());
		if (kind->observe.tag_types)
			stack_recall_tags(r->stack, resource, watch->was_for_pass, subject);
		if (resource->is_hearsay && resource->decision.verdict == VERDICT_AGAIN)
			json_object_set_new(subject, "doubt", json_true());
	}
	add_parents(r, kind, is_thorough, subjects);
	return subjects;
}

// From when on the tagging API's word counts. Passes of layers that begin together share it. Where
// it is what tells that there is such a thing, not from before our own write.
static int64_t tags_since(const struct reconciler *r, const struct watch *watch)
{
	int64_t since = watch->is_for_pass ? r->pass.started_ms : reconciler_now_ms(r);
	if (!hints_are_list(watch->kind))
		return since;
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->kind == watch->kind && resource->acted_ms > since)
			since = resource->acted_ms;
	}
	return since;
}

void look_start(struct reconciler *r, struct watch *watch)
{
	watch->observation.asks_tags = watch->is_for_pass;
	watch->observation.since_ms = tags_since(r, watch);
	watch->was_for_pass = watch->is_for_pass;
	watch->is_for_pass = false;
	watch->due_ms = 0;
	watch->is_running = true;
	watch->is_foreground = r->is_passing;
	adopt_bind(r->stack, watch->kind);
	observation_start(&watch->observation, subjects_of(r, watch), &r->task);
	watch->is_thorough = false;
}

static void index_ids(struct reconciler *r, const struct kind *kind, struct map *ret_by_id)
{
	map_init(ret_by_id);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->kind == kind && resource->record.id &&
			!map_set(ret_by_id, resource->record.id, resource, NULL))
			return; // out of memory: it is then found by its tag
	}
}

static bool is_as_before(const struct resource *resource, const json_t *item, int64_t started_ms)
{
	return resource->raw && resource->presence == PRESENCE_PRESENT && !resource->run &&
	       started_ms >= resource->acted_ms && json_equal(resource->raw, item);
}

// What the file does not declare, and whose tag names what it does declare, is the declared one:
// the record was changed by hand, and would have it deleted. A predecessor's tag may still be read
// as it was.
static struct resource *declared_by_tag(
	const struct reconciler *r, const struct resource *known, const struct sighting *seen)
{
	if (known->wanted || !seen->address || !str_eq_null(seen->stack, r->stack->name) ||
		predecessor_base_bytes(known->address) > 0)
		return NULL;
	struct resource *declared = stack_find(r->stack, seen->address);
	return declared && declared->wanted && declared->kind == known->kind ? declared : NULL;
}

// Whose is it? By our record of its id first (tags can be removed by hand), then by its natural
// key, then by its tag.
static struct resource *owner_of(struct reconciler *r, const struct kind *kind,
	struct resource *known, const char *named, const struct sighting *seen)
{
	// An addition of somebody's may have been declared since, or turn out to bear our tag.
	struct resource *resource = known && !known->record.stray_of ? known : NULL;
	// It made room, and a crash came before that was written down.
	if (known && known->wanted && predecessor_is_of(seen->address, known->address) &&
		!known->run && str_eq_null(seen->stack, r->stack->name)) {
		struct resource *old = predecessor_part(r->stack, known, seen->address);
		return old ? old : known;
	}
	struct resource *declared = resource ? declared_by_tag(r, resource, seen) : NULL;
	if (declared)
		return declared;
	if (!resource && named)
		resource = stack_find(r->stack, named);
	if (resource)
		return resource;
	if (!seen->address || !str_eq_null(seen->stack, r->stack->name))
		return NULL;
	resource = stack_find(r->stack, seen->address);
	if (resource && resource->kind != kind)
		return NULL;
	if (resource)
		return resource;
	// The tag names something that is neither in the file nor remembered: an orphan.
	size_t n = strlen(kind->layer), m = strlen(kind->name);
	const char *a = seen->address;
	if (seen->is_gone || stack_has_departed(r->stack, kind, seen->id) ||
		strncmp(a, kind->layer, n) != 0 || a[n] != '.' ||
		strncmp(a + n + 1, kind->name, m) != 0 || a[n + 1 + m] != '.' || !a[n + 2 + m])
		return NULL;
	return stack_adopt(r->stack, seen->address, kind, NULL);
}

// What nobody declared, under one of ours; NULL: not to be minded.
static struct resource *stray_of(struct reconciler *r, const struct kind *kind,
	struct resource *known, const char *parent, const struct sighting *seen)
{
	if (known && known->record.stray_of)
		return known;
	bool is_others = seen->stack && !str_eq(seen->stack, r->stack->name);
	if (!parent || seen->is_gone || is_others || stack_has_departed(r->stack, kind, seen->id))
		return NULL;
	_cleanup_free_ char *address = stray_address(kind, seen->id);
	struct resource *resource = address ? stack_find(r->stack, address) : NULL;
	if (resource || !address)
		return resource;
	return stack_adopt(r->stack, address, kind, parent);
}

// What bears our tag is ours; what AWS gave up is remembered, for it does not show it for ever.
static void note_owner(struct reconciler *r, struct resource *resource, const struct sighting *seen)
{
	struct record *record = &resource->record;
	if (record->is_foreign && str_eq_null(seen->stack, r->stack->name)) {
		record->is_foreign = false;
		record->is_dirty = true;
	}
	adopt_note(resource, seen);
	if (record_refuse(record, seen->refused))
		record->is_dirty = true;
}

// What is kept of what AWS shows. Of what left the file is not read again what only its fields were
// read for: it is as it was seen last.
static json_t *to_keep(const struct resource *resource)
{
	if (resource->wanted || !resource->record.observed)
		return json_incref(resource->seen.observed);
	_cleanup_json_ json_t *none = json_array();
	json_t *out = json_copy(resource->seen.observed);
	const char *member;
	json_t *value;
	json_object_foreach (resource->record.observed, member, value)
		if (!json_object_get(out, member) && reads_leave_out(resource->kind, member, none))
			json_object_set(out, member, value);
	return out;
}

// When the look began, by the loop's clock and by the wall's; what it saw may be that old.
static void saw(struct reconciler *r, struct resource *resource, struct sighting *seen,
	int64_t started_ms, int64_t looked_ms)
{
	struct record *record = &resource->record;
	const struct kind *kind = resource->kind;
	bool is_new_id = seen && !str_eq_null(record->id, seen->id);
	// Also by an earlier run of ours, since it was created.
	bool was_shown = resource->presence == PRESENCE_PRESENT ||
			 (record->id && record->observed && !record->unseen);
	int64_t now = reconciler_wall_ms(r);
	if (record->created_ms > now) // the clock was set back
		record->created_ms = now;
	bool is_young =
		record->created_ms && looked_ms - record->created_ms < DECIDE_CREATE_SETTLES_MS;
	if (seen && is_new_id) {
		// Then the look did not know what the file asks of it (subjects_of()).
		if (!record->id && !observation_needs_scope(kind) &&
			reads_any(kind, resource->fields))
			resource->lacks_ms = reconciler_now_ms(r);
		free(record->id);
		record->id = strdup(seen->id);
		record->deleted_ms = 0; // another object took its place
		record->deletions = 0;
		record->is_foreign = kind->tagging && kind->observe.key && !kind->adopts;
		record->born_ms = reconciler_wall_ms(r);
		record->is_grown = false;
		record->is_dirty = true;
		json_decref(record->baseline);
		record->baseline = json_object();
	}
	if (seen && record->unseen) {
		record->unseen = 0;
		record->is_dirty = true;
	}
	if (seen && !seen->is_gone && record->sent) { // so it was made
		json_decref(TAKE(record->sent));
		record->is_dirty = true;
	}
	if (seen && !seen->is_restorable && record->restored_ms) {
		record->restored_ms = 0;
		record->is_dirty = true;
	}
	bool is_going = seen && seen->is_gone && !seen->is_past && !seen->is_restorable;
	record_note_busy(record, seen && seen->is_pending, is_going, now);
	if (!seen)
		record_forget_deletions(record);
	if (seen) {
		record_shown_again(record);
		note_owner(r, resource, seen);
	}
	// A new revision, as a deploy pipeline registers it: the same name, another object.
	bool is_revised = seen && resource->presence == PRESENCE_PRESENT && seen->arn &&
			  resource->seen.arn && !str_eq(seen->arn, resource->seen.arn);
	if (is_revised && fights_drop_tags(record->fights))
		record->is_dirty = true;
	bool changed = resource_see(resource, seen, looked_ms);
	resource->looked_ms = started_ms;
	if (started_ms > resource->lacks_ms)
		resource->lacks_ms = 0;
	if (changed)
		resource->changed_ms = reconciler_now_ms(r);
	if (changed && resource->decision.sync == SYNC_SYNCED)
		resource->upset_ms = started_ms;
	if (!seen)
		resource->is_hearsay = false;
	bool seen_it = changed && resource->presence == PRESENCE_PRESENT;
	_cleanup_json_ json_t *kept = seen_it ? to_keep(resource) : NULL;
	// A restart that finds what was remembered is no news; nor are the same things in another
	// order or in other words.
	bool is_alike =
		seen_it && !is_new_id && record->observed && compare_alike(record->observed, kept);
	resource->is_news = resource->is_news || (seen_it && !is_alike) ||
			    (changed && !seen_it && record->observed);
	if (seen_it) {
		if (!is_alike) {
			json_decref(record->observed);
			record->observed = TAKE(kept);
			record->is_dirty = true;
		}
		if (!resource->seen.is_pending && !is_young && record->created_ms) {
			record->created_ms = 0;
			record->is_dirty = true;
		}
	} else if (changed && was_shown && is_young) {
		// Two reads of something new may disagree: it is looked for a while longer.
		int64_t latest = now - DECIDE_CREATE_SETTLES_MS + DECIDE_SEEN_SETTLES_MS;
		if (record->created_ms > latest)
			record->created_ms = latest;
		record->was_shown = true;
		record->is_dirty = true;
	}
	if (resource->presence == PRESENCE_ABSENT && record->id && !is_young) {
		stack_note_departed(r->stack, kind, record->id);
		free(TAKE(record->id)); // no longer good for anything
		record->created_ms = 0;
		record->is_dirty = true;
	}
	if (resource->presence == PRESENCE_ABSENT && record->deleted_ms) {
		record->deleted_ms = 0;
		if (resource->kind->restored_by) // by ourselves: nothing of it is missed
			json_decref(TAKE(record->observed));
		record->is_dirty = true;
	}
	if (!changed && !resource->must_decide && resource->decision.verdict == VERDICT_DONE)
		return;
	resource->must_decide = true;
	if (!changed)
		return;
	stack_touch(r->stack, resource, true);
}

// Is something missing in AWS that its creation needs?
static bool lacks_parent(const struct reconciler *r, const struct resource *resource)
{
	size_t i;
	json_t *address;
	json_array_foreach (resource->record.depends_on, i, address) {
		const struct resource *parent = stack_find(r->stack, json_string_value(address));
		if (!parent || parent->presence == PRESENCE_ABSENT)
			return true;
	}
	return false;
}

/* What one look is taken with. */
struct taking {
	struct reconciler *r;
	struct watch *watch;
	struct map by_id;       // struct resource *, by its recorded id
	json_t *seen_addresses; // {"<address>": true}
	json_t *where;          // scope of the texts over an item
	json_t *late;           // {"<id>": item}: what may be brought back, if nothing stands there
	json_t *twins;          // {"<address>": id} of a second object that bears the tag
	json_t *taken;          // {"<address>": true}: by its tag, in this very look
	int64_t started_ms, looked_ms;
};

// May this be taken for the resource, though its id is not the recorded one?
static bool is_taken_for(struct taking *t, struct resource *resource, const struct sighting *seen)
{
	if (!json_object_get(t->seen_addresses, resource->address) && !seen->is_gone)
		return true;
	if (resource->presence == PRESENCE_PRESENT && resource->seen.is_gone && !seen->is_gone)
		return true; // what is on record is on its way out
	// Scheduled for deletion: only where nothing stands, and nothing may be on its way.
	if (!json_object_get(t->seen_addresses, resource->address))
		return seen->is_restorable && !resource->record.id && !resource->record.created_ms;
	if (!seen->is_gone)
		js_set_str(t->twins, resource->address, seen->id);
	return false;
}

// Two objects bear the tag of one resource: by our record one is ours; without it nobody but a
// person can tell. It ends when one look shows one of them alone.
static void note_twin(struct taking *t, struct resource *resource)
{
	const char *twin = js_str(t->twins, resource->address);
	bool is_guess =
		twin && (resource->record.is_guess || json_object_get(t->taken, resource->address));
	if (twin && !resource->twin)
		log_error("two objects in AWS bear the tag of one resource",
			LOG_STR("resource", resource->address),
			LOG_STR("kept", resource->record.id), LOG_STR("other", twin));
	bool is_news = !str_eq_null(resource->twin, twin) || is_guess != resource->record.is_guess;
	resource->record.is_dirty |= is_guess != resource->record.is_guess;
	resource->record.is_guess = is_guess;
	resource->must_decide |= twin != NULL; // it is told only when it lasts
	if (!is_news)
		return;
	free(resource->twin);
	resource->twin = twin ? strdup(twin) : NULL;
	resource->must_decide = true;
}

static void take_sighting(struct taking *t, const char *id, json_t *item)
{
	const struct kind *kind = t->watch->kind;
	struct resource *known = map_get(&t->by_id, id);
	bool is_hearsay = json_object_get(t->watch->observation.hearsay, id);
	const char *named = js_str(t->watch->observation.owners, id);
	if (known && is_as_before(known, item, t->started_ms) &&
		!(known->record.stray_of && named)) {
		known->is_hearsay = is_hearsay;
		// The steady state: nothing to project, nothing to decide.
		json_object_set_new(t->seen_addresses, known->address, json_true());
		known->checked_wall_ms = t->looked_ms;
		known->looked_ms = t->started_ms;
		if (t->started_ms > known->lacks_ms)
			known->lacks_ms = 0;
		known->must_decide |= known->decision.verdict != VERDICT_DONE;
		return;
	}
	struct sighting seen;
	struct err err = sighting_make(kind, item, t->where, &seen);
	if (err_is(&err)) {
		log_warning("an answer of AWS was not understood", LOG_STR("kind", kind->name),
			LOG_ERR(&err));
		return;
	}
	if (known)
		sighting_recall(kind, item, known->record.observed, &seen);
	struct resource *resource = seen.is_past ? NULL : owner_of(t->r, kind, known, named, &seen);
	if (!resource && !seen.is_past)
		resource = stray_of(
			t->r, kind, known, js_str(t->watch->observation.strays, id), &seen);
	bool is_recorded = resource && str_eq_null(resource->record.id, seen.id);
	if (resource && seen.is_restorable && !is_recorded && !json_object_get(t->late, id)) {
		json_object_set(t->late, id, item); // a thing that is going away must not hide the
		sighting_done(&seen);               // one that took its place
		return;
	}
	if (!resource || (!is_recorded && !is_taken_for(t, resource, &seen))) {
		sighting_done(&seen);
		return;
	}
	json_object_set_new(t->seen_addresses, resource->address, json_true());
	if (!is_recorded)
		json_object_set_new(t->taken, resource->address, json_true());
	if (resource->run || t->started_ms < resource->acted_ms) {
		sighting_done(&seen); // older than our own write: tells nothing
		return;
	}
	resource->must_decide |= resource->is_hearsay != is_hearsay;
	resource->is_hearsay = is_hearsay;
	saw(t->r, resource, &seen, t->started_ms, t->looked_ms);
	json_decref(resource->raw);
	resource->raw = json_incref(item);
}

// Who waits for a look at it has it now.
static void wake_waiting(struct stack *stack, const struct resource *resource)
{
	size_t i;
	json_t *one;
	json_array_foreach (desired_referrers(stack->desired, resource->address), i, one) {
		struct resource *other = stack_find(stack, json_string_value(one));
		if (other &&
			(other->decision.verdict == VERDICT_WAIT || other->decision.awaits_look))
			stack_touch(stack, other, false);
	}
}

static void take_sightings(struct reconciler *r, struct watch *watch)
{
	const struct kind *kind = watch->kind;
	_cleanup_json_ json_t *seen_addresses = json_object(), *where = stack_scope(r->stack);
	_cleanup_json_ json_t *late = json_object(), *twins = json_object(), *taken = json_object();
	const char *id;
	json_t *item;
	int64_t started_ms = watch->observation.started_ms;
	int64_t looked_ms = reconciler_wall_ms(r) - (reconciler_now_ms(r) - started_ms);
	struct taking taking = {.r = r,
		.watch = watch,
		.seen_addresses = seen_addresses,
		.where = where,
		.late = late,
		.twins = twins,
		.taken = taken,
		.started_ms = started_ms,
		.looked_ms = looked_ms};
	index_ids(r, kind, &taking.by_id);
	// What is on record first: who only bears the tag must not take its place.
	for (int is_known = 1; is_known >= 0; is_known--)
		json_object_foreach (watch->observation.items, id, item)
			if (is_known == (map_get(&taking.by_id, id) != NULL))
				take_sighting(&taking, id, item);
	json_object_foreach (late, id, item)
		take_sighting(&taking, id, item);
	map_done(&taking.by_id);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		const char *known = resource->record.id;
		if (resource->kind != kind || resource->run || started_ms < resource->acted_ms)
			continue;
		note_twin(&taking, resource);
		if (moving_has(kind) || resource->is_looked_for)
			wake_waiting(r->stack, resource);
		resource->is_looked_for = false;
		resource->is_unread =
			json_object_get(watch->observation.unread, resource->address) != NULL;
		if (json_object_get(seen_addresses, resource->address))
			continue;
		// A look that began before its id was known has not asked for it; one that could
		// not ask tells something only where there is no parent either.
		if ((!known || json_object_get(watch->observation.known, known)) &&
			(!resource->is_unread || lacks_parent(r, resource)))
			saw(r, resource, NULL, started_ms, looked_ms);
		else if (resource->is_unread && resource->presence == PRESENCE_UNKNOWN)
			resource->must_decide = true;
	}
}

// A look costs a call or a few: it is not put off for longer than passes are apart, so that what
// was mended is seen as soon. At least a minute, for what only people mend.
static void note_blind(struct reconciler *r, struct watch *watch, const struct err *err)
{
	enum { LEAST_MS = 60000 };
	int64_t now = reconciler_now_ms(r), interval = reconciler_interval_ms(r);
	int64_t most = interval > LEAST_MS ? interval : LEAST_MS;
	watch->is_for_pass |= watch->was_for_pass;
	failure_add(&watch->failure, err, false, "look", now, reconciler_jitter());
	if (watch->failure.next_ms > now + most)
		watch->failure.next_ms = now + most;
	watch_want(watch, watch->failure.next_ms);
	if (watch->is_foreground)
		r->pass.failed++;
	if (watch->failure.count == 1 || watch->failure.count % 10 == 0)
		log_warning("cannot look at AWS", LOG_STR("layer", r->layer->name),
			LOG_STR("kind", watch->kind->name),
			LOG_INT("attempt", watch->failure.count), LOG_ERR(err));
	r->stack->changes++;
}

static void note_seeing(struct reconciler *r, struct watch *watch)
{
	const struct failure was = watch->failure;
	failure_clear(&watch->failure);
	watch->ok_wall_ms = reconciler_wall_ms(r);
	if (was.count == 0)
		return;
	log_notice("looking at AWS works again", LOG_STR("kind", watch->kind->name));
	relief_give(r->stack, watch->kind, was.err.class);
}

void look_take(struct reconciler *r, struct watch *watch)
{
	struct observation *o = &watch->observation;
	struct err err = o->op.err;
	watch->is_running = false;
	watch->is_awaited = false;
	r->pass.calls += o->calls;
	if (err_is(&err)) {
		note_blind(r, watch, &err);
	} else {
		note_seeing(r, watch);
		take_sightings(r, watch);
	}
	observation_reset(o);
}
