// The server over real sockets: who may do what, what is too much, and who frees what when somebody
// leaves.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "control/listener.h"
#include "peer.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>

static void test_a_request_is_answered_with_json(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	_cleanup_free_ char *answer =
		rig_ask(&rig, "GET /v1/x?name=a%20b HTTP/1.1\r\n" CLOSE "\r\n");
	assert_contains(answer, "HTTP/1.1 200 OK\r\n");
	assert_contains(answer, "Content-Type: application/json\r\n");
	assert_contains(answer, "\r\n\r\n{\"format\":1}");
	assert_string_equal(rig.seen, "GET /v1/x name=a b body=0 change=1");
	rig_close(&rig);
}

static void test_a_body_is_parsed_and_head_has_none(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	_cleanup_free_ char *posted = rig_ask(
		&rig, "POST /p HTTP/1.1\r\n" CLOSE "Content-Length: 13\r\n\r\n{\"a\":1,\"b\":2}");
	assert_contains(posted, "200 OK");
	assert_string_equal(rig.seen, "POST /p name=- body=2 change=1");
	_cleanup_free_ char *head = rig_ask(&rig, "HEAD /p HTTP/1.1\r\n" CLOSE "\r\n");
	assert_contains(head, "Content-Length: 12\r\n");
	assert_null(strstr(head, "format"));
	rig_close(&rig);
}

static void test_a_late_answer_reaches_the_client_that_waited(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	rig.is_late = true;
	int fd = rig_connect(&rig);
	const char *request = "GET /late HTTP/1.1\r\n" CLOSE "\r\n";
	rig_send(&rig, fd, request, strlen(request));
	while (!rig.kept)
		rig_turn(&rig);
	for (int i = 0; i < 5; i++)
		rig_turn(&rig);
	assert_false(control_is_gone(rig.kept));
	control_answer_text(rig.kept, 203, "text/plain", "at last");
	_cleanup_free_ char *answer = rig_receive(&rig, fd, NULL);
	close(fd);
	assert_contains(answer, "HTTP/1.1 203 ");
	assert_contains(answer, "at last");
	rig_close(&rig);
}

static void test_a_client_that_leaves_while_it_waits_is_noticed_and_its_answer_dropped(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	rig.is_late = true;
	int fd = rig_connect(&rig);
	const char *request = "GET /late?name=x HTTP/1.1\r\n" CLOSE "\r\n";
	rig_send(&rig, fd, request, strlen(request));
	while (!rig.kept)
		rig_turn(&rig);
	close(fd);
	while (!control_is_gone(rig.kept) || control_connection_count(rig.control) > 0)
		rig_turn(&rig);
	assert_string_equal(control_query(rig.kept, "name"), "x");
	control_answer(rig.kept, 200, json_object());
	rig_close(&rig);
}

static void test_a_client_that_only_ends_its_sending_half_still_gets_its_answer(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	rig.is_late = true;
	int fd = rig_connect(&rig);
	const char *request = "GET /late HTTP/1.1\r\n" CLOSE "\r\n";
	rig_send(&rig, fd, request, strlen(request));
	while (!rig.kept)
		rig_turn(&rig);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 20; i++)
		rig_turn(&rig);
	assert_false(control_is_gone(rig.kept));
	control_answer(rig.kept, 200, json_pack("{s:i}", "format", 1));
	_cleanup_free_ char *answer = rig_receive(&rig, fd, NULL);
	close(fd);
	assert_contains(answer, "{\"format\":1}");
	rig_close(&rig);
}

static void test_stopping_tells_who_waits_and_leaves_the_exchange_to_the_backend(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	rig.is_late = true;
	int fd = rig_connect(&rig);
	const char *request = "GET /late HTTP/1.1\r\nHost: h\r\n\r\n";
	rig_send(&rig, fd, request, strlen(request));
	while (!rig.kept)
		rig_turn(&rig);
	control_free(rig.control);
	rig.control = NULL;
	_cleanup_free_ char *answer = rig_receive(&rig, fd, NULL);
	close(fd);
	assert_contains(answer, "503");
	assert_contains(answer, "the daemon is stopping");
	assert_true(control_is_gone(rig.kept));
	control_answer(rig.kept, 200, json_object());
	rig_close(&rig);
}

static void test_many_requests_go_over_one_connection(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	int fd = rig_connect(&rig);
	for (int i = 0; i < 50; i++) {
		const char *request = "GET /again HTTP/1.1\r\nHost: h\r\n\r\n";
		rig_send(&rig, fd, request, strlen(request));
		_cleanup_free_ char *answer = rig_receive(&rig, fd, "{\"format\":1}");
		assert_contains(answer, "200 OK");
	}
	assert_int_equal(rig.asked, 50);
	close(fd);
	rig_close(&rig);
}

static void test_a_large_answer_arrives_whole(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	_cleanup_free_ char *answer = rig_ask(&rig, "GET /huge HTTP/1.1\r\n" CLOSE "\r\n");
	assert_true(strlen(answer) > 3000000);
	assert_true(str_ends(answer, "7\"}"));
	rig_close(&rig);
}

// ---- limits

static void test_what_is_no_request_for_us_is_refused_before_the_backend(void **state)
{
	(void)state;
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{"DELETE /x HTTP/1.1\r\n" CLOSE "\r\n", "405"},
		{"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 1048577\r\n\r\n", "413"},
		{"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\n\r\n[1]", "but no object"},
		{"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 4\r\n\r\n{\"a\"", "is not JSON"},
		{"GET /x HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", "GET takes no body"},
		{"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", "400 Bad Request"},
	};
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_free_ char *answer = rig_ask(&rig, rows[i].request);
		assert_contains(answer, rows[i].answer);
	}
	assert_int_equal(rig.asked, 0);
	rig_close(&rig);
}

static void test_a_body_without_announced_size_is_cut_off(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	struct buf request = {0};
	buf_adds(&request, "POST /x HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 300; i++)
		buf_addf(&request, "1000\r\n%0*d\r\n", 0x1000, i);
	size_t most_allowed = request.len;
	buf_adds(&request, "0\r\n\r\n");
	int fd = rig_connect(&rig);
	rig_send(&rig, fd, request.data, request.len);
	_cleanup_free_ char *told = rig_receive(&rig, fd, NULL);
	assert_contains(told, "413");
	close(fd);
	// And one that never ends is hung up on.
	fd = rig_connect(&rig);
	for (int i = 0; i < 20; i++)
		rig_send(&rig, fd, request.data + (i ? 82 : 0), most_allowed - (i ? 82 : 0));
	_cleanup_free_ _unused_ char *dropped = rig_receive(&rig, fd, NULL);
	close(fd);
	assert_int_equal(rig.asked, 0);
	buf_done(&request);
	rig_close(&rig);
}

static void test_endless_headers_are_refused(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	struct buf request = {0};
	buf_adds(&request, "GET /x HTTP/1.1\r\n" CLOSE);
	for (int i = 0; i < 4000; i++)
		buf_addf(&request, "X-%d: %0100d\r\n", i, i);
	_cleanup_free_ char *answer = rig_ask(&rig, request.data);
	assert_contains(answer, "431");
	buf_done(&request);
	rig_close(&rig);
}

static void test_a_client_that_dawdles_is_hung_up_on(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.settings.patience_ms = 60;
	rig_start(&rig);
	int fd = rig_connect(&rig);
	for (int i = 0; i < 1000 && control_connection_count(rig.control) == 0; i++)
		rig_turn(&rig);
	char byte = 0;
	// A byte now and then does not help it.
	for (const char *p = "GET /slow HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"; *p;
		p++) {
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};
		if (send(fd, p, 1, MSG_NOSIGNAL) != 1 || poll(&pollfd, 1, 10) == 1)
			break;
		rig_turn(&rig);
	}
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	while (control_connection_count(rig.control) > 0)
		rig_turn(&rig);
	for (int i = 0; i < 5; i++)
		rig_turn(&rig);
	assert_false(uv_has_ref((uv_handle_t *)&rig.loop.uv_timer) &&
		     uv_is_active((uv_handle_t *)&rig.loop.uv_timer));
	rig_close(&rig);
}

static void test_a_flood_of_idle_clients_does_not_lock_others_out(void **state)
{
	(void)state;
	enum { FLOOD = 100 }; // at once: more would not fit into the listen queue
	struct rig rig;
	rig_open(&rig);
	rig.settings.most_connections = 32;
	rig_start(&rig);
	int fds[FLOOD];
	for (int i = 0; i < FLOOD; i++) {
		fds[i] = rig_connect(&rig);
		assert_int_equal(write(fds[i], "GET /", 5), 5);
	}
	_cleanup_free_ char *answer = rig_ask(&rig, "GET /me HTTP/1.1\r\n" CLOSE "\r\n");
	assert_contains(answer, "200 OK");
	for (int i = 0; i < FLOOD; i++)
		close(fds[i]);
	rig_close(&rig);
}

static void test_an_idle_server_does_not_wake(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_start(&rig);
	_cleanup_free_ _unused_ char *answer = rig_ask(&rig, "GET /x HTTP/1.1\r\n" CLOSE "\r\n");
	for (int i = 0; i < 20; i++)
		rig_turn(&rig);
	uint64_t steps = rig.loop.steps;
	for (int i = 0; i < 20; i++)
		rig_turn(&rig);
	assert_int_equal(rig.loop.steps, steps);
	assert_int_equal(uv_backend_timeout(&rig.loop.uv), -1); // would sleep for ever
	rig_close(&rig);
}

// ---- the socket itself

static void test_the_socket_has_mode_0660_and_goes_with_the_server(void **state)
{
	(void)state;
	struct rig rig;
	struct stat st;
	rig_open(&rig);
	rig_start(&rig);
	assert_int_equal(stat(rig.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	control_free(rig.control);
	rig.control = NULL;
	assert_int_equal(stat(rig.path, &st), -1);
	rig_close(&rig);
}

static void test_a_second_daemon_is_refused_and_the_first_goes_on(void **state)
{
	(void)state;
	struct rig rig;
	struct control *second = NULL;
	rig_open(&rig);
	rig_start(&rig);
	struct err err = control_new(&rig.loop, &rig.settings, &rig.backend, &second);
	assert_int_equal(err.class, ERR_CONFLICT);
	assert_contains(err.message, "another daemon");
	_cleanup_free_ char *answer = rig_ask(&rig, "GET /x HTTP/1.1\r\n" CLOSE "\r\n");
	assert_contains(answer, "200 OK");
	rig_close(&rig);
}

static void test_the_socket_of_a_dead_daemon_is_replaced_and_a_file_is_not(void **state)
{
	(void)state;
	struct rig rig;
	struct listener_socket dead;
	rig_open(&rig);
	struct err err = listener_open_unix(rig.path, (gid_t)-1, &dead);
	assert_false(err_is(&err));
	close(dead.fd); // the file stays, as after a kill -9
	close(dead.lock_fd);
	free(dead.path);
	rig_start(&rig);
	_cleanup_free_ char *answer = rig_ask(&rig, "GET /x HTTP/1.1\r\n" CLOSE "\r\n");
	assert_contains(answer, "200 OK");
	control_free(TAKE(rig.control));
	int fd = open(rig.path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	err = control_new(&rig.loop, &rig.settings, &rig.backend, &rig.control);
	assert_int_equal(err.class, ERR_INVALID);
	assert_contains(err.message, "is no socket");
	assert_int_equal(access(rig.path, F_OK), 0);
	rig_close(&rig);
}

static void test_bad_settings_are_errors_that_name_them(void **state)
{
	(void)state;
	static const struct {
		struct control_settings settings;
		const char *message;
	} rows[] = {
		{{.listen = "0.0.0.0:9464"}, "is no loopback address"},
		{{.listen = "[2001:db8::1]:9464"}, "is no loopback address"},
		{{.listen = "0.0.0.0:9464"}, "--listen-hosts"},
		{{.listen = "ops:9464", .listen_hosts = "ops"}, "write it in digits"},
		{{.listen = "9464"}, "is no listen address"},
		{{.listen = "127.0.0.1:70000"}, "is no listen address"},
		{{.socket_path = ""}, "empty"},
		{{.socket_path = "/tmp/"
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
			"too long"},
		{{.socket_path = "/tmp/x.sock", .group = "no-such-group"}, "there is no group"},
		{{.admin_group = "no-such-group"}, "there is no group"},
		{{.socket_path = "/proc/x/y.sock"}, "cannot make the directory"},
	};
	struct rig rig;
	rig_open(&rig);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err =
			control_new(&rig.loop, &rows[i].settings, &rig.backend, &rig.control);
		assert_true(err_is(&err));
		assert_contains(err.message, rows[i].message);
	}
	rig_close(&rig);
}

// A child with another identity asks; its exit status is the HTTP status less 200.
static int ask_as(struct rig *rig, gid_t gid, const char *request)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char answer[64] = "";
		if (setgroups(1, &gid) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
			_exit(250);
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		str_copy(address.sun_path, sizeof(address.sun_path), rig->path);
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
			_exit(251);
		if (write(fd, request, strlen(request)) < 0 || read(fd, answer, 63) < 12)
			_exit(252);
		_exit((int)(strtol(answer + 9, NULL, 10) - 200));
	}
	int status;
	while (waitpid(pid, &status, WNOHANG) == 0)
		rig_turn(rig);
	return WEXITSTATUS(status);
}

static void test_the_group_may_read_and_the_admin_group_may_change(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip();
		return;
	}
	const char *get = "GET /x HTTP/1.1\r\n" CLOSE "\r\n";
	const char *post = "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}";
	struct rig rig;
	rig_open(&rig);
	assert_int_equal(chmod(rig.folder, 0755), 0);
	rig.settings.group = "4242";
	rig.settings.admin_group = "4343";
	rig_start(&rig);
	assert_int_equal(ask_as(&rig, 1, get), 251);
	assert_int_equal(ask_as(&rig, 4242, get), 0);
	assert_int_equal(ask_as(&rig, 4242, post), 203);
	assert_string_equal(rig.seen, "GET /x name=- body=0 change=0");
	control_free(TAKE(rig.control));
	rig.settings.group = "4343"; // the same people may read and change
	rig_start(&rig);
	assert_int_equal(ask_as(&rig, 4343, post), 0);
	assert_string_equal(rig.seen, "POST /x name=- body=0 change=1");
	rig_close(&rig);
}

// ---- TCP

static char *ask_tcp(struct rig *rig, const char *request)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)control_port(rig->control)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	rig_send(rig, fd, request, strlen(request));
	char *answer = rig_receive(rig, fd, NULL);
	close(fd);
	return answer;
}

static void test_tcp_is_read_only_and_answers_to_its_own_name_only(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.settings.listen = "127.0.0.1:0";
	rig_start(&rig);
	_cleanup_free_ char *got = ask_tcp(
		&rig, "GET /x HTTP/1.1\r\nHost: localhost:9464\r\nConnection: close\r\n\r\n");
	assert_contains(got, "200 OK");
	assert_string_equal(rig.seen, "GET /x name=- body=0 change=0");
	_cleanup_free_ char *posted =
		ask_tcp(&rig, "POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
			      "Content-Length: 2\r\n\r\n{}");
	assert_contains(posted, "TCP is read-only");
	_cleanup_free_ char *rebound =
		ask_tcp(&rig, "GET /x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	assert_contains(rebound, "403");
	assert_int_equal(rig.asked, 1);
	rig_close(&rig);
}

static void test_tcp_answers_to_the_names_it_was_given(void **state)
{
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.settings.listen = "0.0.0.0:0";
	rig.settings.listen_hosts = "ops.example.com, wall";
	rig_start(&rig);
	static const struct {
		const char *host, *answer;
	} rows[] = {{"OPS.example.com:9464", "200 OK"}, {"wall", "200 OK"}, {"10.1.2.3", "200 OK"},
		{"[::1]:9464", "200 OK"}, {"localhost", "200 OK"}, {"example.com", "403"},
		{"ops.example.com.evil.example", "403"}, {"wal", "403"}, {",", "403"},
		{" ", "403"}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_free_ char *request = str_format(
			"GET /x HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", rows[i].host);
		_cleanup_free_ char *answer = ask_tcp(&rig, request);
		assert_contains(answer, rows[i].answer);
		assert_null(strstr(answer, "Access-Control"));
		assert_contains(answer, "Content-Security-Policy: default-src 'none'");
	}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_is_answered_with_json),
		cmocka_unit_test(test_a_body_is_parsed_and_head_has_none),
		cmocka_unit_test(test_a_late_answer_reaches_the_client_that_waited),
		cmocka_unit_test(
			test_a_client_that_leaves_while_it_waits_is_noticed_and_its_answer_dropped),
		cmocka_unit_test(
			test_a_client_that_only_ends_its_sending_half_still_gets_its_answer),
		cmocka_unit_test(
			test_stopping_tells_who_waits_and_leaves_the_exchange_to_the_backend),
		cmocka_unit_test(test_many_requests_go_over_one_connection),
		cmocka_unit_test(test_a_large_answer_arrives_whole),
		cmocka_unit_test(test_what_is_no_request_for_us_is_refused_before_the_backend),
		cmocka_unit_test(test_a_body_without_announced_size_is_cut_off),
		cmocka_unit_test(test_endless_headers_are_refused),
		cmocka_unit_test(test_a_client_that_dawdles_is_hung_up_on),
		cmocka_unit_test(test_a_flood_of_idle_clients_does_not_lock_others_out),
		cmocka_unit_test(test_an_idle_server_does_not_wake),
		cmocka_unit_test(test_the_socket_has_mode_0660_and_goes_with_the_server),
		cmocka_unit_test(test_a_second_daemon_is_refused_and_the_first_goes_on),
		cmocka_unit_test(test_the_socket_of_a_dead_daemon_is_replaced_and_a_file_is_not),
		cmocka_unit_test(test_bad_settings_are_errors_that_name_them),
		cmocka_unit_test(test_the_group_may_read_and_the_admin_group_may_change),
		cmocka_unit_test(test_tcp_is_read_only_and_answers_to_its_own_name_only),
		cmocka_unit_test(test_tcp_answers_to_the_names_it_was_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
