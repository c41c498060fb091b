// Put before the C library (LD_PRELOAD) by test_process_faults.py: an allocation that fails, and a main
// thread that stands still. In no product.
//
//   TORTURE_FAIL=n    the n-th allocation of the process fails
//   TORTURE_COUNT=fd  tells the number of allocations there at the end
//   SIGUSR2           one of the next TORTURE_NEXT (1) allocations fails; with TORTURE_STALL_MS the
//                     main thread sleeps so long in its next one instead
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);

static long count, fails_at, next = 1, stall_ms;
static int count_fd = -1, is_to_stall;

static void stall(void)
{
	struct timespec left = {stall_ms / 1000, stall_ms % 1000 * 1000000};
	is_to_stall = 0;
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static int fails(void)
{
	if (is_to_stall && gettid() == getpid())
		stall();
	return __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) == __atomic_load_n(&fails_at, __ATOMIC_RELAXED);
}

void *malloc(size_t bytes)
{
	if (!fails())
		return __libc_malloc(bytes);
	errno = ENOMEM;
	return NULL;
}

void *calloc(size_t number, size_t bytes)
{
	if (!fails())
		return __libc_calloc(number, bytes);
	errno = ENOMEM;
	return NULL;
}

void *realloc(void *old, size_t bytes)
{
	if (!fails())
		return __libc_realloc(old, bytes);
	errno = ENOMEM;
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	is_to_stall = stall_ms > 0;
	if (!is_to_stall)
		__atomic_store_n(&fails_at, count + 1 + now.tv_nsec / 1000 % next, __ATOMIC_RELAXED);
}

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);
	return text ? strtol(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	next = number_of("TORTURE_NEXT", 1);
	stall_ms = number_of("TORTURE_STALL_MS", 0);
	count_fd = (int)number_of("TORTURE_COUNT", -1);
	signal(SIGUSR2, on_signal);
	long at = number_of("TORTURE_FAIL", 0);
	fails_at = at > 0 ? count + at : 0;
}

__attribute__((destructor)) static void end(void)
{
	if (count_fd >= 0)
		dprintf(count_fd, "%ld\n", count);
}
