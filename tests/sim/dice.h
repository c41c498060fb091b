// The randomness of the process (ids, jitter) comes from the seed too: RAND_bytes() stands here in
// place of OpenSSL's own, which is in a shared library.
#pragma once

#include "tests/sim/random.h"

extern struct random dice;
