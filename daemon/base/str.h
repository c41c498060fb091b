// Small string helpers over plain C strings; growing text is buf.h's.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
/* strcmp that takes NULL; NULL equals only NULL. */
bool str_eq_null(const char *a, const char *b);
/* ASCII case-insensitive equality, whatever the locale. */
bool str_eq_nocase(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* NULL or "". */
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}
/* Copies with a terminator, cut to the size on a UTF-8 boundary. Returns false when it was cut. */
bool str_copy(char *dst, size_t dst_bytes, const char *src);
/* Drops an incomplete UTF-8 sequence from the end, in place. */
void str_trim_utf8(char *s);
/* Is the text valid UTF-8 (no surrogates, no overlong forms)? */
bool str_is_utf8(const char *s, size_t bytes);
/* printf into fresh memory (free); NULL when memory is out. */
char *str_format(const char *fmt, ...) FORMAT_PRINTF(1, 2);
/* AWS member name to the file's: "CidrBlock" -> "cidr_block", "VpcIds" -> "vpc_ids", "KMSKeyId" ->
 * "kms_key_id", "EnableDns64" -> "enable_dns64", "IPv6Pool" -> "ipv6_pool". Free the result. */
char *str_snake(const char *camel);
/* Damerau-Levenshtein distance, capped: anything above `cap` is cap + 1. For 'did you mean'. */
unsigned str_distance(const char *a, const char *b, unsigned cap);
/* Shell-style match with * and ?; the whole text must match. */
bool str_glob(const char *pattern, const char *text);
/* Is `word` one of the space-separated words, any case? NULL has none. */
bool str_has_word(const char *words, const char *word);
/* Zeroes and frees; NULL is fine. For secrets. */
void str_burn(char *s);
