#include "tests/sim/leases.h"

int64_t leases_now_ms(const struct storage *storage)
{
	return loop_wall_ms(storage->loop) + storage->clock_skew_ms;
}

bool leases_is_expired(const struct storage *storage, const json_t *row)
{
	return js_int(row, "expires", 0) <= leases_now_ms(storage);
}

static void leases_prolong(struct storage *storage, json_t *row, const json_t *args)
{
	json_object_set_new(row, "beats", json_integer(js_int(row, "beats", 0) + 1));
	json_object_set_new(
		row, "expires", json_integer(leases_now_ms(storage) + js_int(args, "lasts", 0)));
}

/* Does somebody lead with a later token than that of the arguments? */
bool leases_has_later(const struct storage *storage, const json_t *args)
{
	const json_t *row = json_object_get(storage->leases, js_str(args, "stack"));
	return js_int(row, "token", 0) > js_int(args, "token", 0);
}

/* May it be intended? A simulation without leases may everything. */
bool leases_let(const struct storage *storage, const json_t *args)
{
	const json_t *row = json_object_get(storage->leases, js_str(args, "stack"));
	return !row || (js_int(row, "token", 0) == js_int(args, "token", 0) &&
			       !leases_is_expired(storage, row));
}

static json_t *leases_take(struct storage *storage, const json_t *args)
{
	const char *stack = js_str(args, "stack"), *me = js_str(args, "daemon_id");
	json_t *row = json_object_get(storage->leases, stack);
	const char *holder = js_str(row, "holder");
	bool is_free = !row || str_empty(holder) || str_eq(holder, me) ||
		       (leases_is_expired(storage, row) &&
			       js_int(row, "beats", 0) == js_int(args, "beats", 0));
	if (!is_free)
		return json_array();
	if (!row) {
		row = json_pack("{s:s}", "stack", stack);
		json_object_set_new(storage->leases, stack, row);
	}
	js_set_str(row, "holder", me);
	js_set_str(row, "host", js_str(args, "host"));
	json_object_set(row, "pid", json_object_get(args, "pid"));
	json_object_set_new(row, "token", json_integer(js_int(row, "token", 0) + 1));
	json_object_set_new(row, "taken_ms", json_integer(leases_now_ms(storage)));
	leases_prolong(storage, row, args);
	return json_pack("[{s:O, s:O}]", "token", json_object_get(row, "token"), "taken_ms",
		json_object_get(row, "taken_ms"));
}

static json_t *leases_living(struct storage *storage)
{
	json_t *rows = json_array();
	const char *key;
	json_t *row;
	json_object_foreach (storage->daemons, key, row)
		if (!leases_is_expired(storage, row))
			json_array_append(rows, row);
	return rows;
}

static json_t *leases_all(struct storage *storage)
{
	json_t *rows = json_array();
	const char *key;
	json_t *row;
	json_object_foreach (storage->leases, key, row) {
		json_t *copy = json_copy(row);
		json_object_set_new(
			copy, "is_expired", json_boolean(leases_is_expired(storage, row)));
		json_array_append_new(rows, copy);
	}
	return rows;
}

json_t *leases_execute(struct storage *storage, enum store_statement statement, const json_t *args)
{
	const char *me = js_str(args, "daemon_id"), *stack = js_str(args, "stack");
	json_t *row = stack ? json_object_get(storage->leases, stack) : NULL;
	bool is_ours = row && str_eq_null(js_str(row, "holder"), me) &&
		       js_int(row, "token", 0) == js_int(args, "token", 0);
	if (statement == STORE_LEASE_TAKE)
		return leases_take(storage, args);
	if (statement == STORE_LEASES)
		return leases_all(storage);
	if (statement == STORE_DAEMON_BEAT) {
		json_t *daemon = json_copy((json_t *)args);
		leases_prolong(storage, daemon, args);
		json_object_set_new(storage->daemons, me, daemon);
		return leases_living(storage);
	}
	if (statement == STORE_DAEMON_LEAVE)
		json_object_del(storage->daemons, me);
	if (statement == STORE_LEASE_RENEW && is_ours) {
		leases_prolong(storage, row, args);
		return json_pack("[{s:O}]", "beats", json_object_get(row, "beats"));
	}
	if (statement == STORE_LEASE_RELEASE && is_ours) {
		leases_prolong(storage, row, args);
		js_set_str(row, "holder", "");
	}
	return json_array();
}
