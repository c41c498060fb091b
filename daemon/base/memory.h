// Out of memory ends the process, at once and with a word: the next start looks at what there is,
// as after any crash. To go on would be worse than to end: what lacks a member because there was no
// room for it is taken for another wish, or for drift.
//
// The program is linked with --wrap for the functions below (Makefile), so that every call of our
// own code comes here. Libraries report their own failures, each as an error of what it was to do.
#pragma once

#include "base/defs.h"
#include <stdarg.h>
#include <stddef.h>

/* jansson's allocations too. Once, first of all. */
void memory_guard(void);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_reallocarray(void *old, size_t count, size_t bytes);
int __wrap_vasprintf(char **ret_text, const char *fmt, va_list ap);
int __wrap___vasprintf_chk(char **ret_text, int flag, const char *fmt, va_list ap);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t most);
