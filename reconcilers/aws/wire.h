// JSON in AWS's member structure <-> HTTP, for every protocol of the models (ec2, query, json 1.0
// and 1.1, rest-json, rest-xml), from the tables alone. Pure: no I/O, no clock, no credentials.
//
// In and out, values have one form: numbers are numbers, lists arrays, maps and structures objects,
// timestamps RFC 3339 text in UTC ("2026-11-23T09:48:00Z", a fraction only when there is one),
// blobs base64 text; a float that JSON cannot hold is "NaN", "Infinity" or "-Infinity". On input a
// timestamp may also be a number (seconds since 1970) and null is absent.
#pragma once

#include "aws/model.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "loop/http.h"

struct wire_pair {
	char *name, *value; // owned; neither is NULL
};

struct wire_pairs {
	struct wire_pair *items; // owned; in the order of the model, names may repeat
	size_t count, size;
};

/* What goes to the endpoint, before signing. The client adds host, date, credentials. */
struct wire_request {
	const char *method; // "POST"; static
	char *path;         // percent-encoded, begins with '/', no query: sign and send it as is
	struct wire_pairs query; // not encoded; wire_query() renders it
	struct wire_pairs
		headers;   // Content-Type, X-Amz-Target, the input's own; no CR or LF inside
	struct buf body;   // may hold secrets: wire_request_done() burns it
	char *host_prefix; // "" or what goes in front of the endpoint's host ("data.")
};

/* Checks the input (an object; NULL is {}) against the model and builds the request.
 * ERR_INVALID names the member by its path ("IpPermissions.0.FromPort: ..."), with what is
 * expected; values of sensitive members are never quoted. ERR_BUG: out of memory. On an error
 * nothing needs to be freed. Idempotency tokens are the caller's to fill in
 * (operation_token_member()). */
struct err wire_encode(const struct operation *operation, const json_t *input,
	struct wire_request *ret_request) MUST_CHECK;
void wire_request_done(struct wire_request *request);
/* The check alone: unknown members, types, required ones, lengths and ranges. An unknown value of
 * an enum passes (AWS's enums grow; the configuration is stricter). */
struct err wire_check(const struct operation *operation, const json_t *input) MUST_CHECK;
/* The query as sent, RFC 3986 escaped, without '?', in order; sorted = SigV4's canonical order.
 * "" when there is none. Free it; NULL when memory is out. */
char *wire_query(const struct wire_pairs *query, bool is_sorted) MUST_CHECK;
/* Appends percent-encoded text: everything but unreserved characters, and '/' when is_path. */
bool wire_escape(struct buf *out, const char *text, bool is_path);

/* An HTTP answer; all borrowed. */
struct wire_answer {
	int status;
	const struct http_header *headers;
	size_t header_count;
	const char *body;
	size_t body_bytes;
	const json_t *keep; // what the caller reads of listed things (client.h); NULL: everything
};

static inline struct wire_answer wire_answer_of(const struct http_request *request)
{
	return (struct wire_answer){request->status, request->answer_headers,
		request->answer_header_count, buf_str(&request->answer), request->answer.len, NULL};
}

#define WIRE_ID_BYTES 80 // struct err's request_id

/* Decodes the answer to a call that succeeded (2xx). *ret_output is a new object ({} for none),
 * ret_request_id (WIRE_ID_BYTES; may be NULL) the request's id or "".
 * ERR_TRANSIENT, code "BadAnswer": not an answer of this operation (an HTML page, another root
 * element, cut short, not UTF-8, a wrong type, a DTD, nested deeper than 64, more than 4 million
 * elements): never an empty success. The caller sets maybe_done for mutating calls, which have then
 * run. */
struct err wire_decode(const struct operation *operation, const struct wire_answer *answer,
	json_t **ret_output, char *ret_request_id) MUST_CHECK;

/* What an answer that is not 2xx says. */
struct wire_error {
	char code[64];     // "DependencyViolation"; "" when the body is not AWS's
	char message[400]; // "" when there is none
	char request_id[WIRE_ID_BYTES];
	bool is_receiver; // the service calls it its own fault (query: <Type>Receiver)
};

/* Reads any form of AWS error whatever the protocol or Content-Type says: query and ec2 XML, S3's
 * bare <Error>, JSON __type and code, the headers x-amzn-errortype and x-amzn-query-error. Never
 * fails. */
void wire_error(const struct wire_answer *answer, struct wire_error *ret_error);
/* The value of a header, any case; NULL when absent. Borrowed. */
const char *wire_header(const struct wire_answer *answer, const char *name);
