// AWS's shared config and credentials files: profiles, services and sso-session sections, merged as
// the CLI merges them.
//
// In the credentials file a section is a profile: [x]. In the config file it is [profile x] (or
// [default]); [services x] and [sso-session x] hold other things. For one profile the credentials
// file's keys win over the config file's, and [profile default] over [default]. A key without a
// value opens a block of indented keys ("s3 =").
#pragma once

#include "aws/env.h"
#include "base/err.h"
#include <stdbool.h>

struct profiles; // all texts live in it

enum profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };

/* AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/config and ~/.aws/credentials; a file
 * that is not there is empty. ERR_INVALID names file, line and what is wrong. At most 1 MiB each.
 */
struct err profiles_load(const struct env *env, struct profiles **ret_profiles) MUST_CHECK;
struct profiles *profiles_new(void);
/* Adds one file's text; `path` is for messages. The result of a failed parse is incomplete. */
struct err profiles_parse(struct profiles *profiles, enum profile_file file, const char *path,
	const char *text, size_t bytes) MUST_CHECK;
/* Burns the values: there are keys among them. NULL is fine. */
void profiles_free(struct profiles *profiles);

bool profile_exists(const struct profiles *profiles, const char *name);
/* A key of a profile (lower case), merged over the files; NULL when absent or empty. Borrowed. */
const char *profile_get(const struct profiles *profiles, const char *name, const char *key);
/* The same of one file alone. */
const char *profile_get_from(
	const struct profiles *profiles, enum profile_file file, const char *name, const char *key);
/* A nested key of a services section: ("local", "ec2", "endpoint_url"). */
const char *profile_service_get(
	const struct profiles *profiles, const char *section, const char *service, const char *key);
const char *profiles_config_path(const struct profiles *profiles);
const char *profiles_credentials_path(const struct profiles *profiles);
