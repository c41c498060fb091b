// AWS's answers, reduced to what the tables know.
#include "core/project.h"
#include "tests/unit/core/values.h"

static void sight(const char *kind, json_t *item, struct sighting *ret)
{
	struct err err = sighting_make(values_kind(kind), item, NULL, ret);
	if (err_is(&err))
		fail_msg("%s", err.message);
}

static void expect_observed(const char *kind, json_t *item, json_t *expected)
{
	struct sighting seen;
	sight(kind, item, &seen);
	values_expect(seen.observed, expected);
	sighting_done(&seen);
}

static void only_what_the_table_names_is_kept(void **state)
{
	(void)state;
	expect_observed("subnet", J({
		"SubnetId" : "subnet-1",
		"VpcId" : "vpc-1",
		"AvailableIpAddressCount" : 250,
		"MapPublicIpOnLaunch" : false,
		"SomethingNew" : {"A" : 1},
		"PrivateDnsNameOptionsOnLaunch" : {"HostnameType" : "ip-name"}
	}),
		J({
			"VpcId" : "vpc-1",
			"MapPublicIpOnLaunch" : false,
			"PrivateDnsHostnameTypeOnLaunch" : "ip-name"
		}));
}

static void ids_tags_and_states_are_read(void **state)
{
	(void)state;
	struct sighting seen;
	sight("nat_gateway", J({
		"NatGatewayId" : "nat-1",
		"State" : "failed",
		"FailureMessage" : "no free address",
		"Tags" : [
			{"Key" : "holdfast:stack", "Value" : "shop"},
			{"Key" : "holdfast:resource", "Value" : "network.nat_gateway.main"},
			{"Key" : "empty"}
		]
	}),
		&seen);
	assert_string_equal(seen.id, "nat-1");
	assert_string_equal(seen.stack, "shop");
	assert_string_equal(seen.address, "network.nat_gateway.main");
	assert_string_equal(js_str(seen.tags, "empty"), "");
	assert_true(seen.is_failed);
	assert_string_equal(seen.reason, "Failed");
	assert_string_equal(seen.message, "no free address");
	sighting_done(&seen);
}

static void states_are_words_in_any_case(void **state)
{
	(void)state;
	struct sighting seen;
	sight("vpc_endpoint", J({"VpcEndpointId" : "vpce-1", "State" : "Pending"}), &seen);
	assert_true(seen.is_pending && !seen.is_failed && !seen.is_gone);
	sighting_done(&seen);
	sight("vpc_endpoint", J({"VpcEndpointId" : "vpce-1", "State" : "pendingAcceptance"}),
		&seen);
	assert_true(seen.is_pending);
	sighting_done(&seen);
	sight("vpc_endpoint", J({"VpcEndpointId" : "vpce-1", "State" : "Deleting"}), &seen);
	assert_true(seen.is_gone);
	sighting_done(&seen);
	// A word that nobody knows is neither: what exists is ready.
	sight("vpc_endpoint", J({"VpcEndpointId" : "vpce-1", "State" : "pend"}), &seen);
	assert_true(!seen.is_pending && !seen.is_failed && !seen.is_gone);
	assert_string_equal(seen.state, "pend");
	sighting_done(&seen);
}

static void a_condition_that_holds_gives_the_reason(void **state)
{
	(void)state;
	struct sighting seen;
	sight("flow_log", J({
		"FlowLogId" : "fl-1",
		"DeliverLogsStatus" : "FAILED",
		"DeliverLogsErrorMessage" : "Access error"
	}),
		&seen);
	assert_string_equal(seen.reason, "DeliveryFailed");
	assert_string_equal(seen.message, "Access error");
	assert_false(seen.is_failed);
	sighting_done(&seen);
	sight("flow_log", J({"FlowLogId" : "fl-1", "DeliverLogsStatus" : "SUCCESS"}), &seen);
	assert_string_equal(seen.reason, "");
	sighting_done(&seen);
}

static void an_item_without_id_is_a_bad_answer(void **state)
{
	(void)state;
	json_t *bad[] = {J({}), J({"SubnetId" : ""}), J({"SubnetId" : 7}), J([]), J("text")};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct sighting seen;
		struct err err = sighting_make(values_kind("subnet"), bad[i], NULL, &seen);
		assert_int_equal(err.class, ERR_TRANSIENT);
		assert_string_equal(err.code, "BadAnswer");
	}
}

static void items_that_are_not_ours_are_passed_over(void **state)
{
	(void)state;
	expect_observed("vpc", J({
		"VpcId" : "vpc-1",
		"CidrBlock" : "10.0.0.0/16",
		"CidrBlockAssociationSet" : [
			{
				"AssociationId" : "a-1",
				"CidrBlock" : "10.0.0.0/16",
				"CidrBlockState" : {"State" : "associated"}
			},
			{
				"AssociationId" : "a-2",
				"CidrBlock" : "10.1.0.0/16",
				"CidrBlockState" : {"State" : "associated"}
			},
			{
				"AssociationId" : "a-3",
				"CidrBlock" : "10.2.0.0/16",
				"CidrBlockState" : {"State" : "disassociating"}
			}
		]
	}),
		J({
			"CidrBlock" : "10.0.0.0/16",
			"SecondaryCidrBlocks" : [ {
				"AssociationId" : "a-2",
				"CidrBlock" : "10.1.0.0/16",
				"CidrBlockState" : {"State" : "associated"}
			} ]
		}));
}

static void the_main_association_is_no_subnet_of_the_table(void **state)
{
	(void)state;
	expect_observed("route_table", J({
		"RouteTableId" : "rtb-1",
		"Associations" : [
			{"Main" : true, "RouteTableAssociationId" : "a-1"}, {
				"Main" : false,
				"SubnetId" : "subnet-1",
				"RouteTableAssociationId" : "a-2"
			},
			{"SubnetId" : "subnet-2",
				"AssociationState" : {"State" : "disassociated"}}
		]
	}),
		J({
			"Main" : true,
			"Subnets" : [ {
				"Main" : false,
				"SubnetId" : "subnet-1",
				"RouteTableAssociationId" : "a-2"
			} ]
		}));
}

static void rules_are_split_by_direction(void **state)
{
	(void)state;
	struct sighting seen;
	sight("security_group", J({
		"GroupId" : "sg-1",
		"Rules" : [
			{
				"IsEgress" : false,
				"IpProtocol" : "TCP",
				"FromPort" : 443,
				"ToPort" : 443
			},
			{"IsEgress" : true, "IpProtocol" : "-1", "FromPort" : -1, "ToPort" : -1}
		]
	}),
		&seen);
	assert_int_equal(json_array_size(json_object_get(seen.observed, "Ingress")), 1);
	assert_int_equal(json_array_size(json_object_get(seen.observed, "Egress")), 1);
	assert_null(js_at(seen.observed, "Egress.0.FromPort"));
	sighting_done(&seen);
}

static void a_member_of_two_fields_is_kept_once(void **state)
{
	(void)state;
	expect_observed("flow_log", J({"FlowLogId" : "fl-1", "ResourceId" : "subnet-1"}),
		J({"ResourceId" : "subnet-1"}));
}

static void the_answer_itself_stays_as_it_was(void **state)
{
	(void)state;
	json_t *item = J({
		"GroupId" : "sg-1",
		"Rules" : [ {
			"IsEgress" : false,
			"IpProtocol" : "-1",
			"FromPort" : -1,
			"Description" : ""
		} ]
	});
	_cleanup_free_ char *before = js_text(item);
	struct sighting seen;
	sight("security_group", item, &seen);
	_cleanup_free_ char *after = js_text(item);
	assert_string_equal(before, after);
	sighting_done(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(only_what_the_table_names_is_kept),
		VALUES_TEST(ids_tags_and_states_are_read),
		VALUES_TEST(states_are_words_in_any_case),
		VALUES_TEST(a_condition_that_holds_gives_the_reason),
		VALUES_TEST(an_item_without_id_is_a_bad_answer),
		VALUES_TEST(items_that_are_not_ours_are_passed_over),
		VALUES_TEST(the_main_association_is_no_subnet_of_the_table),
		VALUES_TEST(rules_are_split_by_direction),
		VALUES_TEST(a_member_of_two_fields_is_kept_once),
		VALUES_TEST(the_answer_itself_stays_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
