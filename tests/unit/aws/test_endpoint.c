// Endpoints of all partitions against botocore's own answers; custom URLs; S3's bucket names.
#include "aws/endpoint.h"
#include "aws/partition.h"
#include "base/buf.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void botocores_rules_are_met_for_every_partition(void **state)
{
	(void)state;
	FILE *stream = fopen("tests/unit/aws/vectors/endpoints.tsv", "re");
	assert_non_null(stream);
	char line[400], prefix[64], region[32], url[200], signing[32];
	int is_global, fips, dual, rows = 0, wrong = 0;
	while (fgets(line, sizeof(line), stream)) {
		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%63s %d %31s %d %d %199s %31s", prefix, &is_global,
					 region, &fips, &dual, url, signing),
			7);
		const struct endpoint_settings settings = {region, NULL, fips, dual};
		struct endpoint endpoint;
		struct err err = endpoint_resolve(prefix, is_global, &settings, &endpoint);
		const char *got = err_is(&err) ? "error" : endpoint.base;
		const char *got_region = err_is(&err) ? "-" : endpoint.signing_region;
		if (!str_eq(got, url) || !str_eq(got_region, signing)) {
			print_message("%s", line);
			print_message("   got %s %s\n", got, got_region);
			wrong++;
		}
		rows++;
	}
	fclose(stream);
	assert_true(rows > 1000);
	assert_int_equal(wrong, 0);
}

static void regions_of_tomorrow_belong_to_a_partition_by_their_name(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"eu-west-1", "aws"}, {"eu-north-9", "aws"},
		{"mx-central-1", "aws"}, {"cn-north-1", "aws-cn"}, {"cn-south-7", "aws-cn"},
		{"us-gov-west-1", "aws-us-gov"}, {"us-iso-east-1", "aws-iso"},
		{"us-isob-east-1", "aws-iso-b"}, {"eu-isoe-west-1", "aws-iso-e"},
		{"us-isof-south-1", "aws-iso-f"}, {"eusc-de-east-1", "aws-eusc"},
		{"aws-global", "aws"}, {"aws-cn-global", "aws-cn"}, {"moon-base-1", "aws"}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_string_equal(partition_of_region(cases[i][0])->name, cases[i][1]);
	assert_true(partition_is_region_name("eu-west-1"));
	assert_false(partition_is_region_name("eu-west-1.evil.example"));
	assert_false(partition_is_region_name("EU-WEST-1"));
	assert_false(partition_is_region_name(""));
	assert_false(partition_is_region_name("-a"));
}

static void a_custom_url_is_taken_apart(void **state)
{
	(void)state;
	static const struct {
		const char *url, *base, *host, *path;
		bool is_plain;
	} cases[] = {
		{"http://localhost:5000", "http://localhost:5000", "localhost:5000", "", true},
		{"http://localhost:5000/", "http://localhost:5000", "localhost:5000", "", true},
		{"https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com/a/b/",
			"https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com",
			"vpce-1.ec2.eu-west-1.vpce.amazonaws.com", "/a/b", false},
		{"https://x:443", "https://x:443", "x", "", false},
		{"http://[::1]:80", "http://[::1]:80", "[::1]", "", true},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct endpoint endpoint;
		const struct endpoint_settings settings = {"eu-west-1", cases[i].url, false, false};
		struct err err = endpoint_resolve("ec2", false, &settings, &endpoint);
		assert_string_equal(err.message, "");
		assert_string_equal(endpoint.base, cases[i].base);
		assert_string_equal(endpoint.host, cases[i].host);
		assert_string_equal(endpoint.path, cases[i].path);
		assert_int_equal(endpoint.is_plain_http, cases[i].is_plain);
		assert_true(endpoint.is_custom);
		assert_string_equal(endpoint.signing_region, "eu-west-1");
	}
	struct endpoint endpoint;
	const struct endpoint_settings settings = {
		"eu-west-1", "http://localhost:5000", false, false};
	struct err err = endpoint_resolve("iam", true, &settings, &endpoint);
	assert_string_equal(err.message, "");
	assert_string_equal(endpoint.signing_region, "us-east-1");
}

static void what_is_no_endpoint_is_refused(void **state)
{
	(void)state;
	static const char *const urls[] = {"localhost:5000", "ftp://x", "https://", "https:///x",
		"http://user:pw@host", "http://host/?q=1", "http://host/#f", "http://ho st",
		"http://host\r\nX: y", "http://h\xc3\xa4"};
	struct endpoint endpoint;
	for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
		const struct endpoint_settings settings = {"eu-west-1", urls[i], false, false};
		struct err err = endpoint_resolve("ec2", false, &settings, &endpoint);
		assert_int_equal(err.class, ERR_INVALID);
	}
	const struct endpoint_settings bad[] = {{"eu-west-1", "http://x", true, false},
		{"eu-west-1", "http://x", false, true}, {"eu west", NULL, false, false},
		{"a.b", NULL, false, false}};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct err err = endpoint_resolve("ec2", false, &bad[i], &endpoint);
		assert_int_equal(err.class, ERR_INVALID);
	}
}

static void a_bucket_goes_into_the_host_name_where_dns_and_tls_allow_it(void **state)
{
	(void)state;
	const struct endpoint_settings settings = {"eu-west-1", NULL, false, false};
	struct endpoint s3, used;
	struct err err = endpoint_resolve("s3", false, &settings, &s3);
	assert_string_equal(err.message, "");
	used = s3;
	assert_true(endpoint_use_bucket(&used, "my-logs-1"));
	assert_string_equal(used.base, "https://my-logs-1.s3.eu-west-1.amazonaws.com");
	assert_string_equal(used.host, "my-logs-1.s3.eu-west-1.amazonaws.com");
	static const char *const names[] = {"my.logs", "My-Logs", "ab", "-a-b", "a_b_c",
		"0123456789012345678901234567890123456789012345678901234567890123"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		used = s3;
		assert_false(endpoint_use_bucket(&used, names[i]));
		assert_string_equal(used.base, s3.base);
	}
	s3.is_custom = true;
	assert_false(endpoint_use_bucket(&s3, "my-logs-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(botocores_rules_are_met_for_every_partition),
		cmocka_unit_test(regions_of_tomorrow_belong_to_a_partition_by_their_name),
		cmocka_unit_test(a_custom_url_is_taken_apart),
		cmocka_unit_test(what_is_no_endpoint_is_refused),
		cmocka_unit_test(a_bucket_goes_into_the_host_name_where_dns_and_tls_allow_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
