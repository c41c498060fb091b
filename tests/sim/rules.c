#include "tests/sim/rules.h"
#include "core/orders.h"
#include "tests/sim/leases.h"

/* What was begun before an order came, or another file, may end: a plan's calls, one after the
 * other. */
enum { BEGUN_MS = 120000 };

// ---- a call that changes AWS arrives

// By the store's truth: whoever else leads may write at this instant.
static void expect_lease(struct rules *rules, const struct daemon *daemon, const json_t *action)
{
	struct sim *sim = rules->sim;
	const json_t *row = json_object_get(sim->storage.leases, js_str(action, "stack"));
	const char *holder = js_str(row, "holder");
	if (!sim->is_leased)
		return;
	if (!holder || !str_eq(holder, daemon->name) ||
		js_int(row, "token", 0) != js_int(action, "token", -1))
		cloud_blame(&sim->cloud, "%s writes for %s under token %lld, and %s leads by %lld",
			daemon->name, js_str(action, "address"),
			(long long)js_int(action, "token", -1), holder ? holder : "nobody",
			(long long)js_int(row, "token", 0));
}

static const struct policy *policy_for(const struct stack *stack, const char *address)
{
	const struct wanted *wanted = desired_find(stack->desired, address);
	if (wanted)
		return &wanted->policy;
	for (size_t i = 0; i < stack->desired->layer_count; i++) {
		size_t n = strlen(stack->desired->layers[i].layer->name);
		if (strncmp(address, stack->desired->layers[i].layer->name, n) == 0 &&
			address[n] == '.')
			return &stack->desired->layers[i].policy;
	}
	return &stack->desired->policy;
}

/* Did people ever let a change of it go? */
static bool is_approved(struct rules *rules, const char *address)
{
	return json_object_get(rules->approved, address);
}

static const struct kind *kind_of(const char *address)
{
	char name[64];
	const char *dot = strchr(address, '.');
	str_copy(name, sizeof(name), dot ? dot + 1 : "");
	name[strcspn(name, ".")] = '\0';
	return kind_find(name);
}

static bool deletes(const struct kind *kind, const json_t *action)
{
	const char *name = strchr(js_str(action, "operation"), ':');
	return kind && kind->remove.operation && name && str_eq(name + 1, kind->remove.operation);
}

// With another file it is counted anew, and what was released is over.
static void mind_reloads(struct rules *rules)
{
	if (rules->pruned_reloads != rules->sim->reloads) {
		json_object_clear(rules->pruned);
		rules->is_released = false;
	}
	rules->pruned_reloads = rules->sim->reloads;
}

// What left the file goes by itself only as long as it is not too much at once.
static void expect_braked(struct rules *rules, const struct policy *policy, const char *address)
{
	struct sim *sim = rules->sim;
	int most = policy->most_deletes < 0 ? 10 : policy->most_deletes;
	mind_reloads(rules);
	json_object_set_new(rules->pruned, address, json_true());
	if (!rules->is_released && (int)json_object_size(rules->pruned) > most)
		cloud_blame(&sim->cloud, "%s is the %zuth to be deleted, and %d may go at once",
			address, json_object_size(rules->pruned), most);
}

// By the store, which outlives who was told: a pause that was stored long before, and lasts.
static void expect_not_paused(struct rules *rules, const char *address)
{
	enum { CLOCKS_MS = 90000 }; // the store's own clock is set now and then
	struct sim *sim = rules->sim;
	int64_t now = leases_now_ms(&sim->storage);
	const char *id;
	json_t *order;
	json_object_foreach (sim->storage.orders, id, order) {
		const char *target = js_str(order, "target");
		int64_t stored = js_int(order, "stored_ms", 0);
		int64_t lasts = js_int(order, "until_ms", 0) - js_int(order, "at_ms", 0);
		size_t n = target ? strlen(target) : 0;
		if (str_eq_null(js_str(order, "sort"), "pause") && !js_str(order, "ended") && n &&
			strncmp(address, target, n) == 0 && address[n] == '.' &&
			now - stored > BEGUN_MS + CLOCKS_MS && stored + lasts - now > CLOCKS_MS)
			cloud_blame(&sim->cloud, "%s is changed, and by the store it is paused",
				address);
	}
}

// Would `plan` have shown it, and nobody have held it?
static void expect_planned(struct rules *rules, const struct daemon *daemon, const json_t *action)
{
	struct sim *sim = rules->sim;
	const struct stack *stack = daemon->stack;
	const char *address = js_str(action, "address");
	int64_t now = sim_now_ms(sim);
	const json_t *pause = orders_pause(stack->orders, address, loop_wall_ms(&daemon->loop));
	if (pause && loop_wall_ms(&daemon->loop) - js_int(pause, "at_ms", 0) > BEGUN_MS)
		cloud_blame(&sim->cloud, "%s is changed while it is paused", address);
	expect_not_paused(rules, address);
	if (now - daemon->reloaded_ms < BEGUN_MS)
		return;
	const struct policy *policy = policy_for(stack, address);
	bool is_wanted = desired_find(stack->desired, address);
	if (policy->mode == MODE_OBSERVE)
		cloud_blame(&sim->cloud, "%s is changed, and only to be observed", address);
	if (!is_wanted && policy->prune != PRUNE_DELETE && !is_approved(rules, address))
		cloud_blame(&sim->cloud, "%s is not in the file, held, and changed", address);
	if (!is_wanted && policy->prune == PRUNE_DELETE && !is_approved(rules, address) &&
		deletes(kind_of(address), action))
		expect_braked(rules, policy, address);
}

// Each word lets one deletion go.
static void expect_kept(struct rules *rules, const json_t *action)
{
	const char *address = js_str(action, "address");
	const struct kind *kind = kind_of(address);
	int64_t words = js_int(rules->approved, address, 0);
	if (!kind || !deletes(kind, action))
		return;
	if (words > 0)
		json_object_set_new(rules->approved, address, json_integer(words - 1));
	else if (kind->holds_data)
		cloud_blame(&rules->sim->cloud, "%s holds data, and is deleted without approval",
			address);
}

// What is not ours is neither changed nor named in a call that changes something.
static void expect_ours(struct rules *rules, const json_t *input)
{
	struct cloud *cloud = &rules->sim->cloud;
	for (size_t i = 0; i < cloud->count; i++)
		if (cloud->things[i].is_bystander &&
			cloudops_holds_text(input, cloud->things[i].id))
			cloud_blame(
				cloud, "a call names %s, which is not ours", cloud->things[i].id);
}

// The same call for the same thing, of which nothing was heard, or only by who led before.
static bool is_once_more(const json_t *action, const json_t *earlier)
{
	return str_eq(js_str(action, "address"), js_str(earlier, "address")) &&
	       str_eq(js_str(action, "operation"), js_str(earlier, "operation")) &&
	       json_equal(json_object_get(action, "input"), json_object_get(earlier, "input")) &&
	       (!str_eq_null(js_str(earlier, "outcome"), "done") ||
		       js_int(action, "token", 0) != js_int(earlier, "token", 0));
}

// Each create has a token of its own: AWS takes two with one token for the same call.
static void expect_own_token(
	struct rules *rules, const struct aws_call *call, const json_t *input, const json_t *action)
{
	const char *id, *token = js_str(action, "client_token");
	json_t *other;
	const struct service *service = model_service(call->service);
	const struct operation *op = service ? service_operation(service, call->operation) : NULL;
	const char *sent = op ? js_str(input, operation_token_member(op)) : NULL;
	const struct kind *kind = kind_of(js_str(action, "address"));
	bool is_create = kind && str_eq_null(kind->create.operation, call->operation);
	if (sent && is_create && !str_eq_null(token, sent))
		cloud_blame(&rules->sim->cloud, "%s is sent with a token that was not recorded",
			js_str(action, "address"));
	json_object_foreach (rules->sim->storage.actions, id, other)
		if (token && other != action && str_eq_null(js_str(other, "client_token"), token) &&
			!is_once_more(action, other))
			cloud_blame(&rules->sim->cloud, "%s has the token of an earlier call",
				js_str(action, "address"));
}

static void on_arrival(struct rules *rules, const struct daemon *daemon,
	const struct aws_call *call, const json_t *input)
{
	struct sim *sim = rules->sim;
	json_t *action = storage_intent(&sim->storage, call->operation, input);
	rules->write_count++;
	rules->arrived = action;
	if (!action) {
		cloud_blame(&sim->cloud, "%s was not intended", call->operation);
		return;
	}
	json_object_set_new(action, "sent", json_true());
	expect_lease(rules, daemon, action);
	expect_own_token(rules, call, input, action);
	expect_ours(rules, input);
	expect_planned(rules, daemon, action);
}

static void die_at(
	struct daemon *daemon, int64_t *countdown, const char *operation, enum call_place place)
{
	static const char *const places[] = {"before", "before the doing of", "after"};
	if (*countdown <= 0 || --*countdown > 0)
		return;
	trace_add(&daemon->sim->trace, daemon->name, "dies %s %s", places[place], operation);
	daemon_doom(daemon);
}

static void on_call(void *context, struct cloud_link *link, enum call_place place,
	const struct aws_call *call, const json_t *input, const struct err *err)
{
	struct rules *rules = context;
	struct daemon *daemon = link->context;
	if (!call->is_mutating)
		return;
	if (place == CALL_LEAVES && rules->is_paced)
		pace_note(&rules->pace, rules->sim, call->operation, input);
	if (place == CALL_ARRIVES)
		on_arrival(rules, daemon, call, input);
	json_t *action = place == CALL_DONE ? rules->arrived : NULL; // at the same instant
	if (action)
		json_object_set_new(action, "effect", json_boolean(!err_is(err)));
	if (action && !err_is(err))
		expect_kept(rules, action);
	die_at(daemon, &daemon->fate.dies_at_call, call->operation, place);
}

// ---- after every step

static void check(struct sim *sim)
{
	int writers = 0;
	for (int i = 0; i < sim->count; i++) {
		const struct daemon *daemon = &sim->daemons[i];
		writers += daemon_runs(daemon) && daemon->lease && lease_may_write(daemon->lease);
	}
	if (writers > 1)
		cloud_blame(&sim->cloud, "%d daemons may write", writers);
	if (sim->cloud.violations.len)
		trace_fail(&sim->trace, "%s", buf_str(&sim->cloud.violations));
}

void rules_init(struct rules *rules, struct sim *sim)
{
	*rules = (struct rules){.sim = sim, .approved = json_object(), .pruned = json_object()};
	pace_init(&rules->pace);
	sim->check = check;
	sim->cloud.on_call = on_call;
	sim->cloud.context = rules;
}

void rules_done(struct rules *rules)
{
	json_decref(rules->approved);
	json_decref(rules->pruned);
	pace_done(&rules->pace);
}

void rules_release(struct rules *rules, struct daemon *daemon)
{
	json_t *released = stack_release(daemon->stack, "", 0, "it is meant", "somebody");
	mind_reloads(rules);
	rules->is_released |= json_array_size(released) > 0;
	json_decref(released);
}

int rules_approve(struct rules *rules, struct daemon *daemon, const char *target)
{
	json_t *approved = stack_approve(daemon->stack, target, true, "somebody", NULL);
	size_t i;
	json_t *one;
	json_array_foreach (approved, i, one) {
		const char *address = js_str(one, "address");
		json_object_set_new(rules->approved, address,
			json_integer(js_int(rules->approved, address, 0) + 1));
	}
	int count = (int)json_array_size(approved);
	json_decref(approved);
	return count;
}

// ---- at the end

void rules_expect_good_actions(const struct rules *rules)
{
	const struct sim *sim = rules->sim;
	const char *id;
	json_t *row;
	json_object_foreach (sim->storage.actions, id, row) {
		const char *outcome = js_str(row, "outcome"), *what = js_str(row, "operation");
		const char *address = js_str(row, "address");
		if (!outcome)
			trace_fail(&sim->trace, "%s of %s is still open", what, address);
		if (str_eq(outcome, "failed") && js_bool(row, "effect", false))
			trace_fail(&sim->trace, "%s of %s is told as failed, and was done", what,
				address);
		if (str_eq(outcome, "done") && !js_bool(row, "sent", false))
			trace_fail(&sim->trace, "%s of %s is told as done, and was never sent",
				what, address);
	}
}

void rules_expect_good_books(struct rules *rules, const struct daemon *leader)
{
	struct sim *sim = rules->sim;
	const char *id;
	json_t *row;
	int remembered = 0;
	json_object_foreach (sim->storage.records, id, row) {
		const struct thing *thing = cloud_by_address(&sim->cloud, id);
		const char *aws_id = js_str(row, "aws_id");
		if (!thing != !aws_id || (thing && !str_eq(aws_id, thing->id)))
			trace_fail(&sim->trace, "%s is remembered as %s, and is %s", id,
				aws_id ? aws_id : "nothing", thing ? thing->id : "not there");
		remembered += aws_id != NULL;
	}
	if (remembered != cloud_count(&sim->cloud, ""))
		trace_fail(&sim->trace, "%d things are remembered", remembered);
	rules_expect_good_actions(rules);
	json_object_foreach (sim->storage.drifts, id, row)
		if (!js_str(row, "how") && !str_eq(js_str(row, "type"), "undeclared") &&
			policy_for(leader->stack, js_str(row, "address"))->mode != MODE_OBSERVE &&
			!daemon_is_quarantined(leader, js_str(row, "address")))
			trace_fail(&sim->trace, "the drift of %s %s is still open",
				js_str(row, "address"), js_str(row, "field"));
	json_object_foreach (sim->storage.holds, id, row)
		if (str_eq(js_str(row, "state"), "waiting"))
			trace_fail(
				&sim->trace, "the hold of %s still waits", js_str(row, "address"));
}

void rules_expect_one_of_each(struct rules *rules, const struct daemon *leader)
{
	struct sim *sim = rules->sim;
	const struct desired *desired = leader->stack->desired;
	int expected = 0;
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		bool is_there = cloud_by_address(&sim->cloud, wanted->address);
		expected += is_there;
		if (!is_there && wanted->policy.mode != MODE_OBSERVE)
			trace_fail(&sim->trace, "%s is not there", wanted->address);
	}
	int there = cloud_count(&sim->cloud, "");
	if (there != expected)
		trace_fail(&sim->trace, "%d things, and the file names %d", there, expected);
}
