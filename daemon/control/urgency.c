// A rank a drift, and a stable sort by it: equal ones stay as they came.
#include "control/urgency.h"
#include "base/str.h"
#include <stdlib.h>

struct ranked {
	json_t *drift; // borrowed
	size_t at;
	int rank; // lower is first
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *one = a, *other = b;
	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	if (one->rank < 4) { // open; the texts are of one form, so they sort as times do
		const char *at = js_str(one->drift, "opened_at");
		const char *other_at = js_str(other->drift, "opened_at");
		int order = strcmp(at ? at : "", other_at ? other_at : "");
		if (order != 0)
			return order;
	}
	return one->at < other->at ? -1 : one->at > other->at;
}

json_t *urgency_sorted(json_t *drifts, const json_t *held)
{
	size_t count = json_array_size(drifts), i;
	json_t *drift, *out = json_array();
	struct ranked *all = calloc(count + 1, sizeof(*all));
	if (!all)
		return out;
	json_array_foreach (drifts, i, drift) {
		const char *address = js_str(drift, "address");
		bool is_open = !js_str(drift, "closed_at");
		bool is_held = is_open && address && js_lists(held, address);
		bool is_data = address && str_starts(address, "data.");
		if (is_held)
			json_object_set_new(drift, "held", json_true());
		all[i] = (struct ranked){
			drift, i, !is_open ? 4 : (is_data ? 0 : 2) + (is_held ? 0 : 1)};
	}
	qsort(all, count, sizeof(*all), by_rank);
	for (i = 0; i < count; i++)
		json_array_append(out, all[i].drift);
	free(all);
	return out;
}
