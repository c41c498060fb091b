// A layer's reconciler. Its step takes what has come in (looks, finished plans), decides about what
// that touched, starts plans and looks that are due, and sets one timer for the earliest next
// thing.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/stack.h"

enum { GATHER_MS = 250, BORN_MS = 60000 };

static double jitter(void)
{
	uint32_t bits = 0;
	if (!hash_random(&bits, sizeof(bits)))
		return 0.5;
	return (double)bits / (double)UINT32_MAX;
}

static int64_t now_ms(const struct reconciler *r)
{
	return loop_now_ms(r->stack->options.loop);
}

static int64_t wall_ms(const struct reconciler *r)
{
	return loop_wall_ms(r->stack->options.loop);
}

static bool is_of(const struct reconciler *r, const struct resource *resource)
{
	return str_eq(resource->kind->layer, r->layer->name);
}

static struct watch *watch_of(struct reconciler *r, const struct kind *kind)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].kind == kind)
			return &r->watches[i];
	abort(); // every kind of a layer has its watch; reconciler_init() made them
}

static void want_look(struct watch *watch, int64_t at_ms)
{
	if (watch->due_ms == 0 || at_ms < watch->due_ms)
		watch->due_ms = at_ms;
}

int64_t reconciler_interval_ms(const struct reconciler *r)
{
	const struct desired *desired = r->stack->desired;
	for (size_t i = 0; i < desired->layer_count; i++)
		if (desired->layers[i].layer == r->layer &&
			desired->layers[i].policy.interval_ms > 0)
			return desired->layers[i].policy.interval_ms;
	return r->layer->interval_ms;
}

// ---- history

static json_t *event(const struct reconciler *r, const struct resource *resource)
{
	return json_pack("{s:s, s:s, s:I}", "stack", r->stack->name, "address", resource->address,
		"at_ms", (json_int_t)wall_ms(r));
}

static void record_observation(struct reconciler *r, const struct resource *resource)
{
	json_t *args = event(r, resource);
	js_set_str(args, "kind", resource->kind->name);
	js_set_str(args, "aws_id", resource->record.id);
	if (resource->presence == PRESENCE_PRESENT)
		json_object_set(args, "state", resource->seen.observed);
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

static bool has_path(const struct decision *decision, const char *path)
{
	if (str_eq(path, "(resource)"))
		return decision->sync == SYNC_MISSING;
	for (size_t i = 0; i < decision->differences.count; i++)
		if (str_eq(decision->differences.items[i].path, path))
			return true;
	return false;
}

// Drifts and unseen writes whose difference is gone are over.
static void close_past(struct reconciler *r, struct resource *resource)
{
	struct record *record = &resource->record;
	const char *path;
	void *next;
	json_t *value;
	bool is_corrected = *resource->last_action != '\0';
	json_object_foreach_safe (record->drifts, next, path, value) {
		if (has_path(&resource->decision, path))
			continue;
		json_t *args = event(r, resource);
		js_set_str(args, "drift_id", json_string_value(value));
		js_set_str(args, "how",
			!resource->wanted ? "superseded"
			: is_corrected    ? "corrected"
					  : "reverted");
		if (is_corrected)
			js_set_str(args, "action_id", resource->last_action);
		journal_put(r->stack->options.journal, STORE_DRIFT_CLOSE, args);
		if (is_corrected && resource->wanted)
			r->pass.corrected++;
		json_object_del(record->drifts, path);
		record->is_dirty = true;
	}
	json_object_foreach_safe (record->writes, next, path, value) {
		if (has_path(&resource->decision, path))
			continue;
		json_object_del(record->writes, path);
		record->is_dirty = true;
	}
	if (json_object_size(record->drifts) == 0)
		resource->last_action[0] = '\0';
}

// A difference is drift when it came about under a file that had been in force here before.
static void note_drift(struct reconciler *r, struct resource *resource)
{
	const struct decision *d = &resource->decision;
	bool was_synced =
		resource->wanted && str_eq(resource->record.synced, resource->want_digest);
	if (was_synced && d->sync == SYNC_MISSING && d->verdict != VERDICT_AGAIN)
		open_drift(r, resource, "(resource)", "missing", NULL, resource->record.observed);
	for (size_t i = 0; i < d->differences.count; i++) {
		const struct difference *one = &d->differences.items[i];
		if (was_synced || one->type == DIFFERS_UNDECLARED)
			open_drift(r, resource, one->path, difference_type_name(one->type),
				one->desired, one->observed);
	}
}

static void keep_hold(struct reconciler *r, struct resource *resource)
{
	const struct decision *d = &resource->decision;
	struct stack *stack = r->stack;
	bool is_held = d->verdict == VERDICT_HOLD;
	// "<digest>-<time>": the same change may be held again another day.
	bool is_same = is_held && *resource->hold_id && str_starts(resource->hold_id, d->digest);
	if (*resource->hold_id && !is_same && d->verdict != VERDICT_ACT &&
		d->verdict != VERDICT_BACKOFF && d->verdict != VERDICT_AGAIN) {
		json_t *args = json_pack("{s:s, s:s, s:s, s:I}", "hold_id", resource->hold_id,
			"state", "gone", "who", "holdfastd", "at_ms", (json_int_t)wall_ms(r));
		journal_put(stack->options.journal, STORE_HOLD_DECIDE, args);
		resource->hold_id[0] = '\0';
	}
	if (!is_held || is_same)
		return;
	snprintf(resource->hold_id, sizeof(resource->hold_id), "%s-%llx", d->digest,
		(unsigned long long)wall_ms(r));
	json_t *what = json_array();
	for (size_t i = 0; i < d->differences.count; i++)
		json_array_append_new(what, json_string(d->differences.items[i].path));
	json_t *args = event(r, resource);
	js_set_str(args, "hold_id", resource->hold_id);
	js_set_str(args, "digest", d->digest);
	js_set_str(args, "change", change_sign(d->plan.change));
	js_set_str(args, "reason", d->message);
	js_set_str(args, "disruption", disruption_name(d->plan.disruption));
	json_object_set_new(args, "what", json_pack("{s:o}", "paths", what));
	journal_put(stack->options.journal, STORE_HOLD_PUT, args);
	log_warning("a change is held until a person approves it",
		LOG_STR("resource", resource->address),
		LOG_STR("change", change_name(d->plan.change)), LOG_STR("id", d->digest),
		LOG_STR("why", d->message));
}

// ---- deciding

static void keep_baseline(struct resource *resource, int64_t now_wall_ms)
{
	struct record *record = &resource->record;
	if (!resource->wanted || resource->seen.is_pending || resource->seen.is_failed)
		return;
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		if (!member)
			continue;
		bool is_declared = json_object_get(resource->wanted->desired, member);
		const json_t *kept = json_object_get(record->baseline, member);
		// What AWS fills in late after a creation is its default, not somebody's change.
		bool is_late = json_is_null(kept) && now_wall_ms - record->born_ms < BORN_MS;
		bool is_kept = kept && !is_late;
		if (is_declared == !is_kept)
			continue;
		if (is_declared) {
			json_object_del(record->baseline, member);
		} else {
			json_t *value = diff_baseline(resource->kind, f, resource->seen.observed);
			if (!value || json_equal(value, (json_t *)kept)) {
				json_decref(value);
				continue;
			}
			json_object_set_new(record->baseline, member, value);
		}
		record->is_dirty = true;
	}
}

static void decide_one(struct reconciler *r, struct resource *resource)
{
	struct stack *stack = r->stack;
	struct decision decision;
	resource->must_decide = false;
	if (resource->presence == PRESENCE_PRESENT)
		keep_baseline(resource, wall_ms(r));
	stack_decide(stack, resource, &decision);
	bool is_news = decision.sync != resource->decision.sync ||
		       decision.health != resource->decision.health ||
		       !str_eq(decision.reason, resource->decision.reason);
	decision_done(&resource->decision);
	resource->decision = decision;
	if (is_news) {
		resource->since_wall_ms = wall_ms(r);
		log_debug("decided", LOG_STR("resource", resource->address),
			LOG_STR("sync", sync_name(decision.sync)),
			LOG_STR("health", health_name(decision.health)),
			LOG_STR("reason", decision.reason));
	}
	stack->changes++;
	if (resource->is_news)
		record_observation(r, resource);
	resource->is_news = false;
	note_drift(r, resource);
	close_past(r, resource);
	keep_hold(r, resource);
	if (decision.sync == SYNC_SYNCED && resource->wanted &&
		!str_eq(resource->record.synced, resource->want_digest)) {
		str_copy(resource->record.synced, sizeof(resource->record.synced),
			resource->want_digest);
		resource->record.is_dirty = true;
	}
	resource->again_at_ms = 0;
	if (decision.verdict == VERDICT_AGAIN) {
		resource->again_at_ms = now_ms(r) + decision.again_ms;
	} else if (decision.verdict == VERDICT_BACKOFF) {
		resource->again_at_ms = resource->failure.next_ms;
	} else if (decision.sync == SYNC_SYNCED) {
		failure_clear(&resource->failure);
	}
	if (decision.verdict == VERDICT_FORGET) {
		stack_forget(stack, resource);
		return;
	}
	stack_save(stack, resource);
}

static void decide_touched(struct reconciler *r)
{
	// Deciding may forget a resource, so the walk is over a snapshot.
	struct map *all = &r->stack->by_address;
	struct resource **touched = calloc(all->count + 1, sizeof(struct resource *));
	size_t count = 0;
	map_for_each (all, entry) {
		struct resource *resource = entry->value;
		if (touched && is_of(r, resource) && resource->must_decide && !resource->run)
			touched[count++] = resource;
	}
	for (size_t i = 0; i < count; i++)
		decide_one(r, touched[i]);
	free(touched);
}

// ---- looks

static json_t *known_ids(struct reconciler *r, const struct kind *kind)
{
	json_t *known = json_object();
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->kind != kind || !resource->record.id)
			continue;
		json_t *fields = json_array();
		for (const struct field *f = kind->fields; f->name && resource->wanted; f++) {
			const char *member = field_member(kind, NULL, f);
			if (member && json_object_get(resource->wanted->desired, member))
				json_array_append_new(fields, json_string(f->name));
		}
		json_object_set_new(known, resource->record.id, fields);
	}
	return known;
}

static void start_look(struct reconciler *r, struct watch *watch)
{
	watch->due_ms = 0;
	watch->is_running = true;
	watch->is_foreground = r->is_passing;
	observation_start(&watch->observation, known_ids(r, watch->kind), &r->task);
}

static struct resource *by_id(struct reconciler *r, const struct kind *kind, const char *id)
{
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->kind == kind && str_eq_null(resource->record.id, id))
			return resource;
	}
	return NULL;
}

// Whose is it? By our record of its id first (tags can be removed by hand), then by its tag.
static struct resource *owner_of(
	struct reconciler *r, const struct kind *kind, const struct sighting *seen)
{
	struct resource *resource = by_id(r, kind, seen->id);
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
	if (seen->is_gone || strncmp(a, kind->layer, n) != 0 || a[n] != '.' ||
		strncmp(a + n + 1, kind->name, m) != 0 || a[n + 1 + m] != '.' || !a[n + 2 + m])
		return NULL;
	return stack_adopt(r->stack, seen->address, kind);
}

static void saw(struct reconciler *r, struct resource *resource, struct sighting *seen)
{
	struct record *record = &resource->record;
	bool is_new_id = seen && !str_eq_null(record->id, seen->id);
	bool was_present = resource->presence == PRESENCE_PRESENT;
	if (seen && is_new_id) {
		free(record->id);
		record->id = strdup(seen->id);
		record->deleted_ms = 0; // another object took its place
		record->born_ms = wall_ms(r);
		record->is_dirty = true;
		json_decref(record->baseline);
		record->baseline = json_object();
	}
	bool changed = resource_see(resource, seen, wall_ms(r));
	bool seen_it = changed && resource->presence == PRESENCE_PRESENT;
	// A restart that finds what was remembered is no news.
	resource->is_news = resource->is_news ||
			    (seen_it && (is_new_id || !json_equal(record->observed,
							      resource->seen.observed))) ||
			    (changed && !seen_it && record->observed);
	if (changed && resource->presence == PRESENCE_PRESENT) {
		json_decref(record->observed);
		record->observed = json_incref(resource->seen.observed);
		record->is_dirty = true;
		if (!resource->seen.is_pending && record->created_ms)
			record->created_ms = 0;
	} else if (changed && was_present) {
		// Seen once and gone now: its id is no longer good for anything.
		record->created_ms = 0;
		record->is_dirty = true;
	}
	if (resource->presence == PRESENCE_ABSENT && record->id && !record->created_ms) {
		free(record->id);
		record->id = NULL;
		record->is_dirty = true;
	}
	if (resource->presence == PRESENCE_ABSENT && record->deleted_ms) {
		record->deleted_ms = 0;
		record->is_dirty = true;
	}
	if (!changed && !resource->must_decide && resource->decision.verdict == VERDICT_DONE)
		return;
	resource->must_decide = true;
	if (!changed)
		return;
	stack_touch(r->stack, resource, true);
}

static void take_sightings(struct reconciler *r, struct watch *watch)
{
	const struct kind *kind = watch->kind;
	_cleanup_json_ json_t *seen_addresses = json_object();
	const char *id;
	json_t *item;
	int64_t started_ms = watch->observation.started_ms;
	json_object_foreach (watch->observation.items, id, item) {
		struct sighting seen;
		struct err err = sighting_make(kind, item, &seen);
		if (err_is(&err)) {
			log_warning("an answer of AWS was not understood",
				LOG_STR("kind", kind->name), LOG_ERR(&err));
			continue;
		}
		struct resource *resource = seen.is_past ? NULL : owner_of(r, kind, &seen);
		if (!resource) {
			sighting_done(&seen);
			continue;
		}
		bool is_second = json_object_get(seen_addresses, resource->address);
		bool is_recorded = str_eq_null(resource->record.id, seen.id);
		// A thing that is going away must not hide the one that took its place.
		if ((seen.is_gone && !is_recorded) || (is_second && !is_recorded)) {
			if (is_second && !seen.is_gone && !resource->was_duplicate) {
				resource->was_duplicate = true;
				log_error("two objects in AWS bear the tag of one resource",
					LOG_STR("resource", resource->address),
					LOG_STR("kept", resource->record.id),
					LOG_STR("other", seen.id));
			}
			sighting_done(&seen);
			continue;
		}
		json_object_set_new(seen_addresses, resource->address, json_true());
		if (resource->run || started_ms < resource->acted_ms) {
			sighting_done(&seen); // older than our own write: tells nothing
			continue;
		}
		saw(r, resource, &seen);
	}
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->kind == kind && !resource->run && started_ms >= resource->acted_ms &&
			!json_object_get(seen_addresses, resource->address))
			saw(r, resource, NULL);
	}
}

static void take_look(struct reconciler *r, struct watch *watch)
{
	struct observation *o = &watch->observation;
	struct err err = o->op.err;
	watch->is_running = false;
	r->pass.calls += o->calls;
	if (err_is(&err)) {
		failure_add(&watch->failure, &err, false, "look", now_ms(r), jitter());
		want_look(watch, watch->failure.next_ms);
		if (watch->is_foreground)
			r->pass.failed++;
		if (watch->failure.count == 1 || watch->failure.count % 10 == 0)
			log_warning("cannot look at AWS", LOG_STR("layer", r->layer->name),
				LOG_STR("kind", watch->kind->name),
				LOG_INT("attempt", watch->failure.count), LOG_ERR(&err));
		r->stack->changes++;
	} else {
		if (watch->failure.count > 0)
			log_notice(
				"looking at AWS works again", LOG_STR("kind", watch->kind->name));
		failure_clear(&watch->failure);
		watch->ok_wall_ms = wall_ms(r);
		take_sightings(r, watch);
	}
	observation_reset(o);
}

// ---- plans

static bool is_not_yet(const struct run *run)
{
	const struct err *err = &run->first_err;
	for (const char *const *code = run->kind->not_yet; code && *code; code++)
		if (str_glob(*code, err->code))
			return true;
	return false;
}

static void note_writes(struct reconciler *r, struct resource *resource, const struct run *run)
{
	size_t i;
	json_t *path;
	json_array_foreach (run->written, i, path) {
		const char *name = json_string_value(path);
		for (size_t j = 0; j < resource->decision.differences.count; j++) {
			const struct difference *one = &resource->decision.differences.items[j];
			if (!str_eq(one->path, name))
				continue;
			char to[17] = "-", from[17] = "-";
			if ((one->desired && !js_digest(one->desired, to, sizeof(to))) ||
				(one->observed && !js_digest(one->observed, from, sizeof(from))))
				continue;
			const json_t *old = json_object_get(resource->record.writes, name);
			bool is_same = str_eq_null(js_str(old, "to"), to);
			int64_t count = is_same ? js_int(old, "count", 0) + 1 : 1;
			json_object_set_new(resource->record.writes, name,
				json_pack("{s:s, s:s, s:I, s:I}", "to", to, "from", from, "at",
					(json_int_t)wall_ms(r), "count", (json_int_t)count));
			resource->record.is_dirty = true;
		}
	}
}

static void use_approval(struct reconciler *r, struct resource *resource, const char *digest)
{
	if (!json_object_get(r->stack->approved, digest))
		return;
	json_object_del(r->stack->approved, digest);
	json_t *args = json_pack("{s:s, s:s, s:s, s:I}", "hold_id", resource->hold_id, "state",
		"used", "who", "holdfastd", "at_ms", (json_int_t)wall_ms(r));
	journal_put(r->stack->options.journal, STORE_HOLD_DECIDE, args);
	resource->hold_id[0] = '\0';
}

static void take_run(struct reconciler *r, struct resource *resource)
{
	struct run *run = TAKE(resource->run);
	struct record *record = &resource->record;
	struct err err = run->first_err;
	struct watch *watch = watch_of(r, resource->kind);
	r->runs--;
	watch->runs--;
	r->pass.calls += run->calls;
	resource->acted_ms = now_ms(r);
	str_copy(resource->last_action, sizeof(resource->last_action), run->action_id);
	if (run->is_created || run->is_unknown) {
		free(record->id);
		record->id = TAKE(run->id);
		record->created_ms = wall_ms(r);
		record->deleted_ms = 0;
		record->is_dirty = true;
		resource->presence = PRESENCE_ABSENT;
	}
	if (run->is_deleted) {
		record->deleted_ms = wall_ms(r);
		record->is_dirty = true;
		use_approval(r, resource, run->digest);
	}
	note_writes(r, resource, run);
	if (err_is(&err) && err.class != ERR_CANCELED) {
		bool not_yet = is_not_yet(run);
		failure_add(&resource->failure, &err, not_yet, run->digest, now_ms(r), jitter());
		r->pass.failed += !not_yet;
	} else {
		failure_clear(&resource->failure);
	}
	resource->must_decide = true;
	want_look(watch, watch->runs > 0 ? now_ms(r) + GATHER_MS : now_ms(r));
	stack_touch(r->stack, resource, true);
	stack_save(r->stack, resource);
	run_free(run);
}

static json_t *scope_of(struct reconciler *r, struct resource *resource)
{
	struct stack *stack = r->stack;
	const char *dot = strrchr(resource->address, '.');
	char token[HASH_UUID_BYTES];
	json_t *scope = json_pack("{s:s, s:s, s:s, s:s, s:s}", "stack", stack->name, "address",
		resource->address, "name", dot ? dot + 1 : resource->address, "region",
		stack->region, "account", stack->account);
	js_set_str(scope, "id", resource->record.id);
	js_set_str(scope, "tag_type", resource->kind->tag_type);
	if (hash_uuid(token))
		js_set_str(scope, "token", token);
	if (resource->presence == PRESENCE_PRESENT)
		json_object_set(scope, "observed", resource->seen.observed);
	if (resource->wanted) {
		_cleanup_json_ json_t *tags = stack_tags(stack, resource->wanted);
		json_t *list = json_array();
		const char *key;
		json_t *value;
		json_object_foreach (tags, key, value)
			json_array_append_new(
				list, json_pack("{s:s, s:O}", "Key", key, "Value", value));
		json_object_set_new(scope, "tags", list);
	}
	return scope;
}

static void start_run(struct reconciler *r, struct resource *resource)
{
	struct stack *stack = r->stack;
	struct decision *d = &resource->decision;
	json_t *scope = scope_of(r, resource);
	if (resource->wanted) {
		json_t *waiting = NULL;
		json_t *want = NULL;
		stack_resolve(stack, resource, &want, &waiting);
		json_object_set_new(scope, "desired", want);
		json_decref(waiting);
	}
	struct run_options options = {.loop = stack->options.loop,
		.aws = stack->options.aws,
		.store = stack->options.store,
		.journal = stack->options.journal,
		.stack = stack->name,
		.region = stack->region,
		.account = stack->account,
		.config_version = stack->desired->version};
	resource->run = run_new(&options, resource->kind, strdup(resource->address),
		strdup(d->message), d->digest, &d->plan, scope);
	r->runs++;
	watch_of(r, resource->kind)->runs++;
	stack->changes++;
	run_start(resource->run, &r->task);
}

static void start_runs(struct reconciler *r)
{
	struct stack *stack = r->stack;
	if (!stack->is_loaded || !stack->is_store_ready || stack->phase != STACK_RUNNING)
		return;
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (r->runs >= r->layer->concurrency)
			return;
		if (is_of(r, resource) && !resource->run && !resource->must_decide &&
			resource->decision.verdict == VERDICT_ACT &&
			resource->decision.plan.count > 0)
			start_run(r, resource);
	}
}

// ---- passes

static void end_pass(struct reconciler *r)
{
	struct stack *stack = r->stack;
	int resources = 0, drifted = 0, held = 0;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!is_of(r, resource))
			continue;
		resources++;
		drifted += resource->decision.managed > 0 || resource->decision.undeclared > 0 ||
			   resource->decision.sync == SYNC_MISSING;
		held += resource->decision.verdict == VERDICT_HOLD;
	}
	r->is_passing = false;
	r->pass.dur_ms = now_ms(r) - r->pass.started_ms;
	r->last_pass = r->pass;
	r->pass_count++;
	r->wants_all = r->pass_count % 60 == 0;
	int64_t interval = reconciler_interval_ms(r);
	r->next_pass_ms = r->pass.started_ms + interval - interval / 20 +
			  (int64_t)((double)interval / 10 * jitter());
	if (r->next_pass_ms < now_ms(r))
		r->next_pass_ms = now_ms(r) + interval / 10;
	bool is_quiet = drifted == 0 && r->pass.corrected == 0 && held == 0 && r->pass.failed == 0;
	json_t *args = json_pack("{s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:b}",
		"stack", stack->name, "layer", r->layer->name, "started_ms",
		(json_int_t)r->pass.started_wall_ms, "dur_ms", (json_int_t)r->pass.dur_ms, "calls",
		r->pass.calls, "resources", resources, "drifted", drifted, "corrected",
		r->pass.corrected, "held", held, "failed", r->pass.failed, "trigger",
		r->pass.trigger, "quiet", is_quiet);
	journal_put(stack->options.journal, STORE_PASS_ADD, args);
	stack->changes++;
	task_wake(&stack->task);
}

void reconciler_pass(struct reconciler *r, const char *trigger)
{
	r->is_passing = true;
	r->pass = (struct pass){.started_wall_ms = wall_ms(r), .started_ms = now_ms(r)};
	str_copy(r->pass.trigger, sizeof(r->pass.trigger), trigger);
	for (size_t i = 0; i < r->watch_count; i++) {
		struct watch *watch = &r->watches[i];
		watch->resources = 0;
		map_for_each (&r->stack->by_address, entry) {
			const struct resource *resource = entry->value;
			watch->resources += resource->kind == watch->kind;
		}
		if (watch->resources > 0 || r->wants_all)
			watch->due_ms = now_ms(r) > 0 ? now_ms(r) : 1;
	}
	task_wake(&r->task);
}

static bool wants_to_act(const struct reconciler *r)
{
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (is_of(r, resource) &&
			(resource->run || resource->must_decide ||
				(resource->decision.verdict == VERDICT_ACT && r->stack->is_loaded &&
					r->stack->is_store_ready)))
			return true;
	}
	return false;
}

static bool is_looking(const struct reconciler *r)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].is_running ||
			(r->watches[i].due_ms > 0 && r->watches[i].due_ms <= now_ms(r)))
			return true;
	return false;
}

bool reconciler_is_busy(const struct reconciler *r)
{
	return r->is_passing || r->runs > 0 || is_looking(r);
}

// ---- the step

static void take_finished(struct reconciler *r)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].is_running && op_is_finished(&r->watches[i].observation.op))
			take_look(r, &r->watches[i]);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (is_of(r, resource) && resource->run && op_is_finished(&resource->run->op))
			take_run(r, resource);
	}
}

// Resources whose time has come are decided again, and mostly looked at before.
static void wake_due(struct reconciler *r)
{
	int64_t now = now_ms(r);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (!is_of(r, resource) || resource->again_at_ms == 0 ||
			resource->again_at_ms > now)
			continue;
		resource->again_at_ms = 0;
		resource->must_decide = true;
		want_look(watch_of(r, resource->kind), now);
	}
}

static void set_timer(struct reconciler *r)
{
	int64_t next = r->is_passing ? INT64_MAX : r->next_pass_ms;
	for (size_t i = 0; i < r->watch_count; i++)
		if (!r->watches[i].is_running && r->watches[i].due_ms > 0 &&
			r->watches[i].due_ms < next)
			next = r->watches[i].due_ms;
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (is_of(r, resource) && !resource->run && resource->again_at_ms > 0 &&
			resource->again_at_ms < next)
			next = resource->again_at_ms;
	}
	if (next == INT64_MAX)
		timer_stop(&r->timer);
	else
		timer_start(&r->timer, &r->task, next - now_ms(r));
}

static void step(struct task *task)
{
	struct reconciler *r = CONTAINER_OF(task, struct reconciler, task);
	struct stack *stack = r->stack;
	take_finished(r);
	if (stack->phase == STACK_STOPPING) {
		timer_stop(&r->timer);
		task_wake(&stack->task);
		return;
	}
	if (stack->phase != STACK_RUNNING)
		return;
	if (!r->is_passing && r->next_pass_ms <= now_ms(r))
		reconciler_pass(r, "interval");
	wake_due(r);
	for (size_t i = 0; i < r->watch_count; i++) {
		struct watch *watch = &r->watches[i];
		if (!watch->is_running && watch->due_ms > 0 && watch->due_ms <= now_ms(r) &&
			watch->failure.next_ms <= now_ms(r))
			start_look(r, watch);
	}
	decide_touched(r);
	start_runs(r);
	if (r->is_passing && !is_looking(r) && !wants_to_act(r))
		end_pass(r);
	set_timer(r);
	if (stack->options.watcher)
		task_wake(stack->options.watcher);
}

void reconciler_init(struct reconciler *r, struct stack *stack, const struct layer *layer)
{
	*r = (struct reconciler){.layer = layer, .stack = stack, .wants_all = true};
	task_init(&r->task, stack->options.loop, step, layer->name);
	timer_init(&r->timer, stack->options.loop);
	for (const struct kind *const *k = all_kinds; *k; k++)
		r->watch_count += str_eq((*k)->layer, layer->name);
	r->watches = calloc(r->watch_count ? r->watch_count : 1, sizeof(*r->watches));
	size_t i = 0;
	for (const struct kind *const *k = all_kinds; *k && r->watches; k++) {
		if (!str_eq((*k)->layer, layer->name))
			continue;
		r->watches[i].kind = *k;
		observation_init(&r->watches[i].observation,
			&(struct observe_options){.loop = stack->options.loop,
				.aws = stack->options.aws,
				.kind = *k,
				.stack = stack->name,
				.region = stack->region,
				.account = stack->account});
		i++;
	}
}

void reconciler_done(struct reconciler *r)
{
	timer_stop(&r->timer);
	task_done(&r->task);
	for (size_t i = 0; i < r->watch_count; i++)
		observation_done(&r->watches[i].observation);
	free(r->watches);
	r->watches = NULL;
	r->watch_count = 0;
}
