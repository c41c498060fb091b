// The life of a store: made, restarted, killed, taken over, refused; with a real server each time.
#include "fixture.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static struct fixture f;

// Most tests begin with a copy of a server that was made once.
static char template[sizeof(f.dir)];

static int make_dir(void **state)
{
	(void)state;
	fixture_make_dir(&f);
	return 0;
}

static int copy_dir(void **state)
{
	char command[192];
	make_dir(state);
	snprintf(command, sizeof(command), "cp -a '%s/.' '%s'", template, f.dir);
	return system(command);
}

static int remove_dir(void **state)
{
	(void)state;
	fixture_remove_dir(&f);
	return 0;
}

static void begin(void)
{
	char dir[sizeof(f.dir)];
	str_copy(dir, sizeof(dir), f.dir);
	fixture_init(&f);
	str_copy(f.dir, sizeof(f.dir), dir);
}

static void open_ready(void)
{
	begin();
	fixture_open(&f, NULL);
	run_until(&f, store_phase(f.store) == STORE_READY);
}

static void close_all(void)
{
	fixture_close(&f);
	fixture_done(&f);
}

static char *path_of(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/postgres/%.32s", f.dir, name);
	return path;
}

static pid_t server_pid(void)
{
	FILE *file = fopen(path_of("data/postmaster.pid"), "re");
	int pid = 0;
	if (file) {
		if (fscanf(file, "%d", &pid) != 1)
			pid = 0;
		fclose(file);
	}
	return pid;
}

// Not a zombie either, whose parent is slow to collect it.
static bool is_alive(pid_t pid)
{
	char path[64], text[512] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return !strstr(text, ") Z ");
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void put(const char *address)
{
	fixture_run(&f, STORE_RECORD_PUT,
		json_pack("{s:s, s:s, s:s, s:s, s:I}", "stack", "s", "address", address, "kind",
			"k", "layer", "l", "now_ms", (json_int_t)1));
}

static size_t count(void)
{
	json_t *rows = fixture_call(&f, STORE_RECORDS_LOAD, json_pack("{s:s}", "stack", "s"));
	size_t n = json_array_size(rows);
	json_decref(rows);
	return n;
}

/* The first reason for not being ready. */
static void expect_waiting(const char *part)
{
	run_until(&f, store_phase(f.store) == STORE_WAITING);
	if (!strstr(store_message(f.store), part))
		fail_msg("'%s' is not in '%s'", part, store_message(f.store));
	assert_non_null(strstr(store_message(f.store), "; next try in "));
}

static void it_is_made_stopped_and_found_again(void **state)
{
	(void)state;
	open_ready();
	put("a");
	pid_t pid = server_pid();
	assert_true(pid > 1);
	struct stat st;
	assert_int_equal(stat(path_of("data"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(path_of("run"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close_all();
	assert_false(is_alive(pid));
	assert_int_equal(server_pid(), 0);
	open_ready();
	assert_int_equal(count(), 1);
	close_all();
}

static void what_was_started_before_the_stop_is_written(void **state)
{
	(void)state;
	open_ready();
	enum { COUNT = 200 };
	static struct store_call calls[COUNT];
	for (int i = 0; i < COUNT; i++) {
		char address[16];
		snprintf(address, sizeof(address), "a%d", i);
		store_call_init(&calls[i], STORE_RECORD_PUT,
			json_pack("{s:s, s:s, s:s, s:s, s:I}", "stack", "s", "address", address,
				"kind", "k", "layer", "l", "now_ms", (json_int_t)1));
		store_start(store_as_port(f.store), &calls[i], &f.watcher);
	}
	fixture_close(&f);
	for (int i = 0; i < COUNT; i++) {
		assert_true(op_is_finished(&calls[i].op));
		assert_false(err_is(&calls[i].op.err));
		store_call_done(&calls[i]);
	}
	fixture_done(&f);
	open_ready();
	assert_int_equal(count(), COUNT);
	close_all();
}

static void a_killed_server_comes_back_with_everything(void **state)
{
	(void)state;
	open_ready();
	put("a");
	for (int i = 0; i < 2; i++) {
		pid_t pid = server_pid();
		kill(pid, SIGKILL);
		run_until(&f, store_phase(f.store) != STORE_READY);
		struct err err =
			fixture_try(&f, STORE_RECORDS_LOAD, json_pack("{s:s}", "stack", "s"), NULL);
		if (store_phase(f.store) != STORE_READY) {
			assert_int_equal(err.class, ERR_TRANSIENT);
			assert_false(err.maybe_done);
			assert_string_equal(err.code, "NotConnected");
		}
		run_until(&f, store_phase(f.store) == STORE_READY);
		assert_int_not_equal(server_pid(), pid);
		assert_int_equal(count(), 1);
	}
	close_all();
}

static void statements_in_flight_at_a_kill_may_have_been_done(void **state)
{
	(void)state;
	open_ready();
	pid_t pid = server_pid();
	struct store_call calls[50];
	for (int i = 0; i < 50; i++) {
		store_call_init(&calls[i], STORE_RECORD_DELETE,
			json_pack("{s:s, s:s}", "stack", "s", "address", "a"));
		store_start(store_as_port(f.store), &calls[i], &f.watcher);
	}
	kill(pid, SIGSTOP);
	char command[64]; // the backend, too, stands still, so that nothing is answered
	snprintf(command, sizeof(command), "pkill -STOP -P %d", (int)pid);
	assert_int_equal(system(command), 0);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop.uv, UV_RUN_NOWAIT);
	snprintf(command, sizeof(command), "pkill -KILL -P %d", (int)pid);
	assert_int_equal(system(command), 0);
	kill(pid, SIGKILL);
	for (int i = 0; i < 50; i++) {
		run_until(&f, op_is_finished(&calls[i].op));
		assert_int_equal(calls[i].op.err.class, ERR_TRANSIENT);
		assert_true(calls[i].op.err.maybe_done);
		assert_null(calls[i].rows);
		store_call_done(&calls[i]);
	}
	run_until(&f, store_phase(f.store) == STORE_READY);
	close_all();
}

// Another process that opens the store and is killed: when it is ready, or after some milliseconds.
static void run_and_kill(int after_ms)
{
	int pipes[2];
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		begin();
		fixture_open(&f, NULL);
		while (store_phase(f.store) != STORE_READY)
			uv_run(&f.loop.uv, UV_RUN_ONCE);
		if (write(pipes[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			uv_run(&f.loop.uv, UV_RUN_ONCE);
	}
	close(pipes[1]);
	char c;
	if (after_ms)
		usleep((useconds_t)after_ms * 1000); // the moment of death is the subject
	else
		assert_int_equal(read(pipes[0], &c, 1), 1);
	close(pipes[0]);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_server_that_outlived_its_daemon_is_taken_over_and_stopped(void **state)
{
	(void)state;
	run_and_kill(0);
	pid_t pid = server_pid();
	assert_true(is_alive(pid));
	open_ready();
	assert_int_equal(server_pid(), pid);
	put("a");
	// A dead one that was taken over is started again.
	kill(pid, SIGKILL);
	run_until(&f, store_phase(f.store) != STORE_READY);
	run_until(&f, store_phase(f.store) == STORE_READY);
	assert_int_not_equal(server_pid(), pid);
	assert_int_equal(count(), 1);
	close_all();
	run_and_kill(0);
	pid = server_pid();
	open_ready();
	assert_int_equal(server_pid(), pid);
	close_all();
	assert_false(is_alive(pid));
}

static void a_death_at_any_moment_of_the_first_start_is_survived(void **state)
{
	(void)state;
	for (int ms = 10; ms < 700; ms *= 4) {
		run_and_kill(ms);
		open_ready();
		put("a");
		assert_int_equal(count(), 1);
		close_all();
		char command[256];
		snprintf(command, sizeof(command), "test -z \"$(ls -d %s 2>/dev/null)\"",
			path_of("data.tmp.*"));
		assert_int_equal(system(command), 0);
		fixture_remove_dir(&f);
		assert_int_equal(mkdir(f.dir, 0700), 0);
	}
}

static void a_stop_at_any_moment_leaves_nothing(void **state)
{
	(void)state;
	for (int turns = 0; turns < 60; turns += 1 + turns / 2) {
		begin();
		fixture_open(&f, NULL);
		for (int i = 0; i < turns && store_phase(f.store) != STORE_READY; i++)
			uv_run(&f.loop.uv, UV_RUN_ONCE);
		close_all();
		assert_int_equal(server_pid(), 0);
	}
}

static void a_pid_file_with_the_number_of_a_stranger_is_no_obstacle(void **state)
{
	(void)state;
	open_ready();
	put("a");
	kill(server_pid(), SIGKILL);
	run_until(&f, store_phase(f.store) != STORE_READY);
	close_all();
	struct stat st;
	assert_int_equal(stat(path_of("data"), &st), 0);
	pid_t stranger = fork(); // of the server's own user, or Postgres would ignore it
	assert_true(stranger >= 0);
	if (stranger == 0) {
		if (setuid(st.st_uid) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
			pause();
		_exit(1);
	}
	char text[256];
	snprintf(text, sizeof(text), "%d\n%s\n", (int)stranger, path_of("data"));
	write_text("data/postmaster.pid", text);
	write_text("run/.s.PGSQL.5432.lock", text);
	open_ready();
	assert_int_equal(count(), 1);
	close_all();
	assert_true(is_alive(stranger));
	kill(stranger, SIGKILL);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

static void a_second_daemon_waits_and_says_for_whom(void **state)
{
	(void)state;
	open_ready();
	struct store *first = f.store;
	fixture_open(&f, NULL);
	expect_waiting("another holdfastd (pid ");
	fixture_close(&f);
	f.store = first;
	assert_int_equal(store_phase(f.store), STORE_READY);
	assert_int_equal(count(), 0);
	close_all();
}

static void a_path_too_long_for_a_socket_gets_a_short_one(void **state)
{
	(void)state;
	char base[sizeof(f.dir)], deep[200], run[64] = "";
	str_copy(base, sizeof(base), f.dir);
	snprintf(deep, sizeof(deep), "%s/%0120d", base, 7);
	assert_int_equal(chmod(base, 0711), 0);
	begin();
	struct store_settings settings = {.state_dir = deep};
	struct err err = store_new(&f.loop, &settings, &f.watcher, &f.store);
	assert_false(err_is(&err));
	run_until(&f, store_phase(f.store) == STORE_READY);
	put("a");
	assert_int_equal(count(), 1);
	close_all();
	// Clean up the folder outside of ours, whose name the settings tell.
	snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "/postgres/server.conf");
	FILE *file = fopen(deep, "re");
	assert_non_null(file);
	char line[512];
	while (fgets(line, sizeof(line), file))
		(void)sscanf(line, "unix_socket_directories = '%63[^']'", run);
	fclose(file);
	assert_true(str_starts(run, "/run/") || str_starts(run, "/tmp/"));
	assert_int_equal(rmdir(run), 0);
}

static void a_data_folder_of_another_version_is_refused(void **state)
{
	(void)state;
	open_ready();
	close_all();
	write_text("data/PG_VERSION", "9\n");
	begin();
	fixture_open(&f, NULL);
	expect_waiting("was made by Postgres 9 and only ");
	close_all();
	write_text("data/PG_VERSION", "15\n");
}

static void try_conninfo(const char *more, const char *part)
{
	char conninfo[256];
	snprintf(conninfo, sizeof(conninfo), "host=%s %s", path_of("run"), more);
	struct store *first = f.store;
	fixture_open(&f, conninfo);
	expect_waiting(part);
	struct err err =
		fixture_try(&f, STORE_RECORDS_LOAD, json_pack("{s:s}", "stack", "s"), NULL);
	if (!strstr(err.message, part))
		fail_msg("'%s' is not in '%s'", part, err.message);
	assert_null(strstr(store_message(f.store), "secret-word"));
	fixture_close(&f);
	f.store = first;
}

static void the_reason_for_a_refusal_is_told_without_the_password(void **state)
{
	(void)state;
	open_ready();
	try_conninfo("user=holdfast dbname=nowhere", "database \"nowhere\" does not exist");
	try_conninfo(
		"user=nobody dbname=postgres", "Peer authentication failed for user \"nobody\"");
	// A password is asked for from now on.
	write_text("hba.conf", "local all all scram-sha-256\n");
	kill(server_pid(), SIGHUP);
	run_until(&f, !str_eq(fixture_sql(&f, "SELECT 1"),
			      "1")); // the server tells nobody when it has read its files
	try_conninfo("user=holdfast dbname=postgres", "no password supplied");
	try_conninfo("user=holdfast dbname=postgres password=secret-word",
		"password authentication failed");
	try_conninfo("port=1 user=holdfast dbname=postgres", "No such file or directory");
	close_all();
}

static void a_server_that_takes_no_writes_is_left_for_another(void **state)
{
	(void)state;
	open_ready();
	char conninfo[256];
	snprintf(conninfo, sizeof(conninfo),
		"host=%s user=holdfast dbname=postgres"
		" options='-c default_transaction_read_only=on'",
		path_of("run"));
	struct store *first = f.store;
	fixture_open(&f, conninfo);
	expect_waiting("session is read-only");
	fixture_close(&f);
	// One that turns read-only later.
	str_copy(conninfo + strlen(conninfo), sizeof(conninfo) - strlen(conninfo),
		" target_session_attrs=any");
	fixture_open(&f, conninfo);
	run_until(&f, store_phase(f.store) == STORE_READY);
	json_t *args = json_pack("{s:s, s:s}", "stack", "s", "address", "a");
	struct err err = fixture_try(&f, STORE_RECORD_DELETE, args, NULL);
	assert_int_equal(err.class, ERR_CONFLICT);
	assert_string_equal(err.code, "25006");
	expect_waiting("read-only transaction");
	fixture_close(&f);
	f.store = first;
	close_all();
}

static void a_name_that_does_not_resolve_is_told(void **state)
{
	(void)state;
	begin();
	fixture_open(&f, "host=does-not-exist.invalid dbname=x");
	expect_waiting("does-not-exist.invalid");
	close_all();
}

static void several_hosts_are_tried_in_turn(void **state)
{
	(void)state;
	open_ready();
	char conninfo[256];
	snprintf(conninfo, sizeof(conninfo),
		"host=127.0.0.1,localhost,%s port=1,1,5432"
		" user=holdfast dbname=postgres",
		path_of("run"));
	struct store *first = f.store;
	fixture_open(&f, conninfo);
	run_until(&f, store_phase(f.store) == STORE_READY);
	assert_int_equal(count(), 0);
	fixture_close(&f);
	f.store = first;
	close_all();
}

static void a_bad_connection_string_is_an_error_at_once(void **state)
{
	(void)state;
	begin();
	struct store_settings settings = {.conninfo = "password='secret-word"};
	struct err err = store_new(&f.loop, &settings, &f.watcher, &f.store);
	assert_int_equal(err.class, ERR_INVALID);
	assert_null(strstr(err.message, "secret-word"));
	fixture_done(&f);
}

static int make_template(void **state)
{
	make_dir(state);
	open_ready();
	close_all();
	str_copy(template, sizeof(template), f.dir);
	return 0;
}

static int remove_template(void **state)
{
	str_copy(f.dir, sizeof(f.dir), template);
	return remove_dir(state);
}

int main(void)
{
#define LIFE(test) cmocka_unit_test_setup_teardown(test, copy_dir, remove_dir)
#define BIRTH(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		BIRTH(it_is_made_stopped_and_found_again),
		LIFE(what_was_started_before_the_stop_is_written),
		LIFE(a_killed_server_comes_back_with_everything),
		LIFE(statements_in_flight_at_a_kill_may_have_been_done),
		LIFE(a_server_that_outlived_its_daemon_is_taken_over_and_stopped),
		BIRTH(a_death_at_any_moment_of_the_first_start_is_survived),
		BIRTH(a_stop_at_any_moment_leaves_nothing),
		LIFE(a_pid_file_with_the_number_of_a_stranger_is_no_obstacle),
		LIFE(a_second_daemon_waits_and_says_for_whom),
		BIRTH(a_path_too_long_for_a_socket_gets_a_short_one),
		LIFE(a_data_folder_of_another_version_is_refused),
		LIFE(the_reason_for_a_refusal_is_told_without_the_password),
		LIFE(a_server_that_takes_no_writes_is_left_for_another),
		LIFE(several_hosts_are_tried_in_turn),
		BIRTH(a_name_that_does_not_resolve_is_told),
		BIRTH(a_bad_connection_string_is_an_error_at_once),
	};
	return cmocka_run_group_tests(tests, make_template, remove_template);
}
