// What AWS's documentation says of a field and its model does not: the words `values` and
// `excludes` of the tables, as rules for the file. They tell before a call what AWS would tell
// after it.
#include "core/choices.h"
#include "base/str.h"
#include "core/path.h"

json_t *choices_one_of(struct checking *checking, const struct field *field,
	const struct node *node, json_t *value)
{
	char text[CHECKING_TEXT_BYTES], all[CHECKING_TEXT_BYTES];
	const char *names[64];
	size_t count = 0;
	if (!field->values || !value || !path_scalar_text(value, text, sizeof(text)))
		return value;
	_cleanup_free_ char *words = strdup(field->values);
	char *rest = NULL;
	for (char *word = words ? strtok_r(words, " ", &rest) : NULL;
		word && count < ARRAY_COUNT(names); word = strtok_r(NULL, " ", &rest)) {
		if (str_eq(word, text))
			return value;
		names[count++] = word;
	}
	char suggestion[CHECKING_TEXT_BYTES];
	findings_error(checking->findings, node->place,
		checking_suggest(
			text, names, count, checking_one_of(names, count, all), suggestion),
		"'%s' is no value of %s", text, field->name);
	json_decref(value);
	return NULL;
}

void choices_exclude(struct checking *checking, const struct kind *kind, const json_t *object,
	const struct node *node)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		const char *member = field_member(kind, NULL, f);
		const struct field *other = member ? field_excluder(kind, member, object) : NULL;
		// Where each excludes the other, the second one is told.
		bool is_first = other && other > f && f->excludes &&
				str_has_word(f->excludes, field_member(kind, NULL, other));
		if (other && !is_first && node_get(node, f->name) &&
			json_object_get(object, member) &&
			!(f->flags & other->flags & FIELD_ONE_OF)) // check_required() tells it
			findings_error(checking->findings, node_key_place(node, f->name),
				"take one of them out",
				"'%s' and '%s' of one %s exclude each other", other->name, f->name,
				kind->name);
	}
}
