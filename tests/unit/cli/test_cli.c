// The command itself: a child runs it against a real server with a backend of fixtures; what it
// prints and how it leaves is looked at. And what must agree with the tables: completion scripts
// and the manual page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/cli.h"
#include "control/routes.h"
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURES "tests/unit/cli/fixtures/"

struct rig {
	struct loop loop;
	struct control *control;
	struct control_backend backend;
	struct control_settings settings;
	char folder[64], path[96];
	const char *file;              // the fixture that answers
	json_t *answer;                // instead of it; owned
	int status;                    // 0: 200
	struct control_exchange *kept; // a sync that waits
	char asked[512];
	struct buf out, err;
	int exit_status;
};

static void handle(void *self, struct control_exchange *exchange)
{
	struct rig *rig = self;
	size_t used = strlen(rig->asked);
	_cleanup_free_ char *query = js_text(control_query_all(exchange));
	_cleanup_free_ char *body = exchange->body ? js_text(exchange->body) : NULL;
	snprintf(rig->asked + used, sizeof(rig->asked) - used, "%s %s %s %s\n", exchange->method,
		exchange->path, query, body ? body : "-");
	if (str_eq(exchange->path, "/v1/sync") && js_bool(exchange->body, "wait", false)) {
		rig->kept = exchange;
		return;
	}
	if (rig->status) {
		control_error(
			exchange, rig->status, "Refused", "it is refused", "do the other thing");
		return;
	}
	_cleanup_free_ char *path = str_format(FIXTURES "%s.json", rig->file);
	json_t *answer = rig->answer ? json_incref(rig->answer) : json_load_file(path, 0, NULL);
	assert_non_null(answer);
	control_answer(exchange, 200, answer);
}

static int rig_open(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	struct err err = loop_init(&rig->loop);
	assert_false(err_is(&err));
	str_copy(rig->folder, sizeof(rig->folder), "/tmp/holdfast-cli-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->path, sizeof(rig->path), "%s/h.sock", rig->folder);
	rig->settings = (struct control_settings){.socket_path = rig->path};
	rig->backend = (struct control_backend){rig, handle};
	err = control_new(&rig->loop, &rig->settings, &rig->backend, &rig->control);
	assert_string_equal(err.message, "");
	*state = rig;
	return 0;
}

static int rig_close(void **state)
{
	struct rig *rig = *state;
	char command[128];
	control_free(rig->control);
	assert_int_equal(loop_done(&rig->loop), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig->folder);
	assert_int_equal(system(command), 0);
	json_decref(rig->answer);
	buf_done(&rig->out);
	buf_done(&rig->err);
	free(rig);
	return 0;
}

static void child(const struct rig *rig, char **argv, int out, int err)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("HOLDFAST_SOCKET", rig->path, 1);
	setenv("COLUMNS", "100", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	int status = cli_main(argc, argv);
	fflush(stdout);
	_exit(status); // without the exit handlers of the parent
}

static void drain(int fd, struct buf *buf)
{
	char piece[65536];
	ssize_t n = read(fd, piece, sizeof(piece));
	if (n > 0)
		buf_add(buf, piece, (size_t)n);
}

// Runs `holdfast ...` and turns the server's loop meanwhile. `on_turn` may be NULL.
static void run(struct rig *rig, void (*on_turn)(struct rig *rig), ...)
{
	char *argv[16] = {(char *)"holdfast"};
	int out[2], err[2], status;
	va_list ap;
	va_start(ap, on_turn);
	for (int i = 1; i < 15 && (argv[i] = va_arg(ap, char *)); i++)
		;
	va_end(ap);
	buf_reset(&rig->out);
	buf_reset(&rig->err);
	rig->asked[0] = '\0';
	assert_int_equal(pipe(out) | pipe(err), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(rig, argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	bool is_over = false;
	while (!is_over) {
		struct pollfd fds[] = {
			{.fd = out[0], .events = POLLIN}, {.fd = err[0], .events = POLLIN}};
		is_over = waitpid(pid, &status, WNOHANG) == pid;
		poll(fds, 2, 1);
		for (int i = 0; i < 2; i++)
			while (fds[i].revents & POLLIN && poll(&fds[i], 1, 0) == 1 &&
				fds[i].revents & POLLIN)
				drain(fds[i].fd, i ? &rig->err : &rig->out);
		uv_run(&rig->loop.uv, UV_RUN_NOWAIT);
		if (on_turn)
			on_turn(rig);
	}
	close(out[0]);
	close(err[0]);
	rig->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define RUN(rig, ...) run((rig), NULL, __VA_ARGS__, NULL)

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("'%s' is not in: %s", (part), (text));                            \
	} while (0)

// ---- exit statuses and output

static void test_each_command_asks_its_path_and_leaves_with_its_status(void **state)
{
	static const struct {
		const char *argument[4];
		const char *fixture, *asked;
		int status;
		const char *shown;
	} rows[] = {
		{{"status"}, "status", "GET /v1/status {} -\n", 0, "network.nat_gateway.b"},
		{{"status", "-s", "shop"}, "status", "GET /v1/status {\"stack\":\"shop\"} -\n", 0,
			"shop"},
		{{"get", "a.b.c"}, "resource", "GET /v1/resources/a.b.c {} -\n", 0, "FIELD"},
		{{"get", "a/b?c d"}, "resource", "GET /v1/resources/a/b?c d {} -\n", 0, "FIELD"},
		{{"plan"}, "plan", "GET /v1/plan {} -\n", 2, "Plan: 2 to create"},
		{{"plan"}, "plan_none", "GET /v1/plan {} -\n", 0, "No changes"},
		{{"diff"}, "diff", "GET /v1/diff {} -\n", 2, "map_public_ip_on_launch"},
		{{"diff", "x.y.z"}, "plan_none", "GET /v1/diff {\"address\":\"x.y.z\"} -\n", 0,
			"No differences"},
		{{"graph"}, "graph", "GET /v1/graph {} -\n", 0, "compute.load_balancer.web"},
		{{"graph", "--dot"}, "graph", "GET /v1/graph {} -\n", 0, "digraph \"shop\""},
		{{"drift", "--since", "2h"}, "drift", "GET /v1/drift {\"since\":\"2h\"} -\n", 2,
			"open for"},
		{{"history", "x.y.z", "-n5"}, "history",
			"GET /v1/history {\"address\":\"x.y.z\",\"limit\":\"5\"} -\n", 0, "drift"},
		{{"sync", "network"}, "plan_none",
			"POST /v1/sync {} "
			"{\"target\":\"network\",\"thorough\":true,\"wait\":false}\n",
			0, "Looking at"},
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		rig->file = rows[i].fixture;
		run(rig, NULL, rows[i].argument[0], rows[i].argument[1], rows[i].argument[2], NULL);
		assert_string_equal(buf_str(&rig->err), "");
		assert_string_equal(rig->asked, rows[i].asked);
		assert_contains(buf_str(&rig->out), rows[i].shown);
		assert_int_equal(rig->exit_status, rows[i].status);
	}
}

static void test_json_is_the_daemons_own(void **state)
{
	struct rig *rig = *state;
	rig->file = "plan";
	RUN(rig, "-o", "json", "plan");
	_cleanup_json_ json_t *shown = json_loads(buf_str(&rig->out), 0, NULL);
	_cleanup_json_ json_t *sent = json_load_file(FIXTURES "plan.json", 0, NULL);
	assert_true(json_equal(shown, sent));
	assert_int_equal(rig->exit_status, 2);
}

static void test_an_incomplete_plan_is_no_success(void **state)
{
	struct rig *rig = *state;
	rig->answer = json_pack("{s:i, s:b, s:[]}", "format", 1, "complete", 0, "actions");
	RUN(rig, "plan");
	assert_contains(buf_str(&rig->out), "Not everything has been looked at");
	assert_int_equal(rig->exit_status, 1);
}

static void test_reload_shows_the_findings_and_fails_with_them(void **state)
{
	struct rig *rig = *state;
	rig->answer = json_pack("{s:i, s:b, s:s, s:[{s:s, s:i, s:i, s:s, s:s, s:s}]}", "format", 1,
		"ok", 0, "version", "abc", "findings", "file", "shop.yaml", "line", 12, "column", 9,
		"severity", "error", "message", "unknown field 'x'", "remedy", "take it out");
	RUN(rig, "reload");
	assert_contains(
		buf_str(&rig->out), "shop.yaml:12:9: error: unknown field 'x'\n    take it out\n");
	assert_contains(buf_str(&rig->out), "version abc stays in force");
	assert_int_equal(rig->exit_status, 1);
}

static void test_approve_says_what_was_approved(void **state)
{
	struct rig *rig = *state;
	rig->answer = json_pack("{s:i, s:[{s:s, s:s, s:s}]}", "format", 1, "approved", "id", "h1",
		"address", "data.db_instance.main", "change", "-");
	RUN(rig, "approve", "h1");
	assert_string_equal(rig->asked, "POST /v1/approve {} {\"target\":\"h1\"}\n");
	assert_string_equal(buf_str(&rig->out), "approved - data.db_instance.main  (h1)\n");
	assert_int_equal(rig->exit_status, 0);
}

static void answer_soon(struct rig *rig)
{
	if (rig->kept && strstr(rig->asked, "/v1/status {}")) {
		control_answer(TAKE(rig->kept), 200,
			json_pack(
				"{s:i, s:[s], s:b}", "format", 1, "started", "network", "done", 1));
		rig->file = "history";
	}
}

static void test_sync_waits_for_the_answer_and_tells_what_it_led_to(void **state)
{
	struct rig *rig = *state;
	rig->file = "status";
	run(rig, answer_soon, "sync", "--wait", NULL);
	assert_string_equal(buf_str(&rig->err), "");
	assert_contains(
		rig->asked, "POST /v1/sync {} {\"target\":\"\",\"thorough\":true,\"wait\":true}\n");
	assert_contains(buf_str(&rig->out), "Looked at network.\n");
	assert_contains(buf_str(&rig->out), "ModifySubnetAttribute");
	assert_int_equal(rig->exit_status, 0);
}

// ---- errors

static void test_a_refusal_is_told_with_its_remedy(void **state)
{
	struct rig *rig = *state;
	rig->status = 403;
	RUN(rig, "approve", "h1");
	assert_string_equal(buf_str(&rig->err), "holdfast: it is refused\n  do the other thing\n");
	assert_string_equal(buf_str(&rig->out), "");
	assert_int_equal(rig->exit_status, 1);
	RUN(rig, "approve", "h1", "-o", "json");
	assert_contains(buf_str(&rig->err), "\"code\":\"Refused\"");
}

static void test_no_daemon_is_one_sentence_and_a_remedy(void **state)
{
	struct rig *rig = *state;
	static const char *const paths[] = {"/nowhere/h.sock", "/dev/null/h.sock"};
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		RUN(rig, "--socket", paths[i], "status");
		assert_contains(buf_str(&rig->err),
			"holdfast: holdfastd is not running: there is no socket");
		assert_contains(buf_str(&rig->err), "systemctl start holdfastd");
		assert_int_equal(rig->exit_status, 1);
	}
	RUN(rig, "--socket", "/nowhere/h.sock", "status", "--watch");
	assert_contains(buf_str(&rig->err), "holdfastd is not running");
	assert_int_equal(rig->exit_status, 1);
}

static void test_a_mistyped_command_line_is_told_what_is_near(void **state)
{
	static const struct {
		const char *argument[3];
		const char *message;
	} rows[] = {
		{{"statsu"}, "there is no command 'statsu'\n  Did you mean 'status'?"},
		{{"status", "--wach"}, "there is no option '--wach'\n  Did you mean --watch?"},
		{{"status", "-z"}, "there is no option '-z'"},
		{{"get"}, "'get' takes one argument\n  Usage: holdfast get ADDRESS"},
		{{"plan", "x"}, "'plan' takes no argument"},
		{{"plan", "--wait"}, "'plan' does not take --wait"},
		{{"status", "-o", "yaml"}, "--output takes text|json|jsonl, not 'yaml'"},
		{{"status", "--all=7"}, "--all takes no value"},
		{{"history", "--since"}, "--since needs TIME"},
		{{"explain", "no_such_kind"}, "there is no kind 'no_such_kind'"},
		{{"completion", "tcsh"}, "not for 'tcsh'"},
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		run(rig, NULL, rows[i].argument[0], rows[i].argument[1], rows[i].argument[2], NULL);
		assert_contains(buf_str(&rig->err), rows[i].message);
		assert_int_equal(rig->exit_status, 1);
		assert_string_equal(rig->asked, "");
	}
}

static void test_version_needs_no_daemon(void **state)
{
	struct rig *rig = *state;
	RUN(rig, "--socket", "/nowhere/h.sock", "--version");
	assert_string_equal(buf_str(&rig->out), "holdfast " HOLDFAST_VERSION "\n");
	assert_int_equal(rig->exit_status, 0);
	rig->file = "status";
	RUN(rig, "version");
	assert_contains(buf_str(&rig->out), "holdfastd 0.1.0, process 4242");
}

static void stop_it(struct rig *rig)
{
	// The second look has asked: that is enough of a view.
	const char *first = strstr(rig->asked, "/v1/status");
	if (rig->out.len > 0 && first && strstr(first + 1, "/v1/status"))
		rig->settings.patience_ms++;
	if (rig->settings.patience_ms == 1)
		control_free(TAKE(rig->control));
}

static void test_watching_without_a_terminal_prints_lines_and_survives_the_daemon(void **state)
{
	struct rig *rig = *state;
	rig->file = "status";
	int pid_out[2];
	assert_int_equal(pipe(pid_out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char *argv[] = {(char *)"holdfast", (char *)"status", (char *)"-w", NULL};
		child(rig, argv, pid_out[1], pid_out[1]);
	}
	close(pid_out[1]);
	bool is_told = false;
	int status = 0;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd pollfd = {.fd = pid_out[0], .events = POLLIN};
		if (poll(&pollfd, 1, 5) == 1)
			drain(pid_out[0], &rig->out);
		uv_run(&rig->loop.uv, UV_RUN_NOWAIT);
		if (rig->control)
			stop_it(rig);
		if (!is_told && strstr(buf_str(&rig->out), "holdfastd is not running"))
			is_told = kill(pid, SIGINT) == 0;
	}
	close(pid_out[0]);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_contains(buf_str(&rig->out), "network  OutOfSync, Progressing, 1 drifted");
}

// ---- offline

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_validate_tells_every_error_with_its_place(void **state)
{
	struct rig *rig = *state;
	char path[128];
	snprintf(path, sizeof(path), "%s/shop.yaml", rig->folder);
	write_file(path, "stack: shop\nregion: eu-west-1\nnetwork:\n  vpc:\n    main:\n"
			 "      cidr_blok: 10.0.0.0/16\n");
	RUN(rig, "validate", path);
	assert_contains(buf_str(&rig->out), "shop.yaml:6:7: error: ");
	assert_contains(buf_str(&rig->out), "cidr_block");
	assert_int_equal(rig->exit_status, 1);
	RUN(rig, "validate", "-o", "json", path);
	assert_contains(buf_str(&rig->out), "\"ok\":false");
	assert_int_equal(rig->exit_status, 1);
	write_file(path, "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\nnetwork:\n"
			 "  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n");
	RUN(rig, "validate", path);
	assert_contains(buf_str(&rig->out), "is valid: stack shop, 1 resource, version ");
	assert_int_equal(rig->exit_status, 0);
	RUN(rig, "validate", "--strict", path);
	assert_int_equal(rig->exit_status, 0);
}

static void test_validate_takes_advice_for_warnings_unless_it_is_strict(void **state)
{
	struct rig *rig = *state;
	char path[128];
	snprintf(path, sizeof(path), "%s/shop.yaml", rig->folder);
	write_file(path, "stack: shop\nregion: eu-west-1\nsecurity:\n  security_group:\n"
			 "    web:\n      vpc_id: vpc-0a1b2c3d\n      ingress:\n"
			 "        - {ip_protocol: tcp, from_port: 22, to_port: 22, cidr_ipv4: "
			 "0.0.0.0/0}\n");
	RUN(rig, "validate", path);
	assert_contains(buf_str(&rig->out), "shop.yaml:8:11: warning: ");
	assert_contains(buf_str(&rig->out), "(open-ingress)");
	assert_contains(buf_str(&rig->out), "is valid: stack shop, 1 resource");
	assert_contains(buf_str(&rig->out), ", 1 warning");
	assert_int_equal(rig->exit_status, 0);
	RUN(rig, "validate", "--strict", path);
	assert_contains(buf_str(&rig->out), "(open-ingress)");
	assert_int_equal(rig->exit_status, 1);
	RUN(rig, "validate", "--strict", "-o", "json", path);
	assert_contains(buf_str(&rig->out), "\"severity\":\"warning\"");
	assert_int_equal(rig->exit_status, 1);
}

static void test_explain_leads_from_kinds_to_the_values_of_a_field(void **state)
{
	struct rig *rig = *state;
	RUN(rig, "explain");
	assert_contains(buf_str(&rig->out), "subnet");
	RUN(rig, "explain", "network.vpc.instance_tenancy");
	assert_contains(buf_str(&rig->out), "dedicated");
	// A kind with structures says how to see into them; one without does not.
	RUN(rig, "explain", "s3_bucket");
	assert_contains(buf_str(&rig->out), "holdfast explain s3_bucket.");
	RUN(rig, "explain", "internet_gateway");
	assert_null(strstr(buf_str(&rig->out), "inside a structure"));
	RUN(rig, "explain", "vpc.cidr_blok");
	assert_contains(buf_str(&rig->err), "Did you mean 'cidr_block'?");
	assert_int_equal(rig->exit_status, 1);
}

// A heading a group, and every command under the one that its row names.
static void test_help_lists_each_command_once_under_its_heading(void **state)
{
	static const char *const headings[] = {
		"\nLook\n", "\nChange\n", "\nWrite the file\n", "\nOther\n", "\nOptions"};
	const char *places[ARRAY_COUNT(headings)];
	struct rig *rig = *state;
	RUN(rig, "help");
	const char *from = buf_str(&rig->out);
	for (size_t i = 0; i < ARRAY_COUNT(headings); i++) {
		places[i] = from = strstr(from, headings[i]);
		assert_non_null(from);
	}
	ptrdiff_t column = 0;
	for (size_t i = 0; i < command_count; i++) {
		_cleanup_free_ char *name = str_format("\n  %s ", commands[i].name);
		const char *line = strstr(buf_str(&rig->out), name);
		if (commands[i].is_hidden) {
			assert_null(line);
			continue;
		}
		assert_true(line >= places[commands[i].group]);
		assert_true(line < places[commands[i].group + 1]);
		assert_null(strstr(line + 1, name));
		const char *summary = strstr(line, commands[i].summary);
		assert_non_null(summary);
		column = column ? column : summary - line;
		assert_int_equal(column, summary - line);
	}
}

// ---- what must agree with the tables

static char *read_text(const char *path)
{
	struct buf text = {0};
	char piece[4096];
	size_t n;
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing", path);
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(&text, piece, n);
	fclose(file);
	return buf_take(&text);
}

static void test_completion_scripts_are_as_the_tables_make_them(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"bash", "packaging/completion/holdfast.bash"},
		{"zsh", "packaging/completion/_holdfast"},
		{"fish", "packaging/completion/holdfast.fish"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_buf_ struct buf made = {0};
		_cleanup_free_ char *kept = read_text(rows[i][1]);
		assert_true(completion_script(rows[i][0], &made));
		if (!str_eq(kept, buf_str(&made)))
			fail_msg("%s is old: build/holdfast completion %s > %s", rows[i][1],
				rows[i][0], rows[i][1]);
	}
}

// Without groff's escapes: "\-\-all" is "--all".
static char *read_manual(const char *path)
{
	char *text = read_text(path), *to = text;
	for (const char *from = text; *from; from++)
		if (*from != '\\' || from[1] != '-')
			*to++ = *from;
	*to = '\0';
	return text;
}

static void test_the_manual_names_every_command_and_option(void **state)
{
	(void)state;
	_cleanup_free_ char *manual = read_manual("packaging/man/holdfast.1");
	for (size_t i = 0; i < command_count; i++) {
		_cleanup_free_ char *entry = str_format("\n.B %s", commands[i].name);
		if (!commands[i].is_hidden)
			assert_contains(manual, entry);
	}
	for (size_t i = 0; i < option_row_count; i++) {
		_cleanup_free_ char *entry = str_format("--%s", option_rows[i].name);
		assert_contains(manual, entry);
	}
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, rig_open, rig_close)
	const struct CMUnitTest tests[] = {
		WITH_RIG(test_each_command_asks_its_path_and_leaves_with_its_status),
		WITH_RIG(test_json_is_the_daemons_own),
		WITH_RIG(test_an_incomplete_plan_is_no_success),
		WITH_RIG(test_reload_shows_the_findings_and_fails_with_them),
		WITH_RIG(test_approve_says_what_was_approved),
		WITH_RIG(test_sync_waits_for_the_answer_and_tells_what_it_led_to),
		WITH_RIG(test_a_refusal_is_told_with_its_remedy),
		WITH_RIG(test_no_daemon_is_one_sentence_and_a_remedy),
		WITH_RIG(test_a_mistyped_command_line_is_told_what_is_near),
		WITH_RIG(test_version_needs_no_daemon),
		WITH_RIG(test_watching_without_a_terminal_prints_lines_and_survives_the_daemon),
		WITH_RIG(test_validate_tells_every_error_with_its_place),
		WITH_RIG(test_validate_takes_advice_for_warnings_unless_it_is_strict),
		WITH_RIG(test_explain_leads_from_kinds_to_the_values_of_a_field),
		WITH_RIG(test_help_lists_each_command_once_under_its_heading),
		cmocka_unit_test(test_completion_scripts_are_as_the_tables_make_them),
		cmocka_unit_test(test_the_manual_names_every_command_and_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
