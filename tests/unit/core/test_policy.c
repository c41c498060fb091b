// What the file may say about what happens by itself, and what is then done.
#include "base/clock.h"
#include "tests/unit/core/scene.h"

#define HEAD "stack: shop\naccount: \"123456789012\"\nregion: eu-west-1\n"
#define VPC "network: {vpc: {main: {cidr_block: 10.0.0.0/16%s}}}\n"

static struct desired *load(const char *policy, const char *resource, struct findings *findings)
{
	_cleanup_free_ char *inner = str_format(", policy: %s", resource ? resource : "{}");
	_cleanup_free_ char *text =
		str_format(HEAD "policy: %s\n" VPC, policy, resource ? inner : "");
	struct tree_options options = {.text = text, .text_bytes = strlen(text)};
	findings_init(findings);
	return desired_load("shop.yaml", &options, findings);
}

static void expect_finding(const char *policy, const char *part)
{
	struct findings findings;
	struct desired *desired = load(policy, NULL, &findings);
	if (desired || findings.error_count == 0)
		fail_msg("%s was taken", policy);
	if (!strstr(findings.items[0].message, part))
		fail_msg("%s: '%s' says nothing of '%s'", policy, findings.items[0].message, part);
	assert_int_equal(findings.items[0].place.line, 4);
	assert_non_null(findings.items[0].remedy);
	findings_done(&findings);
}

static void rules_and_windows_are_read_and_inherited(void **state)
{
	(void)state;
	struct findings findings;
	struct desired *desired = load("{disruption: {reboot: window, connection-drop: hold}, "
				       "windows: [\"Sun 03:00-05:00\", {cron: \"0 3 * * 1\", "
				       "duration: 2h, time_zone: Europe/Berlin}]}",
		"{disruption: {connection-drop: allow}, windows: {at: \"daily 01:00-02:00\"}}",
		&findings);
	assert_non_null(desired);
	const struct policy *stack = &desired->policy, *own = &desired->wanted[0].policy;
	assert_int_equal(stack->rules[DISRUPTS_REBOOT], RULE_WINDOW);
	assert_int_equal(stack->rules[DISRUPTS_CONNECTIONS], RULE_HOLD);
	assert_int_equal(stack->rules[DISRUPTS_REPLACEMENT], RULE_HOLD);
	assert_int_equal(stack->rules[DISRUPTS_DATA_LOSS], RULE_HOLD);
	assert_int_equal(stack->windows->count, 2);
	assert_int_equal(own->rules[DISRUPTS_REBOOT], RULE_WINDOW);
	assert_int_equal(own->rules[DISRUPTS_CONNECTIONS], RULE_ALLOW);
	assert_int_equal(own->windows->count, 1);
	desired_free(desired);
	findings_done(&findings);
}

static void expect_warning(const char *policy, const char *resource, const char *message)
{
	struct findings findings;
	struct desired *desired = load(policy, resource, &findings);
	assert_non_null(desired);
	assert_int_equal(findings.error_count, 0);
	assert_int_equal(findings.count, message ? 1 : 0);
	if (message)
		assert_string_equal(findings.items[0].message, message);
	desired_free(desired);
	findings_done(&findings);
}

static void what_is_to_wait_for_a_window_that_is_not_written_is_told(void **state)
{
	(void)state;
	static const char message[] =
		"network.vpc.main: a change of it that interrupts (replacement) is to wait for a "
		"window, and its policy has none: it would wait for approval";
	expect_warning("{replace: window}", NULL, message);
	expect_warning("{replace: window, windows: []}", NULL, message);
	expect_warning(
		"{windows: [\"Sun 03:00-05:00\"]}", "{replace: window, windows: []}", message);
	expect_warning("{replace: window, windows: [\"Sun 03:00-05:00\"]}", NULL, NULL);
	expect_warning("{replace: window}", "{windows: [\"Sun 03:00-05:00\"]}", NULL);
	expect_warning("{replace: window}", "{replace: hold}", NULL);
	expect_warning("{disruption: {reboot: window}}", NULL, NULL); // nothing of a VPC does that
}

static void what_is_no_policy_is_told(void **state)
{
	(void)state;
	expect_finding("{disruption: reboot}", "must be a map");
	expect_finding("{disruption: {boot: hold}}", "no class 'boot'");
	expect_finding("{disruption: {reboot: maybe}}", "'maybe' is no value of reboot");
	expect_finding("{disruption: {data-loss: allow}}", "always held");
	expect_finding("{windows: \"Sun 3-5\"}", "is no window");
	expect_finding("{windows: {cron: \"0 3 * * 0\"}}", "needs a duration");
	expect_finding("{windows: {at: \"Sun 03:00-05:00\", cron: \"0 3 * * 0\"}}", "either");
	expect_finding("{windows: {at: \"Sun 03:00-05:00\", zone: UTC}}", "a window has");
	expect_finding("{windows: {at: \"Sun 03:00-05:00\", time_zone: Mars}}", "Mars");
	expect_finding("{windows: 7}", "a window has");
}

// clang-format off
static const struct field fields[] = {
	{.name = "size", .member = "Size", .disrupts = DISRUPTS_REBOOT, .update = {.operation = "Grow", .args = ARGS({"Size": "@value"})}},
	{.name = "label", .member = "Label", .update = {.operation = "Label", .args = ARGS({"Label": "@value"})}},
	{0},
};
// clang-format on

static const struct kind thing = {
	.name = "thing", .layer = "data", .fields = fields, .observe = {.id = "Id"}};

static void scene_of(struct scene *scene, enum policy_rule rule)
{
	scene_init(scene);
	scene->input.kind = &thing;
	scene->input.want = J({"Size" : 2, "Label" : "a"});
	scene->seen.observed = J({"Size" : 1, "Label" : "a"});
	scene->input.tags = NULL;
	scene->policy.rules[DISRUPTS_REBOOT] = rule;
}

static void what_the_policy_holds_waits_for_a_person(void **state)
{
	(void)state;
	struct scene scene;
	scene_of(&scene, RULE_ALLOW);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	decision_done(&scene.decision);
	scene_of(&scene, RULE_HOLD);
	expect_verdict(&scene, "HOLD OutOfSync Suspended DisruptionHeld");
	assert_non_null(strstr(scene.decision.message, "reboot"));
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene.input.want = J({"Size" : 3, "Label" : "a"});
	expect_verdict(&scene, "HOLD OutOfSync Suspended DisruptionHeld"); // another change
	decision_done(&scene.decision);
}

static void what_interrupts_nothing_does_not_wait_beside_it(void **state)
{
	(void)state;
	struct scene scene;
	scene_of(&scene, RULE_HOLD);
	scene.input.want = J({"Size" : 2, "Label" : "b"});
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	assert_int_equal(scene.decision.plan.count, 1);
	assert_string_equal(scene.decision.plan.steps[0].call->operation, "Label");
	decision_done(&scene.decision);
}

static void a_window_lets_it_happen_and_says_when(void **state)
{
	(void)state;
	struct scene scene;
	scene_of(&scene, RULE_WINDOW);
	struct windows *windows = windows_new(1);
	struct err err = window_parse_calendar("Sun 03:00-05:00", NULL, &windows->items[0]);
	assert_false(err_is(&err));
	windows->count = 1;
	scene.policy.windows = windows;
	assert_int_equal(clock_parse_iso("2026-11-24T12:00:00Z", &scene.input.wall_ms), 0);
	expect_verdict(&scene, "HOLD OutOfSync Suspended WaitsForWindow");
	assert_non_null(strstr(scene.decision.message, "2026-11-29T03:00:00"));
	assert_int_equal(scene.decision.wake_ms, (4 * 24 + 15) * 3600000);
	assert_int_equal(clock_parse_iso("2026-11-29T03:00:00Z", &scene.input.wall_ms), 0);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	scene.policy.windows = NULL;
	expect_verdict(&scene, "HOLD OutOfSync Suspended WaitsForWindow");
	approve(&scene);
	expect_verdict(&scene, "ACT OutOfSync Progressing Correcting");
	windows_unref(windows);
	decision_done(&scene.decision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VALUES_TEST(rules_and_windows_are_read_and_inherited),
		VALUES_TEST(what_is_to_wait_for_a_window_that_is_not_written_is_told),
		VALUES_TEST(what_is_no_policy_is_told),
		VALUES_TEST(what_the_policy_holds_waits_for_a_person),
		VALUES_TEST(what_interrupts_nothing_does_not_wait_beside_it),
		VALUES_TEST(a_window_lets_it_happen_and_says_when),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
