// Widths follow Unicode's East Asian Width in broad ranges: right for everything that stands in a
// file of infrastructure, and off by a cell at worst elsewhere.
#include "cli/view.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include <stdarg.h>
#include <time.h>

struct range {
	uint32_t from, to;
};

// Control, invisible and direction-changing characters: shown, never sent.
static const struct range dangerous[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x61c, 0x61c},
	{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
	{0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
static const struct range narrow[] = {
	{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

#define IS_IN(code, ranges) is_in((code), (ranges), ARRAY_COUNT(ranges))

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}

// The character at `text`; its bytes, or 0 when they are no UTF-8.
static size_t decode(const char *text, uint32_t *ret_code)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	static const uint32_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	if (strnlen(text, n) < n && p[0])
		return 0;
	if (!str_is_utf8(text, n))
		return 0;
	*ret_code = p[0] & first_mask[n];
	for (size_t i = 1; i < n; i++)
		*ret_code = *ret_code << 6 | (p[i] & 0x3f);
	return n;
}

void view_escape(struct buf *out, const char *text)
{
	while (*text) {
		uint32_t code;
		size_t n = decode(text, &code);
		if (n == 0)
			buf_addf(out, "\\x%02x", (unsigned char)*text);
		else if (code == '\n')
			buf_adds(out, "\\n");
		else if (code == '\t')
			buf_adds(out, "\\t");
		else if (IS_IN(code, dangerous))
			buf_addf(out, code < 0x100 ? "\\x%02x" : "\\u{%x}", code);
		else
			buf_add(out, text, n);
		text += n ? n : 1;
	}
}

static int cells_of(uint32_t code)
{
	return IS_IN(code, narrow) ? 0 : IS_IN(code, wide) ? 2 : 1;
}

int view_cells(const char *escaped)
{
	int cells = 0;
	while (*escaped) {
		uint32_t code = 0;
		size_t n = decode(escaped, &code);
		cells += n ? cells_of(code) : 1;
		escaped += n ? n : 1;
	}
	return cells;
}

int view_cells_painted(const char *painted)
{
	int cells = 0;
	while (*painted) {
		uint32_t code = 0;
		if (*painted == '\033') {
			painted += strcspn(painted, "m");
			painted += *painted == 'm';
			continue;
		}
		size_t n = decode(painted, &code);
		cells += n ? cells_of(code) : 1;
		painted += n ? n : 1;
	}
	return cells;
}

void view_put_escaped(const struct view *view, struct buf *out, enum paint paint,
	const char *escaped, size_t bytes)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "",
		[PAINT_BOLD] = "1",
		[PAINT_DIM] = "2",
		[PAINT_RED] = "31",
		[PAINT_GREEN] = "32",
		[PAINT_YELLOW] = "33",
		[PAINT_BLUE] = "34",
		[PAINT_CYAN] = "36",
		[PAINT_MAGENTA] = "35",
	};
	bool is_painted = view->has_colour && paint != PAINT_PLAIN && bytes > 0;
	if (is_painted)
		buf_addf(out, "\033[%sm", codes[paint]);
	buf_add(out, escaped, bytes);
	if (is_painted)
		buf_adds(out, "\033[0m");
}

void view_put(const struct view *view, struct buf *out, enum paint paint, const char *text)
{
	_cleanup_buf_ struct buf escaped = {0};
	view_escape(&escaped, text);
	view_put_escaped(view, out, paint, buf_str(&escaped), escaped.len);
}

void view_putf(const struct view *view, struct buf *out, enum paint paint, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		out->failed = true;
		return;
	}
	view_put(view, out, paint, text);
}

void view_pad(struct buf *out, int cells)
{
	for (; cells > 0; cells--)
		buf_addc(out, ' ');
}

size_t view_break(const char *escaped, int cells)
{
	// The last places after a blank; and within a word: after what parts names, ARNs and paths,
	// and where the next word of a "MasterUserSecret" begins.
	size_t at = 0, blank = 0, inner = 0;
	int used = 0;
	if (cells <= 0)
		return strlen(escaped);
	while (escaped[at]) {
		uint32_t code = 0;
		size_t n = decode(escaped + at, &code);
		int more = n ? cells_of(code) : 1;
		if (used + more > cells && at > 0)
			break;
		bool is_inner = at > 0 && used * 2 > cells && escaped[at - 1] != ' ';
		if (is_inner && code >= 'A' && code <= 'Z' && escaped[at - 1] >= 'a' &&
			escaped[at - 1] <= 'z')
			inner = at;
		used += more;
		at += n ? n : 1;
		if (code == ' ')
			blank = at;
		else if (is_inner && code && code < 0x80 && strchr(".,/:-_", (int)code))
			inner = at;
	}
	if (!escaped[at] || escaped[at] == ' ')
		return at;
	return blank ? blank : inner ? inner : at;
}

void view_wrap_escaped(
	const struct view *view, struct buf *out, enum paint paint, int indent, const char *escaped)
{
	int cells = view->width > 0 ? view->width - indent : 0;
	if (view->width > 0 && cells < 20)
		cells = 20;
	for (const char *p = escaped; *p;) {
		size_t n = view_break(p, cells), shown = n;
		while (shown > 0 && p[shown - 1] == ' ')
			shown--;
		view_pad(out, indent);
		view_put_escaped(view, out, paint, p, shown);
		buf_addc(out, '\n');
		p += n;
		p += strspn(p, " ");
	}
}

void view_wrap(
	const struct view *view, struct buf *out, enum paint paint, int indent, const char *text)
{
	_cleanup_buf_ struct buf escaped = {0};
	view_escape(&escaped, text);
	view_wrap_escaped(view, out, paint, indent, buf_str(&escaped));
}

void view_duration(int64_t ms, char *ret_text, size_t bytes)
{
	str_copy(ret_text, bytes, "0s");
	if (ms >= 1000)
		num_format_duration(ms - ms % 1000, ret_text, bytes);
}

void view_age(const struct view *view, const char *iso, char *ret_text, size_t bytes)
{
	int64_t at_ms;
	str_copy(ret_text, bytes, "");
	if (!iso || clock_parse_iso(iso, &at_ms) != 0)
		return;
	int64_t age_ms = view->now_ms > at_ms ? view->now_ms - at_ms : 0;
	view_duration(age_ms, ret_text, bytes);
}

void view_time(const char *iso, char *ret_text, size_t bytes)
{
	int64_t at_ms;
	struct tm tm;
	str_copy(ret_text, bytes, "-");
	if (!iso || clock_parse_iso(iso, &at_ms) != 0)
		return;
	time_t seconds = (time_t)(at_ms / 1000);
	if (localtime_r(&seconds, &tm))
		strftime(ret_text, bytes, "%Y-%m-%d %H:%M:%S", &tm);
}

void view_clock(const struct view *view, const char *iso, char *ret_text, size_t bytes)
{
	char now_iso[CLOCK_TEXT_BYTES], now[32], at[32];
	clock_format_iso(view->now_ms, now_iso);
	view_time(now_iso, now, sizeof(now));
	view_time(iso, at, sizeof(at));
	bool is_today = strlen(at) == strlen(now) && strncmp(at, now, strlen("2026-11-23 ")) == 0;
	str_copy(ret_text, bytes, is_today ? at + strlen("2026-11-23 ") : at);
}

void view_count(char *ret_text, size_t bytes, int64_t count, const char *singular)
{
	snprintf(ret_text, bytes, "%lld %s%s", (long long)count, singular, count == 1 ? "" : "s");
}
