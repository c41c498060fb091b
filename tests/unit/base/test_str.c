// Strings and numbers from outside: exact, or refused.
#include "base/num.h"
#include "base/str.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void comparisons_do_what_their_names_say(void **state)
{
	(void)state;
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "A"));
	assert_true(str_eq_null(NULL, NULL));
	assert_false(str_eq_null(NULL, ""));
	assert_false(str_eq_null("", NULL));
	assert_true(str_eq_null("x", "x"));
	assert_true(str_eq_nocase("Content-Length", "content-LENGTH"));
	assert_false(str_eq_nocase("a", "ab"));
	assert_false(str_eq_nocase("[", "{")); // differ by the case bit only
	assert_true(str_starts("abc", "ab"));
	assert_false(str_starts("a", "ab"));
	assert_true(str_starts("a", ""));
	assert_true(str_ends("abc", "bc"));
	assert_false(str_ends("c", "bc"));
	assert_true(str_empty(NULL) && str_empty("") && !str_empty(" "));
}

static void copies_are_cut_between_characters(void **state)
{
	(void)state;
	char dst[8];
	assert_true(str_copy(dst, sizeof(dst), "1234567"));
	assert_string_equal(dst, "1234567");
	assert_false(str_copy(dst, sizeof(dst), "12345678"));
	assert_string_equal(dst, "1234567");
	assert_false(str_copy(dst, sizeof(dst), "123456\xc3\xa9"));
	assert_string_equal(dst, "123456");
	assert_false(str_copy(dst, sizeof(dst), "12345\xe2\x82\xac"));
	assert_string_equal(dst, "12345");
	assert_false(str_copy(dst, sizeof(dst), "1234\xf0\x9f\x98\x80"));
	assert_string_equal(dst, "1234");
	assert_true(str_copy(dst, sizeof(dst), "123\xf0\x9f\x98\x80"));
	assert_string_equal(dst, "123\xf0\x9f\x98\x80");
	assert_false(str_copy(dst, 1, "x"));
	assert_string_equal(dst, "");
	dst[0] = 'k';
	assert_false(str_copy(dst, 0, "x"));
	assert_int_equal(dst[0], 'k');
}

static void utf8_is_told_from_everything_else(void **state)
{
	(void)state;
	static const char *const good[] = {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf",
		"\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xee\x80\x80"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xe2\x82", "\xe2\x28\xa1", "a\xc3(", "\xf0\x9f\x98"};
	for (size_t i = 0; i < ARRAY_COUNT(good); i++)
		assert_true(str_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(str_is_utf8(bad[i], strlen(bad[i])));
	assert_true(str_is_utf8("a\0b", 3));
}

static void member_names_become_the_files_names(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"CidrBlock", "cidr_block"}, {"VpcIds", "vpc_ids"},
		{"KMSKeyId", "kms_key_id"}, {"EnableDns64", "enable_dns64"},
		{"EnableDnsSupport", "enable_dns_support"}, {"vpcId", "vpc_id"},
		{"VpcId", "vpc_id"}, {"DBInstanceIdentifier", "db_instance_identifier"},
		{"MultiAZ", "multi_az"}, {"S3BucketName", "s3_bucket_name"},
		{"Ipv6CidrBlock", "ipv6_cidr_block"}, {"IPv6Pool", "ipv6_pool"},
		{"AssociateIPv4", "associate_ipv4"}, {"VPCs", "vpcs"}, {"ARN", "arn"}, {"A", "a"},
		{"", ""}, {"MapPublicIpOnLaunch", "map_public_ip_on_launch"},
		{"Already-Dashed.Name", "already_dashed_name"}, {"CACertificate", "ca_certificate"},
		{"ipPermissions", "ip_permissions"}};
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		_cleanup_free_ char *snake = str_snake(pairs[i][0]);
		assert_string_equal(snake, pairs[i][1]);
	}
}

static void distance_counts_edits_up_to_its_cap(void **state)
{
	(void)state;
	assert_int_equal(str_distance("cidr_block", "cidr_block", 3), 0);
	assert_int_equal(str_distance("cidr_blok", "cidr_block", 3), 1);
	assert_int_equal(str_distance("cidr_blcok", "cidr_block", 3), 1); // swapped
	assert_int_equal(str_distance("cIdr_blCok", "cidr_block", 3), 1);
	assert_int_equal(str_distance("kitten", "sitting", 5), 3);
	assert_int_equal(str_distance("", "abc", 5), 3);
	assert_int_equal(str_distance("abc", "", 5), 3);
	assert_int_equal(str_distance("abc", "xyz", 1), 2);
	char longest[100];
	memset(longest, 'a', sizeof(longest));
	longest[99] = '\0';
	assert_int_equal(str_distance(longest, "a", 3), 4);
	longest[64] = '\0';
	assert_int_equal(str_distance(longest, longest, 3), 0);
}

static void globs_match_the_whole_text(void **state)
{
	(void)state;
	assert_true(str_glob("*", ""));
	assert_true(str_glob("", ""));
	assert_false(str_glob("", "a"));
	assert_true(str_glob("net*.sub?et.*", "network.subnet.public-a"));
	assert_false(str_glob("network.*", "data.x"));
	assert_true(str_glob("a*b*c", "aXbXbXc"));
	assert_false(str_glob("a*b", "abx"));
	assert_false(str_glob("?", ""));
	assert_true(str_glob("**a**", "bab"));
	// The star that went too far is taken back, in linear memory and without recursion.
	assert_false(str_glob("*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void formatted_text_is_fresh_memory(void **state)
{
	(void)state;
	_cleanup_free_ char *text = str_format("%s-%d", "a", 7);
	assert_string_equal(text, "a-7");
	str_burn(NULL);
	str_burn(strdup("secret"));
}

// ---- numbers

static void whole_numbers_are_exact_or_refused(void **state)
{
	(void)state;
	int64_t v;
	assert_true(num_parse_i64("0", 0, 9, &v) && v == 0);
	assert_true(num_parse_i64("-0", -1, 1, &v) && v == 0);
	assert_true(num_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v));
	assert_int_equal(v, INT64_MAX);
	assert_true(num_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v));
	assert_true(v == INT64_MIN);
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "1e3",
		"--1", "9223372036854775808", "-9223372036854775809", "99999999999999999999999",
		"\xd9\xa1"};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		v = 42;
		assert_false(num_parse_i64(bad[i], INT64_MIN, INT64_MAX, &v));
		assert_int_equal(v, 42);
	}
	assert_false(num_parse_i64("10", 0, 9, &v));
	assert_false(num_parse_i64("-1", 0, 9, &v));
}

static void reals_are_finite_and_free_of_the_locale(void **state)
{
	(void)state;
	double v;
	assert_true(num_parse_real("1.5", &v) && fabs(v - 1.5) < 1e-12);
	assert_true(num_parse_real("-2e3", &v) && fabs(v + 2000) < 1e-12);
	assert_true(num_parse_real("7", &v) && fabs(v - 7) < 1e-12);
	static const char *const bad[] = {"", "-", ".5", "+1", "inf", "nan", "0x1p3", "1e999",
		"1,5", "1.5.2", "1e", "1-2", " 1", "1 "};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(num_parse_real(bad[i], &v));
}

static void durations_need_a_known_unit_and_fit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"0", 0}, {"30", 30000}, {"30s", 30000}, {"5m", 300000}, {"2h", 7200000},
		{"7d", 604800000}, {"250ms", 250}, {"3650d", INT64_C(315360000000)}};
	static const char *const bad[] = {"", "s", "-1s", "1.5s", "5 m", "5M", "1w", "3651d",
		"99999999999999999999", "9223372036854775807d", "1s1s"};
	int64_t v;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		assert_true(num_parse_duration_ms(good[i].text, &v));
		assert_int_equal(v, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(num_parse_duration_ms(bad[i], &v));
}

static void durations_read_well(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{0, "0ms"}, {250, "250ms"}, {999, "999ms"}, {1000, "1s"}, {12999, "12s"},
		{60000, "1m"}, {200000, "3m 20s"}, {3600000, "1h"}, {7500000, "2h 5m"},
		{86400000, "1d"}, {INT64_C(356400000), "4d 3h"}, {-5, "-5ms"}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char text[32];
		num_format_duration(cases[i].ms, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void words_are_found_whole_and_in_any_case(void **state)
{
	(void)state;
	assert_true(str_has_word("pending deleting", "Deleting"));
	assert_true(str_has_word("pending", "pending"));
	assert_false(str_has_word("pending deleting", "delet"));
	assert_false(str_has_word("pending", ""));
	assert_false(str_has_word("", "pending"));
	assert_false(str_has_word(NULL, "pending"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_whole_and_in_any_case),
		cmocka_unit_test(comparisons_do_what_their_names_say),
		cmocka_unit_test(copies_are_cut_between_characters),
		cmocka_unit_test(utf8_is_told_from_everything_else),
		cmocka_unit_test(member_names_become_the_files_names),
		cmocka_unit_test(distance_counts_edits_up_to_its_cap),
		cmocka_unit_test(globs_match_the_whole_text),
		cmocka_unit_test(formatted_text_is_fresh_memory),
		cmocka_unit_test(whole_numbers_are_exact_or_refused),
		cmocka_unit_test(reals_are_finite_and_free_of_the_locale),
		cmocka_unit_test(durations_need_a_known_unit_and_fit),
		cmocka_unit_test(durations_read_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
