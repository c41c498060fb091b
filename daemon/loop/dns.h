// A name look-up as an op, over uv_getaddrinfo (libuv's own thread pool, because glibc's resolver
// blocks). libpq needs it: it resolves synchronously unless it is given hostaddr.
#pragma once

#include "base/err.h"
#include "loop/loop.h"
#include <netdb.h>

/* Text of one numeric address, with its NUL. */
#define DNS_ADDRESS_BYTES 64

struct dns_lookup {
	struct op op;
	// -- in; borrowed until finished
	const char *host;    // a name or a numeric address
	const char *service; // a port number or name; NULL: no port
	// -- out, owned; NULL unless finished without error
	struct addrinfo *addrs; // stream sockets, in the resolver's order (RFC 6724)
	// -- private
	void *state;
};

void dns_init(struct dns_lookup *lookup);
/* Finishes with ERR_OK and at least one address, NOT_FOUND when the name does not exist, TRANSIENT
 * when no server answers, INVALID for an impossible name, CANCELED. */
void dns_start(struct loop *loop, struct dns_lookup *lookup, struct task *owner);
/* Frees the addresses; ready for another start. */
void dns_done(struct dns_lookup *lookup);
/* "192.0.2.1" or "2001:db8::1%eth0"; "" for other families. */
void dns_format(const struct addrinfo *addr, char ret_text[DNS_ADDRESS_BYTES]);
