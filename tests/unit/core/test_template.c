// The '@' templates of the kind tables.
#include "core/template.h"
#include "tests/unit/core/values.h"

static json_t *scope(void)
{
	return J({
		"id" : "sg-1",
		"value" : false,
		"added" : ["a"],
		"empty" : [],
		"item" : {"Port" : 0, "Peer" : {"Id" : "sg-2"}, "Text" : ""},
		"tags" : [ {"Key" : "k", "Value" : "v"} ]
	});
}

static void expect_rendered(const char *text, const char *expected)
{
	json_t *value = NULL;
	struct err err = template_render(text, scope(), &value);
	assert_false(err_is(&err));
	_cleanup_free_ char *shown = value ? js_text(value) : strdup("(left out)");
	assert_string_equal(shown, expected);
	json_decref(value);
}

static void a_value_stands_for_itself(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : "text", "B" : 1, "C" : true, "D" : [ 1, "x" ]}),
		"{\"A\":\"text\",\"B\":1,\"C\":true,\"D\":[1,\"x\"]}");
}

static void an_at_sign_stands_for_what_it_names(void **state)
{
	(void)state;
	expect_rendered(ARGS({"GroupId" : "@id", "Peer" : "@item.Peer.Id", "Tags" : "@tags"}),
		"{\"GroupId\":\"sg-1\",\"Peer\":\"sg-2\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]"
		"}");
}

static void false_zero_and_empty_text_are_values(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : "@value", "B" : "@item.Port", "C" : "@item.Text"}),
		"{\"A\":false,\"B\":0,\"C\":\"\"}");
	expect_rendered(ARGS({"A" : {"Value" : "@value"}}), "{\"A\":{\"Value\":false}}");
	expect_rendered(ARGS({"A" : [ {"B" : "@!value"} ]}), "{\"A\":[{\"B\":false}]}");
}

static void what_is_absent_leaves_its_member_out(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : "@nothing", "B" : "@item.Nothing", "C" : 1}), "{\"C\":1}");
	expect_rendered(ARGS({"A" : {"B" : "@nothing"}}), "{\"A\":{}}");
}

static void what_is_demanded_leaves_its_object_out(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : {"B" : "@!nothing", "C" : 1}, "D" : 2}), "{\"D\":2}");
	expect_rendered(ARGS({"A" : [ {"B" : "@!nothing"}, {"B" : "@!id"} ]}),
		"{\"A\":[{\"B\":\"sg-1\"}]}");
}

static void a_value_may_count_as_absent(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : "@id!=sg-1", "B" : "@id!=sg-2"}), "{\"B\":\"sg-1\"}");
	expect_rendered(ARGS({"A" : {"B" : "@!id!=sg-1"}, "C" : 1}), "{\"C\":1}");
}

static void what_held_only_such_an_object_goes_with_it(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : {"B" : {"C" : "@!nothing", "D" : 1}}, "E" : 2}), "{\"E\":2}");
	expect_rendered(ARGS({"A" : {"B" : {"C" : "@!nothing"}, "D" : 1}}), "{\"A\":{\"D\":1}}");
	expect_rendered(ARGS({"A" : {"B" : {"C" : "@!nothing"}}}), "{}");
}

static void a_list_without_items_left_is_left_out(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : [ {"B" : "@!nothing"} ], "C" : ["@nothing"]}), "{}");
	expect_rendered(ARGS({"A" : []}), "{\"A\":[]}"); // written so
}

static void an_empty_list_is_as_good_as_absent_when_demanded(void **state)
{
	(void)state;
	expect_rendered(ARGS({"A" : {"B" : "@!empty"}, "C" : "@empty"}), "{\"C\":[]}");
	expect_rendered(ARGS({"A" : {"B" : "@!added"}}), "{\"A\":{\"B\":[\"a\"]}}");
}

static void at_the_top_the_whole_call_is_left_out(void **state)
{
	(void)state;
	expect_rendered(ARGS({"GroupId" : "@id", "Rules" : "@!empty"}), "(left out)");
	expect_rendered("\"@nothing\"", "(left out)");
	expect_rendered("\"@id\"", "\"sg-1\"");
}

static void no_json_is_a_mistake_of_ours(void **state)
{
	(void)state;
	json_t *value = NULL;
	struct err err = template_render("{\"A\": }", scope(), &value);
	assert_int_equal(err.class, ERR_BUG);
	assert_null(value);
}

static void rendering_does_not_touch_what_it_reads(void **state)
{
	(void)state;
	json_t *all = scope(), *value = NULL;
	_cleanup_free_ char *before = js_text(all);
	struct err err = template_render(ARGS({"A" : "@item", "B" : "@added"}), all, &value);
	assert_false(err_is(&err));
	json_object_set_new(value, "C", json_true());
	_cleanup_free_ char *after = js_text(all);
	assert_string_equal(before, after);
	json_decref(value);
}

static void text_has_its_names_replaced(void **state)
{
	(void)state;
	char text[64];
	assert_true(template_text("Rows[][Id=@item.Peer.Id].@id", scope(), text, sizeof(text)));
	assert_string_equal(text, "Rows[][Id=sg-2].sg-1");
	assert_true(template_text("@nothing-@value", scope(), text, sizeof(text)));
	assert_string_equal(text, "-false");
	assert_true(template_text("vpce-*", scope(), text, sizeof(text)));
	assert_string_equal(text, "vpce-*");
	assert_false(template_text("@item.Peer.Id", scope(), text, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_value_stands_for_itself),
		VALUES_TEST(an_at_sign_stands_for_what_it_names),
		VALUES_TEST(false_zero_and_empty_text_are_values),
		VALUES_TEST(what_is_absent_leaves_its_member_out),
		VALUES_TEST(what_is_demanded_leaves_its_object_out),
		VALUES_TEST(a_value_may_count_as_absent),
		VALUES_TEST(what_held_only_such_an_object_goes_with_it),
		VALUES_TEST(a_list_without_items_left_is_left_out),
		VALUES_TEST(an_empty_list_is_as_good_as_absent_when_demanded),
		VALUES_TEST(at_the_top_the_whole_call_is_left_out),
		VALUES_TEST(no_json_is_a_mistake_of_ours),
		VALUES_TEST(rendering_does_not_touch_what_it_reads),
		VALUES_TEST(text_has_its_names_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
