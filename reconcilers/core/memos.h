// Answers kept from look to look, by request, so that the same bytes need not be decoded again.
#pragma once

#include "aws/client.h"
#include "base/map.h"

/* The place of the answer to this request; NULL when two of the same are under way (only one may
 * write) or memory is out. The map is of private entries: free it with memos_done(). */
struct aws_memo *memos_get(struct map *memos, const char *operation, const json_t *input);
/* Ends a look: when it was a whole one, answers to requests that it did not make are dropped. */
void memos_age(struct map *memos, bool is_whole);
void memos_done(struct map *memos);
