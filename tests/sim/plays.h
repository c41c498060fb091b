// The files that the daemons of a simulation hold: each play is a stack as it begins, as it
// becomes, and what is left when all of it has gone. A seed draws one.
#pragma once

#include <stddef.h>

struct play {
	const char *name;
	int weight; // how often it is drawn
	const char *first, *second;
};

extern const struct play plays[];
extern const size_t play_count;
/* All of it has left the file: nothing goes without a person's word. */
extern const char play_gone[];
