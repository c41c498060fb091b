// Two daemons' keepers over one store in memory, on virtual time: never two that may write, a
// take-over within ten seconds, a hand-over at once, half each.
#include "base/log.h"
#include "state/keeper.h"
#include "tests/sim/storage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST_STACKS = 4 };

/* One daemon's own way to the store. */
struct line {
	struct store_port port;
	struct storage *storage;
	bool is_cut;
};

struct side {
	struct line line;
	struct task watcher;
	struct keeper *keeper;
	struct lease *leases[MOST_STACKS];
	int news;
};

struct room {
	struct loop loop;
	struct storage storage;
	struct side a, b;
	int stacks;
};

static void line_start(struct store_port *port, struct store_call *call, struct task *owner)
{
	struct line *line = CONTAINER_OF(port, struct line, port);
	if (!line->is_cut) {
		storage_link_start(&line->storage->link, call, owner);
		return;
	}
	op_start(&call->op, owner, NULL);
	op_finish_soon(line->storage->loop, &call->op, err_new(ERR_TRANSIENT, "cut"));
}

static void on_news(struct task *task)
{
	CONTAINER_OF(task, struct side, watcher)->news++;
}

static void side_open(struct room *room, struct side *side, const char *id, bool is_observer)
{
	static const char *const names[MOST_STACKS] = {"w", "x", "y", "z"};
	side->line = (struct line){.port = {line_start}, .storage = &room->storage};
	task_init(&side->watcher, &room->loop, on_news, id);
	side->keeper = keeper_new(&(struct keeper_options){.loop = &room->loop,
		.store = &side->line.port,
		.watcher = &side->watcher,
		.daemon_id = id,
		.host = id,
		.version = "1",
		.pid = 42,
		.is_observer = is_observer});
	for (int i = 0; i < room->stacks; i++) {
		side->leases[i] = keeper_add(side->keeper, names[i]);
		side->leases[i]->may_take = side->leases[i]->is_idle = true;
	}
}

static void side_close(struct side *side)
{
	keeper_free(side->keeper);
	task_done(&side->watcher);
	side->keeper = NULL;
}

static void room_open(struct room *room, int stacks)
{
	*room = (struct room){.stacks = stacks};
	loop_init_virtual(&room->loop, 1800000000000);
	room->loop.virtual_mono_ms = 3600000;
	storage_init(&room->storage, 1);
	storage_attach(&room->storage, &room->loop);
	room->storage.most_delay_ms = 20;
}

static void room_close(struct room *room)
{
	storage_cut(&room->storage);
	if (room->a.keeper)
		side_close(&room->a);
	if (room->b.keeper)
		side_close(&room->b);
	storage_done(&room->storage);
	assert_int_equal(loop_done(&room->loop), 0);
}

static int leads(const struct room *room, const struct side *side)
{
	int count = 0;
	for (int i = 0; side->keeper && i < room->stacks; i++)
		count += lease_may_write(side->leases[i]);
	return count;
}

// Never two, at any instant.
static void run(struct room *room, int64_t ms)
{
	for (; ms > 0; ms -= 10) {
		loop_run_for(&room->loop, 10);
		for (int i = 0; i < room->stacks; i++)
			assert_false(room->a.keeper && room->b.keeper &&
				     lease_may_write(room->a.leases[i]) &&
				     lease_may_write(room->b.leases[i]));
	}
}

// The milliseconds until `side` leads so many.
static int64_t run_until(struct room *room, const struct side *side, int count)
{
	for (int64_t ms = 0; ms < 60000; ms += 10) {
		if (leads(room, side) == count)
			return ms;
		run(room, 10);
	}
	fail_msg("nobody leads");
	return -1;
}

static void open_both(struct room *room, int stacks)
{
	room_open(room, stacks);
	side_open(room, &room->a, "a", false);
	run(room, 500);
	side_open(room, &room->b, "b", false);
}

static void the_first_leads_and_the_second_knows_who_does(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 30000);
	assert_int_equal(leads(&room, &room.a), 1);
	assert_int_equal(room.a.leases[0]->token, 1);
	assert_true(lease_is_standby(room.b.leases[0]));
	assert_string_equal(room.b.leases[0]->host, "a");
	assert_int_equal(room.b.leases[0]->pid, 42);
	assert_true(room.b.leases[0]->since_ms > 0);
	assert_true(room.a.leases[0]->gate.is_open(&room.a.leases[0]->gate));
	assert_false(room.b.leases[0]->gate.is_open(&room.b.leases[0]->gate));
	room_close(&room);
}

static void a_dead_holder_is_followed_within_ten_seconds(void **state)
{
	(void)state;
	for (int at_ms = 0; at_ms < 2000; at_ms += 130) {
		struct room room;
		open_both(&room, 1);
		run(&room, 20000 + at_ms);
		side_close(&room.a);
		int64_t took_ms = run_until(&room, &room.b, 1);
		assert_in_range(took_ms, LEASE_LASTS_MS - LEASE_BEAT_MS - 100, 8000);
		assert_int_equal(room.b.leases[0]->token, 2);
		room_close(&room);
	}
}

static void a_holder_that_is_cut_off_stops_before_another_may_start(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 20000);
	room.a.line.is_cut = true;
	int news = room.a.news;
	int64_t stopped_ms = run_until(&room, &room.a, 0);
	int64_t taken_ms = stopped_ms + run_until(&room, &room.b, 1);
	assert_in_range(stopped_ms, 2000, LEASE_LASTS_MS - LEASE_MARGIN_MS);
	assert_true(taken_ms - stopped_ms >= LEASE_MARGIN_MS);
	assert_int_equal(room.a.leases[0]->role, LEASE_OURS); // as far as it knows
	assert_true(room.a.news > news);                      // and its owner was told
	room.a.line.is_cut = false;
	run(&room, 3000);
	assert_true(lease_is_standby(room.a.leases[0]));
	assert_int_equal(room.a.leases[0]->token, 0);
	assert_string_equal(room.a.leases[0]->host, "b");
	assert_int_equal(leads(&room, &room.b), 1);
	room_close(&room);
}

static void a_holder_that_was_cut_off_alone_goes_on_with_its_token(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 1);
	side_open(&room, &room.a, "a", false);
	run(&room, 5000);
	room.a.line.is_cut = true;
	run(&room, 3600000);
	assert_int_equal(leads(&room, &room.a), 0);
	room.a.line.is_cut = false;
	run(&room, 1500);
	assert_int_equal(leads(&room, &room.a), 1);
	assert_int_equal(room.a.leases[0]->token, 1);
	room_close(&room);
}

static void it_is_handed_over_at_once(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 20000);
	room.a.leases[0]->is_idle = false; // something is in flight
	keeper_stop(room.a.keeper);
	run(&room, 15000);
	assert_int_equal(leads(&room, &room.a), 1); // what is in flight may still end well
	assert_false(lease_may_begin(room.a.leases[0]));
	assert_false(keeper_is_stopped(room.a.keeper));
	room.a.leases[0]->is_idle = true;
	keeper_wake(room.a.keeper);
	int64_t took_ms = run_until(&room, &room.b, 1);
	assert_in_range(took_ms, 0, LEASE_BEAT_MS + 200);
	assert_true(keeper_is_stopped(room.a.keeper));
	assert_null(json_object_get(room.storage.daemons, "a"));
	room_close(&room);
}

static void its_own_earlier_life_is_not_waited_for(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 1);
	side_open(&room, &room.a, "a", false);
	run(&room, 5000);
	side_close(&room.a);
	side_open(&room, &room.a, "a", false);
	assert_in_range(run_until(&room, &room.a, 1), 0, 200);
	assert_int_equal(room.a.leases[0]->token, 2);
	room_close(&room);
}

static void steps_of_the_wall_clock_make_no_second_holder_and_no_long_pause(void **state)
{
	(void)state;
	static const int64_t steps[] = {3600000, -3600000, 900000, -5000};
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		struct room room;
		open_both(&room, 1);
		run(&room, 20000);
		room.loop.virtual_wall_ms += steps[i]; // the server's too: it is the same one
		assert_int_equal(leads(&room, &room.a), 0);
		assert_in_range(run_until(&room, &room.a, 1), 0, LEASE_BEAT_MS + 200);
		run(&room, 20000);
		assert_int_equal(leads(&room, &room.a), 1);
		assert_int_equal(room.a.leases[0]->token, 1);
		room_close(&room);
	}
}

// By the wall clock the moment at which it was proven would come a second time.
static void who_is_cut_off_proves_nothing_by_a_clock_that_was_set_back(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 20000);
	room.loop.virtual_wall_ms -= 20000;
	room.a.line.is_cut = true;
	for (int64_t ms = 0; ms < 60000; ms += 10) {
		run(&room, 10);
		assert_int_equal(leads(&room, &room.a), 0);
	}
	assert_int_equal(leads(&room, &room.b), 1);
	room.a.line.is_cut = false;
	room_close(&room);
}

static void a_server_whose_clock_leaps_takes_nothing_from_who_still_beats(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 20000);
	for (int i = 0; i < 20; i++) {
		room.storage.clock_skew_ms += 60000; // every lease has just expired
		run(&room, 700);
	}
	assert_int_equal(leads(&room, &room.a), 1);
	assert_int_equal(room.a.leases[0]->token, 1);
	room_close(&room);
}

static void two_share_in_halves_and_the_last_one_has_all(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 4);
	side_open(&room, &room.a, "a", false);
	run(&room, 3000);
	assert_int_equal(leads(&room, &room.a), 4);
	side_open(&room, &room.b, "b", false);
	run(&room, 15000);
	assert_int_equal(leads(&room, &room.a), 2);
	assert_int_equal(leads(&room, &room.b), 2);
	side_close(&room.b);
	assert_in_range(run_until(&room, &room.a, 4), 0, 8000);
	room_close(&room);
}

static void who_is_not_ready_is_passed_over(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 2);
	side_open(&room, &room.a, "a", false);
	side_open(&room, &room.b, "b", false);
	room.a.leases[0]->may_take = room.a.leases[1]->may_take = false;
	run(&room, 5000);
	assert_int_equal(leads(&room, &room.b), 2);
	room.a.leases[0]->may_take = room.a.leases[1]->may_take = true;
	run(&room, 10000);
	assert_int_equal(leads(&room, &room.a), 1);
	assert_int_equal(leads(&room, &room.b), 1);
	room_close(&room);
}

// Between two rounds there may be a moment only in which it is.
static void who_becomes_ready_takes_it_at_once(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 1);
	side_open(&room, &room.a, "a", false);
	room.a.leases[0]->may_take = false;
	run(&room, LEASE_BEAT_MS + 300);
	assert_int_equal(leads(&room, &room.a), 0);
	lease_tell(room.a.leases[0], true, true);
	run(&room, 200);
	assert_int_equal(leads(&room, &room.a), 1);
	room_close(&room);
}

static void who_only_observes_makes_way(void **state)
{
	(void)state;
	struct room room;
	room_open(&room, 1);
	side_open(&room, &room.a, "a", true);
	run(&room, 3000);
	assert_int_equal(leads(&room, &room.a), 1);
	side_open(&room, &room.b, "b", false);
	run(&room, 5000);
	assert_int_equal(leads(&room, &room.b), 1);
	room_close(&room);
}

static void an_answer_that_was_lost_costs_at_most_a_beat(void **state)
{
	(void)state;
	struct room room;
	open_both(&room, 1);
	run(&room, 10000);
	for (int i = 0; i < 10; i++) {
		run(&room, 1500);
		storage_cut(&room.storage);
	}
	run(&room, 2000);
	assert_int_equal(leads(&room, &room.a), 1);
	assert_int_equal(room.a.leases[0]->token, 1);
	room_close(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_leads_and_the_second_knows_who_does),
		cmocka_unit_test(a_dead_holder_is_followed_within_ten_seconds),
		cmocka_unit_test(a_holder_that_is_cut_off_stops_before_another_may_start),
		cmocka_unit_test(a_holder_that_was_cut_off_alone_goes_on_with_its_token),
		cmocka_unit_test(it_is_handed_over_at_once),
		cmocka_unit_test(its_own_earlier_life_is_not_waited_for),
		cmocka_unit_test(steps_of_the_wall_clock_make_no_second_holder_and_no_long_pause),
		cmocka_unit_test(who_is_cut_off_proves_nothing_by_a_clock_that_was_set_back),
		cmocka_unit_test(a_server_whose_clock_leaps_takes_nothing_from_who_still_beats),
		cmocka_unit_test(two_share_in_halves_and_the_last_one_has_all),
		cmocka_unit_test(who_is_not_ready_is_passed_over),
		cmocka_unit_test(who_becomes_ready_takes_it_at_once),
		cmocka_unit_test(who_only_observes_makes_way),
		cmocka_unit_test(an_answer_that_was_lost_costs_at_most_a_beat),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
