// One task, one phase at a time: sweep leftovers, initdb, start or take over, run, stop. Whether a
// server of ours that is not our child lives is seen by looking every few milliseconds, and
// only while that is being waited for.
#include "state/embedded.h"
#include "base/log.h"
#include "base/str.h"
#include "loop/proc.h"
#include "state/cluster.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum {
	LOOK_MS = 20,
	START_MS = 120000, // crash recovery takes its time
	INITDB_MS = 120000,
	FAST_MS = 10000,     // SIGINT: sessions are ended, a last checkpoint is written
	IMMEDIATE_MS = 5000, // SIGQUIT: recovery at the next start; then SIGKILL
	MOST_LEFTOVERS = 8,
};

enum embedded_phase {
	EMBEDDED_DOWN,
	EMBEDDED_SWEEPING,
	EMBEDDED_MAKING,
	EMBEDDED_STARTING, // our child, until it takes connections
	EMBEDDED_ADOPTING, // a server that was there, until it takes connections or is gone
	EMBEDDED_RUNNING,
	EMBEDDED_STOPPING,
};

static const char *const phase_names[] = {
	"down", "sweeping", "making", "starting", "adopting", "running", "stopping"};

struct embedded {
	struct loop *loop;    // borrowed
	struct task *watcher; // borrowed
	struct task task;
	enum embedded_phase phase;
	struct cluster cluster;
	struct op start, stop;
	struct proc proc; // rm, initdb
	struct service service;
	struct timer timer;
	int64_t give_up_ms; // of the phase, on the loop's clock
	int stop_signal;    // sent last
	pid_t adopted;      // not our child; 0: none
	char draft[PATH_MAX];
	char *leftovers[MOST_LEFTOVERS]; // owned
	char conninfo[PATH_MAX + 64];
	const char *argv[24]; // borrowed from texts below and literals
	char texts[4][PATH_MAX + 32];
};

static void set_phase(struct embedded *embedded, enum embedded_phase phase)
{
	log_debug("embedded database", LOG_STR("from", phase_names[embedded->phase]),
		LOG_STR("to", phase_names[phase]));
	embedded->phase = phase;
}

// The server as we know it without looking: our child.
static pid_t child_of(const struct embedded *embedded)
{
	return op_is_running(&embedded->service.op) ? embedded->service.pid : 0;
}

static void look_again(struct embedded *embedded)
{
	timer_start(&embedded->timer, &embedded->task, LOOK_MS);
}

static void finish_start(struct embedded *embedded, struct err err)
{
	timer_stop(&embedded->timer);
	set_phase(embedded, err_is(&err) ? EMBEDDED_DOWN : EMBEDDED_RUNNING);
	if (err_is(&err))
		err_wrap(&err, "embedded database");
	op_finish(&embedded->start, err);
}

// A clean environment: the server is another user's process and has no use for our credentials.
static void set_program(struct embedded *embedded, const char *program)
{
	snprintf(embedded->texts[0], sizeof(embedded->texts[0]), "%s/%s", embedded->cluster.bin,
		program);
	static const char *const head[] = {
		"/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"};
	memcpy(embedded->argv, head, sizeof(head));
	embedded->argv[ARRAY_COUNT(head)] = embedded->texts[0];
	embedded->argv[ARRAY_COUNT(head) + 1] = NULL;
}

static void add_arg(struct embedded *embedded, const char *arg)
{
	size_t n = 0;
	while (embedded->argv[n])
		n++;
	embedded->argv[n] = arg;
	embedded->argv[n + 1] = NULL;
}

// ---- making

static void free_leftovers(struct embedded *embedded)
{
	for (int i = 0; i < MOST_LEFTOVERS; i++)
		free(TAKE(embedded->leftovers[i]));
}

static void run(struct embedded *embedded, const char *cwd, uid_t uid, gid_t gid)
{
	proc_init(&embedded->proc);
	embedded->proc.argv = embedded->argv;
	embedded->proc.total_ms = INITDB_MS;
	embedded->proc.uid = uid;
	embedded->proc.gid = gid;
	embedded->proc.cwd = cwd;
	proc_start(embedded->loop, &embedded->proc, &embedded->task);
}

static void start_making(struct embedded *embedded)
{
	struct err err = cluster_make_draft(&embedded->cluster, embedded->draft);
	if (err_is(&err)) {
		finish_start(embedded, err);
		return;
	}
	log_notice("making the embedded database", LOG_STR("path", embedded->cluster.data));
	set_phase(embedded, EMBEDDED_MAKING);
	set_program(embedded, "initdb");
	static const char *const args[] = {"--username=holdfast", "--encoding=UTF8", "--locale=C",
		"--auth=peer", "--data-checksums", "--no-instructions", "--pgdata"};
	for (size_t i = 0; i < ARRAY_COUNT(args); i++)
		add_arg(embedded, args[i]);
	add_arg(embedded, embedded->draft);
	// Working in its folder it can be told from any other process (cluster_end_drafts).
	run(embedded, embedded->draft, embedded->cluster.uid, embedded->cluster.gid);
}

static bool start_sweeping(struct embedded *embedded)
{
	int count = cluster_leftovers(&embedded->cluster, embedded->leftovers, MOST_LEFTOVERS);
	if (count == 0)
		return false;
	cluster_end_drafts(&embedded->cluster);
	set_phase(embedded, EMBEDDED_SWEEPING);
	static const char *const head[] = {"/bin/rm", "-rf", "--"};
	memcpy(embedded->argv, head, sizeof(head));
	embedded->argv[ARRAY_COUNT(head)] = NULL;
	for (int i = 0; i < count; i++)
		add_arg(embedded, embedded->leftovers[i]);
	run(embedded, "/", 0, 0);
	return true;
}

// The last line of what a program said, without its line break.
static void last_line(const char *text, char *ret_line, size_t bytes)
{
	size_t end = strlen(text);
	while (end > 0 && text[end - 1] == '\n')
		end--;
	size_t begin = end;
	while (begin > 0 && text[begin - 1] != '\n')
		begin--;
	snprintf(ret_line, bytes, "%.*s", (int)(end - begin), text + begin);
}

// ---- starting

static void start_server(struct embedded *embedded)
{
	struct cluster *cluster = &embedded->cluster;
	cluster_remove_stale_locks(cluster);
	struct err err = cluster_write_settings(cluster);
	int log_fd = err_is(&err) ? -1 : cluster_open_log(cluster);
	if (!err_is(&err) && log_fd < 0)
		err = err_new(ERR_INVALID, "cannot open %s/server.log: %s", cluster->root,
			strerror(errno));
	if (err_is(&err)) {
		finish_start(embedded, err);
		return;
	}
	set_phase(embedded, EMBEDDED_STARTING);
	set_program(embedded, "postgres");
	snprintf(embedded->texts[1], sizeof(embedded->texts[1]), "config_file=%s/server.conf",
		cluster->root);
	const char *const args[] = {"-D", cluster->data, "-c", embedded->texts[1]};
	for (size_t i = 0; i < ARRAY_COUNT(args); i++)
		add_arg(embedded, args[i]);
	embedded->service = (struct service){
		.argv = embedded->argv,
		.uid = cluster->uid,
		.gid = cluster->gid,
		.cwd = "/",
		.stdout_fd = log_fd,
	};
	embedded->give_up_ms = loop_now_ms(embedded->loop) + START_MS;
	service_start(embedded->loop, &embedded->service, &embedded->task);
	close(log_fd);
	look_again(embedded);
}

static void make_or_start(struct embedded *embedded)
{
	if (cluster_is_made(&embedded->cluster))
		start_server(embedded);
	else
		start_making(embedded);
}

// Decides anew from what is there; the entry of every start, and again after each part of it.
static void go_on(struct embedded *embedded)
{
	pid_t pid;
	struct err err = cluster_lock(&embedded->cluster);
	if (!err_is(&err) &&
		cluster_look(&embedded->cluster, child_of(embedded), &pid) != CLUSTER_DOWN) {
		embedded->adopted = pid;
		embedded->give_up_ms = loop_now_ms(embedded->loop) + START_MS;
		set_phase(embedded, EMBEDDED_ADOPTING);
		task_wake(&embedded->task);
		return;
	}
	embedded->adopted = 0;
	if (!err_is(&err))
		err = cluster_find_programs(&embedded->cluster);
	if (err_is(&err))
		finish_start(embedded, err);
	else if (!start_sweeping(embedded))
		make_or_start(embedded);
}

static void step_swept(struct embedded *embedded)
{
	if (!op_is_finished(&embedded->proc.op))
		return;
	struct err err = embedded->proc.op.err;
	proc_done(&embedded->proc);
	free_leftovers(embedded);
	if (err_is(&err))
		finish_start(embedded, err);
	else
		make_or_start(embedded);
}

static void step_made(struct embedded *embedded)
{
	if (!op_is_finished(&embedded->proc.op))
		return;
	struct err err = embedded->proc.op.err;
	char line[256];
	last_line(buf_str(&embedded->proc.errors), line, sizeof(line));
	if (!err_is(&err) && embedded->proc.exit_status != 0)
		err = err_new(ERR_INVALID, "initdb failed (exit status %d): %s",
			embedded->proc.exit_status, line);
	proc_done(&embedded->proc);
	if (!err_is(&err))
		err = cluster_accept_draft(&embedded->cluster, embedded->draft);
	if (err_is(&err))
		finish_start(embedded, err);
	else
		go_on(embedded);
}

static void step_starting(struct embedded *embedded)
{
	pid_t pid;
	if (op_is_finished(&embedded->service.op)) {
		char words[256];
		cluster_last_words(&embedded->cluster, words, sizeof(words));
		struct err err = embedded->service.op.err;
		if (!err_is(&err))
			err = err_new(ERR_TRANSIENT, "the server ended (exit status %d)%s%s",
				embedded->service.exit_status, words[0] ? ": " : "", words);
		finish_start(embedded, err);
		return;
	}
	if (cluster_look(&embedded->cluster, child_of(embedded), &pid) == CLUSTER_UP) {
		log_info("embedded database started", LOG_INT("pid", embedded->service.pid));
		finish_start(embedded, ERR_OK);
		return;
	}
	if (loop_now_ms(embedded->loop) >= embedded->give_up_ms) {
		service_signal(&embedded->service, SIGQUIT);
		embedded->give_up_ms = INT64_MAX; // its exit comes next
	}
	if (!timer_is_running(&embedded->timer))
		look_again(embedded);
}

static void step_adopting(struct embedded *embedded)
{
	pid_t pid;
	enum cluster_state state = cluster_look(&embedded->cluster, child_of(embedded), &pid);
	if (state == CLUSTER_DOWN) {
		go_on(embedded);
		return;
	}
	embedded->adopted = pid;
	if (state == CLUSTER_UP) {
		log_notice("took over the embedded database that was running", LOG_INT("pid", pid));
		finish_start(embedded, ERR_OK);
		return;
	}
	if (loop_now_ms(embedded->loop) >= embedded->give_up_ms) {
		finish_start(embedded,
			err_new(ERR_TRANSIENT, "the server (pid %d) is still %s", (int)pid,
				state == CLUSTER_STOPPING ? "stopping" : "starting"));
		return;
	}
	if (!timer_is_running(&embedded->timer))
		look_again(embedded);
}

// ---- running and stopping

static void step_running(struct embedded *embedded)
{
	if (embedded->adopted || !op_is_finished(&embedded->service.op))
		return;
	char words[256];
	cluster_last_words(&embedded->cluster, words, sizeof(words));
	log_warning("embedded database ended by itself",
		LOG_INT("exit_status", embedded->service.exit_status), LOG_STR("words", words));
	set_phase(embedded, EMBEDDED_DOWN);
	task_wake(embedded->watcher);
}

static bool is_gone(const struct embedded *embedded)
{
	if (embedded->adopted)
		return !cluster_is_server(&embedded->cluster, embedded->adopted);
	return !op_is_running(&embedded->service.op);
}

// Asked to start while it runs: true only if it still does.
static void step_asked_again(struct embedded *embedded)
{
	if (!is_gone(embedded)) {
		finish_start(embedded, ERR_OK);
		return;
	}
	set_phase(embedded, EMBEDDED_DOWN);
	go_on(embedded);
}

static void send_signal(struct embedded *embedded, int number, int64_t patience_ms)
{
	embedded->stop_signal = number;
	embedded->give_up_ms = loop_now_ms(embedded->loop) + patience_ms;
	if (embedded->adopted)
		kill(embedded->adopted, number); // is_gone() has just looked whose process it is
	else
		service_signal(&embedded->service, number);
}

static void step_stopping(struct embedded *embedded)
{
	if (op_is_running(&embedded->proc.op))
		return;
	if (is_gone(embedded)) {
		timer_stop(&embedded->timer);
		proc_done(&embedded->proc);
		free_leftovers(embedded);
		embedded->adopted = 0;
		set_phase(embedded, EMBEDDED_DOWN);
		op_finish(&embedded->stop, ERR_OK);
		return;
	}
	if (!embedded->stop_signal)
		send_signal(embedded, SIGINT, FAST_MS);
	else if (loop_now_ms(embedded->loop) >= embedded->give_up_ms)
		send_signal(embedded, embedded->stop_signal == SIGINT ? SIGQUIT : SIGKILL,
			IMMEDIATE_MS);
	if (!timer_is_running(&embedded->timer))
		look_again(embedded);
}

static void on_step(struct task *task)
{
	struct embedded *embedded = CONTAINER_OF(task, struct embedded, task);
	switch (embedded->phase) {
	case EMBEDDED_DOWN:
		if (op_is_running(&embedded->start))
			go_on(embedded);
		return;
	case EMBEDDED_SWEEPING:
		step_swept(embedded);
		return;
	case EMBEDDED_MAKING:
		step_made(embedded);
		return;
	case EMBEDDED_STARTING:
		step_starting(embedded);
		return;
	case EMBEDDED_ADOPTING:
		step_adopting(embedded);
		return;
	case EMBEDDED_RUNNING:
		if (op_is_running(&embedded->start))
			step_asked_again(embedded);
		else
			step_running(embedded);
		return;
	case EMBEDDED_STOPPING:
		step_stopping(embedded);
		return;
	}
}

// ---- the interface

// host='...' with what libpq's quoting wants: a backslash before ' and \.
static bool build_conninfo(struct embedded *embedded)
{
	struct buf out;
	buf_init(&out, sizeof(embedded->conninfo) - 1);
	buf_adds(&out, "host='");
	for (const char *p = embedded->cluster.run; *p; p++) {
		if (*p == '\'' || *p == '\\')
			buf_addc(&out, '\\');
		buf_addc(&out, *p);
	}
	buf_adds(&out, "' port=5432 user=holdfast dbname=postgres");
	bool ok = !out.failed &&
		  str_copy(embedded->conninfo, sizeof(embedded->conninfo), buf_str(&out));
	buf_done(&out);
	return ok;
}

struct err embedded_new(struct loop *loop, const char *state_dir, struct task *watcher,
	struct embedded **ret_embedded)
{
	struct embedded *embedded = calloc(1, sizeof(*embedded));
	if (!embedded)
		return err_nomem();
	embedded->loop = loop;
	embedded->watcher = watcher;
	task_init(&embedded->task, loop, on_step, "embedded");
	timer_init(&embedded->timer, loop);
	proc_init(&embedded->proc);
	struct err err = cluster_init(&embedded->cluster, state_dir);
	if (!err_is(&err) && !build_conninfo(embedded))
		err = err_new(ERR_INVALID, "the state directory's path is too long");
	if (err_is(&err)) {
		err_wrap(&err, "embedded database");
		embedded_free(embedded);
		return err;
	}
	*ret_embedded = embedded;
	return ERR_OK;
}

void embedded_free(struct embedded *embedded)
{
	if (!embedded)
		return;
	timer_stop(&embedded->timer);
	task_done(&embedded->task);
	free_leftovers(embedded);
	cluster_done(&embedded->cluster);
	free(embedded);
}

struct op *embedded_start(struct embedded *embedded, struct task *owner)
{
	op_reset(&embedded->start);
	op_start(&embedded->start, owner, NULL);
	task_wake(&embedded->task);
	return &embedded->start;
}

struct op *embedded_stop(struct embedded *embedded, struct task *owner)
{
	op_reset(&embedded->stop);
	op_start(&embedded->stop, owner, NULL);
	timer_stop(&embedded->timer);
	op_cancel(&embedded->proc.op);
	if (op_is_running(&embedded->start))
		op_finish(&embedded->start, err_new(ERR_CANCELED, "stopping"));
	embedded->stop_signal = 0;
	set_phase(embedded, EMBEDDED_STOPPING);
	task_wake(&embedded->task);
	return &embedded->stop;
}

bool embedded_is_running(const struct embedded *embedded)
{
	return embedded->phase == EMBEDDED_RUNNING;
}

const char *embedded_conninfo(const struct embedded *embedded)
{
	return embedded->conninfo;
}

pid_t embedded_pid(const struct embedded *embedded)
{
	return embedded->adopted ? embedded->adopted : child_of(embedded);
}

void embedded_trim_log(const struct embedded *embedded)
{
	cluster_trim_log(&embedded->cluster);
}
