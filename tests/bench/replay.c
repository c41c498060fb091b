// The replay: the requests of a first convergence, each sent as soon as all that it waits for has
// been answered. It decides nothing, compares nothing and reads of an answer only the ids that
// later requests need; those stand in the plan as places in the text, so that no answer is parsed.
//
// replay URL PLAN IN-FLIGHT: at most so many at a time, those with the longest way behind them
// first. The plan (tests/bench/convergence.py writes it) is
//   {"atoms": n,                        texts that the other side makes up
//    "requests": [{"name", "method", "headers": ["Name: value"], "path": TEXT, "body": TEXT,
//                  "waits": for how many others, "frees": [numbers of those that wait for it],
//                  "rank": n, "writes": bool, "tells": [{"text": TEXT, "nth": n}]}]}
// TEXT is a list of strings (as they are), [atom, times that it is encoded] and, in what is told,
// [atom, -length] for one that is learnt there (-1 for one that nobody needs). A "tells" is looked
// for in the answer, and the nth that fits counts.
// Prints the seconds from the first request to the last answer.

#include "base/buf.h"
#include "base/clock.h"
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_REQUESTS = 4096, MOST_ATOMS = 4096 };

struct request {
	const json_t *plan; // borrowed
	CURL *easy;
	struct curl_slist *headers;
	struct buf answer, url, body;
	size_t waits; // for so many others
	bool is_due, is_sent;
};

struct replay {
	const char *url;
	json_t *plan;
	CURLM *multi;
	char *atoms[MOST_ATOMS]; // owned; NULL: not known yet
	struct request requests[MOST_REQUESTS];
	size_t count, running, left;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "replay: %s: %.2000s\n", what, why);
	exit(1);
}

static void add(struct buf *buf, const char *text, size_t len)
{
	if (!buf_add(buf, text, len))
		fail("buffer", "out of memory");
}

static const char *name_of(const struct request *request)
{
	return json_string_value(json_object_get(request->plan, "name"));
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct request *request = user;
	add(&request->answer, data, size * count);
	return size * count;
}

/* The atom as it is written in a request, percent-encoded so many times. */
static void add_atom(const struct replay *replay, struct buf *buf, size_t atom, json_int_t times)
{
	if (atom >= MOST_ATOMS || !replay->atoms[atom])
		fail("plan", "a request before what it refers to");
	char *text = curl_easy_escape(NULL, replay->atoms[atom], 0);
	if (times == 2) {
		char *once = text;
		text = curl_easy_escape(NULL, once, 0);
		curl_free(once);
	}
	const char *written = times ? text : replay->atoms[atom];
	add(buf, written, strlen(written));
	curl_free(text);
}

static void write_text(const struct replay *replay, struct buf *buf, const json_t *text)
{
	size_t i;
	json_t *piece;
	json_array_foreach (text, i, piece) {
		if (json_is_string(piece))
			add(buf, json_string_value(piece), json_string_length(piece));
		else
			add_atom(replay, buf, (size_t)json_integer_value(json_array_get(piece, 0)),
				json_integer_value(json_array_get(piece, 1)));
	}
}

/* Whether a text stands at `at`; what is learnt there is kept when `learns`. */
static bool fits(struct replay *replay, const json_t *text, const char *at, bool learns)
{
	size_t i;
	json_t *piece;
	json_array_foreach (text, i, piece) {
		if (json_is_string(piece)) {
			size_t len = json_string_length(piece);
			if (strncmp(at, json_string_value(piece), len) != 0)
				return false;
			at += len;
			continue;
		}
		json_int_t atom = json_integer_value(json_array_get(piece, 0));
		json_int_t length = json_integer_value(json_array_get(piece, 1));
		if (length >= 0) { // known
			size_t len = strlen(replay->atoms[atom]);
			if (strncmp(at, replay->atoms[atom], len) != 0)
				return false;
			at += len;
			continue;
		}
		size_t len = (size_t)-length;
		if (strnlen(at, len) < len || memchr(at, '<', len) || memchr(at, '"', len))
			return false;
		if (learns && atom >= 0 && !replay->atoms[atom])
			replay->atoms[atom] = strndup(at, len);
		at += len;
	}
	return true;
}

static void learn(struct replay *replay, struct request *request)
{
	size_t i;
	json_t *tells;
	json_array_foreach (json_object_get(request->plan, "tells"), i, tells) {
		const json_t *text = json_object_get(tells, "text");
		const char *first = json_string_value(json_array_get(text, 0));
		json_int_t nth = json_integer_value(json_object_get(tells, "nth"));
		const char *at = buf_str(&request->answer);
		while ((at = strstr(at, first)) && !(fits(replay, text, at, false) && nth-- == 0))
			at++;
		if (!at) {
			char *wanted = json_dumps(text, 0);
			fprintf(stderr, "%s\n", wanted);
			free(wanted);
			fail(name_of(request), buf_str(&request->answer));
		}
		fits(replay, text, at, true);
	}
}

static void send_request(struct replay *replay, struct request *request)
{
	const char *method = json_string_value(json_object_get(request->plan, "method"));
	add(&request->url, replay->url, strlen(replay->url));
	write_text(replay, &request->url, json_object_get(request->plan, "path"));
	write_text(replay, &request->body, json_object_get(request->plan, "body"));
	CURL *easy = request->easy;
	curl_easy_setopt(easy, CURLOPT_URL, buf_str(&request->url));
	if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") != 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_str(&request->body));
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	}
	request->is_sent = true;
	replay->running++;
	curl_multi_add_handle(replay->multi, easy);
}

/* Sends what is due, the longest way behind it first, as far as there is room. */
static void send_due(struct replay *replay, size_t most)
{
	while (replay->running < most) {
		struct request *next = NULL;
		json_int_t best = -1;
		for (size_t i = 0; i < replay->count; i++) {
			struct request *one = &replay->requests[i];
			if (one->is_sent || one->waits)
				continue;
			json_int_t rank = json_integer_value(json_object_get(one->plan, "rank"));
			if (rank > best)
				best = rank, next = one;
		}
		if (!next)
			return;
		send_request(replay, next);
	}
}

static void on_done(struct replay *replay, struct request *request, CURLcode code)
{
	long status = 0;
	if (code != CURLE_OK)
		fail(name_of(request), curl_easy_strerror(code));
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (json_is_true(json_object_get(request->plan, "writes")) && status / 100 != 2)
		fail(name_of(request), buf_str(&request->answer));
	learn(replay, request);
	curl_multi_remove_handle(replay->multi, request->easy);
	replay->running--;
	replay->left--;
	size_t i;
	json_t *next;
	json_array_foreach (json_object_get(request->plan, "frees"), i, next)
		replay->requests[json_integer_value(next)].waits--;
}

static void run(struct replay *replay, size_t most)
{
	while (replay->left) {
		int running = 0, queued = 0;
		send_due(replay, most);
		curl_multi_perform(replay->multi, &running);
		bool is_any_done = false;
		for (CURLMsg *message; (message = curl_multi_info_read(replay->multi, &queued));) {
			struct request *request = NULL;
			if (message->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
			on_done(replay, request, message->data.result);
			is_any_done = true;
		}
		if (!is_any_done)
			curl_multi_poll(replay->multi, NULL, 0, 1000, NULL);
	}
}

static void set_up(struct request *request, const json_t *plan)
{
	size_t i;
	json_t *header;
	request->plan = plan;
	request->waits = (size_t)json_integer_value(json_object_get(plan, "waits"));
	request->easy = curl_easy_init();
	json_array_foreach (json_object_get(plan, "headers"), i, header)
		request->headers = curl_slist_append(request->headers, json_string_value(header));
	request->headers = curl_slist_append(request->headers, "Expect:");
	if (!request->easy || !request->headers)
		fail("curl", "out of memory");
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(request->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(request->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(request->easy, CURLOPT_NOPROXY, "*");
}

static void read_plan(struct replay *replay, const char *path)
{
	json_error_t error;
	size_t i;
	json_t *one;
	replay->plan = json_load_file(path, 0, &error);
	if (!replay->plan)
		fail(path, error.text);
	const json_t *requests = json_object_get(replay->plan, "requests");
	replay->count = replay->left = json_array_size(requests);
	if (replay->count > MOST_REQUESTS ||
		json_integer_value(json_object_get(replay->plan, "atoms")) > MOST_ATOMS)
		fail(path, "too many requests or atoms");
	json_array_foreach (requests, i, one)
		set_up(&replay->requests[i], one);
}

static void clean_up(struct replay *replay)
{
	for (size_t i = 0; i < replay->count; i++) {
		struct request *request = &replay->requests[i];
		curl_easy_cleanup(request->easy);
		curl_slist_free_all(request->headers);
		buf_done(&request->answer);
		buf_done(&request->url);
		buf_done(&request->body);
	}
	for (size_t i = 0; i < MOST_ATOMS; i++)
		free(replay->atoms[i]);
	curl_multi_cleanup(replay->multi);
	json_decref(replay->plan);
}

int main(int argc, char **argv)
{
	static struct replay replay;
	if (argc != 4)
		fail("usage", "replay URL PLAN IN-FLIGHT");
	replay.url = argv[1];
	long most = strtol(argv[3], NULL, 10);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	replay.multi = curl_multi_init();
	curl_multi_setopt(replay.multi, CURLMOPT_MAXCONNECTS, most);
	read_plan(&replay, argv[2]);
	int64_t began = clock_mono_us();
	run(&replay, (size_t)most);
	printf("%.3f\n", (double)(clock_mono_us() - began) / 1e6);
	clean_up(&replay);
	curl_global_cleanup();
	return 0;
}
