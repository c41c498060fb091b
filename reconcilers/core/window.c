// A window of the calendar is open while the clock on the wall of its zone is between its two
// times. One of cron has a length: it is open when one of the minutes of that length before now is
// a beginning.
#include "core/window.h"
#include "base/defs.h"
#include "base/num.h"
#include "base/str.h"
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

enum {
	MINUTE_MS = 60000,
	QUARTER = 15,
	DAY_MINUTES = 1440,
	MOST_DAYS = 366,
	MOST_CALENDAR_DAYS = 15, // a weekday comes again, also where its hour was left out once
};

static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const char *const month_names[] = {
	"", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

// ---- asking

static bool local_time(const struct window *w, int64_t minute, struct tm *ret)
{
	time_t local = (time_t)(minute * 60 + zone_offset_s(w->zone, minute * 60));
	return gmtime_r(&local, ret) != NULL;
}

static bool is_date(const struct window *w, const struct tm *tm)
{
	bool is_day = w->days >> tm->tm_mday & 1, is_weekday = w->weekdays >> tm->tm_wday & 1;
	return (w->months >> (tm->tm_mon + 1) & 1) &&
	       (w->is_any_day              ? is_weekday
		       : w->is_any_weekday ? is_day
					   : is_day || is_weekday);
}

static bool begins_at(const struct window *w, int64_t minute)
{
	struct tm tm;
	return local_time(w, minute, &tm) && (w->minutes >> tm.tm_min & 1) &&
	       (w->hours >> tm.tm_hour & 1) && is_date(w, &tm);
}

// By the clock on the wall: one that lasts over midnight belongs to the day on which it began.
static bool is_between(const struct window *w, int64_t minute)
{
	struct tm tm;
	if (!local_time(w, minute, &tm))
		return false;
	int now = tm.tm_hour * 60 + tm.tm_min, yesterday = (tm.tm_wday + 6) % 7;
	bool today = w->weekdays >> tm.tm_wday & 1;
	if (w->from < w->to)
		return today && now >= w->from && now < w->to;
	return (today && now >= w->from) || ((w->weekdays >> yesterday & 1) && now < w->to);
}

bool window_is_open(const struct window *w, int64_t wall_ms)
{
	int64_t now = wall_ms / MINUTE_MS;
	if (w->is_calendar)
		return is_between(w, now);
	for (int64_t minute = now; minute * MINUTE_MS > wall_ms - w->duration_ms; minute--)
		if (begins_at(w, minute))
			return true;
	return false;
}

// How many minutes are passed over because none of them can be a beginning. Clocks are set on
// quarters of an hour, and by two hours at most.
static int64_t skipped(const struct window *w, int64_t minute)
{
	struct tm tm;
	if (!local_time(w, minute, &tm))
		return 1;
	int64_t to_quarter = QUARTER - minute % QUARTER;
	if (w->is_calendar)
		return (tm.tm_hour * 60 + tm.tm_min) / QUARTER == w->from / QUARTER ? 1
										    : to_quarter;
	if (is_date(w, &tm))
		return w->hours >> tm.tm_hour & 1 ? 1 : to_quarter;
	return to_quarter + (tm.tm_hour < 21 ? (int64_t)(21 - tm.tm_hour) * 60 : 0);
}

int64_t window_next_ms(const struct window *w, int64_t wall_ms)
{
	int64_t minute = wall_ms / MINUTE_MS + 1;
	int64_t last =
		minute + (int64_t)(w->is_calendar ? MOST_CALENDAR_DAYS : MOST_DAYS) * DAY_MINUTES;
	for (; minute < last; minute += skipped(w, minute)) {
		bool is_beginning = w->is_calendar
					    ? is_between(w, minute) && !is_between(w, minute - 1)
					    : begins_at(w, minute);
		if (is_beginning)
			return minute * MINUTE_MS;
	}
	return 0;
}

// ---- reading

static struct err take_zone(const char *name, struct window *w)
{
	struct err err = zone_load(name ? name : "UTC", &w->zone);
	if (err_is(&err))
		err.class = ERR_INVALID;
	return err;
}

// A number or a name; moves on.
static bool read_value(const char **p, const char *const *names, int name_count, int64_t *ret)
{
	char word[8];
	size_t n = 0;
	while (isalnum((unsigned char)(*p)[n]) && n < sizeof(word) - 1) {
		word[n] = (char)tolower((unsigned char)(*p)[n]);
		n++;
	}
	word[n] = '\0';
	*p += n;
	for (int i = 0; i < name_count; i++)
		if (*names[i] && str_eq(names[i], word)) {
			*ret = i;
			return true;
		}
	return n > 0 && num_parse_i64(word, 0, 99, ret);
}

// "*", "1,2", "1-5", "*/15", "0-30/10" into bits; *ret_any: every value.
static bool read_cron_field(const char *text, int least, int most, const char *const *names,
	int name_count, uint64_t *ret_bits, bool *ret_any)
{
	*ret_bits = 0;
	*ret_any = *text == '*';
	for (const char *p = text;; p++) {
		int64_t from = least, to = most, step = 1;
		if (*p == '*') {
			p++;
		} else {
			if (!read_value(&p, names, name_count, &from))
				return false;
			to = from;
			if (*p == '-' && (p++, !read_value(&p, names, name_count, &to)))
				return false;
		}
		if (*p == '/' && (p++, !read_value(&p, NULL, 0, &step)))
			return false;
		if (from < least || to > most || from > to || step < 1)
			return false;
		for (int64_t i = from; i <= to; i += step)
			*ret_bits |= UINT64_C(1) << i;
		if (*p != ',')
			return *p == '\0';
	}
}

// "0 3 31 2 *": a day that none of its months has.
static bool can_come(const struct window *w)
{
	static const int days_of[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	for (int month = 1; month <= 12; month++)
		for (int day = 1; day <= days_of[month]; day++)
			if ((w->months >> month & 1) && (w->days >> day & 1))
				return true;
	return !w->is_any_weekday;
}

struct err window_parse_cron(
	const char *text, int64_t duration_ms, const char *zone, struct window *ret)
{
	struct window w = {.duration_ms = duration_ms};
	char copy[sizeof(w.text)], *fields[6], *rest = copy;
	size_t count = 0;
	uint64_t bits[5];
	bool any[5];
	static const struct {
		int least, most, name_count;
		const char *const *names;
	} rows[] = {{0, 59, 0, NULL}, {0, 23, 0, NULL}, {1, 31, 0, NULL},
		{1, 12, ARRAY_COUNT(month_names), month_names},
		{0, 7, ARRAY_COUNT(day_names), day_names}};
	if (!str_copy(copy, sizeof(copy), text))
		return err_new(ERR_INVALID, "'%s' is too long", text);
	for (char *field; count < 6 && (field = strsep(&rest, " \t"));)
		if (*field)
			fields[count++] = field;
	if (count != 5 || rest)
		return err_new(ERR_INVALID,
			"'%s' has not the five fields of cron: minute hour day month weekday",
			text);
	for (size_t i = 0; i < 5; i++)
		if (!read_cron_field(fields[i], rows[i].least, rows[i].most, rows[i].names,
			    rows[i].name_count, &bits[i], &any[i]))
			return err_new(ERR_INVALID, "'%s' of '%s' is no %s", fields[i], text,
				((const char *const[]){"minute", "hour", "day of the month",
					"month", "day of the week"})[i]);
	if (duration_ms < MINUTE_MS || duration_ms > (int64_t)DAY_MINUTES * MINUTE_MS)
		return err_new(ERR_INVALID, "a window lasts from 1m to 24h");
	w.minutes = bits[0];
	w.hours = (uint32_t)bits[1];
	w.days = (uint32_t)bits[2];
	w.months = (uint32_t)bits[3];
	w.weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f); // 7 is Sunday, too
	w.is_any_day = any[2];
	w.is_any_weekday = any[4];
	if (!can_come(&w))
		return err_new(ERR_INVALID, "'%s' never comes: no month of it has that day", text);
	char length[32];
	num_format_duration(duration_ms, length, sizeof(length));
	_cleanup_free_ char *shown =
		str_format("%s for %s%s%s", text, length, zone ? " " : "", zone ? zone : "");
	str_copy(w.text, sizeof(w.text), shown ? shown : text);
	struct err err = take_zone(zone, &w);
	if (!err_is(&err))
		*ret = w;
	return err;
}

// "03:00"; moves on.
static bool read_clock(const char **p, int *ret_minutes)
{
	int64_t hour, minute;
	if (!read_value(p, NULL, 0, &hour) || **p != ':')
		return false;
	(*p)++;
	if (!read_value(p, NULL, 0, &minute) || hour > 24 || minute > 59 ||
		(hour == 24 && minute > 0))
		return false;
	*ret_minutes = (int)(hour * 60 + minute);
	return true;
}

// "Sun", "Mon..Fri", "Sat,Sun", "daily"; moves on to the blank.
static bool read_days(const char **p, uint8_t *ret)
{
	if (strncasecmp(*p, "daily", 5) == 0) {
		*p += 5;
		*ret = 0x7f;
		return true;
	}
	for (*ret = 0;; (*p)++) {
		int64_t from, to;
		if (isdigit((unsigned char)**p) || !read_value(p, day_names, 7, &from))
			return false;
		to = from;
		if (str_starts(*p, "..")) {
			*p += 2;
			if (isdigit((unsigned char)**p) || !read_value(p, day_names, 7, &to))
				return false;
		}
		for (int64_t i = from;; i = (i + 1) % 7) {
			*ret |= (uint8_t)(1u << i);
			if (i == to)
				break;
		}
		if (**p != ',')
			return **p == ' ';
	}
}

struct err window_parse_calendar(const char *text, const char *zone, struct window *ret)
{
	struct window w = {0};
	int from, to;
	const char *p = text;
	bool ok = read_days(&p, &w.weekdays);
	p += strspn(p, " ");
	ok = ok && read_clock(&p, &from) && *p++ == '-' && read_clock(&p, &to) && *p == '\0' &&
	     from < DAY_MINUTES && from != to;
	if (!ok)
		return err_new(ERR_INVALID,
			"'%.80s' is no window; write days and times as in 'Sun 03:00-05:00', "
			"'Mon..Fri 22:00-04:00' or 'daily 02:00-04:00'",
			text);
	w.is_calendar = true;
	w.from = from;
	w.to = to;
	_cleanup_free_ char *shown = str_format("%s%s%s", text, zone ? " " : "", zone ? zone : "");
	str_copy(w.text, sizeof(w.text), shown ? shown : "");
	struct err err = take_zone(zone, &w);
	if (!err_is(&err))
		*ret = w;
	return err;
}

void window_done(struct window *window)
{
	zone_free(window->zone);
	window->zone = NULL;
}

// ---- several

struct windows *windows_new(size_t most)
{
	struct windows *windows = calloc(1, sizeof(*windows) + most * sizeof(struct window));
	if (windows)
		windows->references = 1;
	return windows;
}

struct windows *windows_ref(struct windows *windows)
{
	if (windows)
		windows->references++;
	return windows;
}

void windows_unref(struct windows *windows)
{
	if (!windows || --windows->references > 0)
		return;
	for (size_t i = 0; i < windows->count; i++)
		window_done(&windows->items[i]);
	free(windows);
}

bool windows_are_open(const struct windows *windows, int64_t wall_ms)
{
	for (size_t i = 0; windows && i < windows->count; i++)
		if (window_is_open(&windows->items[i], wall_ms))
			return true;
	return false;
}

int64_t windows_next_ms(
	const struct windows *windows, int64_t wall_ms, const struct window **ret_window)
{
	int64_t first = 0;
	for (size_t i = 0; windows && i < windows->count; i++) {
		int64_t next = window_next_ms(&windows->items[i], wall_ms);
		if (next && (!first || next < first)) {
			first = next;
			*ret_window = &windows->items[i];
		}
	}
	return first;
}
