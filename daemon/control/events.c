// A ring; a cursor is "LIFE-NUMBER", the number of the last event that was given out.
#include "control/events.h"
#include "base/num.h"
#include "base/str.h"

void events_init(struct events *events, const char *life)
{
	*events = (struct events){.next = 1};
	str_copy(events->life, sizeof(events->life), life);
}

void events_done(struct events *events)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		json_decref(TAKE(events->ring[i]));
}

void events_put(struct events *events, json_t *event)
{
	json_t **place = &events->ring[events->next % EVENTS_KEPT];
	if (!event)
		return;
	json_decref(*place);
	*place = event;
	events->next++;
}

static uint64_t oldest(const struct events *events)
{
	return events->next > EVENTS_KEPT ? events->next - EVENTS_KEPT : 1;
}

static bool is_wanted(const struct events *events, uint64_t number, const char *stack)
{
	const json_t *event = events->ring[number % EVENTS_KEPT];
	return event && (!stack || str_eq_null(js_str(event, "stack"), stack));
}

// False when the text is no cursor at all. A cursor of another life: *ret_is_ours is false.
static bool parse(
	const struct events *events, const char *cursor, uint64_t *ret_number, bool *ret_is_ours)
{
	const char *dash = cursor ? strrchr(cursor, '-') : NULL;
	int64_t number;
	if (!dash || dash == cursor || !num_parse_i64(dash + 1, 0, INT64_MAX, &number))
		return false;
	size_t n = (size_t)(dash - cursor);
	*ret_is_ours = strlen(events->life) == n && strncmp(events->life, cursor, n) == 0 &&
		       (uint64_t)number < events->next;
	*ret_number = (uint64_t)number;
	return true;
}

bool events_has_more(const struct events *events, const char *cursor, const char *stack)
{
	uint64_t number = 0;
	bool is_ours = true;
	if (cursor && (!parse(events, cursor, &number, &is_ours) || !is_ours ||
			      number + 1 < oldest(events)))
		return true;
	for (uint64_t n = cursor ? number + 1 : oldest(events); n < events->next; n++)
		if (is_wanted(events, n, stack))
			return true;
	return false;
}

static uint64_t last_ones(const struct events *events, const char *stack, int64_t limit)
{
	uint64_t from = events->next;
	for (uint64_t n = events->next; n > oldest(events) && limit > 0; n--) {
		if (!is_wanted(events, n - 1, stack))
			continue;
		from = n - 1;
		limit--;
	}
	return from;
}

json_t *events_after(
	const struct events *events, const char *cursor, const char *stack, int64_t limit)
{
	uint64_t number = 0, from = oldest(events);
	bool is_ours = true;
	char gap[120] = "";
	if (cursor && !parse(events, cursor, &number, &is_ours))
		return NULL;
	if (!is_ours)
		str_copy(gap, sizeof(gap),
			"the daemon was started anew; history has what was before");
	else if (cursor && number + 1 < from)
		snprintf(gap, sizeof(gap), "%llu events are no longer kept here; history has them",
			(unsigned long long)(from - number - 1));
	else if (cursor)
		from = number + 1;
	else if (limit > 0)
		from = last_ones(events, stack, limit);
	json_t *list = json_array();
	for (uint64_t n = from; n < events->next; n++)
		if (is_wanted(events, n, stack))
			json_array_append(list, events->ring[n % EVENTS_KEPT]);
	_cleanup_free_ char *next =
		str_format("%s-%llu", events->life, (unsigned long long)(events->next - 1));
	return json_pack("{s:i, s:s, s:s?, s:o}", "format", 1, "cursor", next ? next : "", "gap",
		*gap ? gap : NULL, "events", list);
}
