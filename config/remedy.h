// What to do about a syntax error of YAML.
#pragma once

#include <stddef.h>

/* By libyaml's words for it and the text from the start of its line on. Static, never NULL. */
const char *remedy_of_syntax(const char *problem, const char *line, size_t column);
