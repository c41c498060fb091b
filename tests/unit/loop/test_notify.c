// What the service manager hears, and that a deaf one does not hold the loop up.
#include "loop/notify.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_at(char path[108])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	snprintf(path, 108, "/tmp/holdfast-notify-%d", (int)getpid());
	unlink(path);
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void expect_heard(int fd, const char *message)
{
	char text[600] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	assert_string_equal(text, message);
}

static void status_and_watchdog_are_heard(void **state)
{
	(void)state;
	char path[108];
	int fd = listen_at(path);
	notify_status("two\nlines");
	expect_heard(fd, "STATUS=two lines");
	notify_watchdog_ping();
	expect_heard(fd, "WATCHDOG=1");
	notify_ready("up");
	expect_heard(fd, "READY=1\nSTATUS=up");
	close(fd);
	unlink(path);
}

static void a_full_queue_is_not_waited_for(void **state)
{
	(void)state;
	char path[108];
	int fd = listen_at(path);
	for (int i = 0; i < 10000;
		i++) // far more than a queue takes; this ends, or the test does not
		notify_watchdog_ping();
	expect_heard(fd, "WATCHDOG=1");
	close(fd);
	unlink(path);
	notify_status("nobody listens any more");
	unsetenv("NOTIFY_SOCKET");
	notify_status("nobody listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_watchdog_are_heard),
		cmocka_unit_test(a_full_queue_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
