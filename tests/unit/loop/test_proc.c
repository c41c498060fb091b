// Child processes, signals, name look-ups and messages to the service manager.
#include "base/str.h"
#include "loop/dns.h"
#include "loop/notify.h"
#include "loop/proc.h"
#include "loop/signals.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
	struct loop loop;
	struct task task;
	struct proc proc;
	const char *argv[4];
};

static void on_step(struct task *task)
{
	(void)task; // the ops keep their results; the loop ends by itself
}

static void open_bench(struct bench *b)
{
	struct err err = loop_init(&b->loop);
	assert_false(err_is(&err));
	task_init(&b->task, &b->loop, on_step, "test");
	proc_init(&b->proc);
}

static void close_bench(struct bench *b)
{
	proc_done(&b->proc);
	task_done(&b->task);
	assert_int_equal(loop_done(&b->loop), 0);
}

static void start_shell(struct bench *b, const char *script)
{
	b->argv[0] = "sh";
	b->argv[1] = "-c";
	b->argv[2] = script;
	b->argv[3] = NULL;
	b->proc.argv = b->argv;
	proc_start(&b->loop, &b->proc, &b->task);
	assert_true(op_is_running(&b->proc.op));
}

static void run_shell(struct bench *b, const char *script)
{
	start_shell(b, script);
	loop_run(&b->loop);
	assert_true(op_is_finished(&b->proc.op));
}

static void a_child_gives_its_output_and_its_exit_status(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	run_shell(&b, "echo out; echo err >&2; exit 7");
	assert_int_equal(b.proc.op.err.class, ERR_NONE);
	assert_int_equal(b.proc.exit_status, 7);
	assert_string_equal(buf_str(&b.proc.out), "out\n");
	assert_string_equal(buf_str(&b.proc.errors), "err\n");
	run_shell(&b, "kill -9 $$");
	assert_int_equal(b.proc.exit_status, 128 + 9);
	assert_string_equal(buf_str(&b.proc.out), "");
	close_bench(&b);
}

static void a_child_reads_its_input_to_the_end(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	enum { BYTES = 300000 };
	char *text = malloc(BYTES + 1);
	memset(text, 'x', BYTES);
	text[BYTES] = '\0';
	b.proc.stdin_text = text;
	run_shell(&b, "cat");
	assert_int_equal(b.proc.exit_status, 0);
	assert_string_equal(buf_str(&b.proc.out), text);
	run_shell(&b, "exit 3"); // does not read it
	assert_int_equal(b.proc.op.err.class, ERR_NONE);
	assert_int_equal(b.proc.exit_status, 3);
	b.proc.stdin_text = NULL;
	run_shell(&b, "cat");
	assert_int_equal(b.proc.exit_status, 0);
	assert_string_equal(buf_str(&b.proc.out), "");
	free(text);
	close_bench(&b);
}

static void output_over_the_cap_kills_the_child(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	b.proc.most_output_bytes = 10000;
	run_shell(&b, "yes");
	assert_int_equal(b.proc.op.err.class, ERR_INVALID);
	assert_true(b.proc.out.len <= 10000);
	run_shell(&b, "head -c 10001 /dev/zero");
	assert_int_equal(b.proc.op.err.class, ERR_INVALID);
	run_shell(&b, "head -c 10000 /dev/zero");
	assert_int_equal(b.proc.op.err.class, ERR_NONE);
	assert_int_equal(b.proc.out.len, 10000);
	close_bench(&b);
}

static void a_child_that_takes_too_long_is_killed_with_its_children(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	b.proc.total_ms = 100;
	run_shell(&b, "sleep 1000 & echo $!; wait");
	assert_int_equal(b.proc.op.err.class, ERR_TRANSIENT);
	assert_int_equal(b.proc.exit_status, 128 + 9);
	// The grandchild's pid was printed; it is gone, or about to go.
	pid_t pid = (pid_t)strtol(buf_str(&b.proc.out), NULL, 10);
	assert_true(pid > 1);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0) {
		struct pollfd end = {.fd = fd, .events = POLLIN};
		assert_int_equal(poll(&end, 1, 10000), 1);
		close(fd);
	}
	close_bench(&b);
}

static void the_op_does_not_wait_for_a_grandchild_that_holds_the_pipes(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	run_shell(&b, "sleep 5 & echo $!");
	assert_int_equal(b.proc.exit_status, 0);
	pid_t pid = (pid_t)strtol(buf_str(&b.proc.out), NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0); // it still runs
	close_bench(&b);
}

static void a_canceled_child_is_killed(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	start_shell(&b, "sleep 1000");
	op_cancel(&b.proc.op);
	op_cancel(&b.proc.op);
	assert_true(op_is_running(&b.proc.op));
	loop_run(&b.loop);
	assert_int_equal(b.proc.op.err.class, ERR_CANCELED);
	close_bench(&b);
}

static void what_cannot_be_started_is_invalid(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	const char *const argv[] = {"/no/such/program", NULL};
	b.proc.argv = argv;
	for (int i = 0; i < 2; i++) {
		proc_start(&b.loop, &b.proc, &b.task);
		assert_true(op_is_running(&b.proc.op));
		op_cancel(&b.proc.op);
		loop_run(&b.loop);
		assert_int_equal(b.proc.op.err.class, ERR_INVALID);
		assert_string_equal(b.proc.op.err.code, "ENOENT");
		assert_int_equal(b.proc.exit_status, -1);
	}
	b.proc.cwd = "/no/such/folder";
	run_shell(&b, "true");
	assert_int_equal(b.proc.op.err.class, ERR_INVALID);
	close_bench(&b);
}

static void a_child_inherits_no_descriptors_and_none_of_the_managers_variables(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	int leak = open("/dev/null", O_RDONLY); // without O_CLOEXEC
	assert_true(leak >= 3);
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	setenv("WATCHDOG_USEC", "1", 1);
	setenv("HOLDFAST_TEST_A", "old", 1);
	setenv("HOLDFAST_TEST_B", "kept", 1);
	static const char *const extra[] = {"HOLDFAST_TEST_A=new", "HOLDFAST_TEST_C=more", NULL};
	b.proc.extra_env = extra;
	run_shell(&b, "ls /proc/self/fd; env | grep -E 'HOLDFAST_TEST|NOTIFY|WATCHDOG' | sort");
	// ls has the folder itself open as 3.
	assert_string_equal(buf_str(&b.proc.out),
		"0\n1\n2\n3\nHOLDFAST_TEST_A=new\nHOLDFAST_TEST_B=kept\nHOLDFAST_TEST_C=more\n");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(leak);
	close_bench(&b);
}

static void a_child_can_run_as_somebody_else(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	struct bench b;
	open_bench(&b);
	b.proc.uid = 65534;
	b.proc.gid = 65534;
	b.proc.cwd = "/";
	run_shell(&b, "id -u; id -G; pwd");
	assert_string_equal(buf_str(&b.proc.out), "65534\n65534\n/\n");
	close_bench(&b);
}

struct later {
	struct task task;
	struct timer timer;
	struct service *service;
	int number;
};

static void send_step(struct task *task)
{
	struct later *later = CONTAINER_OF(task, struct later, task);
	service_signal(later->service, later->number);
}

static void a_service_runs_until_it_is_stopped(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	const char *const argv[] = {"sh", "-c",
		"trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.01; done", NULL};
	struct service service = {.argv = argv, .stdout_fd = out[1]};
	service_start(&b.loop, &service, &b.task);
	assert_true(service.pid > 1);
	char text[64] = "";
	assert_int_equal(read(out[0], text, sizeof(text) - 1), 3); // the trap is set
	op_cancel(&service.op);
	assert_true(op_is_running(&service.op));
	loop_run(&b.loop);
	assert_int_equal(service.op.err.class, ERR_CANCELED);
	assert_int_equal(service.exit_status, 5);
	assert_int_equal(service.pid, 0);
	assert_int_equal(read(out[0], text, sizeof(text) - 1), 4);
	service_signal(&service, SIGKILL); // to nobody
	close(out[0]);
	close(out[1]);
	close_bench(&b);
}

static void a_service_that_dies_by_itself_finishes_without_error(void **state)
{
	(void)state;
	struct bench b;
	open_bench(&b);
	const char *const argv[] = {"sleep", "1000", NULL};
	struct service service = {.argv = argv, .stdout_fd = -1};
	struct later later = {.service = &service, .number = SIGKILL};
	task_init(&later.task, &b.loop, send_step, "later");
	timer_init(&later.timer, &b.loop);
	service_start(&b.loop, &service, &b.task);
	timer_start(&later.timer, &later.task, 1);
	loop_run(&b.loop);
	assert_int_equal(service.op.err.class, ERR_NONE);
	assert_int_equal(service.exit_status, 128 + 9);
	op_reset(&service.op);
	const char *const missing[] = {"/no/such/server", NULL};
	service.argv = missing;
	service_start(&b.loop, &service, &b.task);
	loop_run(&b.loop);
	assert_int_equal(service.op.err.class, ERR_INVALID);
	assert_int_equal(service.exit_status, -1);
	close_bench(&b);
}

// ---- signals

struct listener {
	struct task task;
	struct signals signals;
	unsigned hups, terms;
};

static void on_signals(struct task *task)
{
	struct listener *l = CONTAINER_OF(task, struct listener, task);
	l->hups += signals_take(&l->signals, SIGHUP);
	l->terms += signals_take(&l->signals, SIGTERM);
	if (l->terms)
		loop_stop(task->loop);
	else
		kill(getpid(), SIGTERM);
}

static void signals_wake_their_owner_and_are_counted(void **state)
{
	(void)state;
	struct bench b;
	struct listener l = {0};
	open_bench(&b);
	task_init(&l.task, &b.loop, on_signals, "listener");
	struct err err = signals_init(&l.signals, &b.loop, &l.task);
	assert_false(err_is(&err));
	kill(getpid(), SIGHUP);
	struct timer keep; // signals alone do not keep the loop
	timer_init(&keep, &b.loop);
	timer_start(&keep, NULL, 60000);
	loop_run(&b.loop);
	assert_int_equal(l.hups, 1);
	assert_int_equal(l.terms, 1);
	assert_int_equal(signals_take(&l.signals, SIGTERM), 0);
	assert_int_equal(signals_take(&l.signals, SIGALRM), 0);
	timer_stop(&keep);
	loop_run(&b.loop); // returns: nothing is left that could happen
	signals_done(&l.signals);
	signals_done(&l.signals);
	close_bench(&b);
}

// ---- name look-ups

static void numeric_and_local_names_are_found(void **state)
{
	(void)state;
	struct bench b;
	struct dns_lookup lookup;
	char text[DNS_ADDRESS_BYTES];
	open_bench(&b);
	dns_init(&lookup);
	lookup.host = "127.0.0.1";
	lookup.service = "5432";
	dns_start(&b.loop, &lookup, &b.task);
	assert_true(op_is_running(&lookup.op));
	loop_run(&b.loop);
	assert_int_equal(lookup.op.err.class, ERR_NONE);
	dns_format(lookup.addrs, text);
	assert_string_equal(text, "127.0.0.1");
	dns_done(&lookup);
	lookup.host = "localhost";
	lookup.service = NULL;
	dns_start(&b.loop, &lookup, &b.task);
	loop_run(&b.loop);
	assert_int_equal(lookup.op.err.class, ERR_NONE);
	dns_format(lookup.addrs, text);
	assert_true(str_eq(text, "127.0.0.1") || str_eq(text, "::1"));
	dns_done(&lookup);
	close_bench(&b);
}

static void impossible_names_are_errors_and_not_hangs(void **state)
{
	(void)state;
	struct bench b;
	struct dns_lookup lookup;
	open_bench(&b);
	dns_init(&lookup);
	lookup.host = "a..b";
	dns_start(&b.loop, &lookup, &b.task);
	loop_run(&b.loop);
	assert_true(err_is(&lookup.op.err));
	assert_null(lookup.addrs);
	dns_done(&lookup);
	char longest[400];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	lookup.host = longest;
	dns_start(&b.loop, &lookup, &b.task);
	assert_true(op_is_running(&lookup.op));
	loop_run(&b.loop);
	assert_true(err_is(&lookup.op.err));
	dns_done(&lookup);
	close_bench(&b);
}

static void a_canceled_look_up_finishes_at_once(void **state)
{
	(void)state;
	struct bench b;
	struct dns_lookup lookup;
	open_bench(&b);
	dns_init(&lookup);
	lookup.host = "localhost";
	dns_start(&b.loop, &lookup, &b.task);
	op_cancel(&lookup.op);
	assert_true(op_is_finished(&lookup.op));
	assert_int_equal(lookup.op.err.class, ERR_CANCELED);
	dns_done(&lookup);
	close_bench(&b); // waits for the thread and frees its answer
}

// ---- the service manager

static int open_manager(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "holdfast-test-%d",
		(int)getpid());
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				       strlen(address->sun_path + 1));
	assert_int_equal(bind(fd, (struct sockaddr *)address, length), 0);
	char name[128];
	snprintf(name, sizeof(name), "@%s", address->sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *next_message(int fd, char ret_text[1024])
{
	ssize_t n = recv(fd, ret_text, 1023, 0);
	ret_text[n > 0 ? n : 0] = '\0';
	return ret_text;
}

static void the_manager_gets_whole_statements(void **state)
{
	(void)state;
	struct sockaddr_un address;
	char text[1024];
	int fd = open_manager(&address);
	notify_ready("42 resources\nSTOPPING=1");
	assert_string_equal(next_message(fd, text), "READY=1\nSTATUS=42 resources STOPPING=1");
	notify_reloading();
	next_message(fd, text);
	assert_true(str_starts(text, "RELOADING=1\nMONOTONIC_USEC="));
	notify_status("fine");
	assert_string_equal(next_message(fd, text), "STATUS=fine");
	notify_stopping("bye");
	assert_string_equal(next_message(fd, text), "STOPPING=1\nSTATUS=bye");
	notify_extend_timeout(1500);
	assert_string_equal(next_message(fd, text), "EXTEND_TIMEOUT_USEC=1500000");
	notify_watchdog_ping();
	assert_string_equal(next_message(fd, text), "WATCHDOG=1");
	unsetenv("NOTIFY_SOCKET");
	notify_ready("nobody listens");
	assert_string_equal(next_message(fd, text), "");
	close(fd);
}

static void the_watchdog_is_fed_twice_an_interval(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1); // meant for another process
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "nonsense", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_gives_its_output_and_its_exit_status),
		cmocka_unit_test(a_child_reads_its_input_to_the_end),
		cmocka_unit_test(output_over_the_cap_kills_the_child),
		cmocka_unit_test(a_child_that_takes_too_long_is_killed_with_its_children),
		cmocka_unit_test(the_op_does_not_wait_for_a_grandchild_that_holds_the_pipes),
		cmocka_unit_test(a_canceled_child_is_killed),
		cmocka_unit_test(what_cannot_be_started_is_invalid),
		cmocka_unit_test(
			a_child_inherits_no_descriptors_and_none_of_the_managers_variables),
		cmocka_unit_test(a_child_can_run_as_somebody_else),
		cmocka_unit_test(a_service_runs_until_it_is_stopped),
		cmocka_unit_test(a_service_that_dies_by_itself_finishes_without_error),
		cmocka_unit_test(signals_wake_their_owner_and_are_counted),
		cmocka_unit_test(numeric_and_local_names_are_found),
		cmocka_unit_test(impossible_names_are_errors_and_not_hangs),
		cmocka_unit_test(a_canceled_look_up_finishes_at_once),
		cmocka_unit_test(the_manager_gets_whole_statements),
		cmocka_unit_test(the_watchdog_is_fed_twice_an_interval),
	};
	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
