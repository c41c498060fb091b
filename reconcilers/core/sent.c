#include "core/sent.h"
#include "base/str.h"

static bool is_token(const char *text, const char *token)
{
	if (str_eq(text, token))
		return true;
	for (; *token; token++)
		if (*token != '-' && *text++ != *token)
			return false;
	return !*text;
}

bool sent_bears(const json_t *input, const char *token)
{
	const char *member;
	json_t *value;
	if (str_empty(token))
		return false;
	json_object_foreach ((json_t *)input, member, value)
		if (json_is_string(value) && is_token(json_string_value(value), token))
			return true;
	return false;
}

static bool is_kept(const json_t *input)
{
	const char *member;
	json_t *value;
	json_object_foreach ((json_t *)input, member, value)
		if (js_str(value, "@source") ||
			str_eq_null(json_string_value(value), SENT_SENSITIVE))
			return false;
	return true;
}

json_t *sent_note(const json_t *input, const char *token, const char *change, const char *creation)
{
	if (str_empty(change) || !sent_bears(input, token) || !is_kept(input))
		return NULL;
	json_t *note = json_pack("{s:s, s:s}", "token", token, "change", change);
	if (!str_empty(creation))
		js_set_str(note, "creation", creation);
	return note;
}

static bool is_of(const json_t *note, const char *member, const char *name)
{
	return !str_empty(name) && str_eq_null(js_str(note, member), name);
}

const char *sent_token(const json_t *note, const char *change, const char *creation)
{
	return is_of(note, "change", change) || is_of(note, "creation", creation)
		       ? js_str(note, "token")
		       : NULL;
}
