// The endpoints that ask the store: history, drifts, one resource with its last changes, and how it
// came to its state.
#include "app.h"
#include "base/clock.h"
#include "base/str.h"
#include "control/urgency.h"
#include "control/why.h"
#include "core/orders.h"
#include "core/retold.h"
#include "core/view.h"

/* A query of the store on behalf of a client. */
struct query {
	struct task task;
	struct store_call call;
	struct control_exchange *exchange;
	json_t *answer;     // what the rows are added to; owned; NULL: a new one
	const char *member; // that gets them
	json_t *(*row)(const json_t *row);
	json_t *(*finish)(json_t *answer); // takes the answer, gives the one that is sent; or NULL
	struct app *app;
	bool is_extra; // the rows only add to the answer: without the store it goes without them
	struct timer patience; // of who asked: a store that stands still keeps the call for longer
	bool is_answered;      // the exchange is no more; the call is waited for all the same
};

enum { PATIENCE_MS = 8000, EXTRA_PATIENCE_MS = 3000 };

static int patience_ms(const struct query *query)
{
	return query->is_extra ? EXTRA_PATIENCE_MS : PATIENCE_MS;
}

static void query_bury(void *what)
{
	struct query *query = what;
	store_call_done(&query->call);
	json_decref(query->answer);
	free(query);
}

// The store's errors begin with the name of the statement, which says nothing to a reader.
static const char *told_of(const struct query *query)
{
	const char *message = query->call.op.err.message;
	const char *name = statements_get(query->call.statement)->name;
	size_t n = strlen(name);
	return str_starts(message, name) && str_starts(message + n, ": ") ? message + n + 2
									  : message;
}

// With the rows, or with why there are none.
static void answer(struct query *query, const char *trouble)
{
	json_t *rows = json_array();
	size_t i;
	json_t *row;
	json_array_foreach (query->call.rows, i, row)
		json_array_append_new(rows, query->row(row));
	query->is_answered = true;
	if (trouble && !query->is_extra) {
		json_decref(rows);
		control_error(query->exchange, 503, "StoreAway", trouble,
			"history is in Postgres; it answers again when that is back");
		return;
	}
	if (!query->answer)
		query->answer = json_pack("{s:i}", "format", 1);
	js_set_str(query->answer, "trouble", trouble);
	json_object_set_new(query->answer, query->member, rows);
	if (query->finish)
		query->answer = query->finish(TAKE(query->answer));
	control_answer(query->exchange, 200, json_incref(query->answer));
}

static void query_step(struct task *task)
{
	struct query *query = CONTAINER_OF(task, struct query, task);
	bool is_over = op_is_finished(&query->call.op);
	if (!query->is_answered && (is_over || op_is_finished(&query->patience.op))) {
		char frozen[80];
		snprintf(frozen, sizeof(frozen), "Postgres has not answered for %d s",
			patience_ms(query) / 1000);
		answer(query, !is_over                      ? frozen
			      : err_is(&query->call.op.err) ? told_of(query)
							    : NULL);
	}
	if (!is_over)
		return;
	timer_stop(&query->patience);
	task_done(&query->task);
	loop_bury(&query->app->loop, query, query_bury);
}

// Takes `args` and `answer` over; `finish` may be NULL.
static void ask_store_for(struct app *app, struct control_exchange *exchange,
	enum store_statement statement, json_t *args, const char *member,
	json_t *(*row)(const json_t *row), json_t *answer, json_t *(*finish)(json_t *answer),
	bool is_extra)
{
	struct query *query = calloc(1, sizeof(*query));
	if (!query) {
		json_decref(args);
		json_decref(answer);
		control_error(exchange, 500, "OutOfMemory", "out of memory", NULL);
		return;
	}
	*query = (struct query){.exchange = exchange,
		.answer = answer,
		.member = member,
		.row = row,
		.finish = finish,
		.is_extra = is_extra,
		.app = app};
	task_init(&query->task, &app->loop, query_step, "query");
	store_call_init(&query->call, statement, args);
	timer_init(&query->patience, &app->loop);
	timer_start(&query->patience, &query->task, patience_ms(query));
	store_start(store_as_port(app->store), &query->call, &query->task);
}

static void ask_store(struct app *app, struct control_exchange *exchange,
	enum store_statement statement, json_t *args, const char *member,
	json_t *(*row)(const json_t *row), json_t *answer)
{
	ask_store_for(app, exchange, statement, args, member, row, answer, NULL, false);
}

json_t *past_entry(const json_t *row)
{
	_cleanup_json_ json_t *detail = json_copy(json_object_get(row, "detail"));
	retold(js_str(row, "address"), js_str(row, "what"), detail);
	return json_pack("{s:o, s:s, s:s, s:O*}", "at", api_time(js_int(row, "at_ms", 0)), "what",
		js_str(row, "what") ? js_str(row, "what") : "?", "address",
		js_str(row, "address") ? js_str(row, "address") : "", "detail", detail);
}

static json_t *history_args(
	const struct held *held, const struct control_params *params, int64_t fallback)
{
	json_t *args = json_pack("{s:s, s:I}", "stack", held->stack->name, "limit",
		(json_int_t)(params->limit > 0 ? params->limit : fallback));
	if (params->since_ms >= 0)
		json_object_set_new(args, "since_ms", json_integer(params->since_ms));
	if (params->until_ms >= 0)
		json_object_set_new(args, "until_ms", json_integer(params->until_ms));
	js_set_str(args, "address", params->address);
	return args;
}

static void on_history(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (held)
		ask_store(self, exchange, STORE_HISTORY, history_args(held, &exchange->params, 200),
			"entries", past_entry, NULL);
}

// What the last look knows of the resource; NULL after an answer that there is none.
static json_t *known_resource(struct held *held, struct control_exchange *exchange)
{
	json_t *answer = view_resource(held->stack, exchange->params.address);
	if (!answer) {
		const char *names[512];
		size_t count = 0;
		map_for_each (&held->stack->by_address, entry)
			if (count < ARRAY_COUNT(names))
				names[count++] = entry->key;
		const char *near = nearest_name(exchange->params.address, names, count);
		char message[300];
		snprintf(message, sizeof(message), "there is no resource '%.120s'%s%s%s",
			exchange->params.address, near ? "; did you mean '" : "", near ? near : "",
			near ? "'?" : "");
		control_error(
			exchange, 404, "NotFound", message, "`holdfast status --all` lists them");
	}
	return answer;
}

static void on_resource(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	json_t *answer = held ? known_resource(held, exchange) : NULL;
	if (answer)
		ask_store_for(self, exchange, STORE_HISTORY,
			history_args(held, &exchange->params, 20), "history", past_entry, answer,
			NULL, true);
}

static json_t *finish_why(json_t *facts)
{
	json_t *out = why_told(json_object_get(facts, "resource"), json_object_get(facts, "config"),
		json_object_get(facts, "history"), json_object_get(facts, "orders"));
	const char *trouble = js_str(facts, "trouble");
	_cleanup_free_ char *text =
		trouble ? str_format("History cannot be asked now: %s.", trouble) : NULL;
	if (text)
		json_array_append_new(json_object_get(out, "now"), json_string(text));
	js_set_str(out, "trouble", trouble);
	json_decref(facts);
	return out;
}

static void on_why(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	json_t *facts = held ? known_resource(held, exchange) : NULL;
	if (!facts)
		return;
	json_t *orders = json_array();
	size_t i;
	json_t *order;
	json_array_foreach (held->stack->orders, i, order)
		if (orders_covers(js_str(order, "target"), exchange->params.address))
			json_array_append_new(orders, orders_shown(order));
	json_object_set_new(facts, "orders", orders);
	json_object_set_new(facts, "config",
		json_pack("{s:s, s:o}", "version", held->stack->desired->version, "loaded_at",
			api_time(held->stack->loaded_wall_ms)));
	ask_store_for(self, exchange, STORE_HISTORY, history_args(held, &exchange->params, 30),
		"history", past_entry, facts, finish_why, true);
}

json_t *past_drift(const json_t *row)
{
	json_t *out = json_object();
	static const char *const same[] = {
		"address", "field", "type", "desired", "observed", "how"};
	json_object_set(out, "id", json_object_get(row, "drift_id"));
	for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
		json_t *value = json_object_get(row, same[i]);
		json_object_set_new(out, same[i], value ? json_incref(value) : json_null());
	}
	retold(js_str(row, "address"), "drift", out);
	json_object_set_new(out, "opened_at", api_time(js_int(row, "opened_ms", 0)));
	json_object_set_new(out, "closed_at", api_time(js_int(row, "closed_ms", 0)));
	return out;
}

static json_t *finish_drift(json_t *answer)
{
	_cleanup_json_ json_t *held = json_incref(json_object_get(answer, "held"));
	json_object_set_new(
		answer, "drifts", urgency_sorted(json_object_get(answer, "drifts"), held));
	json_object_del(answer, "held");
	return answer;
}

static void on_drift(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (!held)
		return;
	struct view_counts counts = view_count(held->stack, NULL);
	json_t *waiting = json_array();
	map_for_each (&held->stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (resource->decision.verdict == VERDICT_HOLD)
			json_array_append_new(waiting, json_string(resource->address));
	}
	ask_store_for(self, exchange, STORE_DRIFTS, history_args(held, &exchange->params, 100),
		"drifts", past_drift,
		json_pack(
			"{s:i, s:i, s:o}", "format", 1, "unknown", counts.unknown, "held", waiting),
		finish_drift, false);
}

static json_t *config_row(const json_t *row)
{
	return json_pack("{s:s, s:O?, s:o, s:O*}", "version",
		js_str(row, "version") ? js_str(row, "version") : "", "file",
		json_object_get(row, "file"), "at", api_time(js_int(row, "at_ms", 0)), "document",
		json_object_get(row, "document"));
}

static void on_config(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	const struct control_params *params = &exchange->params;
	if (!held)
		return;
	json_t *args =
		json_pack("{s:s, s:s*}", "stack", held->stack->name, "version", params->version);
	if (params->limit > 0)
		json_object_set_new(args, "limit", json_integer(params->limit));
	if (params->at_ms >= 0)
		json_object_set_new(args, "at_ms", json_integer(params->at_ms));
	bool is_one = params->version || params->at_ms >= 0;
	ask_store(self, exchange, is_one ? STORE_CONFIG_AT : STORE_CONFIGS, args, "versions",
		config_row, NULL);
}

static json_t *state_row(const json_t *row)
{
	json_t *out = json_object();
	static const char *const same[][2] = {{"address", "address"}, {"kind", "kind"},
		{"aws_id", "id"}, {"sync", "sync"}, {"health", "health"}, {"reason", "reason"},
		{"state", "state"}};
	for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
		json_t *value = json_object_get(row, same[i][0]);
		json_object_set_new(out, same[i][1], value ? json_incref(value) : json_null());
	}
	json_object_set_new(out, "seen_at", api_time(js_int(row, "at_ms", 0)));
	return out;
}

static void on_state(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (!held)
		return;
	int64_t at_ms = exchange->params.at_ms >= 0 ? exchange->params.at_ms : exchange->now_ms;
	json_t *args =
		json_pack("{s:s, s:I}", "stack", held->stack->name, "at_ms", (json_int_t)at_ms);
	js_set_str(args, "address", exchange->params.address);
	json_t *answer = json_pack(
		"{s:i, s:s, s:o}", "format", 1, "stack", held->stack->name, "at", api_time(at_ms));
	ask_store(self, exchange, STORE_STATE_AT, args, "resources", state_row, answer);
}

void past_init(struct control_api *api)
{
	api->resource = on_resource;
	api->why = on_why;
	api->drift = on_drift;
	api->history = on_history;
	api->state = on_state;
	api->config = on_config;
}
