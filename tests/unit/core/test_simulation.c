// All disturbances at once, by seed: crashes, restarts, stores that go away, lost answers,
// throttling, stale reads, hands in AWS, changes of the file. Whatever happened, when it stops, the
// stack converges within a bounded time, holds still, and there was never two of anything.
//
// SIM_SEEDS=n runs so many seeds, SIM_SEED=n begins with that one (alone unless SIM_SEEDS says
// more), SIM_LOG=1 shows what happens.
#include "tests/sim/sim.h"

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {interval: 30s, prune: delete, replace: allow, most_deletes: 20, "                \
	"most_deletes_per_hour: 1000, most_corrections: 20}\n"

static const char first_file[] = HEAD
	"tags: {team: a}\n"
	"network:\n"
	"  vpc:\n"
	"    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"
	"  subnet:\n"
	"    public: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "
	"map_public_ip_on_launch: true}\n"
	"    private: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: a}\n"
	"    lonely: {vpc: main, cidr_block: 10.0.2.0/24, availability_zone: b}\n"
	"  internet_gateway:\n"
	"    main: {vpc: main}\n"
	"  elastic_ip:\n"
	"    nat:\n"
	"  nat_gateway:\n"
	"    main: {subnet: public, elastic_ip: nat}\n"
	"  route_table:\n"
	"    public:\n"
	"      vpc: main\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n"
	"      subnets: [public]\n"
	"    private:\n"
	"      vpc: main\n"
	"      routes: [{destination_cidr_block: 0.0.0.0/0, nat_gateway: main}]\n"
	"      subnets: [private]\n"
	"security:\n"
	"  security_group:\n"
	"    web:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}]\n"
	"      egress: [{ip_protocol: tcp, from_port: 5432, to_port: 5432, security_group: db}]\n"
	"    db:\n"
	"      vpc: main\n"
	"      ingress: [{ip_protocol: tcp, from_port: 5432, to_port: 5432, security_group: "
	"web}]\n";

// Without the NAT gateway and what belongs to it, without the groups; with another block, rule and
// tag.
static const char second_file[] =
	HEAD "tags: {team: b}\n"
	     "network:\n"
	     "  vpc:\n"
	     "    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: false}\n"
	     "  subnet:\n"
	     "    public: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "
	     "map_public_ip_on_launch: false}\n"
	     "    private: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: a}\n"
	     "    lonely: {vpc: main, cidr_block: 10.0.3.0/24, availability_zone: b}\n"
	     "  internet_gateway:\n"
	     "    main: {vpc: main}\n"
	     "  route_table:\n"
	     "    public:\n"
	     "      vpc: main\n"
	     "      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n"
	     "      subnets: [public, private]\n"
	     "security:\n"
	     "  security_group:\n"
	     "    bastion:\n"
	     "      vpc: main\n"
	     "      ingress: [{ip_protocol: tcp, from_port: 22, to_port: 22, cidr_ipv4: "
	     "192.0.2.0/24}]\n";

// All of it has left the file: nothing goes without a person's word.
static const char third_file[] = "stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"
				 "policy: {interval: 30s, prune: hold}\n";

/* What must be there in the end, by kind. */
struct census {
	const char *kind;
	int first, second;
};

static const struct census census[] = {{"vpc", 1, 1}, {"subnet", 3, 3}, {"internet_gateway", 1, 1},
	{"elastic_ip", 1, 0}, {"nat_gateway", 1, 0}, {"route_table", 2, 1},
	{"security_group", 2, 1}};

// ---- disturbances

static struct thing *any_thing(struct sim *sim)
{
	struct thing *found = NULL;
	int64_t seen = 0;
	for (size_t i = 0; i < sim->cloud.count; i++)
		if (thing_is_alive(&sim->cloud.things[i]) &&
			random_between(&sim->random, 0, ++seen) == 0)
			found = &sim->cloud.things[i];
	return found;
}

/* Somebody deletes something that AWS lets go. */
static void delete_by_hand(struct sim *sim)
{
	struct thing *thing = any_thing(sim);
	if (thing && !cloudops_is_used(&sim->cloud, thing))
		cloudops_remove_thing(&sim->cloud, thing);
}

static void change_by_hand(struct sim *sim)
{
	static const char *const switches[] = {"MapPublicIpOnLaunch", "EnableDnsHostnames"};
	struct thing *thing = any_thing(sim);
	if (!thing)
		return;
	json_t *item = thing_edit(thing);
	for (size_t i = 0; i < ARRAY_COUNT(switches); i++)
		if (json_object_get(item, switches[i]))
			json_object_set_new(item, switches[i],
				json_boolean(!json_is_true(json_object_get(item, switches[i]))));
	json_t *rules = json_object_get(item, "Rules"), *routes = json_object_get(item, "Routes");
	if (rules && random_hit(&sim->random, 500)) {
		json_t *rule = cloudops_rule(&sim->cloud, thing->id, false);
		js_set_str(rule, "IpProtocol", "tcp");
		js_set_str(rule, "CidrIpv4", "203.0.113.0/24");
		json_object_set_new(rule, "FromPort", json_integer(3389));
		json_object_set_new(rule, "ToPort", json_integer(3389));
		json_array_append_new(rules, rule);
	} else if (rules) {
		json_array_clear(rules);
	}
	if (json_array_size(routes) > 1)
		json_array_remove(routes, 1);
	if (random_hit(&sim->random, 300))
		js_set_str(json_array_get(json_object_get(item, "Tags"), 0), "Value", "other");
	thing_set(&sim->cloud, thing, item);
}

static void restart(struct sim *sim, bool is_crash)
{
	if (is_crash)
		sim_kill(sim);
	else
		sim_stop(sim);
	sim->wall_ms += random_between(&sim->random, 100, 60000);
	sim_start(sim);
}

static void disturb(struct sim *sim)
{
	switch (random_between(&sim->random, 0, 10)) {
	case 0:
	case 1:
	case 2:
		restart(sim, true);
		break;
	case 3:
		if (!sim->storage.is_down)
			restart(sim, false);
		break;
	case 4:
		sim_store(sim, sim->storage.is_down);
		break;
	case 5:
		delete_by_hand(sim);
		break;
	case 6:
	case 7:
		change_by_hand(sim);
		break;
	case 8:
		sim_reload(sim, sim->file == first_file ? second_file : first_file);
		break;
	case 9:
		stack_sync(sim->stack, "", "sync");
		break;
	}
}

static void set_weather(struct sim *sim)
{
	struct random *random = &sim->random;
	sim->cloud.weather = (struct weather){.least_delay_ms = 5,
		.most_delay_ms = random_between(random, 10, 2000),
		.most_lag_ms = random_between(random, 0, 20000),
		.most_pending_ms = random_between(random, 0, 120000),
		.throttled = (int)random_between(random, 0, 60),
		.failed = (int)random_between(random, 0, 40),
		.lost = (int)random_between(random, 0, 60),
		.denied = random_hit(random, 200) ? 10 : 0,
		.page_size = (int)random_between(random, 0, 3)};
	sim->storage.most_delay_ms = random_between(random, 1, 300);
}

// ---- what must hold

static void expect_one_of_each(struct sim *sim)
{
	for (size_t i = 0; i < ARRAY_COUNT(census); i++) {
		int expected = sim->file == first_file ? census[i].first : census[i].second;
		int there = cloud_count(&sim->cloud, census[i].kind);
		if (there != expected)
			fail_msg("%d of kind %s, not %d", there, census[i].kind, expected);
	}
	if (sim->cloud.violations.len)
		fail_msg("%s", buf_str(&sim->cloud.violations));
}

/* What the store says at the end is what there is, and nothing in it is left open. */
static void expect_good_books(struct sim *sim)
{
	const char *id;
	json_t *row;
	json_object_foreach (sim->storage.records, id, row) {
		const struct thing *thing = cloud_by_address(&sim->cloud, id);
		if (!thing || !str_eq_null(js_str(row, "aws_id"), thing->id))
			fail_msg("%s is remembered as %s", id, js_str(row, "aws_id"));
	}
	if ((int)json_object_size(sim->storage.records) != cloud_count(&sim->cloud, ""))
		fail_msg("%zu records", json_object_size(sim->storage.records));
	json_object_foreach (sim->storage.actions, id, row)
		if (!js_str(row, "outcome"))
			fail_msg("%s of %s is still open", js_str(row, "operation"),
				js_str(row, "address"));
	json_object_foreach (sim->storage.drifts, id, row)
		if (!js_str(row, "how") && !str_eq(js_str(row, "type"), "undeclared") &&
			!sim_is_quarantined(sim, js_str(row, "address")))
			fail_msg("the drift of %s %s is still open", js_str(row, "address"),
				js_str(row, "field"));
	json_object_foreach (sim->storage.holds, id, row)
		if (str_eq(js_str(row, "state"), "waiting"))
			fail_msg("the hold of %s still waits", js_str(row, "address"));
}

static void expect_converged(struct sim *sim, int64_t most_ms)
{
	if (sim_settle(sim, most_ms) >= 0)
		return;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	sim_tell(sim, &text);
	fail_msg("not settled after %lld s:\n%s", (long long)most_ms / 1000, buf_str(&text));
}

/* Everything is held, then approved, and goes in AWS's order. */
static void take_down(struct sim *sim)
{
	int there = cloud_count(&sim->cloud, "");
	sim_reload(sim, third_file);
	sim_run(sim, 120000);
	assert_int_equal(cloud_count(&sim->cloud, ""), there);
	json_t *approved = stack_approve(sim->stack, "", true, "somebody");
	assert_int_equal(json_array_size(approved), there);
	json_decref(approved);
	sim_run(sim, 600000);
	if (cloud_count(&sim->cloud, "") == 0)
		return;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	sim_tell(sim, &text);
	fail_msg("%d are left:\n%s", cloud_count(&sim->cloud, ""), buf_str(&text));
}

static uint64_t seed_now; // for the message of a failed test

static void run_seed(uint64_t seed)
{
	struct sim sim;
	seed_now = seed;
	sim_init(&sim, seed, first_file);
	set_weather(&sim);
	sim_start(&sim);
	int64_t disturbances = random_between(&sim.random, 1, 12);
	for (int64_t i = 0; i < disturbances; i++) {
		// Often right in the middle of something.
		sim_run(&sim, random_hit(&sim.random, 700)
				      ? random_between(&sim.random, 1, 8000)
				      : random_between(&sim.random, 1, 120000));
		disturb(&sim);
	}
	// The sky clears; it takes AWS a while to know its own mind.
	sim_store(&sim, true);
	sim.cloud.weather.throttled = sim.cloud.weather.failed = 0;
	sim.cloud.weather.lost = sim.cloud.weather.denied = 0;
	sim_run(&sim, 30000);
	expect_converged(&sim, 3600000);
	sim_run(&sim, 30000);
	expect_converged(&sim, 600000);
	expect_one_of_each(&sim);
	int writes = sim.cloud.writes;
	sim_run(&sim, 120000);
	restart(&sim, seed % 2);
	sim_run(&sim, 120000);
	expect_converged(&sim, 60000);
	expect_one_of_each(&sim);
	expect_good_books(&sim);
	if (sim.cloud.writes != writes)
		fail_msg("%d writes at steady state", sim.cloud.writes - writes);
	if (seed % 3 == 0)
		take_down(&sim);
	sim_done(&sim);
}

static void every_seed_ends_well(void **state)
{
	(void)state;
	const char *one = getenv("SIM_SEED"), *many = getenv("SIM_SEEDS");
	uint64_t from = one ? strtoull(one, NULL, 10) : 1;
	uint64_t count = many ? strtoull(many, NULL, 10) : one ? 1 : 300;
	for (uint64_t seed = from; seed < from + count; seed++)
		run_seed(seed);
}

static int tell_seed(void **state)
{
	(void)state;
	print_message("the last seed was %llu\n", (unsigned long long)seed_now);
	return 0;
}

int main(void)
{
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_seed_ends_well, tell_seed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
