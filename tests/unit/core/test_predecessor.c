#include "core/predecessor.h"
#include "tests/unit/core/scene.h"

static void what_has_no_name_may_stand_beside_its_successor(void **state)
{
	(void)state;
	assert_true(predecessor_can_stay(
		values_kind("certificate"), J({"DomainName" : "b"}), J({"DomainName" : "a"})));
}

static void two_of_one_name_cannot_stand_side_by_side(void **state)
{
	(void)state;
	const struct kind *group = values_kind("target_group");
	const json_t *old = J({"Name" : "shop-web", "Port" : 80});
	assert_false(predecessor_can_stay(group, J({"Name" : "shop-web", "Port" : 81}), old));
	assert_true(predecessor_can_stay(group, J({"Name" : "shop-www", "Port" : 80}), old));
}

static void what_takes_the_same_place_or_no_tags_goes_first(void **state)
{
	(void)state;
	assert_false(predecessor_can_stay(
		values_kind("subnet"), J({"CidrBlock" : "10.0.1.0/24"}), J({})));
	assert_false(predecessor_can_stay(
		values_kind("metric_filter"), J({"filterName" : "b"}), J({"filterName" : "a"})));
}

static void an_address_leads_to_its_successor(void **state)
{
	(void)state;
	char old[PREDECESSOR_ADDRESS_BYTES], other[PREDECESSOR_ADDRESS_BYTES];
	assert_true(predecessor_address("network.vpc.main", "vpc-1", old));
	assert_true(predecessor_address("network.vpc.main", "vpc-2", other));
	assert_string_not_equal(old, other);
	assert_true(predecessor_is_of(old, "network.vpc.main"));
	assert_false(predecessor_is_of(old, "network.vpc.mai"));
	assert_false(predecessor_is_of("network.vpc.main", "network.vpc.main"));
	assert_false(predecessor_is_of(NULL, "network.vpc.main"));
	assert_int_equal(predecessor_base_bytes(old), strlen("network.vpc.main"));
	assert_int_equal(predecessor_base_bytes("network.vpc.main"), 0);
}

static void an_address_without_end_is_none(void **state)
{
	(void)state;
	char old[PREDECESSOR_ADDRESS_BYTES], *name = calloc(1, 300);
	memset(name, 'a', 299);
	assert_false(predecessor_address(name, "vpc-1", old));
	free(name);
}

// ---- deciding

static void certificate_scene(struct scene *scene)
{
	scene_init(scene);
	scene->wanted.address = (char *)"security.certificate.web";
	scene->seen.id = scene->record.id = (char *)"arn:old";
	scene->seen.observed = J({"DomainName" : "a.example.com"});
	scene->record.observed = scene->seen.observed;
	scene->input.kind = values_kind("certificate");
	scene->input.want = J({"DomainName" : "b.example.com"});
}

static void approve_it(struct scene *scene)
{
	json_t *approved = json_object();
	json_object_set_new(approved, scene->decision.digest, json_true());
	scene->input.approved = values_keep(approved);
}

static void the_old_one_makes_room_when_that_is_approved(void **state)
{
	(void)state;
	struct scene s;
	certificate_scene(&s);
	expect_verdict(&s, "HOLD OutOfSync Suspended ReplacementHeld");
	approve_it(&s);
	expect_verdict(&s, "ACT OutOfSync Progressing Replacing");
	assert_int_equal(s.decision.plan.change, CHANGE_REPLACE_BESIDE);
	assert_string_equal(change_sign(s.decision.plan.change), "+/-");
	assert_int_equal(s.decision.plan.disruption, DISRUPTS_REPLACEMENT);
	assert_int_equal(s.decision.plan.count, 1);
	char old[PREDECESSOR_ADDRESS_BYTES];
	assert_true(predecessor_address("security.certificate.web", "arn:old", old));
	const char *operation;
	json_t *input, *scope = json_pack("{s:s}", "id", "arn:old");
	struct err err = step_render(
		s.input.kind, &s.decision.plan.steps[0], scope, NULL, &operation, &input);
	assert_false(err_is(&err));
	assert_string_equal(operation, "AddTagsToCertificate");
	assert_string_equal(js_str(js_at(input, "Tags.0"), "Key"), TAG_RESOURCE);
	assert_string_equal(js_str(js_at(input, "Tags.0"), "Value"), old);
	json_decref(input);
	json_decref(scope);
	decision_done(&s.decision);
}

static void orphan_scene(struct scene *scene, const char *kind)
{
	certificate_scene(scene);
	scene->input.kind = values_kind(kind);
	scene->input.wanted = NULL;
	scene->input.want = NULL;
	scene->input.successor = "security.certificate.web";
}

static void a_predecessor_stays_until_nobody_needs_it(void **state)
{
	(void)state;
	struct scene s;
	orphan_scene(&s, "certificate");
	s.input.deletion_waits = "compute.listener.https";
	expect_verdict(&s, "AGAIN Orphaned Progressing BeingReplaced");
	s.input.deletion_waits = NULL;
	expect_verdict(&s, "ACT Orphaned Progressing Replaced");
	assert_int_equal(s.decision.plan.change, CHANGE_DELETE);
	decision_done(&s.decision);
}

static void a_predecessor_that_holds_data_waits_for_a_person(void **state)
{
	(void)state;
	struct scene s;
	orphan_scene(&s, "kms_key");
	expect_verdict(&s, "HOLD Orphaned Suspended OrphanHeld");
	decision_done(&s.decision);
}

static void without_its_successor_it_is_an_orphan_like_others(void **state)
{
	(void)state;
	struct scene s;
	orphan_scene(&s, "certificate");
	s.input.successor = NULL;
	expect_verdict(&s, "HOLD Orphaned Suspended OrphanHeld");
	decision_done(&s.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(what_has_no_name_may_stand_beside_its_successor),
		VALUES_TEST(two_of_one_name_cannot_stand_side_by_side),
		VALUES_TEST(what_takes_the_same_place_or_no_tags_goes_first),
		VALUES_TEST(an_address_leads_to_its_successor),
		VALUES_TEST(an_address_without_end_is_none),
		VALUES_TEST(the_old_one_makes_room_when_that_is_approved),
		VALUES_TEST(a_predecessor_stays_until_nobody_needs_it),
		VALUES_TEST(a_predecessor_that_holds_data_waits_for_a_person),
		VALUES_TEST(without_its_successor_it_is_an_orphan_like_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
