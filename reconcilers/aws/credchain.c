#include "aws/credchain.h"
#include "base/str.h"

/* Where the search for credentials stands. */
struct search {
	struct loop *loop;
	struct http *http;
	const struct awsconfig *config;
};

static struct err from_environment(const struct search *search, struct provider **ret)
{
	const struct env *env = search->config->env;
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
	*ret = provider_static_new(search->loop, "the environment", id, secret, token);
	return *ret ? ERR_OK : err_nomem();
}

struct err credchain_build(struct loop *loop, struct http *http, const struct awsconfig *config,
	struct provider **ret_provider)
{
	const struct search search = {loop, http, config};
	struct provider *provider = NULL;
	struct err err = from_environment(&search, &provider);
	if (!err_is(&err) && !provider)
		err = err_new(ERR_INVALID, "no credentials: set AWS_ACCESS_KEY_ID and "
					   "AWS_SECRET_ACCESS_KEY, or a profile");
	if (!err_is(&err))
		*ret_provider = provider;
	return err;
}
