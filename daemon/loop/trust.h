// Whose certificates are trusted: a CA bundle of the user's choice, or the system's.
#pragma once

#include "base/err.h"
#include <curl/curl.h>

struct trust {
	char *bundle;       // PEM file, spelled as this change demands; owned; NULL: the system's
	const char *folder; // the system's; borrowed from libcurl; NULL: it has no hashed links
	unsigned changes;   // of the bundle so far
};

void trust_init(struct trust *trust);
void trust_done(struct trust *trust);
/* Takes effect for the next connections, also when the path is the same and the file is new. NULL:
 * the system's. INVALID when the file cannot be read. */
struct err trust_set_bundle(struct trust *trust, const char *path) MUST_CHECK;
void trust_apply(const struct trust *trust, CURL *easy);
