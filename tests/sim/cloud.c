#include "tests/sim/cloud.h"
#include "core/tags.h"
#include <stdlib.h>

// ---- things

json_t *thing_truth(const struct thing *thing)
{
	if (!thing)
		return NULL;
	size_t count = json_array_size(thing->versions);
	const json_t *last = json_array_get(thing->versions, count - 1);
	json_t *item = json_object_get(last, "item");
	return json_is_object(item) ? item : NULL;
}

int64_t cloud_now(const struct cloud *cloud)
{
	return loop_wall_ms(cloud->loop);
}

void thing_set(struct cloud *cloud, struct thing *thing, json_t *item)
{
	int64_t at =
		cloud_now(cloud) + random_between(&cloud->random, 0, cloud->weather.most_lag_ms);
	json_array_append_new(thing->versions,
		json_pack("{s:I, s:o}", "at", (json_int_t)at, "item", item ? item : json_null()));
	// What every read has passed is history.
	while (json_array_size(thing->versions) > 1 &&
		js_int(json_array_get(thing->versions, 1), "at", 0) <= cloud_now(cloud))
		json_array_remove(thing->versions, 0);
}

// Until every read shows a change, some do; soon after the first that did, all do.
const json_t *thing_view(struct cloud *cloud, const struct thing *thing)
{
	const struct weather *weather = &cloud->weather;
	const int64_t disagree_ms = weather->disagree_ms ? weather->disagree_ms : 8000;
	const int stale = weather->stale ? weather->stale : 600;
	size_t i = thing ? json_array_size(thing->versions) : 0;
	int64_t now = cloud_now(cloud);
	while (i-- > 0) {
		json_t *version = json_array_get(thing->versions, i);
		int64_t at = js_int(version, "at", 0);
		if (at > now && random_hit(&cloud->random, stale))
			continue;
		if (at > now + disagree_ms)
			json_object_set_new(version, "at", json_integer(now + disagree_ms));
		const json_t *item = json_object_get(version, "item");
		return json_is_object(item) ? item : NULL;
	}
	return NULL;
}

struct thing *cloud_find(struct cloud *cloud, const char *id)
{
	for (size_t i = 0; id && i < cloud->count; i++)
		if (str_eq(cloud->things[i].id, id) && thing_truth(&cloud->things[i]))
			return &cloud->things[i];
	return NULL;
}

const char *thing_tag(const json_t *item, const char *name)
{
	size_t i;
	json_t *tag;
	json_array_foreach (json_object_get(item, "Tags"), i, tag)
		if (str_eq_null(js_str(tag, "Key"), name))
			return js_str(tag, "Value");
	return NULL;
}

json_t *thing_tags(const struct thing *thing, const json_t *item)
{
	_cleanup_json_ json_t *shown =
		thing->kind->tagging ? path_get(item, thing->kind->tagging->observed) : NULL;
	json_t *tags = shown ? tags_from(thing->kind->tagging->form, shown) : NULL;
	return tags ? tags : json_object();
}

static bool lists_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = words; at && (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

bool thing_is_alive(const struct thing *thing)
{
	const json_t *item = thing_truth(thing);
	const struct states *states = &thing->kind->states;
	if (!item)
		return false;
	_cleanup_json_ json_t *state = states->path ? path_get(item, states->path) : NULL;
	const char *word = json_string_value(state);
	bool is_going = states->restorable.path &&
			path_matches(item, states->restorable.path, states->restorable.glob);
	return !is_going && !(word && lists_word(states->gone, word));
}

bool thing_bears(const struct thing *thing, const char *address)
{
	if (thing->is_bystander || !thing_is_alive(thing))
		return false;
	if (str_eq(thing->kind->service, "ec2"))
		return str_eq_null(thing_tag(thing_truth(thing), TAG_RESOURCE), address);
	_cleanup_json_ json_t *tags = thing_tags(thing, thing_truth(thing));
	return str_eq_null(js_str(tags, TAG_RESOURCE), address);
}

struct thing *cloud_by_address(struct cloud *cloud, const char *address)
{
	for (size_t i = 0; i < cloud->count; i++)
		if (thing_bears(&cloud->things[i], address))
			return &cloud->things[i];
	return NULL;
}

int cloud_count(struct cloud *cloud, const char *kind)
{
	int count = 0;
	for (size_t i = 0; i < cloud->count; i++)
		count += thing_is_alive(&cloud->things[i]) && !cloud->things[i].is_bystander &&
			 (!*kind || str_eq(cloud->things[i].kind->name, kind));
	return count;
}

json_t *thing_edit(const struct thing *thing)
{
	return json_deep_copy(thing_truth(thing));
}

void cloud_new_id(struct cloud *cloud, const char *prefix, char ret_id[40])
{
	snprintf(ret_id, 40, "%s-%08x", prefix, ++cloud->next_id);
}

struct thing *cloud_add(struct cloud *cloud, const struct kind *kind, const char *id, json_t *item)
{
	if (cloud->count == cloud->size) {
		cloud->size = cloud->size ? cloud->size * 2 : 32;
		cloud->things = reallocarray(cloud->things, cloud->size, sizeof(*cloud->things));
		if (!cloud->things)
			abort();
	}
	struct thing *thing = &cloud->things[cloud->count++];
	*thing = (struct thing){.id = strdup(id), .kind = kind, .versions = json_array()};
	_cleanup_json_ json_t *tags = thing_tags(thing, item);
	const char *address = js_str(tags, TAG_RESOURCE);
	for (size_t i = 0; address && i + 1 < cloud->count; i++)
		if (thing_bears(&cloud->things[i], address))
			cloud_blame(cloud, "%s: %s beside %s", address, id, cloud->things[i].id);
	thing_set(cloud, thing, item);
	return thing;
}

void cloud_blame(struct cloud *cloud, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_addf(&cloud->violations, "%s\n", text);
	trace_add(cloud->trace, "!!!", "%s", text);
}

// ---- the beginning and the end

void cloud_init(struct cloud *cloud, uint64_t seed, const char *account)
{
	*cloud = (struct cloud){.random = {seed},
		.account = account,
		.by_operation = json_object(),
		.tokens = json_object(),
		.token_lives_ms = 86400000};
	buf_init(&cloud->violations, 0);
	list_init(&cloud->ghosts);
}

void cloud_done(struct cloud *cloud)
{
	for (size_t i = 0; i < cloud->count; i++) {
		free(cloud->things[i].id);
		json_decref(cloud->things[i].versions);
	}
	free(cloud->things);
	json_decref(cloud->by_operation);
	json_decref(cloud->tokens);
	buf_done(&cloud->violations);
}
