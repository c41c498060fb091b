// Messages to people when an incident begins and when it is over (control/incident.h): a command, a
// webhook, an SNS topic. A receiver that fails is shown in status and holds nothing up: its queue
// is bounded, the oldest message goes first.
#pragma once

#include "aws/client.h"
#include "base/err.h"
#include "base/js.h"
#include "loop/http.h"
#include "state/statements.h"

struct notices;

/* Keeps what must outlive the process in the store of that stack; takes `args` over. */
typedef void (*notices_keep_fn)(
	void *self, const char *stack, enum store_statement statement, json_t *args);

/* Texts are borrowed until notices_free(); NULL: not wanted. */
struct notices_options {
	struct loop *loop;
	struct http *http;
	const char *command;     // for /bin/sh; the message as JSON on its standard input
	const char *webhook;     // URL; the message by POST
	const char *secret_file; // of the webhook's signature; read at each message
	const char *topic;       // ARN
	const char *triggers;    // "on-drift,on-held"; NULL: all
	struct task *watcher;    // woken when all is idle
	notices_keep_fn keep;    // with `keeper`
	void *keeper;
};

/* *ret_notices is NULL when no receiver is wanted. INVALID names the setting. */
struct err notices_new(
	const struct notices_options *options, struct notices **ret_notices) MUST_CHECK;
/* An event happened; sends what is news. `aws` is the stack's, for the topic; NULL: none. */
void notices_hear(struct notices *notices, struct aws_port *aws, const json_t *event);
/* What an earlier life, or another daemon that led, has left: rows of STORE_INCIDENTS. What is open
 * is not told again; a message that was not taken by then is sent. */
void notices_restore(struct notices *notices, struct aws_port *aws, const json_t *rows);
/* Another daemon tells of this stack now. */
void notices_forget(struct notices *notices, const char *stack);
/* [{"receiver","waiting","sent","failed","dropped","trouble":TEXT|null}]; new. */
json_t *notices_view(const struct notices *notices);
/* Ends what is under way; what waits is sent by the next life. */
void notices_stop(struct notices *notices);
bool notices_is_idle(const struct notices *notices);
/* When it is idle. NULL is fine. */
void notices_free(struct notices *notices);
