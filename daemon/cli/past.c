// `status --at`, `history --at` and `diff --from --to`: the daemon answers with each resource's
// last observation at or before an instant; comparing two such answers is done here.
#include "cli/past.h"
#include "base/str.h"
#include "cli/cli.h"
#include "core/retold.h"

// ---- two moments

static const json_t *resource_at(const json_t *answer, const char *address)
{
	size_t i;
	json_t *resource;
	json_array_foreach (json_object_get(answer, "resources"), i, resource)
		if (str_eq_null(js_str(resource, "address"), address))
			return resource;
	return NULL;
}

static void add(json_t *list, const char *address, const char *path, const char *type,
	const json_t *before, const json_t *after)
{
	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:O?, s:O?}", "address", address, "path", path,
			      "type", type, "before", before, "after", after));
}

static void add_fields(json_t *list, const json_t *resource, const json_t *from, const json_t *to)
{
	const char *kind = js_str(resource, "kind");
	_cleanup_json_ json_t *changes = retold_states(kind ? kind_find(kind) : NULL, from, to);
	size_t i;
	json_t *one;
	json_array_foreach (changes, i, one)
		add(list, js_str(resource, "address"), js_str(one, "path"), "changed",
			json_object_get(one, "before"), json_object_get(one, "after"));
}

static bool is_there(const json_t *resource)
{
	return json_is_object(json_object_get(resource, "state"));
}

json_t *past_differences(const json_t *from, const json_t *to)
{
	json_t *list = json_array();
	size_t i;
	json_t *resource;
	json_array_foreach (json_object_get(to, "resources"), i, resource) {
		const char *address = js_str(resource, "address");
		const json_t *old = address ? resource_at(from, address) : NULL;
		if (is_there(old) && is_there(resource))
			add_fields(list, resource, json_object_get(old, "state"),
				json_object_get(resource, "state"));
		else if (address && is_there(resource))
			add(list, address, "(resource)", "made", NULL, NULL);
		else if (address && is_there(old))
			add(list, address, "(resource)", "gone", NULL, NULL);
	}
	return json_pack("{s:i, s:O*, s:O*, s:o}", "format", 1, "from", json_object_get(from, "at"),
		"to", json_object_get(to, "at"), "differences", list);
}

// ---- commands

static char *state_path(const struct cli *cli, const char *at)
{
	return client_path("/v1/state", NULL, "at", at, "address",
		cli->argument_count > 0 ? cli->arguments[0] : NULL, "stack", cli->stack);
}

int run_state_at(struct cli *cli)
{
	bool is_history = str_eq(cli->command->name, "history");
	if (is_history && (cli->given & (OPTION_SINCE | OPTION_UNTIL | OPTION_LIMIT)))
		return cli_complain(cli, "For what happened up to then: --until TIME.",
			"--at shows one moment, and takes no --since, --until or --limit");
	if (cli->is_watching)
		return cli_complain(cli, NULL, "--at shows one moment: there is nothing to watch");
	return cli_show(cli, state_path(cli, cli->at), NULL,
		is_history    ? render_state_whole
		: cli->is_all ? render_state_all
			      : render_state,
		NULL);
}

int run_diff_moments(struct cli *cli)
{
	_cleanup_reply_ struct reply from = {0}, to = {0};
	_cleanup_free_ char *from_path = state_path(cli, cli->from);
	_cleanup_free_ char *to_path = state_path(cli, cli->to);
	_cleanup_buf_ struct buf out = {0};
	if (!cli->from)
		return cli_complain(
			cli, "Usage: holdfast diff --from TIME [--to TIME]", "--to needs --from");
	if (!cli_ask(cli, from_path, NULL, &from))
		return EXIT_ERROR;
	if (!cli_ask(cli, to_path, NULL, &to))
		return EXIT_ERROR;
	_cleanup_json_ json_t *answer = past_differences(from.body, to.body);
	int status = json_array_size(json_object_get(answer, "differences")) > 0 ? EXIT_DIFFERENT
										 : EXIT_DONE;
	if (cli->is_json)
		return cli_print_json(cli, answer, status);
	render_changes(&cli->view, answer, &out);
	return cli_print(cli, &out, status);
}
