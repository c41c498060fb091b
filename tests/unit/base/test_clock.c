// Reading and writing of dates: RFC 3339 and the three HTTP forms; every accepted text is exact.
#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void the_three_http_forms_name_the_same_instant(void **state)
{
	(void)state;
	static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		int64_t ms = -1;
		assert_int_equal(clock_parse_http_date(texts[i], &ms), 0);
		assert_int_equal(ms, INT64_C(784111777000));
	}
}

static void http_dates_of_the_edges_are_exact(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
		{"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
		{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
		{"Wed Nov 16 08:49:37 1994", 784975777},
		{"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t ms = -1;
		assert_int_equal(clock_parse_http_date(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].seconds * 1000);
	}
}

static void a_two_digit_year_is_at_most_50_years_ahead(void **state)
{
	(void)state;
	char now[CLOCK_TEXT_BYTES], text[40];
	clock_format_iso(clock_wall_ms(), now);
	int this_year =
		(now[0] - '0') * 1000 + (now[1] - '0') * 100 + (now[2] - '0') * 10 + now[3] - '0';
	for (int two = 0; two < 100; two++) {
		int64_t ms = -1;
		snprintf(text, sizeof(text), "Monday, 15-Jun-%02d 00:00:00 GMT", two);
		if (clock_parse_http_date(text, &ms) != 0)
			continue; // before 1970, some day
		char back[CLOCK_TEXT_BYTES];
		clock_format_iso(ms, back);
		int year = (back[0] - '0') * 1000 + (back[1] - '0') * 100 + (back[2] - '0') * 10 +
			   back[3] - '0';
		assert_int_equal(year % 100, two);
		assert_true(year <= this_year + 50 && year >= this_year - 50);
	}
}

static void other_text_is_no_http_date(void **state)
{
	(void)state;
	static const char *const texts[] = {"", " ", "Sun", "Sun,", "Sun, ", "0", "-1",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
		"sun, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 29 Feb 2001 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, 06 Nov +994 08:49:37 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 19940 08:49:37 GMT",
		"Monday, 06-Nov-1994 08:49:37 GMT", "Sundays, 06-Nov-94 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT",
		"1994-11-06T08:49:37Z"};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		int64_t ms = 42;
		assert_int_equal(clock_parse_http_date(texts[i], &ms), -1);
		assert_int_equal(ms, 42);
	}
}

static void iso_text_and_back_is_the_same_instant(void **state)
{
	(void)state;
	static const int64_t instants[] = {
		0, 1, 999, 951868799123, 1483228799999, 4102444800000, 253402300799999};
	for (size_t i = 0; i < ARRAY_COUNT(instants); i++) {
		char text[CLOCK_TEXT_BYTES];
		int64_t ms = -1;
		clock_format_iso(instants[i], text);
		assert_int_equal(clock_parse_iso(text, &ms), 0);
		assert_int_equal(ms, instants[i]);
		clock_format_second(instants[i], text);
		assert_int_equal(clock_parse_iso(text, &ms), 0);
		assert_int_equal(ms, instants[i] / 1000 * 1000);
		assert_null(strchr(text, '.'));
	}
}

static void iso_offsets_and_fractions_count(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-23T09:48:00.123Z", 1795427280123},
		{"2026-11-23t09:48:00.1z", 1795427280100},
		{"2026-11-23 09:48:00.123987654Z", 1795427280123},
		{"2026-11-23T10:48:00+01:00", 1795427280000},
		{"2026-11-23T04:18:00-05:30", 1795427280000},
		{"2026-11-23T09:48:00-00:00", 1795427280000},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t ms = -1;
		assert_int_equal(clock_parse_iso(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void other_text_is_no_iso_date(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "2026", "2026-11-23", "2026-11-23T09:48:00",
		"2026-11-23T09:48Z", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-23T24:00:00Z",
		"2026-11-23T09:48:00.Z", "2026-11-23T09:48:00+1:00", "2026-11-23T09:48:00+01",
		"2026-11-23T09:48:00+24:00", "2026-11-23T09:48:00+01:60",
		"2026-11-23T09:48:00Zjunk", "2026-11-23T 9:48:00Z", "+026-11-23T09:48:00Z",
		"2026--1-23T09:48:00Z", "1969-12-31T23:59:59Z", " 2026-11-23T09:48:00Z",
		"20261123T094800Z"};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		int64_t ms = 42;
		assert_int_equal(clock_parse_iso(texts[i], &ms), -1);
		assert_int_equal(ms, 42);
	}
}

static void what_has_no_four_digit_year_prints_as_unknown(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_BYTES];
	clock_format_iso(-1, text);
	assert_string_equal(text, "?");
	clock_format_iso(INT64_C(253402300800000), text);
	assert_string_equal(text, "?");
	clock_format_iso(INT64_MAX, text);
	assert_string_equal(text, "?");
}

static void clocks_do_not_run_backwards(void **state)
{
	(void)state;
	int64_t mono = clock_mono_us(), boot = clock_boot_ms();
	assert_true(clock_mono_us() >= mono);
	assert_true(clock_boot_ms() >= boot);
	assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_http_forms_name_the_same_instant),
		cmocka_unit_test(http_dates_of_the_edges_are_exact),
		cmocka_unit_test(a_two_digit_year_is_at_most_50_years_ahead),
		cmocka_unit_test(other_text_is_no_http_date),
		cmocka_unit_test(iso_text_and_back_is_the_same_instant),
		cmocka_unit_test(iso_offsets_and_fractions_count),
		cmocka_unit_test(other_text_is_no_iso_date),
		cmocka_unit_test(what_has_no_four_digit_year_prints_as_unknown),
		cmocka_unit_test(clocks_do_not_run_backwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
