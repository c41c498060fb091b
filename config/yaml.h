// The text of one file to nodes, through libyaml's events. JSON is a subset as far as this goes.
#pragma once

#include "config/pool.h"

/* The root, always a map, or NULL with findings when the text cannot be read as one tree. Lesser
 * errors are findings too and leave broken nodes behind. `file` must live as long as the pool. */
struct node *yaml_read(struct pool *pool, const char *file, const char *text, size_t bytes,
	struct findings *findings);
/* Gives a node its type by the text of an unquoted scalar: "5", "true", "~", ... */
void yaml_type_scalar(struct node *node, const char *text);
