// Phases: WAIT (for the next round, or for something to release) -> ASK (renew, beat, list) -> MOVE
// (take, release) -> WAIT.
#include "state/keeper.h"
#include "base/log.h"
#include "base/str.h"
#include "state/share.h"

enum { ALARM_MS = 500 };

enum keeper_phase { KEEPER_WAIT, KEEPER_ASK, KEEPER_MOVE };

struct keeper {
	struct keeper_options options;
	char *daemon_id, *host, *version;
	struct task task;
	struct timer timer;
	struct timer alarm; // what is proven ends without any event
	struct list leases;
	enum keeper_phase phase;
	int64_t round_ms; // when the last one began; loop time
	struct store_call beat, list, leave;
	bool is_stopping, has_left, is_reachable;
	char trouble[200]; // why who leads could not be asked; "": it could, or the store is away
};

static struct lease_clock read_clocks(const struct keeper *keeper)
{
	return (struct lease_clock){.boot_ms = loop_boot_ms(keeper->options.loop),
		.wall_ms = loop_wall_ms(keeper->options.loop)};
}

bool lease_may_write(const struct lease *lease)
{
	struct lease_clock now = read_clocks(lease->keeper);
	return lease->role == LEASE_OURS && lease_proves(&lease->proven, &now);
}

bool lease_may_begin(const struct lease *lease)
{
	return !lease->is_leaving && lease_may_write(lease);
}

static bool is_open(const struct http_gate *gate)
{
	return lease_may_write(CONTAINER_OF(gate, const struct lease, gate));
}

static void call(struct keeper *keeper, struct store_call *call, enum store_statement statement,
	json_t *args)
{
	store_call_done(call);
	op_reset(&call->op);
	store_call_init(call, statement, args);
	store_start(keeper->options.store, call, &keeper->task);
}

static void call_for(struct lease *lease, enum store_statement statement, json_t *args)
{
	struct keeper *keeper = lease->keeper;
	js_set_str(args, "stack", lease->stack);
	js_set_str(args, "daemon_id", keeper->daemon_id);
	lease->is_called = true;
	lease->sent = read_clocks(keeper);
	call(keeper, &lease->call, statement, args);
}

// ---- what becomes of a lease

static void set_role(struct lease *lease, enum lease_role role, int64_t token)
{
	static const char *const names[] = {"unknown", "nobody's", "another's", "ours"};
	if (lease->role == role && lease->token == token)
		return;
	bool is_news = role == LEASE_OURS || lease->role == LEASE_OURS || role == LEASE_OTHERS;
	log_at(is_news ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG,
		role == LEASE_OURS          ? "this daemon leads"
		: lease->role == LEASE_OURS ? "this daemon leads no longer"
		: role == LEASE_OTHERS      ? "another daemon leads"
					    : "lease",
		LOG_STR("stack", lease->stack), LOG_STR("lease", names[role]),
		LOG_INT("token", token), LOG_STR("host", lease->host), LOG_INT("pid", lease->pid));
	lease->role = role;
	lease->token = token;
	if (role != LEASE_OURS)
		lease->is_leaving = false;
	task_wake(lease->keeper->options.watcher);
}

static void set_leader(struct lease *lease, const char *host, int64_t pid, int64_t since_ms)
{
	if (str_eq(lease->host, host ? host : "") && lease->pid == pid &&
		lease->since_ms == since_ms)
		return;
	str_copy(lease->host, sizeof(lease->host), host ? host : "");
	lease->pid = pid;
	lease->since_ms = since_ms;
	task_wake(lease->keeper->options.watcher);
}

// A row that a person changed (a token beyond its type), or a right that is missing: it says so,
// and goes on asking.
static void note_trouble(struct lease *lease, const struct err *err)
{
	bool is_passing = err->class == ERR_TRANSIENT || err->class == ERR_CONFLICT ||
			  err->class == ERR_CANCELED;
	const char *what = err_is(err) && !is_passing ? err->message : "";
	if (is_passing || str_eq(lease->trouble, what))
		return;
	if (*what)
		log_error("the lease can be neither had nor kept", LOG_STR("stack", lease->stack),
			LOG_ERR(err));
	str_copy(lease->trouble, sizeof(lease->trouble), what);
	task_wake(lease->keeper->options.watcher);
}

static void take_renewal(struct lease *lease)
{
	lease->is_called = false;
	note_trouble(lease, &lease->call.op.err);
	if (err_is(&lease->call.op.err)) // it may come to pass, or not: what was proven runs out
		return;
	if (json_array_size(lease->call.rows) > 0)
		lease->proven = lease->sent;
	else
		set_role(lease, LEASE_UNKNOWN, 0);
}

static void take_taking(struct lease *lease)
{
	struct keeper *keeper = lease->keeper;
	const json_t *row = json_array_get(lease->call.rows, 0);
	lease->is_called = false;
	note_trouble(lease, &lease->call.op.err);
	if (err_is(&lease->call.op.err) || !row)
		return;
	lease->proven = lease->sent;
	lease->is_leaving = false;
	lease->was_proven = true;
	set_leader(lease, keeper->host, keeper->options.pid, js_int(row, "taken_ms", 0));
	set_role(lease, LEASE_OURS, js_int(row, "token", 0));
}

static void take_release(struct lease *lease)
{
	lease->is_called = false;
	if (!err_is(&lease->call.op.err) || lease->keeper->is_stopping)
		set_role(lease, LEASE_NOBODYS, 0);
}

static void take_row(struct lease *lease, const json_t *row)
{
	const char *holder = js_str(row, "holder");
	lease_see(&lease->sight, row, loop_boot_ms(lease->keeper->options.loop));
	if (row)
		set_leader(lease, js_str(row, "host"), js_int(row, "pid", 0),
			js_int(row, "taken_ms", 0));
	if (lease->role == LEASE_OURS)
		return; // the renewal has told
	bool is_anothers = !str_empty(holder) && !str_eq(holder, lease->keeper->daemon_id) &&
			   !js_bool(row, "is_expired", false);
	set_role(lease, is_anothers ? LEASE_OTHERS : LEASE_NOBODYS, 0);
}

// ---- a round

static bool is_calling(const struct keeper *keeper)
{
	const struct lease *lease;
	list_for_each (lease, &keeper->leases, link)
		if (op_is_running(&lease->call.op))
			return true;
	return op_is_running(&keeper->beat.op) || op_is_running(&keeper->list.op) ||
	       op_is_running(&keeper->leave.op);
}

static void ask(struct keeper *keeper)
{
	struct lease *lease;
	json_t *stacks = json_object();
	keeper->phase = KEEPER_ASK;
	keeper->round_ms = loop_now_ms(keeper->options.loop);
	list_for_each (lease, &keeper->leases, link) {
		bool is_ours = lease->role == LEASE_OURS;
		if (is_ours)
			call_for(lease, STORE_LEASE_RENEW,
				json_pack("{s:I, s:i}", "token", (json_int_t)lease->token, "lasts",
					LEASE_LASTS_MS));
		if (is_ours || lease->may_take)
			json_object_set_new(stacks, lease->stack, json_true());
	}
	call(keeper, &keeper->beat, STORE_DAEMON_BEAT,
		json_pack("{s:s, s:s, s:I, s:s, s:o, s:b, s:i}", "daemon_id", keeper->daemon_id,
			"host", keeper->host, "pid", (json_int_t)keeper->options.pid, "version",
			keeper->version, "stacks", stacks, "is_observer",
			keeper->options.is_observer, "lasts", LEASE_LASTS_MS));
	call(keeper, &keeper->list, STORE_LEASES, json_object());
}

static const json_t *row_of(const json_t *rows, const char *stack)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row)
		if (str_eq_null(js_str(row, "stack"), stack))
			return row;
	return NULL;
}

static struct lease *lease_of(struct keeper *keeper, const char *stack)
{
	struct lease *lease;
	list_for_each (lease, &keeper->leases, link)
		if (str_eq(lease->stack, stack))
			return lease;
	return NULL;
}

// A store that is away says so itself.
static void note_reach(struct keeper *keeper)
{
	const struct err *err =
		err_is(&keeper->beat.op.err) ? &keeper->beat.op.err : &keeper->list.op.err;
	bool is_told = err_is(err) && !str_eq(err->code, "NotConnected");
	keeper->is_reachable = !err_is(err);
	if (is_told && strncmp(err->message, keeper->trouble, sizeof(keeper->trouble) - 1) != 0)
		log_warning("who leads cannot be asked", LOG_ERR(err));
	str_copy(keeper->trouble, sizeof(keeper->trouble), is_told ? err->message : "");
}

const char *keeper_trouble(const struct keeper *keeper)
{
	return keeper->trouble;
}

static void take_answers(struct keeper *keeper)
{
	struct lease *lease;
	list_for_each (lease, &keeper->leases, link)
		if (lease->is_called)
			take_renewal(lease);
	note_reach(keeper);
	if (!keeper->is_reachable)
		return;
	list_for_each (lease, &keeper->leases, link)
		take_row(lease, row_of(keeper->list.rows, lease->stack));
}

// Who holds what, and what anybody may take: for the fair share.
static void sort_rows(struct keeper *keeper, json_t *held, json_t *is_free)
{
	size_t i;
	json_t *row;
	struct lease *lease;
	json_array_foreach (keeper->list.rows, i, row) {
		const char *holder = js_str(row, "holder");
		if (!str_empty(holder) && !js_bool(row, "is_expired", false))
			json_object_set_new(held, js_str(row, "stack"), json_string(holder));
	}
	list_for_each (lease, &keeper->leases, link) {
		row = (json_t *)row_of(keeper->list.rows, lease->stack);
		if (lease->role == LEASE_OURS ||
			!lease_is_free(&lease->sight, row, keeper->daemon_id,
				loop_boot_ms(keeper->options.loop)))
			continue;
		json_object_del(held, lease->stack);
		json_object_set_new(is_free, lease->stack, json_true());
	}
}

static void begin_taking(struct lease *lease)
{
	const struct keeper *keeper = lease->keeper;
	json_t *args = json_pack("{s:s, s:I, s:i}", "host", keeper->host, "pid",
		(json_int_t)keeper->options.pid, "lasts", LEASE_LASTS_MS);
	if (lease->sight.beats >= 0)
		json_object_set_new(args, "beats", json_integer(lease->sight.beats));
	call_for(lease, STORE_LEASE_TAKE, args);
}

static bool has_leaving(const struct keeper *keeper)
{
	const struct lease *lease;
	list_for_each (lease, &keeper->leases, link)
		if (lease->is_leaving)
			return true;
	return false;
}

static void share(struct keeper *keeper)
{
	_cleanup_json_ json_t *held = json_object();
	_cleanup_json_ json_t *is_free = json_object();
	_cleanup_json_ json_t *take = NULL;
	const char *give;
	size_t i;
	json_t *stack;
	sort_rows(keeper, held, is_free);
	share_plan(keeper->beat.rows, held, is_free, keeper->daemon_id, &take, &give);
	json_array_foreach (take, i, stack) {
		struct lease *lease = lease_of(keeper, json_string_value(stack));
		if (lease && lease->may_take)
			begin_taking(lease);
	}
	struct lease *lease = *give && !has_leaving(keeper) ? lease_of(keeper, give) : NULL;
	if (lease && lease->role == LEASE_OURS) {
		log_notice("another daemon has less to do: handing over",
			LOG_STR("stack", lease->stack));
		lease->is_leaving = true;
		task_wake(keeper->options.watcher);
	}
}

static bool release_idle(struct keeper *keeper)
{
	struct lease *lease;
	bool any = false;
	list_for_each (lease, &keeper->leases, link) {
		if (lease->role != LEASE_OURS || !lease->is_leaving || !lease->is_idle ||
			lease->is_called)
			continue;
		call_for(lease, STORE_LEASE_RELEASE,
			json_pack("{s:I}", "token", (json_int_t)lease->token));
		any = true;
	}
	return any;
}

static void move(struct keeper *keeper)
{
	keeper->phase = KEEPER_MOVE;
	if (keeper->is_reachable && !keeper->is_stopping)
		share(keeper);
	release_idle(keeper);
}

static void take_moves(struct keeper *keeper)
{
	struct lease *lease;
	list_for_each (lease, &keeper->leases, link) {
		if (!lease->is_called)
			continue;
		if (lease->call.statement == STORE_LEASE_TAKE)
			take_taking(lease);
		else
			take_release(lease);
	}
}

static bool holds_any(const struct keeper *keeper)
{
	const struct lease *lease;
	list_for_each (lease, &keeper->leases, link)
		if (lease->role == LEASE_OURS)
			return true;
	return false;
}

static void watch_proofs(struct keeper *keeper)
{
	struct lease *lease;
	if (op_is_finished(&keeper->alarm.op))
		op_reset(&keeper->alarm.op);
	list_for_each (lease, &keeper->leases, link) {
		bool is_proven = lease_may_write(lease);
		if (is_proven == lease->was_proven)
			continue;
		if (!is_proven && lease->role == LEASE_OURS)
			log_warning("the lease cannot be proven: nothing is changed in AWS",
				LOG_STR("stack", lease->stack));
		lease->was_proven = is_proven;
		task_wake(keeper->options.watcher);
	}
	if (!timer_is_running(&keeper->alarm) && holds_any(keeper))
		timer_start(&keeper->alarm, &keeper->task, ALARM_MS);
}

static void leave(struct keeper *keeper)
{
	if (keeper->has_left || holds_any(keeper))
		return;
	keeper->has_left = true;
	call(keeper, &keeper->leave, STORE_DAEMON_LEAVE,
		json_pack("{s:s}", "daemon_id", keeper->daemon_id));
}

static void wait_for_round(struct keeper *keeper)
{
	keeper->phase = KEEPER_WAIT;
	if (release_idle(keeper)) {
		keeper->phase = KEEPER_MOVE;
		return;
	}
	if (keeper->is_stopping) {
		leave(keeper);
		task_wake(keeper->options.watcher);
		if (!holds_any(keeper))
			return;
	}
	int64_t left = keeper->round_ms + LEASE_BEAT_MS - loop_now_ms(keeper->options.loop);
	timer_start(&keeper->timer, &keeper->task, left > 0 ? left : 0);
}

static void step(struct task *task)
{
	struct keeper *keeper = CONTAINER_OF(task, struct keeper, task);
	watch_proofs(keeper);
	if (is_calling(keeper))
		return;
	switch (keeper->phase) {
	case KEEPER_WAIT:
		if (keeper->has_left) {
			task_wake(keeper->options.watcher);
		} else if (op_is_finished(&keeper->timer.op)) {
			op_reset(&keeper->timer.op);
			if (keeper->is_stopping && !holds_any(keeper))
				wait_for_round(keeper);
			else
				ask(keeper);
		} else if (release_idle(keeper)) {
			timer_stop(&keeper->timer);
			keeper->phase = KEEPER_MOVE;
		}
		break;
	case KEEPER_ASK:
		take_answers(keeper);
		move(keeper);
		if (!is_calling(keeper))
			wait_for_round(keeper);
		break;
	case KEEPER_MOVE:
		take_moves(keeper);
		wait_for_round(keeper);
		break;
	}
	watch_proofs(keeper);
}

// ---- the interface

struct keeper *keeper_new(const struct keeper_options *options)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return NULL;
	keeper->options = *options;
	keeper->daemon_id = strdup(options->daemon_id);
	keeper->host = strdup(options->host);
	keeper->version = strdup(options->version);
	keeper->round_ms = loop_now_ms(options->loop) - LEASE_BEAT_MS;
	list_init(&keeper->leases);
	task_init(&keeper->task, options->loop, step, "keeper");
	timer_init(&keeper->timer, options->loop);
	timer_init(&keeper->alarm, options->loop);
	timer_start(&keeper->timer, &keeper->task, 0);
	return keeper;
}

struct lease *keeper_add(struct keeper *keeper, const char *stack)
{
	struct lease *lease = calloc(1, sizeof(*lease));
	if (!lease)
		return NULL;
	lease->gate.is_open = is_open;
	lease->keeper = keeper;
	lease->stack = strdup(stack);
	list_append(&keeper->leases, &lease->link);
	return lease;
}

void keeper_wake(struct keeper *keeper)
{
	if (keeper->phase == KEEPER_WAIT && !keeper->has_left)
		timer_start(&keeper->timer, &keeper->task, 0);
}

void lease_tell(struct lease *lease, bool may_take, bool is_idle)
{
	// What is only looked at is history too: there may be little time between two passes.
	bool is_ready = may_take && !lease->may_take && lease->role != LEASE_OURS;
	bool has_let_go = lease->is_leaving && is_idle && !lease->is_idle;
	lease->may_take = may_take;
	lease->is_idle = lease->is_leaving && is_idle;
	if (is_ready || has_let_go)
		keeper_wake(lease->keeper);
}

void keeper_stop(struct keeper *keeper)
{
	struct lease *lease;
	keeper->is_stopping = true;
	list_for_each (lease, &keeper->leases, link)
		lease->is_leaving = lease->role == LEASE_OURS;
	keeper_wake(keeper);
}

bool keeper_is_stopped(const struct keeper *keeper)
{
	return keeper->is_stopping && keeper->has_left && !is_calling(keeper);
}

static void bury(void *what)
{
	struct keeper *keeper = what;
	free(keeper->daemon_id);
	free(keeper->host);
	free(keeper->version);
	free(keeper);
}

static void bury_lease(void *what)
{
	struct lease *lease = what;
	store_call_done(&lease->call);
	free(lease->stack);
	free(lease);
}

static void end_call(struct store_call *call)
{
	call->op.owner = NULL;
	if (op_is_running(&call->op))
		op_cancel(&call->op);
	store_call_done(call);
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	struct lease *lease;
	timer_stop(&keeper->timer);
	timer_stop(&keeper->alarm);
	end_call(&keeper->beat);
	end_call(&keeper->list);
	end_call(&keeper->leave);
	list_for_each (lease, &keeper->leases, link) {
		end_call(&lease->call);
		list_remove(&lease->link);
		loop_bury(keeper->options.loop, lease, bury_lease);
	}
	task_done(&keeper->task);
	loop_bury(keeper->options.loop, keeper, bury);
}
