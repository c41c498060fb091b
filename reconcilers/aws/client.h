// The AWS client: aws_call(service, operation, JSON in) -> JSON out, the same for every protocol.
//
// JSON is AWS's own member structure, by the model: numbers are numbers, lists are arrays, maps are
// objects, timestamps are strings "2026-11-23T09:48:00Z" (RFC 3339, UTC), blobs base64. Members
// that the model does not know are dropped, null is absent, an empty list that AWS sent is [].
#pragma once

#include "aws/model.h"
#include "base/err.h"
#include "base/js.h"
#include "loop/http.h"
#include "loop/loop.h"

/* What a read answered last, so that the same bytes need not be decoded again. The caller's; zeroed
 * at first. */
struct aws_memo {
	uint8_t digests[2][32]; // of the body before and after its request id
	json_t *output;         // owned; NULL: nothing yet
};

void aws_memo_done(struct aws_memo *memo);

/* One call with its retries; an op. */
struct aws_call {
	struct op op;
	// -- in; borrowed until finished
	const char *service;   // "ec2"
	const char *operation; // "CreateVpc"
	const json_t *input;   // object, or NULL for none
	const json_t *keep; // {"VpcId": true, ...}: of the elements of the answer's list only these
			    // members are wanted; others may be left out. NULL: all
	bool is_mutating; // a lost answer ends in maybe_done; never repeated when it may have run,
			  // unless `is_repeatable`
	bool is_repeatable; // mutating, but harmless twice (a client token, a put of the same
			    // value)
	struct aws_memo
		*memo; // reads: the earlier answer to the same request, and the place of this
		       // one; the output is then shared and must not be changed. NULL: none
	const struct http_gate *gate; // asked before each attempt leaves; closed: CANCELED
				      // "GateClosed". NULL: always open
	int64_t deadline_ms;          // loop time after which no further attempt starts; 0: none
	// -- out; valid when finished without error
	json_t *output;      // owned; never NULL on success ({} for an empty answer)
	char request_id[80]; // also after an AWS error
	int attempts;        // requests sent
	int64_t took_ms;
	// -- private
	void *state;
};

/* What the core knows of a client; the simulation brings its own. */
struct aws_port {
	void (*start)(struct aws_port *port, struct aws_call *call, struct task *owner);
};

void aws_call_init(
	struct aws_call *call, const char *service, const char *operation, const json_t *input);
/* Frees the output; the call can be used again. It must not be running. */
void aws_call_done(struct aws_call *call);
/* Ends with ERR_OK and output, or
 *   TRANSIENT, THROTTLED  retries used up (AWS standard mode) or a quota of retries empty
 *   NOT_FOUND, CONFLICT, DENIED, INVALID   AWS's answer, its code verbatim
 *   INVALID  the input does not fit the model (nothing was sent)
 *   CANCELED, BUG
 * err.maybe_done tells when a mutating request may have been carried out. */
static inline void aws_start(struct aws_port *port, struct aws_call *call, struct task *owner)
{
	port->start(port, call, owner);
}

/* After a page: the input of the next one as a new object (free it), or NULL when this was the
 * last. A token that equals the one just sent is an endless loop: *ret_err is TRANSIENT then. */
json_t *aws_next_page(const struct aws_call *call, struct err *ret_err);

/* The class of an AWS error code, by its name and the HTTP status (the code decides first). */
enum err_class aws_error_class(const char *code, int http_status);

// ---- the real client

struct aws; // one account and region

struct env; // aws/env.h

struct aws_settings {
	const char *region;    // NULL: AWS_REGION, AWS_DEFAULT_REGION, profile, in that order
	const char *profile;   // NULL: AWS_PROFILE, AWS_DEFAULT_PROFILE, "default"
	int most_in_flight;    // 0: 64
	const struct env *env; // NULL: the process's. Borrowed as long as the client lives
	double backoff_scale;  // 0: 1; tests shorten the waits between attempts
	double rate_scale;     // 0: 1; of AWS's rates that we allow ourselves (aws/limiter.h)
};

/* Reads environment and profile files now, and again at aws_reload(). ERR_INVALID names the file
 * and line (a bad profile file, a role loop, mfa_serial, FIPS with a custom endpoint, no region).
 */
struct err aws_new(struct loop *loop, struct http *http, const struct aws_settings *settings,
	struct aws **ret_aws) MUST_CHECK;
/* Every call must have finished. */
void aws_free(struct aws *aws);
struct err aws_reload(struct aws *aws) MUST_CHECK;
struct aws_port *aws_as_port(struct aws *aws);
const char *aws_region(const struct aws *aws);    // its address stays, also over a reload
const char *aws_partition(const struct aws *aws); // "aws", "aws-cn", "aws-us-gov"
/* "the environment", "assume-role", "the instance metadata service", ...; until the next reload. */
const char *aws_credentials_source(const struct aws *aws);
/* Counters for status and metrics: {"ec2": {"requests","errors","throttled","retries","in_flight",
 * "read_left","write_left" (of the budget, 0..1),"read_rate","write_rate" (a second)}, ...}; owned
 * by the caller. */
json_t *aws_stats(const struct aws *aws);
/* Requests sent so far, over all services. */
uint64_t aws_request_count(const struct aws *aws);
