#include "core/unique.h"
#include "base/str.h"
#include "core/place.h"
#include "core/template.h"

// What the file says, with what it refers to as text: two references to one thing are alike.
static json_t *as_texts(const json_t *desired)
{
	json_t *out = json_object();
	const char *member;
	json_t *value;
	json_object_foreach ((json_t *)desired, member, value) {
		_cleanup_free_ char *text =
			json_is_object(value) || json_is_array(value)
				? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS)
				: NULL;
		if (text)
			js_set_str(out, member, text);
		else
			json_object_set(out, member, value);
	}
	return out;
}

// By what AWS tells those of a kind apart; new. NULL: by an id of its own, or that is not known.
static char *key_of(const struct wanted *wanted)
{
	const char *key = wanted->kind->observe.key;
	if (!key || !wanted->desired)
		return NULL;
	_cleanup_json_ json_t *scope = json_pack("{s:s, s:s, s:s, s:o}", "partition", "", "region",
		"", "account", "", "desired", as_texts(wanted->desired));
	_cleanup_free_ char *text = template_string(key, scope);
	return text ? str_format("%s %s", wanted->kind->name, text) : NULL;
}

// "log_group or filter_name": the fields that the key is made of. The place of the last one that
// is written.
static struct place fields_of_key(const struct wanted *wanted, struct buf *names)
{
	const struct kind *kind = wanted->kind;
	struct place place = wanted->place;
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		_cleanup_free_ char *part = str_format("@{desired.%s}", member ? member : "");
		if (!part || !strstr(kind->observe.key, part))
			continue;
		buf_addf(names, "%s%s", names->len ? " or " : "", f->name);
		if (node_get(wanted->node, f->name))
			place = place_of(wanted->node, f->name);
	}
	return place;
}

void unique_check(const struct desired *desired, struct findings *findings)
{
	_cleanup_json_ json_t *taken = json_object();
	for (size_t i = 0; i < desired->count; i++) {
		const struct wanted *wanted = &desired->wanted[i];
		_cleanup_free_ char *key = key_of(wanted);
		const char *first = key ? js_str(taken, key) : NULL;
		if (key && !first)
			js_set_str(taken, key, wanted->address);
		if (!first)
			continue;
		_cleanup_buf_ struct buf names = {0};
		buf_init(&names, 400);
		struct place place = fields_of_key(wanted, &names);
		_cleanup_free_ char *remedy =
			str_format("give one of them another %s, or take it out", buf_str(&names));
		findings_error(findings, place, remedy, "%s is the same thing in AWS as %s",
			wanted->address, first);
	}
}
