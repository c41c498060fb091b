// Widths are decided once for the whole table; a row takes as many lines as its longest cell.
#include "cli/table.h"
#include "base/str.h"
#include <stdarg.h>

enum { GAP = 2, FLEX_LEAST = 12, MOST_COLUMNS = 16 };

void table_init(struct table *table, const struct view *view, const struct column *columns,
	size_t column_count, int indent)
{
	*table = (struct table){
		.view = view, .columns = columns, .column_count = column_count, .indent = indent};
	for (size_t i = 0; i < column_count; i++)
		table->has_titles |= columns[i].title != NULL;
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
}

void table_add(struct table *table, enum paint paint, const char *text)
{
	if (table->count == table->size) {
		size_t size = table->size ? table->size * 2 : 64;
		struct cell *cells = reallocarray(table->cells, size, sizeof(*cells));
		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->size = size;
	}
	struct buf escaped = {0};
	view_escape(&escaped, text ? text : "");
	char *taken = buf_take(&escaped);
	if (!taken)
		table->failed = true;
	else
		table->cells[table->count++] = (struct cell){taken, paint};
}

void table_addf(struct table *table, enum paint paint, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	table_add(table, paint, text);
}

void table_add_number(struct table *table, enum paint paint, int64_t number)
{
	if (number == 0)
		table_add(table, PAINT_DIM, "-");
	else
		table_addf(table, paint, "%lld", (long long)number);
}

// ---- widths

static void measure(const struct table *table, int *ret_widths)
{
	bool has_content[MOST_COLUMNS] = {false};
	for (size_t c = 0; c < table->column_count; c++)
		ret_widths[c] = 0;
	for (size_t i = 0; i < table->count; i++) {
		size_t c = i % table->column_count;
		int cells = view_cells(table->cells[i].text);
		if (cells > ret_widths[c])
			ret_widths[c] = cells;
		has_content[c] |= *table->cells[i].text && !str_eq(table->cells[i].text, "-");
	}
	for (size_t c = 0; c < table->column_count; c++) {
		const struct column *column = &table->columns[c];
		int cells = column->title ? view_cells(column->title) : 0;
		if (!has_content[c] && !(column->flags & COLUMN_KEEP))
			ret_widths[c] = 0; // left out
		else if (cells > ret_widths[c])
			ret_widths[c] = cells;
	}
}

static bool is_below(const struct table *table, size_t column)
{
	return table->columns[column].flags & COLUMN_BELOW;
}

static int gap_after(const struct table *table, size_t column)
{
	return table->columns[column].flags & COLUMN_TIGHT ? 1 : GAP;
}

static int total(const struct table *table, const int *widths)
{
	int sum = table->indent, gap = 0;
	for (size_t c = 0; c < table->column_count; c++) {
		if (widths[c] == 0 || is_below(table, c))
			continue;
		sum += gap + widths[c];
		gap = gap_after(table, c);
	}
	return sum;
}

// Takes a cell at a time from the widest flexible column.
static void squeeze(const struct table *table, int *widths)
{
	int over = total(table, widths) - table->view->width;
	while (over > 0) {
		size_t widest = table->column_count;
		for (size_t c = 0; c < table->column_count; c++)
			if ((table->columns[c].flags & COLUMN_FLEX) && widths[c] > FLEX_LEAST &&
				(widest == table->column_count || widths[c] > widths[widest]))
				widest = c;
		if (widest == table->column_count)
			return;
		widths[widest]--;
		over--;
	}
}

// Leaves out what may be left out, the last first, until the rest fits.
static void drop(const struct table *table, int *widths, unsigned flags)
{
	for (size_t c = table->column_count; c-- > 0;)
		if ((table->columns[c].flags & (COLUMN_DROP | COLUMN_FLEX)) == flags &&
			total(table, widths) > table->view->width)
			widths[c] = 0;
}

static void fit(const struct table *table, int *widths)
{
	measure(table, widths);
	if (table->view->width <= 0)
		return;
	drop(table, widths, COLUMN_DROP);
	squeeze(table, widths);
	drop(table, widths, COLUMN_DROP | COLUMN_FLEX);
}

// ---- lines

static void put_line(const struct table *table, struct buf *out, const int *widths,
	const struct cell *cells, const char **rests)
{
	int owed = table->indent, gap = 0; // blanks not yet written: none at the end of a line
	for (size_t c = 0; c < table->column_count; c++) {
		if (widths[c] == 0 || is_below(table, c))
			continue;
		owed += gap;
		gap = gap_after(table, c);
		size_t n = view_break(rests[c], table->view->width > 0 ? widths[c] : 0), shown = n;
		while (shown > 0 && rests[c][shown - 1] == ' ')
			shown--;
		_cleanup_free_ char *piece = strndup(rests[c], shown);
		int room = widths[c] - (piece ? view_cells(piece) : 0);
		rests[c] += n;
		rests[c] += strspn(rests[c], " ");
		if (table->columns[c].flags & COLUMN_RIGHT) {
			owed += room;
			room = 0;
		}
		if (piece && *piece) {
			view_pad(out, owed);
			view_put_escaped(table->view, out, cells[c].paint, piece, shown);
			owed = 0;
		}
		owed += room + (piece && *piece ? 0 : (int)shown);
	}
	buf_addc(out, '\n');
}

// At the end of the line that was just written, or below it.
static void put_below(
	const struct table *table, struct buf *out, const int *widths, const struct cell *cell)
{
	int used = total(table, widths) + GAP, cells = view_cells(cell->text);
	if (out->failed || out->len == 0)
		return;
	if (table->view->width > 0 && used + cells > table->view->width) {
		view_wrap_escaped(table->view, out, cell->paint, table->indent + 4, cell->text);
		return;
	}
	out->data[--out->len] = '\0';
	size_t start = out->len;
	while (start > 0 && out->data[start - 1] != '\n')
		start--;
	view_pad(out, used - view_cells_painted(out->data + start));
	view_put_escaped(table->view, out, cell->paint, cell->text, strlen(cell->text));
	buf_addc(out, '\n');
}

static void put_row(
	const struct table *table, struct buf *out, const int *widths, const struct cell *cells)
{
	const char *rests[MOST_COLUMNS];
	bool is_more;
	for (size_t c = 0; c < table->column_count; c++)
		rests[c] = cells[c].text;
	do {
		put_line(table, out, widths, cells, rests);
		is_more = false;
		for (size_t c = 0; c < table->column_count; c++)
			is_more |= widths[c] > 0 && !is_below(table, c) && *rests[c];
	} while (is_more);
	size_t last = table->column_count - 1;
	if (is_below(table, last) && *cells[last].text)
		put_below(table, out, widths, &cells[last]);
}

void table_render(const struct table *table, struct buf *out)
{
	int widths[MOST_COLUMNS];
	if (table->failed) {
		out->failed = true;
		return;
	}
	if (table->count == 0 || table->column_count == 0)
		return;
	fit(table, widths);
	if (table->has_titles) {
		struct cell titles[MOST_COLUMNS] = {0};
		for (size_t c = 0; c < table->column_count; c++)
			titles[c] = (struct cell){
				(char *)(table->columns[c].title ? table->columns[c].title : ""),
				PAINT_DIM};
		put_row(table, out, widths, titles);
	}
	for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
		put_row(table, out, widths, table->cells + i);
}
