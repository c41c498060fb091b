// Log lines on standard error: one line each, nothing foreign acts on a terminal, nothing waits.
#include "base/log.h"
#include "base/str.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static int saved, pipe_fds[2];

static void redirect(void)
{
	saved = dup(STDERR_FILENO);
	if (pipe2(pipe_fds, O_CLOEXEC) != 0 || dup2(pipe_fds[1], STDERR_FILENO) < 0)
		abort();
	fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
}

static void restore(char *ret_text, size_t bytes)
{
	ssize_t n = read(pipe_fds[0], ret_text, bytes - 1);
	ret_text[n > 0 ? n : 0] = '\0';
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void a_line_has_time_level_message_and_fields(void **state)
{
	(void)state;
	char text[1000];
	struct err err = err_code(ERR_DENIED, "AccessDenied", "not allowed");
	redirect();
	log_notice("created", LOG_STR("resource", "network.vpc.main"), LOG_INT("dur_ms", -12),
		LOG_STR("empty", ""), LOG_STR("absent", NULL), LOG_INT("zero", 0));
	log_error("plain");
	log_warning("failed", LOG_ERR(&err));
	restore(text, sizeof(text));
	char *second = strchr(text, '\n');
	assert_non_null(second);
	*second++ = '\0';
	char *third = strchr(second, '\n');
	assert_non_null(third);
	*third++ = '\0';
	assert_true(str_glob(
		"20*-*-*T*:*:*.*Z notice  created resource=network.vpc.main dur_ms=-12 zero=0",
		text));
	assert_true(str_glob("*Z error   plain", second));
	assert_true(str_glob(
		"*Z warning failed class=denied code=AccessDenied error=\"not allowed\"\n", third));
}

static void foreign_text_is_escaped(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"plain", "plain"}, {"two words", "\"two words\""},
		{"a=b", "\"a=b\""}, {"say \"x\"", "\"say \\\"x\\\"\""}, {"a\\b", "\"a\\\\b\""},
		{"one\ntwo", "\"one\\ntwo\""}, {"\x1b[31m", "\"\\x1b[31m\""}, {"\x7f", "\"\\x7f\""},
		{"\xc3\xa9", "\xc3\xa9"}, {"\xff", "\"\\xff\""}, {"a\tb", "\"a\\x09b\""},
		{"\xc2\x9b"
		 "31m",
			"\"\\xc2\\x9b31m\""},
		{"\xc2\xa9", "\xc2\xa9"}, {"\xc2", "\"\\xc2\""}};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char text[1000];
		redirect();
		log_error("m", LOG_STR("f", cases[i][0]));
		restore(text, sizeof(text));
		char *field = strstr(text, " f=");
		assert_non_null(field);
		text[strlen(text) - 1] = '\0';
		assert_string_equal(field + 3, cases[i][1]);
	}
}

static void lines_below_the_level_are_not_written(void **state)
{
	(void)state;
	char text[1000];
	redirect();
	log_debug("quiet");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("loud");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("quiet");
	log_set_level(LOG_LEVEL_INFO);
	restore(text, sizeof(text));
	assert_true(str_glob("*debug   loud\n", text));
	assert_null(strstr(text, "quiet"));
	assert_true(log_is_on(LOG_LEVEL_INFO) && !log_is_on(LOG_LEVEL_DEBUG));
}

static void level_names_are_read(void **state)
{
	(void)state;
	enum log_level level = LOG_LEVEL_INFO;
	assert_true(log_parse_level("debug", &level) && level == LOG_LEVEL_DEBUG);
	assert_true(log_parse_level("error", &level) && level == LOG_LEVEL_ERROR);
	assert_false(log_parse_level("", &level));
	assert_false(log_parse_level("Debug", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
}

static void a_blocked_pipe_drops_lines_instead_of_waiting(void **state)
{
	(void)state;
	char text[100], filler[5000];
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	uint64_t before = log_dropped_count();
	redirect();
	for (int i = 0; i < 100; i++)
		log_error("m", LOG_STR("f", filler)); // 500 KB into a pipe of 64
	uint64_t dropped = log_dropped_count() - before;
	while (read(pipe_fds[0], text, sizeof(text)) > 0)
		;
	log_error("after");
	restore(text, sizeof(text));
	assert_true(dropped >= 80 && dropped < 100);
	char *line = text[0] == '\n' ? text + 1 : text; // closes the line that was cut
	assert_true(str_glob("*Z error   after\n", line));
}

static void a_closed_standard_error_is_survived(void **state)
{
	(void)state;
	int copy = dup(STDERR_FILENO);
	uint64_t before = log_dropped_count();
	close(STDERR_FILENO);
	log_error("nobody hears");
	uint64_t after = log_dropped_count();
	dup2(copy, STDERR_FILENO);
	close(copy);
	assert_int_equal(after - before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_message_and_fields),
		cmocka_unit_test(foreign_text_is_escaped),
		cmocka_unit_test(lines_below_the_level_are_not_written),
		cmocka_unit_test(level_names_are_read),
		cmocka_unit_test(a_blocked_pipe_drops_lines_instead_of_waiting),
		cmocka_unit_test(a_closed_standard_error_is_survived),
	};
	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
