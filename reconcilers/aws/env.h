// The environment as an argument: the process's own, or a test's.
#pragma once

#include "base/str.h"
#include <stdlib.h>

struct env {
	const char *(*get)(const struct env *env, const char *name);
};

/* NULL when unset or blank: AWS's tools read an empty value as unset. `env` NULL: getenv(). */
static inline const char *env_get(const struct env *env, const char *name)
{
	const char *value = env ? env->get(env, name) : getenv(name);
	return str_empty(value) ? NULL : value;
}
