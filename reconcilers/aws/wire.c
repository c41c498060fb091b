// The entrance to the codecs: picks the protocol, and keeps what all of them share.
#include "aws/wire.h"
#include "aws/wireparts.h"
#include "aws/xml.h"
#include "base/str.h"
#include <openssl/evp.h>
#include <stdarg.h>

// ---- pairs

struct err wirepairs_add(struct wire_pairs *pairs, const char *name, const char *value)
{
	if (pairs->count == pairs->size) {
		size_t size = pairs->size ? 2 * pairs->size : 4;
		void *items = reallocarray(pairs->items, size, sizeof(*pairs->items));
		if (!items)
			return err_nomem();
		pairs->items = items;
		pairs->size = size;
	}
	struct wire_pair *pair = &pairs->items[pairs->count];
	pair->name = strdup(name);
	pair->value = strdup(value);
	if (!pair->name || !pair->value) {
		free(pair->name);
		free(pair->value);
		return err_nomem();
	}
	pairs->count++;
	return ERR_OK;
}

void wirepairs_done(struct wire_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		str_burn(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct wire_pairs){0};
}

const char *wirepairs_get(const struct wire_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (str_eq_nocase(pairs->items[i].name, name))
			return pairs->items[i].value;
	return NULL;
}

// ---- escaping

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

bool wire_escape(struct buf *out, const char *text, bool is_path)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *from = text;
	for (; *text; text++) {
		if (is_unreserved(*text) || (is_path && *text == '/'))
			continue;
		unsigned char c = (unsigned char)*text;
		char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
		buf_add(out, from, (size_t)(text - from));
		buf_add(out, escaped, 3);
		from = text + 1;
	}
	return buf_add(out, from, (size_t)(text - from));
}

// SigV4 sorts the escaped names, and the escaped values of equal names, by their bytes.
static int by_escaped(const void *a, const void *b)
{
	const struct wire_pair *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	return order ? order : strcmp(left->value, right->value);
}

static char *escaped(const char *text)
{
	struct buf out;
	buf_init(&out, 0);
	wire_escape(&out, text, false);
	return buf_take(&out);
}

char *wire_query(const struct wire_pairs *query, bool is_sorted)
{
	struct wire_pairs pairs = {calloc(query->count + 1, sizeof(*pairs.items)), 0, 0};
	bool good = pairs.items;
	for (; good && pairs.count < query->count; pairs.count++) {
		struct wire_pair *pair = &pairs.items[pairs.count];
		pair->name = escaped(query->items[pairs.count].name);
		pair->value = escaped(query->items[pairs.count].value);
		good = pair->name && pair->value;
	}
	if (good && is_sorted)
		qsort(pairs.items, pairs.count, sizeof(*pairs.items), by_escaped);
	struct buf out;
	buf_init(&out, 0);
	out.failed = !good;
	for (size_t i = 0; i < pairs.count; i++) {
		if (good)
			buf_addf(&out, "%s%s=%s", i ? "&" : "", pairs.items[i].name,
				pairs.items[i].value);
	}
	wirepairs_done(&pairs);
	return buf_take(&out);
}

// ---- requests

static struct err add_header(struct wire_request *request, const char *name, const char *value)
{
	return wirepairs_add(&request->headers, name, value);
}

static struct err encode_form(
	const struct operation *operation, const json_t *input, struct wire_request *request)
{
	if (!wireform_write(&request->body, operation, input))
		return err_nomem();
	return add_header(
		request, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
}

static struct err encode_json(
	const struct operation *operation, const json_t *input, struct wire_request *request)
{
	const struct service *service = operation_service(operation);
	const struct shape *shape = operation_input(operation);
	bool is_whole = shape ? wirejson_write(&request->body, shape, input)
			      : buf_adds(&request->body, "{}");
	_cleanup_free_ char *target =
		str_format("%s.%s", service_target_prefix(service), operation_name(operation));
	if (!is_whole || !target)
		return err_nomem();
	struct err err = add_header(request, "X-Amz-Target", target);
	if (!err_is(&err))
		err = add_header(request, "Content-Type",
			service_protocol(service) == AWS_JSON_1_0 ? "application/x-amz-json-1.0"
								  : "application/x-amz-json-1.1");
	if (!err_is(&err) && service->is_query_compatible)
		err = add_header(request, "x-amzn-query-mode", "true");
	return err;
}

static struct err encode_by_protocol(
	const struct operation *operation, const json_t *input, struct wire_request *request)
{
	switch (service_protocol(operation_service(operation))) {
	case AWS_EC2:
	case AWS_QUERY:
		return encode_form(operation, input, request);
	case AWS_JSON_1_0:
	case AWS_JSON_1_1:
		return encode_json(operation, input, request);
	case AWS_REST_JSON:
	case AWS_REST_XML:
		return wirerest_encode(operation, input, request);
	}
	return err_new(ERR_BUG, "unknown protocol");
}

// The label becomes part of a host name; anything else than a name would lead the request away.
static struct err add_host_label(struct buf *out, const struct operation *operation,
	const json_t *input, const char *label, size_t bytes)
{
	const struct shape *shape = operation_input(operation);
	for (size_t i = 0; shape && i < shape->member_count; i++) {
		const struct member *member = shape_member_at(shape, i);
		const char *name = member_name(member);
		if (strncmp(name, label, bytes) != 0 || name[bytes] != '\0')
			continue;
		const char *value = js_str(input, name);
		if (str_empty(value) || value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							    "abcdefghijklmnopqrstuvwxyz"
							    "0123456789.-")])
			return err_new(
				ERR_INVALID, "%s: must be letters, digits, '-' and '.'", name);
		buf_adds(out, value);
		return ERR_OK;
	}
	return err_new(ERR_BUG, "the model has no member for {%.*s}", (int)bytes, label);
}

static struct err write_host_prefix(
	const struct operation *operation, const json_t *input, char **ret_prefix)
{
	struct buf out;
	buf_init(&out, 1024);
	struct err err = ERR_OK;
	for (const char *p = model_text(operation->host_prefix); *p && !err_is(&err); p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		if (end) {
			err = add_host_label(&out, operation, input, p + 1, (size_t)(end - p) - 1);
			p = end;
		} else {
			buf_addc(&out, *p);
		}
	}
	*ret_prefix = buf_take(&out);
	return !err_is(&err) && !*ret_prefix ? err_nomem() : err;
}

// Some operations are refused without a checksum of the body: S3 takes any of its own, others ask
// for the Content-MD5 of RFC 1864.
static struct err add_checksum(struct wire_request *request, const EVP_MD *digest, const char *name)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned bytes;
	if (wirepairs_get(&request->headers, "Content-MD5"))
		return ERR_OK;
	if (!EVP_Digest(buf_str(&request->body), request->body.len, sum, &bytes, digest, NULL))
		return err_new(ERR_BUG, "OpenSSL has no digest for %s", name);
	struct buf text;
	buf_init(&text, 0);
	wiretext_base64_add(&text, sum, bytes);
	struct err err = text.failed ? err_nomem() : add_header(request, name, buf_str(&text));
	buf_done(&text);
	return err;
}

static struct err add_checksums(const struct operation *operation, struct wire_request *request)
{
	if (operation->flags & OPERATION_CHECKSUM)
		return add_checksum(request, EVP_sha256(), "x-amz-checksum-sha256");
	if (operation->flags & OPERATION_MD5)
		return add_checksum(request, EVP_md5(), "Content-MD5");
	return ERR_OK;
}

static struct err check_headers(const struct wire_request *request)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		const struct wire_pair *header = &request->headers.items[i];
		if (strpbrk(header->name, "\r\n:") || strpbrk(header->value, "\r\n"))
			return err_new(ERR_INVALID, "a header would hold a line break");
	}
	return ERR_OK;
}

struct err wire_encode(
	const struct operation *operation, const json_t *input, struct wire_request *ret_request)
{
	*ret_request = (struct wire_request){.method = operation_http_method(operation)};
	struct err err = wire_check(operation, input);
	if (err_is(&err))
		return err;
	_cleanup_json_ json_t *empty = input && !json_is_null(input) ? NULL : json_object();
	if (empty)
		input = empty;
	struct wire_request request = *ret_request;
	buf_init(&request.body, 0);
	err = encode_by_protocol(operation, input, &request);
	if (!err_is(&err))
		err = write_host_prefix(operation, input, &request.host_prefix);
	if (!err_is(&err) && !request.path && !(request.path = strdup("/")))
		err = err_nomem();
	if (!err_is(&err))
		err = add_checksums(operation, &request);
	if (!err_is(&err))
		err = check_headers(&request);
	if (err_is(&err)) {
		err_wrap(&err, "%s", operation_name(operation));
		wire_request_done(&request);
		return err;
	}
	*ret_request = request;
	return ERR_OK;
}

void wire_request_done(struct wire_request *request)
{
	free(request->path);
	free(request->host_prefix);
	wirepairs_done(&request->query);
	wirepairs_done(&request->headers);
	buf_burn(&request->body);
	*request = (struct wire_request){0};
}

// ---- answers

const char *wire_header(const struct wire_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->header_count; i++)
		if (str_eq_nocase(answer->headers[i].name, name))
			return answer->headers[i].value;
	return NULL;
}

struct err wire_bad_answer(const char *fmt, ...)
{
	char message[240];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	str_trim_utf8(message);
	return err_code(ERR_TRANSIENT, "BadAnswer", "%s", message);
}

// The first that is not blank; NUL for an empty body. Says whether it is XML or JSON, which the
// Content-Type does not.
static char first_char(const struct wire_answer *answer)
{
	for (size_t i = 0; i < answer->body_bytes; i++)
		if (!strchr(" \t\r\n", answer->body[i]))
			return answer->body[i];
	return '\0';
}

static struct err decode_xml(const struct operation *operation, const struct wire_answer *answer,
	json_t **ret_output, char *ret_request_id)
{
	struct xml_plan plan = {operation_output(operation), model_text(operation->answer_root),
		operation_result_wrapper(operation), answer->keep};
	return xml_decode(&plan, answer->body, answer->body_bytes, ret_output, ret_request_id);
}

static struct err decode_json(
	const struct operation *operation, const struct wire_answer *answer, json_t **ret_output)
{
	const struct shape *shape = operation_output(operation);
	bool has_members = shape && shape_member_count(shape) > 0;
	if (answer->body_bytes > 0 && shape)
		return wirejson_read(shape, answer->body, answer->body_bytes, ret_output);
	if (has_members)
		return wire_bad_answer("it is empty");
	// Nothing is expected, but a page of HTML is not nothing.
	if (first_char(answer) == '<')
		return wire_bad_answer("it is not JSON");
	*ret_output = json_object();
	return *ret_output ? ERR_OK : err_nomem();
}

static struct err decode_by_protocol(const struct operation *operation,
	const struct wire_answer *answer, json_t **ret_output, char *ret_request_id)
{
	switch (service_protocol(operation_service(operation))) {
	case AWS_EC2:
	case AWS_QUERY:
		return decode_xml(operation, answer, ret_output, ret_request_id);
	case AWS_JSON_1_0:
	case AWS_JSON_1_1:
		return decode_json(operation, answer, ret_output);
	case AWS_REST_JSON:
	case AWS_REST_XML:
		return wirerest_decode(operation, answer, ret_output);
	}
	return err_new(ERR_BUG, "unknown protocol");
}

static const char *request_id_header(const struct wire_answer *answer)
{
	static const char *const names[] = {
		"x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		const char *value = wire_header(answer, names[i]);
		if (!str_empty(value))
			return value;
	}
	return NULL;
}

struct err wire_decode(const struct operation *operation, const struct wire_answer *answer,
	json_t **ret_output, char *ret_request_id)
{
	char body_id[WIRE_ID_BYTES] = "";
	*ret_output = NULL;
	struct err err = decode_by_protocol(operation, answer, ret_output, body_id);
	const char *id = request_id_header(answer);
	if (!id)
		id = body_id;
	if (ret_request_id)
		str_copy(ret_request_id, WIRE_ID_BYTES, id);
	if (err_is(&err)) {
		str_copy(err.request_id, sizeof(err.request_id), id);
		err_wrap(&err, "the answer to %s is not usable", operation_name(operation));
	}
	return err;
}

// ---- error answers

// "com.amazonaws.sqs#QueueDoesNotExist:http://..." -> "QueueDoesNotExist"
static void copy_code(char *out, size_t bytes, const char *text)
{
	size_t n = strcspn(text, ":");
	const char *hash = memrchr(text, '#', n);
	const char *from = hash ? hash + 1 : text;
	_cleanup_free_ char *code = strndup(from, n - (size_t)(from - text));
	str_copy(out, bytes, code ? code : "");
}

static const char *first_text(const json_t *object, const char *const *names)
{
	for (; *names; names++) {
		const char *text = js_str(object, *names);
		if (!str_empty(text))
			return text;
	}
	return NULL;
}

static void read_json_error(const struct wire_answer *answer, struct wire_error *error)
{
	static const char *const codes[] = {"__type", "code", "Code", NULL};
	static const char *const messages[] = {"message", "Message", "errorMessage", NULL};
	_cleanup_json_ json_t *body = js_parse(answer->body, answer->body_bytes, NULL, 0);
	const json_t *inner = json_object_get(body, "Error");
	const char *code = first_text(body, codes), *message = first_text(body, messages);
	if (!code)
		code = first_text(inner, codes);
	if (!message)
		message = first_text(inner, messages);
	if (code)
		copy_code(error->code, sizeof(error->code), code);
	if (message)
		str_copy(error->message, sizeof(error->message), message);
}

static void read_xml_error(const struct wire_answer *answer, struct wire_error *error)
{
	struct xml_error xml;
	xml_error(answer->body, answer->body_bytes, &xml);
	str_copy(error->code, sizeof(error->code), xml.code);
	str_copy(error->message, sizeof(error->message), xml.message);
	str_copy(error->request_id, sizeof(error->request_id), xml.request_id);
	error->is_receiver = str_eq(xml.type, "Receiver");
}

static void read_error_headers(const struct wire_answer *answer, struct wire_error *error)
{
	const char *type = wire_header(answer, "x-amzn-errortype");
	const char *query = wire_header(answer, "x-amzn-query-error");
	if (type && *type)
		copy_code(error->code, sizeof(error->code), type);
	// "AWS.SimpleQueueService.NonExistentQueue;Sender": the code that the service's users know.
	size_t n = query ? strcspn(query, ";") : 0;
	if (n > 0 && query[n] == ';') {
		_cleanup_free_ char *code = strndup(query, n);
		str_copy(error->code, sizeof(error->code), code ? code : "");
		error->is_receiver = str_eq(query + n + 1, "Receiver");
	}
	const char *id = request_id_header(answer);
	if (id)
		str_copy(error->request_id, sizeof(error->request_id), id);
}

void wire_error(const struct wire_answer *answer, struct wire_error *ret_error)
{
	*ret_error = (struct wire_error){.code = ""};
	char first = first_char(answer);
	if (first == '<')
		read_xml_error(answer, ret_error);
	else if (first == '{')
		read_json_error(answer, ret_error);
	read_error_headers(answer, ret_error);
}
