// Which provider a configuration means, in botocore's order: environment, assume-role profile, web
// identity, credentials file, credential_process, config file, container, instance metadata.
//
// Everything is decided at load; so a loop of roles or a missing half of a key pair is an error of
// the configuration, with the profile's name, and not a failure at three in the morning.
#pragma once

#include "aws/awsconfig.h"
#include "aws/credentials.h"
#include "loop/http.h"

struct aws;
struct aws_port;

struct credchain {
	struct loop *loop;
	struct http *http;
	const struct awsconfig *config; // borrowed; its env as long as the provider lives
	/* Makes a client for STS that signs with `source` (taken over in any case; NULL: unsigned).
	 */
	struct err (*new_sts)(const struct credchain *chain, struct provider *source,
		struct aws_port **ret_port, struct aws **ret_sts);
};

/* ERR_INVALID names the profile and the setting: a role without a source or with two, a loop of
 * roles, mfa_serial, half a pair of keys, SSO. */
struct err credchain_build(
	const struct credchain *chain, struct provider **ret_provider) MUST_CHECK;
