// Entries of history with what changed in them: by the tables of the real kinds.
#include "core/retold.h"
#include "tests/unit/core/values.h"

static void expect(const char *address, const char *what, json_t *detail, json_t *changes)
{
	retold(address, what, detail);
	const json_t *told = json_object_get(detail, "changes");
	_cleanup_free_ char *text = told ? json_dumps(told, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (!json_equal((json_t *)told, changes) && (told || json_array_size(changes) > 0))
		fail_msg("told: %s", text ? text : "nothing");
}

static void a_drift_of_a_structure_is_told_by_the_leaf_that_differs(void **state)
{
	(void)state;
	expect("compute.task_definition.app", "drift", J({
		"field" : "containerDefinitions",
		"type" : "changed",
		"desired" : [ {"name" : "app", "image" : "shop:1"} ],
		"observed" : [ {"name" : "app", "image" : "shop:2", "cpu" : 0, "mountPoints" : []} ]
	}),
		J([ {
			"path" : "containerDefinitions[app].image",
			"before" : "shop:1",
			"after" : "shop:2"
		} ]));
}

static void what_an_action_wrote_is_told_by_what_it_wrote_over(void **state)
{
	(void)state;
	expect("compute.task_definition.app", "action", J({
		"operation" : "ecs:RegisterTaskDefinition",
		"before" : [ {"name" : "app", "image" : "shop:2", "cpu" : 0} ],
		"after" : [ {"name" : "app", "image" : "shop:1"} ]
	}),
		J([ {"path" : "[app].image", "before" : "shop:2", "after" : "shop:1"} ]));
	expect("data.db_proxy.main", "action", J({
		"before" : {"MaxConnectionsPercent" : 100},
		"after" : {"MaxConnectionsPercent" : 80}
	}),
		J([ {"path" : "MaxConnectionsPercent", "before" : 100, "after" : 80} ]));
	expect("data.db_proxy.main", "action", J({"before" : [], "after" : ["shop-main"]}), J([]));
	expect("compute.task_definition.app", "action", J({"before" : 1, "after" : 2}), J([]));
}

static void an_observation_is_told_by_what_is_another_than_before(void **state)
{
	(void)state;
	json_t *detail = J({
		"sync" : "Synced",
		"changed" : {
			"EngineVersion" : [ "16.3", "16.4" ],
			"VpcSecurityGroupIds" : [ [ "sg-1", "sg-2" ], [ "sg-2", "sg-1" ] ],
			"MasterUserSecret" : [ null, {} ]
		}
	});
	expect("data.db_instance.main", "observed", detail,
		J([ {"path" : "EngineVersion", "before" : "16.3", "after" : "16.4"} ]));
	assert_null(json_object_get(detail, "changed"));
}

static void a_policy_in_other_words_has_not_changed(void **state)
{
	(void)state;
	const struct kind *kind = kind_find("iam_role");
	json_t *before = J({
		"AssumeRolePolicyDocument" : {"Statement" : [ {"Action" : "sts:AssumeRole"} ]},
		"Path" : "/"
	});
	json_t *after = J({
		"AssumeRolePolicyDocument" : {"Statement" : {"Action" : ["sts:AssumeRole"]}},
		"Path" : "/shop/"
	});
	_cleanup_json_ json_t *told = retold_states(kind, before, after);
	assert_true(json_equal(told, J([ {"path" : "Path", "before" : "/", "after" : "/shop/"} ])));
	json_t *other = J({
		"AssumeRolePolicyDocument" : {"Statement" : {"Action" : "sts:TagSession"}},
		"Path" : "/"
	});
	_cleanup_json_ json_t *leaf = retold_states(kind, before, other);
	_cleanup_free_ char *text = json_dumps(leaf, JSON_COMPACT);
	assert_non_null(strstr(text, "AssumeRolePolicyDocument.Statement[0].Action"));
}

static void what_is_empty_or_left_out_is_one(void **state)
{
	(void)state;
	const struct kind *kind = kind_find("load_balancer");
	json_t *before = J({"SecurityGroups" : [], "AvailabilityZones" : []});
	json_t *after = J({"SecurityGroups" : ["sg-1"]});
	_cleanup_json_ json_t *told = retold_states(kind, before, after);
	_cleanup_free_ char *text = json_dumps(told, JSON_COMPACT);
	assert_string_equal(text, "[{\"path\":\"SecurityGroups\",\"after\":\"sg-1\"}]");
}

static void items_are_called_by_what_they_are(void **state)
{
	(void)state;
	json_t *all = J({"IpProtocol" : "-1", "CidrIpv4" : "0.0.0.0/0"});
	json_t *ssh =
		J({"IpProtocol" : "tcp", "FromPort" : 22, "ToPort" : 22, "CidrIpv4" : "0.0.0.0/0"});
	_cleanup_json_ json_t *before = json_pack("{s:[O]}", "Ingress", all);
	_cleanup_json_ json_t *after = json_pack("{s:[O]}", "Ingress", ssh);
	_cleanup_json_ json_t *told = retold_states(kind_find("security_group"), before, after);
	_cleanup_json_ json_t *wanted =
		json_pack("[{s:s, s:O}, {s:s, s:O}]", "path", "Ingress[-1 0.0.0.0/0]", "before",
			all, "path", "Ingress[tcp 22 22 0.0.0.0/0]", "after", ssh);
	assert_true(json_equal(told, wanted));
}

static void what_is_of_no_kind_is_left_as_it_is(void **state)
{
	(void)state;
	expect("network", "order", J({"sort" : "brake"}), J([]));
	expect("", "config", J({"version" : "1"}), J([]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(a_drift_of_a_structure_is_told_by_the_leaf_that_differs),
		VALUES_TEST(what_an_action_wrote_is_told_by_what_it_wrote_over),
		VALUES_TEST(an_observation_is_told_by_what_is_another_than_before),
		VALUES_TEST(a_policy_in_other_words_has_not_changed),
		VALUES_TEST(what_is_empty_or_left_out_is_one),
		VALUES_TEST(items_are_called_by_what_they_are),
		VALUES_TEST(what_is_of_no_kind_is_left_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
