// HTTP requests as ops, over libcurl's multi interface on the loop.
//
// Nothing is ever sent twice by itself: a request with a body is read through a callback whose seek
// fails, so a connection that dies before the first answer byte ends in an error with maybe_done
// set instead of libcurl's silent re-send (libcurl lib/transfer.c, Curl_retry_request; measured:
// CreateVpc ran twice). Redirects are not followed, .netrc and cookies are off.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

struct http; // the pool: one multi handle, its connections, its limits

struct http_options {
	long most_connections;      // in all; 0: 64
	long most_host_connections; // a host; 0: 16
	const char *ca_bundle;      // PEM file; NULL: the system's. Borrowed during the call
};

/* The pool. ERR_BUG when libcurl cannot start. */
struct err http_new(struct loop *loop, const struct http_options *options, struct http **ret_http)
	MUST_CHECK;
/* Every request must have finished. Closes handles; the memory goes with the loop's graveyard once libuv
 * has let go of them, so run the loop once more before loop_done(). */
void http_free(struct http *http);
/* Changes the CA bundle of later requests (a reload). */
struct err http_set_ca_bundle(struct http *http, const char *path) MUST_CHECK;

struct http_header {
	char *name, *value; // owned
};

enum { HTTP_MOST_HEADERS = 64 };

/* One request and its answer. The caller fills the first part, http_start() does the rest. */
struct http_request {
	struct op op;
	// -- in; everything is borrowed until the op has finished
	const char *method; // "GET", "POST", "PUT", "DELETE", ...
	const char *url;    // encoded, as sent; http:// only for loopback and metadata addresses
	const char *const *headers; // "Name: value", NULL-ended; CR or LF in one is ERR_INVALID
	const char *body;
	size_t body_bytes;
	size_t most_answer_bytes; // 0: 32 MiB; more is ERR_INVALID "answer too large"
	int64_t connect_ms;       // 0: 3,100 (AWS's standard defaults mode)
	int64_t total_ms;         // whole attempt, 0: 30,000
	bool is_mutating;         // never over a connection that may have died: a body-less one is
				  // sent on a fresh connection
	bool no_proxy;            // metadata addresses: never through a proxy
	bool allow_plain_http;    // a configured endpoint on a non-loopback address (by choice)
	// -- out; owned by the request, valid when finished without error
	int status;
	struct buf answer;
	struct http_header answer_headers[HTTP_MOST_HEADERS];
	size_t answer_header_count;
	int64_t took_ms;
	// -- private
	void *easy, *header_list, *pool;
	size_t body_sent;
};

/* Prepares an empty request. */
void http_request_init(struct http_request *request);
/* Starts it. The op finishes with ERR_OK for any HTTP status, or:
 *   TRANSIENT  name look-up, connect, TLS handshake, read, time limits (maybe_done is set once a
 *              byte of the request may have left)
 *   INVALID    a bad URL or header, a body over its cap, a certificate that does not verify
 *   CANCELED   op_cancel() */
void http_start(struct http *http, struct http_request *request, struct task *owner);
/* Frees what the answer holds; ready for another start. */
void http_request_done(struct http_request *request);
/* The value of an answer header, any case; NULL when absent. Borrowed. */
const char *http_header(const struct http_request *request, const char *name);
