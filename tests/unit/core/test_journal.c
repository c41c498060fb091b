// The journal on a real disk, towards a store in memory: what an outage, a crash, a full disk and
// too much of everything leave.
#include "base/log.h"
#include "core/journal.h"
#include "tests/sim/storage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

// Of a machine that does much else; without it a hang would be for ever.
enum { PATIENCE_MS = 90000 };

static int empties;

struct scene {
	struct loop loop;
	struct storage storage;
	struct journal *journal;
	struct task watcher;
	struct timer guard;
	char dir[64];
};

static void on_watch(struct task *task)
{
	(void)task;
}

static void start(struct scene *scene)
{
	struct err err = loop_init(&scene->loop);
	assert_false(err_is(&err));
	task_init(&scene->watcher, &scene->loop, on_watch, "watcher");
	timer_init(&scene->guard, &scene->loop);
	bool was_down = scene->storage.link.is_down;
	storage_attach(&scene->storage, &scene->loop);
	scene->storage.link.is_down = was_down;
	scene->journal = journal_new(&scene->loop, &scene->storage.link.port);
	err = journal_open(scene->journal, scene->dir);
	if (err_is(&err))
		fail_msg("%s", err.message);
}

#define run_until(scene, condition)                                                                \
	do {                                                                                       \
		timer_start(&(scene)->guard, &(scene)->watcher, PATIENCE_MS);                      \
		while (!(condition)) {                                                             \
			assert_false(op_is_finished(&(scene)->guard.op));                          \
			uv_run(&(scene)->loop.uv, UV_RUN_ONCE);                                    \
		}                                                                                  \
		timer_stop(&(scene)->guard);                                                       \
	} while (0)

static void run_for(struct scene *scene, int64_t ms)
{
	timer_start(&scene->guard, &scene->watcher, ms);
	while (!op_is_finished(&scene->guard.op))
		uv_run(&scene->loop.uv, UV_RUN_ONCE);
	op_reset(&scene->guard.op);
}

/* As a crash: what is on disk stays, what is on its way arrives or not. */
static void stop(struct scene *scene)
{
	storage_cut(&scene->storage);
	journal_free(scene->journal);
	task_done(&scene->watcher);
	assert_int_equal(loop_done(&scene->loop), 0);
}

static struct scene *open_scene(bool is_down)
{
	static struct scene scene;
	scene = (struct scene){0};
	storage_init(&scene.storage, 3);
	scene.storage.link.is_down = is_down;
	str_copy(scene.dir, sizeof(scene.dir), "/tmp/holdfast-unit-XXXXXX");
	assert_non_null(mkdtemp(scene.dir));
	start(&scene);
	return &scene;
}

static void close_scene(struct scene *scene)
{
	char command[128];
	stop(scene);
	storage_done(&scene->storage);
	snprintf(command, sizeof(command), "rm -rf '%s'", scene->dir);
	assert_int_equal(system(command), 0);
}

static uint64_t folder_bytes(const struct scene *scene)
{
	uint64_t bytes = 0;
	DIR *dir = opendir(scene->dir);
	for (struct dirent *d; (d = readdir(dir));) {
		struct stat st;
		_cleanup_free_ char *path = str_format("%s/%s", scene->dir, d->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
	}
	closedir(dir);
	return bytes;
}

static void put_record(struct scene *scene, const char *address, const char *id)
{
	journal_put(scene->journal, STORE_RECORD_PUT,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "stack", "shop", "address", address,
			"kind", "vpc", "layer", "network", "aws_id", id, "now_ms", 1));
}

static void put_observation(struct scene *scene, int64_t at_ms, const char *text)
{
	journal_put(scene->journal, STORE_OBSERVATION_ADD,
		json_pack("{s:s, s:s, s:s, s:{s:s}, s:I}", "stack", "shop", "address", "a.b.c",
			"kind", "vpc", "state", "text", text, "at_ms", (json_int_t)at_ms));
}

static void put_settle(struct scene *scene, const char *id)
{
	journal_put(scene->journal, STORE_ACTION_SETTLE,
		json_pack("{s:s, s:s, s:i}", "action_id", id, "outcome", "done", "at_ms", 1));
}

static const char *stored_id(const struct scene *scene, const char *address)
{
	const char *id = js_str(json_object_get(scene->storage.records, address), "aws_id");
	return id ? id : "(none)";
}

static void a_store_that_answers_costs_no_disk(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	for (int i = 0; i < 100; i++)
		put_observation(scene, i, "x");
	run_for(scene, 200);
	assert_int_equal(journal_count(scene->journal), 0);
	assert_int_equal(scene->storage.counts[STORE_OBSERVATION_ADD], 100);
	assert_int_equal(folder_bytes(scene), 0);
	close_scene(scene);
}

static void what_the_store_did_not_take_is_told_after_a_crash_in_order_and_once(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	for (int i = 1; i <= 500; i++) {
		char id[16];
		snprintf(id, sizeof(id), "vpc-%d", i);
		put_record(scene, i % 2 ? "network.vpc.odd" : "network.vpc.even", id);
	}
	put_settle(scene, "action-1");
	run_until(scene, journal_is_safe(scene->journal));
	assert_int_equal(journal_kept_count(scene->journal), 501);
	stop(scene);
	start(scene); // still away
	assert_int_equal(journal_count(scene->journal), 501);
	assert_true(journal_is_safe(scene->journal));
	put_record(scene, "network.vpc.odd", "vpc-last");
	run_until(scene, journal_is_safe(scene->journal));
	stop(scene);
	scene->storage.link.is_down = false;
	start(scene);
	run_until(scene, journal_count(scene->journal) == 0);
	assert_int_equal(scene->storage.counts[STORE_RECORD_PUT], 501);
	assert_int_equal(scene->storage.counts[STORE_ACTION_SETTLE], 1);
	assert_string_equal(stored_id(scene, "network.vpc.odd"), "vpc-last");
	assert_string_equal(stored_id(scene, "network.vpc.even"), "vpc-500");
	run_until(scene, folder_bytes(scene) == 0);
	stop(scene);
	start(scene);
	assert_int_equal(journal_count(scene->journal), 0);
	assert_int_equal(scene->storage.counts[STORE_RECORD_PUT], 501);
	close_scene(scene);
}

static void a_crash_in_the_middle_of_telling_ends_with_the_last_word(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	for (int i = 1; i <= 300; i++) {
		char id[16];
		snprintf(id, sizeof(id), "vpc-%d", i);
		put_record(scene, "network.vpc.main", id);
	}
	run_until(scene, journal_is_safe(scene->journal));
	stop(scene);
	scene->storage.link.is_down = false;
	scene->storage.most_delay_ms = 2;
	for (int most = 50; most < 250; most += 60) {
		start(scene);
		run_until(scene, scene->storage.counts[STORE_RECORD_PUT] >= most);
		stop(scene);
	}
	start(scene);
	run_until(scene, journal_count(scene->journal) == 0);
	assert_string_equal(stored_id(scene, "network.vpc.main"), "vpc-300");
	close_scene(scene);
}

// A lock that a person holds strikes one statement; those behind it in the pipeline go through.
static void what_fails_alone_is_told_again_before_what_is_younger(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	scene->storage.fails_once_in = 3;
	for (int i = 1; i <= 60; i++) {
		char id[16], address[16], drift[16];
		snprintf(id, sizeof(id), "vpc-%d", i);
		snprintf(address, sizeof(address), "a.b.c%d", i % 12);
		snprintf(drift, sizeof(drift), "drift-%d", i);
		put_record(scene, address, id);
		journal_put(scene->journal, STORE_DRIFT_OPEN,
			json_pack("{s:s, s:s, s:s, s:s, s:I}", "drift_id", drift, "stack", "shop",
				"address", address, "type", "changed", "at_ms", (json_int_t)i));
		journal_put(scene->journal, STORE_DRIFT_CLOSE,
			json_pack("{s:s, s:s, s:I}", "drift_id", drift, "how", "corrected", "at_ms",
				(json_int_t)i));
	}
	for (int i = 0; i < 200 && journal_count(scene->journal) > 0; i++) {
		journal_wake(scene->journal); // no pause
		run_for(scene, 5);
	}
	assert_int_equal(journal_count(scene->journal), 0);
	for (int i = 49; i <= 60; i++) {
		char id[16], address[16];
		snprintf(id, sizeof(id), "vpc-%d", i);
		snprintf(address, sizeof(address), "a.b.c%d", i % 12);
		assert_string_equal(stored_id(scene, address), id);
	}
	const char *id;
	json_t *row;
	assert_int_equal(json_object_size(scene->storage.drifts), 60);
	json_object_foreach (scene->storage.drifts, id, row)
		assert_string_equal(js_str(row, "how"), "corrected");
	close_scene(scene);
}

// Killed between the two, the next start would neither know the thing nor look for it.
static void no_create_is_settled_before_its_record_is_stored(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	scene->storage.fails_once_in = 3;
	for (int i = 1; i <= 40; i++) {
		char id[16], address[16], action[16];
		snprintf(id, sizeof(id), "vpc-%d", i);
		snprintf(address, sizeof(address), "a.b.c%d", i);
		snprintf(action, sizeof(action), "action-%d", i);
		json_object_set_new(
			scene->storage.actions, action, json_pack("{s:s}", "address", address));
		put_record(scene, address, id);
		journal_put(scene->journal, STORE_ACTION_SETTLE,
			json_pack("{s:s, s:s, s:s, s:I}", "action_id", action, "address", address,
				"outcome", "done", "at_ms", (json_int_t)i));
	}
	for (int i = 0; i < 200 && journal_count(scene->journal) > 0; i++) {
		journal_wake(scene->journal); // no pause
		run_for(scene, 1);
		const char *action;
		json_t *row;
		json_object_foreach (scene->storage.actions, action, row)
			if (js_str(row, "outcome"))
				assert_string_not_equal(
					stored_id(scene, js_str(row, "address")), "(none)");
	}
	assert_int_equal(journal_count(scene->journal), 0);
	close_scene(scene);
}

static void when_it_is_full_the_oldest_observations_go_and_no_outcome_does(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	for (int i = 0; i < 3000; i++) {
		char id[24];
		snprintf(id, sizeof(id), "action-%d", i);
		put_settle(scene, id);
		put_record(scene, "network.vpc.main", id);
		for (int n = 0; n < 10; n++)
			put_observation(scene, 10 * i + n, "x");
	}
	size_t count = journal_count(scene->journal);
	uint64_t dropped = journal_dropped_count(scene->journal);
	assert_in_range(count, JOURNAL_MOST_ENTRIES * 3 / 4, JOURNAL_MOST_ENTRIES);
	assert_int_equal(count + dropped, 36000);
	char text[300];
	journal_trouble(scene->journal, text, sizeof(text));
	assert_non_null(strstr(text, "the journal is full"));
	run_until(scene, journal_is_safe(scene->journal));
	stop(scene);
	scene->storage.link.is_down = false;
	start(scene);
	run_until(scene, journal_count(scene->journal) == 0);
	assert_int_equal(scene->storage.counts[STORE_ACTION_SETTLE], 3000);
	assert_int_equal(scene->storage.counts[STORE_RECORD_PUT], 3000);
	assert_string_equal(stored_id(scene, "network.vpc.main"), "action-2999");
	close_scene(scene);
}

static void the_files_stay_within_their_bound(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	char *text = malloc(32769);
	memset(text, 'x', 32768);
	text[32768] = '\0';
	uint64_t most = 0;
	for (int i = 0; i < 4000; i++) { // 128 MB
		put_observation(scene, i, text);
		if (i % 100 == 0) {
			put_settle(scene, "action");
			run_for(scene, 1);
			run_until(scene, journal_is_safe(scene->journal));
			uint64_t bytes = folder_bytes(scene);
			most = bytes > most ? bytes : most;
		}
	}
	free(text);
	assert_in_range(most, JOURNAL_MOST_BYTES, 5 * JOURNAL_MOST_BYTES);
	// Of 128 MB of observations as much is left as the bound allows; of the outcomes, all
	// (below).
	assert_in_range(journal_dropped_count(scene->journal), 3000, 4000);
	run_until(scene, journal_is_safe(scene->journal));
	stop(scene);
	scene->storage.link.is_down = false;
	start(scene);
	run_until(scene, journal_count(scene->journal) == 0);
	assert_int_equal(scene->storage.counts[STORE_ACTION_SETTLE], 40);
	close_scene(scene);
}

static void a_full_disk_is_told_and_overcome(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	struct rlimit was, full;
	char text[300];
	getrlimit(RLIMIT_FSIZE, &was);
	full = was;
	full.rlim_cur = 1000;
	signal(SIGXFSZ, SIG_IGN);
	put_settle(scene, "first");
	run_until(scene, journal_is_safe(scene->journal));
	setrlimit(RLIMIT_FSIZE, &full);
	for (int i = 0; i < 20; i++)
		put_observation(scene, i, "some more");
	run_until(scene, journal_is_failing(scene->journal));
	journal_trouble(scene->journal, text, sizeof(text));
	assert_non_null(strstr(text, "File too large; 20 entries of history are in memory only"));
	setrlimit(RLIMIT_FSIZE, &was);
	run_until(scene, !journal_is_failing(scene->journal));
	assert_true(journal_is_safe(scene->journal));
	journal_trouble(scene->journal, text, sizeof(text));
	assert_string_equal(text, "");
	stop(scene);
	scene->storage.link.is_down = false;
	start(scene);
	run_until(scene, journal_count(scene->journal) == 0);
	assert_int_equal(scene->storage.counts[STORE_OBSERVATION_ADD], 20);
	assert_int_equal(scene->storage.counts[STORE_ACTION_SETTLE], 1);
	close_scene(scene);
}

static void a_damaged_file_is_told_of_and_the_rest_of_it_is_used(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	for (int i = 0; i < 10; i++)
		put_observation(scene, i, "x");
	run_until(scene, journal_is_safe(scene->journal));
	stop(scene);
	_cleanup_free_ char *path = str_format("%s/000000000001.log", scene->dir);
	FILE *file = fopen(path, "r+");
	fseek(file, 40, SEEK_SET);
	fputc('!', file);
	fclose(file);
	start(scene);
	char text[300];
	assert_int_equal(journal_count(scene->journal), 9);
	journal_trouble(scene->journal, text, sizeof(text));
	assert_non_null(strstr(text, "1 lines of the journal could not be read"));
	close_scene(scene);
}

static void a_muted_one_keeps_only_the_outcomes_of_our_own_calls(void **state)
{
	(void)state;
	struct scene *scene = open_scene(true);
	journal_mute(scene->journal, true);
	put_observation(scene, 1, "x");
	put_record(scene, "network.vpc.main", "vpc-1");
	put_settle(scene, "action-1");
	assert_int_equal(journal_count(scene->journal), 1);
	journal_mute(scene->journal, false);
	put_observation(scene, 1, "x");
	assert_int_equal(journal_count(scene->journal), 2);
	close_scene(scene);
}

static void on_heard(void *self, enum store_statement statement, const json_t *args)
{
	json_array_append_new(self, json_pack("[i, O]", (int)statement, args));
}

static void a_listener_hears_what_is_kept_and_what_is_told_and_nothing_of_a_muted_one(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	_cleanup_json_ json_t *heard = json_array();
	_cleanup_json_ json_t *intent = json_pack("{s:s}", "action_id", "7");
	journal_listen(scene->journal, on_heard, heard);
	put_record(scene, "network.vpc.main", "vpc-1");
	journal_tell(scene->journal, STORE_ACTION_INTEND, intent);
	journal_tell(NULL, STORE_ACTION_INTEND, intent);
	journal_mute(scene->journal, true);
	put_record(scene, "network.vpc.main", "vpc-2");
	assert_int_equal(json_array_size(heard), 2);
	const json_t *first = json_array_get(heard, 0), *second = json_array_get(heard, 1);
	assert_int_equal(json_integer_value(json_array_get(first, 0)), STORE_RECORD_PUT);
	assert_string_equal(js_str(json_array_get(first, 1), "aws_id"), "vpc-1");
	assert_int_equal(json_integer_value(json_array_get(second, 0)), STORE_ACTION_INTEND);
	assert_int_equal(journal_count(scene->journal), 1);
	close_scene(scene);
}

static void on_empty(struct task *task)
{
	(void)task;
	empties++;
}

// Who leads waits for it: a daemon that looks only now and then would mostly look between two
// passes.
static void its_watcher_hears_each_time_that_all_is_told(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	struct task watcher;
	task_init(&watcher, &scene->loop, on_empty, "empty");
	journal_watch(scene->journal, &watcher);
	empties = 0;
	run_for(scene, 20);
	assert_int_equal(empties, 0); // nothing had waited
	put_record(scene, "network.vpc.main", "vpc-1");
	put_record(scene, "network.vpc.other", "vpc-2");
	run_until(scene, empties == 1);
	assert_int_equal(journal_count(scene->journal), 0);
	put_record(scene, "network.vpc.main", "vpc-3");
	run_until(scene, empties == 2);
	task_done(&watcher);
	close_scene(scene);
}

static void what_mostly_passes_is_told_of_when_it_does_not(void **state)
{
	(void)state;
	struct scene *scene = open_scene(false);
	char text[200] = "";
	scene->storage.is_locked = true;
	put_record(scene, "network.vpc.main", "vpc-1");
	for (int i = 0; i < 3; i++) {
		run_for(scene, 10);
		journal_wake(scene->journal); // no pause
	}
	journal_trouble(scene->journal, text, sizeof(text));
	assert_string_equal(text, "");
	for (int i = 0; i < 3; i++) {
		run_for(scene, 10);
		journal_wake(scene->journal);
	}
	journal_trouble(scene->journal, text, sizeof(text));
	assert_non_null(strstr(text, "somebody holds a lock"));
	scene->storage.is_locked = false;
	run_until(scene, journal_count(scene->journal) == 0);
	text[0] = '\0';
	journal_trouble(scene->journal, text, sizeof(text));
	assert_string_equal(text, "");
	assert_string_equal(stored_id(scene, "network.vpc.main"), "vpc-1");
	close_scene(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_that_answers_costs_no_disk),
		cmocka_unit_test(its_watcher_hears_each_time_that_all_is_told),
		cmocka_unit_test(what_mostly_passes_is_told_of_when_it_does_not),
		cmocka_unit_test(
			what_the_store_did_not_take_is_told_after_a_crash_in_order_and_once),
		cmocka_unit_test(a_crash_in_the_middle_of_telling_ends_with_the_last_word),
		cmocka_unit_test(what_fails_alone_is_told_again_before_what_is_younger),
		cmocka_unit_test(no_create_is_settled_before_its_record_is_stored),
		cmocka_unit_test(when_it_is_full_the_oldest_observations_go_and_no_outcome_does),
		cmocka_unit_test(the_files_stay_within_their_bound),
		cmocka_unit_test(a_full_disk_is_told_and_overcome),
		cmocka_unit_test(a_damaged_file_is_told_of_and_the_rest_of_it_is_used),
		cmocka_unit_test(a_muted_one_keeps_only_the_outcomes_of_our_own_calls),
		cmocka_unit_test(
			a_listener_hears_what_is_kept_and_what_is_told_and_nothing_of_a_muted_one),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
