// The attributes and cleanups that every file uses, and the libc calls that no file may.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _unused_ __attribute__((unused))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Moves a pointer out of a cleanup variable: returns it and leaves NULL. */
#define TAKE(ptr)                                                                                  \
	({                                                                                         \
		__auto_type _take_p = &(ptr);                                                      \
		__auto_type _take_v = *_take_p;                                                    \
		*_take_p = NULL;                                                                   \
		_take_v;                                                                           \
	})

/* The struct that embeds `member` at `ptr`. */
#define CONTAINER_OF(ptr, type, member)                                                            \
	((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

static inline void freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

// Unbounded or locale-bound calls; str.h, num.h and buf.h have what to use instead. The headers
// that declare them come first, so that only uses are errors.
#define BANNED(name) use_of_##name##_is_banned
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#define strcpy(...) BANNED(strcpy)
#define strcat(...) BANNED(strcat)
#define strncpy(...) BANNED(strncpy)
#define strncat(...) BANNED(strncat)
#undef sprintf
#undef vsprintf
#define sprintf(...) BANNED(sprintf)
#define vsprintf(...) BANNED(vsprintf)
#define strtok(...) BANNED(strtok)
#define atoi(...) BANNED(atoi)
#define atol(...) BANNED(atol)
#define atof(...) BANNED(atof)
