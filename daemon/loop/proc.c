// One struct child serves both: it holds libuv's handles, which must outlive their owner's
// interest, and goes when the last of them is closed; that is also when the op finishes.
//
// The end is the child's exit, not the end of its output: a grandchild may hold the pipes open for
// ever. What the child itself wrote is in the pipes by then and is read without waiting. Each child
// leads a session of its own, so a kill reaches its children and a terminal's Ctrl-C does not.
#include "loop/proc.h"
#include "base/str.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

extern char **environ;

enum { DEFAULT_OUTPUT_BYTES = 1 << 20 };

struct child {
	uv_process_t process;
	uv_pipe_t in, out, errors;
	uv_write_t write;
	struct loop *loop; // borrowed
	struct proc *proc; // borrowed; exactly one of the two is set
	struct service *service;
	struct task task; // runs when the time is up
	struct timer timer;
	char **env;     // owned; the strings are borrowed
	int open_count; // handles that libuv still holds
	bool is_running;
	struct err err; // why it was killed or did not start
	int exit_status;
	char space[8192];
};

// ---- the end

static void finish(struct child *child)
{
	struct op *op = child->proc ? &child->proc->op : &child->service->op;
	struct err err = child->err;
	if (child->proc) {
		child->proc->exit_status = child->exit_status;
		child->proc->state = NULL;
	} else {
		child->service->exit_status = child->exit_status;
		child->service->state = NULL;
		child->service->pid = 0;
	}
	task_done(&child->task);
	explicit_bzero(child->space, sizeof(child->space)); // may have held credentials
	free(child->env);
	free(child);
	op_finish(op, err);
}

static void on_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;
	if (--child->open_count == 0)
		finish(child);
}

static void close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void close_all(struct child *child)
{
	timer_stop(&child->timer);
	close_handle((uv_handle_t *)&child->process);
	if (child->proc) {
		close_handle((uv_handle_t *)&child->in);
		close_handle((uv_handle_t *)&child->out);
		close_handle((uv_handle_t *)&child->errors);
	}
}

static void signal_group(struct child *child, int number)
{
	if (child->is_running)
		kill(-child->process.pid, number);
}

static void kill_for(struct child *child, struct err err)
{
	if (!err_is(&child->err))
		child->err = err;
	signal_group(child, SIGKILL);
}

// ---- output

static struct buf *buf_of(struct child *child, const uv_pipe_t *pipe)
{
	return pipe == &child->out ? &child->proc->out : &child->proc->errors;
}

static bool keep_output(struct child *child, const uv_pipe_t *pipe, const char *bytes, size_t count)
{
	struct buf *buf = buf_of(child, pipe);
	if (buf_add(buf, bytes, count))
		return true;
	kill_for(child, err_new(ERR_INVALID, "%s wrote more than %zu bytes", child->proc->argv[0],
				buf->cap));
	return false;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret_space)
{
	struct child *child = handle->data;
	(void)size;
	*ret_space = uv_buf_init(child->space, sizeof(child->space));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct child *child = stream->data;
	if (count < 0 || !keep_output(child, (uv_pipe_t *)stream, bytes->base, (size_t)count))
		uv_read_stop(stream);
}

static void read_rest(struct child *child, uv_pipe_t *pipe)
{
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)pipe, &fd) != 0)
		return;
	for (;;) {
		ssize_t n = read(fd, child->space, sizeof(child->space));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !keep_output(child, pipe, child->space, (size_t)n))
			return;
	}
}

static void on_exit_of_child(uv_process_t *process, int64_t status, int signal_number)
{
	struct child *child = process->data;
	child->is_running = false;
	child->exit_status = signal_number ? 128 + signal_number : (int)status;
	if (child->proc && !err_is(&child->err)) {
		read_rest(child, &child->out);
		read_rest(child, &child->errors);
	}
	close_all(child);
}

static void on_written(uv_write_t *write, int rc)
{
	struct child *child = CONTAINER_OF(write, struct child, write);
	(void)rc; // a child that does not read its input says so by its exit status
	close_handle((uv_handle_t *)&child->in);
}

static void on_time_up(struct task *task)
{
	struct child *child = CONTAINER_OF(task, struct child, task);
	kill_for(child, err_new(ERR_TRANSIENT, "%s took longer than %lld ms", child->proc->argv[0],
				(long long)child->proc->total_ms));
}

// ---- the start

// Messages to the service manager and sockets that it passes are meant for us alone.
static bool is_ours_alone(const char *variable)
{
	static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=",
		"LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "JOURNAL_STREAM="};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (str_starts(variable, names[i]))
			return true;
	return false;
}

static bool is_replaced(const char *variable, const char *const *extra)
{
	size_t n = strcspn(variable, "=") + 1;
	for (; extra && *extra; extra++)
		if (strncmp(*extra, variable, n) == 0)
			return true;
	return false;
}

// An array of borrowed strings; free() the array.
static char **make_env(const char *const *extra)
{
	size_t count = 0, n = 0;
	while (environ && environ[count])
		count++;
	for (const char *const *e = extra; e && *e; e++)
		count++;
	char **env = calloc(count + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (char **e = environ; e && *e; e++)
		if (!is_ours_alone(*e) && !is_replaced(*e, extra))
			env[n++] = *e;
	for (const char *const *e = extra; e && *e; e++)
		env[n++] = (char *)*e;
	return env;
}

static struct child *new_child(struct loop *loop, const char *const *extra_env)
{
	struct child *child = calloc(1, sizeof(*child));
	if (!child)
		return NULL;
	child->env = make_env(extra_env);
	if (!child->env) {
		free(child);
		return NULL;
	}
	child->exit_status = -1;
	child->loop = loop;
	child->process.data = child;
	task_init(&child->task, loop, on_time_up, "proc");
	timer_init(&child->timer, loop);
	return child;
}

static void spawn(struct child *child, uv_process_options_t *options, uid_t uid, gid_t gid)
{
	options->env = child->env;
	options->exit_cb = on_exit_of_child;
	options->flags = UV_PROCESS_DETACHED | (uid ? UV_PROCESS_SETUID : 0u) |
			 (gid ? UV_PROCESS_SETGID : 0u);
	options->uid = uid;
	options->gid = gid;
	options->file = options->args[0];
	// Nobody below gets a descriptor of ours, also not one that a library forgot to mark.
	(void)!close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	child->open_count++; // libuv holds the handle also when it fails
	int rc = uv_spawn(&child->loop->uv, &child->process, options);
	if (rc != 0)
		child->err = err_code(ERR_INVALID, uv_err_name(rc), "cannot start %s: %s",
			options->file, uv_strerror(rc));
	child->is_running = rc == 0;
}

static void on_proc_cancel(struct op *op)
{
	struct proc *proc = CONTAINER_OF(op, struct proc, op);
	kill_for(proc->state, err_new(ERR_CANCELED, "%s was canceled", proc->argv[0]));
}

void proc_init(struct proc *proc)
{
	*proc = (struct proc){0};
}

void proc_done(struct proc *proc)
{
	buf_burn(&proc->out); // a credential process prints secrets
	buf_burn(&proc->errors);
	op_reset(&proc->op);
}

static void init_pipe(struct child *child, uv_pipe_t *pipe)
{
	uv_pipe_init(&child->loop->uv, pipe, 0);
	pipe->data = child;
	child->open_count++;
}

static void pass_input(struct child *child)
{
	const char *text = child->proc->stdin_text;
	uv_buf_t part = uv_buf_init((char *)text, text ? (unsigned)strlen(text) : 0);
	if (!text || uv_write(&child->write, (uv_stream_t *)&child->in, &part, 1, on_written) != 0)
		close_handle((uv_handle_t *)&child->in);
}

void proc_start(struct loop *loop, struct proc *proc, struct task *owner)
{
	op_start(&proc->op, owner, on_proc_cancel);
	size_t cap = proc->most_output_bytes ? proc->most_output_bytes : DEFAULT_OUTPUT_BYTES;
	buf_reset(&proc->out);
	buf_reset(&proc->errors);
	proc->out.cap = proc->errors.cap = cap;
	proc->exit_status = -1;
	struct child *child = proc->state = new_child(loop, proc->extra_env);
	if (!child) {
		op_finish_soon(loop, &proc->op, err_nomem());
		return;
	}
	child->proc = proc;
	init_pipe(child, &child->in);
	init_pipe(child, &child->out);
	init_pipe(child, &child->errors);
	uv_stdio_container_t stdio[3] = {
		{.flags = proc->stdin_text ? UV_CREATE_PIPE | UV_READABLE_PIPE : UV_IGNORE,
			.data.stream = (uv_stream_t *)&child->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&child->out},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&child->errors},
	};
	uv_process_options_t options = {
		.args = (char **)proc->argv, .cwd = proc->cwd, .stdio = stdio, .stdio_count = 3};
	spawn(child, &options, proc->uid, proc->gid);
	if (!child->is_running) {
		close_all(child);
		return;
	}
	uv_read_start((uv_stream_t *)&child->out, on_alloc, on_read);
	uv_read_start((uv_stream_t *)&child->errors, on_alloc, on_read);
	pass_input(child);
	if (proc->total_ms > 0)
		timer_start(&child->timer, &child->task, proc->total_ms);
}

// ---- a child that stays

static void on_service_cancel(struct op *op)
{
	struct service *service = CONTAINER_OF(op, struct service, op);
	struct child *child = service->state;
	if (child->is_running)
		child->err = err_new(ERR_CANCELED, "%s was stopped", service->argv[0]);
	service_signal(service, SIGTERM);
}

void service_start(struct loop *loop, struct service *service, struct task *owner)
{
	op_start(&service->op, owner, on_service_cancel);
	service->exit_status = -1;
	service->pid = 0;
	struct child *child = service->state = new_child(loop, service->extra_env);
	if (!child) {
		op_finish_soon(loop, &service->op, err_nomem());
		return;
	}
	child->service = service;
	uv_stdio_container_t output = {.flags = UV_IGNORE};
	if (service->stdout_fd >= 0)
		output = (uv_stdio_container_t){
			.flags = UV_INHERIT_FD, .data.fd = service->stdout_fd};
	uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, output, output};
	uv_process_options_t options = {.args = (char **)service->argv,
		.cwd = service->cwd,
		.stdio = stdio,
		.stdio_count = 3};
	spawn(child, &options, service->uid, service->gid);
	if (child->is_running)
		service->pid = child->process.pid;
	else
		close_all(child);
}

void service_signal(struct service *service, int signal_number)
{
	struct child *child = service->state;
	if (child && child->is_running)
		kill(child->process.pid, signal_number);
}
