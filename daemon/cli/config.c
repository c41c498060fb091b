// `config`: the versions of the file that were in force, and one of them whole, as a file that can
// be put back. It is YAML written for people: plain words where they are safe, JSON's quotes
// elsewhere.
#include "base/str.h"
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/table.h"
#include "core/plain.h"

enum { YAML_INDENT = 2, MOST_FLOW = 96 };

// Does it mean the same without quotes? Not so: words that YAML takes for something else.
static bool is_plain_word(const char *text)
{
	static const char *const others[] = {
		"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
	size_t n = strlen(text);
	char first = *text | 0x20;
	if (n == 0 || n > 200 || !((first >= 'a' && first <= 'z') || *text == '/') ||
		text[n - 1] == ':')
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		if (strcasecmp(text, others[i]) == 0)
			return false;
	return strspn(text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:") == n;
}

static void put_word(struct buf *out, const char *text)
{
	if (is_plain_word(text))
		buf_adds(out, text);
	else
		js_add_text(out, text);
}

// A value on one line. What is no secret here never was written; where one stood, a name stands
// that no environment has, so that the file is refused until it is put back.
static void put_flow(struct buf *out, const json_t *value)
{
	size_t i;
	json_t *item;
	const char *key;
	if (json_is_string(value)) {
		if (str_eq(json_string_value(value), "(secret)"))
			buf_adds(out, "{value_from: {env: A_SECRET_STOOD_HERE}}");
		else
			put_word(out, json_string_value(value));
	} else if (json_is_array(value)) {
		buf_adds(out, "[");
		json_array_foreach ((json_t *)value, i, item) {
			buf_adds(out, i ? ", " : "");
			put_flow(out, item);
		}
		buf_adds(out, "]");
	} else if (json_is_object(value)) {
		bool is_first = true;
		buf_adds(out, "{");
		json_object_foreach ((json_t *)value, key, item) {
			buf_adds(out, is_first ? "" : ", ");
			is_first = false;
			put_word(out, key);
			buf_adds(out, ": ");
			put_flow(out, item);
		}
		buf_adds(out, "}");
	} else {
		_cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY);
		buf_adds(out, text ? text : "");
	}
}

// Blocks down to where a value fits a line: a layer, its kinds, a resource.
static void put_block(struct buf *out, const json_t *object, int depth)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)object, key, value) {
		_cleanup_buf_ struct buf flow = {0};
		for (int i = 0; i < depth * YAML_INDENT; i++)
			buf_adds(out, " ");
		put_word(out, key);
		buf_adds(out, ":");
		put_flow(&flow, value);
		bool is_long = depth == 0 || flow.len > MOST_FLOW;
		if (json_object_size(value) > 0 && is_long) {
			buf_adds(out, "\n");
			put_block(out, value, depth + 1);
		} else {
			buf_addf(out, " %s\n", buf_str(&flow));
		}
	}
}

// The store keeps members in an order of its own: what a reader looks for first stands first.
static json_t *in_order(const json_t *document)
{
	static const char *const first[] = {"stack", "account", "region", "tags", "policy", "vars",
		"network", "compute", "data", "security", "monitoring"};
	json_t *out = json_object();
	for (size_t i = 0; i < ARRAY_COUNT(first); i++)
		if (json_object_get(document, first[i]))
			json_object_set(out, first[i], json_object_get(document, first[i]));
	json_object_update_missing(out, (json_t *)document);
	return out;
}

static void put_version(struct buf *out, const json_t *version)
{
	const char *file = js_str(version, "file"), *at = js_str(version, "at");
	_cleanup_json_ json_t *document = in_order(json_object_get(version, "document"));
	buf_addf(out,
		"# Version %s of %s, in force from %s: with its includes and variables, without "
		"its comments.\n",
		js_str(version, "version"), file ? file : "the file", at ? at : "?");
	put_block(out, document, 0);
}

static void render_versions(const struct view *view, const json_t *answer, struct buf *out)
{
	static const struct column columns[] = {{"IN FORCE FROM", COLUMN_KEEP},
		{"VERSION", COLUMN_KEEP}, {"FILE", COLUMN_FLEX}, {NULL, COLUMN_DROP}};
	size_t i;
	json_t *one;
	_cleanup_table_ struct table table = {0};
	table_init(&table, view, columns, ARRAY_COUNT(columns), 0);
	json_array_foreach (json_object_get(answer, "versions"), i, one) {
		char at[40];
		view_clock(view, js_str(one, "at"), at, sizeof(at));
		table_add(&table, PAINT_DIM, at);
		table_add(&table, PAINT_BOLD, js_str(one, "version"));
		table_add(&table, PAINT_PLAIN, js_str(one, "file"));
		table_add(&table, PAINT_GREEN, i == 0 ? "in force" : "");
	}
	if (i == 0)
		view_wrap(view, out, PAINT_PLAIN, 0, "No version of a file is recorded yet.");
	table_render(&table, out);
}

int run_config(struct cli *cli)
{
	_cleanup_reply_ struct reply reply = {0};
	_cleanup_buf_ struct buf out = {0};
	const char *version = cli->argument_count > 0 ? cli->arguments[0] : NULL;
	char *path = client_path("/v1/config", NULL, "version", version, "at", cli->at, "limit",
		cli->limit, "stack", cli->stack);
	if (!version && !cli->at)
		return cli_show(cli, path, NULL, render_versions, NULL);
	bool is_answered = cli_ask(cli, path, NULL, &reply);
	free(path);
	if (!is_answered)
		return EXIT_ERROR;
	const json_t *found = json_array_get(json_object_get(reply.body, "versions"), 0);
	if (!found)
		return cli_complain(cli, "`holdfast config` lists them",
			"no such version of the file was in force");
	if (cli->is_json)
		return cli_print_json(cli, reply.body, EXIT_DONE);
	put_version(&out, found);
	return cli_print(cli, &out, EXIT_DONE);
}
