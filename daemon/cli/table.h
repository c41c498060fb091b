// Columns that fit the terminal: as wide as their content, the flexible ones narrowed and wrapped
// when the line is too short, empty ones left out.
#pragma once

#include "cli/view.h"

enum column_flags {
	COLUMN_RIGHT = 1,  // aligned to the right
	COLUMN_FLEX = 2,   // may be narrowed: its cells wrap
	COLUMN_DROP = 4,   // left out when the line is too short, the last such column first
	COLUMN_KEEP = 8,   // shown also when all its cells are empty
	COLUMN_TIGHT = 16, // one blank after it: a mark
	COLUMN_BELOW = 32, // the last one: on the same line where it fits, else on lines of its own
};

struct column {
	const char *title; // NULL: no title
	unsigned flags;
};

struct cell {
	char *text; // escaped; owned
	enum paint paint;
};

/* Cells are added row by row. Copies what it is given. */
struct table {
	const struct view *view;
	const struct column *columns;
	size_t column_count;
	struct cell *cells; // owned
	size_t count, size;
	int indent;
	bool has_titles, failed;
};

void table_init(struct table *table, const struct view *view, const struct column *columns,
	size_t column_count, int indent);
void table_done(struct table *table);
/* The next cell; NULL is empty. */
void table_add(struct table *table, enum paint paint, const char *text);
void table_addf(struct table *table, enum paint paint, const char *fmt, ...) FORMAT_PRINTF(3, 4);
/* A number; 0 is shown as a quiet dash, others in `paint`. */
void table_add_number(struct table *table, enum paint paint, int64_t number);
void table_render(const struct table *table, struct buf *out);

#define _cleanup_table_ _cleanup_(table_done)
