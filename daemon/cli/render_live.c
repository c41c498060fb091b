// The live view: one screen, most urgent first, cut at its height; and for output that is no
// terminal, the same as lines, one for each change.
#include "base/str.h"
#include "cli/render.h"
#include "cli/status.h"
#include "core/plain.h"
#include <time.h>

static const json_t *first_stack(const json_t *status)
{
	const json_t *stacks = json_object_get(status, "stacks");
	return json_is_array(stacks) ? json_array_get(stacks, 0) : status;
}

static void clock_text(const struct view *view, char *ret_text, size_t bytes)
{
	struct tm tm;
	time_t seconds = (time_t)(view->now_ms / 1000);
	str_copy(ret_text, bytes, "");
	if (localtime_r(&seconds, &tm))
		strftime(ret_text, bytes, "%H:%M:%S", &tm);
}

static void put_title(const struct view *view, const json_t *status, struct buf *out)
{
	char now[16];
	_cleanup_buf_ struct buf left = {0};
	struct view plain = *view;
	plain.has_colour = false;
	status_head(&plain, status, &left);
	int room = view->width - view_cells(buf_str(&left)) + 1; // its newline counts as a cell
	clock_text(view, now, sizeof(now));
	status_head(view, status, out);
	if (!out->failed && out->len > 0 && room > (int)strlen(now)) {
		out->data[--out->len] = '\0';
		view_pad(out, room - (int)strlen(now));
		view_put(view, out, PAINT_DIM, now);
		buf_adds(out, "\n");
	}
}

static int count_lines(const char *text)
{
	int lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

// What was done and what went wrong; mere observations would crowd it out.
static json_t *lately(const json_t *history)
{
	enum { MOST_ENTRIES = 12 };
	json_t *out = json_array();
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(history, "entries"), i, entry)
		if (!str_eq_null(js_str(entry, "what"), "observed") &&
			json_array_size(out) < MOST_ENTRIES)
			json_array_append(out, entry);
	return out;
}

// Nothing stands in the way of what was said above.
static bool is_quiet(const json_t *status, const char *trouble)
{
	const char *phase = js_str(json_object_get(status, "store"), "phase");
	const json_t *config = json_object_get(status, "config");
	size_t i;
	json_t *row;
	json_array_foreach (json_object_get(status, "resources"), i, row)
		if (!status_is_well(row))
			return false;
	return i > 0 && str_empty(trouble) && (!phase || str_eq(phase, "ready")) &&
	       json_array_size(json_object_get(status, "blind")) == 0 &&
	       !json_is_object(json_object_get(config, "error"));
}

static void put_body(
	const struct view *view, const json_t *status, const char *trouble, struct buf *out)
{
	const char *summary = js_str(status, "summary");
	_cleanup_buf_ struct buf attention = {0};
	put_title(view, status, out);
	if (!str_empty(trouble))
		view_wrap(view, out, PAINT_RED, 0, trouble);
	if (!str_empty(summary))
		view_wrap(view, out, PAINT_PLAIN, 0, summary);
	status_trouble(view, status, 1, out);
	status_progress(view, status, out);
	buf_adds(out, "\n");
	status_layers(view, status, out);
	status_attention(view, status, 200, &attention);
	if (attention.len > 0) {
		buf_addf(out, "\n%s", buf_str(&attention));
	} else if (is_quiet(status, trouble)) {
		buf_adds(out, "\n");
		view_put(view, out, PAINT_GREEN, view_glyph(view, "✓", "."));
		view_put(view, out, PAINT_GREEN, " Everything is as the file says.");
		buf_adds(out, "\n");
	}
}

// Copies whole lines; returns how many.
static int put_lines(struct buf *out, const char **text, int most)
{
	int count = 0;
	for (; count < most && **text; count++) {
		size_t bytes = strcspn(*text, "\n") + 1;
		buf_add(out, *text, bytes);
		*text += bytes;
	}
	return count;
}

// What happened last takes the rows that are left, and no entry is cut in two: the lines of one
// that needs several begin with blanks.
static int put_lately(const struct view *view, const json_t *history, int room, struct buf *out)
{
	enum { FEWEST_LINES = 3 }; // an empty one, the title, and an entry
	_cleanup_json_ json_t *entries = lately(history);
	_cleanup_buf_ struct buf table = {0};
	if (json_array_size(entries) == 0 || room < FEWEST_LINES)
		return 0;
	render_entries(view, entries, ENTRY_ADDRESS | ENTRY_CLOCK, 0, &table);
	const char *line = buf_str(&table);
	int fit = 0, shown = 0;
	for (int lines = 0; *line; lines++) {
		if (*line != ' ')
			fit = lines; // all entries before this one are whole
		if (lines == room - 2)
			break;
		line += strcspn(line, "\n") + 1;
		fit = *line ? fit : lines + 1;
	}
	line = buf_str(&table);
	if (fit == 0)
		return 0;
	buf_adds(out, "\n");
	view_put(view, out, PAINT_DIM, "LATELY");
	buf_adds(out, "\n");
	shown = put_lines(out, &line, fit);
	return shown + 2;
}

void render_live(const struct view *view, const json_t *answer, const json_t *history,
	const char *trouble, int height, struct buf *out)
{
	_cleanup_buf_ struct buf body = {0};
	const json_t *stacks = json_object_get(answer, "stacks");
	put_body(view, first_stack(answer), trouble, &body);
	for (size_t i = 1; i < json_array_size(stacks); i++) {
		buf_adds(&body, "\n");
		put_body(view, json_array_get(stacks, i), NULL, &body);
	}
	const char *line = buf_str(&body);
	int lines = count_lines(line), room = height > 3 ? height - 2 : 1;
	int shown = put_lines(out, &line, lines > room ? room - 1 : lines);
	if (lines > shown) {
		view_putf(view, out, PAINT_DIM, "%s %d more lines: `holdfast status`",
			view_glyph(view, "…", "..."), lines - shown);
		buf_adds(out, "\n");
		shown++;
	} else {
		shown += put_lately(view, history, room - shown, out);
	}
	for (; shown < room; shown++)
		buf_adds(out, "\n");
	buf_adds(out, "\n");
	view_put(view, out, PAINT_DIM, "q leaves");
}

// ---- lines

static void put_line(const struct view *view, struct buf *out, enum paint paint, const char *name,
	const char *text)
{
	char now[16];
	clock_text(view, now, sizeof(now));
	view_put(view, out, PAINT_DIM, now);
	buf_adds(out, "  ");
	view_put(view, out, PAINT_BOLD, name);
	buf_adds(out, "  ");
	view_put(view, out, paint, text);
	buf_adds(out, "\n");
}

static const json_t *find_by(const json_t *list, const char *key, const char *value)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item)
		if (str_eq_null(js_str(item, key), value))
			return item;
	return NULL;
}

static char *layer_text(const json_t *layer)
{
	struct buf text = {0};
	const char *sync = js_str(layer, "sync"), *health = js_str(layer, "health");
	buf_addf(&text, "%s, %s", sync ? sync : "Unknown", health ? health : "Unknown");
	static const char *const counts[] = {"drifted", "held", "failed", "progressing"};
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
		if (js_int(layer, counts[i], 0) > 0)
			buf_addf(&text, ", %lld %s", (long long)js_int(layer, counts[i], 0),
				counts[i]);
	return buf_take(&text);
}

static char *resource_text(const json_t *resource)
{
	const json_t *action = json_object_get(resource, "action");
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	const char *reason = js_str(resource, "reason"), *message = js_str(resource, "message");
	if (json_is_object(action)) {
		const char *operation = js_str(action, "operation");
		int64_t attempt = js_int(action, "attempt", 1);
		return attempt > 1 ? str_format("%s, attempt %lld",
					     operation ? operation : "changing", (long long)attempt)
				   : str_format("%s", operation ? operation : "changing");
	}
	if (status_is_well(resource))
		return str_format("%s, %s", sync, health);
	return str_format("%s, %s%s%s%s%s", sync ? sync : "Unknown", health ? health : "Unknown",
		str_empty(reason) ? "" : ": ", reason ? reason : "", str_empty(message) ? "" : ": ",
		message ? message : "");
}

static void compare(const struct view *view, const json_t *before, const json_t *after,
	const char *list, const char *key, char *(*text_of)(const json_t *), bool is_first_shown,
	struct buf *out)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(after, list), i, item) {
		const char *name = js_str(item, key);
		// Both lists are in the same order nearly always.
		const json_t *old_list = json_object_get(before, list);
		const json_t *old = json_array_get(old_list, i);
		if (!str_eq_null(js_str(old, key), name))
			old = find_by(old_list, key, name);
		if (!name || (!old && !is_first_shown))
			continue;
		_cleanup_free_ char *was = old ? text_of(old) : NULL;
		_cleanup_free_ char *is = text_of(item);
		enum paint paint;
		mark_of(view, item, &paint);
		if (is && !str_eq_null(was, is))
			put_line(view, out, paint, name, is);
	}
}

void render_progress(
	const struct view *view, const json_t *before, const json_t *after, struct buf *out)
{
	const json_t *stacks = json_object_get(after, "stacks");
	size_t count = json_is_array(stacks) ? json_array_size(stacks) : 1;
	for (size_t i = 0; i < count; i++) {
		const json_t *now = json_is_array(stacks) ? json_array_get(stacks, i) : after;
		const char *stack = js_str(now, "stack"), *summary = js_str(now, "summary");
		const json_t *old =
			json_is_array(json_object_get(before, "stacks"))
				? find_by(json_object_get(before, "stacks"), "stack", stack)
				: before;
		if (!str_empty(summary) && !str_eq_null(js_str(old, "summary"), summary))
			put_line(view, out, PAINT_PLAIN, stack ? stack : "-", summary);
		compare(view, old, now, "layers", "name", layer_text, true, out);
		compare(view, old, now, "resources", "address", resource_text, old != NULL, out);
	}
}
