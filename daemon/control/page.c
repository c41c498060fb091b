// The page of all, and the table of all, put together from their parts.
#include "control/page.h"
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"

enum { RING_MILLI = 1000 };

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
		page_put_fact(out, "corrected in 24 h", text, false);
	}
	if (js_str(config, "loaded_at")) {
		buf_adds(out, "<div><dt>file in force for</dt><dd>");
		html_age(out, js_str(config, "loaded_at"), views->now_ms);
		buf_adds(out, "</dd></div>");
	}
	if (js_str(lease, "role"))
		page_put_fact(out, "this daemon",
			str_eq(js_str(lease, "role"), "leader") ? "leads" : js_str(lease, "role"),
			false);
	buf_adds(out, "</dl>");
}

// One that stands by is as it should be: a fact, which wants nobody's attention.
static void put_standby(const struct page_views *views, struct buf *out)
{
	const json_t *lease = json_object_get(views->status, "lease");
	const json_t *leader = json_object_get(lease, "leader");
	if (!str_eq_null(js_str(lease, "role"), "standby"))
		return;
	html_put(out, "<p class=\"remark\">On standby: $ leads", js_str(leader, "host"));
	if (js_str(leader, "since")) {
		buf_adds(out, ", for ");
		html_age(out, js_str(leader, "since"), views->now_ms);
	}
	buf_adds(out, ". This daemon looks and does not write; it takes over when the other one is "
		      "gone.</p>");
}

// What of the daemon itself is as bad as a resource that fails.
static bool is_daemon_ill(const json_t *status)
{
	const json_t *config = json_object_get(status, "config");
	return json_array_size(json_object_get(status, "blind")) > 0 ||
	       page_is_store_away(status) || json_is_object(json_object_get(config, "error"));
}

static const char *headline(
	const struct page_views *views, const struct standing *s, size_t wanting, bool is_under_way)
{
	return wanting == 0 && s->worst == STATE_WELL ? "AWS is as the file says"
	       : json_is_object(json_object_get(views->status, "progress"))
		       ? "Making AWS what the file says"
	       : wanting == 0 ? "Looking"
	       : is_under_way ? "Something is being done"
			      : "Something wants attention";
}

static void put_verdict(const struct page_views *views, const struct standing *s, size_t wanting,
	bool is_under_way, struct buf *out)
{
	const json_t *progress = json_object_get(views->status, "progress");
	const char *summary = js_str(views->status, "summary");
	const char *look = page_look(is_daemon_ill(views->status)            ? STATE_FAILED
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
		headline(views, s, wanting, is_under_way), summary);
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
	put_standby(views, out);
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
	bool is_under_way;
	size_t wanting = page_put_attention(views, &is_under_way, &items);
	put_title(views, &s, title, sizeof(title));
	page_begin(views, title, out);
	put_verdict(views, &s, wanting, is_under_way, out);
	if (wanting > 0) {
		html_put(out,
			"<section class=\"card attention\" id=\"attention\" "
			"aria-labelledby=\"attention-title\"><h2 id=\"attention-title\">$</h2>",
			is_under_way ? "What is being done" : "What wants attention");
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
	page_put_crumbs(views, out);
	html_put(out,
		" / all resources</nav><section class=\"card\" id=\"listing\" "
		"aria-labelledby=\"title\"><h1 id=\"title\">All resources</h1><p "
		"class=\"summary\" id=\"summary\" role=\"status\" "
		"aria-live=\"polite\">$</p>",
		js_str(views->status, "summary"));
	page_put_table(views, out);
	buf_adds(out, "</section>");
	page_end(views, out);
}
