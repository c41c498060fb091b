// `version`: of this command, and of the daemon if it runs.
#include "cli/cli.h"

// The daemon need not run: then only our own version is known.
static json_t *ask_daemon_version(struct cli *cli)
{
	struct client *client = NULL;
	_cleanup_reply_ struct reply reply = {0};
	struct err err = cli_connect(cli, &client);
	if (!err_is(&err))
		err = client_ask(client, "/v1/status", NULL, 2000, &reply);
	client_free(client);
	if (err_is(&err))
		return NULL;
	const json_t *stacks = json_object_get(reply.body, "stacks");
	const json_t *first = json_array_size(stacks) ? json_array_get(stacks, 0) : reply.body;
	return json_incref(json_object_get(first, "daemon"));
}

int run_version(struct cli *cli)
{
	_cleanup_json_ json_t *daemon = ask_daemon_version(cli);
	_cleanup_buf_ struct buf out = {0};
	if (cli->is_json) {
		_cleanup_json_ json_t *answer = json_pack("{s:i, s:s, s:O?}", "format", 1,
			"version", HOLDFAST_VERSION, "daemon", daemon);
		return cli_print_json(cli, answer, EXIT_DONE);
	}
	buf_adds(&out, "holdfast " HOLDFAST_VERSION "\n");
	if (daemon) {
		char age[32];
		const char *version = js_str(daemon, "version");
		view_age(&cli->view, js_str(daemon, "started_at"), age, sizeof(age));
		view_putf(&cli->view, &out, PAINT_PLAIN, "holdfastd %s, process %lld, up for %s",
			version ? version : "-", (long long)js_int(daemon, "pid", 0), age);
		buf_adds(&out, "\n");
	}
	return cli_print(cli, &out, EXIT_DONE);
}
