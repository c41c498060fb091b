// The client: what all calls share, from settings to statistics.
#include "aws/client.h"
#include "aws/credchain.h"
#include "aws/flight.h"
#include "base/log.h"
#include "base/str.h"

enum { MOST_IN_FLIGHT = 64 };

void aws_call_init(
	struct aws_call *call, const char *service, const char *operation, const json_t *input)
{
	*call = (struct aws_call){.service = service, .operation = operation, .input = input};
}

void aws_call_done(struct aws_call *call)
{
	json_decref(call->output);
	call->output = NULL;
}

void aws_memo_done(struct aws_memo *memo)
{
	json_decref(memo->output);
	*memo = (struct aws_memo){0};
}

// ---- channels

static struct err channel_connect(struct aws *aws, struct channel *channel)
{
	const struct service *service = channel->service;
	const struct endpoint_settings settings = {
		.region = aws->config.region,
		.custom_url = awsconfig_endpoint_url(&aws->config, service_env_name(service)),
		.use_fips = aws->config.use_fips,
		.use_dualstack = aws->config.use_dualstack,
	};
	return endpoint_resolve(service_endpoint_prefix(service), service_is_global(service),
		&settings, &channel->endpoint);
}

struct channel *flight_channel(struct aws *aws, const char *service, struct err *ret_err)
{
	struct channel *channel = map_get(&aws->channels, service);
	if (channel)
		return channel;
	const struct service *model = model_service(service);
	if (!model) {
		*ret_err = err_new(ERR_BUG, "the service is not in the models");
		return NULL;
	}
	channel = calloc(1, sizeof(*channel));
	if (!channel) {
		*ret_err = err_nomem();
		return NULL;
	}
	channel->service = model;
	*ret_err = channel_connect(aws, channel);
	if (!err_is(ret_err) && !map_set(&aws->channels, service, channel, NULL))
		*ret_err = err_nomem();
	if (err_is(ret_err)) {
		free(channel);
		return NULL;
	}
	int64_t now_ms = loop_now_ms(aws->loop);
	struct limiter_rate read = limiter_rate_of(service, false);
	struct limiter_rate write = limiter_rate_of(service, true);
	double scale = aws->rate_scale;
	limiter_init(&channel->read, read.rate * scale, read.burst * scale, now_ms);
	limiter_init(&channel->write, write.rate * scale, write.burst * scale, now_ms);
	retry_quota_init(&channel->quota, RETRY_QUOTA);
	return channel;
}

// ---- settings

/* Everything that environment and files decide, loaded aside so that a bad file changes nothing. */
struct loaded {
	struct awsconfig config;
	struct credcache *credentials;
};

static struct err new_sts(const struct credchain *chain, struct provider *source,
	struct aws_port **ret_port, struct aws **ret_sts);

static struct err load(struct aws *aws, struct loaded *ret)
{
	struct err err =
		awsconfig_load(aws->env, aws->asked_region, aws->asked_profile, &ret->config);
	if (err_is(&err))
		return err;
	struct provider *provider = NULL;
	if (!ret->config.region)
		err = err_new(ERR_INVALID,
			"no region: set region: in the file, AWS_REGION, or region in profile %s",
			ret->config.profile);
	else if (!partition_is_region_name(ret->config.region))
		err = err_new(ERR_INVALID, "'%s' is not the name of a region", ret->config.region);
	// Endpoint settings are wrong for all services or for none.
	struct endpoint probe;
	const char *url = err_is(&err) ? NULL : awsconfig_endpoint_url(&ret->config, "");
	if (!err_is(&err))
		err = endpoint_resolve("sts", false,
			&(struct endpoint_settings){ret->config.region, url, ret->config.use_fips,
				ret->config.use_dualstack},
			&probe);
	if (!err_is(&err))
		err = credchain_build(
			&(struct credchain){aws->loop, aws->http, &ret->config, new_sts},
			&provider);
	if (!err_is(&err)) {
		ret->credentials = credcache_new(aws->loop, provider);
		if (!ret->credentials)
			err = err_nomem();
	}
	if (!err_is(&err) && !str_eq_null(ret->config.ca_bundle, aws->config.ca_bundle))
		err = http_set_ca_bundle(aws->http, ret->config.ca_bundle);
	if (err_is(&err)) {
		credcache_free(ret->credentials);
		awsconfig_done(&ret->config);
	}
	return err;
}

static void adopt(struct aws *aws, struct loaded *loaded)
{
	if (loaded->config.is_adaptive && !aws->config.is_adaptive)
		log_info("retry mode adaptive: retries follow the standard mode, and calls of a "
			 "service "
			 "that throttles are slowed down in any mode");
	credcache_free(aws->credentials);
	awsconfig_done(&aws->config);
	aws->config = loaded->config;
	aws->credentials = loaded->credentials;
	str_copy(aws->region, sizeof(aws->region), aws->config.region);
	aws->partition = partition_of_region(aws->region);
	credcache_set_skew(aws->credentials, aws->skew_ms);
	sigv4_forget(&aws->signer);
	// "region/xx" in the User-Agent would make some proxies and emulators route by it.
	snprintf(aws->user_agent, sizeof(aws->user_agent), "holdfast/%s lang/c md/partition#%s",
		HOLDFAST_VERSION, aws->partition->name);
}

static char *copy_or_null(const char *text)
{
	return str_empty(text) ? NULL : strdup(text);
}

static struct aws *allocate(struct loop *loop, struct http *http)
{
	struct aws *aws = calloc(1, sizeof(*aws));
	if (!aws)
		return NULL;
	aws->port.start = flight_start;
	aws->loop = loop;
	aws->http = http;
	aws->backoff_scale = aws->rate_scale = 1;
	aws->most_in_flight = MOST_IN_FLIGHT;
	list_init(&aws->running);
	list_init(&aws->waiting);
	list_init(&aws->idle);
	map_init(&aws->channels);
	sigv4_init(&aws->signer);
	return aws;
}

struct err aws_new(struct loop *loop, struct http *http, const struct aws_settings *settings,
	struct aws **ret_aws)
{
	struct aws *aws = allocate(loop, http);
	if (!aws)
		return err_nomem();
	aws->env = settings->env;
	aws->asked_region = copy_or_null(settings->region);
	aws->asked_profile = copy_or_null(settings->profile);
	if (settings->backoff_scale > 0)
		aws->backoff_scale = settings->backoff_scale;
	if (settings->rate_scale > 0)
		aws->rate_scale = settings->rate_scale;
	if (settings->most_in_flight > 0)
		aws->most_in_flight = settings->most_in_flight;
	struct loaded loaded = {0};
	struct err err = load(aws, &loaded);
	if (err_is(&err)) {
		aws_free(aws);
		return err;
	}
	adopt(aws, &loaded);
	*ret_aws = aws;
	return ERR_OK;
}

/* A client that only fetches credentials, in the same region, with the credentials of another
 * source. */
static struct err new_sts(const struct credchain *chain, struct provider *source,
	struct aws_port **ret_port, struct aws **ret_sts)
{
	const struct awsconfig *config = chain->config;
	struct loaded loaded = {0};
	struct aws *aws = allocate(chain->loop, chain->http);
	struct err err =
		aws ? awsconfig_load(config->env, config->region,
			      config->is_profile_explicit ? config->profile : NULL, &loaded.config)
		    : err_nomem();
	if (!err_is(&err) && source) {
		loaded.credentials = credcache_new(chain->loop, TAKE(source));
		if (!loaded.credentials) {
			err = err_nomem();
			awsconfig_done(&loaded.config);
		}
	}
	if (err_is(&err)) {
		provider_free(source);
		aws_free(aws);
		return err;
	}
	adopt(aws, &loaded);
	*ret_sts = aws;
	*ret_port = &aws->port;
	return ERR_OK;
}

void aws_free(struct aws *aws)
{
	if (!aws)
		return;
	while (!list_is_empty(&aws->idle))
		flight_free(LIST_ITEM(aws->idle.next, struct flight, link));
	map_done_with(&aws->channels, free);
	sigv4_done(&aws->signer);
	credcache_free(aws->credentials);
	awsconfig_done(&aws->config);
	free(aws->asked_region);
	free(aws->asked_profile);
	free(aws);
}

struct err aws_reload(struct aws *aws)
{
	struct loaded loaded = {0};
	struct err err = load(aws, &loaded);
	if (err_is(&err))
		return err;
	adopt(aws, &loaded);
	map_for_each (&aws->channels, entry) {
		struct err connect_err = channel_connect(aws, entry->value);
		if (err_is(&connect_err))
			err = connect_err;
	}
	return err;
}

// ---- questions

struct aws_port *aws_as_port(struct aws *aws)
{
	return &aws->port;
}

const char *aws_region(const struct aws *aws)
{
	return aws->region;
}

const char *aws_partition(const struct aws *aws)
{
	return aws->partition->name;
}

const char *aws_credentials_source(const struct aws *aws)
{
	return credcache_source(aws->credentials);
}

uint64_t aws_request_count(const struct aws *aws)
{
	return aws->requests;
}

json_t *aws_stats(const struct aws *aws)
{
	json_t *stats = json_object();
	int64_t now_ms = loop_now_ms(aws->loop);
	map_for_each (&aws->channels, entry) {
		const struct channel *channel = entry->value;
		json_object_set_new(stats, entry->key,
			json_pack("{s:I, s:I, s:I, s:I, s:i, s:f, s:f, s:f, s:f}", "requests",
				(json_int_t)channel->requests, "errors",
				(json_int_t)channel->errors, "throttled",
				(json_int_t)channel->throttled, "retries",
				(json_int_t)channel->retries, "in_flight", channel->in_flight,
				"read_left", limiter_left(&channel->read, now_ms), "write_left",
				limiter_left(&channel->write, now_ms), "read_rate",
				channel->read.rate, "write_rate", channel->write.rate));
	}
	return stats;
}
