// What the codecs share among themselves; wire.h is the interface.
#pragma once

#include "aws/model_table.h"
#include "aws/wire.h"
#include "aws/wiretext.h"

struct err wirepairs_add(struct wire_pairs *pairs, const char *name, const char *value) MUST_CHECK;
void wirepairs_done(struct wire_pairs *pairs);
/* The value under a name in any case, or NULL. */
const char *wirepairs_get(const struct wire_pairs *pairs, const char *name);

/* Bodies; `input` has passed wire_check(). False: out of memory or over the cap. */
bool wireform_write(
	struct buf *body, const struct operation *operation, const json_t *input) MUST_CHECK;
/* Members with a location of their own are left out at the top. */
bool wirejson_write(struct buf *body, const struct shape *shape, const json_t *value) MUST_CHECK;
/* False also for text that XML cannot carry (control characters). */
bool wirexml_write(struct buf *body, const char *root, const char *root_attribute,
	const struct shape *shape, const json_t *value) MUST_CHECK;
/* Path, query, headers and body of rest-json and rest-xml. */
struct err wirerest_encode(const struct operation *operation, const json_t *input,
	struct wire_request *request) MUST_CHECK;

/* Answers. The message of an error names the cause only; wire_decode() puts it in context. */
struct err wirejson_read(
	const struct shape *shape, const char *text, size_t bytes, json_t **ret_value) MUST_CHECK;
struct err wirerest_decode(const struct operation *operation, const struct wire_answer *answer,
	json_t **ret_output) MUST_CHECK;

/* ERR_TRANSIENT with the code "BadAnswer". */
struct err wire_bad_answer(const char *fmt, ...) FORMAT_PRINTF(1, 2);
