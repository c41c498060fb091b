// JSON values as people read them, and JSON trees as rows of a path and a value.
#pragma once

#include "base/buf.h"
#include "base/js.h"

/* One line, not escaped: strings bare, lists "[a, b]", objects "{k: v}", references by their
 * address, an absent or null value "(none)". */
void plain_text(struct buf *out, const json_t *value);
/* The same, with strings quoted, as a file would have it. */
void plain_quoted(struct buf *out, const json_t *value);
/* As plain_text, in fresh memory; NULL when memory is out. */
char *plain_line(const json_t *value) MUST_CHECK;
/* "network, data" of a list of names, in fresh memory; NULL when memory is out. */
char *plain_names(const json_t *list) MUST_CHECK;
/* A value that fits one line by nature: a scalar, a list of scalars, a reference. */
bool plain_is_leaf(const json_t *value);
/* {"Tags.Name": value} with every leaf of either tree, in order; borrowed values. New; NULL when
 * memory is out. */
json_t *plain_leaves(const json_t *tree);
/* `observed` with the items of its lists in the order of the like ones in `desired`: AWS answers
 * sets in any order. New; NULL when memory is out. */
json_t *plain_align(const json_t *desired, const json_t *observed);
/* null, "", [] or {}. */
bool plain_is_empty(const json_t *value);
/* The same path, whether AWS's spelling or the file's: "CidrBlock" is "cidr_block". */
bool plain_is_same_path(const char *a, const char *b);
