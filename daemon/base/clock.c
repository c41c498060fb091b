// Days-from-civil arithmetic instead of timegm, so that years past 2038 and a 32-bit time_t agree.
#include "base/clock.h"
#include "base/defs.h"
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(void)
{
	return read_us(CLOCK_BOOTTIME) / 1000;
}

void clock_format_iso(int64_t wall_ms, char ret_text[CLOCK_TEXT_BYTES])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	if (wall_ms < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 8099) {
		snprintf(ret_text, CLOCK_TEXT_BYTES, "?");
		return;
	}
	size_t n = strftime(ret_text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text + n, CLOCK_TEXT_BYTES - n, ".%03dZ", (int)(wall_ms % 1000));
}

void clock_format_second(int64_t wall_ms, char ret_text[CLOCK_TEXT_BYTES])
{
	clock_format_iso(wall_ms, ret_text);
	char *fraction = strrchr(ret_text, '.');
	if (fraction)
		memcpy(fraction, "Z", 2);
}

// ---- reading: no sscanf, which takes blanks and signs where a digit belongs

struct civil {
	int year, month, day, hour, minute, second;
};

// Exactly `count` digits.
static bool take_digits(const char **p, int count, int *ret_value)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		char c = (*p)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*p += count;
	*ret_value = value;
	return true;
}

static bool take(const char **p, const char *text)
{
	size_t n = strlen(text);
	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

static bool take_time(const char **p, struct civil *ret)
{
	return take_digits(p, 2, &ret->hour) && take(p, ":") && take_digits(p, 2, &ret->minute) &&
	       take(p, ":") && take_digits(p, 2, &ret->second);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_valid(const struct civil *c)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (c->year < 1970 || c->month < 1 || c->month > 12)
		return false;
	int last = days[c->month - 1] + (c->month == 2 && is_leap(c->year));
	// A leap second (RFC 3339 section 5.7) counts as the first second of the next minute.
	return c->day >= 1 && c->day <= last && c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

// Days since 1970 by Howard Hinnant's civil calendar arithmetic.
static int64_t to_seconds(const struct civil *c)
{
	int64_t y = c->year - (c->month <= 2), m = c->month;
	int64_t era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;
	int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
	return days * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
}

static int64_t take_fraction_ms(const char **p)
{
	int64_t ms = 0;
	if (**p != '.')
		return 0;
	for (int64_t scale = 100; *++*p >= '0' && **p <= '9'; scale /= 10)
		ms += (**p - '0') * scale;
	return ms;
}

static bool take_offset(const char **p, int *ret_minutes)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;
	*ret_minutes = 0;
	if (take(p, "Z") || take(p, "z"))
		return true;
	if (!take(p, "+") && !take(p, "-"))
		return false;
	if (!take_digits(p, 2, &hours) || !take(p, ":") || !take_digits(p, 2, &minutes))
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return hours <= 23 && minutes <= 59;
}

int clock_parse_iso(const char *text, int64_t *ret_wall_ms)
{
	const char *p = text;
	struct civil c;
	if (!take_digits(&p, 4, &c.year) || !take(&p, "-") || !take_digits(&p, 2, &c.month) ||
		!take(&p, "-") || !take_digits(&p, 2, &c.day))
		return -1;
	if (!take(&p, "T") && !take(&p, "t") && !take(&p, " "))
		return -1;
	if (!take_time(&p, &c) || !is_valid(&c))
		return -1;
	bool has_point = *p == '.';
	const char *point = p;
	int64_t ms = take_fraction_ms(&p);
	int offset_min;
	if ((has_point && p == point + 1) || !take_offset(&p, &offset_min) || *p)
		return -1;
	*ret_wall_ms = (to_seconds(&c) - offset_min * INT64_C(60)) * 1000 + ms;
	return 0;
}

static bool take_name(const char **p, const char *const names[], int count, int *ret_index)
{
	for (int i = 0; i < count; i++) {
		if (take(p, names[i])) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static bool take_month(const char **p, int *ret_month)
{
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	if (!take_name(p, months, 12, ret_month))
		return false;
	++*ret_month;
	return true;
}

// RFC 9110 section 5.6.7: "more than 50 years in the future" is "the most recent year in the past
// that had the same last two digits".
static int full_year(int two_digits)
{
	int now = 1970 + (int)(clock_wall_ms() / INT64_C(31556952000)); // mean Gregorian year
	int year = now - now % 100 + two_digits;
	if (year > now + 50)
		year -= 100;
	else if (year <= now - 50)
		year += 100;
	return year;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
static bool take_imf(const char **p, struct civil *ret)
{
	return take_digits(p, 2, &ret->day) && take(p, " ") && take_month(p, &ret->month) &&
	       take(p, " ") && take_digits(p, 4, &ret->year) && take(p, " ") && take_time(p, ret) &&
	       take(p, " GMT");
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
static bool take_rfc850(const char **p, struct civil *ret)
{
	if (!take_digits(p, 2, &ret->day) || !take(p, "-") || !take_month(p, &ret->month) ||
		!take(p, "-") || !take_digits(p, 2, &ret->year) || !take(p, " ") ||
		!take_time(p, ret) || !take(p, " GMT"))
		return false;
	ret->year = full_year(ret->year);
	return true;
}

// "Sun Nov  6 08:49:37 1994"
static bool take_asctime(const char **p, struct civil *ret)
{
	return take_month(p, &ret->month) && take(p, " ") &&
	       (take(p, " ") ? take_digits(p, 1, &ret->day) : take_digits(p, 2, &ret->day)) &&
	       take(p, " ") && take_time(p, ret) && take(p, " ") && take_digits(p, 4, &ret->year);
}

int clock_parse_http_date(const char *text, int64_t *ret_wall_ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const rests[] = {
		"day", "day", "sday", "nesday", "rsday", "day", "urday"};
	const char *p = text;
	struct civil c;
	int day;
	bool ok = false;
	if (!take_name(&p, days, 7, &day))
		return -1;
	if (take(&p, ", "))
		ok = take_imf(&p, &c);
	else if (take(&p, " "))
		ok = take_asctime(&p, &c);
	else if (take(&p, rests[day]) && take(&p, ", "))
		ok = take_rfc850(&p, &c);
	if (!ok || *p || !is_valid(&c))
		return -1;
	*ret_wall_ms = to_seconds(&c) * 1000;
	return 0;
}
