// `graph`: the picture of what a daemon holds, or of a file that none holds yet.
#include "core/graph.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"

static json_t *picture_of(const struct desired *desired)
{
	json_t *nodes = json_array();
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		json_array_append_new(
			nodes, json_pack("{s:s, s:s, s:s}", "address", wanted->address, "kind",
				       wanted->kind->name, "layer", wanted->kind->layer));
	}
	return json_pack("{s:i, s:s, s:o, s:o, s:o}", "format", 1, "stack", desired->stack, "nodes",
		nodes, "references", graph_references(desired), "flow", graph_flow(desired));
}

static int print(struct cli *cli, const json_t *graph)
{
	_cleanup_buf_ struct buf out = {0};
	if (cli->is_json)
		return cli_print_json(cli, graph, EXIT_DONE);
	if (cli->is_dot)
		render_dot(graph, &out);
	else
		render_graph(&cli->view, graph, &out);
	return cli_print(cli, &out, EXIT_DONE);
}

static int draw_file(struct cli *cli, const char *path)
{
	struct desired *desired = cli_load(cli, path);
	if (!desired)
		return EXIT_ERROR;
	_cleanup_json_ json_t *graph = picture_of(desired);
	int status = print(cli, graph);
	desired_free(desired);
	return status;
}

int run_graph(struct cli *cli)
{
	_cleanup_reply_ struct reply reply = {0};
	if (cli->argument_count > 0)
		return draw_file(cli, cli->arguments[0]);
	_cleanup_free_ char *path = client_path("/v1/graph", NULL, "stack", cli->stack);
	if (!cli_ask(cli, path, NULL, &reply))
		return EXIT_ERROR;
	return print(cli, reply.body);
}
