// The feed of events: hears history as it is put and what the daemon itself does, and answers those
// who wait for what comes next.
#include "app.h"
#include "base/hash.h"
#include "base/str.h"
#include "control/event.h"
#include "core/view.h"

enum {
	WAIT_MS = 25000, // then an empty answer: also through proxies that cut idle connections
	AGAIN_MS = 1000,
};

/* A request that waits for events. */
struct follower {
	struct list link;
	struct control_exchange *exchange;
	int64_t until_ms;
};

// Takes the event over.
static void put(struct held *held, json_t *event)
{
	struct app *app = held->app;
	if (app->notices && event)
		notices_hear(app->notices, held->aws ? aws_as_port(held->aws) : NULL, event);
	events_put(&app->events, event);
	task_wake(&app->task);
}

static json_t *new_event(
	const struct held *held, const char *name, const char *layer, const char *text)
{
	return event_new(name, loop_wall_ms(&held->app->loop), held->stack->name, layer, text);
}

// ---- what is heard

// A layer is failing while AWS cannot be looked at, or while changes fail; told when that turns.
static void hear_pass(struct held *held, const char *layer)
{
	const struct reconciler *r = layer ? stack_reconciler(held->stack, layer) : NULL;
	const char *why = NULL, *cause = "look";
	if (!r)
		return;
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].failure.count > 2 && r->watches[i].resources > 0)
			why = r->watches[i].failure.err.message;
	int failed = view_count(held->stack, layer).failed;
	char text[300];
	snprintf(text, sizeof(text), "%d resource%s cannot be changed", failed,
		failed == 1 ? "" : "s");
	if (!why && failed > 0) {
		why = text;
		cause = "change";
	}
	bool was_failing = json_object_get(held->failing, layer);
	if (why && !was_failing) {
		json_object_set_new(held->failing, layer, json_true());
		json_t *event = new_event(held, "layer.failing", layer, why);
		js_set_str(event, "cause", cause);
		put(held, event);
	} else if (!why && was_failing) {
		json_object_del(held->failing, layer);
		put(held, new_event(held, "layer.recovered", layer, "what failed works again"));
	}
}

static void hear(void *self, enum store_statement statement, const json_t *args)
{
	struct held *held = self;
	if (!held->stack) // it is being made; its file is told by feed_loaded()
		return;
	if (statement == STORE_PASS_ADD)
		hear_pass(held, js_str(args, "layer"));
	else
		put(held, event_of(statement, args, held->stack->name));
}

void feed_hold(struct app *app, struct held *held)
{
	held->app = app;
	held->failing = json_object();
	journal_listen(held->journal, hear, held);
}

void feed_refused(struct held *held)
{
	const json_t *first = json_array_get(held->findings, 0);
	_cleanup_free_ char *text = str_format("%s:%lld: %s",
		js_str(first, "file") ? js_str(first, "file") : held->path,
		(long long)js_int(first, "line", 0),
		js_str(first, "message") ? js_str(first, "message") : "it has errors");
	put(held, new_event(held, "config.refused", NULL, text));
}

static void tell_lease(struct app *app, struct held *held)
{
	bool is_leader = held->lease && lease_may_write(held->lease);
	if (is_leader == held->was_leader || (held->lease && held->lease->is_leaving))
		return;
	held->was_leader = is_leader;
	_cleanup_free_ char *text =
		is_leader
			? str_format("%s (pid %lld) may change AWS", app->host, (long long)getpid())
			: str_format("%s may no longer change AWS", app->host);
	put(held, new_event(held, is_leader ? "lease.gained" : "lease.lost", NULL, text));
}

// ---- what people were told of

static void keep(void *self, const char *stack, enum store_statement statement, json_t *args)
{
	struct app *app = self;
	for (size_t i = 0; i < app->held_count; i++) {
		struct held *held = &app->held[i];
		if (stack && held->stack && str_eq(held->stack->name, stack)) {
			journal_put(held->journal, statement, args);
			return;
		}
	}
	json_decref(args);
}

struct err feed_notices(struct app *app)
{
	const struct settings *settings = app->settings;
	return notices_new(&(struct notices_options){.loop = &app->loop,
				   .http = app->http,
				   .command = settings->on_event,
				   .webhook = settings->webhook,
				   .secret_file = settings->webhook_secret_file,
				   .topic = settings->sns_topic,
				   .triggers = settings->triggers,
				   .watcher = &app->task,
				   .keep = keep,
				   .keeper = app},
		&app->notices);
}

static void take_incidents(struct app *app, struct held *held)
{
	static const char layer_key[] = "layer ";
	struct err err = held->incidents.op.err;
	size_t i;
	json_t *row;
	held->has_incidents = !err_is(&err);
	if (held->has_incidents)
		notices_restore(app->notices, aws_as_port(held->aws), held->incidents.rows);
	json_array_foreach (held->incidents.rows, i, row) {
		const char *key = js_str(row, "key"), *layer = key ? strrchr(key, ' ') : NULL;
		if (layer && str_starts(key, layer_key) &&
			json_is_object(json_object_get(row, "incident")))
			json_object_set_new(held->failing, layer + 1, json_true());
	}
	store_call_done(&held->incidents);
	op_reset(&held->incidents.op);
}

// They are the leader's to tell: read when this daemon begins to lead.
static void check_incidents(struct app *app, struct held *held)
{
	bool is_leader = held->lease && held->lease->role == LEASE_OURS;
	int64_t now = loop_now_ms(&app->loop);
	if (!app->notices)
		return;
	if (op_is_finished(&held->incidents.op))
		take_incidents(app, held);
	if (!is_leader && held->has_incidents) {
		notices_forget(app->notices, held->stack->name);
		held->has_incidents = false;
	}
	if (!is_leader || held->has_incidents || op_is_running(&held->incidents.op) ||
		store_phase(app->store) != STORE_READY || now - held->incidents_ms < AGAIN_MS)
		return;
	held->incidents_ms = now;
	store_call_init(
		&held->incidents, STORE_INCIDENTS, json_pack("{s:s}", "stack", held->stack->name));
	store_start(store_as_port(app->store), &held->incidents, &app->task);
}

// ---- who asks

static void answer(struct app *app, struct control_exchange *exchange)
{
	json_t *out = events_after(&app->events, exchange->params.after, exchange->params.stack,
		exchange->params.limit);
	if (out)
		control_answer(exchange, 200, out);
	else
		control_error(exchange, 400, "BadParameter", "'after' is no cursor of an answer",
			"leave it out to begin with what is there");
}

static void on_events(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	if (exchange->params.stack && !api_held(app, exchange))
		return;
	struct follower *follower = NULL;
	if (exchange->params.wait && app->phase < APP_STOPPING &&
		!events_has_more(&app->events, exchange->params.after, exchange->params.stack))
		follower = calloc(1, sizeof(*follower));
	if (!follower) {
		answer(app, exchange);
		return;
	}
	*follower = (struct follower){
		.exchange = exchange, .until_ms = loop_now_ms(&app->loop) + WAIT_MS};
	list_append(&app->followers, &follower->link);
}

static void follower_end(struct app *app, struct follower *follower)
{
	list_remove(&follower->link);
	answer(app, follower->exchange);
	loop_bury(&app->loop, follower, free);
}

static void follow(struct app *app, struct held *held)
{
	tell_lease(app, held);
	check_incidents(app, held);
}

void feed_check(struct app *app)
{
	struct follower *follower;
	for (size_t i = 0; i < app->held_count; i++)
		if (app->held[i].stack && app->held[i].app)
			follow(app, &app->held[i]);
	list_for_each (follower, &app->followers, link) {
		const struct control_params *params = &follower->exchange->params;
		if (events_has_more(&app->events, params->after, params->stack) ||
			control_is_gone(follower->exchange) ||
			loop_now_ms(&app->loop) >= follower->until_ms)
			follower_end(app, follower);
	}
}

void feed_drop(struct app *app)
{
	struct follower *follower;
	list_for_each (follower, &app->followers, link)
		follower_end(app, follower);
}

void feed_init(struct app *app)
{
	char life[HASH_UUID_BYTES];
	char plain[33];
	size_t n = 0;
	if (!hash_uuid(life))
		str_copy(life, sizeof(life), "0");
	for (const char *p = life; *p && n < sizeof(plain) - 1; p++)
		if (*p != '-')
			plain[n++] = *p;
	plain[n] = '\0';
	events_init(&app->events, plain);
	list_init(&app->followers);
}

void feed_done(struct app *app)
{
	events_done(&app->events);
}

void feed_api(struct control_api *api)
{
	api->events = on_events;
}
