// Two blocks either lie inside each other or have nothing in common.
#include "core/cidr.h"
#include "base/num.h"
#include <arpa/inet.h>

bool cidr_parse(const char *text, struct cidr *ret_cidr)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : 0;
	if (!slash || length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	struct cidr cidr = {.width = strchr(address, ':') ? 128 : 32};
	int64_t prefix;
	if (inet_pton(cidr.width == 128 ? AF_INET6 : AF_INET, address, cidr.bytes) != 1 ||
		!num_parse_i64(slash + 1, 0, cidr.width, &prefix))
		return false;
	cidr.prefix = (int)prefix;
	for (int bit = cidr.prefix; bit < cidr.width; bit++)
		cidr.bytes[bit / 8] = (uint8_t)(cidr.bytes[bit / 8] & ~(0x80 >> (bit % 8)));
	*ret_cidr = cidr;
	return true;
}

bool cidr_contains(const struct cidr *outer, const struct cidr *inner)
{
	if (outer->width != inner->width || outer->prefix > inner->prefix)
		return false;
	for (int bit = 0; bit < outer->prefix; bit++)
		if ((outer->bytes[bit / 8] ^ inner->bytes[bit / 8]) & (0x80 >> (bit % 8)))
			return false;
	return true;
}

bool cidr_overlaps(const struct cidr *a, const struct cidr *b)
{
	return cidr_contains(a, b) || cidr_contains(b, a);
}

bool cidr_part(const struct cidr *block, int bits, unsigned index, char *ret_text, size_t bytes)
{
	struct cidr part = *block;
	char text[INET6_ADDRSTRLEN];
	int prefix = block->prefix + bits;
	if (bits < 0 || bits > 31 || prefix > block->width || index >> bits)
		return false;
	for (int i = 0; i < bits; i++) {
		int bit = prefix - 1 - i;
		if (index >> i & 1)
			part.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	return inet_ntop(
		       block->width == 128 ? AF_INET6 : AF_INET, part.bytes, text, sizeof(text)) &&
	       snprintf(ret_text, bytes, "%s/%d", text, prefix) < (int)bytes;
}
