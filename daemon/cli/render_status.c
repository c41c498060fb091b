// `status`: what is asked most, so it answers in order of what matters: is the daemon all right,
// how are the layers, what is not as it should be and since when.
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/render.h"
#include "cli/status.h"
#include "core/plain.h"

enum { MOST_SHOWN = 40 };

enum paint paint_of_sync(const char *sync)
{
	if (str_eq_null(sync, "Synced"))
		return PAINT_GREEN;
	if (str_eq_null(sync, "OutOfSync") || str_eq_null(sync, "Missing"))
		return PAINT_YELLOW;
	return str_eq_null(sync, "Orphaned") ? PAINT_MAGENTA : PAINT_DIM;
}

enum paint paint_of_health(const char *health)
{
	if (str_eq_null(health, "Healthy"))
		return PAINT_GREEN;
	if (str_eq_null(health, "Degraded"))
		return PAINT_RED;
	if (str_eq_null(health, "Progressing"))
		return PAINT_CYAN;
	return str_eq_null(health, "Missing") ? PAINT_YELLOW : PAINT_DIM;
}

const char *mark_of(const struct view *view, const json_t *thing, enum paint *ret_paint)
{
	const char *sync = js_str(thing, "sync"), *health = js_str(thing, "health");
	*ret_paint = PAINT_RED;
	if (str_eq_null(health, "Degraded"))
		return view_glyph(view, "✗", "x");
	*ret_paint = PAINT_CYAN;
	if (str_eq_null(health, "Progressing") || json_is_object(json_object_get(thing, "action")))
		return view_glyph(view, "↻", ">");
	*ret_paint = paint_of_sync(sync);
	if (str_eq_null(sync, "OutOfSync"))
		return "~";
	if (str_eq_null(sync, "Missing"))
		return "+";
	if (str_eq_null(sync, "Orphaned"))
		return "-";
	if (str_eq_null(sync, "Synced") && str_eq_null(health, "Healthy"))
		return view_glyph(view, "✓", ".");
	*ret_paint = PAINT_DIM;
	return str_eq_null(health, "Suspended") ? "=" : "?";
}

bool status_is_well(const json_t *resource)
{
	return str_eq_null(js_str(resource, "sync"), "Synced") &&
	       str_eq_null(js_str(resource, "health"), "Healthy") &&
	       !json_is_object(json_object_get(resource, "action"));
}

// ---- the head

static void put_joined(const struct view *view, struct buf *out, const char *text)
{
	if (!str_empty(text)) {
		buf_adds(out, "  ");
		view_put(view, out, PAINT_PLAIN, text);
	}
}

void status_head(const struct view *view, const json_t *status, struct buf *out)
{
	const char *stack = js_str(status, "stack");
	view_put(view, out, PAINT_BOLD, stack ? stack : "-");
	put_joined(view, out, js_str(status, "account"));
	put_joined(view, out, js_str(status, "region"));
	put_joined(view, out, js_str(status, "endpoint"));
	buf_adds(out, "\n");
}

// Said when this daemon does not lead, or cannot prove that it does.
static void put_lease(const struct view *view, const json_t *status, struct buf *out)
{
	const json_t *lease = json_object_get(status, "lease");
	const json_t *leader = json_object_get(lease, "leader");
	const char *role = js_str(lease, "role"), *host = js_str(leader, "host");
	if (str_eq_null(role, "standby")) {
		char age[32];
		view_age(view, js_str(leader, "since"), age, sizeof(age));
		_cleanup_free_ char *text = str_format(
			"On standby: this daemon looks and changes nothing. %s (pid %lld) %s%s.",
			host ? host : "Another daemon", (long long)js_int(leader, "pid", 0),
			*age ? "has led for " : "leads", age);
		view_wrap(view, out, PAINT_CYAN, 0, text ? text : "");
	} else if (str_eq_null(role, "leader") && !js_bool(lease, "proven", true)) {
		view_wrap(view, out, PAINT_YELLOW, 0,
			"The lease cannot be proven now: nothing is changed in AWS until it can.");
	}
}

// Who is told of incidents, and did not take the last message.
static void put_notices(const struct view *view, const json_t *status, struct buf *out)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(json_object_get(status, "daemon"), "notices"), i, one) {
		const char *trouble = js_str(one, "trouble"), *receiver = js_str(one, "receiver");
		int64_t waiting = js_int(one, "waiting", 0);
		if (str_empty(trouble))
			continue;
		_cleanup_free_ char *text = str_format("Notices, %s: %s (%lld waiting)",
			receiver ? receiver : "-", trouble, (long long)waiting);
		view_wrap(view, out, PAINT_YELLOW, 0, text ? text : "");
	}
}

// The first ones stand for all where there is little room.
static void put_findings(
	const struct view *view, const json_t *findings, size_t most, struct buf *out)
{
	size_t count = json_array_size(findings);
	_cleanup_json_ json_t *shown = json_array();
	for (size_t i = 0; i < count && (most == 0 || i < most); i++)
		json_array_append(shown, json_array_get(findings, i));
	render_findings(view, shown, out);
	if (json_array_size(shown) == count)
		return;
	view_putf(view, out, PAINT_DIM, "    %s %zu more: holdfast validate FILE",
		view_glyph(view, "…", "..."), count - json_array_size(shown));
	buf_adds(out, "\n");
}

void status_trouble(
	const struct view *view, const json_t *status, size_t most_findings, struct buf *out)
{
	const json_t *config = json_object_get(status, "config");
	const json_t *error = json_object_get(config, "error");
	const json_t *store = json_object_get(status, "store");
	const char *message = js_str(store, "message"), *version = js_str(config, "version");
	if (json_is_object(error)) {
		char age[32];
		view_age(view, js_str(error, "at"), age, sizeof(age));
		view_putf(view, out, PAINT_RED,
			"The file has errors%s%s%s; version %s stays in force.",
			*age ? " (read " : "", age, *age ? " ago)" : "", version ? version : "-");
		buf_adds(out, "\n");
		put_findings(view, json_object_get(error, "findings"), most_findings, out);
	}
	put_lease(view, status, out);
	if (!str_empty(message)) {
		_cleanup_free_ char *text = str_format("State store: %s", message);
		view_wrap(view, out, PAINT_YELLOW, 0, text ? text : "");
	}
	const char *journal = js_str(store, "journal");
	if (!str_empty(journal)) {
		_cleanup_free_ char *text = str_format("History: %s", journal);
		view_wrap(view, out, PAINT_YELLOW, 0, text ? text : "");
	}
	put_notices(view, status, out);
	bool is_stuck = !str_empty(message) || json_array_size(json_object_get(status, "blind"));
	if (!js_bool(json_object_get(status, "daemon"), "ready", true) && !is_stuck)
		view_wrap(view, out, PAINT_DIM, 0,
			"The daemon is starting: not everything has been looked at yet.");
}

void status_progress(const struct view *view, const json_t *status, struct buf *out)
{
	const json_t *progress = json_object_get(status, "progress");
	int64_t total = js_int(progress, "total", 0), done = js_int(progress, "done", 0);
	if (total <= 0)
		return;
	done = done < 0 ? 0 : done > total ? total : done;
	int room = view->width > 0 ? view->width - 40 : 40;
	int cells = room > 48 ? 48 : room < 10 ? 10 : room;
	int filled = (int)(done * cells / total);
	char elapsed[32];
	int64_t elapsed_ms = js_int(progress, "elapsed_ms", 0);
	view_duration(elapsed_ms, elapsed, sizeof(elapsed));
	buf_adds(out, "Converging ");
	struct buf bar = {0};
	for (int i = 0; i < filled; i++)
		buf_adds(&bar, view_glyph(view, "━", "#"));
	view_put_escaped(view, out, PAINT_GREEN, buf_str(&bar), bar.len);
	buf_reset(&bar);
	for (int i = filled; i < cells; i++)
		buf_adds(&bar, view_glyph(view, "─", "."));
	view_put_escaped(view, out, PAINT_DIM, buf_str(&bar), bar.len);
	buf_done(&bar);
	buf_addf(out, " %lld of %lld", (long long)done, (long long)total);
	if (elapsed_ms >= 1000)
		view_putf(view, out, PAINT_DIM, "  %s", elapsed);
	buf_adds(out, "\n");
}

// ---- layers

static void add_next(struct table *table, const json_t *layer)
{
	int64_t at_ms;
	char wait[32];
	const char *next = js_str(layer, "next_at");
	if (js_bool(layer, "busy", false)) {
		table_add(table, PAINT_CYAN, "now");
	} else if (!next || clock_parse_iso(next, &at_ms) != 0) {
		table_add(table, PAINT_DIM, "-");
	} else {
		int64_t wait_ms = at_ms > table->view->now_ms ? at_ms - table->view->now_ms : 0;
		view_duration(wait_ms, wait, sizeof(wait));
		table_addf(table, PAINT_DIM, "in %s", wait);
	}
}

static void add_last_pass(struct table *table, const json_t *layer)
{
	const json_t *pass = json_object_get(layer, "last_pass");
	char calls[32], duration[32];
	if (!json_is_object(pass)) {
		table_add(table, PAINT_DIM, "-");
		return;
	}
	view_count(calls, sizeof(calls), js_int(pass, "calls", 0), "call");
	num_format_duration(js_int(pass, "ms", 0), duration, sizeof(duration));
	table_addf(table, PAINT_DIM, "%s, %s", calls, duration);
}

void status_add_age(struct table *table, const char *iso)
{
	char age[32];
	view_age(table->view, iso, age, sizeof(age));
	if (*age)
		table_addf(table, PAINT_PLAIN, "%s ago", age);
	else
		table_add(table, PAINT_YELLOW, "not yet");
}

// A layer for which the file declares nothing, and of which nothing is left.
static bool is_unused(const json_t *layer)
{
	return js_int(layer, "resources", 0) == 0 && js_int(layer, "held", 0) == 0 &&
	       str_eq_null(js_str(layer, "sync"), "Synced") &&
	       str_eq_null(js_str(layer, "health"), "Healthy");
}

static void put_unused(const struct view *view, const json_t *layers, struct buf *out)
{
	size_t i;
	json_t *layer;
	_cleanup_buf_ struct buf names = {0};
	json_array_foreach ((json_t *)layers, i, layer)
		if (is_unused(layer) && js_str(layer, "name"))
			buf_addf(&names, "%s%s", names.len ? ", " : "", js_str(layer, "name"));
	if (names.len == 0)
		return;
	_cleanup_free_ char *text = str_format("Nothing declared: %s", buf_str(&names));
	view_wrap(view, out, PAINT_DIM, 2, text ? text : "");
}

static const char *brake_of(const json_t *layer)
{
	return js_str(layer, "name") ? js_str(json_object_get(layer, "braked"), "reason") : NULL;
}

// Why nothing is changed in a layer, and what ends that: once for all that have the same brake.
static void put_brake(const struct view *view, const json_t *layers, size_t at, struct buf *out)
{
	const char *why = brake_of(json_array_get(layers, at)), *other;
	_cleanup_json_ json_t *names = json_array();
	for (size_t i = 0; why && i < json_array_size(layers); i++) {
		other = brake_of(json_array_get(layers, i));
		if (!other || !str_eq(other, why))
			continue;
		if (i < at)
			return; // said with that one
		json_array_append(names, json_object_get(json_array_get(layers, i), "name"));
	}
	if (!why)
		return;
	size_t count = json_array_size(names);
	bool is_all = count > 1 && count == json_array_size(layers);
	const char *name = js_str(json_array_get(layers, at), "name");
	_cleanup_free_ char *all = plain_names(names);
	_cleanup_free_ char *text = str_format(
		"%s %s braked: %s. Nothing is changed there until `holdfast release%s%s`%s.",
		is_all || !all ? "Everything" : all, count > 1 && !is_all ? "are" : "is", why,
		is_all ? "" : " ", is_all ? "" : name,
		count > 1 && !is_all ? ", and so for each" : "");
	view_wrap(view, out, PAINT_YELLOW, 2, text ? text : "");
}

// What cannot be looked at, why, since when, and what to do about it: once for all that has one
// cause.
static void put_blind(
	const struct view *view, const json_t *blind, const char *summary, struct buf *out)
{
	const json_t *layers = json_object_get(blind, "layers");
	const json_t *kinds = json_object_get(blind, "kinds");
	const char *cause = js_str(blind, "cause"), *remedy = js_str(blind, "remedy");
	const char *kind = json_string_value(json_array_get(kinds, 0));
	_cleanup_free_ char *where = plain_names(layers);
	char age[32], many[48];
	view_age(view, js_str(blind, "since"), age, sizeof(age));
	if (!kind) { // before all: whose account it is; the summary says it mostly
		bool is_told = str_eq_null(cause, summary);
		_cleanup_free_ char *since = str_format("Nothing can be looked at%s%s%s%s%s%s",
			*age ? " for " : "", age, is_told ? "" : ": ",
			is_told ? ""
			: cause ? cause
				: "-",
			remedy ? "; " : "", remedy ? remedy : "");
		view_wrap(view, out, PAINT_YELLOW, 2, since ? since : "");
		return;
	}
	snprintf(many, sizeof(many), "%zu kinds", json_array_size(kinds));
	const char *what = json_array_size(kinds) > 1 ? many : kind;
	_cleanup_free_ char *text = str_format("%s%s%s cannot be looked at%s%s: %s%s%s",
		where ? where : "", str_empty(where) ? "" : ": ", what, *age ? " for " : "", age,
		cause ? cause : "-", remedy ? "; " : "", remedy ? remedy : "");
	view_wrap(view, out, PAINT_YELLOW, 2, text ? text : "");
}

// By whom, for how long still, and why: what is said once need not be asked for.
static void put_pause(const struct view *view, const json_t *layer, struct buf *out)
{
	const json_t *pause = json_object_get(layer, "pause");
	const char *name = js_str(layer, "name"), *who = js_str(pause, "who");
	const char *reason = js_str(pause, "reason");
	int64_t until_ms;
	char since[32], left[32] = "";
	if (!json_is_object(pause) || !name)
		return;
	view_age(view, js_str(pause, "at"), since, sizeof(since));
	if (js_str(pause, "until") && clock_parse_iso(js_str(pause, "until"), &until_ms) == 0)
		view_duration(
			until_ms > view->now_ms ? until_ms - view->now_ms : 0, left, sizeof(left));
	_cleanup_free_ char *text = str_format(
		"%s is paused by %s, %s ago%s%s%s%s%s. Nothing is changed there until `holdfast "
		"resume %s`.",
		name, who ? who : "somebody", *since ? since : "just", *left ? ", for " : "", left,
		*left ? " more" : "", str_empty(reason) ? "" : ": ", reason ? reason : "", name);
	view_wrap(view, out, PAINT_YELLOW, 2, text ? text : "");
}

void status_layers(const struct view *view, const json_t *status, struct buf *out)
{
	// clang-format off
	static const struct column columns[] = {
		{NULL, COLUMN_KEEP | COLUMN_TIGHT},
		{"LAYER", COLUMN_KEEP},
		{"SYNC", COLUMN_KEEP},
		{"HEALTH", COLUMN_KEEP},
		{"TOTAL", COLUMN_KEEP | COLUMN_RIGHT | COLUMN_DROP},
		{"DRIFTED", COLUMN_RIGHT | COLUMN_DROP},
		{"HELD", COLUMN_RIGHT},
		{"FAILED", COLUMN_RIGHT},
		{"BUSY", COLUMN_RIGHT | COLUMN_DROP},
		{"CHECKED", COLUMN_KEEP},
		{"NEXT", COLUMN_DROP},
		{"LAST PASS", COLUMN_DROP},
	};
	// clang-format on
	size_t i;
	json_t *layer;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 0);
	json_array_foreach (json_object_get(status, "layers"), i, layer) {
		if (!json_is_object(layer) || is_unused(layer))
			continue;
		enum paint paint;
		const char *sync = js_str(layer, "sync"), *health = js_str(layer, "health");
		bool is_paused = js_bool(layer, "paused", false);
		bool is_braked = json_is_object(json_object_get(layer, "braked"));
		const char *mark = mark_of(view, layer, &paint);
		if (is_paused || is_braked) { // what differs there is not being worked on
			mark = "=";
			paint = PAINT_YELLOW;
		}
		table_add(&table, paint, mark);
		table_add(&table, PAINT_BOLD, js_str(layer, "name"));
		table_add(&table, paint_of_sync(sync), sync);
		table_add(&table, is_paused || is_braked ? PAINT_YELLOW : paint_of_health(health),
			is_paused   ? "Paused"
			: is_braked ? "Braked"
				    : health);
		table_add_number(&table, PAINT_PLAIN, js_int(layer, "resources", 0));
		table_add_number(&table, PAINT_YELLOW, js_int(layer, "drifted", 0));
		table_add_number(&table, PAINT_MAGENTA, js_int(layer, "held", 0));
		table_add_number(&table, PAINT_RED, js_int(layer, "failed", 0));
		table_add_number(&table, PAINT_CYAN, js_int(layer, "progressing", 0));
		status_add_age(&table, js_str(layer, "checked_at"));
		add_next(&table, layer);
		add_last_pass(&table, layer);
	}
	table_render(&table, out);
	put_unused(view, json_object_get(status, "layers"), out);
	json_array_foreach (json_object_get(status, "layers"), i, layer) {
		put_brake(view, json_object_get(status, "layers"), i, out);
		put_pause(view, layer, out);
	}
	json_array_foreach (json_object_get(status, "blind"), i, layer)
		put_blind(view, layer, js_str(status, "summary"), out);
}

static void put_all(const struct view *view, const json_t *status, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT},
		{"RESOURCE", COLUMN_KEEP | COLUMN_FLEX}, {"SYNC", COLUMN_KEEP},
		{"HEALTH", COLUMN_KEEP}, {"REASON", COLUMN_DROP}, {"ID", COLUMN_DROP},
		{"CHECKED", COLUMN_KEEP}};
	size_t i;
	json_t *resource;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 0);
	json_array_foreach (json_object_get(status, "resources"), i, resource) {
		enum paint paint;
		const char *mark = mark_of(view, resource, &paint);
		const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
		const char *reason = js_str(resource, "reason");
		table_add(&table, paint, mark);
		table_add(&table, PAINT_PLAIN, js_str(resource, "address"));
		table_add(&table, paint_of_sync(sync), sync);
		table_add(&table, paint_of_health(health), health);
		table_add(&table, PAINT_PLAIN, status_is_well(resource) ? "" : reason);
		table_add(&table, PAINT_DIM, js_str(resource, "id"));
		status_add_age(&table, js_str(resource, "checked_at"));
	}
	table_render(&table, out);
}

static bool is_all_well(const json_t *status)
{
	size_t i;
	json_t *resource;
	json_array_foreach (json_object_get(status, "resources"), i, resource)
		if (!status_is_well(resource))
			return false;
	return true;
}

static void render_one(
	const struct view *view, const json_t *status, unsigned flags, struct buf *out)
{
	const char *summary = js_str(status, "summary");
	status_head(view, status, out);
	if (!str_empty(summary))
		view_wrap(view, out, is_all_well(status) ? PAINT_GREEN : PAINT_PLAIN, 0, summary);
	status_trouble(view, status, 0, out);
	status_progress(view, status, out);
	buf_adds(out, "\n");
	status_layers(view, status, out);
	if (!is_all_well(status)) {
		buf_adds(out, "\n");
		status_attention(view, status, flags & STATUS_ALL ? 0 : MOST_SHOWN, out);
	}
	if (flags & STATUS_ALL) {
		buf_adds(out, "\n");
		put_all(view, status, out);
	}
}

void render_status(const struct view *view, const json_t *status, unsigned flags, struct buf *out)
{
	const json_t *stacks = json_object_get(status, "stacks");
	size_t i;
	json_t *one;
	if (!json_is_array(stacks)) {
		render_one(view, status, flags, out);
		return;
	}
	json_array_foreach ((json_t *)stacks, i, one) {
		buf_adds(out, i ? "\n\n" : "");
		render_one(view, one, flags, out);
	}
}
