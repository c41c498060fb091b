// Places in the file for checks of kinds and layers.
#pragma once

#include "config/tree.h"

/* Where the value of a field stands; without it, the resource's (or item's) own place. */
struct place place_of(const struct node *node, const char *field);
/* Where an item of a list or map field stands; without it, as place_of(). */
struct place place_of_item(const struct node *node, const char *field, size_t index);
