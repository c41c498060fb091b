// Files to one tree: reads them, follows includes, merges, applies variables.
#include "config/tree.h"
#include "base/str.h"
#include "config/merge.h"
#include "config/pool.h"
#include "config/vars.h"
#include "config/yaml.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILE_BYTES = 4 << 20, MOST_INCLUDES = 64 };

struct tree {
	struct pool pool;
	const struct node *root;
	const char *files[MOST_INCLUDES + 1]; // in the pool
	size_t file_count;
};

/* One load: the tree in the making and the chain of files that include each other. */
struct loading {
	struct tree *tree;
	struct findings *findings;
	char *chain[MOST_INCLUDES + 1]; // real paths, or the given path; owned
	size_t chain_count;
	size_t include_count;
	bool reads_nothing;
	const json_t *beside; // borrowed
	bool is_incomplete;   // a file could not be read
};

static const struct node *load_text(
	struct loading *loading, const char *file, const char *text, size_t bytes);

/* A regular file, whole. Anything else could block or never end. */
static bool read_file(const char *path, char **ret_text, size_t *ret_bytes, char ret_why[100])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(ret_why, 100, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	char *text = NULL;
	size_t bytes = 0;
	ssize_t n = 1;
	if (!S_ISREG(st.st_mode))
		snprintf(ret_why, 100, "not a regular file");
	else if (!(text = malloc(MOST_FILE_BYTES + 1)))
		snprintf(ret_why, 100, "out of memory");
	while (text && n > 0 && bytes <= MOST_FILE_BYTES) {
		n = read(fd, text + bytes, MOST_FILE_BYTES + 1 - bytes);
		if (n > 0)
			bytes += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (text && n < 0)
		snprintf(ret_why, 100, "%s", strerror(errno));
	else if (bytes > MOST_FILE_BYTES)
		snprintf(ret_why, 100, "larger than %d MiB", MOST_FILE_BYTES >> 20);
	close(fd);
	if (!text || n < 0 || bytes > MOST_FILE_BYTES) {
		free(text);
		return false;
	}
	*ret_text = text;
	*ret_bytes = bytes;
	return true;
}

/* Remembers a file name for the life of the tree; one entry a name. */
static const char *own_file(struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->file_count; i++)
		if (str_eq(tree->files[i], path))
			return tree->files[i];
	const char *copy = pool_text(&tree->pool, path, strlen(path));
	if (copy && tree->file_count < ARRAY_COUNT(tree->files))
		tree->files[tree->file_count++] = copy;
	return copy;
}

/* The include's path, seen from the including file's folder. Owned by the caller. */
static char *include_path(const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');
	if (*path == '/' || !slash)
		return strdup(path);
	return str_format("%.*s/%s", (int)(slash - from), from, path);
}

static bool enter(struct loading *loading, const char *path)
{
	char *real = loading->reads_nothing ? NULL : realpath(path, NULL);
	if (!real)
		real = strdup(path);
	if (!real) {
		loading->tree->pool.is_out = true;
		return false;
	}
	loading->chain[loading->chain_count++] = real;
	return true;
}

static void leave(struct loading *loading)
{
	free(loading->chain[--loading->chain_count]);
}

/* Does the file just entered stand in the chain already? */
static bool is_loop(const struct loading *loading)
{
	for (size_t i = 0; i + 1 < loading->chain_count; i++)
		if (str_eq(loading->chain[i], loading->chain[loading->chain_count - 1]))
			return true;
	return false;
}

/* A file that came with the one that includes it. */
static const struct node *load_sent(struct loading *loading, const char *file, struct place place)
{
	const char *text = js_str(loading->beside, file);
	if (text)
		return load_text(loading, file, text, strlen(text));
	findings_error(loading->findings, place,
		"send it too, under the path that it is included by from the first file's folder, "
		"as 'holdfast plan --file' does",
		"cannot include '%s': it was not sent along", file);
	return NULL;
}

/* Loads a file on behalf of an include entry (or, with line 0, of the caller). */
static const struct node *load_file(struct loading *loading, const char *path, struct place place)
{
	const struct node *root = NULL;
	char *text = NULL;
	size_t bytes = 0;
	char why[100] = "";
	const char *file = own_file(loading->tree, path);
	if (!file || !enter(loading, path))
		return NULL;
	if (is_loop(loading))
		findings_error(loading->findings, place, "take this include out",
			"'%s' includes itself through this file", path);
	else if (loading->reads_nothing)
		root = load_sent(loading, file, place);
	else if (read_file(path, &text, &bytes, why))
		root = load_text(loading, file, text, bytes);
	else
		findings_error(loading->findings, place,
			place.line ? "the path is relative to the folder of this file" : NULL,
			place.line ? "cannot include '%s': %s" : "cannot read '%s': %s", path, why);
	leave(loading);
	if (text)
		explicit_bzero(text, bytes);
	free(text);
	if (!root)
		loading->is_incomplete = true;
	return root;
}

static const struct node *load_include(
	struct loading *loading, const struct node *entry, const char *from)
{
	if (entry->is_broken)
		return NULL;
	if (entry->type != NODE_STRING || !*entry->text) {
		findings_error(loading->findings, entry->place, "write 'include: base.yaml'",
			"include takes a path or a list of paths, not %s",
			entry->type == NODE_STRING ? "an empty string"
						   : node_type_name(entry->type));
		return NULL;
	}
	if (loading->include_count++ >= MOST_INCLUDES) {
		if (loading->include_count == MOST_INCLUDES + 1)
			findings_error(loading->findings, entry->place, "include fewer files",
				"more than %d includes", MOST_INCLUDES);
		loading->is_incomplete = true;
		return NULL;
	}
	_cleanup_free_ char *path = include_path(from, entry->text);
	if (!path) {
		loading->tree->pool.is_out = true;
		return NULL;
	}
	if (strlen(path) >= PATH_MAX) {
		findings_error(loading->findings, entry->place, NULL, "the path is too long");
		return NULL;
	}
	return load_file(loading, path, entry->place);
}

static const struct node *load_text(
	struct loading *loading, const char *file, const char *text, size_t bytes)
{
	struct pool *pool = &loading->tree->pool;
	const struct node *root = yaml_read(pool, file, text, bytes, loading->findings);
	if (!root)
		return NULL;
	const struct node *include = node_get(root, "include"), *merged = NULL;
	if (!include)
		return root;
	size_t count = include->type == NODE_LIST ? include->count : 1;
	for (size_t i = 0; i < count; i++) {
		const struct node *base = load_include(
			loading, include->type == NODE_LIST ? include->items[i] : include, file);
		if (base)
			merged = merged ? merge_nodes(pool, merged, base) : base;
	}
	root = merge_without(pool, root, "include");
	return merged && root ? merge_nodes(pool, merged, root) : root;
}

/* The given text under the name of a file, so that its includes are found beside it. */
static const struct node *load_given(
	struct loading *loading, const char *path, const struct tree_options *options)
{
	const char *file = own_file(loading->tree, path);
	if (!file)
		return NULL;
	if (options->text_bytes > MOST_FILE_BYTES) {
		findings_error(loading->findings, place_in(file, 0, 0), "split it up",
			"cannot read '%s': larger than %d MiB", path, MOST_FILE_BYTES >> 20);
		return NULL;
	}
	if (!enter(loading, path))
		return NULL;
	const struct node *root = load_text(loading, file, options->text, options->text_bytes);
	leave(loading);
	return root;
}

struct tree *tree_load(
	const char *path, const struct tree_options *options, struct findings *findings)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	if (!tree) {
		findings_error(findings, place_in(path, 0, 0), NULL, "out of memory");
		return NULL;
	}
	pool_init(&tree->pool);
	struct loading loading = {.tree = tree,
		.findings = findings,
		.reads_nothing = options && options->reads_nothing,
		.beside = options ? options->beside : NULL};
	const struct node *root = options && options->text
					  ? load_given(&loading, path, options)
					  : load_file(&loading, path, place_in(path, 0, 0));
	// Without a part of the files every variable could be missing: no more findings then.
	if (root && !loading.is_incomplete)
		tree->root =
			vars_apply(&tree->pool, root, options ? options->vars : NULL, findings);
	if (tree->pool.is_out) {
		findings_error(findings, place_in(path, 0, 0), NULL, "out of memory");
		tree->root = NULL;
	}
	return tree;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	pool_done(&tree->pool);
	free(tree);
}

const struct node *tree_root(const struct tree *tree)
{
	return tree ? tree->root : NULL;
}

size_t tree_file_count(const struct tree *tree)
{
	return tree->file_count;
}

const char *tree_file(const struct tree *tree, size_t index)
{
	return index < tree->file_count ? tree->files[index] : NULL;
}
