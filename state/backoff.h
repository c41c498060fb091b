// How long to wait before the next try to have the database. Pure.
#pragma once

#include "base/err.h"
#include <stdint.h>

/* Full jitter: anything up to a ceiling that doubles with each `attempt`, from 0 on. While the
 * database is away nothing is changed in AWS, so what a try costs (one connection) is spent every
 * few seconds; every half minute where a person has to help first (INVALID: 28*, 3D*) or where a
 * try starts a whole server. `random` is any number. Milliseconds, 10 at least. */
int64_t backoff_ms(
	unsigned attempt, enum err_class class, bool is_starting_server, uint32_t random);
