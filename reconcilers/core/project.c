// Projection keeps only what the tables name, so unknown members of AWS's answers change nothing.
#include "core/project.h"
#include "base/str.h"
#include "core/path.h"
#include "core/template.h"

// Is `word` one of the space-separated words, any case?
static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = words; p && *p; p += strspn(p, " ")) {
		size_t m = strcspn(p, " ");
		char one[64];
		if (m == n && m < sizeof(one)) {
			memcpy(one, p, m);
			one[m] = '\0';
			if (str_eq_nocase(one, word))
				return true;
		}
		p += m;
	}
	return false;
}

static char *text_at(const json_t *item, const char *path)
{
	if (!path)
		return NULL;
	_cleanup_json_ json_t *value = path_get(item, path);
	return json_is_string(value) ? strdup(json_string_value(value)) : NULL;
}

static bool is_skipped(const struct match_row *rows, const json_t *item, const json_t *scope)
{
	for (const struct match_row *row = rows; row && row->path; row++) {
		char glob[256];
		// A glob that refers to something absent matches nothing.
		if (template_text(row->glob, scope, glob, sizeof(glob)) && (*glob || !*row->glob) &&
			path_matches(item, row->path, glob))
			return true;
	}
	return false;
}

static json_t *project_items(const struct field *field, json_t *value, const json_t *item)
{
	json_t *out = json_array();
	_cleanup_json_ json_t *scope = json_pack("{s:O}", "observed", item);
	size_t i;
	json_t *one;
	json_array_foreach (value, i, one) {
		if (!json_is_object(one) || is_skipped(field->skip, one, scope))
			continue;
		json_t *copy = json_deep_copy(one);
		if (field->canon)
			field->canon(copy);
		json_array_append_new(out, copy);
	}
	json_decref(value);
	return out;
}

static json_t *project(const struct kind *kind, const json_t *item)
{
	json_t *out = json_object();
	for (const struct field *f = kind->fields; f->name; f++) {
		if (f->type == FIELD_FLAG || (f->flags & (FIELD_WRITE_ONLY | FIELD_SECRET)))
			continue;
		const char *member = field_member(kind, NULL, f);
		const char *path = f->observed ? f->observed : member;
		json_t *value = member ? path_get(item, path) : NULL;
		if (value && f->type == FIELD_ITEMS)
			value = project_items(f, value, item);
		// Two fields may share a member ("vpc" and "subnet" of a flow log): first one wins.
		if (value && !json_object_get(out, member))
			json_object_set_new(out, member, value);
		else
			json_decref(value);
	}
	return out;
}

static json_t *project_tags(const struct kind *kind, const json_t *item)
{
	json_t *out = json_object();
	if (!kind->tagging)
		return out;
	_cleanup_json_ json_t *list = path_get(item, kind->tagging->observed);
	size_t i;
	json_t *tag;
	json_array_foreach (list, i, tag) {
		const char *key = js_str(tag, "Key"), *value = js_str(tag, "Value");
		if (key)
			json_object_set_new(out, key, json_string(value ? value : ""));
	}
	return out;
}

static void judge(const struct kind *kind, const json_t *item, struct sighting *s)
{
	const struct states *states = &kind->states;
	_cleanup_free_ char *state = text_at(item, states->path);
	if (state) {
		str_copy(s->state, sizeof(s->state), state);
		s->is_pending = has_word(states->pending, state);
		s->is_failed = has_word(states->failed, state);
		s->is_gone = has_word(states->gone, state);
		s->is_past = has_word(states->past, state);
	}
	if (s->is_failed) {
		_cleanup_free_ char *message = text_at(item, states->message);
		str_copy(s->reason, sizeof(s->reason), "Failed");
		str_copy(s->message, sizeof(s->message), message ? message : s->state);
		return;
	}
	for (const struct condition *c = kind->conditions; c && c->path; c++) {
		if (!path_matches(item, c->path, c->glob))
			continue;
		_cleanup_free_ char *message = text_at(item, c->message);
		str_copy(s->reason, sizeof(s->reason), c->reason);
		str_copy(s->message, sizeof(s->message), message ? message : "");
		return;
	}
}

struct err sighting_make(const struct kind *kind, const json_t *item, struct sighting *ret)
{
	char *id = text_at(item, kind->observe.id);
	if (str_empty(id)) {
		free(id);
		return err_code(ERR_TRANSIENT, "BadAnswer", "%s answered a %s without %s",
			kind->observe.list.operation, kind->name, kind->observe.id);
	}
	*ret = (struct sighting){.id = id};
	ret->arn = text_at(item, kind->observe.arn);
	ret->observed = project(kind, item);
	ret->tags = project_tags(kind, item);
	const char *address = js_str(ret->tags, TAG_RESOURCE),
		   *stack = js_str(ret->tags, TAG_STACK);
	ret->address = address ? strdup(address) : NULL;
	ret->stack = stack ? strdup(stack) : NULL;
	judge(kind, item, ret);
	return ERR_OK;
}

void sighting_done(struct sighting *s)
{
	free(s->id);
	free(s->arn);
	free(s->address);
	free(s->stack);
	json_decref(s->observed);
	json_decref(s->tags);
	*s = (struct sighting){0};
}
