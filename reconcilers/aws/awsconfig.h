// The client's settings as AWS's tools find them: environment first, then the profile.
#pragma once

#include "aws/env.h"
#include "base/err.h"
#include <stdbool.h>

struct profiles;

struct awsconfig {
	const struct env *env;     // borrowed
	struct profiles *profiles; // owned
	char *profile;             // owned: the name in force
	bool is_profile_explicit;  // by argument or environment, so it must exist
	bool is_profile_argument;  // by argument: keys of the environment do not count then
	char *region;              // owned; NULL: none
	char *ca_bundle;           // owned; NULL: the system's
	bool use_fips, use_dualstack;
	int most_attempts; // 0: the service's default
	bool is_adaptive;  // retry_mode asks for it: our limiters slow down after throttles anyway
};

/* Reads files and environment now. `region` and `profile` may be NULL and win when they are not. */
struct err awsconfig_load(const struct env *env, const char *region, const char *profile,
	struct awsconfig *ret_config) MUST_CHECK;
void awsconfig_done(struct awsconfig *config);
/* The endpoint URL configured for a service, by the name in its variable
 * ("ELASTIC_LOAD_BALANCING_V2"); NULL: AWS's own. Borrowed. */
const char *awsconfig_endpoint_url(const struct awsconfig *config, const char *service_env_name);
