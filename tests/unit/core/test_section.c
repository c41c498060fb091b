// Structures that are sent as a whole, parts that nothing changes, and tags that are set together.
#include "core/diff.h"
#include "core/project.h"
#include "core/section.h"
#include "core/tags.h"
#include "tests/unit/core/values.h"

static void drop_type(json_t *whole, const json_t *desired)
{
	if (!json_object_get(desired, "DedicatedMasterType"))
		json_object_del(whole, "DedicatedMasterType");
}

static void lower_name(json_t *value)
{
	js_set_str(value, "Name", "low");
}

// clang-format off
static const struct field fields[] = {
	{.name = "cluster_config", .tidy = drop_type},
	{.name = "advanced_security_options", .unshown = (const char *const[]){"MasterUserOptions", "SAMLOptions.MasterUserName", NULL}},
	{.name = "encryption_at_rest_options",
	 .fixed = (const struct match_row[]){{"EncryptionAtRestOptions.Enabled", "true"}, {"EncryptionAtRestOptions.KmsKeyId", "?*"}, {0}}},
	{.name = "subnets", .member = "SubnetIds", .type = FIELD_REFS, .ref = "subnet", .observed = "VPCOptions.SubnetIds",
	 .fixed = (const struct match_row[]){{"SubnetIds", ""}, {0}}},
	{.name = "endpoint_options", .member = "DomainEndpointOptions", .canon = lower_name},
	{0},
};

static const struct kind domain = {
	.name = "domain", .layer = "data", .service = "opensearch", .fields = fields,
	.observe = {.list = {"DescribeDomains", NULL, "DomainStatusList"}, .id = "DomainName",
		.arn = "arn:@{partition}:x:@{region}:@{account}:@{item.DomainName}"},
	.create = {.operation = "CreateDomain"},
};
// clang-format on

static json_t *whole(const char *name, json_t *desired, json_t *observed)
{
	return values_keep(section_whole(&domain, field_find(fields, name), desired, observed));
}

static void what_is_set_lies_over_what_was_seen(void **state)
{
	(void)state;
	values_expect(whole("cluster_config",
			      J({"InstanceCount" : 3, "ColdStorageOptions" : {"Enabled" : true}}),
			      J({"InstanceCount" : 1, "InstanceType" : "t3.small.search"})),
		J({
			"ColdStorageOptions" : {"Enabled" : true},
			"InstanceCount" : 3,
			"InstanceType" : "t3.small.search"
		}));
	values_expect(
		whole("cluster_config", J({"InstanceCount" : 3}), NULL), J({"InstanceCount" : 3}));
}

static void what_only_answers_have_is_not_sent(void **state)
{
	(void)state;
	values_expect(whole("advanced_security_options", J({"Enabled" : true}), J({
		"Enabled" : false,
		"AnonymousAuthDisableDate" : 1,
		"SAMLOptions" : {"Enabled" : false, "Nonsense" : 1}
	})),
		J({"Enabled" : true, "SAMLOptions" : {"Enabled" : false}}));
}

static void a_whole_is_put_in_order(void **state)
{
	(void)state;
	values_expect(whole("cluster_config", J({"DedicatedMasterEnabled" : false}), J({
		"DedicatedMasterEnabled" : true,
		"DedicatedMasterType" : "m6g.large.search"
	})),
		J({"DedicatedMasterEnabled" : false}));
}

static void neither_side_is_touched(void **state)
{
	(void)state;
	json_t *desired = J({"ColdStorageOptions" : {"Enabled" : true}});
	json_t *observed = J({"ColdStorageOptions" : {"Enabled" : false}, "InstanceCount" : 1});
	whole("cluster_config", desired, observed);
	values_expect(desired, J({"ColdStorageOptions" : {"Enabled" : true}}));
	values_expect(
		observed, J({"ColdStorageOptions" : {"Enabled" : false}, "InstanceCount" : 1}));
}

static bool is_fixed(const char *name, json_t *desired, json_t *observed)
{
	return section_is_fixed(&domain, field_find(fields, name), desired, observed);
}

static void what_is_on_cannot_be_switched_off(void **state)
{
	(void)state;
	const char *name = "encryption_at_rest_options";
	assert_true(
		is_fixed(name, J({"Enabled" : false}), J({"Enabled" : true, "KmsKeyId" : "a"})));
	assert_false(
		is_fixed(name, J({"Enabled" : true, "KmsKeyId" : "b"}), J({"Enabled" : false})));
	assert_true(is_fixed(name, J({"Enabled" : true, "KmsKeyId" : "b"}),
		J({"Enabled" : true, "KmsKeyId" : "a"})));
	assert_false(
		is_fixed(name, J({"Enabled" : true}), J({"Enabled" : true, "KmsKeyId" : "a"})));
	assert_false(
		is_fixed("cluster_config", J({"InstanceCount" : 1}), J({"InstanceCount" : 2})));
}

static void what_was_made_without_cannot_be_given(void **state)
{
	(void)state;
	assert_true(is_fixed("subnets", J(["subnet-1"]), NULL));
	assert_true(is_fixed("subnets", J(["subnet-1"]), J([])));
	assert_false(is_fixed("subnets", J(["subnet-1"]), J(["subnet-2"])));
}

static void what_aws_never_shows_is_not_compared(void **state)
{
	(void)state;
	const struct field *field = field_find(fields, "advanced_security_options");
	json_t *desired = J({
		"Enabled" : true,
		"MasterUserOptions" : {"MasterUserARN" : "x"},
		"SAMLOptions" : {"Enabled" : true, "MasterUserName" : "y"}
	});
	values_expect(values_keep(section_shown(field, desired)),
		J({"Enabled" : true, "SAMLOptions" : {"Enabled" : true}}));
	assert_non_null(js_at(desired, "MasterUserOptions"));
	struct differences differences = {0};
	json_t *want = J({
		"AdvancedSecurityOptions" :
			{"Enabled" : true, "MasterUserOptions" : {"MasterUserARN" : "x"}}
	});
	diff_make(&(struct diff_input){.kind = &domain,
			  .want = want,
			  .observed = J({"AdvancedSecurityOptions" : {"Enabled" : true}})},
		&differences);
	assert_int_equal(differences.count, 0);
	differences_done(&differences);
}

static void all_tags_are_ours_and_the_others(void **state)
{
	(void)state;
	values_expect(values_keep(tags_all(J({"theirs" : "1", "ours" : "old", "left" : "x"}),
			      J({"ours" : "new", "more" : "2"}), J([ "ours", "left" ]))),
		J({"more" : "2", "ours" : "new", "theirs" : "1"}));
	values_expect(values_keep(tags_all(NULL, J({"a" : "1"}), NULL)), J({"a" : "1"}));
}

static void an_arn_that_aws_does_not_show_is_made(void **state)
{
	(void)state;
	struct sighting seen;
	json_t *item = J({"DomainName" : "logs", "DomainEndpointOptions" : {"Name" : "HIGH"}});
	json_t *where =
		J({"partition" : "aws-cn", "region" : "cn-north-1", "account" : "123456789012"});
	struct err err = sighting_make(&domain, item, where, &seen);
	assert_false(err_is(&err));
	assert_string_equal(seen.arn, "arn:aws-cn:x:cn-north-1:123456789012:logs");
	values_expect(js_at(seen.observed, "DomainEndpointOptions.Name"), J("low"));
	values_expect(js_at(item, "DomainEndpointOptions.Name"), J("HIGH"));
	sighting_done(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_is_set_lies_over_what_was_seen),
		VALUES_TEST(what_only_answers_have_is_not_sent),
		VALUES_TEST(a_whole_is_put_in_order),
		VALUES_TEST(neither_side_is_touched),
		VALUES_TEST(what_is_on_cannot_be_switched_off),
		VALUES_TEST(what_was_made_without_cannot_be_given),
		VALUES_TEST(what_aws_never_shows_is_not_compared),
		VALUES_TEST(all_tags_are_ours_and_the_others),
		VALUES_TEST(an_arn_that_aws_does_not_show_is_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
