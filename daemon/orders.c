// The endpoints by which people change what the daemon does: approvals, pauses, ignored fields. Who
// it was comes from the socket's peer, never from the request.
#include "core/orders.h"
#include "app.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/view.h"
#include <pwd.h>

static void name_user(const struct control_exchange *exchange, char *ret_text, size_t bytes)
{
	const struct passwd *user = getpwuid(exchange->uid);
	snprintf(ret_text, bytes, "%.40s (uid %u)", user ? user->pw_name : "?",
		(unsigned)exchange->uid);
}

// The stack that a person may give orders to: that of the daemon which leads. NULL after an answer.
static struct held *led(struct app *app, struct control_exchange *exchange)
{
	struct held *held = api_held(app, exchange);
	if (!held || !stack_is_standby(held->stack))
		return held;
	char message[200];
	snprintf(message, sizeof(message), "this daemon is on standby: %s (pid %lld) leads",
		held->lease->host, (long long)held->lease->pid);
	control_error(exchange, 409, "Standby", message, "say it there");
	return NULL;
}

// ---- approvals

// Why nothing could be approved or rejected: what becomes of that resource instead.
static void say_not_held(
	const struct stack *stack, struct control_exchange *exchange, const char *target)
{
	char message[400];
	const struct resource *resource = map_get(&stack->by_address, target);
	const struct decision *d = resource ? &resource->decision : NULL;
	if (orders_protect(stack->orders, target)) {
		snprintf(message, sizeof(message), "%.120s is protected", target);
		control_error(exchange, 409, "Protected", message, "`holdfast unprotect` it first");
		return;
	}
	if (d && d->sync != SYNC_SYNCED && !str_empty(d->reason))
		snprintf(message, sizeof(message), "%.120s waits for no approval: %.40s: %.200s",
			target, d->reason, d->message);
	else
		snprintf(message, sizeof(message), "nothing that is held answers to '%.120s'",
			target);
	control_error(
		exchange, 404, "NotHeld", message, "`holdfast plan` lists what is held, with ids");
}

static void decide_holds(struct app *app, struct control_exchange *exchange, bool yes)
{
	struct held *held = led(app, exchange);
	if (!held)
		return;
	char who[64];
	name_user(exchange, who, sizeof(who));
	const char *target = exchange->params.target ? exchange->params.target : "";
	json_t *done = stack_approve(held->stack, target, yes, who, exchange->params.reason);
	if (json_array_size(done) == 0) {
		json_decref(done);
		say_not_held(held->stack, exchange, target);
		return;
	}
	control_answer(exchange, 200,
		json_pack("{s:i, s:o}", "format", 1, yes ? "approved" : "rejected", done));
}

static void on_approve(void *self, struct control_exchange *exchange)
{
	decide_holds(self, exchange, true);
}

static void on_reject(void *self, struct control_exchange *exchange)
{
	decide_holds(self, exchange, false);
}

// ---- pauses and ignored fields

json_t *orders_shown(const json_t *order)
{
	static const char *const times[][2] = {{"at_ms", "at"}, {"until_ms", "until"}};
	json_t *out = json_copy((json_t *)order);
	for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
		char text[CLOCK_TEXT_BYTES];
		int64_t ms = js_int(order, times[i][0], 0);
		json_object_del(out, times[i][0]);
		if (ms)
			clock_format_iso(ms, text);
		json_object_set_new(out, times[i][1], ms ? json_string(text) : json_null());
	}
	return out;
}

static json_t *all_shown(const json_t *orders)
{
	json_t *out = json_array();
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		json_array_append_new(out, orders_shown(order));
	return out;
}

// Is there anything under that name: the stack, a layer, a kind of it, a resource?
static bool is_target(const struct stack *stack, const char *target)
{
	if (!*target || layer_find(target))
		return true;
	map_for_each (&stack->by_address, entry) {
		const struct resource *resource = entry->value;
		if (orders_covers(target, resource->address))
			return true;
	}
	return false;
}

static void no_target(struct control_exchange *exchange, const char *target)
{
	char message[200];
	snprintf(message, sizeof(message), "there is no layer and no resource '%.120s'", target);
	control_error(exchange, 404, "NoSuchTarget", message, "`holdfast status --all` lists them");
}

static json_t *order_of(const struct control_exchange *exchange, const char *sort,
	const char *target, int64_t now_ms)
{
	json_t *order = json_pack("{s:s, s:s}", "sort", sort, "target", target);
	js_set_str(order, "reason", exchange->params.reason);
	if (exchange->params.for_ms > 0)
		json_object_set_new(
			order, "until_ms", json_integer(now_ms + exchange->params.for_ms));
	return order;
}

static void give(struct held *held, struct control_exchange *exchange, json_t *order)
{
	char who[64];
	name_user(exchange, who, sizeof(who));
	const json_t *given = stack_order(held->stack, order, who);
	if (given)
		control_answer(exchange, 200,
			json_pack("{s:i, s:o}", "format", 1, "order", orders_shown(given)));
	else
		control_error(
			exchange, 500, "NoRandomness", "no id for the order could be made", NULL);
}

// What was ended; or that nothing was: "<target> <what it is not>".
static void answer_ended(struct control_exchange *exchange, const json_t *ended, const char *code,
	const char *target, const char *is_not, const char *remedy)
{
	if (json_array_size(ended) > 0) {
		control_answer(exchange, 200,
			json_pack("{s:i, s:o}", "format", 1, "ended", all_shown(ended)));
		return;
	}
	char message[200];
	snprintf(message, sizeof(message), "%.120s %s", *target ? target : "everything", is_not);
	str_trim_utf8(message);
	control_error(exchange, 404, code, message, remedy);
}

static void on_pause(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	const char *target = exchange->params.target ? exchange->params.target : "";
	if (!held)
		return;
	if (!is_target(held->stack, target))
		no_target(exchange, target);
	else
		give(held, exchange,
			order_of(exchange, "pause", target,
				loop_wall_ms(held->stack->options.loop)));
}

// By its name in the file, or as drift, diff and status show it: "Ingress[tcp 443 443 0.0.0.0/0]".
static const struct field *field_shown(const struct kind *kind, const char *name)
{
	const struct field *known = field_find(kind->fields, name);
	size_t n = strcspn(name, ".[");
	if (known && str_eq(known->name, name))
		return known;
	for (known = kind->fields; known->name; known++) {
		const char *member = field_member(kind, NULL, known);
		if (member && strlen(member) == n && strncmp(member, name, n) == 0)
			return known;
	}
	return NULL;
}

static void on_ignore(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	if (!held)
		return;
	const char *address = exchange->params.target, *field = exchange->params.field;
	const struct resource *resource = stack_find(held->stack, address);
	if (!resource) {
		no_target(exchange, address);
		return;
	}
	// "tags" is no field of the table; "Tags[owner]" is how one of them is shown.
	bool is_tags =
		resource->kind->tagging && (str_eq(field, "tags") || str_starts(field, "Tags["));
	const struct field *known = is_tags ? NULL : field_shown(resource->kind, field);
	if (!is_tags && !known) {
		char message[200], remedy[120];
		snprintf(message, sizeof(message), "%s has no field '%.80s'", resource->kind->name,
			field);
		snprintf(remedy, sizeof(remedy), "`holdfast explain %s` lists them",
			resource->kind->name);
		control_error(exchange, 404, "NoSuchField", message, remedy);
		return;
	}
	json_t *order =
		order_of(exchange, "ignore", address, loop_wall_ms(held->stack->options.loop));
	js_set_str(order, "field", is_tags ? "tags" : known->name);
	give(held, exchange, order);
}

static void on_resume(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	if (!held)
		return;
	char who[64];
	name_user(exchange, who, sizeof(who));
	const char *target = exchange->params.target ? exchange->params.target : "";
	_cleanup_json_ json_t *ended = stack_end_orders(held->stack,
		exchange->params.field ? "ignore" : "pause", target, exchange->params.field, who);
	answer_ended(exchange, ended, "NoSuchOrder", target,
		"is neither paused nor ignored by that name",
		"`holdfast orders` lists what is paused and ignored");
}

// ---- protection

static void on_protect(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	const char *address = exchange->params.target;
	if (!held)
		return;
	char who[64];
	name_user(exchange, who, sizeof(who));
	if (!stack_find(held->stack, address)) {
		no_target(exchange, address);
		return;
	}
	// One is enough: the later reason counts.
	json_decref(stack_end_orders(held->stack, "protect", address, NULL, who));
	give(held, exchange,
		order_of(exchange, "protect", address, loop_wall_ms(held->stack->options.loop)));
}

static void on_unprotect(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	const char *address = exchange->params.target;
	if (!held)
		return;
	char who[64];
	name_user(exchange, who, sizeof(who));
	_cleanup_json_ json_t *ended = stack_end_orders(held->stack, "protect", address, NULL, who);
	answer_ended(exchange, ended, "NoSuchOrder", address, "is not protected",
		"`holdfast orders` lists what is protected");
}

// ---- brakes

static void on_release(void *self, struct control_exchange *exchange)
{
	struct held *held = led(self, exchange);
	if (!held)
		return;
	char who[64];
	name_user(exchange, who, sizeof(who));
	const char *target = exchange->params.target ? exchange->params.target : "";
	_cleanup_json_ json_t *released = stack_release(
		held->stack, target, exchange->params.for_ms, exchange->params.reason, who);
	answer_ended(exchange, released, "NotBraked", target, "is not stopped by a brake",
		"`holdfast orders` lists what is stopped, and why");
}

static void on_orders(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	if (!held)
		return;
	stack_expire_orders(held->stack);
	control_answer(exchange, 200,
		json_pack("{s:i, s:o}", "format", 1, "orders", all_shown(held->stack->orders)));
}

static void on_accept(void *self, struct control_exchange *exchange)
{
	struct held *held = api_held(self, exchange);
	json_t *answer = held ? view_accept(held->stack, exchange->params.address) : NULL;
	if (answer)
		control_answer(exchange, 200, answer);
	else if (held)
		no_target(exchange, exchange->params.address);
}

void orders_init(struct control_api *api)
{
	api->approve = on_approve;
	api->reject = on_reject;
	api->pause = on_pause;
	api->resume = on_resume;
	api->ignore = on_ignore;
	api->protect = on_protect;
	api->unprotect = on_unprotect;
	api->release = on_release;
	api->orders = on_orders;
	api->accept = on_accept;
}
