// Credentials from the host: the container agent (ECS, EKS pod identity) and EC2's instance
// metadata service, version 2 only.
#pragma once

#include "aws/awsconfig.h"
#include "aws/credentials.h"
#include "loop/http.h"

/* From AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or ..._FULL_URI, with
 * AWS_CONTAINER_AUTHORIZATION_TOKEN or
 * ..._TOKEN_FILE (read at every fetch, it wins). *ret_provider NULL: neither is set. ERR_INVALID: a
 * URI that is neither https nor of this host or the agents' addresses. */
struct err credmeta_container(struct loop *loop, struct http *http, const struct env *env,
	struct provider **ret_provider) MUST_CHECK;
/* `is_last_resort`: nothing else is configured, which the error then says. Honours
 * AWS_EC2_METADATA_SERVICE_ENDPOINT and ..._ENDPOINT_MODE and their profile keys. *ret_provider
 * NULL: AWS_EC2_METADATA_DISABLED. */
struct err credmeta_instance(struct loop *loop, struct http *http, const struct awsconfig *config,
	bool is_last_resort, struct provider **ret_provider) MUST_CHECK;
