// Days-from-civil arithmetic instead of timegm, so that years past 2038 and a 32-bit time_t agree.
#include "base/clock.h"
#include "base/num.h"
#include <ctype.h>
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

// "YYYY-MM-DD" to days since 1970 (Howard Hinnant's civil calendar arithmetic).
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int clock_parse_iso(const char *text, int64_t *ret_wall_ms)
{
	int y, mo, d, h, mi, s, n = 0;
	if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &n) != 6 ||
		n < 19)
		return -1;
	if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 60 ||
		h < 0 || mi < 0 || s < 0)
		return -1;
	const char *p = text + n;
	int64_t ms = 0, scale = 100;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
			ms += (*p - '0') * scale;
	int64_t offset_min = 0;
	if (*p == 'Z' || *p == 'z') {
		p++;
	} else if (*p == '+' || *p == '-') {
		int oh, om, m = 0;
		if (sscanf(p + 1, "%2d:%2d%n", &oh, &om, &m) != 2 || m != 5)
			return -1;
		offset_min = (*p == '-' ? -1 : 1) * (oh * 60 + om);
		p += 6;
	} else {
		return -1;
	}
	if (*p)
		return -1;
	int64_t seconds = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
	*ret_wall_ms = (seconds - offset_min * 60) * 1000 + ms;
	return 0;
}
