// The five characters that mean something in HTML, and those that reorder what is read.
#include "control/html.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include <stdarg.h>

// U+202A..202E and U+2066..2069 turn the order of the text around them; a name has no use for it.
static bool is_turning(const unsigned char *at)
{
	return at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
					(at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

void html_text(struct buf *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at; at++) {
		if (*at == '&')
			buf_adds(out, "&amp;");
		else if (*at == '<')
			buf_adds(out, "&lt;");
		else if (*at == '>')
			buf_adds(out, "&gt;");
		else if (*at == '"')
			buf_adds(out, "&quot;");
		else if (*at == '\'')
			buf_adds(out, "&#39;");
		else if ((*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f)
			buf_adds(out, "\xef\xbf\xbd"); // U+FFFD
		else if (is_turning(at)) {
			buf_adds(out, "\xef\xbf\xbd");
			at += 2;
		} else
			buf_addc(out, (char)*at);
	}
}

static void put_url(struct buf *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at; at++)
		if ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			(*at >= '0' && *at <= '9') || strchr("-._~", *at))
			buf_addc(out, (char)*at);
		else
			buf_addf(out, "%%%02X", *at);
}

void html_put(struct buf *out, const char *pattern, ...)
{
	va_list arguments;
	va_start(arguments, pattern);
	for (const char *at = pattern; *at;) {
		size_t n = strcspn(at, "$@");
		buf_add(out, at, n);
		at += n;
		if (*at == '$')
			html_text(out, va_arg(arguments, const char *));
		else if (*at == '@')
			put_url(out, va_arg(arguments, const char *));
		at += *at != '\0';
	}
	va_end(arguments);
}

static void put_json(struct buf *out, const json_t *value, size_t flags)
{
	_cleanup_free_ char *text =
		value ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | flags) : NULL;
	html_text(out, text);
}

void html_value(struct buf *out, const json_t *value)
{
	if (!value || json_is_null(value))
		buf_adds(out, "–");
	else if (json_is_string(value))
		html_text(out, json_string_value(value));
	else
		put_json(out, value, 0);
}

void html_tree(struct buf *out, const json_t *value)
{
	put_json(out, value, JSON_INDENT(2));
}

// A span to the second, in one direction of time.
static void put_span(
	struct buf *out, const char *iso, int64_t now_ms, int direction, const char *name)
{
	int64_t at_ms;
	char text[32];
	if (!iso || clock_parse_iso(iso, &at_ms) != 0)
		return;
	int64_t span_ms = direction * (now_ms - at_ms) / 1000 * 1000;
	str_copy(text, sizeof(text), "0s");
	if (span_ms > 0)
		num_format_duration(span_ms, text, sizeof(text));
	html_put(out, "<time datetime=\"$\" data-$>$</time>", iso, name, text);
}

void html_age(struct buf *out, const char *iso, int64_t now_ms)
{
	put_span(out, iso, now_ms, 1, "age");
}

void html_wait(struct buf *out, const char *iso, int64_t now_ms)
{
	put_span(out, iso, now_ms, -1, "wait");
}

void html_clock(struct buf *out, const char *iso, int64_t now_ms)
{
	char now[CLOCK_TEXT_BYTES];
	if (!iso)
		return;
	clock_format_iso(now_ms, now);
	bool is_today = strncmp(iso, now, 10) == 0;
	char text[24];
	// "2026-11-23T09:48:00.123Z": the day, or the time of day to the second
	if (strlen(iso) < 19)
		str_copy(text, sizeof(text), iso);
	else if (is_today)
		snprintf(text, sizeof(text), "%.8s", iso + 11);
	else
		snprintf(text, sizeof(text), "%.10s %.5s", iso, iso + 11);
	html_put(out, "<time datetime=\"$\" data-clock>$</time>", iso, text);
}
