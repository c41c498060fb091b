// What a crash leaves behind, and how long the next lives wait.
#include "base/str.h"
#include "loop/crash.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int64_t now = 1763891234000;

static int64_t wait_after(int count, int64_t ago_ms)
{
	struct crash crashes[CRASH_MOST];
	for (int i = 0; i < count; i++)
		crashes[i] = (struct crash){.at_ms = now - ago_ms, .signal = 11};
	return crash_wait_ms(crashes, count, now);
}

static void the_wait_grows_with_each_crash_up_to_a_bound(void **state)
{
	(void)state;
	assert_int_equal(wait_after(0, 0), 0);
	assert_int_equal(wait_after(1, 1000), 0);
	assert_int_equal(wait_after(2, 1000), 2000);
	assert_int_equal(wait_after(3, 1000), 4000);
	assert_int_equal(wait_after(6, 1000), 32000);
	assert_int_equal(wait_after(10, 1000), 300000);
	assert_int_equal(wait_after(CRASH_MOST, 1000), 300000);
	assert_int_equal(wait_after(10, 15 * 60 * 1000 + 1), 0);
	assert_int_equal(wait_after(10, -3600000), 0); // a clock that was wrong
}

static void notes_are_read_and_rubbish_is_left_out(void **state)
{
	(void)state;
	struct crash crashes[CRASH_MOST];
	assert_int_equal(crash_read("", crashes), 0);
	assert_int_equal(crash_read("11 1763891230\nrubbish\n-1 5\n6 1763891231 x\n"
				    "99999999999999999999999999999999999999999999999999999999\n"
				    "6 1763891232\n11 17638",
				 crashes),
		3);
	assert_int_equal(crashes[0].signal, 11);
	assert_int_equal(crashes[0].at_ms, 1763891230000);
	assert_int_equal(crashes[1].signal, 6);
	char many[4096] = "";
	for (int i = 1; i <= 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "11 %d\n", i);
	assert_int_equal(crash_read(many, crashes), CRASH_MOST);
	assert_int_equal(crashes[CRASH_MOST - 1].at_ms, 100000);
}

// Ends a life by `number` (0: in order); returns the wait that the life was told of.
static int64_t live(const char *dir, int number, char ret_text[200])
{
	int channel[2];
	struct {
		int64_t wait_ms;
		char text[200];
	} told = {0};
	assert_int_equal(pipe(channel), 0);
	pid_t child = fork();
	if (child == 0) {
		struct timespec at;
		clock_gettime(CLOCK_REALTIME, &at);
		struct err err = crash_watch(dir, (int64_t)at.tv_sec * 1000 + 999, &told.wait_ms,
			told.text, sizeof(told.text));
		if (err_is(&err) || write(channel[1], &told, sizeof(told)) != sizeof(told))
			_exit(9);
		if (number == 0) {
			crash_clear();
			_exit(0);
		}
		kill(getpid(), number);
		_exit(8);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (number == 0)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	else // the note changes nothing of how it ends
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == number);
	assert_int_equal(read(channel[0], &told, sizeof(told)), sizeof(told));
	close(channel[0]);
	close(channel[1]);
	memcpy(ret_text, told.text, sizeof(told.text));
	return told.wait_ms;
}

static void crashes_are_noted_and_a_clean_end_and_a_kill_are_not(void **state)
{
	(void)state;
	char dir[] = "/tmp/holdfast-unit-XXXXXX", text[200], command[64];
	assert_non_null(mkdtemp(dir));
	assert_int_equal(live(dir, SIGKILL, text), 0);
	assert_int_equal(live(dir, SIGKILL, text), 0);
	assert_int_equal(live(dir, SIGSEGV, text), 0);
	assert_string_equal(text, ""); // kills told nothing
	assert_int_equal(live(dir, SIGABRT, text), 0);
	assert_non_null(strstr(text, "ended by signal 11 (Segmentation fault), 1 time "));
	assert_int_equal(live(dir, SIGKILL, text), 2000);
	assert_non_null(strstr(text, "ended by signal 6 (Aborted), 2 times "));
	assert_int_equal(live(dir, 0, text), 2000);
	assert_int_equal(live(dir, 0, text), 0);
	assert_string_equal(text, "");
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_grows_with_each_crash_up_to_a_bound),
		cmocka_unit_test(notes_are_read_and_rubbish_is_left_out),
		cmocka_unit_test(crashes_are_noted_and_a_clean_end_and_a_kill_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
