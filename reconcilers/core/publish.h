// The daemon's own metrics in CloudWatch: what its passes found and did, a layer. Off unless a
// namespace is given, since each metric costs money in the account. It describes the daemon and is
// no part of what is held: nothing waits for it, and when it fails what it had to tell is dropped.
#pragma once

#include "aws/client.h"
#include "base/buf.h"
#include "loop/loop.h"

/* What one pass of a layer has to tell. */
struct publish_pass {
	int drifted, held; // of the layer's resources, at the end of the pass
	int corrected, failed, calls;
	int64_t dur_ms;
};

/* All passes of a layer since the last message. */
struct publish_row {
	const char *layer;        // borrowed, static
	int passes;               // 0: nothing to tell
	struct publish_pass sums; // drifted, held: of the last one
	int64_t least_ms, most_ms;
};

enum { PUBLISH_MOST_LAYERS = 8, PUBLISH_EVERY_MS = 60000 };

struct publisher {
	struct aws_port *aws;  // borrowed
	const char *namespace; // borrowed; NULL: never says anything
	const char *stack;     // borrowed
	struct publish_row rows[PUBLISH_MOST_LAYERS];
	struct loop *loop;
	struct task task;
	struct timer timer;
	struct aws_call call;
	json_t *input;
	int failures; // in a row
	bool is_stopping;
};

/* Borrows all of them until publisher_done(). `namespace` may be NULL. */
void publisher_init(struct publisher *p, struct loop *loop, struct aws_port *aws,
	const char *namespace, const char *stack);
/* Takes note of a pass; at most once a minute all that was noted goes out in one PutMetricData. */
void publisher_note(struct publisher *p, const char *layer, const struct publish_pass *pass);
/* Nothing new is sent; what is under way is canceled. */
void publisher_stop(struct publisher *p);
/* Nothing is under way? Only then it may be freed. */
bool publisher_is_idle(const struct publisher *p);
void publisher_done(struct publisher *p);
/* Is it a namespace that AWS takes of others than itself (PutMetricData)? */
bool publisher_takes(const char *namespace);
