// The five characters that mean something in HTML, and those that reorder what is read.
#include "control/html.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "core/plain.h"
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

void html_value(struct buf *out, const json_t *value)
{
	_cleanup_free_ char *text = plain_line(value);
	html_text(out, text);
}

void html_brief(struct buf *out, const json_t *value)
{
	enum { MOST_BYTES = 140 };
	_cleanup_json_ json_t *whole = plain_opened(value);
	_cleanup_free_ char *text = plain_line(whole);
	size_t n = text ? strlen(text) : 0;
	bool is_list = json_is_array(whole) && n > 2, is_one = json_array_size(whole) == 1;
	const json_t *inner = is_one ? json_array_get(whole, 0) : whole;
	// "[{a: 1}]" is one item, and "{a: 1}" an object: what is in it says so by itself.
	size_t strip = (is_list && is_one) +
		       (json_object_size(inner) > 0 && text && text[is_list && is_one] == '{');
	if (n <= 2 * strip) {
		html_text(out, text);
		return;
	}
	text[n - strip] = '\0';
	bool is_cut = n - 2 * strip > MOST_BYTES;
	if (is_cut) {
		text[strip + MOST_BYTES] = '\0';
		str_trim_utf8(text);
	}
	html_text(out, text + strip);
	buf_adds(out, is_cut ? "…" : "");
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

// How many bytes of `at` are an instant: "2026-11-24T18:00:00Z", or with a fraction.
static size_t instant(const char *at)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t n = 0;
	for (; n < sizeof(form) - 1; n++)
		if (form[n] == '0' ? at[n] < '0' || at[n] > '9' : at[n] != form[n])
			return 0;
	if (at[n] == '.')
		n += 1 + strspn(at + n + 1, "0123456789");
	return at[n] == 'Z' ? n + 1 : 0;
}

void html_prose(struct buf *out, const char *text, int64_t now_ms)
{
	bool is_code = false;
	const char *at = text ? text : "", *from = at;
	for (; *at; at++) {
		size_t n = instant(at);
		bool is_tick = *at == '`' && (is_code || strchr(at + 1, '`'));
		if (n == 0 && !is_tick)
			continue;
		_cleanup_free_ char *before = strndup(from, (size_t)(at - from));
		html_text(out, before);
		if (n > 0) {
			_cleanup_free_ char *iso = strndup(at, n);
			html_clock(out, iso, now_ms);
			at += n - 1;
		} else {
			buf_adds(out, is_code ? "</code>" : "<code>");
			is_code = !is_code;
		}
		from = at + 1;
	}
	html_text(out, from);
}
