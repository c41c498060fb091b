// libyaml's events to nodes. libyaml knows the grammar; what it leaves open is decided here: types
// of scalars, duplicate and merge keys, anchors, tags, and how much of everything is too much.
#include "config/yaml.h"
#include "base/map.h"
#include "base/num.h"
#include "base/str.h"
#include "config/remedy.h"
#include "config/text.h"
#include <yaml.h>

/* What an alias stands for. */
struct anchor {
	struct node *node; // NULL while its own node is still being read
	size_t weight;     // nodes below and at it, each use of an alias counted
	int height;        // levels below it
	struct place place;
};

struct member {
	char *key; // NULL in lists
	struct place key_place;
	struct node *value;
};

struct reader {
	struct pool *pool;
	struct findings *findings;
	const char *file;
	struct text text;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	bool is_dead; // a finding says why; nothing more can be read
	struct map anchors;
	struct member *members; // a stack: each open list or map has its members on top
	size_t member_count, member_size;
};

void yaml_type_scalar(struct node *node, const char *text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
	node->text = text;
	node->type = NODE_STRING;
	for (size_t i = 0; i < ARRAY_COUNT(nulls); i++)
		if (str_eq(text, nulls[i]))
			node->type = NODE_NULL;
	for (size_t i = 0; i < ARRAY_COUNT(bools); i++) {
		if (str_eq(text, bools[i])) {
			node->type = NODE_BOOL;
			node->boolean = i < 3;
		}
	}
	// A leading zero is a spelling, not a number: "0123" is an account or a code, 012 in YAML
	// 1.1 was octal.
	const char *digits = text + (*text == '-');
	if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
		return;
	if (num_parse_i64(text, INT64_MIN, INT64_MAX, &node->integer))
		node->type = NODE_INT;
	else if (strpbrk(text, ".eE") && num_parse_real(text, &node->real))
		node->type = NODE_REAL;
}

static struct place place_at(const struct reader *reader, const yaml_mark_t *mark)
{
	int line = (int)mark->line + 1;
	return place_in(
		reader->file, line, text_column(&reader->text, line, (int)mark->column + 1));
}

static struct place place_now(const struct reader *reader)
{
	return place_at(reader, &reader->event.start_mark);
}

static void die_nomem(struct reader *reader)
{
	if (!reader->is_dead)
		findings_error(
			reader->findings, place_in(reader->file, 0, 0), NULL, "out of memory");
	reader->is_dead = true;
}

static void die_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	reader->is_dead = true;
	if (parser->error == YAML_MEMORY_ERROR) {
		reader->is_dead = false;
		die_nomem(reader);
		return;
	}
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	const char *start = reader->text.bytes ? reader->text.bytes : "";
	const char *line = start;
	for (size_t i = 0; line && i < parser->problem_mark.line; i++)
		if ((line = strchr(line, '\n')))
			line++;
	bool is_json = start[strspn(start, " \t\r\n")] == '{';
	char where[100] = "";
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		snprintf(where, sizeof(where), " %s that begins on line %zu", parser->context,
			parser->context_mark.line + 1);
	findings_error(reader->findings, place_at(reader, &parser->problem_mark),
		remedy_of_syntax(problem, line ? line : "", parser->problem_mark.column),
		"%s: %s%s", is_json ? "JSON" : "YAML", problem, where);
}

static bool next_event(struct reader *reader)
{
	if (reader->is_dead)
		return false;
	if (reader->has_event)
		yaml_event_delete(&reader->event);
	reader->has_event = yaml_parser_parse(&reader->parser, &reader->event);
	if (!reader->has_event)
		die_syntax(reader);
	return reader->has_event;
}

static bool push_member(struct reader *reader, struct member member)
{
	if (reader->member_count == reader->member_size) {
		size_t size = reader->member_size ? 2 * reader->member_size : 64;
		struct member *members = realloc(reader->members, size * sizeof(*members));
		if (!members) {
			die_nomem(reader);
			return false;
		}
		reader->members = members;
		reader->member_size = size;
	}
	reader->members[reader->member_count++] = member;
	return true;
}

static struct node *new_node(struct reader *reader, enum node_type type)
{
	struct node *node = pool_node(reader->pool, type, place_now(reader));
	if (!node)
		die_nomem(reader);
	return node;
}

/* Stops an alias bomb and whatever else is more than any stack needs. */
static bool is_within_caps(struct reader *reader, int depth)
{
	if (reader->is_dead)
		return false;
	if (depth > POOL_MOST_DEPTH)
		findings_error(reader->findings, place_now(reader), "flatten the structure",
			"nested deeper than %d levels", POOL_MOST_DEPTH);
	else if (reader->pool->node_count > POOL_MOST_NODES)
		findings_error(reader->findings, place_now(reader),
			"split the stack, or use fewer aliases",
			"more than %d values, with what aliases stand for", POOL_MOST_NODES);
	else
		return true;
	reader->is_dead = true;
	return false;
}

/* Registered before its node is read, so that an alias to itself is seen as such. */
static struct anchor *open_anchor(struct reader *reader, const yaml_char_t *name)
{
	if (!name || reader->is_dead)
		return NULL;
	struct anchor *anchor = pool_take(reader->pool, sizeof(*anchor));
	if (!anchor || !map_set(&reader->anchors, (const char *)name, anchor, NULL)) {
		die_nomem(reader);
		return NULL;
	}
	anchor->place = place_now(reader);
	anchor->weight = reader->pool->node_count;
	return anchor;
}

static void close_anchor(
	struct reader *reader, struct anchor *anchor, struct node *node, int height)
{
	if (!anchor)
		return;
	anchor->node = node;
	anchor->weight = reader->pool->node_count - anchor->weight;
	anchor->height = height;
}

static struct node *read_alias(struct reader *reader, int *ret_height)
{
	const char *name = (const char *)reader->event.data.alias.anchor;
	const struct anchor *anchor = map_get(&reader->anchors, name);
	if (anchor && anchor->node) {
		reader->pool->node_count += anchor->weight;
		*ret_height = anchor->height;
		return anchor->node;
	}
	if (anchor)
		findings_error(reader->findings, place_now(reader), "take the alias out",
			"alias *%s stands inside of what it is to repeat (line %d)", name,
			anchor->place.line);
	else
		findings_error(reader->findings, place_now(reader),
			"write the anchor above its first use; a value that begins with '*' needs "
			"quotes",
			"no anchor &%s above this alias", name);
	struct node *node = new_node(reader, NODE_NULL);
	if (node)
		node->is_broken = true;
	return node;
}

static void refuse_tag(struct reader *reader, const char *tag)
{
	findings_error(reader->findings, place_now(reader),
		"take the tag out; references are written ${layer.kind.name.attribute}",
		"tag '%s' is not known here", tag);
}

/* "str" of "!!str"; NULL when it is none of YAML's own. */
static const char *core_tag(const char *tag)
{
	return str_starts(tag, "tag:yaml.org,2002:") ? tag + strlen("tag:yaml.org,2002:") : NULL;
}

static void apply_scalar_tag(struct reader *reader, struct node *node, const char *tag)
{
	static const struct {
		const char *name;
		enum node_type type;
	} rows[] = {{"null", NODE_NULL}, {"bool", NODE_BOOL}, {"int", NODE_INT}};
	const char *core = core_tag(tag);
	if (str_eq(tag, "!") || (core && str_eq(core, "str"))) {
		node->type = NODE_STRING;
		node->is_quoted = true;
		return;
	}
	yaml_type_scalar(node, node->text);
	if (core && str_eq(core, "float") && (node->type == NODE_REAL || node->type == NODE_INT)) {
		if (node->type == NODE_INT)
			node->real = (double)node->integer;
		node->type = NODE_REAL;
		return;
	}
	for (size_t i = 0; core && i < ARRAY_COUNT(rows); i++)
		if (str_eq(core, rows[i].name) && node->type == rows[i].type)
			return;
	node->is_broken = true;
	if (core && (str_eq(core, "float") || str_eq(core, "null") || str_eq(core, "bool") ||
			    str_eq(core, "int")))
		findings_error(reader->findings, place_now(reader), "take the tag out",
			"'%s' is no value of the type !!%s", node->text, core);
	else
		refuse_tag(reader, tag);
}

/* The text of a scalar event, in the pool. */
static char *scalar_text(struct reader *reader)
{
	const char *value = (const char *)reader->event.data.scalar.value;
	size_t length = reader->event.data.scalar.length;
	if (strnlen(value, length) < length) {
		findings_error(reader->findings, place_now(reader), "take it out",
			"a NUL character in a string");
		length = strlen(value);
	}
	char *text = pool_text(reader->pool, value, length);
	if (!text)
		die_nomem(reader);
	return text;
}

static struct node *read_scalar(struct reader *reader)
{
	struct node *node = new_node(reader, NODE_STRING);
	char *text = node ? scalar_text(reader) : NULL;
	if (!text)
		return NULL;
	node->text = text;
	const yaml_event_t *event = &reader->event;
	if (event->data.scalar.tag)
		apply_scalar_tag(reader, node, (const char *)event->data.scalar.tag);
	else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		yaml_type_scalar(node, text);
	else
		node->is_quoted = true;
	return node;
}

static struct node *read_node(struct reader *reader, int depth, int *ret_height);

/* Moves the members above `base` from the stack into a container. */
static struct node *pop_container(
	struct reader *reader, enum node_type type, struct place place, size_t base)
{
	size_t count = reader->member_count - base;
	struct node *node = pool_container(reader->pool, type, place, count);
	for (size_t i = 0; node && i < count; i++) {
		const struct member *member = &reader->members[base + i];
		node->items[i] = member->value;
		if (type == NODE_MAP) {
			node->keys[i] = member->key;
			node->key_places[i] = member->key_place;
		}
	}
	if (node)
		node->count = count;
	else
		die_nomem(reader);
	reader->member_count = base;
	return node;
}

static struct node *read_list(struct reader *reader, int depth, int *ret_height)
{
	struct place place = place_now(reader);
	size_t base = reader->member_count;
	*ret_height = 0;
	while (next_event(reader) && reader->event.type != YAML_SEQUENCE_END_EVENT) {
		int height = 0;
		struct node *item = read_node(reader, depth + 1, &height);
		if (!item || !push_member(reader, (struct member){.value = item}))
			return NULL;
		if (height >= *ret_height)
			*ret_height = height + 1;
	}
	return reader->is_dead ? NULL : pop_container(reader, NODE_LIST, place, base);
}

/* The members of one map that is being read: finds a key fast also among very many. */
struct open_map {
	size_t base;
	struct map index; // key to its number + 1, once there are many
};

static bool find_member(
	struct reader *reader, struct open_map *open, const char *key, struct place *ret_place)
{
	enum { MANY = 16 };
	size_t count = reader->member_count - open->base;
	if (count == 0)
		return false;
	const struct member *members = reader->members + open->base;
	if (count < MANY) {
		for (size_t i = 0; i < count; i++) {
			if (str_eq(members[i].key, key)) {
				*ret_place = members[i].key_place;
				return true;
			}
		}
		return false;
	}
	for (size_t i = open->index.count; i < count; i++)
		if (!map_set(&open->index, members[i].key, (void *)(uintptr_t)(i + 1), NULL))
			die_nomem(reader);
	uintptr_t found = (uintptr_t)map_get(&open->index, key);
	if (found)
		*ret_place = members[found - 1].key_place;
	return found != 0;
}

/* "<<": the members of another map, where this one has none of that name. */
static void merge_in(struct reader *reader, struct open_map *open, const struct node *from)
{
	if (from->is_broken)
		return;
	if (from->type == NODE_LIST) {
		for (size_t i = 0; i < from->count; i++) {
			if (from->items[i]->type == NODE_LIST)
				findings_error(reader->findings, from->items[i]->place,
					"name one anchor an item",
					"a list inside the list of '<<'");
			else
				merge_in(reader, open, from->items[i]);
		}
		return;
	}
	if (from->type != NODE_MAP) {
		findings_error(reader->findings, from->place, "give it a map: '<<: *anchor'",
			"'<<' takes a map or a list of maps, not %s", node_type_name(from->type));
		return;
	}
	for (size_t i = 0; i < from->count && !reader->is_dead; i++) {
		struct place known;
		if (!find_member(reader, open, from->keys[i], &known))
			push_member(reader, (struct member){(char *)from->keys[i],
						    from->key_places[i], from->items[i]});
	}
}

/* The key that the current event is; NULL after a finding when it cannot be one. */
static char *read_key(struct reader *reader, int depth, bool *ret_is_merge)
{
	const yaml_event_t *event = &reader->event;
	*ret_is_merge = false;
	int height;
	if (event->type == YAML_SCALAR_EVENT) {
		*ret_is_merge = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
				str_eq((const char *)event->data.scalar.value, "<<");
		const char *tag = (const char *)event->data.scalar.tag;
		if (tag && !str_eq(tag, "!") && !core_tag(tag))
			refuse_tag(reader, tag);
		struct anchor *anchor = open_anchor(reader, event->data.scalar.anchor);
		char *text = scalar_text(reader);
		if (text && anchor) {
			struct node *node = new_node(reader, NODE_STRING);
			if (node)
				node->text = text;
			close_anchor(reader, anchor, node, 0);
		}
		if (text && !*text)
			findings_error(reader->findings, place_now(reader),
				"write a name before the ':'", "an empty key");
		return text;
	}
	struct place place = place_now(reader);
	struct node *node = read_node(reader, depth + 1, &height);
	if (!node)
		return NULL;
	if (node->text)
		return (char *)node->text;
	if (!node->is_broken)
		findings_error(reader->findings, place,
			"keys are plain text; quote a key that begins with '{', '[', '?' or '*'",
			"%s cannot be a key", node_type_name(node->type));
	char *text = pool_text(reader->pool, "?", 1);
	if (!text)
		die_nomem(reader);
	return text;
}

static void add_member(struct reader *reader, struct open_map *open, struct member member)
{
	struct place first;
	if (!find_member(reader, open, member.key, &first))
		push_member(reader, member);
	else
		findings_error(reader->findings, member.key_place, "keep one of the two",
			"key '%s' is there already, on line %d", member.key, first.line);
}

static struct node *read_map(struct reader *reader, int depth, int *ret_height)
{
	struct place place = place_now(reader), merge_place = {0};
	struct open_map open = {.base = reader->member_count};
	struct node *merge = NULL;
	map_init(&open.index);
	*ret_height = 0;
	while (next_event(reader) && reader->event.type != YAML_MAPPING_END_EVENT) {
		struct member member = {.key_place = place_now(reader)};
		bool is_merge;
		int height = 0;
		member.key = read_key(reader, depth, &is_merge);
		if (member.key && next_event(reader))
			member.value = read_node(reader, depth + 1, &height);
		if (!member.value)
			break;
		if (height >= *ret_height)
			*ret_height = height + 1;
		if (!is_merge) {
			add_member(reader, &open, member);
		} else if (merge) {
			findings_error(reader->findings, member.key_place,
				"give one '<<' a list: '<<: [*a, *b]'",
				"'<<' is there already, on line %d", merge_place.line);
		} else {
			merge = member.value;
			merge_place = member.key_place;
		}
	}
	if (merge && !reader->is_dead)
		merge_in(reader, &open, merge);
	map_done(&open.index);
	return reader->is_dead ? NULL : pop_container(reader, NODE_MAP, place, open.base);
}

/* A list or map, with its anchor and tag. */
static struct node *read_container(struct reader *reader, int depth, int *ret_height)
{
	bool is_map = reader->event.type == YAML_MAPPING_START_EVENT;
	const yaml_event_t *event = &reader->event;
	const char *tag = (const char *)(is_map ? event->data.mapping_start.tag
						: event->data.sequence_start.tag);
	const char *core = tag ? core_tag(tag) : NULL;
	bool is_refused =
		tag && !(core && str_eq(core, is_map ? "map" : "seq")) && !str_eq(tag, "!");
	if (is_refused)
		refuse_tag(reader, tag);
	struct anchor *anchor = open_anchor(reader,
		is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor);
	struct node *node =
		is_map ? read_map(reader, depth, ret_height) : read_list(reader, depth, ret_height);
	if (node)
		node->is_broken = is_refused;
	close_anchor(reader, anchor, node, *ret_height);
	return node;
}

/* Reads the node that begins with the current event. NULL when the reader is dead. */
static struct node *read_node(struct reader *reader, int depth, int *ret_height)
{
	*ret_height = 0;
	if (!is_within_caps(reader, depth))
		return NULL;
	struct node *node = NULL;
	if (reader->event.type == YAML_ALIAS_EVENT) {
		node = read_alias(reader, ret_height);
	} else if (reader->event.type == YAML_SCALAR_EVENT) {
		struct anchor *anchor = open_anchor(reader, reader->event.data.scalar.anchor);
		node = read_scalar(reader);
		close_anchor(reader, anchor, node, 0);
	} else if (reader->event.type == YAML_MAPPING_START_EVENT ||
		   reader->event.type == YAML_SEQUENCE_START_EVENT) {
		return read_container(reader, depth, ret_height);
	}
	return node && is_within_caps(reader, depth + *ret_height) ? node : NULL;
}

static struct node *read_document(struct reader *reader)
{
	if (!next_event(reader) || !next_event(reader)) // STREAM-START, DOCUMENT-START
		return NULL;
	if (reader->event.type == YAML_STREAM_END_EVENT) {
		findings_error(reader->findings, place_in(reader->file, 1, 1),
			"begin with 'stack: <name>'", "the file is empty");
		return NULL;
	}
	int height;
	struct node *root = next_event(reader) ? read_node(reader, 1, &height) : NULL;
	if (!root || !next_event(reader) || !next_event(reader)) // DOCUMENT-END, STREAM-END
		return NULL;
	if (reader->event.type != YAML_STREAM_END_EVENT) {
		findings_error(reader->findings, place_now(reader),
			"put each stack into a file of its own", "a second document in one file");
		return NULL;
	}
	if (root->type == NODE_MAP)
		return root;
	findings_error(reader->findings, root->place, "begin with 'stack: <name>'",
		"the file must hold a map at its top, not %s", node_type_name(root->type));
	return NULL;
}

struct node *yaml_read(struct pool *pool, const char *file, const char *text, size_t bytes,
	struct findings *findings)
{
	struct reader reader = {.pool = pool, .findings = findings, .file = file};
	if (!text_init(&reader.text, file, text, bytes, findings))
		return NULL;
	if (!yaml_parser_initialize(&reader.parser)) {
		die_nomem(&reader);
		text_done(&reader.text);
		return NULL;
	}
	map_init(&reader.anchors);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&reader.parser, (const unsigned char *)reader.text.bytes, reader.text.count);
	struct node *root = read_document(&reader);
	if (reader.has_event)
		yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	map_done(&reader.anchors);
	text_done(&reader.text);
	free(reader.members);
	return reader.is_dead ? NULL : root;
}
