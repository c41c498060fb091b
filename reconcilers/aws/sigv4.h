// AWS Signature Version 4, header form: a pure function of request, credentials, scope and time.
//
// Written from "Create a signed AWS API request" (IAM User Guide). The request is taken as it goes
// on the wire, but text that nobody has encoded yet (a raw space, UTF-8) signs as its encoded form.
// Nothing here reads a clock or the environment.
#pragma once

#include "base/buf.h"
#include "base/defs.h"
#include "base/hash.h"
#include <stdbool.h>
#include <stdint.h>

enum sigv4_flags {
	SIGV4_ENCODE_TWICE = 1,   // the wire's path is encoded once more; every service but S3
	SIGV4_NORMALIZE = 2,      // ".", ".." and "//" are resolved; every service but S3
	SIGV4_PAYLOAD_HEADER = 4, // x-amz-content-sha256 is sent and signed
	SIGV4_TOKEN_UNSIGNED = 8, // the session token is sent beside the signature
};

struct sigv4_header {
	const char *name, *value; // any case; a value may be folded over lines
};

/* All borrowed. */
struct sigv4_request {
	const char *method;
	const char *path;  // "" or NULL reads "/"
	const char *query; // without '?'; NULL: none
	/* With Host; without X-Amz-Date, X-Amz-Security-Token and x-amz-content-sha256, which
	 * follow from the rest (an X-Amz-Date that is given wins over wall_ms and is not made
	 * again). At most SIGV4_MOST_HEADERS; the names of sigv4_is_unsigned_header() are skipped.
	 */
	const struct sigv4_header *headers;
	size_t header_count;
	const char *payload_hash; // hex SHA-256 of the body, or "UNSIGNED-PAYLOAD"
	const char *region, *service;
	int64_t wall_ms;
	int flags;
};

/* Borrowed. */
struct sigv4_credentials {
	const char *access_key_id, *secret, *token; // token: NULL or "" for none
};

enum { SIGV4_MOST_HEADERS = 96, SIGV4_DATE_BYTES = 17, SIGV4_KEYS = 16 };

/* Signing keys already derived: four HMACs saved a request. */
struct sigv4_key {
	char day[9];
	char region[32], service[40];
	char access_key_id[132];
	char *secret; // owned, burned; NULL: a free slot
	uint8_t key[HASH_BYTES];
};

/* Reused from request to request: scratch texts and keys. Zeroed is ready. */
struct sigv4 {
	struct sigv4_key keys[SIGV4_KEYS];
	unsigned next_key;
	struct buf names;     // lower-case header names
	struct buf canonical; // the canonical request of the last signature
	struct buf to_sign;   // its string to sign
	struct buf signed_headers;
	char date[SIGV4_DATE_BYTES]; // the X-Amz-Date to send
	char signature[HASH_HEX_BYTES];
	struct buf authorization; // the Authorization to send
};

void sigv4_init(struct sigv4 *sigv4);
/* Burns the keys. */
void sigv4_done(struct sigv4 *sigv4);
/* Burns the keys and stays usable (new credentials). */
void sigv4_forget(struct sigv4 *sigv4);
/* Fills date, signature, authorization. False when memory is out, a text is too long for its
 * field, or there are too many headers. */
bool sigv4_sign(struct sigv4 *sigv4, const struct sigv4_request *request,
	const struct sigv4_credentials *credentials) MUST_CHECK;

/* Headers that proxies and clients change on the way: never signed. */
bool sigv4_is_unsigned_header(const char *name);
/* "20150830T123600Z" of a wall-clock time. */
void sigv4_format_date(int64_t wall_ms, char ret_date[SIGV4_DATE_BYTES]);
