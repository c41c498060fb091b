// What an AWS error means, and what a person can do about it. Pure.
#pragma once

#include "aws/client.h"
#include "aws/wire.h"

struct error_context {
	const char *service;       // "ec2"
	const char *signing_name;  // IAM's prefix of actions, when the message names none
	const char *operation;     // "CreateVpc"
	const char *region;        // that the call was signed for
	const char *access_key_id; // that signed; NULL: unsigned
	const char *source;        // of the credentials: "environment"
};

/* An error of AWS as ours: class by code and status, code and request id verbatim; for denied ones
 * the missing action, for a quota its name, for both the remedy in front of AWS's sentence. */
struct err error_from_answer(
	const struct wire_error *answer, int http_status, const struct error_context *context);
