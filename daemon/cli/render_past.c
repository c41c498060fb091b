// What was: a resource's story in sentences, AWS at a moment, and what changed between two.
#include "base/str.h"
#include "cli/past.h"
#include "cli/render.h"
#include "cli/status.h"
#include "cli/table.h"
#include "core/plain.h"

static enum paint paint_of_what(const char *what)
{
	static const struct {
		const char *what;
		enum paint paint;
	} rows[] = {{"drift", PAINT_YELLOW}, {"closed", PAINT_GREEN}, {"hold", PAINT_MAGENTA},
		{"order", PAINT_MAGENTA}, {"observed", PAINT_DIM}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_eq_null(what, rows[i].what))
			return rows[i].paint;
	return PAINT_PLAIN;
}

void render_why(const struct view *view, const json_t *answer, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, 0}, {NULL, COLUMN_FLEX}};
	const char *address = js_str(answer, "address");
	const json_t *story = json_object_get(answer, "story");
	size_t i;
	json_t *one;
	view_put(view, out, PAINT_BOLD, address ? address : "-");
	buf_adds(out, "\n");
	json_array_foreach (json_object_get(answer, "now"), i, one)
		if (json_is_string(one))
			view_wrap(view, out, PAINT_PLAIN, 2, json_string_value(one));
	if (json_array_size(story) == 0) {
		if (js_str(answer, "trouble")) // which was said above
			return;
		buf_adds(out, "\n");
		view_wrap(view, out, PAINT_DIM, 0, "History has nothing about it.");
		return;
	}
	buf_adds(out, "\n");
	view_put(view, out, PAINT_BOLD, "How it came to this");
	buf_adds(out, "\n");
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	json_array_foreach ((json_t *)story, i, one) {
		char at[32];
		view_time(js_str(one, "at"), at, sizeof(at));
		table_add(&table, PAINT_DIM, at);
		table_add(&table, paint_of_what(js_str(one, "what")), js_str(one, "what"));
		table_add(&table, PAINT_PLAIN, js_str(one, "text"));
	}
	table_render(&table, out);
}

// ---- a moment

static bool was_there(const json_t *resource)
{
	return json_is_object(json_object_get(resource, "state"));
}

static void put_moment(const struct view *view, const json_t *answer, struct buf *out)
{
	const char *stack = js_str(answer, "stack");
	size_t i, there = 0, unwell = 0;
	char at[32];
	json_t *resource;
	json_array_foreach (json_object_get(answer, "resources"), i, resource) {
		there += was_there(resource);
		unwell += was_there(resource) && !status_is_well(resource);
	}
	view_time(js_str(answer, "at"), at, sizeof(at));
	view_put(view, out, PAINT_BOLD, stack ? stack : "-");
	view_putf(view, out, PAINT_PLAIN, "  as it was seen up to %s", at);
	buf_addf(out, "\n%zu in AWS, %zu of them in sync and healthy\n", there, there - unwell);
}

static void put_resources(
	const struct view *view, const json_t *answer, bool is_all, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT}, {NULL, 0},
		{"SYNC", 0}, {"HEALTH", 0}, {"REASON", 0}, {"ID", COLUMN_FLEX | COLUMN_DROP},
		{"SINCE", 0}};
	size_t i;
	json_t *resource;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	json_array_foreach (json_object_get(answer, "resources"), i, resource) {
		enum paint paint;
		char at[32];
		const char *mark = mark_of(view, resource, &paint);
		if (!is_all && status_is_well(resource))
			continue;
		view_time(js_str(resource, "seen_at"), at, sizeof(at));
		table_add(&table, paint, mark);
		table_add(&table, PAINT_BOLD, js_str(resource, "address"));
		table_add(
			&table, paint_of_sync(js_str(resource, "sync")), js_str(resource, "sync"));
		table_add(&table, paint_of_health(js_str(resource, "health")),
			was_there(resource) ? js_str(resource, "health") : "not in AWS");
		table_add(&table, PAINT_PLAIN, js_str(resource, "reason"));
		table_add(&table, PAINT_DIM, js_str(resource, "id"));
		table_add(&table, PAINT_DIM, at);
	}
	if (table.count > 0)
		buf_adds(out, "\n");
	table_render(&table, out);
}

static bool is_nothing(const struct view *view, const json_t *answer, struct buf *out)
{
	if (json_array_size(json_object_get(answer, "resources")) > 0)
		return false;
	view_wrap(view, out, PAINT_DIM, 0, "Nothing had been seen by then.");
	return true;
}

void render_state(const struct view *view, const json_t *answer, struct buf *out)
{
	if (is_nothing(view, answer, out))
		return;
	put_moment(view, answer, out);
	put_resources(view, answer, false, out);
}

void render_state_all(const struct view *view, const json_t *answer, struct buf *out)
{
	if (is_nothing(view, answer, out))
		return;
	put_moment(view, answer, out);
	put_resources(view, answer, true, out);
}

static void put_fields(const struct view *view, const json_t *state, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_FLEX}, {NULL, COLUMN_FLEX}};
	_cleanup_json_ json_t *leaves = plain_leaves(state);
	_cleanup_table_ struct table table = {0};
	const char *path;
	json_t *value;
	table_init(&table, view, columns, ARRAY_COUNT(columns), 4);
	json_object_foreach (leaves, path, value) {
		_cleanup_free_ char *text = plain_line(value);
		if (plain_is_empty(value))
			continue;
		table_add(&table, PAINT_DIM, path);
		table_add(&table, PAINT_PLAIN, text);
	}
	table_render(&table, out);
}

void render_state_whole(const struct view *view, const json_t *answer, struct buf *out)
{
	size_t i;
	json_t *resource;
	if (is_nothing(view, answer, out))
		return;
	put_moment(view, answer, out);
	json_array_foreach (json_object_get(answer, "resources"), i, resource) {
		_cleanup_json_ json_t *one = json_pack("{s:[O]}", "resources", resource);
		put_resources(view, one, true, out);
		put_fields(view, json_object_get(resource, "state"), out);
	}
}

// ---- two moments

void render_changes(const struct view *view, const json_t *answer, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT}, {NULL, 0},
		{NULL, COLUMN_FLEX}, {NULL, COLUMN_BELOW}};
	const json_t *differences = json_object_get(answer, "differences");
	char from[32], to[32];
	size_t i;
	json_t *one;
	view_time(js_str(answer, "from"), from, sizeof(from));
	view_time(js_str(answer, "to"), to, sizeof(to));
	view_putf(view, out, PAINT_BOLD, "AWS from %s to %s", from, to);
	buf_adds(out, "\n");
	if (json_array_size(differences) == 0)
		view_wrap(view, out, PAINT_GREEN, 2, "Nothing that was looked at changed.");
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	json_array_foreach ((json_t *)differences, i, one) {
		const char *type = js_str(one, "type");
		bool is_made = str_eq_null(type, "made"), is_gone = str_eq_null(type, "gone");
		_cleanup_free_ char *before = plain_line(json_object_get(one, "before"));
		_cleanup_free_ char *after = plain_line(json_object_get(one, "after"));
		enum paint paint = is_made ? PAINT_GREEN : is_gone ? PAINT_RED : PAINT_YELLOW;
		table_add(&table, paint, is_made ? "+" : is_gone ? "-" : "~");
		table_add(&table, PAINT_BOLD, js_str(one, "address"));
		table_add(&table, PAINT_PLAIN, is_made || is_gone ? type : js_str(one, "path"));
		if (is_made || is_gone)
			table_add(&table, PAINT_PLAIN, NULL);
		else
			table_addf(&table, PAINT_PLAIN, "%s%s%s", before ? before : "",
				view_glyph(view, " → ", " -> "), after ? after : "");
	}
	table_render(&table, out);
}

// ---- events

static enum paint paint_of_event(const char *name)
{
	static const struct {
		const char *name;
		enum paint paint;
	} rows[] = {{"drift.opened", PAINT_YELLOW}, {"drift.closed", PAINT_GREEN},
		{"action.failed", PAINT_RED}, {"action.done", PAINT_GREEN},
		{"layer.failing", PAINT_RED}, {"layer.recovered", PAINT_GREEN},
		{"config.refused", PAINT_RED}, {"config.loaded", PAINT_BLUE},
		{"lease.lost", PAINT_RED}, {"action.intended", PAINT_DIM}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_eq_null(name, rows[i].name))
			return rows[i].paint;
	return PAINT_MAGENTA;
}

// No table: what comes next must stand below what stands there.
void render_events(const struct view *view, const json_t *answer, struct buf *out)
{
	size_t i;
	json_t *event;
	if (js_str(answer, "gap")) {
		view_putf(view, out, PAINT_YELLOW, "... %s", js_str(answer, "gap"));
		buf_adds(out, "\n");
	}
	json_array_foreach (json_object_get(answer, "events"), i, event) {
		char at[32], name[32];
		const char *where = js_str(event, "address"), *text = js_str(event, "text");
		if (!where)
			where = js_str(event, "layer") ? js_str(event, "layer")
						       : js_str(event, "stack");
		view_clock(view, js_str(event, "at"), at, sizeof(at));
		snprintf(name, sizeof(name), "%-15s",
			js_str(event, "event") ? js_str(event, "event") : "?");
		view_put(view, out, PAINT_DIM, at);
		buf_adds(out, "  ");
		view_put(view, out, paint_of_event(js_str(event, "event")), name);
		buf_adds(out, "  ");
		view_put(view, out, PAINT_BOLD, where ? where : "-");
		buf_adds(out, "  ");
		view_put(view, out, PAINT_PLAIN, text ? text : "");
		buf_adds(out, "\n");
	}
}
