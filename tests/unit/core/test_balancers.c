// Load balancing: how AWS spells actions, conditions and zones, and that the file's spellings are
// the same things. The shapes are those of the "Elastic Load Balancing API Reference", 2015-12-01.
#include "core/compare.h"
#include "core/desired.h"
#include "core/diff.h"
#include "core/plan.h"
#include "core/project.h"
#include "tests/unit/core/values.h"

/* Is what the file says (before it is brought into one form) what AWS shows in `item`? */
static bool is_equal(const char *kind, const char *field, json_t *want, json_t *item)
{
	const struct field *row = values_field(values_kind(kind), field);
	struct sighting seen;
	struct err err = sighting_make(values_kind(kind), item, NULL, &seen);
	assert_false(err_is(&err));
	row->canon(want);
	bool holds = compare_holds(row->compare, want,
		json_object_get(seen.observed, field_member(values_kind(kind), NULL, row)));
	sighting_done(&seen);
	return holds;
}

static bool actions_equal(json_t *want, json_t *seen)
{
	json_t *item = values_keep(json_pack("{s:s, s:s, s:i, s:O}", "ListenerArn", "arn:l",
		"LoadBalancerArn", "arn:lb", "Port", 80, "DefaultActions", seen));
	return is_equal("listener", "default_actions", want, item);
}

static bool conditions_equal(json_t *want, json_t *seen)
{
	json_t *item = values_keep(json_pack("{s:s, s:s, s:s, s:O}", "RuleArn", "arn:r", "each",
		"arn:l", "Priority", "10", "Conditions", seen));
	return is_equal("listener_rule", "conditions", want, item);
}

static void a_forward_to_one_group_has_one_spelling(void **state)
{
	(void)state;
	json_t *echoed = J([ {
		"Type" : "forward",
		"TargetGroupArn" : "arn:a",
		"Order" : 1,
		"ForwardConfig" : {
			"TargetGroups" : [ {"TargetGroupArn" : "arn:a", "Weight" : 1} ],
			"TargetGroupStickinessConfig" : {"Enabled" : false}
		}
	} ]);
	assert_true(actions_equal(J([ {"Type" : "forward", "TargetGroupArn" : "arn:a"} ]), echoed));
	assert_true(actions_equal(J([ {
		"Type" : "forward",
		"ForwardConfig" : {"TargetGroups" : [ {"TargetGroupArn" : "arn:a"} ]}
	} ]),
		J([ {"Type" : "forward", "TargetGroupArn" : "arn:a"} ])));
	assert_false(
		actions_equal(J([ {"Type" : "forward", "TargetGroupArn" : "arn:b"} ]), echoed));
}

static void a_second_group_or_stickiness_is_a_difference(void **state)
{
	(void)state;
	assert_false(actions_equal(J([ {"Type" : "forward", "TargetGroupArn" : "arn:a"} ]), J([ {
		"Type" : "forward",
		"ForwardConfig" : {
			"TargetGroups" : [
				{"TargetGroupArn" : "arn:a", "Weight" : 1},
				{"TargetGroupArn" : "arn:b", "Weight" : 1}
			],
			"TargetGroupStickinessConfig" : {"Enabled" : false}
		}
	} ])));
	assert_false(actions_equal(J([ {"Type" : "forward", "TargetGroupArn" : "arn:a"} ]), J([ {
		"Type" : "forward",
		"TargetGroupArn" : "arn:a",
		"ForwardConfig" : {
			"TargetGroups" : [ {"TargetGroupArn" : "arn:a", "Weight" : 1} ],
			"TargetGroupStickinessConfig" : {"Enabled" : true, "DurationSeconds" : 60}
		}
	} ])));
	assert_false(actions_equal(J([ {"Type" : "forward", "TargetGroupArn" : "arn:a"} ]), J([ {
		"Type" : "forward",
		"TargetGroupArn" : "arn:a",
		"ForwardConfig" : {
			"TargetGroups" : [ {"TargetGroupArn" : "arn:a", "Weight" : 0} ],
			"TargetGroupStickinessConfig" : {"Enabled" : false}
		}
	} ])));
}

static void weights_count_and_the_order_of_groups_does_not(void **state)
{
	(void)state;
	const char *file = "[{\"Type\": \"forward\", \"ForwardConfig\": {\"TargetGroups\": ["
			   "{\"TargetGroupArn\": \"arn:a\", \"Weight\": 9},"
			   "{\"TargetGroupArn\": \"arn:b\"}]}}]";
	assert_true(actions_equal(values_parse(file), J([ {
		"Type" : "forward",
		"ForwardConfig" : {
			"TargetGroups" : [
				{"TargetGroupArn" : "arn:b", "Weight" : 1},
				{"TargetGroupArn" : "arn:a", "Weight" : 9}
			],
			"TargetGroupStickinessConfig" : {"Enabled" : false}
		}
	} ])));
	assert_false(actions_equal(values_parse(file), J([ {
		"Type" : "forward",
		"ForwardConfig" : {
			"TargetGroups" : [
				{"TargetGroupArn" : "arn:b", "Weight" : 2},
				{"TargetGroupArn" : "arn:a", "Weight" : 9}
			]
		}
	} ])));
}

static void what_a_redirect_leaves_out_is_held_to_its_default(void **state)
{
	(void)state;
	const char *file = "[{\"Type\": \"redirect\", \"RedirectConfig\": {\"Protocol\": \"HTTPS\","
			   "\"Port\": \"443\", \"StatusCode\": \"HTTP_301\"}}]";
	assert_true(actions_equal(values_parse(file), J([ {
		"Type" : "redirect",
		"Order" : 1,
		"RedirectConfig" : {
			"Protocol" : "HTTPS",
			"Port" : "443",
			"Host" : "#{host}",
			"Path" : "/#{path}",
			"Query" : "#{query}",
			"StatusCode" : "HTTP_301"
		}
	} ])));
	assert_false(actions_equal(values_parse(file), J([ {
		"Type" : "redirect",
		"RedirectConfig" : {
			"Protocol" : "HTTPS",
			"Port" : "443",
			"Host" : "elsewhere.example",
			"Path" : "/#{path}",
			"Query" : "#{query}",
			"StatusCode" : "HTTP_301"
		}
	} ])));
}

static void hosts_and_paths_have_two_spellings_and_no_order(void **state)
{
	(void)state;
	const char *shown = "[{\"Field\": \"path-pattern\", \"Values\": [\"/b\", \"/a\"],"
			    "\"PathPatternConfig\": {\"Values\": [\"/b\", \"/a\"]}},"
			    "{\"Field\": \"host-header\", \"Values\": [\"x.example\"],"
			    "\"HostHeaderConfig\": {\"Values\": [\"x.example\"]}}]";
	assert_true(conditions_equal(J([
		{"Field" : "host-header", "Values" : ["x.example"]},
		{"Field" : "path-pattern", "PathPatternConfig" : {"Values" : [ "/a", "/b" ]}}
	]),
		values_parse(shown)));
	assert_false(conditions_equal(
		J([ {"Field" : "path-pattern", "Values" : [ "/a", "/b" ]} ]), values_parse(shown)));
	assert_false(conditions_equal(J([
		{"Field" : "host-header", "Values" : ["y.example"]},
		{"Field" : "path-pattern", "Values" : [ "/a", "/b" ]}
	]),
		values_parse(shown)));
}

static void a_mapping_is_a_zone_with_its_addresses(void **state)
{
	(void)state;
	json_t *item = J({
		"LoadBalancerArn" : "arn:lb",
		"LoadBalancerName" : "edge",
		"AvailabilityZones" : [
			{
				"ZoneName" : "eu-west-1b",
				"SubnetId" : "subnet-b",
				"LoadBalancerAddresses" : [ {"PrivateIPv4Address" : "10.0.1.9"} ]
			},
			{
				"ZoneName" : "eu-west-1a",
				"SubnetId" : "subnet-a",
				"LoadBalancerAddresses" :
					[ {"AllocationId" : "eipalloc-1", "IpAddress" : "1.2.3.4"} ]
			}
		]
	});
	assert_true(is_equal("load_balancer", "subnet_mappings", J([
		{"SubnetId" : "subnet-a", "AllocationId" : "eipalloc-1"},
		{"SubnetId" : "subnet-b", "PrivateIPv4Address" : "10.0.1.9"}
	]),
		item));
	assert_false(is_equal("load_balancer", "subnet_mappings", J([
		{"SubnetId" : "subnet-a", "AllocationId" : "eipalloc-2"},
		{"SubnetId" : "subnet-b"}
	]),
		item));
}

static void expect_health(
	const char *states, const char *reason, const char *message, bool is_progress)
{
	_cleanup_json_ json_t *targets = json_array();
	for (const char *p = states; *p; p += strcspn(p, " "), p += *p == ' ') {
		char state[32];
		snprintf(state, sizeof(state), "%.*s", (int)strcspn(p, " "), p);
		json_array_append_new(
			targets, json_pack("{s:{s:s, s:i}, s:{s:s, s:s, s:s}}", "Target", "Id",
					 "10.0.0.9", "Port", 80, "TargetHealth", "State", state,
					 "Reason", "Target.Why", "Description", "because"));
	}
	json_t *item = values_keep(json_pack("{s:s, s:s, s:O}", "TargetGroupArn",
		"arn:aws:elasticloadbalancing:r:1:targetgroup/app/1", "TargetGroupName", "app",
		"Targets", targets));
	struct sighting seen;
	struct err err = sighting_make(values_kind("target_group"), item, NULL, &seen);
	assert_false(err_is(&err));
	assert_string_equal(seen.reason, reason);
	assert_string_equal(seen.message, message);
	assert_int_equal(seen.is_progress, is_progress);
	assert_string_equal(js_str(seen.observed, "FullName"), "targetgroup/app/1");
	sighting_done(&seen);
}

static void a_group_is_as_well_as_its_targets(void **state)
{
	(void)state;
	expect_health("healthy healthy", "", "", false);
	expect_health("", "", "", false);
	expect_health("unused draining", "", "", false);
	expect_health("healthy initial unhealthy", "TargetsUnhealthy",
		"10.0.0.9 is unhealthy, Target.Why: because", false);
	expect_health("initial", "TargetsInitial", "10.0.0.9 is being checked, Target.Why", true);
}

static void the_full_name_is_that_of_its_type(void **state)
{
	(void)state;
	static const char *const names[] = {"app/net/1", "net/app/2", "gwy/net/3"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		_cleanup_free_ char *arn =
			str_format("arn:aws:elasticloadbalancing:r:1:loadbalancer/%s", names[i]);
		json_t *item = values_keep(json_pack("{s:s}", "LoadBalancerArn", arn));
		struct sighting seen;
		struct err err = sighting_make(values_kind("load_balancer"), item, NULL, &seen);
		assert_false(err_is(&err));
		assert_string_equal(js_str(seen.observed, "FullName"), names[i]);
		sighting_done(&seen);
	}
}

static void priorities_of_all_that_move_are_set_in_one_call(void **state)
{
	(void)state;
	const struct kind *kind = values_kind("listener_rule");
	const json_t *want = J({"ListenerArn" : "arn:l", "Priority" : 20});
	const json_t *seen = J({"ListenerArn" : "arn:l", "Priority" : "10"});
	struct differences differences = {0};
	diff_make(&(struct diff_input){.kind = kind, .want = want, .observed = seen}, &differences);
	assert_int_equal(differences.count, 1);
	struct plan plan;
	plan_update(kind, want, seen, &differences, &plan);
	assert_int_equal(plan.count, 1);
	const char *operation;
	json_t *input = NULL;
	struct err err = step_render(kind, &plan.steps[0], J({
		"id" : "arn:r1",
		"peers" : [
			{"id" : "arn:r1", "desired" : {"Priority" : 20}},
			{"id" : "arn:r2", "desired" : {"Priority" : 10}}
		]
	}),
		NULL, &operation, &input);
	assert_false(err_is(&err));
	assert_string_equal(operation, "SetRulePriorities");
	values_expect(input, J({
		"RulePriorities" : [
			{"RuleArn" : "arn:r1", "Priority" : 20},
			{"RuleArn" : "arn:r2", "Priority" : 10}
		]
	}));
	json_decref(input);
	plan_done(&plan);
	differences_done(&differences);
}

// ---- `target_group: app`

#define HEAD "stack: shop\naccount: 123456789012\nregion: eu-west-1\n"
#define STACK                                                                                      \
	HEAD "network:\n"                                                                          \
	     "  vpc:\n"                                                                            \
	     "    main: {cidr_block: 10.0.0.0/16}\n"                                               \
	     "compute:\n"                                                                          \
	     "  target_group:\n"                                                                   \
	     "    app: {vpc: main, protocol: HTTP, port: 80}\n"                                    \
	     "  listener:\n"

static struct desired *load(const char *text, struct findings *findings)
{
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	findings_init(findings);
	return desired_load("shop.yaml", &options, findings);
}

static void a_name_may_stand_in_a_structure(void **state)
{
	(void)state;
	struct findings findings;
	struct desired *desired = load(STACK
		"    a: {load_balancer_arn: arn:lb, port: 80, protocol: HTTP, default_actions: "
		"[{type: forward, target_group: app}]}\n"
		"    b: {load_balancer_arn: arn:lb, port: 81, protocol: HTTP, default_actions: "
		"[{type: forward, forward_config: {target_groups: "
		"[{target_group: app, weight: 9}, {target_group_arn: arn:x}]}}]}\n"
		"    c: {load_balancer_arn: arn:lb, port: 82, protocol: HTTP, default_actions: "
		"[{type: "
		"forward, target_group_arn: '${compute.target_group.app.target_group_arn}'}]}\n",
		&findings);
	assert_non_null(desired);
	assert_int_equal(findings.count, 0);
	values_expect(json_object_get(desired_find(desired, "compute.listener.a")->desired,
			      "DefaultActions"),
		J([ {
			"Type" : "forward",
			"TargetGroupArn" : {"@ref" : "compute.target_group.app"}
		} ]));
	values_expect(json_object_get(desired_find(desired, "compute.listener.b")->desired,
			      "DefaultActions"),
		J([ {
			"Type" : "forward",
			"ForwardConfig" : {
				"TargetGroups" : [
					{
						"TargetGroupArn" :
							{"@ref" : "compute.target_group.app"},
						"Weight" : 9
					},
					{"TargetGroupArn" : "arn:x", "Weight" : 1}
				]
			}
		} ]));
	values_expect(json_object_get(desired_find(desired, "compute.listener.c")->desired,
			      "DefaultActions"),
		J([ {
			"Type" : "forward",
			"TargetGroupArn" :
				{"@ref" : "compute.target_group.app", "@attr" : "TargetGroupArn"}
		} ]));
	assert_int_equal(
		json_array_size(desired_find(desired, "compute.listener.a")->depends_on), 1);
	desired_free(desired);
	findings_done(&findings);
}

static void a_certificate_is_named_or_given_by_its_arn(void **state)
{
	(void)state;
	struct findings findings;
	struct desired *desired = load(STACK
		"    a: {load_balancer_arn: arn:lb, port: 443, protocol: HTTPS, certificate: shop, "
		"additional_certificates: [shop, {certificate_arn: arn:c}], "
		"default_actions: [{type: forward, target_group: app}]}\n"
		"security:\n"
		"  certificate:\n"
		"    shop: {domain_name: shop.example}\n",
		&findings);
	assert_non_null(desired);
	const json_t *listener = desired_find(desired, "compute.listener.a")->desired;
	values_expect(json_object_get(listener, "CertificateArn"),
		J({"@ref" : "security.certificate.shop", "@attr" : "Arn"}));
	values_expect(json_object_get(listener, "AdditionalCertificates"), J([
		{"CertificateArn" : {"@ref" : "security.certificate.shop", "@attr" : "Arn"}},
		{"CertificateArn" : "arn:c"}
	]));
	desired_free(desired);
	findings_done(&findings);
}

static void expect_complaint(const char *actions, const char *message)
{
	struct findings findings;
	_cleanup_free_ char *text = str_format("%s    a: {load_balancer_arn: arn:lb, port: 80, "
					       "protocol: HTTP, default_actions: [%s]}\n",
		STACK, actions);
	struct desired *desired = load(text, &findings);
	assert_null(desired);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].message, message);
	findings_done(&findings);
}

static void a_slip_in_such_a_name_is_told(void **state)
{
	(void)state;
	expect_complaint("{type: forward, target_group: ap}", "no target_group 'ap'");
	expect_complaint("{type: forward, target_group: app, target_group_arn: arn:x}",
		"'target_group_arn' says again what another member of default_actions says");
	expect_complaint("{type: forward, target_grop: app}",
		"unknown member 'target_grop' of default_actions");
	expect_complaint("{type: forward, target_group: [app]}",
		"target_group must be the name of a target_group, not a list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_forward_to_one_group_has_one_spelling),
		VALUES_TEST(a_second_group_or_stickiness_is_a_difference),
		VALUES_TEST(weights_count_and_the_order_of_groups_does_not),
		VALUES_TEST(what_a_redirect_leaves_out_is_held_to_its_default),
		VALUES_TEST(hosts_and_paths_have_two_spellings_and_no_order),
		VALUES_TEST(a_mapping_is_a_zone_with_its_addresses),
		VALUES_TEST(a_group_is_as_well_as_its_targets),
		VALUES_TEST(the_full_name_is_that_of_its_type),
		VALUES_TEST(a_name_may_stand_in_a_structure),
		VALUES_TEST(priorities_of_all_that_move_are_set_in_one_call),
		VALUES_TEST(a_slip_in_such_a_name_is_told),
		VALUES_TEST(a_certificate_is_named_or_given_by_its_arn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
