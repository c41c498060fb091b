// What the core writes as {"@ref": ADDRESS, "@attr": PATH} and {"@text": [...]} is shown as the
// file says it.
#include "core/plain.h"
#include "base/str.h"
#include <ctype.h>

enum { DEEPEST = 32 };

static void put(struct buf *out, const json_t *value, bool is_quoted, int depth);

static bool is_reference(const json_t *value)
{
	return js_str(value, "@ref") != NULL;
}

static void put_reference(struct buf *out, const json_t *value)
{
	const char *attr = js_str(value, "@attr");
	buf_adds(out, js_str(value, "@ref"));
	if (attr)
		buf_addf(out, ".%s", attr);
}

static void put_template(struct buf *out, const json_t *parts)
{
	size_t i;
	json_t *part;
	json_array_foreach ((json_t *)parts, i, part) {
		if (!is_reference(part)) {
			buf_adds(out, json_is_string(part) ? json_string_value(part) : "");
			continue;
		}
		buf_adds(out, "${");
		put_reference(out, part);
		buf_adds(out, "}");
	}
}

static void put_list(struct buf *out, const json_t *value, bool is_quoted, int depth)
{
	size_t i;
	json_t *item;
	buf_adds(out, "[");
	json_array_foreach ((json_t *)value, i, item) {
		buf_adds(out, i ? ", " : "");
		put(out, item, is_quoted, depth + 1);
	}
	buf_adds(out, "]");
}

static void put_object(struct buf *out, const json_t *value, bool is_quoted, int depth)
{
	const char *key, *gap = "";
	json_t *member;
	buf_adds(out, "{");
	json_object_foreach ((json_t *)value, key, member) {
		buf_addf(out, "%s%s: ", gap, key);
		put(out, member, is_quoted, depth + 1);
		gap = ", ";
	}
	buf_adds(out, "}");
}

static void put(struct buf *out, const json_t *value, bool is_quoted, int depth)
{
	if (!value || json_is_null(value)) {
		buf_adds(out, is_quoted ? "null" : "(none)");
	} else if (depth > DEEPEST) {
		buf_adds(out, "...");
	} else if (is_reference(value)) {
		put_reference(out, value);
	} else if (json_is_array(json_object_get(value, "@text"))) {
		put_template(out, json_object_get(value, "@text"));
	} else if (json_is_array(value)) {
		put_list(out, value, is_quoted, depth);
	} else if (json_is_object(value)) {
		put_object(out, value, is_quoted, depth);
	} else if (json_is_string(value) && !is_quoted) {
		const char *text = json_string_value(value);
		buf_adds(out, *text || depth ? text : "\"\"");
	} else {
		_cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY);
		buf_adds(out, text ? text : "");
	}
}

void plain_text(struct buf *out, const json_t *value)
{
	put(out, value, false, 0);
}

void plain_quoted(struct buf *out, const json_t *value)
{
	put(out, value, true, 0);
}

char *plain_line(const json_t *value)
{
	struct buf out = {0};
	plain_text(&out, value);
	return buf_take(&out);
}

char *plain_names(const json_t *list)
{
	struct buf out = {0};
	size_t i;
	json_t *name;
	json_array_foreach ((json_t *)list, i, name)
		if (json_is_string(name))
			buf_addf(&out, "%s%s", out.len ? ", " : "", json_string_value(name));
	return buf_take(&out);
}

bool plain_is_leaf(const json_t *value)
{
	size_t i;
	json_t *item;
	if (json_is_object(value))
		return is_reference(value) || json_object_get(value, "@text") ||
		       json_object_size(value) == 0;
	json_array_foreach ((json_t *)value, i, item)
		if (json_is_array(item) || (json_is_object(item) && !is_reference(item)))
			return false;
	return true;
}

// AWS's way to write a map.
static bool is_tag_list(const json_t *value)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)value, i, item)
		if (json_object_size(item) != 2 || !js_str(item, "Key") ||
			!json_object_get(item, "Value"))
			return false;
	return json_array_size(value) > 0;
}

static void add_tags(json_t *rows, const char *path, const json_t *tags)
{
	size_t i;
	json_t *tag;
	json_array_foreach ((json_t *)tags, i, tag) {
		_cleanup_free_ char *below = str_format("%s.%s", path, js_str(tag, "Key"));
		if (below)
			json_object_set(rows, below, json_object_get(tag, "Value"));
	}
}

static void add_leaves(json_t *rows, const char *path, const json_t *value, int depth)
{
	const char *key;
	json_t *member;
	size_t i;
	if (plain_is_leaf(value) || depth > DEEPEST) {
		json_object_set(rows, path, (json_t *)value);
		return;
	}
	if (is_tag_list(value)) {
		add_tags(rows, path, value);
		return;
	}
	json_object_foreach ((json_t *)value, key, member) {
		_cleanup_free_ char *below = str_format("%s%s%s", path, *path ? "." : "", key);
		if (below)
			add_leaves(rows, below, member, depth + 1);
	}
	if (!json_is_array(value))
		return;
	json_array_foreach ((json_t *)value, i, member) {
		_cleanup_free_ char *below = str_format("%s[%zu]", path, i);
		if (below)
			add_leaves(rows, below, member, depth + 1);
	}
}

json_t *plain_leaves(const json_t *tree)
{
	json_t *rows = json_object();
	_cleanup_json_ json_t *whole = plain_opened(tree);
	if (rows && json_is_object(whole) && json_object_size(whole) > 0)
		add_leaves(rows, "", whole, 0);
	return rows;
}

bool plain_is_empty(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

// A policy or a dashboard is a text for AWS, and a structure for people.
static json_t *document_of(const json_t *value)
{
	_cleanup_buf_ struct buf text = {0};
	if (json_is_array(json_object_get(value, "@text")))
		put_template(&text, json_object_get(value, "@text"));
	else if (json_is_string(value))
		buf_adds(&text, json_string_value(value));
	json_t *document = *buf_str(&text) == '{' ? json_loads(buf_str(&text), 0, NULL) : NULL;
	if (document && json_object_size(document) == 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

static json_t *opened(const json_t *value, int depth)
{
	const char *key;
	size_t i;
	json_t *member, *document = document_of(value);
	if (document)
		return document;
	if (depth > DEEPEST || is_reference(value) || json_object_get(value, "@text") ||
		!(json_is_object(value) || json_is_array(value)))
		return json_incref((json_t *)value);
	if (json_is_array(value)) {
		json_t *list = json_array();
		json_array_foreach ((json_t *)value, i, member)
			json_array_append_new(list, opened(member, depth + 1));
		return list;
	}
	json_t *object = json_object();
	json_object_foreach ((json_t *)value, key, member)
		json_object_set_new(object, key, opened(member, depth + 1));
	return object;
}

json_t *plain_opened(const json_t *value)
{
	return opened(value, 0);
}

// How alike two items are: the members that are equal. What a reference stands for is not known
// here, but that there is something is.
static int likeness(const json_t *desired, const json_t *observed)
{
	const char *key;
	json_t *member;
	int score = 0;
	if (!json_is_object(desired))
		return json_equal(desired, observed);
	json_object_foreach ((json_t *)desired, key, member) {
		const json_t *other = json_object_get(observed, key);
		if (is_reference(member))
			score += other && !json_is_null(other);
		else if (json_is_object(member))
			score += likeness(member, other);
		else
			score += other && json_equal(member, other);
	}
	return score;
}

enum { MOST_ALIGNED = 200 };

static json_t *aligned(const json_t *desired, const json_t *observed);

static json_t *align_list(const json_t *desired, const json_t *observed)
{
	_cleanup_json_ json_t *rest = json_copy((json_t *)observed);
	json_t *out = json_array();
	size_t i;
	json_t *want;
	if (json_array_size(observed) > MOST_ALIGNED) {
		json_decref(out);
		return TAKE(rest);
	}
	json_array_foreach ((json_t *)desired, i, want) {
		size_t best = 0;
		int most = -1;
		for (size_t j = 0; j < json_array_size(rest); j++) {
			int score = likeness(want, json_array_get(rest, j));
			if (score > most) {
				most = score;
				best = j;
			}
		}
		if (most < 0)
			break;
		json_array_append_new(out, aligned(want, json_array_get(rest, best)));
		json_array_remove(rest, best);
	}
	json_array_extend(out, rest);
	return out;
}

static json_t *aligned(const json_t *desired, const json_t *observed)
{
	const char *key;
	json_t *member;
	if (json_is_array(desired) && json_is_array(observed))
		return align_list(desired, observed);
	if (!json_is_object(desired) || !json_is_object(observed))
		return json_incref((json_t *)observed);
	json_t *out = json_object();
	json_object_foreach ((json_t *)observed, key, member)
		json_object_set_new(out, key, aligned(json_object_get(desired, key), member));
	return out;
}

json_t *plain_align(const json_t *desired, const json_t *observed)
{
	_cleanup_json_ json_t *want = plain_opened(desired), *have = plain_opened(observed);
	return aligned(want, have);
}

bool plain_is_same_path(const char *a, const char *b)
{
	for (;;) {
		a += strspn(a, "_");
		b += strspn(b, "_");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

bool plain_covers(const char *path, const char *leaf)
{
	if (plain_is_same_path(leaf, path))
		return true;
	_cleanup_free_ char *head = strdup(leaf);
	for (char *end = head ? head + strlen(head) : NULL; end && end > head; end--) {
		if (*end != '.' && *end != '[')
			continue;
		*end = '\0';
		if (plain_is_same_path(head, path))
			return true;
	}
	return false;
}

static bool is_lone(const json_t *change, const char *side, const char *other)
{
	const json_t *value = json_object_get(change, side);
	return value && !json_is_object(value) && !json_object_get(change, other);
}

static size_t count_path(const json_t *changes, const char *path)
{
	size_t i, count = 0;
	json_t *one;
	json_array_foreach ((json_t *)changes, i, one)
		count += str_eq_null(js_str(one, "path"), path);
	return count;
}

json_t *plain_joined(const json_t *changes)
{
	json_t *out = json_array();
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *one = json_array_get(changes, i);
		const json_t *next = json_array_get(changes, i + 1);
		const char *path = js_str(one, "path");
		bool is_pair = next && str_eq_null(js_str(next, "path"), path) &&
			       count_path(changes, path) == 2;
		const json_t *came = is_lone(one, "after", "before") ? one : next;
		const json_t *went = came == one ? next : one;
		if (!is_pair || !is_lone(came, "after", "before") ||
			!is_lone(went, "before", "after")) {
			json_array_append(out, (json_t *)one);
			continue;
		}
		json_array_append_new(out, json_pack("{s:s, s:O, s:O}", "path", path ? path : "",
						   "before", json_object_get(went, "before"),
						   "after", json_object_get(came, "after")));
		i++;
	}
	return out;
}
