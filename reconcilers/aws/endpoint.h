// Where a service is reached and which region signs for it: pure, from names and settings.
//
// The rule is https://{prefix}.{region}.{suffix}; the table in endpoint.c holds what departs from
// it (global services, GovCloud's FIPS names, S3's dual-stack names), compared in the tests with
// the answers of botocore's endpoint rules for every partition.
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include <stdbool.h>

struct endpoint_settings {
	const char *region;
	const char *custom_url; // NULL: AWS's own
	bool use_fips, use_dualstack;
};

struct endpoint {
	char base[320]; // "https://ec2.eu-west-1.amazonaws.com"; no slash at the end
	char host[260]; // as the Host header has it
	char path[120]; // of a custom URL, before every request's path; "" mostly
	char signing_region[32];
	bool is_custom;
	bool is_plain_http;
};

/* `prefix` is the service's endpoint prefix ("monitoring"). ERR_INVALID: FIPS or dual-stack with a
 * custom URL, a partition without FIPS for S3, a custom URL that is none, a bad region name. */
struct err endpoint_resolve(const char *prefix, bool is_global,
	const struct endpoint_settings *settings, struct endpoint *ret_endpoint) MUST_CHECK;

/* S3: puts the bucket into the host name where that is possible (AWS's own endpoint, a
 * DNS-compatible name without dots) and answers true; else the bucket stays in the path. */
bool endpoint_use_bucket(struct endpoint *endpoint, const char *bucket);
