// Values are shared with the memos of their answers, so nothing is changed in place.
#include "core/rows.h"
#include "base/str.h"
#include "core/compare.h"
#include "core/path.h"
#include "core/template.h"

static json_t *rows_of(json_t *rows, const char *into)
{
	json_t *of_member = json_object_get(rows, into);
	if (!of_member) {
		of_member = json_object();
		json_object_set_new(rows, into, of_member);
	}
	return of_member;
}

void rows_expect(json_t *rows, const struct join *join)
{
	rows_of(rows, join->into);
}

void rows_add(json_t *rows, const struct join *join, const json_t *output, const json_t *where)
{
	json_t *of_member = rows_of(rows, join->into);
	_cleanup_json_ json_t *list = path_get(output, join->list.items);
	size_t i;
	json_t *row;
	json_array_foreach (list, i, row) {
		_cleanup_free_ char *id = template_of_item_at(join->by, row, where);
		json_t *of_id = id ? json_object_get(of_member, id) : NULL;
		if (id && !of_id) {
			of_id = json_array();
			json_object_set_new(of_member, id, of_id);
		}
		if (of_id)
			json_array_append(of_id, row);
	}
}

void rows_add_value(json_t *rows, const struct follow *follow, const char *id, const json_t *output)
{
	json_t *of_member = rows_of(rows, follow->into), *before = json_object_get(of_member, id);
	_cleanup_json_ json_t *value = path_get(output, follow->from);
	if (!value)
		return;
	if (!json_is_array(before) || !json_is_array(value)) {
		json_object_set(of_member, id, value);
		return;
	}
	json_t *both = json_copy(before);
	json_array_extend(both, value);
	json_object_set_new(of_member, id, both);
}

static bool has_several(const struct observe *how, const char *into)
{
	int count = 0;
	for (const struct follow *f = how->follows; f < how->follows + KIND_MOST_FOLLOWS; f++)
		count += f->operation && str_eq(f->into, into);
	return count > 1;
}

void rows_merge(const struct observe *how, const json_t *rows, json_t **items)
{
	const char *into, *id;
	json_t *of_member, *item;
	if (!how->joins[0].list.operation && !how->follows[0].operation && !how->derive)
		return;
	json_t *merged = json_object();
	json_object_foreach (*items, id, item) {
		json_t *copy = json_copy(item);
		for (const struct join *j = how->joins; j < how->joins + KIND_MOST_JOINS; j++)
			if (j->list.operation && json_object_get(rows, j->into))
				json_object_set_new(copy, j->into, json_array());
		json_object_foreach ((json_t *)rows, into, of_member)
			if (json_object_get(of_member, id))
				json_object_set(copy, into, json_object_get(of_member, id));
		// Which of two answers comes first is chance, and must be no news.
		json_object_foreach ((json_t *)rows, into, of_member)
			if (json_is_array(json_object_get(copy, into)) && has_several(how, into))
				json_object_set_new(copy, into,
					compare_canon(COMPARE_SET, json_object_get(copy, into)));
		if (how->derive)
			how->derive(copy);
		json_object_set_new(merged, id, copy);
	}
	json_decref(*items);
	*items = merged;
}

void rows_set(json_t *rows, const char *into, const char *id, json_t *value)
{
	json_object_set_new(rows_of(rows, into), id, value);
}

bool rows_has(const json_t *rows, const char *into, const char *id)
{
	return json_object_get(json_object_get(rows, into), id);
}
