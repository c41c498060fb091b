// Values that are made up once, with the system's own randomness: what Secrets Manager's
// GetRandomPassword and CloudFormation's GenerateSecretString would make, without a call.
//
// `how` is {"length", "exclude_characters", "exclude_numbers", "exclude_punctuation",
// "exclude_uppercase", "exclude_lowercase", "include_space", "require_each_included_type",
// "template", "key"}, all optional. With a template (a JSON object as text) the value is that
// object with the password as its member `key`.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"

enum { PASSWORD_LENGTH = 32, PASSWORD_MOST = 4096 };

/* Appends the value to `out`, which the caller burns. INVALID when nothing can be made that way
 * (all characters are excluded, too short for one of each sort). */
struct err password_make(const json_t *how, struct buf *out) MUST_CHECK;
