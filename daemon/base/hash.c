// EVP only: the low-level SHA256_* calls are deprecated in OpenSSL 3. The algorithms are fetched
// once, because an implicit fetch a call costs more than hashing a short request.
#include "base/hash.h"
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>

static EVP_MD *the_sha256;

static void fetch_sha256(void)
{
	the_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

// Files are read, and digested, on a thread of their own.
static EVP_MD *sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fetch_sha256);
	return the_sha256;
}

bool hash_sha256(const void *data, size_t bytes, uint8_t ret_digest[HASH_BYTES])
{
	return sha256() && EVP_Digest(data, bytes, ret_digest, NULL, sha256(), NULL) == 1;
}

void hash_hex(const uint8_t *bytes, size_t count, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < count; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * count] = '\0';
}

bool hash_sha256_hex(const void *data, size_t bytes, char ret_hex[HASH_HEX_BYTES])
{
	uint8_t digest[HASH_BYTES];
	if (!hash_sha256(data, bytes, digest))
		return false;
	hash_hex(digest, sizeof(digest), ret_hex);
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_unhex(const char *hex, uint8_t *ret_bytes, size_t count)
{
	if (strlen(hex) != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool hash_hmac(const void *key, size_t key_bytes, const void *data, size_t bytes,
	uint8_t ret_digest[HASH_BYTES])
{
	// RFC 2104 by hand over EVP_Digest: EVP_MAC fetches and allocates on every call.
	uint8_t block[64] = {0}, inner[HASH_BYTES];
	if (key_bytes > sizeof(block)) {
		if (!hash_sha256(key, key_bytes, block))
			return false;
	} else if (key_bytes > 0) {
		memcpy(block, key, key_bytes);
	}
	static _Thread_local EVP_MD_CTX *ctx;
	if (!ctx)
		ctx = EVP_MD_CTX_new();
	if (!ctx || !sha256())
		return false;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36;
	bool ok = EVP_DigestInit_ex2(ctx, sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, block, sizeof(block)) == 1 &&
		  EVP_DigestUpdate(ctx, data, bytes) == 1 &&
		  EVP_DigestFinal_ex(ctx, inner, NULL) == 1;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	ok = ok && EVP_DigestInit_ex2(ctx, sha256(), NULL) == 1 &&
	     EVP_DigestUpdate(ctx, block, sizeof(block)) == 1 &&
	     EVP_DigestUpdate(ctx, inner, sizeof(inner)) == 1 &&
	     EVP_DigestFinal_ex(ctx, ret_digest, NULL) == 1;
	explicit_bzero(block, sizeof(block));
	explicit_bzero(inner, sizeof(inner));
	return ok;
}

bool hash_random(void *ret_bytes, size_t count)
{
	return count <= INT_MAX && RAND_bytes(ret_bytes, (int)count) == 1;
}

bool hash_uuid(char ret_uuid[HASH_UUID_BYTES])
{
	uint8_t b[16];
	if (!hash_random(b, sizeof(b)))
		return false;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); // RFC 9562: version 4
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); // and variant 10
	char hex[33];
	hash_hex(b, sizeof(b), hex);
	snprintf(ret_uuid, HASH_UUID_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
	return true;
}
