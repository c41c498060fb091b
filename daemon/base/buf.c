// Doubling growth under a cap; sizes go through checked arithmetic because lengths come from
// outside.
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, size_t cap)
{
	*buf = (struct buf){.cap = cap};
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){.cap = buf->cap};
}

void buf_burn(struct buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->size);
	buf_done(buf);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

static bool reserve(struct buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : BUF_CAP_DEFAULT;
	size_t need;
	if (buf->failed)
		return false;
	if (__builtin_add_overflow(buf->len, more, &need) || need > cap) {
		buf->failed = true;
		return false;
	}
	if (need < buf->size)
		return true;
	size_t size = buf->size ? buf->size : 64;
	while (size <= need)
		size *= 2; // cannot overflow: need <= cap, far below SIZE_MAX / 2
	char *data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->size = size;
	return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t count)
{
	if (!reserve(buf, count))
		return false;
	if (count)
		memcpy(buf->data + buf->len, bytes, count);
	buf->len += count;
	buf->data[buf->len] = '\0';
	return true;
}

bool buf_adds(struct buf *buf, const char *s)
{
	return buf_add(buf, s, strlen(s));
}

bool buf_addc(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_addf(struct buf *buf, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	bool ok = false;
	if (n < 0) {
		buf->failed = true;
	} else if ((size_t)n < sizeof(small)) {
		ok = buf_add(buf, small, (size_t)n);
	} else if (reserve(buf, (size_t)n)) { // which leaves room for the NUL
		vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
		buf->len += (size_t)n;
		ok = true;
	}
	va_end(again);
	return ok;
}

const char *buf_str(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	if (buf->failed) {
		buf_done(buf);
		return NULL;
	}
	char *data = buf->data ? buf->data : calloc(1, 1);
	buf->data = NULL;
	buf_done(buf);
	return data;
}
