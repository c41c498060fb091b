// The tables are right, and the checker would say if they were not: each test breaks one thing in a
// copy of a good table and reads the complaint.
#include "base/buf.h"
#include "base/defs.h"
#include "base/str.h"
#include "core/kind.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST_FIELDS = 24 };

/* A table that may be changed. */
struct copy {
	struct kind kind;
	struct field fields[MOST_FIELDS];
};

static void copy_init(struct copy *copy, const char *name)
{
	const struct kind *kind = kind_find(name);
	size_t count = 0;
	assert_non_null(kind);
	copy->kind = *kind;
	do {
		assert_true(count < MOST_FIELDS);
		copy->fields[count] = kind->fields[count];
	} while (kind->fields[count++].name);
	copy->kind.fields = copy->fields;
	copy->kind.name = "broken";
}

static struct field *copy_field(struct copy *copy, const char *name)
{
	struct field *field = copy->fields;
	while (!str_eq(field->name, name))
		field++;
	return field;
}

/* Exactly one complaint, and it is this one. */
static void expect_complaint(const struct copy *copy, const char *line)
{
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	int count = kind_lint(&copy->kind, &out);
	_cleanup_free_ char *expected = str_format("%s\n", line);
	assert_string_equal(buf_str(&out), expected);
	assert_int_equal(count, 1);
}

static void every_table_fits_the_models(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	int count = kinds_lint(&out);
	assert_string_equal(buf_str(&out), "");
	assert_int_equal(count, 0);
}

static void a_good_copy_is_not_complained_about(void **state)
{
	(void)state;
	struct copy copy;
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	copy_init(&copy, "route_table");
	assert_int_equal(kind_lint(&copy.kind, &out), 0);
}

static void an_unknown_operation_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.remove.operation = "DeleteSubnets";
	expect_complaint(&copy, "broken.remove: ec2 has no operation DeleteSubnets");
}

static void a_misspelled_member_of_a_template_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.observe.list.args = ARGS({"Filter" : []});
	expect_complaint(&copy, "broken.observe: DescribeSubnetsRequest has no member Filter");
}

static void a_value_of_the_wrong_type_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.observe.list.args = ARGS({"MaxResults" : "1000"});
	expect_complaint(&copy, "broken.observe: DescribeSubnetsMaxResults is a number");
}

static void a_member_that_the_call_demands_is_missed(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.remove.args = ARGS({"DryRun" : false});
	expect_complaint(&copy, "broken.remove: DeleteSubnet wants SubnetId, which is not given");
}

static void a_value_that_the_model_does_not_list_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "flow_log");
	copy_field(&copy, "traffic_type")->preset = "\"EVERYTHING\"";
	expect_complaint(&copy, "broken.traffic_type.preset: 'EVERYTHING' is none of the values of "
				"TrafficType");
}

static void a_template_that_is_no_json_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.remove.args = "{\"SubnetId\": \"@id\"";
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	assert_int_equal(kind_lint(&copy.kind, &out), 1);
	assert_true(str_starts(buf_str(&out), "broken.remove: the template is no JSON"));
}

static void a_name_behind_an_at_sign_that_means_nothing_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.remove.args = ARGS({"SubnetId" : "@ident"});
	expect_complaint(&copy, "broken.remove: @ident names nothing");
	copy.kind.remove.args = ARGS({"SubnetId" : "@found.SubnetId"});
	expect_complaint(&copy, "broken.remove: @found.SubnetId: the call has no find");
}

static void an_items_template_must_speak_of_its_own_members(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "route_table");
	copy_field(&copy, "routes")->add.args =
		ARGS({"RouteTableId" : "@id", "GatewayId" : "@item.Gateway"});
	expect_complaint(
		&copy, "broken.routes.add: @item.Gateway: no field of an item has that member");
	copy_init(&copy, "route_table");
	copy_field(&copy, "subnets")->remove.args = ARGS({"AssociationId" : "@item.Id"});
	expect_complaint(&copy, "broken.subnets.remove: RouteTableAssociation has no member Id "
				"(path Id)");
}

static void a_batch_is_checked_in_the_shape_of_its_list(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "security_group");
	copy_field(&copy, "ingress")->add.item = ARGS({"Protocol" : "@item.IpProtocol"});
	expect_complaint(&copy, "broken.ingress.add.item: IpPermission has no member Protocol");
}

static void paths_into_answers_are_followed(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy.kind.created_id = "Subnet.Id";
	expect_complaint(&copy, "broken.create: Subnet has no member Id (path Subnet.Id)");
	copy_init(&copy, "internet_gateway");
	copy.kind.teardown = NULL; // it would say so too
	copy_field(&copy, "vpc")->observed = "Attachments.VpcId";
	expect_complaint(&copy,
		"broken.vpc: InternetGatewayAttachmentList is a list, 'VpcId' is no "
		"index (path Attachments.VpcId)");
	copy_init(&copy, "route_table");
	copy_field(&copy, "main")->observed = "Associations[Primary=true].Main";
	expect_complaint(&copy, "broken.main: RouteTableAssociation has no member Primary (path "
				"Associations[Primary=true].Main)");
	copy_init(&copy, "flow_log");
	copy.kind.remove.failures = "Failures";
	expect_complaint(&copy, "broken.remove: DeleteFlowLogsResult has no member Failures (path "
				"Failures)");
}

static void what_a_find_picks_is_followed(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "route_table");
	copy_field(&copy, "main")->update.find.pick = "RouteTables[].Associations[][Man=true]";
	expect_complaint(&copy, "broken.main.update.find: RouteTableAssociation has no member Man "
				"(path RouteTables[].Associations[][Man=true])");
	copy_init(&copy, "route_table");
	copy_field(&copy, "main")->update.find = (struct find){0};
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	assert_int_equal(kind_lint(&copy.kind, &out), 2);
}

static void a_field_that_nothing_can_change_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy_field(&copy, "enable_dns64")->update = (struct call){0};
	expect_complaint(&copy,
		"broken.enable_dns64: can be changed in the file, and no call changes "
		"it in AWS");
}

static void a_field_that_the_create_call_would_drop_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy_field(&copy, "enable_dns64")->flags = 0;
	expect_complaint(&copy, "broken.enable_dns64: CreateSubnet does not take EnableDns64: "
				"FIELD_AFTER_CREATE?");
}

static void references_lead_to_kinds_and_what_they_show(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy_field(&copy, "vpc")->ref = "vcp";
	expect_complaint(&copy, "broken.vpc: refers to kind vcp, which there is not");
	copy_init(&copy, "subnet");
	copy_field(&copy, "vpc")->ref_attr = "Colour";
	expect_complaint(
		&copy, "broken.vpc: refers to Colour of vpc, which its table does not observe");
}

static void a_field_without_member_or_shape_is_found(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy_field(&copy, "cidr_block")->name = "cidr_blok";
	_cleanup_buf_ struct buf out;
	buf_init(&out, 0);
	kind_lint(&copy.kind, &out);
	assert_non_null(strstr(
		buf_str(&out), "broken.cidr_blok: has no member: the create call takes no such"));
	copy_init(&copy, "subnet");
	copy_field(&copy, "enable_dns64")->shape = "ModifySubnetAttribute:EnableDns65.Value";
	expect_complaint(&copy, "broken.enable_dns64: has no shape");
}

static void what_is_seen_must_be_of_the_sort_that_is_wanted(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "vpc_endpoint");
	copy_field(&copy, "security_groups")->observed = "Groups";
	expect_complaint(&copy, "broken.security_groups: what is observed is no list of ids");
}

static void items_need_a_key_and_calls(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "route_table");
	copy_field(&copy, "routes")->key = NULL;
	expect_complaint(&copy, "broken.routes: items need fields, a key, a call that adds and one "
				"that removes");
}

static void the_head_of_a_table_is_checked(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "nat_gateway");
	copy.kind.after = (const char *const[]){"gateway", NULL};
	expect_complaint(&copy, "broken: comes after kind gateway, which there is not");
	copy_init(&copy, "nat_gateway");
	copy.kind.tag_type = NULL;
	expect_complaint(&copy, "broken: its way with tags needs a tag_type");
	copy_init(&copy, "nat_gateway");
	copy.kind.name = "vpc";
	expect_complaint(&copy, "vpc: another kind has this name");
	copy_init(&copy, "nat_gateway");
	copy.kind.layer = "net";
	expect_complaint(&copy, "broken: there is no layer net");
}

static void advice_has_a_value_and_a_rule(void **state)
{
	(void)state;
	struct copy copy;
	copy_init(&copy, "subnet");
	copy_field(&copy, "map_public_ip_on_launch")->advised = "false";
	expect_complaint(&copy, "broken.map_public_ip_on_launch: has an advised value or a rule of "
				"advice, not both");
	copy_field(&copy, "map_public_ip_on_launch")->advice = "multi-zone";
	expect_complaint(&copy, "broken.map_public_ip_on_launch: there is no advice 'multi-zone'");
	copy_field(&copy, "map_public_ip_on_launch")->advice = "multi-az";
	copy_field(&copy, "map_public_ip_on_launch")->advised = "\"no\"";
	expect_complaint(&copy, "broken.map_public_ip_on_launch.advised: Boolean is a boolean");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_fits_the_models),
		cmocka_unit_test(a_good_copy_is_not_complained_about),
		cmocka_unit_test(an_unknown_operation_is_found),
		cmocka_unit_test(a_misspelled_member_of_a_template_is_found),
		cmocka_unit_test(a_value_of_the_wrong_type_is_found),
		cmocka_unit_test(a_member_that_the_call_demands_is_missed),
		cmocka_unit_test(a_value_that_the_model_does_not_list_is_found),
		cmocka_unit_test(a_template_that_is_no_json_is_found),
		cmocka_unit_test(a_name_behind_an_at_sign_that_means_nothing_is_found),
		cmocka_unit_test(an_items_template_must_speak_of_its_own_members),
		cmocka_unit_test(a_batch_is_checked_in_the_shape_of_its_list),
		cmocka_unit_test(paths_into_answers_are_followed),
		cmocka_unit_test(what_a_find_picks_is_followed),
		cmocka_unit_test(a_field_that_nothing_can_change_is_found),
		cmocka_unit_test(a_field_that_the_create_call_would_drop_is_found),
		cmocka_unit_test(references_lead_to_kinds_and_what_they_show),
		cmocka_unit_test(a_field_without_member_or_shape_is_found),
		cmocka_unit_test(what_is_seen_must_be_of_the_sort_that_is_wanted),
		cmocka_unit_test(items_need_a_key_and_calls),
		cmocka_unit_test(advice_has_a_value_and_a_rule),
		cmocka_unit_test(the_head_of_a_table_is_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
