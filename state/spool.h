// Lines on disk that survive the process: numbered, checksummed, synced, in segments of one folder.
//
// A line is "<checksum> <number> <text>\n", the checksum 16 hexadecimal digits of SHA-256 over the
// number and the text. A last line that is cut off was being written when the power went: it is
// left out. Any other bad line is damage: the rest is read all the same, and the file is kept
// beside as
// "<name>.damaged" for a person to look at. All writing, syncing and deleting is done by libuv's
// workers, one job at a time, so the loop never waits for a disk.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "loop/loop.h"

enum { SPOOL_SEGMENT_BYTES = 1 << 20, SPOOL_MOST_LINE_BYTES = 8 << 20 };

struct spool;

/* What was found when it was opened. */
struct spool_found {
	json_t *lines; // [[number, "text"], ...] by number, each once; owned by the caller
	int torn;      // last lines that were cut off
	int damaged;   // lines that could not be read; their files are kept
};

/* Makes the folder when it is absent (its parent must be there) and reads it, on the spot: before
 * the loop runs. INVALID names what cannot be read or made. `watcher` is woken when a job has
 * ended. */
struct err spool_new(struct loop *loop, const char *dir, struct task *watcher,
	struct spool **ret_spool, struct spool_found *ret_found) MUST_CHECK;
/* Waits for the job under way. */
void spool_free(struct spool *spool);

/* A job is under way: neither of the following may be called. */
bool spool_is_busy(const struct spool *spool);
/* Adds a line to the next write. False when memory is out. */
bool spool_add(struct spool *spool, uint64_t number, const char *text) MUST_CHECK;
/* Writes and syncs what was added; it is on disk when the job has ended without error, and not at
 * all otherwise. */
void spool_write(struct spool *spool);
/* The last job's end; ERR_OK, or what the disk said. */
const struct err *spool_error(const struct spool *spool);

/* The segment that the next line goes to; they are numbered upwards. */
uint64_t spool_segment(const struct spool *spool);
/* Begins another segment with the next line. */
void spool_roll(struct spool *spool);
/* Deletes all segments before this one; when none is left that is kept for anything, also empties
 * the last. `is_empty`: no line is needed any more. */
void spool_release(struct spool *spool, uint64_t segment, bool is_empty);
/* Of all segments. */
uint64_t spool_bytes(const struct spool *spool);
