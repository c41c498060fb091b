// The service manager: sd_notify messages, the watchdog. All no-ops without $NOTIFY_SOCKET.
#pragma once

#include "loop/loop.h"
#include <stdint.h>

/* READY=1 with a STATUS= line (one line, no secrets). */
void notify_ready(const char *status);
void notify_status(const char *status);
/* RELOADING=1 and MONOTONIC_USEC= in one message, as systemd demands. READY=1 must follow. */
void notify_reloading(void);
void notify_stopping(const char *status);
/* EXTEND_TIMEOUT_USEC= */
void notify_extend_timeout(int64_t ms);
/* Milliseconds between the pings that the manager wants (half of WATCHDOG_USEC), or 0. */
int64_t notify_watchdog_ms(void);
void notify_watchdog_ping(void);
