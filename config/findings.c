// Findings: what is wrong in a file, where, and what to do about it.
#include "base/str.h"
#include "config/tree.h"
#include <stdarg.h>

enum { MOST_KEPT = 200, MOST_MESSAGE_BYTES = 1000 };

void findings_init(struct findings *findings)
{
	*findings = (struct findings){0};
}

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].message);
		free(findings->items[i].remedy);
	}
	for (size_t i = 0; i < findings->file_count; i++)
		free(findings->files[i]);
	free(findings->items);
	free(findings->files);
	findings_init(findings);
}

/* The findings' own copy of a file name; NULL when there is none or memory is out. */
static const char *own_file(struct findings *findings, const char *file)
{
	if (!file)
		return NULL;
	for (size_t i = 0; i < findings->file_count; i++)
		if (str_eq(findings->files[i], file))
			return findings->files[i];
	char **files = realloc(findings->files, (findings->file_count + 1) * sizeof(*files));
	if (!files)
		return NULL;
	findings->files = files;
	char *copy = strdup(file);
	if (copy)
		files[findings->file_count++] = copy;
	return copy;
}

/* Aliases and variables lead to one place more than once. */
static bool is_known(const struct findings *findings, struct place place, const char *message)
{
	for (size_t i = findings->count; i-- > 0;) {
		const struct finding *known = &findings->items[i];
		if (known->place.line == place.line && known->place.column == place.column &&
			str_eq_null(known->place.file, place.file) &&
			str_eq(known->message, message))
			return true;
	}
	return false;
}

static bool has_room(struct findings *findings)
{
	if (findings->count < findings->size)
		return true;
	size_t size = findings->size ? 2 * findings->size : 8;
	struct finding *items = realloc(findings->items, size * sizeof(*items));
	if (!items)
		return false;
	findings->items = items;
	findings->size = size;
	return true;
}

/* An error is counted whatever happens to its text: a load with errors must not pass for good. */
void findings_add(struct findings *findings, struct place place, bool is_warning,
	const char *remedy, const char *fmt, ...)
{
	char text[MOST_MESSAGE_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_trim_utf8(text);
	if (is_known(findings, place, text))
		return;
	if (!is_warning)
		findings->error_count++;
	if (findings->count == MOST_KEPT || !has_room(findings)) {
		findings->dropped++;
		return;
	}
	struct finding *finding = &findings->items[findings->count];
	*finding = (struct finding){
		.place = {own_file(findings, place.file), place.line, place.column},
		.is_warning = is_warning,
		.message = strdup(text),
		.remedy = str_empty(remedy) ? NULL : strdup(remedy),
	};
	if (finding->message) {
		findings->count++;
	} else {
		free(finding->remedy);
		findings->dropped++;
	}
}

static int compare_places(const struct finding *a, const struct finding *b)
{
	const char *fa = a->place.file ? a->place.file : "",
		   *fb = b->place.file ? b->place.file : "";
	int c = strcmp(fa, fb);
	if (c == 0)
		c = (a->place.line > b->place.line) - (a->place.line < b->place.line);
	if (c == 0)
		c = (a->place.column > b->place.column) - (a->place.column < b->place.column);
	return c;
}

/* Stable, so that what was found first about a place stays first. */
void findings_sort(struct findings *findings)
{
	for (size_t i = 1; i < findings->count; i++) {
		struct finding moved = findings->items[i];
		size_t j = i;
		for (; j > 0 && compare_places(&findings->items[j - 1], &moved) > 0; j--)
			findings->items[j] = findings->items[j - 1];
		findings->items[j] = moved;
	}
}

/* Text of a foreign file goes to terminals: control characters become '?'. */
static void add_printable(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_addc(out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

void findings_print(const struct findings *findings, struct buf *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		if (finding->place.file) {
			add_printable(out, finding->place.file);
			if (finding->place.line)
				buf_addf(out, ":%d:%d", finding->place.line, finding->place.column);
			buf_adds(out, ": ");
		}
		buf_adds(out, finding->is_warning ? "warning: " : "error: ");
		add_printable(out, finding->message);
		if (finding->remedy) {
			buf_adds(out, "; ");
			add_printable(out, finding->remedy);
		}
		buf_addc(out, '\n');
	}
	if (findings->dropped)
		buf_addf(out, "... and %zu more\n", findings->dropped);
}

json_t *findings_json(const struct findings *findings)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		const char *file = finding->place.file;
		if (file && !str_is_utf8(file, strlen(file)))
			file = "?";
		json_t *row = json_pack("{s:s?, s:i, s:i, s:s, s:s, s:s?}", "file", file, "line",
			finding->place.line, "column", finding->place.column, "severity",
			finding->is_warning ? "warning" : "error", "message", finding->message,
			"remedy", finding->remedy);
		if (json_array_append_new(list, row) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
