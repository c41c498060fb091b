// The table of paths: what finds its way to which endpoint, with which values, and what is refused
// in words.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"

static char seen[512];

static void note(struct control_exchange *exchange, const char *endpoint)
{
	const struct control_params *params = &exchange->params;
	snprintf(seen, sizeof(seen),
		"%s address=%s stack=%s target=%s since=%lld limit=%lld wait=%d", endpoint,
		params->address ? params->address : "-", params->stack ? params->stack : "-",
		params->target ? params->target : "-", (long long)params->since_ms,
		(long long)params->limit, params->wait);
	control_answer(exchange, 200, json_pack("{s:i}", "format", 1));
}

static void on_status(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "status");
}

static void on_resource(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "resource");
}

static void on_history(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "history");
}

static void on_sync(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "sync");
}

static void on_approve(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "approve");
}

static void on_foresee(void *self, struct control_exchange *exchange)
{
	(void)self;
	note(exchange, "foresee");
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), " file=%s text=%zu",
		exchange->params.file, strlen(exchange->params.text));
}

static const struct control_api api = {
	.foresee = on_foresee,
	.status = on_status,
	.resource = on_resource,
	.history = on_history,
	.sync = on_sync,
	.approve = on_approve,
};

static char *ask(struct rig *rig, const char *request)
{
	seen[0] = '\0';
	return rig_ask(rig, request);
}

static void open_api(struct rig *rig)
{
	rig_open(rig);
	rig->backend = routes_backend(&api);
	rig_start(rig);
}

#define GET(path) "GET " path " HTTP/1.1\r\n" CLOSE "\r\n"
#define POST(path, bytes, body)                                                                    \
	"POST " path " HTTP/1.1\r\n" CLOSE "Content-Length: " bytes "\r\n\r\n" body

static void test_requests_reach_their_endpoint_with_typed_values(void **state)
{
	(void)state;
	static const struct {
		const char *request, *seen;
	} rows[] = {
		{GET("/v1/status"), "status address=- stack=- target=- since=-1 limit=-1 wait=0"},
		{GET("/v1/status?stack=shop"),
			"status address=- stack=shop target=- since=-1 limit=-1 wait=0"},
		{GET("/v1/resources/network.subnet.a"), "resource address=network.subnet.a stack=- "
							"target=- since=-1 limit=-1 wait=0"},
		{GET("/v1/history?since=2026-11-23T09:48:00Z&limit=20&address=a.b.c"),
			"history address=a.b.c stack=- target=- since=1795427280000 limit=20 "
			"wait=0"},
		{POST("/v1/sync", "33", "{\"target\":\"network\",\"wait\": true}"),
			"sync address=- stack=- target=network since=-1 limit=-1 wait=1"},
		{POST("/v1/sync", "0", ""),
			"sync address=- stack=- target=- since=-1 limit=-1 wait=0"},
		{POST("/v1/approve", "17", "{\"target\":\"h-12\"}"),
			"approve address=- stack=- target=h-12 since=-1 limit=-1 wait=0"},
	};
	struct rig rig;
	open_api(&rig);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_free_ char *answer = ask(&rig, rows[i].request);
		assert_contains(answer, "200 OK");
		assert_string_equal(seen, rows[i].seen);
	}
	rig_close(&rig);
}

static void test_the_text_of_a_file_may_be_long_and_must_be_there(void **state)
{
	(void)state;
	static const char head[] = "{\"file\":\"new.yaml\",\"text\":\"";
	struct rig rig;
	struct buf request;
	open_api(&rig);
	buf_init(&request, 0);
	buf_addf(&request, "POST /v1/plan HTTP/1.1\r\n" CLOSE "Content-Length: %zu\r\n\r\n%s",
		strlen(head) + 20000 + 2, head);
	for (int i = 0; i < 20000; i++)
		buf_addc(&request, 'x');
	buf_adds(&request, "\"}");
	_cleanup_free_ char *answer = ask(&rig, buf_str(&request));
	assert_contains(answer, "200 OK");
	assert_contains(seen, "foresee ");
	assert_contains(seen, " file=new.yaml text=20000");
	buf_done(&request);
	_cleanup_free_ char *none = ask(&rig, POST("/v1/plan", "2", "{}"));
	assert_contains(none, "/v1/plan needs 'text'");
	_cleanup_free_ char *empty = ask(&rig, POST("/v1/plan", "11", "{\"text\":\"\"}"));
	assert_contains(empty, "/v1/plan needs 'text'");
	assert_string_equal(seen, "");
	rig_close(&rig);
}

static void test_an_age_is_counted_back_from_now(void **state)
{
	(void)state;
	struct rig rig;
	open_api(&rig);
	int64_t before_ms = loop_wall_ms(&rig.loop) - 5400000;
	_cleanup_free_ _unused_ char *answer = ask(&rig, GET("/v1/history?since=90m"));
	const char *since = strstr(seen, "since=");
	assert_non_null(since);
	int64_t since_ms = strtoll(since + 6, NULL, 10);
	assert_true(since_ms >= before_ms && since_ms <= before_ms + 10000);
	rig_close(&rig);
}

static void test_what_does_not_fit_is_refused_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *request, *status, *message;
	} rows[] = {
		{GET("/v2/status"), "404", "there is no /v2/status"},
		{GET("/v1/resources/"), "404", "there is no /v1/resources/"},
		{GET("/v1/diff"), "404", "there is no /v1/diff"}, // not offered by this api
		{GET("/v1/plan"), "405", "/v1/plan wants POST"},
		{GET("/v1/sync"), "405", "/v1/sync wants POST"},
		{POST("/v1/status", "0", ""), "405", "/v1/status wants GET"},
		{GET("/v1/status?colour=red"), "400", "takes no parameter 'colour'"},
		{GET("/v1/history?limit=0"), "400", "'limit' must be a number"},
		{GET("/v1/history?since=yesterday"), "400", "'since' must be a time"},
		{POST("/v1/sync", "12", "{\"wait\": \"x\"}"), "400", "is not JSON"},
		{POST("/v1/sync", "13", "{\"wait\": \"x\"}"), "400",
			"'wait' must be true or false"},
		{POST("/v1/sync", "12", "{\"target\":1}"), "400", "'target' must be a text"},
		{POST("/v1/approve", "2", "{}"), "400", "/v1/approve needs 'target'"},
		{POST("/v1/approve", "13", "{\"target\":\"\"}"), "400", "needs 'target'"},
	};
	struct rig rig;
	open_api(&rig);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		_cleanup_free_ char *answer = ask(&rig, rows[i].request);
		assert_string_equal(seen, "");
		assert_contains(answer, rows[i].status);
		assert_contains(answer, rows[i].message);
	}
	rig_close(&rig);
}

static void test_the_root_lists_what_this_api_offers(void **state)
{
	(void)state;
	struct rig rig;
	open_api(&rig);
	_cleanup_free_ char *answer = ask(&rig, GET("/"));
	assert_contains(answer, "\"path\":\"/v1/history\"");
	assert_null(strstr(answer, "/v1/diff"));
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_reach_their_endpoint_with_typed_values),
		cmocka_unit_test(test_an_age_is_counted_back_from_now),
		cmocka_unit_test(test_the_text_of_a_file_may_be_long_and_must_be_there),
		cmocka_unit_test(test_what_does_not_fit_is_refused_in_words),
		cmocka_unit_test(test_the_root_lists_what_this_api_offers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
