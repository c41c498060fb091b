// Inside the server: one exchange, held by two sides. libmicrohttpd holds it from the first header
// to "completed", the backend from `handle` to its answer, in any order; the last one frees it.
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "control/control.h"
#include <microhttpd.h>

struct exchange {
	struct control_exchange public;    // first
	struct list link;                  // in the control's exchanges while it is there
	struct loop *loop;                 // borrowed
	struct task *server;               // borrowed; NULL once the server is gone
	struct MHD_Connection *connection; // borrowed; NULL once libmicrohttpd has let go of it
	struct buf upload;
	json_t *query;        // {"name": "value"}; owned
	char *method, *path;  // owned
	size_t ignored_bytes; // of a body that is too large
	bool is_upload_too_large;
	bool is_asked;     // the backend has it, or had it
	bool is_answered;  // ... and gave it back
	bool is_suspended; // libmicrohttpd waits for the answer
	bool is_gone;
	bool is_stopping; // the server ended before the backend answered
	int status;
	char *content_type; // owned
	char *text;         // owned; the answer until it is queued
	size_t text_bytes;
	uv_poll_t *leaving; // owned until closed; watches for the client's end while suspended
};

enum { EXCHANGE_MOST_BODY_BYTES = 1 << 20, EXCHANGE_MOST_QUERY = 32 };

/* NULL when memory is out. `method` and `path` are copied, the query is read from the connection.
 */
struct exchange *exchange_new(struct loop *loop, struct task *server,
	struct MHD_Connection *connection, const char *method, const char *path);
/* libmicrohttpd's side ends. */
void exchange_release(struct exchange *exchange);
/* Keeps a piece of the body; false: it is time to hang up. */
bool exchange_upload(struct exchange *exchange, const char *bytes, size_t count);
/* Parses the body. False: answered with an error. */
bool exchange_parse(struct exchange *exchange);
/* Waits for the backend, and for the client to leave. */
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);
/* Hands the answer to libmicrohttpd. */
enum MHD_Result exchange_queue(struct exchange *exchange);
