// libyaml says what it expected; a person wants to know what to write.
#include "config/remedy.h"
#include "base/str.h"

const char *remedy_of_syntax(const char *problem, const char *line, size_t column)
{
	char at = strnlen(line, column + 1) > column ? line[column] : '\0';
	static const struct {
		const char *problem, *remedy;
	} rows[] = {
		{"mapping values are not allowed",
			"quote the value if it holds ': ', or mend the indentation"},
		{"did not find expected key",
			"compare the indentation of this line with the lines above"},
		{"did not find expected '-' indicator",
			"start every item of the list with '- ' in the same column"},
		{"block sequence entries are not allowed",
			"start the list on a line of its own, below its key"},
		{"could not find expected ':'", "write 'key: value', with a blank after the colon"},
		{"did not find expected ',' or '}'", "add the missing ',' or '}'"},
		{"did not find expected ',' or ']'", "add the missing ',' or ']'"},
		{"found unexpected end of stream", "close the quote that was opened"},
		{"did not find expected node content", "write the missing value, or quote it"},
		{"did not find expected <document start>",
			"everything belongs under one key; check the indentation"},
		{"found unknown escape character",
			"write the backslash twice, or use single quotes"},
		{"found undefined tag handle",
			"take the tag out; quote a value that begins with '!'"},
		{"did not find expected alphabetic or numeric",
			"quote a value that begins with '*' or '&'"},
		{"found invalid Unicode character", "write a valid \\u escape"},
	};
	if (str_starts(problem, "did not find expected ',' or") && at == '{' && column > 0 &&
		line[column - 1] == '$')
		return "quote the value: inside [ ] and { } a ${...} needs quotes";
	if (str_starts(problem, "found character that cannot start any token"))
		return at == '\t' ? "indent with spaces, not with tabs" : "quote the value";
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (str_starts(problem, rows[i].problem))
			return rows[i].remedy;
	return "check the YAML around this place";
}
