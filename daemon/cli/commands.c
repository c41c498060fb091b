// The table of commands, and those that are one request and one rendering.
#include "base/num.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "core/plain.h"

static int run_status(struct cli *cli);
static int run_get(struct cli *cli);
static int run_why(struct cli *cli);
static int run_diff(struct cli *cli);
static int run_drift(struct cli *cli);
static int run_history(struct cli *cli);
static int run_reload(struct cli *cli);
static int run_approve(struct cli *cli);
static int run_reject(struct cli *cli);

#define TARGET_DETAILS                                                                             \
	"What to name: a layer (network), a resource (network.subnet.public-a), or nothing for "   \
	"everything."

const struct command commands[] = {
	{
		.name = "status",
		.group = GROUP_LOOK,
		.usage = "status [--all] [--watch | --at TIME]",
		.summary = "how the layers are, and what wants attention",
		.details =
			"Two words describe a thing: SYNC (Synced, OutOfSync, Missing, Orphaned, "
			"Unknown) says whether AWS is as the file says, HEALTH (Healthy, "
			"Progressing, Degraded, Missing, Suspended, Unknown) whether it works.\n"
			"--watch shows it live on a terminal, and as lines, one a change, "
			"elsewhere.\n--at shows it as it was at a moment, from what was recorded "
			"then.",
		.options = OPTION_ALL | OPTION_WATCH | OPTION_AT | OPTION_STACK,
		.run = run_status,
	},
	{
		.name = "get",
		.group = GROUP_LOOK,
		.usage = "get ADDRESS",
		.summary = "one resource: the file's side beside AWS's, and its history",
		.details = "An address is LAYER.KIND.NAME: network.subnet.public-a.",
		.words = WORDS_ADDRESS,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK,
		.run = run_get,
	},
	{
		.name = "why",
		.usage = "why ADDRESS [--limit N]",
		.summary = "how a resource came to its state, in sentences",
		.details = "What wants it, what is so now and what is decided; then its story, "
			   "oldest first: drifts, holds and who released them, calls with their "
			   "outcome and AWS's request id.",
		.words = WORDS_ADDRESS,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK | OPTION_LIMIT,
		.run = run_why,
	},
	{
		.name = "plan",
		.group = GROUP_LOOK,
		.usage = "plan [--file FILE] [--refresh]",
		.summary = "the changes that would be made, and which of them wait",
		.details = "+ create, ~ update in place, - delete, -/+ delete and create, +/- "
			   "create and delete.\nAt once, from what the daemon last saw; its age "
			   "stands at the end. --refresh looks first: a pass, which corrects what "
			   "policy allows, as every pass does.\n--file plans a file that is not "
			   "in force, and changes nothing: it is sent to the daemon with what it "
			   "includes.\nExit status 0: nothing to do; 2: there are "
			   "changes; 1: error, or not everything has been looked at yet.",
		.options = OPTION_STACK | OPTION_FILE | OPTION_REFRESH,
		.run = run_plan,
	},
	{
		.name = "diff",
		.group = GROUP_LOOK,
		.usage = "diff [ADDRESS] [--from TIME [--to TIME]]",
		.summary = "where AWS differs from the file, or from itself at another time",
		.details = "--from shows how AWS changed since a moment, whoever changed it, from "
			   "what was recorded.\nExit status 0: nowhere; 2: somewhere; 1: error.",
		.words = WORDS_ADDRESS,
		.most = 1,
		.options = OPTION_STACK | OPTION_FROM | OPTION_TO,
		.run = run_diff,
	},
	{
		.name = "drift",
		.group = GROUP_LOOK,
		.usage = "drift [--since TIME]",
		.summary = "drifts: what is open, then what was corrected",
		.details = "What matters first: the data layer, then what waits for a person, then "
			   "what is open longest.\nExit status 0: none is open; 2: some are; 1: "
			   "error, or not everything has been looked at yet.",
		.options = OPTION_STACK | OPTION_SINCE | OPTION_LIMIT,
		.run = run_drift,
	},
	{
		.name = "history",
		.group = GROUP_LOOK,
		.usage = "history [ADDRESS] [--since TIME] [--until TIME] [--limit N] [--at TIME]",
		.summary =
			"what happened, newest first: drift, actions, holds, versions of the file",
		.details = "--at shows instead what AWS had at a moment, field by field.\n"
			   "-o jsonl prints one entry a line, up to 10000, to export: the oldest "
			   "one's time as the next --until goes on from there.",
		.words = WORDS_ADDRESS,
		.most = 1,
		.options = OPTION_STACK | OPTION_SINCE | OPTION_UNTIL | OPTION_LIMIT | OPTION_AT,
		.run = run_history,
	},
	{
		.name = "config",
		.usage = "config [VERSION | --at TIME] [--limit N]",
		.summary = "versions of the file that were in force, and one of them whole",
		.details =
			"With a VERSION, or the moment when it was in force, prints it as a file "
			"that can be put back: includes and variables are in it, comments are "
			"not. Where a secret stood it says so, and is refused until that is "
			"put back.",
		.most = 1,
		.options = OPTION_STACK | OPTION_AT | OPTION_LIMIT,
		.run = run_config,
	},
	{
		.name = "events",
		.usage = "events [--follow] [--limit N]",
		.summary = "what happens, as it happens; one line an event",
		.details =
			"Without --follow: what the daemon keeps, the last 1024 since it was "
			"started. With it: the last 10, then what comes, also over a restart of "
			"the daemon; what was missed meanwhile is told as a gap.\n-o json prints "
			"one JSON object a line.",
		.options = OPTION_STACK | OPTION_FOLLOW | OPTION_LIMIT,
		.run = run_events,
	},
	{
		.name = "sync",
		.group = GROUP_CHANGE,
		.usage = "sync [LAYER|ADDRESS] [--wait]",
		.summary = "look now, and correct what policy allows",
		.details = TARGET_DETAILS
		"\nIt looks also for what is looked for in one pass of ten only."
		"\n--wait stays until the pass has ended and shows how it goes.",
		.words = WORDS_TARGET,
		.most = 1,
		.options = OPTION_STACK | OPTION_WAIT,
		.run = run_sync,
	},
	{
		.name = "reload",
		.group = GROUP_CHANGE,
		.usage = "reload",
		.summary = "read the file again; a bad one changes nothing",
		.details =
			"The same as 'systemctl reload holdfastd', with the findings shown here.",
		.options = OPTION_STACK,
		.run = run_reload,
	},
	{
		.name = "approve",
		.group = GROUP_CHANGE,
		.usage = "approve ID|ADDRESS|LAYER [--reason TEXT]",
		.summary = "let a held change happen, once",
		.details = "'holdfast plan' shows what is held and its id. An approval is for the "
			   "change "
			   "as it was shown: when the change becomes another, it has to be given "
			   "again.",
		.words = WORDS_HOLD,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK | OPTION_REASON,
		.run = run_approve,
	},
	{
		.name = "reject",
		.group = GROUP_CHANGE,
		.usage = "reject ID|ADDRESS|LAYER [--reason TEXT]",
		.summary = "refuse a held change",
		.details = "It stays held, also when its window opens, until the file or AWS "
			   "changes or 'holdfast approve' allows it. Who said no, when and why is "
			   "shown.",
		.words = WORDS_HOLD,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK | OPTION_REASON,
		.run = run_reject,
	},
	{
		.name = "pause",
		.group = GROUP_CHANGE,
		.usage = "pause [LAYER|ADDRESS] [--for TIME] [--reason TEXT]",
		.summary = "write nothing to AWS for a while; looking goes on",
		.details = TARGET_DETAILS
		"\nWithout --for it lasts until 'holdfast resume'. What would have been done is "
		"shown, and done when the pause ends.",
		.words = WORDS_TARGET,
		.most = 1,
		.options = OPTION_STACK | OPTION_FOR | OPTION_REASON,
		.run = run_pause,
	},
	{
		.name = "resume",
		.group = GROUP_CHANGE,
		.usage = "resume [LAYER|ADDRESS [FIELD]]",
		.summary = "end a pause or, with a field, an ignore",
		.words = WORDS_TARGET,
		.most = 2,
		.options = OPTION_STACK,
		.run = run_resume,
	},
	{
		.name = "ignore",
		.group = GROUP_CHANGE,
		.usage = "ignore ADDRESS FIELD [--for TIME] [--reason TEXT]",
		.summary = "let a field differ, without editing the file",
		.details = "'holdfast resume ADDRESS FIELD' ends it. For good, write it into the "
			   "file: policy: {ignore: [FIELD]}.",
		.words = WORDS_ADDRESS,
		.least = 2,
		.most = 2,
		.options = OPTION_STACK | OPTION_FOR | OPTION_REASON,
		.run = run_ignore,
	},
	{
		.name = "protect",
		.group = GROUP_CHANGE,
		.usage = "protect ADDRESS [--reason TEXT]",
		.summary = "never delete or replace it, approved or not",
		.details =
			"It outlives the resource's lines in the file, and lasts until 'holdfast "
			"unprotect'. Everything else of the resource is held to the file as "
			"before.",
		.words = WORDS_ADDRESS,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK | OPTION_REASON,
		.run = run_protect,
	},
	{
		.name = "unprotect",
		.group = GROUP_CHANGE,
		.usage = "unprotect ADDRESS",
		.summary = "end a protection",
		.words = WORDS_ADDRESS,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK,
		.run = run_unprotect,
	},
	{
		.name = "release",
		.group = GROUP_CHANGE,
		.usage = "release [LAYER|ADDRESS] [--for TIME] [--reason TEXT]",
		.summary = "let go on what a brake stopped",
		.details = TARGET_DETAILS
		"\nBrakes stop a layer when the file lost most of its "
		"resources, when more would be "
		"deleted or replaced than 'most_deletes' and "
		"'most_deletes_per_hour' allow, or when "
		"more drifted at once than 'most_drift'; and a field that somebody else changed "
		"again after 'most_corrections' of ours within an hour. Once released "
		"it does not trip again for an "
		"hour, or for the time of --for.",
		.words = WORDS_TARGET,
		.most = 1,
		.options = OPTION_STACK | OPTION_FOR | OPTION_REASON,
		.run = run_release,
	},
	{
		.name = "adopt",
		.group = GROUP_FILE,
		.usage = "adopt ADDRESS ID",
		.summary = "what the file would say of what stands in AWS already",
		.details = "ID is what AWS calls it (vpc-0a1b2c3d) or, of what the file names, its "
			   "name. What is printed is YAML for the file, which is yours; nothing is "
			   "changed, and nothing taken over without an approval.",
		.words = WORDS_ADDRESS,
		.least = 2,
		.most = 2,
		.options = OPTION_STACK,
		.run = run_adopt,
	},
	{
		.name = "accept",
		.group = GROUP_FILE,
		.usage = "accept ADDRESS",
		.summary = "the edit to the file that makes what AWS has the desired state",
		.details = "It is printed, not made: the file is yours. Exit status 0: nothing to "
			   "edit; 2: an edit is shown; 1: error.",
		.words = WORDS_ADDRESS,
		.least = 1,
		.most = 1,
		.options = OPTION_STACK,
		.run = run_accept,
	},
	{
		.name = "orders",
		.group = GROUP_LOOK,
		.usage = "orders",
		.summary = "what is paused, ignored, protected and braked, by whom, until when, "
			   "and why",
		.options = OPTION_STACK,
		.run = run_orders,
	},
	{
		.name = "validate",
		.group = GROUP_FILE,
		.usage = "validate FILE [--var NAME=VALUE]... [--strict]",
		.summary = "check a file without a daemon; every error with its line and column",
		.details =
			"Warnings are advice: what AWS takes, and good practice does not. Each has "
			"an id, by which the file silences it with a reason: "
			"'policy: {accept: {open-ingress: \"...\"}}', for the stack, a layer or a "
			"resource. holdfast.yaml(5) lists them.\nExit status 0: valid; 1: errors, "
			"or, with --strict, warnings.",
		.words = WORDS_FILE,
		.least = 1,
		.most = 1,
		.options = OPTION_VAR | OPTION_STRICT,
		.run = run_validate,
	},
	{
		.name = "explain",
		.group = GROUP_FILE,
		.usage = "explain [KIND[.FIELD]]",
		.summary = "what can stand in a file: layers, kinds, fields",
		.words = WORDS_KIND,
		.most = 1,
		.run = run_explain,
	},
	{
		.name = "iam",
		.group = GROUP_FILE,
		.usage = "iam [FILE] [--var NAME=VALUE]...",
		.summary = "the IAM policy that the daemon needs for a file, or for all kinds",
		.words = WORDS_FILE,
		.most = 1,
		.options = OPTION_VAR,
		.run = run_iam,
	},
	{
		.name = "init",
		.group = GROUP_FILE,
		.usage = "init [multi-tier|network] --region REGION [--azs a,b] [--cidr BLOCK] "
			 "[--name NAME] [--account DIGITS] [--one-nat] [--file PATH]",
		.summary = "a file to begin with, ready to be edited",
		.details = "Without a word: what there is.\nmulti-tier is a web application over "
			   "all five layers; the parts that want a decision of yours are marked "
			   "CHANGE.",
		.words = WORDS_BLUEPRINT,
		.most = 1,
		.options = OPTION_REGION | OPTION_AZS | OPTION_CIDR | OPTION_NAME | OPTION_ACCOUNT |
			   OPTION_ONE_NAT | OPTION_FILE,
		.run = run_init,
	},
	{
		.name = "graph",
		.group = GROUP_LOOK,
		.usage = "graph [FILE] [--var NAME=VALUE]... [--dot]",
		.summary = "the architecture as a picture: who talks to whom, and each layer",
		.details = "Of what the daemon holds, with sync and health; or of a file, without "
			   "a daemon.\nTraffic follows from security groups and routes: clients "
			   "are the whole world.\n--dot is for Graphviz: holdfast graph --dot | "
			   "dot -Tsvg > shop.svg",
		.words = WORDS_FILE,
		.most = 1,
		.options = OPTION_STACK | OPTION_VAR | OPTION_DOT,
		.run = run_graph,
	},
	{
		.name = "version",
		.group = GROUP_OTHER,
		.usage = "version",
		.summary = "the version of this command and of the daemon",
		.run = run_version,
	},
	{
		.name = "completion",
		.group = GROUP_OTHER,
		.usage = "completion bash|zsh|fish",
		.summary = "the completion script of a shell",
		.details =
			"bash: holdfast completion bash > /etc/bash_completion.d/holdfast\n"
			"zsh: holdfast completion zsh > "
			"/usr/share/zsh/vendor-completions/_holdfast\n"
			"fish: holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
		.words = WORDS_SHELL,
		.least = 1,
		.most = 1,
		.run = run_completion,
	},
	{
		.name = "help",
		.group = GROUP_OTHER,
		.usage = "help [COMMAND]",
		.summary = "this list, or one command",
		.words = WORDS_COMMAND,
		.most = 1,
		.run = run_help,
	},
	{
		.name = "__words",
		.group = GROUP_OTHER,
		.usage = "__words WHAT",
		.summary = "words for completion",
		.least = 1,
		.most = 1,
		.options = OPTION_STACK,
		.is_hidden = true,
		.run = run_words,
	},
};
const size_t command_count = ARRAY_COUNT(commands);

// ---- one request, one rendering

static const char *argument(const struct cli *cli)
{
	return cli->argument_count > 0 ? cli->arguments[0] : NULL;
}

static void render_some(const struct view *view, const json_t *answer, struct buf *out)
{
	render_status(view, answer, 0, out);
}

static void render_all(const struct view *view, const json_t *answer, struct buf *out)
{
	render_status(view, answer, STATUS_ALL, out);
}

static int run_status(struct cli *cli)
{
	if (cli->at)
		return run_state_at(cli);
	if (cli->is_watching)
		return run_watch(cli);
	return cli_show(cli, client_path("/v1/status", NULL, "stack", cli->stack), NULL,
		cli->is_all ? render_all : render_some, NULL);
}

static int run_get(struct cli *cli)
{
	return cli_show(cli, client_path("/v1/resources/", argument(cli), "stack", cli->stack),
		NULL, render_resource, NULL);
}

static int run_why(struct cli *cli)
{
	return cli_show(cli,
		client_path("/v1/why/", argument(cli), "limit", cli->limit, "stack", cli->stack),
		NULL, render_why, NULL);
}

static int status_of_diff(const json_t *answer)
{
	return json_array_size(json_object_get(answer, "differences")) > 0 ? EXIT_DIFFERENT
									   : EXIT_DONE;
}

static int run_diff(struct cli *cli)
{
	if (cli->from || cli->to)
		return run_diff_moments(cli);
	return cli_show(cli,
		client_path("/v1/diff", NULL, "address", argument(cli), "stack", cli->stack), NULL,
		render_diff, status_of_diff);
}

static int status_of_drift(const json_t *answer)
{
	size_t i;
	json_t *drift;
	json_array_foreach (json_object_get(answer, "drifts"), i, drift)
		if (!js_str(drift, "closed_at"))
			return EXIT_DIFFERENT;
	return js_int(answer, "unknown", 0) > 0 ? EXIT_ERROR : EXIT_DONE;
}

static int run_drift(struct cli *cli)
{
	return cli_show(cli,
		client_path("/v1/drift", NULL, "since", cli->since, "limit", cli->limit, "stack",
			cli->stack),
		NULL, render_drift, status_of_drift);
}

static int run_history(struct cli *cli)
{
	if (cli->at)
		return run_state_at(cli);
	const char *limit = cli->limit ? cli->limit : cli->is_lines ? "10000" : NULL;
	return cli_show(cli,
		client_path("/v1/history", NULL, "address", argument(cli), "since", cli->since,
			"until", cli->until, "limit", limit, "stack", cli->stack),
		NULL, render_history, NULL);
}

// ---- changes

static void render_reload(const struct view *view, const json_t *answer, struct buf *out)
{
	const char *version = js_str(answer, "version");
	render_findings(view, json_object_get(answer, "findings"), out);
	if (js_bool(answer, "ok", false))
		view_putf(view, out, PAINT_GREEN, "The file is in force, version %s.",
			version ? version : "-");
	else
		view_putf(view, out, PAINT_RED, "Nothing is changed: version %s stays in force.",
			version ? version : "-");
	buf_adds(out, "\n");
}

static int status_of_reload(const json_t *answer)
{
	return js_bool(answer, "ok", false) ? EXIT_DONE : EXIT_ERROR;
}

static int run_reload(struct cli *cli)
{
	_cleanup_json_ json_t *body = json_pack("{s:s*}", "stack", cli->stack);
	return cli_show(cli, strdup("/v1/reload"), body, render_reload, status_of_reload);
}

static void render_decided(
	const struct view *view, const json_t *list, const char *verb, struct buf *out)
{
	size_t i;
	json_t *hold;
	if (json_array_size(list) == 0)
		view_wrap(view, out, PAINT_YELLOW, 0, "Nothing is held under that name.");
	json_array_foreach ((json_t *)list, i, hold) {
		const char *change = js_str(hold, "change"), *address = js_str(hold, "address");
		_cleanup_free_ char *id = plain_line(json_object_get(hold, "id"));
		buf_addf(out, "%s ", verb);
		view_put(view, out, paint_of_change(change), change ? change : "~");
		buf_adds(out, " ");
		view_put(view, out, PAINT_BOLD, address ? address : "-");
		view_putf(view, out, PAINT_DIM, "  (%s)", id ? id : "-");
		buf_adds(out, "\n");
	}
}

static void render_approved(const struct view *view, const json_t *answer, struct buf *out)
{
	render_decided(view, json_object_get(answer, "approved"), "approved", out);
}

static void render_rejected(const struct view *view, const json_t *answer, struct buf *out)
{
	render_decided(view, json_object_get(answer, "rejected"), "rejected", out);
}

static int status_of_decided(const json_t *answer)
{
	return json_array_size(json_object_get(answer, "approved")) +
				       json_array_size(json_object_get(answer, "rejected")) >
			       0
		       ? EXIT_DONE
		       : EXIT_ERROR;
}

static json_t *about_hold(const struct cli *cli)
{
	return json_pack("{s:s, s:s*, s:s*}", "target", argument(cli), "stack", cli->stack,
		"reason", cli->reason);
}

static int run_approve(struct cli *cli)
{
	_cleanup_json_ json_t *body = about_hold(cli);
	return cli_show(cli, strdup("/v1/approve"), body, render_approved, status_of_decided);
}

static int run_reject(struct cli *cli)
{
	_cleanup_json_ json_t *body = about_hold(cli);
	return cli_show(cli, strdup("/v1/reject"), body, render_rejected, status_of_decided);
}
