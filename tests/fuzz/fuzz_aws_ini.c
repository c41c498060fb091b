// Shared config and credentials files: no text crashes the reader, and what it accepts can be
// asked.
#include "aws/credprocess.h"
#include "aws/profile.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void ask(const struct profiles *profiles)
{
	static const char *const keys[] = {"region", "aws_access_key_id", "role_arn", "s3"};
	profile_exists(profiles, "default");
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		profile_get(profiles, "default", keys[i]);
		profile_get(profiles, "a", keys[i]);
		profile_service_get(profiles, "s", keys[i], "endpoint_url");
	}
	const char *command = profile_get(profiles, "default", "credential_process");
	char **words = NULL;
	if (command) {
		struct err err = credprocess_split(command, &words);
		if (!err_is(&err))
			credprocess_free_words(words);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct profiles *profiles = profiles_new();
	if (!profiles)
		return 0;
	for (int file = PROFILE_CONFIG; file <= PROFILE_CREDENTIALS; file++) {
		struct err err = profiles_parse(
			profiles, (enum profile_file)file, "fuzz", (const char *)data, bytes);
		if (err_is(&err) && (!err.message[0] || err.class == ERR_BUG))
			abort();
	}
	ask(profiles);
	profiles_free(profiles);
	return 0;
}
