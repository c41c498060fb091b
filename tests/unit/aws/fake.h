// A scripted AWS on the test's own loop: the n-th request gets the n-th answer, and every request
// is kept for questions afterwards. And an environment that is a list.
#pragma once

#include "aws/env.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/defs.h"
#include "loop/http.h"
#include "loop/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct answer {
	int status;          // 0: close without an answer; -1: never answer
	const char *headers; // more of them, each ended by CR LF; may be NULL
	const char *body;
};

enum { FAKE_MOST_REQUESTS = 256 };

struct fake {
	struct loop *loop;
	uv_tcp_t listener;
	int port;
	char url[40];
	const struct answer *answers; // the last one repeats
	size_t answer_count;
	char *requests[FAKE_MOST_REQUESTS]; // owned: head and body as they came
	size_t request_count;
	uint64_t delay_ms; // before every answer
	int open, most_open;
};

struct fake_conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	struct fake *fake;
	struct buf in;
	size_t index;
	int handles;
};

static inline void fake_on_closed(uv_handle_t *handle)
{
	struct fake_conn *conn = handle->data;
	if (--conn->handles)
		return;
	conn->fake->open--;
	buf_done(&conn->in);
	free(conn);
}

static inline void fake_close(struct fake_conn *conn)
{
	if (uv_is_closing((uv_handle_t *)&conn->tcp))
		return;
	uv_close((uv_handle_t *)&conn->tcp, fake_on_closed);
	uv_close((uv_handle_t *)&conn->timer, fake_on_closed);
}

static inline void fake_answer(uv_timer_t *timer)
{
	struct fake_conn *conn = timer->data;
	struct fake *fake = conn->fake;
	size_t at = conn->index < fake->answer_count ? conn->index : fake->answer_count - 1;
	const struct answer *answer = &fake->answers[at];
	if (answer->status == 0)
		fake_close(conn);
	if (answer->status <= 0)
		return;
	const char *body = answer->body ? answer->body : "";
	_cleanup_free_ char *text = str_format("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
		answer->status, strlen(body), answer->headers ? answer->headers : "", body);
	uv_buf_t out = uv_buf_init(text, (unsigned)strlen(text));
	if (uv_try_write((uv_stream_t *)&conn->tcp, &out, 1) != (int)strlen(text))
		fake_close(conn);
}

static inline void fake_try(struct fake_conn *conn)
{
	struct fake *fake = conn->fake;
	const char *text = buf_str(&conn->in);
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");
	if (!end)
		return;
	size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
	size_t total = (size_t)(end + 4 - text) + body;
	if (conn->in.len < total)
		return;
	conn->index = fake->request_count;
	if (fake->request_count < FAKE_MOST_REQUESTS)
		fake->requests[fake->request_count++] = strndup(text, total);
	memmove(conn->in.data, conn->in.data + total, conn->in.len - total + 1);
	conn->in.len -= total;
	uv_timer_start(&conn->timer, fake_answer, fake->delay_ms, 0);
}

static inline void fake_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	static char space[65536];
	(void)handle;
	(void)size;
	*ret = uv_buf_init(space, sizeof(space));
}

static inline void fake_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct fake_conn *conn = stream->data;
	if (count < 0) {
		fake_close(conn);
		return;
	}
	buf_add(&conn->in, bytes->base, (size_t)count);
	fake_try(conn);
}

static inline void fake_connect(uv_stream_t *listener, int status)
{
	struct fake *fake = listener->data;
	struct fake_conn *conn = calloc(1, sizeof(*conn));
	(void)status;
	conn->fake = fake;
	conn->handles = 2;
	buf_init(&conn->in, 0);
	if (++fake->open > fake->most_open)
		fake->most_open = fake->open;
	uv_tcp_init(&fake->loop->uv, &conn->tcp);
	uv_timer_init(&fake->loop->uv, &conn->timer);
	conn->tcp.data = conn->timer.data = conn;
	uv_accept(listener, (uv_stream_t *)&conn->tcp);
	uv_read_start((uv_stream_t *)&conn->tcp, fake_alloc, fake_read);
}

static inline void fake_start(
	struct fake *fake, struct loop *loop, const struct answer *answers, size_t count)
{
	struct sockaddr_in addr;
	int bytes = sizeof(addr);
	*fake = (struct fake){.loop = loop, .answers = answers, .answer_count = count};
	uv_tcp_init(&loop->uv, &fake->listener);
	fake->listener.data = fake;
	uv_ip4_addr("127.0.0.1", 0, &addr);
	assert_int_equal(uv_tcp_bind(&fake->listener, (struct sockaddr *)&addr, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&fake->listener, 128, fake_connect), 0);
	uv_tcp_getsockname(&fake->listener, (struct sockaddr *)&addr, &bytes);
	fake->port = ntohs(addr.sin_port);
	snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%d", fake->port);
}

/* Stops listening; connections end when the client closes them. */
static inline void fake_stop(struct fake *fake)
{
	uv_close((uv_handle_t *)&fake->listener, NULL);
}

static inline void fake_done(struct fake *fake)
{
	for (size_t i = 0; i < fake->request_count; i++)
		free(fake->requests[i]);
}

/* The value of a request's header; static until the next call. */
static inline const char *fake_header(const struct fake *fake, size_t index, const char *name)
{
	static char value[4096];
	char start[128];
	snprintf(start, sizeof(start), "\r\n%s:", name);
	if (index >= fake->request_count)
		return NULL;
	const char *at = strcasestr(fake->requests[index], start);
	const char *end = strstr(fake->requests[index], "\r\n\r\n");
	if (!at || at > end)
		return NULL;
	at += strlen(start);
	at += strspn(at, " ");
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

// ---- the environment

struct fake_env {
	struct env env;
	const char *pairs[40]; // "NAME=value", NULL-ended
};

static inline const char *fake_env_get(const struct env *env, const char *name)
{
	const struct fake_env *self = CONTAINER_OF(env, const struct fake_env, env);
	size_t bytes = strlen(name);
	for (const char *const *pair = self->pairs; *pair; pair++)
		if (strncmp(*pair, name, bytes) == 0 && (*pair)[bytes] == '=')
			return *pair + bytes + 1;
	return NULL;
}
#define FAKE_ENV(...)                                                                              \
	{                                                                                          \
		.env.get = fake_env_get, .pairs = { __VA_ARGS__, NULL }                            \
	}
