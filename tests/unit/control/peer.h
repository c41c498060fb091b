// A server on a socket in a folder of its own, a fake backend that answers when told, and a raw
// client that is driven from the same thread.
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "control/control.h"
#include "control/routes.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
	struct loop loop;
	struct control *control;
	struct control_backend backend;
	struct control_settings settings;
	char folder[64], path[96];
	struct control_exchange *kept; // the last one that was not answered at once
	int asked;
	bool is_late; // keep instead of answering
	char seen[256];
};

static void rig_handle(void *self, struct control_exchange *exchange)
{
	struct rig *rig = self;
	const char *name = control_query(exchange, "name");
	rig->asked++;
	snprintf(rig->seen, sizeof(rig->seen), "%s %s name=%s body=%d change=%d", exchange->method,
		exchange->path, name ? name : "-", (int)json_object_size(exchange->body),
		exchange->may_change);
	if (rig->is_late)
		rig->kept = exchange;
	else if (str_eq(exchange->path, "/huge"))
		control_answer(exchange, 200,
			json_pack("{s:i, s:o}", "format", 1, "text",
				json_sprintf("%0*d", 3000000, 7)));
	else
		control_answer(exchange, 200, json_pack("{s:i}", "format", 1));
}

static void rig_open(struct rig *rig)
{
	*rig = (struct rig){0};
	struct err err = loop_init(&rig->loop);
	assert_false(err_is(&err));
	str_copy(rig->folder, sizeof(rig->folder), "/tmp/holdfast-control-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->path, sizeof(rig->path), "%s/run/h.sock", rig->folder);
	rig->settings = (struct control_settings){.socket_path = rig->path};
	rig->backend = (struct control_backend){rig, rig_handle};
}

static void rig_start(struct rig *rig)
{
	struct err err = control_new(&rig->loop, &rig->settings, &rig->backend, &rig->control);
	assert_string_equal(err.message, "");
}

static void rig_turn(struct rig *rig)
{
	uv_run(&rig->loop.uv, UV_RUN_NOWAIT);
}

static void rig_close(struct rig *rig)
{
	char command[128];
	control_free(rig->control);
	assert_int_equal(loop_done(&rig->loop), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig->folder);
	assert_int_equal(system(command), 0);
}

static int rig_connect(struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	str_copy(address.sun_path, sizeof(address.sun_path), rig->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

// Whole requests fit into the socket's buffer unless the text is long: then turns go between.
static void rig_send(struct rig *rig, int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = send(fd, text, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			text += n;
			bytes -= (size_t)n;
		} else if (errno != EAGAIN) {
			return; // the server hung up: what it said can still be read
		}
		rig_turn(rig);
	}
}

// Turns the loop until the server closes the connection, or `enough` stands in the answer.
static char *rig_receive(struct rig *rig, int fd, const char *enough)
{
	struct buf text = {0};
	char piece[65536];
	for (int idle = 0; idle < 2000;) {
		rig_turn(rig);
		ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return buf_take(&text);
		if (n > 0) {
			buf_add(&text, piece, (size_t)n);
			if (enough && strstr(text.data, enough))
				return buf_take(&text);
			continue;
		}
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};
		idle += poll(&pollfd, 1, 1) == 0;
	}
	fail_msg("no answer; so far: %s", buf_str(&text));
	return NULL;
}

static char *rig_ask(struct rig *rig, const char *request)
{
	int fd = rig_connect(rig);
	rig_send(rig, fd, request, strlen(request));
	char *answer = rig_receive(rig, fd, NULL);
	close(fd);
	rig_turn(rig);
	return answer;
}

#define CLOSE "Host: h\r\nConnection: close\r\n"

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("'%s' is not in: %s", (part), (text));                            \
	} while (0)
