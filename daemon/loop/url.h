// What a request's URL says about where it goes: whether it is well formed, and whether it stays on
// this machine. Not a general parser: it refuses whatever two parsers could read differently
// (user information, escapes in the host, blanks), so that libcurl cannot see another host than we.
#pragma once

#include "base/err.h"
#include <stdint.h>

struct url {
	bool is_https;
	bool is_loopback; // "localhost", 127.0.0.0/8, ::1
	bool is_metadata; // the instance's own services: 169.254.0.0/16, fd00:ec2::/32
	uint64_t origin;  // equal for equal scheme, host and port; not a secret, not unforgeable
};

/* INVALID for anything that is not an http or https URL. Starts no look-up. */
struct err url_read(const char *text, struct url *ret_url) MUST_CHECK;
