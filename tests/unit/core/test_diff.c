// What counts as a difference, with the values that AWS really answers.
#include "core/diff.h"
#include "core/project.h"
#include "tests/unit/core/values.h"

/* The two sides of one resource. */
struct sides {
	const char *kind;
	const json_t *want, *observed, *baseline, *tags, *observed_tags, *waiting, *ignore;
};

/* "changed CidrBlock, missing Routes[...]", in the order found; "" when the two are equal. */
static void expect_diff(const struct sides *sides, const char *expected)
{
	struct differences out = {0};
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	diff_make(&(struct diff_input){.kind = values_kind(sides->kind),
			  .want = sides->want,
			  .tags = sides->tags,
			  .observed = sides->observed,
			  .observed_tags = sides->observed_tags,
			  .baseline = sides->baseline,
			  .waiting = sides->waiting,
			  .ignore = sides->ignore},
		&out);
	for (size_t i = 0; i < out.count; i++)
		buf_addf(&text, "%s%s %s", i ? ", " : "", difference_type_name(out.items[i].type),
			out.items[i].path);
	assert_string_equal(buf_str(&text), expected);
	differences_done(&out);
}

#define EXPECT_DIFF(expected, ...) expect_diff(&(struct sides){__VA_ARGS__}, expected)

/* An answer of AWS as the core keeps it. */
static const json_t *seen(const char *kind, const json_t *item)
{
	struct sighting sighting;
	struct err err = sighting_make(values_kind(kind), item, NULL, &sighting);
	assert_false(err_is(&err));
	json_t *observed = values_keep(json_incref(sighting.observed));
	sighting_done(&sighting);
	return observed;
}

static void equal_values_do_not_differ(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "subnet",
		.want = J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24"}),
		.observed =
			J({"VpcId" : "vpc-1", "CidrBlock" : "10.0.0.0/24", "State" : "available"}));
}

static void an_unset_field_is_no_difference(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "subnet", .want = J({"CidrBlock" : "10.0.0.0/24"}),
		.observed = J({"CidrBlock" : "10.0.0.0/24", "MapPublicIpOnLaunch" : true}));
}

static void absent_counts_as_false_and_as_empty(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "subnet", .want = J({"MapPublicIpOnLaunch" : false}),
		.observed = J({}));
	EXPECT_DIFF("changed MapPublicIpOnLaunch", .kind = "subnet",
		.want = J({"MapPublicIpOnLaunch" : true}), .observed = J({}));
	EXPECT_DIFF("", .kind = "route_table", .want = J({"Routes" : []}), .observed = J({}));
	EXPECT_DIFF("", .kind = "vpc_endpoint", .want = J({"SubnetIds" : []}), .observed = J({}));
}

static void address_blocks_are_compared_in_network_form(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "vpc", .want = J({"CidrBlock" : "10.0.3.7/16"}),
		.observed = J({"CidrBlock" : "10.0.0.0/16"}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({"Ipv6CidrBlock" : "2001:DB8:0:0::/64"}),
		.observed = J({"Ipv6CidrBlock" : "2001:db8::/64"}));
	EXPECT_DIFF("changed CidrBlock", .kind = "vpc", .want = J({"CidrBlock" : "10.0.0.0/16"}),
		.observed = J({"CidrBlock" : "10.0.0.0/17"}));
}

static void a_policy_that_aws_rewrote_is_the_same(void **state)
{
	(void)state;
	json_t *want = J({
		"PolicyDocument" : {
			"Version" : "2012-10-17",
			"Statement" : {
				"Sid" : "",
				"Effect" : "Allow",
				"Principal" : {"AWS" : "123456789012"},
				"Action" : [ "s3:PutObject", "s3:getObject" ],
				"Resource" : "arn:aws:s3:::b/*",
				"Condition" : {"Bool" : {"aws:SecureTransport" : true}}
			}
		}
	});
	json_t *observed = J({});
	json_object_set_new(observed, "PolicyDocument",
		json_string("{\"Statement\":[{\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],"
			    "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":[\"true\"]}},"
			    "\"Effect\":\"Allow\",\"Principal\":"
			    "{\"AWS\":[\"arn:aws:iam::123456789012:root\"]},"
			    "\"Resource\":[\"arn:aws:s3:::b/*\"]}],\"Version\":\"2012-10-17\"}"));
	EXPECT_DIFF("", .kind = "vpc_endpoint", .want = want, .observed = observed);
	json_object_set_new(observed, "PolicyDocument",
		json_string("{\"Version\":\"2012-10-17\",\"Statement\":[]}"));
	EXPECT_DIFF("changed PolicyDocument", .kind = "vpc_endpoint", .want = want,
		.observed = observed);
}

static void ids_are_a_set(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "vpc_endpoint",
		.want = J({"SubnetIds" : [ "subnet-1", "subnet-2" ]}),
		.observed = J({"SubnetIds" : [ "subnet-2", "subnet-1" ]}));
	EXPECT_DIFF("changed SubnetIds", .kind = "vpc_endpoint",
		.want = J({"SubnetIds" : ["subnet-1"]}),
		.observed = J({"SubnetIds" : [ "subnet-2", "subnet-1" ]}));
	EXPECT_DIFF("changed SubnetIds", .kind = "vpc_endpoint", .want = J({"SubnetIds" : []}),
		.observed = J({"SubnetIds" : ["subnet-1"]}));
}

static void items_are_matched_by_key_whatever_their_order(void **state)
{
	(void)state;
	const json_t *observed = seen("route_table", J({
		"RouteTableId" : "rtb-1",
		"Routes" : [
			{
				"DestinationCidrBlock" : "10.0.0.0/16",
				"GatewayId" : "local",
				"Origin" : "CreateRouteTable",
				"State" : "active"
			},
			{"DestinationCidrBlock" : "10.9.0.0/16", "NatGatewayId" : "nat-1"}, {
				"DestinationPrefixListId" : "pl-1",
				"GatewayId" : "vpce-1",
				"Origin" : "CreateRoute"
			},
			{"DestinationCidrBlock" : "0.0.0.0/0", "GatewayId" : "igw-1"}
		]
	}));
	EXPECT_DIFF("", .kind = "route_table", .want = J({
		"Routes" : [
			{"DestinationCidrBlock" : "0.0.0.0/0", "GatewayId" : "igw-1"},
			{"DestinationCidrBlock" : "10.9.0.0/16", "NatGatewayId" : "nat-1"}
		]
	}),
		.observed = observed);
	EXPECT_DIFF("changed Routes[0.0.0.0/0], missing Routes[10.8.0.0/16], foreign "
		    "Routes[10.9.0.0/16]",
		.kind = "route_table", .want = J({
			"Routes" : [
				{"DestinationCidrBlock" : "0.0.0.0/0", "NatGatewayId" : "nat-1"},
				{"DestinationCidrBlock" : "10.8.0.0/16", "NatGatewayId" : "nat-1"}
			]
		}),
		.observed = observed);
}

static void an_address_block_in_an_item_is_compared_as_one(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "network_acl", .want = J({
		"Entries" : [ {
			"Egress" : false,
			"RuleNumber" : 100,
			"Protocol" : "6",
			"RuleAction" : "allow",
			"CidrBlock" : "10.0.0.1/8"
		} ]
	}),
		.observed = seen("network_acl", J({
			"NetworkAclId" : "acl-1",
			"Entries" : [ {
				"Egress" : false,
				"RuleNumber" : 100,
				"Protocol" : "6",
				"RuleAction" : "allow",
				"CidrBlock" : "10.0.0.0/8"
			} ]
		})));
}

static void a_route_into_the_void_is_mended_though_it_reads_right(void **state)
{
	(void)state;
	EXPECT_DIFF("changed Routes[0.0.0.0/0]", .kind = "route_table", .want = J({
		"Routes" : [ {"DestinationCidrBlock" : "0.0.0.0/0", "NatGatewayId" : "nat-1"} ]
	}),
		.observed = J({
			"Routes" : [ {
				"DestinationCidrBlock" : "0.0.0.0/0",
				"NatGatewayId" : "nat-1",
				"State" : "blackhole"
			} ]
		}));
}

/* A rule of a security group as it was taken out of what AWS shows (see its `derive`). */
static const json_t *group(json_t *rule)
{
	json_t *item = values_keep(json_pack("{s:s, s:[O]}", "GroupId", "sg-1", "Rules", rule));
	return seen("security_group", item);
}

/* ... and as the file says it, in the form that desired.c gives it. */
static const json_t *ingress(json_t *rule)
{
	values_field(values_kind("security_group"), "ingress")->canon(rule);
	return values_keep(json_pack("{s:[O]}", "Ingress", rule));
}

static void rules_for_all_traffic_have_no_ports(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "security_group",
		.want = ingress(J({"IpProtocol" : "all", "CidrIpv4" : "0.0.0.0/0"})),
		.observed = group(J({
			"IsEgress" : false,
			"IpProtocol" : "-1",
			"FromPort" : -1,
			"ToPort" : -1,
			"CidrIpv4" : "0.0.0.0/0"
		})));
}

static void protocols_without_ports_are_shown_with_minus_one(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "security_group",
		.want = ingress(J({"IpProtocol" : "50", "CidrIpv4" : "0.0.0.0/0"})),
		.observed = group(J({
			"IsEgress" : false,
			"IpProtocol" : "50",
			"FromPort" : -1,
			"ToPort" : -1,
			"CidrIpv4" : "0.0.0.0/0"
		})));
}

static void icmp_rules_keep_their_type_and_code(void **state)
{
	(void)state;
	const json_t *observed = group(J({
		"IsEgress" : false,
		"IpProtocol" : "icmp",
		"FromPort" : 8,
		"ToPort" : -1,
		"CidrIpv4" : "10.0.0.0/8"
	}));
	EXPECT_DIFF("", .kind = "security_group", .want = ingress(J({
		"IpProtocol" : "1",
		"FromPort" : 8,
		"ToPort" : -1,
		"CidrIpv4" : "10.0.0.0/8"
	})),
		.observed = observed);
	EXPECT_DIFF("missing Ingress[icmp 3 -1 10.0.0.0/8], foreign Ingress[icmp 8 -1 10.0.0.0/8]",
		.kind = "security_group", .want = ingress(J({
			"IpProtocol" : "icmp",
			"FromPort" : 3,
			"ToPort" : -1,
			"CidrIpv4" : "10.0.0.0/8"
		})),
		.observed = observed);
}

static void a_rule_with_another_description_is_changed_not_new(void **state)
{
	(void)state;
	EXPECT_DIFF("changed Ingress[tcp 443 443 pl-1]", .kind = "security_group",
		.want = ingress(J({
			"IpProtocol" : "6",
			"FromPort" : 443,
			"ToPort" : 443,
			"PrefixListId" : "pl-1",
			"Description" : "S3"
		})),
		.observed = group(J({
			"IsEgress" : false,
			"IpProtocol" : "tcp",
			"FromPort" : 443,
			"ToPort" : 443,
			"PrefixListId" : "pl-1",
			"Description" : ""
		})));
}

static void a_description_that_the_file_lacks_is_not_compared(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "security_group", .want = ingress(J({
		"IpProtocol" : "tcp",
		"FromPort" : 22,
		"ToPort" : 22,
		"ReferencedGroupInfo" : {"GroupId" : "sg-2"}
	})),
		.observed = group(J({
			"IsEgress" : false,
			"IpProtocol" : "tcp",
			"FromPort" : 22,
			"ToPort" : 22,
			"ReferencedGroupInfo" : {"GroupId" : "sg-2", "UserId" : "123456789012"},
			"Description" : "made by hand"
		})));
}

/* A bucket with one lifecycle rule. */
static const json_t *lifecycle(json_t *rule)
{
	json_t *value = values_keep(json_pack("{s:[O]}", "Rules", rule));
	values_field(values_kind("s3_bucket"), "lifecycle_configuration")->canon(value);
	return values_keep(json_pack("{s:O}", "LifecycleConfiguration", value));
}

static void expires_below(json_t *wanted, json_t *shown, const char *differs)
{
	js_set_str(wanted, "Status", "Enabled");
	js_set_str(shown, "Status", "Enabled");
	const json_t *observed = seen("s3_bucket", values_keep(json_pack("{s:s, s:{s:[O]}}", "each",
							   "b", "Lifecycle", "Rules", shown)));
	EXPECT_DIFF(differs, .kind = "s3_bucket", .want = lifecycle(wanted), .observed = observed);
}

static void a_lifecycle_rule_has_its_prefix_in_one_spelling(void **state)
{
	(void)state;
	expires_below(J({"Filter" : {}}), J({"Filter" : {"Prefix" : ""}}), "");
	expires_below(J({"Filter" : {"Prefix" : ""}}), J({"Filter" : {}}), "");
	expires_below(J({"Filter" : {"Prefix" : ""}}), J({"Prefix" : ""}), "");
	expires_below(J({"Prefix" : "alb/"}), J({"Filter" : {"Prefix" : "alb/"}}), "");
	expires_below(J({"Filter" : {"Prefix" : "alb/"}}), J({"Prefix" : "alb/"}), "");
	expires_below(J({"Filter" : {}}), J({"Filter" : {"Prefix" : "alb/"}}),
		"changed LifecycleConfiguration");
}

static void what_aws_writes_in_small_letters_is_no_difference(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "db_instance", .want = J({
		"Engine" : "Postgres",
		"NetworkType" : "ipv4",
		"LicenseModel" : "PostgreSQL-License",
		"CACertificateIdentifier" : "RDS-CA-RSA2048-G1",
		"PreferredMaintenanceWindow" : "Sun:05:00-Sun:06:00"
	}),
		.observed = seen("db_instance", J({
			"DBInstanceIdentifier" : "main",
			"Engine" : "postgres",
			"NetworkType" : "IPV4",
			"LicenseModel" : "postgresql-license",
			"CACertificateIdentifier" : "rds-ca-rsa2048-g1",
			"PreferredMaintenanceWindow" : "sun:05:00-sun:06:00"
		})));
	EXPECT_DIFF("", .kind = "db_parameter_group",
		.want = J({"DBParameterGroupFamily" : "Postgres16"}),
		.observed = seen("db_parameter_group", J({
			"DBParameterGroupName" : "main",
			"DBParameterGroupFamily" : "postgres16"
		})));
	json_t *names = J([ "WWW.Example.com", "api.example.com" ]);
	values_field(values_kind("certificate"), "subject_alternative_names")->canon(names);
	EXPECT_DIFF("", .kind = "certificate",
		.want = values_keep(json_pack("{s:s, s:O}", "DomainName", "Shop.Example.com",
			"SubjectAlternativeNames", names)),
		.observed = seen("certificate", J({
			"ResourceARN" : "arn:aws:acm:eu-west-1:123456789012:certificate/1",
			"Certificate" : {
				"DomainName" : "shop.example.com",
				"SubjectAlternativeNames" :
					[ "shop.example.com", "api.example.com", "www.example.com" ]
			}
		})));
}

static void a_lifecycle_rule_is_whole(void **state)
{
	(void)state;
	static const char *const more[] = {"{\"Tag\":{\"Key\":\"a\",\"Value\":\"b\"}}",
		"{\"ObjectSizeGreaterThan\":128}",
		"{\"And\":{\"Prefix\":\"\",\"ObjectSizeLessThan\":5}}"};
	for (size_t i = 0; i < ARRAY_COUNT(more); i++) {
		json_t *filter = values_keep(json_loads(more[i], 0, NULL));
		json_t *rule = values_keep(json_pack("{s:O}", "Filter", filter));
		expires_below(J({"Filter" : {}}), rule, "changed LifecycleConfiguration");
		expires_below(
			J({"Filter" : {"Prefix" : ""}}), rule, "changed LifecycleConfiguration");
		expires_below(values_keep(json_deep_copy(rule)), rule, "");
	}
	expires_below(J({"Filter" : {}, "Expiration" : {"Days" : 5}}), J({
		"Filter" : {},
		"Expiration" : {"Days" : 5, "ExpiredObjectDeleteMarker" : false}
	}),
		"");
	expires_below(J({"Filter" : {}, "Expiration" : {"Days" : 5}}), J({
		"Filter" : {},
		"Expiration" : {"Days" : 5},
		"NoncurrentVersionExpiration" : {"NoncurrentDays" : 1}
	}),
		"changed LifecycleConfiguration");
	// Names that AWS gives to rules without one, and what stands beside the rules.
	expires_below(J({"Filter" : {}}), J({"ID" : "NjgyZjQ", "Filter" : {}}), "");
	expires_below(J({"ID" : "all", "Filter" : {}}), J({"ID" : "NjgyZjQ", "Filter" : {}}),
		"changed LifecycleConfiguration");
	EXPECT_DIFF("", .kind = "s3_bucket", .want = lifecycle(J({"Filter" : {}})),
		.observed = seen("s3_bucket", J({
			"each" : "b",
			"Lifecycle" : {
				"TransitionDefaultMinimumObjectSize" : "all_storage_classes_128K",
				"Rules" : [ {"Filter" : {"Prefix" : ""}} ]
			}
		})));
}

static void foreign_items_may_stay_where_the_file_says_so(void **state)
{
	(void)state;
	const json_t *observed = group(J({
		"IsEgress" : false,
		"IpProtocol" : "tcp",
		"FromPort" : 22,
		"ToPort" : 22,
		"CidrIpv4" : "0.0.0.0/0"
	}));
	EXPECT_DIFF("foreign Ingress[tcp 22 22 0.0.0.0/0]", .kind = "security_group",
		.want = J({"Ingress" : [], "exclusive" : true}), .observed = observed);
	EXPECT_DIFF("", .kind = "security_group", .want = J({"Ingress" : [], "exclusive" : false}),
		.observed = observed);
}

static void two_fields_of_one_member_differ_once(void **state)
{
	(void)state;
	EXPECT_DIFF("changed ResourceId", .kind = "flow_log",
		.want = J({"ResourceId" : "subnet-2", "ResourceType" : "Subnet"}),
		.observed = J({"ResourceId" : "subnet-1"}));
	EXPECT_DIFF("", .kind = "flow_log",
		.want = J({"ResourceId" : "subnet-1", "ResourceType" : "Subnet"}),
		.observed = J({"ResourceId" : "subnet-1"}));
	EXPECT_DIFF("", .kind = "flow_log", .want = J({}), .observed = J({"ResourceId" : "vpc-1"}),
		.waiting = J({"ResourceId" : "waits for network.subnet.a"}));
}

static void a_log_group_is_known_by_name_or_arn(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "flow_log", .want = J({"LogGroupName" : "flow"}),
		.observed = J({"LogGroupName" : "flow"}));
}

static void members_that_wait_or_are_ignored_are_not_compared(void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "internet_gateway", .want = J({}), .observed = J({}),
		.waiting = J({"VpcId" : "waits for network.vpc.main"}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({"MapPublicIpOnLaunch" : true}),
		.observed = J({}), .ignore = J(["map_public_ip_on_launch"]));
}

static void tags_that_are_missing_or_changed_differ_and_others_do_not(void **state)
{
	(void)state;
	EXPECT_DIFF("changed Tags[team], missing Tags[holdfast:stack]", .kind = "subnet",
		.want = J({}), .observed = J({}),
		.tags = J({"team" : "a", "holdfast:stack" : "shop"}),
		.observed_tags = J({"team" : "b", "aws:cloudformation:stack-id" : "x"}));
}

static void tags_of_others_are_told_against_the_baseline(void **state)
{
	(void)state;
	const json_t *ours = J({"team" : "a", "holdfast:stack" : "shop"});
	const json_t *seen = J({
		"team" : "a",
		"holdfast:stack" : "shop",
		"holdfast:resource" : "network.subnet.a",
		"aws:autoscaling:groupName" : "x",
		"owner" : "them"
	});
	EXPECT_DIFF("undeclared Tags[owner]", .kind = "subnet", .want = J({}), .observed = J({}),
		.tags = ours, .observed_tags = seen, .baseline = J({"(tags)" : {}}));
	EXPECT_DIFF("undeclared Tags[owner], undeclared Tags[gone]", .kind = "subnet",
		.want = J({}), .observed = J({}), .tags = ours, .observed_tags = seen,
		.baseline = J({"(tags)" : {"owner" : "us", "gone" : "1"}}));
	// As it was, not recorded yet, ignored, or in the file since.
	EXPECT_DIFF("", .kind = "subnet", .want = J({}), .observed = J({}), .tags = ours,
		.observed_tags = seen, .baseline = J({"(tags)" : {"owner" : "them"}}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({}), .observed = J({}), .tags = ours,
		.observed_tags = seen, .baseline = J({}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({}), .observed = J({}), .tags = ours,
		.observed_tags = seen, .baseline = J({"(tags)" : {}}), .ignore = J(["tags"]));
	EXPECT_DIFF("", .kind = "subnet", .want = J({}), .observed = J({}), .tags = ours,
		.observed_tags = J({"team" : "a", "holdfast:stack" : "shop"}),
		.baseline = J({"(tags)" : {"team" : "b"}}));
}

static void tags_of_the_file_may_be_ignored_but_those_that_say_whose_it_is(void **state)
{
	(void)state;
	EXPECT_DIFF("missing Tags[holdfast:stack]", .kind = "subnet", .want = J({}),
		.observed = J({}), .tags = J({"team" : "a", "holdfast:stack" : "shop"}),
		.observed_tags = J({"team" : "b"}), .ignore = J(["tags"]));
}

static void an_undeclared_change_is_told_against_the_baseline(void **state)
{
	(void)state;
	EXPECT_DIFF("undeclared MapPublicIpOnLaunch", .kind = "subnet", .want = J({}),
		.observed = J({"MapPublicIpOnLaunch" : true}),
		.baseline = J({"MapPublicIpOnLaunch" : null}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({}),
		.observed = J({"MapPublicIpOnLaunch" : true}),
		.baseline = J({"MapPublicIpOnLaunch" : true}));
	EXPECT_DIFF("", .kind = "subnet", .want = J({}),
		.observed = J({"MapPublicIpOnLaunch" : true}), .baseline = J({}));
}

static void an_undeclared_list_that_is_shown_empty_and_one_that_is_not_shown_are_the_same(
	void **state)
{
	(void)state;
	EXPECT_DIFF("", .kind = "ecs_cluster", .want = J({}),
		.observed = J({"defaultCapacityProviderStrategy" : []}),
		.baseline = J({"defaultCapacityProviderStrategy" : null}));
	EXPECT_DIFF("", .kind = "ecs_cluster", .want = J({}), .observed = J({}),
		.baseline = J({"defaultCapacityProviderStrategy" : []}));
	EXPECT_DIFF("undeclared defaultCapacityProviderStrategy", .kind = "ecs_cluster",
		.want = J({}), .observed = J({"defaultCapacityProviderStrategy" : []}),
		.baseline = J({
			"defaultCapacityProviderStrategy" : [ {"capacityProvider" : "FARGATE"} ]
		}));
}

static void an_undeclared_list_that_was_only_reordered_is_the_same(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("route_table");
	const struct field *routes = values_field(kind, "routes");
	json_t *baseline = values_keep(diff_baseline(kind, routes, J({
		"Routes" : [
			{"DestinationCidrBlock" : "10.8.0.0/16", "State" : "active"},
			{"DestinationCidrBlock" : "0.0.0.0/0"}
		]
	})));
	EXPECT_DIFF("", .kind = "route_table", .want = J({}), .observed = J({
		"Routes" : [
			{"DestinationCidrBlock" : "0.0.0.0/0"},
			{"DestinationCidrBlock" : "10.8.0.0/16", "State" : "blackhole"}
		]
	}),
		.baseline = values_keep(json_pack("{s:O}", "Routes", baseline)));
}

static void computed_fields_have_no_baseline(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("elastic_ip");
	assert_null(diff_baseline(
		kind, values_field(kind, "public_ip"), J({"PublicIp" : "192.0.2.1"})));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(equal_values_do_not_differ),
		VALUES_TEST(an_unset_field_is_no_difference),
		VALUES_TEST(absent_counts_as_false_and_as_empty),
		VALUES_TEST(address_blocks_are_compared_in_network_form),
		VALUES_TEST(a_policy_that_aws_rewrote_is_the_same),
		VALUES_TEST(ids_are_a_set),
		VALUES_TEST(items_are_matched_by_key_whatever_their_order),
		VALUES_TEST(an_address_block_in_an_item_is_compared_as_one),
		VALUES_TEST(a_route_into_the_void_is_mended_though_it_reads_right),
		VALUES_TEST(rules_for_all_traffic_have_no_ports),
		VALUES_TEST(protocols_without_ports_are_shown_with_minus_one),
		VALUES_TEST(icmp_rules_keep_their_type_and_code),
		VALUES_TEST(a_rule_with_another_description_is_changed_not_new),
		VALUES_TEST(a_description_that_the_file_lacks_is_not_compared),
		VALUES_TEST(a_lifecycle_rule_has_its_prefix_in_one_spelling),
		VALUES_TEST(a_lifecycle_rule_is_whole),
		VALUES_TEST(what_aws_writes_in_small_letters_is_no_difference),
		VALUES_TEST(foreign_items_may_stay_where_the_file_says_so),
		VALUES_TEST(two_fields_of_one_member_differ_once),
		VALUES_TEST(a_log_group_is_known_by_name_or_arn),
		VALUES_TEST(members_that_wait_or_are_ignored_are_not_compared),
		VALUES_TEST(tags_that_are_missing_or_changed_differ_and_others_do_not),
		VALUES_TEST(tags_of_others_are_told_against_the_baseline),
		VALUES_TEST(tags_of_the_file_may_be_ignored_but_those_that_say_whose_it_is),
		VALUES_TEST(an_undeclared_change_is_told_against_the_baseline),
		VALUES_TEST(
			an_undeclared_list_that_is_shown_empty_and_one_that_is_not_shown_are_the_same),
		VALUES_TEST(an_undeclared_list_that_was_only_reordered_is_the_same),
		VALUES_TEST(computed_fields_have_no_baseline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
