// One resource: how it stands, what is done about it, the file's side beside AWS's leaf by leaf,
// what it is tied to, and its history.
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"
#include "core/plain.h"

enum { MOST_STORY_ENTRIES = 100 };

static void put_addresses(
	const struct page_views *views, const char *title, const json_t *list, struct buf *out)
{
	size_t i;
	json_t *address;
	if (json_array_size(list) == 0)
		return;
	html_put(out, "<div class=\"ties\"><h3>$</h3><ul>", title);
	json_array_foreach ((json_t *)list, i, address) {
		buf_adds(out, "<li>");
		page_put_link(views, out, json_string_value(address), false);
		buf_adds(out, "</li>");
	}
	buf_adds(out, "</ul></div>");
}

// ---- the two sides

// "data.db_subnet_group.main" for {"@ref"}, with the attribute behind it for {"@ref","@attr"}.
static void put_plain(const struct page_views *views, const json_t *value, struct buf *out)
{
	if (js_str(value, "@ref")) {
		page_put_link(views, out, js_str(value, "@ref"), false);
		if (js_str(value, "@attr"))
			html_put(out, " <span class=\"quiet\">$</span>", js_str(value, "@attr"));
		return;
	}
	buf_adds(out, "<code>");
	html_value(out, value);
	buf_adds(out, "</code>");
}

static void put_side(const struct page_views *views, const char *side, const json_t *value,
	bool is_same, struct buf *out)
{
	size_t i;
	json_t *item;
	html_put(out, is_same ? "<td class=\"same\" data-side=\"$\">" : "<td data-side=\"$\">",
		side);
	if (!value || json_is_null(value)) {
		buf_adds(out, "<span class=\"quiet\">–</span>");
	} else if (!json_is_array(value)) {
		put_plain(views, value, out);
	} else if (json_array_size(value) == 0) {
		buf_adds(out, "<span class=\"quiet\">none</span>");
	} else {
		buf_adds(out, "<ul>");
		json_array_foreach ((json_t *)value, i, item) {
			buf_adds(out, "<li>");
			put_plain(views, item, out);
			buf_adds(out, "</li>");
		}
		buf_adds(out, "</ul>");
	}
	buf_adds(out, "</td>");
}

// A difference covers the leaves below its path, and its path may name an item that no leaf does.
static bool differs_at(const json_t *resource, const char *leaf, bool is_member)
{
	size_t i, n = strlen(leaf);
	json_t *one;
	json_array_foreach (json_object_get(resource, "differences"), i, one) {
		const char *path = js_str(one, "path");
		if (!path)
			continue;
		if (is_member ? strncmp(path, leaf, n) == 0 && (!path[n] || strchr(".[", path[n]))
			      : plain_covers(path, leaf))
			return true;
	}
	return false;
}

static void put_field(const char *sort, const char *name, bool is_wrong, struct buf *out)
{
	html_put(out, "<tr class=\"$$\"><th scope=\"$\"><code>$</code>", sort,
		is_wrong ? " wrong" : "", str_eq(sort, "group") ? "rowgroup" : "row", name);
	if (is_wrong)
		buf_adds(out, " <span class=\"mark drifted\" aria-hidden=\"true\">≠</span><span "
			      "class=\"sr\"> differs</span>");
	buf_adds(out, "</th>");
}

// "[0].FromPort" of "Ingress[0].FromPort" in the group "Ingress".
static const char *below(const char *path, const char *group)
{
	const char *rest = path + strlen(group);
	return *rest == '.' ? rest + 1 : rest;
}

// Is the leaf of an item that the other side does not have at all?
static bool is_of_lone_item(const char *path, const json_t *other)
{
	const char *end = strchr(path, ']'), *key;
	json_t *value;
	if (!end)
		return false;
	json_object_foreach ((json_t *)other, key, value)
		if (strncmp(key, path, (size_t)(end - path) + 1) == 0)
			return false;
	return true;
}

// The leaves of one member of either side; a member of several leaves is a group of rows.
static void put_member(const struct page_views *views, const char *key, const json_t *desired,
	const json_t *observed, struct buf *out)
{
	_cleanup_json_ json_t *left = json_pack("{s:O*}", key, desired);
	_cleanup_json_ json_t *right = json_pack("{s:O*}", key, observed);
	_cleanup_json_ json_t *file = plain_leaves(left), *aws = plain_leaves(right);
	_cleanup_json_ json_t *all = json_copy(file);
	const char *path;
	json_t *value;
	json_object_update_missing(all, aws);
	json_object_foreach (aws, path, value)
		if (!json_object_get(file, path) && plain_is_empty(value) && desired)
			json_object_del(all, path);
	bool is_group = json_object_size(all) > 1;
	bool differs = differs_at(views->resource, key, true);
	if (is_group) {
		put_field("group", key, differs, out);
		buf_adds(out, "<td></td><td></td></tr>");
	}
	json_object_foreach (all, path, value) {
		const json_t *wanted = json_object_get(file, path);
		const json_t *there = json_object_get(aws, path);
		bool is_lone = differs && is_of_lone_item(path, wanted ? aws : file);
		put_field(is_group ? "inner" : "leaf", is_group ? below(path, key) : path,
			is_lone || differs_at(views->resource, path, false), out);
		put_side(views, "file", wanted, false, out);
		put_side(views, "AWS", there, wanted && json_equal(wanted, there), out);
		buf_adds(out, "</tr>");
	}
}

static void begin_part(struct buf *out, const char *title)
{
	html_put(out,
		"</tbody><tbody><tr class=\"part\"><th colspan=\"3\" scope=\"rowgroup\">$"
		"</th></tr>",
		title);
}

// The file says tags in more than one place, and the stack adds its own.
static void put_tags(const struct page_views *views, struct buf *out)
{
	const json_t *file = json_object_get(views->resource, "desired_tags");
	const json_t *aws = json_object_get(views->resource, "tags");
	const char *key;
	json_t *value;
	_cleanup_json_ json_t *all =
		json_is_object(file) ? json_copy((json_t *)file) : json_object();
	if (json_is_object(aws))
		json_object_update_missing(all, (json_t *)aws);
	if (json_object_size(all) == 0)
		return;
	begin_part(out, "Tags");
	json_object_foreach (all, key, value) {
		_cleanup_free_ char *path = str_format("Tags[%s]", key);
		const json_t *wanted = json_object_get(file, key);
		const json_t *there = json_object_get(aws, key);
		put_field("leaf", key, path && differs_at(views->resource, path, false), out);
		put_side(views, "file", wanted, false, out);
		put_side(views, "AWS", there, wanted && json_equal(wanted, there), out);
		buf_adds(out, "</tr>");
	}
}

// What AWS says beside the file.
static void put_also(const struct page_views *views, const json_t *desired, const json_t *observed,
	struct buf *out)
{
	const char *key;
	json_t *value;
	bool has_begun = false;
	json_object_foreach ((json_t *)observed, key, value) {
		if (json_object_get(desired, key) || plain_is_empty(value))
			continue;
		if (!has_begun)
			begin_part(out, "AWS also has, and the file says nothing of it");
		has_begun = true;
		put_member(views, key, NULL, value, out);
	}
}

static void put_undeclared(const struct page_views *views, struct buf *out)
{
	const json_t *list = json_object_get(views->resource, "undeclared");
	size_t i;
	json_t *one;
	if (json_array_size(list) == 0)
		return;
	buf_adds(out, "<p>Somebody changed what the file says nothing of; it is reported and not "
		      "touched:</p><ul class=\"undeclared\">");
	json_array_foreach ((json_t *)list, i, one) {
		html_put(out, "<li><code>$</code> <del>", js_str(one, "path"));
		html_brief(out, json_object_get(one, "desired"));
		buf_adds(out, "</del> <span aria-hidden=\"true\">→</span><span class=\"sr\"> to "
			      "</span> <ins class=\"drifted\">");
		html_brief(out, json_object_get(one, "observed"));
		buf_adds(out, "</ins></li>");
	}
	buf_adds(out, "</ul>");
}

static void put_sides(const struct page_views *views, struct buf *out)
{
	const json_t *desired = json_object_get(views->resource, "desired");
	_cleanup_json_ json_t *observed =
		plain_align(desired, json_object_get(views->resource, "observed"));
	const char *key;
	json_t *value;
	buf_adds(out, "<section class=\"card\" id=\"sides\" aria-labelledby=\"sides-title\"><h2 "
		      "id=\"sides-title\">Wanted and there</h2>");
	put_undeclared(views, out);
	buf_adds(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Wanted "
		      "and there\"><table class=\"sides\"><thead><tr><th scope=\"col\">Field</th>"
		      "<th scope=\"col\">The file says</th><th scope=\"col\">AWS has</th></tr>"
		      "</thead><tbody>");
	json_object_foreach ((json_t *)desired, key, value)
		put_member(views, key, value, json_object_get(observed, key), out);
	put_also(views, desired, observed, out);
	put_tags(views, out);
	buf_adds(out, "</tbody></table></div></section>");
}

// ---- the head

static void put_facts(const json_t *resource, struct buf *out)
{
	const json_t *place = json_object_get(resource, "place");
	const json_t *protection = json_object_get(resource, "protection");
	buf_adds(out, "<dl class=\"facts\">");
	page_put_fact(out, "sync", js_str(resource, "sync"), false);
	page_put_fact(out, "health", js_str(resource, "health"), false);
	page_put_fact(out, "id", js_str(resource, "id"), true);
	if (!str_eq_null(js_str(resource, "arn"), js_str(resource, "id")))
		page_put_fact(out, "ARN", js_str(resource, "arn"), true);
	if (js_str(place, "file")) {
		_cleanup_free_ char *text = str_format(
			"%s:%lld", js_str(place, "file"), (long long)js_int(place, "line", 0));
		page_put_fact(out, "declared in", text, true);
	}
	if (json_is_object(protection)) {
		const char *why = js_str(protection, "reason");
		_cleanup_free_ char *text = str_format("by %s%s%s",
			js_str(protection, "who") ? js_str(protection, "who") : "?",
			str_empty(why) ? "" : ": ", why ? why : "");
		page_put_fact(out, "protected", text, false);
	}
	buf_adds(out, "</dl>");
}

static void put_head(const struct page_views *views, struct buf *out)
{
	const json_t *r = views->resource;
	const struct page_look *look = page_look(page_state_of(r));
	size_t i;
	json_t *remark;
	page_put_crumbs(views, out);
	html_put(out,
		" / $ / $</nav><section class=\"card verdict story $\" "
		"id=\"verdict\" aria-labelledby=\"title\"><p class=\"seal-big $\" "
		"aria-hidden=\"true\">$</p><div class=\"says\"><h1 id=\"title\"><code>$</code>"
		"</h1><p class=\"summary\" id=\"summary\" role=\"status\" "
		"aria-live=\"polite\"><b>$</b>: ",
		js_str(r, "layer"), js_str(r, "kind"), look->name, look->name, look->glyph,
		js_str(r, "address"), look->word);
	html_prose(out, js_str(r, "message"), views->now_ms);
	if (js_str(r, "since")) {
		buf_adds(out, "<span class=\"quiet\">; so for ");
		html_age(out, js_str(r, "since"), views->now_ms);
		buf_adds(out, "</span>");
	}
	if (js_str(r, "checked_at")) {
		buf_adds(out, "<span class=\"quiet\">, looked at ");
		html_age(out, js_str(r, "checked_at"), views->now_ms);
		buf_adds(out, " ago</span>");
	}
	buf_adds(out, "</p>");
	json_array_foreach (json_object_get(r, "remarks"), i, remark) {
		buf_adds(out, "<p class=\"remark\">");
		html_prose(out, json_string_value(remark), views->now_ms);
		buf_adds(out, "</p>");
	}
	put_facts(r, out);
	buf_adds(out, "</div></section>");
}

// ---- all of it

static void put_ties(const struct page_views *views, struct buf *out)
{
	const json_t *needs = json_object_get(views->resource, "depends_on");
	const json_t *needed = json_object_get(views->resource, "required_by");
	if (json_array_size(needs) + json_array_size(needed) == 0)
		return;
	buf_adds(out, "<section class=\"card\" id=\"ties\" aria-labelledby=\"ties-title\"><h2 "
		      "id=\"ties-title\">What it is tied to</h2><div class=\"two\">");
	put_addresses(views, "It needs", needs, out);
	put_addresses(views, "Needed by", needed, out);
	buf_adds(out, "</div></section>");
}

static void put_history(const struct page_views *views, struct buf *out)
{
	buf_adds(out, "<section class=\"card\" id=\"timeline\" "
		      "aria-labelledby=\"history-title\"><h2 id=\"history-title\">How it came "
		      "here</h2>");
	if (views->entries)
		page_put_entries(views, views->entries, false, MOST_STORY_ENTRIES, out);
	else
		buf_adds(out, "<p class=\"quiet\">History is in Postgres, which does not answer "
			      "now.</p>");
	buf_adds(out, "</section>");
}

void page_story(const struct page_views *views, struct buf *out)
{
	const json_t *r = views->resource;
	_cleanup_json_ json_t *plan = json_pack("{s:O*}", "actions", json_object_get(r, "actions"));
	_cleanup_buf_ struct buf doing = {0};
	struct page_views own = *views;
	own.plan = plan;
	own.action = NULL;
	page_begin(views, js_str(r, "address"), out);
	put_head(views, out);
	page_put_doing(&own, r, &doing);
	if (doing.len > 0) {
		html_put(out,
			"<section class=\"card attention $\" id=\"attention\" "
			"aria-labelledby=\"attention-title\"><h2 id=\"attention-title\">What is "
			"being done</h2>",
			page_look(page_state_of(r))->name);
		buf_adds(out, buf_str(&doing));
		buf_adds(out, "</section>");
	}
	put_sides(views, out);
	put_ties(views, out);
	put_history(views, out);
	page_end(views, out);
}
