// The `holdfast` command: one table of options, one of commands; help, completion and dispatch read
// the same rows.
#pragma once

#include "cli/client.h"
#include "cli/view.h"
#include <stdbool.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_DIFFERENT = 2 };

enum option {
	OPTION_SOCKET = 1,
	OPTION_OUTPUT = 2,
	OPTION_WATCH = 4,
	OPTION_STACK = 8,
	OPTION_ALL = 16,
	OPTION_SINCE = 32,
	OPTION_UNTIL = 64,
	OPTION_LIMIT = 128,
	OPTION_WAIT = 256,
	OPTION_COLOUR = 512,
	OPTION_HELP = 1024,
	OPTION_VERSION = 2048,
	OPTION_VAR = 4096,
	OPTION_STRICT = 8192,
	OPTION_DOT = 16384,
	OPTION_REGION = 32768,
	OPTION_AZS = 65536,
	OPTION_CIDR = 131072,
	OPTION_NAME = 262144,
	OPTION_ACCOUNT = 524288,
	OPTION_ONE_NAT = 1048576,
	OPTION_FILE = 2097152,
	OPTION_FOR = 4194304,
	OPTION_REASON = 8388608,
	OPTION_AT = 16777216,
	OPTION_FROM = 33554432,
	OPTION_TO = 67108864,
	OPTION_REFRESH = 268435456,
	OPTION_FOLLOW = 134217728,
};
/* What every command takes. */
#define OPTIONS_COMMON (OPTION_SOCKET | OPTION_OUTPUT | OPTION_COLOUR | OPTION_HELP)

enum { MOST_VARS = 64 };

/* What was asked for. */
struct cli {
	const struct command *command;
	const char *const *arguments; // NULL-ended; borrowed from argv
	int argument_count;
	const char *socket, *stack, *since, *until, *limit, *colour; // NULL: not given
	const char *vars[MOST_VARS + 1];                             // "name=value", NULL-ended
	size_t var_count;
	const char *at, *from, *to;                                // moments
	const char *length, *reason;                               // of orders
	const char *region, *zones, *cidr, *name, *account, *file; // of init; file: of plan too
	bool is_json, is_lines, is_watching, is_following, is_all, is_waiting, is_refreshing,
		is_strict, is_dot, has_one_nat, wants_help, wants_version;
	unsigned given; // options seen
	struct view view;
	bool is_terminal; // standard output is one
};

struct option_row {
	enum option option;
	char letter; // 0: none
	const char *name, *argument, *summary;
};

/* What the words after a command are, for help and completion. */
enum words {
	WORDS_NONE,
	WORDS_ADDRESS,
	WORDS_TARGET,
	WORDS_HOLD,
	WORDS_FILE,
	WORDS_KIND,
	WORDS_BLUEPRINT,
	WORDS_COMMAND,
	WORDS_SHELL
};

/* Under which heading `holdfast help` lists it. */
enum group { GROUP_LOOK, GROUP_CHANGE, GROUP_FILE, GROUP_OTHER };

struct command {
	const char *name, *usage, *summary;
	enum group group;
	const char *details; // paragraphs for `help COMMAND`
	enum words words;
	int least, most;  // arguments
	unsigned options; // beyond the common ones
	bool is_hidden;
	int (*run)(struct cli *cli);
};

extern const struct command commands[];
extern const size_t command_count;
extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* The program: returns its exit status. */
int cli_main(int argc, char **argv);
const struct command *command_find(const char *name);

/* An error on standard error, with its remedy (or NULL); returns EXIT_ERROR. */
int cli_fail(const struct cli *cli, const struct err *err, const char *remedy);
int cli_complain(const struct cli *cli, const char *remedy, const char *fmt, ...)
	FORMAT_PRINTF(3, 4);
/* Writes and burns the buffer; EXIT_ERROR when it does not go out. */
int cli_print(struct cli *cli, struct buf *out, int status);
/* The daemon's JSON: as it came, indented and pure ASCII on a terminal, or as lines: its list with
 * one item a line (all of it on one where it has no list). */
int cli_print_json(struct cli *cli, const json_t *value, int status);
struct err cli_connect(const struct cli *cli, struct client **ret_client) MUST_CHECK;
/* Asks and fails in words; true with the reply. */
bool cli_ask(struct cli *cli, const char *path, const json_t *body, struct reply *ret_reply);
/* The remedy for an error of the client, or NULL. */
const char *cli_remedy(const struct err *err, const struct reply *reply);

/* The file as the daemon would have it; NULL, and its errors are told, when it is not valid. */
struct desired *cli_load(struct cli *cli, const char *path);

void help_print(const struct cli *cli, struct buf *out);
void help_command(const struct cli *cli, const struct command *command, struct buf *out);
/* False for an unknown shell. */
bool completion_script(const char *shell, struct buf *out);

int run_help(struct cli *cli);
int run_version(struct cli *cli);
int run_completion(struct cli *cli);
int run_words(struct cli *cli);
int run_watch(struct cli *cli);
int run_sync(struct cli *cli);
int run_validate(struct cli *cli);
int run_explain(struct cli *cli);
int run_iam(struct cli *cli);
int run_graph(struct cli *cli);
int run_init(struct cli *cli);
int run_pause(struct cli *cli);
int run_resume(struct cli *cli);
int run_ignore(struct cli *cli);
int run_protect(struct cli *cli);
int run_unprotect(struct cli *cli);
int run_release(struct cli *cli);
int run_orders(struct cli *cli);
int run_accept(struct cli *cli);
int run_adopt(struct cli *cli);
int run_plan(struct cli *cli);
int run_events(struct cli *cli);
int run_config(struct cli *cli);
int run_state_at(struct cli *cli);
int run_diff_moments(struct cli *cli);
/* Asks, prints, and lets `status_of` (or NULL) decide the exit status from the answer. Takes the
 * path over. */
int cli_show(struct cli *cli, char *path, const json_t *body,
	void (*render)(const struct view *view, const json_t *answer, struct buf *out),
	int (*status_of)(const json_t *answer));
/* The kinds and layers that exist, one a line, for completion. */
void offline_words(struct buf *out, bool has_layers, bool has_kinds);
