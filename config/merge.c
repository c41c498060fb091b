// Merge patch: maps are merged member by member, everything else is replaced whole.
#include "config/merge.h"
#include "base/map.h"
#include "base/str.h"

static void append(
	struct node *map, const char *key, struct place key_place, const struct node *item)
{
	map->keys[map->count] = key;
	map->key_places[map->count] = key_place;
	map->items[map->count++] = (struct node *)item;
}

static bool index_keys(struct map *index, const struct node *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (!map_set(index, map->keys[i], (void *)(uintptr_t)(i + 1), NULL))
			return false;
	return true;
}

/* The base's members, each as the patch wants it. */
static bool merge_known(struct pool *pool, const struct node *base, const struct node *patch,
	const struct map *patch_index, struct node *merged)
{
	for (size_t i = 0; i < base->count; i++) {
		uintptr_t found = (uintptr_t)map_get(patch_index, base->keys[i]);
		if (!found) {
			append(merged, base->keys[i], base->key_places[i], base->items[i]);
			continue;
		}
		const struct node *change = patch->items[found - 1];
		if (change->type == NODE_NULL && !change->is_broken)
			continue;
		const struct node *item = merge_nodes(pool, base->items[i], change);
		if (!item)
			return false;
		append(merged, base->keys[i], patch->key_places[found - 1], item);
	}
	return true;
}

const struct node *merge_nodes(struct pool *pool, const struct node *base, const struct node *patch)
{
	if (base->type != NODE_MAP || patch->type != NODE_MAP)
		return patch;
	struct map base_index, patch_index;
	map_init(&base_index);
	map_init(&patch_index);
	struct node *merged =
		pool_container(pool, NODE_MAP, patch->place, base->count + patch->count);
	bool ok = merged && index_keys(&base_index, base) && index_keys(&patch_index, patch) &&
		  merge_known(pool, base, patch, &patch_index, merged);
	for (size_t i = 0; ok && i < patch->count; i++)
		if (!map_get(&base_index, patch->keys[i]))
			append(merged, patch->keys[i], patch->key_places[i], patch->items[i]);
	if (ok)
		merged->is_broken = base->is_broken || patch->is_broken;
	else
		pool->is_out = true;
	map_done(&base_index);
	map_done(&patch_index);
	return ok ? merged : NULL;
}

const struct node *merge_without(struct pool *pool, const struct node *map, const char *key)
{
	if (!node_get(map, key))
		return map;
	struct node *rest = pool_container(pool, NODE_MAP, map->place, map->count - 1);
	for (size_t i = 0; rest && i < map->count; i++)
		if (!str_eq(map->keys[i], key))
			append(rest, map->keys[i], map->key_places[i], map->items[i]);
	return rest;
}
