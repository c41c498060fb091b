// Lines on a real disk: what comes back, also when the end is cut off, when bytes turn, and when
// the disk is full.
#include "base/str.h"
#include "fixture.h"
#include "state/spool.h"
#include <signal.h>
#include <sys/resource.h>

static struct fixture f;

static int make_room(void **state)
{
	(void)state;
	fixture_init(&f);
	fixture_make_dir(&f);
	return 0;
}

static int leave_room(void **state)
{
	(void)state;
	fixture_remove_dir(&f);
	fixture_done(&f);
	return 0;
}

static struct spool *open_spool(struct spool_found *found)
{
	struct spool *spool;
	struct err err = spool_new(&f.loop, f.dir, &f.watcher, &spool, found);
	if (err_is(&err))
		fail_msg("%s", err.message);
	return spool;
}

static struct err write_lines(struct spool *spool, int first, int count, const char *text)
{
	for (int i = first; i < first + count; i++)
		assert_true(spool_add(spool, (uint64_t)i, text));
	spool_write(spool);
	assert_true(spool_is_busy(spool));
	run_until(&f, !spool_is_busy(spool));
	return *spool_error(spool);
}

static void expect_fine(struct err err)
{
	if (err_is(&err))
		fail_msg("%s", err.message);
}

static void expect_lines(const struct spool_found *found, int first, int count)
{
	assert_int_equal(json_array_size(found->lines), count);
	for (int i = 0; i < count; i++)
		assert_int_equal(json_integer_value(json_array_get(
					 json_array_get(found->lines, (size_t)i), 0)),
			first + i);
}

static void close_spool(struct spool *spool, struct spool_found *found)
{
	json_decref(TAKE(found->lines));
	spool_free(spool);
}

/* Everything in the folder, by its names: "000000000001.log ..." */
static const char *names(void)
{
	static char text[512];
	char command[128];
	snprintf(command, sizeof(command), "ls '%s' | tr '\\n' ' '", f.dir);
	FILE *pipe = popen(command, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, pipe);
	text[n] = '\0';
	pclose(pipe);
	return text;
}

static const char *path_to(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", f.dir, name);
	return path;
}

static void what_was_written_is_read_again_in_order(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	expect_lines(&found, 0, 0);
	expect_fine(write_lines(spool, 5, 3, "[\"x\"]"));
	expect_fine(write_lines(spool, 8, 2, "a line with \xc3\xa4"));
	close_spool(spool, &found);
	spool = open_spool(&found);
	expect_lines(&found, 5, 5);
	assert_string_equal(json_string_value(json_array_get(json_array_get(found.lines, 4), 1)),
		"a line with \xc3\xa4");
	assert_int_equal(found.torn + found.damaged, 0);
	// A line that stands in two segments is one; numbers decide on the order.
	expect_fine(write_lines(spool, 3, 4, "[\"x\"]"));
	close_spool(spool, &found);
	spool = open_spool(&found);
	expect_lines(&found, 3, 7);
	close_spool(spool, &found);
}

static void a_cut_at_any_byte_loses_only_the_last_line(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	expect_fine(write_lines(spool, 1, 3, "[\"RECORD_PUT\",{\"stack\":\"shop\"}]"));
	close_spool(spool, &found);
	const char *path = path_to("000000000001.log");
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	off_t line = st.st_size / 3;
	for (off_t cut = st.st_size - 1; cut >= 0; cut -= 7) {
		assert_int_equal(truncate(path, cut), 0);
		spool = open_spool(&found);
		expect_lines(&found, 1, (int)(cut / line));
		assert_int_equal(found.torn, cut % line != 0);
		assert_int_equal(found.damaged, 0);
		close_spool(spool, &found);
	}
}

static void a_turned_byte_costs_its_line_and_the_file_is_kept(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	expect_fine(write_lines(spool, 1, 3, "[\"RECORD_PUT\",{\"stack\":\"shop\"}]"));
	close_spool(spool, &found);
	FILE *file = fopen(path_to("000000000001.log"), "r+");
	fseek(file, 65, SEEK_SET);
	fputc('#', file);
	fclose(file);
	spool = open_spool(&found);
	assert_int_equal(json_array_size(found.lines), 2);
	assert_int_equal(found.damaged, 1);
	assert_string_equal(names(), "000000000001.log 000000000001.log.damaged ");
	spool_release(spool, spool_segment(spool), true);
	run_until(&f, !spool_is_busy(spool));
	assert_string_equal(names(), "000000000001.log.damaged ");
	close_spool(spool, &found);
	spool = open_spool(&found);
	expect_lines(&found, 0, 0);
	assert_int_equal(found.damaged, 0);
	close_spool(spool, &found);
}

static void rubbish_of_any_kind_is_survived(void **state)
{
	(void)state;
	static const char rubbish[] = "\n\0\n\xff\xfe\n0123456789abcdef \n"
				      "0123456789abcdef 1 x\n0123456789abcdef 99999999999999999999 "
				      "x\n\n";
	FILE *file = fopen(path_to("000000000007.log"), "w");
	fwrite(rubbish, 1, sizeof(rubbish) - 1, file);
	fclose(file);
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	expect_lines(&found, 0, 0);
	assert_true(found.damaged > 0);
	expect_fine(write_lines(spool, 1, 1, "x"));
	close_spool(spool, &found);
	spool = open_spool(&found);
	expect_lines(&found, 1, 1);
	close_spool(spool, &found);
}

static void segments_grow_to_their_bound_and_are_released(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	char *text = malloc(400001);
	memset(text, 'x', 400000);
	text[400000] = '\0';
	for (int i = 1; i <= 5; i++)
		expect_fine(write_lines(spool, i, 1, text));
	free(text);
	assert_string_equal(names(), "000000000001.log 000000000002.log 000000000003.log ");
	assert_true(spool_bytes(spool) > 2000000);
	uint64_t segment = spool_segment(spool);
	spool_release(spool, segment, false);
	run_until(&f, !spool_is_busy(spool));
	assert_string_equal(names(), "000000000003.log ");
	assert_in_range(spool_bytes(spool), 400000, 401000);
	spool_release(spool, segment, true);
	run_until(&f, !spool_is_busy(spool));
	assert_int_equal(spool_bytes(spool), 0);
	expect_fine(write_lines(spool, 9, 1, "after"));
	close_spool(spool, &found);
	spool = open_spool(&found);
	expect_lines(&found, 9, 1);
	close_spool(spool, &found);
}

// RLIMIT_FSIZE stands for a full disk: the write stops in the middle of a line.
static void a_full_disk_is_told_and_leaves_no_half_line(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = open_spool(&found);
	expect_fine(write_lines(spool, 1, 10, "before"));
	struct rlimit was, full = {0};
	getrlimit(RLIMIT_FSIZE, &was);
	full = was;
	full.rlim_cur = (rlim_t)spool_bytes(spool) + 10;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &full);
	struct err err = write_lines(spool, 11, 5, "during");
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(err.class, ERR_TRANSIENT);
	assert_non_null(strstr(err.message, "File too large"));
	expect_fine(write_lines(spool, 21, 5, "after"));
	close_spool(spool, &found);
	spool = open_spool(&found);
	assert_int_equal(json_array_size(found.lines), 15);
	assert_int_equal(found.torn + found.damaged, 0);
	close_spool(spool, &found);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
	(void)state;
	struct spool_found found;
	struct spool *spool = NULL;
	struct err err = spool_new(&f.loop, path_to("none/at/all"), NULL, &spool, &found);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "none/at/all"));
}

#define ROOM(test) cmocka_unit_test_setup_teardown(test, make_room, leave_room)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOM(what_was_written_is_read_again_in_order),
		ROOM(a_cut_at_any_byte_loses_only_the_last_line),
		ROOM(a_turned_byte_costs_its_line_and_the_file_is_kept),
		ROOM(rubbish_of_any_kind_is_survived),
		ROOM(segments_grow_to_their_bound_and_are_released),
		ROOM(a_full_disk_is_told_and_leaves_no_half_line),
		ROOM(a_folder_that_cannot_be_made_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
