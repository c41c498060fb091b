// Four spellings, one meaning: AWS's services never agreed on how a tag is written.
#include "core/tags.h"

static const struct spelling {
	const char *key, *value; // NULL: a map
} spellings[] = {
	[TAGS_KEY_VALUE] = {"Key", "Value"},
	[TAGS_LOWER_CASE] = {"key", "value"},
	[TAGS_TAG_KEY] = {"TagKey", "TagValue"},
	[TAGS_MAP] = {NULL, NULL},
};

json_t *tags_from(enum tag_form form, const json_t *tags)
{
	const struct spelling *how = &spellings[form];
	json_t *out = json_object();
	size_t i;
	json_t *tag, *value;
	const char *key;
	// The tagging API lists in its own spelling what the service itself spells otherwise.
	json_array_foreach (how->key ? (json_t *)tags : NULL, i, tag) {
		for (const struct spelling *s = spellings; s->key; s++) {
			const char *name = js_str(tag, s->key), *text = js_str(tag, s->value);
			if (name)
				json_object_set_new(out, name, json_string(text ? text : ""));
		}
	}
	json_object_foreach (how->key ? NULL : (json_t *)tags, key, value)
		if (json_is_string(value))
			json_object_set(out, key, value);
	return out;
}

json_t *tags_as(enum tag_form form, const json_t *tags)
{
	const struct spelling *how = &spellings[form];
	if (!how->key)
		return json_copy((json_t *)tags);
	json_t *out = json_array();
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)tags, key, value)
		json_array_append_new(
			out, json_pack("{s:s, s:O}", how->key, key, how->value, value));
	return out;
}

json_t *tags_all(const json_t *seen, const json_t *ours, const json_t *left)
{
	json_t *out = seen ? json_copy((json_t *)seen) : json_object();
	size_t i;
	json_t *key;
	json_array_foreach ((json_t *)left, i, key)
		if (json_is_string(key))
			json_object_del(out, json_string_value(key));
	json_object_update(out, (json_t *)ours);
	return out;
}
