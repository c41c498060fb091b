// What stands between data and a terminal: escaping, widths, wrapping, colours, times.
//
// Every text that came from elsewhere (AWS, the file, the daemon) goes through view_put() or
// view_escape(): no byte of it can move the cursor, change a colour or turn the direction of
// reading.
#pragma once

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

struct view {
	int width; // cells a line; 0: do not wrap
	bool has_colour;
	bool has_utf8;
	int64_t now_ms; // wall clock, for ages
};

enum paint {
	PAINT_PLAIN,
	PAINT_BOLD,
	PAINT_DIM,
	PAINT_RED,
	PAINT_GREEN,
	PAINT_YELLOW,
	PAINT_BLUE,
	PAINT_CYAN,
	PAINT_MAGENTA,
};

/* Appends the text with everything that a terminal would act on written as \xNN or \u{NNNN}.
 * Newlines and tabs too. */
void view_escape(struct buf *out, const char *text);
/* Cells that text takes; it must be escaped already. */
int view_cells(const char *escaped);
/* The same for text that has our own paint in it. */
int view_cells_painted(const char *painted);
/* Appends text, escaped and painted. */
void view_put(const struct view *view, struct buf *out, enum paint paint, const char *text);
void view_putf(const struct view *view, struct buf *out, enum paint paint, const char *fmt, ...)
	FORMAT_PRINTF(4, 5);
/* Painted text that is escaped already. */
void view_put_escaped(const struct view *view, struct buf *out, enum paint paint,
	const char *escaped, size_t bytes);
/* Blanks. */
void view_pad(struct buf *out, int cells);
/* The bytes of escaped text that fit into `cells`, broken after a blank or a dot where there is
 * one; at least one character. 0 cells: all. */
size_t view_break(const char *escaped, int cells);
/* A paragraph, each line indented, with its newlines. */
void view_wrap(
	const struct view *view, struct buf *out, enum paint paint, int indent, const char *text);
void view_wrap_escaped(const struct view *view, struct buf *out, enum paint paint, int indent,
	const char *escaped);
/* Whole seconds: "0s", "42s", "1m 12s". */
void view_duration(int64_t ms, char *ret_text, size_t bytes);
/* "4s" since an ISO time; "" when there is none. */
void view_age(const struct view *view, const char *iso, char *ret_text, size_t bytes);
/* "2026-11-23 10:48:00" local time; "-" when there is none. */
void view_time(const char *iso, char *ret_text, size_t bytes);
/* The same without the date when that is today's. */
void view_clock(const struct view *view, const char *iso, char *ret_text, size_t bytes);
/* One of two glyphs, by what the terminal can show. */
static inline const char *view_glyph(const struct view *view, const char *utf8, const char *ascii)
{
	return view->has_utf8 ? utf8 : ascii;
}
/* "1 resource", "2 resources". */
void view_count(char *ret_text, size_t bytes, int64_t count, const char *singular);
