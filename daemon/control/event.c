// One row a statement: which event it is, and the sentence for it.
#include "control/event.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

static void put_about(struct buf *out, const char *before, const char *text, const char *after)
{
	if (!str_empty(text))
		buf_addf(out, "%s%s%s", before, text, after);
}

static void put_value(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text =
		value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("nothing");
	if (text && strlen(text) > 80)
		buf_adds(out, json_is_array(value) ? "[...]" : "{...}");
	else
		buf_adds(out, text ? text : "?");
}

// ---- names

static const char *name_of_order(const json_t *args, bool is_end)
{
	static const char *const names[][3] = {{"pause", "pause.begun", "pause.ended"},
		{"ignore", "ignore.begun", "ignore.ended"},
		{"protect", "protect.begun", "protect.ended"},
		{"brake", "brake.begun", "brake.ended"},
		{"release", "release.begun", "release.ended"}};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (str_eq_null(js_str(args, "sort"), names[i][0]))
			return names[i][is_end ? 2 : 1];
	return NULL;
}

static const char *name_of_decided(const json_t *args)
{
	static const char *const names[][2] = {{"approved", "change.approved"},
		{"rejected", "change.rejected"}, {"used", "change.used"},
		{"allowed", "change.allowed"}, {"gone", "change.gone"}};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (str_eq_null(js_str(args, "state"), names[i][0]))
			return names[i][1];
	return NULL;
}

// "found" after a lost answer: AWS did it.
static const char *name_of_outcome(const json_t *args)
{
	const char *outcome = js_str(args, "outcome");
	return str_eq_null(outcome, "done") || str_eq_null(outcome, "found") ? "action.done"
									     : "action.failed";
}

// ---- sentences

static void tell_drift(const json_t *args, struct buf *out)
{
	const char *field = js_str(args, "field");
	if (!field || str_eq(field, "(resource)")) {
		buf_adds(out, "no longer in AWS");
		return;
	}
	buf_addf(out, "%s: ", field);
	put_value(out, json_object_get(args, "desired"));
	buf_adds(out, " -> ");
	put_value(out, json_object_get(args, "observed"));
	if (!str_eq_null(js_str(args, "type"), "changed"))
		put_about(out, " (", js_str(args, "type"), ")");
}

static void tell_closed(const json_t *args, struct buf *out)
{
	buf_addf(out, "%s", js_str(args, "field") ? js_str(args, "field") : "drift");
	put_about(out, ": ", js_str(args, "how"), "");
}

static void tell_action(const json_t *args, struct buf *out)
{
	put_about(out, "", js_str(args, "change"), " ");
	buf_adds(out, js_str(args, "operation") ? js_str(args, "operation") : "a call");
	put_about(out, ": ", js_str(args, "reason"), "");
	if (!str_eq_null(js_str(args, "outcome"), "done"))
		put_about(out, ": ", js_str(args, "outcome"), "");
	put_about(out, " ", js_str(args, "code"), "");
	put_about(out, ": ", js_str(args, "message"), "");
}

static void tell_hold(const json_t *args, struct buf *out)
{
	put_about(out, "", js_str(args, "change"), " ");
	buf_addf(out, "%s", js_str(args, "state") ? js_str(args, "state") : "is held");
	put_about(out, ": ", js_str(args, "reason"), "");
	put_about(out, " by ", js_str(args, "who"), "");
	put_about(out, ": ", js_str(args, "why"), "");
}

static void tell_order(const json_t *args, struct buf *out)
{
	const char *target = js_str(args, "target");
	buf_adds(out, str_empty(target) ? "the whole stack" : target);
	put_about(out, ", ", js_str(args, "field"), "");
	put_about(out, ": ", js_str(args, "reason"), "");
	put_about(out, ", by ", js_str(args, "who"), "");
}

static void tell_config(const json_t *args, struct buf *out)
{
	put_about(out, "version ", js_str(args, "version"), " is in force");
	put_about(out, ": ", js_str(args, "file"), "");
}

// ---- events

// The layer of an address, or a target that is a layer: what stands before the first dot.
static void put_layer(json_t *event, const char *address)
{
	if (!str_empty(address) && !json_object_get(event, "layer"))
		json_object_set_new(event, "layer", json_stringn(address, strcspn(address, ".")));
}

static void put_time(json_t *event, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (wall_ms <= 0)
		return;
	clock_format_iso(wall_ms, text);
	json_object_set_new(event, key, json_string(text));
}

json_t *event_new(
	const char *name, int64_t at_ms, const char *stack, const char *layer, const char *text)
{
	json_t *out = json_object();
	put_time(out, "at", at_ms);
	js_set_str(out, "event", name);
	js_set_str(out, "stack", stack);
	js_set_str(out, "layer", layer);
	js_set_str(out, "text", text);
	return out;
}

static void put_rest(json_t *event, const json_t *args)
{
	static const char *const kept[] = {"address", "field", "drift_id", "type", "desired",
		"observed", "how", "action_id", "operation", "change", "reason", "outcome", "code",
		"message", "request_id", "dur_ms", "hold_id", "disruption", "who", "why", "version",
		"file"};
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		json_t *value = json_object_get(args, kept[i]);
		const char *text = json_string_value(value);
		if (value && !json_is_null(value) && !(text && !*text))
			json_object_set(event, kept[i], value);
	}
	if (!js_str(event, "address") && !str_empty(js_str(args, "target")))
		js_set_str(event, "address", js_str(args, "target"));
	put_layer(event, js_str(event, "address"));
	put_time(event, "until", js_int(args, "until_ms", 0));
}

json_t *event_of(enum store_statement statement, const json_t *args, const char *stack)
{
	const char *name = NULL;
	void (*tell)(const json_t *args, struct buf *out) = NULL;
	if (statement == STORE_DRIFT_OPEN) {
		name = "drift.opened";
		tell = tell_drift;
	} else if (statement == STORE_DRIFT_CLOSE) {
		name = "drift.closed";
		tell = tell_closed;
	} else if (statement == STORE_ACTION_INTEND) {
		name = "action.intended";
		tell = tell_action;
	} else if (statement == STORE_ACTION_SETTLE) {
		name = name_of_outcome(args);
		tell = tell_action;
	} else if (statement == STORE_HOLD_PUT) {
		name = "change.held";
		tell = tell_hold;
	} else if (statement == STORE_HOLD_DECIDE) {
		name = name_of_decided(args);
		tell = tell_hold;
	} else if (statement == STORE_ORDER_PUT || statement == STORE_ORDER_END) {
		name = name_of_order(args, statement == STORE_ORDER_END);
		tell = tell_order;
	} else if (statement == STORE_CONFIG_ADD) {
		name = "config.loaded";
		tell = tell_config;
	}
	if (!name)
		return NULL;
	_cleanup_buf_ struct buf text = {0};
	tell(args, &text);
	json_t *out = event_new(name, js_int(args, "at_ms", 0), stack, NULL, buf_str(&text));
	put_rest(out, args);
	return out;
}
