// The two pages, put together from their parts.
#include "control/page.h"
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"

enum { RING_MILLI = 1000, MOST_STORY_ENTRIES = 100 };

struct standing {
	size_t states[STATE_COUNT], total;
	enum page_state worst;
};

static struct standing standing_of(const json_t *status)
{
	struct standing s = {.worst = STATE_WELL};
	size_t i;
	json_t *row;
	json_array_foreach (json_object_get(status, "resources"), i, row) {
		enum page_state state = page_state_of(row);
		s.states[state]++;
		s.total++;
		s.worst = state < s.worst ? state : s.worst;
	}
	return s;
}

// The ring is one circle a state, each dashed so that its part of the round shows.
static void put_ring(const struct standing *s, struct buf *out)
{
	size_t before = 0;
	char well[24], total[24];
	snprintf(well, sizeof(well), "%zu", s->states[STATE_WELL] + s->states[STATE_NOTED]);
	snprintf(total, sizeof(total), "%zu", s->total);
	buf_adds(out, "<svg class=\"ring\" viewBox=\"0 0 120 120\" aria-hidden=\"true\"><circle "
		      "class=\"track\" cx=\"60\" cy=\"60\" r=\"50\"/>");
	for (int state = STATE_WELL; state >= 0 && s->total > 0; state--) {
		size_t part = s->states[state] * RING_MILLI / s->total;
		if (s->states[state] == 0)
			continue;
		buf_addf(out,
			"<circle class=\"arc %s\" cx=\"60\" cy=\"60\" r=\"50\" pathLength=\"1000\" "
			"stroke-dasharray=\"%zu 1000\" stroke-dashoffset=\"-%zu\"/>",
			page_look((enum page_state)state)->name, part ? part : 4,
			before * RING_MILLI / s->total);
		before += s->states[state];
	}
	html_put(out,
		"<text class=\"ring-well\" x=\"60\" y=\"65\" text-anchor=\"middle\">$</text>"
		"<text class=\"ring-total\" x=\"60\" y=\"82\" text-anchor=\"middle\">of $</text>"
		"</svg>",
		well, total);
}

static void put_fact(struct buf *out, const char *name, const char *value)
{
	html_put(out, "<div><dt>$</dt><dd>$</dd></div>", name, value);
}

static void put_facts(const struct page_views *views, const struct standing *s, struct buf *out)
{
	const json_t *config = json_object_get(views->status, "config");
	const json_t *lease = json_object_get(views->status, "lease");
	char text[64];
	size_t i, corrected = 0;
	json_t *row;
	json_array_foreach ((json_t *)views->drifts, i, row)
		corrected += str_eq_null(js_str(row, "how"), "corrected");
	buf_adds(out, "<dl class=\"facts\">");
	for (int state = 0; state < STATE_WELL; state++) {
		if (s->states[state] == 0)
			continue;
		snprintf(text, sizeof(text), "%zu", s->states[state]);
		html_put(out, "<div class=\"$\"><dt>$ $</dt><dd>$</dd></div>",
			page_look((enum page_state)state)->name,
			page_look((enum page_state)state)->glyph,
			page_look((enum page_state)state)->word, text);
	}
	if (views->drifts) {
		snprintf(text, sizeof(text), "%zu", corrected);
		put_fact(out, "corrected in 24 h", text);
	}
	if (js_str(config, "loaded_at")) {
		buf_adds(out, "<div><dt>file in force for</dt><dd>");
		html_age(out, js_str(config, "loaded_at"), views->now_ms);
		buf_adds(out, "</dd></div>");
	}
	if (js_str(lease, "role"))
		put_fact(out, "this daemon",
			str_eq(js_str(lease, "role"), "leader") ? "leads" : js_str(lease, "role"));
	buf_adds(out, "</dl>");
}

static void put_verdict(
	const struct page_views *views, const struct standing *s, size_t wanting, struct buf *out)
{
	const json_t *progress = json_object_get(views->status, "progress");
	const char *summary = js_str(views->status, "summary");
	bool is_blind = json_array_size(json_object_get(views->status, "blind")) > 0;
	const char *look = page_look(is_blind                                ? STATE_FAILED
				     : wanting > 0 && s->worst == STATE_WELL ? STATE_HELD
									     : s->worst)
				   ->name;
	html_put(out, "<section class=\"verdict card $\" id=\"verdict\" aria-labelledby=\"title\">",
		look);
	put_ring(s, out);
	buf_adds(out, "<div class=\"says\">");
	html_put(out,
		"<h1 id=\"title\">$</h1><p class=\"summary\" id=\"summary\" role=\"status\" "
		"aria-live=\"polite\">$</p>",
		wanting == 0 && s->worst == STATE_WELL ? "AWS is as the file says"
		: json_is_object(progress)             ? "Making AWS what the file says"
		: wanting == 0                         ? "Looking"
						       : "Something wants attention",
		summary);
	if (json_is_object(progress)) {
		int64_t done = js_int(progress, "done", 0), total = js_int(progress, "total", 0);
		char words[48];
		num_format_duration(
			js_int(progress, "elapsed_ms", 0) / 1000 * 1000, words, sizeof(words));
		buf_addf(out,
			"<p class=\"progress\"><progress max=\"%lld\" value=\"%lld\" "
			"aria-label=\"in sync\"></progress> <span>%lld of %lld, for %s</span></p>",
			(long long)total, (long long)done, (long long)done, (long long)total,
			words);
	}
	put_facts(views, s, out);
	buf_adds(out, "</div></section>");
}

static void put_title(const struct page_views *views, const struct standing *s, char *ret, size_t n)
{
	size_t wrong = s->total - s->states[STATE_WELL];
	const char *stack = js_str(views->status, "stack");
	if (wrong == 0)
		snprintf(ret, n, "✓ %s", stack ? stack : "");
	else
		snprintf(
			ret, n, "%zu %s %s", wrong, page_look(s->worst)->glyph, stack ? stack : "");
	str_trim_utf8(ret);
}

void page_overview(const struct page_views *views, struct buf *out)
{
	struct standing s = standing_of(views->status);
	char title[160];
	_cleanup_buf_ struct buf items = {0};
	size_t wanting = page_put_attention(views, &items);
	put_title(views, &s, title, sizeof(title));
	page_begin(views, title, out);
	put_verdict(views, &s, wanting, out);
	if (wanting > 0) {
		buf_adds(out, "<section class=\"card attention\" id=\"attention\" "
			      "aria-labelledby=\"attention-title\"><h2 id=\"attention-title\">What "
			      "wants attention</h2>");
		buf_adds(out, buf_str(&items));
		buf_adds(out, "</section>");
	}
	buf_adds(out,
		"<section class=\"card\" id=\"picture\" aria-labelledby=\"picture-title\"><h2 "
		"id=\"picture-title\">Who talks to whom</h2>");
	page_put_picture(views, out);
	buf_adds(out, "</section><section id=\"layers\" aria-labelledby=\"layers-title\"><h2 "
		      "id=\"layers-title\">The architecture, layer by layer</h2>");
	page_put_layers(views, out);
	buf_adds(out, "</section><section class=\"card\" id=\"timeline\" "
		      "aria-labelledby=\"timeline-title\"><h2 id=\"timeline-title\">Drifts and "
		      "corrections</h2>");
	page_put_timeline(views, out);
	buf_adds(out, "</section>");
	page_end(views, out);
}

void page_listing(const struct page_views *views, struct buf *out)
{
	page_begin(views, "All resources", out);
	html_put(out, "<nav class=\"crumbs\" aria-label=\"Where\"><a href=\"/");
	if (views->stack)
		html_put(out, "?stack=@", views->stack);
	html_put(out,
		"\">Overview</a> / all resources</nav><section class=\"card\" id=\"listing\" "
		"aria-labelledby=\"title\"><h1 id=\"title\">All resources</h1><p "
		"class=\"summary\" id=\"summary\" role=\"status\" "
		"aria-live=\"polite\">$</p>",
		js_str(views->status, "summary"));
	page_put_table(views, out);
	buf_adds(out, "</section>");
	page_end(views, out);
}

// ---- one resource

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

static bool differs_at(const json_t *resource, const char *member)
{
	size_t i, n = strlen(member);
	json_t *one;
	json_array_foreach (json_object_get(resource, "differences"), i, one) {
		const char *path = js_str(one, "path");
		if (path && strncmp(path, member, n) == 0 && (!path[n] || strchr(".[", path[n])))
			return true;
	}
	return false;
}

static bool is_plain(const json_t *value)
{
	return json_object_get(value, "@ref") || !(json_is_object(value) || json_is_array(value));
}

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

static void put_side(const struct page_views *views, const json_t *value, struct buf *out)
{
	size_t i;
	json_t *item;
	bool is_list = json_array_size(value) > 0;
	json_array_foreach ((json_t *)value, i, item)
		is_list = is_list && is_plain(item);
	buf_adds(out, "<td>");
	if (is_plain(value))
		put_plain(views, value, out);
	else if (is_list) {
		buf_adds(out, "<ul>");
		json_array_foreach ((json_t *)value, i, item) {
			buf_adds(out, "<li>");
			put_plain(views, item, out);
			buf_adds(out, "</li>");
		}
		buf_adds(out, "</ul>");
	} else {
		buf_adds(out, "<pre>");
		html_tree(out, value);
		buf_adds(out, "</pre>");
	}
	buf_adds(out, "</td>");
}

static void put_sides(const struct page_views *views, struct buf *out)
{
	const json_t *resource = views->resource;
	const json_t *desired = json_object_get(resource, "desired");
	const json_t *observed = json_object_get(resource, "observed");
	_cleanup_json_ json_t *all = json_object();
	const char *key;
	json_t *value;
	if (json_is_object(desired))
		json_object_update(all, (json_t *)desired);
	if (json_is_object(observed))
		json_object_update_missing(all, (json_t *)observed);
	buf_adds(out,
		"<section class=\"card\" aria-labelledby=\"sides-title\"><h2 "
		"id=\"sides-title\">Wanted and there</h2><div class=\"scroll\" tabindex=\"0\" "
		"role=\"region\" aria-label=\"Wanted and there\"><table class=\"sides\">"
		"<thead><tr><th scope=\"col\">Field</th><th scope=\"col\">The file says</th>"
		"<th scope=\"col\">AWS has</th></tr></thead><tbody>");
	json_object_foreach (all, key, value) {
		bool is_wrong = differs_at(resource, key);
		html_put(out,
			is_wrong ? "<tr class=\"wrong\"><th scope=\"row\"><code>$</code> <span "
				   "class=\"mark drifted\">≠</span><span class=\"sr\"> "
				   "differs</span></th>"
				 : "<tr><th scope=\"row\"><code>$</code></th>",
			key);
		if (json_is_object(desired) && json_object_get(desired, key))
			put_side(views, json_object_get(desired, key), out);
		else
			buf_adds(out, "<td class=\"quiet\">not said</td>");
		put_side(views, json_object_get(observed, key), out);
		buf_adds(out, "</tr>");
	}
	if (json_object_size(json_object_get(resource, "tags")) > 0) {
		buf_adds(out, "<tr><th scope=\"row\">Tags</th><td class=\"quiet\">those of the "
			      "stack and its own</td>");
		put_side(views, json_object_get(resource, "tags"), out);
		buf_adds(out, "</tr>");
	}
	buf_adds(out, "</tbody></table></div></section>");
}

static void put_place(const json_t *resource, struct buf *out)
{
	const json_t *place = json_object_get(resource, "place");
	char line[24];
	buf_adds(out, "<dl class=\"facts\">");
	put_fact(out, "sync", js_str(resource, "sync"));
	put_fact(out, "health", js_str(resource, "health"));
	if (js_str(resource, "id"))
		html_put(out, "<div><dt>id</dt><dd><code>$</code></dd></div>",
			js_str(resource, "id"));
	if (js_str(resource, "arn"))
		html_put(out, "<div><dt>ARN</dt><dd><code>$</code></dd></div>",
			js_str(resource, "arn"));
	if (js_str(place, "file")) {
		snprintf(line, sizeof(line), "%lld", (long long)js_int(place, "line", 0));
		html_put(out, "<div><dt>declared in</dt><dd><code>$:$</code></dd></div>",
			js_str(place, "file"), line);
	}
	buf_adds(out, "</dl>");
}

static void put_story_head(const struct page_views *views, struct buf *out)
{
	const json_t *r = views->resource;
	const char *address = js_str(r, "address");
	enum page_state state = page_state_of(r);
	html_put(out, "<nav class=\"crumbs\" aria-label=\"Where\"><a href=\"/");
	if (views->stack)
		html_put(out, "?stack=@", views->stack);
	html_put(out,
		"\">Overview</a> / $ / $</nav><section class=\"card verdict story $\" "
		"id=\"verdict\" aria-labelledby=\"title\"><p class=\"seal-big $\" "
		"aria-hidden=\"true\">$</p><div class=\"says\"><h1 id=\"title\"><code>$</code>"
		"</h1><p class=\"summary\" id=\"summary\" role=\"status\" "
		"aria-live=\"polite\"><b>$</b>: $",
		js_str(r, "layer"), js_str(r, "kind"), page_look(state)->name,
		page_look(state)->name, page_look(state)->glyph, address, page_look(state)->word,
		js_str(r, "message"));
	if (js_str(r, "since")) {
		buf_adds(out, " <span class=\"quiet\">for ");
		html_age(out, js_str(r, "since"), views->now_ms);
		buf_adds(out, ", looked at ");
		html_age(out, js_str(r, "checked_at"), views->now_ms);
		buf_adds(out, " ago</span>");
	}
	buf_adds(out, "</p>");
	put_place(r, out);
	buf_adds(out, "</div></section>");
}

static void put_ties(const struct page_views *views, struct buf *out)
{
	const json_t *r = views->resource;
	buf_adds(out, "<section class=\"card two\" aria-label=\"What it is tied to\">");
	put_addresses(views, "It needs", json_object_get(r, "depends_on"), out);
	put_addresses(views, "Needed by", json_object_get(r, "required_by"), out);
	buf_adds(out, "</section>");
}

void page_story(const struct page_views *views, struct buf *out)
{
	const json_t *r = views->resource;
	_cleanup_json_ json_t *one = json_pack("{s:[O]}", "resources", (json_t *)r);
	_cleanup_json_ json_t *plan = json_pack("{s:O*}", "actions", json_object_get(r, "actions"));
	_cleanup_buf_ struct buf items = {0};
	struct page_views own = {
		.now_ms = views->now_ms, .stack = views->stack, .status = one, .plan = plan};
	page_begin(views, js_str(r, "address"), out);
	put_story_head(views, out);
	if (page_put_attention(&own, &items) > 0) {
		buf_adds(out, "<section class=\"card attention\" id=\"attention\" "
			      "aria-labelledby=\"attention-title\"><h2 id=\"attention-title\">What "
			      "is being done</h2>");
		buf_adds(out, buf_str(&items));
		buf_adds(out, "</section>");
	}
	put_sides(views, out);
	if (json_array_size(json_object_get(r, "depends_on")) +
			json_array_size(json_object_get(r, "required_by")) >
		0)
		put_ties(views, out);
	buf_adds(out, "<section class=\"card\" id=\"timeline\" "
		      "aria-labelledby=\"history-title\"><h2 id=\"history-title\">How it came "
		      "here</h2>");
	if (views->entries)
		page_put_entries(views, views->entries, false, MOST_STORY_ENTRIES, out);
	else
		buf_adds(out, "<p class=\"quiet\">History is in Postgres, which does not answer "
			      "now.</p>");
	buf_adds(out, "</section>");
	page_end(views, out);
}
