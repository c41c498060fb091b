// When a window is open, and when it opens next, in zones that change their clocks.
#include "base/clock.h"
#include "core/window.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int64_t at(const char *iso)
{
	int64_t ms;
	assert_int_equal(clock_parse_iso(iso, &ms), 0);
	return ms;
}

static void expect_next(const struct window *w, const char *now, const char *expected)
{
	char text[CLOCK_TEXT_BYTES] = "never";
	int64_t next = window_next_ms(w, at(now));
	if (next)
		clock_format_iso(next, text);
	assert_string_equal(text, expected);
}

static struct window calendar(const char *text, const char *zone)
{
	struct window w;
	struct err err = window_parse_calendar(text, zone, &w);
	assert_string_equal(err.message, "");
	return w;
}

static struct window cron(const char *text, int64_t duration_ms, const char *zone)
{
	struct window w;
	struct err err = window_parse_cron(text, duration_ms, zone, &w);
	assert_string_equal(err.message, "");
	return w;
}

static void a_window_is_open_from_its_first_minute_to_before_its_last(void **state)
{
	(void)state;
	struct window w = calendar("Sun 03:00-05:00", NULL);
	assert_false(window_is_open(&w, at("2026-11-29T02:59:59Z")));
	assert_true(window_is_open(&w, at("2026-11-29T03:00:00Z")));
	assert_true(window_is_open(&w, at("2026-11-29T04:59:59Z")));
	assert_false(window_is_open(&w, at("2026-11-29T05:00:00Z")));
	assert_false(window_is_open(&w, at("2026-11-28T03:30:00Z")));
	expect_next(&w, "2026-11-24T12:00:00Z", "2026-11-29T03:00:00.000Z");
	expect_next(&w, "2026-11-29T03:00:00Z", "2026-12-06T03:00:00.000Z");
	window_done(&w);
}

static void a_window_may_last_over_midnight_and_name_ranges_of_days(void **state)
{
	(void)state;
	struct window w = calendar("Fri..Mon,Wed 22:00-04:00", NULL);
	assert_true(window_is_open(&w, at("2026-11-27T23:00:00Z")));
	assert_true(window_is_open(&w, at("2026-11-28T03:59:00Z")));
	assert_true(window_is_open(&w, at("2026-11-24T01:00:00Z")));  // since Monday evening
	assert_false(window_is_open(&w, at("2026-11-24T23:00:00Z"))); // Tuesday
	assert_true(window_is_open(&w, at("2026-11-25T23:00:00Z")));
	window_done(&w);
	w = calendar("daily 00:00-24:00", NULL);
	assert_true(window_is_open(&w, at("2026-11-24T23:59:00Z")));
	assert_true(window_is_open(&w, at("2026-11-24T00:00:00Z")));
	expect_next(&w, "2026-11-24T23:59:00Z", "never"); // it never closes
	window_done(&w);
	w = calendar("Sat 22:00-24:00", NULL);
	assert_true(window_is_open(&w, at("2026-11-28T23:59:59Z")));
	assert_false(window_is_open(&w, at("2026-11-29T00:00:00Z")));
	window_done(&w);
}

static void zones_move_their_windows_with_summer_time(void **state)
{
	(void)state;
	struct window w = calendar("daily 03:30-04:30", "Europe/Berlin");
	expect_next(&w, "2026-01-10T12:00:00Z", "2026-01-11T02:30:00.000Z");
	expect_next(&w, "2026-07-10T12:00:00Z", "2026-07-11T01:30:00.000Z");
	assert_string_equal(w.text, "daily 03:30-04:30 Europe/Berlin");
	window_done(&w);
	// 2026-03-29 02:00 becomes 03:00: that night 02:30 is left out.
	w = calendar("Sun 02:30-02:45", "Europe/Berlin");
	expect_next(&w, "2026-03-28T12:00:00Z", "2026-04-05T00:30:00.000Z");
	// 2026-10-25 03:00 becomes 02:00: 02:30 comes twice.
	expect_next(&w, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00.000Z");
	expect_next(&w, "2026-10-25T00:40:00Z", "2026-10-25T01:30:00.000Z");
	window_done(&w);
}

static void a_calendar_window_ends_by_the_clock_on_the_wall_in_a_night_that_sets_it(void **state)
{
	(void)state;
	// 2026-03-29: 02:00 becomes 03:00, so 01:00 to 05:00 are three hours ...
	struct window w = calendar("Sun 01:00-05:00", "Europe/Berlin");
	expect_next(&w, "2026-03-28T12:00:00Z", "2026-03-29T00:00:00.000Z");
	assert_true(window_is_open(&w, at("2026-03-29T02:59:59Z")));
	assert_false(window_is_open(&w, at("2026-03-29T03:00:00Z")));
	// ... and 2026-10-25 five.
	assert_true(window_is_open(&w, at("2026-10-24T23:00:00Z")));
	assert_true(window_is_open(&w, at("2026-10-25T03:59:59Z")));
	assert_false(window_is_open(&w, at("2026-10-25T04:00:00Z")));
	window_done(&w);
	// What is left of it beside the hour that is left out.
	w = calendar("Sun 02:30-03:30", "Europe/Berlin");
	expect_next(&w, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z");
	assert_true(window_is_open(&w, at("2026-03-29T01:29:00Z")));
	assert_false(window_is_open(&w, at("2026-03-29T01:30:00Z")));
	window_done(&w);
	// Over midnight, into another month, and half an hour's change at Lord Howe.
	w = calendar("Sat 22:07-01:45", "Australia/Lord_Howe");
	expect_next(&w, "2026-10-01T00:00:00Z", "2026-10-03T11:37:00.000Z");
	assert_true(window_is_open(&w, at("2026-10-03T15:14:00Z")));
	assert_false(window_is_open(&w, at("2026-10-03T15:15:00Z")));
	window_done(&w);
}

static void a_cron_window_lasts_as_long_as_it_says_in_such_a_night(void **state)
{
	(void)state;
	struct window w = cron("0 1 * * 0", 4 * 3600000, "Europe/Berlin");
	assert_true(window_is_open(&w, at("2026-03-29T03:59:59Z")));
	assert_false(window_is_open(&w, at("2026-03-29T04:00:00Z")));
	window_done(&w);
	w = cron("30 2 29 3 *", 60000, "Europe/Berlin"); // which has no 02:30 that day in 2026
	expect_next(&w, "2026-01-01T00:00:00Z", "never");
	expect_next(&w, "2026-04-01T00:00:00Z", "2027-03-29T00:30:00.000Z");
	window_done(&w);
}

// Each minute of a year, and what is passed over when the next one is looked for.
static void the_next_beginning_is_the_first_minute_that_is_one(void **state)
{
	(void)state;
	struct window all[] = {calendar("Tue,Sun 02:07-02:08", "Europe/Berlin"),
		calendar("Fri..Mon 22:59-04:00", "Australia/Lord_Howe"),
		cron("7,44 2,23 */9 * 2", 60000, "Europe/Berlin"),
		cron("59 1 1 * *", 7200000, "Australia/Lord_Howe")};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct window *w = &all[i];
		int64_t from = at("2026-01-01T00:00:00Z"), to = at("2026-12-24T00:00:00Z");
		int64_t next = window_next_ms(w, from);
		bool was = window_is_open(w, from);
		for (int64_t ms = from + 60000; ms < to; ms += 60000) {
			bool is = window_is_open(w, ms);
			if (is && !was)
				assert_true(next == ms);
			if (ms == next)
				next = window_next_ms(w, ms);
			was = is;
		}
		assert_true(next == 0 || next >= to);
		window_done(&all[i]);
	}
}

static void cron_has_lists_ranges_steps_and_names(void **state)
{
	(void)state;
	struct window w = cron("*/20 1-2 * jan,Dec *", 600000, NULL);
	expect_next(&w, "2026-11-24T12:00:00Z", "2026-12-01T01:00:00.000Z");
	expect_next(&w, "2026-12-01T01:00:00Z", "2026-12-01T01:20:00.000Z");
	expect_next(&w, "2026-12-01T02:40:00Z", "2026-12-02T01:00:00.000Z");
	window_done(&w);
	w = cron("0 3 13 * fri", 3600000, NULL); // either day is enough
	expect_next(&w, "2026-11-24T12:00:00Z", "2026-11-27T03:00:00.000Z");
	expect_next(&w, "2026-12-12T12:00:00Z", "2026-12-13T03:00:00.000Z");
	window_done(&w);
	w = cron("0 3 * * 7", 3600000, "UTC"); // 7 is Sunday as well
	expect_next(&w, "2026-11-24T12:00:00Z", "2026-11-29T03:00:00.000Z");
	assert_string_equal(w.text, "0 3 * * 7 for 1h UTC");
	window_done(&w);
	w = cron("0 0 29 2 *", 60000, NULL); // not every year
	expect_next(&w, "2026-11-24T12:00:00Z", "never");
	expect_next(&w, "2027-11-24T12:00:00Z", "2028-02-29T00:00:00.000Z");
	window_done(&w);
}

static void what_is_no_window_is_refused_in_words(void **state)
{
	(void)state;
	static const char *const calendars[] = {"", "Sun", "Sun 3-5", "Sun 03:00", "03:00-05:00",
		"Moon 03:00-05:00", "Sun 25:00-26:00", "Sun 03:60-05:00", "Sun 03:00-03:00",
		"Sun 03:00-05:00 x", "1..3 03:00-05:00", "Sun,, 03:00-05:00"};
	static const char *const crons[] = {"", "* * * *", "* * * * * *", "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *",
		"a * * * *", "1, * * * *", "0 3 31 2 *", "0 3 31 2,4,jun *", "0 3 30-31 2 *"};
	struct window w;
	for (size_t i = 0; i < sizeof(calendars) / sizeof(*calendars); i++) {
		struct err err = window_parse_calendar(calendars[i], NULL, &w);
		assert_int_equal(err.class, ERR_INVALID);
	}
	for (size_t i = 0; i < sizeof(crons) / sizeof(*crons); i++) {
		struct err err = window_parse_cron(crons[i], 60000, NULL, &w);
		if (!err_is(&err))
			fail_msg("'%s' was taken", crons[i]);
	}
	struct err err = window_parse_cron("* * * * *", 59999, NULL, &w);
	assert_int_equal(err.class, ERR_INVALID);
	err = window_parse_calendar("Sun 03:00-05:00", "Mars/Olympus", &w);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "Mars/Olympus"));
	err = window_parse_calendar("Sun 03:00-05:00", "../../etc/passwd", &w);
	assert_int_equal(err.class, ERR_INVALID);
}

static void of_several_windows_the_first_to_open_counts(void **state)
{
	(void)state;
	struct windows *windows = windows_new(2);
	windows->items[0] = calendar("Sun 03:00-05:00", NULL);
	windows->items[1] = calendar("Thu 03:00-05:00", NULL);
	windows->count = 2;
	const struct window *which = NULL;
	assert_true(windows_next_ms(windows, at("2026-11-24T12:00:00Z"), &which) ==
		    at("2026-11-26T03:00:00Z"));
	assert_ptr_equal(which, &windows->items[1]);
	assert_true(windows_are_open(windows, at("2026-11-26T03:00:00Z")));
	assert_false(windows_are_open(NULL, at("2026-11-26T03:00:00Z")));
	windows_unref(windows_ref(windows));
	windows_unref(windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_open_from_its_first_minute_to_before_its_last),
		cmocka_unit_test(a_window_may_last_over_midnight_and_name_ranges_of_days),
		cmocka_unit_test(zones_move_their_windows_with_summer_time),
		cmocka_unit_test(
			a_calendar_window_ends_by_the_clock_on_the_wall_in_a_night_that_sets_it),
		cmocka_unit_test(a_cron_window_lasts_as_long_as_it_says_in_such_a_night),
		cmocka_unit_test(the_next_beginning_is_the_first_minute_that_is_one),
		cmocka_unit_test(cron_has_lists_ranges_steps_and_names),
		cmocka_unit_test(what_is_no_window_is_refused_in_words),
		cmocka_unit_test(of_several_windows_the_first_to_open_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
