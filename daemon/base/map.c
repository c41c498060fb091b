// Insertion-ordered entries with an open-addressed index beside them. The hash is FNV-1a mixed with
// a per-process random seed, because keys come from outside.
#include "base/map.h"
#include "base/str.h"
#include <pthread.h>
#include <sys/random.h>

static uint64_t the_seed;

static void draw_seed(void)
{
	if (getrandom(&the_seed, sizeof(the_seed), GRND_NONBLOCK) != sizeof(the_seed))
		the_seed = (uint64_t)(uintptr_t)&the_seed;
}

// Maps are made on any thread.
static uint64_t seed(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, draw_seed);
	return the_seed;
}

static uint64_t hash_of(const char *key)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed();
	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3u;
	return h ^ (h >> 29);
}

void map_init(struct map *map)
{
	*map = (struct map){0};
}

void map_done(struct map *map)
{
	for (size_t i = 0; i < map->used; i++)
		free(map->entries[i].key);
	free(map->entries);
	free(map->slots);
	map_init(map);
}

void map_done_with(struct map *map, void (*free_value)(void *value))
{
	for (size_t i = 0; i < map->used; i++)
		if (map->entries[i].key)
			free_value(map->entries[i].value);
	map_done(map);
}

static struct map_entry *find(const struct map *map, const char *key, uint64_t hash)
{
	if (map->slot_count == 0)
		return NULL;
	for (size_t i = hash & (map->slot_count - 1);; i = (i + 1) & (map->slot_count - 1)) {
		uint32_t slot = map->slots[i];
		if (slot == 0)
			return NULL;
		struct map_entry *entry = &map->entries[slot - 1];
		if (entry->key && entry->hash == hash && str_eq(entry->key, key))
			return entry;
	}
}

void *map_get(const struct map *map, const char *key)
{
	struct map_entry *entry = find(map, key, hash_of(key));
	return entry ? entry->value : NULL;
}

static void index_entry(struct map *map, size_t at)
{
	size_t i = map->entries[at].hash & (map->slot_count - 1);
	while (map->slots[i])
		i = (i + 1) & (map->slot_count - 1);
	map->slots[i] = (uint32_t)(at + 1);
}

// Drops removed entries and makes the index at least twice as large as the room for entries, so
// that a search always meets a free slot.
static bool rebuild(struct map *map, size_t want)
{
	if (want < map->size)
		want = map->size;
	size_t slot_count = 16;
	while (slot_count < want * 2)
		slot_count *= 2;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));
	if (!slots)
		return false;
	if (want > map->size) {
		struct map_entry *entries = reallocarray(map->entries, want, sizeof(*entries));
		if (!entries) {
			free(slots);
			return false;
		}
		map->entries = entries;
		map->size = want;
	}
	free(map->slots);
	map->slots = slots;
	map->slot_count = slot_count;
	size_t kept = 0;
	for (size_t i = 0; i < map->used; i++)
		if (map->entries[i].key)
			map->entries[kept++] = map->entries[i];
	map->used = kept;
	for (size_t i = 0; i < kept; i++)
		index_entry(map, i);
	return true;
}

bool map_set(struct map *map, const char *key, void *value, void **ret_old)
{
	uint64_t hash = hash_of(key);
	struct map_entry *entry = find(map, key, hash);
	if (ret_old)
		*ret_old = entry ? entry->value : NULL;
	if (entry) {
		entry->value = value;
		return true;
	}
	if (map->used == map->size && !rebuild(map, map->count < 8 ? 8 : map->count * 2))
		return false;
	char *copy = strdup(key);
	if (!copy)
		return false;
	map->entries[map->used] = (struct map_entry){copy, value, hash};
	index_entry(map, map->used++);
	map->count++;
	return true;
}

void *map_remove(struct map *map, const char *key)
{
	struct map_entry *entry = find(map, key, hash_of(key));
	if (!entry)
		return NULL;
	free(entry->key);
	entry->key = NULL;
	map->count--;
	return entry->value;
}
