// ASCII rules only: nothing here asks the locale.
#include "base/str.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

bool str_eq_null(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return str_eq(a, b);
}

bool str_eq_nocase(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (lower(*a) != lower(*b))
			return false;
	return *a == *b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && str_eq(s + n - m, suffix);
}

void str_trim_utf8(char *s)
{
	size_t n = strlen(s);
	size_t back = 0;
	while (back < 4 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back == n)
		return;
	unsigned char lead = (unsigned char)s[n - 1 - back];
	size_t want = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (lead >= 0xC0 && back + 1 < want)
		s[n - 1 - back] = '\0';
}

bool str_copy(char *dst, size_t dst_bytes, const char *src)
{
	size_t n = strlen(src);
	bool whole = n < dst_bytes;
	if (dst_bytes == 0)
		return false;
	if (!whole)
		n = dst_bytes - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
	if (!whole)
		str_trim_utf8(dst);
	return whole;
}

static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 0;
	if (n == 0 || s[0] > 0xF4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
		(s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

bool str_is_utf8(const char *s, size_t bytes)
{
	const unsigned char *p = (const unsigned char *)s;
	for (size_t i = 0; i < bytes;) {
		size_t n = utf8_sequence(p + i, bytes - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

char *str_format(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *out = NULL;
	int n = vasprintf(&out, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : out;
}

char *str_snake(const char *camel)
{
	size_t n = strlen(camel);
	char *out = malloc(2 * n + 1);
	if (!out)
		return NULL;
	size_t o = 0;
	for (size_t i = 0; i < n; i++) {
		// A word starts at an upper-case letter after a lower one ("cidrBlock"), or at the
		// last of a run of upper-case letters that a lower one follows ("KMSKey").
		bool after_lower = i > 0 && is_lower_or_digit(camel[i - 1]);
		// ("VPCs" and "IPv6" are one word each.)
		bool ends_run = i > 0 && is_upper(camel[i - 1]) && camel[i + 1] >= 'a' &&
				camel[i + 1] <= 'z' &&
				!(camel[i + 1] == 's' && camel[i + 2] == '\0') &&
				!(camel[i + 1] == 'v' && is_digit(camel[i + 2]));
		if (is_upper(camel[i]) && (after_lower || ends_run))
			out[o++] = '_';
		out[o++] = camel[i] == '-' || camel[i] == '.' ? '_' : lower(camel[i]);
	}
	out[o] = '\0';
	return out;
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned str_distance(const char *a, const char *b, unsigned cap)
{
	enum { LONGEST = 64 };
	size_t n = strlen(a), m = strlen(b);
	if (n > LONGEST || m > LONGEST)
		return cap + 1;
	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= m; j++)
		last[j] = before[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned cost = lower(a[i - 1]) != lower(b[j - 1]);
			now[j] = min_of(min_of(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = min_of(now[j], before[j - 2] + cost);
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[m] > cap ? cap + 1 : last[m];
}

bool str_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *mark = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			mark = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool str_has_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = words; p && *p; p += strspn(p, " ")) {
		size_t m = strcspn(p, " ");
		if (m > 0 && m == n && strncasecmp(p, word, n) == 0)
			return true;
		p += m;
	}
	return false;
}

void str_burn(char *s)
{
	if (!s)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}
