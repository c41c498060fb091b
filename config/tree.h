// The desired-state file as a tree: every node knows its file, line and column.
//
// YAML 1.2 core scalars (true/false, null, decimal integers, reals; everything else is a string, so
// "no", "on" and 0123 stay strings); JSON is read by the same loader. Anchors and aliases work under
// a cap of nodes; duplicate keys, tags of other types and multiple documents are errors.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_type { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_STRING, NODE_LIST, NODE_MAP };

/* Where something stands in a file. Lines and columns count from 1; line 0: nowhere in particular. */
struct place {
	const char *file; // borrowed from the tree (or static)
	int line, column;
};

struct node {
	enum node_type type;
	struct place place;
	bool boolean;
	int64_t integer;
	double real;
	const char *text;     // strings; for other scalars the spelling in the file
	bool is_quoted;       // the string was quoted (never re-typed after a ${var.x})
	struct node **items;  // lists and maps
	const char **keys;    // maps: key of items[i]
	struct place *key_places;
	size_t count;
};

/* One finding, for a person: "shop.yaml:12:9: unknown field 'cidr_blok' of vpc; did you mean
 * 'cidr_block'?" */
struct finding {
	struct place place;
	bool is_warning;
	char *message; // owned: what is wrong
	char *remedy;  // owned; what to do, or NULL
};

/* Findings of one load, in order of place after findings_sort(). At most 200 are kept, the rest
 * is counted. */
struct findings {
	struct finding *items;
	size_t count, size, error_count, dropped;
};

void findings_init(struct findings *findings);
void findings_done(struct findings *findings);
/* remedy may be NULL. */
void findings_add(struct findings *findings, struct place place, bool is_warning,
	const char *remedy, const char *fmt, ...) FORMAT_PRINTF(5, 6);
#define findings_error(findings, place, remedy, ...)                                               \
	findings_add((findings), (place), false, (remedy), __VA_ARGS__)
#define findings_warning(findings, place, remedy, ...)                                             \
	findings_add((findings), (place), true, (remedy), __VA_ARGS__)
void findings_sort(struct findings *findings);
/* One line each: "file:line:column: error: message; remedy\n". */
void findings_print(const struct findings *findings, struct buf *out);
/* [{"file","line","column","severity","message","remedy"}]; owned by the caller. */
json_t *findings_json(const struct findings *findings);

struct tree; // owns all nodes, texts and file names

struct tree_options {
	const char *text;      // NULL: read the file; else its text (a test, a socket request)
	size_t text_bytes;
	const char *const *vars; // "name=value" overrides of vars:, NULL-ended, or NULL
};

/* Loads a file with its includes, merged (RFC 7396: the including file wins over what it includes, later
 * includes over earlier), vars: applied, ${var.x} replaced. What is not ${var.…} stays as text.
 * `include:` and `vars:` are gone from the result. NULL root when errors were found. Files are capped at 4 MiB each, 64
 * includes, 100,000 nodes, depth 64. Relative includes are relative to the including file. */
struct tree *tree_load(const char *path, const struct tree_options *options,
	struct findings *findings);
void tree_free(struct tree *tree);
/* The merged root map; NULL when the load failed. Borrowed. */
const struct node *tree_root(const struct tree *tree);
/* The files read, for watching and for history. */
size_t tree_file_count(const struct tree *tree);
const char *tree_file(const struct tree *tree, size_t index);

/* A member of a map; NULL when absent or when `node` is no map. */
const struct node *node_get(const struct node *node, const char *key);
/* The place of a key in a map (for "unknown field"); the map's own when absent. */
struct place node_key_place(const struct node *node, const char *key);
/* "a string", "a list", ... for messages. */
const char *node_type_name(enum node_type type);
/* The plain value; new. */
json_t *node_json(const struct node *node);

/* The nearest of `count` names to `wrong` for 'did you mean', or NULL when none is near. Borrowed. */
const char *nearest_name(const char *wrong, const char *const *names, size_t count);

/* One reference inside a string: "${data.db_instance.main.endpoint.address}". */
struct interpolation {
	size_t start, end; // bytes in the text, braces included
	char inside[200];  // what stands between the braces
};
/* The next ${...} at or after `from`; "$${" is an escape for a literal "${" and is skipped.
 * False when there is none. A brace that never closes: *ret_bad is set. */
bool interpolation_next(const char *text, size_t from, struct interpolation *ret, bool *ret_bad);
