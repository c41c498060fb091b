// The live view on a terminal, and the same as lines elsewhere. The daemon is asked about once a
// second; only lines that changed are written. Signals arrive through a descriptor, so leaving
// always restores the screen.
#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/status.h"
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { ASK_MS = 5000, CALM_MS = 1000, BUSY_MS = 500, HISTORY_EACH_MS = 3000 };

struct watch {
	struct cli *cli;
	struct client *client;
	int signals; // descriptor
	bool is_screen, has_input;
	struct termios termios; // as it was
	int height;
	char *path, *history_path; // owned
	json_t *status, *history;  // owned; the last good answers
	int64_t history_ms;
	int64_t lost_ms; // since when the daemon does not answer; 0: it does
	struct err err;
	struct buf shown; // the frame on the screen
};

// ---- the terminal

static void put(const char *text)
{
	fputs(text, stdout);
}

static void measure(struct watch *watch)
{
	struct winsize size;
	watch->height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		watch->height = size.ws_row;
		watch->cli->view.width = size.ws_col;
	}
}

static void open_screen(struct watch *watch)
{
	measure(watch);
	put("\033[?1049h\033[?25l\033[?7l\033[2J"); // other screen, no cursor, no wrapping, clear
	watch->has_input = tcgetattr(STDIN_FILENO, &watch->termios) == 0;
	if (!watch->has_input)
		return;
	struct termios raw = watch->termios;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void close_screen(struct watch *watch)
{
	if (watch->has_input)
		tcsetattr(STDIN_FILENO, TCSANOW, &watch->termios);
	put("\033[?7h\033[?25h\033[?1049l");
	fflush(stdout);
}

static const char *next_line(const char *p, size_t *ret_bytes)
{
	*ret_bytes = strcspn(p, "\n");
	return p + *ret_bytes + (p[*ret_bytes] == '\n');
}

// Lines that are as they were stay untouched.
static void draw(struct watch *watch, struct buf *frame)
{
	const char *old = buf_str(&watch->shown), *new = buf_str(frame);
	bool has_changed = false;
	for (int row = 1; *new || *old; row++) {
		size_t old_bytes, new_bytes;
		const char *old_line = old, *new_line = new;
		bool was = *old, is = *new;
		old = next_line(old, &old_bytes);
		new = next_line(new, &new_bytes);
		if (was == is && old_bytes == new_bytes &&
			memcmp(old_line, new_line, old_bytes) == 0)
			continue;
		_cleanup_free_ char *line = strndup(new_line, new_bytes);
		bool is_full = line && view_cells_painted(line) >= watch->cli->view.width;
		printf("\033[%d;1H%s\033[0m%s", row, line ? line : "", is_full ? "" : "\033[K");
		has_changed = true;
	}
	if (has_changed)
		fflush(stdout);
	buf_done(&watch->shown);
	watch->shown = *frame;
	*frame = (struct buf){0};
}

// ---- asking

static void ask_history(struct watch *watch)
{
	_cleanup_reply_ struct reply reply = {0};
	struct err err = client_ask(watch->client, watch->history_path, NULL, ASK_MS, &reply);
	watch->history_ms = clock_boot_ms();
	if (err_is(&err))
		return; // the status says what is wrong
	json_decref(watch->history);
	watch->history = TAKE(reply.body);
}

// False when nothing came; the last good answer stays.
static bool ask_status(struct watch *watch, json_t **ret_before)
{
	_cleanup_reply_ struct reply reply = {0};
	*ret_before = NULL;
	watch->err = client_ask(watch->client, watch->path, NULL, ASK_MS, &reply);
	if (err_is(&watch->err) || !json_is_object(reply.body)) {
		if (!watch->lost_ms)
			watch->lost_ms = clock_boot_ms();
		return false;
	}
	watch->lost_ms = 0;
	*ret_before = watch->status;
	watch->status = TAKE(reply.body);
	return true;
}

static bool is_busy(const json_t *status)
{
	const json_t *stacks = json_object_get(status, "stacks");
	size_t count = json_is_array(stacks) ? json_array_size(stacks) : 1;
	for (size_t i = 0; i < count; i++) {
		const json_t *stack = json_is_array(stacks) ? json_array_get(stacks, i) : status;
		size_t j;
		json_t *layer;
		if (json_is_object(json_object_get(stack, "progress")))
			return true;
		json_array_foreach (json_object_get(stack, "layers"), j, layer)
			if (js_int(layer, "progressing", 0) > 0)
				return true;
	}
	return false;
}

// ---- one look

static char *trouble_of(const struct watch *watch)
{
	struct view view = watch->cli->view;
	char age[32], at[CLOCK_TEXT_BYTES];
	if (!watch->lost_ms)
		return NULL;
	clock_format_iso(view.now_ms - (clock_boot_ms() - watch->lost_ms), at);
	view_age(&view, at, age, sizeof(age));
	return str_format(
		"No answer for %s; what follows is from before. %s", age, watch->err.message);
}

static void look_screen(struct watch *watch)
{
	json_t *before;
	struct buf frame = {0};
	if (ask_status(watch, &before)) {
		bool is_new = !json_equal(before, watch->status);
		if (is_new || clock_boot_ms() - watch->history_ms >= HISTORY_EACH_MS)
			ask_history(watch);
	}
	json_decref(before);
	_cleanup_free_ char *trouble = trouble_of(watch);
	watch->cli->view.now_ms = clock_wall_ms();
	render_live(
		&watch->cli->view, watch->status, watch->history, trouble, watch->height, &frame);
	draw(watch, &frame);
	buf_done(&frame);
}

// True when standard output still takes something.
static bool look_lines(struct watch *watch)
{
	json_t *before;
	bool was_lost = watch->lost_ms != 0;
	_cleanup_buf_ struct buf out = {0};
	watch->cli->view.now_ms = clock_wall_ms();
	if (!ask_status(watch, &before)) {
		if (!was_lost)
			cli_fail(watch->cli, &watch->err, NULL);
		return true;
	}
	if (watch->cli->is_json) {
		_cleanup_free_ char *text =
			json_equal(before, watch->status)
				? NULL
				: json_dumps(watch->status, JSON_COMPACT | JSON_ENSURE_ASCII);
		if (text)
			buf_addf(&out, "%s\n", text);
	} else {
		render_progress(&watch->cli->view, before, watch->status, &out);
	}
	json_decref(before);
	return cli_print(watch->cli, &out, EXIT_DONE) == EXIT_DONE;
}

// Waits; true when it is time to leave.
static bool wait_or_leave(struct watch *watch)
{
	struct pollfd fds[] = {{.fd = watch->signals, .events = POLLIN},
		{.fd = watch->has_input ? STDIN_FILENO : -1, .events = POLLIN}};
	int wait_ms = is_busy(watch->status) ? BUSY_MS : CALM_MS;
	if (poll(fds, ARRAY_COUNT(fds), wait_ms) <= 0)
		return false;
	struct signalfd_siginfo info;
	if (fds[0].revents && read(watch->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			return true;
		measure(watch);
		buf_done(&watch->shown);
		put("\033[2J");
	}
	char key = 0;
	if (fds[1].revents && read(STDIN_FILENO, &key, 1) <= 0)
		return true;
	if (key == '\f') {
		buf_done(&watch->shown);
		put("\033[2J");
	}
	return key == 'q' || key == 'Q' || key == '\033' || key == '\004';
}

static int open_signals(bool is_screen)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (is_screen)
		sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run_screen(struct watch *watch)
{
	open_screen(watch);
	do
		look_screen(watch);
	while (!wait_or_leave(watch));
	close_screen(watch);
}

static int finish(struct watch *watch, int status)
{
	client_free(watch->client);
	json_decref(watch->status);
	json_decref(watch->history);
	buf_done(&watch->shown);
	free(watch->path);
	free(watch->history_path);
	if (watch->signals >= 0)
		close(watch->signals);
	return status;
}

int run_watch(struct cli *cli)
{
	struct watch watch = {.cli = cli, .signals = -1};
	watch.is_screen = cli->is_terminal && !cli->is_json;
	watch.path = client_path("/v1/status", NULL, "stack", cli->stack);
	watch.history_path = client_path("/v1/history", NULL, "limit", "60", "stack", cli->stack);
	struct err err = cli_connect(cli, &watch.client);
	if (err_is(&err) || !watch.path || !watch.history_path) {
		err = err_is(&err) ? err : err_nomem();
		return finish(&watch, cli_fail(cli, &err, NULL));
	}
	// A daemon that is not there is an error, not an empty view.
	_cleanup_reply_ struct reply reply = {0};
	err = client_ask(watch.client, watch.path, NULL, ASK_MS, &reply);
	if (err_is(&err))
		return finish(&watch, cli_fail(cli, &err, cli_remedy(&err, &reply)));
	watch.signals = open_signals(watch.is_screen);
	if (watch.is_screen) {
		run_screen(&watch);
		return finish(&watch, EXIT_DONE);
	}
	while (look_lines(&watch) && !wait_or_leave(&watch))
		;
	return finish(&watch, EXIT_DONE);
}
