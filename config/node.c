// Reading nodes: members, places, type names, plain JSON.
#include "base/str.h"
#include "config/tree.h"

static bool key_index(const struct node *node, const char *key, size_t *ret_index)
{
	if (!node || node->type != NODE_MAP)
		return false;
	for (size_t i = 0; i < node->count; i++) {
		if (str_eq(node->keys[i], key)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

const struct node *node_get(const struct node *node, const char *key)
{
	size_t i;
	return key_index(node, key, &i) ? node->items[i] : NULL;
}

struct place node_key_place(const struct node *node, const char *key)
{
	size_t i;
	if (key_index(node, key, &i))
		return node->key_places[i];
	return node ? node->place : (struct place){0};
}

const char *node_type_name(enum node_type type)
{
	switch (type) {
	case NODE_NULL:
		return "nothing";
	case NODE_BOOL:
		return "true or false";
	case NODE_INT:
		return "a whole number";
	case NODE_REAL:
		return "a number";
	case NODE_STRING:
		return "a string";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map";
	}
	return "a value";
}

json_t *node_json(const struct node *node)
{
	json_t *json = NULL;
	switch (node->type) {
	case NODE_NULL:
		return json_null();
	case NODE_BOOL:
		return json_boolean(node->boolean);
	case NODE_INT:
		return json_integer(node->integer);
	case NODE_REAL:
		return json_real(node->real);
	case NODE_STRING:
		return json_string(node->text);
	case NODE_LIST:
		json = json_array();
		break;
	case NODE_MAP:
		json = json_object();
		break;
	}
	for (size_t i = 0; json && i < node->count; i++) {
		json_t *item = node_json(node->items[i]);
		// The new-functions take the item over, also on failure, and refuse NULL.
		int rc = node->type == NODE_LIST ? json_array_append_new(json, item)
						 : json_object_set_new(json, node->keys[i], item);
		if (rc != 0) {
			json_decref(json);
			json = NULL;
		}
	}
	return json;
}
