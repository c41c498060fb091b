// What a layer's reconciler tells history: observations that changed, drifts that open and close,
// changes that are held. A drift is a difference that came about under a file that had been in
// force before.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/boot.h"
#include "core/fights.h"
#include "core/followed.h"
#include "core/moving.h"
#include "core/orders.h"
#include "core/reconcile.h"

static json_t *event(const struct reconciler *r, const struct resource *resource)
{
	return json_pack("{s:s, s:s, s:I}", "stack", r->stack->name, "address", resource->address,
		"at_ms", (json_int_t)reconciler_wall_ms(r));
}

// A change that was seen is told once it is known what is made of it, and again when something else
// is: that somebody paused it, or that it left the file. After a start it stands as it was told.
static bool wants_row(struct resource *resource)
{
	const struct decision *d = &resource->decision;
	char now[sizeof(resource->noted)];
	snprintf(now, sizeof(now), "%s %s %s", sync_name(d->sync), health_name(d->health),
		d->reason);
	bool is_news = resource->is_news;
	bool is_first = !*resource->noted && !is_news, is_same = str_eq(now, resource->noted);
	bool was_there = resource->presence == PRESENCE_PRESENT || resource->record.observed;
	bool is_passing = d->verdict == VERDICT_AGAIN || d->verdict == VERDICT_ACT ||
			  d->verdict == VERDICT_WAIT;
	if (str_eq(d->reason, "NotChecked") || (!is_news && (is_same || is_passing || !was_there)))
		return false;
	str_copy(resource->noted, sizeof(resource->noted), now);
	resource->is_news = false;
	return !is_first;
}

void notes_observation(struct reconciler *r, struct resource *resource)
{
	if (!wants_row(resource))
		return;
	json_t *args = event(r, resource);
	js_set_str(args, "kind", resource->kind->name);
	js_set_str(args, "aws_id", resource->record.id);
	if (resource->presence == PRESENCE_PRESENT)
		json_object_set(args, "state", resource->record.observed);
	js_set_str(args, "sync", sync_name(resource->decision.sync));
	js_set_str(args, "health", health_name(resource->decision.health));
	js_set_str(args, "reason", resource->decision.reason);
	journal_put(r->stack->options.journal, STORE_OBSERVATION_ADD, args);
}

static void open_drift(struct reconciler *r, struct resource *resource, const char *path,
	const char *type, const json_t *desired, const json_t *observed)
{
	char id[HASH_UUID_BYTES];
	if (json_object_get(resource->record.drifts, path) || !hash_uuid(id))
		return;
	json_object_set_new(resource->record.drifts, path, json_string(id));
	if (!str_eq(type, difference_type_name(DIFFERS_UNDECLARED))) {
		resource->drifted_wall_ms = reconciler_wall_ms(r);
		json_object_set_new(resource->record.declared, path, json_true());
	}
	resource->record.is_dirty = true;
	json_t *args = event(r, resource);
	js_set_str(args, "drift_id", id);
	js_set_str(args, "field", path);
	js_set_str(args, "type", type);
	if (desired)
		json_object_set(args, "desired", (json_t *)desired);
	if (observed)
		json_object_set(args, "observed", (json_t *)observed);
	journal_put(r->stack->options.journal, STORE_DRIFT_OPEN, args);
	log_notice("drift", LOG_STR("layer", r->layer->name),
		LOG_STR("resource", resource->address), LOG_STR("field", path),
		LOG_STR("type", type));
}

// Did somebody put back what we had corrected? Once too often, it is decided anew.
static void note_fight(struct reconciler *r, struct resource *resource, const char *path,
	const json_t *ours, const json_t *theirs)
{
	struct record *record = &resource->record;
	if (!resource->wanted || json_object_get(record->drifts, path) ||
		!json_object_get(record->fights, path))
		return;
	record->is_dirty = true;
	if (!fights_drifted(record->fights, path, ours, theirs,
		    resource->wanted->policy.most_corrections, reconciler_wall_ms(r)))
		return;
	char why[400];
	fights_say(
		json_object_get(record->fights, path), path, resource->address, why, sizeof(why));
	log_warning("two writers of one field", LOG_STR("resource", resource->address),
		LOG_STR("field", path), LOG_STR("why", why));
	resource->must_decide = true;
	task_wake(&r->task);
}

static const struct difference *difference_at(const struct resource *resource, const char *path)
{
	const struct differences *all = &resource->decision.differences;
	for (size_t i = 0; i < all->count; i++)
		if (str_eq(all->items[i].path, path))
			return &all->items[i];
	return NULL;
}

static bool has_path(const struct resource *resource, const char *path)
{
	if (str_eq(path, "(resource)"))
		return resource->decision.sync == SYNC_MISSING || resource->record.stray_of;
	return difference_at(resource, path);
}

// What differs still, though the file has let go of it, is another drift.
static bool is_let_go(const struct resource *resource, const char *path)
{
	const struct difference *difference = difference_at(resource, path);
	return difference && difference->type == DIFFERS_UNDECLARED &&
	       json_object_get(resource->record.declared, path);
}

// By whom a drift was ended: by us, by the file, by who says that the field may differ, or by
// somebody in AWS.
static const char *how_ended(
	const struct reconciler *r, const struct resource *resource, const char *path)
{
	if (!resource->wanted || is_let_go(resource, path))
		return "superseded";
	if (*resource->last_action)
		return "corrected";
	_cleanup_json_ json_t *ignore = orders_ignore(r->stack->orders,
		stack_policy(r->stack, resource)->ignore, resource->address, reconciler_wall_ms(r));
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		size_t bytes = member ? strlen(member) : 0;
		bool is_its = member && strncmp(path, member, bytes) == 0 &&
			      (path[bytes] == '\0' || path[bytes] == '[');
		if (is_its && js_lists(ignore, f->name))
			return "ignored";
	}
	bool is_other_file =
		*resource->record.synced && !str_eq(resource->record.synced, resource->want_digest);
	return is_other_file ? "superseded" : "reverted";
}

// Drifts and unseen writes whose difference is gone are over.
void notes_close(struct reconciler *r, struct resource *resource)
{
	struct record *record = &resource->record;
	const char *path;
	void *next;
	json_t *value;
	json_object_foreach_safe (record->drifts, next, path, value) {
		if (has_path(resource, path) && !is_let_go(resource, path))
			continue;
		json_t *args = event(r, resource);
		js_set_str(args, "drift_id", json_string_value(value));
		js_set_str(args, "field", path);
		const char *how = how_ended(r, resource, path);
		js_set_str(args, "how", how);
		bool is_corrected = *resource->last_action && !is_let_go(resource, path);
		if (is_corrected)
			js_set_str(args, "action_id", resource->last_action);
		journal_put(r->stack->options.journal, STORE_DRIFT_CLOSE, args);
		if (is_corrected && resource->wanted) {
			r->pass.corrected++;
			fights_corrected(record->fights, path, reconciler_wall_ms(r));
			if (resource->drifted_wall_ms > 0)
				histogram_add(&r->tally.corrections,
					reconciler_wall_ms(r) - resource->drifted_wall_ms);
		} else {
			fights_yielded(record->fights, path);
			r->tally.reverted += str_eq(how, "reverted");
		}
		json_object_del(record->declared, path);
		json_object_del(record->drifts, path);
		record->is_dirty = true;
	}
	// A write that was seen is remembered a little longer: another read may still be behind.
	int64_t now = reconciler_wall_ms(r);
	json_object_foreach_safe (record->writes, next, path, value) {
		if (has_path(resource, path))
			continue;
		int64_t age = now - js_int(value, "at", 0);
		if (!js_bool(value, "seen", false)) {
			json_object_set_new(value, "seen", json_true());
			json_object_set_new(value, "at", json_integer(now));
		} else if (age < 0 || age >= DECIDE_SEEN_SETTLES_MS) {
			json_object_del(record->writes, path);
		} else {
			continue;
		}
		record->is_dirty = true;
	}
	if (json_object_size(record->drifts) == 0)
		resource->last_action[0] = '\0';
}

// A difference is drift when it came about under a file that had been in force here before.
void notes_drift(struct reconciler *r, struct resource *resource)
{
	const struct decision *d = &resource->decision;
	bool was_synced =
		resource->wanted && str_eq(resource->record.synced, resource->want_digest);
	if (was_synced && d->sync == SYNC_MISSING && d->verdict != VERDICT_AGAIN) {
		note_fight(r, resource, "(resource)", NULL, NULL);
		open_drift(r, resource, "(resource)", "missing", NULL, resource->record.observed);
	}
	if (resource->record.stray_of && d->verdict != VERDICT_AGAIN &&
		d->verdict != VERDICT_FORGET)
		open_drift(r, resource, "(resource)", difference_type_name(DIFFERS_FOREIGN), NULL,
			resource->record.observed);
	// While something settles, what is shown may be what was there before.
	for (size_t i = 0; i < d->differences.count && d->verdict != VERDICT_AGAIN; i++) {
		const struct difference *one = &d->differences.items[i];
		bool is_followed =
			d->follows && followed_target(r->stack, resource, &d->differences, one);
		if (moving_made(resource, one) || is_followed)
			continue;
		if (was_synced && one->type != DIFFERS_UNDECLARED)
			note_fight(r, resource, one->path, one->desired, one->observed);
		if (was_synced || one->type == DIFFERS_UNDECLARED)
			open_drift(r, resource, one->path, difference_type_name(one->type),
				one->desired, one->observed);
	}
}

// Opens a hold for what is decided, under a name of its own: the same change may be held again
// another day.
static void put_hold(struct stack *stack, struct resource *resource)
{
	const struct decision *d = &resource->decision;
	int64_t now = loop_wall_ms(stack->options.loop);
	snprintf(resource->hold_id, sizeof(resource->hold_id), "%s-%llx", d->digest,
		(unsigned long long)now);
	json_t *what = json_array();
	for (size_t i = 0; i < d->differences.count; i++)
		json_array_append_new(what, json_string(d->differences.items[i].path));
	json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:o}, s:I}", "stack",
		stack->name, "address", resource->address, "hold_id", resource->hold_id, "digest",
		d->digest, "change", change_sign(d->plan.change), "reason", d->message,
		"disruption", disruption_name(d->plan.disruption), "what", "paths", what, "at_ms",
		(json_int_t)now);
	journal_put(stack->options.journal, STORE_HOLD_PUT, args);
}

void notes_hold_anew(struct stack *stack, struct resource *resource)
{
	stack_end_hold(stack, resource->address, resource->hold_id);
	put_hold(stack, resource);
}

static void end_hold(struct reconciler *r, struct resource *resource, const char *state)
{
	json_t *args = json_pack("{s:s, s:s, s:s, s:I}", "hold_id", resource->hold_id, "state",
		state, "who", "holdfastd", "at_ms", (json_int_t)reconciler_wall_ms(r));
	js_set_str(args, "address", resource->address);
	journal_put(r->stack->options.journal, STORE_HOLD_DECIDE, args);
	resource->hold_id[0] = '\0';
}

// The held change is made now, and nobody approved it: its window has opened, the file allows it by
// now, or the brake that stopped it was released.
static bool is_allowed(const struct stack *stack, const struct resource *resource)
{
	const struct decision *d = &resource->decision;
	return d->verdict == VERDICT_ACT && *d->digest &&
	       str_starts(resource->hold_id, d->digest) &&
	       !json_object_get(stack->approved, d->digest) && stack_may_act(stack);
}

void notes_hold(struct reconciler *r, struct resource *resource)
{
	const struct decision *d = &resource->decision;
	struct stack *stack = r->stack;
	bool is_held = d->verdict == VERDICT_HOLD;
	// "<digest>-<time>"
	bool is_same = is_held && *resource->hold_id && str_starts(resource->hold_id, d->digest);
	if (*resource->hold_id && is_allowed(stack, resource))
		end_hold(r, resource, "allowed");
	if (*resource->hold_id && !is_same && d->verdict != VERDICT_ACT &&
		d->verdict != VERDICT_BACKOFF && d->verdict != VERDICT_AGAIN &&
		d->verdict !=
			VERDICT_WAIT) { // it waits also after a start, for what was not looked at
		end_hold(r, resource, "gone");
	}
	if (!*resource->hold_id || (is_held && !is_same))
		resource->rejected_by[0] = '\0';
	if (!is_held || is_same)
		return;
	put_hold(stack, resource);
	log_warning(decision_awaits_window(d) ? "a change waits for its window"
					      : "a change is held until a person approves it",
		LOG_STR("resource", resource->address),
		LOG_STR("change", change_name(d->plan.change)), LOG_STR("id", d->digest),
		LOG_STR("why", d->message));
}

void notes_use_approval(struct reconciler *r, struct resource *resource, const char *digest)
{
	if (!json_object_get(r->stack->approved, digest))
		return;
	json_object_del(r->stack->approved, digest);
	end_hold(r, resource, "used");
}
