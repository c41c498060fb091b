// Signing: any path, query and header value is signed, and the canonical query is its own canonical
// form.
#include "aws/sigv4.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char *piece(const uint8_t **data, size_t *bytes)
{
	size_t length = 0;
	while (length < *bytes && (*data)[length])
		length++;
	char *text = strndup((const char *)*data, length);
	size_t used = length < *bytes ? length + 1 : length;
	*data += used;
	*bytes -= used;
	return text;
}

static char *canonical_query(
	struct sigv4 *sigv4, const char *query, const char *path, const char *value, int flags)
{
	const struct sigv4_header headers[] = {{"Host", "h"}, {"X-A", value}};
	const struct sigv4_credentials keys = {"AKID", "secret", NULL};
	const struct sigv4_request request = {"GET", path, query, headers, 2, "UNSIGNED-PAYLOAD",
		"eu-west-1", "ec2", 1440938160000, flags};
	if (!sigv4_sign(sigv4, &request, &keys))
		return NULL;
	const char *at = buf_str(&sigv4->canonical);
	at = strchr(at, '\n') + 1;
	at = strchr(at, '\n') + 1;
	return strndup(at, strcspn(at, "\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *path = piece(&data, &bytes), *query = piece(&data, &bytes);
	char *value = piece(&data, &bytes);
	struct sigv4 sigv4;
	sigv4_init(&sigv4);
	for (int flags = 0; flags < 8; flags++) {
		char *once = canonical_query(&sigv4, query, path, value, flags);
		char *twice = once ? canonical_query(&sigv4, once, path, value, flags) : NULL;
		if (once && (!twice || strcmp(once, twice) != 0))
			abort();
		free(once);
		free(twice);
	}
	sigv4_done(&sigv4);
	free(path);
	free(query);
	free(value);
	return 0;
}
