// The socket server: HTTP/1.1 and JSON over a Unix socket, and optionally over loopback TCP.
//
// It accepts, limits, identifies (SO_PEERCRED) and parses; what a request means is the backend's
// (routes.h). libmicrohttpd does the HTTP on its own epoll descriptor, which the loop watches: no
// thread, and no wakeup while nobody is connected.
#pragma once

#include "base/err.h"
#include "base/js.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct control;

/* Names are read once, in control_new(). */
struct control_settings {
	const char *socket_path; // NULL: no Unix socket
	const char *group; // whose members may connect, so read; name or number; NULL: as created
	const char *admin_group; // whose members may also change; NULL: root and our own user only
	const char *listen; // "127.0.0.1:9464", "[::1]:9464", "localhost:9464": read-only; or NULL
	/* "ops.example.com, ops": names by which TCP may be asked beside localhost and addresses in
	 * digits. Only when given may `listen` be an address that is not loopback. */
	const char *listen_hosts;
	int64_t patience_ms;  // for a whole request to arrive, or an answer to be read; 0: 30 s
	int most_connections; // a listener; 0: 128
};

/* What routes.c read from the query and the body; strings are the exchange's, absent ones NULL. */
struct control_params {
	const char *address; // of the path or the query
	const char *stack;
	const char *target;
	int64_t since_ms, until_ms; // wall clock; -1 when not given
	int64_t at_ms;              // wall clock; -1 when not given
	int64_t limit;              // 1..; -1 when not given
	bool wait, thorough;
	const char *field, *reason;
	const char *id;          // of an object in AWS
	const char *after;       // a cursor
	const char *version;     // of the file
	const char *file, *text; // a file's name, and all that stands in it
	const json_t *files;     // what it includes, as {path: text}; NULL when not given
	int64_t for_ms;          // a length of time; -1 when not given
};

/* One request. Owned by the server; the backend may use it, and every text in it, until it has
 * answered, also when the client has left meanwhile. */
struct control_exchange {
	const char *method, *path; // HEAD arrives as GET; the path is decoded
	json_t *body;              // parsed; NULL when there was none
	uid_t uid;                 // of the client; (uid_t)-1 over TCP
	gid_t gid;
	pid_t pid;
	bool may_change;
	bool is_tcp;
	int64_t now_ms; // wall clock when the request was complete
	struct control_params params;
};

/* `handle` is called from a task's step. It leads to exactly one control_answer*(), at once or
 * later. Both members are borrowed and stay valid until control_free(). */
struct control_backend {
	void *self;
	void (*handle)(void *self, struct control_exchange *exchange);
};

/* ERR_CONFLICT: another daemon listens there; ERR_INVALID: the settings; ERR_DENIED: permissions.
 */
struct err control_new(struct loop *loop, const struct control_settings *settings,
	const struct control_backend *backend, struct control **ret_control) MUST_CHECK;
/* Stops listening, removes the socket, answers what waits with 503. Exchanges that the backend
 * still holds stay valid until it answers them. The loop must turn once more afterwards. */
void control_free(struct control *control);
/* The TCP port in use, or 0. */
int control_port(const struct control *control);
/* Clients connected now. */
size_t control_connection_count(const struct control *control);

/* A query parameter, decoded; NULL when absent. */
const char *control_query(const struct control_exchange *exchange, const char *name);
/* All of them: {"name": "value"}. Borrowed. */
const json_t *control_query_all(const struct control_exchange *exchange);
/* True once the client is known to have left: nobody will read the answer. */
bool control_is_gone(const struct control_exchange *exchange);

/* The answer; `body` is taken. The exchange is no longer the backend's afterwards. */
void control_answer(struct control_exchange *exchange, int status, json_t *body);
/* The same as text that is JSON already; taken; NULL: memory was out (500). */
void control_answer_json(struct control_exchange *exchange, int status, char *text);
/* `text` is copied. */
void control_answer_text(
	struct control_exchange *exchange, int status, const char *content_type, const char *text);
/* {"format":1,"error":{"code","message","remedy"}}; remedy may be NULL. */
void control_error(struct control_exchange *exchange, int status, const char *code,
	const char *message, const char *remedy);
