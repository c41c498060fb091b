// Values from elsewhere, put into a call at the last moment.
#include "core/plan.h"
#include "core/sources.h"
#include "tests/unit/core/values.h"
#include <stdlib.h>

// clang-format off
static const struct field fields[] = {
	{.name = "advanced_security_options"},
	{.name = "master_user_password", .member = "MasterUserPassword", .type = FIELD_SOURCE,
	 .shape = "CreateDomain:AdvancedSecurityOptions.MasterUserOptions.MasterUserPassword", .flags = FIELD_CREATE_ONLY | FIELD_WRITE_ONLY | FIELD_SECRET},
	{0},
};

static const struct kind domain = {
	.name = "domain", .layer = "data", .service = "opensearch", .fields = fields,
	.observe = {.list = {"DescribeDomains", NULL, "DomainStatusList"}, .id = "DomainName"},
	.create = {.operation = "CreateDomain",
		   .args = ARGS({"AdvancedSecurityOptions": {"MasterUserOptions": {"MasterUserPassword": {"@source": "MasterUserPassword"}}}})},
};
// clang-format on

static void a_value_within_a_structure_is_put_in_and_nowhere_else(void **state)
{
	(void)state;
	json_t *desired = J({"AdvancedSecurityOptions" : {"Enabled" : true}});
	struct plan plan;
	plan_create(&domain, desired, &plan);
	const char *operation;
	json_t *input = NULL;
	json_t *scope = J({"id" : "x"});
	json_object_set(scope, "desired", desired);
	struct err err = step_render(&domain, &plan.steps[0], scope, NULL, &operation, &input);
	assert_false(err_is(&err));
	values_keep(input);
	_cleanup_json_ json_t *filled = json_array();
	json_t *inner = js_at(input, "AdvancedSecurityOptions.MasterUserOptions");
	assert_non_null(inner);
	values_keep(json_incref(inner));
	setenv("HOLDFAST_TEST_PASSWORD", "Correct-horse-1", 1);
	err = sources_fill(&domain, operation, J({
		"MasterUserPassword" :
			{"from" : {"@source" : {"env" : "HOLDFAST_TEST_PASSWORD"}}}
	}),
		NULL, input, filled);
	assert_false(err_is(&err));
	assert_string_equal(
		json_string_value(js_at(
			input, "AdvancedSecurityOptions.MasterUserOptions.MasterUserPassword")),
		"Correct-horse-1");
	values_expect(inner, J({"MasterUserPassword" : {"@source" : "MasterUserPassword"}}));
	values_expect(desired, J({"AdvancedSecurityOptions" : {"Enabled" : true}}));
	assert_int_equal(json_array_size(filled), 1);
	sources_burn(filled);
	unsetenv("HOLDFAST_TEST_PASSWORD");
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_value_within_a_structure_is_put_in_and_nowhere_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
