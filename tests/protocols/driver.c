// One JSON request a line on stdin, one JSON answer a line on stdout, through the codecs with
// whatever models are linked in: what run.py compares.
//   {"service", "operation", "encode": input}        -> {method, path, query, headers, body,
//   host_prefix}
//   {"service", "operation", "decode": {status, headers, body}} -> {output, request_id}
//   {"error": {status, headers, body}}               -> {code, message, request_id}
// or {"failed": message, "class", "code"}.
#include "aws/wire.h"
#include "base/str.h"

static json_t *pairs_json(const struct wire_pairs *pairs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < pairs->count; i++)
		json_array_append_new(
			list, json_pack("[ss]", pairs->items[i].name, pairs->items[i].value));
	return list;
}

static json_t *failed(const struct err *err)
{
	return json_pack("{ssssss}", "failed", err->message, "class", err_class_name(err->class),
		"code", err->code);
}

// Bodies may be any bytes, so they travel as base64 where they are not UTF-8: run.py never needs
// that.
static json_t *encode(const struct operation *operation, const json_t *input)
{
	struct wire_request request;
	struct err err = wire_encode(operation, input, &request);
	if (err_is(&err))
		return failed(&err);
	char *query = wire_query(&request.query, false);
	json_t *out = json_pack("{ss ss ss so ss# ss}", "method", request.method, "path",
		request.path, "query", query, "headers", pairs_json(&request.headers), "body",
		buf_str(&request.body), (int)request.body.len, "host_prefix", request.host_prefix);
	free(query);
	wire_request_done(&request);
	return out;
}

enum { MOST_HEADERS = 64 };

static struct wire_answer answer_of(const json_t *from, struct http_header *headers)
{
	const json_t *body = json_object_get(from, "body");
	struct wire_answer answer = {.status = (int)js_int(from, "status", 200),
		.headers = headers,
		.body = json_string_value(body),
		.body_bytes = json_string_length(body)};
	const char *name;
	json_t *value;
	json_object_foreach (json_object_get(from, "headers"), name, value) {
		if (answer.header_count == MOST_HEADERS)
			break;
		headers[answer.header_count++] =
			(struct http_header){(char *)name, (char *)json_string_value(value)};
	}
	return answer;
}

static json_t *decode(const struct operation *operation, const json_t *from)
{
	struct http_header headers[MOST_HEADERS];
	struct wire_answer answer = answer_of(from, headers);
	char id[WIRE_ID_BYTES];
	json_t *output;
	struct err err = wire_decode(operation, &answer, &output, id);
	if (err_is(&err))
		return failed(&err);
	return json_pack("{so ss}", "output", output, "request_id", id);
}

static json_t *read_error(const json_t *from)
{
	struct http_header headers[MOST_HEADERS];
	struct wire_answer answer = answer_of(from, headers);
	struct wire_error error;
	wire_error(&answer, &error);
	return json_pack("{ss ss ss}", "code", error.code, "message", error.message, "request_id",
		error.request_id);
}

static json_t *serve(const json_t *request)
{
	if (json_object_get(request, "error"))
		return read_error(json_object_get(request, "error"));
	const struct service *service = model_service(js_str(request, "service"));
	const struct operation *operation =
		service ? service_operation(service, js_str(request, "operation")) : NULL;
	if (!operation)
		return json_pack("{ss}", "failed", "no such operation");
	if (json_object_get(request, "encode"))
		return encode(operation, json_object_get(request, "encode"));
	return decode(operation, json_object_get(request, "decode"));
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (ssize_t n; (n = getline(&line, &size, stdin)) > 0;) {
		_cleanup_json_ json_t *request = json_loadb(line, (size_t)n, 0, NULL);
		_cleanup_json_ json_t *answer = serve(request);
		_cleanup_free_ char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
		puts(text ? text : "{\"failed\":\"not UTF-8\"}");
	}
	return 0;
}
