// Nothing is kept here: what an item stands under is read from the item, by the field that refers
// to the parent.
#include "core/stray.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/path.h"
#include <ctype.h>

const struct field *stray_field(const struct kind *kind)
{
	const char *under = kind->observe.strays.under;
	return under ? field_find(kind->fields, under) : NULL;
}

char *stray_parent(const struct kind *kind, const struct resource *resource)
{
	const struct field *field = stray_field(kind);
	if (!field || !str_eq(resource->kind->name, field->ref) || !resource->wanted ||
		resource->wanted->policy.foreign == FOREIGN_LEAVE ||
		resource->presence != PRESENCE_PRESENT || resource->seen.is_gone)
		return NULL;
	const struct match_row *only = &kind->observe.strays.only;
	if (only->path && !path_matches(resource->seen.observed, only->path, only->glob))
		return NULL;
	const char *value =
		!field->ref_attr ? resource->seen.id
		: str_eq(field->ref_attr, "Arn") && resource->seen.arn
			? resource->seen.arn
			: json_string_value(js_at(resource->seen.observed, field->ref_attr));
	return str_empty(value) ? NULL : strdup(value);
}

bool stray_wants_look(const struct kind *kind, const struct resource *resource)
{
	const struct strays *strays = &kind->observe.strays;
	_cleanup_free_ char *value =
		strays->by_parent && !strays->rarely ? stray_parent(kind, resource) : NULL;
	return value != NULL;
}

char *stray_address(const struct kind *kind, const char *id)
{
	enum { MOST_SHOWN = 32 };
	char digest[17];
	_cleanup_json_ json_t *what = json_string(id);
	if (!js_digest(what, digest, sizeof(digest)))
		return NULL;
	size_t from = strlen(id);
	while (from > 0 && !strchr("/: ", id[from - 1]))
		from--;
	struct buf name;
	buf_init(&name, 128);
	for (const char *c = id + from; *c && name.len < MOST_SHOWN; c++)
		buf_addf(
			&name, "%c", isalnum((unsigned char)*c) ? tolower((unsigned char)*c) : '-');
	char *out = str_format(
		"%s.%s.foreign-%s-%.6s", kind->layer, kind->name, buf_str(&name), digest);
	buf_done(&name);
	return out;
}
