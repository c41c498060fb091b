// The endpoints of the socket, over the views of the core and the statements of the store.
#include "app.h"
#include "aws/client.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/orders.h"
#include "core/view.h"
#include "loop/loop.h"
#include <unistd.h>

json_t *api_time(int64_t wall_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (wall_ms <= 0)
		return json_null();
	clock_format_iso(wall_ms, text);
	return json_string(text);
}

struct held *api_held(struct app *app, struct control_exchange *exchange)
{
	const char *name = exchange->params.stack;
	if (!name && app->held_count == 1)
		return &app->held[0];
	char names[300] = "";
	for (size_t i = 0; i < app->held_count; i++) {
		if (name && str_eq(app->held[i].stack->name, name))
			return &app->held[i];
		size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
			app->held[i].stack->name);
	}
	char message[400];
	snprintf(message, sizeof(message),
		name ? "there is no stack '%.60s' here; there are: %s"
		     : "%.0sseveral stacks are held here: %s",
		name ? name : "", names);
	control_error(exchange, name ? 404 : 400, "WhichStack", message, "name one: --stack NAME");
	return NULL;
}

static const char *store_phase_name(enum store_phase phase)
{
	static const char *const names[] = {
		"starting", "connecting", "migrating", "ready", "waiting", "stopped"};
	return names[phase];
}

json_t *api_status(struct app *app, struct held *held)
{
	json_t *out = view_status(held->stack);
	json_object_set_new(out, "daemon",
		json_pack("{s:s, s:s, s:i, s:o, s:o, s:b}", "version", HOLDFAST_VERSION, "host",
			app->host, "pid", (int)getpid(), "started_at",
			api_time(app->started_wall_ms), "now", api_time(loop_wall_ms(&app->loop)),
			"ready", app->phase == APP_READY));
	json_object_set_new(json_object_get(out, "daemon"), "notices", notices_view(app->notices));
	char trouble[400];
	journal_trouble(held->journal, trouble, sizeof(trouble));
	const char *message = store_message(app->store);
	const char *unasked = str_empty(message) ? keeper_trouble(app->keeper) : "";
	_cleanup_free_ char *who =
		*unasked ? str_format("who leads cannot be asked: %s", unasked) : NULL;
	json_object_set_new(out, "store",
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "phase",
			store_phase_name(store_phase(app->store)), "message",
			who       ? who
			: message ? message
				  : "",
			"journal", trouble, "history_waiting",
			(json_int_t)journal_count(held->journal), "history_on_disk",
			(json_int_t)journal_kept_count(held->journal), "history_dropped",
			(json_int_t)journal_dropped_count(held->journal)));
	if (held->findings)
		json_object_set_new(json_object_get(out, "config"), "error",
			json_pack("{s:O, s:o}", "findings", held->findings, "at",
				api_time(held->refused_wall_ms)));
	return out;
}

// The head (taken over) as JSON, the thousands of lines as text behind it.
static void add_lines(const struct stack *stack, json_t *head, const char *member, struct buf *out)
{
	char *text = json_dumps(head, JSON_COMPACT);
	json_decref(head);
	if (text)
		buf_add(out, text, strlen(text) - 1); // without its last brace
	else
		out->failed = true;
	free(text);
	buf_addf(out, ",\"%s\":", member);
	view_lines(stack, out);
	buf_addc(out, '}');
}

void api_dump(const struct app *app)
{
	for (size_t i = 0; i < app->held_count; i++) {
		const struct stack *stack = app->held[i].stack;
		_cleanup_json_ json_t *status = view_status(stack);
		map_for_each (&stack->by_address, entry) {
			_cleanup_json_ json_t *line = view_line(stack, entry->value);
			log_notice("state", LOG_STR("resource", js_str(line, "address")),
				LOG_STR("id", js_str(line, "id")),
				LOG_STR("sync", js_str(line, "sync")),
				LOG_STR("health", js_str(line, "health")),
				LOG_STR("reason", js_str(line, "reason")),
				LOG_STR("message", js_str(line, "message")));
		}
		log_notice("state of the stack", LOG_STR("stack", stack->name),
			LOG_STR("summary", js_str(status, "summary")),
			LOG_STR("store", store_message(app->store)),
			LOG_INT("history_waiting", (int64_t)journal_count(app->held[i].journal)),
			LOG_INT("steps", (int64_t)app->loop.steps));
	}
}

static void on_status(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct buf out;
	buf_init(&out, 0);
	if (exchange->params.stack || app->held_count == 1) {
		struct held *held = api_held(app, exchange);
		if (!held)
			return;
		add_lines(held->stack, api_status(app, held), "resources", &out);
	} else {
		buf_adds(&out, "{\"format\":1,\"stacks\":[");
		for (size_t i = 0; i < app->held_count; i++) {
			buf_adds(&out, i ? "," : "");
			add_lines(app->held[i].stack, api_status(app, &app->held[i]), "resources",
				&out);
		}
		buf_adds(&out, "]}");
	}
	control_answer_json(exchange, 200, buf_take(&out));
}

static void on_plan(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (held)
		control_answer_json(exchange, 200, view_plan(held->stack));
}

static void on_graph(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	struct buf out;
	buf_init(&out, 0);
	if (!held)
		return;
	add_lines(held->stack, view_graph(held->stack), "nodes", &out);
	control_answer_json(exchange, 200, buf_take(&out));
}

static void on_diff(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (held)
		control_answer(exchange, 200, view_diff(held->stack, exchange->params.address));
}

// ---- what changes something

/* A sync request that waits for its passes. */
struct waiter {
	struct list link;
	struct control_exchange *exchange;
	struct held *held;
	json_t *layers; // ["network", ...]
	int64_t started_wall_ms;
};

static void waiter_end(struct app *app, struct waiter *waiter)
{
	list_remove(&waiter->link);
	json_decref(waiter->layers);
	loop_bury(&app->loop, waiter, free);
}

static bool is_over(const struct waiter *waiter)
{
	size_t i;
	json_t *name;
	json_array_foreach (waiter->layers, i, name) {
		const struct reconciler *r =
			stack_reconciler(waiter->held->stack, json_string_value(name));
		// Not that none is under way: at a short interval some layer always is.
		if (r->last_pass.started_wall_ms < waiter->started_wall_ms)
			return false;
	}
	return true;
}

void api_check_waiters(struct app *app)
{
	struct waiter *waiter;
	list_for_each (waiter, &app->waiters, link) {
		if (!is_over(waiter))
			continue;
		control_answer(waiter->exchange, 200,
			json_pack("{s:i, s:O, s:b}", "format", 1, "started", waiter->layers, "done",
				1));
		waiter_end(app, waiter);
	}
}

void api_drop_waiters(struct app *app)
{
	struct waiter *waiter;
	list_for_each (waiter, &app->waiters, link) {
		control_error(waiter->exchange, 503, "Stopping", "the daemon is stopping", NULL);
		waiter_end(app, waiter);
	}
}

static void on_sync(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct held *held = api_held(app, exchange);
	if (!held)
		return;
	const char *target = exchange->params.target ? exchange->params.target : "";
	int64_t now = loop_wall_ms(&app->loop);
	if (stack_sync(held->stack, target, "sync", exchange->params.thorough) == 0) {
		char message[200];
		snprintf(message, sizeof(message), "'%.120s' is neither a layer nor a resource",
			target);
		control_error(
			exchange, 404, "NotFound", message, "`holdfast status --all` lists them");
		return;
	}
	json_t *layers = json_array();
	for (size_t i = 0; i < held->stack->reconciler_count; i++) {
		const struct reconciler *r = &held->stack->reconcilers[i];
		size_t n = strlen(r->layer->name);
		if (!*target || (strncmp(target, r->layer->name, n) == 0 &&
					(!target[n] || target[n] == '.')))
			json_array_append_new(layers, json_string(r->layer->name));
	}
	struct waiter *waiter = exchange->params.wait ? calloc(1, sizeof(*waiter)) : NULL;
	if (!waiter) {
		control_answer(exchange, 200,
			json_pack("{s:i, s:o, s:b}", "format", 1, "started", layers, "done", 0));
		return;
	}
	*waiter = (struct waiter){
		.exchange = exchange, .held = held, .layers = layers, .started_wall_ms = now};
	list_append(&app->waiters, &waiter->link);
}

static void on_reload(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	struct held *held = api_held(app, exchange);
	if (!held)
		return;
	bool ok;
	json_t *findings = app_reload(app, held, &ok);
	control_answer(exchange, 200,
		json_pack("{s:i, s:b, s:s, s:o}", "format", 1, "ok", ok, "version",
			held->stack->desired->version, "findings", findings));
}

// ---- probes

static void on_healthz(void *self, struct control_exchange *exchange)
{
	(void)self;
	control_answer_text(exchange, 200, "text/plain", "ok\n");
}

static void on_readyz(void *self, struct control_exchange *exchange)
{
	struct app *app = self;
	const char *why =
		store_phase(app->store) == STORE_READY ? NULL : "the store is not there\n";
	for (size_t i = 0; i < app->held_count && !why; i++)
		for (size_t j = 0; j < app->held[i].stack->reconciler_count; j++)
			if (app->held[i].stack->reconcilers[j].last_pass.started_wall_ms == 0)
				why = "not every layer has been looked at yet\n";
	control_answer_text(exchange, why ? 503 : 200, "text/plain", why ? why : "ready\n");
}

void api_init(struct app *app)
{
	app->api = (struct control_api){.self = app,
		.status = on_status,
		.plan = on_plan,
		.graph = on_graph,
		.diff = on_diff,
		.sync = on_sync,
		.reload = on_reload,
		.healthz = on_healthz,
		.readyz = on_readyz};
	orders_init(&app->api);
	foresight_init(&app->api);
	adoption_init(&app->api);
	past_init(&app->api);
	pages_init(&app->api);
	metrics_init(&app->api);
	feed_api(&app->api);
}
