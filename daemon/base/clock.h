// Time, read in one place. Deadlines use the monotonic clock, records the wall clock. Code that
// decides takes `now` as an argument and never calls these.
#pragma once

#include <stddef.h>
#include <stdint.h>

/* CLOCK_REALTIME in milliseconds since 1970. */
int64_t clock_wall_ms(void);
/* CLOCK_MONOTONIC in microseconds: what systemd's MONOTONIC_USEC wants. */
int64_t clock_mono_us(void);
/* CLOCK_BOOTTIME in milliseconds: goes on while the machine sleeps, so leases use it. */
int64_t clock_boot_ms(void);

#define CLOCK_TEXT_BYTES 32
/* "2026-11-23T09:48:00.123Z" */
void clock_format_iso(int64_t wall_ms, char ret_text[CLOCK_TEXT_BYTES]);
/* "2026-11-23T09:48:00Z", for sentences. */
void clock_format_second(int64_t wall_ms, char ret_text[CLOCK_TEXT_BYTES]);
/* RFC 3339 with Z or an offset, fraction optional (cut to milliseconds). 0, or -1 for any other
 * text and for years before 1970. */
int clock_parse_iso(const char *text, int64_t *ret_wall_ms);
/* The three forms of RFC 9110 section 5.6.7 (IMF-fixdate, RFC 850, asctime), all in GMT. 0 or -1.
 * The name of the weekday is not compared with the date: recipients should be lenient there. */
int clock_parse_http_date(const char *text, int64_t *ret_wall_ms);
