// Includes, merging, variables, interpolation, findings.
#include "parts.h"
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test-tree-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Loads a file of the folder; the folder's name is taken out of the findings. */
static struct loaded load_file(const char *name)
{
	char path[200];
	struct loaded loaded;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	findings_init(&loaded.findings);
	loaded.tree = tree_load(path, NULL, &loaded.findings);
	struct buf out;
	buf_init(&out, 0);
	findings_sort(&loaded.findings);
	findings_print(&loaded.findings, &out);
	loaded.findings_text = strdup(buf_str(&out));
	assert_non_null(loaded.findings_text);
	buf_done(&out);
	size_t n = strlen(folder) + 1;
	for (char *p; (p = strstr(loaded.findings_text, folder));)
		memmove(p, p + n, strlen(p + n) + 1);
	return loaded;
}

static void expect_file(const char *name, const char *json)
{
	struct loaded loaded = load_file(name);
	assert_string_equal(loaded.findings_text, "");
	json_t *value = node_json(tree_root(loaded.tree));
	char *actual = json_dumps(value, JSON_COMPACT);
	assert_string_equal(actual, json);
	free(actual);
	json_decref(value);
	done(&loaded);
}

static void expect_file_findings(const char *name, const char *findings)
{
	struct loaded loaded = load_file(name);
	assert_string_equal(loaded.findings_text, findings);
	done(&loaded);
}

static void the_including_file_wins_over_what_it_includes(void **state)
{
	(void)state;
	write_file("base.yaml", "a: 1\nmap: {x: 1, y: 2}\nlist: [1, 2]\n");
	write_file("top.yaml", "include: base.yaml\nmap: {y: 3, z: 4}\nlist: [9]\n");
	expect_file("top.yaml", "{\"a\":1,\"map\":{\"x\":1,\"y\":3,\"z\":4},\"list\":[9]}");
}

static void later_includes_win_over_earlier_ones(void **state)
{
	(void)state;
	write_file("one.yaml", "a: 1\nb: 1\n");
	write_file("two.yaml", "b: 2\nc: 2\n");
	write_file("both.yaml", "include: [one.yaml, two.yaml]\nc: 3\n");
	expect_file("both.yaml", "{\"a\":1,\"b\":2,\"c\":3}");
}

static void null_takes_an_included_member_away_and_else_stays(void **state)
{
	(void)state;
	write_file("full.yaml", "a: {x: 1, y: 2}\nb: 1\n");
	write_file("less.yaml", "include: full.yaml\na: {x: null}\nb: ~\nigw: {main: }\n");
	expect_file("less.yaml", "{\"a\":{\"y\":2},\"igw\":{\"main\":null}}");
}

static void includes_are_relative_to_the_file_that_includes(void **state)
{
	(void)state;
	char path[200];
	snprintf(path, sizeof(path), "%s/sub", folder);
	mkdir(path, 0700);
	write_file("sub/inner.yaml", "include: leaf.yaml\nb: 1\n");
	write_file("sub/leaf.yaml", "c: 1\n");
	write_file("outer.yaml", "include: sub/inner.yaml\na: 1\n");
	expect_file("outer.yaml", "{\"c\":1,\"b\":1,\"a\":1}");
	struct loaded loaded = load_file("outer.yaml");
	assert_int_equal(tree_file_count(loaded.tree), 3);
	assert_true(str_ends(tree_file(loaded.tree, 2), "/sub/leaf.yaml"));
	done(&loaded);
}

static void values_keep_the_place_of_their_own_file(void **state)
{
	(void)state;
	write_file("base.yaml", "\nmap:\n  x: 1\n  y: 2\n");
	write_file("top.yaml", "include: base.yaml\nmap: {y: 3}\n");
	struct loaded loaded = load_file("top.yaml");
	const struct node *map = node_get(tree_root(loaded.tree), "map");
	assert_true(str_ends(node_get(map, "x")->place.file, "/base.yaml"));
	assert_int_equal(node_get(map, "x")->place.line, 3);
	assert_true(str_ends(node_get(map, "y")->place.file, "/top.yaml"));
	assert_int_equal(node_key_place(map, "y").line, 2);
	done(&loaded);
}

static void a_missing_include_is_told_at_its_entry_with_all_other_errors(void **state)
{
	(void)state;
	write_file("bad.yaml", "a: [\n");
	write_file("miss.yaml",
		"include:\n  - gone.yaml\n  - bad.yaml\n  - 5\n  - sub\nx: ${var.y}\n");
	expect_file_findings("miss.yaml", "bad.yaml:2:1: error: YAML: did not find expected node "
					  "content; write the missing value, or quote it\n"
					  "miss.yaml:2:5: error: cannot include 'gone.yaml': No "
					  "such file or directory; the path "
					  "is relative to the folder of this file\n"
					  "miss.yaml:4:5: error: include takes a path or a list of "
					  "paths, not a whole number; "
					  "write 'include: base.yaml'\n"
					  "miss.yaml:5:5: error: cannot include 'sub': not a "
					  "regular file; the path is relative "
					  "to the folder of this file\n");
}

static void a_loop_of_includes_is_told_where_it_closes(void **state)
{
	(void)state;
	write_file("a.yaml", "include: b.yaml\n");
	write_file("b.yaml", "x: 1\ninclude: [sub/../a.yaml]\n");
	expect_file_findings("a.yaml",
		"b.yaml:2:11: error: 'sub/../a.yaml' includes itself through "
		"this file; take this include out\n");
}

static void a_file_may_be_included_by_two_others(void **state)
{
	(void)state;
	write_file("leaf.yaml", "l: 1\n");
	write_file("p.yaml", "include: leaf.yaml\np: 1\n");
	write_file("q.yaml", "include: leaf.yaml\nq: 1\n");
	write_file("pq.yaml", "include: [p.yaml, q.yaml]\n");
	expect_file("pq.yaml", "{\"l\":1,\"p\":1,\"q\":1}");
}

static void too_many_includes_are_refused(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "include:\n");
	for (int i = 0; i < 100; i++)
		buf_adds(&text, "- leaf.yaml\n");
	write_file("leaf.yaml", "l: 1\n");
	write_file("many.yaml", buf_str(&text));
	expect_file_findings(
		"many.yaml", "many.yaml:66:3: error: more than 64 includes; include fewer files\n");
}

static void a_missing_main_file_is_told(void **state)
{
	(void)state;
	expect_file_findings("nothing.yaml",
		"nothing.yaml: error: cannot read 'nothing.yaml': No such file or "
		"directory\n");
}

static void variables_are_put_into_strings_and_keep_their_type_alone(void **state)
{
	(void)state;
	expect_json("vars: {n: 2, on: true, env: prod, list: [1, 2], map: {a: {b: 3}}}\n"
		    "a: ${var.n}\nb: \"${var.n}\"\nc: x-${var.env}-${var.n}\nd: ${var.list}\n"
		    "e: ${var.map}\nf: ${var.map.a.b}\ng: [\"10.${var.n}.0.0/16\"]\nh: ${var.on}\n",
		"{\"a\":2,\"b\":2,\"c\":\"x-prod-2\",\"d\":[1,2],\"e\":{\"a\":{\"b\":3}},\"f\":3,"
		"\"g\":[\"10.2.0.0/16\"],\"h\":true}");
}

static void a_mixed_string_is_typed_again_unless_it_is_quoted(void **state)
{
	(void)state;
	expect_json(
		"vars: {n: 2}\na: 80${var.n}\nb: \"80${var.n}\"\n", "{\"a\":802,\"b\":\"802\"}");
}

static void variables_may_use_each_other_in_any_order(void **state)
{
	(void)state;
	expect_json("vars: {a: \"${var.b}-x\", b: \"${var.c}\", c: y}\nv: ${var.a}\n",
		"{\"v\":\"y-x\"}");
}

static void other_references_and_escapes_stay_as_they_are(void **state)
{
	(void)state;
	expect_json("vars: {e: p}\na: ${network.vpc.main.id}-${var.e}\nb: $${var.e} ${aws:user}\n",
		"{\"a\":\"${network.vpc.main.id}-p\",\"b\":\"$${var.e} ${aws:user}\"}");
}

static void the_command_line_wins_over_the_file(void **state)
{
	(void)state;
	const char *vars[] = {"n=5", "s=7", "e=a=b", "r=x", NULL};
	expect_json_with("vars: {n: 1, s: one, e: '', r: }\nv: [\"${var.n}\", \"${var.s}\", "
			 "\"${var.e}\", \"${var.r}\"]\n",
		vars, "{\"v\":[5,\"7\",\"a=b\",\"x\"]}");
}

static void wrong_overrides_are_told(void **state)
{
	(void)state;
	const char *vars[] = {"enviroment=x", "n", "list=1", NULL};
	expect_findings_with("vars: {environment: a, n: 1, list: []}\n", vars,
		"--var: error: no variable 'enviroment' in the file; did you mean 'environment'?\n"
		"--var: error: 'n' has no '='; write name=value\n"
		"--var: error: variable 'list' is a list; set it in a file that includes this "
		"one\n");
}

static void including_files_set_the_variables_of_their_base(void **state)
{
	(void)state;
	write_file("base.yaml", "vars: {env: , size: small}\nname: shop-${var.env}\n"
				"size: ${var.size}\n");
	write_file("prod.yaml", "include: base.yaml\nvars: {env: prod}\n");
	expect_file("prod.yaml", "{\"name\":\"shop-prod\",\"size\":\"small\"}");
	expect_file_findings("base.yaml",
		"base.yaml:2:7: error: variable 'env' has no value; set it "
		"under vars: or with --var\n");
}

static void all_wrong_variables_are_told_at_once(void **state)
{
	(void)state;
	expect_findings(
		"vars: {region: x, map: {aa: 1}, 'a b': 1}\na: ${var.regoin}\n"
		"b: x-${var.nothing}\nc: x-${var.map}\nd: ${var.map.ab}\ne: ${var.region.z}\n"
		"f: 'x ${var.region'\n",
		"shop.yaml:1:33: error: 'a b' is no name for a variable; use letters, digits, '_' "
		"and "
		"'-'\n"
		"shop.yaml:2:4: error: no variable 'regoin'; did you mean 'region'?\n"
		"shop.yaml:3:4: error: no variable 'nothing'; declare it under vars:\n"
		"shop.yaml:4:4: error: ${var.map} is a map and cannot stand inside a string; use "
		"it "
		"alone: \"${var.name}\" as the whole value\n"
		"shop.yaml:5:4: error: ${var.map.ab}: 'ab' is no member of a map; did you mean "
		"'aa'?\n"
		"shop.yaml:6:4: error: ${var.region.z}: 'z' is no member of a string; use the "
		"variable "
		"itself\n"
		"shop.yaml:7:4: error: '${' at character 3 of the string is never closed; close it "
		"with '}', or write '$${' for a plain '${'\n");
}

static void variables_that_are_made_of_themselves_are_told_once(void **state)
{
	(void)state;
	expect_findings("vars:\n  a: ${var.b}\n  b: x${var.a}\nv: ${var.a}\n",
		"shop.yaml:2:6: error: variable 'a' is made of itself; break the circle\n");
}

static void a_bomb_of_variables_ends_at_the_caps(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "vars:\n  v0: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	for (int i = 1; i < 40; i++)
		buf_addf(&text, "  v%d: \"${var.v%d}${var.v%d}\"\n", i, i - 1, i - 1);
	expect_finding_in(buf_str(&text), text.len,
		"shop.yaml:16:8: error: the string is longer than 256 KiB with the variables put "
		"in");
	buf_reset(&text);
	buf_adds(&text, "vars:\n  v0: 1\n");
	for (int i = 1; i < 40; i++)
		buf_addf(&text, "  v%d: [\"${var.v%d}\", \"${var.v%d}\"]\n", i, i - 1, i - 1);
	expect_finding_in(buf_str(&text), text.len,
		"shop.yaml:17:23: error: more than 100000 values with the variables put in");
	buf_reset(&text);
	buf_adds(&text, "vars:\n  v0: 1\n");
	for (int i = 1; i < 80; i++)
		buf_addf(&text, "  v%d: [\"${var.v%d}\"]\n", i, i - 1);
	struct loaded loaded = load_bytes(buf_str(&text), text.len, NULL);
	assert_int_equal(loaded.findings.error_count, 1);
	assert_non_null(strstr(loaded.findings_text, "nested deeper than 64 levels with the"));
	done(&loaded);
}

static void interpolations_are_found_and_escapes_skipped(void **state)
{
	(void)state;
	const char *text = "a$${x} ${b.c} $ ${d";
	struct interpolation found;
	bool is_bad;
	assert_true(interpolation_next(text, 0, &found, &is_bad));
	assert_string_equal(found.inside, "b.c");
	assert_int_equal(found.start, 7);
	assert_int_equal(found.end, 13);
	assert_false(is_bad);
	assert_false(interpolation_next(text, found.end, &found, &is_bad));
	assert_true(is_bad);
	char *plain = interpolation_unescape("a$${x} $$ ${b}$${");
	assert_string_equal(plain, "a${x} $$ ${b}${");
	free(plain);
}

static void the_nearest_name_is_one_slip_away(void **state)
{
	(void)state;
	const char *names[] = {"cidr_block", "enable_dns_support", "tags", "vpc", "id"};
	assert_string_equal(nearest_name("cidr_blok", names, 5), "cidr_block");
	assert_string_equal(nearest_name("tag", names, 5), "tags");
	assert_string_equal(nearest_name("vcp", names, 5), "vpc");
	assert_string_equal(nearest_name("vpcs", names, 5), "vpc");
	assert_string_equal(nearest_name("enable_dns", names, 5), "enable_dns_support");
	assert_null(nearest_name("monitoring", names, 5));
	assert_null(nearest_name("x", names, 5));
}

static void findings_outlive_the_tree_and_become_json(void **state)
{
	(void)state;
	struct findings findings;
	findings_init(&findings);
	struct tree_options options = {.text = "a: 1\na: 2\n", .text_bytes = 10};
	tree_free(tree_load("x.yaml", &options, &findings));
	json_t *list = findings_json(&findings);
	char *text = json_dumps(list, JSON_COMPACT);
	assert_string_equal(text,
		"[{\"file\":\"x.yaml\",\"line\":2,\"column\":1,\"severity\":\"error\",\"message\":"
		"\"key 'a' is there already, on line 1\",\"remedy\":\"keep one of the two\"}]");
	free(text);
	json_decref(list);
	findings_done(&findings);
}

static void a_text_that_was_sent_includes_only_what_came_along(void **state)
{
	(void)state;
	write_file("readable.yaml", "secret: 1\n");
	static const char text[] = "a: ${var.x}\ninclude: readable.yaml\n";
	struct findings findings;
	findings_init(&findings);
	struct tree_options options = {
		.text = text, .text_bytes = strlen(text), .reads_nothing = true};
	struct tree *tree = tree_load("sent.yaml", &options, &findings);
	assert_int_equal(findings.count, 1); // no more about what the include may have held
	assert_int_equal(findings.items[0].place.line, 2);
	assert_non_null(strstr(findings.items[0].message, "it was not sent along"));
	assert_non_null(findings.items[0].remedy);
	assert_null(tree_root(tree) ? node_get(tree_root(tree), "secret") : NULL);
	tree_free(tree);
	findings_done(&findings);

	static const char first[] = "a: 1\ninclude: base/one.yaml\n";
	_cleanup_json_ json_t *beside = json_pack("{s:s, s:s}", "conf/base/one.yaml",
		"include: two.yaml\nb: 2\n", "conf/base/two.yaml", "c: 3\na: 0\n");
	options = (struct tree_options){.text = first,
		.text_bytes = strlen(first),
		.reads_nothing = true,
		.beside = beside};
	findings_init(&findings);
	tree = tree_load("conf/first.yaml", &options, &findings);
	assert_int_equal(findings.count, 0);
	_cleanup_json_ json_t *whole = node_json(tree_root(tree));
	_cleanup_json_ json_t *want = json_pack("{s:i, s:i, s:i}", "a", 1, "b", 2, "c", 3);
	assert_true(json_equal(whole, want));
	tree_free(tree);
	json_object_set_new(beside, "conf/base/two.yaml", json_string("include: one.yaml\n"));
	tree = tree_load("conf/first.yaml", &options, &findings);
	assert_non_null(strstr(findings.items[0].message, "includes itself"));
	tree_free(tree);
	findings_done(&findings);
}

static void more_than_two_hundred_findings_are_counted(void **state)
{
	(void)state;
	struct findings findings;
	findings_init(&findings);
	for (int i = 0; i < 250; i++)
		findings_error(&findings, place_in("x", i + 1, 1), NULL, "wrong");
	findings_warning(&findings, place_in("x", 1, 2), NULL, "odd");
	assert_int_equal(findings.count, 200);
	assert_int_equal(findings.dropped, 51);
	assert_int_equal(findings.error_count, 250);
	findings_done(&findings);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[100];
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_including_file_wins_over_what_it_includes),
		cmocka_unit_test(later_includes_win_over_earlier_ones),
		cmocka_unit_test(null_takes_an_included_member_away_and_else_stays),
		cmocka_unit_test(includes_are_relative_to_the_file_that_includes),
		cmocka_unit_test(values_keep_the_place_of_their_own_file),
		cmocka_unit_test(a_missing_include_is_told_at_its_entry_with_all_other_errors),
		cmocka_unit_test(a_loop_of_includes_is_told_where_it_closes),
		cmocka_unit_test(a_file_may_be_included_by_two_others),
		cmocka_unit_test(too_many_includes_are_refused),
		cmocka_unit_test(a_missing_main_file_is_told),
		cmocka_unit_test(variables_are_put_into_strings_and_keep_their_type_alone),
		cmocka_unit_test(a_mixed_string_is_typed_again_unless_it_is_quoted),
		cmocka_unit_test(variables_may_use_each_other_in_any_order),
		cmocka_unit_test(other_references_and_escapes_stay_as_they_are),
		cmocka_unit_test(the_command_line_wins_over_the_file),
		cmocka_unit_test(wrong_overrides_are_told),
		cmocka_unit_test(including_files_set_the_variables_of_their_base),
		cmocka_unit_test(all_wrong_variables_are_told_at_once),
		cmocka_unit_test(variables_that_are_made_of_themselves_are_told_once),
		cmocka_unit_test(a_bomb_of_variables_ends_at_the_caps),
		cmocka_unit_test(interpolations_are_found_and_escapes_skipped),
		cmocka_unit_test(the_nearest_name_is_one_slip_away),
		cmocka_unit_test(findings_outlive_the_tree_and_become_json),
		cmocka_unit_test(a_text_that_was_sent_includes_only_what_came_along),
		cmocka_unit_test(more_than_two_hundred_findings_are_counted),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
