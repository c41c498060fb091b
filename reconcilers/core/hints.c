// "AWS Resource Groups Tagging API": GetResources shows what is "tagged or previously tagged", so
// its word alone neither proves a thing nor disproves it.
#include "core/hints.h"
#include "base/str.h"
#include "core/project.h"
#include "core/tags.h"

enum { MOST_A_PAGE = 100 };

json_t *hints_input(const struct kind *kind, const char *stack)
{
	json_t *types = json_array();
	for (const char *p = kind->observe.tag_types; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		json_array_append_new(types, json_stringn(p, n));
		p += n;
	}
	return json_pack("{s:[{s:s, s:[s]}], s:o, s:i}", "TagFilters", "Key", TAG_STACK, "Values",
		stack, "ResourceTypeFilters", types, "ResourcesPerPage", MOST_A_PAGE);
}

// ARNs of log groups have a tail in some answers: "...:log-group:/shop/app:*".
static char *plain_arn(const char *arn)
{
	char *plain = strdup(arn);
	if (plain && str_ends(plain, ":*"))
		plain[strlen(plain) - 2] = '\0';
	return plain;
}

void hints_add(json_t *hints, const json_t *output)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(output, "ResourceTagMappingList"), i, one) {
		const char *arn = js_str(one, "ResourceARN");
		_cleanup_free_ char *plain = arn ? plain_arn(arn) : NULL;
		if (plain)
			json_object_set_new(hints, plain,
				tags_from(TAGS_KEY_VALUE, json_object_get(one, "Tags")));
	}
}

static bool is_as_it_should_be(const json_t *tags, const json_t *subject)
{
	const json_t *wanted = json_object_get(subject, "tags");
	const char *key;
	json_t *value;
	size_t i;
	if (!wanted)
		return true;
	json_object_foreach ((json_t *)wanted, key, value)
		if (!json_equal(value, json_object_get(tags, key)))
			return false;
	json_array_foreach (json_object_get(subject, "old_tags"), i, value) {
		key = json_string_value(value);
		if (key && json_object_get(tags, key) && !json_object_get(wanted, key))
			return false;
	}
	return true;
}

json_t *hints_believed(
	const json_t *hints, const char *arn, const json_t *subject, const struct kind *kind)
{
	_cleanup_free_ char *plain = arn ? plain_arn(arn) : NULL;
	const json_t *tags = plain ? json_object_get(hints, plain) : NULL;
	return tags && is_as_it_should_be(tags, subject) ? tags_as(kind->tagging->form, tags)
							 : NULL;
}

bool hints_replace(const struct kind *kind, const struct follow *follow)
{
	const char *member = kind->tagging ? kind->tagging->observed : "";
	size_t n = strcspn(member, ".[");
	return kind->observe.tag_types && strlen(follow->into) == n &&
	       strncmp(follow->into, member, n) == 0;
}
