// Time zones by the system's own database (RFC 8536 files under /usr/share/zoneinfo), for one zone
// at a time and without the process's TZ, which belongs to all of it.
#pragma once

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct zone; // immutable

/* "Europe/Berlin", "UTC". ERR_NOT_FOUND: there is no such zone, or no database of zones;
 * ERR_INVALID: its file cannot be read. */
struct err zone_load(const char *name, struct zone **ret_zone) MUST_CHECK;
void zone_free(struct zone *zone);
/* Seconds east of UTC at that time. Beyond the last known change (2037 in most files) it stays. */
int zone_offset_s(const struct zone *zone, int64_t utc_s);
