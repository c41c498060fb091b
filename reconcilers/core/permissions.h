// What the daemon's credentials have to be allowed: the calls of the tables, as actions of IAM.
#pragma once

#include "core/desired.h"

/* An IAM policy for the kinds of a file and those that are looked for under them, or, with NULL,
 * for all: {"Version", "Statement": [{"Sid", "Effect", "Action": [...], "Resource"}]}. The
 * statement HoldfastLooks is all that reads, and enough where nothing may be written;
 * HoldfastChanges is the rest, with what AWS documents that it wants of the caller beside it
 * (struct kind, `needs`); HoldfastPassesRoles is there where a kind hands a role to a service.
 * Actions are sorted. New. */
json_t *permissions_policy(const struct desired *desired) MUST_CHECK;
/* "s3:ListAllMyBuckets" of s3 and ListBuckets: most actions are called as the operation. By the
 * Service Authorization Reference. Owned; NULL without memory. */
char *permissions_action(const char *service, const char *operation);
