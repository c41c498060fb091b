// RFC 9110: a name is a token (5.6.2), a value holds no control characters but the tab (5.5).
#include "loop/field.h"
#include <ctype.h>

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c)); // RFC 9110 5.6.2
}

struct err field_check_method(const char *method)
{
	size_t n = 0;
	while (method && method[n] >= 'A' && method[n] <= 'Z')
		n++;
	if (n == 0 || n > 16 || method[n])
		return err_new(ERR_INVALID, "not an HTTP method");
	return ERR_OK;
}

struct err field_check(const char *line)
{
	size_t n = 0;
	while (is_token_char(line[n]))
		n++;
	if (n == 0 || line[n] != ':')
		return err_new(ERR_INVALID, "a header line without a name");
	for (const char *p = line + n; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return err_new(ERR_INVALID, "control character in the header '%.*s'",
				(int)(n < 60 ? n : 60), line);
	return ERR_OK;
}

bool field_is(const char *line, const char *name)
{
	size_t n = strlen(name);
	return strncasecmp(line, name, n) == 0 && line[n] == ':';
}
