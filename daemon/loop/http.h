// HTTP requests as ops, over libcurl's multi interface on the loop. HTTP/1.1 only.
//
// Nothing that changes anything is ever sent twice by itself. libcurl silently re-sends a request
// when a reused connection dies before the first answer byte (lib/transfer.c, Curl_retry_request;
// measured: CreateVpc ran twice). So a mutating body is read through a callback whose seek fails:
// the re-send becomes an error with maybe_done set. Requests that only read keep the re-send.
// Redirects are not followed, .netrc and cookies are off, answers are not decompressed.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"

struct http_transfer;
struct http; // the pool: one multi handle, its connections, its limits

struct http_options {
	long most_connections;      // in all; 0: 64
	long most_host_connections; // a host; 0: 16
	const char *ca_bundle;      // PEM file; NULL: the system's. Borrowed during the call
};

/* The pool. ERR_BUG when libcurl cannot start. */
struct err http_new(
	struct loop *loop, const struct http_options *options, struct http **ret_http) MUST_CHECK;
/* Every request must have finished. NULL is fine. Libuv lets go of the sockets in the next turn, or
 * in loop_done(). */
void http_free(struct http *http);
/* Changes the CA bundle of later connections, also when the path is the same and the file is new
 * (a reload). NULL: the system's. INVALID when the file cannot be read. */
struct err http_set_ca_bundle(struct http *http, const char *path) MUST_CHECK;

struct http_header {
	char *name, *value; // one block, owned through name
};

enum { HTTP_MOST_HEADERS = 64, HTTP_MOST_HEADER_BYTES = 64 << 10 };

/* Whether a request may still leave: asked at the last instant, when its connection stands, and
 * again before its body. A process that was stopped, or waited long for a place or a name, learns
 * there that its time is over. Embedded in what knows. */
struct http_gate {
	bool (*is_open)(const struct http_gate *gate);
};

/* One request and its answer. The caller fills the first part, http_start() does the rest. */
struct http_request {
	struct op op;
	// -- in; everything is borrowed until the op has finished
	const char *method; // "GET", "POST", "PUT", "DELETE", ...
	const char *url; // encoded, sent as it is; http:// only for loopback and metadata addresses
	const char *const *headers; // "Name: value", NULL-ended; CR or LF in one is ERR_INVALID
	const char *body;
	size_t body_bytes;
	size_t most_answer_bytes; // 0: 32 MiB; more is ERR_INVALID "answer too large"
	int64_t connect_ms;       // 0: 3,100 (AWS's standard defaults mode)
	int64_t total_ms;         // whole attempt from its launch (waiting for a place among the
				  // most_connections does not count), 0: 30,000
	bool is_mutating; // never sent twice (see above); a body-less one gets a fresh connection
	const struct http_gate *gate; // NULL: always open
	bool no_proxy;                // metadata addresses: never through a proxy
	bool allow_plain_http;        // a configured endpoint on a non-loopback address (by choice)
	// -- out; owned by the request, valid when finished without error
	int status;
	struct buf answer;
	struct http_header answer_headers[HTTP_MOST_HEADERS];
	size_t answer_header_count;
	int64_t took_ms;
	// -- private
	struct http_transfer *transfer; // owned by the pool while the op runs
};

/* Prepares an empty request. */
void http_request_init(struct http_request *request);
/* Starts it. The op finishes with ERR_OK for any HTTP status, or:
 *   TRANSIENT  name look-up, connect, TLS handshake, read, time limits, an answer that is no HTTP
 *   INVALID    a bad URL or header, an answer over its caps, a certificate that does not verify
 *   CANCELED   op_cancel(), or its gate was closed: code "GateClosed", and nothing was carried out
 * The code is "CURLE_<number>". maybe_done is set for a mutating request as soon as a byte of it
 * may have left. The same struct may be started again after it has finished. */
void http_start(struct http *http, struct http_request *request, struct task *owner);
/* Frees what the answer holds; ready for another start. */
void http_request_done(struct http_request *request);
/* The value of an answer header, any case; NULL when absent. Borrowed. */
const char *http_header(const struct http_request *request, const char *name);
