#include "aws/credchain.h"
#include "aws/client.h"
#include "aws/credmeta.h"
#include "aws/credprocess.h"
#include "aws/credsts.h"
#include "aws/profile.h"
#include "base/num.h"
#include "base/str.h"

enum { MOST_ROLES = 16 };

/* The profiles whose roles are being resolved, outermost first. */
struct visit {
	const char *names[MOST_ROLES];
	size_t count;
};

static struct err from_profile(const struct credchain *chain, const char *profile,
	bool uses_environment, struct provider **ret);

static const char *get(const struct credchain *chain, const char *profile, const char *key)
{
	return profile_get(chain->config->profiles, profile, key);
}

// ---- keys that are written down

static struct err from_environment(const struct credchain *chain, struct provider **ret)
{
	const struct env *env = chain->config->env;
	const char *id = env_get(env, "AWS_ACCESS_KEY_ID");
	const char *secret = env_get(env, "AWS_SECRET_ACCESS_KEY");
	if (!id)
		return ERR_OK;
	if (!secret)
		return err_new(
			ERR_INVALID, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
	const char *token = env_get(env, "AWS_SESSION_TOKEN");
	if (!token)
		token = env_get(env, "AWS_SECURITY_TOKEN");
	*ret = provider_static_new(chain->loop, "the environment", id, secret, token);
	return *ret ? ERR_OK : err_nomem();
}

static struct err from_file(const struct credchain *chain, const char *profile,
	enum credentials_file file, struct provider **ret)
{
	const struct profiles *profiles = chain->config->profiles;
	bool is_config = file == CREDENTIALS_CONFIG_FILE;
	enum profile_file which = is_config ? PROFILE_CONFIG : PROFILE_CREDENTIALS;
	const char *id = profile_get_from(profiles, which, profile, "aws_access_key_id");
	if (!id)
		return ERR_OK;
	if (!profile_get_from(profiles, which, profile, "aws_secret_access_key"))
		return err_new(ERR_INVALID,
			"profile '%s' in %s has aws_access_key_id and no aws_secret_access_key",
			profile,
			is_config ? profiles_config_path(profiles)
				  : profiles_credentials_path(profiles));
	*ret = provider_file_new(chain->loop, chain->config->env, profile, file);
	return *ret ? ERR_OK : err_nomem();
}

// ---- roles

static struct err read_role(
	const struct credchain *chain, const char *profile, struct credsts_role *ret_role)
{
	const char *duration = get(chain, profile, "duration_seconds");
	if (get(chain, profile, "mfa_serial"))
		return err_new(ERR_INVALID,
			"profile '%s' has mfa_serial: a daemon has nobody to type a code; use a "
			"role "
			"whose trust policy does not ask for MFA",
			profile);
	ret_role->arn = get(chain, profile, "role_arn");
	ret_role->session_name = get(chain, profile, "role_session_name");
	ret_role->external_id = get(chain, profile, "external_id");
	if (duration && !num_parse_i64(duration, 900, 43200, &ret_role->duration_seconds))
		return err_new(ERR_INVALID, "profile '%s': duration_seconds is '%s'; 900 to 43200",
			profile, duration);
	return ERR_OK;
}

/* The provider of a role, with a source that is taken over. */
static struct err make_role(const struct credchain *chain, const struct credsts_role *role,
	struct provider *source, struct provider **ret)
{
	struct aws *sts = NULL;
	struct aws_port *port = NULL;
	struct err err = chain->new_sts(chain, source, &port, &sts);
	if (err_is(&err))
		return err;
	err = credsts_new(chain->loop, role, port, sts, ret);
	if (err_is(&err))
		aws_free(sts);
	return err;
}

static struct err from_credential_source(
	const struct credchain *chain, const char *profile, const char *name, struct provider **ret)
{
	struct err err = ERR_OK;
	if (str_eq_nocase(name, "Environment"))
		err = from_environment(chain, ret);
	else if (str_eq_nocase(name, "EcsContainer"))
		err = credmeta_container(chain->loop, chain->http, chain->config->env, ret);
	else if (str_eq_nocase(name, "Ec2InstanceMetadata"))
		err = credmeta_instance(chain->loop, chain->http, chain->config, false, ret);
	else
		return err_new(ERR_INVALID,
			"profile '%s': credential_source is '%s'; Environment, Ec2InstanceMetadata "
			"or "
			"EcsContainer",
			profile, name);
	if (!err_is(&err) && !*ret)
		err = err_new(ERR_INVALID,
			"profile '%s': credential_source %s has no credentials here", profile,
			name);
	return err;
}

static bool has_keys(const struct credchain *chain, const char *profile)
{
	return get(chain, profile, "aws_access_key_id") ||
	       get(chain, profile, "aws_secret_access_key");
}

/* A profile that assumes a role itself; one with a token file is a web identity instead. */
static bool has_role(const struct credchain *chain, const char *profile)
{
	return get(chain, profile, "role_arn") && !get(chain, profile, "web_identity_token_file");
}

static struct err from_role(const struct credchain *chain, const char *profile, struct visit *visit,
	struct provider **ret);

/* Whatever a source_profile means: its keys, its own role, or the other sources of a profile. */
static struct err from_source_profile(const struct credchain *chain, const char *profile,
	const char *source, struct visit *visit, struct provider **ret)
{
	if (!profile_exists(chain->config->profiles, source))
		return err_new(ERR_INVALID, "profile '%s': source_profile '%s' does not exist",
			profile, source);
	bool is_self = str_eq(profile, source);
	if (is_self && !has_keys(chain, source))
		return err_new(ERR_INVALID,
			"profile '%s' is its own source_profile and has no keys of its own",
			profile);
	if (has_role(chain, source) && !has_keys(chain, source))
		return from_role(chain, source, visit, ret);
	struct err err = from_profile(chain, source, false, ret);
	if (!err_is(&err) && !*ret)
		err = err_new(ERR_INVALID, "profile '%s': source_profile '%s' has no credentials",
			profile, source);
	return err;
}

static struct err from_role(const struct credchain *chain, const char *profile, struct visit *visit,
	struct provider **ret)
{
	for (size_t i = 0; i < visit->count; i++)
		if (str_eq(visit->names[i], profile))
			return err_new(ERR_INVALID,
				"profile '%s': its source_profiles lead back to itself", profile);
	if (visit->count == MOST_ROLES)
		return err_new(ERR_INVALID, "profile '%s': more than %d roles in a chain", profile,
			MOST_ROLES);
	visit->names[visit->count++] = profile;

	const char *source_profile = get(chain, profile, "source_profile");
	const char *credential_source = get(chain, profile, "credential_source");
	if (!source_profile == !credential_source)
		return err_new(ERR_INVALID,
			"profile '%s' has role_arn and %s source_profile and credential_source; "
			"give exactly one",
			profile, source_profile ? "both" : "neither");
	struct credsts_role role = {0};
	struct provider *source = NULL;
	struct err err = read_role(chain, profile, &role);
	if (!err_is(&err))
		err = source_profile
			      ? from_source_profile(chain, profile, source_profile, visit, &source)
			      : from_credential_source(chain, profile, credential_source, &source);
	if (!err_is(&err))
		err = make_role(chain, &role, source, ret);
	return err;
}

/* EKS and the like: environment before profile, as a whole chain of settings. */
static struct err from_web_identity(const struct credchain *chain, const char *profile,
	bool uses_environment, struct provider **ret)
{
	const struct env *env = chain->config->env;
	struct credsts_role role = {0};
	if (uses_environment) {
		role.token_file = env_get(env, "AWS_WEB_IDENTITY_TOKEN_FILE");
		role.arn = env_get(env, "AWS_ROLE_ARN");
		role.session_name = env_get(env, "AWS_ROLE_SESSION_NAME");
	}
	if (!role.token_file)
		role.token_file = get(chain, profile, "web_identity_token_file");
	if (!role.token_file)
		return ERR_OK;
	if (!role.arn)
		role.arn = get(chain, profile, "role_arn");
	if (!role.session_name)
		role.session_name = get(chain, profile, "role_session_name");
	if (!role.arn)
		return err_new(ERR_INVALID,
			"a web identity token file is set (AWS_WEB_IDENTITY_TOKEN_FILE, or "
			"web_identity_token_file in profile '%s') without AWS_ROLE_ARN or role_arn",
			profile);
	return make_role(chain, &role, NULL, ret);
}

// ---- a profile's sources

static struct err refuse_login(const struct credchain *chain, const char *profile)
{
	static const char *const keys[] = {
		"sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "login_session"};
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
		if (get(chain, profile, keys[i]))
			return err_new(ERR_INVALID,
				"profile '%s' has %s: such credentials need a person to log in "
				"again "
				"and again; give the daemon a role (role_arn with "
				"credential_source), "
				"a credential_process, or keys of its own",
				profile, keys[i]);
	return ERR_OK;
}

/* *ret stays NULL when the profile names no source. */
static struct err from_profile(const struct credchain *chain, const char *profile,
	bool uses_environment, struct provider **ret)
{
	struct err err = from_web_identity(chain, profile, uses_environment, ret);
	if (!err_is(&err) && !*ret)
		err = refuse_login(chain, profile);
	if (!err_is(&err) && !*ret)
		err = from_file(chain, profile, CREDENTIALS_FILE, ret);
	const char *command = get(chain, profile, "credential_process");
	if (!err_is(&err) && !*ret && command) {
		err = credprocess_new(chain->loop, command, ret);
		if (err_is(&err))
			err_wrap(&err, "profile '%s'", profile);
	}
	if (!err_is(&err) && !*ret)
		err = from_file(chain, profile, CREDENTIALS_CONFIG_FILE, ret);
	return err;
}

struct err credchain_build(const struct credchain *chain, struct provider **ret_provider)
{
	const struct awsconfig *config = chain->config;
	const char *profile = config->profile;
	struct provider *found = NULL;
	struct visit visit = {0};
	struct err err = ERR_OK;
	// A profile given by argument is meant; one in AWS_PROFILE yields to keys beside it.
	if (!config->is_profile_argument)
		err = from_environment(chain, &found);
	if (!err_is(&err) && !found && has_role(chain, profile))
		err = from_role(chain, profile, &visit, &found);
	if (!err_is(&err) && !found)
		err = from_profile(chain, profile, !config->is_profile_argument, &found);
	if (!err_is(&err) && !found)
		err = credmeta_container(chain->loop, chain->http, config->env, &found);
	if (!err_is(&err) && !found)
		err = credmeta_instance(chain->loop, chain->http, config, true, &found);
	if (!err_is(&err) && !found)
		err = err_new(ERR_INVALID,
			"no credentials: not in the environment (AWS_ACCESS_KEY_ID), not in "
			"profile "
			"'%s', no container agent, and AWS_EC2_METADATA_DISABLED is set",
			profile);
	if (!err_is(&err))
		*ret_provider = found;
	return err;
}
