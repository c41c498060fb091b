// Which source of credentials a configuration means: the order, roles and their loops, and what is
// refused at load.
#include "aws/client.h"
#include "aws/credchain.h"
#include "aws/credprocess.h"
#include "aws/profile.h"
#include "fake.h"

static struct loop *chain_loop;
static int sts_made;

static struct err stub_sts(const struct credchain *chain, struct provider *source,
	struct aws_port **ret_port, struct aws **ret_sts)
{
	(void)chain;
	sts_made++;
	provider_free(source);
	*ret_sts = NULL;
	*ret_port = NULL;
	return ERR_OK;
}

static struct err choose(struct fake_env *env, const char *config_text, const char *keys_text,
	const char *profile, char *ret_name, size_t bytes)
{
	struct awsconfig config = {.env = &env->env, .is_profile_argument = profile != NULL};
	config.profile = strdup(profile ? profile : "default");
	config.profiles = profiles_new();
	struct err err = profiles_parse(
		config.profiles, PROFILE_CONFIG, "config", config_text, strlen(config_text));
	assert_string_equal(err.message, "");
	err = profiles_parse(
		config.profiles, PROFILE_CREDENTIALS, "credentials", keys_text, strlen(keys_text));
	assert_string_equal(err.message, "");
	struct provider *provider = NULL;
	sts_made = 0;
	err = credchain_build(&(struct credchain){chain_loop, NULL, &config, stub_sts}, &provider);
	ret_name[0] = '\0';
	if (!err_is(&err)) {
		str_copy(ret_name, bytes, provider->type->name);
		provider_free(provider);
	}
	awsconfig_done(&config);
	return err;
}

#define KEYS "aws_access_key_id = a\naws_secret_access_key = b\n"

static void sources_are_asked_in_botocores_order(void **state)
{
	(void)state;
	static const struct {
		struct fake_env env;
		const char *config, *keys, *profile, *expected;
	} cases[] = {
		{FAKE_ENV("AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"), "", "[default]\n" KEYS,
			NULL, "the environment"},
		{FAKE_ENV("AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"), "", "[p]\n" KEYS, "p",
			"the credentials file"},
		{FAKE_ENV("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="), "", "[default]\n" KEYS,
			NULL, "the credentials file"},
		{FAKE_ENV("AWS_WEB_IDENTITY_TOKEN_FILE=/t", "AWS_ROLE_ARN=r"), "",
			"[default]\n" KEYS, NULL, "web identity"},
		{FAKE_ENV("AWS_WEB_IDENTITY_TOKEN_FILE=/t", "AWS_ROLE_ARN=r"), "", "[p]\n" KEYS,
			"p", "the credentials file"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\nweb_identity_token_file = /t\n", "",
			NULL, "web identity"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\nsource_profile = s\n", "[s]\n" KEYS,
			NULL, "assume-role"},
		{FAKE_ENV("AWS_WEB_IDENTITY_TOKEN_FILE=/t", "AWS_ROLE_ARN=r"),
			"[default]\nrole_arn = r\nsource_profile = s\n", "[s]\n" KEYS, NULL,
			"assume-role"},
		{FAKE_ENV("X=1"), "[default]\ncredential_process = /bin/x\n" KEYS,
			"[default]\n" KEYS, NULL, "the credentials file"},
		{FAKE_ENV("X=1"), "[default]\ncredential_process = /bin/x\n" KEYS, "", NULL,
			"credential_process"},
		{FAKE_ENV("X=1"), "[default]\n" KEYS, "", NULL, "the config file"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x"), "[default]\n" KEYS, "",
			NULL, "the config file"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x"), "", "", NULL,
			"the container agent"},
		{FAKE_ENV("X=1"), "", "", NULL, "the instance metadata service"},
		{FAKE_ENV("X=1"),
			"[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n", "",
			NULL, "assume-role"},
		{FAKE_ENV("AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"),
			"[profile p]\nrole_arn = r\ncredential_source = Environment\n", "", "p",
			"assume-role"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1"),
			"[profile p]\nrole_arn = r\ncredential_source = EcsContainer\n", "", "p",
			"assume-role"},
	};
	char name[64];
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fake_env env = cases[i].env;
		struct err err = choose(
			&env, cases[i].config, cases[i].keys, cases[i].profile, name, sizeof(name));
		if (!str_eq(name, cases[i].expected))
			print_message("case %zu: %s\n", i, err.message);
		assert_string_equal(name, cases[i].expected);
	}
}

static void roles_may_chain_and_may_use_their_own_keys(void **state)
{
	(void)state;
	char name[64];
	struct fake_env env = FAKE_ENV("X=1");
	struct err err = choose(&env,
		"[profile a]\nrole_arn = ra\nsource_profile = b\n"
		"[profile b]\nrole_arn = rb\nsource_profile = c\n"
		"[profile c]\nrole_arn = rc\nsource_profile = c\n" KEYS,
		"", "a", name, sizeof(name));
	assert_string_equal(err.message, "");
	assert_int_equal(sts_made, 2); // c's keys end the chain: its own role is not assumed
	err = choose(&env, "[profile c]\nrole_arn = rc\nsource_profile = c\n" KEYS, "", "c", name,
		sizeof(name));
	assert_string_equal(err.message, "");
	assert_int_equal(sts_made, 1);
	err = choose(&env,
		"[profile a]\nrole_arn = ra\nsource_profile = b\n"
		"[profile b]\nrole_arn = rb\nweb_identity_token_file = /t\n",
		"", "a", name, sizeof(name));
	assert_string_equal(err.message, "");
	assert_int_equal(sts_made, 2);
}

static void a_configuration_that_cannot_work_is_refused_with_the_profiles_name(void **state)
{
	(void)state;
	static const struct {
		struct fake_env env;
		const char *config, *profile, *message;
	} cases[] = {
		{FAKE_ENV("AWS_ACCESS_KEY_ID=a"), "", NULL, "AWS_SECRET_ACCESS_KEY is not"},
		{FAKE_ENV("X=1"), "[default]\naws_access_key_id = a\n", NULL,
			"profile 'default' in (no home directory) has aws_access_key_id and no"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\n", NULL, "has role_arn and neither"},
		{FAKE_ENV("X=1"),
			"[default]\nrole_arn = r\nsource_profile = a\ncredential_source = "
			"Environment\n",
			NULL, "has role_arn and both"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\nsource_profile = nobody\n", NULL,
			"source_profile 'nobody' does not exist"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\nsource_profile = default\n", NULL,
			"is its own source_profile and has no keys"},
		{FAKE_ENV("X=1"),
			"[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\n"
			"source_profile = a\n",
			"a", "profile 'a': its source_profiles lead back to itself"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\ncredential_source = Moon\n", NULL,
			"credential_source is 'Moon'"},
		{FAKE_ENV("X=1"), "[default]\nrole_arn = r\ncredential_source = Environment\n",
			NULL, "credential_source Environment has no credentials here"},
		{FAKE_ENV("X=1"),
			"[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n",
			NULL, "source_profile 'b' has no credentials"},
		{FAKE_ENV("X=1"),
			"[default]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n[profile "
			"b]\n" KEYS,
			NULL, "mfa_serial"},
		{FAKE_ENV("X=1"),
			"[default]\nrole_arn = r\nsource_profile = b\nduration_seconds = 5\n"
			"[profile b]\n" KEYS,
			NULL, "duration_seconds is '5'"},
		{FAKE_ENV("X=1"), "[default]\nweb_identity_token_file = /t\n", NULL,
			"without AWS_ROLE_ARN"},
		{FAKE_ENV("X=1"), "[default]\nsso_session = s\nsso_account_id = 1\n", NULL,
			"has sso_session: such credentials need a person"},
		{FAKE_ENV("X=1"), "[default]\ncredential_process = \"/bin/x\n", NULL, "open quote"},
		{FAKE_ENV("AWS_EC2_METADATA_DISABLED=true"), "", NULL, "no credentials: "},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://evil.example/x"), "", NULL,
			"is neither https nor http to this host"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.evil.example/"), "",
			NULL, "is neither https nor http to this host"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1@evil.example/"), "",
			NULL, "is neither https nor http to this host"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.169.254/"), "", NULL,
			"is neither https nor http to this host"},
		{FAKE_ENV("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=evil"), "", NULL,
			"begin with '/'"},
	};
	char name[64];
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fake_env env = cases[i].env;
		struct err err =
			choose(&env, cases[i].config, "", cases[i].profile, name, sizeof(name));
		assert_int_equal(err.class, ERR_INVALID);
		if (!strstr(err.message, cases[i].message))
			print_message("case %zu: %s\n", i, err.message);
		assert_non_null(strstr(err.message, cases[i].message));
	}
}

static void a_command_is_split_like_a_shell_and_nothing_is_expanded(void **state)
{
	(void)state;
	static const struct {
		const char *command;
		const char *words[5];
	} cases[] = {
		{"a b  c", {"a", "b", "c"}},
		{"'a b' \"c d\"", {"a b", "c d"}},
		{"a\\ b \"c\\\"d\" '\\'", {"a b", "c\"d", "\\"}},
		{"a $HOME `x` *", {"a", "$HOME", "`x`", "*"}},
		{"a'b'\"c\" ''", {"abc", ""}},
		{"\"it's\"", {"it's"}},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char **words = NULL;
		struct err err = credprocess_split(cases[i].command, &words);
		assert_string_equal(err.message, "");
		size_t n = 0;
		for (; cases[i].words[n]; n++)
			assert_string_equal(words[n], cases[i].words[n]);
		assert_null(words[n]);
		credprocess_free_words(words);
	}
	char **words = NULL;
	struct err err = credprocess_split("   ", &words);
	assert_int_equal(err.class, ERR_INVALID);
	err = credprocess_split("a 'b", &words);
	assert_int_equal(err.class, ERR_INVALID);
}

static int make_loop(void **state)
{
	static struct loop loop;
	(void)state;
	struct err err = loop_init(&loop);
	chain_loop = &loop;
	return err_is(&err);
}

static int close_loop(void **state)
{
	(void)state;
	return loop_done(chain_loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_asked_in_botocores_order),
		cmocka_unit_test(roles_may_chain_and_may_use_their_own_keys),
		cmocka_unit_test(
			a_configuration_that_cannot_work_is_refused_with_the_profiles_name),
		cmocka_unit_test(a_command_is_split_like_a_shell_and_nothing_is_expanded),
	};
	return cmocka_run_group_tests(tests, make_loop, close_loop);
}
