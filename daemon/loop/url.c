// Addresses are compared as numbers; a host that is no literal address is a name, and only one name
// counts as this machine (libcurl answers it without asking a resolver, RFC 6761).
#include "loop/url.h"
#include "base/str.h"
#include <arpa/inet.h>

enum { LONGEST_HOST = 255, LONGEST_URL = 64 << 10 };

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void note_address(const char *host, bool is_bracketed, struct url *url)
{
	uint8_t a[16];
	if (is_bracketed && inet_pton(AF_INET6, host, a) == 1) {
		static const uint8_t loopback[16] = {[15] = 1};
		static const uint8_t metadata[4] = {0xfd, 0x00, 0x0e, 0xc2};
		url->is_loopback = memcmp(a, loopback, sizeof(loopback)) == 0;
		url->is_metadata = memcmp(a, metadata, sizeof(metadata)) == 0;
	} else if (!is_bracketed && inet_pton(AF_INET, host, a) == 1) {
		url->is_loopback = a[0] == 127;
		url->is_metadata = a[0] == 169 && a[1] == 254;
	} else if (!is_bracketed) {
		url->is_loopback = str_eq_nocase(host, "localhost");
	}
}

// Copies the host and moves *p behind it.
static bool take_host(const char **p, char ret_host[LONGEST_HOST + 1], bool *ret_bracketed)
{
	size_t n;
	*ret_bracketed = **p == '[';
	if (*ret_bracketed) {
		uint8_t a[16];
		n = strspn(++*p, "0123456789abcdefABCDEF:.");
		if (n > LONGEST_HOST || (*p)[n] != ']')
			return false;
		memcpy(ret_host, *p, n);
		ret_host[n] = '\0';
		*p += n + 1;
		return inet_pton(AF_INET6, ret_host, a) == 1;
	}
	for (n = 0; is_host_char((*p)[n]); n++)
		;
	if (n == 0 || n > LONGEST_HOST)
		return false;
	memcpy(ret_host, *p, n);
	ret_host[n] = '\0';
	*p += n;
	return true;
}

static bool take_port(const char **p)
{
	if (**p != ':')
		return true;
	long port = 0;
	size_t n = strspn(++*p, "0123456789");
	for (size_t i = 0; i < n && i < 6; i++)
		port = port * 10 + ((*p)[i] - '0');
	*p += n;
	return n >= 1 && n <= 5 && port >= 1 && port <= 65535;
}

struct err url_read(const char *text, struct url *ret_url)
{
	struct url url = {0};
	const char *p = text;
	if (str_starts(p, "https://"))
		url.is_https = true;
	else if (!str_starts(p, "http://"))
		return err_new(ERR_INVALID, "not an http:// or https:// URL: '%.80s'", text);
	p += url.is_https ? 8 : 7;
	char host[LONGEST_HOST + 1];
	bool is_bracketed;
	if (!take_host(&p, host, &is_bracketed) || !take_port(&p) || (*p && !strchr("/?", *p)))
		return err_new(ERR_INVALID, "the URL's host or port is malformed: '%.80s'", text);
	note_address(host, is_bracketed, &url);
	url.origin = 0xcbf29ce484222325u; // FNV-1a
	for (const char *q = text; q < p; q++)
		url.origin = (url.origin ^ (unsigned char)lower(*q)) * 0x100000001b3u;
	for (; *p; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '#')
			return err_new(
				ERR_INVALID, "the URL holds a character that must be escaped");
	if (p - text > LONGEST_URL)
		return err_new(ERR_INVALID, "the URL is longer than %d bytes", LONGEST_URL);
	*ret_url = url;
	return ERR_OK;
}
