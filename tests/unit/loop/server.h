// A scripted HTTP server on the test's own loop: it answers the n-th request with the n-th reply,
// and can do what real servers do when they fail: drip, cut, reset, fall silent.
#pragma once

#include "base/buf.h"
#include "base/defs.h"
#include "loop/loop.h"

enum reply_end { REPLY_KEEP, REPLY_CLOSE, REPLY_RESET, REPLY_SILENT };

struct reply {
	const char *bytes; // NULL: none
	size_t count;      // 0: strlen(bytes)
	size_t chunk;      // bytes a write; 0: all at once
	uint64_t pause_ms; // between chunks
	enum reply_end end;
};

#define REPLY_OK(body_length, body)                                                                \
	{                                                                                          \
		.bytes = "HTTP/1.1 200 OK\r\nContent-Length: " body_length "\r\n\r\n" body         \
	}

struct server {
	struct loop *loop;
	uv_tcp_t listener;
	int port;
	const struct reply *replies; // the last one repeats
	size_t reply_count;
	bool reads_nothing; // accepts, and lets the peer's bytes pile up
	// what happened
	int connections, requests, closed;
	struct buf last; // the last request as it came
	struct server_conn *conns;
};

struct server_conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	int open_handles;
	struct server *server;
	struct server_conn *next;
	struct buf in;
	const struct reply *reply; // being sent
	size_t sent;
	bool is_closing;
};

static inline void server_conn_on_closed(uv_handle_t *handle)
{
	struct server_conn *conn = handle->data;
	if (--conn->open_handles > 0)
		return;
	struct server_conn **at = &conn->server->conns;
	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	conn->server->closed++;
	buf_done(&conn->in);
	free(conn);
}

static inline void server_conn_close(struct server_conn *conn, bool reset)
{
	if (conn->is_closing)
		return;
	conn->is_closing = true;
	uv_close((uv_handle_t *)&conn->timer, server_conn_on_closed);
	if (!reset || uv_tcp_close_reset(&conn->tcp, server_conn_on_closed) != 0)
		uv_close((uv_handle_t *)&conn->tcp, server_conn_on_closed);
}

static inline void server_conn_try_request(struct server_conn *conn);

static inline void server_conn_on_timer(uv_timer_t *timer)
{
	struct server_conn *conn = timer->data;
	const struct reply *reply = conn->reply;
	size_t count = reply->bytes ? (reply->count ? reply->count : strlen(reply->bytes)) : 0;
	while (conn->sent < count) {
		size_t n = reply->chunk ? reply->chunk : count;
		if (n > count - conn->sent)
			n = count - conn->sent;
		uv_buf_t part = uv_buf_init((char *)reply->bytes + conn->sent, (unsigned)n);
		int rc = uv_try_write((uv_stream_t *)&conn->tcp, &part, 1);
		if (rc == UV_EAGAIN) {
			uv_timer_start(timer, server_conn_on_timer, 1, 0);
			return;
		}
		if (rc < 0) {
			server_conn_close(conn, false);
			return;
		}
		conn->sent += (size_t)rc;
		if (reply->pause_ms && conn->sent < count) {
			uv_timer_start(timer, server_conn_on_timer, reply->pause_ms, 0);
			return;
		}
	}
	if (reply->end == REPLY_SILENT)
		return;
	conn->reply = NULL;
	if (reply->end == REPLY_KEEP)
		server_conn_try_request(conn);
	else
		server_conn_close(conn, reply->end == REPLY_RESET);
}

static inline size_t server_request_length(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");
	if (!end)
		return 0;
	size_t body = length && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
	return (size_t)(end + 4 - text) + body;
}

static inline void server_conn_try_request(struct server_conn *conn)
{
	struct server *server = conn->server;
	size_t length = server_request_length(buf_str(&conn->in));
	if (conn->reply || length == 0 || conn->in.len < length)
		return;
	buf_reset(&server->last);
	buf_add(&server->last, conn->in.data, length);
	memmove(conn->in.data, conn->in.data + length, conn->in.len - length + 1);
	conn->in.len -= length;
	size_t at = (size_t)server->requests++;
	conn->reply = &server->replies[at < server->reply_count ? at : server->reply_count - 1];
	conn->sent = 0;
	server_conn_on_timer(&conn->timer);
}

static inline void server_conn_on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	static char space[65536];
	(void)handle;
	(void)size;
	*ret = uv_buf_init(space, sizeof(space));
}

static inline void server_conn_on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct server_conn *conn = stream->data;
	if (count < 0) {
		server_conn_close(conn, false);
		return;
	}
	buf_add(&conn->in, bytes->base, (size_t)count);
	server_conn_try_request(conn);
}

static inline void server_on_connection(uv_stream_t *listener, int status)
{
	struct server *server = listener->data;
	struct server_conn *conn = calloc(1, sizeof(*conn));
	(void)status;
	conn->server = server;
	conn->next = server->conns;
	server->conns = conn;
	conn->open_handles = 2;
	uv_tcp_init(&server->loop->uv, &conn->tcp);
	uv_timer_init(&server->loop->uv, &conn->timer);
	conn->tcp.data = conn->timer.data = conn;
	uv_accept(listener, (uv_stream_t *)&conn->tcp);
	server->connections++;
	if (!server->reads_nothing)
		uv_read_start((uv_stream_t *)&conn->tcp, server_conn_on_alloc, server_conn_on_read);
}

static inline void server_start(
	struct server *server, struct loop *loop, const struct reply *replies, size_t count)
{
	struct sockaddr_in addr;
	int length = sizeof(addr);
	*server = (struct server){.loop = loop, .replies = replies, .reply_count = count};
	uv_tcp_init(&loop->uv, &server->listener);
	server->listener.data = server;
	uv_ip4_addr("127.0.0.1", 0, &addr);
	if (uv_tcp_bind(&server->listener, (struct sockaddr *)&addr, 0) != 0 ||
		uv_listen((uv_stream_t *)&server->listener, 128, server_on_connection) != 0 ||
		uv_tcp_getsockname(&server->listener, (struct sockaddr *)&addr, &length) != 0)
		abort();
	server->port = ntohs(addr.sin_port);
}

/* Closes what the server has open; run the loop (or loop_done()) afterwards. */
static inline void server_stop(struct server *server)
{
	if (!uv_is_closing((uv_handle_t *)&server->listener))
		uv_close((uv_handle_t *)&server->listener, NULL);
	for (struct server_conn *conn = server->conns; conn; conn = conn->next)
		server_conn_close(conn, false);
}

static inline void server_done(struct server *server)
{
	buf_done(&server->last);
}
