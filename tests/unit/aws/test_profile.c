// The shared files: sections, merging, nested blocks, comments, errors with their line.
#include "aws/awsconfig.h"
#include "aws/profile.h"
#include "fake.h"
#include <unistd.h>

static struct profiles *parse(const char *config, const char *credentials)
{
	struct profiles *profiles = profiles_new();
	struct err err = profiles_parse(profiles, PROFILE_CONFIG, "config", config, strlen(config));
	assert_string_equal(err.message, "");
	err = profiles_parse(
		profiles, PROFILE_CREDENTIALS, "credentials", credentials, strlen(credentials));
	assert_string_equal(err.message, "");
	return profiles;
}

static void assert_value(
	const char *config, const char *profile, const char *key, const char *expected)
{
	struct profiles *profiles = parse(config, "");
	const char *value = profile_get(profiles, profile, key);
	if (expected)
		assert_string_equal(value, expected);
	else
		assert_null(value);
	profiles_free(profiles);
}

static void a_profile_is_read_with_its_spaces_comments_and_case(void **state)
{
	(void)state;
	assert_value("[default]\nregion = eu-west-1\n", "default", "region", "eu-west-1");
	assert_value("[profile a]\nregion=eu-west-1", "a", "region", "eu-west-1");
	assert_value("[ profile   a ]\r\nregion =eu-west-1\r\n", "a", "region", "eu-west-1");
	assert_value("[profile \"a b\"]\nregion = x", "a b", "region", "x");
	assert_value("[profile a] # why\nREGION = x ; why\n", "a", "region", "x");
	assert_value("[profile a]\nk = v#no comment\n", "a", "k", "v#no comment");
	assert_value("[profile a]\nk = a=b\n", "a", "k", "a=b");
	assert_value("\xef\xbb\xbf[default]\nk = v\n", "default", "k", "v");
	assert_value("# c\n; c\n\n   # c\n[default]\n\n\nk = v\n", "default", "k", "v");
	assert_value("[default]\nk = 1\nk = 2\n", "default", "k", "2");
	assert_value("[default]\nk =\n", "default", "k", NULL);
	assert_value("[default]\nk = \xe1\x88\xb4\n", "default", "k", "\xe1\x88\xb4");
	assert_value("[a]\nk = v\n", "a", "k", NULL);
	assert_value("[default]\n\tregion = x\n", "default", "region", "x");
	assert_value("[profile a]\nx = 1\n[profile a]\ny = 2\n", "a", "x", "1");
}

static void a_value_goes_on_in_indented_lines(void **state)
{
	(void)state;
	assert_value("[default]\nk = a\n  b\n\tc\nnext = 1\n", "default", "k", "a\nb\nc");
	assert_value("[default]\nk = a\n  b\n\tc\nnext = 1\n", "default", "next", "1");
	assert_value("[default]\n  k = a\n  next = 1\n", "default", "next", "1");
}

static void a_key_without_value_opens_a_block(void **state)
{
	(void)state;
	struct profiles *profiles =
		parse("[profile a]\ns3 =\n  max_concurrent_requests = 20\n"
		      "region = x\nservices = local\n[services local]\n"
		      "ec2 =\n  endpoint_url = http://localhost:1\n"
		      "elastic_load_balancing_v2 =\n\tEndpoint_URL = http://localhost:2\n",
			"");
	assert_string_equal(profile_get(profiles, "a", "region"), "x");
	assert_null(profile_get(profiles, "a", "max_concurrent_requests"));
	assert_string_equal(profile_service_get(profiles, "local", "ec2", "endpoint_url"),
		"http://localhost:1");
	assert_string_equal(
		profile_service_get(profiles, "local", "elastic_load_balancing_v2", "endpoint_url"),
		"http://localhost:2");
	assert_null(profile_service_get(profiles, "local", "iam", "endpoint_url"));
	assert_null(profile_service_get(profiles, "other", "ec2", "endpoint_url"));
	profiles_free(profiles);
}

static void the_credentials_file_wins_and_its_sections_are_profiles(void **state)
{
	(void)state;
	struct profiles *profiles = parse("[profile a]\nregion = config\nk = config\n",
		"[a]\nk = credentials\n[default]\nk = d\n[profile b]\nk = odd\n");
	assert_string_equal(profile_get(profiles, "a", "k"), "credentials");
	assert_string_equal(profile_get(profiles, "a", "region"), "config");
	assert_string_equal(profile_get_from(profiles, PROFILE_CONFIG, "a", "k"), "config");
	assert_true(profile_exists(profiles, "default"));
	assert_false(profile_exists(profiles, "b"));
	assert_true(profile_exists(profiles, "profile b"));
	profiles_free(profiles);
}

static void profile_default_hides_default(void **state)
{
	(void)state;
	const char *config = "[default]\nregion = plain\nonly = 1\n[profile default]\nregion = x\n";
	assert_value(config, "default", "region", "x");
	assert_value(config, "default", "only", NULL);
}

static void a_broken_line_is_named_and_never_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[default\nk = v", "f:1: a section header without ']'"},
		{"[]\n", "f:1: a section without a name"},
		{"[default] x\n", "f:1: text after a section header"},
		{"k = v\n", "f:1: a setting before the first [section]"},
		{"[default]\nSECRETSECRET\n", "f:2: neither a section nor 'key = value'"},
		{"[default]\n= SECRETSECRET\n", "f:2: no key before '='"},
		{"[default]\ns3 =\n  SECRETSECRET\n", "f:3: neither a section nor 'key = value'"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct profiles *profiles = profiles_new();
		struct err err = profiles_parse(
			profiles, PROFILE_CREDENTIALS, "f", cases[i].text, strlen(cases[i].text));
		assert_int_equal(err.class, ERR_INVALID);
		assert_string_equal(err.message, cases[i].message);
		profiles_free(profiles);
	}
	struct profiles *profiles = profiles_new();
	struct err err = profiles_parse(profiles, PROFILE_CONFIG, "f", "[a]\0b", 5);
	assert_int_equal(err.class, ERR_INVALID);
	profiles_free(profiles);
}

static void write_file(const char *path, const char *text)
{
	FILE *stream = fopen(path, "we");
	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

/* awsconfig_load() with a config file of this text. */
static struct err load(struct fake_env *env, const char *text, const char *region,
	const char *profile, struct awsconfig *config)
{
	static char path[] = "/tmp/holdfast-test-profile-XXXXXX", pair[80];
	static bool is_made;
	if (!is_made)
		close(mkstemp(path));
	is_made = true;
	write_file(path, text);
	snprintf(pair, sizeof(pair), "AWS_CONFIG_FILE=%s", path);
	size_t i = 0;
	while (env->pairs[i])
		i++;
	env->pairs[i] = pair;
	struct err err = awsconfig_load(&env->env, region, profile, config);
	unlink(path);
	return err;
}

static void region_and_profile_come_from_argument_environment_and_profile_in_that_order(
	void **state)
{
	(void)state;
	static const char text[] =
		"[default]\nregion = from-default\n[profile p]\nregion = from-p\n";
	struct awsconfig config;
	struct fake_env all = FAKE_ENV("AWS_REGION=from-env", "AWS_DEFAULT_REGION=from-env2",
		"AWS_PROFILE=p", "AWS_MAX_ATTEMPTS=7");
	struct err err = load(&all, text, "from-argument", NULL, &config);
	assert_string_equal(err.message, "");
	assert_string_equal(config.region, "from-argument");
	assert_string_equal(config.profile, "p");
	assert_false(config.is_profile_argument);
	assert_int_equal(config.most_attempts, 7);
	awsconfig_done(&config);

	err = load(&all, text, NULL, "default", &config);
	assert_string_equal(config.region, "from-env");
	assert_string_equal(config.profile, "default");
	assert_true(config.is_profile_argument);
	awsconfig_done(&config);

	struct fake_env older = FAKE_ENV("AWS_DEFAULT_REGION=from-env2", "AWS_REGION=");
	err = load(&older, text, NULL, NULL, &config);
	assert_string_equal(config.region, "from-env2");
	awsconfig_done(&config);

	struct fake_env none = FAKE_ENV("AWS_PROFILE=p");
	err = load(&none, text, NULL, NULL, &config);
	assert_string_equal(config.region, "from-p");
	awsconfig_done(&config);

	struct fake_env missing = FAKE_ENV("AWS_PROFILE=nobody");
	err = load(&missing, text, NULL, NULL, &config);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "profile 'nobody' is in neither"));
}

static void the_nearest_endpoint_url_wins_unless_all_are_ignored(void **state)
{
	(void)state;
	static const char text[] = "[default]\nservices = s\nendpoint_url = http://profile\n"
				   "[services s]\nec2 =\n  endpoint_url = http://section\n";
	struct awsconfig config;
	struct fake_env env =
		FAKE_ENV("AWS_ENDPOINT_URL_EC2=http://env-ec2", "AWS_ENDPOINT_URL=http://env");
	struct err err = load(&env, text, NULL, NULL, &config);
	assert_string_equal(err.message, "");
	assert_string_equal(awsconfig_endpoint_url(&config, "EC2"), "http://env-ec2");
	assert_string_equal(awsconfig_endpoint_url(&config, "IAM"), "http://env");
	awsconfig_done(&config);

	struct fake_env empty = FAKE_ENV("X=1");
	err = load(&empty, text, NULL, NULL, &config);
	assert_string_equal(awsconfig_endpoint_url(&config, "EC2"), "http://section");
	assert_string_equal(awsconfig_endpoint_url(&config, "IAM"), "http://profile");
	awsconfig_done(&config);

	struct fake_env ignore =
		FAKE_ENV("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL=http://env");
	err = load(&ignore, text, NULL, NULL, &config);
	assert_null(awsconfig_endpoint_url(&config, "EC2"));
	awsconfig_done(&config);
}

static void a_setting_that_is_none_is_refused(void **state)
{
	(void)state;
	static const char *const pairs[] = {"AWS_USE_FIPS_ENDPOINT=yes", "AWS_MAX_ATTEMPTS=0",
		"AWS_MAX_ATTEMPTS=many", "AWS_RETRY_MODE=furious"};
	for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
		struct fake_env env = FAKE_ENV(pairs[i]);
		struct awsconfig config;
		struct err err = load(&env, "", NULL, NULL, &config);
		assert_int_equal(err.class, ERR_INVALID);
	}
	struct fake_env adaptive = FAKE_ENV("AWS_RETRY_MODE=adaptive");
	struct awsconfig config;
	struct err err = load(&adaptive, "", NULL, NULL, &config);
	assert_string_equal(err.message, "");
	assert_true(config.is_adaptive);
	awsconfig_done(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_is_read_with_its_spaces_comments_and_case),
		cmocka_unit_test(a_value_goes_on_in_indented_lines),
		cmocka_unit_test(a_key_without_value_opens_a_block),
		cmocka_unit_test(the_credentials_file_wins_and_its_sections_are_profiles),
		cmocka_unit_test(profile_default_hides_default),
		cmocka_unit_test(a_broken_line_is_named_and_never_quoted),
		cmocka_unit_test(
			region_and_profile_come_from_argument_environment_and_profile_in_that_order),
		cmocka_unit_test(the_nearest_endpoint_url_wins_unless_all_are_ignored),
		cmocka_unit_test(a_setting_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
