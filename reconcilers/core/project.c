// Projection keeps only what the tables name, so unknown members of AWS's answers change nothing.
#include "core/project.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/path.h"
#include "core/tags.h"
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
	return path ? template_of_item(path, item) : NULL;
}

// "PendingModifiedValues.MultiAZ|MultiAZ": the first that is there; "Secret?": whether it is.
static json_t *first_of(const json_t *item, const char *paths)
{
	char path[200];
	while (*paths) {
		size_t n = strcspn(paths, "|");
		if (n >= sizeof(path))
			return NULL;
		memcpy(path, paths, n);
		path[n] = '\0';
		bool is_question = n > 0 && path[n - 1] == '?';
		if (is_question)
			path[n - 1] = '\0';
		json_t *value = path_get(item, path);
		if (is_question) {
			json_t *answer = json_boolean(value != NULL);
			json_decref(value);
			return answer;
		}
		if (value)
			return value;
		paths += n + (paths[n] == '|');
	}
	return NULL;
}

// Only the part of a text that begins with `starts` ("app/|net/": with the one that comes first);
// takes the value over.
static json_t *part_from(json_t *value, const char *starts)
{
	const char *text = json_string_value(value), *part = NULL;
	while (text && *starts) {
		char start[64];
		size_t n = strcspn(starts, "|");
		snprintf(start, sizeof(start), "%.*s", (int)n, starts);
		const char *hit = strstr(text, start);
		if (hit && (!part || hit < part))
			part = hit;
		starts += n + (starts[n] == '|');
	}
	json_t *out = part ? json_string(part) : NULL;
	json_decref(value);
	return out;
}

static json_t *part_after(json_t *value, const char *mark)
{
	const char *text = json_string_value(value), *part = text;
	for (const char *p = text; p && (p = strstr(p, mark));)
		part = p += strlen(mark);
	json_t *out = part ? json_string(part) : NULL;
	json_decref(value);
	return out;
}

// [{"Key": "a", "Value": "b"}] -> {"a": "b"}; takes the value over.
static json_t *project_pairs(const struct field *field, json_t *value)
{
	json_t *out = json_object();
	size_t i;
	json_t *one;
	json_array_foreach (value, i, one) {
		const char *key = js_str(one, field->pair_key);
		json_t *text = json_object_get(one, field->pair_value);
		if (key)
			json_object_set_new(out, key,
				json_is_string(text) ? json_incref(text) : json_string(""));
	}
	json_decref(value);
	return out;
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
		for (const struct field *f = field->items; f && f->name; f++)
			if (f->compare == COMPARE_POLICY && json_object_get(copy, f->member))
				json_object_set_new(copy, f->member,
					compare_plain(json_object_get(one, f->member)));
		if (field->canon)
			field->canon(copy);
		json_array_append_new(out, copy);
	}
	json_decref(value);
	return out;
}

// A copy: what was observed is shared with the memo of its answer. Takes the value over.
static json_t *canonical(const struct field *field, json_t *value)
{
	json_t *copy = json_deep_copy(value);
	json_decref(value);
	field->canon(copy);
	return copy;
}

// Is it under a member that could not be read of this item, or was not this time?
static bool is_unread(const struct kind *kind, const struct field *field, const json_t *item)
{
	const char *path = field->observed ? field->observed : field_member(kind, NULL, field);
	for (int i = 0; path && i < KIND_MOST_FOLLOWS; i++) {
		const struct follow *f = &kind->observe.follows[i];
		size_t n = f->into ? strlen(f->into) : 0;
		if (!f->into || strncmp(path, f->into, n) != 0 ||
			(path[n] != '\0' && path[n] != '.'))
			continue;
		if (f->unless.path && path_matches(item, f->unless.path, f->unless.glob))
			return true;
		if (f->rarely && !json_object_get(item, f->into))
			return true;
	}
	return false;
}

// {"Member": true} of what could not be read, or NULL.
static json_t *project_unread(const struct kind *kind, const json_t *item)
{
	json_t *out = NULL;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		if (!member || !is_unread(kind, f, item))
			continue;
		if (!out)
			out = json_object();
		json_object_set_new(out, member, json_true());
	}
	return out;
}

static json_t *project_field(const struct field *f, const char *path, const json_t *item)
{
	json_t *value = first_of(item, path);
	if (value && f->starts_at)
		value = part_from(value, f->starts_at);
	if (value && f->after_last)
		value = part_after(value, f->after_last);
	if (value && f->compare == COMPARE_POLICY) {
		json_t *encoded = value;
		value = compare_plain(encoded);
		json_decref(encoded);
	}
	if (value && f->type == FIELD_ITEMS)
		value = project_items(f, value, item);
	else if (value && f->type == FIELD_PAIRS)
		value = project_pairs(f, value);
	else if (value && f->canon)
		value = canonical(f, value);
	if (!value && f->absent)
		value = json_loads(f->absent, JSON_DECODE_ANY, NULL);
	return value;
}

static json_t *project(const struct kind *kind, const json_t *item)
{
	json_t *out = json_object();
	for (const struct field *f = kind->fields; f->name; f++) {
		if (f->type == FIELD_FLAG || (f->flags & (FIELD_WRITE_ONLY | FIELD_SECRET)))
			continue;
		const char *member = field_member(kind, NULL, f);
		const char *path = f->observed ? f->observed : member;
		json_t *value =
			member && !is_unread(kind, f, item) ? project_field(f, path, item) : NULL;
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
	json_decref(out);
	return tags_from(kind->tagging->form, list);
}

static bool condition_holds(const struct condition *c, const json_t *item)
{
	if (c->glob)
		return path_matches(item, c->path, c->glob);
	_cleanup_json_ json_t *one = path_get(item, c->path), *other = path_get(item, c->unlike);
	return one && other && !compare_holds(COMPARE_NUMBER, one, other);
}

// "create a CNAME for ..; create ..": each once.
static char *waits_each(const struct states *states, const json_t *item)
{
	_cleanup_json_ json_t *list = path_get(item, states->waits_each);
	_cleanup_json_ json_t *said = json_object();
	struct buf out;
	buf_init(&out, 4096);
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one) {
		_cleanup_json_ json_t *scope = json_pack("{s:O, s:O}", "each", one, "item", item);
		_cleanup_free_ char *text = template_string(states->waits, scope);
		if (!text || json_object_get(said, text))
			continue;
		json_object_set_new(said, text, json_true());
		buf_addf(&out, "%s%s", out.len ? "; " : "", text);
	}
	return buf_take(&out);
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
	if (states->restorable.path &&
		path_matches(item, states->restorable.path, states->restorable.glob))
		s->is_gone = s->is_restorable = true;
	if (s->is_failed) {
		_cleanup_free_ char *message = text_at(item, states->message);
		str_copy(s->reason, sizeof(s->reason), "Failed");
		str_copy(s->message, sizeof(s->message), message ? message : s->state);
		return;
	}
	if (s->is_pending && states->waits) {
		_cleanup_free_ char *waits = states->waits_each ? waits_each(states, item)
								: text_at(item, states->waits);
		str_copy(s->message, sizeof(s->message), waits ? waits : "");
	}
	for (const struct condition *c = kind->conditions; !s->is_pending && c && c->path; c++) {
		if (!condition_holds(c, item))
			continue;
		_cleanup_free_ char *message = text_at(item, c->message);
		s->is_progress = c->is_progress;
		str_copy(s->reason, sizeof(s->reason), c->reason);
		str_copy(s->message, sizeof(s->message), message ? message : "");
		return;
	}
}

// {"Member": [values that AWS gave up]}, or NULL.
static json_t *project_refused(const struct kind *kind, const json_t *item)
{
	json_t *out = NULL;
	for (const struct field *f = kind->fields; f->name; f++) {
		json_t *values = f->refused ? path_get(item, f->refused) : NULL;
		if (values && !json_is_array(values))
			values = json_pack("[o]", values);
		if (values && !out)
			out = json_object();
		if (values)
			json_object_set_new(out, field_member(kind, NULL, f), values);
	}
	return out;
}

bool sighting_is_past(const struct kind *kind, const json_t *item)
{
	_cleanup_free_ char *state = kind->states.past ? text_at(item, kind->states.path) : NULL;
	return state && str_has_word(kind->states.past, state);
}

struct err sighting_make(
	const struct kind *kind, const json_t *item, const json_t *where, struct sighting *ret)
{
	char *id = text_at(item, kind->observe.id);
	if (str_empty(id)) {
		free(id);
		return err_code(ERR_TRANSIENT, "BadAnswer", "%s answered a %s without %s",
			kind->observe.list.operation, kind->name, kind->observe.id);
	}
	*ret = (struct sighting){.id = id};
	if (kind->observe.arn)
		ret->arn = template_of_item_at(kind->observe.arn, item, where);
	ret->observed = project(kind, item);
	if (kind->canon)
		kind->canon(ret->observed);
	ret->unread = project_unread(kind, item);
	ret->refused = project_refused(kind, item);
	ret->tags = project_tags(kind, item);
	const char *address = js_str(ret->tags, TAG_RESOURCE),
		   *stack = js_str(ret->tags, TAG_STACK);
	ret->address = address ? strdup(address) : NULL;
	ret->stack = stack ? strdup(stack) : NULL;
	judge(kind, item, ret);
	return ERR_OK;
}

void sighting_recall(
	const struct kind *kind, const json_t *item, const json_t *before, struct sighting *seen)
{
	for (int i = 0; i < KIND_MOST_FOLLOWS; i++) {
		const struct follow *f = &kind->observe.follows[i];
		json_t *value = f->rarely && json_object_get(seen->unread, f->into)
					? json_object_get(before, f->into)
					: NULL;
		if (!value ||
			(f->unless.path && path_matches(item, f->unless.path, f->unless.glob)))
			continue;
		json_object_set(seen->observed, f->into, value);
		json_object_del(seen->unread, f->into);
	}
	if (json_object_size(seen->unread) == 0)
		json_decref(TAKE(seen->unread));
}

void sighting_share(struct sighting *copy)
{
	copy->id = copy->id ? strdup(copy->id) : NULL;
	copy->arn = copy->arn ? strdup(copy->arn) : NULL;
	copy->address = copy->address ? strdup(copy->address) : NULL;
	copy->stack = copy->stack ? strdup(copy->stack) : NULL;
	json_incref(copy->observed);
	json_incref(copy->refused);
	json_incref(copy->unread);
	json_incref(copy->tags);
}

void sighting_done(struct sighting *s)
{
	free(s->id);
	free(s->arn);
	free(s->address);
	free(s->stack);
	json_decref(s->observed);
	json_decref(s->refused);
	json_decref(s->unread);
	json_decref(s->tags);
	*s = (struct sighting){0};
}
