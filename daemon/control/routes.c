// Two tables: the parameters by name and type, and the paths with the parameters that they take.
// GET / over the Unix socket, and GET /v1, print the second one.
#include "control/routes.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include <stddef.h>

enum param {
	PARAM_STACK = 1,
	PARAM_ADDRESS = 2,
	PARAM_SINCE = 4,
	PARAM_UNTIL = 8,
	PARAM_LIMIT = 16,
	PARAM_TARGET = 32,
	PARAM_WAIT = 64,
	PARAM_FIELD = 128,
	PARAM_REASON = 256,
	PARAM_FOR = 512,
	PARAM_AT = 1024,
	PARAM_AFTER = 2048,
	PARAM_FILE = 4096,
	PARAM_TEXT = 8192,
	PARAM_VERSION = 16384,
	PARAM_FILES = 32768,
	PARAM_THOROUGH = 65536,
	PARAM_ID = 131072,
};

enum param_type {
	TYPE_TEXT,
	TYPE_DOCUMENT,
	TYPE_DOCUMENTS,
	TYPE_TIME,
	TYPE_COUNT,
	TYPE_BOOL,
	TYPE_LENGTH
};

#define MOST_LENGTH_MS (INT64_C(366) * 24 * 3600 * 1000)

enum { MOST_LIMIT = 100000, MOST_TEXT_BYTES = 512 };

// clang-format off
static const struct param_row {
	enum param param;
	const char *name;
	enum param_type type;
	size_t at; // in struct control_params
} params[] = {
	{PARAM_STACK,   "stack",   TYPE_TEXT,  offsetof(struct control_params, stack)},
	{PARAM_ADDRESS, "address", TYPE_TEXT,  offsetof(struct control_params, address)},
	{PARAM_SINCE,   "since",   TYPE_TIME,  offsetof(struct control_params, since_ms)},
	{PARAM_UNTIL,   "until",   TYPE_TIME,  offsetof(struct control_params, until_ms)},
	{PARAM_AT,      "at",      TYPE_TIME,  offsetof(struct control_params, at_ms)},
	{PARAM_VERSION, "version", TYPE_TEXT,  offsetof(struct control_params, version)},
	{PARAM_AFTER,   "after",   TYPE_TEXT,  offsetof(struct control_params, after)},
	{PARAM_LIMIT,   "limit",   TYPE_COUNT, offsetof(struct control_params, limit)},
	{PARAM_TARGET,  "target",  TYPE_TEXT,  offsetof(struct control_params, target)},
	{PARAM_FILE,    "file",    TYPE_TEXT,  offsetof(struct control_params, file)},
	{PARAM_TEXT,    "text",    TYPE_DOCUMENT, offsetof(struct control_params, text)},
	{PARAM_FILES,   "files",   TYPE_DOCUMENTS, offsetof(struct control_params, files)},
	{PARAM_ID,      "id",      TYPE_TEXT,  offsetof(struct control_params, id)},
	{PARAM_FIELD,   "field",   TYPE_TEXT,  offsetof(struct control_params, field)},
	{PARAM_REASON,  "reason",  TYPE_TEXT,  offsetof(struct control_params, reason)},
	{PARAM_FOR,     "for",     TYPE_LENGTH, offsetof(struct control_params, for_ms)},
	{PARAM_WAIT,    "wait",    TYPE_BOOL,  offsetof(struct control_params, wait)},
	{PARAM_THOROUGH, "thorough", TYPE_BOOL, offsetof(struct control_params, thorough)},
};

#define TIMES (PARAM_SINCE | PARAM_UNTIL)
#define ORDER (PARAM_FOR | PARAM_REASON)

/* A path that ends in '/' takes the rest as the address. POST changes things and takes its parameters
 * from the body, else from the query. */
static const struct route {
	const char *method, *path;
	size_t endpoint; // in struct control_api; 0: the list of routes
	unsigned takes, needs;
	const char *summary;
} routes[] = {
#define TO(name) offsetof(struct control_api, name)
	{"GET",  "/",              TO(page),     PARAM_STACK, 0, "the page for people, over TCP; here, this list"},
	{"GET",  "/resources",     TO(listing),  PARAM_STACK, 0, "the page of all resources as a table, over TCP"},
	{"GET",  "/resource/",     TO(story),    PARAM_STACK, PARAM_ADDRESS, "the page of one resource, over TCP"},
	{"GET",  "/v1",            0,            0, 0, "this list"},
	{"GET",  "/v1/status",     TO(status),   PARAM_STACK, 0, "stacks, layers and resources"},
	{"GET",  "/v1/resources/", TO(resource), PARAM_STACK, PARAM_ADDRESS, "one resource"},
	{"GET",  "/v1/why/",       TO(why),      PARAM_STACK | PARAM_LIMIT, PARAM_ADDRESS, "how a resource came to its state, in sentences"},
	{"GET",  "/v1/plan",       TO(plan),     PARAM_STACK, 0, "what would be changed"},
	{"POST", "/v1/plan",       TO(foresee),  PARAM_STACK | PARAM_FILE | PARAM_FILES, PARAM_TEXT, "what a file would change, were it in force"},
	{"GET",  "/v1/graph",      TO(graph),    PARAM_STACK, 0, "what refers to what, and who talks to whom"},
	{"GET",  "/v1/diff",       TO(diff),     PARAM_STACK | PARAM_ADDRESS, 0, "how AWS differs from the file"},
	{"GET",  "/v1/accept/",    TO(accept),   PARAM_STACK, PARAM_ADDRESS, "the edit that makes what AWS has the wanted"},
	{"GET",  "/v1/drift",      TO(drift),    PARAM_STACK | PARAM_SINCE | PARAM_LIMIT, 0, "drifts, open and closed"},
	{"GET",  "/v1/history",    TO(history),  PARAM_STACK | PARAM_ADDRESS | PARAM_LIMIT | TIMES, 0, "what happened, newest first"},
	{"GET",  "/v1/state",      TO(state),    PARAM_STACK | PARAM_ADDRESS | PARAM_AT, 0, "AWS as it was seen at a moment"},
	{"GET",  "/v1/config",     TO(config),   PARAM_STACK | PARAM_VERSION | PARAM_AT | PARAM_LIMIT, 0, "versions of the file, or one of them whole"},
	{"GET",  "/v1/events",     TO(events),   PARAM_STACK | PARAM_AFTER | PARAM_LIMIT | PARAM_WAIT, 0, "what happens, as it happens"},
	{"POST", "/v1/sync",       TO(sync),     PARAM_STACK | PARAM_TARGET | PARAM_WAIT | PARAM_THOROUGH, 0, "look now"},
	{"POST", "/v1/reload",     TO(reload),   PARAM_STACK, 0, "read the file again"},
	{"POST", "/v1/approve",    TO(approve),  PARAM_STACK | PARAM_REASON, PARAM_TARGET, "release a held change"},
	{"POST", "/v1/reject",     TO(reject),   PARAM_STACK | PARAM_REASON, PARAM_TARGET, "refuse a held change"},
	{"POST", "/v1/pause",      TO(pause),    PARAM_STACK | PARAM_TARGET | ORDER, 0, "write nothing for a while"},
	{"POST", "/v1/resume",     TO(resume),   PARAM_STACK | PARAM_TARGET | PARAM_FIELD, 0, "end a pause, or an ignore"},
	{"POST", "/v1/ignore",     TO(ignore),   PARAM_STACK | ORDER, PARAM_TARGET | PARAM_FIELD, "let a field differ"},
	{"POST", "/v1/protect",    TO(protect),  PARAM_STACK | ORDER, PARAM_TARGET, "never delete or replace it"},
	{"POST", "/v1/unprotect",  TO(unprotect), PARAM_STACK, PARAM_TARGET, "end its protection"},
	{"POST", "/v1/release",    TO(release),  PARAM_STACK | PARAM_TARGET | ORDER, 0, "let go on what a brake stopped"},
	{"POST", "/v1/adopt",      TO(adopt),    PARAM_STACK, PARAM_TARGET | PARAM_ID, "what AWS has under an id, as the file would say it"},
	{"GET",  "/v1/orders",     TO(orders),   PARAM_STACK, 0, "what is paused and ignored"},
	{"GET",  "/healthz",       TO(healthz),  0, 0, "is the daemon alive"},
	{"GET",  "/readyz",        TO(readyz),   0, 0, "has everything been looked at once"},
	{"GET",  "/metrics",       TO(metrics),  0, 0, "metrics for Prometheus"},
#undef TO
};
// clang-format on

static control_endpoint_fn endpoint_of(const struct control_api *api, const struct route *route)
{
	control_endpoint_fn endpoint;
	memcpy(&endpoint, (const char *)api + route->endpoint, sizeof(endpoint));
	return endpoint;
}

static bool is_there(const struct control_api *api, const struct route *route)
{
	return !route->endpoint || endpoint_of(api, route) || str_eq(route->path, "/");
}

static void list_routes(const struct control_api *api, struct control_exchange *exchange)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_COUNT(routes); i++) {
		const struct route *route = &routes[i];
		if (!is_there(api, route))
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "method", route->method, "path",
				      route->path, "summary", route->summary));
	}
	control_answer(exchange, 200, json_pack("{s:i, s:o}", "format", 1, "routes", list));
}

static void refuse(struct control_exchange *exchange, int status, const char *code, char *message,
	const char *remedy)
{
	control_error(exchange, status, code, message ? message : "out of memory", remedy);
	free(message);
}

// ---- parameters

// "2026-11-23T09:48:00Z", or an age: "90m" is that long ago.
static bool parse_time(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	int64_t age_ms;
	if (num_parse_duration_ms(text, &age_ms)) {
		*ret_ms = age_ms < now_ms ? now_ms - age_ms : 0;
		return true;
	}
	return clock_parse_iso(text, ret_ms) == 0 && *ret_ms >= 0;
}

static const char *wanted_form(enum param_type type)
{
	switch (type) {
	case TYPE_TEXT:
		return "a text of at most 512 bytes";
	case TYPE_DOCUMENT:
		return "the text of a file";
	case TYPE_DOCUMENTS:
		return "an object of files, each a text by its path";
	case TYPE_TIME:
		return "a time like 2026-11-23T09:48:00Z or an age like 90m";
	case TYPE_COUNT:
		return "a number from 1 to 100000";
	case TYPE_BOOL:
		return "true or false";
	case TYPE_LENGTH:
		return "a length of time like 90m, at most a year";
	}
	return "";
}

static bool is_texts(const json_t *value)
{
	const char *name;
	json_t *text;
	json_object_foreach ((json_t *)value, name, text)
		if (!json_is_string(text))
			return false;
	return json_is_object(value);
}

static bool read_param(
	struct control_exchange *exchange, const struct param_row *row, const json_t *value)
{
	char *at = (char *)&exchange->params + row->at;
	const char *text = json_string_value(value);
	switch (row->type) {
	case TYPE_TEXT:
	case TYPE_DOCUMENT: // the body's own limit
		if (!text || (row->type == TYPE_TEXT && strlen(text) > MOST_TEXT_BYTES))
			return false;
		if (*text)
			memcpy(at, &text, sizeof(text));
		return true;
	case TYPE_DOCUMENTS:
		memcpy(at, &value, sizeof(value));
		return is_texts(value);
	case TYPE_TIME:
		return text && parse_time(text, exchange->now_ms, (int64_t *)(void *)at);
	case TYPE_COUNT:
		if (text)
			return num_parse_i64(text, 1, MOST_LIMIT, (int64_t *)(void *)at);
		*(int64_t *)(void *)at = json_integer_value(value);
		return json_is_integer(value) && json_integer_value(value) >= 1 &&
		       json_integer_value(value) <= MOST_LIMIT;
	case TYPE_LENGTH:
		return text && num_parse_duration_ms(text, (int64_t *)(void *)at) &&
		       *(int64_t *)(void *)at > 0 && *(int64_t *)(void *)at <= MOST_LENGTH_MS;
	case TYPE_BOOL:
		*(bool *)at = json_is_true(value) ||
			      (text && (str_eq(text, "true") || str_eq(text, "1")));
		return json_is_boolean(value) ||
		       (text && (*(bool *)at || str_eq(text, "false") || str_eq(text, "0")));
	}
	return false;
}

static const struct param_row *param_find(const char *name, unsigned among)
{
	for (size_t i = 0; i < ARRAY_COUNT(params); i++)
		if (((unsigned)params[i].param & among) && str_eq(params[i].name, name))
			return &params[i];
	return NULL;
}

static bool read_params(struct control_exchange *exchange, const struct route *route,
	const json_t *values, unsigned *seen)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)values, name, value) {
		const struct param_row *row = param_find(name, route->takes | route->needs);
		if (!row) {
			refuse(exchange, 400, "UnknownParameter",
				str_format("%s takes no parameter '%s'", route->path, name), NULL);
			return false;
		}
		if (!read_param(exchange, row, value)) {
			refuse(exchange, 400, "BadParameter",
				str_format("'%s' must be %s", name, wanted_form(row->type)), NULL);
			return false;
		}
		*seen |= (unsigned)row->param;
	}
	return true;
}

// ---- the way in

static bool is_match(const struct route *route, const char *path, const char **ret_rest)
{
	size_t n = strlen(route->path);
	*ret_rest = NULL;
	if (n < 2 || route->path[n - 1] != '/')
		return str_eq(route->path, path);
	*ret_rest = path + n;
	return str_starts(path, route->path) && path[n];
}

static void not_found(struct control_exchange *exchange, const struct route *other_method)
{
	if (other_method)
		refuse(exchange, 405, "MethodNotAllowed",
			str_format("%s wants %s", exchange->path, other_method->method), NULL);
	else
		refuse(exchange, 404, "NotFound", str_format("there is no %s", exchange->path),
			"GET /v1 lists what there is");
}

static const struct route *route_find(
	const struct control_api *api, struct control_exchange *exchange)
{
	const struct route *other_method = NULL;
	for (size_t i = 0; i < ARRAY_COUNT(routes); i++) {
		const struct route *route = &routes[i];
		const char *rest;
		if (!is_match(route, exchange->path, &rest) || !is_there(api, route))
			continue;
		if (!str_eq(route->method, exchange->method)) {
			other_method = route;
			continue;
		}
		exchange->params.address = rest;
		return route;
	}
	not_found(exchange, other_method);
	return NULL;
}

// A text that is empty is not given.
static const char *missing_param(
	const struct control_exchange *exchange, const struct route *route, unsigned seen)
{
	for (size_t i = 0; i < ARRAY_COUNT(params); i++) {
		const char *text = "";
		if (!((unsigned)params[i].param & route->needs))
			continue;
		if (params[i].type == TYPE_TEXT || params[i].type == TYPE_DOCUMENT)
			memcpy(&text, (const char *)&exchange->params + params[i].at, sizeof(text));
		if (!(seen & (unsigned)params[i].param) || !text)
			return params[i].name;
	}
	return NULL;
}

static void handle(void *self, struct control_exchange *exchange)
{
	const struct control_api *api = self;
	const struct route *route = route_find(api, exchange);
	if (!route)
		return;
	unsigned seen = exchange->params.address ? PARAM_ADDRESS : 0;
	if (!read_params(exchange, route, control_query_all(exchange), &seen) ||
		!read_params(exchange, route, exchange->body, &seen))
		return;
	if (str_eq(route->method, "POST") && !exchange->may_change) {
		control_error(exchange, 403, "NotAllowed", "this client may only read", NULL);
		return;
	}
	const char *missing = missing_param(exchange, route, seen);
	if (missing) {
		refuse(exchange, 400, "MissingParameter",
			str_format("%s needs '%s'", route->path, missing), NULL);
		return;
	}
	if (!route->endpoint || !endpoint_of(api, route) ||
		(str_eq(route->path, "/") && !exchange->is_tcp))
		list_routes(api, exchange);
	else
		endpoint_of(api, route)(api->self, exchange);
}

struct control_backend routes_backend(const struct control_api *api)
{
	return (struct control_backend){.self = (void *)api, .handle = handle};
}
