// References in desired JSON become values, or what holds them waits.
#include "core/resolve.h"
#include "tests/unit/core/values.h"

/* Knows network.vpc.main (with an ARN), and a number; nothing else is ready. */
static json_t *look_up(
	void *context, const char *address, const char *attr, char *ret_why, size_t why_bytes)
{
	assert_ptr_equal(context, look_up);
	if (str_eq(address, "network.vpc.main"))
		return attr ? json_sprintf("arn:%s", attr) : json_string("vpc-1");
	if (str_eq(address, "data.db_instance.main"))
		return json_integer(5432);
	snprintf(ret_why, why_bytes, "waits for %s", address);
	return NULL;
}

static void expect_resolved(json_t *desired, json_t *expected, json_t *expected_waiting)
{
	json_t *waiting = NULL;
	_cleanup_free_ char *before = js_text(desired);
	json_t *want = values_keep(resolve_desired(desired, look_up, look_up, &waiting));
	_cleanup_free_ char *after = js_text(desired);
	values_keep(waiting);
	values_expect(want, expected);
	values_expect(waiting, expected_waiting);
	assert_string_equal(before, after);
}

static void a_reference_becomes_an_id_or_an_attribute(void **state)
{
	(void)state;
	expect_resolved(J({
		"VpcId" : {"@ref" : "network.vpc.main"},
		"Arn" : {"@ref" : "network.vpc.main", "@attr" : "Arn"},
		"Plain" : "text"
	}),
		J({"VpcId" : "vpc-1", "Arn" : "arn:Arn", "Plain" : "text"}), J({}));
}

static void what_is_not_ready_is_left_out_and_told(void **state)
{
	(void)state;
	expect_resolved(J({"VpcId" : {"@ref" : "network.vpc.other"}, "Plain" : 1}),
		J({"Plain" : 1}), J({"VpcId" : "waits for network.vpc.other"}));
}

static void a_list_resolves_whole_or_not_at_all(void **state)
{
	(void)state;
	expect_resolved(J({
		"Rules" : [
			{"Peer" : {"@ref" : "network.vpc.main"}},
			{"Peer" : {"@ref" : "security.group.x"}}
		],
		"Others" : [ {"Peer" : {"@ref" : "network.vpc.main"}} ]
	}),
		J({"Others" : [ {"Peer" : "vpc-1"} ]}),
		J({"Rules" : "waits for security.group.x"}));
}

static void references_inside_text_are_put_in(void **state)
{
	(void)state;
	expect_resolved(J({
		"Url" : {
			"@text" : [
				"https://", {"@ref" : "network.vpc.main"}, ":",
				{"@ref" : "data.db_instance.main", "@attr" : "Endpoint.Port"}, "/"
			]
		}
	}),
		J({"Url" : "https://vpc-1:5432/"}), J({}));
	expect_resolved(J({"Url" : {"@text" : [ "https://", {"@ref" : "network.eip.x"} ]}}), J({}),
		J({"Url" : "waits for network.eip.x"}));
}

static void empty_values_stay_as_they_are(void **state)
{
	(void)state;
	expect_resolved(J({"A" : [], "B" : {}, "C" : false, "D" : ""}),
		J({"A" : [], "B" : {}, "C" : false, "D" : ""}), J({}));
}

static void long_text_is_not_cut(void **state)
{
	(void)state;
	char text[20000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json_t *desired = values_keep(
		json_pack("{s:{s:[s, {s:s}]}}", "Data", "@text", text, "@ref", "network.vpc.main"));
	json_t *waiting = NULL;
	_cleanup_json_ json_t *want = resolve_desired(desired, look_up, look_up, &waiting);
	assert_int_equal(json_string_length(json_object_get(want, "Data")), 20004);
	json_decref(waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_reference_becomes_an_id_or_an_attribute),
		VALUES_TEST(what_is_not_ready_is_left_out_and_told),
		VALUES_TEST(a_list_resolves_whole_or_not_at_all),
		VALUES_TEST(references_inside_text_are_put_in),
		VALUES_TEST(empty_values_stay_as_they_are),
		VALUES_TEST(long_text_is_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
