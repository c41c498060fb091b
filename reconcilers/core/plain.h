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
/* The value with each text in it that is a JSON object, and each such "@text", as that object. New;
 * NULL for NULL. */
json_t *plain_opened(const json_t *value);
/* {"Tags.Name": value} with every leaf, of plain_opened(), of either tree, in order; borrowed
 * values. New; NULL when memory is out. */
json_t *plain_leaves(const json_t *tree);
/* `observed`, opened, with the items of its lists in the order of the like ones in `desired`: AWS
 * answers sets in any order. New; NULL when memory is out. */
json_t *plain_align(const json_t *desired, const json_t *observed);
/* null, "", [] or {}. */
bool plain_is_empty(const json_t *value);
/* The same path, whether AWS's spelling or the file's: "CidrBlock" is "cidr_block". */
bool plain_is_same_path(const char *a, const char *b);
/* Is the leaf at or below `path`: "Ingress" covers "Ingress[0].FromPort"? */
bool plain_covers(const char *path, const char *leaf);
/* [{"path","before"?,"after"?}] with an item of a list that came in place of one that went, both
 * under the same path, as one change. New. */
json_t *plain_joined(const json_t *changes);
