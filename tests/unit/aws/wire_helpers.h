// For the tests of the codecs: JSON is written with ' for ", an answer is a body and a status.
#pragma once

#include "aws/wire.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static inline const struct operation *the_operation(const char *service, const char *name)
{
	const struct service *found = model_service(service);
	assert_non_null(found);
	const struct operation *operation = service_operation(found, name);
	assert_non_null(operation);
	return operation;
}

/* NULL stays NULL. A `\'` keeps its quote. */
static inline json_t *the_json(const char *text)
{
	if (!text)
		return NULL;
	char *quoted = strdup(text);
	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	json_error_t error;
	json_t *value = json_loads(quoted, JSON_DECODE_ANY, &error);
	if (!value)
		fail_msg("bad JSON in a test: %s in %s", error.text, quoted);
	free(quoted);
	return value;
}

/* Takes `value` over. */
_unused_ static void assert_json(json_t *value, const char *expected)
{
	json_t *want = the_json(expected);
	char *got = json_dumps(value, JSON_SORT_KEYS | JSON_ENCODE_ANY),
	     *wanted = json_dumps(want, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	assert_string_equal(got, wanted);
	free(got);
	free(wanted);
	json_decref(want);
	json_decref(value);
}

_unused_ static struct wire_request encoded(
	const char *service, const char *name, const char *input)
{
	json_t *value = the_json(input);
	struct wire_request request;
	struct err err = wire_encode(the_operation(service, name), value, &request);
	json_decref(value);
	if (err_is(&err))
		fail_msg("%s", err.message);
	return request;
}

_unused_ static void assert_body(
	const char *service, const char *name, const char *input, const char *body)
{
	struct wire_request request = encoded(service, name, input);
	assert_string_equal(buf_str(&request.body), body);
	wire_request_done(&request);
}

_unused_ static const char *header_of(const struct wire_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers.count; i++)
		if (str_eq_nocase(request->headers.items[i].name, name))
			return request->headers.items[i].value;
	return NULL;
}

/* The input is refused, with a message that holds `part`. */
_unused_ static void assert_refused(
	const char *service, const char *name, const char *input, const char *part)
{
	json_t *value = the_json(input);
	struct wire_request request;
	struct err err = wire_encode(the_operation(service, name), value, &request);
	json_decref(value);
	assert_int_equal(err.class, ERR_INVALID);
	if (!strstr(err.message, part))
		fail_msg("'%s' does not say '%s'", err.message, part);
}

_unused_ static json_t *decoded_id(
	const char *service, const char *name, const char *body, char *ret_id)
{
	struct wire_answer answer = {.status = 200, .body = body, .body_bytes = strlen(body)};
	json_t *output;
	struct err err = wire_decode(the_operation(service, name), &answer, &output, ret_id);
	if (err_is(&err))
		fail_msg("%s", err.message);
	return output;
}

_unused_ static json_t *decoded(const char *service, const char *name, const char *body)
{
	return decoded_id(service, name, body, NULL);
}

/* A copy of exactly `bytes`, so that a sanitizer sees a read beyond it. */
_unused_ static void assert_bad_bytes(
	const char *service, const char *name, const char *body, size_t bytes)
{
	char *copy = malloc(bytes ? bytes : 1);
	memcpy(copy, body, bytes);
	struct wire_answer answer = {.status = 200, .body = copy, .body_bytes = bytes};
	json_t *output;
	struct err err = wire_decode(the_operation(service, name), &answer, &output, NULL);
	if (!err_is(&err))
		fail_msg("%zu bytes of a bad answer were taken: %.*s", bytes, (int)bytes, copy);
	free(copy);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_string_equal(err.code, "BadAnswer");
	assert_null(output);
}

_unused_ static void assert_bad(const char *service, const char *name, const char *body)
{
	assert_bad_bytes(service, name, body, strlen(body));
}

_unused_ static struct wire_error the_error(int status, const char *body)
{
	struct wire_answer answer = {.status = status, .body = body, .body_bytes = strlen(body)};
	struct wire_error error;
	wire_error(&answer, &error);
	return error;
}
