// SHA-256 after FIPS 180-4's examples, HMAC after RFC 4231.
#include "base/hash.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void sha256_agrees_with_the_standard(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
	char hex[HASH_HEX_BYTES];
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_true(hash_sha256_hex(cases[i][0], strlen(cases[i][0]), hex));
		assert_string_equal(hex, cases[i][1]);
	}
	char *million = malloc(1000000);
	memset(million, 'a', 1000000);
	assert_true(hash_sha256_hex(million, 1000000, hex));
	assert_string_equal(
		hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

static void hmac_agrees_with_rfc_4231(void **state)
{
	(void)state;
	uint8_t b[20], aa[131], dd[50], cd[50], counting[25];
	memset(b, 0x0b, sizeof(b));
	memset(aa, 0xaa, sizeof(aa));
	memset(dd, 0xdd, sizeof(dd));
	memset(cd, 0xcd, sizeof(cd));
	for (size_t i = 0; i < sizeof(counting); i++)
		counting[i] = (uint8_t)(i + 1);
	static const char larger_key[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	static const char larger_both[] =
		"This is a test using a larger than block-size key and a larger than block-size "
		"data. "
		"The key needs to be hashed before being used by the HMAC algorithm.";
	const struct {
		const void *key;
		size_t key_bytes;
		const void *data;
		size_t bytes;
		const char *hex;
	} cases[] = {
		{b, 20, "Hi There", 8,
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", 4, "what do ya want for nothing?", 28,
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{aa, 20, dd, 50,
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{counting, 25, cd, 50,
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		{aa, 131, larger_key, sizeof(larger_key) - 1,
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{aa, 131, larger_both, sizeof(larger_both) - 1,
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
		{NULL, 0, "", 0,
			"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		uint8_t digest[HASH_BYTES];
		char hex[HASH_HEX_BYTES];
		assert_true(hash_hmac(
			cases[i].key, cases[i].key_bytes, cases[i].data, cases[i].bytes, digest));
		hash_hex(digest, sizeof(digest), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

static void hex_is_lower_case_and_ended(void **state)
{
	(void)state;
	char hex[5] = "....";
	hash_hex((const uint8_t[]){0x0f, 0xa0}, 2, hex);
	assert_string_equal(hex, "0fa0");
	hash_hex(NULL, 0, hex);
	assert_string_equal(hex, "");
}

static void uuids_are_random_version_4(void **state)
{
	(void)state;
	char a[HASH_UUID_BYTES], b[HASH_UUID_BYTES];
	for (int i = 0; i < 100; i++) {
		assert_true(hash_uuid(a));
		assert_true(hash_uuid(b));
		assert_string_not_equal(a, b);
		assert_int_equal(strlen(a), 36);
		assert_true(str_glob("*-*-4*-*-*", a));
		assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
		assert_non_null(strchr("89ab", a[19]));
		assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
	}
	uint8_t zeros[32] = {0}, bytes[32] = {0};
	assert_true(hash_random(bytes, sizeof(bytes)));
	assert_memory_not_equal(bytes, zeros, sizeof(bytes));
}

static void hex_comes_back_as_bytes_and_nothing_else_does(void **state)
{
	(void)state;
	uint8_t bytes[2];
	assert_true(hash_unhex("0fa0", bytes, 2));
	assert_memory_equal(bytes, ((const uint8_t[]){0x0f, 0xa0}), 2);
	assert_false(hash_unhex("0fa", bytes, 2));
	assert_false(hash_unhex("0fa000", bytes, 2));
	assert_false(hash_unhex("0FA0", bytes, 2));
	assert_false(hash_unhex("0fg0", bytes, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_agrees_with_the_standard),
		cmocka_unit_test(hmac_agrees_with_rfc_4231),
		cmocka_unit_test(hex_is_lower_case_and_ended),
		cmocka_unit_test(hex_comes_back_as_bytes_and_nothing_else_does),
		cmocka_unit_test(uuids_are_random_version_4),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
