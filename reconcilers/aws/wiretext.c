// Numbers and dates without the locale and without time_t: see the header.
#include "aws/wiretext.h"
#include "base/num.h"
#include "base/str.h"
#include <math.h>
#include <stdio.h>

// ---- the calendar (proleptic Gregorian; Howard Hinnant's arithmetic)

static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t shifted = (5 * of_year + 2) / 153;
	*ret_day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
	*ret_month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*ret_year = year + era * 400 + (*ret_month <= 2);
}

static int month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

// ---- reading times

static bool take_digits(const char **p, int count, int *ret_value)
{
	int value = 0;
	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*ret_value = value;
	return true;
}

static bool take_char(const char **p, const char *any)
{
	if (!**p || !strchr(any, **p))
		return false;
	(*p)++;
	return true;
}

// "09:48:00" with an optional fraction of any length; digits after the ninth are dropped.
static bool take_clock(const char **p, int64_t *ret_seconds, int32_t *ret_nanos)
{
	int h, m, s;
	if (!take_digits(p, 2, &h) || !take_char(p, ":") || !take_digits(p, 2, &m) ||
		!take_char(p, ":") || !take_digits(p, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	*ret_seconds = h * 3600 + m * 60 + s;
	*ret_nanos = 0;
	if (!take_char(p, "."))
		return true;
	if (**p < '0' || **p > '9')
		return false;
	for (int32_t scale = 100000000; **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
		*ret_nanos += (**p - '0') * scale;
	return true;
}

static bool take_zone(const char **p, int64_t *ret_offset_seconds)
{
	int h, m;
	*ret_offset_seconds = 0;
	if (take_char(p, "Zz") || !**p)
		return true;
	int sign = **p == '-' ? -1 : 1;
	if (!take_char(p, "+-") || !take_digits(p, 2, &h))
		return false;
	take_char(p, ":");
	if (!take_digits(p, 2, &m) || h > 23 || m > 59)
		return false;
	*ret_offset_seconds = sign * (h * 3600 + m * 60);
	return true;
}

static bool parse_iso(const char *p, struct wiretext_time *ret_time)
{
	int year, month, day;
	int64_t seconds, offset;
	if (!take_digits(&p, 4, &year) || !take_char(&p, "-") || !take_digits(&p, 2, &month) ||
		!take_char(&p, "-") || !take_digits(&p, 2, &day) || !take_char(&p, "Tt ") ||
		month < 1 || month > 12 || day < 1 || day > month_days(year, month) ||
		!take_clock(&p, &seconds, &ret_time->nanos) || !take_zone(&p, &offset) || *p)
		return false;
	ret_time->seconds = days_from_civil(year, month, day) * 86400 + seconds - offset;
	return true;
}

static const char *const month_names[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// RFC 822 as RFC 7231 fixes it: "Tue, 29 Apr 2014 18:30:38 GMT"; a fraction is Smithy's addition.
static bool parse_rfc822(const char *p, struct wiretext_time *ret_time)
{
	p += strcspn(p, ",");
	if (!take_char(&p, ",") || !take_char(&p, " "))
		return false;
	int year, day, month = 0;
	int64_t seconds;
	if (!take_digits(&p, 2, &day) || !take_char(&p, " "))
		return false;
	while (month < 12 && strncmp(p, month_names[month], 3) != 0)
		month++;
	if (month++ == 12)
		return false;
	p += 3;
	if (!take_char(&p, " ") || !take_digits(&p, 4, &year) || !take_char(&p, " ") || day < 1 ||
		day > month_days(year, month) || !take_clock(&p, &seconds, &ret_time->nanos))
		return false;
	if (!str_eq(p, " GMT") && !str_eq(p, " UTC") && !str_eq(p, " +0000"))
		return false;
	ret_time->seconds = days_from_civil(year, month, day) * 86400 + seconds;
	return true;
}

static bool from_real(double value, struct wiretext_time *ret_time)
{
	// A double holds today's seconds to a quarter of a microsecond: more digits are noise.
	if (!isfinite(value) || fabs(value) > 253402300800.0)
		return false;
	double whole = floor(value);
	int64_t micros = llround((value - whole) * 1e6);
	ret_time->seconds = (int64_t)whole + micros / 1000000;
	ret_time->nanos = (int32_t)(micros % 1000000) * 1000;
	return true;
}

bool wiretext_time_parse(const char *text, struct wiretext_time *ret_time)
{
	text += strspn(text, " \t\r\n");
	if ((*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z'))
		return parse_rfc822(text, ret_time);
	if (strlen(text) > 10 && text[4] == '-')
		return parse_iso(text, ret_time);
	double seconds;
	return num_parse_real(text, &seconds) && from_real(seconds, ret_time);
}

bool wiretext_time_read(const json_t *value, struct wiretext_time *ret_time)
{
	if (json_is_number(value))
		return from_real(json_number_value(value), ret_time);
	return json_is_string(value) && parse_iso(json_string_value(value), ret_time);
}

// ---- writing times

static int format_fraction(int32_t nanos, char *out, size_t bytes)
{
	if (nanos == 0)
		return 0;
	int n = snprintf(out, bytes, ".%09d", (int)nanos);
	while (n > 0 && out[n - 1] == '0')
		out[--n] = '\0';
	return n;
}

static void format_unix(const struct wiretext_time *time, char *out)
{
	// The fraction of a time before 1970 counts upwards from the second below it.
	bool borrow = time->seconds < 0 && time->nanos > 0;
	int64_t seconds = time->seconds + borrow;
	int n = snprintf(out, WIRETEXT_TIME_BYTES, "%s%lld", borrow && seconds == 0 ? "-" : "",
		(long long)seconds);
	format_fraction(borrow ? 1000000000 - time->nanos : time->nanos, out + n,
		WIRETEXT_TIME_BYTES - (size_t)n);
}

void wiretext_time_format(const struct wiretext_time *time, enum time_format format,
	char ret_text[WIRETEXT_TIME_BYTES])
{
	static const char *const days_of_week[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	if (format == TIME_UNIX) {
		format_unix(time, ret_text);
		return;
	}
	int64_t of_day = ((time->seconds % 86400) + 86400) % 86400, year;
	int64_t days = (time->seconds - of_day) / 86400;
	int month, day, h = (int)(of_day / 3600), m = (int)(of_day / 60 % 60),
			s = (int)(of_day % 60);
	civil_from_days(days, &year, &month, &day);
	if (format == TIME_RFC822) {
		snprintf(ret_text, WIRETEXT_TIME_BYTES, "%s, %02d %s %04lld %02d:%02d:%02d GMT",
			days_of_week[((days % 7) + 7) % 7], day, month_names[month - 1],
			(long long)year, h, m, s);
		return;
	}
	int n = snprintf(ret_text, WIRETEXT_TIME_BYTES, "%04lld-%02d-%02dT%02d:%02d:%02d",
		(long long)year, month, day, h, m, s);
	n += format_fraction(time->nanos, ret_text + n, WIRETEXT_TIME_BYTES - (size_t)n);
	snprintf(ret_text + n, WIRETEXT_TIME_BYTES - (size_t)n, "Z");
}

json_t *wiretext_time_json(const struct wiretext_time *time)
{
	char text[WIRETEXT_TIME_BYTES];
	wiretext_time_format(time, TIME_ISO8601, text);
	return json_string_nocheck(text);
}

// ---- numbers

void wiretext_real(double value, char ret_text[WIRETEXT_REAL_BYTES])
{
	double back;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(ret_text, WIRETEXT_REAL_BYTES - 2, "%.*g", digits, value);
		char *comma = strchr(ret_text, ','); // a locale's decimal point
		if (comma)
			*comma = '.';
		if (num_parse_real(ret_text, &back) && back == value)
			break;
	}
	if (!strpbrk(ret_text, ".eEn")) {
		size_t n = strlen(ret_text);
		memcpy(ret_text + n, ".0", 3);
	}
}

bool wiretext_is_special(const char *text)
{
	return str_eq(text, "NaN") || str_eq(text, "Infinity") || str_eq(text, "-Infinity");
}

static bool write_number(struct buf *out, const json_t *value, bool whole)
{
	char text[WIRETEXT_REAL_BYTES];
	if (json_is_string(value))
		return buf_adds(out, json_string_value(value));
	if (json_is_real(value) && !whole) {
		wiretext_real(json_real_value(value), text);
		return buf_adds(out, text);
	}
	int64_t number =
		json_is_real(value) ? (int64_t)json_real_value(value) : json_integer_value(value);
	snprintf(text, sizeof(text), "%lld", (long long)number);
	return buf_adds(out, text);
}

bool wiretext_write(
	struct buf *out, const struct shape *shape, enum time_format format, const json_t *value)
{
	struct wiretext_time time;
	char text[WIRETEXT_TIME_BYTES];
	switch ((enum shape_type)shape->type) {
	case SHAPE_STRING:
	case SHAPE_BLOB:
		return buf_add(out, json_string_value(value), json_string_length(value));
	case SHAPE_INTEGER:
	case SHAPE_LONG:
		return write_number(out, value, true);
	case SHAPE_FLOAT:
		return write_number(out, value, false);
	case SHAPE_BOOLEAN:
		return buf_adds(out, json_is_true(value) ? "true" : "false");
	case SHAPE_TIMESTAMP:
		if (!wiretext_time_read(value, &time))
			return false;
		wiretext_time_format(&time, format, text);
		return buf_adds(out, text);
	case SHAPE_STRUCT:
	case SHAPE_LIST:
	case SHAPE_MAP:
		break;
	}
	return false;
}

// ---- values from text

// A copy without the blanks around it; "" when it does not fit (no number or date is that long).
static const char *trimmed(const char *text, char *room, size_t room_bytes)
{
	text += strspn(text, " \t\r\n");
	size_t n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (n >= room_bytes)
		return NULL;
	memcpy(room, text, n);
	room[n] = '\0';
	return room;
}

static json_t *number_value(const struct shape *shape, const char *text)
{
	int64_t integer;
	double real;
	if (shape->type != SHAPE_FLOAT)
		return num_parse_i64(text, INT64_MIN, INT64_MAX, &integer) ? json_integer(integer)
									   : NULL;
	if (wiretext_is_special(text))
		return json_string_nocheck(text);
	return num_parse_real(text, &real) ? json_real(real) : NULL;
}

static json_t *plain_value(const struct shape *shape, const char *text)
{
	struct wiretext_time time;
	if (shape->type == SHAPE_TIMESTAMP)
		return wiretext_time_parse(text, &time) ? wiretext_time_json(&time) : NULL;
	if (shape->type != SHAPE_BOOLEAN)
		return number_value(shape, text);
	if (str_eq_nocase(text, "true") || str_eq(text, "1"))
		return json_true();
	return str_eq_nocase(text, "false") || str_eq(text, "0") ? json_false() : NULL;
}

bool wiretext_value(const struct shape *shape, const char *text, size_t bytes, json_t **ret_value)
{
	*ret_value = NULL;
	if (shape->type == SHAPE_STRING) {
		*ret_value = json_stringn_nocheck(text, bytes);
		return *ret_value;
	}
	if (shape->type == SHAPE_BLOB) {
		if (wiretext_base64_count(text, bytes) < 0)
			return false;
		*ret_value = json_stringn_nocheck(text, bytes);
		return *ret_value;
	}
	char room[64];
	const char *plain = trimmed(text, room, sizeof(room));
	if (!plain)
		return false;
	if (!*plain)
		return true;
	*ret_value = plain_value(shape, plain);
	return *ret_value;
}

// ---- base64 (RFC 4648)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool wiretext_base64_add(struct buf *out, const void *bytes, size_t count)
{
	const unsigned char *in = bytes;
	for (size_t i = 0; i < count; i += 3) {
		size_t left = count - i;
		unsigned a = in[i], b = left > 1 ? in[i + 1] : 0, c = left > 2 ? in[i + 2] : 0;
		char four[4] = {alphabet[a >> 2], alphabet[(a & 3) << 4 | b >> 4],
			left > 1 ? alphabet[(b & 15) << 2 | c >> 6] : '=',
			left > 2 ? alphabet[c & 63] : '='};
		if (!buf_add(out, four, 4))
			return false;
	}
	return true;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// With out NULL it only counts.
static int64_t base64_walk(struct buf *out, const char *text, size_t bytes)
{
	unsigned held = 0;
	int64_t digits = 0, padding = 0;
	for (size_t i = 0; i < bytes; i++) {
		char c = text[i];
		if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		int digit = base64_digit(c);
		if (digit < 0 || padding)
			return -1;
		held = held << 6 | (unsigned)digit;
		if (digits++ % 4 && out)
			buf_addc(out, (char)(held >> (6 - 2 * ((digits - 1) % 4)) & 0xff));
	}
	if (digits % 4 == 1 || padding > 2 || (padding && (digits + padding) % 4))
		return -1;
	return digits / 4 * 3 + (digits % 4 ? digits % 4 - 1 : 0);
}

bool wiretext_base64_decode(struct buf *out, const char *text, size_t bytes)
{
	return base64_walk(out, text, bytes) >= 0 && !out->failed;
}

int64_t wiretext_base64_count(const char *text, size_t bytes)
{
	return base64_walk(NULL, text, bytes);
}
