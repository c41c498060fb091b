// SHA-256, HMAC-SHA-256 and randomness, over OpenSSL's EVP and RAND.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 32
#define HASH_HEX_BYTES (2 * HASH_BYTES + 1)

/* False only when OpenSSL refuses (out of memory, no provider). */
bool hash_sha256(const void *data, size_t bytes, uint8_t ret_digest[HASH_BYTES]) MUST_CHECK;
bool hash_sha256_hex(const void *data, size_t bytes, char ret_hex[HASH_HEX_BYTES]) MUST_CHECK;
bool hash_hmac(const void *key, size_t key_bytes, const void *data, size_t bytes,
	uint8_t ret_digest[HASH_BYTES]) MUST_CHECK;
void hash_hex(const uint8_t *bytes, size_t count, char *ret_hex); // 2 * count + 1 bytes
/* The other way round: exactly `count` bytes of lower-case hex. */
bool hash_unhex(const char *hex, uint8_t *ret_bytes, size_t count) MUST_CHECK;
/* Cryptographic randomness. */
bool hash_random(void *ret_bytes, size_t count) MUST_CHECK;
/* A random version-4 UUID, 36 characters. */
#define HASH_UUID_BYTES 37
bool hash_uuid(char ret_uuid[HASH_UUID_BYTES]) MUST_CHECK;
