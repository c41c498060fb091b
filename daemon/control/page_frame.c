// What every page has: the head with style and script, the name of the stack and how it stands in
// one sentence, the foot.
#include "base/num.h"
#include "base/str.h"
#include "control/html.h"
#include "control/page.h"

// clang-format off
static const struct page_look looks[STATE_COUNT] = {
	[STATE_FAILED]   = {"failed",   "✕", "failing"},
	[STATE_HELD]     = {"held",     "◆", "held for a person"},
	[STATE_PAUSED]   = {"paused",   "‖", "paused"},
	[STATE_MISSING]  = {"missing",  "+", "missing"},
	[STATE_DRIFTED]  = {"drifted",  "≠", "differs"},
	[STATE_ORPHANED] = {"orphaned", "◌", "left the file"},
	[STATE_BUSY]     = {"busy",     "↻", "in progress"},
	[STATE_NOTED]    = {"noted",    "≈", "changed by others"},
	[STATE_UNKNOWN]  = {"unknown",  "?", "not checked"},
	[STATE_WELL]     = {"well",     "✓", "in sync"},
};
// clang-format on

enum page_state page_state_of(const json_t *resource)
{
	const char *sync = js_str(resource, "sync"), *health = js_str(resource, "health");
	return json_object_get(resource, "action")                          ? STATE_BUSY
	       : str_eq_null(sync, "Orphaned")                              ? STATE_ORPHANED
	       : str_eq_null(health, "Degraded")                            ? STATE_FAILED
	       : str_eq_null(js_str(resource, "reason"), "Paused")          ? STATE_PAUSED
	       : str_eq_null(health, "Suspended")                           ? STATE_HELD
	       : !sync || str_eq_null(sync, "Unknown")                      ? STATE_UNKNOWN
	       : str_eq(sync, "Missing")                                    ? STATE_MISSING
	       : str_eq(sync, "OutOfSync")                                  ? STATE_DRIFTED
	       : str_eq_null(health, "Progressing")                         ? STATE_BUSY
	       : str_eq_null(js_str(resource, "reason"), "UndeclaredDrift") ? STATE_NOTED
	       : str_eq_null(health, "Healthy")                             ? STATE_WELL
									    : STATE_UNKNOWN;
}

unsigned char *page_states(const json_t *resources)
{
	size_t i;
	json_t *row;
	unsigned char *states = malloc(json_array_size(resources) + 1);
	json_array_foreach ((json_t *)resources, i, row)
		if (states)
			states[i] = (unsigned char)page_state_of(row);
	return states;
}

const struct page_look *page_look(enum page_state state)
{
	return &looks[state];
}

void page_put_mark(struct buf *out, enum page_state state)
{
	html_put(out,
		"<span class=\"mark $\"><span aria-hidden=\"true\">$</span>"
		"<span class=\"sr\">$</span></span>",
		looks[state].name, looks[state].glyph, looks[state].word);
}

const char *page_name_of(const char *address)
{
	const char *kind = address ? strchr(address, '.') : NULL;
	const char *name = kind ? strchr(kind + 1, '.') : NULL;
	return name ? name + 1 : address;
}

void page_put_query(const struct page_views *views, struct buf *out)
{
	if (views->stack)
		html_put(out, "?stack=@", views->stack);
}

void page_put_link(
	const struct page_views *views, struct buf *out, const char *address, bool is_short)
{
	html_put(out, "<a href=\"/resource/@", address);
	page_put_query(views, out);
	html_put(out, "\"><code>$</code></a>", is_short ? page_name_of(address) : address);
}

// ---- the head

void page_put_crumbs(const struct page_views *views, struct buf *out)
{
	buf_adds(out, "<nav class=\"crumbs\" aria-label=\"Where\"><a href=\"/");
	page_put_query(views, out);
	buf_adds(out, "\">Overview</a>");
}

void page_put_fact(struct buf *out, const char *name, const char *value, bool is_code)
{
	if (str_empty(value))
		return;
	html_put(out,
		is_code ? "<div><dt>$</dt><dd><code>$</code></dd></div>"
			: "<div><dt>$</dt><dd>$</dd></div>",
		name, value);
}

bool page_is_store_away(const json_t *status)
{
	const char *phase = js_str(json_object_get(status, "store"), "phase");
	return phase && !str_eq(phase, "ready");
}

static const struct page_file *file_of(const char *name)
{
	for (const struct page_file *file = page_files; file->name; file++)
		if (str_eq(file->name, name))
			return file;
	return page_files;
}

void page_policy(char ret_text[PAGE_POLICY_BYTES])
{
	snprintf(ret_text, PAGE_POLICY_BYTES,
		"default-src 'none'; style-src %s; script-src %s; connect-src 'self'; "
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		file_of("page.css")->digest, file_of("page.js")->digest);
}

static void put_stacks(const struct page_views *views, struct buf *out)
{
	size_t i;
	json_t *name;
	if (json_array_size(views->stacks) < 2)
		return;
	buf_adds(out, "<nav class=\"stacks\" aria-label=\"Stacks\"><ul>");
	json_array_foreach ((json_t *)views->stacks, i, name)
		html_put(out,
			str_eq_null(json_string_value(name), views->stack)
				? "<li><a aria-current=\"page\" href=\"/?stack=@\">$</a></li>"
				: "<li><a href=\"/?stack=@\">$</a></li>",
			json_string_value(name), json_string_value(name));
	buf_adds(out, "</ul></nav>");
}

void page_begin(const struct page_views *views, const char *title, struct buf *out)
{
	const char *stack = js_str(views->status, "stack");
	buf_adds(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		      "<meta name=\"color-scheme\" content=\"light dark\">"
		      "<link rel=\"icon\" href=\"data:,\">");
	html_put(out, "<title>$ · Holdfast</title><style>", title);
	buf_adds(out, file_of("page.css")->text);
	buf_adds(out, "</style></head>");
	html_put(out, "<body data-query=\"");
	page_put_query(views, out);
	buf_adds(out, "\"><a class=\"skip\" href=\"#main\">Skip to what matters</a>"
		      "<header class=\"top\"><p class=\"brand\"><a href=\"/");
	page_put_query(views, out);
	buf_adds(out, "\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M12 2v20M7 "
		      "6h10M4 13c0 5 3.5 8 8 9 4.5-1 8-4 8-9M4 13l-2 2.5M4 13l3 1.5M20 13l2 "
		      "2.5M20 13l-3 1.5\"/></svg>Holdfast</a></p>");
	if (stack)
		html_put(out,
			"<p class=\"whose\"><strong>$</strong><span>$</span><span>$</span></p>",
			stack, js_str(views->status, "region"), js_str(views->status, "account"));
	put_stacks(views, out);
	buf_adds(out, "<p class=\"live\" id=\"live\"><span class=\"dot\" aria-hidden=\"true\">"
		      "</span><span id=\"live-text\">as of ");
	char iso[32];
	json_t *daemon = json_object_get(views->status, "daemon");
	str_copy(iso, sizeof(iso), js_str(daemon, "now") ? js_str(daemon, "now") : "");
	html_clock(out, iso, views->now_ms);
	buf_adds(out, "</span></p></header><main id=\"main\" tabindex=\"-1\">");
}

void page_end(const struct page_views *views, struct buf *out)
{
	const json_t *daemon = json_object_get(views->status, "daemon");
	const json_t *config = json_object_get(views->status, "config");
	char pid[24];
	snprintf(pid, sizeof(pid), "%lld", (long long)js_int(daemon, "pid", 0));
	buf_adds(out, "</main><footer class=\"foot\"><p>");
	if (daemon) {
		html_put(out, "holdfastd $ on $, process $, up for ", js_str(daemon, "version"),
			js_str(daemon, "host"), pid);
		html_age(out, js_str(daemon, "started_at"), views->now_ms);
		html_put(out, ".</p><p>File <code>$</code>, version <code>$</code>.</p><p>",
			js_str(config, "file"), js_str(config, "version"));
	}
	buf_adds(out, "This page only reads; changes are made with <code>holdfast</code> on the "
		      "host.</p></footer><script>");
	buf_adds(out, file_of("page.js")->text);
	buf_adds(out, "</script></body></html>\n");
}

void page_problem(
	const struct page_views *views, const char *message, const char *remedy, struct buf *out)
{
	page_begin(views, "Nothing here", out);
	html_put(out, "<section class=\"card\"><h1>$</h1><p>$</p><p><a href=\"/\">Overview</a></p>",
		message, remedy);
	buf_adds(out, "</section>");
	page_end(views, out);
}
