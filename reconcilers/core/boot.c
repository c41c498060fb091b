// The start of a stack: whose account is it, and what is remembered of it?
#include "core/boot.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/brakes.h"
#include "core/halt.h"
#include "core/orders.h"
#include "core/sent.h"

static void fail(struct stack *stack, struct err err)
{
	failure_add(&stack->failure, &err, false, "", loop_now_ms(stack->options.loop), 0.5);
	if (stack->failure.count == 1 || stack->failure.count % 10 == 0)
		log_error("cannot start", LOG_STR("stack", stack->name), LOG_ERR(&err));
	stack->changes++;
	timer_start(&stack->timer, &stack->task,
		stack->failure.next_ms - loop_now_ms(stack->options.loop));
}

void boot_verify(struct stack *stack)
{
	if (op_is_running(&stack->identity.op) || timer_is_running(&stack->timer))
		return;
	if (!op_is_finished(&stack->identity.op)) {
		aws_call_init(&stack->identity, "sts", "GetCallerIdentity", NULL);
		aws_start(stack->options.aws, &stack->identity, &stack->task);
		return;
	}
	struct err err = stack->identity.op.err;
	const char *account = err_is(&err) ? NULL : js_str(stack->identity.output, "Account");
	const char *want = stack->desired->account;
	if (!err_is(&err) && !account)
		err = err_code(
			ERR_TRANSIENT, "BadAnswer", "sts:GetCallerIdentity named no account");
	else if (!err_is(&err) && want && !str_eq(want, account))
		err = err_code(ERR_DENIED, "WrongAccount",
			"the credentials are of account %s, the file says %s: nothing is read or "
			"changed until one of them is put right",
			account, want);
	if (!err_is(&err))
		str_copy(stack->account, sizeof(stack->account), account);
	aws_call_done(&stack->identity);
	op_reset(&stack->identity.op); // asked again after a failure
	if (err_is(&err)) {
		fail(stack, err);
		return;
	}
	failure_clear(&stack->failure);
	stack_set_phase(stack, STACK_LOADING);
	task_wake(&stack->task);
}

static struct resource *remember(struct stack *stack, const char *address, const struct kind *kind)
{
	struct resource *resource = stack_find(stack, address);
	if (resource)
		return resource;
	resource = resource_new(address, kind);
	if (!resource || !map_set(&stack->by_address, address, resource, NULL))
		abort(); // out of memory; the supervisor starts us anew
	return resource;
}

// The store is the truth: what was noted without it, or under an earlier lease, is noted anew.
static void forget_records(struct stack *stack)
{
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value;
		record_done(&resource->record);
		record_init(&resource->record);
		resource->hold_id[0] = '\0';
		resource_unsee(resource);
		resource->must_decide = true;
	}
}

// Ids of one region or account mean nothing in another: all would look deleted there, and would be
// made anew.
static struct err check_place(const struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row) {
		const json_t *data = json_object_get(row, "data");
		const char *region = js_str(data, "region"), *account = js_str(data, "account");
		bool is_here =
			str_eq_null(region, stack->region) && str_eq_null(account, stack->account);
		if (region && account && js_str(row, "aws_id") && !is_here)
			return err_code(ERR_DENIED, "WrongPlace",
				"%s is on record in region %s of account %s, and this is %s of %s: "
				"nothing is changed until the file says so again; a stack for "
				"another region takes another name",
				js_str(row, "address"), region, account, stack->region,
				stack->account);
	}
	return ERR_OK;
}

// When it was made and deleted stands: what may be on its way is still waited for.
static void dispute(struct resource *resource)
{
	free(TAKE(resource->record.id));
	json_decref(TAKE(resource->record.observed));
	resource->record.is_dirty = true;
}

// Two records that claim one object: a person's hand, for one object never becomes two resources.
// Which of them is right only its tag can tell, so both are found again as if they were lost; an
// orphan of that name would otherwise be deleted, and be the other's.
static void drop_disputed(struct stack *stack)
{
	struct map by_id;
	map_init(&by_id);
	map_for_each (&stack->by_address, entry) {
		struct resource *resource = entry->value, *other = NULL;
		_cleanup_free_ char *key =
			resource->record.id
				? str_format("%s %s", resource->kind->name, resource->record.id)
				: NULL;
		if (!key)
			continue;
		other = map_get(&by_id, key);
		if (!other) {
			if (!map_set(&by_id, key, resource, NULL))
				abort(); // out of memory; the supervisor starts us anew
			continue;
		}
		log_warning("two records of the store claim one object; both are found again by "
			    "tags",
			LOG_STR("resource", resource->address), LOG_STR("other", other->address),
			LOG_STR("id", resource->record.id));
		dispute(resource);
		dispute(other);
	}
	map_done(&by_id);
}

static void take_records(struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row) {
		const char *address = js_str(row, "address"), *name = js_str(row, "kind");
		const struct kind *kind = name ? kind_find(name) : NULL;
		if (!address || !kind) {
			log_warning("a record of the store is of no known kind and is left alone",
				LOG_STR("resource", address), LOG_STR("kind", name));
			continue;
		}
		struct resource *resource = remember(stack, address, kind);
		if (resource->kind != kind)
			continue;
		record_load(&resource->record, js_str(row, "aws_id"), json_object_get(row, "data"));
		if (record_bound(&resource->record, loop_wall_ms(stack->options.loop)))
			log_warning("a record of the store has instants that are yet to come",
				LOG_STR("resource", address));
		record_renew(&resource->record, loop_wall_ms(stack->options.loop));
		resource_unsee(resource); // what was seen without it is looked at again
	}
	drop_disputed(stack);
}

// The resource whose object a create call may have made, though nobody heard of it; also when it
// has left the file meanwhile. NULL when the row is none of a create call.
static struct resource *maybe_created(struct stack *stack, const char *address, const json_t *row)
{
	const struct kind *kind = address ? kind_of_address(address) : NULL;
	const char *operation = js_str(row, "operation"); // "ec2:CreateVpc"
	const char *colon = operation ? strchr(operation, ':') : NULL;
	if (!kind || !colon ||
		(!str_eq(colon + 1, kind->create.operation) &&
			!str_eq_null(colon + 1, kind->create_other.operation)) ||
		!str_eq_null(js_str(row, "change"), "+"))
		return NULL;
	return remember(stack, address, kind);
}

// A create that was intended and never settled: its object may exist. That it was intended makes
// decide() look for it, from now on, for the time of the intent is of a clock that may have been
// set since. An id that is remembered may be of what was there before: only time tells. The record
// stands in the store before the intent is settled, so that a crash between the two forgets
// nothing.
static void take_intents(struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	int64_t now = loop_wall_ms(stack->options.loop);
	json_array_foreach ((json_t *)rows, i, row) {
		const char *address = js_str(row, "address"), *id = js_str(row, "action_id");
		struct resource *resource = maybe_created(stack, address, row);
		if (resource) {
			resource->record.was_shown = false;
			resource->record.created_ms = now;
			json_decref(TAKE(resource->record.observed)); // of what stood there before
			record_keep(&resource->record, json_object_get(row, "input"));
			json_decref(resource->record.sent);
			resource->record.sent = sent_note(json_object_get(row, "input"),
				js_str(row, "client_token"), js_str(row, "plan_id"),
				js_str(row, "creation"));
			resource->record.is_dirty = true;
			stack_save(stack, resource);
		}
		log_warning("a call of an earlier run has no recorded outcome; looking at AWS",
			LOG_STR("resource", address),
			LOG_STR("operation", js_str(row, "operation")));
		journal_put(stack->options.journal, STORE_ACTION_SETTLE,
			json_pack("{s:s, s:s*, s:s*, s:s, s:s, s:I}", "action_id", id ? id : "",
				"address", address, "operation", js_str(row, "operation"),
				"outcome", "unknown", "message",
				"no answer was received; AWS was looked at instead", "at_ms",
				(json_int_t)now));
	}
}

// Of several holds of one resource the last one stands; those of what is no longer known are over.
static void take_holds(struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row) {
		const char *digest = js_str(row, "digest"), *address = js_str(row, "address");
		const char *id = js_str(row, "hold_id");
		struct resource *resource = address ? stack_find(stack, address) : NULL;
		if (resource && id) {
			stack_end_hold(stack, address, resource->hold_id);
			str_copy(resource->hold_id, sizeof(resource->hold_id), id);
			bool is_no = str_eq_null(js_str(row, "state"), "rejected");
			str_copy(resource->rejected_by, sizeof(resource->rejected_by),
				is_no && js_str(row, "who") ? js_str(row, "who") : "");
			json_decref(resource->rejected_why);
			resource->rejected_why = is_no && js_str(row, "why")
							 ? json_incref(json_object_get(row, "why"))
							 : NULL;
			resource->rejected_wall_ms = js_int(row, "decided_ms", 0);
		} else if (id) {
			stack_end_hold(stack, address, id);
		}
		if (digest && str_eq_null(js_str(row, "state"), "approved"))
			json_object_set_new(stack->approved, digest, json_true());
	}
}

// Drifts that stand open though no record knows of them: the daemon ended between the two, or the
// records were lost. Each goes on with its resource, or ends.
static void take_drifts(struct stack *stack, const json_t *rows)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row) {
		const char *address = js_str(row, "address"), *id = js_str(row, "drift_id"),
			   *path = js_str(row, "field");
		struct resource *resource = address ? stack_find(stack, address) : NULL;
		if (!id || !path || js_int(row, "closed_ms", 0))
			continue;
		const char *known = resource ? js_str(resource->record.drifts, path) : NULL;
		if (known && str_eq(known, id))
			continue;
		if (resource && !known) {
			js_set_str(resource->record.drifts, path, id);
			if (!str_eq_null(
				    js_str(row, "type"), difference_type_name(DIFFERS_UNDECLARED)))
				json_object_set_new(resource->record.declared, path, json_true());
			resource->record.is_dirty = true;
			continue;
		}
		journal_put(stack->options.journal, STORE_DRIFT_CLOSE,
			json_pack("{s:s, s:s*, s:s, s:s, s:I}", "drift_id", id, "address", address,
				"field", path, "how", "superseded", "at_ms",
				(json_int_t)loop_wall_ms(stack->options.loop)));
	}
}

static json_t *load_args(const struct stack *stack, enum store_statement statement)
{
	json_t *args = json_pack("{s:s}", "stack", stack->name);
	if (statement == STORE_DRIFTS) { // the open ones; none was closed later than now
		json_object_set_new(
			args, "since_ms", json_integer(loop_wall_ms(stack->options.loop)));
		json_object_set_new(args, "limit", json_integer(10000));
	}
	if (statement == STORE_DELETIONS)
		json_object_set_new(args, "since_ms",
			json_integer(loop_wall_ms(stack->options.loop) - BRAKES_HOUR_MS));
	uint8_t candidate[SOURCE_KEY_BYTES];
	char hex[2 * SOURCE_KEY_BYTES + 1];
	if (statement == STORE_STACK_KEY && hash_random(candidate, sizeof(candidate))) {
		hash_hex(candidate, sizeof(candidate), hex);
		js_set_str(args, "candidate", hex);
		explicit_bzero(candidate, sizeof(candidate));
		explicit_bzero(hex, sizeof(hex));
	}
	return args;
}

// The store's, which is ours when there was none: two daemons that start together share it.
static void take_key(struct stack *stack, const json_t *rows)
{
	const char *hex = js_str(json_array_get(rows, 0), "key");
	stack->has_source_key = hex && hash_unhex(hex, stack->source_key, SOURCE_KEY_BYTES);
	if (!stack->has_source_key)
		log_error("the store has no good key for this stack: values that are kept "
			  "elsewhere are not compared",
			LOG_STR("stack", stack->name));
}

void boot_load(struct stack *stack)
{
	static const enum store_statement statements[] = {STORE_RECORDS_LOAD, STORE_ACTIONS_OPEN,
		STORE_HOLDS_OPEN, STORE_DRIFTS, STORE_STACK_KEY, STORE_ORDERS_OPEN,
		STORE_DELETIONS};
	if (timer_is_running(&stack->timer))
		return;
	size_t finished = 0;
	for (size_t i = 0; i < ARRAY_COUNT(statements); i++) {
		struct store_call *call = &stack->loads[i];
		finished += op_is_finished(&call->op);
		if (op_is_running(&call->op) || op_is_finished(&call->op) || !lead_may_load(stack))
			continue;
		stack->load_token = stack->token;
		store_call_init(call, statements[i], load_args(stack, statements[i]));
		store_start(stack->options.store, call, &stack->task);
	}
	if (finished < ARRAY_COUNT(statements))
		return;
	struct err err = ERR_OK;
	for (size_t i = 0; i < ARRAY_COUNT(statements); i++)
		if (err_is(&stack->loads[i].op.err))
			err = stack->loads[i].op.err;
	// What was read before the lease came back to us may be old by now.
	bool is_ours = lead_may_load(stack) && stack->load_token == stack->token;
	bool is_read = !err_is(&err);
	if (is_read && is_ours)
		err = check_place(stack, stack->loads[0].rows);
	if (!err_is(&err) && is_ours) {
		stack->is_loaded = true; // what is found to be saved may be
		forget_records(stack);
		take_records(stack, stack->loads[0].rows);
		take_intents(stack, stack->loads[1].rows);
		take_holds(stack, stack->loads[2].rows);
		take_drifts(stack, stack->loads[3].rows);
		take_key(stack, stack->loads[4].rows);
		// Those that were given before the store was there stand already.
		orders_take(stack->orders, stack->loads[5].rows, loop_wall_ms(stack->options.loop));
		halt_take_destroyed(stack, stack->loads[6].rows);
	}
	for (size_t i = 0; i < ARRAY_COUNT(statements); i++) {
		store_call_done(&stack->loads[i]);
		op_reset(&stack->loads[i].op); // asked again after a failure
	}
	if (err_is(&err)) {
		if (!is_read)
			err_wrap(&err, "cannot read the store");
		fail(stack, err);
		return;
	}
	failure_clear(&stack->failure);
	if (!is_ours) {
		task_wake(&stack->task);
		return;
	}
	stack->is_loaded = true;
	stack_match(stack);
	stack_record_config(stack);
	stack_pass_all(stack, "start");
}
