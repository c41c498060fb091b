// Variables are resolved when they are first used, so that they may use each other in any order,
// and once, so that what they cost is what they hold. Nodes that nothing changes are shared.
#include "config/vars.h"
#include "base/map.h"
#include "base/str.h"
#include "config/merge.h"
#include "config/yaml.h"

#define MOST_STRING_BYTES ((size_t)256 << 10)
#define MOST_TOTAL_BYTES ((size_t)16 << 20)

enum var_phase { VAR_NEW, VAR_BUSY, VAR_DONE };

struct var {
	const char *name;
	const struct node *node;
	enum var_phase phase;
};

struct vars {
	struct pool *pool;
	struct findings *findings;
	struct var *vars; // in the pool
	const char **names;
	size_t count;
	size_t total_bytes; // of strings made so far
	bool is_full;       // a cap was reached and told: nothing more is replaced
};

static const struct node *replace(struct vars *vars, const struct node *node, int depth);

static struct var *find_var(const struct vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->count; i++)
		if (str_eq(vars->vars[i].name, name))
			return &vars->vars[i];
	return NULL;
}

/* "did you mean 'x'?" or `fallback`. */
static const char *suggest(const char *wrong, const char *const *names, size_t count,
	const char *fallback, char text[100])
{
	const char *near = nearest_name(wrong, names, count);
	if (!near)
		return fallback;
	snprintf(text, 100, "did you mean '%.70s'?", near);
	return text;
}

static const struct node *broken_copy(struct vars *vars, const struct node *node)
{
	struct node *copy = pool_node(vars->pool, node->type, node->place);
	if (!copy)
		return NULL;
	*copy = *node;
	copy->is_broken = true;
	return copy;
}

/* A member of a variable that is a map or a list: "${var.sizes.db}". */
static const struct node *step_into(struct vars *vars, const struct node *node, const char *path,
	const char *whole, struct place place)
{
	while (*path && !node->is_broken) {
		char step[200];
		size_t length = strcspn(path, ".");
		snprintf(step, sizeof(step), "%.*s", (int)length, path);
		const struct node *member = node_get(node, step);
		if (!member) {
			char text[100];
			findings_error(vars->findings, place,
				node->type == NODE_MAP
					? suggest(step, node->keys, node->count,
						  "look at its members under vars:", text)
					: "use the variable itself",
				"${var.%s}: '%s' is no member of %s", whole, step,
				node_type_name(node->type));
			return NULL;
		}
		node = member;
		path += length + (path[length] == '.');
	}
	return node;
}

/* The value of "name" or "name.member", or NULL with a finding (or a broken variable). */
static const struct node *look_up(struct vars *vars, const char *path, struct place place)
{
	char name[200], text[100];
	size_t length = strcspn(path, ".");
	snprintf(name, sizeof(name), "%.*s", (int)length, path);
	struct var *var = find_var(vars, name);
	if (!var) {
		findings_error(vars->findings, place,
			suggest(name, vars->names, vars->count, "declare it under vars:", text),
			"no variable '%s'", name);
		return NULL;
	}
	if (var->phase == VAR_BUSY) {
		findings_error(vars->findings, var->node->place, "break the circle",
			"variable '%s' is made of itself", name);
		return NULL;
	}
	if (var->phase == VAR_NEW) {
		var->phase = VAR_BUSY;
		const struct node *node = replace(vars, var->node, 1);
		var->node = node ? node : var->node;
		var->phase = VAR_DONE;
	}
	if (var->node->is_broken)
		return NULL;
	if (var->node->type == NODE_NULL) {
		findings_error(vars->findings, place, "set it under vars: or with --var",
			"variable '%s' has no value", name);
		return NULL;
	}
	const struct node *node =
		step_into(vars, var->node, path + length + (path[length] == '.'), path, place);
	return node && !node->is_broken ? node : NULL;
}

/* Counts what a use adds; the height of the value is the return value. */
static int count_nodes(struct vars *vars, const struct node *node)
{
	int height = 0;
	vars->pool->node_count++;
	for (size_t i = 0; i < node->count && vars->pool->node_count <= POOL_MOST_NODES; i++) {
		int below = 1 + count_nodes(vars, node->items[i]);
		height = below > height ? below : height;
	}
	return height;
}

static bool is_within_caps(struct vars *vars, struct place place, int depth)
{
	if (vars->is_full)
		return false;
	if (depth > POOL_MOST_DEPTH)
		findings_error(vars->findings, place, "flatten the variable",
			"nested deeper than %d levels with the variable put in", POOL_MOST_DEPTH);
	else if (vars->pool->node_count > POOL_MOST_NODES)
		findings_error(vars->findings, place, "use smaller variables",
			"more than %d values with the variables put in", POOL_MOST_NODES);
	else if (vars->total_bytes > MOST_TOTAL_BYTES)
		findings_error(vars->findings, place, "use smaller variables",
			"more than %zu MiB of text with the variables put in",
			MOST_TOTAL_BYTES >> 20);
	else
		return true;
	vars->is_full = true;
	return false;
}

/* A string that is one ${var.x}: the variable's value, at the place of its use. */
static const struct node *whole_value(
	struct vars *vars, const struct node *node, const char *path, int depth)
{
	const struct node *value = look_up(vars, path, node->place);
	if (!value)
		return broken_copy(vars, node);
	int height = count_nodes(vars, value);
	if (!is_within_caps(vars, node->place, depth + height))
		return broken_copy(vars, node);
	struct node *copy = pool_take(vars->pool, sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *value;
	copy->place = node->place;
	return copy;
}

/* Appends a variable to a string that has more than it. */
static bool add_text(struct vars *vars, struct buf *out, const struct node *node, const char *path)
{
	const struct node *value = look_up(vars, path, node->place);
	if (!value)
		return false;
	if (value->type == NODE_LIST || value->type == NODE_MAP) {
		findings_error(vars->findings, node->place,
			"use it alone: \"${var.name}\" as the whole value",
			"${var.%s} is %s and cannot stand inside a string", path,
			node_type_name(value->type));
		return false;
	}
	buf_adds(out, value->text);
	return true;
}

/* Builds the text; false when it cannot be whole. */
static bool build_text(struct vars *vars, const struct node *node, struct buf *out)
{
	bool ok = true, is_bad;
	size_t done = 0;
	struct interpolation found = {0};
	while (interpolation_next(node->text, found.end, &found, &is_bad)) {
		if (!str_starts(found.inside, "var."))
			continue;
		buf_add(out, node->text + done, found.start - done);
		ok = add_text(vars, out, node, found.inside + strlen("var.")) && ok;
		done = found.end;
	}
	buf_adds(out, node->text + done);
	if (ok && out->failed)
		findings_error(vars->findings, node->place, "use smaller variables",
			"the string is longer than %zu KiB with the variables put in",
			MOST_STRING_BYTES >> 10);
	return ok && !out->failed;
}

static const struct node *replace_string(struct vars *vars, const struct node *node, int depth)
{
	struct interpolation found = {0};
	bool is_bad = false, uses_vars = false;
	size_t from = 0, text_bytes = strlen(node->text);
	for (; interpolation_next(node->text, from, &found, &is_bad); from = found.end) {
		if (!str_starts(found.inside, "var."))
			continue;
		if (found.start == 0 && found.end == text_bytes)
			return whole_value(vars, node, found.inside + strlen("var."), depth);
		uses_vars = true;
	}
	if (is_bad) {
		findings_error(vars->findings, node->place,
			"close it with '}', or write '$${' for a plain '${'",
			"'${' at character %zu of the string is never closed", found.start + 1);
		return broken_copy(vars, node);
	}
	if (!uses_vars)
		return node;
	_cleanup_buf_ struct buf out = {0};
	buf_init(&out, text_bytes + MOST_STRING_BYTES);
	if (!build_text(vars, node, &out))
		return broken_copy(vars, node);
	vars->total_bytes += out.len;
	if (!is_within_caps(vars, node->place, depth))
		return broken_copy(vars, node);
	char *text = pool_text(vars->pool, buf_str(&out), out.len);
	struct node *made = text ? pool_node(vars->pool, NODE_STRING, node->place) : NULL;
	if (!made)
		return NULL;
	made->text = text;
	made->is_quoted = node->is_quoted;
	if (!node->is_quoted)
		yaml_type_scalar(made, text);
	return made;
}

/* The node with its variables replaced: itself when it has none. NULL when memory is out. */
static const struct node *replace(struct vars *vars, const struct node *node, int depth)
{
	if (node->is_broken || vars->is_full)
		return node;
	if (node->type == NODE_STRING)
		return replace_string(vars, node, depth);
	struct node *changed = NULL;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = replace(vars, node->items[i], depth + 1);
		if (!item)
			return NULL;
		if (item != node->items[i] && !changed) {
			changed = pool_take(vars->pool, sizeof(*changed));
			struct node **items =
				pool_take(vars->pool, node->count * sizeof(struct node *));
			if (!changed || !items)
				return NULL;
			*changed = *node;
			changed->items = items;
			memcpy(items, node->items, node->count * sizeof(struct node *));
		}
		if (changed)
			changed->items[i] = (struct node *)item;
	}
	return changed ? changed : node;
}

static bool is_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == strlen(name);
}

static bool declare(struct vars *vars, const struct node *declared)
{
	if (!declared || declared->type == NODE_NULL || declared->is_broken)
		return true;
	if (declared->type != NODE_MAP) {
		findings_error(vars->findings, declared->place, "write 'vars: {name: value}'",
			"vars: must be a map of names to values, not %s",
			node_type_name(declared->type));
		return true;
	}
	vars->vars = pool_take(vars->pool, declared->count * sizeof(*vars->vars));
	vars->names = pool_take(vars->pool, declared->count * sizeof(*vars->names));
	if (!vars->vars || !vars->names)
		return false;
	for (size_t i = 0; i < declared->count; i++) {
		const char *name = declared->keys[i];
		if (!is_name(name))
			findings_error(vars->findings, declared->key_places[i],
				"use letters, digits, '_' and '-'",
				"'%s' is no name for a variable", name);
		vars->names[vars->count] = name;
		vars->vars[vars->count++] = (struct var){.name = name, .node = declared->items[i]};
	}
	return true;
}

/* One "name=value" of the command line. */
static bool override(struct vars *vars, const char *text)
{
	struct place place = {"--var", 0, 0};
	size_t length = strcspn(text, "=");
	char name[200], nearby[100];
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	struct var *var = find_var(vars, name);
	if (text[length] != '=') {
		findings_error(vars->findings, place, "write name=value", "'%s' has no '='", name);
		return true;
	}
	if (!var) {
		findings_error(vars->findings, place,
			suggest(name, vars->names, vars->count, "declare it under vars:", nearby),
			"no variable '%s' in the file", name);
		return true;
	}
	const char *value = text + length + 1;
	if (var->node->type == NODE_LIST || var->node->type == NODE_MAP) {
		findings_error(vars->findings, place, "set it in a file that includes this one",
			"variable '%s' is %s", name, node_type_name(var->node->type));
		return true;
	}
	if (!str_is_utf8(value, strlen(value))) {
		findings_error(vars->findings, place, NULL, "the value of '%s' is not UTF-8", name);
		return true;
	}
	struct node *node = pool_node(vars->pool, NODE_STRING, place);
	char *copy = pool_text(vars->pool, value, strlen(value));
	if (!node || !copy)
		return false;
	node->text = copy;
	// Where the file has text, "5" is text as well.
	if (var->node->type != NODE_STRING)
		yaml_type_scalar(node, copy);
	if (node->type == NODE_NULL)
		node->type = NODE_STRING;
	var->node = node;
	return true;
}

const struct node *vars_apply(struct pool *pool, const struct node *root,
	const char *const *overrides, struct findings *findings)
{
	struct vars vars = {.pool = pool, .findings = findings};
	if (!declare(&vars, node_get(root, "vars")))
		return NULL;
	for (size_t i = 0; overrides && overrides[i]; i++)
		if (!override(&vars, overrides[i]))
			return NULL;
	// Also those that nothing uses: a wrong one is found now and not with its first use.
	for (size_t i = 0; i < vars.count; i++) {
		struct var *var = &vars.vars[i];
		if (var->phase == VAR_NEW && var->node->type != NODE_NULL)
			look_up(&vars, var->name, var->node->place);
	}
	root = merge_without(pool, root, "vars");
	return root ? replace(&vars, root, 1) : NULL;
}
