// Requests to the daemon over its Unix socket: blocking for most commands, or begun and polled
// where something else is shown meanwhile.
#pragma once

#include "base/err.h"
#include "base/js.h"

struct client;

struct reply {
	int status;
	char *text;   // owned
	json_t *body; // owned; NULL when the answer is not JSON
};

struct err client_new(const char *socket_path, struct client **ret_client) MUST_CHECK;
void client_free(struct client *client);

/* Starts a request; one at a time. `body` NULL: GET; else POST, borrowed. The path is encoded
 * already (client_path). timeout_ms 0: none. */
struct err client_begin(
	struct client *client, const char *path, const json_t *body, int64_t timeout_ms) MUST_CHECK;
/* Waits up to wait_ms; true when the request has ended, with its error or reply. What the daemon
 * refused is an error too: its code and message, with the remedy in ret_reply->body. */
bool client_poll(struct client *client, int wait_ms, struct err *ret_err, struct reply *ret_reply);
/* Begins and waits. */
struct err client_ask(struct client *client, const char *path, const json_t *body,
	int64_t timeout_ms, struct reply *ret_reply) MUST_CHECK;
void reply_done(struct reply *reply);
/* What to do about a refusal, or NULL. Borrowed. */
const char *reply_remedy(const struct reply *reply);

/* "/v1/history?since=1h&limit=20" of names and values in turn; a pair whose value is NULL is left
 * out. `last` is one more segment of the path, or NULL. Free the result. */
#define client_path(base, last, ...)                                                               \
	client_path_of((base), (last), (const char *const[]){__VA_ARGS__, NULL})
char *client_path_of(const char *base, const char *last, const char *const *pairs);
/* Where the daemon's socket is: $HOLDFAST_SOCKET, else the first that exists of the system's and
 * the user's. Free it. */
char *client_default_socket(void);

#define _cleanup_reply_ _cleanup_(reply_done)
