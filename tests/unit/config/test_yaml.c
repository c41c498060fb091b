// What YAML and JSON become, and what broken text is told.
#include "parts.h"

static void scalars_have_the_types_of_yaml_1_2(void **state)
{
	(void)state;
	expect_json("a: 5\nb: -3\nc: 1.5\nd: true\ne: False\nf: ~\ng:\nh: text\n",
		"{\"a\":5,\"b\":-3,\"c\":1.5,\"d\":true,\"e\":false,\"f\":null,\"g\":null,"
		"\"h\":\"text\"}");
}

static void what_only_looks_like_a_number_or_a_boolean_stays_a_string(void **state)
{
	(void)state;
	expect_json("a: 0123\nb: on\nc: no\nd: 10.0.0.0/16\ne: 2012-10-17\nf: 0x1F\ng: 1_000\n",
		"{\"a\":\"0123\",\"b\":\"on\",\"c\":\"no\",\"d\":\"10.0.0.0/"
		"16\",\"e\":\"2012-10-17\",\"f\":\"0x1F\",\"g\":\"1_000\"}");
	expect_json("a: 99999999999999999999\nb: 12e4567\nc: .inf\nd: +5\n",
		"{\"a\":\"99999999999999999999\",\"b\":\"12e4567\",\"c\":\".inf\",\"d\":\"+5\"}");
}

static void quotes_and_the_str_tag_make_strings(void **state)
{
	(void)state;
	expect_json("a: '5'\nb: \"true\"\nc: !!str 5\nd: ! null\ne: |\n  x\n  y\n",
		"{\"a\":\"5\",\"b\":\"true\",\"c\":\"5\",\"d\":\"null\",\"e\":\"x\\ny\\n\"}");
}

static void numbers_keep_their_spelling(void **state)
{
	(void)state;
	const char *text = "version: 15.10\n";
	struct loaded loaded = load_bytes(text, strlen(text), NULL);
	const struct node *version = node_get(tree_root(loaded.tree), "version");
	assert_int_equal(version->type, NODE_REAL);
	assert_string_equal(version->text, "15.10");
	done(&loaded);
}

static void json_is_read_by_the_same_loader(void **state)
{
	(void)state;
	expect_json("{\"a\":[1,2.5,\"x\",null,true],\n\t\"b\":{\"c\":\"\\u00e9\\/\\n\"}}",
		"{\"a\":[1,2.5,\"x\",null,true],\"b\":{\"c\":\"\u00e9/\\n\"}}");
}

static void surrogate_pairs_of_json_are_one_character_and_move_no_column(void **state)
{
	(void)state;
	expect_json("{\"a\":\"\\ud83d\\uDE00\"}", "{\"a\":\"\U0001F600\"}");
	expect_findings("{\"a\":\"\\ud83d\\ude00\\ud83d\\ude00\",\"a\":1}",
		"shop.yaml:1:33: error: key 'a' is there already, on line 1; keep one of the "
		"two\n");
	expect_findings("{\"a\":\"\\ud83d\"}",
		"shop.yaml:1:9: error: JSON: found invalid Unicode character escape code; write a "
		"valid \\u escape\n");
}

static void every_value_knows_its_line_and_column(void **state)
{
	(void)state;
	const char *text = "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n  list:\n"
			   "    - \u00e9\u00e9: x\n";
	struct loaded loaded = load_bytes(text, strlen(text), NULL);
	const struct node *network = node_get(tree_root(loaded.tree), "network");
	const struct node *vpc = node_get(node_get(network, "vpc"), "main");
	struct place key = node_key_place(vpc, "cidr_block");
	assert_string_equal(key.file, "shop.yaml");
	assert_int_equal(key.line, 3);
	assert_int_equal(key.column, 12);
	assert_int_equal(node_get(vpc, "cidr_block")->place.column, 24);
	const struct node *item = node_get(network, "list")->items[0];
	assert_int_equal(item->items[0]->place.line, 5);
	assert_int_equal(item->items[0]->place.column, 11);
	done(&loaded);
}

static void all_duplicate_keys_are_told_at_once(void **state)
{
	(void)state;
	expect_findings("a: 1\nb: {x: 1, x: 2}\na: 2\n",
		"shop.yaml:2:11: error: key 'x' is there already, on line 2; keep one of the two\n"
		"shop.yaml:3:1: error: key 'a' is there already, on line 1; keep one of the two\n");
}

static void a_duplicate_is_found_among_very_many_keys(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < 50000; i++)
		buf_addf(&text, "k%d: 1\n", i);
	buf_adds(&text, "k7: 2\n");
	expect_findings(buf_str(&text),
		"shop.yaml:50001:1: error: key 'k7' is there already, on line 8; keep one of the "
		"two\n");
}

static void aliases_repeat_and_merge_keys_fill_in(void **state)
{
	(void)state;
	expect_json("base: &b {x: 1, y: 2}\none: *b\ntwo: {<<: *b, y: 3}\n"
		    "three: {<<: [{x: 9}, *b]}\nfour: {'<<': 1}\n",
		"{\"base\":{\"x\":1,\"y\":2},\"one\":{\"x\":1,\"y\":2},\"two\":{\"y\":3,\"x\":1},"
		"\"three\":{\"x\":9,\"y\":2},\"four\":{\"<<\":1}}");
}

static void wrong_aliases_and_merge_keys_are_told(void **state)
{
	(void)state;
	expect_findings("a: *nope\nb: &b [*b]\nc: {<<: 5}\nd: {<<: [[1]]}\n",
		"shop.yaml:1:4: error: no anchor &nope above this alias; write the anchor above "
		"its "
		"first use; a value that begins with '*' needs quotes\n"
		"shop.yaml:2:8: error: alias *b stands inside of what it is to repeat (line 2); "
		"take "
		"the alias out\n"
		"shop.yaml:3:9: error: '<<' takes a map or a list of maps, not a whole number; "
		"give it "
		"a map: '<<: *anchor'\n"
		"shop.yaml:4:10: error: a list inside the list of '<<'; name one anchor an item\n");
}

static void tags_of_other_types_are_refused(void **state)
{
	(void)state;
	expect_findings("a: !Ref x\nb: !!int x\nc: !Sub [1]\n",
		"shop.yaml:1:4: error: tag '!Ref' is not known here; take the tag out; references "
		"are "
		"written ${layer.kind.name.attribute}\n"
		"shop.yaml:2:4: error: 'x' is no value of the type !!int; take the tag out\n"
		"shop.yaml:3:4: error: tag '!Sub' is not known here; take the tag out; references "
		"are "
		"written ${layer.kind.name.attribute}\n");
}

static void keys_must_be_text(void **state)
{
	(void)state;
	expect_findings("? [a]\n: 1\n? {b: 1}\n: 2\n'': 3\n",
		"shop.yaml:1:3: error: a list cannot be a key; keys are plain text; quote a key "
		"that "
		"begins with '{', '[', '?' or '*'\n"
		"shop.yaml:3:3: error: a map cannot be a key; keys are plain text; quote a key "
		"that "
		"begins with '{', '[', '?' or '*'\n"
		"shop.yaml:3:3: error: key '?' is there already, on line 1; keep one of the two\n"
		"shop.yaml:5:1: error: an empty key; write a name before the ':'\n");
}

static void a_file_that_holds_no_map_is_told_so(void **state)
{
	(void)state;
	expect_findings(
		"", "shop.yaml:1:1: error: the file is empty; begin with 'stack: <name>'\n");
	expect_findings("# only words\n\n",
		"shop.yaml:1:1: error: the file is empty; begin with 'stack: <name>'\n");
	expect_findings("- a\n- b\n",
		"shop.yaml:1:1: error: the file must hold a map at its top, not a list; begin with "
		"'stack: <name>'\n");
	expect_findings("a: 1\n---\nb: 2\n", "shop.yaml:2:1: error: a second document in one file; "
					     "put each stack into a file of "
					     "its own\n");
}

static void syntax_errors_say_where_and_what_to_do(void **state)
{
	(void)state;
	expect_findings("a:\n\tb: 1\n", "shop.yaml:2:1: error: YAML: found character that cannot "
					"start any token; indent with "
					"spaces, not with tabs\n");
	expect_findings("a: @x\n", "shop.yaml:1:4: error: YAML: found character that cannot start "
				   "any token; quote the "
				   "value\n");
	expect_findings("a: b: c\n", "shop.yaml:1:5: error: YAML: mapping values are not allowed "
				     "in this context; quote the "
				     "value if it holds ': ', or mend the indentation\n");
	expect_findings("a:\n  b: 1\n c: 2\n", "shop.yaml:3:2: error: YAML: did not find expected "
					       "key while parsing a block mapping "
					       "that begins on line 1; compare the indentation of "
					       "this line with the lines above\n");
	expect_findings("a: [1, 2\nb: 3\n",
		"shop.yaml:2:2: error: YAML: did not find expected ',' or ']' while parsing a flow "
		"sequence that begins on line 1; add the missing ',' or ']'\n");
	expect_findings("a: [${var.x}]\n", "shop.yaml:1:6: error: YAML: did not find expected ',' "
					   "or ']'; quote the value: inside "
					   "[ ] and { } a ${...} needs quotes\n");
	expect_findings("a: \"x\n",
		"shop.yaml:2:1: error: YAML: found unexpected end of stream while scanning a "
		"quoted "
		"scalar that begins on line 1; close the quote that was opened\n");
}

static void text_that_is_no_text_is_told_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *finding;
		size_t count;
	} rows[] = {
#define ROW(text, finding) {text, finding, sizeof(text) - 1}
		ROW("a: 1\nb: \xff\n", "shop.yaml:2:4: error: byte 0xff is not UTF-8"),
		ROW("a: \xc3", "shop.yaml:1:4: error: byte 0xc3 is not UTF-8"),
		ROW("a: \xed\xa0\x80", "shop.yaml:1:4: error: byte 0xed is not UTF-8"),
		ROW("a: x\0y\n", "shop.yaml:1:5: error: NUL character"),
		ROW("a: x\ny: \x1b[0m\n",
			"shop.yaml:2:4: error: control character U+001B in the text"),
		ROW("\xff\xfe"
		    "a\0:\0",
			"shop.yaml:1:1: error: the file is UTF-16; save the file as UTF-8"),
		ROW("a: \"x\\0y\"\n", "shop.yaml:1:4: error: a NUL character in a string"),
#undef ROW
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		expect_finding_in(rows[i].bytes, rows[i].count, rows[i].finding);
}

static void a_byte_order_mark_and_windows_line_ends_do_no_harm(void **state)
{
	(void)state;
	expect_json("\xEF\xBB\xBF"
		    "a: 1\r\nb: 2\r\n",
		"{\"a\":1,\"b\":2}");
	expect_findings("\xEF\xBB\xBF"
			"a: 1\r\nb: 1\r\na: 2\r\n",
		"shop.yaml:3:1: error: key 'a' is there already, on line 1; keep one of the two\n");
}

static void repeated(struct buf *text, const char *part, int count)
{
	for (int i = 0; i < count; i++)
		buf_adds(text, part);
}

static void too_deep_nesting_is_told_with_its_place(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	repeated(&text, "[", 10000);
	expect_findings(buf_str(&text), "shop.yaml:1:65: error: nested deeper than 64 levels; "
					"flatten the structure\n");
	buf_reset(&text);
	repeated(&text, "{a: ", 10000);
	expect_findings(buf_str(&text), "shop.yaml:1:257: error: nested deeper than 64 levels; "
					"flatten the structure\n");
	buf_reset(&text);
	// Each alias alone is shallow; together they are not.
	buf_adds(&text, "a: &a ");
	repeated(&text, "[", 40);
	repeated(&text, "]", 40);
	buf_adds(&text, "\nb: ");
	repeated(&text, "[", 40);
	buf_adds(&text, "*a");
	repeated(&text, "]", 40);
	expect_finding_in(buf_str(&text), text.len, "shop.yaml:2:44: error: nested deeper than 64");
}

static void an_alias_bomb_ends_at_the_cap(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 30; i++)
		buf_addf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	expect_finding_in(buf_str(&text), text.len,
		"shop.yaml:6:10: error: more than 100000 values, with what aliases stand for; "
		"split "
		"the stack, or use fewer aliases");
}

static void a_file_of_five_megabytes_is_refused(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	while (text.len < (size_t)5 << 20)
		buf_adds(&text, "# many words about nothing, over and over\n");
	expect_findings(buf_str(&text), "shop.yaml: error: cannot read 'shop.yaml': larger than 4 "
					"MiB; split it up\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_have_the_types_of_yaml_1_2),
		cmocka_unit_test(what_only_looks_like_a_number_or_a_boolean_stays_a_string),
		cmocka_unit_test(quotes_and_the_str_tag_make_strings),
		cmocka_unit_test(numbers_keep_their_spelling),
		cmocka_unit_test(json_is_read_by_the_same_loader),
		cmocka_unit_test(surrogate_pairs_of_json_are_one_character_and_move_no_column),
		cmocka_unit_test(every_value_knows_its_line_and_column),
		cmocka_unit_test(all_duplicate_keys_are_told_at_once),
		cmocka_unit_test(a_duplicate_is_found_among_very_many_keys),
		cmocka_unit_test(aliases_repeat_and_merge_keys_fill_in),
		cmocka_unit_test(wrong_aliases_and_merge_keys_are_told),
		cmocka_unit_test(tags_of_other_types_are_refused),
		cmocka_unit_test(keys_must_be_text),
		cmocka_unit_test(a_file_that_holds_no_map_is_told_so),
		cmocka_unit_test(syntax_errors_say_where_and_what_to_do),
		cmocka_unit_test(text_that_is_no_text_is_told_with_its_place),
		cmocka_unit_test(a_byte_order_mark_and_windows_line_ends_do_no_harm),
		cmocka_unit_test(too_deep_nesting_is_told_with_its_place),
		cmocka_unit_test(an_alias_bomb_ends_at_the_cap),
		cmocka_unit_test(a_file_of_five_megabytes_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
