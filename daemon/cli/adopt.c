// `adopt`: what the file would say of a thing that stands in AWS. Printed as YAML: what a person
// reads are comments of it.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"

static void put_fields(const struct view *view, const json_t *fields, struct buf *out)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)fields, key, value) {
		_cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY);
		buf_adds(out, "      ");
		view_put(view, out, PAINT_BOLD, key);
		buf_adds(out, ": ");
		view_put(view, out, PAINT_YELLOW, text ? text : "null");
		buf_adds(out, "\n");
	}
}

static void put_what_to_do(const struct view *view, const json_t *answer, struct buf *out)
{
	const char *address = js_str(answer, "address"), *stack = js_str(answer, "stack"),
		   *resource = js_str(answer, "resource");
	view_putf(view, out, PAINT_DIM,
		"# `holdfast plan` shows what would change, and `holdfast approve %s` takes it "
		"over.",
		address);
	buf_adds(out, "\n");
	if (js_bool(answer, "declared", false)) {
		view_putf(view, out, PAINT_DIM, "# The file has %s already: put in what differs.",
			address);
		buf_adds(out, "\n");
	}
	if (stack) {
		view_putf(view, out, PAINT_DIM, "# It bears the tag of %s in stack %s.",
			resource ? resource : "a resource", stack);
		buf_adds(out, "\n");
	}
}

static void render_adopt(const struct view *view, const json_t *answer, struct buf *out)
{
	const char *layer = js_str(answer, "layer"), *kind = js_str(answer, "kind"),
		   *address = js_str(answer, "address"), *id = js_str(answer, "id");
	const json_t *left = json_object_get(answer, "left");
	bool is_held = js_bool(answer, "held", false);
	size_t i;
	json_t *one;
	if (!layer || !kind || !address || !id)
		return;
	view_putf(view, out, PAINT_DIM, "# %s as it stands in AWS%s", id,
		is_held ? ", and is held already."
			: ". With this in the file it is looked at; then");
	buf_adds(out, "\n");
	if (!is_held)
		put_what_to_do(view, answer, out);
	buf_addf(out, "%s:\n  %s:\n    %s:\n", layer, kind, strrchr(address, '.') + 1);
	put_fields(view, json_object_get(answer, "fields"), out);
	json_array_foreach ((json_t *)left, i, one)
		buf_addf(out, "      # %s: AWS does not show it, and the file has to say it\n",
			json_is_string(one) ? json_string_value(one) : "?");
}

int run_adopt(struct cli *cli)
{
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s, s:s*}", "target", cli->arguments[0],
		"id", cli->arguments[1], "stack", cli->stack);
	return cli_show(cli, strdup("/v1/adopt"), body, render_adopt, NULL);
}
