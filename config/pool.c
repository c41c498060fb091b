// A bump allocator in chunks; nothing is freed before all is. A file may hold secrets, so what it
// was is zeroed.
#include "config/pool.h"

#define CHUNK_BYTES ((size_t)32 << 10)

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

void pool_init(struct pool *pool)
{
	*pool = (struct pool){0};
}

void pool_done(struct pool *pool)
{
	while (pool->chunks) {
		struct pool_chunk *next = pool->chunks->next;
		explicit_bzero(pool->chunks->bytes, pool->chunks->used);
		free(pool->chunks);
		pool->chunks = next;
	}
}

void *pool_take(struct pool *pool, size_t bytes)
{
	size_t want = (bytes + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (want < bytes || want > SIZE_MAX / 2) {
		pool->is_out = true;
		return NULL;
	}
	struct pool_chunk *chunk = pool->chunks;
	if (!chunk || chunk->size - chunk->used < want) {
		size_t size = want > CHUNK_BYTES ? want : CHUNK_BYTES;
		chunk = calloc(1, sizeof(*chunk) + size);
		if (!chunk) {
			pool->is_out = true;
			return NULL;
		}
		chunk->size = size;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	void *taken = chunk->bytes + chunk->used;
	chunk->used += want;
	return taken;
}

char *pool_text(struct pool *pool, const char *text, size_t bytes)
{
	char *copy = pool_take(pool, bytes + 1);
	if (copy && bytes)
		memcpy(copy, text, bytes);
	return copy;
}

struct node *pool_node(struct pool *pool, enum node_type type, struct place place)
{
	struct node *node = pool_take(pool, sizeof(*node));
	if (node) {
		node->type = type;
		node->place = place;
		pool->node_count++;
	}
	return node;
}

struct node *pool_container(
	struct pool *pool, enum node_type type, struct place place, size_t count)
{
	struct node *node = pool_node(pool, type, place);
	if (!node || !count)
		return node;
	node->items = pool_take(pool, count * sizeof(struct node *));
	if (type == NODE_MAP) {
		node->keys = pool_take(pool, count * sizeof(char *));
		node->key_places = pool_take(pool, count * sizeof(struct place));
	}
	return pool->is_out ? NULL : node;
}
