// The text is split by libpq itself (PQconninfoParse); only the lists of hosts, addresses and
// ports are ours to split, at commas, as the manual of libpq says ("Specifying Multiple Hosts").
#include "state/conninfo.h"
#include "base/buf.h"
#include "base/str.h"
#include <arpa/inet.h>

struct setting {
	const char *keyword, *value;
};

// clang-format off
static const struct setting settings[] = {
	{"application_name",     "holdfastd"},
	{"target_session_attrs", "read-write"},
	{"keepalives_idle",      "30"},
	{"keepalives_interval",  "10"},
	{"keepalives_count",     "3"},
	{"tcp_user_timeout",     "15000"},
	{"gssencmode",           "disable"}, // "prefer" asks Kerberos first, and may block in it
};
// clang-format on

static const char *option(const struct conninfo *conninfo, const char *keyword)
{
	for (PQconninfoOption *o = conninfo->options; o && o->keyword; o++)
		if (str_eq(o->keyword, keyword))
			return str_empty(o->val) ? NULL : o->val;
	return NULL;
}

static const char *option_or_env(
	const struct conninfo *conninfo, const char *keyword, const char *env)
{
	const char *value = option(conninfo, keyword);
	if (!value)
		value = getenv(env);
	return value ? value : "";
}

// The n-th element of a comma-separated list, copied. With `repeat`, a single element counts for
// all.
static char *element(const char *list, int n, bool repeat)
{
	if (repeat && !strchr(list, ','))
		n = 0;
	for (; n > 0; n--) {
		list = strchr(list, ',');
		if (!list)
			return strdup("");
		list++;
	}
	return strndup(list, strcspn(list, ","));
}

static int element_count(const char *list)
{
	int count = 1;
	for (; *list; list++)
		count += *list == ',';
	return count;
}

static bool is_numeric(const char *host)
{
	unsigned char address[16];
	char plain[64];
	str_copy(plain, sizeof(plain), host);
	plain[strcspn(plain, "%")] = '\0'; // fe80::1%eth0
	return inet_pton(AF_INET, plain, address) == 1 || inet_pton(AF_INET6, plain, address) == 1;
}

static struct err split_hosts(struct conninfo *conninfo)
{
	const char *hosts = option_or_env(conninfo, "host", "PGHOST");
	const char *addresses = option_or_env(conninfo, "hostaddr", "PGHOSTADDR");
	const char *ports = option_or_env(conninfo, "port", "PGPORT");
	int count = element_count(*addresses ? addresses : hosts);
	if (count > CONNINFO_MOST_HOSTS)
		return err_new(ERR_INVALID,
			"the Postgres connection string names more than %d hosts",
			CONNINFO_MOST_HOSTS);
	for (int i = 0; i < count; i++) {
		struct conninfo_host *host = &conninfo->hosts[i];
		host->name = element(hosts, i, false);
		host->port = element(ports, i, true);
		host->address = *addresses ? element(addresses, i, false) : NULL;
		conninfo->host_count = i + 1;
		if (!host->name || !host->port || (*addresses && !host->address))
			return err_nomem();
		host->is_name = !host->address && host->name[0] && host->name[0] != '/' &&
				host->name[0] != '@' && !is_numeric(host->name);
	}
	return ERR_OK;
}

struct err conninfo_init(struct conninfo *conninfo, const char *text)
{
	*conninfo = (struct conninfo){0};
	char *message = NULL;
	conninfo->options = PQconninfoParse(text, &message);
	PQfreemem(message);
	if (!conninfo->options)
		return err_new(ERR_INVALID, "the Postgres connection string is malformed; it is "
					    "'host=... dbname=... user=...'"
					    " or 'postgresql://user@host/dbname'");
	struct err err = split_hosts(conninfo);
	if (err_is(&err))
		conninfo_done(conninfo);
	return err;
}

void conninfo_host_of(struct conninfo_host *host, const PGconn *conn)
{
	const char *name = PQhost(conn), *address = PQhostaddr(conn), *port = PQport(conn);
	*host = (struct conninfo_host){.name = strdup(name ? name : ""),
		.address = str_empty(address) ? NULL : strdup(address),
		.port = strdup(port ? port : "")};
	if (!host->name || !host->port || (!str_empty(address) && !host->address))
		abort(); // out of memory; the supervisor starts us anew
}

void conninfo_host_done(struct conninfo_host *host)
{
	free(host->name);
	free(host->address);
	free(host->port);
	*host = (struct conninfo_host){0};
}

void conninfo_done(struct conninfo *conninfo)
{
	for (PQconninfoOption *o = conninfo->options; o && o->keyword; o++)
		if (o->val && str_eq(o->keyword, "password"))
			explicit_bzero(o->val, strlen(o->val));
	if (conninfo->options)
		PQconninfoFree(conninfo->options);
	for (int i = 0; i < conninfo->host_count; i++)
		conninfo_host_done(&conninfo->hosts[i]);
	*conninfo = (struct conninfo){0};
}

static void add(struct conninfo_params *params, const char *keyword, const char *value)
{
	if (!value || params->count >= CONNINFO_MOST_KEYWORDS)
		return;
	params->keywords[params->count] = keyword;
	params->values[params->count++] = value;
}

static bool join_hosts(struct conninfo_params *params, const struct conninfo_host *hosts, int count)
{
	struct buf names, addresses, ports;
	buf_init(&names, 0);
	buf_init(&addresses, 0);
	buf_init(&ports, 0);
	bool has_address = false, has_port = false, has_name = false;
	for (int i = 0; i < count; i++) {
		const char *comma = i > 0 ? "," : "";
		buf_addf(&names, "%s%s", comma, hosts[i].name);
		buf_addf(&addresses, "%s%s", comma, hosts[i].address ? hosts[i].address : "");
		buf_addf(&ports, "%s%s", comma, hosts[i].port);
		has_name |= hosts[i].name[0] != '\0';
		has_address |= hosts[i].address != NULL;
		has_port |= hosts[i].port[0] != '\0';
	}
	bool ok = !names.failed && !addresses.failed && !ports.failed;
	params->host = has_name ? buf_take(&names) : NULL;
	params->hostaddr = has_address ? buf_take(&addresses) : NULL;
	params->port = has_port ? buf_take(&ports) : NULL;
	buf_done(&names);
	buf_done(&addresses);
	buf_done(&ports);
	return ok;
}

struct err conninfo_params_init(struct conninfo_params *params, const struct conninfo *conninfo,
	const struct conninfo_host *hosts, int host_count, const char *options)
{
	*params = (struct conninfo_params){0};
	if (!join_hosts(params, hosts, host_count))
		return err_nomem();
	add(params, "host", params->host);
	add(params, "hostaddr", params->hostaddr);
	add(params, "port", params->port);
	for (PQconninfoOption *o = conninfo->options; o->keyword; o++)
		if (!str_eq(o->keyword, "host") && !str_eq(o->keyword, "hostaddr") &&
			!str_eq(o->keyword, "port") && !str_empty(o->val))
			add(params, o->keyword, o->val);
	for (size_t i = 0; i < ARRAY_COUNT(settings); i++)
		if (!option(conninfo, settings[i].keyword))
			add(params, settings[i].keyword, settings[i].value);
	if (!option(conninfo, "options"))
		add(params, "options", options);
	return ERR_OK;
}

void conninfo_params_done(struct conninfo_params *params)
{
	free(params->host);
	free(params->hostaddr);
	free(params->port);
	*params = (struct conninfo_params){0};
}

const char *conninfo_where(const struct conninfo *conninfo)
{
	const struct conninfo_host *first = &conninfo->hosts[0];
	if (first->name[0])
		return first->name;
	return first->address ? first->address : "the default socket";
}
