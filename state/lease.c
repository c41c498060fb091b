#include "state/lease.h"
#include "base/str.h"

bool lease_proves(const struct lease_clock *sent, const struct lease_clock *now)
{
	int64_t passed_ms = now->boot_ms - sent->boot_ms;
	int64_t jump_ms = now->wall_ms - sent->wall_ms - passed_ms;
	return passed_ms >= 0 && passed_ms < LEASE_LASTS_MS - LEASE_MARGIN_MS &&
	       jump_ms <= LEASE_JUMP_MS && jump_ms >= -LEASE_JUMP_MS;
}

void lease_see(struct lease_sight *sight, const json_t *row, int64_t boot_ms)
{
	int64_t beats = js_int(row, "beats", -1);
	if (sight->is_seen && sight->beats == beats && boot_ms >= sight->since_boot_ms)
		return;
	*sight = (struct lease_sight){.beats = beats, .since_boot_ms = boot_ms, .is_seen = true};
}

bool lease_is_free(
	const struct lease_sight *sight, const json_t *row, const char *me, int64_t boot_ms)
{
	const char *holder = js_str(row, "holder");
	if (!row || str_empty(holder) || str_eq(holder, me))
		return true;
	return js_bool(row, "is_expired", false) && sight->is_seen &&
	       sight->beats == js_int(row, "beats", -1) &&
	       boot_ms - sight->since_boot_ms >= LEASE_LASTS_MS;
}
