// HTTP over real sockets against a scripted server: what arrives, what is sent how often, and that
// nothing is left behind whatever the server does.
#include "base/str.h"
#include "loop/http.h"
#include "server.h"
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_REQUESTS = 64 };

struct bench {
	struct loop loop;
	struct http *http;
	struct server server;
	struct task task;
	struct http_request requests[MOST_REQUESTS];
	size_t count; // requests started
	char url[64];
	int steps;
	void (*after_step)(struct bench *bench);
};

static void step(struct task *task)
{
	struct bench *bench = CONTAINER_OF(task, struct bench, task);
	bench->steps++;
	if (bench->after_step)
		bench->after_step(bench);
	for (size_t i = 0; i < bench->count; i++)
		if (!op_is_finished(&bench->requests[i].op))
			return;
	loop_stop(&bench->loop);
}

static void open_bench(struct bench *bench, const struct http_options *options,
	const struct reply *replies, size_t count)
{
	*bench = (struct bench){0};
	struct err err = loop_init(&bench->loop);
	assert_false(err_is(&err));
	err = http_new(&bench->loop, options, &bench->http);
	assert_false(err_is(&err));
	task_init(&bench->task, &bench->loop, step, "test");
	server_start(&bench->server, &bench->loop, replies, count);
	snprintf(bench->url, sizeof(bench->url), "http://127.0.0.1:%d/", bench->server.port);
}

static struct http_request *add(struct bench *bench, const char *method, const char *body)
{
	struct http_request *request = &bench->requests[bench->count++];
	http_request_init(request);
	request->method = method;
	request->url = bench->url;
	request->body = body;
	request->body_bytes = body ? strlen(body) : 0;
	request->total_ms = 5000;
	request->is_mutating = body != NULL;
	return request;
}

static void start(struct bench *bench, struct http_request *request)
{
	http_start(bench->http, request, &bench->task);
	assert_true(op_is_running(&request->op)); // never from inside the start
}

static struct http_request *run(struct bench *bench, const char *method, const char *body)
{
	struct http_request *request = add(bench, method, body);
	start(bench, request);
	loop_run(&bench->loop);
	assert_true(op_is_finished(&request->op));
	return request;
}

static void close_bench(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		http_request_done(&bench->requests[i]);
	http_free(bench->http);
	server_stop(&bench->server);
	task_done(&bench->task);
	assert_int_equal(loop_done(&bench->loop), 0);
	assert_int_equal(bench->server.closed, bench->server.connections);
	server_done(&bench->server);
}

#define OPEN(name, ...)                                                                            \
	static const struct reply replies[] = {__VA_ARGS__};                                       \
	struct bench name;                                                                         \
	open_bench(&name, NULL, replies, ARRAY_COUNT(replies))

static void assert_class(const struct http_request *request, enum err_class class, bool maybe_done)
{
	if (request->op.err.class != class || request->op.err.maybe_done != maybe_done)
		print_error("got %s (%s) maybe_done %d: %s\n",
			err_class_name(request->op.err.class), request->op.err.code,
			request->op.err.maybe_done, request->op.err.message);
	assert_int_equal(request->op.err.class, class);
	assert_int_equal(request->op.err.maybe_done, maybe_done);
}

// ---- what works

static void an_answer_comes_with_status_headers_and_body(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 418 Tea\r\nX-Amzn-RequestId:  abc \r\nDate: now\r\n"
			  "Content-Length: 5\r\n\r\nhello"});
	struct http_request *r = run(&b, "GET", NULL);
	assert_class(r, ERR_NONE, false);
	assert_int_equal(r->status, 418);
	assert_string_equal(buf_str(&r->answer), "hello");
	assert_string_equal(http_header(r, "x-amzn-requestid"), "abc");
	assert_string_equal(http_header(r, "DATE"), "now");
	assert_null(http_header(r, "etag"));
	close_bench(&b);
}

static void a_connection_is_kept_and_used_again(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("2", "ok"));
	for (int i = 0; i < 10; i++) {
		struct http_request *r = run(&b, i % 2 ? "POST" : "GET", i % 2 ? "a=b" : NULL);
		assert_class(r, ERR_NONE, false);
		assert_string_equal(buf_str(&r->answer), "ok");
	}
	assert_int_equal(b.server.requests, 10);
	assert_int_equal(b.server.connections, 1);
	close_bench(&b);
}

static void what_is_sent_is_what_was_given(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	static const char *const headers[] = {"X-Amz-Date: 20260101T000000Z",
		"X-Empty:", "Content-Type: application/x-amz-json-1.1", NULL};
	struct http_request *r = add(&b, "POST", "{\"a\":1}");
	char url[128];
	snprintf(url, sizeof(url), "%sa/../b//c%%2Fd?x=%%20&y", b.url);
	r->url = url;
	r->headers = headers;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_NONE, false);
	const char *sent = buf_str(&b.server.last);
	assert_true(str_starts(sent, "POST /a/../b//c%2Fd?x=%20&y HTTP/1.1\r\n"));
	assert_non_null(strstr(sent, "\r\nX-Amz-Date: 20260101T000000Z\r\n"));
	assert_non_null(strstr(sent, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
	assert_null(strcasestr(sent, "\r\nexpect:"));
	assert_null(strcasestr(sent, "\r\naccept-encoding:"));
	assert_null(strcasestr(sent, "x-www-form-urlencoded"));
	assert_true(str_ends(sent, "\r\n\r\n{\"a\":1}"));
	close_bench(&b);
}

static void every_method_is_framed_rightly(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	static const struct {
		const char *method, *body, *length;
	} cases[] = {{"GET", NULL, NULL}, {"DELETE", NULL, NULL}, {"PUT", NULL, "0"},
		{"POST", NULL, "0"}, {"PATCH", "x", "1"}, {"PUT", "abc", "3"},
		{"DELETE", "ab", "2"}, {"GET", NULL, NULL}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char line[64];
		assert_class(run(&b, cases[i].method, cases[i].body), ERR_NONE, false);
		const char *sent = buf_str(&b.server.last);
		snprintf(line, sizeof(line), "%s / HTTP/1.1\r\n", cases[i].method);
		assert_true(str_starts(sent, line));
		const char *length = strcasestr(sent, "\r\ncontent-length:");
		if (!cases[i].length) {
			assert_null(length);
			continue;
		}
		snprintf(line, sizeof(line), "Content-Length: %s\r\n", cases[i].length);
		assert_non_null(strstr(sent, line));
	}
	close_bench(&b);
}

static void the_answer_to_head_has_no_body(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}, REPLY_OK("2", "ok"));
	struct http_request *r = run(&b, "HEAD", NULL);
	assert_class(r, ERR_NONE, false);
	assert_int_equal(r->answer.len, 0);
	assert_string_equal(buf_str(&run(&b, "GET", NULL)->answer), "ok");
	close_bench(&b);
}

static void a_chunked_answer_in_single_bytes_is_put_together(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			  "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n3;x=y\r\ndef\r\n0\r\nX-Trailer: t\r\n\r\n",
			.chunk = 1});
	struct http_request *r = run(&b, "GET", NULL);
	assert_class(r, ERR_NONE, false);
	assert_string_equal(buf_str(&r->answer), "abcdef");
	close_bench(&b);
}

static void trailers_do_not_replace_headers_and_the_connection_goes_on(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nX-Amzn-RequestId: head\r\nTrailer: "
			  "X-Amzn-RequestId\r\n"
			  "Transfer-Encoding: chunked\r\n\r\n"
			  "00000002;name=\"a;b\"\r\nok\r\n0;last\r\n"
			  "X-Amzn-RequestId: tail\r\nX-Amz-Checksum: c\r\n\r\n",
			.chunk = 3});
	for (int i = 0; i < 3; i++) {
		struct http_request *r = run(&b, "GET", NULL);
		assert_class(r, ERR_NONE, false);
		assert_string_equal(buf_str(&r->answer), "ok");
		assert_string_equal(http_header(r, "x-amzn-requestid"), "head");
	}
	assert_int_equal(b.server.connections, 1);
	close_bench(&b);
}

static void a_body_whose_trailers_never_end_is_no_whole_answer(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			  "2\r\nok\r\n0\r\nX-Trailer: t\r\n",
			.end = REPLY_CLOSE});
	struct http_request *r = run(&b, "GET", NULL);
	assert_class(r, ERR_TRANSIENT, false);
	close_bench(&b);
}

static void interim_answers_leave_no_headers(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
			  "HTTP/1.1 103 Early Hints\r\nLink: 2\r\n\r\n"
			  "HTTP/1.1 200 OK\r\nX-Final: 3\r\nContent-Length: 0\r\n\r\n"});
	struct http_request *r = run(&b, "GET", NULL);
	assert_class(r, ERR_NONE, false);
	assert_int_equal(r->status, 200);
	assert_null(http_header(r, "x-early"));
	assert_null(http_header(r, "link"));
	assert_string_equal(http_header(r, "x-final"), "3");
	close_bench(&b);
}

/* Open as many times as `left` says. */
struct turnstile {
	struct http_gate gate;
	int *left;
};

static bool is_turning(const struct http_gate *gate)
{
	return (*CONTAINER_OF(gate, const struct turnstile, gate)->left)-- > 0;
}

// Asked when the connection stands, and before the body: a change is not carried out either way.
static void a_gate_that_closes_before_the_end_of_the_request_keeps_it_from_the_server(void **state)
{
	(void)state;
	for (int passes = 0; passes < 3; passes++) {
		OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
		int left = passes;
		const struct turnstile turnstile = {{is_turning}, &left};
		struct http_request *r = add(&b, "POST", "Action=CreateVpc");
		r->gate = &turnstile.gate;
		start(&b, r);
		loop_run(&b.loop);
		assert_class(r, passes < 2 ? ERR_CANCELED : ERR_NONE, false);
		assert_string_equal(r->op.err.code, passes < 2 ? "GateClosed" : "");
		assert_int_equal(b.server.requests, passes < 2 ? 0 : 1);
		close_bench(&b);
	}
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\n"
			  "Content-Length: 0\r\n\r\n"});
	struct http_request *r = run(&b, "POST", "x");
	assert_class(r, ERR_NONE, false);
	assert_int_equal(r->status, 307);
	assert_int_equal(b.server.requests, 1);
	close_bench(&b);
}

static void cookies_are_not_kept(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: "
			  "0\r\n\r\n"});
	run(&b, "GET", NULL);
	run(&b, "GET", NULL);
	assert_null(strcasestr(buf_str(&b.server.last), "cookie"));
	close_bench(&b);
}

static void a_large_body_arrives_whole(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	enum { BYTES = 3 << 20 };
	char *body = malloc(BYTES + 1);
	for (size_t i = 0; i < BYTES; i++)
		body[i] = (char)('a' + i % 26);
	body[BYTES] = '\0';
	for (int i = 0; i < 2; i++) {
		struct http_request *r = add(&b, "POST", body);
		r->is_mutating = i == 0;
		start(&b, r);
		loop_run(&b.loop);
		assert_class(r, ERR_NONE, false);
		assert_true(str_ends(buf_str(&b.server.last), body));
	}
	free(body);
	close_bench(&b);
}

static void the_same_struct_serves_a_second_request(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("3", "one"),
		{.bytes = "HTTP/1.1 404 No\r\nX-B: 1\r\nContent-Length: 3\r\n\r\ntwo"});
	struct http_request *r = run(&b, "GET", NULL);
	assert_string_equal(buf_str(&r->answer), "one");
	start(&b, r);
	loop_run(&b.loop);
	assert_int_equal(r->status, 404);
	assert_string_equal(buf_str(&r->answer), "two");
	assert_int_equal(r->answer_header_count, 2);
	close_bench(&b);
}

static void fifty_requests_at_once_all_end_within_the_limits(void **state)
{
	(void)state;
	static const struct reply replies[] = {REPLY_OK("2", "ok")};
	struct bench b;
	struct http_options options = {.most_connections = 8, .most_host_connections = 4};
	open_bench(&b, &options, replies, 1);
	for (int i = 0; i < 50; i++)
		start(&b, add(&b, i % 2 ? "POST" : "GET", i % 2 ? "x" : NULL));
	loop_run(&b.loop);
	for (int i = 0; i < 50; i++) {
		assert_class(&b.requests[i], ERR_NONE, false);
		assert_string_equal(buf_str(&b.requests[i].answer), "ok");
	}
	assert_int_equal(b.server.requests, 50);
	assert_true(b.server.connections <= 4);
	close_bench(&b);
}

// ---- servers that fail

static void a_change_whose_reused_connection_dies_is_sent_once(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""), {.end = REPLY_RESET}, REPLY_OK("0", ""));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	struct http_request *r = run(&b, "POST", "Action=CreateVpc");
	assert_class(r, ERR_TRANSIENT, true);
	assert_int_equal(b.server.requests, 2);
	close_bench(&b);
}

static void a_change_whose_reused_connection_is_closed_politely_is_sent_once(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""), {.end = REPLY_CLOSE}, REPLY_OK("0", ""));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	assert_class(run(&b, "POST", "Action=CreateVpc"), ERR_TRANSIENT, true);
	assert_int_equal(b.server.requests, 2);
	close_bench(&b);
}

static void a_change_without_a_body_goes_over_a_fresh_connection_and_once(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""), {.end = REPLY_RESET}, REPLY_OK("0", ""));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	struct http_request *r = add(&b, "DELETE", NULL);
	r->is_mutating = true;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_TRANSIENT, true);
	assert_int_equal(b.server.requests, 2);
	assert_int_equal(b.server.connections, 2);
	close_bench(&b);
}

static void a_read_whose_reused_connection_dies_is_sent_again(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""), {.end = REPLY_RESET}, REPLY_OK("2", "ok"));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	struct http_request *r = add(&b, "POST", "Action=DescribeVpcs");
	r->is_mutating = false;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_NONE, false);
	assert_string_equal(buf_str(&r->answer), "ok");
	assert_int_equal(b.server.requests, 3);
	close_bench(&b);
}

static void an_idle_connection_that_the_server_closed_is_not_used(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .end = REPLY_CLOSE});
	for (int i = 0; i < 5; i++)
		assert_class(run(&b, "POST", "x"), ERR_NONE, false);
	assert_int_equal(b.server.requests, 5);
	assert_int_equal(b.server.connections, 5);
	close_bench(&b);
}

static void failing_answers_are_transient_and_say_that_it_may_be_done(void **state)
{
	(void)state;
	static const struct reply cases[] = {
		{.end = REPLY_CLOSE},
		{.end = REPLY_RESET},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Le", .end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .end = REPLY_RESET},
		{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
			.end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
			.end = REPLY_CLOSE},
		{.bytes = "\x16\x03\x01\x00garbage\x00\xff\xfe", .count = 14, .end = REPLY_CLOSE},
		{.bytes = "<html>no HTTP at all</html>\r\n\r\n", .end = REPLY_CLOSE},
		{.bytes = "HTTP/9.9 999 ?\r\n\r\n", .end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", .end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: "
			  "7\r\n\r\nabcdefg",
			.end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: "
			  "bogus\r\n\r\nx",
			.end = REPLY_RESET},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct bench b;
		open_bench(&b, NULL, &cases[i], 1);
		struct http_request *r = run(&b, "POST", "Action=CreateVpc");
		if (r->op.err.class != ERR_TRANSIENT)
			print_error("case %zu: status %d\n", i, r->status);
		assert_class(r, ERR_TRANSIENT, true);
		assert_int_equal(b.server.requests, 1);
		assert_true(!r->op.err.code[0] || str_starts(r->op.err.code, "CURLE_"));
		assert_false(str_empty(r->op.err.message));
		close_bench(&b);
	}
}

static void an_answer_over_its_cap_is_refused(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("11", "12345678901"),
		{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			  "b\r\n12345678901\r\n0\r\n\r\n"},
		REPLY_OK("10", "1234567890"));
	for (int i = 0; i < 3; i++) {
		struct http_request *r = add(&b, "GET", NULL);
		r->most_answer_bytes = 10;
		start(&b, r);
		loop_run(&b.loop);
		assert_class(r, i < 2 ? ERR_INVALID : ERR_NONE, false);
		if (i < 2)
			assert_string_equal(r->op.err.message, "the answer is too large");
	}
	close_bench(&b);
}

static void an_answer_without_end_is_cut_at_the_cap(void **state)
{
	(void)state;
	static char flood[1 << 20];
	memset(flood, 'x', sizeof(flood));
	memcpy(flood, "HTTP/1.1 200 OK\r\n\r\n", 19);
	const struct reply reply = {.bytes = flood, .count = sizeof(flood), .end = REPLY_SILENT};
	struct bench b;
	open_bench(&b, NULL, &reply, 1);
	struct http_request *r = add(&b, "POST", "x");
	r->most_answer_bytes = 100000;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_INVALID, true);
	close_bench(&b);
}

static void endless_headers_are_refused(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct buf text;
		buf_init(&text, 1 << 20);
		buf_adds(&text, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 200; i++)
			buf_addf(&text, "X-%d: %0*d\r\n", i, kind ? 1000 : 1, 7);
		buf_adds(&text, "Content-Length: 0\r\n\r\n");
		const struct reply reply = {.bytes = text.data, .count = text.len};
		struct bench b;
		open_bench(&b, NULL, &reply, 1);
		assert_class(run(&b, "GET", NULL), ERR_INVALID, false);
		close_bench(&b);
		buf_done(&text);
	}
}

static void a_slow_drip_ends_at_the_time_limit(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: "
			  "1000\r\n\r\nabcdefghijklmnopqrstuvwxyz",
			.chunk = 1,
			.pause_ms = 20,
			.end = REPLY_SILENT});
	struct http_request *r = add(&b, "POST", "x");
	r->total_ms = 150;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_TRANSIENT, true);
	assert_string_equal(r->op.err.code, "CURLE_28");
	close_bench(&b);
}

static void silence_ends_at_the_time_limit(void **state)
{
	(void)state;
	OPEN(b, {.end = REPLY_SILENT});
	struct http_request *r = add(&b, "GET", NULL);
	r->total_ms = 100;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_TRANSIENT, false);
	assert_string_equal(r->op.err.code, "CURLE_28");
	assert_true(b.loop.turns < 30); // nobody polls meanwhile
	close_bench(&b);
}

// A port that nobody listens on: bound, never listening.
static int closed_port(int *ret_fd)
{
	struct sockaddr_in addr;
	socklen_t length = sizeof(addr);
	uv_ip4_addr("127.0.0.1", 0, &addr);
	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&addr, &length), 0);
	return ntohs(addr.sin_port);
}

static void a_refused_connection_has_certainly_done_nothing(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	int fd;
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/", closed_port(&fd));
	assert_class(run(&b, "POST", "Action=CreateVpc"), ERR_TRANSIENT, false);
	close(fd);
	close_bench(&b);
}

static void a_failed_tls_handshake_has_certainly_done_nothing(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 400 Bad\r\n\r\n", .end = REPLY_CLOSE});
	snprintf(b.url, sizeof(b.url), "https://127.0.0.1:%d/", b.server.port);
	struct http_request *r = add(&b, "POST", "Action=CreateVpc");
	r->total_ms = 300; // the server waits for a request; we wait for its hello
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_TRANSIENT, false);
	close_bench(&b);
}

// ---- requests that are refused

static void bad_requests_are_refused_before_anything_is_sent(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	static const char *const urls[] = {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
		"HTTP//x", "http://a b/", "http://127.0.0.1:0/", "http://127.0.0.1:99999/",
		"http://127.0.0.1:8o/", "http://u:p@127.0.0.1/", "http://127.0.0.1/a b",
		"http://127.0.0.1/\r\nX: y", "http://127.0.0.1/#f", "http://[::1/", "http://[zz]/",
		"http://127%2e0.0.1/", "http://example.com/", "http://128.0.0.1/",
		"http://10.0.0.1/", "http://169.253.1.1/", "http://[fd00:ec3::254]/",
		"http://127.0.0.1.example.com/", "http://2130706433/", "http://127.1/",
		"http://localhost.example/", "https:///x", "http://127.0.0.1\\@example.com/"};
	for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
		struct http_request *r = add(&b, "GET", NULL);
		r->url = urls[i];
		start(&b, r);
		loop_run(&b.loop);
		if (r->op.err.class != ERR_INVALID)
			print_error("'%s' passed\n", urls[i]);
		assert_class(r, ERR_INVALID, false);
	}
	static const char *const lines[] = {"X-A: b\r\nX-C: d", "X-A: b\nc", "X-A: \x01", "X A: b",
		": b", "", "X-A", "X-A\r: b"};
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		const char *const headers[] = {lines[i], NULL};
		struct http_request *r = add(&b, "GET", NULL);
		r->headers = headers;
		start(&b, r);
		loop_run(&b.loop);
		assert_class(r, ERR_INVALID, false);
	}
	static const char *const methods[] = {
		"", "get", "GET / HTTP/1.1\r\nX: y", "G T", "GET\n", "AVERYLONGMETHODNAME"};
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++)
		assert_class(run(&b, methods[i], NULL), ERR_INVALID, false);
	assert_int_equal(b.server.connections, 0);
	close_bench(&b);
}

static void plain_http_elsewhere_needs_permission(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	// 0.0.0.0 reaches this machine on Linux, but it is no loopback address.
	snprintf(b.url, sizeof(b.url), "http://0.0.0.0:%d/", b.server.port);
	assert_class(run(&b, "GET", NULL), ERR_INVALID, false);
	struct http_request *r = add(&b, "GET", NULL);
	r->allow_plain_http = true;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_NONE, false);
	close_bench(&b);
}

// ---- proxies

static void a_proxy_of_the_environment_is_used_but_never_for_this_machine(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	char proxy[64];
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", b.server.port);
	setenv("http_proxy", proxy, 1);
	struct http_request *r = add(&b, "GET", NULL);
	r->url = "http://example.com/path";
	r->allow_plain_http = true;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_NONE, false);
	assert_true(str_starts(buf_str(&b.server.last), "GET http://example.com/path HTTP/1.1"));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	assert_true(str_starts(buf_str(&b.server.last), "GET / HTTP/1.1"));
	unsetenv("http_proxy");
	close_bench(&b);
}

static void a_proxy_that_refuses_the_tunnel_has_certainly_done_nothing(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"});
	char proxy[64];
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", b.server.port);
	setenv("https_proxy", proxy, 1);
	snprintf(b.url, sizeof(b.url), "https://ec2.example.com/");
	assert_class(run(&b, "POST", "Action=CreateVpc"), ERR_TRANSIENT, false);
	assert_true(str_starts(buf_str(&b.server.last), "CONNECT ec2.example.com:443 "));
	unsetenv("https_proxy");
	close_bench(&b);
}

// ---- cancel

static void cancel_all(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		op_cancel(&bench->requests[i].op);
}

static void a_request_canceled_at_once_is_never_sent(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	struct http_request *r = add(&b, "POST", "x");
	start(&b, r);
	op_cancel(&r->op);
	op_cancel(&r->op);
	loop_run(&b.loop);
	assert_class(r, ERR_CANCELED, false);
	assert_int_equal(b.server.requests, 0);
	close_bench(&b);
}

static void a_canceled_wait_for_a_place_leaves_the_others_alone(void **state)
{
	(void)state;
	static const struct reply replies[] = {REPLY_OK("2", "ok")};
	struct bench b;
	struct http_options options = {.most_connections = 1};
	open_bench(&b, &options, replies, 1);
	for (int i = 0; i < 4; i++)
		start(&b, add(&b, "POST", "x"));
	op_cancel(&b.requests[2].op);
	op_cancel(&b.requests[0].op);
	loop_run(&b.loop);
	assert_class(&b.requests[0], ERR_CANCELED, false);
	assert_class(&b.requests[1], ERR_NONE, false);
	assert_class(&b.requests[2], ERR_CANCELED, false);
	assert_class(&b.requests[3], ERR_NONE, false);
	assert_int_equal(b.server.requests, 2);
	close_bench(&b);
}

struct later {
	struct task task;
	struct timer timer;
	struct bench *bench;
	bool (*is_time)(struct bench *bench);
};

// Looks every millisecond whether the phase is reached, then cancels: what is awaited is the phase,
// however long it takes.
static void later_step(struct task *task)
{
	struct later *later = CONTAINER_OF(task, struct later, task);
	if (later->is_time(later->bench))
		cancel_all(later->bench);
	else
		timer_start(&later->timer, &later->task, 1);
}

static void run_and_cancel(struct bench *bench, bool (*is_time)(struct bench *bench))
{
	struct later later = {.bench = bench, .is_time = is_time};
	task_init(&later.task, &bench->loop, later_step, "later");
	timer_init(&later.timer, &bench->loop);
	timer_start(&later.timer, &later.task, 1);
	loop_run(&bench->loop);
	timer_stop(&later.timer);
	task_done(&later.task);
}

static bool has_been_asked(struct bench *bench)
{
	return bench->server.requests > 0;
}

static bool has_half_an_answer(struct bench *bench)
{
	return bench->requests[0].answer.len >= 3;
}

static bool is_connected(struct bench *bench)
{
	return bench->server.connections > 0;
}

static bool is_any_time(struct bench *bench)
{
	(void)bench;
	return true;
}

static void cancel_while_the_server_thinks(void **state)
{
	(void)state;
	OPEN(b, {.end = REPLY_SILENT});
	start(&b, add(&b, "POST", "x"));
	run_and_cancel(&b, has_been_asked);
	assert_class(&b.requests[0], ERR_CANCELED, true);
	close_bench(&b);
}

static void cancel_in_the_middle_of_the_answer(void **state)
{
	(void)state;
	OPEN(b, {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .end = REPLY_SILENT});
	start(&b, add(&b, "GET", NULL));
	run_and_cancel(&b, has_half_an_answer);
	assert_class(&b.requests[0], ERR_CANCELED, false);
	close_bench(&b);
}

static void cancel_while_the_body_is_being_sent(void **state)
{
	(void)state;
	OPEN(b, {.end = REPLY_SILENT});
	b.server.reads_nothing = true;
	enum { BYTES = 16 << 20 };
	char *body = malloc(BYTES + 1);
	memset(body, 'x', BYTES);
	body[BYTES] = '\0';
	start(&b, add(&b, "POST", body));
	run_and_cancel(&b, is_connected);
	assert_int_equal(b.requests[0].op.err.class, ERR_CANCELED);
	free(body);
	close_bench(&b);
}

// A listener whose backlog is full does not answer the handshake.
static int deaf_port(int fds[4])
{
	struct sockaddr_in addr;
	socklen_t length = sizeof(addr);
	uv_ip4_addr("127.0.0.1", 0, &addr);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[0], (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&addr, &length), 0);
	for (size_t i = 1; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	return ntohs(addr.sin_port);
}

static void cancel_while_connecting(void **state)
{
	(void)state;
	OPEN(b, {.end = REPLY_SILENT});
	int fds[4], port = deaf_port(fds);
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/", port);
	start(&b, add(&b, "POST", "x"));
	run_and_cancel(&b, is_any_time);
	assert_class(&b.requests[0], ERR_CANCELED, false);
	struct http_request *r = add(&b, "POST", "x");
	r->connect_ms = 50;
	start(&b, r);
	loop_run(&b.loop);
	assert_class(r, ERR_TRANSIENT, false);
	assert_string_equal(r->op.err.code, "CURLE_28");
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		close(fds[i]);
	close_bench(&b);
}

static void cancel_while_the_name_is_looked_up(void **state)
{
	(void)state;
	OPEN(b, {.end = REPLY_SILENT});
	struct http_request *r = add(&b, "POST", "x");
	r->url = "https://nowhere.invalid/";
	start(&b, r);
	run_and_cancel(&b, is_any_time);
	// A resolver that answers at once may be first.
	assert_true(r->op.err.class == ERR_CANCELED || r->op.err.class == ERR_TRANSIENT);
	assert_false(r->op.err.maybe_done);
	close_bench(&b);
}

struct neighbour {
	uv_poll_t poll;
	int fd;
	int events;
};

static void on_neighbour(uv_poll_t *poll, int status, int events)
{
	struct neighbour *n = CONTAINER_OF(poll, struct neighbour, poll);
	(void)status;
	(void)events;
	n->events++;
	uv_poll_stop(poll);
}

static void the_number_of_a_closed_socket_belongs_to_whoever_gets_it_next(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	int fds[4], port = deaf_port(fds);
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/", port);
	for (int i = 0; i < 4; i++)
		start(&b, add(&b, "POST", "x"));
	run_and_cancel(&b, is_any_time);
	struct neighbour neighbours[8] = {0};
	for (size_t i = 0; i < ARRAY_COUNT(neighbours); i++) {
		struct neighbour *n = &neighbours[i];
		n->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_int_equal(uv_poll_init(&b.loop.uv, &n->poll, n->fd), 0);
		assert_int_equal(uv_poll_start(&n->poll, UV_READABLE, on_neighbour), 0);
	}
	uv_run(&b.loop.uv, UV_RUN_NOWAIT); // libuv tells the kernel
	http_free(b.http);
	b.http = NULL;
	for (size_t i = 0; i < ARRAY_COUNT(neighbours); i++)
		assert_int_equal(eventfd_write(neighbours[i].fd, 1), 0);
	uv_run(&b.loop.uv, UV_RUN_NOWAIT);
	for (size_t i = 0; i < ARRAY_COUNT(neighbours); i++) {
		assert_int_equal(neighbours[i].events, 1);
		uv_close((uv_handle_t *)&neighbours[i].poll, NULL);
	}
	for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
		close(fds[i]);
	close_bench(&b);
	for (size_t i = 0; i < ARRAY_COUNT(neighbours); i++)
		close(neighbours[i].fd);
}

static void an_idle_connection_that_the_peer_closes_wakes_nobody_for_long(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	for (int i = 0; i < 8; i++)
		start(&b, add(&b, "GET", NULL));
	loop_run(&b.loop);
	uint64_t turns = b.loop.turns;
	server_stop(&b.server);
	struct timer timer;
	timer_init(&timer, &b.loop);
	timer_start(&timer, NULL, 50);
	loop_run(&b.loop);
	assert_true(op_is_finished(&timer.op));
	assert_true(b.loop.turns - turns < 30);
	close_bench(&b);
}

static void a_name_with_two_addresses_is_reached_at_the_second(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("2", "ok"));
	// ::1 refuses (the server listens on 127.0.0.1 only), and curl closes that socket by
	// itself.
	snprintf(b.url, sizeof(b.url), "http://localhost:%d/", b.server.port);
	for (int i = 0; i < 20; i++) {
		struct http_request *r = add(&b, "GET", NULL);
		r->is_mutating = true; // a fresh connection each
		start(&b, r);
		loop_run(&b.loop);
		assert_class(r, ERR_NONE, false);
	}
	assert_int_equal(b.server.connections, 20);
	close_bench(&b);
}

// ---- names that move, packets that vanish

static const char *moving_address; // of moves.test; NULL: nobody knows it now
static int lookups;

/* In place of the C library's: curl asks this one. */
int getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!str_eq_null(node, "moves.test"))
		return real(node, service, hints, ret);
	__atomic_add_fetch(&lookups, 1, __ATOMIC_SEQ_CST);
	return moving_address ? real(moving_address, service, hints, ret) : EAI_AGAIN;
}

static struct http_request *ask_by_name(struct bench *b)
{
	snprintf(b->url, sizeof(b->url), "http://moves.test:%d/", b->server.port);
	struct http_request *r = add(b, "GET", NULL);
	r->is_mutating = true; // a fresh connection each
	r->allow_plain_http = true;
	r->no_proxy = true;
	start(b, r);
	loop_run(&b->loop);
	return r;
}

static void a_name_that_moves_is_followed_and_one_that_fails_is_asked_again(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("2", "ok"));
	moving_address = NULL;
	struct http_request *r = ask_by_name(&b);
	assert_class(r, ERR_TRANSIENT, false);
	assert_string_equal(r->op.err.code, "CURLE_6");
	moving_address = "127.0.0.1"; // known again: at once
	assert_class(ask_by_name(&b), ERR_NONE, false);
	int before = lookups;
	assert_class(ask_by_name(&b), ERR_NONE, false);
	assert_int_equal(lookups, before); // not for every connection
	// The old address is dead for good; ours listens at one only, so it moves away and back.
	moving_address = "127.0.0.3";
	b.requests[0].op.state = OP_FINISHED;
	int64_t began = loop_now_ms(&b.loop);
	while (lookups == before) { // until the address is not believed any more
		assert_true(loop_now_ms(&b.loop) - began < 15000);
		usleep(200000);
		r = ask_by_name(&b);
		if (b.count > MOST_REQUESTS - 8)
			for (; b.count > 0; b.count--)
				http_request_done(&b.requests[b.count - 1]);
	}
	assert_class(r, ERR_TRANSIENT, false); // nobody listens there
	moving_address = "127.0.0.1";
	while (ask_by_name(&b)->op.err.class != ERR_NONE)
		usleep(200000);
	assert_true(loop_now_ms(&b.loop) - began < 30000);
	close_bench(&b);
}

/* A socket on the loopback whose queue is full: the kernel drops what else comes. */
struct hole {
	int listener, fillers[8];
	int port;
};

static void dig_hole(struct hole *hole)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(addr);
	hole->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(hole->listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(hole->listener, 0), 0);
	assert_int_equal(getsockname(hole->listener, (struct sockaddr *)&addr, &bytes), 0);
	hole->port = ntohs(addr.sin_port);
	for (size_t i = 0; i < ARRAY_COUNT(hole->fillers); i++) {
		hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(hole->fillers[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	usleep(50000);
}

static void fill_hole(struct hole *hole)
{
	for (size_t i = 0; i < ARRAY_COUNT(hole->fillers); i++)
		close(hole->fillers[i]);
	close(hole->listener);
}

static void packets_that_vanish_end_at_the_limit_of_connecting(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("2", "ok"));
	struct hole hole;
	char url[64];
	dig_hole(&hole);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", hole.port);
	struct http_request *lost = add(&b, "POST", "a=b"), *ours;
	lost->url = url;
	lost->total_ms = 30000; // as much as a call has; connecting gets 3.1 s of it
	int64_t began = loop_now_ms(&b.loop);
	start(&b, lost);
	ours = add(&b, "GET", NULL);
	start(&b, ours);
	while (!op_is_finished(&ours->op))
		uv_run(&b.loop.uv, UV_RUN_ONCE);
	assert_class(ours, ERR_NONE, false); // meanwhile
	assert_true(op_is_running(&lost->op));
	loop_run(&b.loop);
	assert_class(lost, ERR_TRANSIENT, false); // it has certainly done nothing
	assert_string_equal(lost->op.err.code, "CURLE_28");
	assert_in_range(loop_now_ms(&b.loop) - began, 3000, 20000);
	fill_hole(&hole);
	// There again, and nothing of before is in the way.
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", b.server.port);
	http_start(b.http, lost, &b.task);
	loop_run(&b.loop);
	assert_class(lost, ERR_NONE, false);
	close_bench(&b);
}

// A deterministic storm: every sort of reply, every sort of request, cancels at any moment.
static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 16;
}

struct storm {
	struct bench *bench;
	struct task task;
	struct timer timer;
	uint32_t random;
};

static void storm_step(struct task *task)
{
	struct storm *storm = CONTAINER_OF(task, struct storm, task);
	struct http_request *r =
		&storm->bench->requests[next_random(&storm->random) % storm->bench->count];
	op_cancel(&r->op);
	timer_start(&storm->timer, &storm->task, next_random(&storm->random) % 5);
}

static void a_storm_of_failures_and_cancels_leaves_nothing_behind(void **state)
{
	(void)state;
	static const struct reply replies[] = {REPLY_OK("2", "ok"), {.end = REPLY_RESET},
		REPLY_OK("2", "ok"), {.end = REPLY_SILENT}, {.end = REPLY_CLOSE},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .end = REPLY_RESET},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcdefghi",
			.chunk = 5,
			.pause_ms = 3},
		{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .end = REPLY_CLOSE},
		{.bytes = "garbage\r\n\r\n", .end = REPLY_CLOSE}};
	for (uint32_t seed = 1; seed <= 10; seed++) {
		struct reply shuffled[256];
		struct storm storm = {.random = seed};
		for (size_t i = 0; i < ARRAY_COUNT(shuffled); i++)
			shuffled[i] = replies[next_random(&storm.random) % ARRAY_COUNT(replies)];
		struct bench b;
		struct http_options options = {.most_connections = 12, .most_host_connections = 10};
		open_bench(&b, &options, shuffled, ARRAY_COUNT(shuffled));
		char by_name[64];
		snprintf(by_name, sizeof(by_name), "http://localhost:%d/", b.server.port);
		for (int i = 0; i < 60; i++) {
			uint32_t kind = next_random(&storm.random);
			struct http_request *r =
				add(&b, kind & 1 ? "POST" : "GET", kind & 1 ? "body" : NULL);
			r->is_mutating = kind & 2;
			r->total_ms = 150;
			if (kind & 4)
				r->url = by_name;
			start(&b, r);
		}
		storm.bench = &b;
		task_init(&storm.task, &b.loop, storm_step, "storm");
		timer_init(&storm.timer, &b.loop);
		timer_start(&storm.timer, &storm.task, 1);
		loop_run(&b.loop);
		timer_stop(&storm.timer);
		task_done(&storm.task);
		for (size_t i = 0; i < b.count; i++)
			assert_true(op_is_finished(&b.requests[i].op));
		close_bench(&b);
	}
}

static void idle_connections_do_not_keep_the_loop_alive(void **state)
{
	(void)state;
	OPEN(b, REPLY_OK("0", ""));
	assert_class(run(&b, "GET", NULL), ERR_NONE, false);
	uint64_t turns = b.loop.turns;
	server_stop(&b.server);
	loop_run(&b.loop); // returns by itself
	assert_true(b.loop.turns - turns < 10);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_with_status_headers_and_body),
		cmocka_unit_test(a_connection_is_kept_and_used_again),
		cmocka_unit_test(what_is_sent_is_what_was_given),
		cmocka_unit_test(every_method_is_framed_rightly),
		cmocka_unit_test(the_answer_to_head_has_no_body),
		cmocka_unit_test(a_chunked_answer_in_single_bytes_is_put_together),
		cmocka_unit_test(trailers_do_not_replace_headers_and_the_connection_goes_on),
		cmocka_unit_test(a_body_whose_trailers_never_end_is_no_whole_answer),
		cmocka_unit_test(a_name_that_moves_is_followed_and_one_that_fails_is_asked_again),
		cmocka_unit_test(packets_that_vanish_end_at_the_limit_of_connecting),
		cmocka_unit_test(interim_answers_leave_no_headers),
		cmocka_unit_test(
			a_gate_that_closes_before_the_end_of_the_request_keeps_it_from_the_server),
		cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
		cmocka_unit_test(cookies_are_not_kept),
		cmocka_unit_test(a_large_body_arrives_whole),
		cmocka_unit_test(the_same_struct_serves_a_second_request),
		cmocka_unit_test(fifty_requests_at_once_all_end_within_the_limits),
		cmocka_unit_test(a_change_whose_reused_connection_dies_is_sent_once),
		cmocka_unit_test(a_change_whose_reused_connection_is_closed_politely_is_sent_once),
		cmocka_unit_test(a_change_without_a_body_goes_over_a_fresh_connection_and_once),
		cmocka_unit_test(a_read_whose_reused_connection_dies_is_sent_again),
		cmocka_unit_test(an_idle_connection_that_the_server_closed_is_not_used),
		cmocka_unit_test(failing_answers_are_transient_and_say_that_it_may_be_done),
		cmocka_unit_test(an_answer_over_its_cap_is_refused),
		cmocka_unit_test(an_answer_without_end_is_cut_at_the_cap),
		cmocka_unit_test(endless_headers_are_refused),
		cmocka_unit_test(a_slow_drip_ends_at_the_time_limit),
		cmocka_unit_test(silence_ends_at_the_time_limit),
		cmocka_unit_test(a_refused_connection_has_certainly_done_nothing),
		cmocka_unit_test(a_failed_tls_handshake_has_certainly_done_nothing),
		cmocka_unit_test(bad_requests_are_refused_before_anything_is_sent),
		cmocka_unit_test(plain_http_elsewhere_needs_permission),
		cmocka_unit_test(a_proxy_of_the_environment_is_used_but_never_for_this_machine),
		cmocka_unit_test(a_proxy_that_refuses_the_tunnel_has_certainly_done_nothing),
		cmocka_unit_test(a_request_canceled_at_once_is_never_sent),
		cmocka_unit_test(a_canceled_wait_for_a_place_leaves_the_others_alone),
		cmocka_unit_test(cancel_while_the_server_thinks),
		cmocka_unit_test(cancel_in_the_middle_of_the_answer),
		cmocka_unit_test(cancel_while_the_body_is_being_sent),
		cmocka_unit_test(cancel_while_connecting),
		cmocka_unit_test(cancel_while_the_name_is_looked_up),
		cmocka_unit_test(the_number_of_a_closed_socket_belongs_to_whoever_gets_it_next),
		cmocka_unit_test(an_idle_connection_that_the_peer_closes_wakes_nobody_for_long),
		cmocka_unit_test(a_name_with_two_addresses_is_reached_at_the_second),
		cmocka_unit_test(a_storm_of_failures_and_cancels_leaves_nothing_behind),
		cmocka_unit_test(idle_connections_do_not_keep_the_loop_alive),
	};
	// Proxies of the machine that runs the tests are not theirs.
	static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
		"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
	for (size_t i = 0; i < ARRAY_COUNT(proxies); i++)
		unsetenv(proxies[i]);
	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
