// Numbers that a seed decides (SplitMix64), so that whatever a simulation does can be done again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* low <= result < high */
static inline int64_t random_between(struct random *random, int64_t low, int64_t high)
{
	return high <= low ? low : low + (int64_t)(random_next(random) % (uint64_t)(high - low));
}

/* True `permille` times of a thousand. */
static inline bool random_hit(struct random *random, int permille)
{
	return random_between(random, 0, 1000) < permille;
}
