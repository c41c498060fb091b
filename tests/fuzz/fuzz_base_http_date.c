// HTTP dates: what is accepted lies in the years that have four digits, and reads the same twice.
#include "base/clock.h"
#include "base/defs.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *text = malloc(bytes + 1);
	if (!text)
		return 0;
	if (bytes)
		memcpy(text, data, bytes);
	text[bytes] = '\0';
	int64_t ms = 0, again = 0;
	if (clock_parse_http_date(text, &ms) == 0) {
		char iso[CLOCK_TEXT_BYTES];
		clock_format_iso(ms, iso);
		if (ms < 0 || ms > INT64_C(253402300800000) || clock_parse_iso(iso, &again) != 0 ||
			ms != again)
			abort();
	}
	clock_parse_iso(text, &ms);
	free(text);
	return 0;
}
