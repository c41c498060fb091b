#include "loop/wipe.h"
#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void wipe(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

// Not realloc(), which may leave a copy behind where the memory was.
static void *grow(void *memory, size_t bytes)
{
	void *fresh = malloc(bytes);
	if (!fresh || !memory)
		return fresh;
	size_t had = malloc_usable_size(memory);
	memcpy(fresh, memory, had < bytes ? had : bytes);
	wipe(memory);
	return fresh;
}

bool wipe_start_curl(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe, grow, strdup, calloc) ==
	       CURLE_OK;
}
