// "AWS Resource Groups Tagging API": GetResources shows what is "tagged or previously tagged", so
// its word alone neither proves a thing nor disproves it.
#include "core/hints.h"
#include "base/str.h"
#include "core/path.h"
#include "core/project.h"
#include "core/tags.h"

enum { MOST_A_PAGE = 100 };

static void add_types(json_t *types, const char *names)
{
	for (const char *p = names; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		char name[64];
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (!js_lists(types, name))
			json_array_append_new(types, json_string(name));
		p += n;
	}
}

json_t *hints_input(const char *stack)
{
	json_t *types = json_array();
	for (const struct kind *const *k = all_kinds; *k; k++)
		add_types(types, (*k)->observe.tag_types ? (*k)->observe.tag_types : "");
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
			json_object_set(hints, plain, one);
	}
}

// The part of an ARN after so many colons; NULL: it has fewer.
static const char *part_of(const char *arn, int colons)
{
	for (; arn && colons > 0; colons--) {
		arn = strchr(arn, ':');
		arn = arn ? arn + 1 : NULL;
	}
	return arn;
}

// "kms:key" is "arn:aws:kms:eu-west-1:123456789012:key/...".
static bool is_of_type(const char *arn, const char *type)
{
	const char *service = part_of(arn, 2), *resource = part_of(arn, 5);
	size_t n = strcspn(type, ":"), m;
	if (!resource || strncmp(service, type, n) != 0 || service[n] != ':')
		return false;
	type += n + (type[n] == ':');
	m = strlen(type);
	return m == 0 || (strncmp(resource, type, m) == 0 && strchr(":/", resource[m]));
}

json_t *hints_of(const json_t *hints, const struct kind *kind)
{
	_cleanup_json_ json_t *types = json_array();
	json_t *rows = json_array();
	const char *arn;
	json_t *row, *type;
	size_t i;
	add_types(types, kind->observe.tag_types);
	json_object_foreach ((json_t *)hints, arn, row)
		json_array_foreach (types, i, type)
			if (is_of_type(arn, json_string_value(type)))
				json_array_append(rows, row);
	return rows;
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

json_t *hints_believed(const json_t *hints, int64_t began_ms, const char *arn,
	const json_t *subject, const struct kind *kind)
{
	_cleanup_free_ char *plain = arn ? plain_arn(arn) : NULL;
	const json_t *row = plain ? json_object_get(hints, plain) : NULL;
	_cleanup_json_ json_t *tags = tags_from(TAGS_KEY_VALUE, json_object_get(row, "Tags"));
	if (!row || began_ms < js_int(subject, "acted_ms", INT64_MIN) ||
		!is_as_it_should_be(tags, subject))
		return NULL;
	return tags_as(kind->tagging->form, tags);
}

json_t *hints_recalled(const json_t *subject, const struct kind *kind, const char *into)
{
	const json_t *item = json_object_get(subject, "shown");
	_cleanup_json_ json_t *shown = path_get(item, kind->tagging->observed);
	_cleanup_json_ json_t *tags = tags_from(kind->tagging->form, shown);
	if (!shown || !is_as_it_should_be(tags, subject))
		return NULL;
	return json_incref(json_object_get(item, into));
}

static bool brings_tags(const struct kind *kind, const char *into)
{
	const char *member = kind->tagging ? kind->tagging->observed : "";
	size_t n = strcspn(member, ".[");
	return kind->observe.tag_types && strlen(into) == n && strncmp(into, member, n) == 0;
}

bool hints_replace(const struct kind *kind, const struct follow *follow)
{
	return brings_tags(kind, follow->into);
}

bool hints_replace_join(const struct kind *kind, const struct join *join)
{
	return brings_tags(kind, join->into);
}

bool hints_are_list(const struct kind *kind)
{
	return str_eq_null(kind->observe.list.service, "resourcegroupstaggingapi");
}
