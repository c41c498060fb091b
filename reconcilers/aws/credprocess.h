// credential_process: a program of the user's that prints credentials as JSON.
#pragma once

#include "aws/credentials.h"

/* ERR_INVALID: the command has an open quote, or no words. `command` is copied. */
struct err credprocess_new(
	struct loop *loop, const char *command, struct provider **ret_provider) MUST_CHECK;
/* Splits like a POSIX shell without expanding anything: blanks, '...', "..." and backslashes. The
 * words and the array are owned by the caller (credprocess_free_words). */
struct err credprocess_split(const char *command, char ***ret_words) MUST_CHECK;
void credprocess_free_words(char **words);
