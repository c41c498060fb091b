// UTF-8 and YAML's set of printable characters, with line and column; JSON's surrogate pairs.
#include "config/text.h"
#include "base/str.h"

/* The character at p, or -1 when it is no UTF-8. */
static int32_t decode(const unsigned char *p, size_t left, size_t *ret_bytes)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	*ret_bytes = n > left ? left : n;
	if (n > left || !str_is_utf8((const char *)p, n))
		return -1;
	if (n == 1)
		return p[0];
	int32_t c = p[0] & (0x7F >> n);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3F);
	return c;
}

static bool is_printable(int32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) || c == 0x85 ||
	       (c >= 0xA0 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF);
}

static bool check_characters(const struct text *text, const char *file, struct findings *findings)
{
	struct place place = {file, 1, 1};
	for (size_t i = 0; i < text->count;) {
		size_t n;
		const unsigned char *p = (const unsigned char *)text->bytes + i;
		int32_t c = decode(p, text->count - i, &n);
		if (c < 0) {
			findings_error(findings, place, "save the file as UTF-8",
				"byte 0x%02x is not UTF-8", p[0]);
			return false;
		}
		if (!is_printable(c)) {
			findings_error(findings, place,
				"take it out, or write it as an escape in double quotes",
				c ? "control character U+%04X in the text"
				  : "NUL character (U+%04X) in the text",
				(unsigned)c);
			return false;
		}
		i += n;
		if (c == '\n' || (c == '\r' && !(i < text->count && text->bytes[i] == '\n'))) {
			place.line++;
			place.column = 1;
		} else {
			place.column++;
		}
	}
	return true;
}

/* The four hex digits of a "\uXXXX" at p, or -1. */
static int32_t escape_at(const char *p, const char *end)
{
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	int32_t value = 0;
	for (int i = 2; i < 6; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF", *d = strchr(digits, p[i]);
		if (!p[i] || !d)
			return -1;
		value = value << 4 | (int32_t)((d - digits) % 16);
	}
	return value;
}

static bool add_shift(struct text *text, int line, int column)
{
	size_t count = text->shift_count;
	if ((count & (count - 1)) == 0) { // doubles at each power of two
		struct text_shift *shifts =
			realloc(text->shifts, (count ? 2 * count : 1) * sizeof(*shifts));
		if (!shifts)
			return false;
		text->shifts = shifts;
	}
	text->shifts[text->shift_count++] = (struct text_shift){line, column};
	return true;
}

/* YAML has no surrogate pairs: "\ud83d\ude00" becomes "\U0001f600", in place. */
static bool join_surrogates(struct text *text)
{
	char *to = text->bytes;
	const char *p = text->bytes, *end = text->bytes + text->count;
	int line = 1, column = 1;
	while (p < end) {
		int32_t high = escape_at(p, end), low = -1;
		if (high >= 0xD800 && high < 0xDC00)
			low = escape_at(p + 6, end);
		if (low >= 0xDC00 && low < 0xE000) {
			char joined[11];
			snprintf(joined, sizeof(joined), "\\U%08x",
				(unsigned)(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
			memcpy(to, joined, 10);
			if (!add_shift(text, line, column))
				return false;
			to += 10;
			p += 12;
			column += 10;
			continue;
		}
		size_t n = *p == '\\' && p + 1 < end && p[1] != '\n' ? 2 : 1;
		for (size_t i = 0; i < n; i++, p++) {
			column = *p == '\n' ? 1 : column + ((*p & 0xC0) != 0x80);
			line += *p == '\n';
			*to++ = *p;
		}
	}
	text->count = (size_t)(to - text->bytes);
	*to = '\0';
	return true;
}

bool text_init(struct text *text, const char *file, const char *bytes, size_t count,
	struct findings *findings)
{
	*text = (struct text){0};
	struct place top = {file, 1, 1};
	if (count >= 2 &&
		(memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0)) {
		findings_error(findings, top, "save the file as UTF-8", "the file is UTF-16");
		return false;
	}
	if (count >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
		bytes += 3;
		count -= 3;
	}
	text->bytes = malloc(count + 1);
	if (!text->bytes) {
		findings_error(findings, top, NULL, "out of memory");
		return false;
	}
	if (count)
		memcpy(text->bytes, bytes, count);
	text->bytes[count] = '\0';
	text->count = count;
	bool ok = check_characters(text, file, findings);
	size_t blanks = ok ? strspn(text->bytes, " \t\r\n") : 0;
	if (ok && text->bytes[blanks] == '{' && !join_surrogates(text)) {
		findings_error(findings, top, NULL, "out of memory");
		ok = false;
	}
	if (!ok)
		text_done(text);
	return ok;
}

void text_done(struct text *text)
{
	if (text->bytes)
		explicit_bzero(text->bytes, text->count);
	free(text->bytes);
	free(text->shifts);
	*text = (struct text){0};
}

/* How many shifts lie before a place. */
static size_t shifts_before(const struct text *text, int line, int column)
{
	size_t low = 0, high = text->shift_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct text_shift *shift = &text->shifts[middle];
		if (shift->line < line || (shift->line == line && shift->column < column))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int text_column(const struct text *text, int line, int column)
{
	size_t count = shifts_before(text, line, column) - shifts_before(text, line, 0);
	return column + 2 * (int)count;
}
