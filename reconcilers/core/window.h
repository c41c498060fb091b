// Maintenance windows: when what interrupts may happen by itself. Pure.
//
// Two forms, both in a time zone (UTC unless said):
//   "Sun 03:00-05:00", "Mon..Fri 22:00-04:00", "Sat,Sun 01:30-02:00", "daily 02:00-04:00"
//   cron of five fields with a duration: "0 3 * * 0" for 2h; lists, ranges, steps, names of days
//   and months, as in crontab(5): where both days are restricted, either is enough
// The two times of the first form are those of the clock on the wall, also in a night in which it
// is set: of an hour that is left out only what lies beside it counts, and one that comes twice is
// twice in it. A cron window begins by that clock, not at all in an hour that is left out, and
// lasts for as long as it says.
#pragma once

#include "base/err.h"
#include "base/zone.h"
#include <stdbool.h>
#include <stdint.h>

struct window {
	bool is_calendar; // "Sun 03:00-05:00": weekdays, from, to; else all but from and to
	int from, to;     // minutes of the day; `to` may be of the next one, and 1440
	uint64_t minutes; // bit 0..59
	uint32_t hours, days, months; // bits 0..23, 1..31, 1..12
	uint8_t weekdays;             // bits 0 (Sunday) .. 6
	bool is_any_day, is_any_weekday;
	int64_t duration_ms; // 1 minute .. 24 hours
	struct zone *zone;   // owned
	char text[96];       // as it was written, for messages
};

/* Some of them, shared by the policies of a file. */
struct windows {
	int references;
	size_t count;
	struct window items[];
};

struct windows *windows_new(size_t most);             // one reference; NULL when memory is out
struct windows *windows_ref(struct windows *windows); // NULL is fine
void windows_unref(struct windows *windows);
bool windows_are_open(const struct windows *windows, int64_t wall_ms);
/* When the first of them opens next, and which; 0: none within a year. */
int64_t windows_next_ms(
	const struct windows *windows, int64_t wall_ms, const struct window **ret_window);

/* ERR_INVALID says what is wrong; `zone` NULL is UTC. */
struct err window_parse_calendar(const char *text, const char *zone, struct window *ret) MUST_CHECK;
struct err window_parse_cron(
	const char *text, int64_t duration_ms, const char *zone, struct window *ret) MUST_CHECK;
void window_done(struct window *window);
bool window_is_open(const struct window *window, int64_t wall_ms);
/* The next time at which it opens, after `wall_ms`; 0: not within a year. */
int64_t window_next_ms(const struct window *window, int64_t wall_ms);
