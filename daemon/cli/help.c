// Help, from the tables.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/table.h"

static void put_options(const struct cli *cli, unsigned options, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_FLEX}};
	_cleanup_table_ struct table table = {0};
	table_init(&table, &cli->view, columns, ARRAY_COUNT(columns), 2);
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (!(options & (unsigned)row->option))
			continue;
		char letter[8] = "    ";
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		table_addf(&table, PAINT_PLAIN, "%s--%s%s%s", letter, row->name,
			row->argument ? " " : "", row->argument ? row->argument : "");
		table_add(&table, PAINT_PLAIN, row->summary);
	}
	table_render(&table, out);
}

static void put_heading(const struct cli *cli, struct buf *out, const char *text)
{
	buf_adds(out, "\n");
	view_put(&cli->view, out, PAINT_BOLD, text);
	buf_adds(out, "\n");
}

static size_t longest_name(void)
{
	size_t longest = 0;
	for (size_t i = 0; i < command_count; i++) {
		size_t n = commands[i].is_hidden ? 0 : strlen(commands[i].name);
		longest = n > longest ? n : longest;
	}
	return longest;
}

// One table a heading; names are filled up, so that all have their second column at one place.
static void put_commands(const struct cli *cli, struct buf *out)
{
	static const struct column columns[] = {{NULL, 0}, {NULL, COLUMN_FLEX}};
	static const char *const headings[] = {
		[GROUP_LOOK] = "Look",
		[GROUP_CHANGE] = "Change",
		[GROUP_FILE] = "Write the file",
		[GROUP_OTHER] = "Other",
	};
	int width = (int)longest_name();
	for (size_t group = 0; group < ARRAY_COUNT(headings); group++) {
		_cleanup_table_ struct table table = {0};
		table_init(&table, &cli->view, columns, ARRAY_COUNT(columns), 2);
		for (size_t i = 0; i < command_count; i++) {
			if (commands[i].is_hidden || (size_t)commands[i].group != group)
				continue;
			table_addf(&table, PAINT_BOLD, "%-*s", width, commands[i].name);
			table_add(&table, PAINT_PLAIN, commands[i].summary);
		}
		put_heading(cli, out, headings[group]);
		table_render(&table, out);
	}
}

void help_print(const struct cli *cli, struct buf *out)
{
	buf_adds(out,
		"holdfast: look at, and talk to, the daemon that holds an AWS architecture to "
		"its file\n");
	put_heading(cli, out, "Usage");
	buf_adds(out, "  holdfast [OPTIONS] COMMAND [ARGUMENT]\n");
	put_commands(cli, out);
	put_heading(cli, out, "Options of every command");
	put_options(cli, OPTIONS_COMMON | OPTION_VERSION, out);
	put_heading(cli, out, "Exit status");
	buf_adds(out, "  0 done, or nothing to do; 1 error; 2 there are differences (plan, diff, "
		      "drift)\n  or an edit to be made (accept)\n\n");
	buf_adds(out, "'holdfast help COMMAND' says more; so do the manual pages holdfast(1) and "
		      "holdfast(7).\n");
}

void help_command(const struct cli *cli, const struct command *command, struct buf *out)
{
	view_put(&cli->view, out, PAINT_BOLD, command->name);
	buf_addf(out, ": %s\n", command->summary);
	put_heading(cli, out, "Usage");
	buf_addf(out, "  holdfast %s\n", command->usage);
	for (const char *p = command->details; p && *p;) {
		size_t n = strcspn(p, "\n");
		_cleanup_free_ char *line = strndup(p, n);
		buf_adds(out, p == command->details ? "\n" : "");
		view_wrap(&cli->view, out, PAINT_PLAIN, 0, line ? line : "");
		p += n + (p[n] == '\n');
	}
	put_heading(cli, out, "Options");
	put_options(cli, command->options | OPTIONS_COMMON, out);
}

int run_help(struct cli *cli)
{
	_cleanup_buf_ struct buf out = {0};
	const struct command *command = NULL;
	if (cli->argument_count > 0) {
		command = command_find(cli->arguments[0]);
		if (!command)
			return cli_complain(cli, "'holdfast help' lists the commands.",
				"there is no command '%s'", cli->arguments[0]);
	}
	if (command)
		help_command(cli, command, &out);
	else
		help_print(cli, &out);
	return cli_print(cli, &out, EXIT_DONE);
}
