// `accept`: what to write into the file so that what AWS has is what is wanted.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"

// It differs, and nobody does anything about it.
static void put_ignored(
	const struct view *view, const json_t *ignored, const char *field, struct buf *out)
{
	const char *who = js_str(ignored, "who"), *until = js_str(ignored, "until"),
		   *reason = js_str(ignored, "reason");
	if (!json_is_object(ignored))
		return;
	if (who)
		view_putf(view, out, PAINT_DIM,
			"    Ignored by %s until %s%s%s: nothing is done about it. With the "
			"edit it is wanted, and `holdfast resume ADDRESS %s` ends that.",
			who, until ? until : "somebody ends it", reason ? ", " : "",
			reason ? reason : "", field);
	else
		view_put(view, out, PAINT_DIM,
			"    Ignored by 'policy: {ignore: [...]}' in the file: nothing is done "
			"about it. With the edit it is wanted, and that line can go.");
	buf_adds(out, "\n");
}

static void put_edit(const struct view *view, const json_t *edit, struct buf *out)
{
	const char *file = js_str(edit, "file"), *field = js_str(edit, "field");
	const json_t *value = json_object_get(edit, "value");
	_cleanup_free_ char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	view_putf(view, out, PAINT_DIM, "  # %s:%lld", file ? file : "the file",
		(long long)js_int(edit, "line", 0));
	buf_adds(out, "\n  ");
	view_put(view, out, PAINT_BOLD, field ? field : "?");
	buf_adds(out, ": ");
	view_put(view, out, PAINT_YELLOW, text ? text : "null");
	buf_adds(out, "\n");
	put_ignored(view, json_object_get(edit, "ignored"), field ? field : "FIELD", out);
}

void render_accept(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *edits = json_object_get(answer, "edits"),
		     *left = json_object_get(answer, "left");
	const char *address = js_str(answer, "address");
	size_t i;
	json_t *one;
	address = address ? address : "it";
	if (js_bool(answer, "missing", false))
		view_putf(view, out, PAINT_PLAIN,
			"%s does not exist in AWS: take it out of the file to accept that.",
			address);
	else if (json_array_size(edits) + json_array_size(left) == 0)
		view_putf(view, out, PAINT_PLAIN, "%s is as the file says: nothing to edit.",
			address);
	else
		view_putf(view, out, PAINT_PLAIN, "In %s, for what AWS has:", address);
	buf_adds(out, "\n");
	json_array_foreach ((json_t *)edits, i, one)
		put_edit(view, one, out);
	json_array_foreach ((json_t *)left, i, one) {
		view_putf(view, out, PAINT_YELLOW,
			"  %s cannot be written as it is: decide what it is to be.",
			json_is_string(one) ? json_string_value(one) : "?");
		buf_adds(out, "\n");
	}
}

static int status_of(const json_t *answer)
{
	bool is_nothing = json_array_size(json_object_get(answer, "edits")) == 0 &&
			  json_array_size(json_object_get(answer, "left")) == 0 &&
			  !js_bool(answer, "missing", false);
	return is_nothing ? EXIT_DONE : EXIT_DIFFERENT;
}

int run_accept(struct cli *cli)
{
	return cli_show(cli, client_path("/v1/accept/", cli->arguments[0], "stack", cli->stack),
		NULL, render_accept, status_of);
}
