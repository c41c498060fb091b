// Absence travels upwards: an absent value leaves its member out, a demanded one ("@!") its object,
// and what holds nothing but such objects is absent itself.
#include "core/template.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/path.h"
#include <ctype.h>

static json_t *render(const json_t *template, const json_t *scope, bool *ret_drop);

bool template_is_string(const char *text)
{
	return strstr(text, "@{") != NULL;
}

char *template_string(const char *text, const json_t *scope)
{
	struct buf out;
	buf_init(&out, 64 << 10);
	bool is_absent = false;
	for (const char *open; (open = strstr(text, "@{")) && !is_absent;) {
		const char *close = strchr(open, '}');
		char path[160], scalar[4096];
		size_t n = close ? (size_t)(close - open - 2) : sizeof(path);
		if (n >= sizeof(path))
			break;
		memcpy(path, open + 2, n);
		path[n] = '\0';
		buf_add(&out, text, (size_t)(open - text));
		_cleanup_json_ json_t *value = path_get(scope, path);
		is_absent = !value || !path_scalar_text(value, scalar, sizeof(scalar));
		if (!is_absent)
			buf_adds(&out, scalar);
		text = close + 1;
	}
	buf_adds(&out, text);
	char *made = is_absent ? NULL : buf_take(&out);
	buf_done(&out);
	return made;
}

char *template_of_item_at(const char *text, const json_t *item, const json_t *where)
{
	if (!template_is_string(text) || !where)
		return template_of_item(text, item);
	_cleanup_json_ json_t *scope = json_copy((json_t *)where);
	json_object_set(scope, "item", (json_t *)item);
	return template_string(text, scope);
}

char *template_of_item(const char *text, const json_t *item)
{
	if (template_is_string(text)) {
		_cleanup_json_ json_t *scope = json_pack("{s:O}", "item", item);
		return template_string(text, scope);
	}
	_cleanup_json_ json_t *value = path_get(item, text);
	return json_is_string(value) ? strdup(json_string_value(value)) : NULL;
}

static json_t *render_string(const char *text, const json_t *scope, bool *ret_drop)
{
	if (template_is_string(text)) {
		_cleanup_free_ char *made = template_string(text, scope);
		return made ? json_string(made) : NULL;
	}
	if (*text != '@')
		return json_string(text);
	bool is_demanded = text[1] == '!';
	const char *path = text + (is_demanded ? 2 : 1), *unless = strstr(path, "!=");
	char cut[160];
	if (unless && snprintf(cut, sizeof(cut), "%.*s", (int)(unless - path), path) > 0)
		path = cut;
	json_t *value = path_get(scope, path);
	if (unless && json_is_string(value) && str_eq(json_string_value(value), unless + 2)) {
		json_decref(value);
		value = NULL;
	}
	if (is_demanded && (!value || (json_is_array(value) && json_array_size(value) == 0)))
		*ret_drop = true;
	return value;
}

static json_t *render_object(const json_t *template, const json_t *scope, bool is_inner)
{
	json_t *out = json_object();
	const char *key;
	json_t *member;
	bool is_hollow = false;
	json_object_foreach ((json_t *)template, key, member) {
		bool drop = false;
		json_t *value = render(member, scope, &drop);
		is_hollow = is_hollow || (!value && !json_is_string(member));
		if (drop) {
			json_decref(value);
			json_decref(out);
			return NULL;
		}
		if (value)
			json_object_set_new(out, key, value);
	}
	if (is_inner && is_hollow && json_object_size(out) == 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static json_t *render_array(const json_t *template, const json_t *scope)
{
	json_t *out = json_array();
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)template, i, item) {
		bool drop = false;
		json_t *value = render(item, scope, &drop);
		if (value)
			json_array_append_new(out, value);
	}
	if (json_array_size(template) > 0 && json_array_size(out) == 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static bool is_among(const json_t *list, const json_t *value)
{
	char text[512], other[512];
	size_t i;
	json_t *one;
	if (!path_scalar_text(value, text, sizeof(text)))
		return false;
	json_array_foreach ((json_t *)list, i, one)
		if (path_scalar_text(one, other, sizeof(other)) && str_eq_nocase(text, other))
			return true;
	return false;
}

// {"@if": ..., "@in": [...], "@then": ..., "@else": ...}
static json_t *render_choice(const json_t *template, const json_t *scope, bool *ret_drop)
{
	bool drop = false;
	const json_t *in = json_object_get(template, "@in");
	_cleanup_json_ json_t *value = render(json_object_get(template, "@if"), scope, &drop);
	_cleanup_json_ json_t *list = in ? render(in, scope, &drop) : NULL;
	bool holds = value && (in ? is_among(list, value) : !json_is_false(value));
	const json_t *chosen = json_object_get(template, holds ? "@then" : "@else");
	return chosen ? render(chosen, scope, ret_drop) : NULL;
}

static json_t *render(const json_t *template, const json_t *scope, bool *ret_drop)
{
	switch (json_typeof(template)) {
	case JSON_STRING:
		return render_string(json_string_value(template), scope, ret_drop);
	case JSON_OBJECT:
		return json_object_get(template, "@if") ? render_choice(template, scope, ret_drop)
							: render_object(template, scope, true);
	case JSON_ARRAY:
		return render_array(template, scope);
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return json_incref((json_t *)template);
}

json_t *template_value(const json_t *template, const json_t *scope)
{
	bool drop = false;
	bool is_plain = json_is_object(template) && !json_object_get(template, "@if");
	return is_plain ? render_object(template, scope, false) : render(template, scope, &drop);
}

struct err template_render(const char *text, const json_t *scope, json_t **ret_value)
{
	json_error_t error;
	_cleanup_json_ json_t *template = json_loads(text, JSON_DECODE_ANY, &error);
	if (!template)
		return err_new(
			ERR_BUG, "a table's template is no JSON (%s): %.120s", error.text, text);
	*ret_value = template_value(template, scope);
	return ERR_OK;
}

bool template_text(const char *text, const json_t *scope, char *ret_text, size_t bytes)
{
	struct buf out;
	buf_init(&out, 4096);
	while (*text) {
		if (*text != '@') {
			buf_addc(&out, *text++);
			continue;
		}
		char path[96];
		size_t n = 1;
		while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '.')
			n++;
		if (n >= sizeof(path))
			n = sizeof(path) - 1;
		memcpy(path, text + 1, n - 1);
		path[n - 1] = '\0';
		_cleanup_json_ json_t *value = path_get(scope, path);
		char scalar[512];
		if (value && path_scalar_text(value, scalar, sizeof(scalar)))
			buf_adds(&out, scalar);
		text += n;
	}
	bool ok = !out.failed && str_copy(ret_text, bytes, buf_str(&out));
	buf_done(&out);
	return ok;
}
