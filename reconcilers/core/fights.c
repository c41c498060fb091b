// A correction counts when it was followed by another drift within the hour.
#include "core/fights.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum { MOST_TIMES = 20, MOST_VALUE_BYTES = 60 };

static bool is_past(const json_t *fight, int64_t wall_ms)
{
	return !js_bool(fight, "contested", false) &&
	       js_int(fight, "corrected_ms", 0) <= wall_ms - FIGHTS_HOUR_MS;
}

void fights_corrected(json_t *fights, const char *path, int64_t wall_ms)
{
	const char *other;
	void *next;
	json_t *fight;
	json_object_foreach_safe (fights, next, other, fight)
		if (is_past(fight, wall_ms))
			json_object_del(fights, other);
	fight = json_object_get(fights, path);
	if (!fight) {
		fight = json_pack("{s:[]}", "at");
		json_object_set_new(fights, path, fight);
	}
	json_object_set_new(fight, "corrected_ms", json_integer(wall_ms));
}

bool fights_yielded(json_t *fights, const char *path)
{
	return json_object_del(fights, path) == 0;
}

bool fights_drop_tags(json_t *fights)
{
	static const char tags[] = "Tags[";
	const char *path;
	void *next;
	json_t *fight;
	bool has_changed = false;
	json_object_foreach_safe (fights, next, path, fight) {
		if (strncmp(path, tags, sizeof(tags) - 1) != 0)
			continue;
		json_object_del(fights, path);
		has_changed = true;
	}
	return has_changed;
}

bool fights_drifted(json_t *fights, const char *path, const json_t *ours, const json_t *theirs,
	int most, int64_t wall_ms)
{
	json_t *fight = json_object_get(fights, path), *at = json_object_get(fight, "at");
	if (!fight || is_past(fight, wall_ms) || js_bool(fight, "contested", false))
		return false;
	json_object_set_new(fight, "ours", ours ? json_incref((json_t *)ours) : json_null());
	json_object_set_new(fight, "theirs", theirs ? json_incref((json_t *)theirs) : json_null());
	json_array_append_new(at, json_integer(wall_ms));
	while (json_integer_value(json_array_get(at, 0)) <= wall_ms - FIGHTS_HOUR_MS ||
		json_array_size(at) > MOST_TIMES)
		json_array_remove(at, 0);
	int limit = most >= 0 ? most : FIGHTS_MOST_CORRECTIONS;
	if ((int)json_array_size(at) < (limit < MOST_TIMES ? limit : MOST_TIMES))
		return false;
	json_object_set_new(fight, "contested", json_true());
	return true;
}

const json_t *fights_find(const json_t *fights, const char *path, const json_t *ours)
{
	const json_t *fight = json_object_get(fights, path);
	const json_t *was = json_object_get(fight, "ours");
	bool is_same = ours ? json_equal((json_t *)ours, (json_t *)was) : json_is_null(was);
	return js_bool(fight, "contested", false) && is_same ? fight : NULL;
}

static void put_value(const json_t *value, char ret_text[MOST_VALUE_BYTES])
{
	_cleanup_free_ char *text =
		json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	str_copy(ret_text, MOST_VALUE_BYTES, !value || json_is_null(value) ? "absent" : text);
	str_trim_utf8(ret_text);
}

void fights_say(
	const json_t *fight, const char *path, const char *address, char *ret_text, size_t bytes)
{
	char ours[MOST_VALUE_BYTES], theirs[MOST_VALUE_BYTES], times[120] = "";
	const json_t *at = json_object_get(fight, "at");
	size_t count = json_array_size(at), used = 0;
	put_value(json_object_get(fight, "ours"), ours);
	put_value(json_object_get(fight, "theirs"), theirs);
	for (size_t i = count > 3 ? count - 3 : 0; i < count && used < sizeof(times); i++) {
		char iso[CLOCK_TEXT_BYTES];
		clock_format_second(json_integer_value(json_array_get(at, i)), iso);
		used += (size_t)snprintf(
			times + used, sizeof(times) - used, "%s%s", used ? ", " : "", iso);
	}
	bool is_whole = str_eq(path, "(resource)");
	snprintf(ret_text, bytes,
		"%.100s was %s %zu times within an hour and %s again each time, last at "
		"%s%s%s%s%s%s: "
		"somebody else is at it; waits for `holdfast release %s`",
		is_whole ? "it" : path, is_whole ? "created" : "corrected", count,
		is_whole ? "deleted" : "changed", times,
		is_whole ? "" : " (ours: ", is_whole ? "" : ours,
		is_whole ? "" : ", theirs: ", is_whole ? "" : theirs, is_whole ? "" : ")", address);
	str_trim_utf8(ret_text);
}

json_t *fights_release(json_t *fights)
{
	json_t *out = json_array();
	const char *path;
	void *next;
	json_t *fight;
	json_object_foreach_safe (fights, next, path, fight) {
		if (!js_bool(fight, "contested", false))
			continue;
		json_array_append_new(out, json_string(path));
		json_object_del(fights, path);
	}
	return out;
}
