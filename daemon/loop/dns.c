// The request of libuv lives in a block of its own: a look-up that a worker thread is busy with
// cannot be taken back, so after a cancel the op finishes at once and the block follows later.
#include "loop/dns.h"

struct query {
	uv_getaddrinfo_t req;
	struct dns_lookup *lookup; // borrowed; NULL once it is cancelled
};

static struct err to_err(int rc, const char *host)
{
	const char *code = uv_err_name(rc), *text = uv_strerror(rc);
	switch (rc) {
	case UV_EAI_NONAME:
	case UV_EAI_NODATA:
	case UV_EAI_ADDRFAMILY:
		return err_code(ERR_NOT_FOUND, code, "no address for host '%s': %s", host, text);
	case UV_EAI_BADFLAGS:
	case UV_EAI_BADHINTS:
	case UV_EAI_SERVICE:
	case UV_EAI_SOCKTYPE:
	case UV_EAI_FAMILY:
	case UV_EINVAL:
	case UV_ENAMETOOLONG:
		return err_code(ERR_INVALID, code, "cannot look up host '%s': %s", host, text);
	case UV_ENOMEM:
	case UV_EAI_MEMORY:
		return err_nomem();
	default:
		return err_code(ERR_TRANSIENT, code, "cannot look up host '%s': %s", host, text);
	}
}

static void on_found(uv_getaddrinfo_t *req, int rc, struct addrinfo *addrs)
{
	struct query *query = CONTAINER_OF(req, struct query, req);
	struct dns_lookup *lookup = query->lookup;
	free(query);
	if (!lookup) {
		uv_freeaddrinfo(addrs);
		return;
	}
	lookup->state = NULL;
	if (rc == 0 && !addrs)
		rc = UV_EAI_NODATA;
	if (rc == 0) {
		lookup->addrs = addrs;
		op_finish(&lookup->op, ERR_OK);
		return;
	}
	uv_freeaddrinfo(addrs);
	op_finish(&lookup->op, to_err(rc, lookup->host));
}

static void on_cancel(struct op *op)
{
	struct dns_lookup *lookup = CONTAINER_OF(op, struct dns_lookup, op);
	struct query *query = lookup->state;
	lookup->state = NULL;
	if (query) {
		query->lookup = NULL;
		uv_cancel((uv_req_t *)&query->req); // refused while a thread works on it; no matter
	}
	op_finish(op, err_new(ERR_CANCELED, "look-up canceled"));
}

void dns_init(struct dns_lookup *lookup)
{
	*lookup = (struct dns_lookup){0};
}

void dns_start(struct loop *loop, struct dns_lookup *lookup, struct task *owner)
{
	static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	op_start(&lookup->op, owner, on_cancel);
	lookup->addrs = NULL;
	lookup->state = NULL;
	struct query *query = calloc(1, sizeof(*query));
	if (!query) {
		op_finish_soon(loop, &lookup->op, err_nomem());
		return;
	}
	query->lookup = lookup;
	lookup->state = query;
	int rc = uv_getaddrinfo(
		&loop->uv, &query->req, on_found, lookup->host, lookup->service, &hints);
	if (rc != 0) {
		lookup->state = NULL;
		free(query);
		op_finish_soon(loop, &lookup->op, to_err(rc, lookup->host));
	}
}

void dns_done(struct dns_lookup *lookup)
{
	uv_freeaddrinfo(lookup->addrs);
	lookup->addrs = NULL;
	op_reset(&lookup->op);
}

void dns_format(const struct addrinfo *addr, char ret_text[DNS_ADDRESS_BYTES])
{
	ret_text[0] = '\0';
	if (addr->ai_family != AF_INET && addr->ai_family != AF_INET6)
		return;
	if (getnameinfo(addr->ai_addr, addr->ai_addrlen, ret_text, DNS_ADDRESS_BYTES, NULL, 0,
		    NI_NUMERICHOST) != 0)
		ret_text[0] = '\0';
}
