// Address blocks as numbers: inside, overlapping.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cidr {
	uint8_t bytes[16]; // network order; the rest of an IPv4 address is zero
	int width;         // 32 or 128
	int prefix;
};

/* "10.0.0.0/16"; bits beyond the prefix are cleared. False when it is none. */
bool cidr_parse(const char *text, struct cidr *ret_cidr) __attribute__((warn_unused_result));
/* Is `inner` a part of `outer`, or the same? */
bool cidr_contains(const struct cidr *outer, const struct cidr *inner);
/* The index-th of the 2^bits parts of a block, as text: 10.0.0.0/16, 8 bits, 3: "10.0.3.0/24".
 * False when there is no such part. */
bool cidr_part(const struct cidr *block, int bits, unsigned index, char *ret_text, size_t bytes)
	__attribute__((warn_unused_result));
bool cidr_overlaps(const struct cidr *a, const struct cidr *b);
