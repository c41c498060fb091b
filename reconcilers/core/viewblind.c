#include "core/viewblind.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/str.h"

// "Failed to connect to HOST port 443: Couldn't connect to server" of "ec2:DescribeVpcs: Failed to
// connect to HOST port 443 after 6 ms: Couldn't connect to server".
static char *cause_of(const char *message)
{
	struct buf out = {0};
	const char *end = strstr(message, ": ");
	if (end && !memchr(message, ' ', (size_t)(end - message)) &&
		memchr(message, ':', (size_t)(end - message)))
		message = end + 2;
	while (*message) {
		size_t digits = 0;
		if (str_starts(message, " after ")) {
			digits = strspn(message + 7, "0123456789");
			if (digits > 0 && str_starts(message + 7 + digits, " ms")) {
				message += 7 + digits + 3;
				continue;
			}
		}
		buf_addc(&out, *message++);
	}
	return buf_take(&out);
}

static json_t *group_of(json_t *groups, const char *cause, const json_t *spot)
{
	size_t i;
	json_t *group;
	json_array_foreach (groups, i, group)
		if (str_eq_null(js_str(group, "cause"), cause) &&
			str_eq_null(js_str(group, "class"), js_str(spot, "class")))
			return group;
	group = json_pack("{s:[], s:[], s:s, s:s*, s:s*}", "layers", "kinds", "cause", cause,
		"class", js_str(spot, "class"), "remedy", js_str(spot, "remedy"));
	json_array_append_new(groups, group);
	return group;
}

// ISO-8601 texts of one form: their order is that of time.
static void keep_earlier(json_t *group, const char *key, const json_t *spot)
{
	const char *mine = js_str(group, key), *its = js_str(spot, key);
	if (its && (!mine || strcmp(its, mine) < 0))
		js_set_str(group, key, its);
}

static void add_spot(json_t *groups, const char *layer, const json_t *spot)
{
	const char *message = js_str(spot, "message"), *kind = js_str(spot, "kind");
	_cleanup_free_ char *cause = cause_of(message ? message : "");
	json_t *group = cause ? group_of(groups, cause, spot) : NULL;
	if (!group)
		return;
	if (!js_lists(json_object_get(group, "layers"), layer))
		json_array_append_new(json_object_get(group, "layers"), json_string(layer));
	json_array_append_new(json_object_get(group, "kinds"), json_string(kind ? kind : "-"));
	js_set_str(group, "message", message);
	keep_earlier(group, "since", spot);
	keep_earlier(group, "next_at", spot);
}

static size_t kinds_of(const json_t *group)
{
	return json_array_size(json_object_get(group, "kinds"));
}

// The few groups that there are, the largest first; those of one size in the order of the layers.
static json_t *largest_first(const json_t *groups)
{
	json_t *out = json_array();
	size_t i;
	json_t *group;
	json_array_foreach ((json_t *)groups, i, group) {
		size_t at = 0;
		while (at < json_array_size(out) &&
			kinds_of(json_array_get(out, at)) >= kinds_of(group))
			at++;
		json_array_insert(out, at, group);
	}
	return out;
}

json_t *viewblind_grouped(const json_t *layers)
{
	_cleanup_json_ json_t *groups = json_array();
	size_t i, j;
	json_t *layer, *spot, *group;
	json_array_foreach ((json_t *)layers, i, layer)
		json_array_foreach (json_object_get(layer, "blind"), j, spot)
			add_spot(groups, js_str(layer, "name"), spot);
	json_array_foreach (groups, i, group) {
		if (kinds_of(group) == 1)
			json_object_set(group, "cause", json_object_get(group, "message"));
		json_object_del(group, "message");
	}
	return largest_first(groups);
}

int viewblind_count(const struct stack *stack)
{
	int count = 0;
	for (size_t i = 0; i < stack->reconciler_count; i++) {
		const struct reconciler *r = &stack->reconcilers[i];
		bool is_blind = false;
		for (size_t j = 0; j < r->watch_count; j++)
			is_blind = is_blind || r->watches[j].failure.count > 0;
		count += is_blind;
	}
	return count;
}
