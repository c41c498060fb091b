#include "tests/sim/inverse.h"
#include "base/str.h"
#include <ctype.h>
#include <stdlib.h>

static bool match(const json_t *template, const json_t *input, json_t *words);

// "@!desired.X" and "@desired.X" are the same word.
static const char *word_of(const json_t *template)
{
	const char *text = json_string_value(template);
	if (!text || text[0] != '@' || text[1] == '{')
		return NULL;
	return text + (text[1] == '!' ? 2 : 1);
}

static bool is_constant(const json_t *template)
{
	return !json_is_object(template) && !json_is_array(template) && !word_of(template);
}

// One of the branches may be absent, and so the value.
static bool match_branch(const json_t *template, const json_t *input, json_t *words)
{
	const json_t *then = json_object_get(template, "@then");
	const json_t *otherwise = json_object_get(template, "@else");
	return (then && match(then, input, words)) || (otherwise && match(otherwise, input, words));
}

static bool match_object(const json_t *template, const json_t *input, json_t *words)
{
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)template, key, member) {
		const json_t *given = json_object_get(input, key);
		if (!given && is_constant(member))
			return false;
		if (given && !match(member, given, words))
			return false;
	}
	return true;
}

static bool match(const json_t *template, const json_t *input, json_t *words)
{
	const char *word = template ? word_of(template) : NULL;
	if (!template)
		return true;
	if (word) {
		char name[80];
		str_copy(name, sizeof(name), word);
		name[strcspn(name, "!")] = '\0'; // "@region!=us-east-1"
		json_object_set(words, name, (json_t *)input);
		return true;
	}
	if (json_is_object(template) && json_object_get(template, "@if"))
		return match_branch(template, input, words);
	if (json_is_object(template))
		return json_is_object(input) && match_object(template, input, words);
	if (!json_is_array(template))
		return str_starts(json_string_value(template) ? json_string_value(template) : "",
			       "@{") ||
		       json_equal((json_t *)template, (json_t *)input);
	for (size_t i = 0; i < json_array_size(template) && i < json_array_size(input); i++)
		if (!match(json_array_get(template, i), json_array_get(input, i), words))
			return false;
	return json_is_array(input);
}

bool inverse_match(const char *args, const json_t *input, json_t *ret_words)
{
	_cleanup_json_ json_t *template = args ? json_loads(args, JSON_DECODE_ANY, NULL) : NULL;
	return !args || match(template, input, ret_words);
}

// ---- places

static json_t *grow(json_t *list, size_t at)
{
	while (json_array_size(list) <= at)
		json_array_append_new(list, json_object());
	return json_array_get(list, at);
}

static json_t *list_at(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(object, name, list);
	}
	return list;
}

static void put(json_t *object, const char *path, json_t *value);

// "A[].B": one value an element; "A[X=y].B": of the element that has it.
static void put_in_list(json_t *object, const char *name, const char *rest, json_t *value)
{
	json_t *list = list_at(object, name);
	const char *end = strchr(rest, ']');
	const char *after = end[1] == '.' ? end + 2 : end + 1;
	char key[80], *equals;
	str_copy(key, sizeof(key), rest + 1);
	key[strcspn(key, "]")] = '\0';
	equals = strchr(key, '=');
	if (!equals) {
		json_array_clear(list);
		for (size_t i = 0; i < json_array_size(value); i++)
			put(grow(list, i), after, json_incref(json_array_get(value, i)));
		json_decref(value);
		return;
	}
	*equals = '\0';
	json_t *element = NULL, *one;
	size_t i;
	json_array_foreach (list, i, one)
		if (str_eq_null(js_str(one, key), equals + 1))
			element = one;
	element = element ? element : grow(list, json_array_size(list));
	js_set_str(element, key, equals + 1);
	put(element, after, value);
}

static void put(json_t *object, const char *path, json_t *value)
{
	char name[80];
	size_t n = strcspn(path, ".[");
	str_copy(name, sizeof(name), path);
	name[n < sizeof(name) ? n : 0] = '\0';
	const char *rest = path + n;
	if (!*rest) {
		json_object_set_new(object, name, value);
	} else if (*rest == '[') {
		put_in_list(object, name, rest, value);
	} else if (isdigit((unsigned char)rest[1])) {
		const char *after = rest + 1 + strcspn(rest + 1, ".");
		json_t *list = list_at(object, name);
		size_t at = strtoul(rest + 1, NULL, 10);
		if (*after)
			put(grow(list, at), after + 1, value);
		else if (at < json_array_size(list))
			json_array_set_new(list, at, value);
		else
			json_array_append_new(list, value);
	} else {
		json_t *inner = json_object_get(object, name);
		if (!json_is_object(inner)) {
			inner = json_object();
			json_object_set_new(object, name, inner);
		}
		put(inner, rest + 1, value);
	}
}

void inverse_put(json_t *item, const char *path, json_t *value)
{
	const char *bar = strrchr(path, '|');
	char text[160];
	str_copy(text, sizeof(text), bar ? bar + 1 : path);
	size_t length = strlen(text);
	if (length && text[length - 1] == '?') // whether it is there
		text[length - 1] = '\0';
	put(item, text, value);
}
