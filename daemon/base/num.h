// Numbers from foreign text: the whole text must be the number, in range, or it is refused.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stdint.h>

/* Decimal, optional leading '-', no blanks, no '+'. */
bool num_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value) MUST_CHECK;
/* A finite JSON-style real. Independent of the locale. */
bool num_parse_real(const char *s, double *ret_value) MUST_CHECK;
/* "30s", "5m", "2h", "7d", "250ms" (a bare number is seconds) in milliseconds; at most 3650d. */
bool num_parse_duration_ms(const char *s, int64_t *ret_ms) MUST_CHECK;
/* The shortest form of a duration for people: "250ms", "12s", "3m 20s", "2h 5m", "4d 3h". */
void num_format_duration(int64_t ms, char *ret_text, size_t bytes);
