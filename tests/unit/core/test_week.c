// A week of passes on the virtual clock, with drifts, failing calls, reloads and an outage of the
// store every day: what the daemon keeps after the seventh day is what it kept after the first.
//
// What AWS and the store in memory keep is not the daemon's. They are emptied of what is past
// before each count, the store as retention would.
#include "tests/sim/sim.h"
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif

#if HAS_ASAN
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

enum { DAYS = 7, HOURS = 24, MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

#define HEAD                                                                                       \
	"stack: shop\naccount: '123456789012'\nregion: eu-west-1\n"                                \
	"policy: {interval: 60s, prune: delete, replace: allow, most_deletes: 20, "                \
	"most_deletes_per_hour: 1000, most_corrections: 20}\n"
#define BODY                                                                                       \
	"network:\n"                                                                               \
	"  vpc:\n"                                                                                 \
	"    main: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true}\n"                        \
	"  subnet:\n"                                                                              \
	"    public: {vpc: main, cidr_block: 10.0.0.0/24, availability_zone: a, "                  \
	"map_public_ip_on_launch: true}\n"                                                         \
	"    other: {vpc: main, cidr_block: 10.0.1.0/24, availability_zone: b, "                   \
	"map_public_ip_on_launch: true}\n"                                                         \
	"    lonely: {vpc: main, cidr_block: 10.0.2.0/24, availability_zone: a}\n"                 \
	"  internet_gateway:\n"                                                                    \
	"    main: {vpc: main}\n"                                                                  \
	"  route_table:\n"                                                                         \
	"    public:\n"                                                                            \
	"      vpc: main\n"                                                                        \
	"      routes: [{destination_cidr_block: 0.0.0.0/0, internet_gateway: main}]\n"            \
	"      subnets: [public, other]\n"                                                         \
	"security:\n"                                                                              \
	"  security_group:\n"                                                                      \
	"    web:\n"                                                                               \
	"      vpc: main\n"                                                                        \
	"      ingress: [{ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: "             \
	"0.0.0.0/0}]\n"

static const char first_file[] = HEAD "tags: {team: a}\n" BODY;
static const char second_file[] =
	HEAD "tags: {team: b}\n" BODY "    bastion:\n"
	     "      vpc: main\n"
	     "      ingress: [{ip_protocol: tcp, from_port: 22, to_port: 22, "
	     "cidr_ipv4: 192.0.2.0/24}]\n";

// ---- what happens in a day

static void switch_by_hand(struct sim *sim, const char *address, const char *member)
{
	struct thing *thing = cloud_by_address(&sim->cloud, address);
	assert_non_null(thing);
	json_t *item = thing_edit(thing);
	json_object_set_new(
		item, member, json_boolean(!json_is_true(json_object_get(item, member))));
	thing_set(&sim->cloud, thing, item);
}

static void delete_by_hand(struct sim *sim, const char *address)
{
	struct thing *thing = cloud_by_address(&sim->cloud, address);
	if (thing) // else it goes by other hands already
		cloudops_remove_thing(&sim->cloud, thing);
}

static void hurt(struct sim *sim, int hour)
{
	switch (hour % 4) {
	case 0:
		switch_by_hand(sim, "network.subnet.public", "MapPublicIpOnLaunch");
		break;
	case 1:
		delete_by_hand(sim, "network.subnet.lonely");
		break;
	case 2:
		switch_by_hand(sim, "network.vpc.main", "EnableDnsHostnames");
		break;
	case 3:
		switch_by_hand(sim, "network.subnet.other", "MapPublicIpOnLaunch");
		break;
	}
}

static void expect_settled(struct sim *sim)
{
	if (sim_settle(sim, HOUR_MS) >= 0)
		return;
	_cleanup_buf_ struct buf text;
	buf_init(&text, 0);
	sim_tell(sim, &text);
	fail_msg("not settled within an hour:\n%s", buf_str(&text));
}

/* 24 hours and what it takes to settle in each; every hour something is hurt. */
static void live_a_day(struct sim *sim)
{
	sim->cloud.weather.failed = 5;
	sim->cloud.weather.throttled = 5;
	sim->cloud.weather.lost = 2;
	for (int hour = 0; hour < HOURS; hour++) {
		sim_run(sim, 20 * MINUTE_MS);
		hurt(sim, hour);
		if (hour == 6 || hour == 18)
			sim_reload(sim, hour == 6 ? second_file : first_file);
		if (hour == 12) {
			sim_store(sim, false);
			sim_run(sim, 10 * MINUTE_MS);
			sim_store(sim, true);
		}
		sim_run(sim, 30 * MINUTE_MS);
		expect_settled(sim);
	}
	sim->cloud.weather.failed = sim->cloud.weather.throttled = sim->cloud.weather.lost = 0;
	sim_run(sim, 10 * MINUTE_MS);
	expect_settled(sim);
	while (!list_is_empty(&sim->daemon.aws.flights) || !list_is_empty(&sim->daemon.db.queue))
		sim_run(sim, 100); // no pass is under way
}

// ---- what is kept

struct kept {
	size_t bytes;                     // allocated
	size_t timers, resources, orders; // of the daemon
	size_t records, rows, open;       // in the store; rows: actions, drifts, holds
	uint64_t passes;
};

static size_t allocated_bytes(void)
{
#if HAS_ASAN
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks; // exact, see main()
#endif
}

static void forget_past_things(struct cloud *cloud)
{
	size_t kept = 0;
	for (size_t i = 0; i < cloud->count; i++) {
		struct thing *thing = &cloud->things[i];
		if (thing_truth(thing)) {
			cloud->things[kept++] = *thing;
			continue;
		}
		free(thing->id);
		json_decref(thing->versions);
	}
	cloud->count = kept;
	cloud->size = kept;
	cloud->things = reallocarray(cloud->things, kept, sizeof(*cloud->things));
	assert_non_null(cloud->things);
}

/* As retention would with a day's history: what is open stays, and has no `member`, or that one. */
static size_t forget_past_rows(json_t **table, const char *member, const char *open)
{
	json_t *left = json_object(), *row;
	const char *key;
	json_object_foreach (*table, key, row) {
		const char *value = js_str(row, member);
		if (!value || str_eq_null(value, open))
			json_object_set(left, key, row);
	}
	json_decref(*table);
	*table = left;
	return json_object_size(left);
}

static struct kept count(struct sim *sim)
{
	struct storage *storage = &sim->storage;
	struct kept kept = {.records = json_object_size(storage->records),
		.rows = json_object_size(storage->actions) + json_object_size(storage->drifts) +
			json_object_size(storage->holds),
		.timers = sim->daemon.loop.heap_count,
		.resources = sim->daemon.stack->by_address.count,
		.orders = json_array_size(sim->daemon.stack->orders) +
			  json_array_size(sim->daemon.stack->destroyed) +
			  json_object_size(sim->daemon.stack->approved)};
	forget_past_things(&sim->cloud);
	kept.open = forget_past_rows(&storage->actions, "outcome", NULL) +
		    forget_past_rows(&storage->drifts, "how", NULL) +
		    forget_past_rows(&storage->holds, "state", "waiting");
	for (size_t i = 0; i < sim->daemon.stack->reconciler_count; i++)
		kept.passes += sim->daemon.stack->reconcilers[i].pass_count;
	kept.bytes = allocated_bytes();
	return kept;
}

static void expect_no_more(const char *what, size_t first, size_t last, size_t more)
{
	if (last > first + more)
		fail_msg("%zu %s after the first day, %zu after the last", first, what, last);
}

static void a_week_of_passes_leaves_nothing_behind(void **state)
{
	(void)state;
	struct sim sim;
	sim_init(&sim, 7, first_file);
	sim.cloud.weather = (struct weather){
		.least_delay_ms = 5, .most_delay_ms = 200, .most_lag_ms = 3000, .page_size = 3};
	sim.storage.most_delay_ms = 20;
	sim_start(&sim);
	expect_settled(&sim);
	struct kept first = {0}, now = {0};
	for (int day = 1; day <= DAYS; day++) {
		live_a_day(&sim);
		now = count(&sim);
		print_message("day %d: %zu bytes, %zu timers, %zu resources, %zu rows of the day, "
			      "%zu of them open, %llu passes\n",
			day, now.bytes, now.timers, now.resources, now.rows, now.open,
			(unsigned long long)now.passes);
		if (day == 1)
			first = now;
		assert_true(list_is_empty(&sim.daemon.loop.run_queue));
		assert_true(list_is_empty(&sim.daemon.loop.soon));
		assert_true(list_is_empty(&sim.daemon.loop.graves));
		assert_int_equal(journal_count(sim.daemon.journal), 0);
	}
	assert_true(now.passes > (uint64_t)2 * DAYS * HOURS * 60);
	expect_no_more("bytes", first.bytes, now.bytes, 8192); // a byte a pass would be 36,000
	expect_no_more("timers", first.timers, now.timers, 0);
	expect_no_more("resources", first.resources, now.resources, 0);
	expect_no_more("orders and approvals", first.orders, now.orders, 0);
	expect_no_more("records", first.records, now.records, 0);
	expect_no_more("rows a day", first.rows, now.rows, first.rows / 2);
	expect_no_more("open rows", first.open, now.open, 0);
	if (sim.cloud.violations.len)
		fail_msg("%s", buf_str(&sim.cloud.violations));
	sim_done(&sim);
}

// Chunks that malloc keeps for a thread or a size count as allocated: it is to keep none.
static void count_exactly(char **argv)
{
	static const char name[] = "GLIBC_TUNABLES";
	if (HAS_ASAN || getenv(name))
		return;
	setenv(name, "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0", 1);
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	(void)argc;
	count_exactly(argv);
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_week_of_passes_leaves_nothing_behind)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
