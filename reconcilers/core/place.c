// `node` is the resource's map in the file, or an item's.
#include "core/place.h"

struct place place_of(const struct node *node, const char *field)
{
	const struct node *value = node_get(node, field);
	if (value)
		return value->place;
	return node ? node->place : place_in(NULL, 0, 0);
}

struct place place_of_item(const struct node *node, const char *field, size_t index)
{
	const struct node *list = node_get(node, field);
	if (list && (list->type == NODE_LIST || list->type == NODE_MAP) && index < list->count)
		return list->items[index]->place;
	return place_of(node, field);
}
