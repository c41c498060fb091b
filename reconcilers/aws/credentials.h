// Credentials and where they come from: a provider is a small vtable and an op.
//
// Which provider a configuration means is decided once, from environment and profile files, in
// botocore's order (credchain.h). Each answers with credentials or with an error; the cache
// (credcache.h) keeps, refreshes and shares what they answer.
#pragma once

#include "base/err.h"
#include "base/js.h"
#include "loop/loop.h"
#include <stdbool.h>
#include <stdint.h>

struct credentials {
	char *access_key_id, *secret; // owned; NULL: none
	char *token;                  // owned; NULL: long-lived keys
	int64_t expires_wall_ms;      // 0: never
};

/* Zeroes and frees the texts. */
void credentials_burn(struct credentials *credentials);
/* Copies the texts (token may be NULL or ""). False when memory is out. */
bool credentials_set(struct credentials *credentials, const char *access_key_id, const char *secret,
	const char *token, int64_t expires_wall_ms) MUST_CHECK;

struct provider;

struct provider_type {
	const char *name; // "environment", "assume-role": for messages
	/* Called with the op started; ends in exactly one op_finish(), not from inside. */
	void (*start)(struct provider *provider);
	/* NULL: it cannot be cancelled (it ends within the turn). */
	void (*cancel)(struct provider *provider);
	void (*free)(struct provider *provider);
};

/* The base of a provider. The op finishes with ERR_OK and `found`, or with
 *   DENIED     the source refuses us for good (AccessDenied): nothing that waiting cures
 *   any other  the source did not answer, or not with usable credentials: a refresh may succeed
 * later */
struct provider {
	struct op op;
	const struct provider_type *type;
	struct credentials found; // out; the receiver takes it
};

void provider_start(struct provider *provider, struct task *owner);
/* Must not be running. NULL is fine. */
void provider_free(struct provider *provider);

/* Keys from the environment or a test; text is copied. NULL when memory is out. */
struct provider *provider_static_new(struct loop *loop, const char *name, const char *access_key_id,
	const char *secret, const char *token);

/* Reads {AccessKeyId, SecretAccessKey, Token or SessionToken, Expiration} of a JSON object: what
 * STS, credential_process and the metadata services answer. `source` is for the message. Burns the
 * object's own texts. ERR_TRANSIENT: half an answer, or not a date. */
struct err credentials_from_json(
	struct credentials *credentials, json_t *object, const char *source) MUST_CHECK;

/* The keys of one profile of the shared files; they are read again at every fetch, so that keys
 * changed on disk are found after AWS has refused the old ones. */
struct env;
enum credentials_file { CREDENTIALS_FILE, CREDENTIALS_CONFIG_FILE };
struct provider *provider_file_new(
	struct loop *loop, const struct env *env, const char *profile, enum credentials_file file);
