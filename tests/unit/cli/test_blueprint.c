// Places and parts of a file to begin with.
#include "base/str.h"
#include "cli/blueprint.h"
#include "core/desired.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct blueprint_params params_of(void)
{
	return (struct blueprint_params){.name = "shop",
		.region = "eu-west-1",
		.cidr = "10.0.0.0/16",
		.zones = {'a', 'c'},
		.zone_count = 2};
}

static void expect(const char *text, const struct blueprint_params *params, const char *expected)
{
	const struct blueprint blueprint = {"x", "x", text};
	struct buf out;
	buf_init(&out, 0);
	struct err err = blueprint_fill(&blueprint, params, &out);
	assert_string_equal(err.message, "");
	assert_string_equal(buf_str(&out), expected);
	buf_done(&out);
}

static void expect_error(const char *text, const struct blueprint_params *params,
	enum err_class class, const char *part)
{
	const struct blueprint blueprint = {"x", "x", text};
	struct buf out;
	buf_init(&out, 0);
	struct err err = blueprint_fill(&blueprint, params, &out);
	assert_int_equal(err.class, class);
	assert_non_null(strstr(err.message, part));
	buf_done(&out);
}

static void places_are_filled(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	expect("stack: %{name} in %{region}, 100%, %{first}\n[%{names app}] {%{zones}}\n", &p,
		"stack: shop in eu-west-1, 100%, a\n[app-a, app-c] {a, c}\n");
}

static void a_part_is_repeated_for_each_zone_with_its_blocks(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	expect("x\n%% each zone\n%{zone}: %{public} %{app} %{db}\n%% end\ny\n", &p,
		"x\na: 10.0.0.0/24 10.0.16.0/20 10.0.8.0/24\n"
		"c: 10.0.1.0/24 10.0.32.0/20 10.0.9.0/24\ny\n");
	p.cidr = "172.16.64.0/20";
	expect("%% each zone\n%{public} %{app} %{db}\n%% end\n", &p,
		"172.16.64.0/28 172.16.65.0/24 172.16.64.128/28\n"
		"172.16.64.16/28 172.16.66.0/24 172.16.64.144/28\n");
}

static void parts_stand_or_fall_with_what_was_asked_for(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	static const char text[] = "%% if account\naccount %{account}\n%% end\n"
				   "%% unless account\nnone\n%% end\n"
				   "%% each zone\n%% if one-nat\none\n%% end\n%% unless one-nat\n"
				   "%{zone}\n%% end\n%% end\n";
	expect(text, &p, "none\na\nc\n");
	p.account = "210987654321";
	p.has_one_nat = true;
	expect(text, &p, "account 210987654321\none\none\n");
	expect("%% if one-nat\n%% each zone\n%{zone}\n%% end\n%% end\nz\n", &p, "a\nc\nz\n");
	p.has_one_nat = false;
	expect("%% if one-nat\n%% each zone\n%{zone}\n%% end\n%% end\nz\n", &p, "z\n");
}

static void a_block_that_cannot_be_divided_is_refused(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	p.cidr = "10.0.0.0/24";
	expect_error("%% each zone\n%{public}\n%% end\n", &p, ERR_INVALID, "10.0.0.0/24");
	p.cidr = "10.0.0.0/8";
	expect_error("%% each zone\n%{public}\n%% end\n", &p, ERR_INVALID, "/16");
	p.cidr = "moon";
	expect_error("%% each zone\n%{public}\n%% end\n", &p, ERR_INVALID, "moon");
}

static void a_place_that_there_is_not_is_a_bug_of_the_blueprint(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	expect_error("%{nothing}\n", &p, ERR_BUG, "nothing");
	expect_error("%{zone}\n", &p, ERR_BUG, "zone");
	expect_error("%% each moon\n", &p, ERR_BUG, "each moon");
}

static void each_blueprint_is_a_valid_file_whatever_is_asked_for(void **state)
{
	(void)state;
	static const char *const cidrs[] = {"10.0.0.0/16", "192.168.16.0/20"};
	for (const struct blueprint *b = blueprints; b->name; b++) {
		for (int i = 0; i < 8; i++) {
			struct blueprint_params p = params_of();
			p.cidr = cidrs[i & 1];
			p.account = i & 2 ? "210987654321" : NULL;
			p.has_one_nat = i & 4;
			memcpy(p.zones, "abcdef", 6);
			p.zone_count = i & 1 ? 2 : 6;
			struct buf out;
			buf_init(&out, 0);
			struct err err = blueprint_fill(b, &p, &out);
			assert_string_equal(err.message, "");
			struct tree_options options = {.text = out.data, .text_bytes = out.len};
			struct findings findings;
			findings_init(&findings);
			struct desired *desired = desired_load("new.yaml", &options, &findings);
			for (size_t f = 0; f < findings.count; f++)
				fail_msg("%s, line %d: %s", b->name, findings.items[f].place.line,
					findings.items[f].message);
			assert_non_null(desired);
			desired_free(desired);
			findings_done(&findings);
			buf_done(&out);
		}
	}
}

static void the_example_is_what_init_writes(void **state)
{
	(void)state;
	struct blueprint_params p = params_of();
	p.zones[1] = 'b';
	p.account = "123456789012";
	struct buf out, file = {0};
	buf_init(&out, 0);
	const struct blueprint *b = blueprints;
	while (!str_eq(b->name, "multi-tier"))
		b++;
	struct err err = blueprint_fill(b, &p, &out);
	assert_false(err_is(&err));
	FILE *example = fopen("config/examples/multi-tier.yaml", "r");
	assert_non_null(example);
	char piece[4096];
	for (size_t n; (n = fread(piece, 1, sizeof(piece), example)) > 0;)
		buf_add(&file, piece, n);
	fclose(example);
	if (!str_eq(buf_str(&out), buf_str(&file)))
		fail_msg("build/holdfast init multi-tier --region eu-west-1 --account 123456789012 "
			 "> config/examples/multi-tier.yaml");
	buf_done(&out);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_filled),
		cmocka_unit_test(a_part_is_repeated_for_each_zone_with_its_blocks),
		cmocka_unit_test(parts_stand_or_fall_with_what_was_asked_for),
		cmocka_unit_test(a_block_that_cannot_be_divided_is_refused),
		cmocka_unit_test(a_place_that_there_is_not_is_a_bug_of_the_blueprint),
		cmocka_unit_test(the_example_is_what_init_writes),
		cmocka_unit_test(each_blueprint_is_a_valid_file_whatever_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
