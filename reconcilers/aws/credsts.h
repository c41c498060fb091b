// Credentials from STS: AssumeRole with other credentials, AssumeRoleWithWebIdentity with a token
// file.
#pragma once

#include "aws/client.h"
#include "aws/credentials.h"

/* Borrowed during the call; NULL where not set. */
struct credsts_role {
	const char *arn;
	const char *session_name; // NULL: "holdfast-<time>"
	const char *external_id;  // AssumeRole only
	const char *token_file;   // not NULL: AssumeRoleWithWebIdentity; read again at every fetch
	int64_t duration_seconds; // 0: STS's own (1 hour)
};

/* `port` calls STS (with the source's credentials); `owned`, which may be NULL, is freed with the
 * provider. On an error `owned` stays the caller's. */
struct err credsts_new(struct loop *loop, const struct credsts_role *role, struct aws_port *port,
	struct aws *owned, struct provider **ret_provider) MUST_CHECK;
