// The shape of an IAM policy document in the file: what AWS would call malformed, with its place.
#pragma once

#include "config/tree.h"

/* False after findings. */
bool policydoc_check(const char *what, const struct node *node, struct findings *findings);
