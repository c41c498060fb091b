// Which provider a configuration means, in botocore's order: environment, assume-role profile, web
// identity, credentials file, credential_process, config file, container, instance metadata.
#pragma once

#include "aws/awsconfig.h"
#include "aws/credentials.h"
#include "loop/http.h"

/* ERR_INVALID names the profile and the setting: a role without a source, a loop of roles,
 * mfa_serial, half a pair of keys, SSO. `config` is borrowed as long as the provider lives. */
struct err credchain_build(struct loop *loop, struct http *http, const struct awsconfig *config,
	struct provider **ret_provider) MUST_CHECK;
