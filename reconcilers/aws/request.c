// One attempt's request: URL, headers, signature.
#include "aws/flight.h"
#include "base/str.h"

/* The input with an idempotency token of ours where the operation takes one and the caller gave
 * none: libcurl or a proxy may deliver a request twice. Free it; NULL: as it is. */
static json_t *with_token(const struct flight *flight)
{
	const char *member = operation_token_member(flight->operation);
	const json_t *input = flight->call->input;
	if (str_empty(member) || json_object_get(input, member))
		return NULL;
	json_t *copy = input ? json_copy((json_t *)input) : json_object();
	if (copy && !js_set_str(copy, member, flight->invocation_id)) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}

struct err request_encode(struct flight *flight)
{
	_cleanup_json_ json_t *filled = with_token(flight);
	struct err err = wire_encode(
		flight->operation, filled ? filled : flight->call->input, &flight->wire);
	if (err_is(&err))
		return err;
	flight->has_wire = true;
	flight->query = wire_query(&flight->wire.query, true);
	if (!flight->query || !hash_sha256_hex(buf_str(&flight->wire.body), flight->wire.body.len,
				      flight->body_hash))
		return err_nomem();
	return ERR_OK;
}

static bool is_s3(const struct flight *flight)
{
	return str_eq(service_name(flight->channel->service), "s3");
}

/* S3 addresses a bucket by host name where it can; the path then begins after it. */
static const char *place_bucket(struct flight *flight, const struct endpoint **endpoint)
{
	const char *path = flight->wire.path;
	if (!is_s3(flight))
		return path;
	const char *bucket = js_str(flight->call->input, "Bucket");
	size_t bytes = bucket ? strlen(bucket) : 0;
	if (!bytes || path[0] != '/' || strncmp(path + 1, bucket, bytes) != 0 ||
		(path[1 + bytes] && path[1 + bytes] != '/'))
		return path;
	flight->bucket_endpoint = **endpoint;
	if (!endpoint_use_bucket(&flight->bucket_endpoint, bucket))
		return path;
	*endpoint = &flight->bucket_endpoint;
	return path[1 + bytes] ? path + 1 + bytes : "/";
}

static void add_header(struct buf *text, const char *name, const char *value)
{
	buf_adds(text, name);
	buf_add(text, ": ", 2);
	buf_add(text, value, strlen(value) + 1);
}

/* One buffer of lines, each ended by a NUL; the pointers are set when it moves no more. */
static bool finish_headers(struct flight *flight, size_t count)
{
	if (flight->header_text.failed || count > FLIGHT_MOST_HEADERS)
		return false;
	const char *line = buf_str(&flight->header_text);
	for (size_t i = 0; i < count; i++, line += strlen(line) + 1)
		flight->header_lines[i] = line;
	flight->header_lines[count] = NULL;
	return true;
}

static bool sign(struct flight *flight, const struct endpoint *endpoint,
	const struct sigv4_header *headers, size_t count, const struct credentials *credentials)
{
	struct aws *aws = flight->aws;
	const struct sigv4_credentials keys = {
		credentials->access_key_id, credentials->secret, credentials->token};
	const struct sigv4_request request = {
		.method = flight->wire.method,
		.path = buf_str(&flight->path),
		.query = flight->query,
		.headers = headers,
		.header_count = count,
		.payload_hash = flight->body_hash,
		.region = endpoint->signing_region,
		.service = service_signing_name(flight->channel->service),
		.wall_ms = loop_wall_ms(aws->loop) + aws->skew_ms,
		.flags = SIGV4_PAYLOAD_HEADER |
			 (is_s3(flight) ? 0 : SIGV4_ENCODE_TWICE | SIGV4_NORMALIZE),
	};
	if (!sigv4_sign(&aws->signer, &request, &keys))
		return false;
	struct buf *text = &flight->header_text;
	add_header(text, "x-amz-date", aws->signer.date);
	add_header(text, "x-amz-content-sha256", flight->body_hash);
	add_header(text, "authorization", buf_str(&aws->signer.authorization));
	if (credentials->token)
		add_header(text, "x-amz-security-token", credentials->token);
	str_copy(flight->access_key_id, sizeof(flight->access_key_id), credentials->access_key_id);
	return true;
}

struct err request_prepare(struct flight *flight, const struct credentials *credentials)
{
	struct aws *aws = flight->aws;
	const struct endpoint *endpoint = &flight->channel->endpoint;
	const char *path = place_bucket(flight, &endpoint);

	char host[sizeof(endpoint->host) + 64];
	bool has_prefix = !str_empty(flight->wire.host_prefix) && !endpoint->is_custom;
	snprintf(host, sizeof(host), "%s%s", has_prefix ? flight->wire.host_prefix : "",
		endpoint->host);
	buf_reset(&flight->path);
	buf_adds(&flight->path, endpoint->path);
	buf_adds(&flight->path, path);
	buf_reset(&flight->url);
	if (has_prefix)
		buf_addf(&flight->url, "https://%s", host);
	else
		buf_adds(&flight->url, endpoint->base);
	buf_add(&flight->url, flight->path.data, flight->path.len);
	if (*flight->query) {
		buf_addc(&flight->url, '?');
		buf_adds(&flight->url, flight->query);
	}

	char attempt[48];
	snprintf(attempt, sizeof(attempt), "attempt=%d; max=%d", flight->retry.attempts + 1,
		flight->policy.most_attempts);
	struct sigv4_header headers[FLIGHT_MOST_HEADERS];
	size_t count = 0, total = flight->wire.headers.count + 3;
	if (total + 4 > FLIGHT_MOST_HEADERS)
		return err_new(ERR_INVALID, "more than %d headers", FLIGHT_MOST_HEADERS - 7);
	headers[count++] = (struct sigv4_header){"host", host};
	headers[count++] = (struct sigv4_header){"amz-sdk-invocation-id", flight->invocation_id};
	headers[count++] = (struct sigv4_header){"amz-sdk-request", attempt};
	for (size_t i = 0; i < flight->wire.headers.count; i++)
		headers[count++] = (struct sigv4_header){
			flight->wire.headers.items[i].name, flight->wire.headers.items[i].value};

	struct buf *text = &flight->header_text;
	buf_reset(text);
	for (size_t i = 1; i < count; i++) // libcurl sends Host, from the URL
		add_header(text, headers[i].name, headers[i].value);
	add_header(text, "user-agent", aws->user_agent);
	size_t lines = count;

	flight->access_key_id[0] = '\0';
	if (credentials) {
		if (!sign(flight, endpoint, headers, count, credentials))
			return err_new(ERR_BUG, "the request could not be signed");
		lines += credentials->token ? 4 : 3;
	}
	if (!finish_headers(flight, lines) || flight->url.failed)
		return err_nomem();

	struct http_request *request = &flight->request;
	http_request_done(request);
	http_request_init(request);
	request->method = flight->wire.method;
	request->url = buf_str(&flight->url);
	request->headers = flight->header_lines;
	request->body = flight->wire.body.len ? buf_str(&flight->wire.body) : NULL;
	request->body_bytes = flight->wire.body.len;
	request->is_mutating = flight->call->is_mutating;
	request->gate = flight->call->gate;
	request->allow_plain_http = endpoint->is_plain_http;
	return ERR_OK;
}
