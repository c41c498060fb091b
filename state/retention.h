// Deletes history past its age: every hour, a bounded batch at a time until nothing old is left.
#pragma once

#include "loop/loop.h"
#include "state/store.h"

struct retention {
	struct task task;
	struct timer timer;
	struct store_call call;
	struct store_port *port; // borrowed
	int64_t keep_ms;
	bool is_on;
};

void retention_init(
	struct retention *retention, struct loop *loop, struct store_port *port, int64_t keep_ms);
/* The first run comes a minute after; harmless when it is on already. */
void retention_start(struct retention *retention);
/* No new run; one in progress ends with its statement. */
void retention_stop(struct retention *retention);
/* When its statement, if any, has finished. */
void retention_done(struct retention *retention);
