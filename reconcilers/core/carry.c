// Plans on their way: starting what was decided, and taking what came of it.
#include "aws/partition.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/halt.h"
#include "core/peers.h"
#include "core/reconcile.h"
#include "core/relief.h"
#include "core/sources.h"

// Looks wait for neighbours of the same kind that are about to end.
enum { GATHER_MS = 250 };

static bool is_not_yet(const struct run *run)
{
	const struct err *err = &run->first_err;
	if (str_eq(err->code, "LeaseLost"))
		return true;
	for (const char *const *code = run->kind->not_yet; code && *code; code++)
		if (str_glob(*code, err->code))
			return true;
	return false;
}

// What may have been written, without an answer, is looked for as long as what was: it does not
// count as a write that AWS does not show.
static void note_write(
	struct reconciler *r, struct resource *resource, const char *name, bool is_sure)
{
	for (size_t j = 0; j < resource->decision.differences.count; j++) {
		const struct difference *one = &resource->decision.differences.items[j];
		if (!str_eq(one->path, name))
			continue;
		char to[17] = "-", from[17] = "-";
		if ((one->desired && !js_digest(one->desired, to, sizeof(to))) ||
			(one->observed && !js_digest(one->observed, from, sizeof(from))))
			continue;
		const json_t *old = json_object_get(resource->record.writes, name);
		bool is_same = str_eq_null(js_str(old, "to"), to) && !js_bool(old, "seen", false);
		int64_t count = (is_same ? js_int(old, "count", 0) : 0) + is_sure;
		json_object_set_new(resource->record.writes, name,
			json_pack("{s:s, s:s, s:I, s:I}", "to", to, "from", from, "at",
				(json_int_t)reconciler_wall_ms(r), "count", (json_int_t)count));
		resource->record.is_dirty = true;
	}
}

// What a shared step wrote for others is written for them too.
static void note_peers(struct reconciler *r, const struct run *run, const char *path, bool is_sure)
{
	size_t i;
	json_t *peer;
	json_array_foreach (json_object_get(run->resource, "peers"), i, peer) {
		struct resource *other = stack_find(r->stack, js_str(peer, "address"));
		if (!other || str_eq(other->address, run->address) ||
			!str_eq_null(js_str(peer, "path"), path))
			continue;
		note_write(r, other, path, is_sure);
		other->acted_ms = reconciler_now_ms(r);
		other->must_decide = true;
		stack_save(r->stack, other);
	}
}

static void note_writes(struct reconciler *r, struct resource *resource, const struct run *run,
	const json_t *paths, bool is_sure)
{
	size_t i;
	json_t *path;
	json_array_foreach ((json_t *)paths, i, path) {
		note_write(r, resource, json_string_value(path), is_sure);
		note_peers(r, run, json_string_value(path), is_sure);
	}
}

void carry_take(struct reconciler *r, struct resource *resource)
{
	struct run *run = TAKE(resource->run);
	struct record *record = &resource->record;
	struct err err = run->first_err;
	struct watch *watch = reconciler_watch(r, resource->kind);
	r->runs--;
	watch->runs--;
	r->pass.calls += run->calls;
	resource->acted_ms = reconciler_now_ms(r);
	str_copy(resource->last_action, sizeof(resource->last_action), run->action_id);
	if (run->is_created || run->is_unknown) {
		free(record->id);
		record->id = TAKE(run->id);
		record->created_ms = reconciler_wall_ms(r);
		record->born_ms = record->created_ms;
		record->was_shown = record->is_grown = false;
		json_decref(record->sent);
		record->sent = run->is_unknown ? TAKE(run->sent) : NULL;
		record->deleted_ms = 0;
		record->deletions = 0;
		record->unseen += run->is_created;
		record_keep(record, json_object_get(run->resource, "desired"));
		json_decref(record->baseline); // of whatever stood here before
		record->baseline = json_object();
		record->is_dirty = true;
		resource->presence = PRESENCE_ABSENT;
	}
	if (run->is_deleted && !json_object_get(r->stack->approved, run->digest))
		halt_note_destroyed(r->stack);
	if (run->is_deleted) {
		record->deleted_ms = reconciler_wall_ms(r);
		record->deletions++;
		record->created_ms = 0; // it was there, however young: what is not shown is gone
		record->is_dirty = true;
	}
	if (run->is_deleted || !err_is(&err))
		notes_use_approval(r, resource, run->digest);
	if (run->plan.restores && !err_is(&err)) {
		record->restored_ms = reconciler_wall_ms(r);
		record->deletions = 0;
		record->is_dirty = true;
	}
	resource->makes_room = run->plan.change == CHANGE_REPLACE_BESIDE && !err_is(&err);
	if (run->moved) {
		json_object_update(record->followed, run->moved);
		record->is_dirty = true;
	}
	note_writes(r, resource, run, run->written, true);
	note_writes(r, resource, run, run->unsure, false);
	if (err_is(&err) && err.class != ERR_CANCELED) {
		bool not_yet = is_not_yet(run);
		failure_add(&resource->failure, &err, not_yet, run->digest, reconciler_now_ms(r),
			reconciler_jitter());
		r->pass.failed += !not_yet;
		r->tally.failures[err.class] += !not_yet;
	} else {
		enum err_class was =
			resource->failure.count ? resource->failure.err.class : ERR_NONE;
		failure_clear(&resource->failure);
		if (!err_is(&err) && was != ERR_NONE)
			relief_give(r->stack, resource->kind, was);
	}
	if (str_eq(err.code, SOURCES_CHANGED)) // is read again for the next decision
		json_decref(TAKE(resource->marks));
	resource->must_decide = true;
	watch_want(
		watch, watch->runs > 0 ? reconciler_now_ms(r) + GATHER_MS : reconciler_now_ms(r));
	stack_touch(r->stack, resource, true);
	stack_save(r->stack, resource);
	if (run->settled)
		journal_put(r->stack->options.journal, STORE_ACTION_SETTLE, TAKE(run->settled));
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
	js_set_str(scope, "partition", partition_of_region(stack->region)->name);
	if (resource->presence == PRESENCE_PRESENT)
		js_set_str(scope, "arn", resource->seen.arn);
	if (hash_uuid(token))
		js_set_str(scope, "token", token);
	if (resource->presence == PRESENCE_PRESENT)
		json_object_set(scope, "observed", resource->seen.observed);
	if (resource->wanted) {
		_cleanup_json_ json_t *tags = stack_tags(stack, resource->wanted);
		resource_put_tags(resource, tags, scope);
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
		json_object_set_new(scope, "left", stack_left(stack, resource));
		json_object_set_new(scope, "sources",
			sources_of(resource->kind, resource->wanted->desired, resource->marks));
		json_decref(waiting);
	}
	json_t *peers = peers_of(stack, resource);
	if (peers)
		json_object_set_new(scope, "peers", peers);
	if (!resource->wanted) // as the file last had it
		json_object_set(scope, "desired", resource->record.kept);
	struct run_options options = {.loop = stack->options.loop,
		.aws = stack->options.aws,
		.store = stack->options.store,
		.journal = stack->options.journal,
		.stack = stack->name,
		.region = stack->region,
		.account = stack->account,
		.lease = stack->options.lease,
		.source_key = stack->has_source_key ? stack->source_key : NULL,
		.config_version = stack->desired->version};
	resource->run = run_new(&options, resource->kind, strdup(resource->address),
		strdup(d->message), d->digest, &d->plan, scope);
	r->runs++;
	reconciler_watch(r, resource->kind)->runs++;
	stack->changes++;
	run_start(resource->run, &r->task);
}

// Is it a correction that no person asked for? A first creation, or what the file changed, is none.
static bool corrects_drift(const struct stack *stack, const struct resource *resource)
{
	return resource->wanted && json_object_size(resource->record.drifts) > 0 &&
	       !json_object_get(stack->approved, resource->decision.digest);
}

static int behind(const struct resource *resource)
{
	return resource->wanted ? resource->wanted->behind : 0;
}

static int by_most_behind(const void *a, const void *b)
{
	const struct resource *x = *(struct resource *const *)a, *y = *(struct resource *const *)b;
	return behind(x) != behind(y) ? behind(y) - behind(x) : strcmp(x->address, y->address);
}

// What most has to wait for goes first: AWS's rates are what a first convergence takes its time
// by, and whoever is last of a chain is last of all.
void carry_start(struct reconciler *r)
{
	struct stack *stack = r->stack;
	if (!stack_may_act(stack) || r->runs >= r->layer->concurrency)
		return;
	bool waits = halt_waits(r);
	struct resource **ready = calloc(stack->by_address.count + 1, sizeof(struct resource *));
	size_t count = 0;
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (ready && reconciler_has(r, resource) && !resource->run &&
			!resource->must_decide && resource->decision.verdict == VERDICT_ACT &&
			resource->decision.plan.count > 0 &&
			!(waits && corrects_drift(stack, resource)))
			ready[count++] = resource;
	}
	if (count > 1)
		qsort(ready, count, sizeof(struct resource *), by_most_behind);
	for (size_t i = 0; i < count && r->runs < r->layer->concurrency; i++)
		if (!peers_carried(stack, ready[i]))
			start_run(r, ready[i]);
	free(ready);
}
