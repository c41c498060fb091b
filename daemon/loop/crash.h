// What ended the last lives of the daemon, and how long to wait before AWS is asked again.
//
// A crash notes itself in <state-dir>/crashes: a fatal signal, also the one of the watchdog and of
// running out of memory. A kill from outside leaves no note, and neither does a clean stop, which
// clears the file: neither is waited for.
#pragma once

#include "base/err.h"
#include <stdint.h>

enum {
	CRASH_MOST = 64,
	CRASH_COUNTS_MS = 15 * 60 * 1000, // for so long
	CRASH_FIRST_WAIT_MS = 2000,       // after the second; it doubles ...
	CRASH_LONGEST_WAIT_MS = 300000,   // ... up to this
};

struct crash {
	int64_t at_ms; // wall time, in seconds really
	int signal;
};

/* Reads lines "<signal> <seconds since 1970>", the newest CRASH_MOST; others are left out. Returns
 * how many. */
int crash_read(const char *text, struct crash ret_crashes[CRASH_MOST]);
/* How long to wait: nothing after one crash, then more with each. Pure. */
int64_t crash_wait_ms(const struct crash *crashes, int count, int64_t now_wall_ms);

/* Notes crashes from now on, and tells of earlier ones: *ret_wait_ms, and a sentence about the
 * last,
 * "" when there was none lately. */
struct err crash_watch(const char *state_dir, int64_t now_wall_ms, int64_t *ret_wait_ms,
	char *ret_text, size_t bytes) MUST_CHECK;
/* The daemon ends in order. */
void crash_clear(void);
