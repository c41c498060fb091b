// What the tagging API says of a stack, read once for all kinds and layers that want it.
//
// One GetResources, filtered by our tag, tells the tags of everything that is ours. Looks of passes
// that began together share one read; what it says is a hint (hints.h), never a proof.
#pragma once

#include "aws/client.h"
#include "base/list.h"
#include "base/map.h"

struct tagread {
	struct loop *loop; // borrowed, all
	struct aws_port *aws;
	const char *stack;
	// -- private
	struct task task;
	struct aws_call call;
	struct map memos;            // struct memo *, owned
	json_t *input;               // of the page under way; owned
	json_t *coming;              // rows so far; owned
	json_t *rows;                // of the last whole read; owned; NULL: none yet
	int64_t coming_ms, began_ms; // loop times at which `coming` and `rows` were begun
	int calls;                   // of the read under way
	bool is_reading;
	struct list asks;
};

/* Somebody wants to know; an op. Finishes with the rows or the error of the read. */
struct tagread_ask {
	struct op op;
	struct list link;
	struct tagread *from;
	int64_t since_ms;
	bool is_canceled;
	json_t *rows;     // out: {"<arn>": {"ResourceARN", "Tags": [...]}}; owned; do not change
	int64_t began_ms; // out
	int calls;        // out: requests made for this ask; another look's are not counted again
};

void tagread_init(
	struct tagread *tagread, struct loop *loop, struct aws_port *aws, const char *stack);
/* Nobody may wait for it any more. */
void tagread_done(struct tagread *tagread);
/* A read that was begun at `since_ms` (loop time) or later: the last one, the one under way, or a
 * new one. */
void tagread_start(
	struct tagread *tagread, struct tagread_ask *ask, int64_t since_ms, struct task *owner);
/* What the last read said, however old, without a call; *ret_rows is a reference (NULL: nothing was
 * read yet). */
void tagread_last(const struct tagread *tagread, json_t **ret_rows, int64_t *ret_began_ms);
