// `pause`, `resume`, `ignore`, `protect`, `unprotect`, `release`, `orders`: what people tell the
// daemon beside the file.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/table.h"
#include "core/plain.h"

static const char *argument(const struct cli *cli, int i)
{
	return cli->argument_count > i ? cli->arguments[i] : NULL;
}

// "paused  network  until 12:30:00, by root (uid 0): the migration"
static void put_order(const struct view *view, const json_t *order, struct buf *out)
{
	const char *sort = js_str(order, "sort");
	const char *target = js_str(order, "target"), *field = js_str(order, "field");
	const char *who = js_str(order, "who"), *reason = js_str(order, "reason");
	const char *until = js_str(order, "until");
	char time[40];
	view_put(view, out, PAINT_YELLOW,
		str_eq_null(sort, "pause")     ? "paused     "
		: str_eq_null(sort, "protect") ? "protected  "
		: str_eq_null(sort, "brake")   ? "braked     "
		: str_eq_null(sort, "contest") ? "contested  "
		: str_eq_null(sort, "release") ? "released   "
					       : "ignored    ");
	view_put(view, out, PAINT_BOLD, str_empty(target) ? "everything" : target);
	if (field && !str_eq_null(sort, "brake")) {
		buf_adds(out, " ");
		view_put(view, out, PAINT_BOLD, field);
	}
	if (until) {
		view_clock(view, until, time, sizeof(time));
		view_putf(view, out, PAINT_PLAIN, "  until %s", time);
	}
	view_putf(view, out, PAINT_DIM, "  by %s", who ? who : "?");
	buf_adds(out, "\n");
	if (reason)
		view_wrap(view, out, PAINT_PLAIN, 11, reason);
}

static void put_list(const struct view *view, const json_t *list, struct buf *out)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)list, i, order)
		put_order(view, order, out);
}

static void render_order(const struct view *view, const json_t *answer, struct buf *out)
{
	put_order(view, json_object_get(answer, "order"), out);
}

static void render_ended(const struct view *view, const json_t *answer, struct buf *out)
{
	buf_adds(out, "No longer:\n");
	put_list(view, json_object_get(answer, "ended"), out);
}

void render_orders(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *list = json_object_get(answer, "orders");
	if (json_array_size(list) == 0)
		buf_adds(
			out, "Nothing is paused, ignored, protected or braked, but by the file.\n");
	put_list(view, list, out);
}

int run_pause(struct cli *cli)
{
	const char *target = argument(cli, 0);
	_cleanup_json_ json_t *body =
		json_pack("{s:s, s:s*, s:s*, s:s*}", "target", target ? target : "", "stack",
			cli->stack, "for", cli->length, "reason", cli->reason);
	return cli_show(cli, strdup("/v1/pause"), body, render_order, NULL);
}

int run_resume(struct cli *cli)
{
	const char *target = argument(cli, 0);
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s*, s:s*}", "target", target ? target : "",
		"stack", cli->stack, "field", argument(cli, 1));
	return cli_show(cli, strdup("/v1/resume"), body, render_ended, NULL);
}

int run_ignore(struct cli *cli)
{
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "target",
		argument(cli, 0), "field", argument(cli, 1), "stack", cli->stack, "for",
		cli->length, "reason", cli->reason);
	return cli_show(cli, strdup("/v1/ignore"), body, render_order, NULL);
}

int run_protect(struct cli *cli)
{
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s*, s:s*}", "target", argument(cli, 0),
		"stack", cli->stack, "reason", cli->reason);
	return cli_show(cli, strdup("/v1/protect"), body, render_order, NULL);
}

int run_unprotect(struct cli *cli)
{
	_cleanup_json_ json_t *body =
		json_pack("{s:s, s:s*}", "target", argument(cli, 0), "stack", cli->stack);
	return cli_show(cli, strdup("/v1/unprotect"), body, render_ended, NULL);
}

int run_release(struct cli *cli)
{
	const char *target = argument(cli, 0);
	_cleanup_json_ json_t *body =
		json_pack("{s:s, s:s*, s:s*, s:s*}", "target", target ? target : "", "stack",
			cli->stack, "for", cli->length, "reason", cli->reason);
	return cli_show(cli, strdup("/v1/release"), body, render_ended, NULL);
}

int run_orders(struct cli *cli)
{
	return cli_show(cli, client_path("/v1/orders", NULL, "stack", cli->stack), NULL,
		render_orders, NULL);
}
