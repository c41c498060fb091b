// An order without an end lasts until somebody ends it.
#include "core/orders.h"
#include "base/str.h"

bool orders_covers(const char *target, const char *address)
{
	size_t n = strlen(target);
	return n == 0 ||
	       (strncmp(target, address, n) == 0 && (address[n] == '\0' || address[n] == '.'));
}

static bool is_over(const json_t *order, int64_t wall_ms)
{
	int64_t until = js_int(order, "until_ms", 0);
	return until && until <= wall_ms;
}

static bool is_longer(const json_t *order, const json_t *than)
{
	int64_t a = js_int(order, "until_ms", 0), b = js_int(than, "until_ms", 0);
	return !than || (b && (!a || a > b));
}

static bool is_sort(const json_t *order, const char *sort)
{
	return str_eq_null(js_str(order, "sort"), sort) && js_str(order, "target");
}

const json_t *orders_pause(const json_t *orders, const char *address, int64_t wall_ms)
{
	const json_t *found = NULL;
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (is_sort(order, "pause") && !is_over(order, wall_ms) &&
			orders_covers(js_str(order, "target"), address) && is_longer(order, found))
			found = order;
	return found;
}

const json_t *orders_layer_pause(const json_t *orders, const char *layer, int64_t wall_ms)
{
	const json_t *found = NULL;
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order) {
		const char *target = js_str(order, "target");
		if (is_sort(order, "pause") && !is_over(order, wall_ms) &&
			(!*target || str_eq(target, layer)) && is_longer(order, found))
			found = order;
	}
	return found;
}

json_t *orders_ignore(
	const json_t *orders, const json_t *ignore, const char *address, int64_t wall_ms)
{
	json_t *out = ignore ? json_copy((json_t *)ignore) : NULL;
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order) {
		const char *field = js_str(order, "field");
		if (!is_sort(order, "ignore") || is_over(order, wall_ms) || !field ||
			!str_eq(js_str(order, "target"), address))
			continue;
		if (!out)
			out = json_array();
		json_array_append_new(out, json_string(field));
	}
	return out;
}

const json_t *orders_ignored(
	const json_t *orders, const char *address, const char *field, int64_t wall_ms)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (is_sort(order, "ignore") && !is_over(order, wall_ms) &&
			str_eq_null(js_str(order, "field"), field) &&
			str_eq_null(js_str(order, "target"), address))
			return order;
	return NULL;
}

const json_t *orders_protect(const json_t *orders, const char *address)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (is_sort(order, "protect") && str_eq(js_str(order, "target"), address))
			return order;
	return NULL;
}

const json_t *orders_brake(const json_t *orders, const char *layer)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (is_sort(order, "brake") && orders_covers(js_str(order, "target"), layer))
			return order;
	return NULL;
}

bool orders_is_released(const json_t *orders, const char *layer, int64_t wall_ms)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (is_sort(order, "release") && !is_over(order, wall_ms) &&
			orders_covers(js_str(order, "target"), layer))
			return true;
	return false;
}

json_t *orders_expire(json_t *orders, int64_t wall_ms)
{
	json_t *expired = NULL;
	for (size_t i = json_array_size(orders); i-- > 0;) {
		json_t *order = json_array_get(orders, i);
		if (!is_over(order, wall_ms))
			continue;
		expired = expired ? expired : json_array();
		json_array_append(expired, order);
		json_array_remove(orders, i);
	}
	return expired;
}

static void shift(json_t *order, int64_t by_ms)
{
	int64_t until = js_int(order, "until_ms", 0);
	if (!until)
		return;
	json_object_set_new(order, "at_ms", json_integer(js_int(order, "at_ms", 0) + by_ms));
	json_object_set_new(order, "until_ms", json_integer(until + by_ms));
}

void orders_shift(json_t *orders, int64_t by_ms)
{
	size_t i;
	json_t *order;
	json_array_foreach (orders, i, order)
		shift(order, by_ms);
}

json_t *orders_of_row(const json_t *row, int64_t wall_ms)
{
	json_t *order = json_copy((json_t *)row);
	int64_t left = js_int(row, "left_ms", 0);
	if (left)
		shift(order, wall_ms + left - js_int(row, "until_ms", 0));
	json_object_del(order, "left_ms");
	return order;
}

const json_t *orders_find(const json_t *orders, const char *id)
{
	size_t i;
	json_t *order;
	json_array_foreach ((json_t *)orders, i, order)
		if (str_eq_null(js_str(order, "order_id"), id))
			return order;
	return NULL;
}

void orders_take(json_t *orders, const json_t *rows, int64_t wall_ms)
{
	size_t i;
	json_t *row;
	json_array_foreach ((json_t *)rows, i, row)
		if (!orders_find(orders, js_str(row, "order_id")))
			json_array_append_new(orders, orders_of_row(row, wall_ms));
}
