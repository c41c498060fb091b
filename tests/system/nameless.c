// Put before the C library (LD_PRELOAD) by nameless.py: aws.test is this machine, as often as the
// file that NAMELESS names says, in look-ups of a thousand; otherwise no name server answers. In no
// product.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int known_permille(void)
{
	const char *path = getenv("NAMELESS");
	FILE *file = path ? fopen(path, "re") : NULL;
	int permille = 1000;
	if (!file)
		return permille;
	if (fscanf(file, "%d", &permille) != 1)
		permille = 1000;
	fclose(file);
	return permille;
}

int getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!node || strcmp(node, "aws.test") != 0)
		return real(node, service, hints, ret);
	return rand() % 1000 < known_permille() ? real("127.0.0.1", service, hints, ret)
						: EAI_AGAIN;
}
