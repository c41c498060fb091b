// Every resource by layer and kind: as marks to take in at a glance, and as one table.
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"

enum {
	MOST_CHIPS = 48,     // of a kind; what is in order goes into a number first
	MOST_IN_PLACE = 300, // rows of a table that stands beside the rest
};

static void put_count(struct buf *out, int64_t count, const char *word, const char *class)
{
	if (count > 0)
		buf_addf(out, "<span class=\"count %s\"><b>%lld</b> %s</span>", class,
			(long long)count, word);
}

static void put_head(const struct page_views *views, const json_t *layer, struct buf *out)
{
	const json_t *pass = json_object_get(layer, "last_pass");
	int64_t total = js_int(layer, "resources", 0);
	html_put(out, "<header><h3 id=\"layer-@\">$</h3><p class=\"counts\">",
		js_str(layer, "name"), js_str(layer, "name"));
	put_count(out, total, total == 1 ? "resource" : "resources", "");
	put_count(out, js_int(layer, "drifted", 0), "drifted", "drifted");
	put_count(out, js_int(layer, "held", 0), "held", "held");
	put_count(out, js_int(layer, "failed", 0), "failing", "failed");
	put_count(out, js_int(layer, "progressing", 0), "in progress", "busy");
	if (js_bool(layer, "paused", false))
		buf_adds(out, "<span class=\"count paused\">paused</span>");
	if (json_is_object(json_object_get(layer, "braked")))
		buf_adds(out, "<span class=\"count held\"><b>braked</b></span>");
	if (json_array_size(json_object_get(layer, "blind")) > 0)
		buf_adds(out, "<span class=\"count failed\"><b>cannot be looked at</b></span>");
	if (total == 0) { // nobody looks where nothing is declared
		buf_adds(out, "</p></header>");
		return;
	}
	buf_adds(out, "</p><p class=\"looked\">");
	if (js_bool(layer, "busy", false))
		buf_adds(out, "looking now");
	else if (js_str(layer, "checked_at")) {
		buf_adds(out, "looked at ");
		html_age(out, js_str(layer, "checked_at"), views->now_ms);
		buf_adds(out, " ago");
	} else
		buf_adds(out, "not looked at yet");
	if (js_str(layer, "next_at") && !js_bool(layer, "busy", false)) {
		buf_adds(out, ", next in ");
		html_wait(out, js_str(layer, "next_at"), views->now_ms);
	}
	if (json_is_object(pass))
		buf_addf(out, ", %lld calls in %lld ms", (long long)js_int(pass, "calls", 0),
			(long long)js_int(pass, "ms", 0));
	buf_adds(out, "</p></header>");
}

static void put_chip(const struct page_views *views, const json_t *resource, struct buf *out)
{
	const struct page_look *look = page_look(page_state_of(resource));
	const char *address = js_str(resource, "address");
	html_put(out, "<li><a class=\"chip $\" href=\"/resource/@", look->name, address);
	page_put_query(views, out);
	html_put(out,
		"\" title=\"$: $\"><span aria-hidden=\"true\">$</span><span "
		"class=\"sr\">$: </span>$</a></li>",
		address, js_str(resource, "message"), look->glyph, look->word,
		page_name_of(address));
}

static void put_listing_link(const struct page_views *views, struct buf *out)
{
	if (json_array_size(json_object_get(views->status, "resources")) <= MOST_IN_PLACE) {
		buf_adds(out, "href=\"#all\"");
		return;
	}
	buf_adds(out, "href=\"/resources");
	page_put_query(views, out);
	buf_adds(out, "\"");
}

// The worst first where there are more than can be taken in; the rest is a number, which leads to
// the table.
static void put_chips(const struct page_views *views, const json_t *list, struct buf *out)
{
	size_t i, shown = 0, count = json_array_size(list), well = 0;
	json_t *row;
	if (count <= MOST_CHIPS) {
		json_array_foreach ((json_t *)list, i, row)
			put_chip(views, row, out);
		return;
	}
	unsigned char *states = page_states(list);
	for (enum page_state state = 0; state < STATE_COUNT && states; state++) {
		json_array_foreach ((json_t *)list, i, row) {
			well += states[i] == state && state == STATE_WELL;
			if (states[i] != state || state == STATE_WELL || shown == MOST_CHIPS)
				continue;
			put_chip(views, row, out);
			shown++;
		}
	}
	free(states);
	bool is_rest_well = shown + well == count;
	html_put(out, "<li><a class=\"chip more $\" ", is_rest_well ? "well" : "unknown");
	put_listing_link(views, out);
	buf_addf(out, "><span aria-hidden=\"true\">%s</span>%zu %s</a></li>",
		is_rest_well ? "✓" : "…", count - shown, is_rest_well ? "in sync" : "more");
}

// "internet_gateway" may break after the underscore.
static void put_breakable(const char *kind, struct buf *out)
{
	for (const char *at = kind; *at;) {
		size_t n = strcspn(at, "_");
		char part[64];
		n += at[n] == '_';
		snprintf(part, sizeof(part), "%.*s", (int)n, at);
		html_put(out, at == kind ? "$" : "<wbr>$", part);
		at += n;
	}
}

// Resources come sorted by address in no promise: kinds are gathered in order of appearance.
static void put_kinds(const struct page_views *views, const char *layer, struct buf *out)
{
	const json_t *resources = json_object_get(views->status, "resources");
	_cleanup_json_ json_t *kinds = json_object();
	size_t i;
	json_t *row, *list;
	const char *kind;
	json_array_foreach (resources, i, row) {
		if (!str_eq_null(js_str(row, "layer"), layer) || !js_str(row, "kind"))
			continue;
		list = json_object_get(kinds, js_str(row, "kind"));
		if (!list) {
			list = json_array();
			json_object_set_new(kinds, js_str(row, "kind"), list);
		}
		json_array_append(list, row);
	}
	json_object_foreach (kinds, kind, list) {
		buf_adds(out, "<div class=\"kind\"><h4>");
		put_breakable(kind, out);
		buf_adds(out, "</h4><ul class=\"chips\">");
		put_chips(views, list, out);
		buf_adds(out, "</ul></div>");
	}
	if (json_object_size(kinds) == 0)
		buf_adds(out, "<p class=\"quiet\">Nothing is declared here.</p>");
}

void page_put_table(const struct page_views *views, struct buf *out)
{
	const json_t *resources = json_object_get(views->status, "resources");
	size_t i;
	json_t *row;
	buf_adds(out,
		"<p class=\"filter\" hidden><label>Show only <input type=\"search\" "
		"id=\"filter\" placeholder=\"subnet, Missing, 10.0\"></label></p>"
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All "
		"resources\"><table id=\"resources\"><thead><tr><th scope=\"col\">Resource</th>"
		"<th scope=\"col\">Sync</th><th scope=\"col\">Health</th><th scope=\"col\">"
		"Why</th><th scope=\"col\">Id</th><th scope=\"col\">Looked at</th></tr></thead>"
		"<tbody>");
	json_array_foreach (resources, i, row) {
		buf_adds(out, "<tr><th scope=\"row\">");
		page_put_mark(out, page_state_of(row));
		page_put_link(views, out, js_str(row, "address"), false);
		html_put(out, "</th><td>$</td><td>$</td><td>", js_str(row, "sync"),
			js_str(row, "health"));
		html_prose(out, js_str(row, "message"), views->now_ms);
		html_put(out, "</td><td><code>$</code></td><td>", js_str(row, "id"));
		html_age(out, js_str(row, "checked_at"), views->now_ms);
		buf_adds(out, "</td></tr>");
	}
	buf_adds(out, "</tbody></table></div>");
}

// What is in order folds away where there is little room (page.css opens it where there is much);
// what is not stays open. page.js keeps what the reader has opened or closed.
static bool is_layer_well(const json_t *status, const char *layer)
{
	size_t i;
	json_t *row;
	json_array_foreach (json_object_get(status, "resources"), i, row)
		if (str_eq_null(js_str(row, "layer"), layer) && page_state_of(row) != STATE_WELL)
			return false;
	return true;
}

static void put_folded_kinds(const struct page_views *views, const json_t *layer, struct buf *out)
{
	const char *name = js_str(layer, "name");
	bool is_well = is_layer_well(views->status, name);
	html_put(out,
		is_well ? "<details class=\"kinds\" id=\"kinds-@\"><summary>"
			: "<details class=\"kinds\" id=\"kinds-@\" data-opened open><summary>",
		name);
	buf_adds(out, js_int(layer, "resources", 0) == 0 ? "Nothing declared"
		      : is_well                          ? "All in sync"
							 : "By kind");
	html_put(out, "<span class=\"sr\"> in $</span></summary>", name);
	put_kinds(views, name, out);
	buf_adds(out, "</details>");
}

static void put_all(const struct page_views *views, struct buf *out)
{
	size_t count = json_array_size(json_object_get(views->status, "resources"));
	if (count > MOST_IN_PLACE) {
		buf_adds(out, "<p class=\"all\" id=\"all\"><a ");
		put_listing_link(views, out);
		buf_addf(out, ">All %zu resources as a table</a></p>", count);
		return;
	}
	buf_adds(out, "<details class=\"all\" id=\"all\"><summary>All resources as a "
		      "table</summary>");
	page_put_table(views, out);
	buf_adds(out, "</details>");
}

void page_put_layers(const struct page_views *views, struct buf *out)
{
	size_t i;
	json_t *layer;
	buf_adds(out, "<div class=\"layers\">");
	json_array_foreach (json_object_get(views->status, "layers"), i, layer) {
		html_put(out,
			"<article class=\"layer\" data-layer=\"$\" aria-labelledby=\"layer-@\">",
			js_str(layer, "name"), js_str(layer, "name"));
		put_head(views, layer, out);
		put_folded_kinds(views, layer, out);
		buf_adds(out, "</article>");
	}
	buf_adds(out, "</div>");
	put_all(views, out);
}
