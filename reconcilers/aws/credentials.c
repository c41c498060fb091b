#include "aws/credentials.h"
#include "aws/profile.h"
#include "base/clock.h"
#include "base/str.h"

void credentials_burn(struct credentials *credentials)
{
	str_burn(credentials->access_key_id);
	str_burn(credentials->secret);
	str_burn(credentials->token);
	*credentials = (struct credentials){0};
}

bool credentials_set(struct credentials *credentials, const char *access_key_id, const char *secret,
	const char *token, int64_t expires_wall_ms)
{
	struct credentials fresh = {
		.access_key_id = strdup(access_key_id),
		.secret = strdup(secret),
		.token = str_empty(token) ? NULL : strdup(token),
		.expires_wall_ms = expires_wall_ms,
	};
	if (!fresh.access_key_id || !fresh.secret || (!str_empty(token) && !fresh.token)) {
		credentials_burn(&fresh);
		return false;
	}
	credentials_burn(credentials);
	*credentials = fresh;
	return true;
}

static void on_cancel(struct op *op)
{
	struct provider *provider = CONTAINER_OF(op, struct provider, op);
	if (provider->type->cancel)
		provider->type->cancel(provider);
}

void provider_start(struct provider *provider, struct task *owner)
{
	credentials_burn(&provider->found);
	op_start(&provider->op, owner, on_cancel);
	provider->type->start(provider);
}

void provider_free(struct provider *provider)
{
	if (!provider)
		return;
	credentials_burn(&provider->found);
	provider->type->free(provider);
}

// ---- keys that are just there

struct static_provider {
	struct provider base;
	struct provider_type type;
	struct loop *loop;
	struct credentials keys;
};

static void static_start(struct provider *provider)
{
	struct static_provider *self = CONTAINER_OF(provider, struct static_provider, base);
	bool ok = credentials_set(
		&provider->found, self->keys.access_key_id, self->keys.secret, self->keys.token, 0);
	op_finish_soon(self->loop, &provider->op, ok ? ERR_OK : err_nomem());
}

static void static_free(struct provider *provider)
{
	struct static_provider *self = CONTAINER_OF(provider, struct static_provider, base);
	credentials_burn(&self->keys);
	free(self);
}

struct provider *provider_static_new(struct loop *loop, const char *name, const char *access_key_id,
	const char *secret, const char *token)
{
	struct static_provider *self = calloc(1, sizeof(*self));
	if (!self || !credentials_set(&self->keys, access_key_id, secret, token, 0)) {
		free(self);
		return NULL;
	}
	self->type =
		(struct provider_type){.name = name, .start = static_start, .free = static_free};
	self->base.type = &self->type;
	self->loop = loop;
	return &self->base;
}

// ---- JSON answers

/* jansson frees texts as they are; these are secrets. */
static void burn_text(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (json_is_string(value))
		explicit_bzero((char *)json_string_value(value), json_string_length(value));
}

struct err credentials_from_json(
	struct credentials *credentials, json_t *object, const char *source)
{
	const char *id = js_str(object, "AccessKeyId");
	const char *secret = js_str(object, "SecretAccessKey");
	const char *token = js_str(object, "SessionToken");
	const char *end = js_str(object, "Expiration");
	if (!token)
		token = js_str(object, "Token");
	int64_t expires_ms = 0;
	struct err err = ERR_OK;
	if (str_empty(id) || str_empty(secret))
		err = err_new(ERR_TRANSIENT, "%s answered without %s", source,
			str_empty(id) ? "AccessKeyId" : "SecretAccessKey");
	else if (end && clock_parse_iso(end, &expires_ms) != 0)
		err = err_new(ERR_TRANSIENT, "%s answered an Expiration that is no time", source);
	else if (!credentials_set(credentials, id, secret, token, expires_ms))
		err = err_nomem();
	burn_text(object, "SecretAccessKey");
	burn_text(object, "SessionToken");
	burn_text(object, "Token");
	return err;
}

// ---- a profile's keys

struct file_provider {
	struct provider base;
	struct loop *loop;
	const struct env *env; // borrowed
	char *profile;         // owned
	enum credentials_file file;
};

static struct err file_read(struct file_provider *self, const struct profiles *profiles)
{
	enum profile_file file =
		self->file == CREDENTIALS_FILE ? PROFILE_CREDENTIALS : PROFILE_CONFIG;
	const char *path = self->file == CREDENTIALS_FILE ? profiles_credentials_path(profiles)
							  : profiles_config_path(profiles);
	const char *id = profile_get_from(profiles, file, self->profile, "aws_access_key_id");
	const char *secret =
		profile_get_from(profiles, file, self->profile, "aws_secret_access_key");
	const char *token = profile_get_from(profiles, file, self->profile, "aws_session_token");
	if (!token)
		token = profile_get_from(profiles, file, self->profile, "aws_security_token");
	if (!id || !secret)
		return err_new(ERR_INVALID, "profile '%s' in %s has no %s", self->profile, path,
			id ? "aws_secret_access_key" : "aws_access_key_id");
	return credentials_set(&self->base.found, id, secret, token, 0) ? ERR_OK : err_nomem();
}

static void file_start(struct provider *provider)
{
	struct file_provider *self = CONTAINER_OF(provider, struct file_provider, base);
	struct profiles *profiles = NULL;
	struct err err = profiles_load(self->env, &profiles);
	if (!err_is(&err))
		err = file_read(self, profiles);
	profiles_free(profiles);
	op_finish_soon(self->loop, &provider->op, err);
}

static void file_free(struct provider *provider)
{
	struct file_provider *self = CONTAINER_OF(provider, struct file_provider, base);
	free(self->profile);
	free(self);
}

struct provider *provider_file_new(
	struct loop *loop, const struct env *env, const char *profile, enum credentials_file file)
{
	static const struct provider_type types[] = {
		{.name = "the credentials file", .start = file_start, .free = file_free},
		{.name = "the config file", .start = file_start, .free = file_free},
	};
	struct file_provider *self = calloc(1, sizeof(*self));
	char *name = strdup(profile);
	if (!self || !name) {
		free(name);
		free(self);
		return NULL;
	}
	self->base.type = &types[file];
	self->loop = loop;
	self->env = env;
	self->profile = name;
	self->file = file;
	return &self->base;
}
