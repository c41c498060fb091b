// A Postgres connection string, taken apart so far that names can be looked up without blocking:
// libpq would call getaddrinfo() inside PQconnectStart.
#pragma once

#include "base/err.h"
#include <libpq-fe.h>
#include <stdbool.h>

enum { CONNINFO_MOST_HOSTS = 16, CONNINFO_MOST_KEYWORDS = 64 };

struct conninfo_host {
	char *name;    // owned; a name, an address, a socket folder, or "" for libpq's default
	char *address; // owned; numeric, NULL when there is none (yet)
	char *port;    // owned; "" for the default
	bool is_name;  // must be looked up before it can be connected to
};

/* The server that an open connection is with; needs no look-up. */
void conninfo_host_of(struct conninfo_host *host, const PGconn *conn);
void conninfo_host_done(struct conninfo_host *host);

struct conninfo {
	PQconninfoOption *options; // owned
	struct conninfo_host hosts[CONNINFO_MOST_HOSTS];
	int host_count;
};

/* INVALID when libpq cannot read it or there are too many hosts; the message does not quote the
 * text, which may hold a password. PGHOST, PGHOSTADDR and PGPORT fill what it leaves out. */
struct err conninfo_init(struct conninfo *conninfo, const char *text) MUST_CHECK;
void conninfo_done(struct conninfo *conninfo);

/* The keywords and values of one attempt. */
struct conninfo_params {
	const char *keywords[CONNINFO_MOST_KEYWORDS + 1]; // borrowed; NULL-ended
	const char *values[CONNINFO_MOST_KEYWORDS + 1];   // borrowed from conninfo, or below
	int count;
	char *host, *hostaddr, *port; // owned
};

/* Fills the parameters for `hosts` (a copy with addresses found, in the order to try), and our own
 * settings where the text says nothing. `options` is the startup parameter of that name, NULL for
 * none: poolers may refuse it. Values stay borrowed from `conninfo` and `options` until
 * params_done. */
struct err conninfo_params_init(struct conninfo_params *params, const struct conninfo *conninfo,
	const struct conninfo_host *hosts, int host_count, const char *options) MUST_CHECK;
void conninfo_params_done(struct conninfo_params *params);
/* "db.example.com" or "/run/x", for messages: the first host. Borrowed. */
const char *conninfo_where(const struct conninfo *conninfo);
