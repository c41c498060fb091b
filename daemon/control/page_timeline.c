// When what differed, and when it was right again: a band a layer, with a bar for each drift and a
// tick for each call; and what happened last, in words.
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"
#include "control/why.h"
#include "core/plain.h"

enum { BAND = 1000, MOST_ENTRIES = 60, AT_ONCE = 10, LEAST_BAR = 3 };

static int64_t ms_of(const json_t *row, const char *key)
{
	int64_t at = 0;
	const char *text = js_str(row, key);
	return text && clock_parse_iso(text, &at) == 0 ? at : 0;
}

static bool is_of_layer(const json_t *row, const char *layer)
{
	const char *address = js_str(row, "address");
	size_t n = layer ? strlen(layer) : 0;
	return address && layer && strncmp(address, layer, n) == 0 && address[n] == '.';
}

// The shortest usual span that shows all there is; the last day at most.
static int64_t span_of(const struct page_views *views)
{
	static const int64_t hours[] = {1, 6, 24};
	size_t i, h = 0;
	json_t *row;
	json_array_foreach ((json_t *)views->drifts, i, row) {
		int64_t at = ms_of(row, "closed_at");
		while (at && h + 1 < ARRAY_COUNT(hours) &&
			views->now_ms - at > hours[h] * 3600000 - 60000)
			h++;
	}
	json_array_foreach ((json_t *)views->entries, i, row)
		while (str_eq_null(js_str(row, "what"), "action") && h + 1 < ARRAY_COUNT(hours) &&
			views->now_ms - ms_of(row, "at") > hours[h] * 3600000 - 60000)
			h++;
	return hours[h] * 3600000;
}

static int x_of(const struct page_views *views, int64_t span, int64_t at)
{
	int64_t x = BAND - (views->now_ms - at) * BAND / span;
	return (int)(x < 0 ? 0 : x > BAND ? BAND : x);
}

static void put_bars(
	const struct page_views *views, const char *layer, int64_t span, struct buf *out)
{
	size_t i;
	json_t *drift;
	json_array_foreach ((json_t *)views->drifts, i, drift) {
		int64_t opened = ms_of(drift, "opened_at"), closed = ms_of(drift, "closed_at");
		if (!is_of_layer(drift, layer) || !opened ||
			(closed && closed < views->now_ms - span))
			continue;
		int from = x_of(views, span, opened);
		int to = closed ? x_of(views, span, closed) : BAND;
		int width = to - from < LEAST_BAR ? LEAST_BAR : to - from;
		if (from + width > BAND)
			from = BAND - width;
		buf_addf(out, "<rect class=\"bar %s\" x=\"%d\" y=\"5\" width=\"%d\" height=\"14\">",
			closed ? "closed" : "open", from, width);
		html_put(out, "<title>$ $: $</title></rect>", js_str(drift, "address"),
			js_str(drift, "field"), closed ? "was corrected" : "still differs");
	}
}

static void put_ticks(
	const struct page_views *views, const char *layer, int64_t span, struct buf *out)
{
	size_t i;
	json_t *entry;
	json_array_foreach ((json_t *)views->entries, i, entry) {
		const json_t *detail = json_object_get(entry, "detail");
		int64_t at = ms_of(entry, "at");
		if (!str_eq_null(js_str(entry, "what"), "action") || !is_of_layer(entry, layer) ||
			at < views->now_ms - span)
			continue;
		bool is_bad = !str_empty(js_str(detail, "code"));
		buf_addf(out, "<rect class=\"tick%s\" x=\"%d\" y=\"1\" width=\"2\" height=\"22\">",
			is_bad ? " failed" : "", x_of(views, span, at));
		html_put(out, "<title>$ $ $</title></rect>", js_str(entry, "address"),
			js_str(detail, "operation"), js_str(detail, "outcome"));
	}
}

static void put_band(
	const struct page_views *views, const char *layer, int64_t span, struct buf *out)
{
	size_t i, open = 0, closed = 0, calls = 0;
	json_t *row;
	json_array_foreach ((json_t *)views->drifts, i, row) {
		if (!is_of_layer(row, layer))
			continue;
		open += !js_str(row, "closed_at");
		closed += ms_of(row, "closed_at") > views->now_ms - span;
	}
	json_array_foreach ((json_t *)views->entries, i, row)
		calls += is_of_layer(row, layer) && str_eq_null(js_str(row, "what"), "action") &&
			 ms_of(row, "at") > views->now_ms - span;
	html_put(out,
		"<div class=\"band\"><span class=\"band-name\">$</span><svg viewBox=\"0 0 "
		"1000 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"$: ",
		layer, layer);
	buf_addf(out,
		"%zu differ now, %zu corrected, %zu changes\"><rect class=\"ground\" y=\"2\" "
		"width=\"1000\" height=\"20\" rx=\"3\"/>",
		open, closed, calls);
	put_ticks(views, layer, span, out);
	put_bars(views, layer, span, out);
	buf_adds(out, "</svg></div>");
}

// ---- in words

struct told {
	const char *glyph, *class, *word;
};

// From one value to another, in the tone of what that is: a drift leads away from what is wanted.
static void put_values(const json_t *before, const json_t *after, const char *tone, struct buf *out)
{
	buf_adds(out, " <del>");
	html_brief(out, before);
	buf_adds(out, "</del> <span aria-hidden=\"true\">→</span><span class=\"sr\"> to </span> ");
	html_put(out, "<ins class=\"$\">", tone);
	html_brief(out, after);
	buf_adds(out, "</ins>");
}

static bool is_structure(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

// Of two structures, the leaves that differ; false when all are equal.
static bool put_leaves(const json_t *before, const json_t *after, const char *tone, struct buf *out)
{
	enum { MOST_LEAVES = 6 };
	_cleanup_json_ json_t *old = plain_leaves(before), *new = plain_leaves(after);
	_cleanup_json_ json_t *all = json_copy(new);
	const char *path;
	json_t *value;
	size_t count = 0;
	json_object_update_missing(all, old);
	json_object_foreach (all, path, value) {
		const json_t *from = json_object_get(old, path), *to = json_object_get(new, path);
		if ((from && to && json_equal(from, to)) || count == MOST_LEAVES)
			continue;
		html_put(out, "$<code>$</code>", count++ ? "; " : " ", path);
		put_values(from, to, tone, out);
	}
	return count > 0;
}

static void put_change(const json_t *from, const json_t *to, const char *tone, struct buf *out)
{
	_cleanup_json_ json_t *before = plain_opened(from), *after = plain_opened(to);
	bool is_new = !before || json_is_null(before), is_gone = !after || json_is_null(after);
	if (is_structure(is_new ? after : before) && (is_new || is_gone)) {
		buf_adds(out, is_new ? " added <code>" : " taken away <code>");
		html_brief(out, is_new ? after : before);
		buf_adds(out, "</code>");
	} else if (!json_is_object(before) || !json_is_object(after) ||
		   !put_leaves(before, after, tone, out))
		put_values(before, after, tone, out);
}

// Leaf by leaf, where it is told so. An item that comes or goes is named by its path.
static bool put_changes(const json_t *detail, const char *tone, struct buf *out)
{
	_cleanup_json_ json_t *changes = plain_joined(json_object_get(detail, "changes"));
	size_t i;
	json_t *one;
	json_array_foreach (changes, i, one) {
		const json_t *before = json_object_get(one, "before");
		const json_t *after = json_object_get(one, "after");
		html_put(out, "$<code>$</code>", i ? "; " : "", js_str(one, "path"));
		if (json_is_object(before ? before : after) && (!before || !after))
			buf_adds(out, before ? " taken away" : " added");
		else
			put_change(before, after, tone, out);
	}
	return json_array_size(changes) > 0;
}

static struct told told_of(const json_t *entry)
{
	const char *what = js_str(entry, "what");
	const json_t *detail = json_object_get(entry, "detail");
	if (str_eq_null(what, "drift"))
		return (struct told){"≠", "drifted", "drift"};
	if (str_eq_null(what, "closed"))
		return (struct told){"✓", "well", "closed"};
	if (str_eq_null(what, "action"))
		return !str_empty(js_str(detail, "code")) ? (struct told){"✕", "failed", "change"}
		       : str_eq_null(js_str(detail, "change"), "+")
			       ? (struct told){"+", "busy", "change"}
		       : str_eq_null(js_str(detail, "change"), "-")
			       ? (struct told){"−", "busy", "change"}
			       : (struct told){"~", "busy", "change"};
	if (str_eq_null(what, "hold"))
		return (struct told){"◆", "held", "hold"};
	if (str_eq_null(what, "order"))
		return (struct told){"‖", "held", "order"};
	if (str_eq_null(what, "config"))
		return (struct told){"§", "unknown", "file"};
	return (struct told){"·", "unknown", what};
}

static bool is_whole(const char *field)
{
	return str_empty(field) || str_eq(field, "(resource)");
}

// What is an item by its path needs no list of its parts.
static void put_drift(const json_t *detail, struct buf *out)
{
	const char *field = js_str(detail, "field"), *type = js_str(detail, "type");
	size_t n = field ? strlen(field) : 0;
	if (is_whole(field)) {
		buf_adds(out, str_eq_null(type, "foreign")
				      ? "was made in AWS by somebody; the file does not have it"
				      : "is not in AWS any more");
		return;
	}
	if (put_changes(detail, "drifted", out))
		return;
	html_put(out, "<code>$</code>", field);
	bool is_item = n > 0 && field[n - 1] == ']' && !str_starts(field, "Tags[");
	if (is_item && str_eq_null(type, "foreign"))
		buf_adds(out, " was added in AWS; the file does not have it");
	else if (is_item && str_eq_null(type, "missing"))
		buf_adds(out, " was taken away in AWS");
	else
		put_change(json_object_get(detail, "desired"), json_object_get(detail, "observed"),
			"drifted", out);
}

static void put_closed(const json_t *detail, struct buf *out)
{
	const char *field = js_str(detail, "field"), *how = js_str(detail, "how");
	if (is_whole(field))
		buf_adds(out, "it");
	else
		html_put(out, "<code>$</code>", field);
	if (str_eq_null(how, "corrected"))
		buf_adds(out, " is right again: corrected");
	else if (str_eq_null(how, "reverted"))
		buf_adds(out, " is right again: somebody else put it back");
	else if (str_eq_null(how, "ignored"))
		buf_adds(out, " may differ now: it is ignored");
	else if (str_eq_null(how, "superseded"))
		buf_adds(out, " is no drift any more: the file changed");
	else
		html_put(out, " is no drift any more: $", how);
}

static void put_action(const json_t *detail, struct buf *out)
{
	const char *change = js_str(detail, "change"), *outcome = js_str(detail, "outcome");
	html_put(out, "<code>$</code> $", js_str(detail, "operation"),
		!outcome ? "not answered yet" : outcome);
	if (!str_empty(js_str(detail, "code")))
		html_put(out, " <b>$</b>", js_str(detail, "code"));
	if (!str_empty(js_str(detail, "message")))
		html_put(out, " $", js_str(detail, "message"));
	buf_adds(out, " ");
	// What was made has all of itself to tell; the story has it, above.
	if (!put_changes(detail, "", out) && str_eq_null(change, "~"))
		put_change(json_object_get(detail, "before"), json_object_get(detail, "after"), "",
			out);
	if (!outcome || !json_is_integer(json_object_get(detail, "dur_ms")))
		return;
	char took[32];
	num_format_duration(js_int(detail, "dur_ms", 0), took, sizeof(took));
	html_put(out, " <span class=\"quiet\">$</span>", took);
}

static void put_detail(const struct page_views *views, const json_t *entry, struct buf *out)
{
	const json_t *detail = json_object_get(entry, "detail");
	const char *what = js_str(entry, "what");
	if (str_eq_null(what, "drift")) {
		put_drift(detail, out);
	} else if (str_eq_null(what, "closed")) {
		put_closed(detail, out);
	} else if (str_eq_null(what, "action")) {
		put_action(detail, out);
	} else if (str_eq_null(what, "config")) {
		html_put(out, "version <code>$</code> in force", js_str(detail, "version"));
	} else if (str_eq_null(what, "observed")) {
		if (js_bool(detail, "gone", false))
			buf_adds(out, "it is not in AWS");
		else if (!put_changes(detail, "", out))
			html_put(out, "in AWS<span class=\"quiet\">: $, $</span>",
				js_str(detail, "sync"), js_str(detail, "health"));
	} else {
		_cleanup_free_ char *text = why_sentence(entry, NULL);
		html_prose(out, text, views->now_ms);
	}
}

// An order may be given to a layer or to the whole stack, which have no story of their own.
static void put_whose(const struct page_views *views, const char *address, struct buf *out)
{
	buf_adds(out, "<td class=\"whose-entry\">");
	if (page_name_of(address) != address)
		page_put_link(views, out, address, false);
	else
		html_text(out, address);
	buf_adds(out, "</td>");
}

static void put_entry(
	const struct page_views *views, const json_t *entry, bool has_address, struct buf *out)
{
	struct told told = told_of(entry);
	buf_adds(out, "<tr><td>");
	html_clock(out, js_str(entry, "at"), views->now_ms);
	html_put(out, "</td><td><span class=\"mark $\" aria-hidden=\"true\">$</span> $</td>",
		told.class, told.glyph, told.word);
	if (has_address)
		put_whose(views, js_str(entry, "address"), out);
	buf_adds(out, "<td>");
	put_detail(views, entry, out);
	buf_adds(out, "</td></tr>");
}

static void begin_entries(const char *caption, bool has_address, struct buf *out)
{
	html_put(out,
		"<table class=\"entries\"><caption class=\"sr\">$</caption><thead><tr><th "
		"scope=\"col\">When</th><th scope=\"col\">What</th>",
		caption);
	buf_adds(out, has_address ? "<th scope=\"col\">Where</th>" : "");
	buf_adds(out, "<th scope=\"col\">How</th></tr></thead><tbody>");
}

void page_put_entries(const struct page_views *views, const json_t *entries, bool has_address,
	size_t most, struct buf *out)
{
	size_t i, count = 0;
	json_t *entry;
	begin_entries("What happened last, newest first", has_address, out);
	json_array_foreach ((json_t *)entries, i, entry) {
		if (has_address && str_eq_null(js_str(entry, "what"), "observed"))
			continue;
		if (count == most)
			break;
		if (count++ == AT_ONCE) {
			buf_adds(out, "</tbody></table><details class=\"earlier\" "
				      "id=\"earlier\"><summary>What happened before</summary>");
			begin_entries("What happened before, newest first", has_address, out);
		}
		put_entry(views, entry, has_address, out);
	}
	buf_adds(out, "</tbody></table>");
	buf_adds(out, count > AT_ONCE ? "</details>" : "");
	if (count == 0)
		buf_adds(out, "<p class=\"quiet\">Nothing has happened yet.</p>");
}

void page_put_timeline(const struct page_views *views, struct buf *out)
{
	if (!views->entries) {
		buf_adds(out, "<p class=\"quiet\">History is in Postgres, which does not answer "
			      "now.</p>");
		return;
	}
	int64_t span = span_of(views);
	char text[32];
	size_t i;
	json_t *layer;
	num_format_duration(span, text, sizeof(text));
	buf_adds(out, "<div class=\"bands\">");
	json_array_foreach (json_object_get(views->status, "layers"), i, layer)
		if (js_str(layer, "name"))
			put_band(views, js_str(layer, "name"), span, out);
	html_put(out,
		"<div class=\"axis\" aria-hidden=\"true\"><span>$ ago</span><span>now</span>"
		"</div></div><p class=\"key\"><span class=\"sample open\"></span> differs "
		"<span class=\"sample closed\"></span> differed, and was put right <span "
		"class=\"sample tick\"></span> change made</p>",
		text);
	buf_adds(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What "
		      "happened last\">");
	page_put_entries(views, views->entries, true, MOST_ENTRIES, out);
	buf_adds(out, "</div>");
}
