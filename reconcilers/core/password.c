// One character of each wanted sort first, the rest from all of them, then shuffled: every position
// is as likely for each sort, and no draw is biased by a remainder.
#include "core/password.h"
#include "base/hash.h"
#include "base/str.h"

enum { SORTS = 5 };

/* The characters that may be used, by sort. */
struct alphabet {
	char sorts[SORTS][40];
	size_t counts[SORTS];
	size_t sort_count; // of those that have any
	char all[SORTS * 40];
	size_t count;
};

static const struct {
	const char *characters, *option;
	bool is_on; // unless the option is set; else only when it is
} sorts[SORTS] = {
	{"abcdefghijklmnopqrstuvwxyz", "exclude_lowercase", true},
	{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "exclude_uppercase", true},
	{"0123456789", "exclude_numbers", true},
	{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "exclude_punctuation", true},
	{" ", "include_space", false},
};

static void fill_alphabet(const json_t *how, struct alphabet *a)
{
	const char *excluded = js_str(how, "exclude_characters");
	*a = (struct alphabet){0};
	for (size_t i = 0; i < SORTS; i++) {
		if (js_bool(how, sorts[i].option, false) == sorts[i].is_on)
			continue;
		char *sort = a->sorts[a->sort_count];
		size_t count = 0;
		for (const char *c = sorts[i].characters; *c; c++)
			if (!excluded || !strchr(excluded, *c))
				sort[count++] = a->all[a->count++] = *c;
		a->counts[a->sort_count] = count;
		a->sort_count += count > 0;
	}
}

// Below `limit`, each as likely as the others; false without randomness.
static bool draw(size_t limit, size_t *ret)
{
	uint32_t bits, whole = UINT32_MAX - UINT32_MAX % (uint32_t)limit;
	do {
		if (!hash_random(&bits, sizeof(bits)))
			return false;
	} while (bits >= whole);
	*ret = bits % limit;
	return true;
}

static bool fill(const struct alphabet *a, bool one_of_each, char *out, size_t length)
{
	size_t at = 0, index;
	for (size_t i = 0; one_of_each && i < a->sort_count; i++) {
		if (!draw(a->counts[i], &index))
			return false;
		out[at++] = a->sorts[i][index];
	}
	while (at < length) {
		if (!draw(a->count, &index))
			return false;
		out[at++] = a->all[index];
	}
	for (size_t i = length; i > 1; i--) {
		if (!draw(i, &index))
			return false;
		char kept = out[i - 1];
		out[i - 1] = out[index];
		out[index] = kept;
	}
	return true;
}

static struct err put_into(const char *template, const char *key, const char *word, struct buf *out)
{
	char why[160];
	_cleanup_json_ json_t *object = js_parse(template, strlen(template), why, sizeof(why));
	if (!json_is_object(object) || str_empty(key))
		return err_new(
			ERR_INVALID, "the template is no JSON object: %s", object ? "" : why);
	json_t *value = json_string(word);
	json_object_set_new(object, key, value);
	char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	bool ok = text && buf_adds(out, text);
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	if (value)
		explicit_bzero((char *)json_string_value(value), json_string_length(value));
	return ok ? ERR_OK : err_nomem();
}

struct err password_make(const json_t *how, struct buf *out)
{
	struct alphabet a;
	char word[PASSWORD_MOST + 1];
	int64_t length = js_int(how, "password_length", PASSWORD_LENGTH);
	bool one_of_each = js_bool(how, "require_each_included_type", true);
	const char *template = js_str(how, "template");
	fill_alphabet(how, &a);
	if (a.count == 0)
		return err_new(ERR_INVALID, "every character is excluded");
	if (length < 1 || length > PASSWORD_MOST)
		return err_new(ERR_INVALID, "a length from 1 to %d", PASSWORD_MOST);
	if (one_of_each && (size_t)length < a.sort_count)
		return err_new(ERR_INVALID, "%lld characters cannot hold one of each of %zu sorts",
			(long long)length, a.sort_count);
	if (!fill(&a, one_of_each, word, (size_t)length))
		return err_new(ERR_BUG, "no randomness");
	word[length] = '\0';
	struct err err = ERR_OK;
	if (template)
		err = put_into(template, js_str(how, "key"), word, out);
	else if (!buf_adds(out, word))
		err = err_nomem();
	explicit_bzero(word, sizeof(word));
	return err;
}
