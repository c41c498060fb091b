// Whole stacks on virtual time: what changes because something else did, and what only has another
// name in the file, is told as that.
#include "core/view.h"
#include "tests/sim/sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\npolicy: {interval: 60s, "        \
	"disruption: {none: hold}}\n"
#define VPC "network:\n  vpc:\n    main: {cidr_block: 10.0.0.0/16}\n"
#define SUBNET(name, cidr) "    " name ": {vpc: main, cidr_block: " cidr ", availability_zone: a}\n"
#define TABLE "  route_table:\n    main: {vpc: main, subnets: [a]}\n"

static const char first[] = HEAD VPC TABLE "  subnet:\n" SUBNET("a", "10.0.0.0/24");
static const char moved[] = HEAD VPC TABLE "  subnet:\n" SUBNET("a", "10.0.7.0/24");
static const char two[] =
	HEAD VPC "  subnet:\n" SUBNET("a", "10.0.0.0/24") SUBNET("b", "10.0.1.0/24");
static const char renamed[] =
	HEAD VPC "  subnet:\n" SUBNET("a", "10.0.0.0/24") SUBNET("c", "10.0.1.0/24");
static const char changed[] =
	HEAD VPC "  subnet:\n" SUBNET("a", "10.0.0.0/24") SUBNET("c", "10.0.2.0/24");

static void start(struct sim *sim, const char *file)
{
	sim_init(sim, 7, file);
	sim->cloud.weather = (struct weather){.least_delay_ms = 5, .most_delay_ms = 60};
	sim->storage.most_delay_ms = 5;
	sim_start(sim);
	sim_run(sim, 60000);
	json_decref(stack_approve(sim->daemon.stack, "", true, "ada", NULL));
	assert_true(sim_settle(sim, 120000) >= 0);
}

static void finish(struct sim *sim)
{
	assert_string_equal(buf_str(&sim->cloud.violations), "");
	sim_done(sim);
}

static const struct resource *find(struct sim *sim, const char *address)
{
	const struct resource *resource = stack_find(sim->daemon.stack, address);
	assert_non_null(resource);
	return resource;
}

static void what_follows_a_replacement_is_told_as_that_and_not_as_drift(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, first);
	// Somebody deletes the subnet: it is made again, as another one.
	thing_set(&sim.cloud, cloud_by_address(&sim.cloud, "network.subnet.a"), NULL);
	sim_run(&sim, 180000);
	// The subnet is another one, and the table is held for a person: it is to have that one.
	const struct resource *table = find(&sim, "network.route_table.main");
	assert_string_equal(sync_name(table->decision.sync), "OutOfSync");
	assert_int_equal(table->decision.verdict, VERDICT_HOLD);
	assert_non_null(strstr(table->decision.message,
		"; it follows network.subnet.a, which is another object by now"));
	assert_int_equal(json_object_size(sim.storage.drifts), 1); // of the subnet
	json_decref(stack_approve(sim.daemon.stack, "", true, "ada", NULL));
	assert_true(sim_settle(&sim, 120000) >= 0);
	assert_int_equal(json_object_size(sim.storage.drifts), 1);
	// From then on a difference of the same field is somebody's again.
	struct thing *thing = cloud_by_address(&sim.cloud, "network.route_table.main");
	json_t *item = thing_edit(thing);
	json_object_set_new(item, "Associations", json_array());
	thing_set(&sim.cloud, thing, item);
	sim_run(&sim, 180000);
	assert_int_equal(json_object_size(sim.storage.drifts), 2);
	finish(&sim);
}

// Before anybody approves: who reads the plan sees both ends of it.
static void a_plan_shows_what_will_follow_a_replacement(void **state)
{
	(void)state;
	struct sim sim;
	start(&sim, first);
	sim_reload(&sim, moved);
	sim_run(&sim, 120000);
	_cleanup_free_ char *text = view_plan(sim.daemon.stack);
	assert_non_null(text);
	_cleanup_json_ json_t *plan = json_loads(text, 0, NULL);
	size_t i, found = 0;
	json_t *action;
	json_array_foreach (json_object_get(plan, "actions"), i, action) {
		const char *address = js_str(action, "address");
		if (!address || !str_eq(address, "network.route_table.main"))
			continue;
		assert_string_equal(js_str(action, "reason"), "Follows");
		assert_non_null(strstr(js_str(action, "message"), "network.subnet.a"));
		found++;
	}
	assert_int_equal(found, 1);
	finish(&sim);
}

static void what_was_renamed_in_the_file_is_told_with_what_to_do(void **state)
{
	(void)state;
	struct sim sim;
	char remedy[200], adopting[sizeof(renamed) + 40];
	start(&sim, two);
	sim_reload(&sim, renamed);
	sim_run(&sim, 120000);
	_cleanup_free_ char *id = strdup(find(&sim, "network.subnet.b")->seen.id);
	snprintf(remedy, sizeof(remedy),
		"; network.subnet.c, new in the file, says the same: if it was renamed there, give "
		"it 'adopt: %s' or its old name again to keep this one",
		id);
	assert_non_null(strstr(find(&sim, "network.subnet.b")->decision.message, remedy));
	// It says something else: it is another one.
	sim_reload(&sim, changed);
	sim_run(&sim, 120000);
	assert_null(strstr(find(&sim, "network.subnet.b")->decision.message, "says the same"));
	finish(&sim);
	// Done as it is told, it is the same one.
	start(&sim, two);
	const char *at = strstr(renamed, "c: {") + strlen("c: {");
	snprintf(adopting, sizeof(adopting), "%.*sadopt: %s, %s", (int)(at - renamed), renamed, id,
		at);
	sim_reload(&sim, adopting);
	sim_run(&sim, 60000);
	json_decref(stack_approve(sim.daemon.stack, "", true, "ada", NULL));
	assert_true(sim_settle(&sim, 120000) >= 0);
	assert_string_equal(find(&sim, "network.subnet.c")->seen.id, id);
	assert_null(stack_find(sim.daemon.stack, "network.subnet.b"));
	finish(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows_a_replacement_is_told_as_that_and_not_as_drift),
		cmocka_unit_test(a_plan_shows_what_will_follow_a_replacement),
		cmocka_unit_test(what_was_renamed_in_the_file_is_told_with_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
