// AWS answers more than it takes back (states, dates), so what was observed is cut to the shape of
// the input before it is sent again.
#include "core/section.h"
#include "aws/model.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/path.h"

static json_t *cut(const struct shape *shape, const json_t *value)
{
	const char *key;
	json_t *one;
	size_t i;
	if (shape && json_is_object(value)) {
		bool is_struct = shape_type(shape) == SHAPE_STRUCT;
		json_t *out = json_object();
		json_object_foreach ((json_t *)value, key, one) {
			const struct member *member = is_struct ? shape_member(shape, key) : NULL;
			if (!is_struct || member)
				json_object_set_new(out, key,
					cut(member ? member_shape(member) : shape_element(shape),
						one));
		}
		return out;
	}
	if (shape && json_is_array(value)) {
		json_t *out = json_array();
		json_array_foreach ((json_t *)value, i, one)
			json_array_append_new(out, cut(shape_element(shape), one));
		return out;
	}
	return json_deep_copy(value);
}

static void lay_over(json_t *base, const json_t *over)
{
	const char *key;
	json_t *one;
	json_object_foreach ((json_t *)over, key, one) {
		json_t *below = json_object_get(base, key);
		if (json_is_object(below) && json_is_object(one))
			lay_over(below, one);
		else
			json_object_set_new(base, key, json_deep_copy(one));
	}
}

json_t *section_whole(const struct kind *kind, const struct field *field, const json_t *desired,
	const json_t *observed)
{
	if (!json_is_object(desired))
		return json_deep_copy(desired);
	const struct shape *shape = field_shape(kind, NULL, field);
	json_t *out = json_is_object(observed) ? cut(shape, observed) : json_object();
	lay_over(out, desired);
	if (field->tidy)
		field->tidy(out, desired);
	return out;
}

// An absent value, or an empty list, has only the glob "".
static bool is_at(const json_t *value, const char *glob)
{
	bool is_absent = !value || json_is_null(value) ||
			 (json_is_array(value) && json_array_size(value) == 0);
	char text[512];
	if (is_absent || !*glob)
		return is_absent && !*glob;
	return !path_scalar_text(value, text, sizeof(text)) || str_glob(glob, text);
}

bool section_is_fixed(const struct kind *kind, const struct field *field, const json_t *desired,
	const json_t *observed)
{
	const char *member = field_member(kind, NULL, field);
	_cleanup_json_ json_t *want = json_object(), *seen = json_object();
	json_object_set(want, member, (json_t *)desired);
	if (observed)
		json_object_set(seen, member, (json_t *)observed);
	for (const struct match_row *row = field->fixed; row && row->path; row++) {
		_cleanup_json_ json_t *wanted = path_get(want, row->path);
		_cleanup_json_ json_t *there = path_get(seen, row->path);
		if (wanted && is_at(there, row->glob) &&
			!compare_holds(field->type == FIELD_REFS ? COMPARE_SET : field->compare,
				wanted, there))
			return true;
	}
	return false;
}

json_t *section_shown(const struct field *field, const json_t *desired)
{
	if (!field->unshown || !json_is_object(desired))
		return json_incref((json_t *)desired);
	json_t *out = json_deep_copy(desired);
	for (const char *const *path = field->unshown; *path; path++) {
		const char *dot = strrchr(*path, '.');
		char parent[160] = "";
		if (dot)
			snprintf(parent, sizeof(parent), "%.*s", (int)(dot - *path), *path);
		json_object_del(dot ? js_at(out, parent) : out, dot ? dot + 1 : *path);
	}
	return out;
}

void section_merge(json_t *target, const json_t *more)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)more, key, value) {
		json_t *old = json_object_get(target, key);
		if (!json_is_object(old) || !json_is_object(value)) {
			json_object_set(target, key, value);
			continue;
		}
		json_t *copy = json_copy(old);
		json_object_set_new(target, key, copy);
		section_merge(copy, value);
	}
}
