#include "aws/credmeta.h"
#include "aws/profile.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>

enum {
	CONNECT_MS = 1000,
	CONTAINER_MS = 2000,
	INSTANCE_MS = 2000,
	CONTAINER_ATTEMPTS = 3,
	INSTANCE_ATTEMPTS = 2,
	MOST_ANSWER_BYTES = 64 << 10,
	TOKEN_TTL_SECONDS = 21600,
	TOKEN_MARGIN_MS = 5000,
};

enum meta_phase { META_IDLE, META_CONTAINER, META_TOKEN, META_ROLE, META_KEYS };

struct meta {
	struct provider base;
	struct task task;
	struct http *http;     // borrowed
	const struct env *env; // borrowed; container
	enum meta_phase phase;
	int attempts;
	bool has_renewed_token;
	bool is_last_resort;
	bool is_plain_elsewhere; // a configured metadata endpoint on another address
	char *base_url;          // owned; container: the whole URL
	char *token;             // owned; of the instance metadata service
	int64_t token_until_ms;  // loop time
	char *role;              // owned
	char *url, *header;      // owned; of the request under way
	const char *headers[2];
	struct http_request request;
};

// ---- requests

static void burn_answer(struct meta *meta)
{
	if (meta->request.answer.data)
		explicit_bzero(meta->request.answer.data, meta->request.answer.len);
	http_request_done(&meta->request);
	str_burn(meta->header);
	meta->header = NULL;
	free(meta->url);
	meta->url = NULL;
}

static void end(struct meta *meta, struct err err)
{
	if (err_is(&err) && meta->is_last_resort && err.class != ERR_CANCELED)
		err_wrap(&err, "no keys in environment or profile");
	burn_answer(meta);
	meta->phase = META_IDLE;
	op_finish(&meta->base.op, err);
}

/* Takes url and header (which may be NULL) over. */
static struct err ask(struct meta *meta, const char *method, char *url, char *header, int64_t ms)
{
	burn_answer(meta);
	meta->url = url;
	meta->header = header;
	if (!url)
		return err_nomem();
	meta->headers[0] = header;
	meta->headers[1] = NULL;
	http_request_init(&meta->request);
	meta->request.method = method;
	meta->request.url = url;
	meta->request.headers = meta->headers;
	meta->request.connect_ms = CONNECT_MS;
	meta->request.total_ms = ms;
	meta->request.most_answer_bytes = MOST_ANSWER_BYTES;
	meta->request.no_proxy = true;
	meta->request.allow_plain_http = meta->is_plain_elsewhere;
	http_start(meta->http, &meta->request, &meta->task);
	return ERR_OK;
}

static struct err read_keys(struct meta *meta, const char *source)
{
	char why[160];
	_cleanup_json_ json_t *answer = js_parse(
		buf_str(&meta->request.answer), meta->request.answer.len, why, sizeof(why));
	if (!json_is_object(answer))
		return err_new(ERR_TRANSIENT, "%s answered no JSON object", source);
	const char *code = js_str(answer, "Code");
	if (code && !str_eq(code, "Success"))
		return err_code(ERR_TRANSIENT, code, "%s answered: %s", source,
			js_str(answer, "Message") ? js_str(answer, "Message") : code);
	return credentials_from_json(&meta->base.found, answer, source);
}

/* Ready for another attempt: the source did not answer, or with a failure of its own. */
static bool may_repeat(struct meta *meta, int most_attempts)
{
	const struct op *op = &meta->request.op;
	bool is_failure = err_is(&op->err)
				  ? op->err.class == ERR_TRANSIENT
				  : meta->request.status >= 500 || meta->request.status == 429;
	return is_failure && ++meta->attempts < most_attempts;
}

static struct err status_error(const struct meta *meta, const char *source, const char *hint)
{
	if (err_is(&meta->request.op.err)) {
		struct err err = meta->request.op.err;
		err_wrap(&err, "%s", source);
		return err;
	}
	return err_new(
		ERR_TRANSIENT, "%s answered HTTP status %d%s", source, meta->request.status, hint);
}

static bool has_status(const struct meta *meta, int status)
{
	return !err_is(&meta->request.op.err) && meta->request.status == status;
}

// ---- the container agent

static struct err read_authorization(const struct env *env, char **ret_header)
{
	const char *path = env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	char text[8192] = "";
	if (path) {
		FILE *stream = fopen(path, "re");
		if (!stream)
			return err_new(ERR_TRANSIENT, "container authorization token %s: %s", path,
				strerror(errno));
		setvbuf(stream, NULL, _IONBF, 0);
		size_t bytes = fread(text, 1, sizeof(text) - 1, stream);
		text[bytes] = '\0';
		fclose(stream);
		token = text;
	}
	struct err err = ERR_OK;
	if (token && strpbrk(token, "\r\n"))
		err = err_new(ERR_TRANSIENT, "the container authorization token has a line break");
	else if (token && !(*ret_header = str_format("Authorization: %s", token)))
		err = err_nomem();
	explicit_bzero(text, sizeof(text));
	return err;
}

static struct err ask_container(struct meta *meta)
{
	char *header = NULL;
	struct err err = read_authorization(meta->env, &header);
	if (err_is(&err))
		return err;
	meta->phase = META_CONTAINER;
	return ask(meta, "GET", strdup(meta->base_url), header, CONTAINER_MS);
}

static struct err on_container(struct meta *meta)
{
	if (has_status(meta, 200))
		return read_keys(meta, "the container agent");
	if (may_repeat(meta, CONTAINER_ATTEMPTS))
		return ask_container(meta);
	return status_error(meta, "the container agent", "");
}

// ---- the instance metadata service

static struct err ask_token(struct meta *meta)
{
	meta->phase = META_TOKEN;
	return ask(meta, "PUT", str_format("%s/latest/api/token", meta->base_url),
		str_format("X-aws-ec2-metadata-token-ttl-seconds: %d", TOKEN_TTL_SECONDS),
		INSTANCE_MS);
}

static struct err ask_metadata(struct meta *meta, enum meta_phase phase)
{
	meta->phase = phase;
	return ask(meta, "GET",
		str_format("%s/latest/meta-data/iam/security-credentials/%s", meta->base_url,
			phase == META_KEYS ? meta->role : ""),
		str_format("X-aws-ec2-metadata-token: %s", meta->token), INSTANCE_MS);
}

static struct err on_token(struct meta *meta)
{
	if (!has_status(meta, 200)) {
		if (may_repeat(meta, INSTANCE_ATTEMPTS))
			return ask_token(meta);
		return status_error(meta, "the instance metadata service",
			meta->request.status == 403
				? ": it is disabled for this instance"
				: " for a session token (IMDSv2; version 1 is not used)");
	}
	const char *token = buf_str(&meta->request.answer);
	if (!*token || strpbrk(token, "\r\n") || strlen(token) > 1024)
		return err_new(
			ERR_TRANSIENT, "the instance metadata service answered no session token");
	str_burn(meta->token);
	meta->token = strdup(token);
	meta->token_until_ms =
		loop_now_ms(meta->task.loop) + TOKEN_TTL_SECONDS * 1000LL - TOKEN_MARGIN_MS;
	return meta->token ? ask_metadata(meta, META_ROLE) : err_nomem();
}

/* The token was refused: another one, once. */
static bool must_renew_token(struct meta *meta)
{
	if (!has_status(meta, 401) || meta->has_renewed_token)
		return false;
	meta->has_renewed_token = true;
	return true;
}

static struct err on_role(struct meta *meta)
{
	if (must_renew_token(meta))
		return ask_token(meta);
	if (!has_status(meta, 200)) {
		if (may_repeat(meta, INSTANCE_ATTEMPTS))
			return ask_metadata(meta, META_ROLE);
		return status_error(meta, "the instance metadata service",
			meta->request.status == 404 ? ": the instance has no IAM role" : "");
	}
	const char *list = buf_str(&meta->request.answer);
	size_t bytes = strcspn(list, "\r\n");
	free(meta->role);
	meta->role = strndup(list, bytes);
	if (!meta->role)
		return err_nomem();
	// It becomes part of a path: IAM's names are of [\w+=,.@-].
	if (!bytes || strspn(meta->role, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_+=,.@-") != bytes)
		return err_new(
			ERR_TRANSIENT, "the instance metadata service answered no name of a role");
	return ask_metadata(meta, META_KEYS);
}

static struct err on_keys(struct meta *meta)
{
	if (must_renew_token(meta))
		return ask_token(meta);
	if (has_status(meta, 200))
		return read_keys(meta, "the instance metadata service");
	if (may_repeat(meta, INSTANCE_ATTEMPTS))
		return ask_metadata(meta, META_KEYS);
	return status_error(meta, "the instance metadata service", "");
}

// ---- the provider

static void step(struct task *task)
{
	struct meta *meta = CONTAINER_OF(task, struct meta, task);
	if (meta->phase == META_IDLE || !op_is_finished(&meta->request.op))
		return;
	struct err err = ERR_OK;
	if (meta->request.op.err.class == ERR_CANCELED) {
		end(meta, meta->request.op.err);
		return;
	}
	switch (meta->phase) {
	case META_IDLE:
		return;
	case META_CONTAINER:
		err = on_container(meta);
		break;
	case META_TOKEN:
		err = on_token(meta);
		break;
	case META_ROLE:
		err = on_role(meta);
		break;
	case META_KEYS:
		err = on_keys(meta);
		break;
	}
	if (err_is(&err) || !op_is_running(&meta->request.op))
		end(meta, err);
}

static void begin(struct meta *meta, struct err err)
{
	if (!err_is(&err))
		return;
	burn_answer(meta);
	meta->phase = META_IDLE;
	op_finish_soon(meta->task.loop, &meta->base.op, err);
}

static void start_container(struct provider *provider)
{
	struct meta *meta = CONTAINER_OF(provider, struct meta, base);
	meta->attempts = 0;
	begin(meta, ask_container(meta));
}

static void start_instance(struct provider *provider)
{
	struct meta *meta = CONTAINER_OF(provider, struct meta, base);
	meta->attempts = 0;
	meta->has_renewed_token = false;
	bool has_token = meta->token && loop_now_ms(meta->task.loop) < meta->token_until_ms;
	begin(meta, has_token ? ask_metadata(meta, META_ROLE) : ask_token(meta));
}

static void cancel(struct provider *provider)
{
	op_cancel(&CONTAINER_OF(provider, struct meta, base)->request.op);
}

static void free_it(struct provider *provider)
{
	struct meta *meta = CONTAINER_OF(provider, struct meta, base);
	task_done(&meta->task);
	burn_answer(meta);
	str_burn(meta->token);
	free(meta->role);
	free(meta->base_url);
	free(meta);
}

/* Takes base_url over. */
static struct err make(struct loop *loop, struct http *http, const struct provider_type *type,
	char *base_url, struct meta **ret_meta)
{
	struct meta *meta = base_url ? calloc(1, sizeof(*meta)) : NULL;
	if (!meta) {
		free(base_url);
		return err_nomem();
	}
	meta->base.type = type;
	meta->http = http;
	meta->base_url = base_url;
	http_request_init(&meta->request);
	task_init(&meta->task, loop, step, "metadata credentials");
	*ret_meta = meta;
	return ERR_OK;
}

// ---- addresses

/* Is the URL's host this machine or one of the agents' addresses? Names but localhost are not: they
 * could resolve to anything. */
static bool is_agent_host(const char *url)
{
	const char *host = url + strlen("http://");
	char name[64];
	size_t skip = *host == '[';
	size_t bytes = strcspn(host + skip, skip ? "]" : ":/?#");
	if (!bytes || bytes >= sizeof(name))
		return false;
	memcpy(name, host + skip, bytes);
	name[bytes] = '\0';
	struct in_addr v4;
	struct in6_addr v6, agent;
	if (!skip && str_eq_nocase(name, "localhost"))
		return true;
	if (!skip && inet_pton(AF_INET, name, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127 || str_eq(name, "169.254.170.2") ||
		       str_eq(name, "169.254.170.23");
	inet_pton(AF_INET6, "fd00:ec2::23", &agent);
	return skip && inet_pton(AF_INET6, name, &v6) == 1 &&
	       (IN6_IS_ADDR_LOOPBACK(&v6) || memcmp(&v6, &agent, sizeof(v6)) == 0);
}

struct err credmeta_container(
	struct loop *loop, struct http *http, const struct env *env, struct provider **ret_provider)
{
	static const struct provider_type type = {
		"the container agent", start_container, cancel, free_it};
	const char *relative = env_get(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = env_get(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	*ret_provider = NULL;
	if (!relative && !full)
		return ERR_OK;
	if (relative && *relative != '/')
		return err_new(ERR_INVALID,
			"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'");
	if (!relative && !str_starts(full, "https://") &&
		!(str_starts(full, "http://") && is_agent_host(full)))
		return err_new(ERR_INVALID,
			"AWS_CONTAINER_CREDENTIALS_FULL_URI '%s' is neither https nor http to this "
			"host, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]",
			full);
	struct meta *meta = NULL;
	struct err err = make(loop, http, &type,
		relative ? str_format("http://169.254.170.2%s", relative) : strdup(full), &meta);
	if (!meta)
		return err;
	meta->env = env;
	*ret_provider = &meta->base;
	return ERR_OK;
}

static const char *setting(const struct awsconfig *config, const char *variable, const char *key)
{
	const char *value = env_get(config->env, variable);
	return value ? value : profile_get(config->profiles, config->profile, key);
}

struct err credmeta_instance(struct loop *loop, struct http *http, const struct awsconfig *config,
	bool is_last_resort, struct provider **ret_provider)
{
	static const struct provider_type type = {
		"the instance metadata service", start_instance, cancel, free_it};
	const char *disabled = env_get(config->env, "AWS_EC2_METADATA_DISABLED");
	const char *url = setting(
		config, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
	const char *mode = setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
		"ec2_metadata_service_endpoint_mode");
	*ret_provider = NULL;
	if (disabled && str_eq_nocase(disabled, "true"))
		return ERR_OK;
	if (mode && !str_eq_nocase(mode, "ipv4") && !str_eq_nocase(mode, "ipv6"))
		return err_new(ERR_INVALID,
			"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is '%s'; IPv4 or IPv6", mode);
	if (url && !str_starts(url, "http://") && !str_starts(url, "https://"))
		return err_new(ERR_INVALID,
			"AWS_EC2_METADATA_SERVICE_ENDPOINT '%s' is not an http URL", url);
	const char *usual = mode && str_eq_nocase(mode, "ipv6") ? "http://[fd00:ec2::254]"
								: "http://169.254.169.254";
	char *base = strdup(url ? url : usual);
	size_t bytes = base ? strlen(base) : 0;
	while (bytes && base[bytes - 1] == '/')
		base[--bytes] = '\0';
	struct meta *meta = NULL;
	struct err err = make(loop, http, &type, base, &meta);
	if (!meta)
		return err;
	meta->is_plain_elsewhere = url != NULL;
	meta->is_last_resort = is_last_resort;
	*ret_provider = &meta->base;
	return ERR_OK;
}
