#include "aws/credsts.h"
#include "base/str.h"
#include <errno.h>

enum { MOST_TOKEN_BYTES = 64 << 10 };

struct sts_provider {
	struct provider base;
	struct task task;
	struct aws_port *port; // borrowed
	struct aws *owned;     // may be NULL
	char *arn, *session_name, *external_id, *token_file;
	int64_t duration_seconds;
	json_t *input; // owned, while the call runs
	struct aws_call call;
};

/* The token of a web identity: Kubernetes writes a new one into the file while the old still
 * serves. */
static struct err read_token(const char *path, char **ret_token)
{
	FILE *stream = fopen(path, "re");
	if (!stream)
		return err_new(ERR_TRANSIENT, "web identity token %s: %s", path, strerror(errno));
	setvbuf(stream, NULL, _IONBF, 0);
	char *text = calloc(1, MOST_TOKEN_BYTES + 1);
	size_t bytes = text ? fread(text, 1, MOST_TOKEN_BYTES, stream) : 0;
	fclose(stream);
	while (bytes && strchr(" \t\r\n", text[bytes - 1]))
		text[--bytes] = '\0';
	if (!bytes || strlen(text) != bytes) {
		str_burn(text);
		return text ? err_new(ERR_TRANSIENT, "web identity token %s is empty or no text",
				      path)
			    : err_nomem();
	}
	*ret_token = text;
	return ERR_OK;
}

static struct err make_input(struct sts_provider *self, int64_t now_ms)
{
	char session[64];
	snprintf(session, sizeof(session), "holdfast-%lld", (long long)(now_ms / 1000));
	self->input = json_object();
	bool ok = js_set_str(self->input, "RoleArn", self->arn) &&
		  js_set_str(self->input, "RoleSessionName",
			  self->session_name ? self->session_name : session) &&
		  js_set_str(self->input, "ExternalId", self->external_id) &&
		  (!self->duration_seconds || json_object_set_new(self->input, "DurationSeconds",
						      json_integer(self->duration_seconds)) == 0);
	if (!ok)
		return err_nomem();
	if (!self->token_file)
		return ERR_OK;
	char *token = NULL;
	struct err err = read_token(self->token_file, &token);
	if (!err_is(&err) && !js_set_str(self->input, "WebIdentityToken", token))
		err = err_nomem();
	str_burn(token);
	return err;
}

static void burn_input(struct sts_provider *self)
{
	json_t *token = json_object_get(self->input, "WebIdentityToken");
	if (token)
		explicit_bzero((char *)json_string_value(token), json_string_length(token));
	json_decref(self->input);
	self->input = NULL;
}

static void start(struct provider *provider)
{
	struct sts_provider *self = CONTAINER_OF(provider, struct sts_provider, base);
	struct loop *loop = self->task.loop;
	struct err err = make_input(self, loop_wall_ms(loop));
	if (err_is(&err)) {
		burn_input(self);
		op_finish_soon(loop, &provider->op, err);
		return;
	}
	aws_call_init(&self->call, "sts",
		self->token_file ? "AssumeRoleWithWebIdentity" : "AssumeRole", self->input);
	aws_start(self->port, &self->call, &self->task);
}

static void step(struct task *task)
{
	struct sts_provider *self = CONTAINER_OF(task, struct sts_provider, task);
	if (!op_is_running(&self->base.op) || !op_is_finished(&self->call.op))
		return;
	struct err err = self->call.op.err;
	if (err_is(&err))
		err_wrap(&err, "role %s", self->arn);
	else
		err = credentials_from_json(&self->base.found,
			json_object_get(self->call.output, "Credentials"), "STS");
	// STS always says when they end; without it they would never be refreshed.
	if (!err_is(&err) && !self->base.found.expires_wall_ms) {
		credentials_burn(&self->base.found);
		err = err_new(ERR_TRANSIENT, "STS answered without an Expiration");
	}
	aws_call_done(&self->call);
	burn_input(self);
	op_finish(&self->base.op, err);
}

static void cancel(struct provider *provider)
{
	op_cancel(&CONTAINER_OF(provider, struct sts_provider, base)->call.op);
}

static void free_it(struct provider *provider)
{
	struct sts_provider *self = CONTAINER_OF(provider, struct sts_provider, base);
	task_done(&self->task);
	aws_free(self->owned);
	free(self->arn);
	free(self->session_name);
	free(self->external_id);
	free(self->token_file);
	free(self);
}

static char *copy(const char *text, bool *ok)
{
	char *result = text ? strdup(text) : NULL;
	*ok = *ok && (!text || result);
	return result;
}

struct err credsts_new(struct loop *loop, const struct credsts_role *role, struct aws_port *port,
	struct aws *owned, struct provider **ret_provider)
{
	static const struct provider_type assume_role = {"assume-role", start, cancel, free_it};
	static const struct provider_type web_identity = {"web identity", start, cancel, free_it};
	struct sts_provider *self = calloc(1, sizeof(*self));
	if (!self)
		return err_nomem();
	bool ok = true;
	self->base.type = role->token_file ? &web_identity : &assume_role;
	task_init(&self->task, loop, step, "sts credentials");
	self->port = port;
	self->arn = copy(role->arn, &ok);
	self->session_name = copy(role->session_name, &ok);
	self->external_id = copy(role->external_id, &ok);
	self->token_file = copy(role->token_file, &ok);
	self->duration_seconds = role->duration_seconds;
	if (!ok) {
		free_it(&self->base);
		return err_nomem();
	}
	self->owned = owned;
	*ret_provider = &self->base;
	return ERR_OK;
}
