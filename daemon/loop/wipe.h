// libcurl's memory, wiped when it is given back.
//
// A request's body goes through a buffer of libcurl's own, and some bodies are secrets. Those are
// read, sent and wiped; what libcurl frees would otherwise stand in the heap until something else
// is put there.
#pragma once

#include <stdbool.h>

/* Instead of curl_global_init(); before any other call of libcurl. False: it cannot start. */
bool wipe_start_curl(void);
