// A suspended libmicrohttpd connection does not notice that its client has left, so the exchange
// watches the descriptor itself while it waits.
#include "control/exchange.h"
#include "base/str.h"
#include "control/page.h"
#include <poll.h>

static void exchange_free(void *what)
{
	struct exchange *exchange = what;
	buf_done(&exchange->upload);
	json_decref(exchange->query);
	json_decref(exchange->public.body);
	free(exchange->method);
	free(exchange->path);
	free(exchange->content_type);
	free(exchange->text);
	free(exchange);
}

static enum MHD_Result on_query(
	void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	struct exchange *exchange = cls;
	if (json_object_size(exchange->query) >= EXCHANGE_MOST_QUERY)
		return MHD_NO;
	// Text that is not UTF-8 is no JSON string: the parameter then counts as absent.
	json_object_set_new(exchange->query, key, json_string(value ? value : ""));
	return MHD_YES;
}

struct exchange *exchange_new(struct loop *loop, struct task *server,
	struct MHD_Connection *connection, const char *method, const char *path)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	*exchange = (struct exchange){
		.loop = loop,
		.server = server,
		.connection = connection,
		.query = json_object(),
		.method = strdup(str_eq(method, "HEAD") ? "GET" : method),
		.path = strdup(path),
	};
	list_init(&exchange->link);
	buf_init(&exchange->upload, EXCHANGE_MOST_BODY_BYTES);
	if (!exchange->query || !exchange->method || !exchange->path) {
		exchange_free(exchange);
		return NULL;
	}
	exchange->public.method = exchange->method;
	exchange->public.path = exchange->path;
	exchange->public.params = (struct control_params){
		.since_ms = -1, .until_ms = -1, .at_ms = -1, .limit = -1, .for_ms = -1};
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_query, exchange);
	return exchange;
}

static void bury_when_done(struct exchange *exchange)
{
	if (exchange->connection || (exchange->is_asked && !exchange->is_answered))
		return;
	list_remove(&exchange->link);
	loop_bury(exchange->loop, exchange, exchange_free);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void stop_watching(struct exchange *exchange)
{
	if (!exchange->leaving)
		return;
	uv_poll_stop(exchange->leaving);
	uv_close((uv_handle_t *)TAKE(exchange->leaving), free_handle);
}

void exchange_release(struct exchange *exchange)
{
	stop_watching(exchange);
	exchange->is_gone = true;
	exchange->connection = NULL;
	bury_when_done(exchange);
}

bool exchange_upload(struct exchange *exchange, const char *bytes, size_t count)
{
	// A client that announced its size was refused before; this one may finish a little more,
	// so that it gets to read why.
	enum { MOST_IGNORED = 4 };
	if (exchange->is_upload_too_large) {
		exchange->ignored_bytes += count;
		return exchange->ignored_bytes < MOST_IGNORED * (size_t)EXCHANGE_MOST_BODY_BYTES;
	}
	if (!buf_add(&exchange->upload, bytes, count)) {
		exchange->is_upload_too_large = true;
		buf_done(&exchange->upload);
	}
	return true;
}

bool exchange_parse(struct exchange *exchange)
{
	struct control_exchange *public = &exchange->public;
	char message[200];
	if (exchange->is_upload_too_large) {
		control_error(public, 413, "TooLarge", "the body is larger than 1 MiB", NULL);
		return false;
	}
	if (exchange->upload.len == 0)
		return true;
	if (str_eq(public->method, "GET")) {
		control_error(public, 400, "UnexpectedBody", "GET takes no body",
			"put parameters into the query");
		return false;
	}
	public->body =
		js_parse(exchange->upload.data, exchange->upload.len, message, sizeof(message));
	buf_done(&exchange->upload);
	if (json_is_object(public->body))
		return true;
	_cleanup_free_ char *text = public->body ? strdup("the body is JSON, but no object")
						 : str_format("the body is not JSON: %s", message);
	control_error(public, 400, "BadJson", text ? text : "the body is not JSON", NULL);
	return false;
}

// The other end hung up for good (POLLHUP), not only its sending half, which is legitimate.
static void on_leaving(uv_poll_t *handle, int status, int events)
{
	(void)events;
	struct exchange *exchange = handle->data;
	uv_os_fd_t fd;
	struct pollfd pollfd = {.events = 0};
	bool is_known = status == 0 && uv_fileno((uv_handle_t *)handle, &fd) == 0;
	stop_watching(exchange);
	pollfd.fd = is_known ? fd : -1;
	if (is_known && poll(&pollfd, 1, 0) >= 0 && !(pollfd.revents & (POLLHUP | POLLERR)))
		return;
	exchange->is_gone = true;
	exchange_resume(exchange);
}

void exchange_suspend(struct exchange *exchange)
{
	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->connection);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	uv_poll_t *handle = info ? malloc(sizeof(*handle)) : NULL;
	if (!handle)
		return; // the answer finds out
	if (uv_poll_init(&exchange->loop->uv, handle, info->connect_fd) != 0) {
		free(handle);
		return;
	}
	handle->data = exchange;
	exchange->leaving = handle;
	uv_poll_start(handle, UV_DISCONNECT, on_leaving);
}

void exchange_resume(struct exchange *exchange)
{
	if (!exchange->is_suspended)
		return;
	exchange->is_suspended = false;
	stop_watching(exchange);
	MHD_resume_connection(exchange->connection);
	if (exchange->server)
		task_wake(exchange->server);
}

static void give_up(struct exchange *exchange)
{
	static const char stopping[] = "{\"format\":1,\"error\":{\"code\":\"Stopping\",\"message\":"
				       "\"the daemon is stopping\"}}";
	free(exchange->text);
	exchange->text = strdup(stopping);
	exchange->text_bytes = exchange->text ? strlen(stopping) : 0;
	exchange->status = MHD_HTTP_SERVICE_UNAVAILABLE;
	free(TAKE(exchange->content_type));
}

enum MHD_Result exchange_queue(struct exchange *exchange)
{
	if (exchange->is_stopping && !exchange->is_answered)
		give_up(exchange);
	size_t bytes = exchange->text ? exchange->text_bytes : 0;
	int status = exchange->text ? exchange->status : MHD_HTTP_INTERNAL_SERVER_ERROR;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(bytes, exchange->text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	exchange->text = NULL; // the response's now
	const char *type = exchange->content_type ? exchange->content_type : "application/json";
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	// Nobody may put an answer into a frame, or read it from another site; a page runs nothing
	// but what was built into it.
	char policy[PAGE_POLICY_BYTES] = "default-src 'none'; frame-ancestors 'none'";
	if (str_starts(type, "text/html"))
		page_policy(policy);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
	enum MHD_Result result =
		MHD_queue_response(exchange->connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return result;
}

// ---- what the backend calls

const char *control_query(const struct control_exchange *public, const char *name)
{
	return js_str(((const struct exchange *)public)->query, name);
}

const json_t *control_query_all(const struct control_exchange *public)
{
	return ((const struct exchange *)public)->query;
}

bool control_is_gone(const struct control_exchange *public)
{
	return ((const struct exchange *)public)->is_gone;
}

static void answer(struct exchange *exchange, int status, const char *content_type, char *text)
{
	if (exchange->is_answered) {
		free(text);
		return;
	}
	exchange->is_answered = true;
	if (exchange->is_stopping || !exchange->connection) {
		free(text);
	} else {
		exchange->status = status;
		exchange->text = text;
		exchange->text_bytes = text ? strlen(text) : 0;
		exchange->content_type = content_type ? strdup(content_type) : NULL;
		exchange_resume(exchange);
	}
	bury_when_done(exchange);
}

void control_answer(struct control_exchange *public, int status, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	answer((struct exchange *)public, status, NULL, text);
}

void control_answer_json(struct control_exchange *public, int status, char *text)
{
	if (text)
		answer((struct exchange *)public, status, NULL, text);
	else
		control_error(public, 500, "OutOfMemory", "out of memory", NULL);
}

void control_answer_text(
	struct control_exchange *public, int status, const char *content_type, const char *text)
{
	answer((struct exchange *)public, status, content_type, strdup(text));
}

void control_error(struct control_exchange *public, int status, const char *code,
	const char *message, const char *remedy)
{
	json_t *error =
		json_pack("{s:s, s:s, s:s*}", "code", code, "message", message, "remedy", remedy);
	control_answer(public, status, json_pack("{s:i, s:o}", "format", 1, "error", error));
}
