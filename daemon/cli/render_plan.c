// `plan` in the notation that Terraform taught: + ~ - -/+ +/-, (known after apply), (sensitive),
// # forces replacement, and a last line of counts.
#include "base/str.h"
#include "cli/render.h"
#include "core/plain.h"

enum { FIELD_INDENT = 6, MOST_NAME_CELLS = 40 };

enum paint paint_of_change(const char *change)
{
	if (str_eq_null(change, "+"))
		return PAINT_GREEN;
	if (str_eq_null(change, "~"))
		return PAINT_YELLOW;
	return PAINT_RED; // -, -/+, +/-
}

static const char *verb_of(const char *change)
{
	if (str_eq(change, "+"))
		return "will be created";
	if (str_eq(change, "~"))
		return "will be updated in place";
	if (str_eq(change, "-"))
		return "will be deleted";
	return "must be replaced";
}

// ---- values

static bool is_tree(const json_t *value)
{
	if (plain_is_leaf(value) && !(json_is_array(value) && json_array_size(value) > 4))
		return false;
	return json_is_object(value) || json_is_array(value);
}

static void put_tree(const struct view *view, const json_t *value, enum paint paint, const char *op,
	int indent, struct buf *out);

static void put_member(const struct view *view, const char *key, int key_cells, const json_t *value,
	enum paint paint, const char *op, int indent, struct buf *out)
{
	view_pad(out, indent);
	view_put(view, out, paint, op);
	buf_adds(out, " ");
	if (key) {
		view_put(view, out, PAINT_PLAIN, key);
		view_pad(out, key_cells - view_cells(key));
		buf_adds(out, " = ");
	}
	if (is_tree(value)) {
		put_tree(view, value, paint, op, indent, out);
	} else {
		_cleanup_buf_ struct buf text = {0};
		plain_quoted(&text, value);
		view_put(view, out, PAINT_PLAIN, buf_str(&text));
	}
	buf_adds(out, "\n");
}

static void put_tree(const struct view *view, const json_t *value, enum paint paint, const char *op,
	int indent, struct buf *out)
{
	const char *key;
	json_t *member;
	size_t i;
	int key_cells = 0;
	buf_adds(out, json_is_object(value) ? "{\n" : "[\n");
	json_object_foreach ((json_t *)value, key, member)
		key_cells = view_cells(key) > key_cells ? view_cells(key) : key_cells;
	json_object_foreach ((json_t *)value, key, member)
		put_member(view, key, key_cells, member, paint, op, indent + 4, out);
	if (json_is_array(value))
		json_array_foreach ((json_t *)value, i, member)
			put_member(view, NULL, 0, member, paint, op, indent + 4, out);
	view_pad(out, indent + 2);
	buf_adds(out, json_is_object(value) ? "}" : "]");
}

static char *side_text(const json_t *field, const char *side)
{
	struct buf text = {0};
	if (js_bool(field, "sensitive", false))
		buf_adds(&text, "(sensitive)");
	else if (str_eq(side, "after") && js_bool(field, "unknown", false))
		buf_adds(&text, "(known after apply)");
	else
		plain_quoted(&text, json_object_get(field, side));
	return buf_take(&text);
}

// ---- fields

static const char *op_of(const json_t *field, const char *change)
{
	const char *op = js_str(field, "op");
	return op ? op : str_eq_null(change, "+") ? "+" : str_eq_null(change, "-") ? "-" : "~";
}

// What is to be known of a field beside its values; "": nothing.
static const char *note_of(const json_t *field)
{
	bool is_held_back = js_bool(field, "held_back", false);
	bool forces = js_bool(field, "forces_replacement", false);
	if (js_bool(field, "unread", false))
		return forces ? "# not looked at yet; if it differs, forces replacement"
			      : "# not looked at yet: AWS may have it already";
	if (forces)
		return is_held_back ? "# forces replacement, held back" : "# forces replacement";
	return is_held_back ? "# held back" : "";
}

static void put_note(const struct view *view, const json_t *field, struct buf *out)
{
	const char *note = note_of(field);
	if (!*note)
		return;
	buf_adds(out, " ");
	view_put(view, out, js_bool(field, "forces_replacement", false) ? PAINT_RED : PAINT_MAGENTA,
		note);
}

static void put_sides(
	const struct view *view, const json_t *field, const char *op, int used, struct buf *out)
{
	_cleanup_free_ char *before = side_text(field, "before");
	_cleanup_free_ char *after = side_text(field, "after");
	bool has_both = str_eq(op, "~");
	const json_t *value = json_object_get(field, str_eq(op, "-") ? "before" : "after");
	bool is_plain = !js_bool(field, "sensitive", false) && !js_bool(field, "unknown", false);
	if (!has_both && is_plain && is_tree(value)) {
		buf_adds(out, " ");
		put_tree(view, value, paint_of_change(op), op, FIELD_INDENT, out);
		put_note(view, field, out);
		return;
	}
	int note = *note_of(field) ? (int)strlen(note_of(field)) + 1 : 0;
	const char *one = str_eq(op, "-") ? before : after;
	if (!before || !after) {
		out->failed = true;
	} else if (!has_both) {
		buf_adds(out, " ");
		view_put(view, out, PAINT_PLAIN, one);
	} else if (view->width > 0 &&
		   used + view_cells(before) + view_cells(after) + 4 + note > view->width) {
		// Too long for a line: one above the other, so that the eye compares.
		put_note(view, field, out);
		buf_adds(out, "\n");
		view_pad(out, FIELD_INDENT + 4);
		view_put(view, out, PAINT_RED, before);
		buf_adds(out, "\n");
		view_pad(out, FIELD_INDENT + 1);
		buf_adds(out, "-> ");
		view_put(view, out, PAINT_GREEN, after);
		return;
	} else {
		buf_adds(out, " ");
		view_put(view, out, PAINT_PLAIN, before);
		buf_adds(out, " -> ");
		view_put(view, out, PAINT_PLAIN, after);
	}
	put_note(view, field, out);
}

static void put_field(const struct view *view, const json_t *field, const char *change,
	int name_cells, struct buf *out)
{
	const char *path = js_str(field, "path"), *op = op_of(field, change);
	_cleanup_buf_ struct buf name = {0};
	view_escape(&name, path ? path : "-");
	view_pad(out, FIELD_INDENT);
	view_put(view, out, paint_of_change(op), op);
	buf_adds(out, " ");
	buf_adds(out, buf_str(&name));
	view_pad(out, name_cells - view_cells(buf_str(&name)));
	buf_adds(out, " =");
	int used =
		FIELD_INDENT + 5 +
		(view_cells(buf_str(&name)) > name_cells ? view_cells(buf_str(&name)) : name_cells);
	put_sides(view, field, op, used, out);
	buf_adds(out, "\n");
}

static int widest_name(const json_t *fields)
{
	size_t i;
	json_t *field;
	int most = 0;
	json_array_foreach ((json_t *)fields, i, field) {
		const char *path = js_str(field, "path");
		int cells = path ? view_cells(path) : 0;
		most = cells > most ? cells : most;
	}
	return most < MOST_NAME_CELLS ? most : MOST_NAME_CELLS;
}

// ---- actions

// "# text", each of its lines.
static void put_remark(const struct view *view, enum paint paint, const char *text, struct buf *out)
{
	enum { INDENT = 2, MARK = 2 };
	_cleanup_buf_ struct buf lines = {0};
	view_wrap(view, &lines, paint, INDENT + MARK, text);
	for (const char *line = buf_str(&lines); *line;) {
		size_t bytes = strcspn(line, "\n") + 1;
		view_pad(out, INDENT);
		view_put(view, out, paint, "# ");
		buf_add(out, line + INDENT + MARK, bytes - INDENT - MARK);
		line += bytes;
	}
}

// Why it happens, why it does not happen yet, and what it costs whoever uses the thing.
static void put_notes(const struct view *view, const json_t *action, struct buf *out)
{
	const char *decision = js_str(action, "decision"), *message = js_str(action, "message");
	const char *reason = js_str(action, "reason"), *disruption = js_str(action, "disruption");
	const char *id = js_str(action, "id");
	_cleanup_free_ char *state = NULL, *effect = NULL;
	if (!str_empty(disruption) && !str_eq(disruption, "none"))
		effect = str_format("disruption: %s", disruption);
	if (str_eq_null(decision, "hold"))
		state = str_format("held%s%s%s%s%s", str_empty(message) ? "" : ": ",
			message ? message : "", id ? " (holdfast approve " : "", id ? id : "",
			id ? ")" : "");
	else if (str_eq_null(decision, "wait"))
		state = message && str_starts(message, "waits") // as most of them say themselves
				? strdup(message)
				: str_format("waits%s%s", str_empty(message) ? "" : ": ",
					  message ? message : "");
	if (!str_empty(reason))
		put_remark(view, PAINT_DIM, reason, out);
	if (effect)
		put_remark(view, str_eq(disruption, "data-loss") ? PAINT_RED : PAINT_YELLOW, effect,
			out);
	if (state)
		put_remark(view, PAINT_MAGENTA, state, out);
}

void render_action(const struct view *view, const json_t *action, struct buf *out)
{
	const char *change = js_str(action, "change"), *address = js_str(action, "address");
	const json_t *fields = json_object_get(action, "fields");
	size_t i;
	json_t *field;
	change = change ? change : "~";
	address = address ? address : "-";
	buf_adds(out, "  ");
	view_putf(view, out, PAINT_BOLD, "# %s", address);
	buf_addf(out, " %s\n", verb_of(change));
	put_notes(view, action, out);
	view_pad(out, 3 - (int)strlen(change)); // "-/+ " is as wide as "  + "
	view_put(view, out, paint_of_change(change), change);
	buf_adds(out, " ");
	view_put(view, out, PAINT_PLAIN, address);
	buf_adds(out, "\n");
	int name_cells = widest_name(fields);
	json_array_foreach ((json_t *)fields, i, field)
		put_field(view, field, change, name_cells, out);
	buf_adds(out, "\n");
}

static void put_counts(const struct view *view, const json_t *plan, struct buf *out)
{
	const json_t *counts = json_object_get(plan, "counts");
	int64_t held = js_int(counts, "held", 0), waiting = js_int(counts, "waiting", 0);
	view_put(view, out, PAINT_BOLD, "Plan:");
	buf_addf(out, " %lld to create, %lld to update, %lld to replace, %lld to delete",
		(long long)js_int(counts, "create", 0), (long long)js_int(counts, "update", 0),
		(long long)js_int(counts, "replace", 0), (long long)js_int(counts, "delete", 0));
	if (held > 0)
		buf_addf(out, "; %lld held", (long long)held);
	if (waiting > 0)
		buf_addf(out, "%s %lld waiting", held > 0 ? "," : ";", (long long)waiting);
	buf_adds(out, ".\n");
}

void render_plan(const struct view *view, const json_t *plan, struct buf *out)
{
	const json_t *actions = json_object_get(plan, "actions");
	char age[32];
	size_t i;
	json_t *action;
	bool is_complete = js_bool(plan, "complete", true);
	int64_t age_ms = js_str(plan, "checked_at") ? js_int(plan, "age_ms", -1) : -1;
	view_duration(age_ms, age, sizeof(age));
	json_array_foreach ((json_t *)actions, i, action)
		render_action(view, action, out);
	if (!is_complete)
		view_wrap(view, out, PAINT_YELLOW, 0,
			"Not everything has been looked at yet: this plan is not complete.");
	if (json_array_size(actions) > 0)
		put_counts(view, plan, out);
	else if (is_complete)
		view_wrap(view, out, PAINT_GREEN, 0, "No changes are to be made.");
	bool is_of_a_file = json_object_get(plan, "findings") != NULL;
	if (is_of_a_file && js_int(json_object_get(plan, "counts"), "held", 0) > 0)
		view_wrap(view, out, PAINT_MAGENTA, 0,
			"The file is not in force: what is held can be approved once it is.");
	if (age_ms >= 0)
		view_putf(view, out, PAINT_DIM, "AWS was looked at %s ago.", age);
	buf_adds(out, age_ms >= 0 ? "\n" : "");
}
