// What was: a resource's story in sentences.
#include "base/str.h"
#include "cli/render.h"
#include "cli/table.h"

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
