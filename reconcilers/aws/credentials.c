#include "aws/credentials.h"
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
