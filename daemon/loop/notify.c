// sd_notify(3) sends one datagram; without $NOTIFY_SOCKET it does nothing. Assignments that belong
// together go into one message, because the manager reads each message as one statement.
//
// It also waits while the manager's queue is full. What is said often, and said again soon (status,
// the watchdog), is sent without waiting instead: a manager that is busy must not hold the loop up.
#include "loop/notify.h"
#include "base/clock.h"
#include "base/str.h"
#include <inttypes.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { STATUS_BYTES = 512 };

// A status is one line; a line break would begin another assignment.
static const char *one_line(const char *status, char ret_line[STATUS_BYTES])
{
	str_copy(ret_line, STATUS_BYTES, status);
	for (char *p = ret_line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return ret_line;
}

// Lost when the queue is full.
static void send_now(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t bytes = path ? strlen(path) : 0;
	if (bytes == 0)
		return;
	if ((*path != '/' && *path != '@') || bytes >= sizeof(address.sun_path)) {
		sd_notify(0, message); // a form of address that only the library knows
		return;
	}
	memcpy(address.sun_path, path, bytes);
	if (*path == '@') // the abstract namespace
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
	ssize_t sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL,
		(const struct sockaddr *)&address, length);
	(void)sent; // the next one says as much
	close(fd);
}

void notify_ready(const char *status)
{
	char line[STATUS_BYTES];
	sd_notifyf(0, "READY=1\nSTATUS=%s", one_line(status, line));
}

void notify_status(const char *status)
{
	char line[STATUS_BYTES];
	_cleanup_free_ char *message = str_format("STATUS=%s", one_line(status, line));
	if (message)
		send_now(message);
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
}

void notify_stopping(const char *status)
{
	char line[STATUS_BYTES];
	sd_notifyf(0, "STOPPING=1\nSTATUS=%s", one_line(status, line));
}

void notify_extend_timeout(int64_t ms)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, ms > 0 ? ms * 1000 : 0);
}

int64_t notify_watchdog_ms(void)
{
	uint64_t usec = 0;
	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	int64_t ms = (int64_t)(usec / 2000);
	return ms > 0 ? ms : 1;
}

void notify_watchdog_ping(void)
{
	send_now("WATCHDOG=1");
}
