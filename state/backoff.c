#include "state/backoff.h"

enum { FIRST_MS = 200, LONGEST_MS = 5000, LONGEST_FUTILE_MS = 30000, LEAST_MS = 10 };

int64_t backoff_ms(unsigned attempt, enum err_class class, bool is_starting_server, uint32_t random)
{
	int64_t longest =
		class == ERR_INVALID || is_starting_server ? LONGEST_FUTILE_MS : LONGEST_MS;
	int64_t ceiling = FIRST_MS;
	for (unsigned i = 0; i < attempt && ceiling < longest; i++)
		ceiling *= 2;
	if (ceiling > longest)
		ceiling = longest;
	return LEAST_MS + (int64_t)(random % (uint64_t)ceiling);
}
