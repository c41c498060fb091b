// Lists of what happened and of what differs, one entry a row: history, drift, diff, findings.
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/render.h"
#include "cli/table.h"
#include "core/plain.h"

// ---- before and after

static bool has_value(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return value && !json_is_null(value);
}

enum { MOST_INLINE_BYTES = 64 };

// A structure that would fill the line is named, not shown: `get` and `diff` show it whole.
static void put_short(const struct view *view, struct buf *text, const json_t *value)
{
	_cleanup_buf_ struct buf whole = {0};
	plain_text(&whole, value);
	if (whole.len <= MOST_INLINE_BYTES || (!json_is_object(value) && !json_is_array(value)))
		buf_adds(text, buf_str(&whole));
	else if (json_is_object(value))
		buf_adds(text, view_glyph(view, "{…}", "{...}"));
	else
		buf_adds(text, view_glyph(view, "[…]", "[...]"));
}

static void put_values(
	const struct view *view, struct buf *text, const json_t *from, const json_t *to)
{
	put_short(view, text, from);
	buf_adds(text, view_glyph(view, " → ", " -> "));
	put_short(view, text, to);
}

// Of two structures, the leaves that differ: "EnableDnsSupport false → true".
static void put_leaf_changes(
	const struct view *view, struct buf *text, const json_t *from, const json_t *to)
{
	_cleanup_json_ json_t *before = plain_leaves(from), *after = plain_leaves(to);
	const char *path, *gap = "";
	json_t *value;
	json_object_foreach (after, path, value) {
		const json_t *old = json_object_get(before, path);
		if (old && json_equal(old, value))
			continue;
		buf_addf(text, "%s%s ", gap, path);
		put_values(view, text, old, value);
		gap = ", ";
	}
	json_object_foreach (before, path, value) {
		if (json_object_get(after, path))
			continue;
		buf_addf(text, "%s%s ", gap, path);
		put_values(view, text, value, NULL);
		gap = ", ";
	}
}

static void put_change(
	const struct view *view, struct buf *text, const json_t *from, const json_t *to)
{
	_cleanup_json_ json_t *before = plain_opened(from), *after = plain_opened(to);
	if (json_is_object(before) && json_is_object(after) &&
		plain_is_leaf(before) == plain_is_leaf(after))
		put_leaf_changes(view, text, before, after);
	else
		put_values(view, text, before, after);
}

static void add_word(struct buf *text, const char *word);

// Leaf by leaf, where the daemon tells it so.
static bool add_changes(const struct view *view, struct buf *text, const json_t *detail)
{
	_cleanup_json_ json_t *changes = plain_joined(json_object_get(detail, "changes"));
	_cleanup_buf_ struct buf told = {0};
	size_t i;
	json_t *one;
	json_array_foreach (changes, i, one) {
		const json_t *from = json_object_get(one, "before");
		const json_t *to = json_object_get(one, "after");
		buf_addf(&told, "%s%s ", i ? ", " : "", js_str(one, "path"));
		if (!from && json_is_object(to))
			buf_adds(&told, "added");
		else if (!to && json_is_object(from))
			buf_adds(&told, "gone");
		else
			put_change(view, &told, from, to);
	}
	add_word(text, buf_str(&told));
	return json_array_size(changes) > 0;
}

static void add_word(struct buf *text, const char *word)
{
	if (!str_empty(word))
		buf_addf(text, "%s%s", text->len ? "  " : "", word);
}

// What was made or removed as a whole, an item of a set too, needs no list of its parts.
static void add_change(const struct view *view, struct buf *text, const json_t *object,
	const char *from_key, const char *to_key)
{
	const json_t *from = json_object_get(object, from_key),
		     *to = json_object_get(object, to_key);
	bool is_from = has_value(object, from_key), is_to = has_value(object, to_key);
	_cleanup_buf_ struct buf change = {0};
	if ((is_from || is_to) && !(json_is_object(from) && !is_to) &&
		!(json_is_object(to) && !is_from))
		put_change(view, &change, from, to);
	add_word(text, buf_str(&change));
}

// ---- history

struct told {
	struct buf text;
	enum paint paint;
	const char *mark;
};

static void tell_action(const struct view *view, const json_t *detail, struct told *told)
{
	const char *outcome = js_str(detail, "outcome"), *change = js_str(detail, "change");
	const char *code = js_str(detail, "code"), *message = js_str(detail, "message");
	int64_t dur_ms = js_int(detail, "dur_ms", -1), attempts = js_int(detail, "attempts", 1);
	bool is_done = str_eq_null(outcome, "done") || str_eq_null(outcome, "found");
	char duration[32];
	told->mark = change ? change : "~";
	told->paint = is_done ? paint_of_change(told->mark) : PAINT_RED;
	add_word(&told->text, js_str(detail, "operation"));
	if (!is_done)
		add_word(&told->text, outcome ? outcome : "not answered yet");
	add_word(&told->text, code);
	add_word(&told->text, message);
	if (!add_changes(view, &told->text, detail) && has_value(detail, "before") &&
		has_value(detail, "after"))
		add_change(view, &told->text, detail, "before", "after");
	if (dur_ms >= 0) {
		num_format_duration(dur_ms, duration, sizeof(duration));
		add_word(&told->text, duration);
	}
	if (attempts > 1)
		buf_addf(&told->text, "  %lld attempts", (long long)attempts);
	add_word(&told->text, js_str(detail, "result_id"));
	if (!is_done && has_value(detail, "request_id"))
		buf_addf(&told->text, "  request %s", js_str(detail, "request_id"));
}

// What differed: leaf by leaf, or the field. An item of a list is named by its path.
static void put_drift(const struct view *view, const json_t *drift, struct buf *text)
{
	const char *field = js_str(drift, "field"), *type = js_str(drift, "type");
	size_t n = field ? strlen(field) : 0;
	bool is_item = n && field[n - 1] == ']' && !str_starts(field, "Tags[");
	if (add_changes(view, text, drift))
		return;
	add_word(text, field);
	if (type && !str_eq(type, "changed"))
		add_word(text, type);
	if (!is_item || !type || str_eq(type, "changed"))
		add_change(view, text, drift, "desired", "observed");
}

static void tell_drift(const struct view *view, const json_t *detail, struct told *told)
{
	told->mark = "!";
	told->paint = PAINT_YELLOW;
	put_drift(view, detail, &told->text);
}

static void tell_hold(const json_t *detail, struct told *told)
{
	const char *who = js_str(detail, "who"), *why = js_str(detail, "why");
	told->mark = "=";
	told->paint = PAINT_MAGENTA;
	add_word(&told->text, js_str(detail, "state"));
	add_word(&told->text, js_str(detail, "change"));
	add_word(&told->text, js_str(detail, "reason"));
	if (!str_empty(who))
		buf_addf(&told->text, "  by %s", who);
	if (!str_empty(why))
		buf_addf(&told->text, ": %s", why);
}

static void tell_config(const json_t *detail, struct told *told)
{
	told->mark = "*";
	told->paint = PAINT_BLUE;
	const char *version = js_str(detail, "version");
	if (version)
		buf_addf(&told->text, "version %s", version);
	add_word(&told->text, js_str(detail, "file"));
}

static void tell_observed(const struct view *view, const json_t *detail, struct told *told)
{
	const char *sync = js_str(detail, "sync"), *health = js_str(detail, "health");
	told->mark = view_glyph(view, "·", ".");
	told->paint = PAINT_DIM;
	add_word(&told->text, js_bool(detail, "gone", false) ? "gone" : NULL);
	add_changes(view, &told->text, detail);
	add_word(&told->text, js_str(detail, "field"));
	if (sync)
		buf_addf(&told->text, "%s%s%s%s", told->text.len ? "  " : "", sync,
			health ? ", " : "", health ? health : "");
	add_word(&told->text, js_str(detail, "reason"));
	add_word(&told->text, js_str(detail, "aws_id"));
	if (has_value(detail, "before") || has_value(detail, "after")) {
		add_change(view, &told->text, detail, "before", "after");
	} else if (told->text.len == 0 && json_object_size(detail) > 0) {
		plain_text(&told->text, detail);
	}
}

static void tell(const struct view *view, const json_t *entry, struct told *told)
{
	const char *what = js_str(entry, "what");
	const json_t *detail = json_object_get(entry, "detail");
	*told = (struct told){.mark = " "};
	if (str_eq_null(what, "drift")) {
		tell_drift(view, detail, told);
	} else if (str_eq_null(what, "closed")) {
		told->mark = view_glyph(view, "✓", ".");
		told->paint = PAINT_GREEN;
		add_word(&told->text, js_str(detail, "field"));
		add_word(&told->text, js_str(detail, "how"));
	} else if (str_eq_null(what, "action")) {
		tell_action(view, detail, told);
	} else if (str_eq_null(what, "hold")) {
		tell_hold(detail, told);
	} else if (str_eq_null(what, "order")) {
		told->mark = js_bool(detail, "ended", false) ? view_glyph(view, "▸", ">") : "=";
		told->paint = PAINT_YELLOW;
		add_word(&told->text, js_bool(detail, "ended", false) ? "no longer" : NULL);
		add_word(&told->text, js_str(detail, "sort"));
		add_word(&told->text, js_str(detail, "field"));
		add_word(&told->text, js_str(detail, "reason"));
		add_word(&told->text, js_str(detail, "who"));
	} else if (str_eq_null(what, "config")) {
		tell_config(detail, told);
	} else {
		tell_observed(view, detail, told);
	}
}

void render_entries(
	const struct view *view, const json_t *entries, unsigned flags, int indent, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_KEEP | COLUMN_TIGHT},
		{NULL, 0}, {NULL, 0}, {NULL, COLUMN_BELOW}};
	size_t i;
	json_t *entry;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), indent);
	json_array_foreach ((json_t *)entries, i, entry) {
		char at[32];
		struct told told;
		if (flags & ENTRY_CLOCK)
			view_clock(view, js_str(entry, "at"), at, sizeof(at));
		else
			view_time(js_str(entry, "at"), at, sizeof(at));
		tell(view, entry, &told);
		table_add(&table, PAINT_DIM, at);
		table_add(&table, told.paint, told.mark);
		table_add(&table, told.paint, js_str(entry, "what"));
		table_add(
			&table, PAINT_PLAIN, flags & ENTRY_ADDRESS ? js_str(entry, "address") : "");
		table_add(&table, PAINT_PLAIN, buf_str(&told.text));
		buf_done(&told.text);
	}
	table_render(&table, out);
}

void render_history(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *entries = json_object_get(answer, "entries");
	if (json_array_size(entries) == 0)
		view_wrap(view, out, PAINT_DIM, 0, "Nothing is recorded for that time.");
	render_entries(view, entries, ENTRY_ADDRESS, 0, out);
}

// ---- drift

static void add_how_it_ended(struct table *table, const json_t *drift)
{
	const char *how = js_str(drift, "how"), *closed = js_str(drift, "closed_at");
	int64_t from_ms, to_ms;
	char time[32];
	if (!closed) {
		view_age(table->view, js_str(drift, "opened_at"), time, sizeof(time));
		table_addf(table, PAINT_YELLOW, "open for %s%s", time,
			js_bool(drift, "held", false) ? ", held" : "");
		return;
	}
	str_copy(time, sizeof(time), "");
	if (clock_parse_iso(closed, &to_ms) == 0 &&
		clock_parse_iso(js_str(drift, "opened_at") ? js_str(drift, "opened_at") : "",
			&from_ms) == 0)
		num_format_duration(to_ms - from_ms, time, sizeof(time));
	table_addf(
		table, PAINT_GREEN, "%s%s%s", how ? how : "closed", *time ? " after " : "", time);
}

static void add_drifts(struct table *table, const json_t *drifts, bool is_open)
{
	size_t i;
	json_t *drift;
	json_array_foreach ((json_t *)drifts, i, drift) {
		if (is_open != !js_str(drift, "closed_at"))
			continue;
		char at[32];
		_cleanup_buf_ struct buf text = {0};
		view_time(js_str(drift, "opened_at"), at, sizeof(at));
		put_drift(table->view, drift, &text);
		table_add(table, is_open ? PAINT_YELLOW : PAINT_GREEN,
			is_open ? "~" : view_glyph(table->view, "✓", "."));
		table_add(table, PAINT_BOLD, js_str(drift, "address"));
		add_how_it_ended(table, drift);
		table_add(table, PAINT_DIM, at);
		table_add(table, PAINT_PLAIN, buf_str(&text));
	}
}

void render_drift(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *drifts = json_object_get(answer, "drifts");
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT}, {NULL, 0},
		{NULL, COLUMN_FLEX}, {NULL, COLUMN_DROP}, {NULL, COLUMN_BELOW}};
	_cleanup_table_ struct table table = {0};
	int64_t unknown = js_int(answer, "unknown", 0);
	if (unknown > 0) {
		_cleanup_free_ char *text = str_format(
			"%lld resource%s not looked at yet: whether there is drift is not known.",
			(long long)unknown, unknown == 1 ? " was" : "s were");
		view_wrap(view, out, PAINT_YELLOW, 0, text ? text : "");
	}
	if (json_array_size(drifts) == 0) {
		if (unknown == 0)
			view_wrap(view, out, PAINT_GREEN, 0, "No drift.");
		return;
	}
	table_init(&table, view, columns, ARRAY_COUNT(columns), 0);
	add_drifts(&table, drifts, true); // what is open first
	add_drifts(&table, drifts, false);
	table_render(&table, out);
}

// ---- diff

static const char *mark_of_type(const char *type, enum paint *ret_paint)
{
	static const struct {
		const char *type, *mark;
		enum paint paint;
	} rows[] = {{"missing", "+", PAINT_GREEN}, {"foreign", "-", PAINT_RED},
		{"orphan", "-", PAINT_MAGENTA}, {"undeclared", "?", PAINT_BLUE}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (str_eq_null(type, rows[i].type)) {
			*ret_paint = rows[i].paint;
			return rows[i].mark;
		}
	}
	*ret_paint = PAINT_YELLOW;
	return "~";
}

static void put_side(struct buf *text, const char *name, const json_t *difference, const char *key)
{
	_cleanup_free_ char *value = plain_line(json_object_get(difference, key));
	buf_addf(text, "%s%s: %s", text->len ? "  " : "", name, value ? value : "");
}

static void put_differences(
	const struct view *view, const json_t *differences, size_t from, size_t to, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT},
		{NULL, COLUMN_FLEX}, {NULL, 0}, {NULL, COLUMN_BELOW}};
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	for (size_t i = from; i < to; i++) {
		const json_t *difference = json_array_get(differences, i);
		enum paint paint;
		const char *type = js_str(difference, "type"), *path = js_str(difference, "path");
		const char *mark = mark_of_type(type, &paint);
		_cleanup_buf_ struct buf sides = {0};
		bool is_both = !type || str_eq(type, "changed") || str_eq(type, "undeclared");
		if (is_both || has_value(difference, "desired"))
			put_side(&sides, "file", difference, "desired");
		if (is_both || has_value(difference, "observed"))
			put_side(&sides, "AWS", difference, "observed");
		table_add(&table, paint, mark);
		table_add(&table, PAINT_PLAIN, str_empty(path) ? "(resource)" : path);
		table_add(&table, paint, type && !str_eq(type, "changed") ? type : "");
		table_add(&table, PAINT_PLAIN, buf_str(&sides));
	}
	table_render(&table, out);
}

void render_diff(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *differences = json_object_get(answer, "differences");
	size_t count = json_array_size(differences);
	if (count == 0)
		view_wrap(view, out, PAINT_GREEN, 0, "No differences: AWS is as the file says.");
	for (size_t from = 0, to; from < count; from = to) {
		const char *address = js_str(json_array_get(differences, from), "address");
		for (to = from + 1; to < count; to++)
			if (!str_eq_null(
				    js_str(json_array_get(differences, to), "address"), address))
				break;
		buf_adds(out, from ? "\n" : "");
		view_put(view, out, PAINT_BOLD, address ? address : "-");
		buf_adds(out, "\n");
		put_differences(view, differences, from, to, out);
	}
}

// ---- findings

void render_findings(const struct view *view, const json_t *findings, struct buf *out)
{
	size_t i;
	json_t *finding;
	json_array_foreach ((json_t *)findings, i, finding) {
		const char *file = js_str(finding, "file"), *message = js_str(finding, "message");
		const char *remedy = js_str(finding, "remedy");
		const char *severity = js_str(finding, "severity");
		int64_t line = js_int(finding, "line", 0), column = js_int(finding, "column", 0);
		bool is_warning = str_eq_null(severity, "warning");
		if (line > 0)
			view_putf(view, out, PAINT_BOLD, "%s:%lld:%lld: ", file ? file : "-",
				(long long)line, (long long)column);
		else if (!str_empty(file))
			view_putf(view, out, PAINT_BOLD, "%s: ", file);
		view_put(view, out, is_warning ? PAINT_YELLOW : PAINT_RED,
			is_warning ? "warning: " : "error: ");
		view_put(view, out, PAINT_PLAIN, message ? message : "");
		buf_adds(out, "\n");
		if (!str_empty(remedy))
			view_wrap(view, out, PAINT_DIM, 4, remedy);
	}
}
