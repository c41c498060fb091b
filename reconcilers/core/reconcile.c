// A layer's reconciler. Its step takes what has come in (looks, finished plans), decides about what
// that touched, starts plans and looks that are due, and sets one timer for the earliest next
// thing.
#include "core/reconcile.h"
#include "aws/partition.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/ahead.h"
#include "core/followed.h"
#include "core/halt.h"
#include "core/moving.h"
#include "core/predecessor.h"
#include "core/stray.h"
#include "core/view.h"

enum {
	BORN_MS = 60000,
	PASSES_A_ROUND = 60, // in each there is one over all kinds
	PASSES_A_THOROUGH = 10
};

double reconciler_jitter(void)
{
	uint32_t bits = 0;
	if (!hash_random(&bits, sizeof(bits)))
		return 0.5;
	return (double)bits / (double)UINT32_MAX;
}

int64_t reconciler_now_ms(const struct reconciler *r)
{
	return loop_now_ms(r->stack->options.loop);
}

int64_t reconciler_wall_ms(const struct reconciler *r)
{
	return loop_wall_ms(r->stack->options.loop);
}

bool reconciler_has(const struct reconciler *r, const struct resource *resource)
{
	return str_eq(resource->kind->layer, r->layer->name);
}

struct watch *reconciler_watch(struct reconciler *r, const struct kind *kind)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].kind == kind)
			return &r->watches[i];
	abort(); // every kind of a layer has its watch; reconciler_init() made them
}

void watch_want(struct watch *watch, int64_t at_ms)
{
	if (watch->due_ms == 0 || at_ms < watch->due_ms)
		watch->due_ms = at_ms;
}

// When its next look may begin: when it is due, and not before a failed one may be repeated.
static int64_t starts_ms(const struct watch *watch)
{
	if (watch->due_ms == 0)
		return INT64_MAX;
	return watch->due_ms > watch->failure.next_ms ? watch->due_ms : watch->failure.next_ms;
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

// ---- deciding

// Of what moves they are the tags of a revision, and another one with every deployment.
static void keep_tags_of_others(struct resource *resource)
{
	struct record *record = &resource->record;
	const json_t *kept = json_object_get(record->baseline, DIFF_TAGS);
	json_t *keeps = NULL;
	if (resource->kind->tagging && !moving_has(resource->kind) &&
		resource->wanted->policy.foreign != FOREIGN_LEAVE)
		keeps = diff_tags_of_others(
			kept ? kept : resource->seen.tags, resource->wanted->tags, record->tags);
	if (keeps ? json_equal(keeps, (json_t *)kept) : !kept) {
		json_decref(keeps);
		return;
	}
	record->is_dirty = true;
	if (keeps)
		json_object_set_new(record->baseline, DIFF_TAGS, keeps);
	else
		json_object_del(record->baseline, DIFF_TAGS);
}

static void keep_baseline(struct resource *resource, int64_t now_wall_ms)
{
	struct record *record = &resource->record;
	if (!resource->wanted || resource->seen.is_pending || resource->seen.is_failed)
		return;
	keep_tags_of_others(resource);
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		if (!member || json_object_get(resource->seen.unread, member))
			continue;
		bool is_declared = json_object_get(resource->wanted->desired, member);
		const json_t *kept = json_object_get(record->baseline, member);
		// What AWS fills in late after a creation is its default, not somebody's change.
		bool is_late = json_is_null(kept) && !record->is_grown &&
			       now_wall_ms - record->born_ms < BORN_MS;
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

// What only the file knows, for the day on which it is no longer in the file.
static void keep_settings(struct resource *resource)
{
	if (!resource->wanted)
		return;
	json_t *kept = json_object();
	for (const struct field *f = resource->kind->fields; f->name; f++) {
		const char *member = field_member(resource->kind, NULL, f);
		json_t *value = member ? json_object_get(resource->wanted->desired, member) : NULL;
		bool is_setting = (f->flags & FIELD_WRITE_ONLY) && !(f->flags & FIELD_SECRET) &&
				  f->type == FIELD_MODEL;
		if (value && (is_setting || f->type == FIELD_FLAG) && !json_is_object(value))
			json_object_set(kept, member, value);
	}
	resource->record.is_dirty |= !json_equal(kept, resource->record.kept);
	json_decref(resource->record.kept);
	resource->record.kept = kept;
}

// What it refers to was looked at before it was, and that matters. A look that is under way may do.
static void look_at_older(struct stack *stack, const struct resource *resource)
{
	size_t i;
	json_t *one;
	json_array_foreach (resource->wanted ? resource->wanted->refers_to : NULL, i, one) {
		struct resource *target = stack_find(stack, json_string_value(one));
		bool is_moving = target && moving_is_older(target, resource);
		bool is_awaited = target && resource->decision.awaits_look &&
				  stack_is_ahead(stack, resource, target);
		if (!is_moving && !is_awaited)
			continue;
		struct reconciler *r = stack_reconciler(stack, target->kind->layer);
		struct watch *watch = reconciler_watch(r, target->kind);
		target->is_looked_for = true;
		if (is_moving || !watch->is_running ||
			!ahead_is_served(
				resource, watch->observation.started_ms, r->pass.started_ms))
			watch_want(watch, reconciler_now_ms(r));
		task_wake(&r->task);
	}
}

static void note_references(struct stack *stack, struct resource *resource)
{
	_cleanup_json_ json_t *want = NULL, *waiting = NULL;
	stack_resolve(stack, resource, &want, &waiting);
	if (json_object_size(waiting) == 0)
		followed_note(resource, want);
}

static void decide_one(struct reconciler *r, struct resource *resource)
{
	struct stack *stack = r->stack;
	struct decision decision;
	_cleanup_json_ json_t *baseline =
		resource->upset_ms ? json_copy(resource->record.baseline) : NULL;
	resource->must_decide = false;
	if (resource->presence == PRESENCE_PRESENT) {
		keep_baseline(resource, reconciler_wall_ms(r));
		keep_settings(resource);
		if (resource->wanted && resource->kind->tagging &&
			record_note_tags(
				&resource->record, resource->wanted->tags, resource->seen.tags))
			resource->record.is_dirty = true;
	}
	stack_note_claims(stack, resource);
	stack_decide(stack, resource, &decision);
	if (record_unlearn(&resource->record, baseline, decision.managed > 0)) {
		decision_done(&decision);
		stack_decide(stack, resource, &decision); // now it tells of both
	}
	bool is_news = decision.sync != resource->decision.sync ||
		       decision.health != resource->decision.health ||
		       !str_eq(decision.reason, resource->decision.reason);
	bool is_settled = decision.verdict != resource->decision.verdict &&
			  (decision.verdict == VERDICT_DONE || decision.verdict == VERDICT_HOLD);
	// Once: what is under way did not ask for it, and the next look will.
	if (decision.wants_look && !resource->decision.wants_look)
		watch_want(reconciler_watch(r, resource->kind), reconciler_now_ms(r));
	decision_done(&resource->decision);
	resource->decision = decision;
	resource->decided++;
	// What comes after it may have been decided before it was, and waits for just this.
	if (is_settled || moving_has(resource->kind)) {
		stack_touch(stack, resource, true);
		resource->must_decide = false;
	}
	if (is_news) {
		resource->since_wall_ms = reconciler_wall_ms(r);
		log_debug("decided", LOG_STR("resource", resource->address),
			LOG_STR("sync", sync_name(decision.sync)),
			LOG_STR("health", health_name(decision.health)),
			LOG_STR("reason", decision.reason));
	}
	stack->changes++;
	notes_observation(r, resource);
	notes_drift(r, resource);
	// What was not looked at, settles or waits has not been compared: nothing is over.
	if (decision.verdict != VERDICT_AGAIN && decision.verdict != VERDICT_WAIT)
		notes_close(r, resource);
	notes_hold(r, resource);
	if (decision.sync == SYNC_SYNCED && resource->wanted &&
		!str_eq(resource->record.synced, resource->want_digest)) {
		str_copy(resource->record.synced, sizeof(resource->record.synced),
			resource->want_digest);
		resource->record.is_dirty = true;
	}
	if (decision.sync == SYNC_SYNCED && resource->wanted) {
		moving_note(resource);
		record_forget_deletions(&resource->record);
		if (is_news)
			note_references(stack, resource);
	}
	look_at_older(stack, resource);
	resource->again_at_ms = 0;
	if (decision.verdict == VERDICT_AGAIN) {
		resource->again_at_ms = reconciler_now_ms(r) + decision.again_ms;
	} else if (decision.wake_ms > 0) {
		resource->again_at_ms = reconciler_now_ms(r) + decision.wake_ms;
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
	// What stands for a while is told at once: a plan of thousands is then asked for in no
	// time.
	if (decision.verdict == VERDICT_HOLD || decision.verdict == VERDICT_DONE)
		view_tell(stack, resource);
}

static void make_room(struct reconciler *r, struct resource *resource)
{
	char old[PREDECESSOR_ADDRESS_BYTES];
	resource->makes_room = false;
	if (resource->record.id && predecessor_address(resource->address, resource->record.id, old))
		predecessor_part(r->stack, resource, old);
}

static void decide_touched(struct reconciler *r)
{
	// Deciding may forget a resource, so the walk is over a snapshot.
	struct map *all = &r->stack->by_address;
	struct resource **touched = calloc(all->count + 1, sizeof(struct resource *));
	size_t count = 0;
	map_for_each (all, entry) {
		struct resource *resource = entry->value;
		if (touched && reconciler_has(r, resource) && resource->must_decide &&
			!resource->run)
			touched[count++] = resource;
	}
	// What others follow comes before them.
	for (int follows = 0; follows <= 1; follows++)
		for (size_t i = 0; i < count; i++) {
			if (moving_has(touched[i]->kind) == follows)
				continue;
			if (touched[i]->makes_room)
				make_room(r, touched[i]);
			decide_one(r, touched[i]);
		}
	free(touched);
}

// ---- passes

static void end_pass(struct reconciler *r)
{
	struct stack *stack = r->stack;
	int resources = 0, drifted = 0, held = 0;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (!reconciler_has(r, resource))
			continue;
		resources++;
		drifted += resource->decision.managed > 0 || resource->decision.undeclared > 0 ||
			   resource->decision.sync == SYNC_MISSING;
		held += resource->decision.verdict == VERDICT_HOLD;
	}
	r->is_passing = false;
	r->pass.dur_ms = reconciler_now_ms(r) - r->pass.started_ms;
	r->last_pass = r->pass;
	r->pass_count++;
	r->wants_all = r->pass_count % PASSES_A_ROUND == 0;
	int64_t interval = reconciler_interval_ms(r);
	r->next_pass_ms = r->pass.started_ms + interval - interval / 20 +
			  (int64_t)((double)interval / 10 * reconciler_jitter());
	if (r->next_pass_ms < reconciler_now_ms(r))
		r->next_pass_ms = reconciler_now_ms(r) + interval / 10;
	histogram_add(&r->tally.passes, r->pass.dur_ms);
	bool is_quiet = drifted == 0 && r->pass.corrected == 0 && held == 0 && r->pass.failed == 0;
	json_t *args = json_pack("{s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:b}",
		"stack", stack->name, "layer", r->layer->name, "started_ms",
		(json_int_t)r->pass.started_wall_ms, "dur_ms", (json_int_t)r->pass.dur_ms, "calls",
		r->pass.calls, "resources", resources, "drifted", drifted, "corrected",
		r->pass.corrected, "held", held, "failed", r->pass.failed, "trigger",
		r->pass.trigger, "quiet", is_quiet);
	journal_put(stack->options.journal, STORE_PASS_ADD, args);
	if (!stack_is_standby(stack))
		publisher_note(&stack->publisher, r->layer->name,
			&(struct publish_pass){.drifted = drifted,
				.held = held,
				.corrected = r->pass.corrected,
				.failed = r->pass.failed,
				.calls = r->pass.calls,
				.dur_ms = r->pass.dur_ms});
	stack->changes++;
	task_wake(&stack->task);
}

static void watch_for_pass(struct watch *watch, int64_t now_ms)
{
	watch->due_ms = now_ms > 0 ? now_ms : 1;
	watch->is_for_pass = true;
}

void reconciler_pass(struct reconciler *r, const char *trigger)
{
	stack_expire_orders(r->stack);
	r->is_passing = true;
	r->pass = (struct pass){
		.started_wall_ms = reconciler_wall_ms(r), .started_ms = reconciler_now_ms(r)};
	str_copy(r->pass.trigger, sizeof(r->pass.trigger), trigger);
	// Not the first: the parents have to be known.
	bool is_thorough =
		r->pass_count > 0 && (r->wants_thorough || r->pass_count % PASSES_A_THOROUGH == 1);
	r->wants_thorough = r->wants_thorough && r->pass_count == 0;
	for (size_t i = 0; i < r->watch_count; i++) {
		struct watch *watch = &r->watches[i];
		watch->resources = 0;
		map_for_each (&r->stack->by_address, entry) {
			const struct resource *resource = entry->value;
			watch->resources += resource->kind == watch->kind ||
					    stray_wants_look(watch->kind, resource);
		}
		watch->is_thorough = is_thorough && look_has_rare(watch->kind);
		bool is_due = watch->resources > 0 || r->wants_all || watch->is_thorough;
		if (is_due)
			watch_for_pass(watch, reconciler_now_ms(r));
		watch->is_awaited = is_due && starts_ms(watch) <= reconciler_now_ms(r);
	}
	task_wake(&r->task);
}

static bool wants_to_act(const struct reconciler *r)
{
	bool may_act = stack_may_act(r->stack);
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (reconciler_has(r, resource) &&
			(resource->run || resource->must_decide ||
				(resource->decision.verdict == VERDICT_ACT && may_act)))
			return true;
	}
	return false;
}

static bool is_looking(const struct reconciler *r)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].is_running || starts_ms(&r->watches[i]) <= reconciler_now_ms(r))
			return true;
	return false;
}

bool reconciler_is_busy(const struct reconciler *r)
{
	return r->is_passing || r->runs > 0 || is_looking(r);
}

// Layers that are nearly due go along: what tells of all of them is then read once.
static void pass_with_others(struct reconciler *r)
{
	int64_t now = reconciler_now_ms(r), own = reconciler_interval_ms(r);
	for (size_t i = 0; i < r->stack->reconciler_count; i++) {
		struct reconciler *other = &r->stack->reconcilers[i];
		int64_t interval = reconciler_interval_ms(other);
		int64_t early = interval <= own ? interval / 2 : interval / 10;
		if (other == r || (!other->is_passing && other->next_pass_ms <= now + early))
			reconciler_pass(other, "interval");
	}
}

// ---- the step

static void take_finished(struct reconciler *r)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].is_running && op_is_finished(&r->watches[i].observation.op))
			look_take(r, &r->watches[i]);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (reconciler_has(r, resource) && resource->run &&
			op_is_finished(&resource->run->op))
			carry_take(r, resource);
	}
}

// A look that is under way, and began after our last write, is as good as another one after it.
static void want_fresh_look(struct reconciler *r, const struct resource *resource)
{
	struct watch *watch = reconciler_watch(r, resource->kind);
	if (!watch->is_running || watch->observation.started_ms < resource->acted_ms)
		watch_want(watch, reconciler_now_ms(r));
}

// Resources whose time has come are decided again, and mostly looked at before.
static void wake_due(struct reconciler *r)
{
	int64_t now = reconciler_now_ms(r);
	map_for_each (&r->stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (!reconciler_has(r, resource) || resource->again_at_ms == 0 ||
			resource->again_at_ms > now)
			continue;
		resource->again_at_ms = 0;
		resource->must_decide = true;
		want_fresh_look(r, resource);
	}
}

static void set_timer(struct reconciler *r)
{
	int64_t next = r->is_passing ? INT64_MAX : r->next_pass_ms;
	for (size_t i = 0; i < r->watch_count; i++)
		if (!r->watches[i].is_running && starts_ms(&r->watches[i]) < next)
			next = starts_ms(&r->watches[i]);
	map_for_each (&r->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (reconciler_has(r, resource) && !resource->run && resource->again_at_ms > 0 &&
			resource->again_at_ms < next)
			next = resource->again_at_ms;
	}
	if (next == INT64_MAX)
		timer_stop(&r->timer);
	else
		timer_start(&r->timer, &r->task, next - reconciler_now_ms(r));
}

static void step(struct task *task)
{
	struct reconciler *r = CONTAINER_OF(task, struct reconciler, task);
	struct stack *stack = r->stack;
	stack_mind_clock(stack);
	take_finished(r);
	if (stack->phase == STACK_STOPPING) {
		timer_stop(&r->timer);
		task_wake(&stack->task);
		return;
	}
	if (stack->phase != STACK_RUNNING)
		return;
	if (!r->is_passing && r->next_pass_ms <= reconciler_now_ms(r))
		pass_with_others(r);
	wake_due(r);
	for (size_t i = 0; i < r->watch_count; i++) {
		struct watch *watch = &r->watches[i];
		if (!watch->is_running && starts_ms(watch) <= reconciler_now_ms(r))
			look_start(r, watch);
	}
	decide_touched(r);
	if (halt_check(r))
		decide_touched(r);
	carry_start(r);
	if (r->is_passing && !is_looking(r) && !wants_to_act(r))
		end_pass(r);
	set_timer(r);
	if (stack->options.watcher)
		task_wake(stack->options.watcher);
}

void look_prepare(struct observation *observation, struct stack *stack, const struct kind *kind)
{
	observation_init(
		observation, &(struct observe_options){.loop = stack->options.loop,
				     .aws = stack->options.aws,
				     .tagread = &stack->tagread,
				     .kind = kind,
				     .stack = stack->name,
				     .region = stack->region,
				     .account = stack->account,
				     .partition = partition_of_region(stack->region)->name});
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
		look_prepare(&r->watches[i].observation, stack, *k);
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
