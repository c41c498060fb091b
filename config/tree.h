// The desired-state file as a tree: every node knows its file, line and column.
//
// YAML 1.2 core scalars (true/false, null, decimal integers, reals; everything else is a string, so
// "no", "on" and 0123 stay strings); JSON is read by the same loader. Anchors and aliases work
// under a cap of nodes; duplicate keys, tags of other types and multiple documents are errors.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_type { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_STRING, NODE_LIST, NODE_MAP };

/* Where something stands in a file. Lines and columns count from 1; line 0: nowhere in particular.
 */
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
	const char *text;    // strings; for other scalars the spelling in the file
	bool is_quoted;      // "8${var.x}" in quotes stays a string, without it may become a number
	bool is_broken;      // an error was reported for it: what it should have been is not known
	struct node **items; // lists and maps
	const char **keys;   // maps: key of items[i]
	struct place *key_places;
	size_t count;
};

/* A compound literal's commas would split the arguments of the macros below. */
static inline struct place place_in(const char *file, int line, int column)
{
	return (struct place){file, line, column};
}

/* One finding, for a person: "shop.yaml:12:9: unknown field 'cidr_blok' of vpc; did you mean
 * 'cidr_block'?" */
struct finding {
	struct place place;
	bool is_warning;
	char *message; // owned: what is wrong
	char *remedy;  // owned; what to do, or NULL
};

/* Findings of one load, in order of place after findings_sort(). At most 200 are kept, the rest
 * is counted. They outlive the tree: the file names of their places are their own copies. */
struct findings {
	struct finding *items;
	size_t count, size, error_count, dropped;
	char **files; // owned
	size_t file_count;
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
	const char *text; // NULL: read the file; else its text (a test, a socket request)
	size_t text_bytes;
	bool reads_nothing;      // from the disk: whoever sent the text may not read what we may
	const json_t *beside;    // then what it may include: {path: text}; borrowed; NULL: nothing
	const char *const *vars; // "name=value" overrides of vars:, NULL-ended, or NULL
};

/* Loads a file with its includes, merged, vars: applied, ${var.x} replaced; `options` may be NULL.
 * - `include:` is a path or a list of them, relative to the file that includes. Merging is RFC
 *   7396's: the including file wins over what it includes, later includes over earlier, null takes
 *   a member away. A null that takes nothing away stays (`main:` is a resource without fields).
 * - `vars:` holds the variables, `${var.name}` and `${var.name.member}` use them, in values and in
 *   other variables. A string that is exactly one ${var.x} becomes the variable's value, of
 *   whatever type. null is a variable without a default. What is not ${var.…} stays as text.
 * - `include:` and `vars:` are gone from the result.
 * Caps: 4 MiB a file, 64 includes, 100,000 nodes (aliases and variables counted at each use), depth
 * 64. Every error goes to `findings`, as many of them at once as make sense; only when they hold
 * none is the tree good for use. NULL only when memory is out. */
struct tree *tree_load(
	const char *path, const struct tree_options *options, struct findings *findings);
void tree_free(struct tree *tree);
/* The merged root map, borrowed; NULL when a file could not be read as a tree at all. After lesser
 * errors it is there, so that the next check can add its own. */
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

/* The nearest of `count` names to `wrong` for 'did you mean', or NULL when none is near. Borrowed.
 */
const char *nearest_name(const char *wrong, const char *const *names, size_t count);

/* One reference inside a string: "${data.db_instance.main.endpoint.address}". */
struct interpolation {
	size_t start, end; // bytes in the text, braces included
	char inside[200];  // what stands between the braces
};
/* The next ${...} at or after `from`; "$${" is an escape for a literal "${" and is skipped.
 * False when there is none. A brace that never closes: *ret_bad is set. */
bool interpolation_next(const char *text, size_t from, struct interpolation *ret, bool *ret_bad);
/* A copy with each "$${" turned into "${"; NULL when memory is out. Free it. */
char *interpolation_unescape(const char *text);
