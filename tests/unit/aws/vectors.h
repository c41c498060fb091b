// Reads the data files beside the tests; programs run from the top of the tree.
#pragma once

#include "base/defs.h"
#include "base/js.h"

static inline json_t *vectors_load(const char *name)
{
	char path[200];
	json_error_t error;
	snprintf(path, sizeof(path), "tests/unit/aws/vectors/%s", name);
	json_t *root = json_load_file(path, 0, &error);
	if (!root) {
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		abort();
	}
	return root;
}
