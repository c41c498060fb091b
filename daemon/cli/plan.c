// `plan`: of the file in force, after a look with --refresh, or of a file that is not in force.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "config/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A body of the socket has at most 1 MiB; this leaves room for what JSON has to spell longer. All
 * files together. */
enum { MOST_FILE_BYTES = 900 << 10, LOOK_TIMEOUT_MS = 10 * 60 * 1000 };

// The whole of a regular file, or why not.
static bool read_text(const char *path, struct buf *ret_text, char ret_why[100])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char piece[16384];
	ssize_t n = -1;
	*ret_why = '\0';
	if (fd < 0 || fstat(fd, &st) != 0)
		snprintf(ret_why, 100, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(ret_why, 100, "not a regular file");
	else
		while ((n = read(fd, piece, sizeof(piece))) > 0 && !ret_text->failed)
			buf_add(ret_text, piece, (size_t)n);
	if (!*ret_why && ret_text->failed)
		snprintf(ret_why, 100, "all files together are larger than %d KiB",
			MOST_FILE_BYTES >> 10);
	else if (!*ret_why && n < 0)
		snprintf(ret_why, 100, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return !*ret_why;
}

static void render_planned(const struct view *view, const json_t *answer, struct buf *out)
{
	const json_t *findings = json_object_get(answer, "findings");
	render_findings(view, findings, out);
	if (!js_bool(answer, "ok", true))
		view_wrap(view, out, PAINT_RED, 0, "The file has errors: there is no plan for it.");
	else
		render_plan(view, answer, out);
}

static int status_of_plan(const json_t *answer)
{
	if (!js_bool(answer, "ok", true))
		return EXIT_ERROR;
	if (json_array_size(json_object_get(answer, "actions")) > 0)
		return EXIT_DIFFERENT;
	return js_bool(answer, "complete", true) ? EXIT_DONE : EXIT_ERROR;
}

// A pass over everything; true when it is over.
static bool look(struct cli *cli)
{
	struct client *client = NULL;
	_cleanup_reply_ struct reply reply = {0};
	_cleanup_json_ json_t *body =
		json_pack("{s:b, s:b, s:s*}", "wait", 1, "thorough", 1, "stack", cli->stack);
	struct err err = cli_connect(cli, &client);
	if (!err_is(&err))
		err = client_ask(client, "/v1/sync", body, LOOK_TIMEOUT_MS, &reply);
	client_free(client);
	if (err_is(&err))
		cli_fail(cli, &err, cli_remedy(&err, &reply));
	return !err_is(&err);
}

// Its text; NULL, and it was complained about. `room` is what is left for all files.
static json_t *text_of(struct cli *cli, const char *path, size_t *room)
{
	_cleanup_buf_ struct buf text = {0};
	char why[100];
	buf_init(&text, *room);
	if (!read_text(path, &text, why)) {
		cli_complain(cli,
			text.failed ? "split the stack, or try it with 'holdfastd --observe'"
				    : NULL,
			"cannot read '%s': %s", path, why);
		return NULL;
	}
	*room -= text.len;
	json_t *value = json_stringn(buf_str(&text), text.len);
	if (!value)
		cli_complain(cli, "save it as UTF-8", "'%s' is not UTF-8 text", path);
	return value;
}

// The file, and all that it includes, directly or not: the daemon reads none of them itself, for it
// may read what the one who asks may not. What is wrong in them is the daemon's to say.
static json_t *files_of(struct cli *cli)
{
	size_t room = MOST_FILE_BYTES;
	struct findings findings;
	_cleanup_json_ json_t *text = text_of(cli, cli->file, &room);
	if (!text)
		return NULL;
	findings_init(&findings);
	struct tree *tree = tree_load(cli->file,
		&(struct tree_options){
			.text = json_string_value(text), .text_bytes = json_string_length(text)},
		&findings);
	_cleanup_json_ json_t *files = json_object();
	bool is_whole = tree != NULL;
	for (size_t i = 0; is_whole && i < tree_file_count(tree); i++) {
		const char *path = tree_file(tree, i);
		if (str_eq(path, cli->file))
			continue;
		json_t *one = text_of(cli, path, &room);
		is_whole = one && json_object_set_new(files, path, one) == 0;
	}
	tree_free(tree);
	findings_done(&findings);
	return is_whole ? json_pack("{s:O, s:O, s:s, s:s*}", "text", text, "files", files, "file",
				  cli->file, "stack", cli->stack)
			: NULL;
}

int run_plan(struct cli *cli)
{
	_cleanup_json_ json_t *body = NULL;
	if (cli->file) {
		body = files_of(cli);
		if (!body)
			return EXIT_ERROR;
	}
	if (cli->is_refreshing && !look(cli))
		return EXIT_ERROR;
	if (body)
		return cli_show(cli, strdup("/v1/plan"), body, render_planned, status_of_plan);
	return cli_show(cli, client_path("/v1/plan", NULL, "stack", cli->stack), NULL,
		render_planned, status_of_plan);
}
