// Start: lock, files, loop, HTTP, store, stacks, socket, then READY; what each turn looks after;
// and in the end, when ending.c has brought all to a stop, closing.
#include "app.h"
#include "aws/client.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "core/view.h"
#include "loop/crash.h"
#include "loop/notify.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STATUS_EVERY_MS = 1000,
	TRIM_EVERY_MS = 10000,
};

void app_set_phase(struct app *app, enum app_phase phase)
{
	static const char *const names[] = {
		"starting", "ready", "stopping", "draining", "leaving", "closing", "closed"};
	log_debug("daemon", LOG_STR("phase", names[phase]));
	app->phase = phase;
}

// ---- files

static int is_stack_file(const struct dirent *entry)
{
	const char *name = entry->d_name;
	return *name != '.' &&
	       (str_ends(name, ".yaml") || str_ends(name, ".yml") || str_ends(name, ".json"));
}

// Not alphasort(), which the locale sways.
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct err app_files(const char *config, json_t **ret_paths)
{
	struct stat st;
	if (stat(config, &st) != 0)
		return err_new(ERR_INVALID, "cannot read %s: %s", config, strerror(errno));
	*ret_paths = json_array();
	if (!S_ISDIR(st.st_mode)) {
		json_array_append_new(*ret_paths, json_string(config));
		return ERR_OK;
	}
	struct dirent **entries = NULL;
	int count = scandir(config, &entries, is_stack_file, by_name);
	int saved = errno;
	for (int i = 0; i < count; i++) {
		char *path = str_format("%s/%s", config, entries[i]->d_name);
		json_array_append_new(*ret_paths, json_string(path));
		free(path);
		free(entries[i]);
	}
	free(entries);
	if (count > 0)
		return ERR_OK;
	json_decref(*ret_paths);
	*ret_paths = NULL;
	if (count < 0)
		return err_new(ERR_INVALID, "cannot read %s: %s", config, strerror(saved));
	return err_new(ERR_INVALID, "%s holds no *.yaml, *.yml or *.json file", config);
}

// NULL when the file has errors; then they are printed.
static struct desired *load(const char *path, bool observe_only, json_t **ret_findings)
{
	struct findings findings;
	findings_init(&findings);
	struct desired *desired = desired_load(path, NULL, &findings);
	findings_sort(&findings);
	if (findings.count > 0) {
		struct buf text;
		buf_init(&text, 1 << 20);
		findings_print(&findings, &text);
		fputs(buf_str(&text), stderr);
		buf_done(&text);
	}
	if (ret_findings)
		*ret_findings = findings_json(&findings);
	findings_done(&findings);
	if (desired && observe_only)
		desired_observe(desired);
	return desired;
}

int app_check(const struct settings *settings)
{
	json_t *paths = NULL;
	struct err err = app_files(settings->config, &paths);
	if (err_is(&err)) {
		fprintf(stderr, "holdfastd: %s\n", err.message);
		return 1;
	}
	int status = 0;
	size_t i;
	json_t *path;
	json_array_foreach (paths, i, path) {
		struct desired *desired = load(json_string_value(path), false, NULL);
		if (desired)
			printf("%s: stack %s, %zu resources, valid\n", json_string_value(path),
				desired->stack, desired->count);
		else
			status = 1;
		desired_free(desired);
	}
	json_decref(paths);
	return status;
}

// What the file may not change of a stack that is held ("stack", "region", "account"), and why;
// NULL: nothing of it differs.
static const char *refused_member(
	const struct desired *desired, const struct stack *stack, char *ret_why, size_t bytes)
{
	if (!str_eq(desired->stack, stack->name)) {
		snprintf(ret_why, bytes,
			"the name of the stack cannot change while it is held (%s): restart the "
			"daemon",
			stack->name);
		return "stack";
	}
	if (desired->region && !str_eq(desired->region, stack->region)) {
		snprintf(ret_why, bytes,
			"the region cannot change while the stack is held in %s: restart the "
			"daemon",
			stack->region);
		return "region";
	}
	if (desired->account && *stack->account && !str_eq(desired->account, stack->account)) {
		snprintf(ret_why, bytes,
			"the credentials are of account %s: restart the daemon with those of this "
			"one",
			stack->account);
		return "account";
	}
	return NULL;
}

json_t *app_reload(struct app *app, struct held *held, bool *ret_ok)
{
	json_t *findings = NULL;
	struct desired *desired = load(held->path, app->settings->observe_only, &findings);
	struct stack *stack = held->stack;
	char why[300] = "";
	const char *member = desired ? refused_member(desired, stack, why, sizeof(why)) : NULL;
	if (member) {
		const struct place place = node_key_place(tree_root(desired->tree), member);
		json_array_append_new(findings,
			json_pack("{s:s, s:i, s:i, s:s, s:s}", "file",
				str_empty(place.file) ? held->path : place.file, "line", place.line,
				"column", place.column, "severity", "error", "message", why));
		log_error("the new file is refused", LOG_STR("file", held->path),
			LOG_STR("why", why));
		desired_free(desired);
		desired = NULL;
	}
	json_decref(held->findings);
	held->findings = NULL;
	*ret_ok = desired != NULL;
	if (!desired) {
		held->findings = json_incref(findings);
		held->refused_wall_ms = loop_wall_ms(&app->loop);
		feed_refused(held);
		log_error("the file has errors; the last good one stays in force",
			LOG_STR("file", held->path),
			LOG_INT("findings", (int64_t)json_array_size(findings)));
	} else {
		log_notice("file loaded", LOG_STR("file", held->path),
			LOG_STR("stack", desired->stack), LOG_STR("version", desired->version),
			LOG_INT("resources", (int64_t)desired->count));
		stack_reload(stack, desired);
	}
	stack->changes++;
	task_wake(&app->task);
	return findings;
}

static void reload_all(struct app *app)
{
	notify_reloading();
	for (size_t i = 0; i < app->held_count; i++) {
		struct err err = aws_reload(app->held[i].aws);
		if (err_is(&err))
			log_error("credentials and profiles stay as they were", LOG_ERR(&err));
		bool ok;
		json_decref(app_reload(app, &app->held[i], &ok));
	}
	app->status[0] = '\0';
	notify_ready("reloaded");
}

// ---- status

// The answers of a pass leave holes in the heap. Given back when nothing is under way.
static void give_back_memory(struct app *app)
{
	int64_t now_ms = loop_now_ms(&app->loop);
	for (size_t i = 0; i < app->held_count; i++)
		if (!app->held[i].stack->is_settled)
			return;
	if (now_ms - app->trimmed_ms < TRIM_EVERY_MS)
		return;
	app->trimmed_ms = now_ms;
	malloc_trim(0);
}

static void tell_status(struct app *app)
{
	struct buf text;
	buf_init(&text, sizeof(app->status));
	for (size_t i = 0; i < app->held_count; i++) {
		char summary[200];
		view_summary(app->held[i].stack, summary, sizeof(summary));
		buf_addf(&text, "%s%s: %s%s", i ? "; " : "", app->held[i].stack->name, summary,
			app->held[i].findings
				? " (the file has errors, the last good one is in force)"
				: "");
	}
	if (store_phase(app->store) != STORE_READY)
		buf_addf(&text, "; store: %s", store_message(app->store));
	if (!str_eq(buf_str(&text), app->status)) {
		str_copy(app->status, sizeof(app->status), buf_str(&text));
		notify_status(app->status);
	}
	buf_done(&text);
}

// ---- the step

static void on_ready(struct app *app)
{
	app_set_phase(app, APP_READY);
	tell_status(app);
	notify_ready(app->status);
	log_notice("ready", LOG_INT("stacks", (int64_t)app->held_count),
		LOG_STR("socket", app->settings->socket), LOG_STR("version", HOLDFAST_VERSION));
}

static void step(struct task *task)
{
	struct app *app = CONTAINER_OF(task, struct app, task);
	if (signals_take(&app->signals, SIGTERM) > 0 || signals_take(&app->signals, SIGINT) > 0)
		ending_begin(app, "signal");
	if (app->phase >= APP_STOPPING) {
		ending_step(app);
		return;
	}
	if (signals_take(&app->signals, SIGHUP) > 0) // however many came: one reload
		reload_all(app);
	if (signals_take(&app->signals, SIGUSR1) > 0)
		api_dump(app);
	enum store_phase store = store_phase(app->store);
	for (size_t i = 0; i < app->held_count; i++)
		stack_store_changed(app->held[i].stack, store == STORE_READY);
	if (app->was_store_ready != (store == STORE_READY)) {
		app->was_store_ready = store == STORE_READY;
		keeper_wake(app->keeper);
	}
	leases_tell(app);
	// A Postgres that is away must not stop the boot; one that is being started is waited for.
	if (app->phase == APP_STARTING && (store == STORE_READY || store == STORE_WAITING))
		on_ready(app);
	api_check_waiters(app);
	feed_check(app);
	if (op_is_finished(&app->status_timer.op)) {
		op_reset(&app->status_timer.op);
		tell_status(app);
		give_back_memory(app);
	} else if (!timer_is_running(&app->status_timer) && app->phase == APP_READY) {
		timer_start(&app->status_timer, &app->task, STATUS_EVERY_MS);
	}
}

// Fed from the run queue: when steps no longer run, neither does this.
static void feed_watchdog(struct task *task)
{
	struct app *app = CONTAINER_OF(task, struct app, watchdog_task);
	int64_t every_ms = notify_watchdog_ms();
	if (every_ms <= 0)
		return;
	notify_watchdog_ping();
	timer_start(&app->watchdog, &app->watchdog_task, every_ms);
}

// ---- starting

static struct err lock_state(struct app *app)
{
	const char *dir = app->settings->state_dir;
	// 0711: the embedded server may run as another user and must reach its own folder.
	if (mkdir(dir, 0711) != 0 && errno != EEXIST)
		return err_new(ERR_INVALID, "cannot make the state directory %s: %s", dir,
			strerror(errno));
	_cleanup_free_ char *path = str_format("%s/lock", dir);
	app->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (app->lock_fd < 0)
		return err_new(ERR_INVALID, "cannot write in the state directory %s: %s", dir,
			strerror(errno));
	if (flock(app->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return err_new(ERR_CONFLICT, "another holdfastd uses the state directory %s", dir);
	return ERR_OK;
}

// Secrets pass through memory: no core dumps, no reading by others' debuggers.
static void harden(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of its write
	umask(0077);
}

static struct err keep_journal(struct app *app, struct journal *journal, const char *stack)
{
	_cleanup_free_ char *parent = str_format("%s/journal", app->settings->state_dir);
	_cleanup_free_ char *dir = str_format("%s/%s", parent, stack);
	if (!journal || !parent || !dir)
		return err_nomem();
	if (mkdir(parent, 0700) != 0 && errno != EEXIST)
		return err_new(ERR_INVALID, "cannot make %s: %s", parent, strerror(errno));
	return journal_open(journal, dir);
}

static struct err hold(struct app *app, struct held *held, const char *path)
{
	held->path = strdup(path);
	struct desired *desired = load(path, app->settings->observe_only, NULL);
	if (!desired)
		return err_new(ERR_INVALID, "%s has errors", path);
	for (size_t i = 0; i < app->held_count; i++) {
		if (!app->held[i].stack || !str_eq(app->held[i].stack->name, desired->stack))
			continue;
		struct err err = err_new(ERR_INVALID, "%s and %s both declare the stack '%s'",
			app->held[i].path, path, desired->stack);
		desired_free(desired);
		return err;
	}
	struct err err = aws_new(&app->loop, app->http,
		&(struct aws_settings){.region = desired->region}, &held->aws);
	if (err_is(&err)) {
		desired_free(desired);
		return err;
	}
	held->journal = journal_new(&app->loop, store_as_port(app->store));
	err = keep_journal(app, held->journal, desired->stack);
	if (err_is(&err)) {
		desired_free(desired);
		return err;
	}
	journal_watch(held->journal, &app->task);
	feed_hold(app, held);
	held->lease = keeper_add(app->keeper, desired->stack);
	held->stack =
		stack_new(&(struct stack_options){.loop = &app->loop,
				  .aws = aws_as_port(held->aws),
				  .store = store_as_port(app->store),
				  .journal = held->journal,
				  .lease = held->lease,
				  .region = aws_region(held->aws),
				  .metrics_namespace = app->settings->observe_only
							       ? NULL
							       : app->settings->metrics_namespace,
				  .watcher = &app->task,
				  .wait_ms = app->crash_wait_ms,
				  .wait_why = app->crashed},
			desired);
	log_notice("file loaded", LOG_STR("file", path), LOG_STR("stack", held->stack->name),
		LOG_STR("version", held->stack->desired->version),
		LOG_INT("resources", (int64_t)held->stack->desired->count));
	return ERR_OK;
}

static struct err hold_all(struct app *app)
{
	json_t *paths = NULL;
	struct err err = app_files(app->settings->config, &paths);
	if (err_is(&err))
		return err;
	size_t i;
	json_t *path;
	app->held = calloc(json_array_size(paths), sizeof(*app->held));
	json_array_foreach (paths, i, path) {
		if (err_is(&err))
			break;
		app->held_count = i + 1;
		err = hold(app, &app->held[i], json_string_value(path));
	}
	json_decref(paths);
	return err;
}

static struct err start(struct app *app)
{
	const struct settings *settings = app->settings;
	struct err err = lock_state(app);
	if (!err_is(&err))
		err = crash_watch(settings->state_dir, app->started_wall_ms, &app->crash_wait_ms,
			app->crashed, sizeof(app->crashed));
	if (*app->crashed)
		log_warning("an earlier life ended badly", LOG_STR("how", app->crashed));
	if (!err_is(&err))
		err = signals_init(&app->signals, &app->loop, &app->task);
	if (!err_is(&err))
		err = http_new(&app->loop,
			&(struct http_options){
				.ca_bundle = getenv("AWS_CA_BUNDLE"), .most_host_connections = 64},
			&app->http);
	int64_t retention_ms = 0;
	if (settings->retention && !num_parse_duration_ms(settings->retention, &retention_ms))
		retention_ms = 0;
	if (!err_is(&err))
		err = store_new(&app->loop,
			&(struct store_settings){.conninfo = settings->postgres,
				.state_dir = settings->state_dir,
				.retention_ms = retention_ms},
			&app->task, &app->store);
	if (!err_is(&err))
		err = leases_start(app);
	if (!err_is(&err))
		err = feed_notices(app);
	if (!err_is(&err))
		err = hold_all(app);
	if (err_is(&err))
		return err;
	api_init(app);
	app->backend = routes_backend(&app->api);
	return control_new(&app->loop,
		&(struct control_settings){.socket_path = settings->socket,
			.group = settings->socket_group,
			.admin_group = settings->admin_group,
			.listen = settings->listen,
			.listen_hosts = settings->listen_hosts},
		&app->backend, &app->control);
}

static void close_all(struct app *app)
{
	if (app->control)
		control_free(app->control);
	for (size_t i = 0; i < app->held_count; i++) {
		struct held *held = &app->held[i];
		stack_free(held->stack);
		journal_free(held->journal);
		if (held->aws)
			aws_free(held->aws);
		json_decref(held->findings);
		json_decref(held->failing);
		store_call_done(&held->incidents);
		free(held->path);
	}
	free(app->held);
	keeper_free(app->keeper);
	if (app->store)
		store_free(app->store);
	if (app->http)
		http_free(app->http);
	signals_done(&app->signals);
	timer_stop(&app->status_timer);
	timer_stop(&app->watchdog);
	timer_stop(&app->deadline);
	task_done(&app->task);
	task_done(&app->watchdog_task);
	if (loop_done(&app->loop) != 0)
		log_debug("the loop was left with open handles");
	feed_done(app);
	notices_free(app->notices);
	if (app->lock_fd >= 0)
		close(app->lock_fd);
}

int app_run(const struct settings *settings)
{
	struct app *app = calloc(1, sizeof(*app));
	if (!app)
		return 1;
	harden();
	app->settings = settings;
	app->lock_fd = -1;
	list_init(&app->waiters);
	list_init(&app->foresights);
	list_init(&app->adoptions);
	feed_init(app);
	struct err err = loop_init(&app->loop);
	if (err_is(&err)) {
		fprintf(stderr, "holdfastd: %s\n", err.message);
		free(app);
		return 1;
	}
	loop_start_threads(&app->loop);
	app->started_wall_ms = loop_wall_ms(&app->loop);
	task_init(&app->task, &app->loop, step, "app");
	task_init(&app->watchdog_task, &app->loop, feed_watchdog, "watchdog");
	timer_init(&app->status_timer, &app->loop);
	timer_init(&app->watchdog, &app->loop);
	timer_init(&app->deadline, &app->loop);
	err = start(app);
	if (err_is(&err)) {
		log_error("cannot start", LOG_ERR(&err));
		app->exit_status = 1;
		ending_begin(app, "cannot start");
		if (!app->store)
			loop_stop(&app->loop);
	}
	task_wake(&app->task);
	task_wake(&app->watchdog_task);
	if (!err_is(&err) || app->store)
		loop_run(&app->loop);
	int status = app->exit_status;
	if (status == 0)
		crash_clear();
	close_all(app);
	log_notice("stopped");
	free(app);
	return status;
}
