// strtoll and friends accept blanks, signs and trailing text; these do not.
#include "base/num.h"
#include "base/str.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool num_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value)
{
	const char *p = s + (*s == '-');
	if (!is_digit(*p))
		return false;
	int64_t value = 0;
	for (; is_digit(*p); p++) {
		int digit = *p - '0';
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, digit, &value))
			return false;
	}
	// Accumulated as a negative number, whose range is the wider one.
	if (*p || (*s != '-' && value == INT64_MIN))
		return false;
	if (*s != '-')
		value = -value;
	if (value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool num_parse_real(const char *s, double *ret_value)
{
	const char *p = s + (*s == '-');
	if (!is_digit(*p))
		return false;
	for (; *p; p++)
		if (!is_digit(*p) && !strchr(".eE+-", *p))
			return false;
	static locale_t c_locale;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end;
	errno = 0;
	double value = c_locale ? strtod_l(s, &end, c_locale) : strtod(s, &end);
	if (*end || !isfinite(value))
		return false;
	*ret_value = value;
	return true;
}

bool num_parse_duration_ms(const char *s, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1000}};
	size_t digits = strspn(s, "0123456789");
	char number[20];
	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, s, digits);
	number[digits] = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		if (!str_eq(s + digits, units[i].unit))
			continue;
		int64_t count, ms, longest = INT64_C(3650) * 86400000;
		if (!num_parse_i64(number, 0, longest, &count) ||
			__builtin_mul_overflow(count, units[i].ms, &ms) || ms > longest)
			return false;
		*ret_ms = ms;
		return true;
	}
	return false;
}

void num_format_duration(int64_t ms, char *ret_text, size_t bytes)
{
	int64_t s = ms / 1000;
	if (ms < 1000)
		snprintf(ret_text, bytes, "%lldms", (long long)ms);
	else if (s < 60)
		snprintf(ret_text, bytes, "%llds", (long long)s);
	else if (s < 3600 && s % 60 == 0)
		snprintf(ret_text, bytes, "%lldm", (long long)s / 60);
	else if (s < 3600)
		snprintf(ret_text, bytes, "%lldm %llds", (long long)s / 60, (long long)s % 60);
	else if (s < 86400 && s / 60 % 60 == 0)
		snprintf(ret_text, bytes, "%lldh", (long long)s / 3600);
	else if (s < 86400)
		snprintf(ret_text, bytes, "%lldh %lldm", (long long)s / 3600,
			(long long)s / 60 % 60);
	else if (s / 3600 % 24 == 0)
		snprintf(ret_text, bytes, "%lldd", (long long)s / 86400);
	else
		snprintf(ret_text, bytes, "%lldd %lldh", (long long)s / 86400,
			(long long)s / 3600 % 24);
}
