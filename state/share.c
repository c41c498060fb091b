#include "state/share.h"
#include "base/hash.h"
#include "base/str.h"

enum { MOST_DAEMONS = 64 };

struct bearer {
	const char *id;
	const json_t *stacks;
	bool is_observer;
	int count;
};

struct crowd {
	struct bearer bearers[MOST_DAEMONS];
	size_t count;
};

static void gather(struct crowd *crowd, const json_t *daemons, const json_t *held)
{
	size_t i;
	json_t *row;
	crowd->count = 0;
	json_array_foreach ((json_t *)daemons, i, row) {
		const char *id = js_str(row, "daemon_id");
		if (!id || crowd->count == MOST_DAEMONS)
			continue;
		struct bearer *bearer = &crowd->bearers[crowd->count++];
		*bearer = (struct bearer){.id = id,
			.stacks = json_object_get(row, "stacks"),
			.is_observer = js_bool(row, "is_observer", false)};
		const char *stack;
		json_t *holder;
		json_object_foreach ((json_t *)held, stack, holder)
			bearer->count += str_eq_null(json_string_value(holder), id);
	}
}

static struct bearer *find(struct crowd *crowd, const char *id)
{
	for (size_t i = 0; i < crowd->count; i++)
		if (str_eq_null(crowd->bearers[i].id, id))
			return &crowd->bearers[i];
	return NULL;
}

static bool can_hold(const struct bearer *bearer, const char *stack)
{
	return json_object_get(bearer->stacks, stack) != NULL;
}

// Breaks ties, otherwise for each stack.
static void weigh(const struct bearer *bearer, const char *stack, char ret[HASH_HEX_BYTES])
{
	char text[256];
	snprintf(text, sizeof(text), "%.100s %.100s", bearer->id, stack);
	if (!hash_sha256_hex(text, strlen(text), ret))
		str_copy(ret, HASH_HEX_BYTES, bearer->id);
}

static bool is_better(const struct bearer *a, const struct bearer *b, const char *stack)
{
	char weight_a[HASH_HEX_BYTES], weight_b[HASH_HEX_BYTES];
	if (a->is_observer != b->is_observer)
		return b->is_observer;
	if (a->count != b->count)
		return a->count < b->count;
	weigh(a, stack, weight_a);
	weigh(b, stack, weight_b);
	return strcmp(weight_a, weight_b) < 0;
}

static struct bearer *best_for(struct crowd *crowd, const char *stack)
{
	struct bearer *best = NULL;
	for (size_t i = 0; i < crowd->count; i++) {
		struct bearer *one = &crowd->bearers[i];
		if (can_hold(one, stack) && (!best || is_better(one, best, stack)))
			best = one;
	}
	return best;
}

static const char *to_give(struct crowd *crowd, const json_t *held, const struct bearer *mine)
{
	const char *stack, *give = "";
	json_t *holder;
	json_object_foreach ((json_t *)held, stack, holder) {
		const struct bearer *best = best_for(crowd, stack);
		if (!str_eq_null(json_string_value(holder), mine->id) || !best || best == mine)
			continue;
		bool is_duty = mine->is_observer && !best->is_observer;
		if ((is_duty || best->count + 2 <= mine->count) &&
			(!*give || strcmp(stack, give) > 0))
			give = stack;
	}
	return give;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void share_plan(const json_t *daemons, const json_t *held, const json_t *is_free, const char *me,
	json_t **ret_take, const char **ret_give)
{
	struct crowd crowd;
	gather(&crowd, daemons, held);
	const struct bearer *mine = find(&crowd, me);
	*ret_take = json_array();
	*ret_give = "";
	size_t count = json_object_size(is_free), at = 0;
	const char **names = calloc(count + 1, sizeof(*names));
	const char *stack;
	json_t *one;
	if (!mine || !names) {
		free(names);
		return;
	}
	json_object_foreach ((json_t *)is_free, stack, one)
		names[at++] = stack;
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		struct bearer *best = best_for(&crowd, names[i]);
		if (!best)
			continue;
		best->count++;
		if (best == mine)
			json_array_append_new(*ret_take, json_string(names[i]));
	}
	if (count == 0)
		*ret_give = to_give(&crowd, held, mine);
	free(names);
}
