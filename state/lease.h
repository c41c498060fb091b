// When a daemon may change AWS for a stack: the rule by which a lease is held and passes on. Pure.
//
// The lease is a row in Postgres that one daemon renews and others watch. Two clocks that do not
// know of each other decide, so that no step of either makes two holders:
//  - the holder counts from before it *sent* the renewal that succeeded, on its own CLOCK_BOOTTIME
//    (which runs while the machine sleeps and the process is stopped), and stops writing a margin
//    before the lease ends. A wall clock that moved otherwise than that one since shows that one of
//    them is wrong (a restored virtual machine): then nothing is proven until the next renewal.
//  - others wait until it has expired by the server's clock, and until it has not moved for a whole
//    lease on their own.
// And no intent of an old holder is recorded (statements.c): no intent, no write.
#pragma once

#include "base/js.h"
#include <stdbool.h>
#include <stdint.h>

enum {
	LEASE_LASTS_MS = 5000,
	LEASE_MARGIN_MS = 1500, // for the way to AWS, and for clocks that run at other speeds
	LEASE_BEAT_MS = 1000,   // between renewals
	LEASE_JUMP_MS = 1000,   // by which the two clocks of one machine may differ meanwhile
};

/* Both clocks of this machine, read together. */
struct lease_clock {
	int64_t boot_ms, wall_ms;
};

/* Does a renewal that was sent at `sent`, and succeeded, still prove the lease? */
bool lease_proves(const struct lease_clock *sent, const struct lease_clock *now);

/* What a watcher has seen of another's lease: since when it stands at this count. Zeroed at first.
 */
struct lease_sight {
	int64_t beats, since_boot_ms;
	bool is_seen;
};

/* `row` is of LEASES, or NULL when the stack has none. */
void lease_see(struct lease_sight *sight, const json_t *row, int64_t boot_ms);
/* May it be taken now? `me`: a daemon that takes over from its own earlier life need not wait. */
bool lease_is_free(
	const struct lease_sight *sight, const json_t *row, const char *me, int64_t boot_ms);
