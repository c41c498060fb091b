#include "tests/sim/pace.h"
#include <stdlib.h>

enum {
	SOON_MS = 25000 // a second's pause, and looks that are slow
};

void pace_init(struct pace *pace)
{
	pace->tries = json_object();
}

void pace_done(struct pace *pace)
{
	json_decref(pace->tries);
}

void pace_forget(struct pace *pace)
{
	json_object_clear(pace->tries);
}

// The call as text, without what is of each try alone.
static char *name_of(const char *operation, const json_t *input)
{
	json_t *copy = json_copy((json_t *)input);
	const char *key;
	void *next;
	json_t *value;
	json_object_foreach_safe (copy, next, key, value)
		if (str_ends(key, "oken"))
			json_object_del(copy, key);
	_cleanup_free_ char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(copy);
	return str_format("%s %s", operation, text ? text : "");
}

static int closed_drifts(const struct sim *sim)
{
	const char *id;
	json_t *drift;
	int count = 0;
	json_object_foreach (sim->storage.drifts, id, drift)
		count += js_str(drift, "how") != NULL;
	return count;
}

// A read that lags may show in between that all is well: what is tried then is another incident's.
static void note_when(json_t *tries, const struct sim *sim)
{
	json_t *at = json_object_get(tries, "at");
	int closed = closed_drifts(sim);
	if (json_array_size(at) == 1 && js_int(tries, "closed", 0) != closed)
		json_array_clear(at);
	json_object_set_new(tries, "closed", json_integer(closed));
	if (json_array_size(at) < 2)
		json_array_append_new(at, json_integer(sim_now_ms(sim)));
}

void pace_note(struct pace *pace, const struct sim *sim, const char *operation, const json_t *input)
{
	_cleanup_free_ char *name = name_of(operation, input);
	json_t *tries = json_object_get(pace->tries, name);
	if (!tries) {
		tries = json_pack("{s:i, s:[]}", "count", 0, "at");
		json_object_set_new(pace->tries, name, tries);
	}
	json_object_set_new(tries, "count", json_integer(js_int(tries, "count", 0) + 1));
	note_when(tries, sim);
}

// As many as fit, when each pause is twice the one before, begins with half of this, and ends with
// half of that: pauses are half fixed, half random. And a few, as another look may tell of another
// change, which is tried anew.
static int most_tries(enum err_class class, int64_t ms)
{
	enum { ANEW = 3 };
	int64_t pause = class == ERR_DENIED || class == ERR_INVALID ? 30000
			: class == ERR_THROTTLED                    ? 2500
								    : 500;
	int64_t longest = class == ERR_DENIED || class == ERR_INVALID ? 450000
			  : class == ERR_THROTTLED                    ? 150000
								      : 30000;
	int count = 1;
	for (int64_t at = pause; at <= ms; at += pause) {
		pause = pause * 2 < longest ? pause * 2 : longest;
		count++;
	}
	return count + ANEW;
}

void pace_expect_calm(const struct pace *pace, struct sim *sim, enum err_class class, int64_t ms)
{
	const char *name;
	json_t *tries;
	json_object_foreach (pace->tries, name, tries)
		if (js_int(tries, "count", 0) > most_tries(class, ms))
			trace_fail(&sim->trace,
				"tried %lld times in %lld s while it was refused (%s): %.200s",
				(long long)js_int(tries, "count", 0), (long long)ms / 1000,
				err_class_name(class), name);
}

void pace_expect_soon(const struct pace *pace, struct sim *sim)
{
	const char *name;
	json_t *tries;
	json_object_foreach (pace->tries, name, tries) {
		const json_t *at = json_object_get(tries, "at");
		int64_t waited = json_integer_value(json_array_get(at, 1)) -
				 json_integer_value(json_array_get(at, 0));
		if (json_array_size(at) == 2 && waited > SOON_MS)
			trace_fail(&sim->trace,
				"tried again only %lld s after it failed once: %.200s",
				(long long)waited / 1000, name);
	}
}
