// The stack's own task: verify the account, load what is remembered, then let the layers run.
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/boot.h"
#include "core/reads.h"

enum { LOOK_WITHOUT_STORE_MS = 5000 };

struct resource *stack_find(const struct stack *stack, const char *address)
{
	return map_get(&stack->by_address, address);
}

struct reconciler *stack_reconciler(struct stack *stack, const char *layer)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		if (str_eq(stack->reconcilers[i].layer->name, layer))
			return &stack->reconcilers[i];
	return NULL;
}

const struct watch *stack_blind(const struct stack *stack, const struct kind *kind)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		for (size_t j = 0; j < stack->reconcilers[i].watch_count; j++) {
			const struct watch *watch = &stack->reconcilers[i].watches[j];
			if (watch->kind == kind)
				return watch->failure.count > 0 ? watch : NULL;
		}
	return NULL;
}

static void wake(struct stack *stack, const struct resource *because, struct resource *other)
{
	if (!other || other == because)
		return;
	other->must_decide = true;
	task_wake(&stack_reconciler(stack, other->kind->layer)->task);
}

static bool has_followers(const struct kind *kind)
{
	for (const struct kind *const *k = all_kinds; *k; k++)
		if (kind_comes_after(*k, kind))
			return true;
	return false;
}

void stack_touch(struct stack *stack, struct resource *resource, bool dependants_too)
{
	resource->must_decide = true;
	stack->changes++;
	task_wake(&stack_reconciler(stack, resource->kind->layer)->task);
	if (!dependants_too)
		return;
	// By the index of references: a first look touches everything, and may not walk over
	// everything for each.
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)desired_referrers(stack->desired, resource->address), i, one)
		wake(stack, resource, stack_find(stack, json_string_value(one)));
	json_array_foreach (resource->record.depends_on, i, one)
		wake(stack, resource, stack_find(stack, json_string_value(one)));
	if (!has_followers(resource->kind))
		return;
	map_for_each (&stack->by_address, entry) {
		struct resource *other = entry->value;
		if (other->wanted && kind_comes_after(other->kind, resource->kind))
			wake(stack, resource, other);
	}
}

// ---- resources

void stack_pass_all(struct stack *stack, const char *trigger)
{
	for (size_t i = 0; i < stack->reconciler_count; i++)
		reconciler_pass(&stack->reconcilers[i], trigger);
}

struct resource *stack_adopt(
	struct stack *stack, const char *address, const struct kind *kind, const char *stray_of)
{
	struct resource *resource = resource_new(address, kind);
	if (!resource || !map_set(&stack->by_address, address, resource, NULL)) {
		resource_free(resource);
		return NULL;
	}
	resource->record.left_ms = loop_wall_ms(stack->options.loop);
	resource->record.stray_of = stray_of ? strdup(stray_of) : NULL;
	if (stray_of)
		log_notice("somebody added it under a resource of ours",
			LOG_STR("resource", address), LOG_STR("under", stray_of));
	else
		log_notice("found in AWS with our tag, but not in the file",
			LOG_STR("resource", address));
	return resource;
}

static void resource_bury(void *what)
{
	resource_free(what);
}

void stack_end_hold(struct stack *stack, const char *address, const char *hold_id)
{
	if (*hold_id)
		journal_put(stack->options.journal, STORE_HOLD_DECIDE,
			json_pack("{s:s, s:s, s:s, s:s*, s:I}", "hold_id", hold_id, "state", "gone",
				"who", "holdfastd", "address", address, "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
}

static void record_end(struct stack *stack, const struct resource *resource)
{
	const char *path;
	json_t *drift;
	json_object_foreach (resource->record.drifts, path, drift)
		journal_put(stack->options.journal, STORE_DRIFT_CLOSE,
			json_pack("{s:O, s:s, s:s, s:s, s:I}", "drift_id", drift, "how",
				!resource->record.stray_of ? "superseded"
				: *resource->last_action   ? "corrected"
							   : "reverted",
				"address", resource->address, "field", path, "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
	stack_end_hold(stack, resource->address, resource->hold_id);
	journal_put(stack->options.journal, STORE_RECORD_DELETE,
		json_pack("{s:s, s:s, s:I}", "stack", stack->name, "address", resource->address,
			"token", (json_int_t)stack->token));
}

// Before the records are there nobody knows what is remembered of it.
void stack_note_departed(struct stack *stack, const struct kind *kind, const char *id)
{
	int64_t now = loop_now_ms(stack->options.loop);
	const char *key;
	void *next;
	json_t *at;
	json_object_foreach_safe (stack->departed, next, key, at)
		if (now - json_integer_value(at) >= DECIDE_CREATE_SETTLES_MS)
			json_object_del(stack->departed, key);
	_cleanup_free_ char *name = str_format("%s %s", kind->name, id);
	if (name)
		json_object_set_new(stack->departed, name, json_integer(now));
}

bool stack_has_departed(const struct stack *stack, const struct kind *kind, const char *id)
{
	_cleanup_free_ char *name = str_format("%s %s", kind->name, id);
	const json_t *at = name ? json_object_get(stack->departed, name) : NULL;
	return at &&
	       loop_now_ms(stack->options.loop) - json_integer_value(at) < DECIDE_CREATE_SETTLES_MS;
}

void stack_forget(struct stack *stack, struct resource *resource)
{
	if (resource->presence == PRESENCE_PRESENT && resource->seen.is_gone)
		stack_note_departed(stack, resource->kind, resource->seen.id);
	if (stack->is_loaded)
		record_end(stack, resource);
	log_notice("gone, and no longer remembered", LOG_STR("resource", resource->address));
	stack_touch(stack, resource, true);
	map_remove(&stack->by_address, resource->address);
	loop_bury(stack->options.loop, resource, resource_bury);
}

void stack_save(struct stack *stack, struct resource *resource)
{
	struct record *record = &resource->record;
	if (!record->is_dirty || !stack->is_loaded)
		return;
	record->is_dirty = false;
	// As it is now, though it may wait long to be told.
	_cleanup_json_ json_t *live = record_json(record);
	json_t *data = json_deep_copy(live);
	js_set_str(data, "region", stack->region);
	js_set_str(data, "account", stack->account);
	json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I}", "stack", stack->name,
		"address", resource->address, "kind", resource->kind->name, "layer",
		resource->kind->layer, "data", data, "now_ms",
		(json_int_t)loop_wall_ms(stack->options.loop), "token", (json_int_t)stack->token);
	js_set_str(args, "aws_id", record->id);
	journal_put(stack->options.journal, STORE_RECORD_PUT, args);
}

static bool reaches(const struct stack *stack, const char *from, const char *to, json_t *visited)
{
	const struct wanted *wanted = desired_find(stack->desired, from);
	size_t i;
	json_t *one;
	if (!wanted || json_object_get(visited, from))
		return false;
	json_object_set_new(visited, from, json_true());
	json_array_foreach (wanted->refers_to, i, one) {
		const char *next = json_string_value(one);
		if (next && (str_eq(next, to) || reaches(stack, next, to, visited)))
			return true;
	}
	return false;
}

// Its references, save those that lead back to it (two security groups may
// name each other), and its predecessors.
json_t *stack_order_of(const struct stack *stack, const struct wanted *wanted)
{
	json_t *out = json_copy(wanted->depends_on);
	size_t i;
	json_t *one;
	json_array_foreach (wanted->refers_to, i, one) {
		const char *address = json_string_value(one);
		_cleanup_json_ json_t *visited = json_object();
		if (!js_lists(out, address) && !str_eq(address, wanted->address) &&
			!reaches(stack, address, wanted->address, visited))
			json_array_append(out, one);
	}
	return out;
}

static void digest_wanted(const struct wanted *wanted, char ret_digest[17])
{
	_cleanup_json_ json_t *both = json_pack("[O, O*]", wanted->desired, wanted->tags);
	if (!js_digest(both, ret_digest, 17))
		ret_digest[0] = '\0';
}

// What was not read because no file asked for it is to be read before it is found missing.
static void match_fields(struct stack *stack, struct resource *resource)
{
	const struct wanted *wanted = resource->wanted;
	json_t *now = reads_fields(resource->kind, wanted ? wanted->desired : NULL);
	if (resource->fields && resource->presence == PRESENCE_PRESENT &&
		reads_more(resource->kind, resource->fields, now))
		resource->lacks_ms = loop_now_ms(stack->options.loop);
	json_decref(resource->fields);
	resource->fields = now;
}

// Joins the file in force with what there is.
void stack_match(struct stack *stack)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		resource->wanted = NULL;
		resource->must_decide = true;
		json_decref(TAKE(resource->marks)); // what they are of may have changed too
		if (failure_is_for_people(&resource->failure))
			failure_clear(&resource->failure); // a person may have mended it
	}
	for (size_t i = 0; i < stack->desired->count; i++) {
		const struct wanted *wanted = &stack->desired->wanted[i];
		struct resource *resource = stack_find(stack, wanted->address);
		if (!resource) {
			resource = resource_new(wanted->address, wanted->kind);
			if (!resource ||
				!map_set(&stack->by_address, wanted->address, resource, NULL))
				abort(); // out of memory; the supervisor starts us anew
		}
		resource->wanted = wanted;
		digest_wanted(wanted, resource->want_digest);
		json_t *order = stack_order_of(stack, wanted);
		if (!json_equal(order, resource->record.depends_on)) {
			json_decref(resource->record.depends_on);
			resource->record.depends_on = json_incref(order);
			resource->record.is_dirty = true;
		}
		json_decref(order);
	}
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		match_fields(stack, resource);
		if (!resource->wanted == (resource->record.left_ms != 0))
			continue;
		resource->record.left_ms = resource->wanted ? 0 : loop_wall_ms(stack->options.loop);
		resource->record.is_dirty = true;
	}
	// What was never there and is no longer wanted leaves without a trace; before the records
	// are read nobody knows what was there.
	struct resource **gone = calloc(stack->by_address.count + 1, sizeof(struct resource *));
	size_t count = 0;
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (gone && stack->is_loaded && !resource->wanted && !resource->run &&
			!resource->record.id && !resource->record.created_ms &&
			resource->presence != PRESENCE_PRESENT)
			gone[count++] = resource;
	}
	for (size_t i = 0; i < count; i++)
		stack_forget(stack, gone[i]);
	free(gone);
}

void stack_record_config(struct stack *stack)
{
	const struct place place = {.file = tree_file_count(stack->desired->tree)
						    ? tree_file(stack->desired->tree, 0)
						    : ""};
	journal_put(stack->options.journal, STORE_CONFIG_ADD,
		json_pack("{s:s, s:s, s:s, s:O, s:I}", "stack", stack->name, "version",
			stack->desired->version, "file", place.file, "document",
			stack->desired->document, "at_ms",
			(json_int_t)loop_wall_ms(stack->options.loop)));
}

void stack_reload(struct stack *stack, struct desired *desired)
{
	bool is_same = str_eq(desired->version, stack->desired->version);
	struct desired *old = stack->desired;
	stack->desired = desired;
	stack_match(stack);
	desired_free(old);
	stack->loaded_wall_ms = loop_wall_ms(stack->options.loop);
	stack->is_settled = false;
	stack->started_ms = stack->unsettled_ms = loop_now_ms(stack->options.loop);
	stack->changes++;
	if (!is_same)
		stack_record_config(stack);
	if (stack->phase == STACK_RUNNING)
		stack_pass_all(stack, "reload");
}

int stack_sync(struct stack *stack, const char *target, const char *trigger, bool is_thorough)
{
	int started = 0;
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		struct reconciler *r = &stack->reconcilers[i];
		size_t n = strlen(r->layer->name);
		bool is_named = !*target || str_eq(target, r->layer->name) ||
				(strncmp(target, r->layer->name, n) == 0 && target[n] == '.' &&
					stack_find(stack, target));
		if (!is_named)
			continue;
		started++;
		map_for_each (&stack->by_address, entry) {
			struct resource *resource = entry->value;
			if (!str_eq(resource->kind->layer, r->layer->name))
				continue;
			// A person asks: waits are over.
			resource->failure.next_ms = 0;
			if (resource->decision.verdict != VERDICT_DONE)
				resource->must_decide = true;
		}
		for (size_t j = 0; j < r->watch_count; j++)
			r->watches[j].failure.next_ms = 0;
		r->wants_thorough |= is_thorough;
		if (stack->phase == STACK_RUNNING)
			reconciler_pass(r, trigger);
	}
	return started;
}

// ---- phases

void stack_set_phase(struct stack *stack, enum stack_phase phase)
{
	static const char *const names[] = {
		"verifying", "loading", "running", "stopping", "stopped"};
	log_info("stack", LOG_STR("stack", stack->name), LOG_STR("phase", names[phase]));
	stack->phase = phase;
	stack->changes++;
	if (stack->options.watcher)
		task_wake(stack->options.watcher);
}

// Looking needs neither store nor lease; changing does: after a while without, AWS is at least
// watched. When another daemon is known to lead there is nothing to wait for.
static void look_only(struct stack *stack)
{
	bool is_standby = stack_is_standby(stack);
	int64_t left = stack->started_ms + LOOK_WITHOUT_STORE_MS - loop_now_ms(stack->options.loop);
	if (left > 0 && !is_standby) {
		if (!timer_is_running(&stack->timer))
			timer_start(&stack->timer, &stack->task, left);
		return;
	}
	timer_stop(&stack->timer);
	if (is_standby)
		log_notice("on standby: AWS is observed", LOG_STR("stack", stack->name));
	else
		log_warning("the store is away: AWS is observed, nothing is changed",
			LOG_STR("stack", stack->name));
	stack_set_phase(stack, STACK_RUNNING);
	stack_pass_all(stack, "start");
}

static void check_settled(struct stack *stack)
{
	bool is_standby = stack_is_standby(stack);
	bool is_settled = stack->is_loaded || is_standby;
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		const struct reconciler *r = &stack->reconcilers[i];
		is_settled =
			is_settled && !reconciler_is_busy(r) && r->last_pass.started_wall_ms > 0;
	}
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		enum verdict verdict = resource->decision.verdict;
		bool is_moving = verdict == VERDICT_AGAIN || verdict == VERDICT_ACT ||
				 verdict == VERDICT_WAIT;
		is_settled = is_settled && (is_standby || !is_moving);
	}
	if (is_settled && !stack->is_settled)
		stack->settled_ms = loop_now_ms(stack->options.loop);
	else if (!is_settled && stack->is_settled)
		stack->unsettled_ms = loop_now_ms(stack->options.loop);
	stack->is_settled = is_settled;
}

static void stop(struct stack *stack)
{
	bool is_busy = op_is_running(&stack->identity.op) || !publisher_is_idle(&stack->publisher);
	for (size_t i = 0; i < ARRAY_COUNT(stack->loads); i++)
		is_busy = is_busy || op_is_running(&stack->loads[i].op);
	is_busy = is_busy || reread_is_running(&stack->reread);
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		struct reconciler *r = &stack->reconcilers[i];
		is_busy = is_busy || r->runs > 0;
		for (size_t j = 0; j < r->watch_count; j++)
			is_busy = is_busy || r->watches[j].is_running;
	}
	if (!is_busy)
		stack_set_phase(stack, STACK_STOPPED);
}

static void step(struct task *task)
{
	struct stack *stack = CONTAINER_OF(task, struct stack, task);
	stack_mind_clock(stack);
	switch (stack->phase) {
	case STACK_VERIFYING:
		boot_verify(stack);
		break;
	case STACK_LOADING:
		boot_load(stack);
		if (stack->is_loaded)
			stack_set_phase(stack, STACK_RUNNING);
		else if (!lead_may_load(stack) || stack->failure.count > 0)
			look_only(stack);
		break;
	case STACK_RUNNING:
		if (!stack->is_loaded)
			boot_load(stack);
		reread_step(stack);
		check_settled(stack);
		break;
	case STACK_STOPPING:
		stop(stack);
		break;
	case STACK_STOPPED:
		break;
	}
}

void stack_store_changed(struct stack *stack, bool is_ready)
{
	if (stack->is_store_ready == is_ready)
		return;
	stack->is_store_ready = is_ready;
	stack->changes++;
	if (is_ready) {
		journal_wake(stack->options.journal);
		if (stack->phase != STACK_VERIFYING) // which waits for AWS, not for the store
			timer_stop(&stack->timer);
	}
	task_wake(&stack->task);
	for (size_t i = 0; i < stack->reconciler_count; i++)
		task_wake(&stack->reconcilers[i].task);
}

struct stack *stack_new(const struct stack_options *options, struct desired *desired)
{
	struct stack *stack = calloc(1, sizeof(*stack));
	if (!stack)
		abort();
	stack->options = *options;
	stack->name = strdup(desired->stack);
	stack->region = strdup(options->region ? options->region : desired->region);
	stack->desired = desired;
	stack->approved = json_object();
	stack->orders = json_array();
	stack->departed = json_object();
	stack->destroyed = json_array();
	stack->loaded_wall_ms = loop_wall_ms(options->loop);
	stack->started_ms = stack->unsettled_ms = loop_now_ms(options->loop);
	stack_mind_clock(stack);
	map_init(&stack->by_address);
	task_init(&stack->task, options->loop, step, "stack");
	timer_init(&stack->timer, options->loop);
	reread_init(&stack->reread, options->loop);
	publisher_init(&stack->publisher, options->loop, options->aws, options->metrics_namespace,
		stack->name);
	tagread_init(&stack->tagread, options->loop, options->aws, stack->name);
	for (const struct layer *const *layer = all_layers;
		*layer && stack->reconciler_count < STACK_MOST_LAYERS; layer++)
		reconciler_init(&stack->reconcilers[stack->reconciler_count++], stack, *layer);
	stack_match(stack);
	if (options->wait_ms > 0) {
		stack->failure.err = err_new(ERR_TRANSIENT, "%s", options->wait_why);
		stack->failure.count = 1;
		timer_start(&stack->timer, &stack->task, options->wait_ms);
	}
	task_wake(&stack->task);
	return stack;
}

void stack_stop(struct stack *stack)
{
	if (stack->phase >= STACK_STOPPING)
		return;
	stack_set_phase(stack, STACK_STOPPING);
	timer_stop(&stack->timer);
	op_cancel(&stack->identity.op);
	publisher_stop(&stack->publisher);
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->run)
			run_stop(resource->run);
	}
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		struct reconciler *r = &stack->reconcilers[i];
		for (size_t j = 0; j < r->watch_count; j++)
			if (r->watches[j].is_running)
				op_cancel(&r->watches[j].observation.op);
		task_wake(&r->task);
	}
	task_wake(&stack->task);
}

void stack_give_up(struct stack *stack)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		if (resource->run)
			run_give_up(resource->run);
	}
}

void stack_free(struct stack *stack)
{
	if (!stack)
		return;
	timer_stop(&stack->timer);
	task_done(&stack->task);
	for (size_t i = 0; i < stack->reconciler_count; i++)
		reconciler_done(&stack->reconcilers[i]);
	tagread_done(&stack->tagread);
	explicit_bzero(stack->source_key, sizeof(stack->source_key));
	aws_call_done(&stack->identity);
	publisher_done(&stack->publisher);
	reread_done(&stack->reread);
	for (size_t i = 0; i < ARRAY_COUNT(stack->loads); i++)
		store_call_done(&stack->loads[i]);
	map_for_each (&stack->by_address, entry)
		resource_free(entry->value);
	map_done(&stack->by_address);
	json_decref(stack->approved);
	json_decref(stack->orders);
	json_decref(stack->departed);
	json_decref(stack->destroyed);
	desired_free(stack->desired);
	free(stack->name);
	free(stack->region);
	free(stack);
}
