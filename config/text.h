// The bytes of a file before YAML sees them: encoding, byte order mark, characters that no text
// has. libyaml refuses the same but cannot say on which line.
#pragma once

#include "config/tree.h"

/* A pair of JSON escapes ("\ud83d\ude00") that became one YAML escape, two characters shorter. */
struct text_shift {
	int line, column; // of the pair, in the text as it is now
};

struct text {
	char *bytes; // owned
	size_t count;
	struct text_shift *shifts; // owned; in order
	size_t shift_count;
};

/* Takes a copy that is fit for libyaml; false with a finding when it is no text. */
bool text_init(struct text *text, const char *file, const char *bytes, size_t count,
	struct findings *findings);
void text_done(struct text *text);
/* The column in the file of a column in the copy. */
int text_column(const struct text *text, int line, int column);
