// One log line: a constant message and fields, to the journal natively when systemd gave us one,
// else to standard error as logfmt.
//
// Only the place that decides logs; libraries return errors. Secrets have no field.
// A line that standard error does not take (a blocked pipe) is dropped and counted, never waited
// for.
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

struct log_field {
	const char *name; // lower_snake; the journal shows it as HOLDFAST_<NAME>
	const char *text; // NULL or "": no field, unless it is a number
	int64_t number;
	bool is_number;
};

#define LOG_STR(field_name, value)                                                                 \
	{                                                                                          \
		.name = (field_name), .text = (value)                                              \
	}
#define LOG_INT(field_name, value)                                                                 \
	{                                                                                          \
		.name = (field_name), .number = (value), .is_number = true                         \
	}

/* log_at(LOG_LEVEL_NOTICE, "created", LOG_STR("resource", address), LOG_INT("dur_ms", ms)); */
#define log_at(level, message, ...)                                                                \
	log_emit((level),                                                                          \
		(const struct log_field[]){{.name = (message)}, ##__VA_ARGS__, {.name = NULL}})
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)
/* The fields of an error: class, code, request_id, error. */
#define LOG_ERR(err)                                                                               \
	LOG_STR("class", err_class_name((err)->class)), LOG_STR("code", (err)->code),              \
		LOG_STR("request_id", (err)->request_id), LOG_STR("error", (err)->message)

/* `line`: the message as the name of the first, the fields, and one without a name. */
void log_emit(enum log_level level, const struct log_field *line);
/* The level from which lines are written; the one mutable global of the program. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);
/* "error" ... "debug" */
bool log_parse_level(const char *name, enum log_level *ret_level) MUST_CHECK;
/* Lines that could not be written so far. */
uint64_t log_dropped_count(void);
