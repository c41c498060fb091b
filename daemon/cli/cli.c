// argv to a struct cli, and what every command needs: errors in words, output that is checked, the
// connection. Options may stand before and after the command.
#include "cli/cli.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "config/tree.h"
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ASK_TIMEOUT_MS = 30000, MOST_LINES_BYTES = 256 << 20 };

// clang-format off
const struct option_row option_rows[] = {
	{OPTION_SOCKET,  0,   "socket",  "PATH",       "the daemon's socket (or $HOLDFAST_SOCKET)"},
	{OPTION_OUTPUT,  'o', "output",  "text|json|jsonl", "how to print; JSON is stable, for scripts; jsonl: one entry a line"},
	{OPTION_WATCH,   'w', "watch",   NULL,         "stay, and show what changes"},
	{OPTION_STACK,   's', "stack",   "NAME",       "which stack, when the daemon holds several"},
	{OPTION_ALL,     'a', "all",     NULL,         "every resource, not only those that want attention"},
	{OPTION_SINCE,   0,   "since",   "TIME",       "from then on: 2026-11-23T09:48:00Z, or an age like 90m"},
	{OPTION_UNTIL,   0,   "until",   "TIME",       "up to then"},
	{OPTION_LIMIT,   'n', "limit",   "COUNT",      "at most so many entries"},
	{OPTION_AT,      0,   "at",      "TIME",       "as AWS was seen at that moment"},
	{OPTION_FROM,    0,   "from",    "TIME",       "how AWS changed since that moment"},
	{OPTION_TO,      0,   "to",      "TIME",       "... up to that one; now, when it is not given"},
	{OPTION_FOLLOW,  'f', "follow",  NULL,         "stay, and print what comes"},
	{OPTION_WAIT,    0,   "wait",    NULL,         "stay until it is done, and show how it goes"},
	{OPTION_VAR,     0,   "var",     "NAME=VALUE", "a variable of the file; may be given again"},
	{OPTION_STRICT,  0,   "strict",  NULL,         "warnings fail, as errors do"},
	{OPTION_NAME,    0,   "name",    "NAME",       "what the stack is called (shop)"},
	{OPTION_REGION,  0,   "region",  "REGION",     "AWS's region: eu-west-1"},
	{OPTION_AZS,     0,   "azs",     "a,b",        "its availability zones, by their letters (a,b)"},
	{OPTION_CIDR,    0,   "cidr",    "BLOCK",      "the network's addresses (10.0.0.0/16)"},
	{OPTION_ACCOUNT, 0,   "account", "DIGITS",     "the account that the file is for"},
	{OPTION_ONE_NAT, 0,   "one-nat", NULL,         "one NAT gateway for all zones, not one each"},
	{OPTION_FILE,    0,   "file",    "PATH",       "init: write there, never over a file; plan: of this file"},
	{OPTION_REFRESH, 0,   "refresh", NULL,         "look at AWS first"},
	{OPTION_FOR,     0,   "for",     "TIME",       "for so long: 90m, 2h, 3d"},
	{OPTION_REASON,  0,   "reason",  "TEXT",       "why; it is shown wherever it matters"},
	{OPTION_DOT,     0,   "dot",     NULL,         "as a dot file, for Graphviz"},
	{OPTION_COLOUR,  0,   "color",   "auto|always|never", "colours; auto is: on a terminal, unless $NO_COLOR is set"},
	{OPTION_HELP,    'h', "help",    NULL,         "help on holdfast or on a command"},
	{OPTION_VERSION, 'V', "version", NULL,         "the version"},
};
// clang-format on
const size_t option_row_count = ARRAY_COUNT(option_rows);

// ---- output

int cli_complain(const struct cli *cli, const char *remedy, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	struct err err = err_new(ERR_INVALID, "%s", text ? text : "out of memory");
	return cli_fail(cli, &err, remedy);
}

int cli_fail(const struct cli *cli, const struct err *err, const char *remedy)
{
	struct view view = cli->view;
	_cleanup_buf_ struct buf out = {0};
	view.has_colour = view.has_colour && isatty(STDERR_FILENO);
	if (cli->is_json) {
		json_t *error = json_pack("{s:s, s:s, s:s*}", "code",
			*err->code ? err->code : err_class_name(err->class), "message",
			err->message, "remedy", remedy);
		_cleanup_json_ json_t *answer =
			json_pack("{s:i, s:o}", "format", 1, "error", error);
		_cleanup_free_ char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
		buf_adds(&out, text ? text : "");
		buf_adds(&out, "\n");
	} else {
		view_put(&view, &out, PAINT_RED, "holdfast: ");
		view_put(&view, &out, PAINT_PLAIN, err->message);
		buf_adds(&out, "\n");
		if (remedy)
			view_wrap(&view, &out, PAINT_PLAIN, 2, remedy);
	}
	fputs(buf_str(&out), stderr);
	return EXIT_ERROR;
}

int cli_print(struct cli *cli, struct buf *out, int status)
{
	if (out->failed)
		return cli_complain(cli, NULL, "out of memory");
	if (fwrite(buf_str(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
		return EXIT_ERROR; // a closed pipe; there is nobody to tell
	return status;
}

static void put_line(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
	buf_adds(out, text ? text : "");
	buf_adds(out, "\n");
	out->failed = out->failed || !text;
}

static int print_lines(struct cli *cli, const json_t *value, int status)
{
	static const char *const lists[] = {"entries", "drifts", "differences", "actions", "story",
		"resources", "orders", "events"};
	_cleanup_buf_ struct buf out = {0};
	const json_t *list = NULL;
	size_t i;
	json_t *item;
	buf_init(&out, MOST_LINES_BYTES);
	for (size_t k = 0; k < ARRAY_COUNT(lists) && !list; k++)
		if (json_is_array(json_object_get(value, lists[k])))
			list = json_object_get(value, lists[k]);
	json_array_foreach ((json_t *)list, i, item)
		put_line(&out, item);
	if (!list)
		put_line(&out, value);
	return cli_print(cli, &out, status);
}

int cli_print_json(struct cli *cli, const json_t *value, int status)
{
	_cleanup_buf_ struct buf out = {0};
	if (cli->is_lines)
		return print_lines(cli, value, status);
	_cleanup_free_ char *text = json_dumps(
		value, cli->is_terminal ? JSON_INDENT(2) | JSON_ENSURE_ASCII : JSON_COMPACT);
	out.failed = !text || !value;
	buf_adds(&out, text ? text : "");
	buf_adds(&out, "\n");
	return cli_print(cli, &out, status);
}

// ---- the daemon

struct err cli_connect(const struct cli *cli, struct client **ret_client)
{
	_cleanup_free_ char *found = cli->socket ? strdup(cli->socket) : client_default_socket();
	return found ? client_new(found, ret_client) : err_nomem();
}

const char *cli_remedy(const struct err *err, const struct reply *reply)
{
	const char *said = reply_remedy(reply);
	if (said)
		return said;
	if (str_eq(err->code, "NotRunning"))
		return "Start it with 'systemctl start holdfastd' ('journalctl -u holdfastd' says "
		       "why it ended), or name its socket with --socket or $HOLDFAST_SOCKET.";
	if (str_eq(err->code, "Denied"))
		return "Run this with sudo, or as a member of the group that owns the socket.";
	if (str_eq(err->code, "Timeout"))
		return "See 'systemctl status holdfastd' and 'journalctl -u holdfastd'.";
	return NULL;
}

bool cli_ask(struct cli *cli, const char *path, const json_t *body, struct reply *ret_reply)
{
	struct client *client = NULL;
	*ret_reply = (struct reply){0};
	struct err err = path ? cli_connect(cli, &client) : err_nomem();
	if (!err_is(&err))
		err = client_ask(client, path, body, ASK_TIMEOUT_MS, ret_reply);
	client_free(client);
	if (!err_is(&err) && !json_is_object(ret_reply->body))
		err = err_new(ERR_INVALID, "the daemon's answer is no JSON object");
	if (!err_is(&err))
		return true;
	cli_fail(cli, &err, cli_remedy(&err, ret_reply));
	reply_done(ret_reply);
	return false;
}

int cli_show(struct cli *cli, char *path, const json_t *body,
	void (*render)(const struct view *view, const json_t *answer, struct buf *out),
	int (*status_of)(const json_t *answer))
{
	_cleanup_free_ char *owned = path;
	_cleanup_reply_ struct reply reply = {0};
	_cleanup_buf_ struct buf out = {0};
	if (!cli_ask(cli, owned, body, &reply))
		return EXIT_ERROR;
	int status = status_of ? status_of(reply.body) : EXIT_DONE;
	if (cli->is_json)
		return cli_print_json(cli, reply.body, status);
	render(&cli->view, reply.body, &out);
	return cli_print(cli, &out, status);
}

// ---- options

static const struct option_row *option_long(const char *name, size_t bytes)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (strlen(option_rows[i].name) == bytes &&
			strncmp(option_rows[i].name, name, bytes) == 0)
			return &option_rows[i];
	return NULL;
}

static const struct option_row *option_short(char letter)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

static int take_choice(struct cli *cli, const char *name, const char *value, const char *choices)
{
	return cli_complain(cli, NULL, "--%s takes %s, not '%s'", name, choices, value);
}

static int take_option(struct cli *cli, const struct option_row *row, const char *value)
{
	cli->given |= (unsigned)row->option;
	switch (row->option) {
	case OPTION_SOCKET:
		cli->socket = value;
		return 0;
	case OPTION_OUTPUT:
		cli->is_lines = str_eq(value, "jsonl");
		cli->is_json = cli->is_lines || str_eq(value, "json");
		return cli->is_json || str_eq(value, "text")
			       ? 0
			       : take_choice(cli, row->name, value, row->argument);
	case OPTION_WATCH:
		cli->is_watching = true;
		return 0;
	case OPTION_STACK:
		cli->stack = value;
		return 0;
	case OPTION_ALL:
		cli->is_all = true;
		return 0;
	case OPTION_SINCE:
		cli->since = value;
		return 0;
	case OPTION_UNTIL:
		cli->until = value;
		return 0;
	case OPTION_LIMIT:
		cli->limit = value;
		return 0;
	case OPTION_AT:
		cli->at = value;
		return 0;
	case OPTION_FROM:
		cli->from = value;
		return 0;
	case OPTION_TO:
		cli->to = value;
		return 0;
	case OPTION_FOLLOW:
		cli->is_following = true;
		return 0;
	case OPTION_WAIT:
		cli->is_waiting = true;
		return 0;
	case OPTION_VAR:
		if (cli->var_count == MOST_VARS || !strchr(value, '='))
			return cli_complain(cli, NULL,
				"--var takes NAME=VALUE, at most %d times; not '%s'", MOST_VARS,
				value);
		cli->vars[cli->var_count++] = value;
		return 0;
	case OPTION_STRICT:
		cli->is_strict = true;
		return 0;
	case OPTION_REGION:
		cli->region = value;
		return 0;
	case OPTION_AZS:
		cli->zones = value;
		return 0;
	case OPTION_CIDR:
		cli->cidr = value;
		return 0;
	case OPTION_NAME:
		cli->name = value;
		return 0;
	case OPTION_ACCOUNT:
		cli->account = value;
		return 0;
	case OPTION_ONE_NAT:
		cli->has_one_nat = true;
		return 0;
	case OPTION_FILE:
		cli->file = value;
		return 0;
	case OPTION_REFRESH:
		cli->is_refreshing = true;
		return 0;
	case OPTION_FOR:
		cli->length = value;
		return 0;
	case OPTION_REASON:
		cli->reason = value;
		return 0;
	case OPTION_DOT:
		cli->is_dot = true;
		return 0;
	case OPTION_COLOUR:
		cli->colour = value;
		return str_eq(value, "auto") || str_eq(value, "always") || str_eq(value, "never")
			       ? 0
			       : take_choice(cli, row->name, value, row->argument);
	case OPTION_HELP:
		cli->wants_help = true;
		return 0;
	case OPTION_VERSION:
		cli->wants_version = true;
		return 0;
	}
	return EXIT_ERROR;
}

static int unknown_option(struct cli *cli, const char *word)
{
	const char *names[ARRAY_COUNT(option_rows)];
	for (size_t i = 0; i < option_row_count; i++)
		names[i] = option_rows[i].name;
	const char *near = str_starts(word, "--")
				   ? nearest_name(word + 2, names, ARRAY_COUNT(option_rows))
				   : NULL;
	_cleanup_free_ char *remedy = near ? str_format("Did you mean --%s?", near) : NULL;
	return cli_complain(cli, remedy ? remedy : "'holdfast help' lists the options.",
		"there is no option '%s'", word);
}

// One word that begins with '-'; *at moves on when its value is the next one.
static int parse_option(struct cli *cli, char **argv, int *at)
{
	const char *word = argv[*at], *value = NULL;
	const struct option_row *row;
	if (str_starts(word, "--")) {
		size_t bytes = strcspn(word + 2, "=");
		row = option_long(word + 2, bytes);
		value = word[2 + bytes] ? word + 2 + bytes + 1 : NULL;
	} else {
		row = option_short(word[1]);
		value = word[2] ? word + 2 : NULL;
	}
	if (!row)
		return unknown_option(cli, word);
	if (row->argument && !value)
		value = argv[*at + 1] ? argv[++*at] : NULL;
	if (row->argument && !value)
		return cli_complain(cli, NULL, "--%s needs %s", row->name, row->argument);
	if (!row->argument && value)
		return cli_complain(cli, NULL, "--%s takes no value", row->name);
	return take_option(cli, row, value ? value : "");
}

// Moves what is no option to the front of argv, NULL-ended.
static int parse(struct cli *cli, int argc, char **argv)
{
	int kept = 0;
	bool is_over = false;
	for (int i = 1; i < argc; i++) {
		if (!is_over && str_eq(argv[i], "--")) {
			is_over = true;
		} else if (!is_over && argv[i][0] == '-' && argv[i][1]) {
			int status = parse_option(cli, argv, &i);
			if (status)
				return status;
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	cli->arguments = (const char *const *)argv;
	cli->argument_count = kept;
	return 0;
}

// ---- the terminal

static int terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int64_t width;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col > 0)
		return size.ws_col;
	if (columns && num_parse_i64(columns, 20, 1000, &width))
		return (int)width;
	return isatty(STDOUT_FILENO) ? 80 : 0;
}

static void set_view(struct cli *cli)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	cli->is_terminal = isatty(STDOUT_FILENO);
	cli->view.now_ms = clock_wall_ms();
	cli->view.width = terminal_width();
	cli->view.has_utf8 = str_eq_nocase(nl_langinfo(CODESET), "UTF-8");
	cli->view.has_colour =
		cli->is_terminal && str_empty(no_colour) && !str_eq_null(term, "dumb");
	if (cli->colour && !str_eq(cli->colour, "auto"))
		cli->view.has_colour = str_eq(cli->colour, "always");
}

// ---- the program

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown_command(struct cli *cli, const char *name)
{
	const char *names[64];
	size_t count = 0;
	for (size_t i = 0; i < command_count && count < ARRAY_COUNT(names); i++)
		if (!commands[i].is_hidden)
			names[count++] = commands[i].name;
	const char *near = nearest_name(name, names, count);
	_cleanup_free_ char *remedy = near ? str_format("Did you mean '%s'?", near) : NULL;
	return cli_complain(cli, remedy ? remedy : "'holdfast help' lists the commands.",
		"there is no command '%s'", name);
}

static int run(struct cli *cli)
{
	const struct command *command = cli->command;
	for (size_t i = 0; i < option_row_count; i++)
		if (cli->given & (unsigned)option_rows[i].option &
			~(command->options | OPTIONS_COMMON))
			return cli_complain(cli, NULL, "'%s' does not take --%s", command->name,
				option_rows[i].name);
	if (cli->argument_count < command->least || cli->argument_count > command->most) {
		_cleanup_free_ char *usage = str_format("Usage: holdfast %s", command->usage);
		return cli_complain(cli, usage, "'%s' takes %s", command->name,
			command->most == 0                                      ? "no argument"
			: command->least == command->most && command->most == 1 ? "one argument"
			: command->least == command->most                       ? "two arguments"
			: command->most == 1 ? "at most one argument"
					     : "at most two arguments");
	}
	return command->run(cli);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {0};
	_cleanup_buf_ struct buf out = {0};
	setlocale(LC_CTYPE, "");
	set_view(&cli);
	int status = parse(&cli, argc, argv);
	if (status)
		return status;
	set_view(&cli);
	const char *name = cli.argument_count > 0 ? cli.arguments[0] : NULL;
	if (cli.wants_version)
		name = "version";
	if (!name) {
		help_print(&cli, &out);
		return cli_print(&cli, &out, cli.wants_help ? EXIT_DONE : EXIT_ERROR);
	}
	cli.given &= ~(unsigned)(OPTION_HELP | OPTION_VERSION);
	cli.command = command_find(name);
	if (!cli.command)
		return unknown_command(&cli, name);
	if (cli.wants_help) {
		help_command(&cli, cli.command, &out);
		return cli_print(&cli, &out, EXIT_DONE);
	}
	if (cli.argument_count > 0) {
		cli.arguments++;
		cli.argument_count--;
	}
	return run(&cli);
}
