// Building and wrapping error values; nothing here allocates.
#include "base/err.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>

static void vmessage(struct err *err, const char *fmt, va_list ap)
{
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	str_trim_utf8(err->message);
}

struct err err_new(enum err_class class, const char *fmt, ...)
{
	struct err err = {.class = class};
	va_list ap;
	va_start(ap, fmt);
	vmessage(&err, fmt, ap);
	va_end(ap);
	return err;
}

struct err err_code(enum err_class class, const char *code, const char *fmt, ...)
{
	struct err err = {.class = class};
	str_copy(err.code, sizeof(err.code), code ? code : "");
	va_list ap;
	va_start(ap, fmt);
	vmessage(&err, fmt, ap);
	va_end(ap);
	return err;
}

struct err err_nomem(void)
{
	return err_new(ERR_BUG, "out of memory");
}

void err_wrap(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->message)];
	str_copy(old, sizeof(old), err->message);
	char context[160];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	str_trim_utf8(context);
	// The cut message still names the place first, which is what a reader needs most.
	int n = snprintf(err->message, sizeof(err->message), "%s: %s", context, old);
	if (n < 0 || (size_t)n >= sizeof(err->message))
		str_trim_utf8(err->message);
}

const char *err_class_name(enum err_class class)
{
	switch (class) {
	case ERR_NONE:
		return "none";
	case ERR_TRANSIENT:
		return "transient";
	case ERR_THROTTLED:
		return "throttled";
	case ERR_NOT_FOUND:
		return "not-found";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_DENIED:
		return "denied";
	case ERR_CREDENTIALS:
		return "credentials";
	case ERR_QUOTA:
		return "quota";
	case ERR_INVALID:
		return "invalid";
	case ERR_CANCELED:
		return "canceled";
	case ERR_BUG:
		return "bug";
	}
	return "?";
}
