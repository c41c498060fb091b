#include "aws/awsconfig.h"
#include "aws/profile.h"
#include "base/num.h"

/* Environment, then profile; NULL when neither has it. */
static const char *setting(const struct awsconfig *config, const char *variable, const char *key)
{
	const char *value = env_get(config->env, variable);
	return value ? value : profile_get(config->profiles, config->profile, key);
}

static struct err read_flag(
	const struct awsconfig *config, const char *variable, const char *key, bool *ret_value)
{
	const char *value = setting(config, variable, key);
	if (!value)
		return ERR_OK;
	if (!str_eq_nocase(value, "true") && !str_eq_nocase(value, "false"))
		return err_new(ERR_INVALID, "%s (or %s in profile %s) is '%s'; true or false",
			variable, key, config->profile, value);
	*ret_value = str_eq_nocase(value, "true");
	return ERR_OK;
}

static struct err read_retries(struct awsconfig *config)
{
	const char *value = setting(config, "AWS_MAX_ATTEMPTS", "max_attempts");
	int64_t count;
	if (value) {
		if (!num_parse_i64(value, 1, 100, &count))
			return err_new(ERR_INVALID,
				"AWS_MAX_ATTEMPTS (or max_attempts in profile %s) is '%s'; 1 to "
				"100",
				config->profile, value);
		config->most_attempts = (int)count;
	}
	value = setting(config, "AWS_RETRY_MODE", "retry_mode");
	if (!value || str_eq_nocase(value, "standard") || str_eq_nocase(value, "legacy"))
		return ERR_OK;
	if (!str_eq_nocase(value, "adaptive"))
		return err_new(ERR_INVALID,
			"AWS_RETRY_MODE (or retry_mode in profile %s) is '%s'; standard, adaptive "
			"or legacy",
			config->profile, value);
	config->is_adaptive = true;
	return ERR_OK;
}

static char *copy(const char *value)
{
	return value ? strdup(value) : NULL;
}

static struct err read_all(struct awsconfig *config, const char *region)
{
	if (str_empty(region))
		region = env_get(config->env, "AWS_REGION");
	if (!region)
		region = setting(config, "AWS_DEFAULT_REGION", "region");
	config->region = copy(region);
	config->ca_bundle = copy(setting(config, "AWS_CA_BUNDLE", "ca_bundle"));
	struct err err =
		read_flag(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &config->use_fips);
	if (!err_is(&err))
		err = read_flag(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
			&config->use_dualstack);
	if (!err_is(&err))
		err = read_retries(config);
	return err;
}

struct err awsconfig_load(const struct env *env, const char *region, const char *profile,
	struct awsconfig *ret_config)
{
	struct awsconfig config = {.env = env};
	config.is_profile_argument = !str_empty(profile);
	if (str_empty(profile))
		profile = env_get(env, "AWS_PROFILE");
	if (!profile)
		profile = env_get(env, "AWS_DEFAULT_PROFILE");
	config.is_profile_explicit = profile != NULL;
	config.profile = strdup(profile ? profile : "default");
	struct err err = profiles_load(env, &config.profiles);
	if (!err_is(&err) && config.is_profile_explicit &&
		!profile_exists(config.profiles, config.profile))
		err = err_new(ERR_INVALID, "profile '%s' is in neither %s nor %s", config.profile,
			profiles_config_path(config.profiles),
			profiles_credentials_path(config.profiles));
	if (!err_is(&err))
		err = read_all(&config, region);
	if (err_is(&err))
		awsconfig_done(&config);
	else
		*ret_config = config;
	return err;
}

void awsconfig_done(struct awsconfig *config)
{
	profiles_free(config->profiles);
	free(config->profile);
	free(config->region);
	free(config->ca_bundle);
	*config = (struct awsconfig){0};
}

/* "ELASTIC_LOAD_BALANCING_V2" is "elastic_load_balancing_v2" in a services section. */
static const char *section_url(const struct awsconfig *config, const char *service_env_name)
{
	const char *section = profile_get(config->profiles, config->profile, "services");
	if (!section || !*service_env_name)
		return NULL;
	char key[80];
	size_t i = 0;
	for (; i < sizeof(key) - 1 && service_env_name[i]; i++) {
		char c = service_env_name[i];
		key[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
	}
	key[i] = '\0';
	return profile_service_get(config->profiles, section, key, "endpoint_url");
}

const char *awsconfig_endpoint_url(const struct awsconfig *config, const char *service_env_name)
{
	const char *ignore = setting(
		config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
	if (ignore && str_eq_nocase(ignore, "true"))
		return NULL;
	char variable[100];
	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", service_env_name);
	const char *url = *service_env_name ? env_get(config->env, variable) : NULL;
	if (!url)
		url = env_get(config->env, "AWS_ENDPOINT_URL");
	if (!url)
		url = section_url(config, service_env_name);
	return url ? url : profile_get(config->profiles, config->profile, "endpoint_url");
}
