// `sync`: asks for a look now. With --wait the request stays open until the pass has ended, and a
// second connection shows meanwhile how it goes.
#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/status.h"
#include "core/plain.h"

enum { LOOK_MS = 500, ASK_MS = 5000 };

struct shown {
	struct cli *cli;
	struct client *client; // the second connection
	char *path;
	json_t *status; // the last one; owned
};

static const json_t *first_stack(const json_t *status)
{
	const json_t *stacks = json_object_get(status, "stacks");
	return json_is_array(stacks) ? json_array_get(stacks, 0) : status;
}

// On a terminal a line that is drawn over: the bar and what is being done; elsewhere lines, one a
// change.
static void show_progress(struct shown *shown)
{
	struct cli *cli = shown->cli;
	_cleanup_reply_ struct reply reply = {0};
	_cleanup_buf_ struct buf out = {0};
	struct err err = client_ask(shown->client, shown->path, NULL, ASK_MS, &reply);
	if (err_is(&err) || !json_is_object(reply.body))
		return; // the request itself will say what is wrong
	cli->view.now_ms = clock_wall_ms();
	if (cli->is_terminal) {
		buf_adds(&out, "\r\033[K");
		status_progress(&cli->view, first_stack(reply.body), &out);
		if (out.len > 0 && out.data[out.len - 1] == '\n')
			out.data[--out.len] = '\0';
	} else if (shown->status) {
		render_progress(&cli->view, shown->status, reply.body, &out);
	}
	fputs(buf_str(&out), stdout);
	fflush(stdout);
	json_decref(shown->status);
	shown->status = TAKE(reply.body);
}

static struct err wait_for(struct cli *cli, const json_t *body, struct reply *ret_reply)
{
	struct client *client = NULL;
	struct shown shown = {.cli = cli};
	*ret_reply = (struct reply){0};
	shown.path = client_path("/v1/status", NULL, "stack", cli->stack);
	struct err err = cli_connect(cli, &client);
	if (!err_is(&err))
		err = cli_connect(cli, &shown.client);
	if (!err_is(&err) && !shown.path)
		err = err_nomem();
	if (!err_is(&err) && !cli->is_json)
		show_progress(&shown); // what to compare with
	if (!err_is(&err))
		err = client_begin(client, "/v1/sync", body, 0);
	if (!err_is(&err))
		while (!client_poll(client, LOOK_MS, &err, ret_reply))
			if (!cli->is_json)
				show_progress(&shown);
	if (!err_is(&err) && !cli->is_json)
		show_progress(&shown);
	if (cli->is_terminal && !cli->is_json)
		fputs("\r\033[K", stdout);
	client_free(client);
	client_free(shown.client);
	free(shown.path);
	json_decref(shown.status);
	return err;
}

static void put_layers(const struct cli *cli, const json_t *answer, struct buf *out)
{
	_cleanup_free_ char *names = plain_names(json_object_get(answer, "started"));
	view_putf(&cli->view, out, PAINT_PLAIN, "%s %s.",
		js_bool(answer, "done", false) ? "Looked at" : "Looking at",
		str_empty(names) ? "nothing" : names);
	buf_adds(out, "\n");
}

// What the look has led to, from history: found, done, and how it stands now.
static void put_outcome(struct cli *cli, const char *since, struct buf *out)
{
	struct client *client = NULL;
	_cleanup_reply_ struct reply history = {0}, status = {0};
	_cleanup_json_ json_t *entries = json_array();
	_cleanup_free_ char *history_path = client_path(
		"/v1/history", NULL, "since", since, "limit", "1000", "stack", cli->stack);
	_cleanup_free_ char *status_path = client_path("/v1/status", NULL, "stack", cli->stack);
	struct err err = history_path && status_path ? cli_connect(cli, &client) : err_nomem();
	if (!err_is(&err))
		err = client_ask(client, history_path, NULL, ASK_MS, &history);
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(history.body, "entries"), i, entry)
		if (!str_eq_null(js_str(entry, "what"), "observed"))
			json_array_insert(entries, 0, entry); // oldest first: it is a story
	if (!err_is(&err))
		err = client_ask(client, status_path, NULL, ASK_MS, &status);
	client_free(client);
	cli->view.now_ms = clock_wall_ms();
	render_entries(&cli->view, entries, ENTRY_ADDRESS | ENTRY_CLOCK, 0, out);
	const char *summary = js_str(first_stack(status.body), "summary");
	if (!str_empty(summary))
		view_wrap(&cli->view, out, PAINT_PLAIN, 0, summary);
}

int run_sync(struct cli *cli)
{
	const char *target = cli->argument_count > 0 ? cli->arguments[0] : "";
	_cleanup_json_ json_t *body = json_pack("{s:s, s:b, s:b, s:s*}", "target", target, "wait",
		cli->is_waiting, "thorough", 1, "stack", cli->stack);
	_cleanup_reply_ struct reply reply = {0};
	_cleanup_buf_ struct buf out = {0};
	char since[CLOCK_TEXT_BYTES];
	clock_format_iso(clock_wall_ms(), since);
	if (!cli->is_waiting) {
		if (!cli_ask(cli, "/v1/sync", body, &reply))
			return EXIT_ERROR;
	} else {
		struct err err = wait_for(cli, body, &reply);
		if (err_is(&err))
			return cli_fail(cli, &err, cli_remedy(&err, &reply));
	}
	bool is_done = js_bool(reply.body, "done", false);
	int status = !cli->is_waiting || is_done ? EXIT_DONE : EXIT_ERROR;
	if (cli->is_json)
		return cli_print_json(cli, reply.body, status);
	put_layers(cli, reply.body, &out);
	if (is_done)
		put_outcome(cli, since, &out);
	return cli_print(cli, &out, status);
}
