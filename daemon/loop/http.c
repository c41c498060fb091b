// A transfer is a request on its way: an easy handle from a small pool, the header list that curl
// reads in place, and what must be known when it ends. Requests beyond the limits wait here, not in
// curl, whose connect time limit would run meanwhile (lib/multi.c, multi_handle_timeout).
//
// Debian's libcurl looks names up with its own short-lived threads (getaddrinfo blocks); that is
// accepted. QUICK_EXIT keeps it from joining such a thread when a request is canceled.
#include "loop/http.h"
#include "base/str.h"
#include "loop/field.h"
#include "loop/trust.h"
#include "loop/url.h"
#include "loop/wipe.h"
#include "loop/wire.h"
#include <assert.h>
#include <ctype.h>

enum {
	MOST_SPARES = 8, // idle easy handles kept; each holds a 16 KiB receive buffer
	MOST_OWN_HEADERS = 3,
	DEFAULT_ANSWER_BYTES = 32 << 20,
	DEFAULT_CONNECT_MS = 3100,
	DEFAULT_TOTAL_MS = 30000,
	NAMES_SECONDS = 5,    // that an address is believed: names of AWS move at any time
	LOW_SPEED_BYTES = 64, // a second, on average over curl's window
	// A connection that has been idle for longer is not trusted with a change: the peer may
	// close it at any moment, and then the outcome is unknown.
	IDLE_SECONDS_READ = 100,
	IDLE_SECONDS_MUTATING = 8,
};

struct http {
	struct loop *loop; // borrowed
	struct wire wire;
	CURLSH *share;       // TLS sessions of all handles: owned
	struct list waiting; // transfers without a handle, oldest first
	struct list running; // transfers in the multi
	long running_count;
	long most_connections, most_host_connections;
	struct trust trust;
	CURL *spares[MOST_SPARES];
	int spare_count;
};

struct http_transfer {
	struct list link;             // in waiting or running
	struct http *http;            // borrowed
	struct http_request *request; // borrowed
	struct url url;
	CURL *easy; // owned while running
	size_t body_read;
	size_t header_bytes;
	bool has_left;   // a byte of the request may be on its way
	bool is_refused; // by its gate
	bool has_two_lengths;
	bool has_header_end;      // the blank line has come
	const char *answer_error; // why a callback gave up; static
	bool is_out_of_memory;
	struct curl_slist headers[HTTP_MOST_HEADERS + MOST_OWN_HEADERS];
	char *empty_header; // owned; curl's spelling of "Name:" without a value
	char error_text[CURL_ERROR_SIZE];
};

// ---- what curl asks for while a transfer runs; only results are kept

static bool passes(struct http_transfer *t)
{
	const struct http_gate *gate = t->request->gate;
	t->is_refused = t->is_refused || (gate && !gate->is_open(gate));
	return !t->is_refused;
}

static size_t on_body_read(char *buffer, size_t size, size_t count, void *arg)
{
	struct http_transfer *t = arg;
	size_t left = t->request->body_bytes - t->body_read, n = size * count;
	// A header without its body is no request to anybody.
	if (t->body_read == 0 && !passes(t))
		return CURL_READFUNC_ABORT;
	if (n > left)
		n = left;
	memcpy(buffer, t->request->body + t->body_read, n);
	t->body_read += n;
	return n;
}

static int on_body_seek(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL; // never a second time
}

// Called when the connection stands and the request is about to be sent on it.
static int on_connected(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	struct http_transfer *t = arg;
	if (!passes(t))
		return CURL_PREREQFUNC_ABORT;
	t->has_left = true;
	return CURL_PREREQFUNC_OK;
}

static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
	struct http_transfer *t = arg;
	if (buf_add(&t->request->answer, data, size * count))
		return size * count;
	if (t->request->answer.len + size * count <= t->request->answer.cap)
		t->is_out_of_memory = true;
	t->answer_error = "the answer is too large";
	return 0;
}

static void free_headers(struct http_request *request)
{
	for (size_t i = 0; i < request->answer_header_count; i++)
		free(request->answer_headers[i].name);
	request->answer_header_count = 0;
}

static bool keep_header(struct http_transfer *t, const char *line, size_t bytes)
{
	struct http_request *request = t->request;
	const char *colon = memchr(line, ':', bytes);
	if (!colon)
		return true; // the blank line, or a folded one: no field of ours
	if (request->answer_header_count == HTTP_MOST_HEADERS) {
		t->answer_error = "the answer has too many header lines";
		return false;
	}
	size_t name_bytes = (size_t)(colon - line), start = name_bytes + 1, end = bytes;
	while (start < end && isspace((unsigned char)line[start]))
		start++;
	while (end > start && isspace((unsigned char)line[end - 1]))
		end--;
	char *block = malloc(name_bytes + 1 + end - start + 1);
	if (!block) {
		t->is_out_of_memory = true;
		return false;
	}
	struct http_header *header = &request->answer_headers[request->answer_header_count++];
	header->name = block;
	header->value = block + name_bytes + 1;
	memcpy(header->name, line, name_bytes);
	header->name[name_bytes] = '\0';
	memcpy(header->value, line + start, end - start);
	header->value[end - start] = '\0';
	// RFC 9112 section 6.3: two lengths that differ are an attack or a broken peer. curl takes
	// one.
	if (name_bytes == 14 && str_eq_nocase(header->name, "content-length") &&
		!str_eq(http_header(request, "content-length"), header->value)) {
		t->has_two_lengths = true;
		return false;
	}
	return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_transfer *t = arg;
	size_t bytes = size * count;
	t->header_bytes += bytes;
	if (t->header_bytes > HTTP_MOST_HEADER_BYTES) {
		t->answer_error = "the answer's header is too large";
		return 0;
	}
	if (bytes >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		free_headers(t->request); // those of an interim answer (1xx)
		t->has_header_end = false;
		return bytes;
	}
	if (line[0] == '\r' || line[0] == '\n')
		t->has_header_end = true;
	return keep_header(t, line, bytes) ? bytes : 0;
}

// ---- handles

static void set_always(struct http *http, CURL *easy)
{
	wire_prepare(&http->wire, easy);
	curl_easy_setopt(easy, CURLOPT_SHARE, http->share);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); // the path is signed as it stands
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	// A handle keeps its buffer, and as many handles are kept as ever ran at once.
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 8192L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_read);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_body_seek);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
}

static CURL *take_easy(struct http *http)
{
	if (http->spare_count > 0)
		return http->spares[--http->spare_count];
	CURL *easy = curl_easy_init();
	if (easy)
		set_always(http, easy);
	return easy;
}

// One that sent a change goes, and is wiped: its buffer still has the body, maybe a secret.
static void give_back_easy(struct http *http, CURL *easy, bool was_mutating)
{
	if (http->spare_count < MOST_SPARES && !was_mutating)
		http->spares[http->spare_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

static void set_method(struct http_transfer *t)
{
	const struct http_request *r = t->request;
	CURL *easy = t->easy;
	bool has_body = r->body_bytes > 0;
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); // undoes the last request's kind
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (str_eq(r->method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (has_body || str_eq(r->method, "POST") || str_eq(r->method, "PUT") ||
		   str_eq(r->method, "PATCH")) {
		// Without a body these still say "Content-Length: 0".
		const char *body = has_body && r->is_mutating ? NULL : has_body ? r->body : "";
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body); // NULL: by the read callback
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_bytes);
		if (!str_eq(r->method, "POST"))
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	} else if (!str_eq(r->method, "GET")) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	}
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)(r->is_mutating && !has_body));
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
		(long)(r->is_mutating ? IDLE_SECONDS_MUTATING : IDLE_SECONDS_READ));
}

static void set_limits(struct http_transfer *t)
{
	const struct http_request *r = t->request;
	CURL *easy = t->easy;
	long total_ms = r->total_ms > 0 ? (long)r->total_ms : DEFAULT_TOTAL_MS;
	long connect_ms = r->connect_ms > 0 ? (long)r->connect_ms : DEFAULT_CONNECT_MS;
	// Two thirds of the whole: a peer that drips, or has fallen silent, ends before the rest.
	long low_seconds = total_ms * 2 / 3000;
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)NAMES_SECONDS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, low_seconds > 1 ? low_seconds : 1L);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->answer.cap);
}

static bool launch(struct http_transfer *t)
{
	struct http *http = t->http;
	CURL *easy = take_easy(http);
	if (!easy)
		return false;
	t->easy = easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_READDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error_text);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	// "" is no proxy at all; NULL is what the environment says, no_proxy included.
	bool is_direct = t->request->no_proxy || t->url.is_loopback || t->url.is_metadata;
	curl_easy_setopt(easy, CURLOPT_PROXY, is_direct ? "" : NULL);
	set_method(t);
	set_limits(t);
	if (t->url.is_https)
		trust_apply(&http->trust, easy);
	if (curl_easy_setopt(easy, CURLOPT_URL, t->request->url) != CURLE_OK ||
		!wire_add(&http->wire, easy)) {
		t->easy = NULL;
		curl_easy_cleanup(easy);
		return false;
	}
	list_append(&http->running, &t->link);
	http->running_count++;
	return true;
}

static bool has_room(const struct http *http, uint64_t origin)
{
	const struct http_transfer *t;
	long same = 0;
	if (http->running_count >= http->most_connections)
		return false;
	list_for_each (t, &http->running, link)
		same += t->url.origin == origin;
	return same < http->most_host_connections;
}

// ---- the end of a request

static void free_transfer(struct http_transfer *t)
{
	list_remove(&t->link);
	t->request->transfer = NULL;
	free(t->empty_header);
	free(t);
}

static void stop_running(struct http_transfer *t)
{
	struct http *http = t->http;
	wire_remove(&http->wire, t->easy);
	// Nothing in a spare handle may point at what its last owner has freed.
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, NULL);
	give_back_easy(http, t->easy, t->request->is_mutating);
	t->easy = NULL;
	http->running_count--;
}

static void launch_waiting(struct http *http)
{
	struct http_transfer *t;
	list_for_each (t, &http->waiting, link) {
		if (http->running_count >= http->most_connections)
			return;
		if (!has_room(http, t->url.origin))
			continue;
		list_remove(&t->link);
		if (!launch(t)) {
			struct op *op = &t->request->op;
			free_transfer(t);
			op_finish(op, err_nomem());
		}
	}
}

static struct err curl_err(enum err_class class, CURLcode code, const struct http_transfer *t)
{
	char text[24];
	snprintf(text, sizeof(text), "CURLE_%d", (int)code);
	return err_code(
		class, text, "%s", t->error_text[0] ? t->error_text : curl_easy_strerror(code));
}

static struct err to_err(CURLcode code, const struct http_transfer *t)
{
	if (t->is_out_of_memory)
		return err_nomem();
	if (t->is_refused)
		return err_code(ERR_CANCELED, "GateClosed", "it was not sent: its time was over");
	switch (code) {
	case CURLE_OK:
		// To curl an answer that ends within its header is a whole one without a body.
		return t->has_header_end ? ERR_OK
					 : err_new(ERR_TRANSIENT, "the answer's header is cut off");
	case CURLE_OUT_OF_MEMORY:
		return err_nomem();
	case CURLE_WRITE_ERROR:
		if (t->has_two_lengths)
			return err_new(ERR_TRANSIENT, "the answer gives two lengths of itself");
		return err_code(ERR_INVALID, "CURLE_23", "%s",
			t->answer_error ? t->answer_error : "the answer cannot be kept");
	case CURLE_FILESIZE_EXCEEDED:
		return err_code(ERR_INVALID, "CURLE_63", "the answer is too large");
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
		return curl_err(ERR_INVALID, code, t);
	case CURLE_SEND_FAIL_REWIND:
		return err_code(ERR_TRANSIENT, "CURLE_65",
			"the connection died before an answer; the request was not sent again");
	case CURLE_FAILED_INIT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION:
		return curl_err(ERR_BUG, code, t);
	default:
		// Every other end of a transfer is the network's or the peer's.
		return curl_err(ERR_TRANSIENT, code, t);
	}
}

static void on_finished(void *arg, CURL *easy, CURLcode result)
{
	struct http *http = arg;
	char *private = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	struct http_transfer *t = (struct http_transfer *)(void *)private;
	struct http_request *request = t->request;
	long status = 0;
	curl_off_t took_us = 0;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took_us);
	request->status = (int)status;
	request->took_ms = took_us / 1000;
	struct err err = to_err(result, t);
	err.maybe_done = err_is(&err) && request->is_mutating && t->has_left && !t->is_refused;
	stop_running(t);
	free_transfer(t);
	op_finish(&request->op, err);
	launch_waiting(http);
}

static void on_cancel(struct op *op)
{
	struct http_request *request = CONTAINER_OF(op, struct http_request, op);
	struct http_transfer *t = request->transfer;
	struct http *http = t->http;
	struct err err = err_new(ERR_CANCELED, "request canceled");
	err.maybe_done = request->is_mutating && t->has_left;
	if (t->easy)
		stop_running(t);
	free_transfer(t);
	op_finish(op, err);
	launch_waiting(http);
}

// ---- the start of a request

// The list's nodes stand in the transfer and borrow the caller's lines, so a request costs no
// allocation for its headers. (curl reads the list and changes nothing in it.)
static struct err set_headers(struct http_transfer *t)
{
	size_t count = 0;
	bool has_type = false;
	for (const char *const *h = t->request->headers; h && *h; h++) {
		struct err err = field_check(*h);
		if (err_is(&err))
			return err;
		if (count == HTTP_MOST_HEADERS)
			return err_new(ERR_INVALID, "more than %d header lines", HTTP_MOST_HEADERS);
		has_type = has_type || field_is(*h, "content-type");
		const char *line = *h, *colon = strchr(line, ':');
		if (colon[1 + strspn(colon + 1, " \t")] == '\0') {
			// To curl "Name:" means 'leave it out' and "Name;" one without a value.
			if (t->empty_header)
				return err_new(ERR_INVALID, "two headers without a value");
			t->empty_header = str_format("%.*s;", (int)(colon - line), line);
			if (!t->empty_header)
				return err_nomem();
			line = t->empty_header;
		}
		t->headers[count++].data = (char *)line;
	}
	t->headers[count++].data = (char *)"Expect:"; // costs a round trip
	if (!has_type)
		t->headers[count++].data = (char *)"Content-Type:"; // curl's default for a POST
	for (size_t i = 0; i + 1 < count; i++)
		t->headers[i].next = &t->headers[i + 1];
	return ERR_OK;
}

static struct err prepare(struct http_transfer *t)
{
	struct http_request *request = t->request;
	struct err err = field_check_method(request->method);
	if (!err_is(&err))
		err = url_read(request->url ? request->url : "", &t->url);
	if (!err_is(&err))
		err = set_headers(t);
	if (err_is(&err))
		return err;
	if (!t->url.is_https && !t->url.is_loopback && !t->url.is_metadata &&
		!request->allow_plain_http)
		return err_new(ERR_INVALID,
			"plain http:// is only for this machine and its metadata service: '%.80s'",
			request->url);
	if (request->body_bytes > 0 && !request->body)
		return err_new(ERR_BUG, "a body without bytes");
	return ERR_OK;
}

void http_request_init(struct http_request *request)
{
	*request = (struct http_request){0};
}

void http_request_done(struct http_request *request)
{
	buf_burn(&request->answer); // may hold credentials
	free_headers(request);
	op_reset(&request->op);
}

void http_start(struct http *http, struct http_request *request, struct task *owner)
{
	op_start(&request->op, owner, on_cancel);
	free_headers(request);
	buf_reset(&request->answer);
	request->answer.cap =
		request->most_answer_bytes ? request->most_answer_bytes : DEFAULT_ANSWER_BYTES;
	request->status = 0;
	request->took_ms = 0;
	struct http_transfer *t = calloc(1, sizeof(*t));
	request->transfer = t;
	if (!t) {
		op_finish_soon(http->loop, &request->op, err_nomem());
		return;
	}
	list_init(&t->link);
	t->http = http;
	t->request = request;
	struct err err = prepare(t);
	if (!err_is(&err)) {
		if (!has_room(http, t->url.origin)) {
			list_append(&http->waiting, &t->link);
			return;
		}
		if (launch(t))
			return;
		err = err_nomem();
	}
	free_transfer(t);
	op_finish_soon(http->loop, &request->op, err);
}

const char *http_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->answer_header_count; i++)
		if (str_eq_nocase(request->answer_headers[i].name, name))
			return request->answer_headers[i].value;
	return NULL;
}

// ---- the pool

struct err http_set_ca_bundle(struct http *http, const char *path)
{
	return trust_set_bundle(&http->trust, path);
}

struct err http_new(struct loop *loop, const struct http_options *options, struct http **ret_http)
{
	if (!wipe_start_curl())
		return err_new(ERR_BUG, "libcurl cannot start");
	struct http *http = calloc(1, sizeof(*http));
	if (!http) {
		curl_global_cleanup();
		return err_nomem();
	}
	http->loop = loop;
	trust_init(&http->trust);
	list_init(&http->waiting);
	list_init(&http->running);
	http->most_connections =
		options && options->most_connections > 0 ? options->most_connections : 64;
	http->most_host_connections =
		options && options->most_host_connections > 0 ? options->most_host_connections : 16;
	struct err err = wire_init(&http->wire, loop, http->most_connections, on_finished, http);
	http->share = curl_share_init();
	if (!err_is(&err) && !http->share)
		err = err_nomem();
	if (!err_is(&err) && options && options->ca_bundle)
		err = trust_set_bundle(&http->trust, options->ca_bundle);
	if (err_is(&err)) {
		http_free(http);
		return err;
	}
	curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	*ret_http = http;
	return ERR_OK;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	assert(list_is_empty(&http->waiting) && list_is_empty(&http->running));
	for (int i = 0; i < http->spare_count; i++)
		curl_easy_cleanup(http->spares[i]);
	wire_done(&http->wire);
	curl_share_cleanup(http->share);
	trust_done(&http->trust);
	free(http);
	curl_global_cleanup();
}
