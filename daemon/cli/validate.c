// `validate`: the daemon's own loader and checks, without a daemon.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "core/desired.h"
#include <unistd.h>

enum { MOST_INPUT_BYTES = 4 << 20 };

static bool read_input(struct buf *text)
{
	char piece[65536];
	ssize_t n;
	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		if (!buf_add(text, piece, (size_t)n))
			return false;
	return n == 0;
}

static void put_summary(const struct cli *cli, const char *path, const struct desired *desired,
	const struct findings *findings, struct buf *out)
{
	char count[48], warnings[48] = "";
	if (!desired) {
		view_count(count, sizeof(count), (int64_t)findings->error_count, "error");
		view_putf(&cli->view, out, PAINT_RED, "%s: %s", path, count);
		if (findings->dropped > 0)
			buf_addf(out, ", of which %zu are not shown", findings->dropped);
		buf_adds(out, "\n");
		return;
	}
	view_count(count, sizeof(count), (int64_t)desired->count, "resource");
	if (findings->count > 0) {
		char number[40];
		view_count(number, sizeof(number), (int64_t)findings->count, "warning");
		snprintf(warnings, sizeof(warnings), ", %s", number);
	}
	view_putf(&cli->view, out, PAINT_GREEN, "%s is valid: stack %s, %s, version %s%s", path,
		desired->stack, count, desired->version, warnings);
	buf_adds(out, "\n");
}

static json_t *answer_of(const struct desired *desired, const struct findings *findings)
{
	json_t *answer = json_pack("{s:i, s:b, s:o}", "format", 1, "ok", desired != NULL,
		"findings", findings_json(findings));
	if (!answer || !desired)
		return answer;
	js_set_str(answer, "stack", desired->stack);
	js_set_str(answer, "version", desired->version);
	json_object_set_new(answer, "resources", json_integer((json_int_t)desired->count));
	return answer;
}

struct desired *cli_load(struct cli *cli, const char *path)
{
	const struct tree_options options = {.vars = cli->vars};
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load(path, &options, &findings);
	if (!desired) {
		_cleanup_buf_ struct buf out = {0};
		findings_sort(&findings);
		_cleanup_json_ json_t *list = findings_json(&findings);
		render_findings(&cli->view, list, &out);
		fputs(buf_str(&out), stderr);
		cli_complain(cli, "'holdfast validate' says it all.", "%s is not valid", path);
	}
	findings_done(&findings);
	return desired;
}

int run_validate(struct cli *cli)
{
	const char *path = cli->arguments[0];
	struct tree_options options = {.vars = cli->vars};
	_cleanup_buf_ struct buf text = {.cap = MOST_INPUT_BYTES}, out = {0};
	struct findings findings;
	if (str_eq(path, "-")) {
		if (!read_input(&text))
			return cli_complain(cli, NULL, "cannot read standard input");
		options.text = buf_str(&text);
		options.text_bytes = text.len;
		path = "stdin";
	}
	findings_init(&findings);
	struct desired *desired = desired_load(path, &options, &findings);
	findings_sort(&findings);
	bool is_refused = !desired || (cli->is_strict && findings.count > 0);
	int status = is_refused ? EXIT_ERROR : EXIT_DONE;
	if (cli->is_json) {
		_cleanup_json_ json_t *answer = answer_of(desired, &findings);
		status = cli_print_json(cli, answer, status);
	} else {
		_cleanup_json_ json_t *list = findings_json(&findings);
		render_findings(&cli->view, list, &out);
		put_summary(cli, path, desired, &findings, &out);
		status = cli_print(cli, &out, status);
	}
	desired_free(desired);
	findings_done(&findings);
	return status;
}
