// sd_notify(3) sends one datagram; without $NOTIFY_SOCKET it does nothing. Assignments that belong
// together go into one message, because the manager reads each message as one statement.
#include "loop/notify.h"
#include "base/clock.h"
#include "base/str.h"
#include <inttypes.h>
#include <systemd/sd-daemon.h>

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

void notify_ready(const char *status)
{
	char line[STATUS_BYTES];
	sd_notifyf(0, "READY=1\nSTATUS=%s", one_line(status, line));
}

void notify_status(const char *status)
{
	char line[STATUS_BYTES];
	sd_notifyf(0, "STATUS=%s", one_line(status, line));
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
	sd_notify(0, "WATCHDOG=1");
}
