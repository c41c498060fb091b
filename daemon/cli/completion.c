// Completion scripts from the tables. What only the daemon knows (addresses, holds) they ask for
// with the hidden command `__words`, which stays silent when there is no daemon.
#include "base/str.h"
#include "cli/blueprint.h"
#include "cli/cli.h"

static const char *words_name(enum words words)
{
	switch (words) {
	case WORDS_ADDRESS:
		return "addresses";
	case WORDS_TARGET:
		return "targets";
	case WORDS_HOLD:
		return "holds";
	case WORDS_KIND:
		return "kinds";
	case WORDS_COMMAND:
		return "commands";
	case WORDS_BLUEPRINT:
		return "blueprints";
	case WORDS_SHELL:
		return "shells";
	case WORDS_FILE:
	case WORDS_NONE:
		break;
	}
	return NULL;
}

static bool takes(const struct command *command, const struct option_row *row)
{
	return (command->options | OPTIONS_COMMON) & (unsigned)row->option;
}

// ---- bash

static void put_bash_values(struct buf *out)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (!row->argument)
			continue;
		if (row->letter)
			buf_addf(out, "\t-%c|--%s)", row->letter, row->name);
		else
			buf_addf(out, "\t--%s)", row->name);
		if (strchr(row->argument, '|')) {
			_cleanup_free_ char *words = strdup(row->argument);
			for (char *p = words; p && *p; p++)
				*p = *p == '|' ? ' ' : *p;
			buf_addf(out, " COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"));",
				words ? words : "");
		} else if (str_eq(row->argument, "PATH")) {
			buf_adds(out, " COMPREPLY=($(compgen -f -- \"$cur\"));");
		}
		buf_adds(out, " return ;;\n");
	}
}

static void put_bash_command(const struct command *command, struct buf *out)
{
	const char *words = words_name(command->words);
	buf_addf(out, "\t%s)\n\t\toptions=\"", command->name);
	for (size_t i = 0; i < option_row_count; i++)
		if (takes(command, &option_rows[i]))
			buf_addf(out, "--%s ", option_rows[i].name);
	buf_adds(out, "\"\n");
	if (words)
		buf_addf(out, "\t\twords=\"$(holdfast __words %s 2>/dev/null)\"\n", words);
	if (command->words == WORDS_FILE)
		buf_adds(out, "\t\tfiles=1\n");
	buf_adds(out, "\t\t;;\n");
}

static void put_bash(struct buf *out)
{
	buf_adds(out,
		"# Completion of holdfast for bash; made by 'holdfast completion bash'.\n"
		"_holdfast()\n{\n"
		"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
		"\tlocal i word command= skip= options= words= files=\n"
		"\tCOMPREPLY=()\n"
		"\tcase \"$prev\" in\n");
	put_bash_values(out);
	buf_adds(out, "\tesac\n"
		      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		      "\t\tword=\"${COMP_WORDS[i]}\"\n"
		      "\t\tif [[ $skip ]]; then skip=; continue; fi\n"
		      "\t\tcase \"$word\" in\n\t\t");
	const char *separator = "";
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (!row->argument)
			continue;
		buf_addf(out, "%s--%s", separator, row->name);
		if (row->letter)
			buf_addf(out, "|-%c", row->letter);
		separator = "|";
	}
	buf_adds(out, ") skip=1 ;;\n"
		      "\t\t-*) ;;\n"
		      "\t\t*) command=\"$word\"; break ;;\n"
		      "\t\tesac\n"
		      "\tdone\n"
		      "\tcase \"$command\" in\n"
		      "\t\"\")\n\t\twords=\"");
	for (size_t i = 0; i < command_count; i++)
		if (!commands[i].is_hidden)
			buf_addf(out, "%s ", commands[i].name);
	buf_adds(out, "\"\n\t\toptions=\"");
	for (size_t i = 0; i < option_row_count; i++)
		buf_addf(out, "--%s ", option_rows[i].name);
	buf_adds(out, "\"\n\t\t;;\n");
	for (size_t i = 0; i < command_count; i++)
		if (!commands[i].is_hidden)
			put_bash_command(&commands[i], out);
	buf_adds(out, "\tesac\n"
		      "\tif [[ $cur == -* ]]; then\n"
		      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
		      "\telif [[ $files ]]; then\n"
		      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
		      "\telse\n"
		      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		      "\tfi\n"
		      "}\n"
		      "complete -o filenames -F _holdfast holdfast\n");
}

// ---- zsh

/* Inside single quotes and _arguments' own brackets and colons. */
static void put_zsh_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else if (strchr("[]:", *text))
			buf_addf(out, "\\%c", *text);
		else
			buf_addc(out, *text);
	}
}

static void put_zsh_option(const struct option_row *row, struct buf *out)
{
	buf_addf(out, "'%s--%s%s[", row->option == OPTION_VAR ? "*" : "", row->name,
		row->argument ? "=" : "");
	put_zsh_text(out, row->summary);
	buf_adds(out, "]");
	if (row->argument && strchr(row->argument, '|')) {
		buf_addf(out, ":%s:(", row->name);
		for (const char *p = row->argument; *p; p++)
			buf_addc(out, *p == '|' ? ' ' : *p);
		buf_adds(out, ")");
	} else if (row->argument) {
		buf_addf(out, ":%s:%s", row->argument,
			str_eq(row->argument, "PATH") ? "_files" : "");
	}
	buf_adds(out, "' ");
}

static void put_zsh(struct buf *out)
{
	buf_adds(out, "#compdef holdfast\n"
		      "# Completion of holdfast for zsh; made by 'holdfast completion zsh'.\n"
		      "_holdfast_words() {\n"
		      "\tlocal -a words\n"
		      "\twords=(${(f)\"$(holdfast __words $1 2>/dev/null)\"})\n"
		      "\tcompadd -a words\n"
		      "}\n"
		      "_holdfast() {\n"
		      "\tlocal -a commands\n"
		      "\tlocal line state\n"
		      "\tcommands=(\n");
	for (size_t i = 0; i < command_count; i++) {
		if (commands[i].is_hidden)
			continue;
		buf_addf(out, "\t\t'%s:", commands[i].name);
		put_zsh_text(out, commands[i].summary);
		buf_adds(out, "'\n");
	}
	buf_adds(out, "\t)\n\t_arguments -C ");
	for (size_t i = 0; i < option_row_count; i++)
		if ((OPTIONS_COMMON | OPTION_VERSION | OPTION_WATCH) &
			(unsigned)option_rows[i].option)
			put_zsh_option(&option_rows[i], out);
	buf_adds(out, "'1: :->command' '*:: :->rest'\n"
		      "\tcase $state in\n"
		      "\tcommand) _describe command commands ;;\n"
		      "\trest)\n"
		      "\t\tcase $line[1] in\n");
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		const char *words = words_name(command->words);
		if (command->is_hidden)
			continue;
		buf_addf(out, "\t\t%s) _arguments ", command->name);
		for (size_t j = 0; j < option_row_count; j++)
			if (takes(command, &option_rows[j]))
				put_zsh_option(&option_rows[j], out);
		// Without the blank _arguments would put words of its own before ours.
		if (words)
			buf_addf(out, "'1:%s: _holdfast_words %s' ", words, words);
		else if (command->words == WORDS_FILE)
			buf_adds(out, "'1:file:_files' ");
		buf_adds(out, ";;\n");
	}
	buf_adds(out, "\t\tesac ;;\n"
		      "\tesac\n"
		      "}\n"
		      "_holdfast \"$@\"\n");
}

// ---- fish

static void put_fish_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_addf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void put_fish_option(const char *condition, const struct option_row *row, struct buf *out)
{
	buf_addf(out, "complete -c holdfast%s -l %s", condition, row->name);
	if (row->letter)
		buf_addf(out, " -s %c", row->letter);
	if (row->argument && strchr(row->argument, '|')) {
		buf_adds(out, " -x -a '");
		for (const char *p = row->argument; *p; p++)
			buf_addc(out, *p == '|' ? ' ' : *p);
		buf_adds(out, "'");
	} else if (row->argument) {
		buf_adds(out, str_eq(row->argument, "PATH") ? " -r -F" : " -x");
	}
	buf_adds(out, " -d '");
	put_fish_text(out, row->summary);
	buf_adds(out, "'\n");
}

static void put_fish(struct buf *out)
{
	buf_adds(out, "# Completion of holdfast for fish; made by 'holdfast completion fish'.\n"
		      "complete -c holdfast -f\n");
	for (size_t i = 0; i < option_row_count; i++)
		if ((OPTIONS_COMMON | OPTION_VERSION) & (unsigned)option_rows[i].option)
			put_fish_option("", &option_rows[i], out);
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		const char *words = words_name(command->words);
		if (command->is_hidden)
			continue;
		buf_addf(out, "complete -c holdfast -n __fish_use_subcommand -a %s -d '",
			command->name);
		put_fish_text(out, command->summary);
		buf_adds(out, "'\n");
		_cleanup_free_ char *condition =
			str_format(" -n '__fish_seen_subcommand_from %s'", command->name);
		if (words)
			buf_addf(out,
				"complete -c holdfast%s -a '(holdfast __words %s 2>/dev/null)'\n",
				condition ? condition : "", words);
		else if (command->words == WORDS_FILE)
			buf_addf(out, "complete -c holdfast%s -F\n", condition ? condition : "");
		for (size_t j = 0; j < option_row_count; j++)
			if (command->options & (unsigned)option_rows[j].option)
				put_fish_option(condition ? condition : "", &option_rows[j], out);
	}
}

bool completion_script(const char *shell, struct buf *out)
{
	if (str_eq(shell, "bash"))
		put_bash(out);
	else if (str_eq(shell, "zsh"))
		put_zsh(out);
	else if (str_eq(shell, "fish"))
		put_fish(out);
	else
		return false;
	return true;
}

int run_completion(struct cli *cli)
{
	_cleanup_buf_ struct buf out = {0};
	if (!completion_script(cli->arguments[0], &out))
		return cli_complain(cli, NULL,
			"there is completion for bash, zsh and fish, not for '%s'",
			cli->arguments[0]);
	return cli_print(cli, &out, EXIT_DONE);
}

// ---- words

static void put_word(struct buf *out, const char *word)
{
	// A word is a line: what the shell would take apart or act on is no completion.
	for (const char *p = word; p && *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *p))
			return;
	if (!str_empty(word))
		buf_addf(out, "%s\n", word);
}

static void put_members(struct buf *out, const json_t *answer, const char *list, const char *member)
{
	const json_t *stacks = json_object_get(answer, "stacks");
	size_t count = json_is_array(stacks) ? json_array_size(stacks) : 1;
	for (size_t i = 0; i < count; i++) {
		const json_t *stack = json_is_array(stacks) ? json_array_get(stacks, i) : answer;
		size_t j;
		json_t *item;
		json_array_foreach (json_object_get(stack, list), j, item)
			put_word(out, js_str(item, member));
	}
}

static void put_holds(struct buf *out, const json_t *plan)
{
	size_t i;
	json_t *action;
	json_array_foreach (json_object_get(plan, "actions"), i, action) {
		if (!str_eq_null(js_str(action, "decision"), "hold"))
			continue;
		put_word(out, js_str(action, "id"));
		put_word(out, js_str(action, "address"));
	}
}

int run_words(struct cli *cli)
{
	const char *what = cli->arguments[0];
	_cleanup_buf_ struct buf out = {0};
	_cleanup_reply_ struct reply reply = {0};
	struct client *client = NULL;
	if (str_eq(what, "commands")) {
		for (size_t i = 0; i < command_count; i++)
			if (!commands[i].is_hidden)
				buf_addf(&out, "%s\n", commands[i].name);
		return cli_print(cli, &out, EXIT_DONE);
	}
	if (str_eq(what, "blueprints")) {
		for (const struct blueprint *b = blueprints; b->name; b++)
			buf_addf(&out, "%s\n", b->name);
		return cli_print(cli, &out, EXIT_DONE);
	}
	if (str_eq(what, "shells")) {
		buf_adds(&out, "bash\nzsh\nfish\n");
		return cli_print(cli, &out, EXIT_DONE);
	}
	bool is_holds = str_eq(what, "holds"), is_targets = str_eq(what, "targets");
	offline_words(&out, is_targets, str_eq(what, "kinds"));
	struct err err = str_eq(what, "kinds") ? err_new(ERR_CANCELED, "not asked")
					       : cli_connect(cli, &client);
	if (!err_is(&err))
		err = client_ask(client, is_holds ? "/v1/plan" : "/v1/status", NULL, 2000, &reply);
	client_free(client);
	if (!err_is(&err) && is_holds)
		put_holds(&out, reply.body);
	else if (!err_is(&err))
		put_members(&out, reply.body, "resources", "address");
	return cli_print(cli, &out, EXIT_DONE);
}
