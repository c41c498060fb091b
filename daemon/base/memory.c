// __real_malloc and the others are the names that the linker gives to what was wrapped; where a
// program is linked without --wrap (the unit tests) this file is not part of it.
#include "base/memory.h"
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
int __real_vasprintf(char **ret_text, const char *fmt, va_list ap);
int __real___vasprintf_chk(char **ret_text, int flag, const char *fmt, va_list ap);

static void *checked(void *got)
{
	static const char words[] =
		"holdfastd: out of memory: it ends here, and what is under way is "
		"looked for at the next start\n";
	if (got)
		return got;
	// No log: it allocates.
	ssize_t written = write(STDERR_FILENO, words, sizeof(words) - 1);
	(void)written;
	abort();
}

void *__wrap_malloc(size_t bytes)
{
	return checked(__real_malloc(bytes ? bytes : 1));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return checked(__real_calloc(count ? count : 1, bytes ? bytes : 1));
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return checked(__real_realloc(old, bytes ? bytes : 1));
}

void *__wrap_reallocarray(void *old, size_t count, size_t bytes)
{
	size_t all;
	return __builtin_mul_overflow(count, bytes, &all) ? NULL : __wrap_realloc(old, all);
}

// The C library's own calls of malloc() are not wrapped.
int __wrap_vasprintf(char **ret_text, const char *fmt, va_list ap)
{
	int length = __real_vasprintf(ret_text, fmt, ap);
	if (length < 0 && errno == ENOMEM)
		checked(NULL);
	return length;
}

// What _FORTIFY_SOURCE makes of it.
int __wrap___vasprintf_chk(char **ret_text, int flag, const char *fmt, va_list ap)
{
	int length = __real___vasprintf_chk(ret_text, flag, fmt, ap);
	if (length < 0 && errno == ENOMEM)
		checked(NULL);
	return length;
}

char *__wrap_strndup(const char *text, size_t most)
{
	size_t bytes = strnlen(text, most);
	char *copy = __wrap_malloc(bytes + 1);
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

void memory_guard(void)
{
	json_set_alloc_funcs(__wrap_malloc, free);
}
