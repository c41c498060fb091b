// `events`: one request, or one after another, each with the cursor of the answer before. A daemon
// that is not there is waited for.
#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include <unistd.h>

enum { ASK_MS = 40000, AGAIN_SECONDS = 1 };

static int print_json(struct cli *cli, const json_t *answer)
{
	_cleanup_buf_ struct buf out = {0};
	size_t i;
	json_t *event;
	const char *gap = js_str(answer, "gap");
	_cleanup_json_ json_t *told =
		gap ? json_pack("{s:s, s:s}", "event", "gap", "text", gap) : NULL;
	buf_init(&out, 16 << 20);
	_cleanup_json_ json_t *all = json_array();
	if (told)
		json_array_append(all, told);
	json_array_extend(all, json_object_get(answer, "events"));
	json_array_foreach (all, i, event) {
		_cleanup_free_ char *text = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);
		buf_adds(&out, text ? text : "");
		buf_adds(&out, "\n");
	}
	return cli_print(cli, &out, EXIT_DONE);
}

static int print(struct cli *cli, const json_t *answer)
{
	_cleanup_buf_ struct buf out = {0};
	cli->view.now_ms = clock_wall_ms();
	if (cli->is_json)
		return print_json(cli, answer);
	render_events(&cli->view, answer, &out);
	return cli_print(cli, &out, EXIT_DONE);
}

static bool is_away(const struct err *err)
{
	return err->class == ERR_TRANSIENT || str_eq(err->code, "NotRunning") ||
	       str_eq(err->code, "Timeout");
}

// One answer printed, *cursor moved on. False: leave with *ret_status.
static bool follow_once(struct cli *cli, char **cursor, bool *was_away, int *ret_status)
{
	struct client *client = NULL;
	_cleanup_reply_ struct reply reply = {0};
	const char *first = *cursor ? NULL : cli->limit ? cli->limit : "10";
	_cleanup_free_ char *path = client_path("/v1/events", NULL, "after", *cursor, "limit",
		first, "wait", *cursor ? "true" : NULL, "stack", cli->stack);
	struct err err = path ? cli_connect(cli, &client) : err_nomem();
	if (!err_is(&err))
		err = client_ask(client, path, NULL, ASK_MS, &reply);
	client_free(client);
	if (err_is(&err) && (!*cursor || !is_away(&err))) {
		*ret_status = cli_fail(cli, &err, cli_remedy(&err, &reply));
		return false;
	}
	if (err_is(&err)) {
		if (!*was_away)
			fputs("holdfast: the daemon does not answer; waiting for it\n", stderr);
		*was_away = true;
		sleep(AGAIN_SECONDS);
		return true;
	}
	*was_away = false;
	*ret_status = print(cli, reply.body);
	const char *next = js_str(reply.body, "cursor");
	if (*ret_status != EXIT_DONE || !next)
		return false;
	free(*cursor);
	*cursor = strdup(next);
	return *cursor != NULL;
}

int run_events(struct cli *cli)
{
	if (!cli->is_following) {
		_cleanup_free_ char *path =
			client_path("/v1/events", NULL, "limit", cli->limit, "stack", cli->stack);
		_cleanup_reply_ struct reply reply = {0};
		return cli_ask(cli, path, NULL, &reply) ? print(cli, reply.body) : EXIT_ERROR;
	}
	char *cursor = NULL;
	bool was_away = false;
	int status = EXIT_ERROR;
	while (follow_once(cli, &cursor, &was_away, &status))
		;
	free(cursor);
	return status;
}
