// The memory of a tree: nodes and texts are taken from chunks and freed together with the tree.
//
// It also counts nodes, since aliases and variables can ask for far more of them than a file has
// bytes.
#pragma once

#include "config/tree.h"

enum { POOL_MOST_NODES = 100000, POOL_MOST_DEPTH = 64 };

struct pool {
	struct pool_chunk *chunks; // owned
	size_t node_count;         // an alias counts as all that it stands for
	bool is_out;               // memory is out; what was asked for since is NULL
};

void pool_init(struct pool *pool);
void pool_done(struct pool *pool);
/* Zeroed; NULL when memory is out. */
void *pool_take(struct pool *pool, size_t bytes);
char *pool_text(struct pool *pool, const char *text, size_t bytes);
struct node *pool_node(struct pool *pool, enum node_type type, struct place place);
/* A map or list with room for `count` members. */
struct node *pool_container(
	struct pool *pool, enum node_type type, struct place place, size_t count);
