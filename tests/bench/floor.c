// The floor: what a pass costs when nothing is done but its requests. libcurl's multi interface,
// the same bytes signed the same way, every answer parsed to its end and thrown away; no desired
// state, no comparison, no history.
//
// floor URL REQUESTS-FILE PASSES REGION PAUSE-MS: the file has one request a line, three fields
// with tabs between them: service, X-Amz-Target (or "-"), body. The keys come from the environment.
// Prints a JSON line:
// {"passes","requests","cpu_us","wall_us","answer_bytes","elements"}, the first pass left out. The
// pause stands between passes and is in neither time: what runs once a second runs on cold caches.

#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include <curl/curl.h>
#include <expat.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_REQUESTS = 256 };

struct request {
	char *service, *target, *body; // owned through `service`
	CURL *easy;
	struct curl_slist *headers;
	struct buf answer;
};

struct bench {
	const char *url, *region, *host;
	struct request requests[MOST_REQUESTS];
	size_t count;
	struct sigv4 sigv4;
	struct sigv4_credentials keys;
	CURLM *multi;
	size_t answer_bytes, elements;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "floor: %s: %s\n", what, why);
	exit(1);
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct request *request = user;
	return buf_add(&request->answer, data, size * count) ? size * count : 0;
}

static void on_element(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct bench *bench = user;
	(void)name, (void)attributes;
	bench->elements++;
}

static void on_text(void *user, const XML_Char *text, int length)
{
	(void)user, (void)text, (void)length;
}

static void parse(struct bench *bench, const struct request *request)
{
	const struct buf *answer = &request->answer;
	bench->answer_bytes += answer->len;
	if (answer->len && answer->data[0] == '{') {
		json_error_t error;
		json_t *json = json_loadb(answer->data, answer->len, 0, &error);
		if (!json)
			fail(request->service, error.text);
		bench->elements += json_object_size(json);
		json_decref(json);
		return;
	}
	XML_Parser parser = XML_ParserCreate(NULL);
	if (!parser)
		fail("expat", "out of memory");
	XML_SetUserData(parser, bench);
	XML_SetElementHandler(parser, on_element, NULL);
	XML_SetCharacterDataHandler(parser, on_text);
	if (XML_Parse(parser, buf_str(answer), (int)answer->len, 1) != XML_STATUS_OK)
		fail(request->service, buf_str(answer));
	XML_ParserFree(parser);
}

static struct curl_slist *with_header(struct curl_slist *list, const char *name, const char *value)
{
	char line[4096];
	snprintf(line, sizeof(line), "%s: %s", name, value);
	list = curl_slist_append(list, line);
	if (!list)
		fail("curl", "out of memory");
	return list;
}

/* Signs it anew, as every attempt has to be. */
static void prepare(struct bench *bench, struct request *request)
{
	char hash[HASH_HEX_BYTES];
	bool is_json = strcmp(request->target, "-") != 0;
	const char *type = is_json ? "application/x-amz-json-1.1"
				   : "application/x-www-form-urlencoded; charset=utf-8";
	struct sigv4_header headers[4] = {
		{"Host", bench->host}, {"Content-Type", type}, {"X-Amz-Target", request->target}};
	struct sigv4_request to_sign = {.method = "POST",
		.path = "/",
		.headers = headers,
		.header_count = is_json ? 3 : 2,
		.payload_hash = hash,
		.region = bench->region,
		.service = request->service,
		.wall_ms = clock_wall_ms(),
		.flags = SIGV4_ENCODE_TWICE | SIGV4_NORMALIZE | SIGV4_PAYLOAD_HEADER};
	if (!hash_sha256_hex(request->body, strlen(request->body), hash) ||
		!sigv4_sign(&bench->sigv4, &to_sign, &bench->keys))
		fail(request->service, "cannot sign");

	struct curl_slist *list = with_header(NULL, "Content-Type", type);
	list = with_header(list, "X-Amz-Date", bench->sigv4.date);
	list = with_header(list, "x-amz-content-sha256", hash);
	list = with_header(list, "Authorization", buf_str(&bench->sigv4.authorization));
	list = with_header(list, "amz-sdk-request", "attempt=1; max=3");
	list = with_header(list, "Expect", "");
	if (is_json)
		list = with_header(list, "X-Amz-Target", request->target);
	buf_reset(&request->answer);
	curl_slist_free_all(request->headers);
	request->headers = list;
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, list);
}

static void set_up(struct bench *bench, struct request *request)
{
	request->easy = curl_easy_init();
	if (!request->easy)
		fail("curl", "out of memory");
	curl_easy_setopt(request->easy, CURLOPT_URL, bench->url);
	curl_easy_setopt(request->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(request->easy, CURLOPT_NOSIGNAL, 1L);
}

static void run_pass(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++) {
		prepare(bench, &bench->requests[i]);
		curl_multi_add_handle(bench->multi, bench->requests[i].easy);
	}
	size_t left = bench->count;
	while (left) {
		int running = 0, queued = 0;
		curl_multi_perform(bench->multi, &running);
		for (CURLMsg *message; (message = curl_multi_info_read(bench->multi, &queued));) {
			struct request *request = NULL;
			long status = 0;
			if (message->msg != CURLMSG_DONE)
				continue;
			CURL *easy = message->easy_handle;
			CURLcode code = message->data.result;
			curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
			curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
			if (code != CURLE_OK)
				fail(request->service, curl_easy_strerror(code));
			if (status != 200)
				fail(request->body, buf_str(&request->answer));
			parse(bench, request);
			curl_multi_remove_handle(bench->multi, easy);
			left--;
		}
		if (left)
			curl_multi_poll(bench->multi, NULL, 0, 1000, NULL);
	}
}

static void read_requests(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	if (!file)
		fail(path, "cannot be read");
	for (ssize_t length; (length = getline(&line, &size, file)) > 0;) {
		struct request *request = &bench->requests[bench->count];
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		char *target = strchr(line, '\t');
		char *body = target ? strchr(target + 1, '\t') : NULL;
		if (!body || bench->count == MOST_REQUESTS)
			fail(path, "no such line, or too many");
		*target = *body = '\0';
		request->service = line;
		request->target = target + 1;
		request->body = body + 1;
		set_up(bench, request);
		bench->count++;
		line = NULL;
	}
	free(line);
	fclose(file);
}

static int64_t clock_us(clockid_t which)
{
	struct timespec now;
	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	if (argc != 6)
		fail("usage", "floor URL REQUESTS-FILE PASSES REGION PAUSE-MS");
	bench.url = argv[1];
	bench.region = argv[4];
	bench.host = strstr(argv[1], "://");
	bench.host = bench.host ? bench.host + 3 : argv[1];
	bench.keys.access_key_id = getenv("AWS_ACCESS_KEY_ID");
	bench.keys.secret = getenv("AWS_SECRET_ACCESS_KEY");
	if (!bench.keys.access_key_id || !bench.keys.secret)
		fail("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "not set");
	sigv4_init(&bench.sigv4);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bench.multi = curl_multi_init();
	read_requests(&bench, argv[2]);

	int passes = (int)strtol(argv[3], NULL, 10);
	run_pass(&bench);
	bench.answer_bytes = bench.elements = 0;
	long pause_ms = strtol(argv[5], NULL, 10);
	int64_t cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID), wall = 0;
	for (int i = 0; i < passes; i++) {
		usleep((useconds_t)pause_ms * 1000);
		int64_t began = clock_us(CLOCK_MONOTONIC);
		run_pass(&bench);
		wall += clock_us(CLOCK_MONOTONIC) - began;
	}
	printf("{\"passes\": %d, \"requests\": %zu, \"cpu_us\": %lld, \"wall_us\": %lld, "
	       "\"answer_bytes\": %zu, \"elements\": %zu}\n",
		passes, bench.count, (long long)(clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu),
		(long long)wall, bench.answer_bytes, bench.elements);

	for (size_t i = 0; i < bench.count; i++) {
		struct request *request = &bench.requests[i];
		curl_easy_cleanup(request->easy);
		curl_slist_free_all(request->headers);
		buf_done(&request->answer);
		free(request->service);
	}
	curl_multi_cleanup(bench.multi);
	sigv4_done(&bench.sigv4);
	curl_global_cleanup();
	return 0;
}
