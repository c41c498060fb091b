// `get`: one resource, the file's side beside AWS's, and what is known about it.
#include "base/str.h"
#include "cli/render.h"
#include "cli/status.h"
#include "core/plain.h"

static void put_head(const struct view *view, const json_t *resource, struct buf *out)
{
	enum paint paint;
	char age[32];
	const char *mark = mark_of(view, resource, &paint), *address = js_str(resource, "address");
	const char *id = js_str(resource, "id");
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	view_put(view, out, paint, mark);
	buf_adds(out, " ");
	view_put(view, out, PAINT_BOLD, address ? address : "-");
	if (!str_empty(id))
		view_putf(view, out, PAINT_PLAIN, "  %s", id);
	buf_adds(out, "\n  ");
	view_put(view, out, paint_of_sync(sync), sync ? sync : "Unknown");
	buf_adds(out, ", ");
	view_put(view, out, paint_of_health(health), health ? health : "Unknown");
	view_age(view, js_str(resource, "since"), age, sizeof(age));
	if (*age)
		buf_addf(out, " for %s", age);
	view_age(view, js_str(resource, "checked_at"), age, sizeof(age));
	if (*age)
		buf_addf(out, "; checked %s ago\n", age);
	else
		buf_adds(out, "; not checked yet\n");
	const char *reason = js_str(resource, "reason"), *message = js_str(resource, "message");
	if (!status_is_well(resource) && (!str_empty(reason) || !str_empty(message))) {
		_cleanup_free_ char *text = str_format("%s%s%s", reason ? reason : "",
			str_empty(reason) || str_empty(message) ? "" : ": ",
			message ? message : "");
		view_wrap(view, out, PAINT_PLAIN, 2, text ? text : "");
	}
	const json_t *action = json_object_get(resource, "action");
	if (json_is_object(action)) {
		buf_adds(out, "  ");
		status_doing(view, action, out);
		buf_adds(out, "\n");
	}
}

static void put_fact(struct table *table, const char *name, const json_t *list)
{
	_cleanup_free_ char *names = plain_names(list);
	if (str_empty(names))
		return;
	table_add(table, PAINT_DIM, name);
	table_add(table, PAINT_PLAIN, names);
}

static void put_facts(const struct view *view, const json_t *resource, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_FLEX}};
	const json_t *place = json_object_get(resource, "place");
	const char *file = js_str(place, "file");
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	if (!str_empty(file)) {
		table_add(&table, PAINT_DIM, "declared at");
		table_addf(
			&table, PAINT_PLAIN, "%s:%lld", file, (long long)js_int(place, "line", 0));
	}
	const json_t *protection = json_object_get(resource, "protection");
	if (json_is_object(protection)) {
		const char *who = js_str(protection, "who"), *why = js_str(protection, "reason");
		table_add(&table, PAINT_DIM, "protected");
		table_addf(&table, PAINT_PLAIN, "by %s%s%s", who ? who : "?", why ? ": " : "",
			why ? why : "");
	}
	put_fact(&table, "depends on", json_object_get(resource, "depends_on"));
	put_fact(&table, "needed by", json_object_get(resource, "required_by"));
	table_render(&table, out);
}

// ---- side by side

static bool is_different(const json_t *differences, const char *leaf)
{
	size_t i;
	json_t *difference;
	json_array_foreach ((json_t *)differences, i, difference) {
		const char *path = js_str(difference, "path");
		if (path && plain_covers(path, leaf))
			return true;
	}
	return false;
}

static void put_row(struct table *table, const char *path, const json_t *desired,
	const json_t *observed, bool is_diff)
{
	_cleanup_free_ char *left = desired ? plain_line(desired) : NULL;
	_cleanup_free_ char *right = observed ? plain_line(observed) : NULL;
	enum paint plain = desired ? PAINT_PLAIN : PAINT_DIM;
	table_add(table, PAINT_YELLOW, is_diff ? "~" : " ");
	table_add(table, is_diff ? PAINT_BOLD : plain, path);
	table_add(table, is_diff ? PAINT_GREEN : plain, left);
	table_add(table, is_diff ? PAINT_RED : plain, right);
}

// Tags are rows as differences name them.
static void add_tags(json_t *leaves, const json_t *tags)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)tags, key, value) {
		_cleanup_free_ char *path = str_format("Tags[%s]", key);
		if (path)
			json_object_set(leaves, path, value);
	}
}

// Both sides as {"path": value}, new.
static json_t *desired_leaves(const json_t *resource)
{
	json_t *leaves = plain_leaves(json_object_get(resource, "desired"));
	add_tags(leaves, json_object_get(resource, "desired_tags"));
	return leaves;
}

static json_t *observed_leaves(const json_t *resource)
{
	_cleanup_json_ json_t *aligned = plain_align(
		json_object_get(resource, "desired"), json_object_get(resource, "observed"));
	json_t *leaves = plain_leaves(aligned);
	add_tags(leaves, json_object_get(resource, "tags"));
	return leaves;
}

// Rows that the file declares, first; then what else AWS says.
static void put_sides(const struct view *view, const json_t *resource, struct buf *out)
{
	static const struct column columns[] = {{NULL, COLUMN_KEEP | COLUMN_TIGHT},
		{"FIELD", COLUMN_FLEX | COLUMN_KEEP}, {"FILE", COLUMN_FLEX},
		{"AWS", COLUMN_FLEX | COLUMN_KEEP}};
	const json_t *differences = json_object_get(resource, "differences");
	_cleanup_json_ json_t *desired = desired_leaves(resource);
	_cleanup_json_ json_t *observed = observed_leaves(resource);
	const char *path;
	json_t *value;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 0);
	json_object_foreach (desired, path, value)
		put_row(&table, path, value, json_object_get(observed, path),
			is_different(differences, path));
	json_object_foreach (observed, path, value)
		if (!json_object_get(desired, path) && !plain_is_empty(value))
			put_row(&table, path, NULL, value, is_different(differences, path));
	if (table.count > 0)
		buf_adds(out, "\n");
	table_render(&table, out);
}

// Differences that no row of either side could show: a missing resource, an item of a set.
static void put_other_differences(const struct view *view, const json_t *resource, struct buf *out)
{
	_cleanup_json_ json_t *others = json_array();
	_cleanup_json_ json_t *desired = desired_leaves(resource);
	_cleanup_json_ json_t *observed = observed_leaves(resource);
	size_t i;
	json_t *difference;
	json_array_foreach (json_object_get(resource, "differences"), i, difference) {
		const char *path = js_str(difference, "path"), *leaf;
		json_t *value;
		bool is_shown = false;
		json_object_foreach (desired, leaf, value)
			is_shown |= path && plain_covers(path, leaf);
		json_object_foreach (observed, leaf, value)
			is_shown |= path && plain_covers(path, leaf);
		if (!is_shown) {
			json_t *copy = json_copy(difference);
			js_set_str(copy, "address", "Differs");
			json_array_append_new(others, copy);
		}
	}
	if (json_array_size(others) == 0)
		return;
	_cleanup_json_ json_t *answer = json_pack("{s:O}", "differences", others);
	buf_adds(out, "\n");
	render_diff(view, answer, out);
}

static void put_undeclared(const struct view *view, const json_t *resource, struct buf *out)
{
	const json_t *undeclared = json_object_get(resource, "undeclared");
	static const struct column columns[] = {{NULL, COLUMN_FLEX}, {NULL, COLUMN_FLEX}};
	size_t i;
	json_t *item;
	_cleanup_table_ struct table table = {0};
	if (json_array_size(undeclared) == 0)
		return;
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	buf_adds(out, "\n");
	view_put(view, out, PAINT_BOLD, "Changed though the file says nothing about it");
	buf_adds(out, "\n");
	json_array_foreach ((json_t *)undeclared, i, item) {
		const char *path = js_str(item, "path");
		_cleanup_free_ char *before = plain_line(json_object_get(item, "desired"));
		_cleanup_free_ char *after = plain_line(
			json_is_object(item) && path ? json_object_get(item, "observed") : item);
		table_add(&table, PAINT_PLAIN, path);
		if (json_object_get(item, "desired"))
			table_addf(&table, PAINT_PLAIN, "%s%s%s", before ? before : "",
				view_glyph(view, " → ", " -> "), after ? after : "");
		else
			table_add(&table, PAINT_PLAIN, after);
	}
	table_render(&table, out);
}

static void put_remarks(const struct view *view, const json_t *resource, struct buf *out)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(resource, "remarks"), i, one) {
		buf_adds(out, i == 0 ? "\n" : "");
		view_wrap(view, out, PAINT_PLAIN, 2, json_string_value(one));
	}
}

static void put_holds(const struct view *view, const json_t *resource, struct buf *out)
{
	const json_t *holds = json_object_get(resource, "holds");
	static const struct column columns[] = {
		{"ID", 0}, {"CHANGE", 0}, {"STATE", 0}, {"REASON", COLUMN_FLEX}, {"WHO", 0}};
	size_t i;
	json_t *hold;
	_cleanup_table_ struct table table = {0};
	if (json_array_size(holds) == 0)
		return;
	table_init(&table, view, columns, ARRAY_COUNT(columns), 2);
	buf_adds(out, "\n");
	view_put(view, out, PAINT_BOLD, "Held");
	buf_adds(out, "\n");
	json_array_foreach ((json_t *)holds, i, hold) {
		_cleanup_free_ char *id = plain_line(json_object_get(hold, "id"));
		table_add(&table, PAINT_MAGENTA, id);
		table_add(&table, PAINT_PLAIN, js_str(hold, "change"));
		table_add(&table, PAINT_PLAIN, js_str(hold, "state"));
		table_add(&table, PAINT_PLAIN, js_str(hold, "reason"));
		table_add(&table, PAINT_PLAIN, js_str(hold, "who"));
	}
	table_render(&table, out);
}

void render_resource(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *resource = json_object_get(answer, "resource");
	const json_t *history = json_object_get(answer, "history");
	size_t i;
	json_t *action;
	put_head(view, resource, out);
	put_facts(view, resource, out);
	put_sides(view, resource, out);
	put_other_differences(view, resource, out);
	put_undeclared(view, resource, out);
	put_remarks(view, resource, out);
	put_holds(view, resource, out);
	json_array_foreach (json_object_get(resource, "actions"), i, action) {
		buf_adds(out, "\n");
		render_action(view, action, out);
		if (out->len > 0 && !out->failed)
			out->data[--out->len] = '\0'; // its empty line at the end
	}
	if (json_array_size(history) > 0) {
		buf_adds(out, "\n");
		view_put(view, out, PAINT_BOLD, "History");
		buf_adds(out, "\n");
		render_entries(view, history, 0, 2, out);
	}
}
