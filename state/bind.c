// Text format in both directions: the values are small, and a text is the same on every server.
#include "state/bind.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include <inttypes.h>

// Postgres's own numbers of its types (src/include/catalog/pg_type.dat); they never change.
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_JSON = 114,
	OID_TIMESTAMPTZ = 1184,
	OID_JSONB = 3802,
};

static const int64_t last_instant_ms = 253402300799999; // 9999-12-31T23:59:59.999Z

static Oid type_oid(enum statement_type type)
{
	switch (type) {
	case STATEMENT_TEXT:
		return OID_TEXT;
	case STATEMENT_INT:
		return OID_INT8;
	case STATEMENT_BOOL:
		return OID_BOOL;
	case STATEMENT_JSON:
		return OID_JSONB;
	case STATEMENT_TIME:
		return OID_TIMESTAMPTZ;
	}
	return OID_TEXT;
}

static struct err wrong(const struct statement_param *param, const char *why)
{
	return err_code(ERR_INVALID, "22023", "%s %s", param->name, why);
}

static struct err bind_string(const json_t *value, const struct statement_param *param, char **ret)
{
	if (!json_is_string(value))
		return wrong(param, "must be a string");
	const char *text = json_string_value(value);
	if (strlen(text) != json_string_length(value))
		return wrong(param, "has a NUL inside");
	*ret = strdup(text);
	return *ret ? ERR_OK : err_nomem();
}

static struct err bind_time(const json_t *value, const struct statement_param *param, char **ret)
{
	int64_t ms = json_is_integer(value) ? json_integer_value(value) : -1;
	if (ms < 0 || ms > last_instant_ms)
		return wrong(param, "must be milliseconds since 1970, before the year 10000");
	*ret = malloc(CLOCK_TEXT_BYTES);
	if (!*ret)
		return err_nomem();
	clock_format_iso(ms, *ret);
	return ERR_OK;
}

static struct err bind_one(const json_t *value, const struct statement_param *param, char **ret)
{
	switch (param->type) {
	case STATEMENT_TEXT:
		return bind_string(value, param, ret);
	case STATEMENT_TIME:
		return bind_time(value, param, ret);
	case STATEMENT_INT:
		if (!json_is_integer(value))
			return wrong(param, "must be an integer");
		*ret = str_format("%" PRId64, (int64_t)json_integer_value(value));
		break;
	case STATEMENT_BOOL:
		if (!json_is_boolean(value))
			return wrong(param, "must be true or false");
		*ret = strdup(json_is_true(value) ? "true" : "false");
		break;
	case STATEMENT_JSON:
		*ret = js_text(value);
		break;
	}
	return *ret ? ERR_OK : err_nomem();
}

struct err bind_init(struct bind *bind, const struct statement *statement, const json_t *args)
{
	*bind = (struct bind){0};
	struct err err = ERR_OK;
	for (int i = 0; i < STATEMENT_MOST_PARAMS && statement->params[i].name; i++) {
		const struct statement_param *param = &statement->params[i];
		const json_t *value = json_object_get(args, param->name);
		bind->types[i] = type_oid(param->type);
		bind->count = i + 1;
		if (value && !json_is_null(value))
			err = bind_one(value, param, &bind->texts[i]);
		else if (!param->is_optional)
			err = wrong(param, "is missing");
		if (bind->texts[i])
			bind->bytes += strlen(bind->texts[i]);
		if (!err_is(&err) && bind->bytes > BIND_MOST_BYTES)
			err = wrong(param, "makes the statement too large");
		if (err_is(&err)) {
			err_wrap(&err, "%s", statement->name);
			bind_done(bind);
			return err;
		}
	}
	return ERR_OK;
}

void bind_done(struct bind *bind)
{
	for (int i = 0; i < bind->count; i++)
		free(bind->texts[i]);
	*bind = (struct bind){0};
}

// A number that no double holds, or nesting without end: valid to Postgres, and by a person's hand.
// It counts as absent, so that one row does not hide all others.
static json_t *read_json(const PGresult *result, int column, const char *text, size_t bytes)
{
	json_t *value = json_loadb(text, bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (value)
		return value;
	log_warning("a value in the database cannot be read and counts as absent",
		LOG_STR("column", PQfname(result, column)), LOG_INT("bytes", (int64_t)bytes));
	return json_null();
}

static json_t *read_value(const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		return json_null();
	const char *text = PQgetvalue(result, row, column);
	size_t bytes = (size_t)PQgetlength(result, row, column);
	int64_t number;
	switch (PQftype(result, column)) {
	case OID_INT8:
	case OID_INT4:
		return num_parse_i64(text, INT64_MIN, INT64_MAX, &number) ? json_integer(number)
									  : NULL;
	case OID_BOOL:
		return json_boolean(text[0] == 't');
	case OID_JSON:
	case OID_JSONB:
		return read_json(result, column, text, bytes);
	default:
		return json_stringn(text, bytes);
	}
}

static json_t *read_row(const PGresult *result, int row)
{
	_cleanup_json_ json_t *object = json_object();
	for (int i = 0; i < PQnfields(result); i++)
		if (json_object_set_new(object, PQfname(result, i), read_value(result, row, i)) !=
			0)
			return NULL;
	return TAKE(object);
}

json_t *bind_rows(const PGresult *result)
{
	_cleanup_json_ json_t *rows = json_array();
	for (int i = 0; i < PQntuples(result); i++)
		if (json_array_append_new(rows, read_row(result, i)) != 0)
			return NULL;
	return TAKE(rows);
}
