// The leases and heartbeats of storage.h, as the rows of state/statements.c define them.
#pragma once

#include "tests/sim/storage.h"

int64_t leases_now_ms(const struct storage *storage);
bool leases_is_expired(const struct storage *storage, const json_t *row);
/* Does somebody lead with a later token than that of the arguments? */
bool leases_has_later(const struct storage *storage, const json_t *args);
/* May it be intended? A simulation without leases may everything. */
bool leases_let(const struct storage *storage, const json_t *args);
json_t *leases_execute(struct storage *storage, enum store_statement statement, const json_t *args);
