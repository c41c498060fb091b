// A string-keyed map that keeps the order of insertion. Keys are copied, values borrowed.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	char *key; // owned; NULL marks a removed entry
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *entries; // in order of insertion; owned
	size_t used;               // entries in use, removed ones included
	size_t count;              // live entries
	size_t size;
	uint32_t *slots; // open addressing: index into entries + 1; 0 is free
	size_t slot_count;
};

void map_init(struct map *map);
/* Frees the map, not the values. */
void map_done(struct map *map);
/* Also passes every value to free_value. */
void map_done_with(struct map *map, void (*free_value)(void *value));
/* NULL when absent. */
void *map_get(const struct map *map, const char *key);
/* Sets or replaces. Returns false when memory is out. The replaced value goes to ret_old (may be
 * NULL when the caller knows there is none). */
bool map_set(struct map *map, const char *key, void *value, void **ret_old) MUST_CHECK;
/* Returns the removed value, or NULL. */
void *map_remove(struct map *map, const char *key);

/* The body may not add or remove. */
#define map_for_each(map, entry)                                                                   \
	for (const struct map_entry *entry = (map)->entries;                                       \
		entry && entry < (map)->entries + (map)->used; entry++)                            \
		if (entry->key)
