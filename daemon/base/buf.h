// A byte buffer that grows up to a cap; whatever does not fit is an error, never a cut.
//
// Invariant: data is NULL or holds len bytes and a terminating NUL; len <= cap. A failed append
// (cap reached or out of memory) sets `failed` and drops everything after, so that a chain of
// appends needs one check at its end.
#pragma once

#include "base/defs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;  // owned; NULL while empty
	size_t len;  // bytes used, without the NUL
	size_t size; // bytes allocated
	size_t cap;  // most bytes that may be used; 0 means BUF_CAP_DEFAULT
	bool failed;
};

#define BUF_CAP_DEFAULT ((size_t)64 << 20)

void buf_init(struct buf *buf, size_t cap);
void buf_done(struct buf *buf);
/* Zeroes the bytes before it frees them. */
void buf_burn(struct buf *buf);
/* Empties it and keeps the memory; clears `failed`. */
void buf_reset(struct buf *buf);
/* Appends return false once the buffer has failed; the check may wait until the end. */
bool buf_add(struct buf *buf, const void *bytes, size_t count);
bool buf_adds(struct buf *buf, const char *s);
bool buf_addc(struct buf *buf, char c);
bool buf_addf(struct buf *buf, const char *fmt, ...) FORMAT_PRINTF(2, 3);
/* The text, never NULL. Borrowed, until the next append. */
const char *buf_str(const struct buf *buf);
/* Moves the text out (free it; never NULL unless memory is out or the buffer failed). */
char *buf_take(struct buf *buf) MUST_CHECK;

#define _cleanup_buf_ _cleanup_(buf_done)
